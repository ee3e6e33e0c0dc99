/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The way back of a transaction; see way_back.h.
 *
 * The kept transactions that changed a file are a chain: the text that one left is the text that the next one
 * found (record.h keeps that true when one is taken out of the middle). The hunks that lead back are carried
 * through the hunks of each later link, and those of the later links are carried over to the text without
 * this one; both ways must give the same text in the end.
 *
 * Limits: a text from before that is in no record's before/ is computed from one that is.
 */
#include "way_back_private.h"

#include "hunk.h"
#include "maps.h"
#include "secret.h"

#include <string.h>
#include <unistd.h>

static struct text splice(struct text text, const struct hunk *hunk, size_t n)
{
    struct text spliced = {0};
    spliced.bytes = hunk_splice(text.bytes, text.len, hunk, n, &spliced.len);
    return spliced;
}

static void take_digest(struct text text, char ret_hex[DIGEST_HEX + 1])
{
    if (text.absent)
        ret_hex[0] = '\0';
    else
        digest_hex(text.bytes, text.len, ret_hex);
}

static bool has_digest(struct text text, const char *digest)
{
    char hex[DIGEST_HEX + 1];
    take_digest(text, hex);
    return strcmp(hex, digest) == 0;
}

/* ---- texts from before ---- */

const char *way_back_slot(const struct record *record, size_t index)
{
    return arena_printf(STORE "/txn/%s/before/%zu", record->id, index);
}

static bool is_text(const struct walk *w, const char *path, const char *digest, struct text *ret)
{
    struct err ignored;
    *ret = (struct text){0};
    return file_read_path(w->store->root, path, ANY_OWNER, &ret->bytes, &ret->len, &ignored) &&
           has_digest(*ret, digest);
}

/* The text before a change: as it was first applied, or as it stands since a rollback of an older one. */
static bool text_before(const struct walk *w, const char *path, const char *digest, struct text *ret)
{
    if (digest[0] == '\0') {
        *ret = (struct text){.bytes = "", .absent = true};
        return true;
    }
    for (const struct record *r = w->record; r < w->record + w->n; r++) {
        for (size_t k = 0; k < r->n_target; k++) {
            const struct target *t = record_written(&r->target[k]);
            if (strcmp(t->path, path) == 0 && strcmp(t->before, digest) == 0 &&
                is_text(w, way_back_slot(r, k), digest, ret))
                return true;
        }
        for (size_t k = 0; r->back != NULL && k < r->back->n_later; k++) {
            const struct target *t = &r->back->later[k].target;
            if (strcmp(t->path, path) == 0 && strcmp(t->before, digest) == 0 &&
                is_text(w, arena_printf(STORE "/txn/%s/rebased/%zu", r->id, k), digest, ret))
                return true;
        }
    }
    return false;
}

bool way_back_damaged(const struct walk *w)
{
    return err_outcome(w->err, NEEDS_PERSON,
                       "the record %s does not lead back to the text that it says; it is damaged. The text "
                       "from before is in its directory before/",
                       w->chosen->id);
}

/* ---- a file that was edited ---- */

/* without, with this transaction; what somebody made of the latter */
static bool refuse_edited(const struct walk *w, const struct file *f, struct text without, struct text with,
                          struct text now)
{
    struct edited_file *edited = arena_alloc(sizeof(*edited));
    *edited = (struct edited_file){.document = f->target->document,
                                   .path = f->target->path,
                                   .before = without.bytes,
                                   .before_len = without.len,
                                   .wrote = with.bytes,
                                   .wrote_len = with.len,
                                   .now = now.bytes,
                                   .now_len = now.len};
    w->out->refused = edited;
    if (without.absent)
        return err_outcome(
            w->err, NEEDS_PERSON,
            "%s was made by transaction %s and edited since, and a rollback would lose that "
            "edit. Take back only what mailfix wrote with --merge, or put the edited file aside "
            "with --force",
            f->target->path, w->chosen->id);
    return err_outcome(w->err, NEEDS_PERSON,
                       "%s was edited since transaction %s wrote it, and a rollback would lose that edit. "
                       "Take back only what mailfix changed with --merge, or put the edited file aside with "
                       "--force (its text from before is %s%s)",
                       f->target->path, w->chosen->id, w->store->root->path,
                       way_back_slot(w->chosen, f->index));
}

