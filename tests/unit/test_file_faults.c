/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Every call of the system that file*.c makes fails, comes short or is interrupted (faults.h), one after the
 * other: the answer is a clean error, nothing is left behind, no descriptor stays open, and no byte is lost.
 */
#include "faults.h"
#include "file.h"
#include "hunk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/xattr.h>

#define OLD "one\ntwo\nthree\n"
#define NEW "one\nTWO\nthree\n"

static bool without_xattrs; /* none are there */

struct site {
    struct root root;
    int dir;
    struct at at; /* of x */
    char digest[DIGEST_HEX + 1];
    struct identity identity;
    const char *before; /* the tree */
};

/* ---- the tree as a text ---- */

static void list_tree(const char *below, struct strings *lines)
{
    DIR *dir = opendir(unit_path(below));
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        const char *name =
            below[0] != '\0' ? arena_printf("%s/%s", below, entry->d_name) : arena_string(entry->d_name);
        struct stat st;
        char text[256], value[16] = "";
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        assert_int_equal(lstat(unit_path(name), &st), 0);
        text[0] = '\0';
        if (S_ISREG(st.st_mode)) {
            FILE *f = fopen(unit_path(name), "r");
            text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
            fclose(f);
            (void)!getxattr(unit_path(name), "user.mark", value, sizeof(value) - 1);
        }
        strings_add(lines,
                    arena_printf("%s %o %u %s %s", name, (unsigned)st.st_mode, st.st_uid, value, text));
        if (S_ISDIR(st.st_mode))
            list_tree(name, lines);
    }
    closedir(dir);
}

static const char *tree(void)
{
    struct strings lines = {0};
    list_tree("", &lines);
    strings_sort(&lines);
    return strings_join(&lines, "\n");
}

static void *begin(void)
{
    struct site *s = arena_alloc(sizeof(*s));
    struct err err;
    unit_file("x", OLD);
    unit_file(".x.mailfix", NEW);
    unit_dirs("d/below");
    unit_file("d/a", "a");
    unit_file("d/below/b", "b");
    unit_dirs("e");
    assert_int_equal(symlink("../x", unit_path("e/link")), 0);
    if (!without_xattrs)
        (void)!setxattr(unit_path("x"), "user.mark", "mine", 4, 0);
    assert_int_equal(chmod(unit_path("x"), 0640), 0);
    assert_ok(root_open(unit_top, &s->root, &err), err);
    assert_ok(file_resolve(&s->root, "/x", &s->at, &err), err);
    s->dir = s->at.dir;
    digest_hex(OLD, strlen(OLD), s->digest);
    int fd;
    assert_ok(file_open_text(&s->at, &fd, &s->identity, &err), err);
    close(fd);
    s->before = tree();
    return s;
}

/* ---- what is tried ---- */

static const struct timespec WHEN = {.tv_sec = 1700000000};

static bool close_fd(bool ok, const int *fd)
{
    if (ok)
        close(*fd);
    return ok;
}

static bool stage(void *site, struct err *err)
{
    struct site *s = site;
    return file_stage(s->dir, "new", NEW, strlen(NEW), s->dir, "x", &WHEN, err);
}

static bool write_as(void *site, struct err *err)
{
    struct site *s = site;
    return file_write_as(s->dir, "new", NEW, strlen(NEW), &s->identity, &WHEN, err);
}

static bool copy(void *site, struct err *err)
{
    struct site *s = site;
    return file_copy(s->dir, "x", s->dir, "new", err);
}

static bool copy_bytes(void *site, struct err *err)
{
    struct site *s = site;
    struct identity identity;
    return file_copy_bytes(&s->at, s->dir, "new", &identity, err);
}

static bool write_new(void *site, struct err *err)
{
    struct site *s = site;
    return file_write_new(s->dir, "new", NEW, strlen(NEW), err);
}

static bool reserve(void *site, struct err *err)
{
    struct site *s = site;
    return file_reserve(s->dir, "new", NEW, strlen(NEW), err);
}

