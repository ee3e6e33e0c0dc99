/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The nodes of tables and aliases without a lens; see postfix_nodes.h. The trees are those that
 * mf_transport.aug and mf_aliases.aug describe.
 *
 * Limits: left to the lens are quotes, backslashes and whatever else may hide the end of a key, a key that
 * goes on in a later line, lines that are no entry, long entries, many comments in a row inside a value, text
 * behind white space before the first logical line, and a last line without a newline.
 */
#include "postfix_nodes_private.h"

#include <string.h>

#define MOST_LINES 400 /* of an entry */

struct table {
    struct nodes nodes;
    bool alias;
};

static bool ends_key(bool alias, char c)
{
    return text_is_blank(c) || (alias && c == ':');
}

/* Behind the characters of a key that hide nothing, from start on. */
static size_t plain_key(const struct table *t, size_t start)
{
    const char *odd = t->alias ? "\"(\\,@%[" : "\"\\", *text = t->nodes.text;
    size_t end = start;
    while (end < t->nodes.last && !ends_key(t->alias, text[end]) && strchr(odd, text[end]) == NULL)
        end++;
    return end < t->nodes.last && !ends_key(t->alias, text[end]) ? start : end;
}

static void add_value(struct nodes *nodes, struct node *entry, size_t start)
{
    while (start < nodes->last && text_is_blank(nodes->text[start]))
        start++;
    struct span value = {start, nodes->last};
    if (value.start < value.end)
        nodes_child(entry, nodes_make(nodes, "value", value, value));
}

static bool take_entry(struct table *t)
{
    struct nodes *nodes = &t->nodes;
    size_t key = plain_key(t, nodes->at), value = key, lines = 1;
    if (key == nodes->at)
        return false;
    if (t->alias) {
        while (value < nodes->last && text_is_blank(nodes->text[value]))
            value++;
        if (value == nodes->last || nodes->text[value++] != ':')
            return false;
    }
    struct node entry = nodes_whole_line(nodes, t->alias ? "alias" : "entry", (struct span){nodes->at, key});
    add_value(nodes, &entry, value);
    for (nodes_next(nodes); nodes_go_on(nodes, &entry); nodes_next(nodes)) {
        if (++lines + entry.n_child > MOST_LINES)
            return false;
        add_value(nodes, &entry, nodes->first);
        entry.span.end = nodes->end + 1;
    }
    nodes_add(nodes, entry);
    return true;
}

/* "#KEY VALUE" and "# NAME: TARGETS", or prose. */
static struct node comment(struct table *t)
{
    struct nodes *nodes = &t->nodes;
    const char *text = nodes->text;
    size_t key = nodes->first + 1, end, value;
    while (t->alias && key < nodes->last && text_is_blank(text[key]))
        key++;
    for (end = key; end < nodes->last && !ends_key(t->alias, text[end]);)
        end++;
    for (value = end; value < nodes->last && text_is_blank(text[value]);)
        value++;
    bool entry = end > key && text[key] != '#' && value < nodes->last && !(t->alias && text[key] == '"');
    if (entry && t->alias)
        entry = text[value++] == ':';
    if (!entry)
        return nodes_whole_line(nodes, "#comment", (struct span){nodes->first, nodes->last});
    struct node commented = nodes_whole_line(nodes, "commented", (struct span){key, end});
    add_value(nodes, &commented, value);
    return commented;
}

bool postfix_nodes_table(bool alias, const char *text, size_t len, struct node **ret_node, size_t *ret_n)
{
    struct table t = {.nodes = {.text = text, .len = len}, .alias = alias};
    struct nodes *nodes = &t.nodes;
    while (nodes_line(nodes)) {
        if (!nodes_blank(nodes) && !nodes_comment(nodes)) {
            if (nodes_continues(nodes) || !take_entry(&t))
                return false;
            continue;
        }
        nodes_add(nodes, nodes_blank(nodes)
                             ? (struct node){.label = "#blank", .span = {nodes->at, nodes->end + 1}}
                             : comment(&t));
        nodes_next(nodes);
    }
    if (nodes->at < len)
        return false;
    *ret_node = nodes->node;
    *ret_n = nodes->n;
    return true;
}