bool way_back_refuse_hunk(const struct walk *w, const struct file *f, size_t line, struct text wrote,
                          size_t at)
{
    struct position p = text_position(wrote.bytes, wrote.len, at);
    size_t start = (size_t)(p.start - wrote.bytes);
    const char *hidden =
        secret_line(wrote.bytes, start, start + p.len, secret_file(f->target->document, f->target->path));
    if (hidden != NULL) {
        p.start = hidden;
        p.len = strcspn(hidden, "\n");
    }
    return err_outcome(w->err, NEEDS_PERSON,
                       "%s was edited where transaction %s changed it: what it wrote in line %zu (%.*s) does "
                       "not stand there exactly once any more. Take it back by hand, or put the edited file "
                       "aside with --force",
                       f->target->path, w->chosen->id, line, (int)(p.len < 100 ? p.len : 100), p.start);
}

/* Line of a hunk in the text that mailfix wrote, for people. */
static bool refuse_hunk(const struct walk *w, const struct file *f, struct text with, size_t lost)
{
    size_t at = f->back[lost].at;
    return way_back_refuse_hunk(w, f, text_position(with.bytes, with.len, at).line, with, at);
}

/* The hunks that lead back, in what somebody made of the text. */
static bool follow_edit(const struct walk *w, struct file *f, struct text without, struct text with,
                        struct text now)
{
    size_t lost;
    if (w->way != WAY_MERGE)
        return refuse_edited(w, f, without, with, now);
    return merge_find(with.bytes, with.len, f->back, f->n_back, now.bytes, now.len, &f->back, &lost)
               ? true
               : refuse_hunk(w, f, with, lost);
}

/* ---- the chain ---- */

static void find_later(const struct walk *w, struct file *f)
{
    for (const struct record *r = w->chosen + 1; r < w->record + w->n; r++)
        for (size_t k = 0; k < r->n_target && r->state == TXN_KEPT; k++) {
            const struct target *t = &r->target[k];
            size_t n = f->n_later;
            if (strcmp(t->path, f->target->path) != 0)
                continue;
            f->later = arena_append(f->later, &n, sizeof(r), &r);
            f->change = arena_append(f->change, &f->n_later, sizeof(t), &t);
        }
}

/* The hunks that do not touch the others. */
static void drop_touching(struct text text, struct file *f, const struct target *change)
{
    size_t kept = 0;
    for (size_t i = 0; i < f->n_back; i++)
        if (!merge_touches(text.bytes, text.len, &f->back[i], change->hunk, change->n_hunk))
            f->back[kept++] = f->back[i];
    f->n_back = kept;
}

bool way_back_dependent(const struct walk *w, const struct file *f, const struct strings *dependent)
{
    return err_outcome(w->err, NEEDS_PERSON,
                       dependent->n == 1
                           ? "%s was changed again by transaction %s; roll that one back first"
                           : N_("%s was changed again by the transactions %s; roll those back first"),
                       f->target->path, strings_join(dependent, ", "));
}

/* The change of one later link in the text without this transaction. */
static void rebase(const struct walk *w, const struct file *f, size_t i, struct text from, struct text to,
                   struct hunk *hunk)
{
    const struct target *change = f->change[i];
    struct back *back = w->out->back;
    struct rebased later = {
        .number = f->later[i]->number,
        .text = from.bytes,
        .len = from.len,
        .target = {.path = change->path, .hunk = hunk, .old = change->old, .n_hunk = change->n_hunk}};
    take_digest(from, later.target.before);
    take_digest(to, later.target.after);
    back->later = arena_append(back->later, &back->n_later, sizeof(later), &later);
}

