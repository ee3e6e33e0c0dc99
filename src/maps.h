/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Indexes of text tables: files of the transaction like any other. They are built from the texts after the
 * change, by Postfix's own programs, in a private directory of the record, before anything is exchanged.
 */
#pragma once

#include "record.h"

/* An index as built: a file NAME in an open directory, with the owner and mode that it shall have. */
struct built {
    int dir;
    const char *name;
    struct target target; /* no hunks */
};

/* The plan's change of the file at path, also when path is a link to it; NULL: it stays. */
const struct change *maps_change_of(const struct plan *plan, const char *path);

/* "postmap hash:/etc/postfix/transport": what builds it by hand. */
const char *maps_command(const struct index *index);

/* Whether an index file has as many entries as the text has different keys, asked of Postfix's own programs;
 * false where they are not to be asked, or cannot tell. */
bool maps_is_made_of(const struct root *root, const char *path, const char *text, bool alias);

/* Takes out of the plan what nobody needs to build: an index that is there and not older than its text, where
 * the plan changes nothing of the table. */
void maps_drop_fresh(const struct root *root, struct plan *plan);

/* Builds all indexes of the plan, on the live host, each in a directory index-N of dir, which is where path
 * leads. */
bool maps_build(const struct root *root, int dir, const char *path, const struct plan *plan,
                struct built **ret_built, size_t *ret_n, struct err *err) MUST_CHECK;
/* Closes the directories and removes them. */
bool maps_discard(int dir, struct built *built, size_t n, size_t n_index, struct err *err) MUST_CHECK;
