/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What PLACE (words.c) and COND (words_cond.c) share: how words are taken from a value.
 */
#pragma once

#include "words.h"

#include <string.h>

struct reader {
    const struct fix *fix;
    const char *text, *here;
    size_t at; /* offset of text in the file */
    struct err *err;
};

static inline size_t offset_of(const struct reader *r, const char *where)
{
    return r->at + (size_t)(where - r->text);
}

static inline void skip_blanks(struct reader *r)
{
    r->here += strspn(r->here, " \t");
}

/* The next word, NULL at the end; *ret_start is where it begins. */
static inline const char *next_word(struct reader *r, const char **ret_start)
{
    skip_blanks(r);
    size_t len = strcspn(r->here, " \t");
    if (ret_start != NULL)
        *ret_start = r->here;
    if (len == 0)
        return NULL;
    const char *word = arena_copy(r->here, len);
    r->here += len;
    return word;
}

static inline bool in_list(const char *list, const char *word)
{
    struct strings words = strings_split(list, " ");
    return strings_have(&words, word);
}

static inline bool has_placeholder(const char *text)
{
    return strchr(text, '{') != NULL;
}

/* Reads the PLACE that comes next; document as words_place has it. */
bool words_read_place(struct reader *r, const char *document, struct place *ret_place) MUST_CHECK;
