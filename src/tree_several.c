/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Several texts in one; see tree_several.h.
 *
 * Protocol: texts of up to TOGETHER bytes are put one behind the other and parsed; then each node is given to
 * the text in which it lies.
 *
 * Limits: a node that lies in two texts makes that none of them has nodes.
 */
#include "tree_several.h"

#define TOGETHER ((size_t)128 << 10)

/* What is nowhere, as the text of a node without a value, stays there. */
static void move_back(struct span *span, size_t by)
{
    if (span->start < by)
        return;
    span->start -= by;
    span->end -= by;
}

static void move_nodes_back(struct node *node, size_t n, size_t by)
{
    for (size_t i = 0; i < n; i++) {
        move_back(&node[i].span, by);
        move_back(&node[i].text, by);
        move_nodes_back(node[i].child, node[i].n_child, by);
    }
}

/* Gives text the nodes at the start of node that lie in it, at offset; false: one goes on behind it. */
static bool take_nodes(struct tree_text *text, size_t offset, struct node **node, size_t *n)
{
    size_t taken = 0;
    while (taken < *n && (*node)[taken].span.start < offset + text->len)
        taken++;
    if (taken > 0 && (*node)[taken - 1].span.end > offset + text->len)
        return false;
    text->node = *node;
    text->n = taken;
    move_nodes_back(*node, taken, offset);
    *node += taken;
    *n -= taken;
    return true;
}

static void parse_together(enum lens lens, struct tree_text *text, size_t n)
{
    struct buf all = {0};
    struct node *node;
    size_t n_node, offset = 0;
    struct err err;
    for (size_t i = 0; i < n; i++)
        buf_add(&all, text[i].text, text[i].len);
    bool ok = n > 0 && tree_parse(lens, "", buf_text(&all), all.len, &node, &n_node, &err);
    for (size_t i = 0; i < n && ok; offset += text[i].len, i++)
        ok = take_nodes(&text[i], offset, &node, &n_node);
    for (size_t i = 0; i < n && !ok; i++)
        text[i].node = NULL;
}

void tree_parse_several(enum lens lens, struct tree_text *text, size_t n)
{
    size_t first = 0, len = 0;
    for (size_t i = 0; i < n; i++) {
        bool whole_lines = text[i].len > 0 && text[i].text[text[i].len - 1] == '\n';
        text[i].node = NULL;
        if (whole_lines && len + text[i].len <= TOGETHER) {
            len += text[i].len;
            continue;
        }
        parse_together(lens, text + first, i - first);
        first = whole_lines ? i : i + 1;
        len = whole_lines ? text[i].len : 0;
    }
    parse_together(lens, text + first, n - first);
}
