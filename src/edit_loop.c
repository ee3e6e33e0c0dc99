/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The loop of a step; see edit.h. To read the text of a table, to splice it and to prove the result costs the
 * same for one entry as for thousands: so items that ensure entries of a table go together, as far as none of
 * them is about what another one leaves.
 *
 * An item is on its own from those before it when they have not touched a name of its, and no condition of
 * the step asks for what they change. One that is not begins a new round. Where it all together does not
 * succeed, the items are done one by one, so that what is said is said of the one that fails.
 */
#include "edit_literal.h"
#include "edit_private.h"
#include "records.h"
#include "set.h"

#include <string.h>

struct item {
    const char *text; /* of the literal */
    struct node *want;
    size_t n;
};

struct loop {
    struct context *ctx;
    const struct step *step;
    struct drafts *drafts;
    struct item *item;
    size_t n;
    struct strings keys; /* of all items */
    struct set texts, names;
    bool changed;
    struct err *err;
};

/* ---- which loops ---- */

static bool asks_table(const struct cond *cond)
{
    switch (cond->kind) {
    case COND_IS:
    case COND_VERSION:
    case COND_TABLE_TYPE:
    case COND_PARAMETER:
    case COND_ACCOUNT:
        return false;
    case COND_SOME:
    case COND_NONE:
    case COND_AT_MOST_ONE:
    case COND_DISTINCT:
        return strchr(cond->place.document, '{') != NULL || doc_can_be_absent(cond->place.document);
    default:
        return true;
    }
}

static bool go_together(const struct context *ctx, const struct step *step)
{
    bool ensures = !step->has_each && (step->verb == EDIT_ENSURE || step->verb == EDIT_RAISE);
    bool fixed = strchr(step->document, '{') == NULL && !step->has_after && !step->has_before;
    bool asks = false;
    for (size_t i = 0; i < step->n_when; i++)
        asks |= asks_table(&step->when[i]);
    return ensures && fixed && !asks && doc_can_be_absent(step->document) &&
           context_loop_count(ctx, step->loop) > 1;
}

/* ---- one by one ---- */

/* *ret_due: the step is for this item. */
static bool is_due(struct context *item, const struct step *step, bool *ret_due, struct err *err)
{
    enum verdict verdict;
    if (!cond_all(item, step->when, step->n_when, &verdict, err))
        return false;
    if (verdict == CANNOT_TELL)
        return context_missing(item, "what to change", err);
    *ret_due = verdict == HOLDS;
    return true;
}

static bool one_by_one(struct context *ctx, const struct step *step, struct drafts *drafts, bool *ret_changed,
                       struct err *err)
{
    *ret_changed = false;
    for (size_t i = 0; i < context_loop_count(ctx, step->loop); i++) {
        struct context item = context_loop_item(ctx, step->loop, i);
        bool due = false, changed;
        if (!is_due(&item, step, &due, err))
            return false;
        if (!due)
            continue;
        if (!edit_step(&item, step, drafts, &changed, err))
            return false;
        *ret_changed |= changed;
    }
    return true;
}

/* ---- together ---- */

static bool read_items(struct loop *loop)
{
    for (size_t i = 0; i < context_loop_count(loop->ctx, loop->step->loop); i++) {
        struct context ctx = context_loop_item(loop->ctx, loop->step->loop, i);
        struct item item;
        bool due = false;
        if (!is_due(&ctx, loop->step, &due, loop->err))
            return false;
        if (!due)
            continue;
        if (!literal_read(&ctx, loop->step, &item.text, &item.want, &item.n, loop->err))
            return false;
        loop->item = arena_append(loop->item, &loop->n, sizeof(item), &item);
        for (size_t k = 0; k < item.n; k++)
            strings_add(&loop->keys, item.want[k].value);
    }
    return true;
}

static bool is_touched(const struct loop *loop, const struct item *item)
{
    for (size_t i = 0; i < item->n; i++)
        if (set_has(&loop->names, records_name(item->want[i].value)))
            return true;
    return false;
}

