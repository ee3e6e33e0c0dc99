/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What no regular expression can know about a master.cf, marked for its lens; see postfix_mask.h.
 *
 * Each service is cut into words as master(8) does it: eight columns at white space, then words in which
 * braces hold white space together. Of the words behind -o, "{ name = value }" keeps its two braces and has
 * those inside marked; "name=value" has all marked that stands in groups. A brace that a word leaves open
 * counts as closed where the service ends, as it does for master; behind -o, where master refuses it, it
 * stays as it is, and the lens refuses it.
 *
 * Limits: white space is that of the lens. Behind the last option braces mean nothing to the lens.
 */
#include "postfix_mask.h"

#include <string.h>

#define COLUMNS 8

/* A service, of which only the bytes count that are in no comment and in no blank line. */
struct service {
    const char *text;
    char *masked;
    size_t at, end; /* of the whole text */
};

/* Bytes of a service from start to the last one before end. */
struct word {
    size_t start, end;
    size_t close;   /* where the brace closes that it begins with; 0: it begins with none */
    bool left_open; /* one of its braces is not closed */
};

static size_t line_end(const char *text, size_t end, size_t at)
{
    const char *newline = memchr(text + at, '\n', end - at);
    return newline != NULL ? (size_t)(newline - text) : end;
}

/* Blank, or a comment. */
static bool is_calm(const char *text, size_t end, size_t at)
{
    while (at < end && text[at] != '\n' && text_is_white(text[at]))
        at++;
    return at == end || text[at] == '\n' || text[at] == '#';
}

/* Behind the newline: the line that goes on with the service, or the end of the service. */
static size_t next_line(const struct service *s, size_t at)
{
    while (at < s->end && (text_is_white(s->text[at]) || s->text[at] == '#')) {
        if (!is_calm(s->text, s->end, at))
            return at;
        at = line_end(s->text, s->end, at);
        at += at < s->end;
    }
    return s->end;
}

/* The byte of the service that follows the one at that place; s->end: there is none. */
static size_t next(const struct service *s, size_t at)
{
    return at + 1 < s->end && s->text[at] == '\n' ? next_line(s, at + 1) : at + 1;
}

/* Goes behind the next word; grouped: braces hold white space together. */
static bool next_word(struct service *s, bool grouped, struct word *ret)
{
    const char *text = s->text;
    size_t level = 0;
    while (s->at < s->end && text_is_white(text[s->at]))
        s->at = next(s, s->at);
    *ret = (struct word){.start = s->at};
    for (; s->at < s->end && (level > 0 || !text_is_white(text[s->at])); s->at = next(s, s->at)) {
        if (!text_is_white(text[s->at]))
            ret->end = s->at + 1;
        level += grouped && text[s->at] == '{';
        level -= text[s->at] == '}' && level > 0;
        if (level == 0 && text[s->at] == '}' && text[ret->start] == '{' && ret->close == 0)
            ret->close = s->at;
    }
    ret->left_open = level > 0;
    return ret->end > 0;
}

/* ---- words in which braces count ---- */

/* Marks the white space of a line from there on, if both words beside it are in the word; gives the last of
 * it. */
static size_t mark_white(const struct service *s, size_t at, const struct word *word)
{
    size_t behind = at;
    while (behind < word->end && s->text[behind] != '\n' && text_is_white(s->text[behind]))
        behind++;
    if (behind < word->end && s->text[behind] != '\n')
        memset(s->masked + at, MASTER_INSIDE, behind - at);
    return behind > at ? behind - 1 : at;
}

/* Marks what stands in the groups of a value: white space at the end of a line and at its beginning is none
 * of its. */
static void mark_groups(const struct service *s, size_t start, const struct word *word)
{
    size_t level = 0;
    bool begun = true; /* the line has a byte of the value */
    for (size_t at = start; at < word->end; at = next(s, at)) {
        char c = s->text[at];
        level += c == '{';
        level -= c == '}' && level > 0;
        if (!text_is_white(c)) {
            begun = true;
            if (level > 0)
                s->masked[at] = MASTER_INSIDE;
        } else if (c == '\n') {
            begun = false;
        } else if (begun) {
            at = mark_white(s, at, word);
        }
    }
    if (word->left_open)
        s->masked[word->end - 1] = '}';
}

