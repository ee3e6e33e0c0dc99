/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The log symptoms of a fix held against the mail log of the running host.
 */
#pragma once

#include "context.h"

/* The fix has a log symptom. */
bool heard_any(const struct fix *fix);
/* Whether a line is that symptom. ret_values gets a value for each of pattern_names; it may be NULL. */
bool heard_is(const struct heard *heard, const struct log_line *line, struct strings *ret_values);

/* The same without memory: where each of pattern_names is in the line's text (pattern_groups). */
bool heard_groups(const struct heard *heard, const struct log_line *line,
                  struct span ret_group[PATTERN_GROUPS]);

/* Its log symptoms are lines of Dovecot. */
bool heard_of_dovecot(const struct fix *fix);

/* Where the logs stand now: that of Postfix, and Dovecot's, which may be a file of its own (log_path); and
 * the processes of this moment (their ids in /proc). */
struct heard_marks {
    struct log_mark postfix, dovecot;
    struct strings process;
};
void heard_mark(struct docs *docs, struct heard_marks *ret_marks);

/* The first line since the marks that is a symptom of the fix, NULL when there is none. What a process of the
 * marks said that has ended since does not count: a restart ended it, and a logger may be late with its
 * lines. As maillog_since. */
enum verdict heard_since(const struct fix *fix, const struct heard_marks *marks, const char **ret_line,
                         struct err *err) MUST_CHECK;

/* What the fix's log symptoms captured under a name in the newest part of the log (maillog_mark_back), each
 * value once, the newest last; none where its `still` says that the fault is not so now. Captures come from
 * hostile text: at most HEARD_MOST values are kept. */
#define HEARD_MOST 200
enum verdict heard_captures(struct context *ctx, const char *capture, struct strings *ret_values);
