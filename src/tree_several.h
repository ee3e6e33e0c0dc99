/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Many short texts of one lens parsed as one: Augeas compiles what a lens needs anew for each text that it is
 * given.
 */
#pragma once

#include "tree.h"

struct tree_text {
    const char *text;
    size_t len;
    struct node *node; /* set: as tree_parse gives them; NULL: the text has to be parsed by itself */
    size_t n;
};

/* A text that is in the way of others leaves all of them NULL: whoever parses it by itself learns why. */
void tree_parse_several(enum lens lens, struct tree_text *text, size_t n);
