/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * mailfix rollback [ID]: the recorded state comes back: bytes, owner, mode, attributes, services.
 *
 * It proves that the recorded state is back, not that mail works: it may well bring back a broken server. No
 * lens is needed, and the staged check only warns. A file that somebody edited since is left alone (exit 4),
 * unless --merge or --force says what shall become of the edit.
 */
#include "color.h"
#include "diff.h"
#include "journal.h"
#include "show.h"
#include "stage.h"
#include "undo.h"
#include "service.h"
#include "verbs.h"
#include "way_back.h"

#include <stdlib.h>
#include <string.h>

struct rollback {
    struct options *o;
    struct facts *facts;
    struct store store;
    struct record *record;
    size_t n;
    const struct record *chosen;
    struct way_back way;
    struct err *err;
};

/* What was there before, what mailfix wrote, what stands there now: the second to the third is the hand edit.
 */
static void show_edited(const struct rollback *r, const struct edited_file *e)
{
    size_t n_ours, n_theirs;
    bool masked = false;
    /* Nobody gives this one to patch. */
    enum secrecy secrecy = secret_file(e->document, e->path);
    struct hunk *hunk = diff_whole(e->before, e->before_len, e->wrote, e->wrote_len, &n_ours);
    const char *ours = diff_unified(e->path, e->before, e->before_len, e->wrote, e->wrote_len, hunk, n_ours,
                                    secrecy, &masked);
    hunk = diff_whole(e->wrote, e->wrote_len, e->now, e->now_len, &n_theirs);
    const char *theirs =
        diff_unified(e->path, e->wrote, e->wrote_len, e->now, e->now_len, hunk, n_theirs, secrecy, &masked);
    struct json_t *edited = report_object(report_top(), "edited");
    report_text(edited, "path", e->path);
    report_text(edited, "ours", ours);
    report_text(edited, "since", theirs);
    out_printf(stdout, "What transaction %s changed:\n", r->chosen->id);
    color_diff(ours);
    out_printf(stdout, "What was changed since:\n");
    color_diff(theirs);
    if (masked)
        out_printf(stdout, SHOW_MASKED);
}

static bool make_plan(struct rollback *r)
{
    enum way way = r->o->force ? WAY_FORCE : r->o->merge ? WAY_MERGE : WAY_STRICT;
    if (way_back_plan(&r->store, r->record, r->n, r->chosen, way, &r->way, r->err))
        return true;
    if (r->way.refused != NULL)
        show_edited(r, r->way.refused);
    return false;
}

/* A rollback may bring back what Postfix does not like: that is said, and not in the way. */
static void staged_warning(struct rollback *r)
{
    const char *why = NULL;
    if (r->o->root.live && r->way.plan.n_change > 0 && stage_check(&r->way.plan, NULL, &why) == FAILS)
        warn("the mail programs do not accept the files that come back: %s", why);
}

/* The files are as before only when nothing else was done to them. */
static const char *closing_line(const struct rollback *r)
{
    bool others = r->way.back->n_later > 0;
    for (size_t i = 0; i < r->chosen->n_target; i++)
        others |= strcmp(r->way.back->target[i].to, r->chosen->target[i].before) != 0;
    if (others)
        return arena_printf(_("Transaction %s was taken back; what was changed since stays."), r->chosen->id);
    return arena_printf(
        r->o->root.live
            ? _("Transaction %s was taken back: the files and services are as they were before it.")
            : _("Transaction %s was taken back: the files are as they were before it."),
        r->chosen->id);
}

static enum outcome go_back(struct rollback *r)
{
    struct txn txn;
    const struct swap *stuck = NULL;
    struct strings problems = {0};
    signals_hold();
    signals_ignore(); /* a way back is not cut short */
    if (!txn_open(&r->store, r->chosen, &txn, r->err))
        return r->err->outcome;
    for (size_t i = 0; i < txn.n_swap; i++)
        if (r->way.back->target[i].from[0] != '\0' && !file_check_replaceable(&txn.swap[i].at, r->err)) {
            txn_close(&txn);
            return r->err->outcome;
        }
    if (!txn_rollback_prepare(&txn, r->way.back, r->way.text, r->err) || !txn_rollback_begin(&txn, r->err)) {
        if (r->err->outcome == NEEDS_PERSON)
            close_with(r->o, STATE_NEEDS_PERSON, _("This needs you: see above."));
        txn_close(&txn);
        return r->err->outcome;
    }
    bool files = txn_rollback_swap(&txn, &stuck, r->err);
    txn_unlock_edit(&txn);
    if (!files) {
        close_with(r->o, STATE_NEEDS_PERSON,
                   _("This needs you: the rollback is not finished; mailfix recover goes on with it."));
        txn_close(&txn);
        return r->err->outcome = NEEDS_PERSON;
    }
    if (stuck != NULL)
        strings_add(&problems, undo_stuck_sentence(&r->store, &txn, stuck));
    if (r->o->root.live)
        say("the files are back; services follow");
    undo_say_put_aside(&r->store, &txn.record);
    undo_services(&r->store, r->chosen, &problems);
    bool ok = txn_finish(&txn, problems.n > 0 ? TXN_STUCK : TXN_UNDONE, r->err);
    txn_close(&txn);
    if (!ok) {
        close_with(r->o, STATE_NEEDS_PERSON,
                   _("This needs you: the files are as they were before, but the record could not say so; "
                     "mailfix recover finishes it."));
        return r->err->outcome = NEEDS_PERSON;
    }
    report_strings(report_top(), "problems", &problems);
    if (problems.n > 0) {
        close_with(r->o, STATE_NEEDS_PERSON,
                   arena_printf(_("This needs you: see above; the record is %s/var/lib/mailfix/txn/%s."),
                                r->o->root.path, r->chosen->id));
        err_outcome(r->err, NEEDS_PERSON, "%s", problems.item[0]);
        return NEEDS_PERSON;
    }
    close_with(r->o, STATE_CHANGED, closing_line(r));
    if (!r->o->root.live)
        for (size_t i = 0; i < r->chosen->n_action; i++)
            show_left(arena_printf(_("on the running host: %s %s"), service_verb[r->chosen->action[i].verb],
                                   r->chosen->action[i].daemon));
    return DONE;
}

