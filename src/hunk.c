/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Replacements in a text; see hunk.h.
 */
#include "hunk.h"

#include <string.h>

bool hunk_fit(const char *text, size_t len, const struct hunk *hunk, const char *const *old, size_t n)
{
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        const struct hunk *h = &hunk[i];
        if (h->at < at || h->at > len || h->old_len > len - h->at ||
            memcmp(text + h->at, old[i], h->old_len) != 0)
            return false;
        at = h->at + h->old_len;
    }
    return true;
}

const char *hunk_splice(const char *text, size_t len, const struct hunk *hunk, size_t n, size_t *ret_len)
{
    size_t at = 0, out = 0, room = len + 1;
    for (size_t i = 0; i < n; i++)
        room += hunk[i].len - hunk[i].old_len; /* may wrap around below zero, and back */
    char *spliced = arena_alloc(room);
    for (size_t i = 0; i < n; i++) {
        memcpy(spliced + out, text + at, hunk[i].at - at);
        out += hunk[i].at - at;
        if (hunk[i].len > 0)
            memcpy(spliced + out, hunk[i].bytes, hunk[i].len);
        out += hunk[i].len;
        at = hunk[i].at + hunk[i].old_len;
    }
    memcpy(spliced + out, text + at, len - at);
    *ret_len = out + len - at;
    return spliced;
}

struct hunk *hunk_reverse(const struct hunk *hunk, const char *const *old, size_t n)
{
    struct hunk *back = arena_alloc((n + 1) * sizeof(*back));
    ptrdiff_t shift = 0;
    for (size_t i = 0; i < n; i++) {
        back[i] = (struct hunk){.at = (size_t)((ptrdiff_t)hunk[i].at + shift),
                                .old_len = hunk[i].len,
                                .bytes = old[i],
                                .len = hunk[i].old_len};
        shift += (ptrdiff_t)hunk[i].len - (ptrdiff_t)hunk[i].old_len;
    }
    return back;
}

/* Hunks of both lists that touch: what of each has gone by, and what they cover of the text now. */
struct cluster {
    const struct hunk *first, *then;
    size_t n_first, n_then, i, k;
    size_t start, end;
    size_t shift; /* from a place before to one now, behind the hunks that have gone by; wraps around */
};

/* Takes in the next hunk of either list that touches; false: none does. */
static bool take_in(struct cluster *c)
{
    if (c->i < c->n_first && c->first[c->i].at + c->shift <= c->end) {
        const struct hunk *h = &c->first[c->i++];
        size_t end = h->at + c->shift + h->len;
        c->end = end > c->end ? end : c->end;
        c->shift += h->len - h->old_len;
        return true;
    }
    if (c->k < c->n_then && c->then[c->k].at <= c->end) {
        const struct hunk *h = &c->then[c->k++];
        c->end = h->at + h->old_len > c->end ? h->at + h->old_len : c->end;
        return true;
    }
    return false;
}

/* The text now of a cluster with the later hunks in it. */
static struct hunk join(const struct cluster *c, const char *now, size_t k)
{
    struct buf bytes = {0};
    size_t at = c->start;
    for (; k < c->k; k++) {
        buf_add(&bytes, now + at, c->then[k].at - at);
        buf_add(&bytes, c->then[k].bytes, c->then[k].len);
        at = c->then[k].at + c->then[k].old_len;
    }
    buf_add(&bytes, now + at, c->end - at);
    return (struct hunk){.bytes = buf_text(&bytes), .len = bytes.len};
}

struct hunk *hunk_compose(const char *now, const struct hunk *first, size_t n_first, const struct hunk *then,
                          size_t n_then, size_t *ret_n)
{
    struct hunk *out = arena_alloc((n_first + n_then + 1) * sizeof(*out));
    struct cluster c = {.first = first, .then = then, .n_first = n_first, .n_then = n_then};
    size_t n = 0;
    while (c.i < n_first || c.k < n_then) {
        size_t i = c.i, k = c.k, shift = c.shift;
        c.start = c.i < n_first ? first[i].at + shift : SIZE_MAX;
        c.start = c.k < n_then && then[k].at < c.start ? then[k].at : c.start;
        c.end = c.start;
        while (take_in(&c))
            continue;
        out[n] = k < c.k ? join(&c, now, k) : first[i];
        out[n].at = c.start - shift;
        out[n].old_len = c.end - c.shift - out[n].at;
        n++;
    }
    *ret_n = n;
    return out;
}
