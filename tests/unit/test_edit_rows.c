/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The verbs on items, columns, names and lists: what goes, what stays, and what a row's own conditions
 * decide.
 */
#include "unit_edit.h"

static void test_rename(void **state)
{
    (void)state;
    static const struct verb_case cases[] = {
        {"main.cf", "old = 1\nb = 2\n", "  each setting old\n  rename fresh\n", "fresh = 1\nb = 2\n"},
        {"main.cf", "old=1\n # c\n 2\n", "  each setting old\n  rename fresh\n", "fresh=1\n # c\n 2\n"},
        {"main.cf", "old = yes\n", "  each setting old\n  rename fresh\n  value may\n", "fresh = may\n"},
        {"main.cf", "old = yes\n", "  each setting old\n  keep comment\n  rename fresh\n  value may\n",
         "#old = yes\nfresh = may\n"},
        {"main.cf", "old =\n", "  each setting old\n  rename fresh\n  value x\n", "fresh = x\n"},
        {"main.cf", "old = 1\n", "  each setting old\n  rename old\n", "old = 1\n"},
        /* one where the other one ends */
        {"main.cf", "old = 1\nolder = 2\n", "  each setting old older\n  rename {setting.name}2\n",
         "old2 = 1\nolder2 = 2\n"},
        {"main.cf", "old = 1\n", "  each setting old\n  rename x_{setting.name}\n", "x_old = 1\n"},
        {"master.cf", "s inet n - y - - smtpd\n  -o old=1 -o b=2\n", "  each option old\n  rename fresh\n",
         "s inet n - y - - smtpd\n  -o fresh=1 -o b=2\n"},
        {"master.cf", "s inet n - y - - smtpd -o { old = 1 }\n",
         "  each option old\n  rename fresh\n  value a b\n", "s inet n - y - - smtpd -o { fresh = a b }\n"},
    };
    run_cases(cases, COUNT(cases), true);
}

static void test_items(void **state)
{
    (void)state;
#define DELETE_B "  each item a matching ^b\n  delete\n"
    static const struct verb_case cases[] = {
        {"main.cf", "a = x, b, c\n", DELETE_B, "a = x, c\n"},
        {"main.cf", "a = b, c\n", DELETE_B, "a = c\n"},
        {"main.cf", "a = x, b\n", DELETE_B, "a = x\n"},
        {"main.cf", "a = x b, y\n", DELETE_B, "a = x y\n"},
        {"main.cf", "a = b\nz = 1\n", DELETE_B, "a =\nz = 1\n"},
        {"main.cf", "a = b1, b2\n", DELETE_B, "a =\n"},
        {"main.cf", "a = b1, x, b2\n", DELETE_B, "a = x\n"},
        {"main.cf", "a = x,\n    b,\n    c\n", DELETE_B, "a = x,\n    c\n"},
        {"main.cf", "a = x,\n    b\n", DELETE_B, "a = x\n"},
        {"main.cf", "a = x,\n    b1, b2\nz = 1\n", DELETE_B, "a = x,\nz = 1\n"},
        {"main.cf", "a =\n    b,\n    c\n", DELETE_B, "a =\n    c\n"},
        {"main.cf", "a = b,\n    c\n", DELETE_B, "a =\n    c\n"},
        {"main.cf", "a = x,\n# why b\n    b,\n# why c\n    c\n", DELETE_B,
         "a = x,\n# why b\n# why c\n    c\n"},
        {"main.cf", "a = x, b", DELETE_B, "a = x"},
        {"main.cf", "a = x,\n    b", DELETE_B, "a = x\n"},
        {"main.cf", "a = x, b\nc = y, b\n", "  each item a c matching ^b\n  keep comment\n  delete\n",
         "#a = x, b\na = x\n#c = y, b\nc = y\n"},
        {"main.cf", "a = x {b y}, b\n", DELETE_B, "a = x {b y}\n"},
        {"main.cf", "a = x, b\n", "  each item a matching ^b$\n  value y\n", "a = x, y\n"},
        {"main.cf", "a = x, b\n", "  each item a matching ^b$\n  keep comment\n  value y\n",
         "#a = x, b\na = x, y\n"},
        {"main.cf", "a = x, b\n", "  each item a matching ^b$\n  keep comment\n  delete\n",
         "#a = x, b\na = x\n"},
        {"main.cf", "a = x, bb\n", "  each item a matching b\n  replace b$\n  with y\n", "a = x, by\n"},
        {"main.cf", "a = $n, b\nn = b\n", "  each item a with means=b\n  delete\n", "a =\nn = b\n"},
    };
    run_cases(cases, COUNT(cases), true);
}

