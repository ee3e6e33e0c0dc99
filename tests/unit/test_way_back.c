/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The way back of a transaction: records as mailfix writes them, files as people change them, records that
 * somebody damaged, and a disk that fails while all this is read. test_way_back_table has the tables that are
 * not read whole, tests/cli whole rollbacks.
 */
#define UNIT_WHERE "/dev/shm"
#include "unit_way_back.h"

#define INDEX "etc/postfix/transport.lmdb"

/* ---- one text ---- */

#define T0 "a = 1\nb = 1\nc = 1\nd = 1\n"

static void test_chain(void **state)
{
    (void)state;
    struct site *s = empty_site(T0);
    change_line(s, "main.cf", MAIN, "a = 1\n", "a = 2\n");
    change_line(s, "main.cf", MAIN, "d = 1\n", "d = 2\n");
    change_line(s, "main.cf", MAIN, "a = 2\n", "a = 3\n");
    change_line(s, "main.cf", MAIN, "a = 3\n", "a = 4\n");
    struct walkers *w = list(s);
    assert_comes_back(w, 1, WAY_STRICT, "a = 4\nb = 1\nc = 1\nd = 1\n");
    assert_int_equal(w->back.back->n_later, 2);
    assert_comes_back(w, 3, WAY_STRICT, "a = 3\nb = 1\nc = 1\nd = 2\n");
    assert_refused(w, 2, WAY_STRICT, "changed again by transaction 0004-made; roll that one back first");
    assert_refused(w, 0, WAY_STRICT, "changed again by transaction 0003-made; roll that one back first");
    close_site(s);
}

static void test_dependent(void **state)
{
    static const char *const both[][2] = {{"a = 1\n", "a = 2\n"}, {"c = 1\n", "c = 2\n"}};
    (void)state;
    struct site *s = empty_site(T0);
    change_lines(s, "main.cf", MAIN, both, COUNT(both));
    change_line(s, "main.cf", MAIN, "a = 2\n", "a = 3\n");
    change_line(s, "main.cf", MAIN, "b = 1\n", "b = 2\n");
    change_line(s, "main.cf", MAIN, "c = 2\n", "c = 3\n");
    struct walkers *w = list(s);
    assert_refused(w, 0, WAY_STRICT,
                   "changed again by the transactions 0002-made, 0003-made; roll those back first");
    close_site(s);
}

static const char *too_large(void)
{
    char *text = arena_alloc(FILE_LIMIT + 2);
    memset(text, '\n', FILE_LIMIT + 1);
    return text;
}

static void test_edited(void **state)
{
    (void)state;
    char line[150];
    memset(line, 'x', sizeof(line));
    memcpy(line, "a = ", 4);
    memcpy(line + sizeof(line) - 2, "\n", 2);
    struct site *s = empty_site(T0);
    change_line(s, "main.cf", MAIN, "a = 1\n", line);
    struct walkers *w = list(s);
    /* Elsewhere, at the place, and back by hand. */
    unit_file(MAIN, arena_printf("%sb = 1\nc = 7\nd = 1\n", line));
    assert_refused(w, 0, WAY_STRICT, "was edited since transaction 0001-made wrote it");
    assert_non_null(w->back.refused);
    assert_comes_back(w, 0, WAY_MERGE, "a = 1\nb = 1\nc = 7\nd = 1\n");
    assert_comes_back(w, 0, WAY_FORCE, T0);
    assert_true(w->back.back->target[0].edited);
    unit_file(MAIN, "a = 7\nb = 1\nc = 1\nd = 1\n");
    assert_refused(w, 0, WAY_MERGE, arena_printf("what it wrote in line 1 (%.100s) does not stand", line));
    unit_file(MAIN, T0);
    assert_comes_back(w, 0, WAY_STRICT, T0);
    assert_int_equal(w->back.plan.n_change, 0);
    /* Gone, no file, elsewhere, too large. */
    unlink(unit_path(MAIN));
    assert_refused(w, 0, WAY_FORCE, "is gone; its text from before transaction 0001-made is");
    unit_dirs(MAIN);
    struct err err;
    assert_false(plan(w, 0, WAY_FORCE, &err));
    assert_says(err, "is a directory, not a regular file");
    rmdir(unit_path(MAIN));
    unit_file("etc/other", T0);
    assert_int_equal(symlink("../other", unit_path(MAIN)), 0);
    assert_refused(w, 0, WAY_STRICT, "leads to /etc/other now");
    unlink(unit_path(MAIN));
    unit_file(MAIN, too_large());
    assert_refused(w, 0, WAY_STRICT, "was edited since transaction 0001-made wrote it");
    assert_refused(w, 0, WAY_MERGE, "what it wrote in line 1 (a = ");
    assert_comes_back(w, 0, WAY_FORCE, T0);
    close_site(s);
}

