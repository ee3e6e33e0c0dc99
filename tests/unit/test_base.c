/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Errors, the arena, lists, growing text, versions, positions, digests, and what reaches a terminal.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

/* ---- errors ---- */

static void test_err(void **state)
{
    (void)state;
    struct err err = {.outcome = DONE};
    assert_false(err_set(&err, "%d of %s", 3, "x"));
    assert_int_equal(err.outcome, FAILED);
    assert_string_equal(err.text, "3 of x");

    assert_false(err_outcome(&err, BUSY, "held"));
    assert_int_equal(err.outcome, BUSY);
    assert_false(err_prefix(&err, "%s", "/etc/x"));
    assert_string_equal(err.text, "/etc/x: held");
    assert_int_equal(err.outcome, BUSY);

    errno = ENOENT;
    assert_false(err_errno(&err, "cannot open %s", "/x"));
    assert_string_equal(err.text, "cannot open /x: No such file or directory");
    assert_int_equal(err.outcome, FAILED);
}

/* No character is cut in the middle, whatever number of bytes there is room for. */
static void test_err_whole_characters(void **state)
{
    (void)state;
    static const char *const characters[] = {"x", "é", "設", "\xf0\xa0\xae\x9f"};
    struct err err;
    for (size_t i = 0; i < COUNT(characters); i++)
        for (size_t before = 0; before < 4; before++) {
            struct buf text = {0};
            size_t len = strlen(characters[i]), room = sizeof(err.text) - 1 - before;
            buf_add(&text, "abc", before);
            for (size_t k = 0; k < sizeof(err.text); k++)
                buf_puts(&text, characters[i]);
            err_set(&err, "%s", buf_text(&text));
            assert_int_equal(strlen(err.text), before + room / len * len);
            err_set(&err, "%s", buf_text(&text) + before);
            err_prefix(&err, "%.*s", (int)before, "abc");
            assert_int_equal((strlen(err.text) - before - 2) % len, 0);
        }
    err_set(&err, "caf\xe9"); /* what fits is left alone */
    assert_int_equal(strlen(err.text), 4);
}

