/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * mailfix apply: plan, show, ask, and commit (apply_commit.c).
 *
 * Nothing here says "if dry run" but verb_apply, where a dry run ends. From txn_begin on, signals are held
 * and lead to putting back; a crash anywhere leads there by whoever comes next.
 */
#include "apply_private.h"
#include "ask.h"
#include "fixes.h"
#include "journal.h"
#include "maps.h"
#include "probe.h"
#include "service.h"
#include "show.h"
#include "stage.h"
#include "undo.h"
#include "verbs.h"

#include <string.h>
#include <unistd.h>

/* ---- requests ---- */

static bool read_requests(struct options *o, struct request **ret_request, size_t *ret_n, struct err *err)
{
    *ret_request = NULL;
    *ret_n = 0;
    for (size_t i = 0; i < o->words.n; i++) {
        const char *word = o->words.item[i];
        if (strchr(word, '=') != NULL) {
            if (*ret_n == 0)
                return err_outcome(err, USAGE,
                                   "'%s' stands before any fix; write: mailfix apply FIX KEY=VALUE...", word);
            strings_add(&(*ret_request)[*ret_n - 1].assignments, word);
            continue;
        }
        struct request request = {0};
        if (!fixes_load(o->fix_dir, word, &request.fix, err))
            return false;
        *ret_request = arena_append(*ret_request, ret_n, sizeof(request), &request);
    }
    return *ret_n > 0 ? true
                      : err_outcome(err, USAGE, "which fix? mailfix diagnose names those that are needed");
}

/* ---- before the commit ---- */

static bool make_plan(struct apply *a)
{
    struct request *request;
    size_t n;
    if (!read_requests(a->o, &request, &n, a->err))
        return false;
    a->docs = (struct docs){.facts = a->facts};
    a->outside = a->o->root.live ? probe_outside : (struct outside){0};
    a->outside.ask = a->o->yes || a->o->json ? NULL : ask_person;
    a->outside.read_secret = ask_secret;
    if (!plan_make(request, n, &a->docs, &a->outside, &a->planning, a->err))
        return false;
    maps_drop_fresh(&a->o->root, &a->planning.plan);
    return true;
}

static bool changes_nothing(const struct apply *a)
{
    return a->planning.plan.n_change == 0 && a->planning.plan.n_index == 0 && !a->planning.due;
}

static void show_notices(struct apply *a)
{
    for (size_t i = 0; i < a->planning.notices.n; i++)
        out_printf(stdout, "note: %s\n", a->planning.notices.item[i]);
    report_strings(report_top(), "notices", &a->planning.notices);
    show_report_holders(report_top(), &a->planning.evidence);
    fflush(stdout);
}

static void show(struct apply *a)
{
    show_plan(a->facts, &a->planning.plan);
    show_notices(a);
}

/* ---- the verb ---- */

/* The files are right; but the daemon may still run on what stood there before. */
static void offer_renewal(struct apply *a)
{
    const struct plan *plan = &a->planning.plan;
    for (size_t i = 0; i < plan->n_action; i++) {
        const struct action *action = &plan->action[i];
        time_t read = service_last_read(action->daemon);
        for (size_t k = 0; k < N_DOCS && read > 0; k++) {
            const struct doc *doc;
            struct err ignored;
            if (!docs_get(&a->docs, DOC_IDS[k], &doc, &ignored) || doc->identity.ctime.tv_sec <= read)
                continue;
            show_left(arena_printf(
                _("%s runs since before the last change of %s and may not have read it: %s"), action->daemon,
                doc->path, service_command(service_init(action->daemon), action->verb, action->daemon)));
            break;
        }
    }
}

static enum outcome nothing_to_do(struct apply *a)
{
    a->o->state = STATE_UNCHANGED;
    if (a->o->root.live)
        offer_renewal(a);
    out_printf(stdout, "Already so: no file needs a change for %s.\n",
               strings_join(&a->planning.plan.fixes, ", "));
    /* A fix that is all actions has nothing to do in a tree that does not run, and all on the host. */
    bool acts_only = false;
    for (size_t i = 0; i < a->planning.n_planned; i++)
        acts_only |= a->planning.planned[i].fix->n_step == 0;
    if (acts_only && !a->o->root.live) {
        show_notices(a);
        apply_leave_actions(a);
        show_left_to_do(&a->planning.plan.left_to_do);
    }
    return DONE;
}

/* What a swap would refuse is said before the question, and by a dry run. */
static bool check_replaceable(struct apply *a)
{
    for (size_t i = 0; i < a->planning.plan.n_change; i++) {
        struct at at;
        if (a->planning.plan.change[i].doc->absent)
            continue;
        if (!file_resolve(&a->o->root, a->planning.plan.change[i].doc->path, &at, a->err))
            return false;
        bool ok = file_check_replaceable(&at, a->err);
        close(at.dir);
        if (!ok)
            return false;
    }
    return true;
}

static void show_again(void *apply)
{
    show(apply);
}

static bool ask(struct apply *a, bool *ret_go)
{
    const struct plan *plan = &a->planning.plan;
    const char *question = arena_printf(_("Apply %s (%s)?"), strings_join(&plan->fixes, ", "),
                                        show_summary(plan, 0, a->o->root.live));
    return show_ask(question, a->o->yes, show_again, a, ret_go, a->err);
}

static enum outcome ask_and_commit(struct apply *a)
{
    bool go;
    show(a);
    if (!check_replaceable(a) || !ask(a, &go))
        return a->err->outcome;
    if (!go) {
        err_set(a->err, "you said no");
        return FAILED;
    }
    return apply_commit(a);
}

/* planned: a plan was made before the lock was taken, when there was no record. It is good if nobody else's
 * mailfix came in between; other people's edits are found by the swap, as always. */
static enum outcome apply_locked(struct apply *a, bool planned)
{
    size_t finished;
    if (planned && store_is_new(&a->store))
        return ask_and_commit(a);
    if (!undo_unfinished(&a->store, &finished, a->err)) {
        show_unfinished(a->o, a->err);
        return a->err->outcome;
    }
    if (!make_plan(a))
        return a->err->outcome;
    return changes_nothing(a) ? nothing_to_do(a) : ask_and_commit(a);
}

static enum outcome dry_run(struct apply *a)
{
    show(a);
    if (!check_replaceable(a))
        warn("apply would refuse this: %s", a->err->text);
    return DONE;
}

enum outcome verb_apply(struct options *o, struct err *err)
{
    struct apply a = {.o = o, .err = err};
    bool there;
    o->state = STATE_UNCHANGED;
    if (!facts_open(&o->root, o->facts_file, &a.facts, err) || !store_look(&o->root, &a.store, &there, err))
        return err->outcome;
    store_close(&a.store);
    /* A host where mailfix never wrote has no record to finish, and none is made until there is a change. */
    if (o->dry_run || !there) {
        if (!make_plan(&a))
            return err->outcome;
        if (changes_nothing(&a))
            return nothing_to_do(&a);
        if (o->dry_run)
            return dry_run(&a);
    }
    if (!store_open(&o->root, &a.store, err))
        return err->outcome;
    enum outcome outcome = apply_locked(&a, !there);
    store_close(&a.store);
    return outcome;
}
