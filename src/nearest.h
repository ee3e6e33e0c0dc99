/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The name that was probably meant by a mistyped one.
 */
#pragma once

#include "base.h"

/* The nearest of names to word, by letters to insert, delete, change or swap; NULL when none is near: more
 * than a third of its letters differ, or more than four. */
const char *nearest(const char *word, const struct strings *names);

/* "; did you mean 'NAME'?", or "" when no name is near. */
const char *nearest_hint(const char *word, const struct strings *names);
