/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where: the rows that a PLACE finds in the documents (mailfix-fix(5), "PLACE").
 */
#pragma once

#include "context.h"

struct row {
    const struct doc *doc;    /* NULL: an effective value that no line sets */
    const struct node *node;  /* the top-level entry */
    const struct node *part;  /* the option of a service, or NULL */
    const char *name, *value; /* as written; of a table: its name, and "type:name" */
    struct span bytes;        /* of the value in doc's text; empty where there is none */
    size_t at, line;          /* where it begins: offset and line; no line where nothing sets it */
    struct binding *field;    /* the noun's other fields; one without a value is unknown */
    size_t n_field;
    const char *note; /* a remark on it, for its description; NULL: none */
};

/* A field by its name, also name, value, file, line; NULL: unknown. */
const char *row_field(const struct row *row, const char *field);

/* Rows in the order of the document. Only what is in effect, unless the place says shadowed or commented. A
 * row whose filter asks for an unknown field makes *ret_unknown true (ctx->missing names the fact). False
 * when a document cannot be read. */
bool place_find(struct context *ctx, const struct place *place, struct row **ret_row, size_t *ret_n,
                bool *ret_unknown, struct err *err) MUST_CHECK;

/* "/etc/postfix/main.cf:12: name = value (note)", for messages; *** for a value that looks like a secret. */
const char *row_describe(const struct row *row);

/* From the first to the last byte of the value of a setting or an option; empty where there is none. */
struct span place_value_bytes(const struct node *node);
