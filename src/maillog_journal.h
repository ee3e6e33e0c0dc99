/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The systemd journal for maillog.c: where it ends, and what was added since.
 */
#pragma once

#include "base.h"

/* The cursor of the last entry, in the arena; "" when there is none. */
bool journal_tail(const char **ret_cursor, struct err *err) MUST_CHECK;

/* The cursor of the entry that many before the last; "" when there are fewer. */
bool journal_back(unsigned entries, const char **ret_cursor, struct err *err) MUST_CHECK;

/* Calls entry for each entry behind the cursor that has an identifier and a message, as "time host
 * identifier[pid]: message", oldest first, until it returns false. The text lives during the call only. */
bool journal_read(const char *cursor, bool (*entry)(void *arg, const char *text), void *arg,
                  struct err *err) MUST_CHECK;

/* Opens the journal, so that journal_since needs to open nothing more. */
bool journal_prepare(struct err *err) MUST_CHECK;
/* Which entries: those that came to syslog with one of these facilities ("2"), and what the processes of one
 * of these units say on their standard output and error, where a daemon says what is wrong before it has a
 * log. */
struct journal_choice {
    struct strings facilities, units;
};
/* Calls entry as above for each such entry from that time on, without a limit. */
bool journal_since(const struct journal_choice *choice, time_t since,
                   bool (*entry)(void *arg, const char *text), void *arg, struct err *err) MUST_CHECK;
