/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * mailfix diagnose [FIX...]: what is wrong, with the evidence, and the fix for it.
 *
 * Each fix of the catalogue is asked whether one of its symptoms holds, and its log stanzas are held against
 * the logs; then whether it could be applied here. What only a log shows is said to be not known. Changes
 * nothing.
 */
#include "color.h"
#include "finding.h"
#include "fixes.h"
#include "logs.h"
#include "moment.h"
#include "live.h"
#include "show.h"
#include "show_live.h"
#include "verbs.h"

#include <string.h>

struct diagnosis {
    struct options *o;
    struct logs logs;
    struct finding *finding;
    size_t n, asked, shown;
    struct strings noise;   /* findings that are named only */
    struct strings unknown; /* what could not be told, and for which fix */
    bool unreadable;        /* some document could not be read; err says which */
    struct err *err;
};

/* The command line that applies it; its values follow. */
static const char *bare_command(const struct diagnosis *d, const struct finding *f)
{
    struct buf command = {0};
    buf_puts(&command, "mailfix ");
    if (!d->o->root.live)
        buf_printf(&command, "--root %s ", finding_shell_word(d->o->root.path));
    if (d->o->facts_file != NULL)
        buf_printf(&command, "--facts %s ", finding_shell_word(d->o->facts_file));
    buf_printf(&command, "apply %s", f->fix->name);
    return buf_text(&command);
}

static const char *repair_command(const struct diagnosis *d, const struct finding *f)
{
    struct buf command = {0};
    buf_puts(&command, bare_command(d, f));
    for (size_t i = 0; i < f->given.n; i++)
        buf_printf(&command, " %s", finding_shell_word(f->given.item[i]));
    return buf_text(&command);
}

/* Whether all that apply lacks is what it must be told. */
static bool is_only_asking(const struct judgement *j)
{
    return !j->would_go && j->outcome == USAGE && j->n_lacking > 0;
}

/* ---- for programs ---- */

static void report_sighting(struct json_t *item, const struct sighting *s)
{
    report_number(item, "count", (long long)s->count);
    report_text(item, "first", s->first);
    report_text(item, "last", s->last);
    report_text(item, "first_time", finding_time(s->first_time));
    report_text(item, "last_time", finding_time(s->last_time));
}

static void report_seen(struct json_t *item, const struct finding *f)
{
    if (f->seen == NULL)
        return;
    struct json_t *log = report_object(item, "log");
    report_sighting(log, &f->seen->symptom);
    for (size_t i = 0; i < f->fix->n_consequence; i++)
        if (f->seen->consequence[i].count > 0)
            report_sighting(report_add(log, "consequences"), &f->seen->consequence[i]);
}

/* What makes it a present fault, or a past one. NULL: only the log speaks of it. */
static const char *shown_by(const struct finding *f)
{
    if (f->judgement.fault == HOLDS)
        return "evidence";
    if (f->standing == STOOD)
        return NULL;
    return f->fix->n_still > 0 ? "host" : "log";
}

static void report_finding(const struct diagnosis *d, const struct finding *f, const struct strings *apart)
{
    static const char *const standings[] = {
        [STANDS] = "present", [STOOD] = "not known", [STANDS_NOT] = "past"};
    const struct judgement *j = &f->judgement;
    struct json_t *item = report_add(report_top(), "findings");
    struct strings evidence = judge_evidence(&j->evidence);
    report_text(item, "fix", f->fix->name);
    report_text(item, "title", f->fix->title);
    report_text(item, "effect", effect_name(f->fix->effect));
    report_text(item, "standing", standings[f->standing]);
    report_text(item, "shown_by", shown_by(f));
    report_strings(item, "evidence", &evidence);
    show_report_holders(item, &j->evidence);
    report_seen(item, f);
    if (apart->n > 0)
        report_strings(item, "independent", apart);
    if (fix_is_advice(f->fix))
        report_text(item, "advice", f->fix->advice != NULL ? f->fix->advice : "");
    else if (f->standing != STANDS_NOT && j->would_go)
        report_text(item, "repair", repair_command(d, f));
    else if (f->standing != STANDS_NOT)
        report_text(item, "refusal", j->refusal);
    if (f->standing == STANDS_NOT)
        return;
    for (size_t i = 0; i < j->n_lacking && is_only_asking(j); i++)
        show_report_param(report_add(item, "needs"), j->lacking[i]);
    if (is_only_asking(j))
        report_text(item, "example", arena_printf("%s%s", bare_command(d, f), j->example));
}

