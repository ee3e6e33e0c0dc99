/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The literal of an edit: entries in the document's own syntax, with placeholders.
 */
#pragma once

#include "context.h"

/* Refuses, with the place in the fix file, what is no entry of the document. */
bool literal_check(const struct fix *fix, const struct step *step, struct err *err) MUST_CHECK;

/* The entries with the placeholders filled from ctx; *ret_text is what their spans are of. The lens must see
 * the same shape in it as with sample words in place of the values, so that no value brings a line or a word
 * of its own. */
bool literal_read(struct context *ctx, const struct step *step, const char **ret_text,
                  struct node **ret_entry, size_t *ret_n, struct err *err) MUST_CHECK;
