/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which name is near to a mistyped one; see nearest.h.
 */
#include "nearest.h"
#include "unit.h"

#include <string.h>

static void nearest_name(void **state)
{
    static const struct {
        const char *word, *want; /* NULL: none */
    } cases[] = {
        {"aply", "apply"},
        {"appyl", "apply"},
        {"diagnos", "diagnose"},
        {"sdbm-cahce", "sdbm-cache"},
        {"rollbakc", "rollback"},
        {"roolbak", "rollback"},
        {"apply", "apply"},
        {"xyz", NULL},
        {"", NULL},
        {"a", NULL},
    };
    struct strings names = strings_split("diagnose list apply rollback sdbm-cache missing-table-type", " ");
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *got = nearest(cases[i].word, &names);
        if (cases[i].want == NULL)
            assert_null(got);
        else
            assert_string_equal(got, cases[i].want);
    }
    assert_string_equal(nearest_hint("aply", &names), "; did you mean 'apply'?");
    assert_string_equal(nearest_hint("xyz", &names), "");
    assert_null(nearest("a-word-that-is-longer-than-the-limit-of-sixty-four-letters-and-so-on", &names));
}

int main(void)
{
    const struct CMUnitTest tests[] = {fresh_test(nearest_name)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
