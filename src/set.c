/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Sets of texts; see set.h. Open addressing, at most half full.
 */
#include "set.h"

#include <string.h>

#define LEAST_ROOM 16

static size_t place(const struct set *set, const char *text)
{
    uint64_t hash = 0xcbf29ce484222325; /* FNV-1a */
    for (const char *c = text; *c != '\0'; c++)
        hash = (hash ^ (unsigned char)*c) * 0x100000001b3;
    size_t at = (size_t)(hash ^ hash >> 32) & (set->room - 1);
    while (set->slot[at] != NULL && strcmp(set->slot[at], text) != 0)
        at = (at + 1) & (set->room - 1);
    return at;
}

static void grow(struct set *set)
{
    struct set larger = {.room = set->room > 0 ? set->room * 2 : LEAST_ROOM, .n = set->n};
    larger.slot = arena_alloc(larger.room * sizeof(*larger.slot));
    for (size_t i = 0; i < set->room; i++)
        if (set->slot[i] != NULL)
            larger.slot[place(&larger, set->slot[i])] = set->slot[i];
    *set = larger;
}

bool set_add(struct set *set, const char *text)
{
    if (set->n * 2 >= set->room)
        grow(set);
    size_t at = place(set, text);
    if (set->slot[at] != NULL)
        return false;
    set->slot[at] = text;
    set->n++;
    return true;
}

bool set_has(const struct set *set, const char *text)
{
    return set->room > 0 && set->slot[place(set, text)] != NULL;
}
