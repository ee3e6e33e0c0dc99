/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Records; see records.h. The block is shared by all readers and grows to the longest record: one file is
 * read at a time.
 *
 * Limits: an alias without targets counts as an entry, though postalias drops it.
 */
#include "records.h"

#include "postfix_key.h"

#include <errno.h>
#include <ctype.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#define BLOCK ((size_t)256 << 10)

static bool begins_record(char c)
{
    return c != '#' && !text_is_white(c);
}

bool records_begins(const char *bytes, size_t len)
{
    return len > 0 && begins_record(bytes[0]);
}

size_t records_first(const char *text, size_t len, bool complete, size_t *ret_lines)
{
    size_t lines = 0;
    for (const char *at = text, *end = text + len; (at = memchr(at, '\n', (size_t)(end - at))) != NULL;) {
        at++;
        lines++;
        if (at == end)
            break;
        if (begins_record(*at)) {
            *ret_lines = lines;
            return (size_t)(at - text);
        }
    }
    *ret_lines = lines + (len > 0 && text[len - 1] != '\n');
    return complete ? len : 0;
}

/* ---- reading ---- */

static struct {
    char *bytes;
    size_t room;
} shared;

void records_open(struct records *r, int fd, const char *path)
{
    if (shared.bytes == NULL) {
        shared.bytes = arena_alloc(BLOCK);
        shared.room = BLOCK;
    }
    *r = (struct records){.fd = fd, .path = path, .block = shared.bytes, .room = shared.room, .line = 1};
}

/* What was not given out goes to the front; a block that is full of it doubles. */
static void make_room(struct records *r)
{
    size_t kept = r->end - r->start;
    if (kept == r->room) {
        shared.bytes = arena_alloc(r->room * 2);
        shared.room = r->room * 2;
        memcpy(shared.bytes, r->block + r->start, kept);
        r->block = shared.bytes;
        r->room = shared.room;
    } else if (kept > 0) {
        memmove(r->block, r->block + r->start, kept);
    }
    r->start = 0;
    r->end = kept;
}

static bool refuse_nul(const struct records *r, const char *nul, struct err *err)
{
    const char *from = r->block + r->start;
    struct position p = text_position(from, (size_t)(nul + 1 - from), (size_t)(nul - from));
    return err_set(err,
                   "%s:%zu:%zu: a NUL byte; Postfix and Dovecot do not read past it, so this is not the "
                   "text that it seems to be. Remove it (it may have been damaged by a crash)",
                   r->path, r->line + p.line - 1, p.column);
}

static bool fill(struct records *r, struct err *err)
{
    ssize_t n;
    make_room(r);
    progress_tick();
    do
        n = read(r->fd, r->block + r->end, r->room - r->end);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return err_errno(err, "cannot read %s", r->path);
    const char *nul = memchr(r->block + r->end, '\0', (size_t)n);
    if (nul != NULL)
        return refuse_nul(r, nul, err);
    if (r->each_block != NULL)
        r->each_block(r->arg, r->block + r->end, (size_t)n);
    r->end += (size_t)n;
    r->ended = n == 0;
    return true;
}

bool records_next(struct records *r, struct cut *ret_cut, const char **ret_bytes, bool *ret_end,
                  struct err *err)
{
    size_t lines, len;
    while ((len = records_first(r->block + r->start, r->end - r->start, r->ended, &lines)) == 0 && !r->ended)
        if (!fill(r, err))
            return false;
    *ret_cut = (struct cut){.at = r->at, .len = len, .line = r->line, .lines = lines};
    *ret_bytes = r->block + r->start;
    *ret_end = len == 0;
    r->start += len;
    r->at += len;
    r->line += lines;
    return true;
}

/* ---- keys ---- */

/* Quotes around a key are none of it; one behind a backslash is. */
static struct key unquoted(const char *bytes, size_t end)
{
    bool quoted = end > 1 && bytes[0] == '"' && bytes[end - 1] == '"';
    for (size_t at = end - 1; quoted && at > 1 && bytes[at - 1] == '\\'; at -= 2)
        quoted = at > 2 && bytes[at - 2] == '\\';
    return (struct key){bytes + quoted, quoted ? end - 2 : end};
}

/* A key that goes over lines, or none. */
static struct key odd_key(const char *bytes, size_t len, bool alias)
{
    struct postfix_key key = postfix_key(bytes, len, alias);
    return unquoted(bytes, key.is_entry ? key.end : 0);
}

/* What may end a key, or hide what does; of an alias also what must not be in a name. */
static const bool map_special[UCHAR_MAX + 1] = {['\t'] = true, ['\n'] = true, ['\v'] = true, ['\f'] = true,
                                                ['\r'] = true, [' '] = true,  ['"'] = true,  ['\\'] = true};