static const struct hunk HUNK = {.at = 4, .old_len = 3, .bytes = "TWO", .len = 3};

static struct file_edit edit_of(const struct site *s)
{
    return (struct file_edit){s->dir, "x", &s->identity, &HUNK, 1};
}

static bool edit_stage(void *site, struct err *err)
{
    struct file_edit edit = edit_of(site);
    return file_edit_stage(&edit, edit.dir, "new", &WHEN, err);
}

static bool edit_write(void *site, struct err *err)
{
    struct file_edit edit = edit_of(site);
    return file_edit_write(&edit, edit.dir, "new", err);
}

static bool edit_digest(void *site, struct err *err)
{
    struct file_edit edit = edit_of(site);
    char digest[DIGEST_HEX + 1], wanted[DIGEST_HEX + 1];
    digest_hex(NEW, strlen(NEW), wanted);
    if (!file_edit_digest(&edit, digest, err))
        return false;
    assert_string_equal(digest, wanted);
    return true;
}

static bool digest(void *site, struct err *err)
{
    struct site *s = site;
    char found[DIGEST_HEX + 1];
    bool ok = file_digest(s->dir, "x", found, err);
    assert_string_equal(found, ok ? s->digest : "");
    return ok;
}

static bool exchange(void *site, struct err *err)
{
    struct site *s = site;
    return file_exchange(s->dir, ".x.mailfix", ".x.mailfix-old", "x", s->digest, err);
}

static bool place(void *site, struct err *err)
{
    struct site *s = site;
    return file_place(s->dir, ".x.mailfix", "new", err);
}

static bool move(void *site, struct err *err)
{
    struct site *s = site;
    return file_move(s->dir, ".x.mailfix", s->dir, "new", err);
}

static bool move_whole(void *site, struct err *err)
{
    struct site *s = site;
    return file_move_whole(s->dir, ".x.mailfix", s->dir, "fresh", "new", err);
}

static bool set_owner(void *site, struct err *err)
{
    struct site *s = site;
    return file_set_owner(s->dir, "d/a", &s->identity, err);
}

static bool remove_name(void *site, struct err *err)
{
    return file_unlink(((struct site *)site)->dir, ".x.mailfix", err);
}

static bool sync_dir(void *site, struct err *err)
{
    return file_sync_dir(((struct site *)site)->dir, err);
}

static bool remove_dir(void *site, struct err *err)
{
    return file_remove_dir(((struct site *)site)->dir, "d", err);
}

static bool private_dir(void *site, struct err *err)
{
    int fd = -1;
    return close_fd(file_private_dir(((struct site *)site)->dir, "new", &fd, err), &fd);
}

static bool overwrite(void *site, struct err *err)
{
    return file_overwrite(((struct site *)site)->dir, "x", "ONE", 3, err);
}

static bool lock(void *site, struct err *err)
{
    int fd = -1;
    return close_fd(file_lock(((struct site *)site)->dir, "new", &fd, err), &fd);
}

static bool edit_lock(void *site, struct err *err)
{
    struct site *s = site;
    int fd = -1;
    if (!file_edit_lock(&s->at, &fd, err))
        return false;
    file_edit_unlock(s->dir, "x", &fd);
    assert_int_equal(fd, -1);
    return true;
}

static bool resolve(void *site, struct err *err)
{
    struct site *s = site;
    struct at at = {.dir = -1};
    bool ok = file_resolve(&s->root, "/d/below/../../e/link", &at, err);
    if (ok)
        assert_string_equal(at.path, "/x");
    return close_fd(ok, &at.dir);
}

static bool open_dir(void *site, struct err *err)
{
    struct site *s = site;
    int fd = -1;
    return close_fd(file_open_dir(&s->root, "/d/below", &fd, err), &fd);
}

static bool list(void *site, struct err *err)
{
    struct site *s = site;
    struct strings names;
    if (!file_list(&s->root, "/d", false, &names, err))
        return false;
    assert_string_equal(strings_join(&names, " "), "a below");
    return true;
}

