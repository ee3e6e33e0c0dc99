/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The nodes of main.cf, of master.cf and of the texts of tables without a lens.
 *
 * Almost every run reads both files, and to load their lenses takes longer than all else that it does. Here
 * are their grammars by hand, for texts that are taken without a doubt: what is read is what the lens reads,
 * to the byte. For everything else the lens is asked, which says what is wrong and where.
 *
 * A file that is edited is read by its lens afterwards, always, and each of its nodes is held against those
 * from before (edit_proof.c): an edit needs that both agree. Of a table these are the records that somebody
 * asked for; to find their places in the text takes Augeas ten times as long as to read them, so what is read
 * here is shown to the lens, which must see the same (tree_agrees).
 */
#pragma once

#include "base.h"

/* Set ret_node and ret_n; false, and nothing is set: ask the lens. */
bool postfix_nodes_main(const char *text, size_t len, struct node **ret_node, size_t *ret_n) MUST_CHECK;
bool postfix_nodes_master(const char *text, size_t len, struct node **ret_node, size_t *ret_n) MUST_CHECK;
/* alias: names end with ':'. */
bool postfix_nodes_table(bool alias, const char *text, size_t len, struct node **ret_node,
                         size_t *ret_n) MUST_CHECK;
