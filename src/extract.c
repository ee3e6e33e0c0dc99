/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Extracts; see extract.h. A first walk over the file finds which ranges are wanted, then these are read.
 *
 * Limits: a file that changes meanwhile is refused by its size and times.
 */
#include "extract.h"

#include "digest.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* ---- what is wanted ---- */

#define BYTES(c) (0x0101010101010101U * (uint8_t)(c))

/* Whether a byte of the word is a blank or less, a quote, a backslash or not ASCII. */
static bool has_odd(uint64_t word)
{
    uint64_t quote = word ^ BYTES('"'), slash = word ^ BYTES('\\');
    uint64_t odd = (word - BYTES('!')) | ((quote - BYTES(1)) & ~quote) | ((slash - BYTES(1)) & ~slash) | word;
    return (odd & BYTES(0x80)) != 0;
}

/* Alike for letters of either case (and for some other bytes). *ret_odd: it may be spelt otherwise than it is
 * compared, letters aside. */
static uint64_t key_hash(struct key key, bool *ret_odd)
{
    static const uint64_t mix = 0x9E3779B97F4A7C15U;
    uint64_t hash = key.len, word;
    bool odd = false;
    for (; key.len >= sizeof(word); key.bytes += sizeof(word), key.len -= sizeof(word)) {
        memcpy(&word, key.bytes, sizeof(word));
        odd |= has_odd(word);
        hash = (hash ^ (word | BYTES(0x20))) * mix;
        hash ^= hash >> 32;
    }
    word = 0;
    memcpy(&word, key.bytes, key.len);
    odd |= key.len > 0 && has_odd(word | BYTES(0x40) << (8 * key.len));
    hash = (hash ^ (word | BYTES(0x20))) * mix;
    *ret_odd = odd;
    return hash ^ hash >> 32;
}

struct keys extract_keys(const struct wanted *wanted)
{
    struct keys keys = {.wanted = wanted, .mask = 3};
    bool ignored;
    while (keys.mask < wanted->keys.n * 2)
        keys.mask = keys.mask * 2 + 1;
    keys.seen_mask = keys.mask * 8 + 7;
    keys.seen = arena_alloc((keys.seen_mask + 1) / 8 + sizeof(*keys.seen));
    keys.slot = arena_alloc((keys.mask + 1) * sizeof(*keys.slot));
    for (size_t i = 0; i < wanted->keys.n; i++) {
        const char *name = records_name(wanted->keys.item[i]);
        uint64_t hash = key_hash((struct key){name, strlen(name)}, &ignored);
        size_t at = hash & keys.mask, bit = (hash >> 32) & keys.seen_mask;
        keys.seen[bit / 64] |= 1ULL << (bit % 64);
        while (keys.slot[at].name != NULL)
            at = (at + 1) & keys.mask;
        keys.slot[at] = (struct key_slot){hash, name};
    }
    return keys;
}

static bool find_key(const struct keys *keys, struct key key, uint64_t hash)
{
    const struct key_slot *slot;
    size_t bit = (hash >> 32) & keys->seen_mask;
    if ((keys->seen[bit / 64] >> (bit % 64) & 1) == 0)
        return false;
    for (size_t at = hash & keys->mask; (slot = &keys->slot[at])->name != NULL; at = (at + 1) & keys->mask)
        if (slot->hash == hash && strncasecmp(slot->name, key.bytes, key.len) == 0 &&
            slot->name[key.len] == '\0')
            return true;
    return false;
}

bool extract_has_key(const struct keys *keys, struct key key)
{
    bool odd;
    if (keys->wanted->all || key.len == 0 || keys->wanted->keys.n == 0)
        return keys->wanted->all;
    uint64_t hash = key_hash(key, &odd);
    if (!odd)
        return find_key(keys, key, hash);
    size_t mark = arena_mark();
    const char *name = records_name(arena_copy(key.bytes, key.len));
    struct key plain = {name, strlen(name)};
    bool found = find_key(keys, plain, key_hash(plain, &odd));
    arena_release(mark);
    return found;
}

/* The comments in a record may be entries that are commented out. */
static bool has_commented(const struct wanted *wanted, const struct keys *keys, const char *bytes, size_t len)
{
    for (size_t at = 0, next; at < len; at = next) {
        next = text_line_end(bytes, len, at);
        if (extract_has_key(keys, records_commented_key(bytes + at, next - at, wanted->alias)))
            return true;
    }
    return false;
}

/* ---- which ranges ---- */

struct range {
    size_t start, end, line;
};

struct walk {
    const struct wanted *wanted;
    struct extract *out;
    struct range *range;
    size_t n;
    struct keys keys;
    size_t span;                           /* of the spans, the first that may touch what comes */
    struct cut before[EXTRACT_MARGIN + 1]; /* the last records, the newest last */
    size_t owed;                           /* lines that still belong behind what was wanted */
    struct digest digest;
};