static const bool alias_special[UCHAR_MAX + 1] = {
    [':'] = true, ['\n'] = true, ['"'] = true, ['\\'] = true, ['('] = true,
    ['['] = true, [','] = true,  ['@'] = true, ['%'] = true};

struct key records_key(const char *bytes, size_t len, bool alias)
{
    const bool *special = alias ? alias_special : map_special;
    size_t end = 0, escaped = 0;
    bool quoted = false;
    for (; end < len; end++) {
        char c = bytes[end];
        if (!special[(unsigned char)c])
            continue;
        if (c == '"')
            quoted = !quoted;
        else if (c == '\\' && end + 1 < len && bytes[end + 1] != '\n')
            escaped = ++end + 1;
        else if (c == '\\' || (quoted ? c == '\n' : alias && c != ':'))
            return odd_key(bytes, len, alias);
        else if (!quoted)
            break;
    }
    if (end == len && (alias || quoted))
        return odd_key(bytes, len, alias);
    while (end > escaped && text_is_white(bytes[end - 1]))
        end--;
    return unquoted(bytes, end);
}

const char *records_value(const char *bytes, size_t len, struct key key, bool alias)
{
    size_t at = (size_t)(key.bytes - bytes) + key.len;
    at += key.bytes > bytes;
    if (at == 0)
        return NULL;
    while (alias && at < len && bytes[at] != ':')
        at = bytes[at] == '\n' ? postfix_next_line(bytes, len, at) : at + 1;
    return at < len || !alias ? bytes + at + alias : NULL;
}

/* The next byte of a name from there on, of which newlines are none. */
static size_t byte_from(const struct key *name, size_t at)
{
    return at < name->len && name->bytes[at] == '\n' ? postfix_next_line(name->bytes, name->len, at) : at;
}

/* The next letter of a name as it counts, '\0' at its end. */
static char next_letter(struct key *name)
{
    size_t at = byte_from(name, 0);
    while (at < name->len && name->bytes[at] == '"')
        at = byte_from(name, at + 1);
    if (at < name->len && name->bytes[at] == '\\' && byte_from(name, at + 1) < name->len)
        at = byte_from(name, at + 1);
    char letter = at == name->len                  ? '\0'
                  : text_is_white(name->bytes[at]) ? ' '
                                                   : (char)tolower((unsigned char)name->bytes[at]);
    if (at < name->len)
        at = byte_from(name, at + 1);
    while (letter == ' ' && at < name->len && text_is_white(name->bytes[at]))
        at = byte_from(name, at + 1);
    name->bytes += at;
    name->len -= at;
    return letter;
}

bool records_same_name(struct key a, struct key b)
{
    char x, y;
    do {
        x = next_letter(&a);
        y = next_letter(&b);
    } while (x == y && x != '\0');
    return x == y;
}

const char *records_name(const char *text)
{
    struct key left = {text, strlen(text)};
    struct buf name = {0};
    for (char letter; (letter = next_letter(&left)) != '\0';)
        buf_add(&name, &letter, 1);
    return buf_text(&name);
}

struct key records_commented_key(const char *line, size_t len, bool alias)
{
    size_t at = 0;
    while (at < len && text_is_white(line[at]))
        at++;
    if (at == len || line[at] != '#')
        return (struct key){line, 0};
    at++;
    while (at < len && (line[at] == ' ' || line[at] == '\t'))
        at++;
    return records_key(line + at, text_line_end(line, len, at) - at, alias);
}

size_t records_own_len(const char *bytes, size_t len)
{
    size_t own = 0;
    for (size_t at = 0; at < len;) {
        const char *newline = memchr(bytes + at, '\n', len - at);
        size_t next = newline != NULL ? (size_t)(newline - bytes) + 1 : len, text = at;
        while (text < next && text_is_white(bytes[text]))
            text++;
        if (text < next && bytes[text] != '#')
            own = next;
        at = next;
    }
    return own;
}

/* Comments between the lines count for nothing. */
static bool has_text(const char *bytes, size_t len)
{
    for (size_t at = 0; at < len;) {
        const char *newline = memchr(bytes + at, '\n', len - at);
        size_t stop = newline != NULL ? (size_t)(newline - bytes) : len;
        size_t text = at;
        while (text < stop && text_is_white(bytes[text]))
            text++;
        if (text < stop && (bytes[text] != '#' || at == 0))
            return true;
        at = stop + 1;
    }
    return false;
}

bool records_is_entry(const char *bytes, size_t len, struct key key, bool alias)
{
    if (!records_begins(bytes, len))
        return true; /* what stands before the first record */
    const char *value = records_value(bytes, len, key, alias);
    return value != NULL && (alias || has_text(value, len - (size_t)(value - bytes)));
}
