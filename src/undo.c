/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The way back after the files; see undo.h.
 *
 * Limits: a service that does not come back within half a minute is left to a person; its files are right by
 * then. One action more may be at work when that time is over.
 */
#include "undo.h"

#include "journal.h"
#include <string.h>

#define PATIENCE_MS 30000 /* for all tries of one service */
#define BETWEEN_MS 2000

static bool renews(enum verb verb)
{
    return verb == DO_RELOAD || verb == DO_RESTART;
}

/* Whether the daemon still has to read its files again, and how: the renewal of it failed. */
struct renewal {
    bool due;
    enum verb verb;
};

static struct renewal renewal_of(const struct record *record, const struct service_state *state,
                                 const struct strings *failed)
{
    struct renewal renewal = {.due = state->active == YES && strings_have(failed, state->daemon)};
    for (size_t i = 0; i < record->n_action; i++)
        if (renews(record->action[i].verb) && strcmp(record->action[i].daemon, state->daemon) == 0)
            renewal.verb = record->action[i].verb;
    return renewal;
}

/* Restores one service; a port that somebody else holds for a moment, or a start limit, may need a second
 * try. What runs on as it was, because its restart failed, did not come back either. */
static bool restore(const struct service_state *state, struct renewal *renewal, struct err *err)
{
    const int64_t deadline = now_ms() + PATIENCE_MS;
    for (;;) {
        bool skipped;
        if (renewal->due)
            renewal->due = !service_act(renewal->verb, state->daemon, SERVICE_LIMIT_MS, &skipped, err);
        if (!renewal->due && service_restore(state, SERVICE_LIMIT_MS, err))
            return true;
        if (now_ms() + BETWEEN_MS >= deadline)
            return false;
        (void)!nap(BETWEEN_MS);
    }
}

static const char *by_hand(const struct service_state *state, const struct renewal *renewal)
{
    enum verb verb = renewal != NULL && renewal->due ? renewal->verb
                     : state->active == NO           ? DO_STOP
                                                     : DO_START;
    return service_command(service_init(state->daemon), verb, state->daemon);
}

/* Only what the record names as absent before, and only what a cache's file is called. */
static void remove_byproduct(const struct root *root, const char *path)
{
    struct err err;
    if (!ends_with(path, ".db") && !ends_with(path, ".lmdb"))
        return;
    if (!file_remove_cache(root, path, &err))
        warn("%s was not there before and could not be removed: %s", path, err.text);
}

static void remove_byproducts(const struct store *store, const struct record *record)
{
    for (size_t i = 0; i < record->byproduct.n; i++)
        remove_byproduct(store->root, record->byproduct.item[i]);
}

/* Every daemon that read its files anew for the change does so again; ret_failed: those that did not. */
static void renew(const struct record *record, struct strings *ret_failed)
{
    for (size_t i = 0; i < record->n_action; i++) {
        struct err err;
        bool skipped;
        const struct action *action = &record->action[i];
        if (!renews(action->verb) ||
            service_act(action->verb, action->daemon, SERVICE_LIMIT_MS, &skipped, &err))
            continue;
        say_more("%s: %s", action->daemon, err.text);
        strings_add(ret_failed, action->daemon);
    }
}

void undo_services(const struct store *store, const struct record *record, struct strings *problems)
{
    if (store->root->live) {
        struct strings failed = {0};
        renew(record, &failed);
        /* Last acted on, first restored: what took the place of another daemon leaves it first. */
        for (size_t i = record->n_service; i-- > 0;) {
            const struct service_state *state = &record->service[i];
            struct renewal renewal = renewal_of(record, state, &failed);
            struct err err;
            if (!restore(state, &renewal, &err))
                strings_add(problems, arena_printf(_("%s did not come back: %s. Look at it, then: %s"),
                                                   state->daemon, err.text, by_hand(state, &renewal)));
        }
    }
    remove_byproducts(store, record);
}

/* Boot starts what shall run. Only what ran without that is named. */
static void boot_services(const struct store *store, const struct record *record, struct strings *problems)
{
    for (size_t i = record->n_service; store->root->live && i-- > 0;) {
        const struct service_state *state = &record->service[i];
        struct err err;
        if (!service_restore_boot(state, SERVICE_LIMIT_MS, &err))
            strings_add(
                problems,
                arena_printf(_("whether %s starts at boot is not as it was: %s. Look at it, then: %s"),
                             state->daemon, err.text,
                             service_command(service_init(state->daemon),
                                             state->enabled == YES ? DO_ENABLE : DO_DISABLE, state->daemon)));
        if (state->active == YES && state->enabled == NO)
            say("%s ran and does not start at boot; to start it: %s", state->daemon, by_hand(state, NULL));
    }
    remove_byproducts(store, record);
}

