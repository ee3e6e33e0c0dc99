/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Replacements in a text (struct hunk): ordered by position, none over its neighbour.
 */
#pragma once

#include "base.h"

/* Whether hunks from a record, with the bytes that each replaced, belong to this text. */
bool hunk_fit(const char *text, size_t len, const struct hunk *hunk, const char *const *old, size_t n);

/* Applies hunks, which must lie inside the text: the new text in the arena. */
const char *hunk_splice(const char *text, size_t len, const struct hunk *hunk, size_t n, size_t *ret_len);

/* What hunks, and then others of the text now that they lead to, do to the text before; those that touch
 * become one. */
struct hunk *hunk_compose(const char *now, const struct hunk *first, size_t n_first, const struct hunk *then,
                          size_t n_then, size_t *ret_n);

/* The hunks that lead back: at positions of the after-text, with the bytes that each replaced. */
struct hunk *hunk_reverse(const struct hunk *hunk, const char *const *old, size_t n);
