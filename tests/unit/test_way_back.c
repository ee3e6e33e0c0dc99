/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The way back of a transaction: records as mailfix writes them, files as people change them, records that
 * somebody damaged, and a disk that fails while all this is read. tests/cli has whole rollbacks.
 */
#define UNIT_WHERE "/dev/shm"
#include "faults.h"
#include "hunk.h"
#include "unit_txn.h"
#include "way_back.h"

#include <errno.h>

#define MAIN "etc/postfix/main.cf"
#define TABLE "etc/postfix/transport"
#define INDEX "etc/postfix/transport.lmdb"

struct walkers {
    struct site *s;
    struct record *record;
    size_t n;
    struct way_back back;
};

/* ---- records ---- */

static void commit(struct site *s)
{
    keep(s);
    s->plan.change = NULL;
    s->plan.n_change = 0;
}

/* Lines of a file become others, in order, in one transaction. */
static void change_lines(struct site *s, const char *id, const char *below, const char *const pair[][2],
                         size_t n)
{
    struct at at;
    struct err err;
    struct doc *doc = arena_alloc(sizeof(*doc));
    struct hunk *hunk = arena_alloc(n * sizeof(*hunk));
    struct change change = {.doc = doc, .hunk = hunk, .n_hunk = n};
    doc->id = id;
    doc->path = doc->real = arena_printf("/%s", below);
    assert_ok(file_resolve(&s->root, doc->path, &at, &err), err);
    assert_ok(file_read_bytes(&at, &doc->text, &doc->len, &doc->identity, &err), err);
    close(at.dir);
    digest_hex(doc->text, doc->len, doc->digest);
    for (size_t i = 0; i < n; i++) {
        const char *place = strstr(doc->text, pair[i][0]);
        assert_non_null(place);
        hunk[i] =
            (struct hunk){(size_t)(place - doc->text), strlen(pair[i][0]), pair[i][1], strlen(pair[i][1])};
    }
    change.after = hunk_splice(doc->text, doc->len, hunk, n, &change.after_len);
    digest_hex(change.after, change.after_len, change.after_digest);
    s->plan.change = arena_append(s->plan.change, &s->plan.n_change, sizeof(change), &change);
    commit(s);
}

static void change_line(struct site *s, const char *id, const char *below, const char *old, const char *new)
{
    const char *const pair[][2] = {{old, new}};
    change_lines(s, id, below, pair, 1);
}

static struct site *empty_site(const char *main_cf)
{
    struct site *s = make_site();
    s->plan.change = NULL;
    s->plan.n_change = 0;
    if (main_cf != NULL)
        unit_file(MAIN, main_cf);
    return s;
}

static struct walkers *list(struct site *s)
{
    struct walkers *w = arena_alloc(sizeof(*w));
    struct strings damaged = {0};
    struct err err;
    w->s = s;
    assert_ok(record_list(&s->store, &w->record, &w->n, &damaged, &err), err);
    assert_int_equal(damaged.n, 0);
    return w;
}

static bool plan(struct walkers *w, size_t chosen, enum way way, struct err *err)
{
    memset(err, 0, sizeof(*err));
    return way_back_plan(&w->s->store, w->record, w->n, &w->record[chosen], way, &w->back, err);
}

static void assert_refused(struct walkers *w, size_t chosen, enum way way, const char *piece)
{
    struct err err;
    if (plan(w, chosen, way, &err))
        fail_msg("it is not refused; wanted: %s", piece);
    assert_says(err, piece);
    assert_int_equal(err.outcome, NEEDS_PERSON);
}

/* The text that comes back to the first target. */
static void assert_comes_back(struct walkers *w, size_t chosen, enum way way, const char *text)
{
    struct err err;
    char digest[DIGEST_HEX + 1] = "";
    assert_ok(plan(w, chosen, way, &err), err);
    if (text != NULL)
        digest_hex(text, strlen(text), digest);
    assert_string_equal(w->back.back->target[0].to, digest);
    if (w->back.plan.n_change > 0 && text != NULL)
        assert_string_equal(w->back.plan.change[0].after, text);
}

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

/* ---- tables ---- */

/* Made once each: the sweep asks for them thousands of times. */
static const char *large_table(const char *line)
{
    static struct {
        char *line, *text;
    } made[32];
    size_t i = 0;
    while (made[i].line != NULL && strcmp(made[i].line, line) != 0)
        i++;
    if (made[i].line == NULL) {
        struct buf text = {0};
        for (int k = 0; text.len <= FILE_LIMIT; k++)
            buf_puts(&text,
                     k == 500 ? line : arena_printf("host%d.example.jp smtp:[mx%d.example.jp]\n", k, k));
        made[i].line = strdup(line);
        made[i].text = strdup(buf_text(&text));
    }
    return made[i].text;
}

/* A table whose lines became others, in one small table, which is written by its hunks all the same, or a
 * large one: what mailfix wrote stands there. */
