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

/* ---- splices in their order ---- */

static int compare(ptrdiff_t a, ptrdiff_t b)
{
    return (a > b) - (a < b);
}

static int by_position(const void *a, const void *b)
{
    const struct splice *x = a, *y = b;
    int order = compare(x->start, y->start);
    if (order == 0)
        order = compare(x->end, y->end);
    if (order == 0)
        order = compare(x->rank, y->rank);
    return order != 0 ? order : compare(x->order, y->order);
}

static int by_offset(const void *a, const void *b)
{
    const struct added *x = a, *y = b;
    int order = compare(x->at, y->at);
    if (order == 0)
        order = compare(x->rank, y->rank);
    return order != 0 ? order : compare(x->order, y->order);
}

static bool is_cut(const struct splice *s)
{
    return s->kind == MEANT && s->len == 0;
}

/* What a cut leaves blank at the end of a line goes with it; when that is the whole line, its newline,
 * too. */
static void tidy(const struct doc *doc, struct splice *s)
{
    static const char blanks[] = " \t\r\v\f";
    size_t start = s->start, end = s->end;
    while (end < doc->len && strchr(blanks, doc->text[end]) != NULL)
        end++;
    if (end < doc->len && doc->text[end] != '\n')
        return;
    while (start > 0 && strchr(blanks, doc->text[start - 1]) != NULL)
        start--;
    bool whole = start == 0 || doc->text[start - 1] == '\n';
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
    draft->hunk =
        hunk_compose(draft->now->text, draft->hunk, draft->n_hunk, hunk, job->n_splice, &draft->n_hunk);
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

bool edit_has_text(const struct context *ctx, const struct step *step, struct err *err)
{
    if (strcmp(step->document, "aliases") != 0 || docs_have_aliases(ctx->docs))
        return true;
    return err_outcome(err, NOT_APPLICABLE, "%s: alias_maps names no table that is made from a text file",
                       ctx->fix->name);
}

bool edit_is_outdated(const struct jobs *jobs, const struct docs *docs)
{
    for (size_t i = 0; i < jobs->n; i++) {
        const struct doc *doc = jobs->job[i]->doc, *newest = docs_file(docs, doc->id, doc->path);
        if (newest != NULL && newest != doc)
            return true;
    }
    return false;
}

bool edit_apply(const struct jobs *jobs, struct context *ctx, struct drafts *drafts, bool *ret_changed,
                struct err *err)
{
    for (size_t i = 0; i < jobs->n; i++) {
        struct job *job = jobs->job[i];
        if (job->n_splice == 0)
            continue;
        *ret_changed = true;
        if (!check_owner(job, err) ||
            !apply_splices(job, draft_of(drafts, job->doc, jobs->step->mode), ctx->docs, err))
            return false;
    }
    return true;
}

bool edit_step(struct context *ctx, const struct step *step, struct drafts *drafts, bool *ret_changed,
               struct err *err)
{
    struct jobs jobs;
    *ret_changed = false;
    if (!edit_has_text(ctx, step, err))
        return false;
    do {
        jobs = (struct jobs){.step = step, .fix = ctx->fix};
        if (!(step->has_each ? do_rows : do_document)(&jobs, ctx, err))
            return false;
    } while (edit_is_outdated(&jobs, ctx->docs));
    return edit_apply(&jobs, ctx, drafts, ret_changed, err);
}
