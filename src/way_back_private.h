/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of the way back share.
 */
#pragma once

#include "way_back.h"

struct walk {
    const struct store *store;
    const struct record *record;
    size_t n;
    const struct record *chosen;
    enum way way;
    struct way_back *out;
    struct err *err;
};

struct text {
    const char *bytes;
    size_t len;
    bool absent; /* no file */
};

/* One file on its way back. */
struct file {
    const struct target *target;
    size_t index;
    const struct record **later; /* kept ones that changed it too, oldest first */
    const struct target **change;
    size_t n_later;
    struct text before, wrote; /* before this transaction; as the last one left it */
    struct hunk *back;         /* in wrote: what leads back */
    size_t n_back;
    struct text result; /* wrote without this transaction */
    struct doc *now;
    const char *unread; /* why the text of now is not known, only its digest; NULL: it is */
};

/* way_back.c: where the record has the text from before; NEEDS_PERSON: it does not lead there. Returns false.
 */
const char *way_back_slot(const struct record *record, size_t index);
bool way_back_damaged(const struct walk *w);
/* NEEDS_PERSON: the line of the text that mailfix wrote is not there exactly once; later transactions stand
 * on this one. Both return false. */
bool way_back_refuse_hunk(const struct walk *w, const struct file *f, size_t line, struct text wrote,
                          size_t at);
bool way_back_dependent(const struct walk *w, const struct file *f, const struct strings *dependent);

/* way_back_table.c: plans the way back of a table's text that need not be read whole, or is too large for it;
 * else *ret_planned is false. */
bool way_back_table(const struct walk *w, const struct file *f, bool *ret_planned) MUST_CHECK;
/* A text of any size: the caller closes at.dir. */
struct found {
    struct at at;
    struct identity identity;
};
bool way_back_find(const struct walk *w, const char *path, struct found *ret) MUST_CHECK;
/* Whether a file of that digest stands at the path itself. */
bool way_back_has_file(const struct walk *w, const char *path, const char *digest);
/* Plans the change of a large file from one digest to another: hunks at its places, as many as the target
 * has. NEEDS_PERSON when they do not lead there. */
bool way_back_without(const struct walk *w, const struct file *f, struct hunk *hunk, const char *from,
                      const char *to) MUST_CHECK;

/* way_back_chain.c: the same where later transactions changed the file, which is as they left it;
 * *ret_planned is false when it is not, or when one of them touches what this one changed. */
bool way_back_chain(const struct walk *w, const struct file *f, const char *now,
                    bool *ret_planned) MUST_CHECK;