static struct walkers *with_lines(bool large, const char *was, const char *is, const char *const pair[][2],
                                  size_t n)
{
    struct site *s = empty_site(NULL);
    const char *before = large ? large_table(was) : was, *after = large ? large_table(is) : is, *at = before;
    struct target *target = arena_alloc(sizeof(*target));
    unit_file(TABLE, T0);
    change_line(s, "map transport_maps", TABLE, "a = 1\n", "a = 2\n");
    struct walkers *w = list(s);
    *target = w->record[0].target[0];
    target->hunk = arena_alloc(n * sizeof(*target->hunk));
    target->old = arena_alloc(n * sizeof(*target->old));
    target->n_hunk = n;
    for (size_t i = 0; i < n; i++) {
        at = strstr(at, pair[i][0]);
        assert_non_null(at);
        target->hunk[i] =
            (struct hunk){(size_t)(at - before), strlen(pair[i][0]), pair[i][1], strlen(pair[i][1])};
        target->old[i] = pair[i][0];
        at += strlen(pair[i][0]);
    }
    digest_hex(before, strlen(before), target->before);
    digest_hex(after, strlen(after), target->after);
    unit_file(TABLE, after);
    unit_file("var/lib/mailfix/txn/0001-made/before/0", before);
    w->record[0].target = target;
    return w;
}

static struct walkers *with_table(bool large)
{
    static const char *const pair[][2] = {{"old", "new"}};
    return large ? with_lines(true, "a old\n", "a new\n", pair, 1)
                 : with_lines(false, "x y\na old\nb c\n", "x y\na new\nb c\n", pair, 1);
}

static void test_table(void **state)
{
    for (int large = 0; large < 2; large++) {
        assert_int_equal(unit_empty(state), 0);
        struct walkers *w = with_table(large);
        struct target *t = w->record[0].target;
        struct err err;
        assert_ok(plan(w, 0, WAY_STRICT, &err), err);
        assert_string_equal(w->back.back->target[0].to, t->before);
        assert_int_equal(w->back.plan.change[0].n_hunk, 1);
        assert_memory_equal(w->back.plan.change[0].hunk[0].bytes, "old", 3);
        static const char *wrong = "new";
        t->hunk[0].bytes = "neu"; /* the digests are right, and the hunk is not */
        assert_refused(w, 0, WAY_STRICT, "it is damaged");
        t->hunk[0].bytes = wrong;
        t->hunk[0].at += 1 << 22;
        assert_refused(w, 0, WAY_STRICT, "it is damaged");
        t->hunk[0].at -= 1 << 22;
        unlink(unit_path("var/lib/mailfix/txn/0001-made/before/0"));
        if (large) { /* the hunks alone lead back to it */
            assert_ok(plan(w, 0, WAY_STRICT, &err), err);
            assert_string_equal(w->back.back->target[0].to, t->before);
        } else {
            assert_refused(w, 0, WAY_STRICT, "it is damaged");
        }
        close_site(w->s);
    }
}

static const char *edited_table(const char *line)
{
    return arena_printf("%s# mine\n", large_table(line));
}

static void test_large_edited(void **state)
{
    (void)state;
    struct walkers *w = with_table(true);
    struct target *t = w->record[0].target;
    struct err err;
    char digest[DIGEST_HEX + 1];
    unit_file(TABLE, edited_table("a new\n"));
    assert_refused(w, 0, WAY_STRICT, "was edited since transaction 0001-made wrote it");
    assert_ok(plan(w, 0, WAY_FORCE, &err), err);
    assert_true(w->back.back->target[0].edited);
    assert_string_equal(w->back.back->target[0].to, t->before);
    const char *merged = edited_table("a old\n");
    digest_hex(merged, strlen(merged), digest);
    assert_ok(plan(w, 0, WAY_MERGE, &err), err);
    assert_string_equal(w->back.back->target[0].to, digest);
    unit_file(TABLE, edited_table("a newer\n"));
    assert_refused(w, 0, WAY_MERGE, "what it wrote in line 501 (a new) does not stand there exactly once");
    unit_file(TABLE, edited_table("a new\na new\n"));
    assert_refused(w, 0, WAY_MERGE, "what it wrote in line 501 (a new) does not stand there exactly once");
    unit_file(TABLE, large_table("a old\n"));
    assert_ok(plan(w, 0, WAY_STRICT, &err), err); /* somebody took it back already */
    assert_int_equal(w->back.plan.n_change, 0);
    unit_file(TABLE, edited_table("a new\n"));
    /* The hunk is not one of the text in before/. */
    t->hunk[0].at += 1 << 22;
    assert_refused(w, 0, WAY_MERGE, "it is damaged");
    t->hunk[0].at -= 1 << 22;
    unit_file("var/lib/mailfix/txn/0001-made/before/0", "another\n");
    assert_refused(w, 0, WAY_MERGE, "it is damaged");
    /* A later transaction stands on it. */
    struct record *two = arena_alloc(2 * sizeof(*two));
    two[0] = two[1] = w->record[0];
    two[1].id = "0002-made";
    w->record = two;
    w->n = 2;
    assert_refused(w, 0, WAY_MERGE, "changed again by transaction 0002-made");
    close_site(w->s);
}