static bool look_for(void *site, struct err *err)
{
    struct site *s = site;
    bool there;
    if (!file_look_for(&s->root, "/d/a", &there, err))
        return false;
    assert_true(there);
    return true;
}

/* What says no more than no. */
static bool say_no(bool ok, struct err *err)
{
    return ok || err_set(err, "no");
}

static bool mtime(void *site, struct err *err)
{
    struct site *s = site;
    struct timespec time;
    return say_no(file_mtime(&s->root, "/x", &time), err);
}

static bool same_inode(void *site, struct err *err)
{
    struct site *s = site;
    bool same = false;
    bool ok = file_same_inode(s->dir, "x", "x", &same, err);
    assert_int_equal(same, ok);
    return ok;
}

static bool identity(void *site, struct err *err)
{
    struct site *s = site;
    struct identity now;
    int fd = openat(AT_FDCWD, unit_path("x"), O_RDONLY);
    if (fd < 0)
        return say_no(false, err);
    bool ok = file_identity(fd, &now) && file_unchanged(&now, &s->identity);
    close(fd);
    return say_no(ok, err);
}

static bool read_path(void *site, struct err *err)
{
    struct site *s = site;
    const char *text;
    size_t len;
    if (!file_read_path(&s->root, "/x", OWNED_BY_ROOT, &text, &len, err))
        return false;
    assert_int_equal(len, strlen(OLD));
    assert_string_equal(text, OLD);
    return true;
}

static bool read_start(void *site, struct err *err)
{
    struct site *s = site;
    char text[5];
    bool ok = file_read_start(&s->root, "/x", text, sizeof(text), err);
    if (ok)
        assert_string_equal(text, "one\n");
    return ok;
}

static bool replaceable(void *site, struct err *err)
{
    return file_check_replaceable(&((struct site *)site)->at, err);
}

static bool remove_cache(void *site, struct err *err)
{
    struct site *s = site;
    return file_remove_cache(&s->root, "/.x.mailfix", err);
}

/* What a call that failed may have done by then. */
enum left {
    NOTHING_DONE, /* the tree is as it was */
    PARTLY        /* some of it, and checked by itself */
};

static const struct tried {
    const char *name;
    bool (*work)(void *site, struct err *err);
    enum left left;
} TRIED[] = {
    {"stage", stage, NOTHING_DONE},
    {"write_as", write_as, NOTHING_DONE},
    {"copy", copy, NOTHING_DONE},
    {"copy_bytes", copy_bytes, NOTHING_DONE},
    {"write_new", write_new, NOTHING_DONE},
    {"reserve", reserve, NOTHING_DONE},
    {"edit_stage", edit_stage, NOTHING_DONE},
    {"edit_write", edit_write, NOTHING_DONE},
    {"edit_digest", edit_digest, NOTHING_DONE},
    {"digest", digest, NOTHING_DONE},
    {"exchange", exchange, PARTLY},
    {"place", place, PARTLY},
    {"move", move, PARTLY},
    {"move_whole", move_whole, PARTLY},
    {"set_owner", set_owner, PARTLY},
    {"remove_name", remove_name, NOTHING_DONE},
    {"sync_dir", sync_dir, NOTHING_DONE},
    {"remove_dir", remove_dir, PARTLY},
    {"private_dir", private_dir, PARTLY},
    {"overwrite", overwrite, PARTLY},
    {"lock", lock, PARTLY},
    {"edit_lock", edit_lock, PARTLY},
    {"resolve", resolve, NOTHING_DONE},
    {"open_dir", open_dir, NOTHING_DONE},
    {"list", list, NOTHING_DONE},
    {"look_for", look_for, NOTHING_DONE},
    {"mtime", mtime, NOTHING_DONE},
    {"same_inode", same_inode, NOTHING_DONE},
    {"identity", identity, NOTHING_DONE},
    {"read_path", read_path, NOTHING_DONE},
    {"read_start", read_start, NOTHING_DONE},
    {"replaceable", replaceable, NOTHING_DONE},
    {"remove_cache", remove_cache, NOTHING_DONE},
};