static void digest_block(void *arg, const char *bytes, size_t len)
{
    digest_add(&((struct walk *)arg)->digest, bytes, len);
}

static void add_range(struct walk *w, const struct cut *first, size_t end)
{
    struct range *last = w->n > 0 ? &w->range[w->n - 1] : NULL;
    struct range range = {first->at, end, first->line};
    if (last != NULL && range.start <= last->end)
        last->end = end > last->end ? end : last->end;
    else
        w->range = arena_append(w->range, &w->n, sizeof(range), &range);
}

/* The records that have the lines in front of the newest one. */
static const struct cut *margin(const struct walk *w)
{
    size_t lines = 0, i = EXTRACT_MARGIN;
    while (i > 0 && lines < EXTRACT_MARGIN && w->before[i - 1].len > 0)
        lines += w->before[--i].lines;
    return &w->before[i];
}

/* The spans come in order, and so do the records. */
static bool is_touched(struct walk *w, const struct cut *cut)
{
    const struct wanted *wanted = w->wanted;
    while (w->span < wanted->n_span && wanted->span[w->span].end < cut->at)
        w->span++;
    return w->span < wanted->n_span && wanted->span[w->span].start <= cut->at + cut->len;
}

static bool is_asked_for(const struct walk *w, const struct cut *cut, const char *bytes, struct key key)
{
    if (w->wanted->keys.n == 0)
        return false;
    return extract_has_key(&w->keys, key) || ((cut->lines > 1 || !records_begins(bytes, cut->len)) &&
                                              has_commented(w->wanted, &w->keys, bytes, cut->len));
}

static void see(struct walk *w, const struct cut *cut, const char *bytes)
{
    const struct wanted *wanted = w->wanted;
    struct key key = records_key(bytes, cut->len, wanted->alias);
    memmove(w->before, w->before + 1, EXTRACT_MARGIN * sizeof(*w->before));
    w->before[EXTRACT_MARGIN] = *cut;
    if (!records_is_entry(bytes, cut->len, key, wanted->alias) && w->out->n_bad++ == 0)
        w->out->bad_line = cut->line;
    bool concerned = wanted->all || is_touched(w, cut) || is_asked_for(w, cut, bytes, key);
    if (concerned) {
        add_range(w, margin(w), cut->at + cut->len);
        w->owed = EXTRACT_MARGIN;
    } else if (w->owed > 0) {
        add_range(w, cut, cut->at + cut->len);
        w->owed -= cut->lines < w->owed ? cut->lines : w->owed;
    }
}

static bool find_ranges(struct walk *w, int fd, const char *path, struct err *err)
{
    struct records records;
    struct cut cut, last = {0};
    const char *bytes;
    bool end;
    w->keys = extract_keys(w->wanted);
    records_open(&records, fd, path);
    if (!w->wanted->no_digest) {
        records.each_block = digest_block;
        records.arg = w;
        digest_begin(&w->digest, (size_t)w->out->identity.size);
    }
    for (;;) {
        if (!records_next(&records, &cut, &bytes, &end, err))
            return false;
        if (end)
            break;
        see(w, &cut, bytes);
        last = cut;
    }
    const struct cut empty = {.line = 1};
    add_range(w, last.len > 0 ? margin(w) : &empty, last.at + last.len);
    if (!w->wanted->no_digest)
        digest_end(&w->digest, w->out->digest);
    return true;
}

/* ---- their bytes ---- */

