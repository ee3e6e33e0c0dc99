/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * mailfix history --prune: removes old records, after a question, and says what each means and what stays.
 * No file of the mail system is touched.
 */
#include "prune.h"
#include "show.h"
#include "undo.h"
#include "verbs.h"

struct pruning {
    struct options *o;
    struct err *err;
    struct store store;
    struct record *record;
    size_t n;
    enum prune_why *why;
    unsigned *needs;
    size_t going;
};

static const char *const STAYS[] = {
    [PRUNE_NEWEST] = N_("it is the newest; numbers go on from it"),
    [PRUNE_LAST_KEPT] = N_("it is the last one that was kept"),
    [PRUNE_UNFINISHED] = N_("it waits for a person"),
};

/* What goes, and what stays although the rule would have it go. */
static void show_choice(void *arg)
{
    const struct pruning *p = arg;
    for (size_t i = 0; i < p->n; i++) {
        const char *id = p->record[i].id;
        if (p->why[i] == PRUNE_GOES && p->record[i].state == TXN_KEPT)
            out_printf(stdout, "%s goes: its change stays, and can no more be taken back\n", id);
        else if (p->why[i] == PRUNE_GOES)
            out_printf(stdout, "%s goes: it was taken back already\n", id);
        else if (p->why[i] == PRUNE_NEEDED)
            out_printf(stdout, "%s stays: %04u could not be taken back without it\n", id, p->needs[i]);
        else if (p->why[i] != PRUNE_YOUNG)
            out_printf(stdout, "%s stays: %s\n", id, _(STAYS[p->why[i]]));
    }
}

static bool choose(struct pruning *p, const struct prune_rule *rule)
{
    struct strings damaged = {0}, going = {0};
    if (!record_list(&p->store, &p->record, &p->n, &damaged, p->err))
        return false;
    p->why = arena_alloc((p->n + 1) * sizeof(*p->why));
    p->needs = arena_alloc((p->n + 1) * sizeof(*p->needs));
    prune_choose(p->record, p->n, rule, p->why, p->needs);
    for (size_t i = 0; i < p->n; i++)
        if (p->why[i] == PRUNE_GOES)
            strings_add(&going, p->record[i].id);
    p->going = going.n;
    report_strings(report_top(), "pruned", &going);
    for (size_t i = 0; i < damaged.n; i++)
        warn("the record %s cannot be read and is passed over", damaged.item[i]);
    show_choice(p);
    return true;
}

static enum outcome remove_all(struct pruning *p)
{
    size_t gone = 0;
    bool ok = true;
    signals_hold(); /* between two records is early enough */
    for (size_t i = 0; ok && i < p->n && !interrupted(); i++)
        if (p->why[i] == PRUNE_GOES) {
            ok = prune_remove(&p->store, &p->record[i], p->err);
            gone += ok;
        }
    close_with(p->o, STATE_CHANGED,
               arena_printf(_("%zu of %zu records were removed; no file of the mail system was touched."),
                            gone, p->going));
    if (ok && gone < p->going)
        ok = err_set(p->err, "interrupted");
    return ok ? DONE : p->err->outcome;
}

static enum outcome prune_locked(struct pruning *p, const struct prune_rule *rule)
{
    size_t finished;
    bool go;
    if (!undo_unfinished(&p->store, &finished, p->err)) {
        show_unfinished(p->o, p->err);
        return p->err->outcome;
    }
    if (!choose(p, rule))
        return p->err->outcome;
    if (p->going == 0) {
        out_printf(stdout, "Nothing to do: no record goes.\n");
        return DONE;
    }
    if (!show_ask(arena_printf(_("Remove %zu of %zu records?"), p->going, p->n), p->o->yes, show_choice, p,
                  &go, p->err))
        return p->err->outcome;
    if (!go) {
        err_set(p->err, "you said no");
        return FAILED;
    }
    return remove_all(p);
}

enum outcome history_prune(struct options *o, struct err *err)
{
    struct pruning p = {.o = o, .err = err};
    struct prune_rule rule;
    bool there;
    o->state = STATE_UNCHANGED;
    if (!prune_rule(o->prune, time(NULL), &rule, err) || !store_look(&o->root, &p.store, &there, err))
        return err->outcome;
    if (!there) {
        out_printf(stdout, "Nothing to do: mailfix has changed nothing here yet.\n");
        return DONE;
    }
    if (o->dry_run) {
        enum outcome outcome = choose(&p, &rule) ? DONE : err->outcome;
        store_close(&p.store);
        return outcome;
    }
    store_close(&p.store);
    if (!store_open(&o->root, &p.store, err))
        return err->outcome;
    enum outcome outcome = prune_locked(&p, &rule);
    store_close(&p.store);
    return outcome;
}
