/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A fix's edit on a document: which bytes change, and the proof that nothing else does.
 *
 * mailfix replaces only the bytes of the spans concerned and parses the result again: every entry (setting,
 * service) outside the edit must be there as before, to the byte, and no other; those inside must carry
 * exactly the labels and values that the step names. Otherwise nothing of it is used and the error says that
 * it is a fault of mailfix.
 */
#pragma once

#include "cond.h"

/* The change of one document so far: hunks against the text on disk. */
struct draft {
    const struct doc *before; /* as on disk */
    const struct doc *now;    /* with the hunks applied */
    struct hunk *hunk;
    size_t n_hunk;
    mode_t mode; /* of a file that is not there yet */
};

/* Of the files that were touched so far, one each. */
struct drafts {
    struct draft *draft;
    size_t n;
};

/* Carries out one step of ctx->fix, in the context of one loop item. Its when lines were answered by the
 * caller, those that name a field of the row (row_when) excepted. A draft is made for a file that has none;
 * ctx->docs has each draft's now in it and is updated. *ret_changed: whether a byte differs. */
bool edit_step(struct context *ctx, const struct step *step, struct drafts *drafts, bool *ret_changed,
               struct err *err) MUST_CHECK;

/* Carries out one step of ctx->fix for each item of its loop, as edit_step would one after the other where
 * the when lines of the step hold for them. *ret_changed: whether a byte differs. */
bool edit_loop(struct context *ctx, const struct step *step, struct drafts *drafts, bool *ret_changed,
               struct err *err) MUST_CHECK;
