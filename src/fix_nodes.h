/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The nodes of a fix file without its lens.
 *
 * The catalogue is read by almost every run, and the lens would take most of its time. Here is the same
 * grammar by hand, for texts that it takes without a doubt: what is read is what the lens reads, to the byte.
 * For everything else the lens is asked, which says what is wrong and where.
 */
#pragma once

#include "base.h"

struct fix_text {
    const char *text;
    size_t len;
    struct node *node; /* as tree_parse gives them with LENS_FIX */
    size_t n;
};

/* Sets node and n; false, and nothing is set: ask the lens. */
bool fix_nodes(struct fix_text *text) MUST_CHECK;
