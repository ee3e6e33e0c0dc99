/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Conditions; see cond.h. One small function a condition.
 *
 * "Unknown is not false": every function answers with three values, and what a fact is missing for is named.
 */
#include "cond.h"

#include "accounts.h"
#include "certificate.h"
#include "postfix.h"

#include <stdlib.h>
#include <string.h>

bool cond_is_live(const struct cond *cond)
{
    return cond->kind == COND_DAEMON || cond->kind == COND_PORT || cond->kind == COND_CHECK ||
           cond->kind == COND_SEEN || cond->kind == COND_LOOKUP || cond->kind == COND_QUIET ||
           cond->kind == COND_QUEUE;
}

static enum verdict verdict_of(bool holds)
{
    return holds ? HOLDS : FAILS;
}

/* Two caches are one file when their names, expanded and redirected as data_redirect(3) does it, are the
 * same. */
static const char *comparable(struct context *ctx, const struct row *row, const char *field,
                              const struct doc *main_cf)
{
    const char *value = row_field(row, field);
    const char *use = row_field(row, "use");
    if (value == NULL || strcmp(field, "name") != 0 || use == NULL)
        return value;
    const char *name = facts_expand(context_facts(ctx), main_cf, value, NULL);
    const char *slash = strrchr(name, '/');
    if (strcmp(use, "cache") != 0 || slash == NULL ||
        facts_parameter(context_facts(ctx), "data_directory") != HOLDS)
        return name;
    /* Postfix 2.5 and later puts a cache that is not in a directory of its own into data_directory. */
    const char *dir = facts_value(context_facts(ctx), main_cf, "data_directory", NULL);
    return dir != NULL ? arena_printf("%s%s", dir, slash) : name;
}

static bool eval_distinct(struct context *ctx, const struct cond *cond, const struct row *row, size_t n,
                          enum verdict *ret_verdict, struct err *err)
{
    const struct doc *main_cf;
    if (!docs_get(ctx->docs, "main.cf", &main_cf, err))
        return false;
    *ret_verdict = HOLDS;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < i; k++) {
            const char *a = comparable(ctx, &row[i], cond->words.item[0], main_cf);
            const char *b = comparable(ctx, &row[k], cond->words.item[0], main_cf);
            if (a != NULL && b != NULL && strcmp(a, b) == 0)
                *ret_verdict = FAILS;
        }
    return true;
}

static bool eval_place(struct context *ctx, const struct cond *cond, struct evidence *evidence,
                       enum verdict *ret_verdict, struct err *err)
{
    struct row *row;
    size_t n;
    bool unknown;
    if (!place_find(ctx, &cond->place, &row, &n, &unknown, err))
        return false;
    if (evidence != NULL) {
        evidence->row = row;
        evidence->n_row = n;
    }
    switch (cond->kind) {
    case COND_SOME:
        *ret_verdict = n > 0 ? HOLDS : unknown ? CANNOT_TELL : FAILS;
        return true;
    case COND_NONE:
        *ret_verdict = n > 0 ? FAILS : unknown ? CANNOT_TELL : HOLDS;
        return true;
    case COND_AT_MOST_ONE:
        *ret_verdict = n > 1 ? FAILS : unknown ? CANNOT_TELL : HOLDS;
        return true;
    default:
        return eval_distinct(ctx, cond, row, n, ret_verdict, err);
    }
}

static enum verdict eval_version(struct context *ctx, const struct cond *cond)
{
    const char *program = cond->words.item[0], *op = cond->words.item[1];
    const char *fact = arena_printf("%s.version", program);
    const char *version = facts_get(context_facts(ctx), fact);
    if (version == NULL) {
        if (facts_installed(context_facts(ctx), program) == FAILS)
            return FAILS;
        ctx->missing = fact;
        return CANNOT_TELL;
    }
    int order = version_compare(version, context_text(ctx, cond->words.item[2]));
    bool holds =
        (order < 0 && op[0] == '<') || (order > 0 && op[0] == '>') || (order == 0 && strchr(op, '=') != NULL);
    return verdict_of(holds);
}

static enum verdict eval_fact(struct context *ctx, const struct cond *cond)
{
    bool table = cond->kind == COND_TABLE_TYPE;
    const char *name = context_text(ctx, cond->words.item[0]);
    enum verdict verdict =
        table ? facts_table_type(context_facts(ctx), name) : facts_parameter(context_facts(ctx), name);
    if (verdict == CANNOT_TELL)
        ctx->missing = table ? "postfix.table-types" : "postfix.version";
    return verdict;
}

static enum verdict eval_is(struct context *ctx, const struct cond *cond)
{
    struct strings words = context_words(ctx, &cond->words);
    struct strings first = {.item = cond->words.item, .n = 1};
    size_t n_values = context_words(ctx, &first).n; /* a `several` parameter stands for all its values */
    for (size_t i = 0; i < n_values; i++)
        for (size_t k = n_values; k < words.n; k++)
            if (strcmp(words.item[i], words.item[k]) == 0)
                return HOLDS;
    return FAILS;
}

static enum verdict eval_account(struct context *ctx, const struct cond *cond)
{
    enum account kind;
    struct err why;
    if (account_kind(facts_root(context_facts(ctx)), context_text(ctx, cond->words.item[0]), &kind, &why))
        return verdict_of(kind != ACCOUNT_NONE);
    ctx->missing = "etc/passwd";
    return CANNOT_TELL;
}

