/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Widths and carets; see language.h. The choice of a language is tested with the program, in tests/cli.
 */
#include "language.h"
#include "unit.h"

#include <string.h>

static void widths(void **state)
{
    static const struct {
        const char *text;
        size_t columns;
    } cases[] = {
        {"", 0},         {"postfix", 7}, {"設定", 4},    {"main.cf の値", 12},
        {"\xff\xfe", 2}, {"é", 1},       {"e\u0301", 1}, {"ﾃｽﾄ", 3},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(language_width(cases[i].text, strlen(cases[i].text)), cases[i].columns);
}

static void carets(void **state)
{
    static const struct {
        const char *line;
        size_t column;
        const char *shown;
    } cases[] = {
        {"a b", 3, "    a b\n      ^"},
        {"値 x", 5, "    値 x\n       ^"}, /* x is byte 5 and stands in the fourth column */
        {"\ta", 2, "    \ta\n    \t^"},
        {"", 1, "    \n    ^"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_string_equal(language_caret(cases[i].line, strlen(cases[i].line), cases[i].column),
                            cases[i].shown);
}

int main(void)
{
    const struct CMUnitTest tests[] = {fresh_test(widths), fresh_test(carets)};
    language_open("/nonexistent");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
