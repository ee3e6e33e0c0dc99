/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The records of a table's text as nodes. Those that somebody asked for are read, each by itself: by hand
 * where that sees what the lens sees (postfix_nodes.h), else by the lens. The others are nodes of which only
 * the bytes count (TREE_UNREAD); so one that the lens refuses is in nobody's way. Comments are always read.
 *
 * What an edit made of a text is shown to the lens, too, in the records that were read, but for comments: it
 * must see the same.
 */
#include "doc_private.h"

#include "extract.h"
#include "postfix_nodes.h"
#include "tree.h"

#include <string.h>

struct parsing {
    struct doc *doc;
    enum lens lens;
    const struct keys *keys; /* of a text as it is on disk: which records were asked for */
    const struct doc *old;   /* of an edited one: what the hunks made it of; and then keys is NULL */
    const struct hunk *hunk;
    size_t n_hunk;
    size_t next_hunk, next_node; /* the first that may be of what comes */
    size_t shift;                /* of a place behind the hunks before next_hunk; wraps around below zero */
    bool begins;                 /* what was not read begins a node there */
    bool by_hand;
    struct node *hand; /* what was read by hand */
    size_t n_hand;
    struct err *err;
};

static void shift(struct node *node, size_t n, size_t by)
{
    for (size_t i = 0; i < n; i++) {
        node[i].span = (struct span){node[i].span.start + by, node[i].span.end + by};
        node[i].text = (struct span){node[i].text.start + by, node[i].text.end + by};
        shift(node[i].child, node[i].n_child, by);
    }
}

static void add_nodes(struct doc *doc, struct node *node, size_t n, size_t at)
{
    shift(node, n, at);
    for (size_t i = 0; i < n; i++)
        doc->node = arena_append(doc->node, &doc->n_node, sizeof(*node), &node[i]);
}

/* Of comments the proof of an edit holds the bytes only. */
static bool is_text(const struct node *node)
{
    return node->label[0] != '#' && strcmp(node->label, "commented") != 0;
}

static bool read_nodes(struct parsing *p, size_t at, size_t len, size_t line)
{
    struct node *node;
    size_t n;
    if (len == 0)
        return true;
    bool hand = p->by_hand && postfix_nodes_table(p->lens == LENS_ALIASES, p->doc->text + at, len, &node, &n);
    if (!hand && !tree_parse_part(p->lens, p->doc->path, line, p->doc->text + at, len, &node, &n, p->err))
        return false;
    add_nodes(p->doc, node, n, at);
    for (size_t i = 0; hand && i < n && p->old != NULL; i++)
        if (is_text(&node[i]))
            p->hand = arena_append(p->hand, &p->n_hand, sizeof(*node), &node[i]);
    return true;
}

/* The place that an offset of the edited text had before; false: it is in what the hunks put there. Offsets
 * come in order. */
static bool place_before(struct parsing *p, size_t at, size_t *ret_at)
{
    for (; p->next_hunk < p->n_hunk; p->next_hunk++) {
        const struct hunk *h = &p->hunk[p->next_hunk];
        size_t start = h->at + p->shift;
        if (at < start)
            break;
        if (at < start + h->len)
            return false;
        p->shift += h->len - h->old_len;
    }
    *ret_at = at - p->shift;
    return true;
}

static bool was_unread(struct parsing *p, size_t at)
{
    const struct doc *old = p->old;
    size_t before;
    if (!place_before(p, at, &before))
        return false;
    while (p->next_node < old->n_node && old->node[p->next_node].span.end <= before)
        p->next_node++;
    if (p->next_node == old->n_node)
        return false;
    p->begins = old->node[p->next_node].span.start == before;
    return strcmp(old->node[p->next_node].label, TREE_UNREAD) == 0;
}

/* A record is read when it was asked for, or had been read before it was edited, or comes from the edit. */
static bool is_read(struct parsing *p, size_t at, size_t len)
{
    const char *bytes = p->doc->text + at;
    if (!records_begins(bytes, len))
        return true;
    return p->keys != NULL ? extract_has_key(p->keys, records_key(bytes, len, p->lens == LENS_ALIASES))
                           : !was_unread(p, at);
}

/* Such records in a row are one node: a large table has many beside those that are asked for. */
static void add_unread(struct parsing *p, size_t at, size_t len)
{
    struct doc *doc = p->doc;
    struct node *last = doc->n_node > 0 ? &doc->node[doc->n_node - 1] : NULL;
    struct node unread = {.label = TREE_UNREAD, .value = "", .span = {0, len}};
    if (last != NULL && !p->begins && strcmp(last->label, TREE_UNREAD) == 0 && last->span.end == at)
        last->span.end += len;
    else
        add_nodes(doc, &unread, 1, at);
}

static bool parse_record(struct parsing *p, size_t at, size_t len, size_t line)
{
    if (is_read(p, at, len))
        return read_nodes(p, at, len, line);
    size_t own = records_own_len(p->doc->text + at, len);
    add_unread(p, at, own);
    return read_nodes(p, at + own, len - own, line + text_newlines(p->doc->text + at, own));
}

static bool parse_pieces(struct parsing *p)
{
    struct doc *doc = p->doc;
    doc->node = NULL;
    doc->n_node = 0;
    for (size_t i = 0; i < doc->n_piece; i++) {
        const struct piece *piece = &doc->piece[i];
        size_t line = piece->line, lines;
        for (size_t at = piece->at, end = at + piece->len, len; at < end; at += len, line += lines) {
            len = records_first(doc->text + at, end - at, true, &lines);
            if (!parse_record(p, at, len, line))
                return false;
        }
    }
    return true;
}

bool doc_parse_table(struct doc *doc, struct err *err)
{
    struct wanted wanted = {.keys = doc->keys, .all = doc->all};
    struct keys keys = extract_keys(&wanted);
    struct parsing p = {.doc = doc, .keys = &keys, .by_hand = true, .err = err};
    return tree_lens_of_document(doc->id, &p.lens) ? parse_pieces(&p)
                                                   : err_set(err, "there is no lens for %s", doc->id);
}

bool doc_parse_edited(struct doc *doc, const struct doc *old, const struct hunk *hunk, size_t n,
                      struct err *err)
{
    struct parsing p = {.doc = doc, .old = old, .hunk = hunk, .n_hunk = n, .by_hand = true, .err = err};
    struct parsing by_lens = p;
    if (!tree_lens_of_document(doc->id, &p.lens))
        return err_set(err, "there is no lens for %s", doc->id);
    if (parse_pieces(&p) && tree_agrees(p.lens, doc->text, p.hand, p.n_hand))
        return true;
    by_lens.lens = p.lens;
    by_lens.by_hand = false;
    return parse_pieces(&by_lens);
}
