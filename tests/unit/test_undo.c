/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The services after an undo: what is tried, for how long, and what a person is told. A fake service manager
 * and a fake clock stand in for the real ones, for no real one fails on request (tests/hosts has real ones
 * that hang, lie and refuse).
 */
#include "journal.h"
#include "unit_txn.h"

enum how { WORKS, REFUSES, HANGS };

static struct {
    int64_t clock;
    enum how act[4], restore; /* of the first acts and of all later ones; of every restore */
    size_t n_act, n_restore;
    enum how boot;
    const char *who, *detail; /* what the log was told last */
    enum event event;
} fake;

int64_t __wrap_now_ms(void);
bool __wrap_nap(int milliseconds);
enum init_kind __wrap_service_init(const char *daemon);
bool __wrap_service_act(enum verb verb, const char *name, int limit_ms, bool *ret_skipped, struct err *err);
bool __wrap_service_restore(const struct service_state *recorded, int limit_ms, struct err *err);

bool __wrap_service_restore_boot(const struct service_state *recorded, int limit_ms, struct err *err);
void __wrap_journal_event(const struct root *root, enum event event, const struct record *record,
                          const char *who, const char *reason, const char *detail);

int64_t __wrap_now_ms(void)
{
    return fake.clock;
}

bool __wrap_nap(int milliseconds)
{
    fake.clock += milliseconds;
    return false;
}

enum init_kind __wrap_service_init(const char *daemon)
{
    (void)daemon;
    return INIT_SYSV;
}

static bool answer(enum how how, int limit_ms, struct err *err)
{
    fake.clock += how == HANGS ? limit_ms : 100;
    return how == WORKS || err_set(err, how == HANGS ? "it hangs" : "it refuses");
}

bool __wrap_service_act(enum verb verb, const char *name, int limit_ms, bool *ret_skipped, struct err *err)
{
    (void)verb;
    (void)name;
    size_t i = fake.n_act++;
    *ret_skipped = false;
    return answer(fake.act[i < COUNT(fake.act) ? i : COUNT(fake.act) - 1], limit_ms, err);
}

bool __wrap_service_restore(const struct service_state *recorded, int limit_ms, struct err *err)
{
    (void)recorded;
    fake.n_restore++;
    return answer(fake.restore, limit_ms, err);
}

bool __wrap_service_restore_boot(const struct service_state *recorded, int limit_ms, struct err *err)
{
    (void)recorded;
    return answer(fake.boot, limit_ms, err);
}

void __wrap_journal_event(const struct root *root, enum event event, const struct record *record,
                          const char *who, const char *reason, const char *detail)
{
    (void)root;
    (void)record;
    (void)reason;
    fake.event = event;
    fake.who = who;
    fake.detail = detail;
}

