/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is marked in Dovecot's texts for the lens, and what its settings mean.
 */
#include "dovecot.h"
#include "tree.h"
#include "unit.h"

/* 'h' for a byte of a heredoc, 'v' for one that is dropped, '.' for any other. */
static const char *marks(const char *text)
{
    char *masked = dovecot_masked(text, strlen(text));
    for (size_t i = 0; masked[i] != '\0'; i++)
        masked[i] = masked[i] == DOVECOT_HEREDOC ? 'h' : masked[i] == DOVECOT_VOID ? 'v' : '.';
    return masked;
}

static void marks_what_no_lens_can_find(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"a = <<E\nx\nE\nb = c\n", "........hhh......."},
        {"a = << E # c\r\nE \r\nE\r\nb\n", "..............hhhhhh..."},
        {"\"a=\"=<<E\nE", ".........h"},
        {"a = '<<E'\nE\n", "............"},
        {"a = <<E\nb = c\n", ".............."},
        {"#a = <<E\nE\n", "..........."},
        {"a \\\n = \\\n <<E\nE\n", "..............h."},
        {"a = b \\\n\nc = d\n", "vvvvvvvv......."},
        {"a = b \\\n# c\nd\n", "vvvvvvvvvvv..."},
        {"a \\ # b\n \\\n\t\nc\n", "vvvvvvvvvvvv..."},
        {"a = b \\", "vvvvvvv"},
        {"a = <<E \\\n\nb\nE\n", "vvvvvvvvvv....."},
        {"\\\n\na = 'b # \\\nc\n", "................"},
        {"a = \a\b\n", "......."},
        {"auth x {\na {}\nb c { d # e\n} {\n", "............h.......h........."},
        {"auth x {}\na = {}\nb c d { e\n f{ g\n", "........h........................"},
        {"auth x {\na { \"}\n}\nb { \\\n c\n", ".............hh............"},
        {"auth {\na {}\n", "............"},
        {"#auth x {\na {}\n", "..............."},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        if (strcmp(marks(cases[i][0]), cases[i][1]) != 0)
            fail_msg("'%s': %s instead of %s", cases[i][0], marks(cases[i][0]), cases[i][1]);
}

static void a_unit_is_a_line_or_a_section(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t len, lines, opening;
        int deepest, left_open;
        bool closes;
    } cases[] = {
        {"a = b\nc = d\n", 6, 1, 6, 0, 0, false},
        {"a {\n b {\n c = {\n }\n}\nd\n", 21, 5, 4, 2, 0, false},
        {"a \\\n b \\\n {\n}\nd\n", 14, 4, 12, 1, 0, false},
        {"a = b \\\n c\nd\n", 11, 2, 11, 0, 0, false},
        {"a {\n", 4, 1, 4, 1, 1, false},
        {"a {\nb", 5, 2, 4, 1, 1, false},
        {"} # a\n}\n", 6, 1, 6, 0, 0, true},
        {"a = <<E\nE\nb\n", 10, 2, 10, 0, 0, false},
        {"a = x # {\nb\n", 10, 1, 10, 0, 0, false},
        {"\"a = b\" \"c\"{\n}\n", 15, 2, 13, 1, 0, false},
        {"\"a {\" = {\n}\n", 10, 1, 10, 0, 0, false},
        {"auth x { y\n a {}\n}\n", 19, 3, 11, 2, 1, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t len = strlen(cases[i].text);
        struct dovecot_unit unit = dovecot_unit(dovecot_masked(cases[i].text, len), len);
        if (unit.len != cases[i].len || unit.lines != cases[i].lines || unit.opening != cases[i].opening ||
            unit.deepest != cases[i].deepest || unit.left_open != cases[i].left_open ||
            unit.closes != cases[i].closes)
            fail_msg("'%s': %zu bytes, %zu lines, %zu, %d deep", cases[i].text, unit.len, unit.lines,
                     unit.opening, unit.deepest);
    }
}

static void values_are_those_that_dovecot_reads(void **state)
{
    (void)state;
    static const struct {
        const char *text, *name, *value;
        bool literal;
    } cases[] = {
        {"a = b # c\n", "a", "b", true},
        {"a = \"b # \\\"c\\\\\" # d\n", "a", "b # \"c\\", true},
        {"a = 'b' \"c'\n", "a", "b' \"c", true},
        {"a = \"b\" c\n", "a", "\"b\" c", true},
        {"a = b \\\n  c\n", "a", "b c", true},
        {"a = $b c\n", "a", "$b c", false},
        {"a = '$b'\n", "a", "$b", true},
        {"a = </b\n", "a", "</b", false},
        {"a =\n", "a", "", true},
        {"a = \"\n", "a", "\"", true},
        {"\"a b\" = c\n", "a b", "c", true},
        {"\"a b\" \"c d\" {\n}\n", "a b/c d", NULL, true},
        {"a = <<E\nb\n c\nE\n", "a", "b\n c\n", true},
        {"a = <<E\nE\n", "a", "", true},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct node *node;
        struct err err;
        size_t n;
        assert_ok(tree_parse(LENS_DOVECOT, "file", cases[i].text, strlen(cases[i].text), &node, &n, &err),
                  err);
        assert_int_equal(n, 1);
        assert_string_equal(dovecot_name(node), cases[i].name);
        if (cases[i].value == NULL)
            continue;
        assert_string_equal(dovecot_value(node), cases[i].value);
        assert_int_equal(dovecot_is_literal(node), cases[i].literal);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fresh_test(marks_what_no_lens_can_find),
        fresh_test(a_unit_is_a_line_or_a_section),
        fresh_test(values_are_those_that_dovecot_reads),
    };
    tree_set_lens_dir(SOURCE_LENSES);
    return cmocka_run_group_tests(tests, unit_begin, unit_end);
}
