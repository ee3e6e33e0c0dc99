/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * mailfix diagnose [FIX...]: what is wrong, with the evidence, and the fix for it.
 *
 * A finding needs the configuration or a live probe. Each fix of the catalogue is asked whether one of its
 * symptoms holds; then whether it could be applied here. Changes nothing.
 */
#include "color.h"
#include "fixes.h"
#include "judge.h"
#include "show.h"
#include "verbs.h"

struct diagnosis {
    struct options *o;
    size_t problems, advice;
    struct strings unknown; /* what could not be told, and for which fix */
    bool unreadable;        /* some document could not be read; err says which */
    struct err *err;
};

static const char *repair_command(const struct diagnosis *d, const struct fix *fix)
{
    const char *root = d->o->root.live ? "" : arena_printf("--root %s ", d->o->root.path);
    const char *facts = d->o->facts_file != NULL ? arena_printf("--facts %s ", d->o->facts_file) : "";
    return arena_printf("mailfix %s%sapply %s", root, facts, fix->name);
}

static void report_finding(const struct diagnosis *d, const struct fix *fix, const struct judgement *j)
{
    struct json_t *item = report_add(report_top(), "findings");
    struct strings evidence = judge_evidence(&j->evidence);
    report_text(item, "fix", fix->name);
    report_text(item, "title", fix->title);
    report_text(item, "effect", effect_name(fix->effect));
    report_strings(item, "evidence", &evidence);
    show_report_holders(item, &j->evidence);
    if (fix_is_advice(fix))
        report_text(item, "advice", fix->advice != NULL ? fix->advice : "");
    else if (j->would_go)
        report_text(item, "repair", repair_command(d, fix));
    else
        report_text(item, "refusal", j->refusal);
}

/* Whether apply would go, and as what command; or the advice. */
static void print_repair(const struct diagnosis *d, const struct fix *fix, const struct judgement *j)
{
    if (fix_is_advice(fix)) {
        out_printf(stdout, "  advice:\n");
        struct strings lines = strings_split(fix->advice != NULL ? fix->advice : _("there is none\n"), "\n");
        for (size_t i = 0; i < lines.n; i++)
            out_printf(stdout, "    %s\n", lines.item[i]);
    } else if (j->would_go) {
        out_printf(stdout, "  repair: %s    (look first: add --dry-run)\n", repair_command(d, fix));
    } else {
        out_printf(stdout, "  repair: mailfix apply %s would not do: %s\n", fix->name, j->refusal);
    }
}

static void diagnose_fix(struct diagnosis *d, struct fix *fix, struct docs *docs)
{
    struct judgement j;
    judge_fix(fix, docs, &j);
    if (j.unknown != NULL)
        strings_add(&d->unknown, arena_printf("%s: %s", fix->name, j.unknown));
    if (j.unreadable) {
        d->unreadable = true;
        err_set(d->err, "%s", j.unknown);
    }
    if (j.fault != HOLDS)
        return;
    report_finding(d, fix, &j);
    color_tone(fix_is_advice(fix) ? TONE_WARN : TONE_BAD);
    out_printf(stdout, "%s", fix->name);
    color_tone(TONE_NONE);
    out_printf(stdout, " (%s): %s\n", effect_name(fix->effect), fix->title);
    out_printf(stdout, "  evidence:\n");
    judge_print_evidence(&j.evidence, "    ");
    print_repair(d, fix, &j);
    if (fix_is_advice(fix))
        d->advice++;
    else
        d->problems++;
}

static void print_end(const struct diagnosis *d, size_t asked)
{
    report_strings(report_top(), "not_known", &d->unknown);
    for (size_t i = 0; i < d->unknown.n; i++)
        out_printf(stdout, "not known: %s\n", d->unknown.item[i]);
    if (d->problems + d->advice > 0)
        return;
    if (d->unknown.n > 0)
        out_printf(stdout, "No problem found, but not everything could be told.\n");
    else
        out_printf(stdout, "No problem found (%zu fixes asked; the log was not read).\n", asked);
}

enum outcome verb_diagnose(struct options *o, struct err *err)
{
    struct diagnosis d = {.o = o, .err = err};
    struct facts *facts;
    struct fix **fix;
    size_t n;
    if (!facts_open(&o->root, o->facts_file, &facts, err) ||
        !fixes_load_all(o->fix_dir, &o->words, &fix, &n, err))
        return err->outcome;
    struct docs docs = {.facts = facts};
    size_t asked = 0;
    for (size_t i = 0; i < n; i++) {
        /* What only starts and stops daemons has nothing to say of a tree that does not run. */
        if (!o->root.live && fix[i]->n_step == 0 && !fix_is_advice(fix[i]))
            continue;
        diagnose_fix(&d, fix[i], &docs);
        asked++;
    }
    print_end(&d, asked);
    return d.problems > 0 ? FOUND : d.unreadable ? err->outcome : DONE;
}
