/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * mailfix explain FIX: what it does, by what one knows the fault, its parameters and the values that they
 * would have here, what it requires, and why it is (not) applicable here.
 */
#include "fixes.h"
#include "judge.h"
#include "service.h"
#include "show.h"
#include "verbs.h"

#include <string.h>

static void print_lines(const char *text, const char *margin)
{
    struct strings lines = strings_split(text, "\n");
    for (size_t i = 0; i < lines.n; i++)
        out_printf(stdout, "%s%s\n", margin, lines.item[i]);
}

static void print_symptoms(const struct fix *fix)
{
    if (fix->n_symptom > 0)
        out_printf(stdout, "symptoms:\n");
    for (size_t i = 0; i < fix->n_symptom; i++)
        if (fix->symptom[i].kind != PROBE_LOG)
            out_printf(stdout, "  %s\n", fix_probe_sentence(&fix->symptom[i], fix->symptom[i].written));
        else
            out_printf(stdout, "  a log line of %s\n", strings_join(&fix->symptom[i].heard.programs, ", "));
}

static const char *value_here(const struct judgement *j, const char *name)
{
    struct strings values = {0};
    size_t len = strlen(name);
    for (size_t i = 0; i < j->params.n; i++)
        if (strncmp(j->params.item[i], name, len) == 0 && j->params.item[i][len] == '=')
            strings_add(&values, j->params.item[i] + len + 1);
    return values.n > 0 ? strings_join(&values, ", ") : _("none: it must be given");
}

static void print_params(const struct fix *fix, const struct judgement *j)
{
    if (fix->n_param > 0)
        out_printf(stdout, "parameters:\n");
    for (size_t i = 0; i < fix->n_param; i++) {
        show_param(&fix->param[i], "  ");
        out_printf(stdout, "      here: %s\n", value_here(j, fix->param[i].name));
    }
}

static void print_requirements(const struct fix *fix)
{
    if (fix->n_require > 0)
        out_printf(stdout, "requires:\n");
    for (size_t i = 0; i < fix->n_require; i++)
        out_printf(stdout, "  %s (else: %s)\n", fix->require[i].written, fix->require[i].otherwise);
    if (fix->n_after > 0)
        out_printf(stdout, "afterwards:\n");
    for (size_t i = 0; i < fix->n_after; i++)
        out_printf(stdout, "  %s\n", fix_after_sentence(&fix->after[i]));
    if (fix->n_verify > 0)
        out_printf(stdout, "proof:\n");
    for (size_t i = 0; i < fix->n_verify; i++)
        out_printf(stdout, "  %s\n", fix_probe_sentence(&fix->verify[i], fix->verify[i].written));
}

static void print_here(const struct fix *fix, const struct judgement *j)
{
    out_printf(stdout, "here:\n");
    if (j->unknown != NULL)
        out_printf(stdout, "  whether the fault is here is not known: %s\n", j->unknown);
    else if (fix->n_symptom == 0)
        out_printf(stdout, "  whether it is a fault here, only a person can say\n");
    else
        out_printf(stdout, "%s",
                   j->fault == HOLDS ? _("  the fault is here\n") : _("  the fault is not here\n"));
    if (j->fault == HOLDS)
        judge_print_evidence(&j->evidence, "    ");
    if (fix_is_advice(fix))
        out_printf(stdout, "  this fix only advises\n");
    else if (j->refusal != NULL)
        out_printf(stdout, "  apply would not go: %s\n", j->refusal);
    else
        out_printf(stdout, "  apply would %s\n",
                   j->changes ? _("change files; look with --dry-run") : _("change nothing"));
}

static struct strings probes(const struct probe *probe, size_t n)
{
    struct strings list = {0};
    for (size_t i = 0; i < n; i++)
        strings_add(&list, probe[i].kind == PROBE_LOG ? probe[i].written
                                                      : fix_probe_sentence(&probe[i], probe[i].written));
    return list;
}

static void report_param(struct json_t *item, const struct param *p, const struct judgement *j)
{
    size_t len = strlen(p->name);
    struct strings here = {0};
    for (size_t i = 0; i < j->params.n; i++)
        if (strncmp(j->params.item[i], p->name, len) == 0 && j->params.item[i][len] == '=')
            strings_add(&here, j->params.item[i] + len + 1);
    show_report_param(item, p);
    report_strings(item, "here", &here);
}

static void report_fix(const struct fix *fix, const struct judgement *j)
{
    static const char *const fault[] = {[HOLDS] = "here", [FAILS] = "not here", [CANNOT_TELL] = "not known"};
    struct json_t *item = report_object(report_top(), "fix");
    struct strings symptoms = probes(fix->symptom, fix->n_symptom), evidence = judge_evidence(&j->evidence);
    struct strings require = probes(fix->require, fix->n_require), proof = probes(fix->verify, fix->n_verify);
    report_text(item, "name", fix->name);
    report_text(item, "title", fix->title);
    report_text(item, "effect", effect_name(fix->effect));
    report_text(item, "site", fix->site ? fix->file : NULL);
    report_text(item, "about", fix->about);
    report_strings(item, "symptoms", &symptoms);
    report_strings(item, "requires", &require);
    report_strings(item, "proof", &proof);
    report_text(item, "advice", fix->advice);
    report_strings(item, "see", &fix->see);
    report_text(item, "fault", fault[j->fault]);
    report_strings(item, "evidence", &evidence);
    report_text(item, "not_known", j->unknown);
    report_text(item, "refusal", fix_is_advice(fix) ? NULL : j->refusal);
    report_flag(item, "would_change", j->changes);
    for (size_t i = 0; i < fix->n_param; i++)
        report_param(report_add(item, "parameters"), &fix->param[i], j);
}

enum outcome verb_explain(struct options *o, struct err *err)
{
    struct facts *facts;
    struct fix *fix;
    struct judgement j;
    if (o->words.n != 1)
        return err_outcome(err, USAGE, "explain takes one fix; mailfix list names them"), USAGE;
    if (!facts_open(&o->root, o->facts_file, &facts, err) ||
        !fixes_load(o->fix_dir, o->words.item[0], &fix, err))
        return err->outcome;
    struct docs docs = {.facts = facts};
    judge_fix(fix, &docs, &(struct strings){0}, &j);
    report_fix(fix, &j);
    out_printf(stdout, "%s (%s): %s\n", fix->name, effect_name(fix->effect), fix->title);
    if (fix->site)
        out_printf(stdout, "  a fix of this site: %s\n", fix->file);
    if (fix->about != NULL)
        print_lines(fix->about, "  ");
    print_symptoms(fix);
    print_params(fix, &j);
    print_requirements(fix);
    if (fix->advice != NULL) {
        out_printf(stdout, "advice:\n");
        print_lines(fix->advice, "  ");
    }
    for (size_t i = 0; i < fix->see.n; i++)
        out_printf(stdout, "see: %s\n", fix->see.item[i]);
    print_here(fix, &j);
    return DONE;
}
