/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Changes that meet: hunks of one change in a text that another change made of it, and hunks in a text that
 * somebody edited. Two hunks touch when they share or adjoin bytes, or change parts of one line: a line is
 * what a setting is, and half of one change with half of another is neither.
 */
#pragma once

#include "base.h"

/* Whether a hunk touches one of the others; all are positions of the same text. */
bool merge_touches(const char *text, size_t len, const struct hunk *hunk, const struct hunk *other, size_t n);

/* The hunks at their places in the text that the other hunks make; none of them touches one of those. */
struct hunk *merge_move(const struct hunk *hunk, size_t n, const struct hunk *other, size_t n_other);

/* The lines of a hunk with so many around (MERGE_CONTEXT at most); without the last newline unless the hunk
 * takes it. */
#define MERGE_CONTEXT 3
struct span merge_lines(const char *text, size_t len, const struct hunk *hunk, int context);

/* The hunks, which are positions of text, at their places in now, which somebody made of text. Each is looked
 * for by the lines that it replaces, with as many lines around as make them the only ones of their kind in
 * text (three at most); they must stand exactly once in now. False: *ret_lost is the first hunk that does
 * not. */
bool merge_find(const char *text, size_t len, const struct hunk *hunk, size_t n, const char *now,
                size_t now_len, struct hunk **ret_hunk, size_t *ret_lost);
