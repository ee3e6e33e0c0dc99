/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The types of parameters: how a value of each is written, and what its fields are. Pure text; whether an
 * account or an alias exists is asked in params.c.
 */
#pragma once

#include "base.h"

/* The types' names, for messages. */
struct strings value_types(void);
bool value_type_known(const char *type);

/* Whether text is a value of the type. *ret_value is it in the form that is put into texts (a size without a
 * unit gets its M); *ret_expected, when it is none, what would be one. No type takes control characters. */
bool value_read(const char *type, const char *text, const char **ret_value, const char **ret_expected);

/* {parameter.field}: size has mb, hostport has host and port. NULL: the type has no such field. value NULL
 * asks only whether there is one. */
const char *value_field(const char *type, const char *value, const char *field);

/* Twice as much, for a size or a number; NULL when that is no value any more. */
const char *value_twice(const char *type, const char *value);
/* -1, 0, 1, by what sizes and numbers mean. */
int value_compare(const char *type, const char *a, const char *b);
