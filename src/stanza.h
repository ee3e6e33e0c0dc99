/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reading one stanza of a fix file into the struct fix.
 */
#pragma once

#include "fix.h"

#include <string.h>

static inline bool stanza_is(const struct node *node, const char *label)
{
    return strcmp(node->label, label) == 0;
}

static inline const char *stanza_value(const struct node *node)
{
    return node->value != NULL ? node->value : "";
}

/* Refuses what a node says; sentence is for the user, looked up in the catalogue of translations. Returns
 * false. */
bool stanza_refuse(const struct fix *fix, const struct node *node, const char *sentence, struct err *err);
/* A key that may stand once must not stand twice. */
bool stanza_once(const struct fix *fix, const struct node *stanza, const char *key,
                 struct err *err) MUST_CHECK;
/* Adds what a top-level node of the fix lens says to fix; errors as fix_error. */
bool stanza_read(struct fix *fix, const struct node *node, struct err *err) MUST_CHECK;
/* The stanza `edit` (stanza_edit.c). */
bool stanza_edit(struct fix *fix, const struct node *node, struct err *err) MUST_CHECK;
