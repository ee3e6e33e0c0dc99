/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The stanzas that give a fix its values: `param`, which the caller may set, and `rows`, a table of words
 * that stands in the fix itself. See stanza.h.
 *
 * Limits: a default that holds a placeholder is not checked against its type; its value is known only later.
 * Of a row only the last column can hold blanks.
 */
#include "stanza_private.h"

#include "source.h"
#include "value.h"
#include "words.h"

#include <string.h>

bool stanza_rows(const struct stanza *s)
{
    struct rows rows = {.columns = strings_split(stanza_value(s->node), " \t")};
    if (rows.columns.n < 2)
        return refuse(s, s->node, "expected: rows NAME COLUMN...");
    rows.name = rows.columns.item[0];
    rows.columns.item++;
    rows.columns.n--;
    for (size_t i = 0; i < s->node->n_child; i++) {
        const struct node *line = &s->node->child[i];
        if (!stanza_is(line, "text"))
            continue;
        struct strings row = strings_split(stanza_value(line), " \t");
        if (row.n > rows.columns.n) { /* the last column runs to the end of the line */
            const char *last = stanza_value(line);
            for (size_t k = 1; k < rows.columns.n; k++) {
                last += strspn(last, " \t");
                last += strcspn(last, " \t");
            }
            last += strspn(last, " \t");
            size_t len = strlen(last);
            while (strchr(" \t", last[len - 1]) != NULL)
                len--;
            row.item[rows.columns.n - 1] = arena_copy(last, len);
            row.n = rows.columns.n;
        }
        if (row.n != rows.columns.n)
            return refuse(s, line, "this row does not have one word for each column");
        rows.row = arena_append(rows.row, &rows.n, sizeof(row), &row);
    }
    s->fix->rows = arena_append(s->fix->rows, &s->fix->n_rows, sizeof(rows), &rows);
    return true;
}

/* The word "when" in a value, with blanks on both sides; NULL: none. */
static const char *find_when(const char *value)
{
    for (const char *at = value; (at = strstr(at, "when")) != NULL; at++)
        if (at > value && strchr(" \t", at[-1]) != NULL && at[4] != '\0' && strchr(" \t", at[4]) != NULL)
            return at;
    return NULL;
}

/* default VALUE [when COND], from SOURCE [when COND] */
static bool read_choice(const struct stanza *s, const struct node *key, struct param *param)
{
    struct choice choice = {.value = stanza_value(key), .sourced = stanza_is(key, "from")};
    const char *value, *expected;
    const char *when = find_when(choice.value);
    if (when != NULL) {
        size_t offset = (size_t)(when - choice.value) + strlen("when");
        choice.conditional = true;
        if (!words_cond(s->fix, NULL, choice.value + offset, key->text.start + offset, &choice.cond, s->err))
            return false;
        while (when > choice.value && strchr(" \t", when[-1]) != NULL)
            when--;
        choice.value = arena_copy(choice.value, (size_t)(when - choice.value));
    }
    if (choice.sourced) {
        if (!source_read(s->fix, choice.value, key->text.start, &choice.source, s->err))
            return false;
        param->choice = arena_append(param->choice, &param->n_choice, sizeof(choice), &choice);
        return true;
    }
    if (param->one_of.n > 0 && !strings_have(&param->one_of, choice.value))
        return refuse(s, key, "this default is none of the values of one-of");
    if (param->type != NULL && strchr(choice.value, '{') == NULL &&
        !value_read(param->type, choice.value, &value, &expected))
        return refuse(s, key, arena_printf(_("this default is no %s: expected %s"), param->type, expected));
    param->choice = arena_append(param->choice, &param->n_choice, sizeof(choice), &choice);
    return true;
}

bool stanza_param(const struct stanza *s)
{
    struct param param = {
        .name = stanza_value(s->node), .ask = stanza_text(s, "ask"), .type = stanza_key(s, "type")};
    const char *one_of = stanza_key(s, "one-of");
    if (!check_once(s, "type") || !check_once(s, "one-of"))
        return false;
    if ((param.type == NULL) == (one_of == NULL))
        return refuse(s, s->node, "a param has either a type or one-of");
    if (one_of != NULL)
        param.one_of = strings_split(one_of, " \t");
    struct strings types = value_types();
    if (param.type != NULL && !value_type_known(param.type))
        return refuse(s, node_child(s->node, "type"),
                      arena_printf(_("unknown type; there are: %s"), strings_join(&types, " ")));
    param.several = node_child(s->node, "several") != NULL;
    for (size_t i = 0; i < s->node->n_child; i++) {
        const struct node *key = &s->node->child[i];
        struct source offer;
        bool choice = stanza_is(key, "default") || stanza_is(key, "from");
        if (choice && !read_choice(s, key, &param))
            return false;
        if (!stanza_is(key, "offer"))
            continue;
        if (!source_read(s->fix, stanza_value(key), key->text.start, &offer, s->err))
            return false;
        param.offer = arena_append(param.offer, &param.n_offer, sizeof(offer), &offer);
    }
    if (!stanza_whens(s, NULL, &param.when, &param.n_when))
        return false;
    s->fix->param = arena_append(s->fix->param, &s->fix->n_param, sizeof(param), &param);
    return true;
}
