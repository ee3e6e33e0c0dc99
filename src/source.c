/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Sources; see source.h. What they say comes from files and from hostile log lines: params.c holds it against
 * the parameter's type like a value of the command line.
 *
 * Limits: a log that cannot be read, and everything that only a running host tells, yields nothing.
 */
#include "source.h"

#include "accounts.h"
#include "value.h"
#include "words.h"

#include <string.h>

static const char FORMS[] = "log CAPTURE, port NUMBER, accounts, [twice] [FIELD of] PLACE";

/* ---- reading ---- */

static bool read_place(const struct fix *fix, const char *text, const struct strings *words, size_t at,
                       struct source *source, struct err *err)
{
    size_t skip = strcmp(words->item[0], "twice") == 0;
    const char *here = text;
    source->kind = SOURCE_PLACE;
    source->twice = skip > 0;
    if (words->n >= skip + 3 && strcmp(words->item[skip + 1], "of") == 0) {
        source->field = words->item[skip];
        skip += 2;
    }
    for (; skip > 0; skip--) {
        here += strcspn(here, " \t");
        here += strspn(here, " \t");
    }
    size_t offset = (size_t)(here - text);
    if (!words_place(fix, NULL, here, at + offset, &source->place, err))
        return false;
    if (source->place.matching != NULL)
        return fix_error(fix, at + offset, err, "the place of a source has no 'matching'");
    if (source->field == NULL)
        source->field = "value";
    else if (!words_noun_has(source->place.noun, source->field))
        return fix_error(fix, at, err, "there is no field '%s' in such a place", source->field);
    return true;
}

bool source_read(const struct fix *fix, const char *text, size_t at, struct source *ret_source,
                 struct err *err)
{
    struct source source = {0};
    struct strings words = strings_split(text, " \t");
    const char *first = words.n > 0 ? words.item[0] : "";
    bool log = strcmp(first, "log") == 0, port = strcmp(first, "port") == 0;
    if (words.n == 0 || ((log || port) && words.n != 2))
        return fix_error(fix, at, err, "expected: %s", FORMS);
    if (log || port) {
        source.kind = log ? SOURCE_LOG : SOURCE_PORT;
        source.word = words.item[1];
    } else if (strcmp(first, "accounts") == 0 && words.n == 1) {
        source.kind = SOURCE_ACCOUNTS;
    } else if (!read_place(fix, text, &words, at, &source, err)) {
        return false;
    }
    *ret_source = source;
    return true;
}

/* ---- asking ---- */

static void add_new(struct strings *list, const char *item)
{
    if (!strings_have(list, item))
        strings_add(list, item);
}

/* "256 M", as doveconf prints a size, is one word here. */
static const char *tight(const char *type, const char *text)
{
    if (strcmp(type, "size") != 0)
        return text;
    struct strings parts = strings_split(text, " ");
    return strings_join(&parts, "");
}

static struct strings doubled(const char *type, const struct strings *values)
{
    struct strings out = {0};
    const char *largest = NULL, *value, *expected;
    for (size_t i = 0; i < values->n; i++)
        if (value_read(type, values->item[i], &value, &expected) &&
            (largest == NULL || value_compare(type, value, largest) > 0))
            largest = value;
    if (largest != NULL && value_twice(type, largest) != NULL)
        strings_add(&out, value_twice(type, largest));
    return out;
}

static bool from_place(struct context *ctx, const char *type, const struct source *source, bool several,
                       struct strings *ret_values, struct err *err)
{
    struct row *row;
    size_t n;
    bool unknown;
    struct strings values = {0};
    if (!place_find(ctx, &source->place, &row, &n, &unknown, err))
        return false;
    for (size_t i = several || source->twice || n == 0 ? 0 : n - 1; i < n; i++) {
        const char *value = row_field(&row[i], source->field);
        if (value != NULL && value[0] != '\0')
            add_new(&values, tight(type, value));
    }
    *ret_values = source->twice ? doubled(type, &values) : values;
    return true;
}

/* The newest line counts; where there can be several values, every line does. */
static struct strings from_log(struct context *ctx, const char *capture, bool several)
{
    struct strings heard = {0}, out = {0};
    if (ctx->outside == NULL || ctx->outside->heard == NULL ||
        ctx->outside->heard(ctx, capture, &heard) != HOLDS)
        ctx->asked_live = true;
    if (several)
        return heard;
    if (heard.n > 0)
        strings_add(&out, heard.item[heard.n - 1]);
    return out;
}

static struct strings from_port(struct context *ctx, const char *number)
{
    struct strings out = {0};
    const char *owner = NULL;
    if (ctx->outside == NULL || ctx->outside->owner == NULL)
        ctx->asked_live = true;
    else
        owner = ctx->outside->owner(context_text(ctx, number));
    if (owner != NULL)
        strings_add(&out, owner);
    return out;
}

static struct strings from_accounts(const struct context *ctx)
{
    struct strings people;
    struct err why;
    if (account_people(facts_root(context_facts(ctx)), &people, &why))
        return people;
    say_more("%s", why.text);
    return (struct strings){0};
}

bool source_values(struct context *ctx, const struct param *param, const struct source *source, bool several,
                   struct strings *ret_values, struct err *err)
{
    *ret_values = (struct strings){0};
    switch (source->kind) {
    case SOURCE_LOG:
        *ret_values = from_log(ctx, source->word, several);
        return true;
    case SOURCE_PORT:
        *ret_values = from_port(ctx, source->word);
        return true;
    case SOURCE_ACCOUNTS:
        *ret_values = from_accounts(ctx);
        return true;
    default:
        return from_place(ctx, param->type != NULL ? param->type : "word", source, several, ret_values, err);
    }
}
