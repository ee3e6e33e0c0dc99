/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a text must hold for a pattern to match it.
 */
#pragma once

#include "base.h"

/* Literals of which each text that matches re holds one at least. Empty: nothing can be said. re compiles
 * (pattern_compile). */
struct strings pattern_literals(const char *re);
