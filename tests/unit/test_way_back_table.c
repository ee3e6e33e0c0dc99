/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The way back of tables, which are not read whole: small ones, large ones, large ones that somebody edited
 * or that later transactions changed. The records are made small and filled by hand, as if mailfix had
 * written the large text.
 */
#define UNIT_WHERE "/dev/shm"
#include "unit_way_back.h"

struct table {
    char *line, *text, digest[DIGEST_HEX + 1];
};

/* Made once each: the sweep asks for them thousands of times. */
static const struct table *table_of(const char *line)
{
    static struct table made[48];
    struct table *t = made;
    while (t->line != NULL && strcmp(t->line, line) != 0)
        t++;
    assert_true(t + 1 < made + COUNT(made));
    if (t->line == NULL) {
        struct buf text = {0};
        size_t others = 0; /* bytes, so that each text has the same of them */
        for (int k = 0; others <= FILE_LIMIT + 100; k++) {
            const char *one = arena_printf("host%d.example.jp smtp:[mx%d.example.jp]\n", k, k);
            buf_puts(&text, k == 500 ? line : one);
            others += strlen(one);
        }
        t->line = strdup(line);
        t->text = strdup(buf_text(&text));
        digest_hex(t->text, text.len, t->digest);
    }
    return t;
}

static const char *large_table(const char *line)
{
    return table_of(line)->text;
}

/* What one transaction makes of the lines of a table. */
struct link {
    const char *was, *is, *pair[2][2];
    size_t n;
};

/* A record's change becomes one of such a table. */
static void set_target(struct record *record, bool large, const struct link *link)
{
    const char *before = large ? large_table(link->was) : link->was,
               *after = large ? large_table(link->is) : link->is, *at = before;
    struct target *target = arena_alloc(sizeof(*target));
    *target = record->target[0];
    target->hunk = arena_alloc(link->n * sizeof(*target->hunk));
    target->old = arena_alloc(link->n * sizeof(*target->old));
    target->n_hunk = link->n;
    for (size_t i = 0; i < link->n; i++) {
        const char *old = link->pair[i][0], *new = link->pair[i][1];
        at = strstr(at, old);
        assert_non_null(at);
        target->hunk[i] = (struct hunk){(size_t)(at - before), strlen(old), new, strlen(new)};
        target->old[i] = old;
        at += strlen(old);
    }
    if (large) {
        memcpy(target->before, table_of(link->was)->digest, sizeof(target->before));
        memcpy(target->after, table_of(link->is)->digest, sizeof(target->after));
    } else {
        digest_hex(before, strlen(before), target->before);
        digest_hex(after, strlen(after), target->after);
    }
    unit_file(arena_printf("var/lib/mailfix/txn/%s/before/0", record->id), before);
    unit_file(TABLE, after);
    record->target = target;
}

/* A table that transactions changed one after the other, a small one, which is written by its hunks all the
 * same, or a large one: what the last one wrote stands there. */
static struct walkers *with_links(bool large, const struct link *link, size_t n)
{
    struct site *s = empty_site(NULL);
    for (size_t i = 0; i < n; i++) {
        unit_file(TABLE, "a\n");
        change_line(s, "map transport_maps", TABLE, "a\n", "b\n");
    }
    struct walkers *w = list(s);
    assert_int_equal(w->n, n);
    for (size_t i = 0; i < n; i++)
        set_target(&w->record[i], large, &link[i]);
    return w;
}

