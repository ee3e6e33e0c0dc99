/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Lines in a text; see seek.h. A window that is longer than the longest needle moves over the text. Each line
 * is looked up by its hash among the first lines of the needles, and only what is among them is compared.
 */
#include "seek.h"

#include "keyset.h"

#include <stdlib.h>
#include <string.h>

#define STEP ((size_t)256 << 10)

struct first {
    uint64_t hash; /* of the first line, without its newline */
    struct needle *needle;
};

struct seek {
    struct first *first; /* by hash */
    size_t n, longest;
    char *window;
    size_t room, start, end; /* start: the next line that is looked at */
    size_t at;               /* of the window, in the text */
    bool at_line;            /* a line begins at start */
};

static uint64_t hash_of_line(const char *bytes, size_t len)
{
    return keyset_hash((struct key){bytes, len});
}

static int by_hash(const void *a, const void *b)
{
    const struct first *x = a, *y = b;
    return x->hash < y->hash ? -1 : x->hash > y->hash;
}

struct seek *seek_begin(struct needle *needle, size_t n)
{
    struct seek *s = arena_alloc(sizeof(*s));
    s->first = arena_alloc((n + 1) * sizeof(*s->first));
    for (size_t i = 0; i < n; i++) {
        const char *newline = memchr(needle[i].bytes, '\n', needle[i].len);
        size_t len = newline != NULL ? (size_t)(newline - needle[i].bytes) : needle[i].len;
        s->first[i] = (struct first){hash_of_line(needle[i].bytes, len), &needle[i]};
        needle[i].count = 0;
        s->longest = needle[i].len > s->longest ? needle[i].len : s->longest;
    }
    s->n = n;
    if (n > 1)
        qsort(s->first, n, sizeof(*s->first), by_hash);
    s->room = STEP + 2 * (s->longest + 1);
    s->window = arena_alloc(s->room);
    s->at_line = true;
    return s;
}

static void compare(struct seek *s, uint64_t hash)
{
    size_t low = 0, high = s->n, left = s->end - s->start;
    const char *line = s->window + s->start;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (s->first[middle].hash < hash)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < s->n && s->first[low].hash == hash; low++) {
        struct needle *needle = s->first[low].needle;
        size_t len = needle->len;
        bool whole = len > 0 && needle->bytes[len - 1] == '\n';
        if (len > left || memcmp(line, needle->bytes, len) != 0 ||
            (!whole && len < left && line[len] != '\n'))
            continue;
        if (needle->count++ == 0)
            needle->at = s->at + s->start;
    }
}

/* Looks at the lines of which as much is there as the longest needle needs; of the end, at all. */
static void look(struct seek *s, bool final)
{
    while (s->start < s->end && (final || s->end - s->start > s->longest)) {
        const char *line = s->window + s->start, *newline = memchr(line, '\n', s->end - s->start);
        size_t len = newline != NULL ? (size_t)(newline - line) : s->end - s->start;
        if (s->at_line)
            compare(s, hash_of_line(line, len));
        s->at_line = newline != NULL;
        s->start += len + s->at_line;
    }
    memmove(s->window, s->window + s->start, s->end - s->start);
    s->at += s->start;
    s->end -= s->start;
    s->start = 0;
}

void seek_block(void *seek, const char *bytes, size_t len)
{
    struct seek *s = seek;
    while (len > 0) {
        size_t part = s->room - s->end < len ? s->room - s->end : len;
        memcpy(s->window + s->end, bytes, part);
        s->end += part;
        bytes += part;
        len -= part;
        if (s->end == s->room)
            look(s, false);
    }
}

void seek_end(struct seek *seek)
{
    look(seek, true);
}
