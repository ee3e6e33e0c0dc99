/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A look at the store: a sound one has no problem, and each thing that is not as it must be is named.
 */
#include "store_check.h"
#include "unit_txn.h"

#define TXN "var/lib/mailfix/txn/"

static struct strings problems_of(struct site *s, struct record *changed)
{
    struct record *record;
    size_t n;
    struct strings damaged = {0}, problems = {0};
    struct err err;
    assert_ok(record_list(&s->store, &record, &n, &damaged, &err), err);
    store_check(&s->store, changed != NULL ? changed : record, changed != NULL ? 1 : n, &problems);
    return problems;
}

static void assert_problem(struct site *s, struct record *changed, const char *piece)
{
    struct strings problems = problems_of(s, changed);
    if (problems.n != 1 || strstr(problems.item[0], piece) == NULL)
        fail_msg("wanted one, '%s': %zu, %s", piece, problems.n, problems.n > 0 ? problems.item[0] : "");
}

static void test_sound(void **state)
{
    (void)state;
    struct site *s = make_site();
    keep(s);
    assert_int_equal(problems_of(s, NULL).n, 0);
    close_site(s);
}

static void test_what_lies_there(void **state)
{
    static const struct {
        const char *command, *problem;
    } cases[] = {
        {"echo a = 0 > " TXN "0001-made/before/1",
         "the text of /etc/postfix/main.cf from before is not the one"},
        {"rm " TXN "0001-made/before/1", "the text of /etc/postfix/main.cf from before is not the one"},
        {"rm -r " TXN "0001-made/before", "/var/lib/mailfix/txn/0001-made/before"},
        {"touch " TXN "0001-made/unfinished; chmod 600 " TXN "0001-made/unfinished",
         "0001-made/unfinished was left by a run"},
        {"mkdir -m 700 " TXN ".new-0002", ".new-0002 was left by a run that was cut off"},
        {"touch " TXN "notes", "txn/notes is no file of mailfix"},
        {"touch " TXN "0001-made/notes", "0001-made/notes is no file of mailfix"},
        {"touch var/lib/mailfix/.notes", "mailfix/.notes is no file of mailfix"},
        {"chmod 644 " TXN "0001-made/plan.json", "plan.json is not private"},
        {"chmod 755 " TXN "0001-made", "txn/0001-made is not private"},
        {"chown 1 " TXN "0001-made/state", "state is not private"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(unit_empty(state), 0);
        struct site *s = make_site();
        struct record record;
        keep(s);
        record = the_record(s);
        assert_int_equal(system(arena_printf("cd %s && %s", unit_top, cases[i].command)), 0);
        assert_problem(s, &record, cases[i].problem);
        close_site(s);
    }
}

/* A record that says something else than what is there. */
static void test_what_it_says(void **state)
{
    (void)state;
    struct site *s = make_site();
    keep(s);
    const struct record good = the_record(s);
    struct target target[2];
    struct record record = good;
    record.target = target;
    memcpy(target, good.target, sizeof(target));
    record.state = TXN_UNDOING;
    assert_problem(s, &record, "0001-made is not finished");
    record.state = TXN_UNDONE; /* it may never have had texts */
    memset(target[1].before, 'f', DIGEST_HEX);
    assert_int_equal(problems_of(s, &record).n, 0);
    record.back = back_of(&good);
    assert_problem(s, &record, "the text of /etc/postfix/main.cf from before is not the one");
    record.state = TXN_STUCK; /* a person is told where they are */
    assert_int_equal(problems_of(s, &record).n, 0);
    record.state = TXN_KEPT;
    static const char *const which[] = {"/etc/postfix/master.cf", "/etc/postfix/main.cf"};
    for (size_t i = 0; i < COUNT(target); i++) {
        memcpy(target, good.target, sizeof(target));
        memset(target[i].after, 'f', DIGEST_HEX);
        assert_problem(s, &record, arena_printf("the changes of %s in the record do not lead", which[i]));
        memcpy(target, good.target, sizeof(target));
        struct hunk hunk = *target[i].hunk;
        hunk.at = 1000;
        target[i].hunk = &hunk;
        assert_problem(s, &record, arena_printf("the changes of %s in the record do not lead", which[i]));
    }
    memcpy(target, good.target, sizeof(target));
    static const char *const another = "b = 1\n";
    target[1].old = (const char **)&another;
    assert_problem(s, &record, "the changes of /etc/postfix/main.cf in the record do not lead");
    close_site(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {dir_test(test_sound), dir_test(test_what_lies_there),
                                       dir_test(test_what_it_says)};
    base_verbosity = -1;
    return cmocka_run_group_tests(tests, unit_begin, unit_end);
}
