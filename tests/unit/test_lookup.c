/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What counts as the same answer of a table. Asking real tables is for tests/hosts.
 */
#include "lookup.h"
#include "unit.h"

static void test_same(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool same;
    } cases[] = {
        {"anna", "anna\n", true},
        {"anna, bert", "anna,bert\n", true},
        {" anna ,\tbert", "anna, bert", true},
        {":[relay.example.org]:587", ":[relay.example.org]:587\n", true},
        {"550  go  away", "550 go away", true},
        {"anna", "bert", false},
        {"anna", "anna, bert", false},
        {"anna, bert", "bert, anna", false}, /* order may mean something */
        {"550 go", "550go", false},
        {"", "", true},
        {"", "a", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        if (lookup_same(cases[i].a, cases[i].b) != cases[i].same)
            fail_msg("'%s' '%s'", cases[i].a, cases[i].b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {fresh_test(test_same)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
