/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a table answers on the running host: postmap -q and postalias -q over the tables that a parameter
 * names, in their order.
 */
#pragma once

#include "context.h"

/* Whether the tables of the parameter answer to the key, and, text not NULL, with that text (blanks beside
 * commas do not count). CANNOT_TELL: a table could not be asked; *ret_why says what was answered instead, or
 * why nothing was. */
enum verdict lookup_ask(struct context *ctx, const char *parameter, const char *key, const char *text,
                        const char **ret_why);

/* Whether two answers are the same: blanks at the ends and beside commas do not count, others are one. */
bool lookup_same(const char *a, const char *b);
