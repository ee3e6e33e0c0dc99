/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The middle of `mailfix apply`: stage, commit, act, verify; keep it or put it back.
 *
 * From txn_begin on, signals are held and lead to putting back; a crash anywhere leads there by whoever comes
 * next.
 */
#include "apply_private.h"
#include "ask.h"
#include "fixes.h"
#include "journal.h"
#include "maps.h"
#include "plan_action.h"
#include "probe.h"
#include "service.h"
#include "show.h"
#include "stage.h"
#include "undo.h"
#include "verbs.h"

#include <string.h>
#include <unistd.h>

static const char *value_of(struct apply *a, const char *parameter)
{
    const struct doc *main_cf;
    struct err ignored;
    return docs_get(&a->docs, "main.cf", &main_cf, &ignored) ? facts_value(a->facts, main_cf, parameter, NULL)
                                                             : NULL;
}

static bool staged_check(struct apply *a)
{
    const char *why = NULL;
    say("checking the planned files with %s", stage_programs(&a->planning.plan));
    enum verdict verdict = stage_check(&a->planning.plan, value_of(a, "queue_directory"), &why);
    a->staged = verdict == HOLDS;
    if (verdict == FAILS)
        return err_set(a->err, "the mail programs do not accept the planned files: %s", why);
    if (verdict == CANNOT_TELL) {
        warn("the planned files were not checked before the commit: %s", why);
        strings_add(&a->planning.plan.left_to_do,
                    arena_printf(_("check the files: %s"), stage_programs(&a->planning.plan)));
    }
    return true;
}

/* How the host is now: what an undo comes back to, and what health is measured against. */
static bool look_around(struct apply *a)
{
    const struct plan *plan = &a->planning.plan;
    for (size_t i = 0; i < plan->n_action; i++) {
        struct service_state state;
        bool seen = false;
        for (size_t k = 0; k < a->n_service; k++)
            seen |= strcmp(a->service[k].daemon, plan->action[i].daemon) == 0;
        if (seen)
            continue;
        if (!service_state(plan->action[i].daemon, &state, a->err))
            return err_prefix(a->err, "the state of %s cannot be asked", plan->action[i].daemon);
        if (state.changing)
            state.active = UNKNOWN; /* neither: there is nothing to come back to */
        a->service = arena_append(a->service, &a->n_service, sizeof(state), &state);
        if (state.active == YES)
            strings_add(&a->ran, state.daemon);
    }
    say("looking at the health of the mail system");
    progress_begin(_("looking at the health of the mail system"));
    health_take(&a->docs, !a->staged, &a->health);
    progress_end();
    heard_mark(&a->docs, &a->mark);
    return true;
}

/* ---- after the swap ---- */

/* Mail that waits is tried once more; that it does not work undoes nothing. */
static void flush(struct apply *a, const char *daemon)
{
    struct err err;
    say("flush %s: %s", daemon, service_flush_command(daemon));
    if (!service_flush(daemon, SERVICE_LIMIT_MS, &err))
        strings_add(&a->planning.plan.left_to_do, arena_printf(_("the queue was not tried again (%s): %s"),
                                                               err.text, service_flush_command(daemon)));
}

static bool act(struct apply *a)
{
    const struct plan *plan = &a->planning.plan;
    for (size_t i = 0; i < plan->n_action; i++) {
        const struct action *action = &plan->action[i];
        bool skipped = false;
        /* Once it is stopped, nobody delivers what waits there. */
        if (action->verb == DO_STOP && strings_have(&plan->flush, action->daemon))
            flush(a, action->daemon);
        say("%s %s: %s", service_verb[action->verb], action->daemon,
            service_command(service_init(action->daemon), action->verb, action->daemon));
        if (!service_act(action->verb, action->daemon, SERVICE_LIMIT_MS, &skipped, a->err))
            return false;
        /* What was started for the proof is proven like what ran all along. */
        if (action->verb == DO_START && !strings_have(&a->ran, action->daemon))
            strings_add(&a->ran, action->daemon);
        if (skipped)
            strings_add(&a->planning.plan.left_to_do,
                        arena_printf(_("%s does not run, so it was not %sed; start it when you want it"),
                                     action->daemon, service_verb[action->verb]));
    }
    return true;
}

/* The others' queues, now that everything is proven. */
static void flush_running(struct apply *a)
{
    const struct plan *plan = &a->planning.plan;
    for (size_t i = 0; i < plan->flush.n; i++)
        if (!plan_stops(plan, plan->flush.item[i]))
            flush(a, plan->flush.item[i]);
}