static void test_append(void **state)
{
    (void)state;
    static const struct verb_case cases[] = {
        {"main.cf", "a = x, y\n", "  each setting a\n  append {word}\n", "a = x, y, new\n"},
        {"main.cf", "a = x y\n", "  each setting a\n  append new\n", "a = x y new\n"},
        {"main.cf", "a = x,y,\n", "  each setting a\n  append new\n", "a = x,y,new,\n"},
        {"main.cf", "a = x,\n    y\nb = 1\n", "  each setting a\n  append new\n",
         "a = x,\n    y,\n    new\nb = 1\n"},
        {"main.cf", "a = x,\n# c\n    y\n", "  each setting a\n  append new\n", "a = x,\n# c\n    y, new\n"},
        {"main.cf", "a = x\n", "  each setting a\n  append new\n", "a = x, new\n"},
        {"main.cf", "a =\n", "  each setting a\n  append new\n", "a = new\n"},
        {"main.cf", "a = x, new, y\n", "  each setting a\n  append new\n", "a = x, new, y\n"},
        {"main.cf", "a = x y\n", "  each setting a\n  prepend new\n", "a = new x y\n"},
        {"main.cf", "a = x,\n    y\n", "  each setting a\n  prepend new\n", "a = new,\n    x,\n    y\n"},
        {"main.cf", "a =\n    x\n", "  each setting a\n  prepend new\n", "a =\n    new, x\n"},
        {"main.cf", "a = x\n", "  each setting a\n  keep comment\n  append new\n", "#a = x\na = x, new\n"},
        {"master.cf", "s inet n - y - - smtpd -o a=x -v\n", "  each option a\n  append new\n",
         "s inet n - y - - smtpd -o a=x,new -v\n"},
        {"master.cf", "s inet n - y - - smtpd -o a=\n", "  each option a\n  prepend new\n",
         "s inet n - y - - smtpd -o a=new\n"},
    };
    run_cases(cases, COUNT(cases), true);
}

static void test_columns(void **state)
{
    (void)state;
    static const struct verb_case cases[] = {
        {"master.cf", "s inet n  -   y  -  - smtpd\n  -o a=1\nt inet n - n - - smtpd\n",
         "  each column chroot matching ^[y-]$\n  value n\n",
         "s inet n  -   n  -  - smtpd\n  -o a=1\nt inet n - n - - smtpd\n"},
        {"master.cf", "s inet n - y - 10 smtpd\n", "  each column maxproc in s/inet\n  value 5\n",
         "s inet n - y - 5 smtpd\n"},
        {"master.cf", "s inet n - y - 10 smtpd\n", "  each column maxproc\n  replace 1\n  with 2\n",
         "s inet n - y - 20 smtpd\n"},
    };
    run_cases(cases, 2, true);
    run_cases(cases + 2, 1, false);
}

static void test_delete_options(void **state)
{
    (void)state;
#define DELETE_A "  each option a*\n  delete\n"
    static const struct verb_case cases[] = {
        {"master.cf", "s inet n - y - - smtpd\n  -o a=1\n  -o b=2\n", DELETE_A,
         "s inet n - y - - smtpd\n  -o b=2\n"},
        {"master.cf", "s inet n - y - - smtpd\n  -o b=2\n  -o a=1\nt inet n - y - - smtpd\n", DELETE_A,
         "s inet n - y - - smtpd\n  -o b=2\nt inet n - y - - smtpd\n"},
        {"master.cf", "s inet n - y - - smtpd\n  -o a=1 -o b=2\n", DELETE_A,
         "s inet n - y - - smtpd\n  -o b=2\n"},
        {"master.cf", "s inet n - y - - smtpd -o a=1\n  -o b=2\n", DELETE_A,
         "s inet n - y - - smtpd\n  -o b=2\n"},
        {"master.cf", "s inet n - y - - smtpd -o b=2 -o a=1 -v\n", DELETE_A,
         "s inet n - y - - smtpd -o b=2 -v\n"},
        {"master.cf", "s inet n - y - - smtpd\n  -o a=1 -o a2=1\n  -o b=2\n", DELETE_A,
         "s inet n - y - - smtpd\n  -o b=2\n"},
        {"master.cf", "s inet n - y - - smtpd\n  -o\n  a=1\n  -o b=2\n", DELETE_A,
         "s inet n - y - - smtpd\n  -o b=2\n"},
        /* the comment above the last option is no longer part of the service */
        {"master.cf", "s inet n - y - - smtpd\n# why\n  -o a=1\nt inet n - y - - smtpd\n", DELETE_A,
         "s inet n - y - - smtpd\n# why\nt inet n - y - - smtpd\n"},
        {"master.cf", "s inet n - y - - smtpd\n# why\n  -o a=1\n  -o b=1\n", DELETE_A,
         "s inet n - y - - smtpd\n# why\n  -o b=1\n"},
    };
    run_cases(cases, COUNT(cases), true);
}

