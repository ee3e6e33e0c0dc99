/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A set of keys of any number, each as eight bytes: which of a million records are there, how many different
 * ones. Letters count without case, as postmap(1) folds them.
 *
 * Limits: two keys of the same 64 bits count as one, about once in 40 million tables of a million records.
 */
#pragma once

#include "records.h"

struct keyset {
    uint64_t *slot; /* 0: free */
    size_t room, n;
    bool failed; /* no memory: what it says is not to be used */
};

uint64_t keyset_hash(struct key key); /* never 0 */
/* True: it was not in it before. */
bool keyset_add(struct keyset *set, uint64_t hash);
bool keyset_has(const struct keyset *set, uint64_t hash);
void keyset_free(struct keyset *set);