/* Somebody edited between two transactions, and the record of the text then is, or is not, there. */
static void test_edited_between(void **state)
{
    (void)state;
    struct site *s = empty_site(T0);
    change_line(s, "main.cf", MAIN, "a = 1\n", "a = 2\n");
    unit_file(MAIN, "a = 2\nb = 1\nc = 1\nd = 7\n");
    change_line(s, "main.cf", MAIN, "c = 1\n", "c = 2\n");
    struct walkers *w = list(s);
    assert_refused(w, 0, WAY_STRICT, "was edited since");
    assert_comes_back(w, 0, WAY_MERGE, "a = 1\nb = 1\nc = 2\nd = 7\n");
    assert_int_equal(unlink(unit_path("var/lib/mailfix/txn/0002-made/before/0")), 0);
    assert_refused(w, 0, WAY_MERGE, "does not lead back to the text that it says; it is damaged");
    unit_file("var/lib/mailfix/txn/0002-made/before/0", "another\n");
    assert_refused(w, 0, WAY_MERGE, "does not lead back to the text that it says; it is damaged");
    close_site(s);
}

/* ---- a file that was created ---- */

static void test_created(void **state)
{
    (void)state;
    struct site *s = make_site();
    commit(s);
    struct walkers *w = list(s);
    assert_comes_back(w, 0, WAY_STRICT, NULL);
    unlink(unit_path("etc/postfix/master.cf"));
    assert_comes_back(w, 0, WAY_STRICT, NULL); /* somebody took it away already */
    unit_file("etc/postfix/master.cf", MADE "mine\n");
    assert_refused(w, 0, WAY_STRICT, "was made by transaction 0001-made and edited since");
    assert_comes_back(w, 0, WAY_MERGE, "mine\n");
    assert_comes_back(w, 0, WAY_FORCE, NULL);
    unit_file("etc/postfix/master.cf", too_large());
    assert_refused(w, 0, WAY_STRICT, "it cannot be compared");
    assert_comes_back(w, 0, WAY_FORCE, NULL);
    unit_file("etc/postfix/master.cf", MADE);
    change_line(s, "master.cf", "etc/postfix/master.cf", MADE, MADE "# more\n");
    w = list(s);
    assert_refused(w, 0, WAY_STRICT, "changed again by transaction 0002-made");
    close_site(s);
    /* The text of a table. */
    assert_int_equal(unit_empty(state), 0);
    s = empty_site(NULL);
    add_change(&s->plan, "map transport_maps", "/" TABLE, NULL, "a smtp:b\n");
    commit(s);
    w = list(s);
    assert_comes_back(w, 0, WAY_STRICT, NULL);
    close_site(s);
    /* Somebody wrote below it, and a later transaction changed that: then the file stays. */
    assert_int_equal(unit_empty(state), 0);
    s = make_site();
    commit(s);
    unit_file("etc/postfix/master.cf", MADE "#\n#\n#\nmine x\n");
    change_line(s, "master.cf", "etc/postfix/master.cf", "mine x\n", "mine y\n");
    w = list(s);
    assert_comes_back(w, 0, WAY_MERGE, "#\n#\n#\nmine y\n");
    close_site(s);
}

/* ---- a record that is damaged ---- */

