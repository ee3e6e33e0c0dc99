/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * New texts from hunks of a file that is larger than every block and than what the kernel is asked to copy:
 * to the byte what hunk_splice makes of the same hunks, or an error, and then no new file. test_file_faults
 * has small files, test_records the digests.
 */
#define UNIT_WHERE "/dev/shm"
#include "faults.h"
#include "file.h"
#include "hunk.h"

#include <errno.h>

#define MUCH ((size_t)256 << 10)  /* file_edit.c: what is copied by the kernel */
#define BLOCK ((size_t)64 << 10)  /* and what is read, and written, at once */
#define SIZE (MUCH * 2 + 300000U) /* of the file */

struct site {
    struct root root;
    struct at at;
    struct identity identity;
};

/* What all points share: they would fill an arena. */
static char old_text[SIZE], long_text[2 * BLOCK + 7];
static char *wanted; /* what comes of the hunks */
static size_t wanted_len;
static const struct hunk *hunks;
static size_t n_hunks;

static const char *bytes_of(const char *below, size_t *ret_len)
{
    FILE *f = fopen(unit_path(below), "r");
    char *bytes = arena_alloc(2 * SIZE);
    assert_non_null(f);
    *ret_len = fread(bytes, 1, 2 * SIZE, f);
    fclose(f);
    return bytes;
}

static void assert_bytes(const char *below, const char *bytes, size_t len)
{
    size_t is;
    const char *text = bytes_of(below, &is);
    if (is != len || memcmp(text, bytes, len) != 0)
        fail_msg("%s has %zu bytes, and others than the %zu that it must have", below, is, len);
}

static void *begin(void)
{
    struct site *s = arena_alloc(sizeof(*s));
    struct err err;
    int fd;
    unit_bytes("x", old_text, SIZE);
    assert_ok(root_open(unit_top, &s->root, &err), err);
    assert_ok(file_resolve(&s->root, "/x", &s->at, &err), err);
    assert_ok(file_open_text(&s->at, &fd, &s->identity, &err), err);
    close(fd);
    return s;
}

static bool write_it(void *site, struct err *err)
{
    struct site *s = site;
    const struct file_edit edit = {s->at.dir, "x", &s->identity, hunks, n_hunks};
    return file_edit_write(&edit, s->at.dir, "new", err);
}

static void check(void *site, bool ok, const struct err *err)
{
    struct site *s = site;
    (void)err;
    if (ok)
        assert_bytes("new", wanted, wanted_len);
    else
        assert_int_not_equal(access(unit_path("new"), F_OK), 0);
    assert_bytes("x", old_text, SIZE);
    close(s->at.dir);
    close(s->root.fd);
}

static void check_done(void *site, bool ok, const struct err *err)
{
    if (!ok)
        fail_msg("it was to go on: %s", err->text);
    check(site, ok, err);
}

static void want(const struct hunk *hunk, size_t n)
{
    hunks = hunk;
    n_hunks = n;
    const char *spliced = hunk_splice(old_text, SIZE, hunk, n, &wanted_len);
    wanted = realloc(wanted, wanted_len);
    assert_non_null(wanted);
    memcpy(wanted, spliced, wanted_len);
}

/* A change in the first block, so that the kernel's copy begins behind what was read ahead, which fills what
 * is gathered; one that is longer than that; what goes over more than a block; a full gathering and a byte;
 * the end. */
static void want_all(void)
{
    static const struct hunk hunk[] = {
        {100, 10, long_text, BLOCK / 2},
        {MUCH + 200000, 7, long_text, sizeof(long_text)},
        {MUCH + 200100, BLOCK + 1000, "over more than a block", 22},
        {MUCH + 300000, 0, long_text, BLOCK},
        {MUCH + 300001, 1, "x", 1},
        {SIZE, 0, "last", 4},
    };
    want(hunk, COUNT(hunk));
}

static void fill_texts(void)
{
    for (size_t i = 0; i < SIZE; i++)
        old_text[i] = (char)('a' + i % 23 + i / 4096 % 3);
    for (size_t i = 0; i < sizeof(long_text); i++)
        long_text[i] = (char)('A' + i % 19);
}

static size_t sweep(const struct fault *fault, bool goes_on)
{
    const struct scenario scenario = {"write what hunks make", begin, write_it, goes_on ? check_done : check};
    return faults_sweep(&scenario, fault, NULL);
}

/* ---- what is no error ---- */

static void test_bytes(void **state)
{
    static const struct fault none = {.call = "none"};
    (void)state;
    fill_texts();
    want_all();
    sweep(&none, true);
    for (size_t at = 0; at < 3 * BLOCK; at += BLOCK / 2 - 1) { /* every side of the ends of blocks */
        const struct hunk hunk[] = {{at, 1, long_text, at / 2}, {at + BLOCK, at / 3, "y", 1}};
        want(hunk, COUNT(hunk));
        sweep(&none, true);
    }
}

/* A signal came, or the kernel copies less than it was asked for, or nothing, or not between these files. */
static void test_goes_on(void **state)
{
    static const struct fault faults[] = {{.error = EINTR},
                                          {.error = FAULT_SHORT},
                                          {.error = FAULT_NOTHING, .call = "copy_file_range"},
                                          {.error = EXDEV, .call = "copy_file_range"},
                                          {.error = EXDEV, .call = "copy_file_range", .lasting = true}};
    (void)state;
    fill_texts();
    want_all();
    for (size_t i = 0; i < COUNT(faults); i++)
        sweep(&faults[i], true);
}

/* ---- a disk that fails ---- */

static void test_fails(void **state)
{
    static const struct fault faults[] = {{.error = EIO},
                                          {.error = ENOSPC, .call = "write", .lasting = true},
                                          {.error = EIO, .call = "read", .lasting = true},
                                          {.error = FAULT_NOTHING, .call = "read", .lasting = true},
                                          {.error = FAULT_NOTHING, .call = "write"}};
    (void)state;
    fill_texts();
    want_all();
    for (size_t i = 0; i < COUNT(faults); i++)
        sweep(&faults[i], false);
    free(wanted);
    wanted = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {faults_test(test_bytes), faults_test(test_goes_on),
                                       faults_test(test_fails)};
    base_verbosity = -1;
    return cmocka_run_group_tests(tests, unit_begin, unit_end);
}