static bool verify(struct apply *a)
{
    const char *why = NULL;
    struct health now, wanted = a->health;
    progress_begin(_("waiting for the proof"));
    enum verdict proof = probe_verify(a->planning.planned, a->planning.n_planned, &a->ran, &a->mark,
                                      &a->planning.plan.left_to_do, &why);
    progress_end();
    if (proof == FAILS)
        return err_set(a->err, "%s", why);
    wanted.port = memcpy(arena_alloc((wanted.n_port + 1) * sizeof(*wanted.port)), wanted.port,
                         wanted.n_port * sizeof(*wanted.port));
    for (size_t i = 0; i < a->planning.plan.n_action; i++)
        if (a->planning.plan.action[i].verb == DO_STOP)
            health_forget(&wanted, a->planning.plan.action[i].daemon);
    health_again(&wanted, &now);
    why = health_worse(&wanted, &now);
    if (why != NULL)
        return err_set(a->err, "mail got worse: %s", why);
    return true;
}

/* The proof that only a running host can give. */
static void leave_checks(struct apply *a, struct planned *planned)
{
    struct context *ctx = &planned->ctx;
    for (size_t i = 0; i < planned->fix->n_verify; i++) {
        const struct probe *verify = &planned->fix->verify[i];
        enum verdict asked;
        struct err ignored;
        bool here = verify->kind == PROBE_COND && !cond_is_live(&verify->cond);
        if (here || (cond_all(ctx, verify->when, verify->n_when, &asked, &ignored) && asked == FAILS))
            continue; /* asked of the new text, or not for this case */
        strings_add(&a->planning.plan.left_to_do,
                    arena_printf(_("on the running host, check: %s"),
                                 fix_probe_sentence(verify, context_text(ctx, verify->written))));
    }
}

static void leave_flush(struct apply *a, const char *daemon)
{
    strings_add(&a->planning.plan.left_to_do,
                arena_printf(_("on the running host: %s"), service_flush_command(daemon)));
}

void apply_leave_actions(struct apply *a)
{
    for (size_t i = 0; i < a->planning.plan.n_index; i++)
        strings_add(&a->planning.plan.left_to_do,
                    arena_printf(_("on the running host: %s"), maps_command(&a->planning.plan.index[i])));
    for (size_t i = 0; i < a->planning.plan.n_action; i++) {
        const struct action *action = &a->planning.plan.action[i];
        const char *command = facts_command(a->facts, action->verb, action->daemon);
        if (action->verb == DO_STOP && strings_have(&a->planning.plan.flush, action->daemon))
            leave_flush(a, action->daemon);
        strings_add(&a->planning.plan.left_to_do,
                    arena_printf(_("on the running host: %s"),
                                 command != NULL
                                     ? command
                                     : arena_printf("%s %s", service_verb[action->verb], action->daemon)));
    }
    for (size_t i = 0; i < a->planning.plan.flush.n; i++)
        if (!plan_stops(&a->planning.plan, a->planning.plan.flush.item[i]))
            leave_flush(a, a->planning.plan.flush.item[i]);
    for (size_t i = 0; i < a->planning.n_planned; i++)
        leave_checks(a, &a->planning.planned[i]);
}

/* ---- the way back ---- */

static const char *first_problem(const struct strings *problems)
{
    return problems->n > 0 ? problems->item[0] : NULL;
}

/* What an administrator would type to have the daemons of this transaction, or Postfix, read their files. */
static const char *restart_commands(const struct apply *a)
{
    struct strings commands = {0};
    for (size_t i = 0; i < a->ran.n; i++)
        strings_add(&commands, service_command(service_init(a->ran.item[i]), DO_RESTART, a->ran.item[i]));
    if (commands.n == 0)
        strings_add(&commands, service_command(service_init("postfix"), DO_RESTART, "postfix"));
    return strings_join(&commands, "; ");
}

