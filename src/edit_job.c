/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a step collects for a file: splices, and what they are meant to do; see edit_private.h.
 *
 * Several items of a loop may collect for the same text. They are done as if each were put into the text that
 * the one before left: so what goes behind a node stands in front of what items before it put there, and what
 * goes before a node, or to the end, behind that.
 */
#include "edit_private.h"

#include <string.h>

struct job *edit_job_of(struct jobs *jobs, const struct doc *doc)
{
    for (size_t i = 0; i < jobs->n; i++)
        if (jobs->job[i]->doc == doc) {
            jobs->job[i]->item = jobs->item;
            return jobs->job[i];
        }
    struct job *job = arena_alloc(sizeof(*job));
    *job = (struct job){.step = jobs->step, .fix = jobs->fix, .doc = doc, .item = jobs->item};
    job->mark = arena_alloc((doc->n_node + 1) * sizeof(*job->mark));
    jobs->job = arena_append(jobs->job, &jobs->n, sizeof(struct job *), &job);
    return job;
}

struct splice *edit_add(struct job *job, size_t start, size_t end, const char *bytes)
{
    struct splice splice = {.start = start,
                            .end = end,
                            .bytes = bytes,
                            .len = strlen(bytes),
                            .order = job->n_splice,
                            .item = job->item};
    job->splice = arena_append(job->splice, &job->n_splice, sizeof(splice), &splice);
    return &job->splice[job->n_splice - 1];
}

/* ---- between two nodes ---- */

/* What is known of the place where a node begins, or the text ends; NULL: none does there. */
static struct mark *mark_at(const struct job *job, size_t at)
{
    const struct doc *doc = job->doc;
    size_t low = 0, high = doc->n_node;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (doc->node[middle].span.start < at)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < doc->n_node ? doc->node[low].span.start == at : at == doc->len;
    return found ? &job->mark[low] : NULL;
}

bool edit_was_put(const struct job *job, size_t at, bool by_others)
{
    const struct mark *mark = mark_at(job, at);
    return mark != NULL && mark->put && !(by_others && mark->item == job->item && !mark->others);
}

void edit_put(struct job *job, size_t at, enum side side, const char *bytes)
{
    struct splice *splice = edit_add(job, at, at, bytes);
    struct mark *mark = mark_at(job, at);
    splice->kind = ENTRY;
    if (mark == NULL)
        return;
    bool same_item = mark->put && mark->item == job->item;
    if (!same_item) {
        mark->others = mark->put;
        mark->put = true;
        mark->item = job->item;
        mark->side = side == BESIDE ? BEFORE_NODE : side;
    } else if (side != BESIDE && side != mark->side && mark->others) {
        job->conflict = true; /* what others put there would stand between the two */
    }
    splice->rank = (mark->side == BEHIND_NODE ? -1 : 1) * (ptrdiff_t)job->item;
}

void edit_put_entry(struct job *job, size_t at, enum side side, const char *bytes, const struct added *like)
{
    edit_put(job, at, side, bytes);
    struct added added = *like;
    added.at = at;
    added.rank = job->splice[job->n_splice - 1].rank;
    edit_added(job, &added);
}

void edit_added(struct job *job, const struct added *like)
{
    struct added added = *like;
    added.item = job->item;
    added.order = job->n_added;
    job->added = arena_append(job->added, &job->n_added, sizeof(added), &added);
}

/* ---- what it is meant to do ---- */

/* Where the touch of a top-level node is kept. */
static uint32_t *touch_slot(const struct job *job, const struct node *node)
{
    const struct node *first = job->doc->node;
    bool top = first != NULL && node >= first && node < first + job->doc->n_node;
    return top ? &job->mark[node - first].touch : NULL;
}

static struct touch *find_touch(const struct job *job, const struct node *node)
{
    const uint32_t *slot = touch_slot(job, node);
    if (slot != NULL)
        return *slot > 0 ? &job->touch[*slot - 1] : NULL;
    for (size_t i = 0; i < job->n_touch; i++)
        if (job->touch[i].node == node)
            return &job->touch[i];
    return NULL;
}

const struct touch *edit_touch_of(const struct job *job, const struct node *node)
{
    return find_touch(job, node);
}

struct touch *edit_touch(struct job *job, const struct node *node)
{
    struct touch *there = find_touch(job, node), touch = {.node = node, .item = job->item};
    uint32_t *slot = touch_slot(job, node);
    if (there != NULL)
        return there;
    job->touch = arena_append(job->touch, &job->n_touch, sizeof(touch), &touch);
    if (slot != NULL)
        *slot = (uint32_t)job->n_touch;
    return &job->touch[job->n_touch - 1];
}

struct part_touch *edit_part(struct job *job, const struct node *node, const struct node *part)
{
    struct touch *touch = edit_touch(job, node);
    for (size_t i = 0; i < touch->n_part; i++)
        if (touch->part[i].part == part)
            return &touch->part[i];
    struct part_touch new = {.part = part};
    touch->part = arena_append(touch->part, &touch->n_part, sizeof(new), &new);
    return &touch->part[touch->n_part - 1];
}