static bool read_at(int fd, char *bytes, size_t len, size_t at)
{
    while (len > 0) {
        ssize_t n = pread(fd, bytes, len, (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        bytes += n;
        at += (size_t)n;
        len -= (size_t)n;
    }
    return true;
}

static bool read_ranges(const struct walk *w, int fd, const char *path, struct err *err)
{
    struct extract *out = w->out;
    for (size_t i = 0; i < w->n; i++) {
        const struct range *r = &w->range[i];
        struct piece piece = {.at = out->len, .from = r->start, .len = r->end - r->start, .line = r->line};
        out->piece = arena_append(out->piece, &out->n_piece, sizeof(piece), &piece);
        out->len += piece.len;
    }
    char *text = arena_alloc(out->len + 1);
    for (size_t i = 0; i < out->n_piece; i++)
        if (!read_at(fd, text + out->piece[i].at, out->piece[i].len, out->piece[i].from))
            return err_errno(err, "cannot read %s", path);
    out->text = text;
    return true;
}

bool extract_read(const struct at *at, const struct wanted *wanted, struct extract *ret, struct err *err)
{
    struct walk w = {.wanted = wanted, .out = ret};
    struct identity after;
    int fd;
    const time_t begin = time(NULL);
    memset(ret, 0, sizeof(*ret));
    if (!file_open_text(at, &fd, &ret->identity, err))
        return false;
    ret->settled = ret->identity.mtime.tv_sec + 2 <= begin;
    if (ret->identity.size > (off_t)FILE_LIMIT)
        progress_begin(arena_printf(_("reading %s"), at->path));
    bool ok = find_ranges(&w, fd, at->path, err) && read_ranges(&w, fd, at->path, err);
    progress_end();
    if (ok && (!file_identity(fd, &after) || !file_unchanged(&ret->identity, &after)))
        ok = err_set(err, "%s changes while it is read; try again", at->path);
    close(fd);
    return ok;
}

/* ---- from one to the other ---- */

const struct piece *extract_piece(const struct piece *piece, size_t n, size_t offset, bool end)
{
    size_t low = 0, high = n;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (piece[middle].at < offset || (!end && piece[middle].at == offset))
            low = middle;
        else
            high = middle;
    }
    return &piece[low];
}

size_t extract_line(const struct piece *piece, size_t n, const char *text, size_t offset, bool end)
{
    const struct piece *p = extract_piece(piece, n, offset, end);
    return p->line + text_position(text + p->at, p->len, offset - p->at).line - 1;
}

/* An edit at the seam of two pieces has two places in the file. */
static bool is_seam(const struct piece *piece, size_t n, const struct piece *p, const struct hunk *h)
{
    return (h->at == p->at && p > piece) ||
           (h->at + h->old_len == p->at + p->len && h->old_len == 0 && p + 1 < piece + n) ||
           h->at + h->old_len > p->at + p->len;
}

bool extract_to_file(const struct piece *piece, size_t n, const struct hunk *hunk, size_t n_hunk,
                     struct hunk **ret_hunk)
{
    struct hunk *moved = arena_alloc((n_hunk + 1) * sizeof(*moved));
    for (size_t i = 0; i < n_hunk; i++) {
        const struct piece *p = extract_piece(piece, n, hunk[i].at, false);
        if (is_seam(piece, n, p, &hunk[i]))
            return false;
        moved[i] = hunk[i];
        moved[i].at = p->from + (hunk[i].at - p->at);
    }
    *ret_hunk = moved;
    return true;
}

bool extract_from_file(const struct piece *piece, size_t n, const struct hunk *hunk, size_t n_hunk,
                       struct hunk **ret_hunk)
{
    struct hunk *moved = arena_alloc((n_hunk + 1) * sizeof(*moved));
    for (size_t i = 0, k = 0; i < n_hunk; i++) {
        while (k < n && hunk[i].at > piece[k].from + piece[k].len)
            k++;
        if (k == n || hunk[i].at < piece[k].from ||
            hunk[i].at + hunk[i].old_len > piece[k].from + piece[k].len)
            return false;
        moved[i] = hunk[i];
        moved[i].at = piece[k].at + (hunk[i].at - piece[k].from);
    }
    *ret_hunk = moved;
    return true;
}

struct piece *extract_moved(const struct piece *piece, size_t n, const char *text, const struct hunk *hunk,
                            size_t n_hunk)
{
    struct piece *moved = arena_alloc((n + 1) * sizeof(*moved));
    size_t bytes = 0, lines = 0; /* wrap around below zero, and back */
    for (size_t i = 0, h = 0; i < n; i++) {
        moved[i] = piece[i];
        moved[i].at += bytes;
        moved[i].from += bytes;
        moved[i].line += lines;
        for (; h < n_hunk && (hunk[h].at < piece[i].at + piece[i].len || i + 1 == n); h++) {
            bytes += hunk[h].len - hunk[h].old_len;
            moved[i].len += hunk[h].len - hunk[h].old_len;
            lines +=
                text_newlines(hunk[h].bytes, hunk[h].len) - text_newlines(text + hunk[h].at, hunk[h].old_len);
        }
    }
    return moved;
}

bool extract_around(const struct at *at, const struct hunk *hunk, size_t n, struct extract *ret,
                    struct hunk **ret_hunk, struct err *err)
{
    struct span *span = arena_alloc((n + 1) * sizeof(*span));
    for (size_t i = 0; i < n; i++)
        span[i] = (struct span){hunk[i].at, hunk[i].at + hunk[i].old_len};
    struct wanted wanted = {.span = span, .n_span = n};
    if (!extract_read(at, &wanted, ret, err))
        return false;
    if (!extract_from_file(ret->piece, ret->n_piece, hunk, n, ret_hunk))
        *ret_hunk = NULL;
    return true;
}
