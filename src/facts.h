/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the machine says of itself: asked of the host's programs, never assumed from a distribution's name.
 *
 * Each fact has a name (design: postfix.version, postfix.table-types, init, ...). A line of the --facts file
 * answers first; on the live host the programs are asked, once and when needed; below --root nothing is
 * executed and what neither the file nor the tree tells is unknown.
 */
#pragma once

#include "file.h"
#include "service.h"

struct facts;

/* facts_file may be NULL. Errors in it are "FILE:LINE:COLUMN: sentence" with outcome USAGE. */
bool facts_open(const struct root *root, const char *facts_file, struct facts **ret_facts,
                struct err *err) MUST_CHECK;
const struct root *facts_root(const struct facts *facts);

/* A fact by its name; NULL: unknown. */
const char *facts_get(struct facts *facts, const char *name);

/* Whether the program ("postfix", "dovecot") is installed. */
enum verdict facts_installed(struct facts *facts, const char *program);
/* Whether anything speaks for a Dovecot here: its version, its program, its configuration. */
bool facts_has_dovecot(struct facts *facts);

/* The type is one of `postconf -m`; the parameter is one of `postconf -d`. */
enum verdict facts_table_type(struct facts *facts, const char *type);
struct strings facts_table_types(struct facts *facts); /* empty when unknown */
enum verdict facts_parameter(struct facts *facts, const char *name);

/* A parameter's value as postfix_expand expands it: from main_cf (may be NULL), else the default of postconf
 * -d, of the facts file, or upstream's. NULL, and *ret_missing names the fact, when nobody can tell. */
const char *facts_value(struct facts *facts, const struct doc *main_cf, const char *name,
                        const char **ret_missing);
/* Any text with $names in it, expanded the same way. */
const char *facts_expand(struct facts *facts, const struct doc *main_cf, const char *text,
                         const char **ret_missing);

/* What boots the host: by the fact init, else by what runs here, or by what is in the tree. */
enum init_kind facts_init(struct facts *facts, const char *daemon);
/* The command that an administrator would type for a daemon there; NULL: what boots it is not known. */
const char *facts_command(struct facts *facts, enum verb verb, const char *daemon);
