/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The way back of a large text that later transactions changed, too: as in way_back.c, with the places of the
 * hunks and the lines around them only. The text that each link found is in its before/.
 *
 * Limits: a text that somebody edited between the links or since goes back after the later ones only.
 */
#include "way_back_private.h"

#include "extract.h"
#include "hunk.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int by_place(const void *a, const void *b)
{
    const struct hunk *x = a, *y = b;
    return x->at < y->at ? -1 : x->at > y->at;
}

/* Both, in the order of their places. */
static struct hunk *both(const struct hunk *a, size_t n_a, const struct hunk *b, size_t n_b)
{
    struct hunk *all = arena_alloc((n_a + n_b + 1) * sizeof(*all));
    memcpy(all, a, n_a * sizeof(*all));
    memcpy(all + n_a, b, n_b * sizeof(*all));
    qsort(all, n_a + n_b, sizeof(*all), by_place);
    return all;
}

/* Whether none of the hunks that lead back touches the change of the link. */
static bool stand_alone(const struct walk *w, const struct found *found, const struct hunk *back, size_t n,
                        const struct target *change, bool *ret_alone)
{
    struct extract extract;
    struct hunk *ignored, *ours, *theirs;
    *ret_alone = true;
    if (!extract_around(&found->at, both(back, n, change->hunk, change->n_hunk), n + change->n_hunk, &extract,
                        &ignored, w->err))
        return false;
    if (!extract_from_file(extract.piece, extract.n_piece, back, n, &ours) ||
        !extract_from_file(extract.piece, extract.n_piece, change->hunk, change->n_hunk, &theirs))
        return way_back_damaged(w);
    for (size_t i = 0; i < n && *ret_alone; i++)
        *ret_alone = !merge_touches(extract.text, extract.len, &ours[i], theirs, change->n_hunk);
    return true;
}

/* Carries the hunks over one link; from: the digest of what it found without this transaction, which is the
 * one that comes out. */
static bool pass_link(const struct walk *w, const struct file *f, size_t i, const struct found *found,
                      struct hunk **back, char from[DIGEST_HEX + 1], struct strings *dependent)
{
    const struct target *change = f->change[i];
    size_t n = f->target->n_hunk;
    bool alone;
    if (!stand_alone(w, found, *back, n, change, &alone))
        return false;
    if (!alone) {
        strings_add(dependent, f->later[i]->id);
        return true;
    }
    struct rebased later = {.number = f->later[i]->number,
                            .target = {.path = change->path,
                                       .hunk = merge_move(change->hunk, change->n_hunk, *back, n),
                                       .old = change->old,
                                       .n_hunk = change->n_hunk}};
    struct hunk *all = both(*back, n, change->hunk, change->n_hunk);
    const struct file_edit without = {found->at.dir, found->at.name, &found->identity, all,
                                      n + change->n_hunk};
    memcpy(later.target.before, from, sizeof(later.target.before));
    if (!file_edit_digest(&without, later.target.after, w->err))
        return false;
    memcpy(from, later.target.after, sizeof(later.target.after));
    struct back *out = w->out->back;
    out->later = arena_append(out->later, &out->n_later, sizeof(later), &later);
    *back = merge_move(*back, n, change->hunk, change->n_hunk);
    return true;
}

bool way_back_chain(const struct walk *w, const struct file *f, const char *now, bool *ret_planned)
{
    const struct target *t = f->target;
    struct hunk *back = hunk_reverse(t->hunk, t->old, t->n_hunk);
    struct strings dependent = {0};
    char from[DIGEST_HEX + 1];
    const char *left = t->after;
    *ret_planned = false;
    memcpy(from, t->before, sizeof(from));
    for (size_t i = 0; i < f->n_later; left = f->change[i++]->after)
        if (strcmp(f->change[i]->before, left) != 0 ||
            !way_back_has_file(w, way_back_slot(f->later[i], (size_t)(f->change[i] - f->later[i]->target)),
                               left))
            return true;
    if (strcmp(now, left) != 0)
        return true;
    for (size_t i = 0; i < f->n_later; i++) {
        struct found found;
        size_t at = (size_t)(f->change[i] - f->later[i]->target);
        if (!way_back_find(w, way_back_slot(f->later[i], at), &found))
            return false;
        bool ok = dependent.n > 0 || pass_link(w, f, i, &found, &back, from, &dependent);
        close(found.at.dir);
        if (!ok)
            return false;
    }
    if (dependent.n > 0)
        return true;
    *ret_planned = true;
    return way_back_without(w, f, back, now, from);
}
