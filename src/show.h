/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What apply and rollback show alike: the diff, the actions, the question, what is left to do.
 */
#pragma once

#include "plan.h"
#include "secret.h"

struct options; /* verbs.h */
struct json_t;  /* report.h */

#define SHOW_MASKED N_("Values that look like secrets are shown as ***; the file keeps them.\n")

/* Whether diffs mask what looks like a secret: on a terminal and in a report. A pipe gets the exact bytes,
 * for patch. */
bool show_masks(void);
/* What that means for a file. */
enum secrecy show_secrecy(const char *document, const char *path);

/* The unified diff of all changes, then one line for each action, on standard output. */
void show_plan(struct facts *facts, const struct plan *plan);
/* A text with the plan's secrets as ***; *ret_hidden becomes true where one stood. */
const char *show_hide(const struct plan *plan, const char *text, bool *ret_hidden);
void show_left_to_do(const struct strings *left_to_do);
/* A parameter: how it is given, and what it is asked with; on standard output, behind the margin. */
void show_param(const struct param *param, const char *margin);
void show_report_param(struct json_t *item, const struct param *param);
/* In the report: the processes that have the port that was asked for. */
void show_report_holders(struct json_t *item, const struct evidence *evidence);
void show_left(const char *sentence); /* one of them */

/* The state of a verb that could not finish what a crash left (err of undo_unfinished, whose outcome becomes
 * NEEDS_PERSON unless another mailfix is at it). */
void show_unfinished(struct options *o, struct err *err);

/* What a plan does, for its question: "1 file changed, 1 index rebuilt, postfix restarted". indexes_back: how
 * many more a rollback puts back. Without a live host nothing is done to services. */
const char *show_summary(const struct plan *plan, size_t indexes_back, bool live);
/* Asks on the terminal until the answer is y or n; the end of the input is a no. d: again(arg) shows once
 * more what it is about. yes: the answer was given by -y. USAGE when nobody can be asked; *ret_go false for a
 * no. */
bool show_ask(const char *question, bool yes, void (*again)(void *arg), void *arg, bool *ret_go,
              struct err *err) MUST_CHECK;
