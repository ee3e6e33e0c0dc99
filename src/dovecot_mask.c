/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What no regular expression can know about a text of Dovecot's, marked for the lens; see dovecot.h. The
 * lines are read as config_parse_line() and parse_until_eod() of src/config/config-parser.c do.
 *
 * 1.x takes whatever stands behind the '{' of a section for nothing, so that "protocol imap {}" opens one,
 * and lets sections stay open at the end of the file; 2.x refuses both. A text is one of 1.x when it has a
 * section "auth NAME", which no 1.x goes without and no 2.x knows (settings_read_real() of
 * src/lib-settings/settings.c).
 *
 * Limits: a heredoc is known from 2.4 on; before, it named a file whose name begins with '<'. 1.x takes a
 * blank line or a comment inside a continued line for nothing, where 2.x drops what stood before it. What 1.x
 * drops behind a '{' stands on one line with it, and the section is not opened by a line that is continued.
 */
#include "dovecot.h"

#include <string.h>

/* The bytes of a line without white space at both ends and without its comment. */
struct line {
    const char *text;
    size_t len;
};

/* Where the quoted text ends that begins at i: behind its quote, or at the end of the line. */
static size_t quote_end(const char *text, size_t len, size_t i)
{
    char quote = text[i++];
    while (i < len && text[i] != quote)
        i += text[i] == '\\' && i + 1 < len ? 2 : 1;
    return i < len ? i + 1 : len;
}

static struct line stripped(const char *text, size_t len)
{
    while (len > 0 && text_is_white(text[0])) {
        text++;
        len--;
    }
    for (size_t i = 0; i < len;) {
        if (text[i] == '#')
            len = i;
        else
            i = text[i] == '"' || text[i] == '\'' ? quote_end(text, len, i) : i + 1;
    }
    while (len > 0 && text_is_white(text[len - 1]))
        len--;
    return (struct line){text, len};
}

/* The marker of "key = <<MARKER"; false: the line says something else. */
static bool heredoc_marker(const char *text, size_t len, struct line *ret_marker)
{
    size_t i = 0;
    if (len > 0 && text[0] == '"')
        i = quote_end(text, len, 0);
    else
        while (i < len && !text_is_white(text[i]) && text[i] != '=')
            i++;
    while (i < len && text_is_white(text[i]))
        i++;
    if (i == len || text[i] != '=')
        return false;
    *ret_marker = stripped(text + i + 1, len - i - 1);
    if (ret_marker->len < 3 || memcmp(ret_marker->text, "<<", 2) != 0)
        return false;
    *ret_marker = stripped(ret_marker->text + 2, ret_marker->len - 2);
    return ret_marker->len > 0;
}

static size_t line_len(const char *text, size_t len)
{
    const char *end = memchr(text, '\n', len);
    return end != NULL ? (size_t)(end - text) : len;
}

/* Behind the line that is the marker; at: behind the line that names it. False: there is none. */
static bool heredoc_end(const char *text, size_t len, size_t at, struct line marker, size_t *ret_end)
{
    while (at < len) {
        size_t n = line_len(text + at, len - at), bare = n > 0 && text[at + n - 1] == '\r' ? n - 1 : n;
        *ret_end = at + n;
        if (bare == marker.len && memcmp(text + at, marker.text, bare) == 0)
            return true;
        at += n + 1;
    }
    return false;
}

/* Behind the first word of a line and the white space that follows it. */
static size_t behind_key(struct line line)
{
    size_t key = 0;
    if (line.len > 0 && line.text[0] == '"')
        key = quote_end(line.text, line.len, 0);
    else
        while (key < line.len && !text_is_white(line.text[key]) && line.text[key] != '=')
            key++;
    while (key < line.len && text_is_white(line.text[key]))
        key++;
    return key;
}

/* What a whole line of a marked text does to the depth of sections. */
static int depth_change(struct line line)
{
    if (line.len == 1 && line.text[0] == '}')
        return -1;
    while (line.len > 0 &&
           (line.text[line.len - 1] == DOVECOT_HEREDOC || text_is_white(line.text[line.len - 1])))
        line.len--;
    size_t key = behind_key(line);
    return line.len > 1 && line.text[line.len - 1] == '{' && key < line.len && line.text[key] != '=';
}

/* ---- 1.x ---- */

/* Behind the '{' with which a line opens a section of 1.x, whatever follows there; 0: it opens none. */
static size_t behind_brace(struct line line)
{
    size_t at = behind_key(line);
    if (at < line.len && line.text[at] != '{' && line.text[at] != '=') {
        while (at < line.len && !text_is_white(line.text[at]))
            at++;
        while (at < line.len && text_is_white(line.text[at]))
            at++;
    }
    return at > 0 && at < line.len && line.text[at] == '{' && text_is_white(line.text[at - 1]) ? at + 1 : 0;
}