static void test_services(void **state)
{
    (void)state;
    static const struct {
        enum verb verb;
        enum answer active; /* before the change */
        enum how act[4], restore;
        size_t n_act, n_restore;
        int most_seconds;
        const char *problem; /* NULL: it came back */
    } cases[] = {
        {DO_RESTART, YES, {WORKS}, WORKS, 1, 1, 1, NULL},
        {DO_RELOAD, YES, {WORKS}, WORKS, 1, 1, 1, NULL},
        {DO_STOP, YES, {WORKS}, WORKS, 0, 1, 1, NULL}, /* only what reads files anew does so again */
        {DO_RESTART, YES, {REFUSES, WORKS}, WORKS, 2, 1, 4, NULL},
        {DO_RESTART, YES, {REFUSES, REFUSES, REFUSES, WORKS}, WORKS, 4, 1, 8, NULL},
        {DO_RESTART, YES, {HANGS, WORKS}, WORKS, 2, 1, 32, NULL},
        {DO_RESTART,
         YES,
         {REFUSES, REFUSES, REFUSES, REFUSES},
         WORKS,
         16,
         0,
         31,
         "postfix did not come back: it refuses. Look at it, then: /etc/init.d/postfix restart"},
        {DO_RELOAD,
         YES,
         {REFUSES, REFUSES, REFUSES, REFUSES},
         WORKS,
         16,
         0,
         31,
         "postfix did not come back: it refuses. Look at it, then: /etc/init.d/postfix reload"},
        {DO_RESTART,
         YES,
         {HANGS, HANGS, HANGS, HANGS},
         WORKS,
         2,
         0,
         61,
         "postfix did not come back: it hangs. Look at it, then: /etc/init.d/postfix restart"},
        {DO_RESTART,
         YES,
         {WORKS},
         REFUSES,
         1,
         15,
         31,
         "postfix did not come back: it refuses. Look at it, then: /etc/init.d/postfix start"},
        {DO_STOP,
         YES,
         {WORKS},
         HANGS,
         0,
         1,
         31,
         "postfix did not come back: it hangs. Look at it, then: /etc/init.d/postfix start"},
        {DO_START,
         NO,
         {WORKS},
         REFUSES,
         0,
         15,
         31,
         "postfix did not come back: it refuses. Look at it, then: /etc/init.d/postfix stop"},
        /* It did not run, or nobody knows: its restart is tried once, and proves nothing. */
        {DO_RESTART, NO, {REFUSES, REFUSES, REFUSES, REFUSES}, WORKS, 1, 1, 1, NULL},
        {DO_RESTART, UNKNOWN, {REFUSES, REFUSES, REFUSES, REFUSES}, WORKS, 1, 1, 1, NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct root root = {.live = true, .path = ""};
        struct store store = {.root = &root};
        struct action action = {.verb = cases[i].verb, .daemon = "postfix"};
        struct service_state service = {.daemon = "postfix", .active = cases[i].active, .enabled = YES};
        struct record record = {.action = &action, .n_action = 1, .service = &service, .n_service = 1};
        struct strings problems = {0};
        memset(&fake, 0, sizeof(fake));
        memcpy(fake.act, cases[i].act, sizeof(fake.act));
        fake.restore = cases[i].restore;
        undo_services(&store, &record, &problems);
        print_message("case %zu: %zu acts, %zu restores, %.1f s, %s\n", i, fake.n_act, fake.n_restore,
                      (double)fake.clock / 1000, problems.n > 0 ? problems.item[0] : "no problem");
        assert_int_equal(problems.n, cases[i].problem != NULL);
        if (cases[i].problem != NULL)
            assert_string_equal(problems.item[0], cases[i].problem);
        assert_true(fake.clock <= cases[i].most_seconds * 1000);
        assert_int_equal(fake.n_act, cases[i].n_act);
        assert_int_equal(fake.n_restore, cases[i].n_restore);
    }
}

/* One that does not come back keeps no other one from it; the last acted on is the first restored. */
static void test_several(void **state)
{
    (void)state;
    struct root root = {.live = true, .path = ""};
    struct store store = {.root = &root};
    struct action action[] = {{.verb = DO_RESTART, .daemon = "postfix"},
                              {.verb = DO_RESTART, .daemon = "dovecot"}};
    struct service_state service[] = {{.daemon = "postfix", .active = YES, .enabled = YES},
                                      {.daemon = "dovecot", .active = YES, .enabled = YES}};
    struct record record = {.action = action, .n_action = 2, .service = service, .n_service = 2};
    struct strings problems = {0};
    memset(&fake, 0, sizeof(fake));
    fake.restore = REFUSES;
    undo_services(&store, &record, &problems);
    assert_int_equal(problems.n, 2);
    assert_non_null(strstr(problems.item[0], "dovecot did not come back"));
    assert_non_null(strstr(problems.item[1], "postfix did not come back"));
    assert_int_equal(fake.n_act, 2);
}

/* ---- recover ---- */

static struct site *site_with(const struct service_state *service, size_t n, const char *byproduct)
{
    struct site *s = make_site();
    struct err err;
    s->root.live = true; /* the services are fakes here */
    if (byproduct != NULL)
        strings_add(&s->plan.byproduct, byproduct);
    assert_ok(txn_begin(&s->store, &s->plan, service, n, &s->txn, &err), err);
    assert_ok(txn_swap(&s->txn, &err), err);
    txn_close(&s->txn);
    memset(&fake, 0, sizeof(fake));
    return s;
}

/* What boot does of services: it starts nothing, and says what did not come back. */
static void test_boot(void **state)
{
    static const struct {
        enum answer active, enabled;
        enum how boot;
        const char *problem; /* NULL: none */
    } cases[] = {
        {YES, YES, WORKS, NULL},
        {YES, NO, WORKS, NULL},
        {NO, NO, WORKS, NULL},
        {UNKNOWN, NO, WORKS, NULL},
        {YES, YES, REFUSES,
         "whether postfix starts at boot is not as it was: it refuses. Look at it, then: "},
        {NO, NO, REFUSES, "whether postfix starts at boot is not as it was: it refuses. Look at it, then: "},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct service_state service = {
            .daemon = "postfix", .active = cases[i].active, .enabled = cases[i].enabled};
        struct err err;
        size_t n;
        assert_int_equal(unit_empty(state), 0);
        struct site *s = site_with(&service, 1, NULL);
        fake.boot = cases[i].boot;
        bool ok = undo_at_boot(&s->store, &n, &err);
        assert_int_equal(ok, cases[i].problem == NULL);
        if (cases[i].problem != NULL) {
            assert_says(err, cases[i].problem);
            assert_int_equal(err.outcome, NEEDS_PERSON);
        }
        assert_int_equal(fake.event, cases[i].problem == NULL ? EVENT_PUT_BACK : EVENT_NEEDS_PERSON);
        assert_int_equal(fake.n_act + fake.n_restore, 0);
        assert_tree(OLD, NULL);
        assert_state(s, cases[i].problem == NULL ? TXN_UNDONE : TXN_STUCK);
        close_site(s);
    }
}

/* A file that a daemon made because of the change goes with it, when it is what a cache is called. */
static void test_byproducts(void **state)
{
    static const struct {
        const char *path;
        bool goes, is_dir;
    } cases[] = {{"/etc/postfix/cache.db", true, false},
                 {"/etc/postfix/cache.lmdb", true, false},
                 {"/etc/postfix/cache.text", false, false},
                 {"/etc/postfix/cache.db", false, true}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct err err;
        size_t n;
        assert_int_equal(unit_empty(state), 0);
        struct site *s = site_with(NULL, 0, cases[i].path);
        if (cases[i].is_dir)
            unit_dirs(cases[i].path + 1);
        else
            unit_file(cases[i].path + 1, "");
        assert_ok(undo_unfinished(&s->store, &n, &err), err);
        assert_int_equal(access(unit_path(cases[i].path + 1), F_OK) != 0, cases[i].goes);
        assert_string_equal(fake.detail, "it had been cut off");
        close_site(s);
    }
}

/* Who rolled back is named, when the record says it; else who applied it. */
static void test_who_rolled_back(void **state)
{
    static const char *const who[] = {NULL, "somebody"};
    static const struct txn_text none[2];
    for (size_t i = 0; i < COUNT(who); i++) {
        struct err err;
        size_t n;
        assert_int_equal(unit_empty(state), 0);
        struct site *s = make_site();
        keep(s);
        struct record record = the_record(s);
        struct back *back = back_of(&record);
        back->who = who[i];
        assert_ok(txn_open(&s->store, &record, &s->txn, &err), err);
        assert_ok(txn_rollback_prepare(&s->txn, back, none, &err), err);
        assert_ok(txn_rollback_begin(&s->txn, &err), err);
        txn_close(&s->txn);
        assert_ok(undo_unfinished(&s->store, &n, &err), err);
        assert_int_equal(fake.event, EVENT_ROLLED_BACK);
        assert_string_equal(fake.who, who[i] != NULL ? who[i] : record.who);
        assert_tree(OLD, NULL);
        close_site(s);
    }
}

/* A rollback that a mailfix began which wrote no back.json led to the text from before. */
static void test_rollback_of_old(void **state)
{
    (void)state;
    struct site *s = make_site();
    struct err err;
    size_t n;
    char bytes[STATE_LEN + 1];
    keep(s);
    record_state_bytes(TXN_UNDOING, bytes);
    unit_file("var/lib/mailfix/txn/0001-made/state", bytes);
    assert_ok(undo_unfinished(&s->store, &n, &err), err);
    assert_int_equal(n, 1);
    assert_int_equal(fake.event, EVENT_ROLLED_BACK);
    assert_tree(OLD, NULL);
    close_site(s);
}

/* A service that does not come back is what the recover ends with. */
static void test_recover_needs_person(void **state)
{
    (void)state;
    const struct service_state service = {.daemon = "postfix", .active = YES, .enabled = YES};
    struct err err;
    size_t n;
    struct site *s = site_with(&service, 1, NULL);
    fake.restore = REFUSES;
    assert_false(undo_unfinished(&s->store, &n, &err));
    assert_int_equal(err.outcome, NEEDS_PERSON);
    assert_says(err, "postfix did not come back: it refuses");
    assert_string_equal(fake.detail, err.text);
    assert_tree(OLD, NULL);
    close_site(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fresh_test(test_services),           fresh_test(test_several),       dir_test(test_boot),
        dir_test(test_byproducts),           dir_test(test_who_rolled_back), dir_test(test_rollback_of_old),
        dir_test(test_recover_needs_person),
    };
    base_verbosity = -1;
    return cmocka_run_group_tests(tests, unit_begin, unit_end);
}
