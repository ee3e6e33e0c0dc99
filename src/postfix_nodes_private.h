/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the two files of postfix_nodes.h share: lines, and nodes of them.
 */
#pragma once

#include "postfix_nodes.h"

/* A text while it is read; [at, end) is the line that comes next, without its newline, and what stands in it
 * between white space is [first, last). */
struct nodes {
    const char *text;
    size_t len;
    size_t at, end, first, last;
    struct node *node;
    size_t n;
};

/* False: the text ends here, or its last line ends in no newline (and then nodes->at < nodes->len). */
bool nodes_line(struct nodes *nodes);
/* Goes to the next line. */
void nodes_next(struct nodes *nodes);

/* The line is blank, or a comment. */
bool nodes_blank(const struct nodes *nodes);
bool nodes_comment(const struct nodes *nodes);
/* The line continues a logical line. */
bool nodes_continues(const struct nodes *nodes);

struct node nodes_make(const struct nodes *nodes, const char *label, struct span text, struct span span);
/* The whole line, with what is in it. */
struct node nodes_whole_line(const struct nodes *nodes, const char *label, struct span text);
void nodes_add(struct nodes *nodes, struct node node);
void nodes_child(struct node *parent, struct node child);

/* Whether a logical line goes on behind comments and blank lines; if so these comments are its children, and
 * the line that continues it is the next one. */
bool nodes_go_on(struct nodes *nodes, struct node *parent);
