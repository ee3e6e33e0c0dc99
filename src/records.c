/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Records; see records.h. The block is shared by all readers and grows to the longest record: one file is
 * read at a time.
 *
 * Limits: of an alias whose name has a note or a literal with a ':' in it only what stands before is the key.
 */
#include "records.h"

#include <errno.h>
#include <ctype.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#define BLOCK ((size_t)256 << 10)

static bool begins_record(char c)
{
    return c != ' ' && c != '#' && c != '\n' && !(c >= '\t' && c <= '\r');
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

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct key records_key(const char *line, size_t len, bool alias)
{
    /* What may end a key, or hide what does. */
    static const bool special[UCHAR_MAX + 1] = {
        ['\t'] = true, ['\n'] = true, ['\v'] = true, ['\f'] = true, ['\r'] = true,
        [' '] = true,  ['"'] = true,  [':'] = true,  ['\\'] = true};
    size_t end = 0, start = 0;
    bool quoted = false;
    for (; end < len && line[end] != '\n'; end++) {
        if (!special[(unsigned char)line[end]])
            continue;
        if (line[end] == '\\' && end + 1 < len && line[end + 1] != '\n')
            end++;
        else if (line[end] == '"')
            quoted = !quoted;
        else if (!quoted && (alias ? line[end] == ':' : is_blank(line[end])))
            break;
    }
    while (end > 0 && is_blank(line[end - 1]))
        end--;
    if (end > 1 && line[0] == '"' && line[end - 1] == '"') {
        start++;
        end--;
    }
    return (struct key){line + start, end - start};
}

/* The next letter of a name as it counts, '\0' at its end. */
static char next_letter(struct key *name)
{
    while (name->len > 0 && name->bytes[0] == '"') {
        name->bytes++;
        name->len--;
    }
    if (name->len == 0)
        return '\0';
    size_t taken = 1, at = name->bytes[0] == '\\' && name->len > 1;
    char letter = is_blank(name->bytes[at]) ? ' ' : (char)tolower((unsigned char)name->bytes[at]);
    taken += at;
    while (letter == ' ' && taken < name->len && is_blank(name->bytes[taken]))
        taken++;
    name->bytes += taken;
    name->len -= taken;
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
    while (at < len && is_blank(line[at]))
        at++;
    if (at == len || line[at] != '#')
        return (struct key){line, 0};
    at++;
    while (at < len && (line[at] == ' ' || line[at] == '\t'))
        at++;
    return records_key(line + at, len - at, alias);
}

size_t records_own_len(const char *bytes, size_t len)
{
    size_t own = 0;
    for (size_t at = 0; at < len;) {
        const char *newline = memchr(bytes + at, '\n', len - at);
        size_t next = newline != NULL ? (size_t)(newline - bytes) + 1 : len, text = at;
        while (text < next && is_blank(bytes[text]))
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
        while (text < stop && is_blank(bytes[text]))
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
    if (!alias) {
        size_t end = (size_t)(key.bytes - bytes) + key.len;
        end += end < len && bytes[end] == '"';
        return key.len > 0 && has_text(bytes + end, len - end);
    }
    const char *colon = memchr(bytes, ':', len);
    return colon != NULL && colon > bytes;
}
