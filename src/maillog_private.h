/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of maillog share. Nobody else includes this.
 */
#pragma once

#include "maillog.h"

/* The length of the word at p, and what follows it behind blanks. */
size_t maillog_word(const char *p);
const char *maillog_after_word(const char *p);

/* The line without colours, and without a carriage return at its end; raw itself where there is none, else
 * in room, which is moved behind it. */
const char *maillog_bare(const char *raw, char **room);

/* What stands before host name and tag. */
struct head {
    const char *when;   /* where the time begins; NULL: there is none */
    const char *behind; /* what follows it */
    bool own;           /* Dovecot 1 wrote it to its own log: "dovecot: Feb 10 12:24:02 Error: auth: x" */
    bool ietf;          /* the rest has the form of RFC 5424: HOST PROGRAM PID ID DATA TEXT */
};
void maillog_head(const char *bare, struct head *ret_head);

/* Whether a line, of whatever program, begins with a time. */
bool maillog_is_dated(const char *raw);

/* "Oct  2 06:01:07 mx last message repeated 3 times" of the old syslogds: 3; 0: it is another line. */
unsigned maillog_last_repeated(const char *raw);
