/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Hostile text made fit to be shown.
 */
#pragma once

#include "base.h"

/* A copy in which control characters, bytes that are no UTF-8, and characters that cannot be seen or change
 * the direction of writing stand as \xNN; a tab is a blank. */
const char *clean_text(const char *text);

/* The length of the character of UTF-8 at bytes, of which size are there; 0: there is none. Harmless: it may
 * stand on a terminal as it is. */
size_t clean_character(const char *bytes, size_t size, bool *ret_harmless);
