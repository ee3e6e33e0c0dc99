/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From drafts to changes of files; see plan_change.h.
 */
#include "plan_change.h"

#include "extract.h"

#include <string.h>

static bool same_text(const struct doc *a, const struct doc *b)
{
    return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

/* The order of the swap: what the two files of Postfix name is there before they name it, and master.cf is
 * exchanged before main.cf. */
static size_t swap_rank(const struct doc *doc)
{
    size_t k = 0;
    while (k < N_DOCS && strcmp(doc->id, DOC_IDS[k]) != 0)
        k++;
    return N_DOCS - k;
}

/* Of a table's text the records that were read are in doc; its file is edited at its own places. */
static bool edit_in_file(const struct docs *docs, const struct doc *now, struct change *change,
                         struct err *err)
{
    const struct doc *doc = change->doc;
    if (!extract_to_file(doc->piece, doc->n_piece, change->hunk, change->n_hunk, &change->in_file))
        return err_set(err, "%s: an edit does not stand where it was put; this is a fault of mailfix",
                       doc->path);
    change->after_piece = now->piece;
    return doc_digest_after(docs, doc, change->in_file, change->n_hunk, change->after_digest, err);
}

static bool add_change(const struct draft *d, const struct docs *docs, struct plan *plan,
                       struct strings *notices, struct err *err)
{
    struct change change = {.doc = d->before,
                            .hunk = d->hunk,
                            .n_hunk = d->n_hunk,
                            .after = d->now->text,
                            .after_len = d->now->len,
                            .mode = d->mode};
    memcpy(change.after_digest, d->now->digest, sizeof(change.after_digest));
    if (d->before->n_piece > 0 && !edit_in_file(docs, d->now, &change, err))
        return false;
    if (d->before->n_bad > 0)
        strings_add(notices, doc_bad_lines(d->before));
    plan->change = arena_append(plan->change, &plan->n_change, sizeof(change), &change);
    return true;
}

bool plan_changes(const struct drafts *drafts, const struct docs *docs, struct plan *plan,
                  struct strings *notices, struct err *err)
{
    for (size_t rank = 0; rank <= N_DOCS; rank++)
        for (size_t i = 0; i < drafts->n; i++) {
            const struct draft *d = &drafts->draft[i];
            if (swap_rank(d->before) == rank && !same_text(d->before, d->now) &&
                !add_change(d, docs, plan, notices, err))
                return false;
        }
    return true;
}
