/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What --help says: of the program, and of one verb. Each fits a screen of 80 columns and 24 lines.
 */
#pragma once

#include "base.h"

/* The names of all verbs, in the order in which help lists them. */
struct strings help_verbs(void);

/* The overview. */
void help_all(FILE *stream);
/* One verb's page; false when there is no such verb. */
bool help_verb(FILE *stream, const char *verb);
