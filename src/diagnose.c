/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * mailfix diagnose [FIX...]: what is wrong, with the evidence, and the fix for it.
 *
 * A finding needs the configuration or a live probe. Each fix of the catalogue is asked whether one of its
 * symptoms holds; then whether it could be applied here. Changes nothing.
 *
 * Limits: symptoms of the log are not looked for yet; they are named as such under -v.
 */
#include "fixes.h"
#include "params.h"
#include "probe.h"
#include "show.h"
#include "verbs.h"

#include <string.h>

struct diagnosis {
    struct options *o;
    struct facts *facts;
    struct docs docs;
    size_t problems, advice;
    struct strings unknown; /* what could not be told, and for which fix */
    bool unreadable;        /* some document could not be read; err says which */
    struct err *err;
};

/* ---- one fix ---- */

static void print_evidence(const struct evidence *evidence)
{
    for (size_t i = 0; i < evidence->n_row; i++)
        out_printf(stdout, "    %s\n", row_describe(&evidence->row[i]));
    if (evidence->sentence != NULL)
        out_printf(stdout, "    %s\n", evidence->sentence);
}

static bool ask_symptom(struct diagnosis *d, struct context *ctx, const struct probe *symptom,
                        struct evidence *evidence, enum verdict *ret_verdict)
{
    *ret_verdict = FAILS;
    ctx->missing = NULL;
    if (symptom->kind == PROBE_LOG)
        return true;
    if (symptom->kind == PROBE_COND)
        return plan_probe(ctx, symptom, true, evidence, ret_verdict, d->err);
    enum verdict when;
    if (!cond_all(ctx, symptom->when, symptom->n_when, &when, d->err))
        return false;
    /* A symptom that is a dialogue is one that does not go as it says. */
    if (when == HOLDS && ctx->live != NULL) {
        enum verdict talked = probe_session(ctx, &symptom->talk, &evidence->sentence);
        *ret_verdict = talked == CANNOT_TELL ? CANNOT_TELL : talked == FAILS ? HOLDS : FAILS;
    }
    return true;
}

/* Whether apply would go, and as what command. */
static void print_repair(struct diagnosis *d, struct fix *fix)
{
    struct request request = {.fix = fix};
    struct docs docs = d->docs;
    struct planning planning;
    struct err why;
    const char *root = d->o->root.live ? "" : arena_printf("--root %s ", d->o->root.path);
    const char *facts = d->o->facts_file != NULL ? arena_printf("--facts %s ", d->o->facts_file) : "";
    if (fix_is_advice(fix)) {
        out_printf(stdout, "  advice:\n");
        struct strings lines = strings_split(fix->advice != NULL ? fix->advice : "there is none\n", "\n");
        for (size_t i = 0; i < lines.n; i++)
            out_printf(stdout, "    %s\n", lines.item[i]);
        return;
    }
    if (plan_make(&request, 1, &docs, d->o->root.live ? probe_live : NULL, &planning, &why))
        out_printf(stdout, "  repair: mailfix %s%sapply %s    (look first: add --dry-run)\n", root, facts,
                   fix->name);
    else
        out_printf(stdout, "  repair: mailfix apply %s would not do: %s\n", fix->name, why.text);
}

static void print_finding(struct diagnosis *d, struct fix *fix, const struct evidence *evidence)
{
    out_printf(stdout, "%s (%s): %s\n", fix->name, effect_name(fix->effect), fix->title);
    out_printf(stdout, "  evidence:\n");
    print_evidence(evidence);
    print_repair(d, fix);
    if (fix_is_advice(fix))
        d->advice++;
    else
        d->problems++;
}

static void diagnose_fix(struct diagnosis *d, struct fix *fix)
{
    struct docs docs = d->docs;
    struct context ctx = {
        .fix = fix, .docs = &docs, .live = d->o->root.live ? probe_live : NULL, .pending = plan_pending};
    struct strings none = {0}, used = {0};
    struct err ignored;
    if (!params_bind(&ctx, &none, &used, &ignored))
        say_more("%s: %s", fix->name, ignored.text);
    for (size_t i = 0; i < fix->n_symptom; i++) {
        struct evidence evidence = {0};
        enum verdict verdict;
        if (!ask_symptom(d, &ctx, &fix->symptom[i], &evidence, &verdict)) {
            /* A document that cannot be read leaves the other fixes their answers. */
            strings_add(&d->unknown, arena_printf("%s: %s", fix->name, d->err->text));
            d->unreadable = true;
            break;
        }
        if (verdict == CANNOT_TELL && ctx.missing != NULL)
            strings_add(&d->unknown, arena_printf("%s: the fact %s is missing (give it with --facts)",
                                                  fix->name, ctx.missing));
        else if (verdict == CANNOT_TELL)
            strings_add(&d->unknown, arena_printf("%s: only a running host can tell: %s", fix->name,
                                                  fix->symptom[i].written));
        if (verdict == HOLDS) {
            print_finding(d, fix, &evidence);
            break;
        }
    }
    d->docs = docs; /* documents read for one fix serve the next */
}

/* ---- all ---- */

static bool load_all(struct diagnosis *d, struct fix ***ret_fix, size_t *ret_n)
{
    struct strings names = d->o->words.n > 0 ? d->o->words : fixes_names(d->o->fix_dir, d->err);
    *ret_fix = NULL;
    *ret_n = 0;
    for (size_t i = 0; i < names.n; i++) {
        struct fix *fix;
        if (!fixes_load(d->o->fix_dir, names.item[i], &fix, d->err))
            return false;
        *ret_fix = arena_append(*ret_fix, ret_n, sizeof(fix), &fix);
    }
    return *ret_n > 0
               ? true
               : err_set(d->err, "there are no fixes in %s; mailfix is not installed whole", d->o->fix_dir);
}

enum outcome verb_diagnose(struct options *o, struct err *err)
{
    struct diagnosis d = {.o = o, .err = err};
    struct fix **fix;
    size_t n;
    if (!facts_open(&o->root, o->facts_file, &d.facts, err))
        return err->outcome;
    d.docs = (struct docs){.facts = d.facts};
    if (!load_all(&d, &fix, &n))
        return err->outcome;
    /* What stops mail comes first. */
    for (int effect = STOPS_MAIL; effect <= NOISE; effect++)
        for (size_t i = 0; i < n; i++)
            if ((int)fix[i]->effect == effect)
                diagnose_fix(&d, fix[i]);
    for (size_t i = 0; i < d.unknown.n; i++)
        out_printf(stdout, "not known: %s\n", d.unknown.item[i]);
    if (d.problems + d.advice == 0 && d.unknown.n > 0)
        out_printf(stdout, "No problem found, but not everything could be told.\n");
    else if (d.problems + d.advice == 0)
        out_printf(stdout, "No problem found (%zu fixes asked; the log was not read).\n", n);
    return d.problems > 0 ? FOUND : d.unreadable ? err->outcome : DONE;
}
