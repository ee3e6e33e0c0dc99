/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The catalogue: the fix files in the installed directory. A file counts only if it is root's and nobody else
 * can write it or its directory; that is checked on the open descriptor, for a fix file is trusted like a
 * program.
 */
#pragma once

#include "fix.h"

/* dir: the installed directory of the host, never one below --root. */
struct strings fixes_names(const char *dir, struct err *err);

/* USAGE when there is no such fix. */
bool fixes_load(const char *dir, const char *name, struct fix **ret_fix, struct err *err) MUST_CHECK;

/* The named fixes, or all, in the order of the report: what stops mail first, then by name. A catalogue
 * without a fix is an error. */
bool fixes_load_all(const char *dir, const struct strings *names, struct fix ***ret_fix, size_t *ret_n,
                    struct err *err) MUST_CHECK;
