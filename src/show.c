/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What apply and rollback show; see show.h.
 *
 * Limits: on a terminal lines of the diff that look like secrets are masked; a pipe gets the exact bytes, for
 * patch.
 */
#include "show.h"

#include "diff.h"
#include "params.h"
#include "report.h"
#include "service.h"

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

void show_plan(struct facts *facts, const struct plan *plan)
{
    bool terminal = isatty(STDOUT_FILENO), masked = false;
    for (size_t i = 0; i < plan->n_change; i++) {
        const struct change *c = &plan->change[i];
        const char *text = diff_unified(c->doc->path, c->doc->text, c->doc->len, c->after, c->after_len,
                                        c->hunk, c->n_hunk, terminal, &masked);
        text = show_hide(plan, text, &masked);
        out_bytes(stdout, text, strlen(text));
        const struct report_file file = {c->doc->path,    c->doc->id, c->doc->text, c->doc->digest,
                                         c->after_digest, c->hunk,    c->n_hunk,    text};
        report_change(&file, hide_reported, plan);
    }
    for (size_t i = 0; i < plan->n_index; i++)
        out_printf(stdout, "then: rebuild %s:%s with %s\n", plan->index[i].type, plan->index[i].name,
                   plan->index[i].alias ? "postalias" : "postmap");
    for (size_t i = 0; i < plan->n_action; i++) {
        const struct action *a = &plan->action[i];
        enum init_kind kind = facts_init(facts, a->daemon);
        const char *command = kind == INIT_UNKNOWN ? NULL : service_command(kind, a->verb, a->daemon);
        if (command == NULL)
            out_printf(stdout, "then: %s %s\n", service_verb[a->verb], a->daemon);
        else
            out_printf(stdout, "then: %s %s: %s\n", service_verb[a->verb], a->daemon, command);
        report_action(a, command);
    }
    for (size_t k = 0; k < plan->flush.n; k++)
        out_printf(stdout, "then: flush %s: %s\n", plan->flush.item[k],
                   service_flush_command(plan->flush.item[k]));
    if (masked)
        out_printf(stdout, SHOW_MASKED);
    fflush(stdout);
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

const char *show_unfinished(struct err *err)
{
    if (err->outcome == BUSY)
        return _("Nothing was changed.");
    err->outcome = NEEDS_PERSON;
    return _("This needs you: an unfinished transaction is there, see above.");
}

bool show_ask(const char *question, bool yes, bool *ret_go, struct err *err)
{
    char line[64];
    *ret_go = yes;
    if (yes)
        return true;
    if (report_wanted())
        return err_outcome(err, USAGE, "--json asks no question: look at it with --dry-run, then say --yes");
    if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
        return err_outcome(err, USAGE,
                           "there is no terminal to ask on: look at it with --dry-run, then say --yes");
    for (;;) {
        fprintf(stderr, "%s [y/n] ", question);
        fflush(stderr);
        if (fgets(line, sizeof(line), stdin) == NULL)
            return true;
        if (line[0] == 'y' || line[0] == 'Y')
            *ret_go = true;
        if (*ret_go || line[0] == 'n' || line[0] == 'N')
            return true;
    }
}