/* Carries the hunks that lead back to the end of the chain, and the later links over to the text without. */
static bool walk_chain(const struct walk *w, struct file *f)
{
    struct strings dependent = {0};
    const struct target *t = f->target;
    struct text with, without = f->before;
    if (!hunk_fit(f->before.bytes, f->before.len, t->hunk, t->old, t->n_hunk))
        return way_back_damaged(w);
    f->back = hunk_reverse(t->hunk, t->old, t->n_hunk);
    f->n_back = t->n_hunk;
    with = splice(f->before, t->hunk, t->n_hunk);
    if (!has_digest(with, t->after))
        return way_back_damaged(w);
    for (size_t i = 0; i < f->n_later; i++) {
        const struct target *change = f->change[i];
        struct text found;
        size_t all = f->n_back;
        if (!has_digest(with, change->before)) { /* edited between the two */
            if (!text_before(w, change->path, change->before, &found))
                return way_back_damaged(w);
            if (!follow_edit(w, f, without, with, found))
                return false;
            with = found;
            without = splice(with, f->back, f->n_back);
        }
        if (!hunk_fit(with.bytes, with.len, change->hunk, change->old, change->n_hunk))
            return way_back_damaged(w);
        drop_touching(with, f, change);
        if (f->n_back < all)
            strings_add(&dependent, f->later[i]->id);
        /* Without a hunk that has to stay there is no text without this transaction; the walk goes on only to
         * name all that depend on it. */
        if (dependent.n == 0) {
            struct hunk *carried = merge_move(change->hunk, change->n_hunk, f->back, f->n_back);
            struct text next = splice(without, carried, change->n_hunk);
            rebase(w, f, i, without, next, carried);
            without = next;
        }
        f->back = merge_move(f->back, f->n_back, change->hunk, change->n_hunk);
        with = splice(with, change->hunk, change->n_hunk);
    }
    if (dependent.n > 0)
        return way_back_dependent(w, f, &dependent);
    f->wrote = with;
    f->result = splice(with, f->back, f->n_back);
    f->result.absent = f->before.absent && f->result.len == 0;
    if (f->result.len != without.len || memcmp(f->result.bytes, without.bytes, without.len) != 0)
        return way_back_damaged(w);
    return true;
}

/* ---- one target ---- */

/* Of what is too large to be read the digest is enough to put it aside. */
static bool read_what_stands(const struct walk *w, struct file *f, const struct at *at, struct doc *now)
{
    struct err why;
    if (file_read_bytes(at, &now->text, &now->len, &now->identity, &why)) {
        digest_hex(now->text, now->len, now->digest);
        return true;
    }
    if (!file_is_regular(at->dir, at->name)) {
        *w->err = why;
        return false;
    }
    f->unread = arena_string(why.text);
    return file_digest(at->dir, at->name, now->digest, w->err);
}

static bool read_now(const struct walk *w, struct file *f)
{
    const struct target *t = f->target;
    struct doc *now = arena_alloc(sizeof(*now));
    struct at at;
    now->id = t->document;
    now->path = now->real = t->path;
    if (!file_resolve(w->store->root, t->path, &at, w->err))
        return false;
    now->absent = t->before[0] == '\0' && !file_is_there(at.dir, at.name);
    now->text = "";
    if (now->absent) {
        close(at.dir);
        f->now = now;
        return true;
    }
    bool gone = !file_is_there(at.dir, at.name);
    if (gone)
        err_outcome(
            w->err, NEEDS_PERSON,
            "%s is gone; its text from before transaction %s is %s%s: put the file there that you want",
            t->path, w->chosen->id, w->store->root->path, way_back_slot(w->chosen, f->index));
    bool ok = gone ? false
              : strcmp(at.path, t->path) == 0
                  ? read_what_stands(w, f, &at, now)
                  : err_outcome(w->err, NEEDS_PERSON, "%s leads to %s now", t->path, at.path);
    close(at.dir);
    f->now = now;
    return ok;
}

/* What is written: change->doc is the file as it stands. */
static bool make_change(const struct walk *w, struct file *f, struct change *change)
{
    struct text now = {.bytes = f->now->text, .len = f->now->len};
    bool edited = !has_digest(f->wrote, f->now->digest);
    if (f->unread != NULL && w->way != WAY_FORCE)
        return err_outcome(
            w->err, NEEDS_PERSON,
            "%s was edited since transaction %s wrote it, and it cannot be compared: %s. To put the "
            "edited file aside: --force (its text from before is %s%s)",
            f->target->path, w->chosen->id, f->unread, w->store->root->path,
            way_back_slot(w->chosen, f->index));
    if (edited && w->way != WAY_FORCE && !follow_edit(w, f, f->result, f->wrote, now))
        return false;
    change->hunk = f->back;
    change->n_hunk = f->n_back;
    if (edited && w->way == WAY_FORCE) {
        change->hunk = arena_alloc(sizeof(*change->hunk));
        *change->hunk = (struct hunk){.old_len = now.len, .bytes = f->result.bytes, .len = f->result.len};
        change->n_hunk = 1;
        w->out->back->target[f->index].edited = true;
    }
    struct text after = splice(now, change->hunk, change->n_hunk);
    after.absent = f->before.absent && after.len == 0;
    take_digest(after, change->after_digest);
    change->after = after.bytes;
    change->after_len = after.len;
    return true;
}

