/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Edits; see edit.h. A step goes through four stages: find the rows, collect splices and what they are meant
 * to do, apply them from the end of the text to its start, parse and compare.
 */
#include "edit_private.h"
#include "hunk.h"
#include "words.h"

#include <stdlib.h>
#include <string.h>

/* ---- hunks ---- */

void edit_compose(struct draft *draft, size_t start, size_t end, const char *bytes, size_t len)
{
    struct hunk *list = NULL;
    size_t n = 0;
    struct buf text = {0};
    const char *now = draft->now->text;
    ptrdiff_t shift = 0; /* now offset = before offset + shift, in front of the hunk looked at */
    size_t low = start, high = end;
    ptrdiff_t low_shift = 0, high_shift = 0;
    bool placed = false;
    for (size_t i = 0; i < draft->n_hunk; i++) {
        const struct hunk *h = &draft->hunk[i];
        size_t now_start = (size_t)((ptrdiff_t)h->at + shift), now_end = now_start + h->len;
        ptrdiff_t after = shift + (ptrdiff_t)h->len - (ptrdiff_t)h->old_len;
        if (now_end < start) {
            list = arena_append(list, &n, sizeof(*h), h);
            low_shift = high_shift = after;
        } else if (now_start <= end) { /* overlaps or touches: becomes part of the new hunk */
            if (now_start < low)
                low = now_start;
            if (now_end > high)
                high = now_end;
            high_shift = after;
        }
        shift = after;
    }
    buf_add(&text, now + low, start - low);
    buf_add(&text, bytes, len);
    buf_add(&text, now + end, high - end);
    struct hunk merged = {
        .at = (size_t)((ptrdiff_t)low - low_shift), .bytes = buf_text(&text), .len = text.len};
    merged.old_len = (size_t)((ptrdiff_t)high - high_shift) - merged.at;
    shift = 0;
    for (size_t i = 0; i < draft->n_hunk; i++) {
        const struct hunk *h = &draft->hunk[i];
        size_t now_start = (size_t)((ptrdiff_t)h->at + shift);
        if (now_start > end) {
            if (!placed)
                list = arena_append(list, &n, sizeof(merged), &merged);
            placed = true;
            list = arena_append(list, &n, sizeof(*h), h);
        }
        shift += (ptrdiff_t)h->len - (ptrdiff_t)h->old_len;
    }
    if (!placed)
        list = arena_append(list, &n, sizeof(merged), &merged);
    draft->hunk = list;
    draft->n_hunk = n;
}

/* ---- collecting ---- */

struct splice *edit_add(struct job *job, size_t start, size_t end, const char *bytes)
{
    struct splice splice = {
        .start = start, .end = end, .bytes = bytes, .len = strlen(bytes), .order = job->n_splice};
    job->splice = arena_append(job->splice, &job->n_splice, sizeof(splice), &splice);
    return &job->splice[job->n_splice - 1];
}

