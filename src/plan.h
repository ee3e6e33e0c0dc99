/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Fixes and their parameters, facts and documents become a plan: a value that says which bytes change and
 * what is done afterwards. Computing it touches nothing.
 */
#pragma once

#include "edit.h"

/* One fix of the command line with its KEY=VALUE words. */
struct request {
    struct fix *fix;
    struct strings assignments;
};

/* A fix that was planned, with what its live verify stanzas need later. */
struct planned {
    const struct fix *fix;
    struct context ctx; /* parameters bound; ctx.docs sees the planned texts */
    bool changes;       /* its edits change a byte */
};

/* A row that a fix must not treat, or a risk that the user should know before the question: one sentence
 * each. */
struct planning {
    struct plan plan;
    struct planned *planned;
    size_t n_planned;
    struct strings notices;
    bool due; /* a symptom that is no log line holds, so the actions are needed even if no text changes */
    struct evidence evidence; /* of that symptom */
};

/* Works out the parameters, the requirements, the edits and the actions of all requests, each on the text
 * that the one before left. disk has the documents as they are. outside answers what the
 * texts cannot tell; it may be NULL. Errors carry the outcome: USAGE for a parameter, NOT_APPLICABLE for a
 * requirement, FAILED else. */
bool plan_make(const struct request *request, size_t n, struct docs *disk, const struct outside *outside,
               struct planning *ret_planning, struct err *err) MUST_CHECK;

/* Whether the edits of ctx->fix would change a file now, without the requirements. */
enum verdict plan_pending(struct context *ctx);

/* Whether a stanza's own `when` lines hold and, for each item of its loop, its condition; HOLDS if one item
 * does with any true, else if all do. evidence gets that of the first item that decided. */
bool plan_probe(struct context *ctx, const struct probe *probe, bool any, struct evidence *evidence,
                enum verdict *ret_verdict, struct err *err) MUST_CHECK;