static void test_damaged(void **state)
{
    (void)state;
    static const char *const another = "x = 1\n";
    struct site *s = empty_site(T0);
    change_line(s, "main.cf", MAIN, "a = 1\n", "a = 2\n");
    change_line(s, "main.cf", MAIN, "d = 1\n", "d = 2\n");
    for (size_t i = 0; i < 2; i++) {
        struct walkers *w = list(s);
        w->record[i].target[0].old = (const char **)&another;
        assert_refused(w, 0, WAY_STRICT, "it is damaged");
        w = list(s);
        w->record[i].target[0].hunk[0].at = 1000;
        assert_refused(w, 0, WAY_STRICT, "it is damaged");
    }
    struct walkers *w = list(s);
    memset(w->record[0].target[0].after, 'f', DIGEST_HEX);
    assert_refused(w, 0, WAY_STRICT, "it is damaged");
    w = list(s);
    unit_file("var/lib/mailfix/txn/0001-made/before/0", "another\n");
    assert_refused(w, 0, WAY_STRICT, "it is damaged");
    close_site(s);
}

/* What a rollback of an older one left of a later one's text is in rebased/. */
static void test_rebased(void **state)
{
    (void)state;
    struct site *s = empty_site(T0);
    change_line(s, "main.cf", MAIN, "a = 1\n", "a = 2\n");
    change_line(s, "main.cf", MAIN, "d = 1\n", "d = 2\n");
    struct walkers *w = list(s);
    struct err err;
    const struct swap *stuck;
    assert_ok(plan(w, 0, WAY_STRICT, &err), err);
    assert_ok(txn_open(&s->store, &w->record[0], &s->txn, &err), err);
    assert_ok(txn_rollback_prepare(&s->txn, w->back.back, w->back.text, &err), err);
    assert_ok(txn_rollback_begin(&s->txn, &err), err);
    assert_ok(txn_rollback_swap(&s->txn, &stuck, &err), err);
    assert_ok(txn_finish(&s->txn, TXN_UNDONE, &err), err);
    txn_close(&s->txn);
    w = list(s);
    assert_comes_back(w, 1, WAY_STRICT, T0);
    w->record[0].back->later[0].target.path = "/another";
    assert_comes_back(w, 1, WAY_STRICT, T0); /* before/ of the first has it as well */
    w = list(s);
    unit_file("var/lib/mailfix/txn/0001-made/before/0", "another\n");
    assert_comes_back(w, 1, WAY_STRICT, T0);
    w->record[0].back->later[0].target.path = "/another";
    assert_refused(w, 1, WAY_STRICT, "it is damaged");
    w = list(s);
    unit_file("var/lib/mailfix/txn/0001-made/rebased/0", "another\n");
    assert_refused(w, 1, WAY_STRICT, "it is damaged");
    close_site(s);
}

/* ---- indexes ---- */

static struct walkers *with_index(void)
{
    struct site *s = empty_site(T0);
    change_line(s, "main.cf", MAIN, "a = 1\n", "a = 2\n");
    struct walkers *w = list(s);
    struct target *index = arena_alloc(sizeof(*index));
    *index = (struct target){.document = RECORD_INDEX, .path = "/" INDEX};
    digest_hex("old\n", 4, index->before);
    digest_hex("new\n", 4, index->after);
    w->record[0].target = index;
    return w;
}

static void test_index(void **state)
{
    (void)state;
    struct walkers *w = with_index();
    struct err err;
    unit_file(INDEX, "new\n");
    assert_comes_back(w, 0, WAY_STRICT, "old\n");
    assert_false(w->back.back->target[0].edited);
    unit_file(INDEX, "old\n");
    assert_comes_back(w, 0, WAY_STRICT, "old\n");
    unit_file(INDEX, "rebuilt\n");
    assert_refused(w, 0, WAY_STRICT, "was rebuilt or removed since transaction 0001-made built it");
    assert_comes_back(w, 0, WAY_FORCE, "old\n");
    assert_true(w->back.back->target[0].edited);
    unlink(unit_path(INDEX));
    assert_refused(w, 0, WAY_STRICT, "was rebuilt or removed since transaction 0001-made built it");
    assert_comes_back(w, 0, WAY_FORCE, "old\n");
    assert_false(w->back.back->target[0].edited);
    struct record *two = arena_alloc(2 * sizeof(*two));
    two[0] = two[1] = w->record[0];
    two[1].number = 2;
    two[1].id = "0002-made";
    w->record = two;
    w->n = 2;
    assert_refused(w, 0, WAY_STRICT, "changed again by transaction 0002-made");
    w->n = 1;
    two[0].target[0].path = "/etc/no/such";
    assert_false(plan(w, 0, WAY_STRICT, &err));
    close_site(w->s);
}

