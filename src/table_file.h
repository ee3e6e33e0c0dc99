/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The files of a table that is made from a text: whether they are there, which is newer, which keys the text
 * has. Asked of the files below the root, each time.
 */
#pragma once

#include "facts.h"

struct table_file {
    bool text;              /* the type is made from a text file, or reads one */
    bool source;            /* the text is there */
    bool index;             /* so is its index; true where the text itself is read */
    bool fresh;             /* the index is not older than the text; in whole seconds, as Postfix compares */
    const char *index_path; /* "": the text itself is read */
    time_t source_time, index_time; /* of what is there: when it was last written */
};

/* name: what follows "type:", expanded. */
struct table_file table_file_look(struct facts *facts, const char *type, const char *name);

/* Whether there is something at an absolute path. */
bool table_file_there(struct facts *facts, const char *path);

/* The lines of a file of at most FILE_LIMIT bytes; none when it cannot be read. */
struct strings table_file_lines(struct facts *facts, const char *path);

/* The text of the file holds the key, compared without case, or, for ".domain", a key that is a name below
 * the domain. CANNOT_TELL when it cannot be read, or has patterns in place of keys. */
enum verdict table_file_has(struct facts *facts, const char *type, const char *name, const char *key);
