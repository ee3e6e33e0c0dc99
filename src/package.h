/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a package manager has written down about a tree in which nothing may be executed.
 */
#pragma once

#include "file.h"

/* The version of an installed package as its authors count it ("2.3.19.1" of "1:2.3.19.1+dfsg1-2.1"): that of
 * the first of these names, up to a NULL, that is installed below the root. NULL: none of them is, or nobody
 * wrote it down in a form that is known here. */
const char *package_version(const struct root *root, const char *const names[]);
