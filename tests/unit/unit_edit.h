/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the tests of edits share: a fix's steps on one small document, its hunks checked, run twice.
 */
#pragma once

#include "edit.h"
#include "hunk.h"
#include "unit.h"

/* In order, apart from each other, inside the before-text, and leading to the now-text. */
static inline void assert_hunks(const struct draft *d, unsigned round)
{
    size_t len, end = 0;
    for (size_t i = 0; i < d->n_hunk; i++) {
        const struct hunk *h = &d->hunk[i];
        if (h->at + h->old_len > d->before->len || (i > 0 && h->at <= end))
            fail_msg("round %u: hunk %zu at %zu, the one before it ends at %zu", round, i, h->at, end);
        end = h->at + h->old_len;
    }
    const char *text = hunk_splice(d->before->text, d->before->len, d->hunk, d->n_hunk, &len);
    if (len != d->now->len || memcmp(text, d->now->text, len) != 0)
        fail_msg("round %u: '%s' instead of '%s'", round, text, d->now->text);
}

static inline void assert_reverses(const struct draft *d)
{
    const char **old = arena_alloc((d->n_hunk + 1) * sizeof(*old));
    size_t len;
    for (size_t i = 0; i < d->n_hunk; i++)
        old[i] = arena_copy(d->before->text + d->hunk[i].at, d->hunk[i].old_len);
    struct hunk *back = hunk_reverse(d->hunk, old, d->n_hunk);
    const char *text = hunk_splice(d->now->text, d->now->len, back, d->n_hunk, &len);
    assert_int_equal(len, d->before->len);
    assert_memory_equal(text, d->before->text, len);
    /* And the way back of the way back is the way there. */
    const char **new = arena_alloc((d->n_hunk + 1) * sizeof(*new));
    for (size_t i = 0; i < d->n_hunk; i++)
        new[i] = d->hunk[i].bytes;
    struct hunk *again = hunk_reverse(back, new, d->n_hunk);
    for (size_t i = 0; i < d->n_hunk; i++) {
        assert_int_equal(again[i].at, d->hunk[i].at);
        assert_int_equal(again[i].old_len, d->hunk[i].old_len);
    }
}

#define HEAD                                                                                                 \
    "fix x\ntitle t\neffect noise\n\nparam word\n  type word\n  default new\n\nrows list name\n  |a\n  "     \
    "|b\n\n"
#define FACTS "postfix.version = 3.7.11\npostfix.table-types = btree hash lmdb\npostfix.default.known = 50\n"

struct result {
    bool ok, changed;
    const char *text;
    struct err err;
};

/* All steps of the stanzas, the loops as plan.c runs them, on one document; the other one is empty. */
static inline struct result run_with(const char *document, const char *before, const char *stanzas,
                                     const char *word)
{
    bool is_main = strcmp(document, "main.cf") == 0;
    struct fix *fix = unit_fix(arena_printf("%s%s", HEAD, stanzas));
    struct world *w = unit_world(is_main ? before : "", is_main ? "" : before, FACTS, fix);
    struct result r = {.ok = true};
    const struct doc *doc;
    struct strings words = {0};
    strings_add(&words, word);
    context_bind(&w->ctx, "word", words);
    assert_ok(docs_get(&w->docs, document, &doc, &r.err), r.err);
    struct drafts drafts = {0};
    for (size_t i = 0; i < fix->n_step && r.ok; i++)
        for (size_t k = 0; k < context_loop_count(&w->ctx, fix->step[i].loop) && r.ok; k++) {
            struct context item = context_loop_item(&w->ctx, fix->step[i].loop, k);
            bool changed = false;
            enum verdict verdict;
            assert_ok(cond_all(&item, fix->step[i].when, fix->step[i].n_when, &verdict, &r.err), r.err);
            if (verdict == HOLDS)
                r.ok = edit_step(&item, &fix->step[i], &drafts, &changed, &r.err);
            r.changed |= changed;
        }
    struct draft draft = drafts.n > 0 ? drafts.draft[0] : (struct draft){.before = doc, .now = doc};
    assert_true(drafts.n <= 1);
    if (r.ok) {
        assert_hunks(&draft, 0);
        assert_reverses(&draft);
    } else {
        assert_ptr_equal(draft.now, doc); /* nothing of it is used */
        assert_int_equal(draft.n_hunk, 0);
    }
    r.text = arena_copy(draft.now->text, draft.now->len);
    close(w->root.fd);
    return r;
}

static inline struct result run(const char *document, const char *before, const char *stanzas)
{
    return run_with(document, before, stanzas, "new");
}

struct verb_case {
    const char *document, *before, *keys, *after;
};

/* Twice: what came out is what the step wants, so the second time changes nothing. */
static inline void run_cases(const struct verb_case *c, size_t n, bool again)
{
    for (size_t i = 0; i < n; i++) {
        const char *stanza = arena_printf("edit %s\n%s", c[i].document, c[i].keys);
        struct result r = run(c[i].document, c[i].before, stanza);
        if (!r.ok)
            fail_msg("%s%s: %s", c[i].before, c[i].keys, r.err.text);
        if (strcmp(r.text, c[i].after) != 0)
            fail_msg("%s on\n%sgives\n%s", c[i].keys, c[i].before, r.text);
        assert_int_equal(r.changed, strcmp(c[i].before, c[i].after) != 0);
        if (again && run(c[i].document, r.text, stanza).changed)
            fail_msg("%s on\n%schanges once more", c[i].keys, r.text);
    }
}
