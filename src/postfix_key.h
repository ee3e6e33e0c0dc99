/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The key of a table's entry as postmap(1) finds it, the first word of a logical line, and the name of an
 * alias as postalias(1) finds it, the tokens before the first ':'. Either may go on over the ends of lines.
 * Source: postmap.c, postalias.c, tok822_scan() of src/global/tok822_parse.c, readllines() of
 * src/util/readlline.c.
 */
#pragma once

#include "base.h"

struct postfix_key {
    bool is_entry; /* false: Postfix warns of the logical line and drops it, for what stands in the place of
                      its key */
    bool nested;   /* a note in the name of an alias has a note in it */
    size_t end; /* of the key's bytes, which begin the text; newlines, comments and blank lines may be among
                   them */
};

/* Of the logical line that begins a text; what stands behind it does not count. */
struct postfix_key postfix_key(const char *text, size_t len, bool alias);

/* From a newline in the bytes of a key to the byte that it goes on with: comments and blank lines are none of
 * it. len: there is none. */
size_t postfix_next_line(const char *key, size_t len, size_t at);

/* What Postfix sees of the bytes of a key: no newline, no comment, no blank line. */
const char *postfix_logical(const char *key, size_t len);