/* Somebody built the index anew from the text that mailfix wrote, which has not changed: there is no edit in
 * it, and the text goes back with it. */
static bool is_built_again(const struct walk *w, const struct target *index)
{
    for (size_t i = 0; i < w->chosen->n_target; i++) {
        const struct target *t = &w->chosen->target[i];
        size_t len = strlen(t->path);
        if (strcmp(t->document, RECORD_INDEX) != 0 && strncmp(index->path, t->path, len) == 0 &&
            index->path[len] == '.' && strchr(index->path + len, '/') == NULL)
            return way_back_has_file(w, t->path, t->after) &&
                   maps_is_made_of(w->store->root, index->path, t->path, strcmp(t->document, "aliases") == 0);
    }
    return false;
}

/* An index has no text to look into: it goes back while it is the one that was built, or another one of the
 * same text, which is kept. */
static bool plan_index(const struct walk *w, size_t index)
{
    const struct target *t = &w->chosen->target[index];
    struct file f = {.target = t, .index = index};
    struct back_target *back = &w->out->back->target[index];
    struct strings dependent = {0};
    struct at at;
    find_later(w, &f);
    for (size_t i = 0; i < f.n_later; i++)
        strings_add(&dependent, f.later[i]->id);
    if (dependent.n > 0)
        return way_back_dependent(w, &f, &dependent);
    if (!file_resolve(w->store->root, t->path, &at, w->err))
        return false;
    bool ok = file_digest(at.dir, at.name, back->from, w->err);
    close(at.dir);
    if (!ok)
        return false;
    memcpy(back->to, t->before, sizeof(back->to));
    if (strcmp(back->from, t->before) == 0 || strcmp(back->from, t->after) == 0)
        return true;
    back->edited = back->from[0] != '\0';
    if (w->way == WAY_FORCE || (back->edited && is_built_again(w, t)))
        return true;
    return err_outcome(
        w->err, NEEDS_PERSON,
        "%s was rebuilt or removed since transaction %s built it. To bring back the index from before "
        "all the same: --force; then rebuild it when the text is as you want it",
        t->path, w->chosen->id);
}

static bool plan_target(const struct walk *w, size_t index)
{
    bool planned;
    if (strcmp(w->chosen->target[index].document, RECORD_INDEX) == 0)
        return plan_index(w, index);
    struct file f = {.target = &w->chosen->target[index], .index = index};
    struct back_target *back = &w->out->back->target[index];
    find_later(w, &f);
    if (!way_back_table(w, &f, &planned))
        return false;
    if (planned)
        return true;
    if (!read_now(w, &f))
        return false;
    if (!text_before(w, f.target->path, f.target->before, &f.before))
        return way_back_damaged(w);
    if (!walk_chain(w, &f))
        return false;
    memcpy(back->from, f.now->digest, sizeof(back->from));
    memcpy(back->to, f.now->digest, sizeof(back->to));
    if (has_digest(f.result, f.now->digest))
        return true; /* somebody took it back already */
    struct change change = {.doc = f.now};
    if (!make_change(w, &f, &change))
        return false;
    memcpy(back->to, change.after_digest, sizeof(back->to));
    w->out->text[index] = (struct txn_text){.text = change.after, .len = change.after_len};
    struct plan *plan = &w->out->plan;
    plan->change = arena_append(plan->change, &plan->n_change, sizeof(change), &change);
    return true;
}

static unsigned next_order(const struct walk *w)
{
    unsigned order = 1;
    for (size_t i = 0; i < w->n; i++)
        if (w->record[i].back != NULL && w->record[i].back->order >= order)
            order = w->record[i].back->order + 1;
    return order;
}

bool way_back_plan(const struct store *store, const struct record *record, size_t n,
                   const struct record *chosen, enum way way, struct way_back *ret, struct err *err)
{
    struct walk w = {store, record, n, chosen, way, ret, err};
    memset(ret, 0, sizeof(*ret));
    ret->back = arena_alloc(sizeof(*ret->back));
    ret->back->order = next_order(&w);
    ret->back->n_target = chosen->n_target;
    ret->back->target = arena_alloc((chosen->n_target + 1) * sizeof(*ret->back->target));
    ret->text = arena_alloc((chosen->n_target + 1) * sizeof(*ret->text));
    for (size_t i = 0; i < chosen->n_target; i++)
        if (!plan_target(&w, i))
            return false;
    ret->plan.action = chosen->action;
    ret->plan.n_action = chosen->n_action;
    return true;
}
