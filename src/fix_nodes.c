/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The nodes of a fix file without its lens; see fix_nodes.h.
 *
 * Protocol: what mf_fix.aug says, line by line. STANZAS is its list of stanzas with the keys of each.
 *
 * Limits: a stanza or a key that is added to the lens is added here, too, or its files cost a lens (a test
 * fails, and nothing else). Long stanzas are left to the lens.
 */
#include "fix_nodes.h"

#include <string.h>

#define MOST_LINES 400 /* of a stanza */

enum value { NONE, VALUE, WORDS, EFFECT };

/* Lists of words have a blank at both ends. */
static const struct stanza {
    const char *names;
    enum value value;
    const char *keys;   /* with a value */
    const char *flags;  /* without one */
    const char *blocks; /* without one, and with lines of text below them */
    bool remarks;       /* comment lines in it */
    bool text;          /* lines of text are its own, one at least */
} STANZAS[] = {
    {" title title.ja see ", VALUE, "", "", "", false, false},
    {" fix independent ", WORDS, "", "", "", false, false},
    {" effect ", EFFECT, "", "", "", false, false},
    {" about about.ja advice advice.ja ", NONE, "", "", "", false, true},
    {" rows ", WORDS, "", "", "", true, true},
    {" risk ", NONE, " for when says says.ja ", "", "", true, false},
    {" param ", VALUE, " type one-of default from offer when ask ask.ja ", " several ", "", true, false},
    {" symptom ", VALUE,
     " for when program level matching printed-by same within greets offers hides refuses times ",
     " starttls ", "", true, false},
    {" consequence ", VALUE, " program level matching printed-by same within ", "", "", true, false},
    {" still ", VALUE, " for when ", "", "", true, false},
    {" require ", VALUE, " for when else else.ja ", "", "", true, false},
    {" edit ", VALUE,
     " for when each after before uncomment keep mode replace with rename append prepend value ",
     " comment delete value ", " ensure raise ", true, false},
    {" after ", VALUE, " for when ", "", "", true, false},
    {" verify ", VALUE, " for when greets offers hides refuses times else else.ja ", " starttls ", "", true,
     false},
};

struct reading {
    const char *text;
    size_t len, at;
    struct node *node;
    size_t n;
    const struct stanza *stanza; /* the last one, while lines may belong to it; else NULL */
    size_t lines;                /* below its first */
    bool in_block;               /* lines of text belong to its last key */
};

static bool is_white(char c)
{
    return c == ' ' || c == '\t';
}

static bool listed(const char *list, const char *word, size_t len)
{
    for (const char *p = strchr(list, ' '); p != NULL; p = strchr(p + 1, ' '))
        if (strncmp(p + 1, word, len) == 0 && p[1 + len] == ' ')
            return true;
    return false;
}

/* Words of a-z, 0-9 and '-' that begin with a letter. */
static bool are_words(const char *text, size_t len)
{
    bool begins = true;
    for (size_t i = 0; i < len; i++) {
        bool letter = text[i] >= 'a' && text[i] <= 'z';
        bool rest = (text[i] >= '0' && text[i] <= '9') || text[i] == '-';
        if (!letter && !is_white(text[i]) && (begins || !rest))
            return false;
        begins = is_white(text[i]);
    }
    return len > 0;
}

static bool fits(enum value value, const char *text, size_t len)
{
    switch (value) {
    case NONE:
        return len == 0;
    case WORDS:
        return are_words(text, len);
    case EFFECT:
        return len > 0 && listed(" stops-mail harms-mail risk noise ", text, len);
    case VALUE:
        return len > 0 && text[0] != '|';
    }
    return false;
}

static void add(struct node **list, size_t *n, struct node node)
{
    *list = arena_append(*list, n, sizeof(node), &node);
}

static struct node *last_stanza(struct reading *r)
{
    return &r->node[r->n - 1];
}

/* A line of the file: what stands at [start, end) of it is the value. */
static struct node line_node(const struct reading *r, const char *label, size_t start, size_t end,
                             size_t line_end)
{
    return (struct node){.label = label,
                         .value = arena_copy(r->text + start, end - start),
                         .span = {r->at, line_end + 1},
                         .text = {start, end}};
}

/* Adds to the stanza, which goes on to the end of the line. */
static void add_child(struct reading *r, struct node node)
{
    struct node *stanza = last_stanza(r);
    stanza->span.end = node.span.end;
    add(&stanza->child, &stanza->n_child, node);
}

