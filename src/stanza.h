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

/* The first key of that name in a stanza; NULL: none. */
static inline const struct node *stanza_key(const struct node *stanza, const char *key)
{
    for (size_t i = 0; i < stanza->n_child; i++)
        if (stanza_is(&stanza->child[i], key))
            return &stanza->child[i];
    return NULL;
}

/* Adds what a top-level node of the fix lens says to fix; errors as fix_error. */
bool stanza_read(struct fix *fix, const struct node *node, struct err *err) MUST_CHECK;
/* The stanza `edit` (stanza_edit.c). */
bool stanza_edit(struct fix *fix, const struct node *node, struct err *err) MUST_CHECK;
