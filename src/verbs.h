/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The verbs of the command line: the order of the steps, no mechanics. Each prints its results to standard
 * output and returns how the run ended; on failure the sentence is in err and the caller prints it. A verb
 * that may write says in what state it left the machine: the last line on the terminal.
 */
#pragma once

#include "fixes.h"
#include "plan.h"
#include "report.h"

struct option; /* <getopt.h> */

/* What became of the machine. STATE_UNSAID: the verb only reads, or did not get that far. */
enum state { STATE_UNSAID, STATE_UNCHANGED, STATE_PUT_BACK, STATE_CHANGED, STATE_NEEDS_PERSON };

struct options {
    const struct option *table; /* what the command line takes, for complete */
    struct root root;
    const char *facts_file;
    const struct fix_dirs *fix_dir;
    bool dry_run, yes;
    bool json;           /* one object on standard output (report.h), and no question */
    bool merge, force;   /* rollback of what was edited since */
    bool store;          /* status of the store */
    const char *prune;   /* history --prune: what stays; or NULL */
    bool boot;           /* recover before the mail services run */
    struct strings logs; /* diagnose --log */
    const char *since;   /* diagnose --since, or NULL */
    bool no_log;
    bool live;            /* diagnose --live */
    const char *as;       /* tree --as */
    const char *reason;   /* -m: why, for the record; or NULL */
    struct strings words; /* what follows the verb */
    enum state state;     /* written by the verb */
    const char *closing;  /* written by the verb: the last line of STATE_CHANGED and STATE_NEEDS_PERSON */
};

enum outcome verb_diagnose(struct options *o, struct err *err);
enum outcome verb_apply(struct options *o, struct err *err);
enum outcome verb_rollback(struct options *o, struct err *err);
enum outcome verb_history(struct options *o, struct err *err);
enum outcome history_prune(struct options *o, struct err *err); /* history --prune */
enum outcome verb_recover(struct options *o, struct err *err);
enum outcome verb_tree(struct options *o, struct err *err);
enum outcome verb_list(struct options *o, struct err *err);
enum outcome verb_explain(struct options *o, struct err *err);
enum outcome verb_diff(struct options *o, struct err *err);
enum outcome verb_status(struct options *o, struct err *err);
enum outcome verb_lint(struct options *o, struct err *err);
enum outcome verb_complete(struct options *o, struct err *err);

static inline void close_with(struct options *o, enum state state, const char *closing)
{
    o->state = state;
    o->closing = closing;
}