static struct walkers *with_table(bool large)
{
    static const struct link a_large = {"a old\n", "a new\n", {{"old", "new"}}, 1},
                             a_small = {"x y\na old\nb c\n", "x y\na new\nb c\n", {{"old", "new"}}, 1};
    return with_links(large, large ? &a_large : &a_small, 1);
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
            t->old[0] = "odd"; /* they lead elsewhere */
            assert_refused(w, 0, WAY_STRICT, "it is damaged");
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
        struct link link;
        const char *now, *back; /* NULL: it is refused */
    } cases[] = {
        /* the lines around it tell */
        {{"a old\nz\na new\n", "a new\nz\na new\n", {{"old", "new"}}, 1},
         "a new\nz\na new\n",
         "a old\nz\na new\n"},
        {{"a old\nz\n", "z\n", {{"a old\n", ""}}, 1}, "z\n", "a old\nz\n"},
        /* nothing does */
        {{"b\nb\nb\nb\nb\nb old\nb\nb\nb\nb\nb\nb\n",
          "b\nb\nb\nb\nb\nb\nb\nb\nb\nb\nb\nb\n",
          {{" old", ""}},
          1},
         "b\nb\nb\nb\nb\nb\nb\nb\nb\nb\nb\n",
         NULL},
        /* two that changed places */
        {{"a old\nz\nb old\n", "a new\nz\nb new\n", {{"a old", "a new"}, {"b old", "b new"}}, 2},
         "b new\nz\na new\n",
         NULL},
        {{"a old\nz\nb old\n", "a new\nz\nb new\n", {{"a old", "a new"}, {"b old", "b new"}}, 2},
         "a new\nq\nb new\n",
         "a old\nq\nb old\n"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct err err;
        char digest[DIGEST_HEX + 1];
        assert_int_equal(unit_empty(state), 0);
        struct walkers *w = with_links(true, &cases[i].link, 1);
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

/* ---- large, and changed by later transactions ---- */

#define REST(a, b, c) a "y 1\ny 2\ny 3\n" b "z 1\nz 2\nz 3\n" c

/* The first one's change is in the middle, that of the second in front of it and longer, that of the third
 * behind. */
static const struct link CHAIN[] = {
    {REST("a old\n", "b old\n", "c old\n"), REST("a old\n", "b new\n", "c old\n"), {{"b old", "b new"}}, 1},
    {REST("a old\n", "b new\n", "c old\n"),
     REST("a longer\n", "b new\n", "c old\n"),
     {{"a old", "a longer"}},
     1},
    {REST("a longer\n", "b new\n", "c old\n"), REST("a longer\n", "b new\n", "c\n"), {{"c old", "c"}}, 1}};
#define LATER_ONES "was changed again by the transactions 0002-made, 0003-made; roll those back first"

static struct walkers *make_links(void)
{
    return with_links(true, CHAIN, COUNT(CHAIN));
}

static void assert_text_of(const char *digest, const char *lines)
{
    assert_string_equal(digest, table_of(lines)->digest);
}

/* The hunks of a file of those lines lead to others. */
static void assert_leads(const char *from, const struct hunk *hunk, size_t n, const char *to)
{
    size_t len;
    const char *text = large_table(from), *spliced = hunk_splice(text, strlen(text), hunk, n, &len);
    assert_int_equal(len, strlen(large_table(to)));
    assert_memory_equal(spliced, large_table(to), len);
}

static void test_large_chain(void **state)
{
    static const char *const without[] = {REST("a old\n", "b old\n", "c old\n"),
                                          REST("a longer\n", "b old\n", "c old\n"),
                                          REST("a longer\n", "b old\n", "c\n")};
    (void)state;
    struct walkers *w = make_links();
    struct err err;
    assert_ok(plan(w, 0, WAY_STRICT, &err), err);
    const struct back *back = w->back.back;
    const struct change *change = &w->back.plan.change[0];
    assert_text_of(back->target[0].to, without[2]);
    assert_leads(CHAIN[2].is, change->in_file, change->n_hunk, without[2]);
    /* The later ones' records learn how they stand without it. */
    assert_int_equal(back->n_later, 2);
    for (size_t i = 0; i < 2; i++) {
        const struct target *later = &back->later[i].target;
        assert_int_equal(back->later[i].number, i + 2);
        assert_text_of(later->before, without[i]);
        assert_text_of(later->after, without[i + 1]);
        assert_leads(without[i], later->hunk, later->n_hunk, without[i + 1]);
    }
    /* The one in the middle, and the last one. */
    assert_ok(plan(w, 1, WAY_STRICT, &err), err);
    assert_text_of(w->back.back->target[0].to, REST("a old\n", "b new\n", "c\n"));
    assert_ok(plan(w, 2, WAY_STRICT, &err), err);
    assert_text_of(w->back.back->target[0].to, CHAIN[2].was);
    close_site(w->s);
}

/* What is not as the last one left it, or not as one of them says, goes back after the later ones. */
static void test_large_chain_edited(void **state)
{
    (void)state;
    struct walkers *w = make_links();
    char digest[DIGEST_HEX + 1];
    memcpy(digest, w->record[2].target[0].before, sizeof(digest));
    memset(w->record[2].target[0].before, 'f', DIGEST_HEX); /* somebody edited between the two */
    assert_refused(w, 0, WAY_STRICT, LATER_ONES);
    memcpy(w->record[2].target[0].before, digest, sizeof(digest));
    unit_file(TABLE, edited_table(CHAIN[2].is));
    assert_refused(w, 0, WAY_MERGE, LATER_ONES);
    unit_file(TABLE, large_table(CHAIN[2].is));
    unit_file("var/lib/mailfix/txn/0003-made/before/0", large_table(CHAIN[2].is));
    assert_refused(w, 0, WAY_STRICT, LATER_ONES);
    assert_int_equal(unlink(unit_path("var/lib/mailfix/txn/0003-made/before/0")), 0);
    assert_refused(w, 0, WAY_STRICT, LATER_ONES);
    close_site(w->s);
}

/* One of two hunks is changed again, the other one stands alone. */
static void test_large_chain_dependent(void **state)
{
    static const struct link links[] = {
        {REST("a old\n", "b old\n", "c old\n"),
         REST("a new\n", "b new\n", "c old\n"),
         {{"a old", "a new"}, {"b old", "b new"}},
         2},
        {REST("a new\n", "b new\n", "c old\n"),
         REST("a newer\n", "b new\n", "c old\n"),
         {{"a new", "a newer"}},
         1},
        {REST("a newer\n", "b new\n", "c old\n"), REST("a newer\n", "b new\n", "c\n"), {{"c old", "c"}}, 1}};
    (void)state;
    struct walkers *w = with_links(true, links, COUNT(links));
    assert_refused(w, 0, WAY_STRICT, LATER_ONES);
    assert_int_equal(w->back.plan.n_change, 0);
    close_site(w->s);
}

static void test_large_chain_damaged(void **state)
{
    static const struct {
        size_t link, further;
        const char *bytes; /* NULL: as they are */
    } cases[] = {
        {0, 1 << 22, NULL}, /* the file has no such place */
        {1, 1 << 22, NULL},
        {0, 0, "b neu"}, /* the bytes that stand there are others */
        {2, 0, "q"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(unit_empty(state), 0);
        struct walkers *w = make_links();
        struct hunk *hunk = &w->record[cases[i].link].target[0].hunk[0];
        hunk->at += cases[i].further;
        hunk->bytes = cases[i].bytes != NULL ? cases[i].bytes : hunk->bytes;
        assert_refused(w, 0, WAY_STRICT, "the record 0001-made does not lead back to the text that it says");
        close_site(w->s);
    }
}

/* ---- a disk that fails ---- */

static struct walkers *make_small(void)
{
    return with_table(false);
}

static struct walkers *make_edited(void)
{
    struct walkers *w = with_table(true);
    unit_file(TABLE, edited_table("a new\n"));
    return w;
}

/* As the rollback of an older one leaves it. */
static struct walkers *make_without_before(void)
{
    struct walkers *w = with_table(true);
    assert_int_equal(unlink(unit_path("var/lib/mailfix/txn/0001-made/before/0")), 0);
    return w;
}

static void test_disk_fails(void **state)
{
    static const struct {
        struct walkers *(*make)(void);
        enum way way;
    } large[] = {{make_edited, WAY_MERGE}, {make_without_before, WAY_STRICT}, {make_links, WAY_STRICT}};
    static const struct fault fault = {.error = EIO}, now_and_then = {.error = EIO, .sample = true},
                              in_looking = {.error = EIO, .call = "fstatat"},
                              from_there = {.error = EIO, .lasting = true, .sample = true};
    (void)state;
    sweep_way(make_small, WAY_STRICT, &fault);
    sweep_way(make_small, WAY_STRICT, &from_there);
    for (size_t i = 0; i < COUNT(large); i++) {
        sweep_way(large[i].make, large[i].way, &now_and_then);
        if (large[i].make == make_edited)
            sweep_way(large[i].make, large[i].way, &in_looking);
        sweep_way(large[i].make, large[i].way, &from_there);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        faults_test(test_table),
        faults_test(test_large_edited),
        faults_test(test_large_places),
        faults_test(test_table_elsewhere),
        faults_test(test_large_chain),
        faults_test(test_large_chain_edited),
        faults_test(test_large_chain_dependent),
        faults_test(test_large_chain_damaged),
        faults_test(test_disk_fails),
    };
    base_verbosity = -1;
    return cmocka_run_group_tests(tests, unit_begin, unit_end);
}
