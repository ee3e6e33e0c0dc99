/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The nodes of main.cf without a lens; see postfix_nodes.h. The tree is the one that mf_main.aug describes.
 *
 * Limits: a name without '=' on its own line, text behind white space before the first logical line, and many
 * comments in a row inside a value are left to the lens.
 */
#include "postfix_nodes_private.h"

#include <ctype.h>
#include <string.h>

#define MOST_COMMENTS 400 /* in a row */

/* ---- lines ---- */

bool nodes_line(struct nodes *nodes)
{
    const char *newline = memchr(nodes->text + nodes->at, '\n', nodes->len - nodes->at);
    if (newline == NULL)
        return false;
    nodes->end = (size_t)(newline - nodes->text);
    nodes->first = nodes->at;
    nodes->last = nodes->end;
    while (nodes->first < nodes->end && text_is_blank(nodes->text[nodes->first]))
        nodes->first++;
    while (nodes->last > nodes->first && text_is_blank(nodes->text[nodes->last - 1]))
        nodes->last--;
    return true;
}

void nodes_next(struct nodes *nodes)
{
    nodes->at = nodes->end + 1;
}

bool nodes_blank(const struct nodes *nodes)
{
    return nodes->first == nodes->end;
}

bool nodes_comment(const struct nodes *nodes)
{
    return nodes->text[nodes->first] == '#';
}

bool nodes_continues(const struct nodes *nodes)
{
    return nodes->first > nodes->at && !nodes_blank(nodes) && !nodes_comment(nodes);
}

/* ---- nodes ---- */

struct node nodes_make(const struct nodes *nodes, const char *label, struct span text, struct span span)
{
    return (struct node){.label = label,
                         .value = arena_copy(nodes->text + text.start, text.end - text.start),
                         .span = span,
                         .text = text};
}

struct node nodes_whole_line(const struct nodes *nodes, const char *label, struct span text)
{
    return nodes_make(nodes, label, text, (struct span){nodes->at, nodes->end + 1});
}

void nodes_add(struct nodes *nodes, struct node node)
{
    nodes->node = arena_append(nodes->node, &nodes->n, sizeof(node), &node);
}

void nodes_child(struct node *parent, struct node child)
{
    parent->child = arena_append(parent->child, &parent->n_child, sizeof(child), &child);
}

bool nodes_go_on(struct nodes *nodes, struct node *parent)
{
    struct nodes ahead = *nodes;
    while (nodes_line(&ahead) && (nodes_blank(&ahead) || nodes_comment(&ahead)))
        nodes_next(&ahead);
    if (ahead.at >= ahead.len || ahead.end < ahead.at || !nodes_continues(&ahead))
        return false;
    for (; nodes_line(nodes) && nodes->at < ahead.at; nodes_next(nodes))
        if (!nodes_blank(nodes))
            nodes_child(parent,
                        nodes_whole_line(nodes, "#comment", (struct span){nodes->first, nodes->last}));
    return true;
}

/* ---- main.cf ---- */

static void add_value(struct nodes *nodes, struct node *setting, size_t start)
{
    while (start < nodes->last && text_is_blank(nodes->text[start]))
        start++;
    struct span value = {start, nodes->last};
    if (value.start < value.end)
        nodes_child(setting, nodes_make(nodes, "value", value, value));
}

static bool take_setting(struct nodes *nodes)
{
    size_t end = nodes->first, equals;
    while (end < nodes->last && !text_is_blank(nodes->text[end]) && nodes->text[end] != '=')
        end++;
    for (equals = end; equals < nodes->last && text_is_blank(nodes->text[equals]);)
        equals++;
    if (equals == nodes->last || nodes->text[equals] != '=' || end == nodes->first)
        return false;
    struct node setting = nodes_whole_line(nodes, "setting", (struct span){nodes->first, end});
    add_value(nodes, &setting, equals + 1);
    size_t n = setting.n_child;
    for (nodes_next(nodes); nodes_go_on(nodes, &setting); nodes_next(nodes)) {
        if (setting.n_child - n > MOST_COMMENTS)
            return false;
        add_value(nodes, &setting, nodes->first);
        setting.span.end = nodes->end + 1;
        n = setting.n_child;
    }
    nodes_add(nodes, setting);
    return true;
}

/* "#name = text", or prose. */
static struct node comment(struct nodes *nodes)
{
    const char *text = nodes->text;
    size_t name = nodes->first + 1, end, equals;
    while (name < nodes->last && text_is_blank(text[name]))
        name++;
    for (end = name;
         end < nodes->last && ((text[end] & 0x80) == 0) && (isalnum(text[end]) || text[end] == '_');)
        end++;
    for (equals = end; equals < nodes->last && text_is_blank(text[equals]);)
        equals++;
    if (end == name || equals == nodes->last || text[equals] != '=')
        return nodes_whole_line(nodes, "#comment", (struct span){nodes->first, nodes->last});
    struct node commented = nodes_whole_line(nodes, "commented", (struct span){name, end});
    add_value(nodes, &commented, equals + 1);
    return commented;
}

bool postfix_nodes_main(const char *text, size_t len, struct node **ret_node, size_t *ret_n)
{
    struct nodes nodes = {.text = text, .len = len};
    while (nodes_line(&nodes)) {
        if (!nodes_blank(&nodes) && !nodes_comment(&nodes)) {
            if (nodes_continues(&nodes) || !take_setting(&nodes))
                return false;
            continue;
        }
        nodes_add(&nodes, nodes_blank(&nodes)
                              ? (struct node){.label = "#blank", .span = {nodes.at, nodes.end + 1}}
                              : comment(&nodes));
        nodes_next(&nodes);
    }
    if (nodes.at < len)
        return false;
    *ret_node = nodes.node;
    *ret_n = nodes.n;
    return true;
}
