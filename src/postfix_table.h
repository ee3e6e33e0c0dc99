/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The tables ("type:name") that parameters name, what each is used for, and the files of their indexes.
 * Knowledge only. Sources: DATABASE_README, postconf_dbms.c, dict_open.c of Postfix 3.12.
 */
#pragma once

#include "base.h"

/* One "type:name" reference found in a parameter's value. */
struct table_ref {
    const char *type;
    const char *name; /* what follows "type:"; "" before a brace */
    const char *text; /* "type:name", without a proxy: or debug: in front */
    size_t offset;    /* of text in the value that was searched */
};
/* Finds the references in a value, also in lists, behind proxy: and debug:, and inside unionmap:{} and
 * pipemap:{}, not in the braces of inline:, static: and randmap:. types: the host's table types, for names
 * that this list of upstream's does not have; may be empty. */
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
