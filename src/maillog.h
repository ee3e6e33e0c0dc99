/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Lines of the mail log, from a file or from the journal, whole or from a mark on. A mark is taken before
 * something is provoked; what is read after it is what the provocation brought.
 *
 * Limits: a line is read up to 2,048 bytes, the rest of it is dropped; at most 64 MiB are read after a mark.
 */
#pragma once

#include "sieve.h"

#define MAILLOG_LINE 2048
#define MAILLOG_TOTAL ((size_t)64 << 20)

enum level { LEVEL_INFO, LEVEL_WARNING, LEVEL_ERROR, LEVEL_FATAL, LEVEL_PANIC };

struct log_line {
    const char
        *program;     /* what stands before [pid]: "postfix/tlsmgr", "postfix/submission/smtpd", "dovecot" */
    const char *pid;  /* "" when there is none */
    enum level level; /* from the word before the text: "fatal: ", "error: " ...; info when there is none */
    const char *text; /* what follows program and level */
    const char *host; /* "" when there is none */
    const char *when; /* begins with the time; "" when there is none */
    unsigned repeats; /* so many times was it said: 1, or what "message repeated n times" says */
    const char *raw;  /* the whole line as logged */
};

/* Splits one line of a log: syslog with or without year and severity, RFC 5424, journalctl's forms, what
 * docker, Kubernetes and a relay put before it, Dovecot's own log. False: no mail program's line. Pointers
 * are into the arena. A Dovecot line that says which process speaks has it in the program: "dovecot:
 * imap-login: Error: x" is program "dovecot/imap-login", text "x". */
bool maillog_parse(const char *raw, struct log_line *ret_line);
/* The same without the arena: what cannot point into raw stands in room, of MAILLOG_ROOM(strlen(raw)) bytes.
 * undated: a line may begin with its tag, as a container prints it. */
#define MAILLOG_ROOM(len) (2 * (len) + 64) /* a copy and the pieces, a NUL for each, and "dovecot/" */
bool maillog_split(const char *raw, bool undated, char *room, struct log_line *ret_line);
const char *maillog_level_name(enum level level);

/* When that was, in seconds since the epoch; 0: it cannot be told. */
time_t maillog_time(const struct log_line *line);
/* The same of a text that begins with a time; now decides about the year where none is said. */
time_t maillog_time_of(const char *text, time_t now);

struct log_mark {
    const char *path; /* the file that is read, or NULL: the journal */
    dev_t dev;
    ino_t ino;
    off_t offset;
    const char
        *cursor; /* of the journal, "" its start; NULL with no path: there is no log here that can be read */
};

/* Where the log stands now. maillog_file: the value of that Postfix parameter, "" when it is not set. A set
 * maillog_file is read there; else the journal when systemd is PID 1 and libsystemd is here; else
 * /var/log/mail.log or /var/log/maillog when there is one. */
void maillog_mark(const char *maillog_file, struct log_mark *ret_mark);

/* Where reading back begins: the last MAILLOG_BACK bytes of the same file, or MAILLOG_BACK_ENTRIES entries of
 * the journal. */
#define MAILLOG_BACK ((off_t)8 << 20)
#define MAILLOG_BACK_ENTRIES 50000
void maillog_mark_back(const char *maillog_file, struct log_mark *ret_mark);

/* Calls line for each mail program's line since the mark, oldest first, until it returns false. The line
 * lives only during the call: copy what is kept (a poll that reads the log again and again must not use up
 * the arena). A last line without its newline is left for the next time, one that was begun before the mark
 * is left out. A file that was rotated in between is read from its start. HOLDS: read to the end;
 * CANNOT_TELL: no log can be read here, FAILS: reading failed; with both err says why. */
enum verdict maillog_since(const struct log_mark *mark, bool (*line)(void *arg, const struct log_line *line),
                           void *arg, struct err *err) MUST_CHECK;

/* A whole log that more gives piece by piece: it fills bytes and returns how many, 0 at the end, -1 with err
 * when it cannot. There is no limit to what is read. */
struct log_text {
    ssize_t (*more)(void *arg, char *bytes, size_t size, struct err *err);
    void *arg;
    const struct sieve *sieve; /* which lines are looked at; NULL: all */
    size_t lines;              /* set: so many lines there were, of whatever program */
};

/* Calls line for mail programs' lines of it, as above, but a last line counts without its newline: for all of
 * them up to the first, then for those that the sieve holds. The sieve has MAILLOG_REPEATED among its
 * literals: what was said again is found by it. */
#define MAILLOG_REPEATED "last message repeated "
enum verdict maillog_whole(struct log_text *text, bool (*line)(void *arg, const struct log_line *line),
                           void *arg, struct err *err) MUST_CHECK;
