/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What no regular expression can know about a master.cf, marked for its lens: which brace closes which.
 * Source: get_master_ent() of src/master/master_ent.c, mystrtokq(), extpar() and split_nameval() of src/util.
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
