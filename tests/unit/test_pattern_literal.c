/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Literals of patterns: by a table, by random patterns that PCRE2 matches, and of the fixes that are shipped:
 * each log stanza of theirs must name a literal that is worth looking for.
 */
#include "pattern_literal.h"

#include "fixes.h"
#include "pattern.h"
#include "unit.h"

static void test_table(void **state)
{
    (void)state;
    static const struct {
        const char *re, *literals;
    } cases[] = {
        {"^unsupported dictionary type: (?<type>\\S+)$", "unsupported dictionary type: "},
        {"^a\\.b\\[c\\]$", "a.b[c]"},
        {"abc?de", "abcde abde"},
        {"abc*de", "de"},
        {"abcd*e", "abc"},
        {"abc+defg", "defg"},
        {"ab{0,3}cde", "cde"},
        {"ab{cde", "ab{cde"},
        {"a[^]x]bc", "bc"},
        {"[[:alpha:]]]x", "]x"},
        {"(?:one|three)", "one three"},
        {"(?:one|three)+ x", "one three"},
        {"(?:one|three)?ab", "oneab threeab ab"},
        {"a (?:one|three) b", "a one b a three b"},
        {"(?:one|(?:two|three|) )\\.", "one. two . three .  ."},
        {"(?:one|two\\S)ab", "one two"},
        {"(?:a|b)(?:c|d)(?:e|f)(?:g|h)(?:i|j)vwxyz", "ivwxyz jvwxyz"},
        {"(?:one|\\S)ab", "ab"},
        {"(?:one|(?:four|seven)x*)", "one four seven"},
        {"one|two", "one two"},
        {"one|", ""},
        {"(?!never)(?<=x)ab", "ab"},
        {"(?<name>word) a", "word a"},
        {"ab(?i:cdef)", "ab"},
        {"ab\\S+cd", "cd"},
        {"(abc(?:def|gh))", "abcdef abcgh"},
        {"\\S+", ""},
        /* forms that are not read */
        {"(?i)abc", ""},
        {"abc\\x41", ""},
        {"\\Qabc\\E", ""},
        {"(*UCP)abc", ""},
        {"(?(1)abc)", ""},
        {"[\\Qa]\\E]abc", ""},
        {"(a)abc\\1", ""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct strings literals = pattern_literals(cases[i].re);
        if (strcmp(strings_join(&literals, " "), cases[i].literals) != 0)
            fail_msg("%s: \"%s\"", cases[i].re, strings_join(&literals, " "));
    }
}

/* ---- random patterns ---- */

static void put_pattern(struct buf *b, uint64_t *seed, int depth)
{
    static const char *const pieces[] = {"a", "b", "ab", "ba", "\\.", ".", "[ab]", "[^a]", "\\S", "\\b"};
    static const char *const times[] = {"", "", "", "?", "*", "+", "{0,2}", "{2}", "+?", "{"};
    static const char *const opens[] = {"(?:", "(", "(?<n>", "(?!", "(?=", "(?>", "(?|"};
    for (unsigned n = 1 + unit_random(seed, 4); n > 0; n--) {
        if (depth < 3 && unit_random(seed, 4) == 0) {
            buf_puts(b, opens[unit_random(seed, COUNT(opens))]);
            put_pattern(b, seed, depth + 1);
            buf_puts(b, ")");
        } else {
            buf_puts(b, pieces[unit_random(seed, COUNT(pieces))]);
        }
        buf_puts(b, times[unit_random(seed, COUNT(times))]);
    }
    if (unit_random(seed, 5) == 0) {
        buf_puts(b, "|");
        put_pattern(b, seed, depth + 1);
    }
}

static void test_random(void **state)
{
    (void)state;
    size_t matches = 0;
    for (uint64_t round = 0, seed = 3; round < 20000; round++) {
        struct buf b = {0};
        char text[12] = "";
        struct err err;
        put_pattern(&b, &seed, 0);
        struct pattern *pattern = pattern_compile(buf_text(&b), NULL, &err);
        struct strings literals = pattern_literals(buf_text(&b));
        if (pattern == NULL || literals.n == 0)
            continue;
        for (unsigned tries = 0; tries < 20; tries++) {
            for (size_t i = unit_random(&seed, sizeof(text)), k = 0; k < i; k++, text[k] = '\0')
                text[k] = "aabb.{"[unit_random(&seed, 6)];
            if (!pattern_match(pattern, text, strlen(text), NULL))
                continue;
            bool held = false;
            for (size_t i = 0; i < literals.n; i++)
                held |= strstr(text, literals.item[i]) != NULL;
            if (!held)
                fail_msg("%s matches %s, which holds none of: %s", buf_text(&b), text,
                         strings_join(&literals, " "));
            matches++;
        }
    }
    assert_true(matches > 10000);
}

/* ---- the fixes ---- */

#define WORTH 10

static void check_heard(const struct fix *fix, const struct heard *heard)
{
    struct strings literals = pattern_literals(pattern_text(heard->matching));
    bool worth = literals.n > 0;
    for (size_t i = 0; i < literals.n; i++)
        worth &= strlen(literals.item[i]) >= WORTH;
    if (!worth)
        fail_msg("%s: %s: \"%s\"", fix->name, pattern_text(heard->matching), strings_join(&literals, "|"));
}

static void test_fixes(void **state)
{
    (void)state;
    static const struct fix_dirs shipped = {SOURCE_FIXES, NULL};
    size_t logs = 0;
    struct err err = {.text = ""};
    struct strings names = fixes_names(&shipped, &err);
    for (size_t i = 0; i < names.n; i++) {
        struct fix *fix;
        assert_ok(fixes_load(&shipped, names.item[i], &fix, &err), err);
        for (size_t k = 0; k < fix->n_symptom; k++)
            if (fix->symptom[k].kind == PROBE_LOG) {
                check_heard(fix, &fix->symptom[k].heard);
                logs++;
            }
        for (size_t k = 0; k < fix->n_consequence; k++)
            check_heard(fix, &fix->consequence[k].heard);
    }
    assert_true(logs > 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fresh_test(test_table),
        fresh_test(test_random),
        fresh_test(test_fixes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