struct touch *edit_touch(struct job *job, const struct node *node)
{
    for (size_t i = 0; i < job->n_touch; i++)
        if (job->touch[i].node == node)
            return &job->touch[i];
    struct touch touch = {.node = node};
    job->touch = arena_append(job->touch, &job->n_touch, sizeof(touch), &touch);
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

size_t edit_next_line(const struct doc *doc, size_t at, size_t end)
{
    const char *newline = memchr(doc->text + at, '\n', end - at);
    return newline != NULL ? (size_t)(newline - doc->text) + 1 : end;
}

/* ---- splices in their order ---- */

static int compare(size_t a, size_t b)
{
    return (a > b) - (a < b);
}

static int by_position(const void *a, const void *b)
{
    const struct splice *x = a, *y = b;
    int order = compare(x->start, y->start);
    if (order == 0)
        order = compare(x->end, y->end);
    return order != 0 ? order : compare(x->order, y->order);
}

static int by_offset(const void *a, const void *b)
{
    const struct added *x = a, *y = b;
    return compare(x->at, y->at);
}

static bool is_cut(const struct splice *s)
{
    return s->kind == MEANT && s->len == 0;
}

/* What a cut leaves blank at the end of a line goes with it; when that is the whole line, its newline, too.
 * The name of its entry stands somewhere before it. */
static void tidy(const struct doc *doc, struct splice *s)
{
    static const char blanks[] = " \t\r\v\f";
    size_t start = s->start, end = s->end;
    while (end < doc->len && strchr(blanks, doc->text[end]) != NULL)
        end++;
    if (end < doc->len && doc->text[end] != '\n')
        return;
    while (strchr(blanks, doc->text[start - 1]) != NULL)
        start--;
    bool whole = doc->text[start - 1] == '\n';
    s->start = start;
    s->end = whole && end < doc->len ? end + 1 : end;
}

/* Cuts that meet become one, and each takes the blanks that it would leave. */
static void join_cuts(struct job *job)
{
    size_t kept = 0;
    for (size_t i = 0; i < job->n_splice; i++) {
        struct splice *s = &job->splice[i], *before = kept > 0 ? &job->splice[kept - 1] : NULL;
        if (before != NULL && is_cut(before) && is_cut(s) && s->start <= before->end)
            before->end = s->end > before->end ? s->end : before->end;
        else
            job->splice[kept++] = *s;
    }
    job->n_splice = kept;
    for (size_t i = 0; i < kept; i++)
        if (is_cut(&job->splice[i]))
            tidy(job->doc, &job->splice[i]);
}

static bool check_overlap(const struct job *job, struct err *err)
{
    for (size_t i = 1; i < job->n_splice; i++)
        if (job->splice[i].start < job->splice[i - 1].end)
            return fix_error(job->fix, job->step->at, err,
                             "this edit would change the same bytes of %s twice", job->doc->path);
    return true;
}

/* ---- a step ---- */

static bool apply_splices(struct job *job, struct draft *draft, struct docs *docs, struct err *err)
{
    qsort(job->splice, job->n_splice, sizeof(*job->splice), by_position);
    if (job->n_added > 1)
        qsort(job->added, job->n_added, sizeof(*job->added), by_offset);
    join_cuts(job);
    if (!check_overlap(job, err))
        return false;
    struct hunk *hunk = arena_alloc(job->n_splice * sizeof(*hunk));
    for (size_t i = 0; i < job->n_splice; i++)
        hunk[i] = (struct hunk){.at = job->splice[i].start,
                                .old_len = job->splice[i].end - job->splice[i].start,
                                .bytes = job->splice[i].bytes,
                                .len = job->splice[i].len};
    struct doc *after;
    if (!doc_edited(job->doc, hunk, job->n_splice, &after, err))
        return err_prefix(err, "after the edit");
    bool nested = doc_is_nested(job->doc->id);
    if (!edit_is_bounded(job, err) || !(nested ? edit_prove_nested : edit_prove)(job, after, err))
        return false;
    /* From the end, so that positions of the text before this step stay true for what is still to come. */
    for (size_t i = job->n_splice; i > 0; i--) {
        const struct splice *s = &job->splice[i - 1];
        edit_compose(draft, s->start, s->end, s->bytes, s->len);
        struct hunk one = {.at = s->start, .old_len = s->end - s->start, .bytes = s->bytes, .len = s->len};
        struct doc *partial = arena_alloc(sizeof(*partial));
        *partial = *draft->now;
        partial->text = hunk_splice(draft->now->text, draft->now->len, &one, 1, &partial->len);
        draft->now = partial;
    }
    after->before = draft->before;
    after->hunk = draft->hunk;
    after->n_hunk = draft->n_hunk;
    draft->now = after;
    docs_put(docs, after);
    return true;
}

/* A table may have been read again with more records since: the draft is what it became by that. */
static struct draft *draft_of(struct drafts *drafts, const struct doc *doc, mode_t mode)
{
    for (size_t i = 0; i < drafts->n; i++) {
        struct draft *draft = &drafts->draft[i];
        if (strcmp(draft->before->path, doc->path) != 0)
            continue;
        if (draft->now != doc) {
            draft->before = doc->before;
            draft->now = doc;
            draft->hunk = NULL;
            draft->n_hunk = 0;
            for (size_t k = 0; k < doc->n_hunk; k++)
                draft->hunk = arena_append(draft->hunk, &draft->n_hunk, sizeof(*doc->hunk), &doc->hunk[k]);
        }
        return draft;
    }
    struct draft draft = {.before = doc, .now = doc, .mode = mode};
    drafts->draft = arena_append(drafts->draft, &drafts->n, sizeof(draft), &draft);
    return &drafts->draft[drafts->n - 1];
}

struct job *edit_job_of(struct jobs *jobs, const struct doc *doc)
{
    for (size_t i = 0; i < jobs->n; i++)
        if (jobs->job[i]->doc == doc)
            return jobs->job[i];
    struct job *job = arena_alloc(sizeof(*job));
    *job = (struct job){.step = jobs->step, .fix = jobs->fix, .doc = doc};
    jobs->job = arena_append(jobs->job, &jobs->n, sizeof(struct job *), &job);
    return job;
}

/* The row's fields under the noun's name: {option.service}. */
static struct context with_row(const struct context *ctx, const struct step *step, const struct row *row)
{
    struct context item = context_copy(ctx);
    struct strings fields = strings_split(words_noun_fields(step->each.noun), " ");
    for (size_t i = 0; i < fields.n; i++) {
        const char *value = row_field(row, fields.item[i]);
        struct strings values = {0};
        if (value == NULL)
            continue;
        strings_add(&values, value);
        context_bind(&item, arena_printf("%s.%s", words_noun(step->each.noun), fields.item[i]), values);
    }
    return item;
}

static bool do_row(struct jobs *jobs, const struct context *ctx, const struct row *row, struct err *err)
{
    const struct step *step = jobs->step;
    struct context item = with_row(ctx, step, row);
    enum verdict verdict;
    if (!cond_all(&item, step->row_when, step->n_row_when, &verdict, err))
        return false;
    if (verdict == CANNOT_TELL)
        return context_missing(&item, "what to change", err);
    if (verdict == FAILS)
        return true;
    bool literal = step->verb == EDIT_ENSURE || step->verb == EDIT_RAISE;
    return literal ? edit_ensure(jobs, &item, err) : edit_row(edit_job_of(jobs, row->doc), &item, row, err);
}

static bool do_rows(struct jobs *jobs, struct context *ctx, struct err *err)
{
    const struct place *each = &jobs->step->each;
    struct row *row;
    size_t n;
    bool unknown;
    if (!place_find(ctx, each, &row, &n, &unknown, err))
        return false;
    if (unknown)
        return err_outcome(err, NOT_APPLICABLE,
                           "it is not known here which places '%s' are: the fact %s is missing "
                           "(give it with --facts)",
                           each->written, ctx->missing);
    for (size_t i = 0; i < n; i++)
        if (!do_row(jobs, ctx, &row[i], err))
            return false;
    return true;
}

static bool do_document(struct jobs *jobs, struct context *ctx, struct err *err)
{
    return (jobs->step->verb == EDIT_UNCOMMENT ? edit_uncomment : edit_ensure)(jobs, ctx, err);
}

static bool check_owner(const struct job *job, struct err *err)
{
    if (!doc_is_packages(job->doc))
        return true;
    return err_outcome(
        err, NOT_APPLICABLE,
        "%s: what is to be changed stands in %s, which belongs to a package, whose next update would "
        "undo the change; set it by hand in a file below /etc that is read later",
        job->fix->name, job->doc->real != NULL ? job->doc->real : job->doc->path);
}

/* Aliases that come from a directory or from NIS have no text here; to find nothing there is no "already so".
 */
static bool has_text(struct context *ctx, const struct step *step, struct err *err)
{
    if (strcmp(step->document, "aliases") != 0 || docs_have_aliases(ctx->docs))
        return true;
    return err_outcome(err, NOT_APPLICABLE, "%s: alias_maps names no table that is made from a text file",
                       ctx->fix->name);
}

/* A question of the step read a table again, with more records. */
static bool is_outdated(const struct jobs *jobs, const struct docs *docs)
{
    for (size_t i = 0; i < jobs->n; i++) {
        const struct doc *doc = jobs->job[i]->doc, *newest = docs_file(docs, doc->id, doc->path);
        if (newest != NULL && newest != doc)
            return true;
    }
    return false;
}

bool edit_step(struct context *ctx, const struct step *step, struct drafts *drafts, bool *ret_changed,
               struct err *err)
{
    struct jobs jobs;
    *ret_changed = false;
    if (!has_text(ctx, step, err))
        return false;
    do {
        jobs = (struct jobs){.step = step, .fix = ctx->fix};
        if (!(step->has_each ? do_rows : do_document)(&jobs, ctx, err))
            return false;
    } while (is_outdated(&jobs, ctx->docs));
    for (size_t i = 0; i < jobs.n; i++) {
        struct job *job = jobs.job[i];
        if (job->n_splice == 0)
            continue;
        *ret_changed = true;
        if (!check_owner(job, err) ||
            !apply_splices(job, draft_of(drafts, job->doc, step->mode), ctx->docs, err))
            return false;
    }
    return true;
}
