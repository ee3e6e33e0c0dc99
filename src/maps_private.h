/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files that build indexes share.
 */
#pragma once

#include "maps.h"
#include "run.h"

/* One index that is built, in a directory of its own. */
struct job {
    const struct root *root;
    const struct plan *plan;
    const struct index *index;
    const char *where; /* the directory, as a path */
    int dir;
    struct at text;
    struct identity like; /* owner and mode of the text */
    struct identity
        copied[2]; /* the files of the index that was there, as they were copied; size 0: none was */
    struct err *err;
};

/* maps.c: "postmap", "hash:WHERE/NAME", and a run of such a program: HOLDS it ended well; FAILS it did not,
 * and err says why; CANNOT_TELL it was ended because somebody asked for an end, and err says so. */
const char *maps_tool(const struct index *index);
const char *maps_staged(const struct job *j);
enum verdict maps_run(struct job *j, const char *const argv[], int input, struct run_result *ret_result);

/* Whether the index is there and not older than its text. */
bool maps_is_fresh(const struct root *root, const struct index *index);

/* maps_check.c: how many entries the index in the directory has, besides those that postalias(1) adds of its
 * own; *ret_known is false when nobody can tell for its type. */
bool maps_count(struct job *j, size_t *ret_n, bool *ret_known) MUST_CHECK;
/* Refuses an index that lacks entries of the staged text without a warning for each, or that has others.
 * warnings: how many lines the program said. */
bool maps_check(struct job *j, size_t warnings) MUST_CHECK;

/* How many different keys the text has; false, also when it is not like that any more. */
bool maps_count_keys(struct job *j, const struct identity *like, size_t *ret_n) MUST_CHECK;
/* As many entries as the text has keys, those of postalias(1) aside. */
enum verdict maps_check_whole(struct job *j, size_t keys);

/* maps_update.c: makes the index from a copy of the one that is there, by entering what changed. HOLDS: it is
 * there and has as many entries as the text. FAILS: it must be built from the text; nothing is left of the
 * try. CANNOT_TELL: somebody asked for an end, or the directory cannot be written; err says so. */
enum verdict maps_update(struct job *j);
