/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The nearest name; see nearest.h.
 *
 * Limits: bytes count as letters, and of longer words than NEAREST_LIMIT nothing is near.
 */
#include "nearest.h"

#include <string.h>

#define NEAREST_LIMIT 64
#define MOST_SLIPS 4

static size_t least(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/* The restricted Damerau-Levenshtein distance, with three rows of its table. */
static size_t distance(const char *a, const char *b)
{
    size_t rows[3][NEAREST_LIMIT + 1], len_a = strlen(a), len_b = strlen(b);
    for (size_t k = 0; k <= len_b; k++)
        rows[0][k] = k;
    for (size_t i = 1; i <= len_a; i++) {
        size_t *now = rows[i % 3], *last = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
        now[0] = i;
        for (size_t k = 1; k <= len_b; k++) {
            now[k] = least(last[k] + 1, now[k - 1] + 1, last[k - 1] + (a[i - 1] != b[k - 1]));
            if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1] && before[k - 2] + 1 < now[k])
                now[k] = before[k - 2] + 1;
        }
    }
    return rows[len_a % 3][len_b];
}

const char *nearest(const char *word, const struct strings *names)
{
    const char *best = NULL;
    size_t len = strlen(word), best_distance = least((len + 2) / 3, MOST_SLIPS, MOST_SLIPS) + 1;
    if (len == 0 || len > NEAREST_LIMIT)
        return NULL;
    for (size_t i = 0; i < names->n; i++) {
        if (strlen(names->item[i]) > NEAREST_LIMIT)
            continue;
        size_t d = distance(word, names->item[i]);
        if (d < best_distance) {
            best = names->item[i];
            best_distance = d;
        }
    }
    return best;
}

const char *nearest_hint(const char *word, const struct strings *names)
{
    const char *name = nearest(word, names);
    return name != NULL ? arena_printf(_("; did you mean '%s'?"), name) : "";
}
