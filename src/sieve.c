/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Many literals at once; see sieve.h.
 *
 * Protocol: the algorithm of Wu and Manber (1994). The last four bytes of a window, as long as the shortest
 * literal, say how far the window may move on; only where they end a literal are literals compared. What
 * takes time is the wait for one table entry after the other: so a text is cut at line ends into LANES pieces
 * that are read in turn, and their waits overlap.
 *
 * Limits: one short literal makes all windows short. Windows are at most 255 bytes.
 */
#include "sieve.h"

#include <string.h>

#define TAIL SIEVE_SHORTEST
#define HASH_BITS 13
#define LANES 4

struct literal {
    const char *text;
    size_t len;
    size_t next; /* the number, from 1, of another one whose tail has the same hash; 0: none */
};

struct sieve {
    struct literal *literal;
    size_t n, window;
    uint8_t shift[1 << HASH_BITS];
    uint16_t first[1 << HASH_BITS]; /* the number, from 1, of a literal whose tail has that hash */
};

static uint32_t tail_hash(const char *tail)
{
    uint32_t four;
    memcpy(&four, tail, sizeof(four));
    return (uint32_t)(four * 2654435761U) >> (32 - HASH_BITS);
}

static void add_literal(struct sieve *sieve, size_t i)
{
    struct literal *literal = &sieve->literal[i];
    const char *window = literal->text + literal->len - sieve->window;
    for (size_t k = 0; k + TAIL <= sieve->window; k++) {
        uint8_t *shift = &sieve->shift[tail_hash(window + k)];
        size_t left = sieve->window - TAIL - k;
        if (left < *shift)
            *shift = (uint8_t)left;
    }
    uint16_t *first = &sieve->first[tail_hash(literal->text + literal->len - TAIL)];
    literal->next = *first;
    *first = (uint16_t)(i + 1);
}

struct sieve *sieve_new(const struct strings *literals)
{
    struct sieve *sieve = arena_alloc(sizeof(*sieve));
    *sieve = (struct sieve){.n = literals->n, .window = 255};
    sieve->literal = arena_alloc(literals->n * sizeof(*sieve->literal));
    for (size_t i = 0; i < literals->n; i++) {
        size_t len = strlen(literals->item[i]);
        sieve->literal[i] = (struct literal){.text = literals->item[i], .len = len};
        if (len < sieve->window)
            sieve->window = len;
    }
    if (literals->n == 0 || literals->n > UINT16_MAX - 1 || sieve->window < TAIL)
        return NULL;
    memset(sieve->shift, (int)(sieve->window - TAIL + 1), sizeof(sieve->shift));
    for (size_t i = 0; i < literals->n; i++)
        add_literal(sieve, i);
    return sieve;
}

/* ---- lanes ---- */

/* A piece of a text: what is left of it begins at p, where a window's tail is looked at. */
struct lane {
    const char *start, *p, *end;
    uint32_t *at;
    size_t n;
};

/* Whether a literal ends with the tail at p. */
static bool ends_literal(const struct sieve *sieve, const char *start, const char *p, uint32_t hash)
{
    for (size_t i = sieve->first[hash]; i > 0; i = sieve->literal[i - 1].next) {
        const struct literal *literal = &sieve->literal[i - 1];
        if ((size_t)(p + TAIL - start) >= literal->len &&
            memcmp(p + TAIL - literal->len, literal->text, literal->len) == 0)
            return true;
    }
    return false;
}

/* A literal may end with the tail at lane->p. */
static void look_closer(const struct sieve *sieve, struct lane *lane, const char *bytes, uint32_t hash)
{
    const char *p = lane->p++;
    if (!ends_literal(sieve, lane->start, p, hash))
        return;
    lane->at[lane->n++] = (uint32_t)(p - bytes);
    const char *newline = memchr(p, '\n', (size_t)(lane->end - p));
    lane->p = newline != NULL ? newline + 1 + sieve->window - TAIL : lane->end;
}

