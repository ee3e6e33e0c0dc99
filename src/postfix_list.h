/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Values that are lists, as Postfix cuts them into items, and who mentions a parameter. Knowledge only.
 * Sources: mystrtokq(3), match_list(3), DATABASE_README, postconf_user.c, postconf_dbms.c, postconf_service.c
 * of Postfix 3.12.
 */
#pragma once

#include "base.h"

/* The next item of a list at or behind *start: items are separated by blanks and commas, braces hold an item
 * together. False at the end. */
bool postfix_next_item(const char *value, size_t *start, size_t *ret_end);
struct strings postfix_items(const char *value);

/* The table's content comes from a text file of its name; and the file of its index: "" when the text itself
 * is read, NULL when the type is not made from a text. */
const char *postfix_text_index(const char *type, const char *name);

/* The table's parameters come from a file of its name, where that is a path: ldap:/etc/postfix/people.cf */
bool postfix_is_defined_by_file(const char *type);

/* Whether the two files mention a parameter that Postfix itself does not know: as $name, in
 * smtpd_restriction_classes, as TRANSPORT_suffix of a service, as NAME_key of a table type:NAME, or in -o. */
bool postfix_mentions(const struct doc *main_cf, const struct doc *master_cf, const char *name);

/* An entry of the text behind a map or an alias table. */
bool postfix_is_map_entry(const struct node *node);
/* The targets of an alias, as written: separated by commas that stand outside of quotes. */
struct strings postfix_alias_targets(const char *value);
