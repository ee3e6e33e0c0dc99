/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The nodes of main.cf and of master.cf without a lens.
 *
 * Almost every run reads both files, and to load their lenses takes longer than all else that it does. Here
 * are their grammars by hand, for texts that are taken without a doubt: what is read is what the lens reads,
 * to the byte. For everything else the lens is asked, which says what is wrong and where.
 *
 * A file that is edited is read by its lens afterwards, always, and each of its nodes is held against those
 * from before (edit_proof.c): an edit needs that both agree.
 */
#pragma once

#include "base.h"

/* Set ret_node and ret_n; false, and nothing is set: ask the lens. */
bool postfix_nodes_main(const char *text, size_t len, struct node **ret_node, size_t *ret_n) MUST_CHECK;
bool postfix_nodes_master(const char *text, size_t len, struct node **ret_node, size_t *ret_n) MUST_CHECK;
