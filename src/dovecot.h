/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What Dovecot knows about its configuration files: knowledge only, nothing here looks at the machine.
 * Source: settings_include() and fix_relative_path() of src/config/config-parser.c, 1.x to 2.4.
 */
#pragma once

#include "base.h"

/* The absolute pattern of an !include or !include_try line of a file, which is relative to the directory of
 * that file; NULL when the node is neither. */
const char *dovecot_include(const char *file, const struct node *node);
/* It is !include_try: nothing need be there. */
bool dovecot_may_miss(const struct node *node);
