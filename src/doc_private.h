/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files that read documents of several files share.
 */
#pragma once

#include "doc.h"

struct reading {
    struct docs *docs;
    const char *id;
    const struct strings *keys; /* of a table: which records; NULL: all */
    const struct doc **doc;     /* found so far, in reading order */
    size_t n;
    size_t n_read;               /* includes of dovecot.conf, the same file again included */
    struct dovecot_conf dovecot; /* what dovecot.conf and its includes hold */
    struct err *err;
};

/* doc.c: one file of the document: as edited, as read before, or as it is on disk. */
bool doc_read_file(struct reading *r, const char *path, bool may_be_absent, const struct doc **ret_doc);

/* doc_dovecot.c: dovecot.conf and what it includes. */
bool doc_read_dovecot(struct reading *r);
void docs_keep_file(struct docs *docs, const struct doc *doc);

/* doc_table.c: the texts of tables. */
bool doc_read_aliases(struct reading *r);
bool doc_read_map(struct reading *r, const char *parameter);

/* doc_records.c: the nodes of a table's text, of the records with doc->keys; of one that hunks made of
 * another, of the records that are nodes there and those that come from the hunks. */
bool doc_parse_table(struct doc *doc, struct err *err) MUST_CHECK;
bool doc_parse_edited(struct doc *doc, const struct doc *old, const struct hunk *hunk, size_t n,
                      struct err *err) MUST_CHECK;