bool dovecot_is_1x(const char *text, size_t len)
{
    for (size_t at = 0, n; at < len; at += n + 1) {
        n = line_len(text + at, len - at);
        struct line line = stripped(text + at, n);
        if (line.len < 5 || memcmp(line.text, "auth", 4) != 0 || !text_is_white(line.text[4]))
            continue;
        size_t name = behind_key(line);
        if (name < line.len && line.text[name] != '{' && behind_brace(line) > 0)
            return true;
    }
    return false;
}

/* Marks what 1.x drops behind the '{' of a line. */
static void mark_dropped(const char *text, struct line line, char *masked)
{
    size_t at = behind_brace(line);
    while (at > 0 && at < line.len && text_is_white(line.text[at]))
        at++;
    if (at > 0)
        memset(masked + (line.text - text) + at, DOVECOT_HEREDOC, line.len - at);
}

/* ---- units ---- */

/* Takes the next line: true when a backslash says that one more belongs to it. Else it becomes all the lines
 * since before was empty. */
static bool goes_on(struct buf *before, struct line *line)
{
    bool more = line->len > 0 && line->text[line->len - 1] == '\\';
    line->len -= more;
    if (before->len > 0 || (more && line->len > 0))
        buf_add(before, line->text, line->len);
    if (more && before->len > 0)
        buf_puts(before, " ");
    if (!more && before->len > 0)
        *line = (struct line){before->text, before->len};
    return more;
}

/* The length of a line with those that continue it and the heredoc that it names; what it does to the depth
 * of sections. */
static size_t logical_line(const char *masked, size_t len, size_t *lines, int *ret_change)
{
    struct buf before = {0};
    struct line line = {0};
    size_t at = 0;
    bool more = true;
    while (more && at < len) {
        size_t n = line_len(masked + at, len - at);
        line = stripped(masked + at, n);
        at = at + n < len ? at + n + 1 : len;
        ++*lines;
        more = goes_on(&before, &line);
    }
    *ret_change = depth_change(stripped(line.text, line.len));
    if (at < len && masked[at] == DOVECOT_HEREDOC) {
        size_t end = at + line_len(masked + at, len - at);
        at = end < len ? end + 1 : len;
        ++*lines;
    }
    return at;
}

struct dovecot_unit dovecot_unit(const char *masked, size_t len)
{
    struct dovecot_unit unit = {0};
    int depth = 0, change;
    do {
        unit.len += logical_line(masked + unit.len, len - unit.len, &unit.lines, &change);
        if (unit.opening == 0) {
            unit.opening = unit.len;
            unit.closes = change < 0;
        }
        depth += change;
        unit.deepest = depth > unit.deepest ? depth : unit.deepest;
    } while (depth > 0 && unit.len < len);
    unit.left_open = depth > 0 ? depth : 0;
    return unit;
}

/* Marks the lines of the heredoc that a line names, of those from *at on, and goes behind its end; without an
 * end Dovecot refuses the file there. */
static bool mark_heredoc(const char *text, size_t len, struct line line, size_t *at, char *masked)
{
    struct line marker;
    size_t end;
    if (!heredoc_marker(line.text, line.len, &marker))
        return true;
    if (!heredoc_end(text, len, *at, marker, &end))
        return false;
    memset(masked + *at, DOVECOT_HEREDOC, end - *at);
    *at = end + 1;
    return true;
}

char *dovecot_masked(const char *text, size_t len)
{
    char *masked = arena_copy(text, len);
    struct buf before = {0}; /* the lines that the next one continues */
    size_t start = 0;        /* of the first of them */
    bool sound = true, old = dovecot_is_1x(text, len);
    for (size_t i = 0; i < len; i++)
        masked[i] = text[i] == DOVECOT_HEREDOC || text[i] == DOVECOT_VOID ? '?' : text[i];
    for (size_t at = 0; at < len;) {
        size_t end = at + line_len(text + at, len - at);
        struct line line = stripped(text + at, end - at);
        bool dropped = line.len == 0, alone = before.len == 0;
        if (alone)
            start = at;
        at = end + 1;
        bool more = goes_on(&before, &line);
        if (before.len > 0 && (dropped || (more && at >= len)))
            memset(masked + start, DOVECOT_VOID, end - start);
        if (more)
            continue;
        if (old && alone)
            mark_dropped(text, line, masked);
        else if (sound && !dropped)
            sound = mark_heredoc(text, len, line, &at, masked);
        before = (struct buf){0};
    }
    return masked;
}
