/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What Postfix knows about itself: reading parameters out of documents, $name expansion, references to
 * tables, which table types can do what, names and defaults by version. Knowledge only: nothing here looks at
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

/* One "type:name" reference found in a parameter's value. */
struct table_ref {
    const char *type;
    const char *name; /* what follows "type:" */
    const char *text; /* "type:name", without a proxy: in front */
    size_t offset;    /* of text in the value that was searched */
};
/* Finds the references in a value, also in lists, behind proxy: and inside unionmap:{} and pipemap:{}. types:
 * the host's table types, for names that this list of upstream's does not have; may be empty. */
void postfix_tables(const char *parameter, const char *value, const struct strings *types,
                    struct table_ref **ret_ref, size_t *ret_n);

enum table_use { USE_LOOKUP, USE_ALIAS, USE_CACHE };
enum table_use postfix_table_use(const char *parameter);
const char *postfix_table_use_name(enum table_use use);
/* Whether a table of this type can be updated and enumerated by daemons, as a cache must. */
bool postfix_can_cache(const char *type);
/* The file that a cache of this type and name creates: name.db, name.lmdb; NULL when it is not known. */
const char *postfix_cache_file(const char *type, const char *name);

/* The files in which a text table of this type is indexed, by what follows the table's name; 0: it has no
 * index. */
size_t postfix_index_suffixes(const char *type, const char *ret_suffix[2]);
/* Whether a file may be an index of some type, by the end of its name. */
bool postfix_is_index_name(const char *path);

/* The service's own port number or name, and its host ("" for all), from a service name such as "smtp",
 * "127.0.0.1:10025", "[::1]:submission". False when it is no inet service's name. */
bool postfix_service_address(const char *service, const char **ret_host, int *ret_port);

/* Upstream's default of a parameter, for the few that fixes ask about; NULL when not in the table. */
const char *postfix_default(const char *name);
/* Since which version a parameter exists; NULL when not in the table. */
const char *postfix_since(const char *name);
