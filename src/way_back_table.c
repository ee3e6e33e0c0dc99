/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The way back of a table's text, of any size. One that nobody changed since is taken from before/ by its
 * digest, and only the places of the hunks are read, to be shown.
 *
 * Limits: of a text of more than FILE_LIMIT bytes that was changed since there is no merge, and no diff.
 */
#include "way_back_private.h"

#include "doc.h"
#include "extract.h"
#include "hunk.h"

#include <string.h>
#include <unistd.h>

static bool has_file(const struct walk *w, const char *path, const char *digest)
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
           has_file(w, t->path, t->after) && has_file(w, way_back_slot(w->chosen, f->index), t->before);
}

static bool plan_straight(const struct walk *w, const struct file *f)
{
    const struct target *t = f->target;
    struct back_target *back = &w->out->back->target[f->index];
    struct doc *now = arena_alloc(sizeof(*now));
    struct extract extract;
    struct change change = {
        .doc = now, .in_file = hunk_reverse(t->hunk, t->old, t->n_hunk), .n_hunk = t->n_hunk};
    struct at at;
    if (!file_resolve(w->store->root, t->path, &at, w->err))
        return false;
    bool ok = extract_around(&at, change.in_file, change.n_hunk, &extract, &change.hunk, w->err);
    close(at.dir);
    if (!ok)
        return false;
    const char **wrote = arena_alloc((t->n_hunk + 1) * sizeof(*wrote));
    for (size_t i = 0; i < t->n_hunk; i++)
        wrote[i] = t->hunk[i].bytes;
    if (change.hunk == NULL || !hunk_fit(extract.text, extract.len, change.hunk, wrote, t->n_hunk))
        return way_back_damaged(w);
    *now = (struct doc){.id = t->document,
                        .path = t->path,
                        .real = t->path,
                        .text = extract.text,
                        .len = extract.len,
                        .identity = extract.identity,
                        .piece = extract.piece,
                        .n_piece = extract.n_piece};
    memcpy(now->digest, t->after, sizeof(now->digest));
    memcpy(back->from, t->after, sizeof(back->from));
    memcpy(back->to, t->before, sizeof(back->to));
    memcpy(change.after_digest, t->before, sizeof(change.after_digest));
    change.after = hunk_splice(now->text, now->len, change.hunk, change.n_hunk, &change.after_len);
    change.after_piece = extract_moved(now->piece, now->n_piece, now->text, change.hunk, change.n_hunk);
    struct plan *plan = &w->out->plan;
    plan->change = arena_append(plan->change, &plan->n_change, sizeof(change), &change);
    return true;
}

/* Too large to be read whole, so nobody can look where the hunks are now. */
static bool is_large(const struct walk *w, const struct file *f, char ret_digest[DIGEST_HEX + 1])
{
    struct at at;
    struct identity identity;
    struct err ignored;
    int fd;
    if (f->n_later > 0 || f->target->before[0] == '\0' ||
        !file_resolve(w->store->root, f->target->path, &at, &ignored))
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
    memcpy(back->from, now, sizeof(back->from));
    memcpy(back->to, t->before, sizeof(back->to));
    if (strcmp(now, t->before) == 0)
        return true; /* somebody took it back already */
    if (!has_file(w, way_back_slot(w->chosen, f->index), t->before))
        return way_back_damaged(w);
    back->edited = true;
    if (w->way == WAY_FORCE)
        return true;
    return err_outcome(w->err, NEEDS_PERSON,
                       "%s was edited since transaction %s wrote it, and is too large to take back only what "
                       "mailfix changed. Put the edited file aside with --force (its text from before is "
                       "%s%s)",
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
