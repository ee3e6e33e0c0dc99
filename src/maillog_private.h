/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What maillog.c and maillog_read.c share. Nobody else includes this.
 */
#pragma once

#include "maillog.h"

/* Room for a line taken to pieces: a NUL for each piece, and "dovecot/". */
#define MAILLOG_ROOM(len) ((len) + 32)

/* maillog_parse without the arena: what cannot point into raw stands in room, of MAILLOG_ROOM(strlen(raw)).
 * undated: a line may begin with its tag, as a container prints it. */
bool maillog_split(const char *raw, bool undated, char *room, struct log_line *ret_line);

/* Whether a line, of whatever program, begins with a time. */
bool maillog_is_dated(const char *raw);

/* "Oct  2 06:01:07 mx last message repeated 3 times" of the old syslogds: 3; 0: it is another line. */
unsigned maillog_last_repeated(const char *raw);
