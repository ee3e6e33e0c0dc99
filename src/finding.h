/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A finding: a fix whose fault is here, or whose fault a log speaks of, with all that is known about it.
 */
#pragma once

#include "judge.h"
#include "logs.h"

/* Whether the fault is so now. */
enum standing {
    STANDS,    /* the configuration or a live probe shows it, or the log since the last start and change */
    STOOD,     /* only a log shows it, and the configuration does not: not known whether still so */
    STANDS_NOT /* a log shows it, and the host that it is over */
};

struct finding {
    struct fix *fix;
    struct judgement judgement;
    const struct seen *seen; /* NULL: no log shows it */
    enum standing standing;
    struct strings given; /* KEY=VALUE that the log tells, for the command line */
};

/* Judges the fix. seen is what a log says of it, or NULL; what it said after present is so now. False: it is
 * no finding; what the judgement could not tell is in ret_finding all the same. */
bool finding_make(struct fix *fix, struct docs *docs, const struct seen *seen, struct since present,
                  struct finding *ret_finding);

/* What stops mail first, and within that what is known to be so now before what only a log shows. */
void finding_sort(struct finding finding[], size_t n);

/* The words of a command line for a shell. */
const char *finding_shell_word(const char *word);

/* RFC 3339, in the host's zone; NULL: not known. */
const char *finding_time(time_t time);