static bool take_text(struct reading *r, size_t bar, size_t end)
{
    struct node node = line_node(r, "text", bar + 1, end, end);
    if (r->stanza->text) {
        add_child(r, node);
        return true;
    }
    if (!r->in_block)
        return false;
    struct node *stanza = last_stanza(r), *block = &stanza->child[stanza->n_child - 1];
    add(&block->child, &block->n_child, node);
    block->span.end = stanza->span.end = node.span.end;
    return true;
}

/* Where the word ends that begins there, and where the value behind it begins and ends. */
struct words {
    size_t word_end, value, value_end;
};

static struct words cut_line(const struct reading *r, size_t start, size_t end)
{
    struct words w = {.word_end = start, .value_end = end};
    while (w.word_end < end && !is_white(r->text[w.word_end]))
        w.word_end++;
    w.value = w.word_end;
    while (w.value < end && is_white(r->text[w.value]))
        w.value++;
    while (w.value_end > w.value && is_white(r->text[w.value_end - 1]))
        w.value_end--;
    return w;
}

static struct node word_node(const struct reading *r, size_t start, const struct words *w, size_t end)
{
    const char *label = arena_copy(r->text + start, w->word_end - start);
    if (w->value < w->value_end)
        return line_node(r, label, w->value, w->value_end, end);
    return (struct node){.label = label, .span = {r->at, end + 1}};
}

/* A block that has no text is none. */
static bool block_is_empty(struct reading *r)
{
    return r->in_block && last_stanza(r)->child[last_stanza(r)->n_child - 1].n_child == 0;
}

static bool take_key(struct reading *r, size_t start, size_t end)
{
    struct words w = cut_line(r, start, end);
    const char *key = r->text + start;
    size_t len = w.word_end - start;
    bool has_value = w.value < w.value_end;
    if (block_is_empty(r))
        return false;
    r->in_block = !has_value && listed(r->stanza->blocks, key, len);
    if (has_value ? !listed(r->stanza->keys, key, len) || r->text[w.value] == '|'
                  : !r->in_block && !listed(r->stanza->flags, key, len))
        return false;
    add_child(r, word_node(r, start, &w, end));
    return true;
}

static bool take_indented(struct reading *r, size_t start, size_t end)
{
    if (r->stanza == NULL || ++r->lines > MOST_LINES)
        return false;
    if (r->text[start] == '|')
        return take_text(r, start, end);
    if (r->text[start] != '#')
        return take_key(r, start, end);
    if (!r->stanza->remarks || block_is_empty(r))
        return false;
    r->in_block = false;
    add_child(r, line_node(r, "#comment", start, end, end));
    return true;
}

/* Whether the stanza that ends here has all that it must have. */
static bool end_stanza(struct reading *r)
{
    bool whole = r->stanza == NULL || !(block_is_empty(r) || (r->stanza->text && !last_stanza(r)->n_child));
    r->stanza = NULL;
    r->in_block = false;
    return whole;
}

static bool take_head(struct reading *r, size_t end)
{
    struct words w = cut_line(r, r->at, end);
    for (size_t i = 0; i < COUNT(STANZAS); i++)
        if (listed(STANZAS[i].names, r->text + r->at, w.word_end - r->at)) {
            if (!fits(STANZAS[i].value, r->text + w.value, w.value_end - w.value))
                return false;
            add(&r->node, &r->n, word_node(r, r->at, &w, end));
            r->stanza = &STANZAS[i];
            r->lines = 0;
            return true;
        }
    return false;
}

static bool take_line(struct reading *r, size_t end)
{
    size_t start = r->at;
    while (start < end && is_white(r->text[start]))
        start++;
    if (memchr(r->text + r->at, '\r', end - r->at) != NULL)
        return false;
    if (start > r->at && start < end)
        return take_indented(r, start, end);
    if (!end_stanza(r))
        return false;
    if (start == end)
        add(&r->node, &r->n, (struct node){.label = "#blank", .span = {r->at, end + 1}});
    else if (r->text[start] == '#')
        add(&r->node, &r->n, line_node(r, "#comment", start, end, end));
    else
        return take_head(r, end);
    return true;
}

bool fix_nodes(struct fix_text *text)
{
    struct reading r = {.text = text->text, .len = text->len};
    while (r.at < r.len) {
        const char *newline = memchr(r.text + r.at, '\n', r.len - r.at);
        if (newline == NULL || !take_line(&r, (size_t)(newline - r.text)))
            return false;
        r.at = (size_t)(newline + 1 - r.text);
    }
    if (!end_stanza(&r))
        return false;
    text->node = r.node;
    text->n = r.n;
    return true;
}
