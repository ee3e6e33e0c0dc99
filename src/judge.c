/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One fix held against this host; see judge.h. Changes nothing. Symptoms of the log are scan.c's.
 */
#include "judge.h"

#include "params.h"
#include "probe.h"

static bool ask_symptom(struct context *ctx, const struct probe *symptom, struct judgement *j,
                        enum verdict *ret_verdict, struct err *err)
{
    *ret_verdict = FAILS;
    ctx->missing = NULL;
    if (symptom->kind == PROBE_LOG)
        return true;
    if (symptom->kind == PROBE_COND)
        return plan_probe(ctx, symptom, true, &j->evidence, ret_verdict, err);
    enum verdict when;
    if (!cond_all(ctx, symptom->when, symptom->n_when, &when, err))
        return false;
    /* A symptom that is a dialogue is one that does not go as it says. */
    if (when == HOLDS && ctx->outside != NULL) {
        enum verdict talked = probe_session(ctx, &symptom->talk, &j->evidence.sentence);
        *ret_verdict = talked == CANNOT_TELL ? CANNOT_TELL : talked == FAILS ? HOLDS : FAILS;
    }
    return true;
}

/* What else the documents show of a fault that is known to be here: the rows of the symptoms that name some.
 */
static void add_evidence(struct context *ctx, const struct probe *symptom, struct evidence *evidence)
{
    struct evidence more = {0};
    enum verdict verdict;
    struct err ignored;
    if (symptom->kind != PROBE_COND || symptom->cond.kind != COND_SOME || symptom->cond.negated ||
        !plan_probe(ctx, symptom, true, &more, &verdict, &ignored) || verdict != HOLDS)
        return;
    for (size_t i = 0; i < more.n_row; i++)
        evidence->row = arena_append(evidence->row, &evidence->n_row, sizeof(*evidence->row), &more.row[i]);
}

static void ask_symptoms(struct context *ctx, struct judgement *j)
{
    const struct fix *fix = ctx->fix;
    for (size_t i = 0; i < fix->n_symptom; i++) {
        struct err err;
        enum verdict verdict;
        ctx->missing = NULL;
        if (j->fault == HOLDS) {
            add_evidence(ctx, &fix->symptom[i], &j->evidence);
            continue;
        }
        if (!ask_symptom(ctx, &fix->symptom[i], j, &verdict, &err)) {
            if (err.outcome == NOT_APPLICABLE) /* there is no Postfix, and so no fault of it */
                continue;
            j->unknown = arena_string(err.text);
            j->unreadable = true;
            j->fault = CANNOT_TELL;
            return;
        }
        /* Where there is no Dovecot, there is no fault of it. */
        bool dovecot = ctx->missing != NULL && starts_with(ctx->missing, "dovecot.");
        if (verdict == FAILS || (verdict == CANNOT_TELL && dovecot && !facts_has_dovecot(context_facts(ctx))))
            continue;
        j->fault = verdict;
        if (verdict == CANNOT_TELL && ctx->missing != NULL)
            j->unknown = arena_printf(_("the fact %s is missing (give it with --facts)"), ctx->missing);
        else if (verdict == CANNOT_TELL)
            j->unknown = arena_printf(_("only a running host can tell: %s"), fix->symptom[i].written);
    }
}

static void ask_plan(struct fix *fix, const struct docs *docs, const struct outside *outside,
                     const struct strings *given, struct judgement *j)
{
    struct request request = {.fix = fix, .assignments = *given};
    struct docs copy = *docs;
    struct planning planning;
    struct err why;
    j->would_go = plan_make(&request, 1, &copy, outside, &planning, &why);
    if (j->would_go) {
        j->changes = planning.plan.n_change > 0 || planning.due;
        return;
    }
    j->refusal = arena_string(why.text);
    j->outcome = why.outcome;
}

static struct context context_here(const struct fix *fix, struct docs *docs)
{
    const struct outside *outside = facts_root(docs->facts)->live ? &probe_outside : NULL;
    return (struct context){.fix = fix, .docs = docs, .outside = outside, .pending = plan_pending};
}

void judge_fix(struct fix *fix, struct docs *docs, const struct strings *given,
               struct judgement *ret_judgement)
{
    /* What has no symptom is a wish: only a person knows. */
    struct judgement j = {.fault = fix->n_symptom > 0 ? FAILS : CANNOT_TELL};
    struct context ctx = context_here(fix, docs);
    struct err ignored;
    if (!params_bind(&ctx, given, &j.params, &ignored))
        say_more("%s: %s", fix->name, ignored.text);
    j.lacking = ctx.lacking;
    j.n_lacking = ctx.n_lacking;
    j.example = ctx.example;
    ask_symptoms(&ctx, &j);
    if (!fix_is_advice(fix))
        ask_plan(fix, docs, ctx.outside, given, &j);
    *ret_judgement = j;
}

enum verdict judge_still(const struct fix *fix, struct docs *docs)
{
    struct context ctx = context_here(fix, docs);
    struct strings none = {0}, ignored_params;
    struct err ignored;
    enum verdict all = fix->n_still > 0 ? FAILS : CANNOT_TELL;
    if (!params_bind(&ctx, &none, &ignored_params, &ignored))
        say_more("%s: %s", fix->name, ignored.text);
    for (size_t i = 0; i < fix->n_still; i++) {
        enum verdict verdict;
        struct evidence evidence = {0};
        if (!plan_probe(&ctx, &fix->still[i], true, &evidence, &verdict, &ignored))
            verdict = CANNOT_TELL;
        if (verdict == HOLDS)
            return HOLDS;
        if (verdict == CANNOT_TELL)
            all = CANNOT_TELL;
    }
    return all;
}

struct strings judge_evidence(const struct evidence *evidence)
{
    struct strings lines = {0};
    for (size_t i = 0; i < evidence->n_row; i++) {
        const char *line = row_describe(&evidence->row[i]);
        if (!strings_have(&lines, line)) /* two symptoms may show the same */
            strings_add(&lines, line);
    }
    if (evidence->sentence != NULL)
        strings_add(&lines, evidence->sentence);
    return lines;
}

void judge_print_evidence(const struct evidence *evidence, const char *margin)
{
    struct strings lines = judge_evidence(evidence);
    for (size_t i = 0; i < lines.n; i++)
        out_printf(stdout, "%s%s\n", margin, lines.item[i]);
}