/* The rollback is in the log of the system, however it ended; one that was not begun is not. */
static enum outcome carry_out(struct rollback *r)
{
    r->way.back->who = txn_who();
    r->way.back->reason = r->o->reason;
    enum outcome outcome = go_back(r);
    if (outcome == DONE || outcome == NEEDS_PERSON)
        journal_event(&r->o->root, outcome == DONE ? EVENT_ROLLED_BACK : EVENT_NEEDS_PERSON, r->chosen,
                      r->way.back->who, r->o->reason, outcome == DONE ? NULL : r->err->text);
    return outcome;
}

/* The damaged record that the command line names ("0003-c: why"), or NULL. */
static const char *damaged_named(const struct strings *damaged, const char *id)
{
    for (size_t i = 0; i < damaged->n && id != NULL; i++) {
        char *end;
        const char *item = damaged->item[i], *colon = strstr(item, ": ");
        unsigned long number = strtoul(id, &end, 10);
        if ((*end == '\0' && number == strtoul(item, NULL, 10)) ||
            (strlen(id) == (size_t)(colon - item) && strncmp(id, item, strlen(id)) == 0))
            return item;
    }
    return NULL;
}

/* What cannot be read cannot be taken back; with --force it goes out of the way. */
static enum outcome set_aside(struct rollback *r, const char *damaged)
{
    const char *id = arena_copy(damaged, (size_t)(strstr(damaged, ": ") - damaged)), *where;
    if (!r->o->force || r->o->dry_run) {
        err_outcome(r->err, NEEDS_PERSON,
                    "the record %s is damaged, so mailfix cannot take it back; files from before may be in "
                    "%s/var/lib/mailfix/txn/%s/before. To set the record aside: mailfix rollback %s --force",
                    damaged, r->store.root->path, id, id);
        return NEEDS_PERSON;
    }
    if (!store_set_aside(&r->store, id, &where, r->err))
        return r->err->outcome;
    out_printf(stdout, "The damaged record was set aside; it is %s now.\n", where);
    return DONE;
}

static void show_again(void *rollback)
{
    struct rollback *r = rollback;
    show_plan(r->facts, &r->way.plan);
}

static bool ask(struct rollback *r, bool *ret_go)
{
    size_t indexes = 0;
    for (size_t i = 0; i < r->chosen->n_target; i++)
        indexes += strcmp(r->chosen->target[i].document, RECORD_INDEX) == 0 &&
                   strcmp(r->way.back->target[i].from, r->way.back->target[i].to) != 0;
    const char *question = arena_printf(_("Roll back %s (%s)?"), r->chosen->id,
                                        show_summary(&r->way.plan, indexes, r->o->root.live));
    return show_ask(question, r->o->yes, show_again, r, ret_go, r->err);
}

/* What was finished of a run that was cut off is what this run did. */
static enum outcome nothing_to_do(struct rollback *r, const struct finished *finished, const char *why)
{
    if (finished->transactions > 0)
        r->o->state = STATE_PUT_BACK;
    out_printf(stdout, "Nothing to do: %s\n", why);
    return DONE;
}

static enum outcome rollback_locked(struct rollback *r)
{
    struct strings damaged = {0};
    struct finished finished = {0};
    bool go;
    if (!r->o->dry_run && !undo_finish(&r->store, &finished, r->err)) {
        show_unfinished(r->o, r->err);
        return r->err->outcome;
    }
    const char *id = r->o->words.n > 0 ? r->o->words.item[0] : NULL;
    if (!record_list(&r->store, &r->record, &r->n, &damaged, r->err))
        return r->err->outcome;
    if (damaged_named(&damaged, id) != NULL)
        return set_aside(r, damaged_named(&damaged, id));
    if (!record_choose(r->record, r->n, id, &r->chosen, r->err))
        return r->err->outcome;
    for (size_t i = 0; i < damaged.n; i++)
        warn("the record %s cannot be read and is passed over", damaged.item[i]);
    if (r->chosen == NULL || r->chosen->state == TXN_UNDONE)
        return nothing_to_do(r, &finished,
                             r->chosen == NULL ? _("there is no transaction to take back.")
                                               : _("this transaction is taken back already."));
    /* "The last one" was the one that was cut off; the same words must not go on to the one before it. */
    if (id == NULL && finished.transactions > 0)
        return nothing_to_do(r, &finished,
                             _("the last transaction was cut off and is taken back now. To take back the one "
                               "before it, say so again."));
    if (r->chosen->state == TXN_STUCK) {
        err_outcome(r->err, NEEDS_PERSON,
                    "transaction %s is stuck: its files were left to you (mailfix history)", r->chosen->id);
        return NEEDS_PERSON;
    }
    report_text(report_top(), "transaction", r->chosen->id);
    if (!make_plan(r))
        return r->err->outcome;
    show_plan(r->facts, &r->way.plan);
    if (r->o->dry_run)
        return DONE;
    if (!ask(r, &go))
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
    o->state = STATE_UNCHANGED;
    if (o->words.n > 1)
        return err_outcome(err, USAGE, "rollback takes one transaction at most"), USAGE;
    if (o->merge && o->force)
        return err_outcome(err, USAGE, "rollback takes --merge or --force, not both"), USAGE;
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
