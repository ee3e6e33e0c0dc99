/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What apply and rollback show; see show.h.
 *
 * Limits: which lines look like secrets is secret.c's guess.
 */
#include "show.h"

#include "color.h"
#include "diff.h"
#include "params.h"
#include "plan_action.h"
#include "report.h"
#include "service.h"
#include "verbs.h"

#include <string.h>
#include <unistd.h>

const char *show_hide(const struct plan *plan, const char *text, bool *ret_hidden)
{
    for (size_t i = 0; i < plan->secrets.n; i++) {
        struct buf out = {0};
        const char *secret = plan->secrets.item[i], *here = text;
        for (const char *at; (at = strstr(here, secret)) != NULL; here = at + strlen(secret)) {
            buf_add(&out, here, (size_t)(at - here));
            buf_puts(&out, PARAMS_HIDDEN);
            *ret_hidden = true;
        }
        buf_puts(&out, here);
        text = buf_text(&out);
    }
    return text;
}

static const char *hide_reported(const void *plan, const char *text)
{
    bool hidden;
    return show_hide(plan, text, &hidden);
}

static void report_action(const struct action *a, const char *command)
{
    struct json_t *item = report_add(report_top(), "actions");
    report_text(item, "action", service_verb[a->verb]);
    report_text(item, "daemon", a->daemon);
    report_text(item, "command", command);
}

bool show_masks(void)
{
    return isatty(STDOUT_FILENO) || report_wanted();
}

enum secrecy show_secrecy(const char *document, const char *path)
{
    return show_masks() ? secret_file(document, path) : SECRETS_SHOWN;
}

static void print_flush(const char *daemon)
{
    out_printf(stdout, "then: flush %s: %s\n", daemon, service_flush_command(daemon));
}

void show_plan(struct facts *facts, const struct plan *plan)
{
    bool any_masked = false;
    for (size_t i = 0; i < plan->n_change; i++) {
        const struct change *c = &plan->change[i];
        bool masked = false;
        const struct diff_text before = {c->doc->absent ? NULL : c->doc->text, c->doc->len, c->doc->piece,
                                         c->doc->n_piece},
                               after = {c->after, c->after_len, c->after_piece, c->doc->n_piece};
        const char *text = diff_texts(c->doc->path, &before, &after, c->hunk, c->n_hunk,
                                      show_secrecy(c->doc->id, c->doc->path), &masked);
        text = show_hide(plan, text, &masked);
        color_diff(text);
        any_masked |= masked;
        const struct report_file file = {c->doc->path, c->doc->id,     c->doc->text,    c->after, c->doc->len,
                                         c->after_len, c->doc->digest, c->after_digest, c->hunk,  c->in_file,
                                         c->n_hunk,    text,           masked};
        report_change(&file, hide_reported, plan);
    }
    for (size_t i = 0; i < plan->n_index; i++) {
        out_printf(stdout, "then: rebuild %s:%s with %s\n", plan->index[i].type, plan->index[i].name,
                   plan->index[i].alias ? "postalias" : "postmap");
        report_line("indexes", arena_printf("%s:%s", plan->index[i].type, plan->index[i].name));
    }
    for (size_t i = 0; i < plan->n_action; i++) {
        const struct action *a = &plan->action[i];
        if (a->verb == DO_STOP && strings_have(&plan->flush, a->daemon))
            print_flush(a->daemon);
        const char *command = facts_command(facts, a->verb, a->daemon);
        if (command == NULL)
            out_printf(stdout, "then: %s %s\n", service_verb[a->verb], a->daemon);
        else
            out_printf(stdout, "then: %s %s: %s\n", service_verb[a->verb], a->daemon, command);
        report_action(a, command);
    }
    for (size_t k = 0; k < plan->flush.n; k++)
        if (!plan_stops(plan, plan->flush.item[k]))
            print_flush(plan->flush.item[k]);
    report_strings(report_top(), "flushes", &plan->flush);
    if (any_masked)
        out_printf(stdout, SHOW_MASKED);
    fflush(stdout);
}

void show_param(const struct param *param, const char *margin)
{
    out_printf(stdout, "%s%s=%s%s\n", margin, param->name,
               param->one_of.n > 0 ? strings_join(&param->one_of, "|") : param->type,
               param->several ? _(" (several)") : "");
    if (param->ask != NULL)
        out_printf(stdout, "%s    %s\n", margin, param->ask);
}

void show_report_param(struct json_t *item, const struct param *param)
{
    report_text(item, "name", param->name);
    report_text(item, "type", param->type);
    report_strings(item, "one_of", &param->one_of);
    report_flag(item, "several", param->several);
    report_text(item, "question", param->ask);
}

