/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The catalogue: the fix files of the installed directory and the administrator's own, the site fixes. A file
 * counts only if it is root's and nobody else can write it or its directory; that is checked on the open
 * descriptor, for a fix file is trusted like a program.
 *
 * One broken site fix must not keep mailfix from the others: where all are asked it is warned of and left
 * out, by its name it is refused. A name that is in both directories could be either: it is refused, and both
 * paths are named.
 */
#pragma once

#include "fix.h"

/* Directories of the host, never below --root. */
struct fix_dirs {
    const char *installed, *site; /* site may be NULL */
};

/* The names in both, sorted, each once. */
struct strings fixes_names(const struct fix_dirs *dirs, struct err *err);

/* USAGE when there is no such fix. */
bool fixes_load(const struct fix_dirs *dirs, const char *name, struct fix **ret_fix,
                struct err *err) MUST_CHECK;

/* The named fixes, or all, in the order of the report: what stops mail first, then by name. A catalogue
 * without a fix is an error. */
bool fixes_load_all(const struct fix_dirs *dirs, const struct strings *names, struct fix ***ret_fix,
                    size_t *ret_n, struct err *err) MUST_CHECK;
