/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The documents of one host, read and parsed when first asked for: main.cf and master.cf. A plan keeps a
 * second set in which edited texts take the place of what is on disk.
 */
#pragma once

#include "facts.h"

#define N_DOCS 2

struct docs {
    struct facts *facts;
    const struct doc *doc[N_DOCS];
    struct err failure[N_DOCS]; /* why it could not be read */
    bool tried[N_DOCS];
};

extern const char *const DOC_IDS[N_DOCS]; /* "main.cf", "master.cf" */

bool docs_get(struct docs *docs, const char *id, const struct doc **ret_doc, struct err *err) MUST_CHECK;
/* Puts an edited document in the place of the one with the same id. */
void docs_put(struct docs *docs, const struct doc *doc);
/* A document like doc with another text, parsed again. */
bool doc_reparse(const struct doc *doc, const char *text, size_t len, const struct doc **ret_doc,
                 struct err *err) MUST_CHECK;
/* Reads a document as it is on disk; without its nodes when lens is false. */
bool doc_load(struct facts *facts, const char *id, bool lens, struct doc **ret_doc,
              struct err *err) MUST_CHECK;
/* Where a document is here: below the configuration directory that Postfix reports. */
const char *doc_path(struct facts *facts, const char *id);
size_t doc_line(const struct doc *doc, size_t offset);
