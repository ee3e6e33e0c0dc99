/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Allocations of a library that does not survive one that fails: libaugeas 1.14 follows the NULL that it got,
 * or leaves out what it had no memory for. While such a library works, an allocation that fails ends the run
 * instead; it works before anything is changed only.
 */
#pragma once

#include <stdbool.h>

/* exhausted is called, and must not return, by an allocation that fails while memory_must is on. */
void memory_open(void (*exhausted)(void));
/* Returns what it was before. */
bool memory_must(bool on);
