/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the tests of transactions share: one that changes a file and creates another, by a plan made by hand.
 */
#pragma once

#include "undo.h"
#include "unit.h"

#define OLD "a = 1\n"
#define NEW "a = 2\n"
#define MADE "example.jp smtp:[mx]\n"

struct site {
    struct root root;
    struct store store;
    struct plan plan;
    struct txn txn;
};

static inline void add_change(struct plan *plan, const char *id, const char *path, const char *before,
                              const char *after)
{
    struct doc *doc = arena_alloc(sizeof(*doc));
    struct hunk *hunk = arena_alloc(sizeof(*hunk));
    doc->id = id;
    doc->path = doc->real = path;
    doc->text = before != NULL ? before : "";
    doc->len = strlen(doc->text);
    doc->absent = before == NULL;
    if (before != NULL)
        digest_hex(before, doc->len, doc->digest);
    *hunk = (struct hunk){0, doc->len, after, strlen(after)};
    struct change change = {
        .doc = doc, .hunk = hunk, .n_hunk = 1, .after = after, .after_len = strlen(after), .mode = 0640};
    digest_hex(after, strlen(after), change.after_digest);
    plan->change = arena_append(plan->change, &plan->n_change, sizeof(change), &change);
}

/* The tree before: main.cf is OLD, master.cf (which stands for any file that is created) is absent. */
static inline struct site *make_site(void)
{
    struct site *s = arena_alloc(sizeof(*s));
    struct err err;
    unit_dirs("var/lib");
    unit_dirs("etc/postfix");
    unit_file("etc/postfix/main.cf", OLD);
    assert_ok(root_open(unit_top, &s->root, &err), err);
    assert_ok(store_open(&s->root, &s->store, &err), err);
    strings_add(&s->plan.fixes, "made");
    add_change(&s->plan, "master.cf", "/etc/postfix/master.cf", NULL, MADE);
    add_change(&s->plan, "main.cf", "/etc/postfix/main.cf", OLD, NEW);
    return s;
}

static inline void begin(struct site *s)
{
    struct err err;
    assert_ok(txn_begin(&s->store, &s->plan, NULL, 0, &s->txn, &err), err);
}

static inline void close_site(struct site *s)
{
    store_close(&s->store);
    close(s->root.fd);
}

static inline const char *text_of(const char *below)
{
    static char text[256];
    FILE *f = fopen(unit_path(below), "r");
    if (f == NULL)
        return NULL;
    text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
    fclose(f);
    return text;
}

static inline void assert_text(const char *below, const char *wanted)
{
    const char *text = text_of(below);
    if (wanted == NULL ? text != NULL : text == NULL || strcmp(text, wanted) != 0)
        fail_msg("%s: wanted %s, got %s", below, wanted != NULL ? wanted : "no file",
                 text != NULL ? text : "no file");
}

static inline void assert_tree(const char *main_cf, const char *master_cf)
{
    assert_text("etc/postfix/main.cf", main_cf);
    assert_text("etc/postfix/master.cf", master_cf);
    assert_text("etc/postfix/.main.cf.mailfix", NULL);
    assert_text("etc/postfix/.master.cf.mailfix", NULL);
}

static inline struct record the_record(struct site *s)
{
    struct record *record;
    size_t n;
    struct strings damaged = {0};
    struct err err;
    assert_ok(record_list(&s->store, &record, &n, &damaged, &err), err);
    assert_int_equal(n, 1);
    assert_int_equal(damaged.n, 0);
    return record[0];
}

static inline void assert_state(struct site *s, enum txn_state state)
{
    assert_string_equal(txn_state_name(the_record(s).state), txn_state_name(state));
}

static inline void keep(struct site *s)
{
    struct err err;
    begin(s);
    assert_ok(txn_swap(&s->txn, &err), err);
    txn_unlock_edit(&s->txn);
    assert_ok(txn_keep(&s->txn, &err), err);
    txn_close(&s->txn);
}

static inline struct back *back_of(const struct record *record)
{
    struct back *back = arena_alloc(sizeof(*back));
    back->order = 1;
    for (size_t i = 0; i < record->n_target; i++) {
        struct back_target target = {0};
        memcpy(target.from, record->target[i].after, sizeof(target.from));
        memcpy(target.to, record->target[i].before, sizeof(target.to));
        back->target = arena_append(back->target, &back->n_target, sizeof(target), &target);
    }
    return back;
}

static inline void open_rollback(struct site *s)
{
    static const struct txn_text none[2];
    struct record record = the_record(s);
    struct err err;
    assert_ok(txn_open(&s->store, &record, &s->txn, &err), err);
    assert_ok(txn_rollback_prepare(&s->txn, back_of(&record), none, &err), err);
}
