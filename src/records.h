/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The text of a table cut into records, as readllines() of Postfix cuts it into logical lines: a record
 * begins with a line that has neither white space nor '#' in its first column, and has everything up to the
 * next such line, so also the comments and blank lines behind it. What stands before the first is a record,
 * too. No lens is asked: a million records are cut while one MiB goes through a lens.
 */
#pragma once

#include "base.h"

struct cut {
    size_t at, len; /* in the text */
    size_t line;    /* its first, from 1 */
    size_t lines;
};

/* A text in blocks. */
struct records {
    int fd;
    const char *path; /* for messages */
    void (*each_block)(void *arg, const char *bytes, size_t len);
    void *arg;
    char *block;
    size_t room, start, end; /* what is in the block and not given out yet */
    size_t at, line;         /* of start, in the text */
    bool ended;
};

/* The length and the lines of the record that begins a text; of the whole text when it has no other.
 * complete: nothing follows the text. 0: where the record ends is not in the text. */
size_t records_first(const char *text, size_t len, bool complete, size_t *ret_lines);

/* Whether it begins with a line of its own, and not with what stands before the first one. */
bool records_begins(const char *bytes, size_t len);
/* The length of its own lines: without the comments and blank lines behind them. */
size_t records_own_len(const char *bytes, size_t len);

/* Reads from where fd stands. each_block (may be NULL) sees every byte once, in order. */
void records_open(struct records *r, int fd, const char *path);
/* The next record: its bytes until the next call. *ret_end: there is none. Refuses NUL bytes. */
bool records_next(struct records *r, struct cut *ret_cut, const char **ret_bytes, bool *ret_end,
                  struct err *err) MUST_CHECK;

/* The key of the entry that begins a record, without quotes around it; it may go over lines (postfix_key.h).
 * Empty, at the first byte: there is none, and Postfix drops the record. */
struct key {
    const char *bytes;
    size_t len;
};
struct key records_key(const char *bytes, size_t len, bool alias);
/* Where the value begins behind that key: with white space, or behind the ':' of an alias. NULL: it has no
 * key. */
const char *records_value(const char *bytes, size_t len, struct key key, bool alias);
/* The same for an entry behind '#'; empty where none is. */
struct key records_commented_key(const char *line, size_t len, bool alias);
/* Whether two keys are one to postmap and postalias, whose spelling counts for nothing: quotes, backslashes,
 * small and capital letters, and how much white space and how many lines there are between two words. */
bool records_same_name(struct key a, struct key b);
/* What is compared of a key. */
const char *records_name(const char *text);
/* Whether the record is what Postfix takes: a key, which is that of records_key, and of a map a value. */
bool records_is_entry(const char *bytes, size_t len, struct key key, bool alias);