static enum verdict eval_seen(struct context *ctx, const struct cond *cond)
{
    struct strings heard = {0}, words = context_words(ctx, &cond->words);
    if (ctx->outside == NULL || ctx->outside->heard == NULL ||
        ctx->outside->heard(ctx, words.item[0], &heard) != HOLDS) {
        ctx->asked_live = true;
        return CANNOT_TELL;
    }
    for (size_t i = 1; i < words.n; i++)
        if (strings_have(&heard, words.item[i]))
            return HOLDS;
    return FAILS;
}

/* What starts at boot can be told from a tree that does not run, too. */
static enum verdict eval_enabled(struct context *ctx, const struct cond *cond)
{
    struct facts *facts = context_facts(ctx);
    const char *daemon = context_text(ctx, cond->words.item[0]);
    const enum init_kind kind = facts_init(facts, daemon);
    const enum answer answer = service_enabled_in(facts_root(facts), kind, daemon);
    if (kind == INIT_UNKNOWN)
        ctx->missing = "init";
    else if (answer == UNKNOWN)
        ctx->asked_live = true;
    return answer == UNKNOWN ? CANNOT_TELL : verdict_of(answer == YES);
}

/* What waits can be told from a tree that does not run, too. */
static enum verdict eval_queue(struct context *ctx, const struct cond *cond, struct evidence *evidence)
{
    size_t n;
    struct strings dirs;
    struct err why;
    bool told = service_waiting(facts_root(context_facts(ctx)), context_text(ctx, cond->words.item[0]), &n,
                                &dirs, &why);
    if (!told)
        ctx->asked_live = true;
    if (evidence != NULL)
        evidence->sentence = !told   ? arena_string(why.text)
                             : n > 0 ? arena_printf(_("messages that wait: %s"), strings_join(&dirs, ", "))
                                     : NULL;
    return told ? verdict_of(n == 0) : CANNOT_TELL;
}

static bool eval_certificate(struct context *ctx, const struct cond *cond, struct evidence *evidence,
                             enum verdict *ret_verdict, struct err *err)
{
    const struct doc *main_cf;
    struct certificate certificate;
    if (!docs_get(ctx->docs, "main.cf", &main_cf, err))
        return false;
    certificate_postfix(context_facts(ctx), main_cf, &certificate);
    *ret_verdict = strcmp(cond->words.item[1], "loads") == 0 ? certificate.loads : certificate.valid;
    if (*ret_verdict == CANNOT_TELL && certificate.missing != NULL)
        ctx->missing = certificate.missing;
    if (evidence != NULL && *ret_verdict != HOLDS) {
        evidence->sentence = certificate.why;
        evidence->to_look_at = *ret_verdict == CANNOT_TELL && certificate.missing == NULL;
    }
    return true;
}

static enum verdict eval_live(struct context *ctx, const struct cond *cond, struct evidence *evidence)
{
    struct evidence found = {0};
    bool asked = ctx->outside != NULL && ctx->outside->live != NULL;
    enum verdict verdict = asked ? ctx->outside->live(ctx, cond, &found) : CANNOT_TELL;
    if (verdict == CANNOT_TELL)
        ctx->asked_live = true;
    if (evidence != NULL)
        *evidence = found;
    return verdict;
}

bool cond_eval(struct context *ctx, const struct cond *cond, struct evidence *evidence,
               enum verdict *ret_verdict, struct err *err)
{
    enum verdict verdict;
    switch (cond->kind) {
    case COND_SOME:
    case COND_NONE:
    case COND_AT_MOST_ONE:
    case COND_DISTINCT:
        if (!eval_place(ctx, cond, evidence, &verdict, err))
            return false;
        break;
    case COND_VERSION:
        verdict = eval_version(ctx, cond);
        break;
    case COND_TABLE_TYPE:
    case COND_PARAMETER:
        verdict = eval_fact(ctx, cond);
        break;
    case COND_IS:
        verdict = eval_is(ctx, cond);
        break;
    case COND_ACCOUNT:
        verdict = eval_account(ctx, cond);
        break;
    case COND_SEEN:
        verdict = eval_seen(ctx, cond);
        break;
    case COND_PENDING:
        verdict = ctx->pending != NULL ? ctx->pending(ctx) : CANNOT_TELL;
        break;
    case COND_QUEUE:
        verdict = eval_queue(ctx, cond, evidence);
        break;
    case COND_CERTIFICATE:
        if (!eval_certificate(ctx, cond, evidence, &verdict, err))
            return false;
        break;
    case COND_DAEMON:
        verdict = strcmp(cond->words.item[1], "enabled") == 0 && !facts_root(context_facts(ctx))->live
                      ? eval_enabled(ctx, cond)
                      : eval_live(ctx, cond, evidence);
        break;
    default:
        verdict = eval_live(ctx, cond, evidence);
        break;
    }
    if (cond->negated && verdict != CANNOT_TELL)
        verdict = verdict == HOLDS ? FAILS : HOLDS;
    *ret_verdict = verdict;
    return true;
}

bool cond_all(struct context *ctx, const struct cond *cond, size_t n, enum verdict *ret_verdict,
              struct err *err)
{
    *ret_verdict = HOLDS;
    for (size_t i = 0; i < n; i++) {
        enum verdict one;
        if (!cond_eval(ctx, &cond[i], NULL, &one, err))
            return false;
        if (one == FAILS) {
            *ret_verdict = FAILS;
            return true;
        }
        if (one == CANNOT_TELL)
            *ret_verdict = CANNOT_TELL;
    }
    return true;
}
