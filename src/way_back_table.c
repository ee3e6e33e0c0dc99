/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The way back of a table's text, of any size. One that nobody changed since is taken from before/ by its
 * digest, and only the places of the hunks are read, to be shown.
 *
 * Limits: of a text of more than FILE_LIMIT bytes that was changed since no diff is shown, and one from below
 * which an older transaction was taken is neither merged nor put aside by force.
 */
#include "way_back_private.h"

#include "doc.h"
#include "extract.h"
#include "hunk.h"
#include "seek.h"

#include <string.h>
#include <unistd.h>

bool way_back_find(const struct walk *w, const char *path, struct found *ret)
{
    int fd;
    if (!file_resolve(w->store->root, path, &ret->at, w->err))
        return false;
    if (file_open_text(&ret->at, &fd, &ret->identity, w->err)) {
        close(fd);
        return true;
    }
    close(ret->at.dir);
    return false;
}

bool way_back_has_file(const struct walk *w, const char *path, const char *digest)
{
    struct at at;
    struct err ignored;
    char hex[DIGEST_HEX + 1];
    if (!file_resolve(w->store->root, path, &at, &ignored))
        return false;
    bool has =
        strcmp(at.path, path) == 0 && file_digest(at.dir, at.name, hex, &ignored) && strcmp(hex, digest) == 0;
    close(at.dir);
    return has;
}

/* The text of a table that nobody changed since: before/ has the one that comes back, whatever its size. */
static bool is_straight(const struct walk *w, const struct file *f)
{
    const struct target *t = f->target;
    return doc_can_be_absent(t->document) && f->n_later == 0 && t->before[0] != '\0' &&
           way_back_has_file(w, t->path, t->after) &&
           way_back_has_file(w, way_back_slot(w->chosen, f->index), t->before);
}

/* The change of a file of any size: hunks at its places. */
static bool add_change(const struct walk *w, const struct file *f, struct hunk *hunk, const char *from,
                       const char *to, const struct change **ret_change)
{
    const struct target *t = f->target;
    struct back_target *back = &w->out->back->target[f->index];
    struct doc *now = arena_alloc(sizeof(*now));
    struct change *change = arena_alloc(sizeof(*change));
    struct extract extract;
    struct at at;
    *change = (struct change){.doc = now, .in_file = hunk, .n_hunk = t->n_hunk};
    if (!file_resolve(w->store->root, t->path, &at, w->err))
        return false;
    bool ok = extract_around(&at, change->in_file, change->n_hunk, &extract, &change->hunk, w->err);
    close(at.dir);
    if (!ok)
        return false;
    const char **wrote = arena_alloc((t->n_hunk + 1) * sizeof(*wrote));
    for (size_t i = 0; i < t->n_hunk; i++)
        wrote[i] = t->hunk[i].bytes;
    if (change->hunk == NULL || !hunk_fit(extract.text, extract.len, change->hunk, wrote, t->n_hunk))
        return way_back_damaged(w);
    *now = (struct doc){.id = t->document,
                        .path = t->path,
                        .real = t->path,
                        .text = extract.text,
                        .len = extract.len,
                        .identity = extract.identity,
                        .piece = extract.piece,
                        .n_piece = extract.n_piece};
    memcpy(now->digest, from, sizeof(now->digest));
    memcpy(back->from, from, sizeof(back->from));
    memcpy(back->to, to, sizeof(back->to));
    memcpy(change->after_digest, to, sizeof(change->after_digest));
    change->after = hunk_splice(now->text, now->len, change->hunk, change->n_hunk, &change->after_len);
    change->after_piece = extract_moved(now->piece, now->n_piece, now->text, change->hunk, change->n_hunk);
    struct plan *plan = &w->out->plan;
    plan->change = arena_append(plan->change, &plan->n_change, sizeof(*change), change);
    *ret_change = change;
    return true;
}

static bool plan_straight(const struct walk *w, const struct file *f)
{
    const struct target *t = f->target;
    const struct change *change;
    return add_change(w, f, hunk_reverse(t->hunk, t->old, t->n_hunk), t->after, t->before, &change);
}

/* ---- large, and changed since ---- */