void show_report_holders(struct json_t *item, const struct evidence *evidence)
{
    for (size_t i = 0; i < evidence->n_holder; i++) {
        const struct holder *holder = &evidence->holder[i];
        struct json_t *one = report_add(item, "holders");
        report_number(one, "pid", holder->pid);
        report_text(one, "program", holder->program);
        report_strings(one, "sockets", &holder->socket);
        report_text(one, "executable", holder->exe);
        report_text(one, "unit", holder->unit);
        report_text(one, "script", holder->script);
        report_text(one, "package", holder->package);
    }
}

void show_left(const char *sentence)
{
    out_printf(stdout, "left to do: %s\n", sentence);
    report_line("left_to_do", sentence);
}

void show_left_to_do(const struct strings *left_to_do)
{
    for (size_t i = 0; i < left_to_do->n; i++)
        show_left(left_to_do->item[i]);
}

void show_unfinished(struct options *o, struct err *err)
{
    if (err->outcome == BUSY) {
        o->state = STATE_UNCHANGED;
        return;
    }
    err->outcome = NEEDS_PERSON;
    close_with(o, STATE_NEEDS_PERSON, _("This needs you: an unfinished transaction is there, see above."));
}

static const char *const DONE_TO[] = {
    [DO_RELOAD] = N_("%s reloaded"), [DO_RESTART] = N_("%s restarted"), [DO_START] = N_("%s started"),
    [DO_STOP] = N_("%s stopped"),    [DO_ENABLE] = N_("%s enabled"),    [DO_DISABLE] = N_("%s disabled")};

const char *show_summary(const struct plan *plan, size_t indexes_back, bool live)
{
    struct strings parts = {0};
    if (plan->n_change + plan->n_index + indexes_back == 0)
        strings_add(&parts, _("no file changed"));
    if (plan->n_change > 0)
        strings_add(&parts, plan->n_change == 1 ? _("1 file changed")
                                                : arena_printf(_("%zu files changed"), plan->n_change));
    if (plan->n_index > 0)
        strings_add(&parts, plan->n_index == 1 ? _("1 index rebuilt")
                                               : arena_printf(_("%zu indexes rebuilt"), plan->n_index));
    if (indexes_back > 0)
        strings_add(&parts, indexes_back == 1 ? _("1 index put back")
                                              : arena_printf(_("%zu indexes put back"), indexes_back));
    for (size_t i = 0; i < plan->n_action && live; i++)
        strings_add(&parts, arena_printf(_(DONE_TO[plan->action[i].verb]), plan->action[i].daemon));
    for (size_t i = 0; i < plan->flush.n && live; i++)
        strings_add(&parts, arena_printf(_("the queue of %s flushed"), plan->flush.item[i]));
    return strings_join(&parts, ", ");
}

/* The answer's letter: 'y', 'n', 'd'; 'n' at the end of the input; 0 when it is none of them, such as a line
 * that is too long to be one. */
static char read_answer(void)
{
    static const char *const answers[] = {"y", "yes", "n", "no", "d", "diff"};
    char line[16];
    if (fgets(line, sizeof(line), stdin) == NULL)
        return 'n';
    size_t len = strcspn(line, "\n");
    if (line[len] == '\0') {
        int c;
        while ((c = getchar()) != '\n')
            if (c == EOF)
                return 'n';
        return 0;
    }
    line[len] = '\0';
    for (size_t i = 0; i < COUNT(answers); i++)
        if (strcasecmp(line, answers[i]) == 0)
            return answers[i][0];
    return 0;
}

bool show_ask(const char *question, bool yes, void (*again)(void *arg), void *arg, bool *ret_go,
              struct err *err)
{
    *ret_go = yes;
    if (yes)
        return true;
    if (report_wanted())
        return err_outcome(err, USAGE, "--json asks no question: look at it with --dry-run, then say --yes");
    if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
        return err_outcome(err, USAGE,
                           "there is no terminal to ask on: look at it with --dry-run, then say --yes");
    for (;;) {
        out_printf(stderr, "%s [y/n/d] ", question);
        fflush(stderr);
        char answer = read_answer();
        if (feof(stdin))
            fputc('\n', stderr); /* nobody typed one, and the next line is not the question's */
        *ret_go = answer == 'y';
        if (answer == 'y' || answer == 'n')
            return true;
        if (answer == 'd')
            again(arg);
        else
            out_printf(stderr, "y: do it, n: leave everything as it is, d: show it again\n");
    }
}
