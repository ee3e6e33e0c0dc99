/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What record.c and record_back.c share: JSON, and the change of a target in it (record_json.c). Nobody else
 * includes this.
 */
#pragma once

#include "record.h"

#include <jansson.h>

json_t *record_json_bytes(const char *bytes, size_t len);
/* A member that may be absent: no text, no member. */
void record_json_text(json_t *object, const char *key, const char *text);
/* NULL when it is no string, or holds a character that stands for no byte. */
const char *record_bytes_of(const json_t *value, size_t *ret_len);

/* The hunks of a target as an array, and back. */
json_t *record_json_hunks(const struct target *target);
bool record_read_hunks(const json_t *hunks, struct target *target);
/* A digest, or "absent" for none. */
const char *record_json_digest(const char *digest);
bool record_read_digest(const json_t *value, char ret[DIGEST_HEX + 1]);

/* The text of an object with a checksum of its own in it; frees the object. NULL: memory was short since
 * record_json_begin. */
const char *record_json_text_of(json_t *object, size_t *ret_len);
/* Before a record is written. */
void record_json_begin(void);
/* Whether memory was short since then. */
bool record_json_ran_short(void);
/* The object of such a text, for json_decref; file is what messages call it. NULL: it is no JSON, or not what
 * its checksum says (a text of before there were checksums says nothing). */
json_t *record_json_load(const char *file, const char *text, size_t len, struct err *err) MUST_CHECK;

/* What back.json says of a rollback; lets go of it. */
bool record_take_back(json_t *all, const struct record *record, struct back **ret_back,
                      struct err *err) MUST_CHECK;

/* After all records were read: the changes of later transactions become what the rollbacks of older ones say
 * of them. */
void record_rebase(struct record *record, size_t n);
