/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The report of a run as one JSON object (--json): what it found, changed and left to do. mailfix.schema.json
 * describes it.
 *
 * Verbs report whatever they print; without --json every function here does nothing, and an item is NULL.
 * From report_open on, standard output leads nowhere: only the object gets there, whatever a verb or a
 * program that it runs prints. A byte XX that is no UTF-8 stands as the character U+EFXX.
 */
#pragma once

#include "types.h"

struct json_t; /* jansson's; an object of the report */

/* Begins the report of a verb (NULL: none was recognized). list: its own member, an empty array so far, or
 * NULL. False when standard output cannot be taken away; then nothing is reported. */
bool report_open(const char *verb, const char *list);
bool report_wanted(void);

/* The report itself; a new object at the end of one of its arrays; a new object that is a member. */
struct json_t *report_top(void);
struct json_t *report_add(struct json_t *item, const char *array);
struct json_t *report_object(struct json_t *item, const char *name);

void report_text(struct json_t *item, const char *name, const char *text); /* NULL: no such member */
void report_number(struct json_t *item, const char *name, long long number);
void report_flag(struct json_t *item, const char *name, bool flag);
void report_strings(struct json_t *item, const char *name, const struct strings *list);
/* One more string at the end of an array of the report. */
void report_line(const char *array, const char *text);

/* One file that changes: the bytes before and after, how they change, the diff as printed; masked: secrets
 * stand in it as ***. Bytes of a hunk are given as *** when a line of theirs looks like a secret; hide masks
 * others in a text, or is NULL. */
struct report_file {
    const char *path, *document;
    const char *before, *after;
    size_t before_len, after_len;
    const char *before_digest, *after_digest; /* "": no file */
    const struct hunk *hunk, *in_file; /* in these bytes; where they are in the file, if these are not it */
    size_t n_hunk;
    const char *diff;
    bool masked;
};
void report_change(const struct report_file *file, const char *(*hide)(const void *with, const char *text),
                   const void *with);

/* Writes the object. error NULL: the run did not fail. False when it could not be written. */
bool report_end(int exit_code, const char *state, const char *state_word, const char *error);
