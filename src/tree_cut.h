/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where a text is cut, so that its lens reads each part by itself: finding the span of one node costs Augeas
 * a walk over all its siblings, and a long text in one piece would cost the square of its length.
 */
#pragma once

#include "tree.h"

#define MOST_OPEN 16 /* sections that are read in parts, one in the other */

/* The next part of a text. What has too many lines for one part, a value of Postfix's or a section of
 * Dovecot's, is one node that is read in several: the first one opens it, the last one closes it. */
struct part {
    size_t len;
    bool plain;       /* each of its lines is a node that no lens need see: blank, a comment, or stray */
    const char *head; /* stands in front of it for the lens: it goes on with the node that is open */
    size_t n_head;    /* nodes in the one that the lens sees that come from head */
    const char *tail; /* stands behind it for the lens */
    bool opens, closes;
    bool refused; /* at len bytes from here; why: NULL when it is no more than what the lens expects */
    const char *why;
};

struct cutter {
    enum lens lens;
    const char *read; /* for the lens */
    size_t len, at;
    bool started;           /* a line of Postfix's that is neither blank nor a comment was there */
    size_t value_end;       /* of the value that is read in parts; 0: none */
    size_t open[MOST_OPEN]; /* where the sections begin that are read in parts */
    size_t n_open;
};

/* Goes behind the part; false: the text has ended. */
bool cut_next(struct cutter *c, struct part *ret_part) MUST_CHECK;
