/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One fix held against this host: is its fault here, and would apply go? Asked by diagnose, list and explain.
 */
#pragma once

#include "plan.h"

struct judgement {
    enum verdict fault;           /* HOLDS: a symptom that is not the log's alone holds */
    struct evidence evidence;     /* of that symptom */
    const char *unknown;          /* why it cannot be told; NULL */
    bool unreadable;              /* because a document cannot be read */
    struct strings params;        /* KEY=VALUE as they would be used here */
    bool would_go;                /* apply without parameters would be planned */
    bool changes;                 /* and it would change a file */
    const char *refusal;          /* why it would not go; NULL */
    const struct param **lacking; /* because these are not known here: it would go with them, or say more */
    size_t n_lacking;
    const char *example;  /* words of a command line that gives them */
    enum outcome outcome; /* of the refusal */
};

/* Fills ret_judgement; docs keeps what was read, for the next fix. given: KEY=VALUE words that apply would
 * get. */
void judge_fix(struct fix *fix, struct docs *docs, const struct strings *given,
               struct judgement *ret_judgement);

/* Whether what a log tells of the fault is so now, by its `still` stanzas. CANNOT_TELL: none of them tells.
 */
enum verdict judge_still(const struct fix *fix, struct docs *docs);

/* Evidence, one line each. */
struct strings judge_evidence(const struct evidence *evidence);
/* The same with the given margin, on standard output. */
void judge_print_evidence(const struct evidence *evidence, const char *margin);
