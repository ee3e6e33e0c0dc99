/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How often some lines stand in a text of any size, and where first: the text goes by in blocks.
 */
#pragma once

#include "base.h"

struct needle {
    const char *bytes; /* whole lines, the last one with or without its newline */
    size_t len;
    size_t count, at; /* how often; the first place */
};

struct seek;
/* Begins a text; counts are set to zero. */
struct seek *seek_begin(struct needle *needle, size_t n);
void seek_block(void *seek, const char *bytes, size_t len);
void seek_end(struct seek *seek);
