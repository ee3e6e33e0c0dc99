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
/* What a setting, a section or a commented-out setting is called in a path: "vsz_limit",
 * "service/imap-login"; NULL: it is none of them. */
const char *dovecot_name(const struct node *node);
/* A section without a name of which there can be several: each is read for itself, none merges with another
 * (passdb, userdb, namespace). */
bool dovecot_stands_alone(const struct node *node);
/* Whether a package brings a file of that path, as Debian's, Fedora's and upstream's own examples do: what an
 * administrator wants to keep goes into another one where there is one. */
bool dovecot_is_shipped(const char *path);
/* The setting that decides where the one of that path is not set, although doveconf prints a number for it:
 * default_vsz_limit for service/NAME/vsz_limit; NULL: none. */
const char *dovecot_default_of(const char *path);
/* What doveconf prints for a size that is not set: 2^64 - 1 bytes. */
bool dovecot_is_unset(const char *value);
