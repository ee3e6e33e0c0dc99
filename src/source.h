/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * SOURCE: where a parameter's value comes from when nobody gave one, and what is offered where one is asked
 * for. [twice] [FIELD of] PLACE, accounts, log CAPTURE, port N.
 */
#pragma once

#include "place.h"

/* Parses the text of a `from` or `offer` that stands at offset at of the fix's file; errors as fix_error. */
bool source_read(const struct fix *fix, const char *text, size_t at, struct source *ret_source,
                 struct err *err) MUST_CHECK;

/* What the source says here, unchecked: none where it cannot be told (the reason in ctx->missing). With
 * several every row of a place, else the last; a size or number is doubled where the source says `twice`.
 * False in err only when a document cannot be read. */
bool source_values(struct context *ctx, const struct param *param, const struct source *source, bool several,
                   struct strings *ret_values, struct err *err) MUST_CHECK;
