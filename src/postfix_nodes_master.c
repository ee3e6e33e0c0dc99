/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The nodes of master.cf without a lens; see postfix_nodes.h. The tree is the one that mf_master.aug
 * describes.
 *
 * Limits: left to the lens are braces in an option or before options have ended, a -o without "name=value", a
 * comment between -o and its word, what is too long to be read in one part (tree_cut.c), and text behind
 * white space before the first logical line.
 */
#include "postfix_nodes_private.h"

#include <string.h>

#define MOST_WORDS 400 /* of a service */
#define MOST_LINES 90  /* of a service, and of comments in a row */

static const char *const COLUMNS[] = {"type", "private", "unpriv", "chroot", "wakeup", "maxproc", "command"};

/* The next word of the line from *at on; false: there is none. */
static bool next_word(const struct nodes *nodes, size_t *at, struct span *ret_word)
{
    while (*at < nodes->last && text_is_blank(nodes->text[*at]))
        (*at)++;
    ret_word->start = *at;
    while (*at < nodes->last && !text_is_blank(nodes->text[*at]))
        (*at)++;
    ret_word->end = *at;
    return ret_word->end > ret_word->start;
}

/* ---- services ---- */

struct service {
    struct nodes *nodes;
    struct node node;
    size_t words, lines;
    size_t dash; /* where a -o began that waits for its word */
    bool waits, args;
};

/* name=value, without braces. */
static bool add_option(struct service *s, size_t start, struct span word)
{
    const char *text = s->nodes->text;
    size_t equals = word.start;
    while (equals < word.end && strchr("{}=#", text[equals]) == NULL)
        equals++;
    if (equals == word.start || equals == word.end || text[equals] != '=' ||
        memchr(text + equals, '{', word.end - equals) != NULL)
        return false;
    struct node option =
        nodes_make(s->nodes, "option", (struct span){word.start, equals}, (struct span){start, word.end});
    struct span value = {equals + 1, word.end};
    if (value.start < value.end)
        nodes_child(&option, nodes_make(s->nodes, "value", value, value));
    nodes_child(&s->node, option);
    return true;
}

/* The words behind the command: options end at the first one that is none. */
static bool add_argument(struct service *s, struct span word)
{
    const char *text = s->nodes->text + word.start;
    size_t len = word.end - word.start;
    bool dash = text[0] == '-' && len > 1;
    if (s->waits) {
        s->waits = false;
        return add_option(s, s->dash, word);
    }
    if (!s->args && dash && text[1] == 'o') {
        s->waits = len == 2;
        s->dash = word.start;
        return s->waits || add_option(s, word.start, (struct span){word.start + 2, word.end});
    }
    s->args |= !dash || (text[1] == '-' && len == 2);
    if (!s->args && memchr(text, '{', len) != NULL)
        return false; /* what is in them may be no word of its own */
    nodes_child(&s->node, nodes_make(s->nodes, "arg", word, word));
    return true;
}

static bool add_word(struct service *s, struct span word)
{
    if (s->words == 0)
        s->node = nodes_whole_line(s->nodes, "service", word);
    else if (s->words <= COUNT(COLUMNS) && s->nodes->text[word.start] != '#')
        nodes_child(&s->node, nodes_make(s->nodes, COLUMNS[s->words - 1], word, word));
    else if (s->words <= COUNT(COLUMNS) || !add_argument(s, word))
        return false;
    return ++s->words <= MOST_WORDS;
}

static bool take_service(struct nodes *nodes)
{
    struct service s = {.nodes = nodes};
    do {
        struct span word;
        for (size_t at = nodes->first; next_word(nodes, &at, &word);)
            if (!add_word(&s, word))
                return false;
        s.node.span.end = nodes->end + 1;
        size_t before = s.node.n_child;
        nodes_next(nodes);
        if (!nodes_go_on(nodes, &s.node)) {
            nodes_add(nodes, s.node);
            return s.words > COUNT(COLUMNS) && !s.waits;
        }
        if (s.waits && s.node.n_child > before)
            return false;
        s.lines += s.node.n_child - before + 1;
    } while (s.lines < MOST_LINES);
    return false;
}

/* ---- comments ---- */

static bool is_word(const struct nodes *nodes, struct span word, const char *const *one_of, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strlen(one_of[i]) == word.end - word.start &&
            memcmp(nodes->text + word.start, one_of[i], word.end - word.start) == 0)
            return true;
    return false;
}

