/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whether: conditions against documents and facts. What only a running host can tell goes through
 * ctx->outside.
 */
#pragma once

#include "place.h"

/* What an answer rests on, for messages: the rows that were found, or a sentence of the live probe. */
struct evidence {
    struct row *row;
    size_t n_row;
    const char *sentence;  /* NULL: none */
    struct holder *holder; /* who has the port that was asked for */
    size_t n_holder;
    const char *otherwise; /* what the stanza says then, of the item that decided; NULL: nothing */
    bool to_look_at;       /* what cannot be told is not mailfix's to see, and a person can: no refusal */
};

/* The answer to one condition, with `not` applied. CANNOT_TELL leaves its reason in ctx->missing (a fact) or
 * sets ctx->asked_live. False in err only when a document cannot be read or a pattern is wrong. evidence may
 * be NULL. */
bool cond_eval(struct context *ctx, const struct cond *cond, struct evidence *evidence,
               enum verdict *ret_verdict, struct err *err) MUST_CHECK;

/* All of several `when` lines: FAILS if one fails, else CANNOT_TELL if one cannot be told. */
bool cond_all(struct context *ctx, const struct cond *cond, size_t n, enum verdict *ret_verdict,
              struct err *err) MUST_CHECK;

/* True for conditions that ask the running host: port, daemon, check, seen, lookup, quiet. */
bool cond_is_live(const struct cond *cond);