/* Of a word that is no option: white space in a group is marked, and further lines of it are no options. */
static void mark_argument(const struct service *s, const struct word *word)
{
    bool first = true;
    for (size_t at = word->start; at < word->end; at = next(s, at)) {
        char c = s->text[at];
        first &= c != '\n';
        if (!first && !text_is_white(c))
            s->masked[at] = '?';
        else if (first && text_is_white(c))
            at = mark_white(s, at, word);
    }
}

/* "name=" or "name =" as the lens reads it from there; white space between them only in braces. */
static bool has_name(const struct service *s, size_t at, size_t end, bool in_braces, size_t *ret_value)
{
    size_t start = at;
    while (at < end && !text_is_white(s->text[at]) && s->text[at] != '=' &&
           (at > start || s->text[at] != '#') && (in_braces || strchr("{}", s->text[at]) == NULL))
        at++;
    if (at == start)
        return false;
    while (in_braces && at < end && text_is_white(s->text[at]))
        at = next(s, at);
    *ret_value = at + 1;
    return at < end && s->text[at] == '=';
}

/* "{ name = value }" keeps its two braces; one that stays open or goes on is not for master either. */
static void mark_in_braces(const struct service *s, const struct word *word)
{
    size_t at = word->start + 1, value;
    if (word->close == 0 || word->close + 1 < word->end)
        return;
    while (at < word->close && text_is_white(s->text[at]))
        at = next(s, at);
    if (!has_name(s, at, word->close, true, &value)) {
        mark_argument(s, word);
        s->masked[word->start] = MASTER_BRACE;
        return;
    }
    for (; at < word->close; at = next(s, at))
        if (s->text[at] == '{' || s->text[at] == '}')
            s->masked[at] = MASTER_INSIDE;
}

static void mark_option(const struct service *s, size_t start, const struct word *word)
{
    size_t value;
    if (start == word->start && s->text[start] == '{')
        mark_in_braces(s, word);
    else if (has_name(s, start, word->end, false, &value))
        mark_groups(s, value, word);
    else
        mark_argument(s, word);
}

/* ---- services ---- */

static void mark_service(struct service *s)
{
    struct word word;
    bool waits = false; /* for the word behind -o */
    for (size_t i = 0; i < COLUMNS; i++)
        if (!next_word(s, false, &word))
            return;
    while (next_word(s, true, &word)) {
        const char *text = s->text + word.start;
        size_t len = word.end - word.start;
        if (waits)
            mark_option(s, word.start, &word);
        else if (text[0] != '-' || len == 1 || (len == 2 && text[1] == '-'))
            return; /* options end here */
        else if (text[1] != 'o')
            mark_argument(s, &word);
        else if (len > 2)
            mark_option(s, word.start + 2, &word);
        waits = !waits && len == 2 && text[1] == 'o';
    }
}

/* Behind the last line of the service that begins at that place. */
static size_t service_end(const char *text, size_t len, size_t at)
{
    do {
        at = line_end(text, len, at);
        at += at < len;
    } while (at < len && (text_is_white(text[at]) || text[at] == '#'));
    return at;
}

const char *postfix_masked_master(const char *text, size_t len)
{
    if (memchr(text, '{', len) == NULL && memchr(text, MASTER_INSIDE, len) == NULL &&
        memchr(text, MASTER_BRACE, len) == NULL)
        return text;
    char *masked = arena_copy(text, len);
    for (size_t i = 0; i < len; i++)
        if (text[i] == MASTER_INSIDE || text[i] == MASTER_BRACE)
            masked[i] = '?';
    for (size_t at = 0; at < len;) {
        size_t end = service_end(text, len, at);
        struct service s = {.text = text, .masked = masked, .at = at, .end = end};
        if (!text_is_white(text[at]) && text[at] != '#' && memchr(text + at, '{', end - at) != NULL)
            mark_service(&s);
        at = end;
    }
    return masked;
}