const char *undo_stuck_sentence(const struct store *store, const struct txn *txn, const struct swap *stuck)
{
    if (stuck->before[0] == '\0')
        return arena_printf(
            _("%s was made by mailfix and changed by somebody else since; it was left as it is. "
              "It was not there before: decide whether it is needed"),
            stuck->at.path);
    return arena_printf(
        _("%s was changed by somebody else since; it was left as it is. Its text from before is "
          "%s/var/lib/mailfix/txn/%s/before/%s: compare the two and decide"),
        stuck->at.path, store->root->path, txn->record.id, stuck->slot);
}

void undo_say_put_aside(const struct store *store, const struct record *record)
{
    for (size_t i = 0; record->back != NULL && i < record->n_target; i++)
        if (record->back->target[i].edited)
            out_printf(stdout, "The edited %s is kept as %s/var/lib/mailfix/txn/%s/edited/%zu\n",
                       record->target[i].path, store->root->path, record->id, i);
    fflush(stdout); /* it is said once the record is finished, also when the run is killed by then */
}

static bool finish_one(struct store *store, const struct record *record, bool boot, struct err *err)
{
    struct txn txn;
    const struct swap *stuck = NULL;
    struct strings problems = {0};
    bool going_back = record->state == TXN_APPLYING;
    base_touched = true;
    say("Transaction %s was cut off while it was %s; %s.", record->id,
        going_back ? _("being applied") : _("being rolled back"),
        going_back ? _("putting everything back") : _("finishing the rollback"));
    /* A run that was killed may not have synced the record's name. */
    if (!file_sync_dir(store->txn, err) || !txn_open(store, record, &txn, err))
        return err_prefix(err, "transaction %s", record->id);
    bool ok = going_back ? txn_put_back(&txn, &stuck, err)
                         : txn_rollback_begin(&txn, err) && txn_rollback_swap(&txn, &stuck, err);
    if (!ok) {
        txn_close(&txn);
        err->outcome = NEEDS_PERSON;
        return err_prefix(err, "transaction %s could not be finished (mailfix recover tries again)",
                          record->id);
    }
    txn_unlock_edit(&txn);
    if (!going_back)
        undo_say_put_aside(store, record);
    (boot ? boot_services : undo_services)(store, record, &problems);
    const char *sentence = stuck != NULL    ? undo_stuck_sentence(store, &txn, stuck)
                           : problems.n > 0 ? problems.item[0]
                                            : NULL;
    ok = txn_finish(&txn, sentence != NULL ? TXN_STUCK : TXN_UNDONE, err);
    txn_close(&txn);
    if (!ok)
        return err_prefix(err, "transaction %s", record->id);
    enum event event = sentence != NULL ? EVENT_NEEDS_PERSON
                       : going_back     ? EVENT_PUT_BACK
                                        : EVENT_ROLLED_BACK;
    bool rollback = !going_back && record->back != NULL && record->back->who != NULL;
    journal_event(store->root, event, record, rollback ? record->back->who : record->who,
                  rollback ? record->back->reason : record->reason,
                  sentence != NULL ? sentence : _("it had been cut off"));
    return sentence == NULL ? true : err_outcome(err, NEEDS_PERSON, "%s", sentence);
}

static bool finish_all(struct store *store, bool boot, struct finished *ret, struct err *err)
{
    struct record *record;
    size_t n, swept, tidied;
    struct strings damaged = {0};
    *ret = (struct finished){0};
    if (!txn_sweep(store, &swept, err) || !record_list(store, &record, &n, &damaged, err))
        return false;
    if (swept > 0)
        say("A run was cut off before it changed anything; its preparations were removed.");
    for (size_t i = 0; i < damaged.n; i++)
        warn("the record %s cannot be read and is passed over", damaged.item[i]);
    for (size_t i = 0; i < n; i++) {
        if (!record_is_half_way(&record[i]))
            continue;
        ret->transactions++;
        if (!finish_one(store, &record[i], boot, err))
            return false;
    }
    if (!txn_tidy(store, record, n, &tidied, err))
        return false;
    /* While something lies beside a file its record keeps the mark that leads boot there. */
    for (size_t i = 0; i < n; i++)
        if (!record_is_half_way(&record[i]) && !record_settle(store, &record[i], err))
            return false;
    if (tidied > 0)
        say("Leftovers of a run that was cut off were removed.");
    ret->leftovers = swept + tidied;
    return true;
}

bool undo_finish(struct store *store, struct finished *ret, struct err *err)
{
    return finish_all(store, false, ret, err);
}

static bool finish_both(struct store *store, bool boot, size_t *ret_n, struct err *err)
{
    struct finished finished;
    bool ok = finish_all(store, boot, &finished, err);
    *ret_n = finished.transactions + finished.leftovers;
    return ok;
}

bool undo_unfinished(struct store *store, size_t *ret_n, struct err *err)
{
    return finish_both(store, false, ret_n, err);
}

bool undo_at_boot(struct store *store, size_t *ret_n, struct err *err)
{
    return finish_both(store, true, ret_n, err);
}
