/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What no regular expression can know about a table, marked for its lens; see postfix_mask.h.
 *
 * A key on one line, whose notes have no notes in them, stays as it is. Any other is one word of marks; and
 * of a logical line that is no entry the first line is.
 */
#include "postfix_mask.h"
#include "postfix_key.h"

#include <string.h>

/* What is marked of the logical line that begins a text, from its first byte on, and with what. */
static size_t marks(const char *text, size_t len, bool alias, char *ret_mark)
{
    struct postfix_key key = postfix_key(text, len, alias);
    size_t line = text_line_end(text, len, 0);
    *ret_mark = key.is_entry ? TABLE_KEY : TABLE_DROPPED;
    if (key.is_entry)
        return key.nested || key.end > line ? key.end : 0;
    while (line > 0 && text_is_white(text[line - 1]))
        line--;
    return line;
}

/* NULL: nothing in the text looks like a mark that the lens heeds. */
static char *without_marks(const char *text, size_t len)
{
    if (memchr(text, TABLE_DROPPED, len) == NULL)
        return NULL;
    char *copy = arena_copy(text, len);
    for (size_t i = 0; i < len; i++)
        if (copy[i] == TABLE_DROPPED)
            copy[i] = '?';
    return copy;
}

const char *postfix_masked_table(bool alias, const char *text, size_t len)
{
    char *masked = without_marks(text, len), mark;
    for (size_t at = 0; at < len; at = text_line_end(text, len, at)) {
        size_t n = text_is_white(text[at]) || text[at] == '#' ? 0 : marks(text + at, len - at, alias, &mark);
        if (n == 0)
            continue;
        if (masked == NULL)
            masked = arena_copy(text, len);
        memset(masked + at, mark, n);
        at += n - 1;
    }
    return masked != NULL ? masked : text;
}
