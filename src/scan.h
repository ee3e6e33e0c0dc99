/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The log stanzas of many fixes held against every line of a log: which faults it speaks of, how often, when,
 * and what followed from them.
 *
 * A line that follows from one fault is no symptom, of that one or of another, unless the fixes call each
 * other independent. Texts that come out are clean (clean.h): nothing in them can steer a terminal or turn
 * its lines around.
 */
#pragma once

#include "heard.h"

/* Lines of one kind. A line "repeated n times" counts n times. */
struct sighting {
    size_t count;
    const char *first, *last;     /* the lines, clean */
    time_t first_time, last_time; /* 0: not known */
};

/* What a log says of one fix. */
struct seen {
    struct sighting symptom;      /* of all its wordings; count 0: nothing */
    struct sighting *consequence; /* one for each consequence stanza */
    struct strings captures; /* NAME=VALUE of its symptoms, each once, the newest last; only clean ones */
};

struct scan;

/* A scan for these fixes, in the arena. */
struct scan *scan_begin(struct fix *const fix[], size_t n);

/* From now on earlier lines, and those without a time, do not count; 0: all do. */
struct since {
    time_t postfix, dovecot; /* for the lines of each; other programs count as Postfix */
};
void scan_since(struct scan *scan, struct since since);

/* One line; arg is the scan. Uses no memory but the scan's own. For maillog_whole and maillog_since. */
bool scan_line(void *arg, const struct log_line *line);
/* Which lines may be of one of the fixes, for maillog_whole; NULL: all. */
const struct sieve *scan_sieve(const struct scan *scan);
/* So many lines more were read. */
void scan_count(struct scan *scan, size_t lines);

/* What a scan read, and what it says of each fix of scan_begin. */
struct scanned {
    size_t lines;      /* of whatever program */
    bool mail;         /* one of them is a mail program's */
    struct seen *seen; /* one for each fix */
};

/* A scan as bytes for scan_unpack; the first is not NUL. */
const char *scan_pack(const struct scan *scan, size_t *ret_len);
/* What scan_pack made of the scan of a process that may have been taken over. False: it is none. */
bool scan_unpack(const struct scan *scan, const char *bytes, size_t len, struct scanned *ret_scanned);
