/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a lens sees in a text: the only module that knows Augeas.
 *
 * Augeas is given text that mailfix has read, with lenses from mailfix's own directory only; it never opens
 * or saves a file of the host. What it found is copied into struct node, so that nobody else depends on it.
 */
#pragma once

#include "base.h"

/* Which lens reads a document. */
enum lens { LENS_MAIN, LENS_MASTER, LENS_TRANSPORT, LENS_ALIASES, LENS_DOVECOT, LENS_FIX, N_LENS };

/* The lens of a document's id ("main.cf", "master.cf", "transport", "aliases", "dovecot.conf", "fix"); false
 * when there is none. */
bool tree_lens_of(const char *id, enum lens *ret_lens);
struct strings tree_lens_names(void);
/* The same for what fix files call a document: main.cf, master.cf, aliases, dovecot.conf, "map PARAMETER". */
#define TREE_MAP "map "
bool tree_lens_of_document(const char *id, enum lens *ret_lens);

/* The label of a line that begins with white space before the first logical line of a file of Postfix's,
 * which Postfix warns of and drops. */
#define TREE_STRAY "#ignored"

/* The label of a record of which only the bytes count, because others were asked for. */
#define TREE_UNREAD "#unread"

/* The longest text that a lens reads as a whole, in bytes and in lines, of a master.cf in words, lines and
 * opening braces together: none of that size takes it more than 3 s and 100 MB.
 */
#define TREE_LIMIT ((size_t)1 << 20)
#define TREE_PARTS ((size_t)24 << 10)

/* Whether it is no longer; tree_parse refuses it in the same words. */
bool tree_fits(enum lens lens, const char *name, const char *text, size_t len, struct err *err) MUST_CHECK;

/* Lenses come from this directory. Must be called first. */
void tree_set_lens_dir(const char *dir);

/* Parses a text of at most that size. The top-level spans tile it, checked here. name is for messages;
 * false with "NAME:LINE:COLUMN: sentence" and the line with a caret, when the lens refuses the text. */
bool tree_parse(enum lens lens, const char *name, const char *text, size_t len, struct node **ret_node,
                size_t *ret_n, struct err *err) MUST_CHECK;

/* The same for a part of a text that begins in a line, of any size. */
bool tree_parse_part(enum lens lens, const char *name, size_t line, const char *text, size_t len,
                     struct node **ret_node, size_t *ret_n, struct err *err) MUST_CHECK;

/* Whether the lens sees the same in a text that was read without it: nodes of these labels and values. The
 * nodes need not be all of the text; their bytes are shown to the lens one behind the other. */
bool tree_agrees(enum lens lens, const char *text, const struct node *node, size_t n);

/* Frees what Augeas holds, which a run leaves to its end: that is faster. */
void tree_close(void);
