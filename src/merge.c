/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Changes that meet; see merge.h. Nothing here compares meanings: lines are bytes.
 *
 * Limits: an edit of a line that is needed to tell the place of a hunk loses the hunk, also when a person
 * would still find it.
 */
#include "merge.h"

#include <string.h>

static bool at_line_start(const char *text, size_t at)
{
    return at == 0 || text[at - 1] == '\n';
}

static size_t line_start(const char *text, size_t at)
{
    while (!at_line_start(text, at))
        at--;
    return at;
}

/* Where the line ends, in front of its newline. */
static size_t line_stop(const char *text, size_t len, size_t at)
{
    const char *newline = at < len ? memchr(text + at, '\n', len - at) : NULL;
    return newline != NULL ? (size_t)(newline - text) : len;
}

/* A hunk of whole lines leaves its neighbours whole. */
static bool is_whole_lines(const char *text, const struct hunk *h)
{
    return at_line_start(text, h->at) && at_line_start(text, h->at + h->old_len) &&
           (h->len == 0 || h->bytes[h->len - 1] == '\n');
}

/* The last line of a hunk ends where the hunk does, before and after. */
static bool ends_its_line(const char *text, const struct hunk *h)
{
    return is_whole_lines(text, h) || (h->old_len > 0 && text[h->at + h->old_len - 1] == '\n' && h->len > 0 &&
                                       h->bytes[h->len - 1] == '\n');
}

/* The bytes that a hunk has a say in. */
static struct span reach(const char *text, size_t len, const struct hunk *h)
{
    struct span span = {h->at, h->at + h->old_len};
    if (is_whole_lines(text, h))
        return span;
    span.start = line_start(text, span.start);
    if (!ends_its_line(text, h))
        span.end = line_stop(text, len, span.end);
    return span;
}

bool merge_touches(const char *text, size_t len, const struct hunk *hunk, const struct hunk *other, size_t n)
{
    struct span a = reach(text, len, hunk);
    for (size_t i = 0; i < n; i++) {
        const struct hunk *o = &other[i];
        struct span b = reach(text, len, o);
        if ((hunk->at <= o->at + o->old_len && o->at <= hunk->at + hunk->old_len) ||
            (a.start < b.end && b.start < a.end))
            return true;
    }
    return false;
}

struct hunk *merge_move(const struct hunk *hunk, size_t n, const struct hunk *other, size_t n_other)
{
    struct hunk *moved = arena_alloc((n + 1) * sizeof(*moved));
    for (size_t i = 0; i < n; i++) {
        size_t at = hunk[i].at;
        for (size_t k = 0; k < n_other && other[k].at < hunk[i].at; k++)
            at = at + other[k].len - other[k].old_len;
        moved[i] = hunk[i];
        moved[i].at = at;
    }
    return moved;
}

/* ---- in a text that somebody edited ---- */

struct span merge_lines(const char *text, size_t len, const struct hunk *h, int context)
{
    struct span span = reach(text, len, h);
    size_t next = ends_its_line(text, h) ? span.end : span.end + 1;
    for (int i = 0; i < context; i++) {
        if (span.start > 0)
            span.start = line_start(text, span.start - 1);
        if (next < len) {
            span.end = line_stop(text, len, next);
            next = span.end + 1;
        }
    }
    return span;
}

/* How often the bytes, some, stand in a text as whole lines; *ret_at is the first place. */
static size_t count_lines(const char *text, size_t len, const char *bytes, size_t n, size_t *ret_at)
{
    size_t count = 0;
    bool whole = bytes[n - 1] == '\n';
    for (size_t at = 0; at + n <= len; at = line_stop(text, len, at) + 1) {
        if (memcmp(text + at, bytes, n) != 0 || (!whole && at + n < len && text[at + n] != '\n'))
            continue;
        if (count++ == 0)
            *ret_at = at;
    }
    return count;
}

static bool find_one(const char *text, size_t len, const struct hunk *h, const char *now, size_t now_len,
                     struct hunk *ret)
{
    for (int context = 0; context <= MERGE_CONTEXT; context++) {
        size_t at;
        struct span span = merge_lines(text, len, h, context);
        size_t n = span.end - span.start;
        if (n == 0 || count_lines(text, len, text + span.start, n, &at) != 1)
            continue;
        if (count_lines(now, now_len, text + span.start, n, &at) != 1)
            return false;
        *ret = *h;
        ret->at = at + (h->at - span.start);
        return true;
    }
    return false;
}

bool merge_find(const char *text, size_t len, const struct hunk *hunk, size_t n, const char *now,
                size_t now_len, struct hunk **ret_hunk, size_t *ret_lost)
{
    struct hunk *found = arena_alloc((n + 1) * sizeof(*found));
    for (size_t i = 0; i < n; i++) {
        *ret_lost = i;
        /* Lines that changed places do not come back one by one. */
        if (!find_one(text, len, &hunk[i], now, now_len, &found[i]) ||
            (i > 0 && found[i].at <= found[i - 1].at + found[i - 1].old_len))
            return false;
    }
    *ret_hunk = found;
    return true;
}