/* A text that is longer than an err is cut at its end, never past it. */
static void test_err_long(void **state)
{
    (void)state;
    struct {
        struct err err;
        char guard[8];
    } s;
    char longer[3000];
    memset(longer, 'x', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    memset(s.guard, 'g', sizeof(s.guard));
    err_set(&s.err, "%s", longer);
    assert_int_equal(strlen(s.err.text), sizeof(s.err.text) - 1);
    errno = ENOENT;
    err_errno(&s.err, "%s", longer);
    err_prefix(&s.err, "place");
    assert_int_equal(strlen(s.err.text), sizeof(s.err.text) - 1);
    assert_true(starts_with(s.err.text, "place: xxx"));
    err_prefix(&s.err, "%s", longer);
    assert_int_equal(strlen(s.err.text), sizeof(s.err.text) - 1);
    assert_memory_equal(s.guard, "gggggggg", sizeof(s.guard));
}

/* ---- memory ---- */

static void test_arena(void **state)
{
    (void)state;
    for (size_t size = 0; size < 100; size++) {
        char *p = arena_alloc(size);
        assert_int_equal((uintptr_t)p % 16, 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(p[i], 0);
        if (size > 0)
            memset(p, 0xff, size);
    }
    assert_string_equal(arena_copy("abcdef", 3), "abc");
    assert_string_equal(arena_copy(NULL, 0), "");
    assert_string_equal(arena_printf("%s-%03d", "a", 7), "a-007");

    int *list = NULL;
    size_t n = 0;
    for (int i = 0; i < 1000; i++) {
        list = arena_append(list, &n, sizeof(i), &i);
        assert_int_equal(n, i + 1);
    }
    for (int i = 0; i < 1000; i++)
        assert_int_equal(list[i], i);
}

static jmp_buf used_up;

static void leave(void)
{
    longjmp(used_up, 1);
}

static void test_arena_exhausted(void **state)
{
    (void)state;
    static const size_t sizes[] = {(size_t)257 << 20, SIZE_MAX, SIZE_MAX - 15, SIZE_MAX / 2};
    struct err err;
    assert_true(arena_open(leave, &err));
    for (volatile size_t i = 0; i < COUNT(sizes); i++) {
        if (setjmp(used_up) != 0)
            continue;
        arena_alloc(sizes[i]);
        fail_msg("%zu bytes were given", sizes[i]);
    }
    assert_non_null(arena_alloc(((size_t)256 << 20) - 16)); /* the whole of it can be used */
    assert_true(arena_open(unit_exhausted, &err));
}

/* ---- lists and text ---- */

static void test_strings(void **state)
{
    (void)state;
    static const struct {
        const char *text, *separators, *joined;
        size_t n;
    } cases[] = {
        {"", " ", "", 0},          {"   ", " ", "", 0},         {"a", " ", "a", 1},
        {" a  b ", " ", "a|b", 2}, {"a,b c", ", ", "a|b|c", 3}, {"a\tb\nc", " \t\n", "a|b|c", 3},
        {"a b", "", "a b", 1},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct strings list = strings_split(cases[i].text, cases[i].separators);
        assert_int_equal(list.n, cases[i].n);
        assert_string_equal(strings_join(&list, "|"), cases[i].joined);
    }
    struct strings list = strings_split("a bb", " ");
    assert_true(strings_have(&list, "bb"));
    assert_false(strings_have(&list, "b"));
    strings_add(&list, "b");
    assert_true(strings_have(&list, "b"));
    assert_true(starts_with("abc", "ab") && starts_with("abc", "") && !starts_with("ab", "abc"));
    assert_true(ends_with("abc", "bc") && ends_with("abc", "") && !ends_with("bc", "abc"));
}

static void test_buf(void **state)
{
    (void)state;
    struct buf b = {0};
    assert_string_equal(buf_text(&b), "");
    buf_add(&b, NULL, 0);
    buf_printf(&b, "%s", "");
    assert_string_equal(buf_text(&b), "");
    for (int i = 0; i < 500; i++)
        buf_printf(&b, "%d,", i % 10);
    buf_puts(&b, "end");
    assert_int_equal(b.len, 1003);
    assert_int_equal(strlen(b.text), 1003);
    assert_true(starts_with(b.text, "0,1,2,") && ends_with(b.text, "8,9,end"));
    struct buf with_nul = {0};
    buf_add(&with_nul, "a\0b", 3);
    assert_int_equal(with_nul.len, 3);
    assert_memory_equal(with_nul.text, "a\0b", 4);
}

static void test_version_compare(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        int order;
    } cases[] = {
        {"3.7.11", "3.7.2", 1}, {"3.7", "3.7.0", 0},    {"2.11", "2.9", 1},           {"2", "10", -1},
        {"3.7", "3.7.1", -1},   {"2.3.19.1", "2.3", 1}, {"3.10-20240917", "3.10", 0}, {"1.0.9", "1.0.10", -1},
        {"2.11.0", "2.11", 0},  {"", "0", 0},           {"2.4.1-4", "2.4.1", 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        if (version_compare(cases[i].a, cases[i].b) != cases[i].order ||
            version_compare(cases[i].b, cases[i].a) != -cases[i].order)
            fail_msg("%s and %s: %d", cases[i].a, cases[i].b, version_compare(cases[i].a, cases[i].b));
}

static void test_text_position(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t offset, line, column;
        const char *shown;
    } cases[] = {
        {"", 0, 1, 1, ""},           {"ab\ncd\n", 0, 1, 1, "ab"}, {"ab\ncd\n", 2, 1, 3, "ab"},
        {"ab\ncd\n", 3, 2, 1, "cd"}, {"ab\ncd\n", 5, 2, 3, "cd"}, {"ab\ncd\n", 6, 3, 1, ""},
        {"ab\ncd", 5, 2, 3, "cd"},   {"ab", 99, 1, 3, "ab"},      {"\n\n\n", 2, 3, 1, ""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct position p = text_position(cases[i].text, strlen(cases[i].text), cases[i].offset);
        const char *shown = arena_copy(p.start, p.len);
        if (p.line != cases[i].line || p.column != cases[i].column || strcmp(shown, cases[i].shown) != 0)
            fail_msg("case %zu: %zu:%zu '%s'", i, p.line, p.column, shown);
    }
}

/* The vectors of FIPS 180-4 and of the NIST examples. */
static void test_digest(void **state)
{
    (void)state;
    char hex[DIGEST_HEX + 1];
    static const struct {
        const char *text, *hex;
    } cases[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        digest_hex(cases[i].text, strlen(cases[i].text), hex);
        assert_string_equal(hex, cases[i].hex);
    }
    char *many = arena_alloc(1000000);
    memset(many, 'a', 1000000);
    digest_hex(many, 1000000, hex);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/* ---- printing ---- */

static const char *printed(int reading, FILE *to, const char *bytes, size_t len, size_t *ret_len)
{
    static char got[2000];
    out_bytes(to, bytes, len);
    fflush(to);
    ssize_t n = read(reading, got, sizeof(got) - 1);
    assert_true(n >= 0);
    got[n] = '\0';
    *ret_len = (size_t)n;
    return got;
}

static void test_out_bytes(void **state)
{
    (void)state;
    char all[256];
    size_t len;
    for (int i = 0; i < 256; i++)
        all[i] = (char)i;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    FILE *pipe_stream = fdopen(ends[1], "w");
    assert_memory_equal(printed(ends[0], pipe_stream, all, sizeof(all), &len), all, sizeof(all));
    assert_int_equal(len, sizeof(all));
    fclose(pipe_stream);
    close(ends[0]);

    static const struct {
        const char *bytes, *shown;
    } cases[] = {
        {"plain text\tand tab", "plain text\tand tab"},
        {"\033]0;title\007", "\\x1b]0;title\\x07"},
        {"a\rb\x7f\b", "a\\x0db\\x7f\\x08"},
        {"\xc3\xa4 \xe3\x81\x82", "\xc3\xa4 \xe3\x81\x82"}, /* UTF-8 stays */
        {"\xc2\x9b[31m", "\\xc2\\x9b[31m"},                 /* C1: CSI, as UTF-8 and as a byte */
        {"\x9b"
         "31m \xe4",
         "\\x9b"
         "31m \xe4"},
        {"\xe2\x80\xae"
         "exe.gnp",
         "\\xe2\\x80\\xae"
         "exe.gnp"}, /* turns the line around */
        {"\xef\xbb\xbf"
         "a\xe2\x80",
         "\\xef\\xbb\\xbf"
         "a\xe2\\x80"},
        {"end\xc2", "end\xc2"},
    };
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0)
        skip();
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    FILE *terminal = fdopen(slave, "w");
    assert_non_null(terminal);
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_string_equal(printed(master, terminal, cases[i].bytes, strlen(cases[i].bytes), &len),
                            cases[i].shown);
    fclose(terminal);
    close(master);
}

static void test_messages(void **state)
{
    (void)state;
    static const struct {
        int verbosity;
        const char *text;
    } cases[] = {{-1, "mailfix: c\n"}, {0, "a\nmailfix: c\n"}, {1, "a\nb\nmailfix: c\n"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        char got[100];
        int ends[2], saved = dup(2);
        assert_int_equal(pipe(ends), 0);
        dup2(ends[1], 2);
        base_verbosity = cases[i].verbosity;
        say("a");
        say_more("b");
        warn("%s", "c");
        base_verbosity = 0;
        dup2(saved, 2);
        ssize_t n = read(ends[0], got, sizeof(got) - 1);
        got[n < 0 ? 0 : n] = '\0';
        assert_string_equal(got, cases[i].text);
        close(saved);
        close(ends[0]);
        close(ends[1]);
    }
}

/* ---- signals, time, libraries ---- */

static void test_signals(void **state)
{
    (void)state;
    static const int ending[] = {SIGINT, SIGTERM, SIGHUP};
    int64_t before = now_ms();
    assert_false(nap(30));
    assert_true(now_ms() - before >= 30);
    for (size_t i = 0; i < COUNT(ending); i++) {
        signals_hold();
        assert_false(interrupted());
        raise(ending[i]);
        assert_true(interrupted());
        before = now_ms();
        assert_true(nap(5000));
        assert_true(now_ms() - before < 2000);
        sigset_t held;
        sigemptyset(&held);
        sigaddset(&held, ending[i]);
        assert_int_equal(sigtimedwait(&held, NULL, &(struct timespec){1, 0}),
                         ending[i]); /* it is not pending now */
        assert_false(interrupted());
        sigfillset(&held);
        sigprocmask(SIG_UNBLOCK, &held, NULL);
    }
}

static void test_library_load(void **state)
{
    (void)state;
    struct err err;
    void *functions[2] = {NULL};
    assert_false(
        library_load("libnothing-of-this-name.so.1", (const char *const[]){"x"}, functions, 1, &err));
    assert_says(err, "libnothing-of-this-name.so.1");
    assert_false(
        library_load("libm.so.6", (const char *const[]){"cos", "no_such_thing"}, functions, 2, &err));
    assert_says(err, "libm.so.6 has no function no_such_thing");
    assert_ok(library_load("libm.so.6", (const char *const[]){"cos", "sin"}, functions, 2, &err), err);
    assert_non_null(functions[0]);
    assert_non_null(functions[1]);
}

/* What a terminal on standard error gets while something takes longer than a second. */
static void test_progress(void **state)
{
    (void)state;
    char seen[400] = "";
    int terminal = posix_openpt(O_RDWR | O_NOCTTY), before = dup(STDERR_FILENO);
    assert_true(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
    int other = open(ptsname(terminal), O_RDWR | O_NOCTTY);
    fflush(stderr);
    assert_true(dup2(other, STDERR_FILENO) >= 0);
    base_progress = false;
    progress_begin("not shown");
    nap(1100);
    base_progress = true;
    progress_begin("restarting postfix");
    nap(2150);
    say("a line");
    nap(1000);
    progress_end();
    progress_begin("soon over");
    nap(100);
    progress_end();
    nap(1000);
    base_progress = false;
    dup2(before, STDERR_FILENO);
    ssize_t len = read(terminal, seen, sizeof(seen) - 1);
    close(other);
    close(terminal);
    close(before);
    assert_true(len > 0);
    assert_string_equal(seen, "\r\033[Krestarting postfix ... 1 s\r\033[Krestarting postfix ... 2 s\r\033[K"
                              "a line\r\n"
                              "\r\033[Krestarting postfix ... 2 s\r\033[Krestarting postfix ... 3 s\r\033[K");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fresh_test(test_err),     fresh_test(test_err_long),        fresh_test(test_err_whole_characters),
        fresh_test(test_arena),   fresh_test(test_arena_exhausted), fresh_test(test_strings),
        fresh_test(test_buf),     fresh_test(test_version_compare), fresh_test(test_text_position),
        fresh_test(test_digest),  fresh_test(test_out_bytes),       fresh_test(test_messages),
        fresh_test(test_signals), fresh_test(test_library_load),    fresh_test(test_progress),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
