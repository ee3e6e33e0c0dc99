/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is done to daemons, queues and indexes after the files are in place; see plan_action.h.
 *
 * Limits: an action that stands for a daemon that nothing was changed for is still planned when the fix says
 * so.
 */
#include "plan_action.h"

#include "plan.h"
#include "plan_index.h"
#include "service.h"

#include <string.h>

/* reload and restart of one daemon are one action, the stronger, where the later of them stands. */
static void add_action(struct plan *plan, enum verb verb, const char *daemon)
{
    struct action action = {verb, daemon};
    bool renews = verb == DO_RELOAD || verb == DO_RESTART;
    size_t kept = 0;
    for (size_t i = 0; i < plan->n_action; i++) {
        struct action *old = &plan->action[i];
        bool same = strcmp(old->daemon, daemon) == 0;
        bool old_renews = old->verb == DO_RELOAD || old->verb == DO_RESTART;
        if (same && (old->verb == verb || (renews && old_renews))) {
            if (old->verb == DO_RESTART)
                action.verb = DO_RESTART;
            continue;
        }
        plan->action[kept++] = *old;
    }
    plan->n_action = kept;
    plan->action = arena_append(plan->action, &plan->n_action, sizeof(action), &action);
}

/* Whether an action is due is not known: a missing fact refuses, what only a running host can tell is left to
 * do. */
static bool leave_action(struct context *ctx, const struct after *after, struct plan *plan, struct err *err)
{
    if (ctx->missing != NULL)
        return context_missing(ctx, "what to do afterwards", err);
    struct buf when = {0};
    for (size_t i = 0; i < after->n_when; i++)
        buf_printf(&when, "%s%s", i > 0 ? _(" and ") : "", context_text(ctx, after->when[i].written));
    strings_add(&plan->left_to_do,
                arena_printf("%s, when %s", context_text(ctx, fix_after_sentence(after)), buf_text(&when)));
    return true;
}

static bool take_action(struct context *ctx, const struct after *after, struct plan *plan, struct err *err)
{
    struct strings *flush = &plan->flush;
    const char *daemon = after->daemon != NULL ? context_text(ctx, after->daemon) : NULL;
    switch (after->kind) {
    case AFTER_SERVICE:
        add_action(plan, after->verb, daemon);
        break;
    case AFTER_FLUSH:
        if (service_flush_command(daemon) == NULL)
            return err_outcome(err, NOT_APPLICABLE, "%s has no queue that mailfix knows", daemon);
        if (!strings_have(flush, daemon))
            strings_add(flush, daemon);
        break;
    case AFTER_REBUILD:
        return plan_rebuild(ctx, &after->place, plan, err);
    }
    return true;
}

bool plan_actions(struct context *ctx, struct plan *plan, struct err *err)
{
    for (size_t i = 0; i < ctx->fix->n_after; i++) {
        const struct after *after = &ctx->fix->after[i];
        for (size_t k = 0; k < context_loop_count(ctx, after->loop); k++) {
            struct context item = context_loop_item(ctx, after->loop, k);
            enum verdict verdict;
            if (!cond_all(&item, after->when, after->n_when, &verdict, err))
                return false;
            if (verdict == HOLDS && !take_action(&item, after, plan, err))
                return false;
            if (verdict == CANNOT_TELL && !leave_action(&item, after, plan, err))
                return false;
        }
    }
    return true;
}

bool plan_stops(const struct plan *plan, const char *daemon)
{
    for (size_t i = 0; i < plan->n_action; i++)
        if (plan->action[i].verb == DO_STOP && strcmp(plan->action[i].daemon, daemon) == 0)
            return true;
    return false;
}

static bool is_postfix(const struct change *change)
{
    return strcmp(change->doc->id, "main.cf") == 0 || strcmp(change->doc->id, "master.cf") == 0;
}

/* A daemon looks between two requests whether an index that it has open is still the one that is there, and
 * begins anew when not (txn_swap). Of other kinds of tables it reads the text once, and which tables there
 * are, too. */
void plan_renew_readers(struct plan *plan)
{
    bool needed = plan->unnoticed;
    for (size_t i = 0; i < plan->n_change && plan->n_index > 0; i++)
        needed |= is_postfix(&plan->change[i]);
    for (size_t i = 0; i < plan->n_action; i++)
        if (strcmp(plan->action[i].daemon, "postfix") == 0 &&
            (plan->action[i].verb == DO_RELOAD || plan->action[i].verb == DO_RESTART))
            return;
    if (needed)
        add_action(plan, DO_RELOAD, "postfix");
}
