/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A set of texts in the arena. Zeroed it is empty.
 */
#pragma once

#include "base.h"

struct set {
    const char **slot; /* NULL: free */
    size_t room, n;
};

/* True: it was not in it before. Keeps the pointer. */
bool set_add(struct set *set, const char *text);
bool set_has(const struct set *set, const char *text);