/* What was kept as a comment may be an entry of another name that is commented out. */
static void note_comment(struct loop *loop, const char *comment)
{
    bool alias = strcmp(loop->step->document, "aliases") == 0;
    size_t len = strlen(comment);
    for (size_t at = 0; at < len; at = text_line_end(comment, len, at)) {
        struct key key = records_commented_key(comment + at, len - at, alias);
        if (key.len > 0)
            set_add(&loop->names, records_name(arena_copy(key.bytes, key.len)));
    }
}

/* The names that an item has touched. */
static void note_names(struct loop *loop, const struct item *item, const struct jobs *jobs)
{
    for (size_t i = 0; i < item->n; i++)
        set_add(&loop->names, records_name(item->want[i].value));
    for (size_t i = 0; i < jobs->n; i++) {
        const struct job *job = jobs->job[i];
        for (size_t k = job->n_touch; k > 0 && job->touch[k - 1].item == jobs->item; k--)
            if (job->touch[k - 1].kept)
                note_comment(loop, job->touch[k - 1].comment);
    }
}

static bool has_conflict(const struct jobs *jobs)
{
    bool conflict = false;
    for (size_t i = 0; i < jobs->n; i++)
        conflict |= jobs->job[i]->conflict;
    return conflict;
}

/* Collects what the items from first on do, until one that depends on those before it: *ret_end. clean: what
 * that one would do is not among it. */
static bool collect(struct loop *loop, size_t first, size_t end, struct jobs *jobs, size_t *ret_end,
                    bool *ret_clean)
{
    const struct doc *const *doc;
    size_t n_doc, i = first;
    if (!docs_files(loop->ctx->docs, loop->step->document, &loop->keys, &doc, &n_doc, loop->err))
        return false;
    const struct edit_index *index = edit_index_of(doc, n_doc);
    loop->texts = loop->names = (struct set){0};
    *jobs = (struct jobs){.step = loop->step, .fix = loop->ctx->fix};
    *ret_clean = true;
    for (; i < end && *ret_clean; i++) {
        const struct item *item = &loop->item[i];
        if (set_has(&loop->texts, item->text)) /* it wants what is so by then */
            continue;
        if (is_touched(loop, item))
            break;
        set_add(&loop->texts, item->text);
        jobs->item = i - first + 1;
        if (!edit_ensure_entries(jobs, loop->ctx, index, doc, item->text, item->want, item->n, loop->err))
            return false;
        *ret_clean = !has_conflict(jobs);
        if (!*ret_clean)
            break;
        note_names(loop, item, jobs);
    }
    *ret_end = i;
    return true;
}

static bool together(struct loop *loop)
{
    for (size_t first = 0, end; first < loop->n; first = end) {
        struct jobs jobs;
        bool clean, changed = false;
        if (!collect(loop, first, loop->n, &jobs, &end, &clean) ||
            (!clean && !collect(loop, first, end, &jobs, &end, &clean)))
            return false;
        if (!edit_apply(&jobs, loop->ctx, loop->drafts, &changed, loop->err))
            return false;
        loop->changed |= changed;
    }
    return true;
}

/* The drafts as they are, which edits change in place. */
static struct drafts copy_of(const struct drafts *drafts)
{
    struct drafts copy = {0};
    for (size_t i = 0; i < drafts->n; i++)
        copy.draft = arena_append(copy.draft, &copy.n, sizeof(*copy.draft), &drafts->draft[i]);
    return copy;
}

bool edit_loop(struct context *ctx, const struct step *step, struct drafts *drafts, bool *ret_changed,
               struct err *err)
{
    if (!go_together(ctx, step))
        return one_by_one(ctx, step, drafts, ret_changed, err);
    const struct docs docs = *ctx->docs;
    const struct drafts before = copy_of(drafts);
    struct loop loop = {.ctx = ctx, .step = step, .drafts = drafts, .err = err};
    if (!edit_has_text(ctx, step, err) || !read_items(&loop))
        return false;
    if (!together(&loop)) {
        *ctx->docs = docs;
        *drafts = before;
        return one_by_one(ctx, step, drafts, ret_changed, err);
    }
    *ret_changed = loop.changed;
    return true;
}
