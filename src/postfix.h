/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What Postfix knows about itself: reading parameters out of documents, $name expansion, references to
 * tables, which table types can do what, some defaults. Knowledge only: nothing here looks at
 * the machine. Sources: postconf(5), DATABASE_README, mac_expand(3), data_redirect.c, tlsmgr.c of
 * Postfix 3.12.
 */
#pragma once

#include "base.h"

/* Looks up the value of a parameter, unexpanded; NULL when nobody can tell. */
typedef const char *postfix_lookup(void *arg, const char *name);

/* Expands $name ${name} $(name) ${name?text} ${name:text} ${name?{a}:{b}} as mac_expand(3). A name that
 * lookup cannot tell stays as written, and *ret_unknown (may be NULL) is set to it. */
const char *postfix_expand(const char *text, postfix_lookup *lookup, void *arg, const char **ret_unknown);

/* The last top-level node of main.cf that sets the parameter: the one in effect. NULL: not set. */
const struct node *postfix_setting(const struct doc *main_cf, const char *name);
bool postfix_in_effect(const struct doc *main_cf, const struct node *setting);

/* A node's value as Postfix joins it: the physical lines of the value with one blank between them. */
const char *postfix_joined_value(const struct node *node);

/* The service's own port number or name, and its host ("" for all), from a service name such as "smtp",
 * "127.0.0.1:10025", "[::1]:submission". False when it is no inet service's name. */
bool postfix_service_address(const char *service, const char **ret_host, int *ret_port);

/* Upstream's default of a parameter, for the few that fixes ask about; NULL when not in the table. */
const char *postfix_default(const char *name);
