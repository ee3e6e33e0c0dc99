/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The parameters of a fix: from the command line, else the first default or source that yields a value of the
 * type, else a person; see params.h.
 *
 * Limits: a value that several sources would give is that of the first.
 */
#include "params.h"

#include "nearest.h"

#include "accounts.h"
#include "source.h"
#include "value.h"

#include <string.h>

static bool is_alias(struct context *ctx, const char *name)
{
    struct place place = {.document = "aliases", .noun = NOUN_ALIAS, .written = "aliases alias"};
    struct row *row;
    size_t n;
    bool unknown;
    struct err why;
    strings_add(&place.names, name);
    if (place_find(ctx, &place, &row, &n, &unknown, &why))
        return n > 0;
    say_more("%s", why.text);
    return false;
}

/* Whether what the value names is there: an account, or something that can get mail. */
static bool is_there(struct context *ctx, const struct param *param, const char *value)
{
    const struct root *root = facts_root(context_facts(ctx));
    enum account kind = ACCOUNT_NONE;
    struct err why;
    bool recipient = strcmp(param->type, "recipient") == 0;
    if ((!recipient && strcmp(param->type, "localuser") != 0) || strchr(value, '@') != NULL)
        return true;
    if (!account_kind(root, value, &kind, &why))
        say_more("%s", why.text);
    return kind != ACCOUNT_NONE || (recipient && is_alias(ctx, value));
}

static bool is_secret(const struct param *param)
{
    return param->type != NULL && strcmp(param->type, "secret") == 0;
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
        const char *name = arena_copy(word, strcspn(word, "="));
        return err_outcome(err, USAGE, "%s has no parameter '%s'%s; it has: %s", fix->name, name,
                           nearest_hint(name, &names), names.n > 0 ? strings_join(&names, ", ") : _("none"));
    }
    return true;
}

/* A command line is for all to see in the list of processes, so a secret does not stand there. */
static bool secret_of(struct context *ctx, const struct param *param, const char *word,
                      const char **ret_value, struct err *err)
{
    const char *expected, *text;
    if (word[0] != '@' || word[1] == '\0')
        return err_outcome(err, USAGE,
                           "%s: a secret is not given on the command line; put it into a file that only root "
                           "can read, and say %s=@FILE",
                           ctx->fix->name, param->name);
    if (ctx->outside == NULL || ctx->outside->read_secret == NULL)
        return err_outcome(err, USAGE, "%s: no secret is read here", ctx->fix->name);
    text = ctx->outside->read_secret(word + 1, err);
    if (text == NULL)
        return false;
    if (!read_value(ctx, param, text, ret_value, &expected))
        return err_outcome(err, USAGE, "%s: what %s holds is not a value of %s; expected: %s", ctx->fix->name,
                           word + 1, param->name, expected);
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
        if (is_secret(param)) {
            if (!secret_of(ctx, param, word + len + 1, &value, err))
                return false;
        } else if (!read_value(ctx, param, word + len + 1, &value, &expected))
            return err_outcome(err, USAGE, "%s: '%s' is not a value of %s; expected: %s", fix->name,
                               word + len + 1, param->name, expected);
        if (ret->n > 0 && !param->several)
            return err_outcome(err, USAGE, "%s: %s can be given only once", fix->name, param->name);
        strings_add(ret, value);
    }
    return true;
}

/* The values that are of the type, each once; others are said under -v. */
static void take_valid(struct context *ctx, const struct param *param, const struct strings *found,
                       struct strings *ret)
{
    for (size_t i = 0; i < found->n; i++) {
        const char *value, *expected;
        if (!read_value(ctx, param, found->item[i], &value, &expected))
            say_more("%s: '%s' was found for %s and is not used; expected: %s", ctx->fix->name,
                     found->item[i], param->name, expected);
        else if (!strings_have(ret, value))
            strings_add(ret, value);
    }
}

/* The first default or from line that yields a value. */
static bool from_choices(struct context *ctx, const struct param *param, struct strings *ret, struct err *err)
{
    for (size_t i = 0; i < param->n_choice && ret->n == 0; i++) {
        const struct choice *choice = &param->choice[i];
        enum verdict verdict = HOLDS;
        struct strings found = {0};
        if (choice->conditional && !cond_eval(ctx, &choice->cond, NULL, &verdict, err))
            return false;
        if (verdict != HOLDS)
            continue;
        if (!choice->sourced)
            strings_add(&found, context_text(ctx, choice->value));
        else if (!source_values(ctx, param, &choice->source, param->several, &found, err))
            return false;
        take_valid(ctx, param, &found, ret);
    }
    return true;
}

/* What a document that cannot be read would offer is no reason to fail: it is only offered. */
static struct strings offers(struct context *ctx, const struct param *param)
{
    struct strings all = {0};
    for (size_t i = 0; i < param->n_offer; i++) {
        struct strings found;
        struct err why;
        if (source_values(ctx, param, &param->offer[i], true, &found, &why))
            take_valid(ctx, param, &found, &all);
        else
            say_more("%s", why.text);
    }
    return all;
}

static bool is_assigned(const struct param *param, const struct strings *assignments)
{
    size_t len = strlen(param->name);
    for (size_t i = 0; i < assignments->n; i++) {
        const char *word = assignments->item[i];
        if (strncmp(word, param->name, len) == 0 && word[len] == '=' && strcmp(word + len + 1, "auto") != 0)
            return true;
    }
    return false;
}

