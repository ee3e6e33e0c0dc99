/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the mail logs say of the fixes: which logs are read, and the reading, which is done by a process that
 * runs as nobody (confine.h).
 */
#pragma once

#include "doc.h"
#include "scan.h"

struct logs {
    struct strings read;    /* the names of what was read; empty: nothing was */
    size_t lines;           /* in them */
    bool mail;              /* one of these is a mail program's */
    struct seen *seen;      /* one for each fix; NULL when nothing was read */
    struct since present;   /* what is newer than this is so now; 0: that cannot be told */
    const char *failure;    /* why a log, or all of them, could not be read; NULL */
    struct strings streams; /* where else a daemon of this host logs, and nobody can read it again */
};

/* Reads the files, whole or from since on (0), in their order. False when one cannot be opened. */
bool logs_files(const struct strings *files, time_t since, struct fix *const fix[], size_t n,
                struct logs *ret_logs, struct err *err) MUST_CHECK;

/* Reads the logs of this host from since on, or (0) from when a daemon last read its configuration and that
 * was last changed, whichever is later. */
void logs_host(struct docs *docs, time_t since, struct fix *const fix[], size_t n, struct logs *ret_logs);
