/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * mailfix rollback [ID]: the recorded state comes back: bytes, owner, mode, attributes, services.
 *
 * It proves that the recorded state is back, not that mail works: it may well bring back a broken server. No
 * lens is needed, and the staged check only warns. A file that somebody edited since is left alone (exit 4).
 */
#include "diff.h"
#include "doc.h"
#include "edit.h"
#include "show.h"
#include "stage.h"
#include "undo.h"
#include "service.h"
#include "verbs.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct rollback {
    struct options *o;
    struct facts *facts;
    struct store store;
    struct record *record;
    size_t n;
    const struct record *chosen;
    struct plan plan; /* the way back */
    struct err *err;
};

/* The newest later transaction that changed the same file and is still kept. */
static const struct record *later_change(const struct rollback *r, const struct target *target)
{
    for (size_t i = r->n; i > 0 && &r->record[i - 1] != r->chosen; i--)
        for (size_t k = 0; k < r->record[i - 1].n_target && r->record[i - 1].state == TXN_KEPT; k++)
            if (strcmp(r->record[i - 1].target[k].path, target->path) == 0)
                return &r->record[i - 1];
    return NULL;
}

/* What was there before, what mailfix wrote, what stands there now: the second to the third is the hand edit.
 */
static bool refuse_edited(struct rollback *r, const struct target *target, size_t index,
                          const struct doc *now)
{
    const char *before, *dir = arena_printf("/var/lib/mailfix/txn/%s/before/%zu", r->chosen->id, index);
    size_t before_len, wrote_len, n;
    if (!file_read_path(r->store.root, dir, ANY_OWNER, &before, &before_len, r->err))
        return false;
    const char *wrote = edit_splice(before, before_len, target->hunk, target->n_hunk, &wrote_len);
    struct hunk *hunk = diff_whole(wrote, wrote_len, now->text, now->len, &n);
    const char *ours = diff_unified(target->path, before, before_len, wrote, wrote_len, target->hunk,
                                    target->n_hunk, false, NULL);
    const char *theirs =
        diff_unified(target->path, wrote, wrote_len, now->text, now->len, hunk, n, false, NULL);
    out_printf(stdout, "What transaction %s changed:\n", r->chosen->id);
    out_bytes(stdout, ours, strlen(ours));
    out_printf(stdout, "What was changed since:\n");
    out_bytes(stdout, theirs, strlen(theirs));
    const struct record *later = later_change(r, target);
    if (later != NULL)
        return err_outcome(r->err, NEEDS_PERSON,
                           "%s was changed again by transaction %s; roll that one back first", target->path,
                           later->id);
    return err_outcome(r->err, NEEDS_PERSON,
                       "%s was edited since transaction %s wrote it, and a rollback would lose that edit. "
                       "Take the edit out, or take the first of the two differences back by hand (its "
                       "text from before is %s%s)",
                       target->path, r->chosen->id, r->store.root->path, dir);
}

static bool plan_target(struct rollback *r, const struct target *target, size_t index)
{
    struct doc *now = arena_alloc(sizeof(*now));
    struct at at;
    now->id = target->document;
    now->path = target->path;
    now->real = target->path;
    if (!file_resolve(r->store.root, target->path, &at, r->err))
        return false;
    bool ok = strcmp(at.path, target->path) == 0
                  ? file_read(&at, ANY_OWNER, &now->text, &now->len, &now->identity, r->err)
                  : err_outcome(r->err, NEEDS_PERSON, "%s leads to %s now", target->path, at.path);
    close(at.dir);
    if (!ok)
        return false;
    digest_hex(now->text, now->len, now->digest);
    if (strcmp(now->digest, target->before) == 0)
        return true; /* somebody took it back already */
    if (strcmp(now->digest, target->after) != 0)
        return refuse_edited(r, target, index, now);
    /* The hunks at their places in the text of now, with the old bytes. */
    struct change change = {.doc = now, .n_hunk = target->n_hunk};
    change.hunk = edit_reverse(target->hunk, target->old, target->n_hunk);
    change.after = edit_splice(now->text, now->len, change.hunk, change.n_hunk, &change.after_len);
    digest_hex(change.after, change.after_len, change.after_digest);
    if (strcmp(change.after_digest, target->before) != 0)
        return err_outcome(
            r->err, NEEDS_PERSON,
            "the record %s does not lead back to the text that it says; it is damaged. The text "
            "from before is in its directory before/",
            r->chosen->id);
    r->plan.change = arena_append(r->plan.change, &r->plan.n_change, sizeof(change), &change);
    return true;
}

static bool make_plan(struct rollback *r)
{
    for (size_t i = 0; i < r->chosen->n_target; i++)
        if (!plan_target(r, &r->chosen->target[i], i))
            return false;
    r->plan.action = r->chosen->action;
    r->plan.n_action = r->chosen->n_action;
    return true;
}

/* A rollback may bring back what Postfix does not like: that is said, and not in the way. */
static void staged_warning(struct rollback *r)
{
    const char *why = NULL;
    if (r->o->root.live && r->plan.n_change > 0 && stage_check(&r->plan, NULL, &why) == FAILS)
        warn("the mail programs do not accept the files that come back: %s", why);
}