/* An index in the format of cdb, as far as it is counted: 256 tables, of which the first has the entries. */
static void put_cdb(const char *below, unsigned char entries)
{
    char head[2048] = {0};
    head[4] = (char)(2 * entries);
    unit_bytes(below, head, sizeof(head));
}

/* Somebody built an index anew of the text that mailfix wrote: it goes back with the text. */
static void test_built_again(void **state)
{
    static const struct {
        const char *document, *index;
        unsigned char entries;
        bool live, edited, goes;
    } cases[] = {
        {"map transport_maps", TABLE ".cdb", 3, true, false, true},
        {"aliases", TABLE ".cdb", 4, true, false, true}, /* with the "@" that postalias(1) enters */
        {"aliases", TABLE ".cdb", 3, true, false, false},
        {"map transport_maps", TABLE ".cdb", 2, true, false, false},  /* of another text */
        {"map transport_maps", TABLE ".cdb", 3, false, false, false}, /* nobody is asked of another root */
        {"map transport_maps", TABLE ".cdb", 3, true, true, false},   /* the text is not what mailfix wrote */
        /* of no text of the transaction, whatever its name begins with */
        {"map transport_maps", TABLE "2.cdb", 3, true, false, false},
        {"map transport_maps", TABLE ".d/x.cdb", 3, true, false, false},
        {"map transport_maps", "etc/postfix/other.cdb", 3, true, false, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct err err;
        assert_int_equal(unit_empty(state), 0);
        struct site *s = empty_site(NULL);
        unit_file(TABLE, "a: b\nd: e\nf: g\n");
        change_line(s, cases[i].document, TABLE, "a: b\n", "a: c\n");
        struct walkers *w = list(s);
        struct target *both = arena_alloc(2 * sizeof(*both));
        both[0] = w->record[0].target[0];
        both[1] = (struct target){.document = RECORD_INDEX, .path = arena_printf("/%s", cases[i].index)};
        digest_hex("old\n", 4, both[1].before);
        digest_hex("new\n", 4, both[1].after);
        w->record[0].target = both;
        w->record[0].n_target = 2;
        unit_dirs(TABLE ".d");
        put_cdb(TABLE ".cdb", cases[i].entries);
        put_cdb(cases[i].index, cases[i].entries);
        s->root.live = cases[i].live;
        if (cases[i].edited)
            unit_file(TABLE, "a: c\nd: e\nf: g\n# mine\n");
        bool goes = plan(w, 0, WAY_MERGE, &err);
        if (goes != cases[i].goes)
            fail_msg("case %zu: %s", i, goes ? "it goes" : err.text);
        if (goes) {
            assert_string_equal(w->back.back->target[1].to, both[1].before);
            assert_true(w->back.back->target[1].edited); /* so it is kept */
        } else {
            assert_says(err, "was rebuilt or removed since transaction 0001-made built it");
        }
        close_site(s);
    }
}

/* ---- a disk that fails ---- */

static struct walkers *make_chain(void)
{
    struct site *s = empty_site(T0);
    change_line(s, "main.cf", MAIN, "a = 1\n", "a = 2\n");
    unit_file(MAIN, "a = 2\nb = 1\nc = 1\nd = 7\n");
    change_line(s, "main.cf", MAIN, "c = 1\n", "c = 2\n");
    return list(s);
}

static struct walkers *make_index(void)
{
    struct walkers *w = with_index();
    unit_file(INDEX, "new\n");
    return w;
}

static void test_disk_fails(void **state)
{
    static const struct fault fault = {.error = EIO},
                              from_there = {.error = EIO, .lasting = true, .sample = true};
    (void)state;
    sweep_way(make_chain, WAY_MERGE, &fault);
    sweep_way(make_chain, WAY_MERGE, &from_there);
    sweep_way(make_index, WAY_STRICT, &fault);
    sweep_way(make_index, WAY_STRICT, &from_there);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        faults_test(test_chain),          faults_test(test_dependent), faults_test(test_edited),
        faults_test(test_edited_between), faults_test(test_created),   faults_test(test_damaged),
        faults_test(test_rebased),        faults_test(test_index),     faults_test(test_built_again),
        faults_test(test_disk_fails),
    };
    base_verbosity = -1;
    return cmocka_run_group_tests(tests, unit_begin, unit_end);
}
