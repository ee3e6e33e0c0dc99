/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The parameters of a fix: from the command line, else the first default that holds; see params.h.
 *
 * Limits: the types are word, bool and number; a value from the log, a port or the accounts comes with the
 * fixes that need one.
 */
#include "params.h"

#include "accounts.h"
#include "value.h"

#include <string.h>

/* Whether what the value names is there: an account, or something that can get mail. */
static bool is_there(struct context *ctx, const struct param *param, const char *value)
{
    const struct root *root = facts_root(context_facts(ctx));
    enum account kind = ACCOUNT_NONE;
    struct err why;
    bool recipient = strcmp(param->type, "recipient") == 0;
    if ((!recipient && strcmp(param->type, "localuser") != 0) || strchr(value, '@') != NULL)
        return true;
    if (account_kind(root, value, &kind, &why))
        return kind != ACCOUNT_NONE;
    say_more("%s", why.text);
    return false;
}

static bool read_value(struct context *ctx, const struct param *param, const char *text,
                       const char **ret_value, const char **ret_expected)
{
    if (param->one_of.n == 0)
        return value_read(param->type, text, ret_value, ret_expected) && is_there(ctx, param, *ret_value);
    *ret_value = text;
    *ret_expected = strings_join(&param->one_of, "|");
    return strings_have(&param->one_of, text);
}

static const struct param *param_named(const struct fix *fix, const char *name, size_t len)
{
    for (size_t i = 0; i < fix->n_param; i++)
        if (strlen(fix->param[i].name) == len && strncmp(fix->param[i].name, name, len) == 0)
            return &fix->param[i];
    return NULL;
}

/* Every KEY=VALUE names a parameter of the fix. */
static bool check_assignments(const struct fix *fix, const struct strings *assignments, struct err *err)
{
    for (size_t i = 0; i < assignments->n; i++) {
        const char *word = assignments->item[i];
        if (param_named(fix, word, strcspn(word, "=")) != NULL)
            continue;
        struct strings names = {0};
        for (size_t k = 0; k < fix->n_param; k++)
            strings_add(&names, fix->param[k].name);
        return err_outcome(err, USAGE, "%s has no parameter '%.*s'; it has: %s", fix->name,
                           (int)strcspn(word, "="), word, names.n > 0 ? strings_join(&names, ", ") : "none");
    }
    return true;
}

static bool from_command_line(struct context *ctx, const struct param *param,
                              const struct strings *assignments, struct strings *ret, struct err *err)
{
    const struct fix *fix = ctx->fix;
    size_t len = strlen(param->name);
    for (size_t i = 0; i < assignments->n; i++) {
        const char *word = assignments->item[i], *value, *expected;
        if (strncmp(word, param->name, len) != 0 || word[len] != '=' || strcmp(word + len + 1, "auto") == 0)
            continue;
        if (!read_value(ctx, param, word + len + 1, &value, &expected))
            return err_outcome(err, USAGE, "%s: '%s' is not a value of %s; expected: %s", fix->name,
                               word + len + 1, param->name, expected);
        if (ret->n > 0 && !param->several)
            return err_outcome(err, USAGE, "%s: %s can be given only once", fix->name, param->name);
        strings_add(ret, value);
    }
    return true;
}

static bool from_defaults(struct context *ctx, const struct param *param, struct strings *ret,
                          struct err *err)
{
    for (size_t i = 0; i < param->n_choice && ret->n == 0; i++) {
        enum verdict verdict = HOLDS;
        if (param->choice[i].conditional && !cond_eval(ctx, &param->choice[i].cond, NULL, &verdict, err))
            return false;
        if (verdict == HOLDS)
            strings_add(ret, context_text(ctx, param->choice[i].value));
    }
    return true;
}

bool params_bind(struct context *ctx, const struct strings *assignments, struct strings *ret_used,
                 struct err *err)
{
    const struct fix *fix = ctx->fix;
    if (!check_assignments(fix, assignments, err))
        return false;
    for (size_t i = 0; i < fix->n_param; i++) {
        const struct param *param = &fix->param[i];
        struct strings values = {0};
        enum verdict exists;
        if (!cond_all(ctx, param->when, param->n_when, &exists, err) ||
            !from_command_line(ctx, param, assignments, &values, err))
            return false;
        if (exists == CANNOT_TELL)
            return context_missing(ctx, arena_printf("whether %s has a meaning", param->name), err);
        if (exists == FAILS)
            continue;
        if (values.n == 0 && !from_defaults(ctx, param, &values, err))
            return false;
        if (values.n == 0)
            return err_outcome(err, USAGE, "%s needs %s=VALUE: %s", fix->name, param->name,
                               param->ask != NULL ? param->ask : "it has no default here");
        context_bind(ctx, param->name, values);
        for (size_t k = 0; k < values.n; k++)
            strings_add(ret_used, arena_printf("%s=%s", param->name, values.item[k]));
    }
    return true;
}
