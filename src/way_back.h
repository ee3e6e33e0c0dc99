/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a rollback writes: the files as they stand now without the bytes that one transaction put in.
 *
 * A transaction with later ones on top goes when its hunks stand alone, that is, when no later kept one
 * touches them; what the later ones changed stays, and their records learn how they stand without it. A file
 * that somebody edited since is refused, unless the way says otherwise.
 */
#pragma once

#include "merge.h"
#include "txn.h"

enum way {
    WAY_STRICT, /* an edited file is refused */
    WAY_MERGE,  /* only our own hunks go; each must still stand exactly once */
    WAY_FORCE   /* the text that mailfix knows comes back, the edited copy is kept in the record */
};

/* A file that was edited since: what was there before, what mailfix wrote, what stands there now. */
struct edited_file {
    const char *document, *path;
    const char *before, *wrote, *now;
    size_t before_len, wrote_len, now_len;
};

struct way_back {
    struct plan plan; /* the changes, to be shown, and the actions */
    struct back *back;
    struct txn_text *text;       /* one for each target of the record */
    struct edited_file *refused; /* why way_back_plan failed, when it was an edit */
};

/* Works out how chosen, one of the n records of the store, is rolled back. Reads files and changes nothing.
 * NEEDS_PERSON when a file was edited since (then ret->refused), when a hunk is not found again, when a later
 * transaction depends on this one, when the record does not lead where it says. */
bool way_back_plan(const struct store *store, const struct record *record, size_t n,
                   const struct record *chosen, enum way way, struct way_back *ret,
                   struct err *err) MUST_CHECK;