/* ---- for people ---- */

/* Whether apply would go, and as what command; or the advice. */
static void print_repair(const struct diagnosis *d, const struct finding *f)
{
    if (fix_is_advice(f->fix)) {
        out_printf(stdout, "  advice:\n");
        struct strings lines =
            strings_split(f->fix->advice != NULL ? f->fix->advice : _("there is none\n"), "\n");
        for (size_t i = 0; i < lines.n; i++)
            out_printf(stdout, "    %s\n", lines.item[i]);
    } else if (f->standing == STANDS_NOT) {
        return; /* there is nothing to repair */
    } else if (f->judgement.would_go) {
        out_printf(stdout, "  repair: %s    (look first: add --dry-run)\n", repair_command(d, f));
    } else if (is_only_asking(&f->judgement)) {
        out_printf(stdout, "  repair: %s, once it is told:\n", bare_command(d, f));
        for (size_t i = 0; i < f->judgement.n_lacking; i++)
            show_param(f->judgement.lacking[i], "    ");
        out_printf(stdout, "    for example: %s%s\n", bare_command(d, f), f->judgement.example);
    } else {
        out_printf(stdout, "  repair: mailfix apply %s would not do: %s\n", f->fix->name,
                   f->judgement.refusal);
    }
}

/* A line once; of several the first and the last, with their number. */
static void print_sighting(const struct sighting *s)
{
    out_printf(stdout, "    %s\n", s->first);
    if (s->count > 1 && strcmp(s->first, s->last) != 0)
        out_printf(stdout, "    %s\n", s->last);
}

static void print_seen(const struct finding *f)
{
    bool follows = false;
    if (f->seen == NULL)
        return;
    if (f->seen->symptom.count == 1)
        out_printf(stdout, "  in the log, once:\n");
    else
        out_printf(stdout, "  in the log, %zu times, first and last:\n", f->seen->symptom.count);
    print_sighting(&f->seen->symptom);
    for (size_t i = 0; i < f->fix->n_consequence; i++) {
        const struct sighting *s = &f->seen->consequence[i];
        if (s->count == 0)
            continue;
        if (!follows)
            out_printf(stdout, "  what follows from it:\n");
        follows = true;
        print_sighting(s);
        if (s->count > 1)
            out_printf(stdout, "    (%zu times)\n", s->count);
    }
}

static void print_finding(const struct diagnosis *d, const struct finding *f, const struct strings *apart)
{
    color_tone(fix_is_advice(f->fix) ? TONE_WARN : TONE_BAD);
    out_printf(stdout, "%s", f->fix->name);
    color_tone(TONE_NONE);
    out_printf(stdout, " (%s): %s\n", effect_name(f->fix->effect), f->fix->title);
    if (f->judgement.fault == HOLDS) {
        out_printf(stdout, "  evidence:\n");
        judge_print_evidence(&f->judgement.evidence, "    ");
    }
    print_seen(f);
    if (f->standing == STANDS && f->judgement.fault != HOLDS)
        out_printf(stdout, "  still so: %s\n",
                   f->fix->n_still > 0
                       ? _("the running host shows it")
                       : _("it was logged after the daemon's last start and the last change of "
                           "its configuration"));
    else if (f->standing == STOOD)
        out_printf(stdout, "  not known whether still so: only the log shows it\n");
    else if (f->standing == STANDS_NOT)
        out_printf(stdout, "  no longer so\n");
    if (apart->n > 0)
        out_printf(stdout, "  independent of: %s\n", strings_join(apart, " "));
    print_repair(d, f);
}

