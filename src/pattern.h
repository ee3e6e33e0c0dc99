/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Patterns of fix files: PCRE2 on bytes, bounded. Captures come from hostile text and are only ever values.
 *
 * A dot does not match a newline, ^ and $ are the two ends of the text and no others. A pattern that would
 * need more than the limits of pattern.c for a text does not match it.
 */
#pragma once

#include "base.h"

struct pattern;

/* NULL, with "position N: message" in err, when re does not compile. ret_offset, when not NULL, receives the
 * byte of re (from 0, at most its length) at which the compiler gave up; it is written only on failure. */
struct pattern *pattern_compile(const char *re, size_t *ret_offset, struct err *err) MUST_CHECK;

/* What was compiled. */
const char *pattern_text(const struct pattern *pattern);

/* The names of (?<name>...), in alphabetical order; the same list for as long as the run lasts. */
const struct strings *pattern_names(const struct pattern *pattern);

/* Where the first match is; ret_whole may be NULL. */
bool pattern_match(const struct pattern *pattern, const char *text, size_t len, struct span *ret_whole);

/* The same, and what the named groups matched: one value for each of pattern_names, "" for a group that took
 * no part. */
bool pattern_capture(const struct pattern *pattern, const char *text, size_t len, struct span *ret_whole,
                     struct strings *ret_values);

/* The same without memory: where each of pattern_names is; start > end: it took no part. */
#define PATTERN_GROUPS 31
bool pattern_groups(const struct pattern *pattern, const char *text, size_t len,
                    struct span ret_group[PATTERN_GROUPS]);

/* A pattern, in the arena, that matches exactly this text; good inside [...] too. It is not one unit: a
 * quantifier that follows belongs to the last character. */
const char *pattern_quote(const char *literal);