static const struct tried *tried;
static char *after; /* the tree when nothing failed */
static enum {
    MAY_FAIL,
    MUST_SUCCEED, /* what comes is not worth an error */
    ALL_FAIL      /* so taking back fails, too */
} expected;

static bool work(void *site, struct err *err)
{
    return tried->work(site, err);
}

/* Both texts are there, under one name or the other. */
static bool texts_are_there(void)
{
    const char *now = tree();
    return strstr(now, OLD) != NULL && strstr(now, NEW) != NULL;
}

static void check(void *site, bool ok, const struct err *err)
{
    struct site *s = site;
    const char *now = tree();
    if (expected == MUST_SUCCEED && !ok)
        fail_msg("%s: %s", tried->name, err->text);
    if (ok && strcmp(now, after) != 0 && tried->work != edit_lock)
        fail_msg("%s succeeds, and the tree is\n%s\ninstead of\n%s", tried->name, now, after);
    if (!ok && expected != ALL_FAIL && tried->left == NOTHING_DONE && strcmp(now, s->before) != 0)
        fail_msg("%s fails (%s), and the tree is\n%s\ninstead of\n%s", tried->name, err->text, now,
                 s->before);
    if (tried->work != overwrite && tried->work != remove_dir && tried->work != remove_name &&
        tried->work != remove_cache && !texts_are_there())
        fail_msg("%s: a text is lost:\n%s", tried->name, now);
    close(s->at.dir);
    close(s->root.fd);
}

static size_t sweep(const struct fault *fault, const struct fault *mode, int what)
{
    struct scenario scenario = {NULL, begin, work, check};
    size_t n = 0;
    expected = what;
    for (tried = TRIED; tried < TRIED + COUNT(TRIED); tried++) {
        struct err err;
        /* With a new arena each time, too, valgrind would come to the end of its addresses. */
        assert_true(unit_empty_dir());
        struct site *s = begin();
        assert_ok(tried->work(s, &err), err);
        after = strdup(tree());
        close(s->at.dir);
        close(s->root.fd);
        scenario.name = tried->name;
        n += faults_sweep(&scenario, fault, mode);
        free(after);
    }
    return n;
}

/* ---- somebody else is faster ---- */

#define LATER "x.tmp"

static void their_file(const char *name, const char *mode, const char *their_text)
{
    char path[300];
    snprintf(path, sizeof(path), "%s/%s", unit_top, name);
    FILE *f = fopen(path, mode);
    fputs(their_text, f);
    fclose(f);
    chmod(path, 0600);
}

static void their_rename(const char *name)
{
    char from[300], to[300];
    their_file("theirs", "w", "theirs\n");
    snprintf(from, sizeof(from), "%s/theirs", unit_top);
    snprintf(to, sizeof(to), "%s/%s", unit_top, name);
    rename(from, to);
}

static void take_away(const char *name)
{
    char path[300];
    snprintf(path, sizeof(path), "%s/%s", unit_top, name);
    unlink(path);
}

static void appends(void)
{
    their_file("x", "a", "more\n");
}

static void replaces(void)
{
    their_rename("x");
}

static void removes(void)
{
    take_away("x");
}

static void becomes_fifo(void)
{
    char path[300];
    removes();
    snprintf(path, sizeof(path), "%s/x", unit_top);
    mkfifo(path, 0600);
}

static void replaces_lock(void)
{
    their_rename(LATER);
}

static void removes_lock(void)
{
    take_away(LATER);
}

static bool unlock_late(void *site, struct err *err)
{
    struct site *s = site;
    int fd = -1;
    if (!file_edit_lock(&s->at, &fd, err))
        return false;
    removes_lock();
    file_edit_unlock(s->dir, "x", &fd);
    return true;
}

