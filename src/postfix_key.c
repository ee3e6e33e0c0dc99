/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Keys of tables; see postfix_key.h.
 *
 * Limits: a vertical tab or a form feed is white space here, as it is to the lens and to postmap; to
 * postalias it is a character of a name, which puts the name in quotes.
 */
#include "postfix_key.h"

#include <string.h>

/* From a newline to the byte that the logical line goes on with. whole: white space at the end of the text is
 * a blank line, and does not belong to a key that ends in it. */
static size_t further_line(const char *text, size_t len, size_t at, bool whole)
{
    for (size_t line = at + 1, first; line < len && (text_is_white(text[line]) || text[line] == '#');
         line = first + 1) {
        first = line;
        while (first < len && text[first] != '\n' && text_is_white(text[first]))
            first++;
        if (first < len ? strchr("\n#", text[first]) == NULL : !whole)
            return line;
        const char *newline = memchr(text + first, '\n', len - first);
        if (newline == NULL)
            break;
        first = (size_t)(newline - text);
    }
    return len;
}

size_t postfix_next_line(const char *key, size_t len, size_t at)
{
    return further_line(key, len, at, false);
}

const char *postfix_logical(const char *key, size_t len)
{
    struct buf out = {0};
    for (size_t at = 0; at < len;) {
        const char *newline = memchr(key + at, '\n', len - at);
        size_t end = newline != NULL ? (size_t)(newline - key) : len;
        buf_add(&out, key + at, end - at);
        at = newline != NULL ? postfix_next_line(key, len, end) : len;
    }
    return buf_text(&out);
}

/* A logical line, of which at is a byte, or its end. */
struct line {
    const char *text;
    size_t len, at;
};

static bool has_more(const struct line *l)
{
    return l->at < l->len;
}

static void next(struct line *l)
{
    l->at++;
    if (l->at < l->len && l->text[l->at] == '\n')
        l->at = further_line(l->text, l->len, l->at, true);
}

/* Goes behind a token of which the first byte was seen; *ret_end is where its bytes end. Whatever stands
 * behind a backslash is a byte like any other. close: of quotes, literals and notes; else it is a single
 * byte. */
static void skip_token(struct line *l, char open, struct postfix_key *key)
{
    char close = open == '"' ? '"' : open == '[' ? ']' : open == '(' ? ')' : '\0';
    size_t level = 1;
    bool escaped = open == '\\';
    key->end = l->at + 1;
    next(l);
    while (has_more(l) && (escaped || close != '\0')) {
        char c = l->text[l->at];
        key->end = l->at + 1;
        next(l);
        if (!escaped && c == close && --level == 0)
            return;
        if (!escaped && c == '(' && open == '(') {
            key->nested = true;
            level++;
        }
        escaped = !escaped && c == '\\';
    }
}

/* The first ':' outside of the tokens that hide it ends a name, of which there must be one, without a domain.
 */
static struct postfix_key alias_name(struct line l)
{
    struct postfix_key key = {0};
    bool local = true;
    while (has_more(&l)) {
        char c = l.text[l.at];
        if (c == ':') {
            key.is_entry = local && key.end > 0;
            return key;
        }
        local &= strchr(",@%", c) == NULL;
        if (text_is_white(c))
            next(&l);
        else
            skip_token(&l, c, &key);
    }
    return key;
}

/* White space outside of quotes ends a key, and so does the end of the logical line. */
static struct postfix_key map_key(struct line l)
{
    struct postfix_key key = {0};
    bool quoted = false, escaped = false;
    for (; has_more(&l) && (quoted || escaped || !text_is_white(l.text[l.at])); next(&l)) {
        char c = l.text[l.at];
        quoted ^= !escaped && c == '"';
        escaped = !escaped && c == '\\';
        key.end = l.at + 1;
    }
    key.is_entry = !quoted && !escaped;
    return key;
}

struct postfix_key postfix_key(const char *text, size_t len, bool alias)
{
    struct line line = {text, len, 0};
    return alias ? alias_name(line) : map_key(line);
}
