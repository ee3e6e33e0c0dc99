/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which records go, and why the others stay; tests/cli has whole prunes.
 */
#include "prune.h"
#include "unit.h"

#define NOW 1000000

static void test_choose(void **state)
{
    (void)state;
    struct rebased later = {.number = 2};
    struct back back = {.later = &later, .n_later = 1};
    struct record record[] = {{.number = 1, .state = TXN_UNDONE, .back = &back},
                              {.number = 2, .state = TXN_KEPT},
                              {.number = 3, .state = TXN_STUCK},
                              {.number = 4, .state = TXN_KEPT},
                              {.number = 5, .state = TXN_UNDONE}};
    enum prune_why why[5];
    unsigned needs[5];
    struct prune_rule rule;
    struct err err;
    assert_ok(prune_rule("1", NOW, &rule, &err), err);
    prune_choose(record, 5, &rule, why, needs);
    /* What it rests on goes, too, so nobody needs the first. */
    static const enum prune_why all_go[] = {PRUNE_GOES, PRUNE_GOES, PRUNE_UNFINISHED, PRUNE_LAST_KEPT,
                                            PRUNE_YOUNG};
    assert_memory_equal(why, all_go, sizeof(why));
    record[3].state = TXN_UNDONE; /* now the second is the last that was kept */
    prune_choose(record, 5, &rule, why, needs);
    static const enum prune_why needed[] = {PRUNE_NEEDED, PRUNE_LAST_KEPT, PRUNE_UNFINISHED, PRUNE_GOES,
                                            PRUNE_YOUNG};
    assert_memory_equal(why, needed, sizeof(why));
    assert_int_equal(needs[0], 2);
    assert_ok(prune_rule("1d", 2 * 86400, &rule, &err), err);
    record[0].time = 86400;
    prune_choose(record, 5, &rule, why, needs);
    assert_int_equal(why[0], PRUNE_YOUNG);
    assert_int_equal(why[4], PRUNE_NEWEST);
}

static void test_rule(void **state)
{
    static const char *const wrong[] = {"", "0", "0d", "-1", "x", "3x", "3dd", "1000001", "d"};
    struct prune_rule rule;
    struct err err;
    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        assert_false(prune_rule(wrong[i], NOW, &rule, &err));
        assert_int_equal(err.outcome, USAGE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {fresh_test(test_choose), fresh_test(test_rule)};
    return cmocka_run_group_tests(tests, unit_begin, unit_end);
}