/* Something failed after the commit: a->err says what. Puts everything back and proves it. */
static enum outcome put_back(struct apply *a, struct txn *txn)
{
    const char *reason = arena_string(a->err->text);
    const struct swap *stuck = NULL;
    struct strings problems = {0};
    struct err err;
    signals_ignore();
    warn("%s", reason);
    say("putting everything back");
    bool files = txn_put_back(txn, &stuck, &err);
    txn_unlock_edit(txn);
    if (!files)
        strings_add(&problems, arena_printf(_("%s. mailfix recover tries again"), err.text));
    else if (stuck != NULL)
        strings_add(&problems, undo_stuck_sentence(&a->store, txn, stuck));
    if (a->swapped)
        undo_services(&a->store, &txn->record, &problems);
    if (a->swapped && a->o->root.live && first_problem(&problems) == NULL) {
        struct health now;
        health_again(&a->health, &now);
        const char *worse = health_worse(&a->health, &now);
        if (worse != NULL)
            strings_add(&problems, arena_printf(_("the files are as before, but %s. Look at it, then: %s"),
                                                worse, restart_commands(a)));
    }
    bool back = first_problem(&problems) == NULL;
    /* Unfinished files stay "applying": the next run goes on with them. */
    if (files && !txn_finish(txn, back ? TXN_UNDONE : TXN_STUCK, &err) && back) {
        back = false;
        strings_add(
            &problems,
            arena_printf(
                _("everything is as before, but the record could not say so: %s. Run mailfix recover"),
                err.text));
    }
    for (size_t i = 0; i < problems.n; i++)
        warn("%s", problems.item[i]);
    if (a->swapped || !back)
        journal_event(&a->o->root, back ? EVENT_PUT_BACK : EVENT_NEEDS_PERSON, &txn->record, txn->record.who,
                      txn->record.reason, back ? reason : first_problem(&problems));
    report_strings(report_top(), "problems", &problems);
    if (!back) {
        report_text(report_top(), "transaction", txn->record.id);
        close_with(a->o, STATE_NEEDS_PERSON,
                   arena_printf(_("This needs you: see above; the record is %s/var/lib/mailfix/txn/%s."),
                                a->o->root.path, txn->record.id));
        err_outcome(a->err, NEEDS_PERSON, "%s", _("not everything could be put back"));
        return NEEDS_PERSON;
    }
    /* A file that somebody else changed before it could be exchanged: as if nothing had been begun. */
    a->o->state = a->swapped ? STATE_PUT_BACK : STATE_UNCHANGED;
    err_outcome(a->err, a->swapped ? PUT_BACK : FAILED, "the change was not kept: %s", reason);
    return a->err->outcome;
}

static bool swap_and_prove(struct apply *a, struct txn *txn)
{
    if (!txn_swap(txn, a->err))
        return false;
    a->swapped = true;
    txn_unlock_edit(txn);
    if (interrupted())
        return err_set(a->err, "interrupted");
    if (a->o->root.live && (!act(a) || !verify(a)))
        return false;
    if (interrupted())
        return err_set(a->err, "interrupted");
    if (!txn_keep(txn, a->err))
        return false;
    if (a->o->root.live)
        flush_running(a);
    return true;
}

/* What is there already is not the change's and must outlive a rollback. */
static void keep_absent(struct apply *a)
{
    struct strings absent = {0};
    const struct strings *all = &a->planning.plan.byproduct;
    for (size_t i = 0; i < all->n; i++)
        if (!file_exists(&a->o->root, all->item[i]))
            strings_add(&absent, all->item[i]);
    a->planning.plan.byproduct = absent;
}

enum outcome apply_commit(struct apply *a)
{
    struct txn txn;
    if (a->o->root.live && (!staged_check(a) || !look_around(a)))
        return a->err->outcome;
    keep_absent(a);
    a->planning.plan.reason = a->o->reason;
    signals_hold();
    if (!txn_begin(&a->store, &a->planning.plan, a->service, a->n_service, &txn, a->err))
        return a->err->outcome;
    if (!swap_and_prove(a, &txn))
        return put_back(a, &txn);
    const char *root = a->o->root.live ? "" : arena_printf("--root %s ", a->o->root.path);
    close_with(a->o, STATE_CHANGED,
               arena_printf(_("Changed and %s; kept as transaction %s. To take it back: mailfix %srollback"),
                            a->o->root.live ? _("verified") : _("recorded"), txn.record.id, root));
    journal_event(&a->o->root, EVENT_APPLIED, &txn.record, txn.record.who, txn.record.reason, NULL);
    report_text(report_top(), "transaction", txn.record.id);
    txn_close(&txn);
    if (!a->o->root.live)
        apply_leave_actions(a);
    show_left_to_do(&a->planning.plan.left_to_do);
    return DONE;
}
