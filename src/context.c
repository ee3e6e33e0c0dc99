/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Placeholders and loops; see context.h. fix.c has refused what nothing can fill, so a placeholder without a
 * value here is a fact that is unknown; it stays as written.
 */
#include "context.h"

#include <string.h>

void context_bind(struct context *ctx, const char *name, struct strings values)
{
    struct binding binding = {name, values};
    for (size_t i = 0; i < ctx->n_binding; i++)
        if (strcmp(ctx->binding[i].name, name) == 0) {
            ctx->binding[i] = binding;
            return;
        }
    ctx->binding = arena_append(ctx->binding, &ctx->n_binding, sizeof(binding), &binding);
}

struct facts *context_facts(const struct context *ctx)
{
    return ctx->docs->facts;
}

/* "size.mb": a field of each of the parameter's values. */
static bool field_of(const struct context *ctx, const char *name, struct strings *ret)
{
    for (size_t i = 0; i < ctx->fix->n_param; i++) {
        const struct param *param = &ctx->fix->param[i];
        if (fix_param_field(param, name, NULL) == NULL)
            continue;
        for (size_t k = 0; k < ctx->n_binding; k++)
            for (size_t v = 0; v < ctx->binding[k].values.n; v++)
                if (strcmp(ctx->binding[k].name, param->name) == 0)
                    strings_add(ret, fix_param_field(param, name, ctx->binding[k].values.item[v]));
    }
    return ret->n > 0;
}

/* Facts that main.cf or a default of Postfix tells where --facts does not. */
static const char *parameter_fact(struct context *ctx, const char *name)
{
    static const struct {
        const char *fact, *parameter;
    } facts[] = {{"postfix.config-directory", "config_directory"},
                 {"postfix.queue-directory", "queue_directory"},
                 {"postfix.data-directory", "data_directory"},
                 {"postfix.default-table-type", "default_database_type"}};
    const struct doc *main_cf;
    struct err ignored;
    for (size_t i = 0; i < COUNT(facts); i++)
        if (strcmp(facts[i].fact, name) == 0 && docs_get(ctx->docs, "main.cf", &main_cf, &ignored))
            return facts_value(context_facts(ctx), main_cf, facts[i].parameter, NULL);
    return NULL;
}

static bool value_of(struct context *ctx, const char *name, struct strings *ret)
{
    for (size_t i = 0; i < ctx->n_binding; i++)
        if (strcmp(ctx->binding[i].name, name) == 0) {
            *ret = ctx->binding[i].values;
            return true;
        }
    *ret = (struct strings){0};
    if (field_of(ctx, name, ret))
        return true;
    const char *fact = facts_get(context_facts(ctx), name);
    if (fact == NULL)
        fact = parameter_fact(ctx, name);
    if (fact == NULL) {
        ctx->missing = name;
        return false;
    }
    strings_add(ret, fact);
    return true;
}

const char *context_placeholder(const char *text, const char *at, size_t *ret_len)
{
    const char *close = at[0] == '{' ? strpbrk(at, "} \t\n") : NULL;
    if (close == NULL || *close != '}' || (at > text && at[-1] == '$') || at[1] < 'a' || at[1] > 'z')
        return NULL;
    *ret_len = (size_t)(close - at) + 1;
    return arena_copy(at + 1, *ret_len - 2);
}

static const char *fill(struct context *ctx, const char *text, bool quote)
{
    struct buf out = {0};
    for (const char *at = text; *at != '\0';) {
        size_t len = 1;
        struct strings values;
        const char *name = context_placeholder(text, at, &len);
        if (name != NULL && value_of(ctx, name, &values)) {
            const char *joined = strings_join(&values, ", ");
            buf_puts(&out, quote ? pattern_quote(joined) : joined);
        } else {
            buf_add(&out, at, len);
        }
        at += len;
    }
    return buf_text(&out);
}

const char *context_text(struct context *ctx, const char *text)
{
    return fill(ctx, text, false);
}

const char *context_pattern(struct context *ctx, const char *re)
{
    return fill(ctx, re, true);
}

struct strings context_words(struct context *ctx, const struct strings *words)
{
    struct strings out = {0}, values;
    for (size_t i = 0; i < words->n; i++) {
        size_t len = 0;
        const char *word = words->item[i], *name = context_placeholder(word, word, &len);
        if (name == NULL || word[len] != '\0' || !value_of(ctx, name, &values)) {
            strings_add(&out, context_text(ctx, word));
            continue;
        }
        for (size_t k = 0; k < values.n; k++)
            strings_add(&out, values.item[k]);
    }
    return out;
}

static const struct rows *rows_named(const struct context *ctx, const char *name)
{
    for (size_t i = 0; i < ctx->fix->n_rows; i++)
        if (strcmp(ctx->fix->rows[i].name, name) == 0)
            return &ctx->fix->rows[i];
    return NULL;
}

static const struct binding *binding_named(const struct context *ctx, const char *name)
{
    for (size_t i = 0; i < ctx->n_binding; i++)
        if (strcmp(ctx->binding[i].name, name) == 0)
            return &ctx->binding[i];
    return NULL;
}

size_t context_loop_count(const struct context *ctx, const char *loop)
{
    if (loop == NULL)
        return 1;
    const struct rows *rows = rows_named(ctx, loop);
    if (rows != NULL)
        return rows->n;
    const struct binding *binding = binding_named(ctx, loop);
    return binding != NULL ? binding->values.n : 0;
}

struct context context_copy(const struct context *ctx)
{
    struct context copy = *ctx;
    copy.binding = NULL;
    copy.n_binding = 0;
    for (size_t k = 0; k < ctx->n_binding; k++)
        context_bind(&copy, ctx->binding[k].name, ctx->binding[k].values);
    return copy;
}

struct context context_loop_item(const struct context *ctx, const char *loop, size_t i)
{
    if (loop == NULL)
        return *ctx;
    struct context item = context_copy(ctx);
    const struct rows *rows = rows_named(ctx, loop);
    for (size_t k = 0; rows != NULL && k < rows->columns.n; k++) {
        struct strings value = {0};
        strings_add(&value, rows->row[i].item[k]);
        context_bind(&item, arena_printf("%s.%s", loop, rows->columns.item[k]), value);
    }
    if (rows == NULL) {
        struct strings value = {0};
        strings_add(&value, binding_named(ctx, loop)->values.item[i]);
        context_bind(&item, loop, value);
    }
    return item;
}

bool context_missing(const struct context *ctx, const char *what, struct err *err)
{
    return err_outcome(
        err, NOT_APPLICABLE, "%s: %s is not known here: the fact %s is missing (give it with --facts)",
        ctx->fix->name, _(what), ctx->missing != NULL ? ctx->missing : _("that a running host would tell"));
}