/* The text that mailfix wrote, which is nowhere any more but what the hunks make of the one in before/. */
struct wrote {
    struct at before;
    struct extract extract; /* of before, around the hunks */
    struct hunk *hunk;      /* in it */
    const char *text;       /* the same of what was written */
    size_t len;
    struct piece *piece;
    struct hunk *back; /* in text */
};

static bool find_wrote(const struct walk *w, const struct file *f, struct wrote *ret)
{
    const struct target *t = f->target;
    if (!file_resolve(w->store->root, way_back_slot(w->chosen, f->index), &ret->before, w->err))
        return false;
    if (!record_extract(t, &ret->before, &ret->extract, &ret->hunk, w->err)) {
        close(ret->before.dir);
        return false;
    }
    if (ret->hunk == NULL) {
        close(ret->before.dir);
        return way_back_damaged(w);
    }
    const struct extract *e = &ret->extract;
    ret->text = hunk_splice(e->text, e->len, ret->hunk, t->n_hunk, &ret->len);
    ret->piece = extract_moved(e->piece, e->n_piece, e->text, ret->hunk, t->n_hunk);
    ret->back = hunk_reverse(ret->hunk, t->old, t->n_hunk);
    return true;
}

/* The lines of each hunk with 0, 1, ... lines around. */
static struct needle *needles_of(const struct wrote *wrote, size_t n_hunk, size_t *ret_n)
{
    struct needle *needle = NULL;
    *ret_n = 0;
    for (size_t i = 0; i < n_hunk; i++)
        for (int context = 0; context <= MERGE_CONTEXT; context++) {
            struct span span = merge_lines(wrote->text, wrote->len, &wrote->back[i], context);
            struct needle one = {.bytes = wrote->text + span.start, .len = span.end - span.start};
            needle = arena_append(needle, ret_n, sizeof(one), &one);
        }
    return needle;
}

static bool count_needles(const struct file_edit *edit, struct needle *needle, size_t n, struct err *err)
{
    struct seek *seek = seek_begin(needle, n);
    bool ok = file_edit_read(edit, seek_block, seek, err);
    seek_end(seek);
    return ok;
}

/* As merge_find does it: with as many lines around as make them the only ones in the text that was written.
 */
static bool place_hunks(const struct walk *w, const struct file *f, const struct wrote *wrote,
                        const struct needle *then, const struct needle *now, struct hunk **ret_hunk)
{
    size_t n = f->target->n_hunk;
    struct hunk *found = arena_alloc((n + 1) * sizeof(*found));
    for (size_t i = 0; i < n; i++) {
        const struct hunk *h = &wrote->back[i];
        size_t k = i * (MERGE_CONTEXT + 1), end = k + MERGE_CONTEXT + 1;
        while (k < end && (then[k].len == 0 || then[k].count != 1))
            k++;
        found[i] = *h;
        found[i].at = k < end ? now[k].at + (h->at - (size_t)(then[k].bytes - wrote->text)) : 0;
        if (k == end || now[k].count != 1 ||
            (i > 0 && found[i].at <= found[i - 1].at + found[i - 1].old_len)) {
            size_t line = extract_line(wrote->piece, wrote->extract.n_piece, wrote->text, h->at, false);
            return way_back_refuse_hunk(w, f, line, (struct text){wrote->text, wrote->len, false}, h->at);
        }
    }
    *ret_hunk = found;
    return true;
}

static bool find_hunks(const struct walk *w, const struct file *f, const struct wrote *wrote,
                       const struct file_edit *now, struct hunk **ret_hunk)
{
    const struct target *t = f->target;
    const struct file_edit then = {wrote->before.dir, wrote->before.name, &wrote->extract.identity, t->hunk,
                                   t->n_hunk};
    size_t n;
    struct needle *in_then = needles_of(wrote, t->n_hunk, &n),
                  *in_now = arena_alloc((n + 1) * sizeof(*in_now));
    memcpy(in_now, in_then, n * sizeof(*in_now));
    return count_needles(&then, in_then, n, w->err) && count_needles(now, in_now, n, w->err) &&
           place_hunks(w, f, wrote, in_then, in_now, ret_hunk);
}