/* A setting that is named twice is one row, or becomes a comment once. */
static void test_comment(void **state)
{
    (void)state;
    static const struct verb_case cases[] = {
        {"main.cf", "a = 1\nb = 2\n", "  each setting a a\n  comment\n", "#a = 1\nb = 2\n"},
        {"main.cf", "b = 2\na = 1", "  each setting a\n  comment\n", "b = 2\n#a = 1\n"},
    };
    run_cases(cases, COUNT(cases), true);
}

/* A condition about the row is asked for each row, any other once. */
static void test_row_conditions(void **state)
{
    (void)state;
    static const struct verb_case cases[] = {
        {"master.cf",
         "s inet n - y - - smtpd\n  -o old=1\nt inet n - y - - smtpd\n  -o old=1\n  -o fresh=2\n",
         "  each option old\n  when none option fresh in {option.service}\n  rename fresh\n",
         "s inet n - y - - smtpd\n  -o fresh=1\nt inet n - y - - smtpd\n  -o old=1\n  -o fresh=2\n"},
        {"master.cf", "s inet n - y - - smtpd\n  -o old=1\nt inet n - y - - smtpd\n  -o old=1\n",
         "  each option old\n  when none option fresh\n  rename fresh\n",
         "s inet n - y - - smtpd\n  -o fresh=1\nt inet n - y - - smtpd\n  -o fresh=1\n"},
        {"main.cf", "a = 1\nb = 2\n", "  each setting a b\n  when {setting.value} is 2\n  value 3\n",
         "a = 1\nb = 3\n"},
    };
    run_cases(cases, COUNT(cases), true);
}

/* One step on both files: a draft each. */
static void test_both_files(void **state)
{
    (void)state;
    struct fix *fix =
        unit_fix(HEAD "edit postfix\n  each table with type=hash\n  replace ^hash\n  with lmdb\n");
    struct world *w =
        unit_world("a_maps = hash:/a\n", "s inet n - y - - smtpd\n  -o b_maps=hash:/b\n", FACTS, fix);
    struct drafts drafts = {0};
    struct err err;
    bool changed;
    assert_ok(edit_step(&w->ctx, &fix->step[0], &drafts, &changed, &err), err);
    assert_true(changed);
    assert_int_equal(drafts.n, 2);
    assert_string_equal(drafts.draft[0].now->text, "a_maps = lmdb:/a\n");
    assert_string_equal(drafts.draft[1].now->text, "s inet n - y - - smtpd\n  -o b_maps=lmdb:/b\n");
    assert_ok(edit_step(&w->ctx, &fix->step[0], &drafts, &changed, &err), err);
    assert_false(changed);
    close(w->root.fd);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *document, *before, *keys, *says;
    } cases[] = {
        {"main.cf", "a = nosuch\n",
         "  each setting a\n  when some effective setting {setting.value}\n  value 1\n",
         "postfix.value.nosuch"},
        {"main.cf", "old = 1\n", "  each setting old\n  rename a=b\n", ""},
        {"main.cf", "old = 1\n", "  each setting old\n  rename #a\n", ""},
        {"master.cf", "s inet n - y - - smtpd -o old=1\n", "  each option old\n  rename a=b\n", ""},
        {"master.cf", "s inet n - y - - smtpd\n", "  each column chroot\n  value n n\n", ""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct result r = run(cases[i].document, cases[i].before,
                              arena_printf("edit %s\n%s", cases[i].document, cases[i].keys));
        if (r.ok)
            fail_msg("%s on\n%sgives\n%s", cases[i].keys, cases[i].before, r.text);
        assert_string_equal(r.text, cases[i].before);
        assert_says(r.err, cases[i].says);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dir_test(test_rename),  dir_test(test_items),          dir_test(test_append),
        dir_test(test_columns), dir_test(test_delete_options), dir_test(test_row_conditions),
        dir_test(test_comment), dir_test(test_both_files),     dir_test(test_refused),
    };
    return cmocka_run_group_tests(tests, unit_begin, unit_end);
}