static const char *form_of(const struct param *param)
{
    return is_secret(param) ? "@FILE" : "VALUE";
}

static void add_need(struct buf *text, const struct context *ctx, const struct param *param,
                     const struct strings *offered)
{
    const char *why = param->ask != NULL ? param->ask : _("it has no default here");
    if (offered->n > 0)
        buf_printf(text, _("%s needs %s=VALUE: %s (found here: %s)"), ctx->fix->name, param->name, why,
                   strings_join(offered, ", "));
    else
        buf_printf(text, _("%s needs %s=%s: %s"), ctx->fix->name, param->name, form_of(param), why);
}

/* Names what is missing, and all after it that nothing but a person can tell either, with a command line that
 * gives them. */
static bool refuse_missing(struct context *ctx, const struct param *missing,
                           const struct strings *assignments, struct err *err)
{
    struct buf text = {0}, line = {0};
    const struct fix *fix = ctx->fix;
    for (size_t i = 0; i < assignments->n; i++) {
        const char *word = assignments->item[i];
        const struct param *given = param_named(fix, word, strcspn(word, "="));
        if (is_secret(given))
            buf_printf(&line, " %s=%s", given->name, form_of(given));
        else if (!ends_with(word, "=auto"))
            buf_printf(&line, " %s", word);
    }
    for (const struct param *p = missing; p < fix->param + fix->n_param; p++) {
        if (p != missing && (p->n_choice > 0 || p->n_when > 0 || is_assigned(p, assignments)))
            continue;
        struct strings offered = offers(ctx, p);
        ctx->lacking = arena_append(ctx->lacking, &ctx->n_lacking, sizeof(p), &p);
        if (p != missing)
            buf_printf(&text, "\n    ");
        add_need(&text, ctx, p, &offered);
        buf_printf(&line, " %s=%s", p->name, offered.n > 0 ? offered.item[0] : form_of(p));
    }
    ctx->example = buf_text(&line);
    buf_printf(&text, "\n    ");
    buf_printf(&text, _("for example: mailfix apply %s%s"), fix->name, buf_text(&line));
    return err_outcome(err, USAGE, "%s", buf_text(&text));
}

/* Asks until the answer is of the type, three times at most; no answer, or nobody to ask: exit 2. */
static bool from_person(struct context *ctx, const struct param *param, const struct strings *assignments,
                        struct strings *ret, struct err *err)
{
    struct strings offered = offers(ctx, param);
    const char *answer;
    for (int tries = 0; tries < 3 && ret->n == 0 && ctx->outside != NULL && ctx->outside->ask != NULL;
         tries++) {
        answer = ctx->outside->ask(ctx, param, &offered, tries);
        if (answer == NULL)
            break;
        struct strings words = {0};
        if (param->several)
            words = strings_split(answer, " \t");
        else
            strings_add(&words, answer);
        for (size_t i = 0; i < words.n; i++) {
            const char *value, *expected;
            if (read_value(ctx, param, words.item[i], &value, &expected)) {
                strings_add(ret, value);
                continue;
            }
            warn("that is not a value of %s; expected: %s", param->name, expected);
            ret->n = 0;
            break;
        }
    }
    return ret->n > 0 || refuse_missing(ctx, param, assignments, err);
}

static bool bind_param(struct context *ctx, const struct param *param, const struct strings *assignments,
                       struct strings *ret_used, struct err *err)
{
    struct strings values = {0};
    enum verdict exists;
    if (!cond_all(ctx, param->when, param->n_when, &exists, err) ||
        !from_command_line(ctx, param, assignments, &values, err))
        return false;
    if (exists == CANNOT_TELL)
        return context_missing(ctx, arena_printf(_("whether %s has a meaning"), param->name), err);
    if (exists == FAILS)
        return true;
    if (values.n == 0 && !from_choices(ctx, param, &values, err))
        return false;
    if (values.n == 0 && !from_person(ctx, param, assignments, &values, err))
        return false;
    context_bind(ctx, param->name, values);
    for (size_t k = 0; k < values.n; k++)
        strings_add(ret_used,
                    arena_printf("%s=%s", param->name, is_secret(param) ? PARAMS_HIDDEN : values.item[k]));
    return true;
}

bool params_bind(struct context *ctx, const struct strings *assignments, struct strings *ret_used,
                 struct err *err)
{
    if (!check_assignments(ctx->fix, assignments, err))
        return false;
    for (size_t i = 0; i < ctx->fix->n_param; i++)
        if (!bind_param(ctx, &ctx->fix->param[i], assignments, ret_used, err))
            return false;
    return true;
}

struct strings params_secrets(const struct context *ctx)
{
    struct strings secrets = {0};
    for (size_t i = 0; i < ctx->fix->n_param; i++)
        for (size_t k = 0; k < ctx->n_binding && is_secret(&ctx->fix->param[i]); k++)
            for (size_t v = 0; v < ctx->binding[k].values.n; v++)
                if (strcmp(ctx->binding[k].name, ctx->fix->param[i].name) == 0)
                    strings_add(&secrets, ctx->binding[k].values.item[v]);
    return secrets;
}