/* Where a hunk of a large text is, when its lines alone do not tell. */
static void test_large_places(void **state)
{
    static const struct {
        const char *was, *is, *pair[2][2];
        size_t n;
        const char *now, *back; /* NULL: it is refused */
    } cases[] = {
        /* the lines around it tell */
        {"a old\nz\na new\n",
         "a new\nz\na new\n",
         {{"old", "new"}},
         1,
         "a new\nz\na new\n",
         "a old\nz\na new\n"},
        {"a old\nz\n", "z\n", {{"a old\n", ""}}, 1, "z\n", "a old\nz\n"},
        /* nothing does */
        {"b\nb\nb\nb\nb\nb old\nb\nb\nb\nb\nb\nb\n",
         "b\nb\nb\nb\nb\nb\nb\nb\nb\nb\nb\nb\n",
         {{" old", ""}},
         1,
         "b\nb\nb\nb\nb\nb\nb\nb\nb\nb\nb\nb\n",
         NULL},
        /* two that changed places */
        {"a old\nz\nb old\n",
         "a new\nz\nb new\n",
         {{"a old", "a new"}, {"b old", "b new"}},
         2,
         "b new\nz\na new\n",
         NULL},
        {"a old\nz\nb old\n",
         "a new\nz\nb new\n",
         {{"a old", "a new"}, {"b old", "b new"}},
         2,
         "a new\nq\nb new\n",
         "a old\nq\nb old\n"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct err err;
        char digest[DIGEST_HEX + 1];
        assert_int_equal(unit_empty(state), 0);
        struct walkers *w = with_lines(true, cases[i].was, cases[i].is, cases[i].pair, cases[i].n);
        unit_file(TABLE, edited_table(cases[i].now));
        if (cases[i].back == NULL) {
            assert_refused(w, 0, WAY_MERGE, "does not stand there exactly once");
        } else {
            const char *back = edited_table(cases[i].back);
            digest_hex(back, strlen(back), digest);
            assert_ok(plan(w, 0, WAY_MERGE, &err), err);
            assert_string_equal(w->back.back->target[0].to, digest);
        }
        close_site(w->s);
    }
}

/* A table that leads elsewhere now is not followed. */
static void test_table_elsewhere(void **state)
{
    for (int large = 0; large < 2; large++) {
        assert_int_equal(unit_empty(state), 0);
        struct walkers *w = with_table(large);
        assert_int_equal(rename(unit_path(TABLE), unit_path("etc/other")), 0);
        assert_int_equal(symlink("../other", unit_path(TABLE)), 0);
        assert_refused(w, 0, WAY_STRICT, "leads to /etc/other now");
        close_site(w->s);
    }
}

/* ---- a disk that fails ---- */

static struct {
    struct walkers *(*make)(void);
    enum way way;
    char to[DIGEST_HEX + 1]; /* what is planned without a fault */
} tried;

static void *make_tried(void)
{
    return tried.make();
}

static bool plan_tried(void *site, struct err *err)
{
    return plan(site, 0, tried.way, err);
}

static void check_tried(void *site, bool ok, const struct err *err)
{
    struct walkers *w = site;
    (void)err;
    if (ok && tried.to[0] == '\0')
        memcpy(tried.to, w->back.back->target[0].to, sizeof(tried.to));
    else if (ok)
        assert_string_equal(w->back.back->target[0].to, tried.to);
    close_site(w->s);
}

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

static struct walkers *make_table(void)
{
    return with_table(false);
}

static struct walkers *make_large(void)
{
    struct walkers *w = with_table(true);
    unit_file(TABLE, edited_table("a new\n"));
    return w;
}

static void test_disk_fails(void **state)
{
    static const struct {
        struct walkers *(*make)(void);
        enum way way;
    } all[] = {
        {make_chain, WAY_MERGE}, {make_index, WAY_STRICT}, {make_table, WAY_STRICT}, {make_large, WAY_MERGE}};
    static const struct scenario scenario = {"way back", make_tried, plan_tried, check_tried};
    static const struct fault none = {.call = "none"}, fault = {.error = EIO},
                              now_and_then = {.error = EIO, .sample = true},
                              from_there = {.error = EIO, .lasting = true, .sample = true};
    (void)state;
    for (size_t i = 0; i < COUNT(all); i++) {
        tried.make = all[i].make;
        tried.way = all[i].way;
        tried.to[0] = '\0';
        faults_sweep(&scenario, &none, NULL);
        faults_sweep(&scenario, all[i].make == make_large ? &now_and_then : &fault, NULL);
        faults_sweep(&scenario, &from_there, NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        faults_test(test_chain),          faults_test(test_dependent),    faults_test(test_edited),
        faults_test(test_edited_between), faults_test(test_created),      faults_test(test_damaged),
        faults_test(test_rebased),        faults_test(test_index),        faults_test(test_table),
        faults_test(test_large_edited),   faults_test(test_large_places), faults_test(test_table_elsewhere),
        faults_test(test_disk_fails),
    };
    base_verbosity = -1;
    return cmocka_run_group_tests(tests, unit_begin, unit_end);
}
