/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What scan.c and scan_pack.c share. Nobody else includes this.
 */
#pragma once

#include "scan.h"

#define CAUSES 16
#define CAUSE_GROUPS 8
#define PIECE 256
#define SCAN_VALUES 16

struct slot {
    size_t count;
    time_t first_time, last_time;
    char first[MAILLOG_LINE + 1], last[MAILLOG_LINE + 1];
};

struct cause {
    const struct heard *heard;
    time_t time;
    char program[PIECE], pid[PIECE], host[PIECE];
    char group[CAUSE_GROUPS][PIECE];
};

/* The values of a capture, the newest at the end. */
struct kept {
    const char *name;
    size_t n;
    char value[SCAN_VALUES][PIECE];
};

struct watch {
    const struct fix *fix;
    bool held;                             /* the line holds a literal of one of its stanzas */
    bool *symptom_held, *consequence_held; /* of each stanza: the line holds one of its literals */
    struct slot symptom, *consequence;
    struct cause *cause; /* a ring; NULL when nothing follows */
    size_t n_cause;      /* so many were there */
    struct kept *kept;
    size_t n_kept;
};

/* What a literal in a line makes worth a look. */
struct owner {
    struct watch *watch;
    bool *held; /* of the stanza */
};

struct scan {
    struct watch *watch;
    size_t n, lines;
    bool mail; /* a mail program's line was there */
    struct since since;
    struct sieve *sieve; /* for the literals of all stanzas; NULL: each line is looked at */
    struct strings literals;
    struct owner *owner; /* of each literal but the last one, which is no stanza's */
    size_t n_owner;
    bool *held; /* one for each stanza */
    size_t n_held;
};
