/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Sets of keys; see keyset.h. Open addressing, at most two thirds full, in memory of its own: the arena could
 * not give back what it grows out of.
 */
#include "keyset.h"

#include <stdlib.h>

#define LEAST_ROOM 1024

uint64_t keyset_hash(struct key key)
{
    uint64_t hash = 0xcbf29ce484222325; /* FNV-1a, and then all bits are mixed */
    for (size_t i = 0; i < key.len; i++) {
        unsigned char c = (unsigned char)key.bytes[i];
        hash = (hash ^ (c >= 'A' && c <= 'Z' ? c | 0x20U : c)) * 0x100000001b3;
    }
    hash = (hash ^ hash >> 32) * 0xd6e8feb86659fd93;
    hash ^= hash >> 32;
    return hash != 0 ? hash : 1;
}

static size_t place(const struct keyset *set, uint64_t hash)
{
    size_t at = (size_t)hash & (set->room - 1);
    while (set->slot[at] != 0 && set->slot[at] != hash)
        at = (at + 1) & (set->room - 1);
    return at;
}

static bool grow(struct keyset *set)
{
    struct keyset larger = {.room = set->room > 0 ? set->room * 2 : LEAST_ROOM, .n = set->n};
    larger.slot = calloc(larger.room, sizeof(*larger.slot));
    if (larger.slot == NULL)
        return false;
    for (size_t i = 0; i < set->room; i++)
        if (set->slot[i] != 0)
            larger.slot[place(&larger, set->slot[i])] = set->slot[i];
    free(set->slot);
    *set = larger;
    return true;
}

bool keyset_add(struct keyset *set, uint64_t hash)
{
    if (set->failed || (set->n * 3 >= set->room * 2 && !grow(set))) {
        set->failed = true;
        return true;
    }
    size_t at = place(set, hash);
    if (set->slot[at] == hash)
        return false;
    set->slot[at] = hash;
    set->n++;
    return true;
}

bool keyset_has(const struct keyset *set, uint64_t hash)
{
    return set->room > 0 && set->slot[place(set, hash)] == hash;
}

void keyset_free(struct keyset *set)
{
    free(set->slot);
    *set = (struct keyset){0};
}
