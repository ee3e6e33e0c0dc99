/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What stanza.c and stanza_param.c share: a stanza that is being read. Nobody else includes this.
 */
#pragma once

#include "stanza.h"

struct stanza {
    struct fix *fix; /* what is read goes there */
    const struct node *node;
    struct err *err;
};

/* The value of a key, "" when it has none; NULL: no such key. */
const char *stanza_key(const struct stanza *s, const char *key);
/* A text for people: its twin in the user's language where there is one. NULL as above. */
const char *stanza_text(const struct stanza *s, const char *key);
/* The conditions of all `when` keys, in their order; document as in words_cond. */
bool stanza_whens(const struct stanza *s, const char *document, struct cond **ret_when,
                  size_t *ret_n) MUST_CHECK;

/* The stanzas `param` and `rows` (stanza_param.c). */
bool stanza_param(const struct stanza *s) MUST_CHECK;
bool stanza_rows(const struct stanza *s) MUST_CHECK;

static inline bool refuse(const struct stanza *s, const struct node *node, const char *sentence)
{
    return stanza_refuse(s->fix, node, sentence, s->err);
}

static inline bool check_once(const struct stanza *s, const char *key)
{
    return stanza_once(s->fix, s->node, key, s->err);
}
