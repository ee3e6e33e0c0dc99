/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which lines of a text hold one of many literals: what must be looked at, before it is looked at.
 *
 * A literal has no newline, and SIEVE_SHORTEST bytes at least.
 */
#pragma once

#include "base.h"

#define SIEVE_SHORTEST 4

struct sieve;

/* In the arena; NULL: there are no literals, or one is too short to look for. */
struct sieve *sieve_new(const struct strings *literals);

/* For each line of bytes that holds a literal an offset in one, in ascending order; returns how many.
 * ret_at has room for SIEVE_ROOM(len). */
#define SIEVE_ROOM(len) ((len) / (SIEVE_SHORTEST + 1) + 1)
size_t sieve_lines(const struct sieve *sieve, const char *bytes, size_t len, uint32_t *ret_at);

/* Calls held with the number of each literal that the text holds, once for each place where it stands. */
void sieve_text(const struct sieve *sieve, const char *text, size_t len,
                void (*held)(void *arg, size_t literal), void *arg);