/* Behind the '#' and white space. */
static size_t behind_hash(const struct nodes *nodes)
{
    size_t at = nodes->first + 1;
    while (at < nodes->last && text_is_blank(nodes->text[at]))
        at++;
    return at;
}

static bool begins_option(const struct nodes *nodes, size_t at)
{
    return nodes->last - at >= 2 && memcmp(nodes->text + at, "-o", 2) == 0;
}

/* "#name type y n - wakeup ...": a commented-out service. */
static bool read_commented(const struct nodes *nodes, struct node *ret)
{
    static const char *const types[] = {"inet", "unix", "fifo", "pass", "unix-dgram"}, *const flags[] = {
                                                                                           "y", "n", "-"};
    size_t at = behind_hash(nodes);
    struct span word;
    if (begins_option(nodes, at) || !next_word(nodes, &at, &word))
        return false;
    struct node commented = nodes_whole_line(nodes, "commented", word);
    for (size_t i = 0; next_word(nodes, &at, &word); i++) {
        if ((i == 0 && !is_word(nodes, word, types, COUNT(types))) ||
            (i > 0 && i < 4 && !is_word(nodes, word, flags, COUNT(flags))))
            return false;
        nodes_child(&commented, nodes_make(nodes, i < COUNT(COLUMNS) ? COLUMNS[i] : "arg", word, word));
    }
    *ret = commented;
    return commented.n_child > 4;
}

/* "#  -o name=value", the value to the end of the line. */
static struct node commented_option(const struct nodes *nodes)
{
    const char *text = nodes->text;
    size_t start = behind_hash(nodes), name = start + 2, end;
    while (text_is_blank(text[name]))
        name++;
    for (end = name; end < nodes->last && text[end] != '=' && !text_is_blank(text[end]);)
        end++;
    bool plain = end > name && (end == nodes->last || text[end] == '=');
    struct node option = nodes_make(nodes, "option", (struct span){name, plain ? end : nodes->last},
                                    (struct span){start, nodes->last});
    struct span value = {end + 1, nodes->last};
    while (plain && value.start < value.end && text_is_blank(text[value.start]))
        value.start++;
    if (plain && value.start < value.end)
        nodes_child(&option, nodes_make(nodes, "value", value, value));
    return option;
}

/* What stands below a commented-out service up to its option is in it. */
static void give_option(struct nodes *nodes, size_t commented, struct node option)
{
    struct node *node = &nodes->node[commented];
    for (size_t i = commented + 1; i < nodes->n; i++)
        nodes_child(node, nodes->node[i]);
    nodes->n = commented + 1;
    nodes_child(node, option);
    node->span.end = nodes->end + 1;
}

/* The comments up to a blank line or a service. */
static bool take_comments(struct nodes *nodes)
{
    size_t commented = SIZE_MAX;
    int lines = 0;
    for (; nodes_line(nodes) && !nodes_blank(nodes) && nodes_comment(nodes); nodes_next(nodes)) {
        struct node node;
        size_t at = behind_hash(nodes);
        if (++lines > MOST_LINES || nodes->last - nodes->at > MOST_WORDS)
            return false;
        if (commented != SIZE_MAX && begins_option(nodes, at) && nodes->last - at > 2) {
            give_option(nodes, commented, commented_option(nodes));
            continue;
        }
        if (read_commented(nodes, &node))
            commented = nodes->n;
        else
            node = nodes_whole_line(nodes, "#comment", (struct span){nodes->first, nodes->last});
        nodes_add(nodes, node);
    }
    return true;
}

bool postfix_nodes_master(const char *text, size_t len, struct node **ret_node, size_t *ret_n)
{
    struct nodes nodes = {.text = text, .len = len};
    while (nodes_line(&nodes)) {
        if (nodes_blank(&nodes)) {
            nodes_add(&nodes, (struct node){.label = "#blank", .span = {nodes.at, nodes.end + 1}});
            nodes_next(&nodes);
        } else if (nodes_continues(&nodes) ||
                   !(nodes_comment(&nodes) ? take_comments(&nodes) : take_service(&nodes))) {
            return false;
        }
    }
    if (nodes.at < len)
        return false;
    *ret_node = nodes.node;
    *ret_n = nodes.n;
    return true;
}