/* What somebody made of the text, without what mailfix wrote. */
static bool merge(const struct walk *w, const struct file *f, const char *from, const struct file_edit *now)
{
    struct wrote wrote;
    struct hunk *hunk = NULL;
    char to[DIGEST_HEX + 1];
    if (!find_wrote(w, f, &wrote))
        return false;
    bool ok = find_hunks(w, f, &wrote, now, &hunk);
    close(wrote.before.dir);
    if (!ok)
        return false;
    struct file_edit without = *now;
    without.hunk = hunk;
    without.n_hunk = f->target->n_hunk;
    return file_edit_digest(&without, to, w->err) &&
           add_change(w, f, hunk, from, to, &w->out->text[f->index].large);
}

static bool plan_merge(const struct walk *w, const struct file *f, const char *from)
{
    struct found found;
    if (!way_back_find(w, f->target->path, &found))
        return false;
    const struct file_edit now = {.dir = found.at.dir, .name = found.at.name, .identity = &found.identity};
    bool ok = merge(w, f, from, &now);
    close(found.at.dir);
    return ok;
}

bool way_back_without(const struct walk *w, const struct file *f, struct hunk *hunk, const char *from,
                      const char *to)
{
    struct found found;
    char hex[DIGEST_HEX + 1];
    if (!way_back_find(w, f->target->path, &found))
        return false;
    const struct file_edit without = {found.at.dir, found.at.name, &found.identity, hunk, f->target->n_hunk};
    bool ok = file_edit_digest(&without, hex, w->err);
    close(found.at.dir);
    if (ok && strcmp(hex, to) != 0)
        return way_back_damaged(w);
    return ok && add_change(w, f, hunk, from, to, &w->out->text[f->index].large);
}

static bool is_large(const struct walk *w, const struct file *f, char ret_digest[DIGEST_HEX + 1])
{
    struct at at;
    struct identity identity;
    struct err ignored;
    int fd;
    if (f->target->before[0] == '\0' || !file_resolve(w->store->root, f->target->path, &at, &ignored))
        return false;
    bool large = file_open_text(&at, &fd, &identity, &ignored);
    if (large)
        close(fd);
    large = large && identity.size > (off_t)FILE_LIMIT && strcmp(at.path, f->target->path) == 0 &&
            file_digest(at.dir, at.name, ret_digest, &ignored);
    close(at.dir);
    return large;
}

static bool plan_large(const struct walk *w, const struct file *f, const char *now)
{
    const struct target *t = f->target;
    struct back_target *back = &w->out->back->target[f->index];
    struct strings later = {0};
    bool planned = false;
    for (size_t i = 0; i < f->n_later; i++)
        strings_add(&later, f->later[i]->id);
    if (later.n > 0 && !way_back_chain(w, f, now, &planned))
        return false;
    if (later.n > 0)
        return planned || way_back_dependent(w, f, &later);
    memcpy(back->from, now, sizeof(back->from));
    memcpy(back->to, t->before, sizeof(back->to));
    if (strcmp(now, t->before) == 0)
        return true;                /* somebody took it back already */
    if (strcmp(now, t->after) == 0) /* an older one was taken out from below it */
        return way_back_without(w, f, hunk_reverse(t->hunk, t->old, t->n_hunk), now, t->before);
    if (!way_back_has_file(w, way_back_slot(w->chosen, f->index), t->before))
        return way_back_damaged(w);
    if (w->way == WAY_MERGE)
        return plan_merge(w, f, now);
    back->edited = true;
    if (w->way == WAY_FORCE)
        return true;
    return err_outcome(w->err, NEEDS_PERSON,
                       "%s was edited since transaction %s wrote it, and a rollback would lose that edit. "
                       "Take back only what mailfix changed with --merge, or put the edited file aside with "
                       "--force (its text from before is %s%s)",
                       t->path, w->chosen->id, w->store->root->path, way_back_slot(w->chosen, f->index));
}

bool way_back_table(const struct walk *w, const struct file *f, bool *ret_planned)
{
    char now[DIGEST_HEX + 1];
    *ret_planned = true;
    if (is_straight(w, f))
        return plan_straight(w, f);
    if (is_large(w, f, now))
        return plan_large(w, f, now);
    *ret_planned = false;
    return true;
}
