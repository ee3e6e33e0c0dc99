/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What no regular expression can know about a text of Postfix's, marked for its lens: in a master.cf which
 * brace closes which, and in a table which lines are entries, and where a key ends that goes over lines.
 * Source: get_master_ent() of src/master/master_ent.c, mystrtokq(), extpar() and split_nameval() of src/util;
 * for tables see postfix_key.h.
 */
#pragma once

#include "base.h"

/* A byte that belongs to a group in braces: it ends neither a word nor a value, and where a line ends in one
 * the group goes on in the next line. */
#define MASTER_INSIDE '\a'
/* A brace behind -o that opens no "{ name = value }": a byte like any other. */
#define MASTER_BRACE '\b'

/* A copy of a master.cf for the lens, byte for byte as long, with marks in it; the text itself when it needs
 * none. Every other byte is that of the text, except that what would look like a mark is a '?', and so is
 * what a group that is no option's has on its further lines. */
const char *postfix_masked_master(const char *text, size_t len);

/* A byte of a key that the lens need not look into; line ends, comments and blank lines in it are marked,
 * too. */
#define TABLE_KEY '\a'
/* A byte of the first line of what is no entry, but for white space at its end. */
#define TABLE_DROPPED '\b'

/* The same for a text of a table; alias: its names end with ':'. What would look like TABLE_DROPPED is a '?'.
 */
const char *postfix_masked_table(bool alias, const char *text, size_t len);