static enum outcome carry_out(struct rollback *r)
{
    struct txn txn;
    const struct swap *stuck = NULL;
    struct strings problems = {0};
    signals_hold();
    signals_ignore(); /* a way back is not cut short */
    if (!txn_open(&r->store, r->chosen, &txn, r->err))
        return r->err->outcome;
    for (size_t i = 0; i < txn.n_swap; i++)
        if (!file_check_replaceable(&txn.swap[i].at, r->err)) {
            txn_close(&txn);
            return r->err->outcome;
        }
    if (!txn_rollback_begin(&txn, r->err)) {
        if (r->err->outcome == NEEDS_PERSON)
            r->o->machine = "This needs you: see above.";
        txn_close(&txn);
        return r->err->outcome;
    }
    bool files = txn_rollback_swap(&txn, &stuck, r->err);
    txn_unlock_edit(&txn);
    if (!files) {
        r->o->machine = "This needs you: the rollback is not finished; mailfix recover goes on with it.";
        txn_close(&txn);
        return r->err->outcome = NEEDS_PERSON;
    }
    if (stuck != NULL)
        strings_add(&problems, undo_stuck_sentence(&r->store, &txn, stuck));
    if (r->o->root.live)
        say("the files are back; services follow");
    undo_services(&r->store, r->chosen, &problems);
    bool ok = txn_finish(&txn, problems.n > 0 ? TXN_STUCK : TXN_UNDONE, r->err);
    txn_close(&txn);
    if (!ok) {
        r->o->machine = "This needs you: the files are as they were before, but the record could not say so; "
                        "mailfix recover finishes it.";
        return r->err->outcome = NEEDS_PERSON;
    }
    if (problems.n > 0) {
        r->o->machine = arena_printf("This needs you: see above; the record is %s/var/lib/mailfix/txn/%s.",
                                     r->o->root.path, r->chosen->id);
        err_outcome(r->err, NEEDS_PERSON, "%s", problems.item[0]);
        return NEEDS_PERSON;
    }
    r->o->machine = arena_printf("Transaction %s was taken back: the files%s are as they were before it.",
                                 r->chosen->id, r->o->root.live ? " and services" : "");
    if (!r->o->root.live)
        for (size_t i = 0; i < r->chosen->n_action; i++)
            out_printf(stdout, "left to do: on the running host: %s %s\n",
                       service_verb[r->chosen->action[i].verb], r->chosen->action[i].daemon);
    return DONE;
}

static enum outcome rollback_locked(struct rollback *r)
{
    struct strings damaged = {0};
    size_t finished = 0;
    bool go;
    if (!r->o->dry_run && !undo_unfinished(&r->store, &finished, r->err)) {
        r->o->machine = show_unfinished(r->err);
        return r->err->outcome;
    }
    if (!record_list(&r->store, &r->record, &r->n, &damaged, r->err) ||
        !record_choose(r->record, r->n, r->o->words.n > 0 ? r->o->words.item[0] : NULL, &r->chosen, r->err))
        return r->err->outcome;
    for (size_t i = 0; i < damaged.n; i++)
        warn("the record %s cannot be read and is passed over", damaged.item[i]);
    if (r->chosen == NULL || r->chosen->state == TXN_UNDONE) {
        out_printf(stdout, "Nothing to do: %s\n",
                   r->chosen == NULL ? "there is no transaction to take back."
                                     : "this transaction is taken back already.");
        return DONE;
    }
    if (r->chosen->state == TXN_STUCK) {
        err_outcome(r->err, NEEDS_PERSON,
                    "transaction %s is stuck: its files were left to you (mailfix history)", r->chosen->id);
        return NEEDS_PERSON;
    }
    if (!make_plan(r))
        return r->err->outcome;
    show_plan(r->facts, &r->plan);
    if (r->o->dry_run)
        return DONE;
    if (!show_ask(arena_printf("Roll back %s?", r->chosen->id), r->o->yes, &go, r->err))
        return r->err->outcome;
    if (!go) {
        err_set(r->err, "you said no");
        return FAILED;
    }
    staged_warning(r);
    return carry_out(r);
}

enum outcome verb_rollback(struct options *o, struct err *err)
{
    struct rollback r = {.o = o, .err = err};
    bool there = true;
    o->machine = NOTHING_CHANGED;
    if (o->words.n > 1)
        return err_outcome(err, USAGE, "rollback takes one transaction at most"), USAGE;
    if (!facts_open(&o->root, o->facts_file, &r.facts, err) || !store_look(&o->root, &r.store, &there, err))
        return err->outcome;
    if (!there) {
        out_printf(stdout, "Nothing to do: mailfix has changed nothing here yet.\n");
        return DONE;
    }
    if (!o->dry_run) {
        store_close(&r.store);
        if (!store_open(&o->root, &r.store, err))
            return err->outcome;
    }
    enum outcome outcome = rollback_locked(&r);
    store_close(&r.store);
    return outcome;
}
