/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Colours of standard output, for diffs and verdicts. Nothing is coloured before color_choose said so.
 */
#pragma once

#include "base.h"

enum tone { TONE_NONE, TONE_GOOD, TONE_BAD, TONE_WARN, TONE_NAME, TONE_PLACE };

/* The words that color_choose takes. */
struct strings color_choices(void);

/* "always" and "never" mean what they say, whatever the environment does. "auto": when standard output is a
 * terminal as it is now, TERM names one that is not "dumb", and NO_COLOR is not set or empty. False: when is
 * none of these, and nothing was chosen. */
bool color_choose(const char *when) MUST_CHECK;

/* What is printed from here on has this tone; TONE_NONE ends it. Prints nothing when colours are off. */
void color_tone(enum tone tone);

/* Prints the unified diff of one file, as diff_unified returns it; without colours byte for byte. */
void color_diff(const char *text);
