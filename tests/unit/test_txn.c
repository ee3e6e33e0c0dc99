/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A transaction that changes one file and creates another, by a plan made by hand: kept, put back, rolled
 * back; and every row of txn.h's table of what a crash can leave of a file that is created.
 */
#include "store_check.h"
#include "unit_txn.h"

#include <fcntl.h>

static void test_keep_and_put_back(void **state)
{
    (void)state;
    struct site *s = make_site();
    const struct swap *stuck;
    struct stat st;
    struct err err;
    begin(s);
    assert_text("etc/postfix/master.cf", NULL);
    assert_ok(txn_swap(&s->txn, &err), err);
    assert_text("etc/postfix/master.cf", MADE);
    assert_ok(txn_put_back(&s->txn, &stuck, &err), err);
    assert_null(stuck);
    assert_ok(txn_finish(&s->txn, TXN_UNDONE, &err), err);
    assert_tree(OLD, NULL);
    txn_close(&s->txn);
    assert_state(s, TXN_UNDONE);

    assert_int_equal(system(arena_printf("rm -r %s/var/lib/mailfix/txn/*", unit_top)), 0);
    begin(s);
    assert_ok(txn_swap(&s->txn, &err), err);
    txn_unlock_edit(&s->txn);
    assert_ok(txn_keep(&s->txn, &err), err);
    txn_close(&s->txn);
    assert_tree(NEW, MADE);
    assert_int_equal(stat(unit_path("etc/postfix/master.cf"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    assert_int_equal(st.st_uid, geteuid());
    struct record record = the_record(s);
    assert_string_equal(record.target[0].before, "");
    assert_string_equal(record.target[1].before, s->plan.change[1].doc->digest);
    assert_text(arena_printf("var/lib/mailfix/txn/%s/before/0", record.id), NULL);
    close_site(s);
}

/* Somebody makes the file between the plan and the swap: theirs stays, everything else is put back. */
static void test_made_by_somebody_else(void **state)
{
    (void)state;
    struct site *s = make_site();
    const struct swap *stuck;
    struct err err;
    begin(s);
    unit_file("etc/postfix/master.cf", "theirs\n");
    assert_false(txn_swap(&s->txn, &err));
    assert_says(err, "was made by somebody else");
    assert_ok(txn_put_back(&s->txn, &stuck, &err), err);
    assert_null(stuck);
    txn_close(&s->txn);
    assert_tree(OLD, "theirs\n");
    close_site(s);
}

/* ---- rollback ---- */

static void roll_back(struct site *s)
{
    const struct swap *stuck;
    struct err err;
    assert_ok(txn_rollback_swap(&s->txn, &stuck, &err), err);
    assert_null(stuck);
    assert_ok(txn_finish(&s->txn, TXN_UNDONE, &err), err);
    txn_close(&s->txn);
}

static void test_rollback(void **state)
{
    (void)state;
    struct site *s = make_site();
    struct err err;
    keep(s);
    open_rollback(s);
    assert_ok(txn_rollback_begin(&s->txn, &err), err);
    assert_text("etc/postfix/master.cf", MADE);
    roll_back(s);
    assert_tree(OLD, NULL);
    close_site(s);
}

/* postconf -e may come between the look at the files and the lock. */
static void test_rollback_finds_another_text(void **state)
{
    static const char *const changed[] = {"etc/postfix/main.cf", "etc/postfix/master.cf"};
    for (size_t i = 0; i < COUNT(changed); i++) {
        assert_int_equal(unit_empty(state), 0);
        struct site *s = make_site();
        struct err err;
        keep(s);
        open_rollback(s);
        unit_file(changed[i], "theirs\n");
        assert_false(txn_rollback_begin(&s->txn, &err));
        assert_says(err, "was changed by somebody else while mailfix worked");
        txn_close(&s->txn);
        assert_tree(i == 0 ? "theirs\n" : NEW, i == 1 ? "theirs\n" : MADE);
        assert_state(s, TXN_KEPT);
        close_site(s);
    }
}

/* A text that is in no before/ comes back from the record, also when the rollback is cut off. */
static void test_another_text_comes_back(void **state)
{
    (void)state;
    for (int cut = 0; cut < 2; cut++) {
        assert_int_equal(unit_empty(state), 0);
        struct site *s = make_site();
        struct txn_text text[2] = {{.text = ""}, {.text = "a = 3\n", .len = 6}};
        const struct swap *stuck;
        struct err err;
        size_t finished;
        keep(s);
        struct record record = the_record(s);
        struct back *back = back_of(&record);
        digest_hex(text[1].text, text[1].len, back->target[1].to);
        assert_ok(txn_open(&s->store, &record, &s->txn, &err), err);
        assert_ok(txn_rollback_prepare(&s->txn, back, text, &err), err);
        assert_ok(txn_rollback_begin(&s->txn, &err), err);
        if (cut)
            unlink(unit_path("etc/postfix/.main.cf.mailfix")); /* as after a loss of power */
        else
            assert_ok(txn_rollback_swap(&s->txn, &stuck, &err), err);
        txn_close(&s->txn);
        assert_ok(undo_unfinished(&s->store, &finished, &err), err);
        assert_int_equal(finished, 1);
        assert_tree("a = 3\n", NULL);
        assert_state(s, TXN_UNDONE);
        close_site(s);
    }
}

/* Of two files one is back by hand already. */
static void test_one_is_back_already(void **state)
{
    (void)state;
    struct site *s = make_site();
    struct txn_text text[2] = {{.text = ""}, {.text = ""}};
    struct err err;
    keep(s);
    unit_file("etc/postfix/main.cf", OLD);
    struct record record = the_record(s);
    struct back *back = back_of(&record);
    memcpy(back->target[1].from, back->target[1].to, sizeof(back->target[1].from));
    assert_ok(txn_open(&s->store, &record, &s->txn, &err), err);
    assert_ok(txn_rollback_prepare(&s->txn, back, text, &err), err);
    assert_ok(txn_rollback_begin(&s->txn, &err), err);
    roll_back(s);
    assert_tree(OLD, NULL);
    close_site(s);
}

/* ---- somebody has a file open while it is taken out of its place ---- */

#define LINE "theirs = 1\n"
#define TAKEN "var/lib/mailfix/txn/0001-made/taken/"

static void write_to(int fd)
{
    assert_int_equal(write(fd, LINE, strlen(LINE)), strlen(LINE));
    close(fd);
}

static int open_to_append(const char *below)
{
    int fd = open(unit_path(below), O_WRONLY | O_APPEND | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

static void assert_found_by_check(struct site *s, size_t wanted)
{
    struct record record = the_record(s);
    struct strings problems = {0};
    store_check(&s->store, &record, 1, &problems);
    assert_int_equal(problems.n, wanted);
    for (size_t i = 0; i < wanted; i++)
        assert_non_null(strstr(problems.item[i], "/" TAKEN));
}

static void test_written_since(void **state)
{
    for (int back = 0; back < 2; back++) {
        assert_int_equal(unit_empty(state), 0);
        struct site *s = make_site();
        const struct swap *stuck;
        struct err err;
        if (back) {
            keep(s);
            open_rollback(s);
            assert_ok(txn_rollback_begin(&s->txn, &err), err);
        } else {
            begin(s);
            assert_ok(txn_swap(&s->txn, &err), err);
        }
        int main_cf = open_to_append("etc/postfix/main.cf"),
            master_cf = open_to_append("etc/postfix/master.cf");
        bool ok = back ? txn_rollback_swap(&s->txn, &stuck, &err) : txn_put_back(&s->txn, &stuck, &err);
        assert_ok(ok, err);
        assert_null(stuck);
        write_to(main_cf);
        assert_ok(txn_finish(&s->txn, TXN_UNDONE, &err), err);
        assert_found_by_check(s, 1);
        write_to(master_cf);
        assert_found_by_check(s, 2);
        txn_close(&s->txn);
        assert_tree(OLD, NULL);
        assert_text(TAKEN "1", NEW LINE);
        assert_text(TAKEN "0", MADE LINE);
        assert_int_equal(unlink(unit_path(TAKEN "0")), 0);
        assert_found_by_check(s, 1);
        close_site(s);
    }
}

/* It was cut off after the exchange, and they wrote before the next run came. */
static void test_written_before_recover(void **state)
{
    (void)state;
    struct site *s = make_site();
    struct err err;
    size_t finished;
    begin(s);
    assert_ok(txn_swap(&s->txn, &err), err);
    txn_close(&s->txn);
    int theirs = open_to_append("etc/postfix/main.cf");
    assert_int_equal(renameat2(AT_FDCWD, unit_path("etc/postfix/main.cf"), AT_FDCWD,
                               unit_path("etc/postfix/.main.cf.mailfix"), RENAME_EXCHANGE),
                     0);
    write_to(theirs);
    assert_ok(undo_unfinished(&s->store, &finished, &err), err);
    assert_int_equal(finished, 1);
    assert_tree(OLD, NULL);
    assert_text(TAKEN "1", NEW LINE);
    assert_found_by_check(s, 1);
    close_site(s);
}

/* Without a place for it in the record it goes, as with one of an older mailfix on a full disk. */
static void test_no_place_for_it(void **state)
{
    (void)state;
    struct site *s = make_site();
    struct err err;
    keep(s);
    assert_int_equal(rmdir(unit_path(TAKEN)), 0);
    unit_file("var/lib/mailfix/txn/0001-made/taken", "");
    open_rollback(s);
    assert_ok(txn_rollback_begin(&s->txn, &err), err);
    roll_back(s);
    assert_tree(OLD, NULL);
    close_site(s);
}

/* ---- what a crash can leave ---- */

static const char *const CONTENT[] = {NULL, MADE, "theirs\n"};
enum { ABSENT, OURS, OTHER };

/* What recover makes of target T and temporary X; X is never left. */
static const struct {
    int t, x, then;
    bool stuck;
} LEFT[] = {
    {ABSENT, ABSENT, ABSENT, false}, {ABSENT, OURS, ABSENT, false}, {ABSENT, OTHER, OTHER, true},
    {OURS, ABSENT, ABSENT, false},   {OURS, OURS, ABSENT, false},   {OTHER, OURS, OTHER, false},
    {OTHER, ABSENT, OTHER, true},    {OTHER, OTHER, OTHER, true},
};

static void leave(const char *below, const char *text)
{
    unlink(unit_path(below));
    if (text != NULL)
        unit_file(below, text);
}

static void check_left(void **state, bool rolling_back)
{
    for (size_t i = 0; i < COUNT(LEFT); i++) {
        size_t finished;
        struct err err = {0};
        assert_int_equal(unit_empty(state), 0);
        struct site *s = make_site();
        if (rolling_back) {
            keep(s);
            open_rollback(s);
            assert_ok(txn_rollback_begin(&s->txn, &err), err);
        } else {
            begin(s);
        }
        txn_close(&s->txn);
        leave("etc/postfix/master.cf", CONTENT[LEFT[i].t]);
        leave("etc/postfix/.master.cf.mailfix", CONTENT[LEFT[i].x]);
        bool ok = undo_unfinished(&s->store, &finished, &err);
        if (ok == LEFT[i].stuck)
            fail_msg("row %zu: %d, %s", i, ok, err.text);
        assert_int_equal(finished, 1);
        assert_tree(OLD, CONTENT[LEFT[i].then]);
        assert_state(s, LEFT[i].stuck ? TXN_STUCK : TXN_UNDONE);
        assert_ok(undo_unfinished(&s->store, &finished, &err), err);
        assert_int_equal(finished, 0);
        close_site(s);
    }
}

static void test_left_by_apply(void **state)
{
    check_left(state, false);
}

static void test_left_by_rollback(void **state)
{
    check_left(state, true);
}

/* A rollback that was cut off when somebody else's text had come out of the exchange: it goes back. */
static void test_left_with_theirs(void **state)
{
    static const struct {
        const char *temp, *then;
    } cases[] = {{"theirs\n", "theirs\n"}, {NEW, OLD}, {OLD, OLD}, {NULL, OLD}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t finished;
        struct err err;
        assert_int_equal(unit_empty(state), 0);
        struct site *s = make_site();
        keep(s);
        open_rollback(s);
        assert_ok(txn_rollback_begin(&s->txn, &err), err);
        txn_close(&s->txn);
        leave("etc/postfix/main.cf", OLD);
        leave("etc/postfix/.main.cf.mailfix", cases[i].temp);
        assert_int_equal(undo_unfinished(&s->store, &finished, &err), strcmp(cases[i].then, OLD) == 0);
        assert_tree(cases[i].then, NULL);
        close_site(s);
    }
}

/* What a power cut leaves of a state that was not synced, or is just overwritten: a record is half-way only
 * when the mark leads to it. */
static void test_torn_state(void **state)
{
    static const struct {
        const char *text;
        bool rolling_back, marked;
    } cases[] = {{"", false, true},     {"appl", false, true}, {"undon", false, true}, {"", true, true},
                 {"undoi", true, true}, {"", false, false},    {"undoi", true, false}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t finished, n;
        struct record *record;
        struct strings damaged = {0};
        struct err err;
        assert_int_equal(unit_empty(state), 0);
        struct site *s = make_site();
        keep(s);
        open_rollback(s);
        if (cases[i].rolling_back) {
            assert_ok(txn_rollback_begin(&s->txn, &err), err);
        } else {
            const struct swap *stuck;
            assert_ok(txn_rollback_begin(&s->txn, &err), err);
            assert_ok(txn_rollback_swap(&s->txn, &stuck, &err), err);
            assert_ok(txn_finish(&s->txn, TXN_UNDONE, &err), err);
            txn_close(&s->txn);
            begin(s);
            assert_ok(txn_swap(&s->txn, &err), err);
        }
        txn_close(&s->txn);
        unit_file(arena_printf("var/lib/mailfix/txn/%s/state", s->txn.record.id), cases[i].text);
        if (!cases[i].marked)
            assert_int_equal(
                unlink(unit_path(arena_printf("var/lib/mailfix/txn/%s/unfinished", s->txn.record.id))), 0);
        assert_ok(record_list(&s->store, &record, &n, &damaged, &err), err);
        assert_int_equal(damaged.n, !cases[i].marked);
        assert_ok(undo_unfinished(&s->store, &finished, &err), err);
        if (cases[i].marked) {
            assert_int_equal(finished, 1);
            assert_tree(OLD, NULL);
        }
        close_site(s);
    }
}

/* What boot looks for, in the only record. */
static bool is_marked(struct site *s)
{
    return access(unit_path(arena_printf("var/lib/mailfix/txn/%s/unfinished", the_record(s).id)), F_OK) == 0;
}

/* There from before the first change until the state says how it ended. */
static void test_mark(void **state)
{
    (void)state;
    struct site *s = make_site();
    struct err err;
    size_t finished;
    begin(s);
    assert_true(is_marked(s));
    txn_close(&s->txn);
    store_close(&s->store); /* nobody has settled it */
    assert_ok(store_open(&s->root, &s->store, &err), err);
    assert_true(is_marked(s));
    assert_ok(undo_at_boot(&s->store, &finished, &err), err);
    assert_int_equal(finished, 1);
    assert_false(is_marked(s));
    assert_tree(OLD, NULL);

    assert_int_equal(system(arena_printf("rm -r %s/var/lib/mailfix/txn/*", unit_top)), 0);
    keep(s);
    assert_false(is_marked(s));
    open_rollback(s);
    assert_true(is_marked(s));
    assert_ok(txn_rollback_begin(&s->txn, &err), err);
    assert_true(is_marked(s));
    txn_close(&s->txn);
    assert_ok(undo_at_boot(&s->store, &finished, &err), err);
    assert_int_equal(finished, 1);
    assert_false(is_marked(s));

    /* A power cut may bring it back. */
    unit_file(arena_printf("var/lib/mailfix/txn/%s/unfinished", the_record(s).id), "");
    assert_ok(undo_at_boot(&s->store, &finished, &err), err);
    assert_int_equal(finished, 0);
    assert_false(is_marked(s));
    close_site(s);
}

/* NAME.tmp is Postfix's lock for the files that postconf edits; beside others it is somebody's file. */
static void test_tmp_of_others_stays(void **state)
{
    (void)state;
    struct site *s = make_site();
    struct err err;
    size_t finished;
    struct target target = {.document = "map transport_maps", .path = "/etc/postfix/transport"};
    struct record record = {.id = "0001-x", .state = TXN_KEPT, .target = &target, .n_target = 1};
    unit_file("etc/postfix/transport.tmp", "mine\n");
    chmod(unit_path("etc/postfix/transport.tmp"), 0600);
    assert_ok(txn_tidy(&s->store, &record, 1, &finished, &err), err);
    assert_text("etc/postfix/transport.tmp", "mine\n");
    unit_file("etc/postfix/.transport.mailfix", "ours\n");
    assert_ok(txn_tidy(&s->store, &record, 1, &finished, &err), err);
    assert_int_equal(finished, 1);
    assert_text("etc/postfix/.transport.mailfix", NULL);
    assert_text("etc/postfix/transport.tmp", "mine\n");
    unit_dirs("etc/postfix/.transport.mailfix"); /* what we make is never a directory */
    assert_ok(txn_tidy(&s->store, &record, 1, &finished, &err), err);
    assert_int_equal(finished, 0);
    unit_file("etc/postfix/.transport.mailfix-old", "ours\n");
    assert_ok(txn_tidy(&s->store, &record, 1, &finished, &err), err);
    assert_text("etc/postfix/.transport.mailfix-old", NULL);
    close_site(s);
}

/* Two transactions of the same files: each is looked at, and what is gone counts once. */
static void test_tidy_twice(void **state)
{
    (void)state;
    struct site *s = make_site();
    struct err err;
    size_t n;
    keep(s);
    const struct record both[] = {the_record(s), the_record(s)};
    for (int marked = 0; marked < 2; marked++) {
        if (marked)
            unit_file("var/lib/mailfix/txn/0001-made/" RECORD_MARK, "");
        unit_file("etc/postfix/.main.cf.mailfix", NEW);
        assert_ok(txn_tidy(&s->store, both, 2, &n, &err), err);
        assert_int_equal(n, 1);
        assert_tree(NEW, MADE);
    }
    close_site(s);
}

/* Where no way leads there is nothing of ours; what is a link in the place of the lock is somebody's. */
static void test_tidy_elsewhere(void **state)
{
    (void)state;
    struct site *s = make_site();
    struct err err;
    size_t n;
    struct target target[] = {{.document = "main.cf", .path = "/etc/gone/main.cf"},
                              {.document = "main.cf", .path = "/etc/loop/main.cf"},
                              {.document = "main.cf", .path = "/etc/postfix/main.cf"}};
    struct record record = {.id = "0001-x", .state = TXN_KEPT, .target = target, .n_target = COUNT(target)};
    assert_int_equal(symlink("loop", unit_path("etc/loop")), 0);
    assert_int_equal(symlink("elsewhere", unit_path("etc/postfix/main.cf.tmp")), 0);
    assert_false(txn_is_litter(&s->root, &target[0]));
    assert_true(txn_is_litter(&s->root, &target[2]));
    assert_ok(txn_tidy(&s->store, &record, 1, &n, &err), err);
    assert_int_equal(n, 0);
    struct stat st;
    assert_int_equal(lstat(unit_path("etc/postfix/main.cf.tmp"), &st), 0);
    /* Nor is a name with a dot what a run left of its preparations. */
    unit_dirs("var/lib/mailfix/txn/.notes");
    assert_ok(txn_sweep(&s->store, &n, &err), err);
    assert_int_equal(n, 0);
    assert_int_equal(access(unit_path("var/lib/mailfix/txn/.notes"), F_OK), 0);
    close_site(s);
}

/* Files in two directories: both are synced. */
static void test_two_directories(void **state)
{
    (void)state;
    struct site *s = make_site();
    add_change(&s->plan, "aliases", "/etc/aliases", NULL, "root: anna\n");
    keep(s);
    assert_tree(NEW, MADE);
    assert_text("etc/aliases", "root: anna\n");
    assert_state(s, TXN_KEPT);
    close_site(s);
}

static void test_who(void **state)
{
    (void)state;
    setenv("SUDO_USER", "anna", 1);
    assert_string_equal(txn_who(), "anna");
    setenv("SUDO_USER", "", 1);
    const char *login = txn_who();
    assert_string_not_equal(login, "");
    unsetenv("SUDO_USER");
    assert_string_equal(txn_who(), login);
}

/* The names beside a file are longer than its own. */
static void test_long_name(void **state)
{
    (void)state;
    struct site *s = make_site();
    char *path = arena_printf("/etc/postfix/%0201d", 0);
    struct err err;
    unit_dirs("var/lib/mailfix/txn/notes"); /* no number: the first transaction is the first all the same */
    s->plan.change = NULL;
    s->plan.n_change = 0;
    add_change(&s->plan, "map transport_maps", path, NULL, MADE);
    assert_false(txn_begin(&s->store, &s->plan, NULL, 0, &s->txn, &err));
    assert_says(err, "is too long");
    path[strlen(path) - 1] = '\0';
    begin(s);
    assert_string_equal(s->txn.record.id, "0001-made");
    txn_close(&s->txn);
    close_site(s);
}

/* More than mailfix would read again is no record: nothing is begun. */
static void test_too_large(void **state)
{
    (void)state;
    struct site *s = make_site();
    struct record *record;
    size_t n;
    struct strings damaged = {0};
    struct err err;
    char *large = arena_alloc(RECORD_LIMIT + 1);
    memset(large, 'x', RECORD_LIMIT);
    struct hunk *hunk = s->plan.change[1].hunk;
    const struct hunk small = *hunk;
    hunk->bytes = large;
    hunk->len = RECORD_LIMIT;
    assert_false(txn_begin(&s->store, &s->plan, NULL, 0, &s->txn, &err));
    assert_says(err, "the record of these changes would have");
    assert_tree(OLD, NULL);
    assert_ok(record_list(&s->store, &record, &n, &damaged, &err), err);
    assert_int_equal(n + damaged.n, 0);
    assert_int_not_equal(access(unit_path("var/lib/mailfix/txn/" RECORD_NEW "0001"), F_OK), 0);
    *hunk = small;
    keep(s);
    /* The same of what a rollback makes of later ones. */
    static const struct txn_text none[2];
    struct record kept = the_record(s);
    struct back *back = back_of(&kept);
    struct hunk long_hunk = {.at = 0, .old_len = 0, .bytes = large, .len = RECORD_LIMIT};
    const char *old = "";
    const struct rebased later = {.number = 2,
                                  .target = {.path = "/x", .hunk = &long_hunk, .old = &old, .n_hunk = 1}};
    back->later = arena_append(back->later, &back->n_later, sizeof(later), &later);
    assert_ok(txn_open(&s->store, &kept, &s->txn, &err), err);
    assert_false(txn_rollback_prepare(&s->txn, back, none, &err));
    assert_says(err, "the record of this rollback would have");
    txn_close(&s->txn);
    assert_tree(NEW, MADE);
    assert_state(s, TXN_KEPT);
    assert_text("var/lib/mailfix/txn/0001-made/back.json", NULL);
    close_site(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dir_test(test_keep_and_put_back),
        dir_test(test_made_by_somebody_else),
        dir_test(test_rollback),
        dir_test(test_rollback_finds_another_text),
        dir_test(test_another_text_comes_back),
        dir_test(test_one_is_back_already),
        dir_test(test_written_since),
        dir_test(test_written_before_recover),
        dir_test(test_no_place_for_it),
        dir_test(test_left_by_apply),
        dir_test(test_left_by_rollback),
        dir_test(test_left_with_theirs),
        dir_test(test_torn_state),
        dir_test(test_mark),
        dir_test(test_tmp_of_others_stays),
        dir_test(test_tidy_twice),
        dir_test(test_tidy_elsewhere),
        dir_test(test_who),
        dir_test(test_two_directories),
        dir_test(test_long_name),
        dir_test(test_too_large),
    };
    base_verbosity = -1;
    return cmocka_run_group_tests(tests, unit_begin, unit_end);
}