/* ---- all ---- */

/* The other findings that this one neither causes nor cures. */
static struct strings apart_from(const struct diagnosis *d, const struct finding *f)
{
    struct strings apart = {0};
    for (size_t i = 0; i < d->n; i++)
        if (strings_have(&f->fix->independent, d->finding[i].fix->name) ||
            strings_have(&d->finding[i].fix->independent, f->fix->name))
            strings_add(&apart, d->finding[i].fix->name);
    return apart;
}

static void diagnose_fix(struct diagnosis *d, struct fix *fix, struct docs *docs, const struct seen *seen)
{
    struct finding f;
    bool found = finding_make(fix, docs, seen, d->logs.present, &f);
    const struct judgement *j = &f.judgement;
    if (j->unknown != NULL)
        strings_add(&d->unknown, arena_printf("%s: %s", fix->name, j->unknown));
    if (j->unreadable) {
        d->unreadable = true;
        err_set(d->err, "%s", j->unknown);
    }
    if (found)
        d->finding = arena_append(d->finding, &d->n, sizeof(f), &f);
}

/* What every host on the Internet has in its log is only named, unless a person asked for it: what a healthy
 * server is told fits one line. */
static bool is_mere_noise(const struct diagnosis *d, const struct finding *f)
{
    bool asked = d->o->words.n > 0 || d->o->logs.n > 0 || base_verbosity > 0;
    return !asked && fix_is_advice(f->fix) && f->fix->effect == NOISE && f->judgement.fault != HOLDS;
}

/* Prints the findings; returns whether one of them is a problem that is not known to be over. */
static bool print_findings(struct diagnosis *d)
{
    bool problem = false;
    finding_sort(d->finding, d->n);
    for (size_t i = 0; i < d->n; i++) {
        const struct finding *f = &d->finding[i];
        struct strings apart = apart_from(d, f);
        report_finding(d, f, &apart);
        if (is_mere_noise(d, f)) {
            strings_add(&d->noise, f->fix->name);
        } else {
            print_finding(d, f, &apart);
            d->shown++;
        }
        problem |= !fix_is_advice(f->fix) && f->standing != STANDS_NOT;
    }
    return problem;
}

static void print_no_problem(const struct diagnosis *d)
{
    if (d->unknown.n > 0)
        out_printf(stdout, "No problem found, but not everything could be told.");
    else if (d->logs.read.n == 0)
        out_printf(stdout, "No problem found (%zu fixes asked; the log was not read).", d->asked);
    else
        out_printf(
            stdout,
            d->logs.mail
                ? N_("No problem found (%zu fixes asked, %zu lines read from %s).")
                : N_("No problem found (%zu fixes asked); of the %zu lines read from %s none is a mail "
                     "program's."),
            d->asked, d->logs.lines, strings_join(&d->logs.read, ", "));
}

static const char *noise_of(const struct diagnosis *d)
{
    const char *names = strings_join(&d->noise, " ");
    return arena_printf(_("Noise in the log: %s (mailfix diagnose %s tells more)."), names, names);
}

/* What was left out, so that silence about Postfix is not taken for health. */
static void say_what_is_not_here(struct docs *docs)
{
    const struct doc *main_cf;
    struct err err;
    if (docs_get(docs, "main.cf", &main_cf, &err) || err.outcome != NOT_APPLICABLE)
        return;
    const char *sentence =
        arena_printf(_("there is no Postfix here, and what concerns it was left out: %s"), err.text);
    say("%s", sentence);
    report_line("notices", sentence);
}

