/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Random texts of tables: lines that people write, and such that are no entry.
 */
#pragma once

#include "tree.h"
#include "unit.h"

static const char *const LINES[] = {
    "a: b\n",         "a: c, d\n",
    "B: \"|x y\"\n",  "b:c\n",
    "c: a\n",         "d :e\n",
    "e:\n",           "f: a, b,\n",
    "\tg\n",          "  h, i\n",
    "# note\n",       "#a: off\n",
    "# c: off\n",     "\n",
    "   \n",          "#d:e\n",
    "\"q r\": s\n",   "Q  r: t\n",
    "q\\ \"r\": u\n", "n\n",
    "x@y: z\n",       "g: h\n",
    "h: nobody\n",    "i: a\n",
    "o\n  p: q\n",    "\"Q\n# c: d\n\n  r\": e\n",
    "(((n))) s: t\n", "g\\\n # i\n u: v\n",
    "\"open: w\n",    "j: b\n",
    "k: c\n",         "l: d\n",
    "  # inside\n",   "m: n\r\n",
    "\f\n",
};
static const char *const ENTRIES[] = {
    "a smtp:b\n",        "a smtp:c\n", "B\tsmtp:x\n",
    "b  :y\n",           "c local:\n", "d\n",
    "e smtp:[x]:587\n",  "f\n",        "\tsmtp:z\n",
    "  smtp:w\n",        "# note\n",   "#a smtp:off\n",
    "#c\tlocal:\n",      "\n",         "   \n",
    "\"q r\" s\n",       "\"open q\n", "g x:y\n",
    "h x:y\n",           "i x:y\n",    "j x:y\n",
    "k x:y\n",           "l x:y\n",    "  # inside\n",
    "m x:y\r\n",         "\\\n",       "\"Q\n# c d\n\n  r\" x:y\n",
    "n\\\n  o smtp:b\n", "p\\\n",
};

struct language {
    const char *document, *path, *const *line;
    unsigned n;
    enum lens lens;
};
static const struct language LANGUAGES[] = {
    {"aliases", "etc/aliases", LINES, COUNT(LINES), LENS_ALIASES},
    {"map transport_maps", "etc/postfix/transport", ENTRIES, COUNT(ENTRIES), LENS_TRANSPORT},
};

static inline const char *random_table(const struct language *l, uint64_t *seed, unsigned lines)
{
    struct buf text = {0};
    for (unsigned n = unit_random(seed, lines + 1); n > 0; n--)
        buf_puts(&text, l->line[unit_random(seed, l->n)]);
    if (text.len > 0 && unit_random(seed, 8) == 0)
        text.text[--text.len] = '\0';
    return buf_text(&text);
}