/* Moves on to where a literal may end; false: the lane has come to its end. */
static bool step(const struct sieve *sieve, struct lane *lane, const char *bytes)
{
    if (lane->end - lane->p < TAIL)
        return false;
    uint32_t hash = tail_hash(lane->p);
    uint8_t shift = sieve->shift[hash];
    if (shift > 0)
        lane->p += shift;
    else
        look_closer(sieve, lane, bytes, hash);
    return true;
}

/* All lanes in turn, while each has room for a step: their places are in registers until one must look
 * closer. */
static void run(const struct sieve *sieve, struct lane *lane, const char *bytes)
{
    const char *p[LANES], *last[LANES];
    bool room = true;
    for (size_t i = 0; i < LANES; i++) {
        p[i] = lane[i].p;
        last[i] = lane[i].end - TAIL;
        room &= lane[i].end - lane[i].p >= TAIL;
    }
    while (room) {
        uint32_t hash[LANES], shift[LANES];
        bool stop = false;
#pragma GCC unroll 4
        for (size_t i = 0; i < LANES; i++) {
            hash[i] = tail_hash(p[i]);
            shift[i] = sieve->shift[hash[i]];
            p[i] += shift[i];
            stop |= shift[i] == 0;
            room &= p[i] <= last[i];
        }
        if (!stop)
            continue;
        for (size_t i = 0; i < LANES; i++) {
            if (shift[i] > 0)
                continue;
            lane[i].p = p[i];
            look_closer(sieve, &lane[i], bytes, hash[i]);
            p[i] = lane[i].p;
            room &= lane[i].end - p[i] >= TAIL;
        }
    }
    for (size_t i = 0; i < LANES; i++)
        lane[i].p = p[i];
}

/* Where a lane ends that is to end about there: behind the line. */
static size_t line_end(const char *bytes, size_t len, size_t about)
{
    const char *newline = memchr(bytes + about, '\n', len - about);
    return newline != NULL ? (size_t)(newline + 1 - bytes) : len;
}

/* Each lane gets its room for what is found: before it there are no more lines than such room. */
static void cut(const struct sieve *sieve, const char *bytes, size_t len, uint32_t *at, struct lane *lane)
{
    size_t start = 0, end = 0;
    for (size_t i = 0; i < LANES; i++, start = end) {
        size_t about = len / LANES * (i + 1);
        end = i + 1 == LANES ? len : about > start ? line_end(bytes, len, about) : start;
        lane[i] = (struct lane){.start = bytes + start, .end = bytes + end, .at = at + start / (TAIL + 1)};
        lane[i].p = end - start < sieve->window ? lane[i].end : lane[i].start + sieve->window - TAIL;
    }
}

size_t sieve_lines(const struct sieve *sieve, const char *bytes, size_t len, uint32_t *ret_at)
{
    struct lane lane[LANES];
    size_t n = 0;
    cut(sieve, bytes, len, ret_at, lane);
    run(sieve, lane, bytes);
    for (size_t i = 0; i < LANES; i++) {
        while (step(sieve, &lane[i], bytes))
            ;
        memmove(ret_at + n, lane[i].at, lane[i].n * sizeof(*ret_at));
        n += lane[i].n;
    }
    return n;
}

void sieve_text(const struct sieve *sieve, const char *text, size_t len, bool *ret_held)
{
    const char *end = text + len;
    for (const char *p = text + sieve->window - TAIL; len >= sieve->window && end - p >= TAIL;) {
        uint32_t hash = tail_hash(p);
        uint8_t shift = sieve->shift[hash];
        for (size_t i = shift > 0 ? 0 : sieve->first[hash]; i > 0; i = sieve->literal[i - 1].next) {
            const struct literal *literal = &sieve->literal[i - 1];
            if ((size_t)(p + TAIL - text) >= literal->len &&
                memcmp(p + TAIL - literal->len, literal->text, literal->len) == 0)
                ret_held[i - 1] = true;
        }
        p += shift > 0 ? shift : 1;
    }
}