static void print_end(const struct diagnosis *d)
{
    report_number(report_top(), "asked", (long long)d->asked);
    report_strings(report_top(), "only_named", &d->noise);
    if (d->logs.read.n > 0) {
        struct json_t *logs = report_object(report_top(), "logs");
        report_strings(logs, "read", &d->logs.read);
        report_number(logs, "lines", (long long)d->logs.lines);
        report_flag(logs, "mail", d->logs.mail);
    }
    report_strings(report_top(), "not_known", &d->unknown);
    for (size_t i = 0; i < d->unknown.n; i++)
        out_printf(stdout, "not known: %s\n", d->unknown.item[i]);
    if (d->shown == 0)
        print_no_problem(d);
    if (d->noise.n > 0)
        out_printf(stdout, "%s%s\n", d->shown == 0 ? " " : "", noise_of(d));
    else if (d->shown == 0)
        out_printf(stdout, "\n");
}

/* What runs: for people where they ask for it, for a program always. A tree does not run. */
static void look_at_what_runs(const struct options *o)
{
    struct live live;
    bool shown = o->live || base_verbosity > 0;
    if (!o->root.live || !(shown || o->json))
        return;
    live_look(&o->root, &live);
    show_report_live(&live);
    if (shown)
        show_live(&live);
}

/* Reads what was asked for: the files that were named, else the logs of a running host. */
static bool read_logs(struct diagnosis *d, struct docs *docs, struct fix *const fix[], size_t n)
{
    const struct options *o = d->o;
    time_t since = 0;
    if (o->no_log && (o->logs.n > 0 || o->since != NULL))
        return err_outcome(d->err, USAGE, "--no-log does not go with --log and --since");
    if (o->live && !o->root.live)
        return err_outcome(d->err, USAGE, "--live does not go with --root: nothing runs there");
    if (o->since != NULL && !moment_read(o->since, time(NULL), &since, d->err))
        return false;
    if (o->logs.n > 0 && !logs_files(&o->logs, since, fix, n, &d->logs, d->err))
        return false;
    if (o->logs.n == 0 && o->root.live && !o->no_log)
        logs_host(docs, since, fix, n, &d->logs);
    for (size_t i = 0; i < d->logs.streams.n; i++)
        strings_add(&d->unknown,
                    arena_printf(_("what is logged to %s, which nobody can read again: give it with --log"),
                                 d->logs.streams.item[i]));
    if (d->logs.failure != NULL) {
        strings_add(&d->unknown, d->logs.failure);
        d->unreadable = true;
        err_set(d->err, "%s", d->logs.failure);
    }
    return true;
}

/* Whether only the log and the running host can show the fault. */
static bool asks_only_what_runs(const struct fix *fix)
{
    bool asks = false;
    for (size_t i = 0; i < fix->n_symptom; i++) {
        if (fix->symptom[i].kind == PROBE_LOG)
            continue;
        if (fix->symptom[i].kind != PROBE_COND || !cond_is_live(&fix->symptom[i].cond))
            return false;
        asks = true;
    }
    return asks;
}

/* What only starts and stops daemons, or advises of what runs, has nothing to say of a tree that does not
 * run. */
static bool is_mute(const struct diagnosis *d, const struct fix *fix, const struct seen *seen)
{
    bool idle = fix_is_advice(fix) ? asks_only_what_runs(fix) : fix->n_step == 0;
    return !d->o->root.live && idle && seen == NULL;
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
    if (!read_logs(&d, &docs, fix, n))
        return err->outcome;
    for (size_t i = 0; i < n; i++) {
        const struct seen *seen =
            d.logs.seen != NULL && d.logs.seen[i].symptom.count > 0 ? &d.logs.seen[i] : NULL;
        if (is_mute(&d, fix[i], seen))
            continue;
        diagnose_fix(&d, fix[i], &docs, seen);
        d.asked++;
    }
    bool problem = print_findings(&d);
    say_what_is_not_here(&docs);
    print_end(&d);
    look_at_what_runs(o);
    return problem ? FOUND : d.unreadable ? err->outcome : DONE;
}