static bool is_there(void *site, struct err *err)
{
    struct site *s = site;
    (void)err;
    return file_is_there(s->dir, "x") && file_is_regular(s->dir, "x");
}

static bool digest_of_nothing(void *site, struct err *err)
{
    char found[DIGEST_HEX + 1];
    bool ok = file_digest(((struct site *)site)->dir, "x", found, err);
    assert_string_equal(found, "");
    return ok;
}

static bool exchange_unlike(void *site, struct err *err)
{
    struct site *s = site;
    return file_exchange(s->dir, ".x.mailfix", ".x.mailfix-old", "x", "of another text", err);
}

static const struct fault BY_LINKS = {.call = "renameat2", .error = ENOSYS, .lasting = true, .nth = 1};

static void test_somebody_is_faster(void **state)
{
    static const struct {
        bool (*work)(void *site, struct err *err);
        struct fault fault;
        bool by_links, locked; /* x.tmp is there */
        const char *says;      /* NULL: it succeeds */
    } cases[] = {
        {read_path, {.call = "read", .nth = 1, .before = appends}, false, false, "grows while it is read"},
        {read_path, {.call = "openat", .nth = 2, .before = becomes_fifo}, false, false, "cannot open /x"},
        {read_path, {.call = "openat", .nth = 2, .before = removes}, false, false, "cannot open /x"},
        {edit_digest,
         {.call = "read", .nth = 1, .before = appends},
         false,
         false,
         "was changed by somebody else"},
        {edit_stage,
         {.call = "read", .nth = 1, .before = appends},
         false,
         false,
         "was changed by somebody else"},
        {edit_stage,
         {.call = "openat", .nth = 1, .before = replaces},
         false,
         false,
         "was changed by somebody else"},
        {edit_digest, {.call = "read", .nth = 1, .error = FAULT_NOTHING}, false, false, "cannot read x"},
        {digest_of_nothing, {.call = "openat", .nth = 1, .before = removes}, false, false, NULL},
        {is_there, {.call = "fstatat", .nth = 1, .error = EIO, .lasting = true}, false, false, NULL},
        {exchange_unlike, {.call = "none"}, true, false, "was changed by somebody else in the meantime"},
        {exchange,
         {.call = "linkat", .nth = 1, .before = replaces},
         true,
         false,
         "was changed by somebody else"},
        {exchange,
         {.call = "fstatat", .nth = 2, .before = replaces},
         true,
         false,
         "was changed by somebody else"},
        {edit_lock, {.call = "fstatat", .nth = 1, .before = replaces_lock}, false, false, NULL},
        {edit_lock, {.call = "fstatat", .nth = 1, .before = removes_lock}, false, false, NULL},
        {edit_lock,
         {.call = "fstatat", .nth = 1, .before = replaces_lock, .lasting = true},
         false,
         false,
         "somebody keeps replacing"},
        {edit_lock, {.call = "openat", .nth = 2, .before = removes_lock}, false, true, NULL},
        {edit_lock, {.call = "fstat", .nth = 1, .error = EIO}, false, true, "cannot look at /x.tmp"},
        {edit_lock, {.call = "flock", .nth = 1, .error = EIO}, false, true, "cannot lock /x.tmp"},
        {unlock_late, {.call = "none"}, false, false, NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct err err = {0};
        assert_int_equal(unit_empty(NULL), 0);
        struct site *s = begin();
        if (cases[i].locked)
            their_file(LATER, "w", "");
        const struct fault both[2] = {cases[i].fault, BY_LINKS};
        faults_arm(both, cases[i].by_links ? 2 : 1);
        bool ok = cases[i].work(s, &err);
        bool came = faults_disarm();
        if (!came && strcmp(cases[i].fault.call, "none") != 0)
            fail_msg("case %zu: nothing came", i);
        if (ok != (cases[i].says == NULL))
            fail_msg("case %zu: %s", i, ok ? "it succeeds" : err.text);
        if (!ok && strstr(err.text, cases[i].says) == NULL)
            fail_msg("case %zu: %s", i, err.text);
        close(s->at.dir);
        close(s->root.fd);
    }
}

/* ---- faults ---- */

static void test_one_fails(void **state)
{
    static const int errors[] = {EIO, EACCES};
    (void)state;
    for (size_t i = 0; i < COUNT(errors); i++) {
        const struct fault fault = {.error = errors[i]};
        assert_true(sweep(&fault, NULL, MAY_FAIL) > 50); /* else the wrappers are not in the way */
    }
}

static void test_all_fail(void **state)
{
    const struct fault fault = {.error = EIO, .lasting = true};
    (void)state;
    sweep(&fault, NULL, ALL_FAIL);
}

/* What is no error: a signal came, or the disk took half of it. */
static void test_interrupted_and_short(void **state)
{
    static const struct fault faults[] = {{.error = EINTR},
                                          {.error = FAULT_SHORT},
                                          {.error = FAULT_SHORT, .lasting = true},
                                          {.error = FAULT_NOTHING, .call = "copy_file_range"}};
    (void)state;
    for (size_t i = 0; i < COUNT(faults); i++)
        sweep(&faults[i], NULL, MUST_SUCCEED);
}

static void test_nothing_is_written(void **state)
{
    const struct fault fault = {.error = FAULT_NOTHING, .call = "write"};
    (void)state;
    sweep(&fault, NULL, MAY_FAIL);
}

/* What a kernel or a file system does not have. */
static void test_missing_abilities(void **state)
{
    static const struct fault lacks[] = {
        {.call = "renameat2", .error = ENOSYS, .lasting = true, .nth = 1},
        {.call = "renameat2", .error = EINVAL, .lasting = true, .nth = 1},
        {.call = "renameat2", .error = EPERM, .lasting = true, .nth = 1},
        {.call = "renameat", .error = EXDEV, .nth = 1},
        {.call = "copy_file_range", .error = EXDEV, .lasting = true, .nth = 1},
        {.call = "flistxattr", .error = ENOTSUP, .lasting = true, .nth = 1},
        {.call = "ioctl", .error = ENOTTY, .lasting = true, .nth = 1},
    };
    const struct fault fails = {.error = EIO}, no = {.call = "none"};
    (void)state;
    for (size_t i = 0; i < COUNT(lacks); i++) {
        without_xattrs = strcmp(lacks[i].call, "flistxattr") == 0;
        sweep(&no, &lacks[i], MUST_SUCCEED);
        /* What is done instead fails, too. */
        if (lacks[i].error == ENOSYS || lacks[i].error == EXDEV)
            sweep(&fails, &lacks[i], MAY_FAIL);
    }
    without_xattrs = false;
}

/* ---- what a crash would find ---- */

static void new_is_whole(void)
{
    char text[sizeof(NEW)] = "";
    FILE *f = fopen(unit_path("new"), "r");
    if (f == NULL)
        return;
    text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
    fclose(f);
    assert_string_equal(text, NEW);
}

static void closes(void *site, bool ok, const struct err *err)
{
    struct site *s = site;
    assert_ok(ok, *err);
    close(s->at.dir);
    close(s->root.fd);
}

static void test_never_half(void **state)
{
    static const struct scenario scenario = {"move_whole", begin, move_whole, closes};
    static const struct fault look = {.before = new_is_whole, .each = true},
                              apart = {.call = "renameat", .error = EXDEV, .nth = 1};
    (void)state;
    assert_true(faults_sweep(&scenario, &look, &apart) >= (unit_valgrind() ? 2 : 10)); /* it has calls */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        faults_test(test_one_fails),          faults_test(test_somebody_is_faster),
        faults_test(test_all_fail),           faults_test(test_interrupted_and_short),
        faults_test(test_nothing_is_written), faults_test(test_missing_abilities),
        faults_test(test_never_half),
    };
    base_verbosity = -1;
    return cmocka_run_group_tests(tests, unit_begin, unit_end);
}
