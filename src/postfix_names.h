/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The names of all parameters of Postfix, and which versions have them. Knowledge only.
 */
#pragma once

#include "base.h"

/* Whether that version has the parameter. CANNOT_TELL: the version is NULL, or newer than what is known here.
 */
enum verdict postfix_names_have(const char *name, const char *version);
/* Whether any version has it. */
bool postfix_names_any(const char *name);
/* The names that the version has; NULL: that any has. */
struct strings postfix_names_of(const char *version);
