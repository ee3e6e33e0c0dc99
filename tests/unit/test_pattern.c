/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Patterns: what compiles, what matches where, what is captured, and that no text can make a match run long.
 */
#include "pattern.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct pattern *compile(const char *re)
{
    struct err err;
    struct pattern *pattern = pattern_compile(re, NULL, &err);
    if (pattern == NULL)
        fail_msg("%s: %s", re, err.text);
    return pattern;
}

static void test_match(void **state)
{
    (void)state;
    static const struct {
        const char *re, *text;
        bool matches;
        struct span whole;
    } cases[] = {
        {"^unsupported dictionary type: (?<type>\\S+)", "unsupported dictionary type: sdbm", true, {0, 33}},
        {"^type", "unsupported dictionary type: sdbm", false, {0}},
        {"sdbm", "btree:x sdbm:y", true, {8, 12}},
        {"a$", "a\n", false, {0}},
        {"a.b", "a\nb", false, {0}},
        {"(?i)error", "An ERROR", true, {3, 8}},
        {"", "", true, {0, 0}},
        {"^.$", "\xff", true, {0, 1}},
        {"^..$", "\xc3\xa4", true, {0, 2}},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct span whole = {0};
        bool matches = pattern_match(compile(cases[i].re), cases[i].text, strlen(cases[i].text), &whole);
        if (matches != cases[i].matches || whole.start != cases[i].whole.start ||
            whole.end != cases[i].whole.end)
            fail_msg("%s on %s: %d, %zu to %zu", cases[i].re, cases[i].text, matches, whole.start, whole.end);
    }
    assert_true(pattern_match(compile("b"), "abc", 2, NULL));
    assert_false(pattern_match(compile("c"), "abc", 2, NULL));
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *re;
        size_t offset;
        const char *message;
    } cases[] = {
        {"(abc", 4, "position 5: "},
        {"ab[c", 4, "position 5: "},
        {"*a", 0, "position 1: "},
        {"(*UTF)a", 6, "position 7: "},
        {"((((((((((((((((((((((((((((((((x))))))))))))))))))))))))))))))))", 65,
         "position 66: more than 31 groups"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct err err;
        size_t offset = 999;
        assert_null(pattern_compile(cases[i].re, &offset, &err));
        /* PCRE2 changes its words between versions, not the place. */
        assert_true(starts_with(err.text, cases[i].message));
        assert_int_equal(offset, cases[i].offset);
    }
}

static void test_capture(void **state)
{
    (void)state;
    struct pattern *pattern = compile("^service\\((?<service>[^)]+)\\)(?<more>: (?<alpha>\\w+))?");
    const struct strings *names = pattern_names(pattern);
    assert_int_equal(names->n, 3);
    assert_string_equal(names->item[0], "alpha");
    assert_string_equal(names->item[1], "more");
    assert_string_equal(names->item[2], "service");

    const char *text = "service(imap-login) was throttled";
    struct strings values = {0};
    struct span whole;
    assert_true(pattern_capture(pattern, text, strlen(text), &whole, &values));
    assert_int_equal(whole.end, strlen("service(imap-login)"));
    assert_int_equal(values.n, 3);
    assert_string_equal(values.item[0], "");
    assert_string_equal(values.item[1], "");
    assert_string_equal(values.item[2], "imap-login");

    struct strings untouched = {.n = 77};
    assert_false(pattern_capture(pattern, "other", 5, &whole, &untouched));
    assert_int_equal(untouched.n, 77);
}

/* Exponential on this text; the real bound is the number of steps, the time only shows that there is one. */
static void test_limits(void **state)
{
    (void)state;
    char text[2049];
    memset(text, 'a', sizeof(text));
    text[sizeof(text) - 1] = '!';
    int64_t before = now_ms();
    assert_false(pattern_match(compile("^(a+)+$"), text, sizeof(text), NULL));
    assert_false(pattern_match(compile("^(?:a|aa)+$"), text, sizeof(text), NULL));
    assert_true(now_ms() - before < 3000);
    /* A log line of full length stays within the limits for a pattern as fix files have them. */
    assert_true(pattern_match(compile("^(?:[a-z]|-)*!"), text, sizeof(text), NULL));

    size_t len = (size_t)8 << 20;
    char *large = arena_alloc(len);
    memset(large, 'a', len);
    assert_false(pattern_match(compile("^(?:a|b)*$"), large, len, NULL));
    assert_true(pattern_match(compile("^a*$"), large, len, NULL));
}

static void test_quote(void **state)
{
    (void)state;
    static const char *const literals[] = {
        "mail.example.org", "a|b", "\\E\\Q", "[x]{2}^$", "", " tab\t#", "\xc3\xa4(", "-]^\\",
    };
    for (size_t i = 0; i < COUNT(literals); i++) {
        struct pattern *pattern = compile(arena_printf("^%s$", pattern_quote(literals[i])));
        assert_true(pattern_match(pattern, literals[i], strlen(literals[i]), NULL));
    }
    assert_false(pattern_match(compile(pattern_quote("a.b")), "axb", 3, NULL));
    assert_true(pattern_match(compile(arena_printf("^[%s]$", pattern_quote("^-]"))), "]", 1, NULL));
}

static void exhausted(void)
{
    abort();
}

int main(void)
{
    struct err err;
    if (!arena_open(exhausted, &err))
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_match),  cmocka_unit_test(test_refused), cmocka_unit_test(test_capture),
        cmocka_unit_test(test_limits), cmocka_unit_test(test_quote),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
