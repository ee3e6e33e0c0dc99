/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The small languages inside a fix file's values: PLACE and COND. The closed vocabulary (documents, nouns,
 * fields, conditions) is here, in one table each; a word is added here and in mailfix-fix(5) when two fixes
 * need it.
 */
#pragma once

#include "fix.h"

/* Parse the text of a value that stands at offset at of the fix's file; errors as fix_error. Inside an edit a
 * PLACE may leave its document out: document is then the edit's own, else NULL. */
bool words_place(const struct fix *fix, const char *document, const char *text, size_t at,
                 struct place *ret_place, struct err *err) MUST_CHECK;
bool words_cond(const struct fix *fix, const char *document, const char *text, size_t at,
                struct cond *ret_cond, struct err *err) MUST_CHECK;

/* The document at the start of a text ("map transport_maps" is one), and what follows it. */
bool words_document(const struct fix *fix, const char *text, size_t at, const char **ret_document,
                    const char **ret_rest, struct err *err) MUST_CHECK;

const char *words_noun(enum noun noun);
const char *words_noun_fields(enum noun noun); /* separated by blanks */
bool words_noun_editable(enum noun noun);
bool words_noun_has(enum noun noun, const char *field);
