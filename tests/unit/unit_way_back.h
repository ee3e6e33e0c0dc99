/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the tests of the way back share: records as mailfix writes them, files as people change them, and a
 * disk that fails while a way back is planned.
 */
#pragma once

#include "faults.h"
#include "hunk.h"
#include "unit_txn.h"
#include "way_back.h"

#include <errno.h>

#define MAIN "etc/postfix/main.cf"
#define TABLE "etc/postfix/transport"

struct walkers {
    struct site *s;
    struct record *record;
    size_t n;
    struct way_back back;
};

/* ---- records ---- */

static inline void commit(struct site *s)
{
    keep(s);
    s->plan.change = NULL;
    s->plan.n_change = 0;
}

/* Lines of a file become others, in order, in one transaction. */
static inline void change_lines(struct site *s, const char *id, const char *below,
                                const char *const pair[][2], size_t n)
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

static inline void change_line(struct site *s, const char *id, const char *below, const char *old,
                               const char *new)
{
    const char *const pair[][2] = {{old, new}};
    change_lines(s, id, below, pair, 1);
}

static inline struct site *empty_site(const char *main_cf)
{
    struct site *s = make_site();
    s->plan.change = NULL;
    s->plan.n_change = 0;
    if (main_cf != NULL)
        unit_file(MAIN, main_cf);
    return s;
}

static inline struct walkers *list(struct site *s)
{
    struct walkers *w = arena_alloc(sizeof(*w));
    struct strings damaged = {0};
    struct err err;
    w->s = s;
    assert_ok(record_list(&s->store, &w->record, &w->n, &damaged, &err), err);
    assert_int_equal(damaged.n, 0);
    return w;
}

static inline bool plan(struct walkers *w, size_t chosen, enum way way, struct err *err)
{
    memset(err, 0, sizeof(*err));
    return way_back_plan(&w->s->store, w->record, w->n, &w->record[chosen], way, &w->back, err);
}

static inline void assert_refused(struct walkers *w, size_t chosen, enum way way, const char *piece)
{
    struct err err;
    if (plan(w, chosen, way, &err))
        fail_msg("it is not refused; wanted: %s", piece);
    assert_says(err, piece);
    assert_int_equal(err.outcome, NEEDS_PERSON);
}

/* The text that comes back to the first target. */
static inline void assert_comes_back(struct walkers *w, size_t chosen, enum way way, const char *text)
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

/* ---- a disk that fails ---- */

static struct {
    struct walkers *(*make)(void);
    enum way way;
    char to[DIGEST_HEX + 1]; /* what is planned without a fault */
} tried;

static inline void *make_tried(void)
{
    return tried.make();
}

static inline bool plan_tried(void *site, struct err *err)
{
    return plan(site, 0, tried.way, err);
}

static inline void check_tried(void *site, bool ok, const struct err *err)
{
    struct walkers *w = site;
    (void)err;
    if (ok && tried.to[0] == '\0')
        memcpy(tried.to, w->back.back->target[0].to, sizeof(tried.to));
    else if (ok)
        assert_string_equal(w->back.back->target[0].to, tried.to);
    close_site(w->s);
}

/* The way back of the first record: an error, or the text that comes back without a fault. */
static inline void sweep_way(struct walkers *(*make)(void), enum way way, const struct fault *fault)
{
    static const struct scenario scenario = {"way back", make_tried, plan_tried, check_tried};
    static const struct fault none = {.call = "none"};
    tried.make = make;
    tried.way = way;
    tried.to[0] = '\0';
    faults_sweep(&scenario, &none, NULL);
    faults_sweep(&scenario, fault, NULL);
}
