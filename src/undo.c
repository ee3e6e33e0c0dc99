/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The way back after the files; see undo.h.
 *
 * Limits: a service that does not come back within half a minute is left to a person; its files are right by
 * then.
 */
#include "undo.h"

#include "journal.h"
#include <string.h>
#include <time.h>

#define ACT_MS 60000
#define TRIES 15
#define BETWEEN_SECONDS 2

static bool renews(enum verb verb)
{
    return verb == DO_RELOAD || verb == DO_RESTART;
}

/* Restores one service; a port that somebody else holds for a moment, or a start limit, may need a second
 * try. */
static bool restore(const struct service_state *state, struct err *err)
{
    for (int tries = 1;; tries++) {
        if (service_restore(state, ACT_MS, err))
            return true;
        if (tries == TRIES)
            return false;
        struct timespec pause = {.tv_sec = BETWEEN_SECONDS};
        nanosleep(&pause, NULL);
    }
}

static const char *by_hand(const struct service_state *state)
{
    enum verb verb = state->active == NO ? DO_STOP : DO_START;
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

void undo_services(const struct store *store, const struct record *record, struct strings *problems)
{
    if (store->root->live) {
        for (size_t i = 0; i < record->n_action; i++) {
            struct err ignored;
            bool skipped;
            const struct action *action = &record->action[i];
            /* A failure is no verdict yet: restore() below looks at what runs. */
            if (renews(action->verb) &&
                !service_act(action->verb, action->daemon, ACT_MS, &skipped, &ignored))
                say_more("%s: %s", action->daemon, ignored.text);
        }
        /* Last acted on, first restored: what took the place of another daemon leaves it first. */
        for (size_t i = record->n_service; i-- > 0;) {
            struct err err;
            if (!restore(&record->service[i], &err))
                strings_add(problems,
                            arena_printf(_("%s did not come back: %s. Look at it, then: %s"),
                                         record->service[i].daemon, err.text, by_hand(&record->service[i])));
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
        if (!service_restore_boot(state, ACT_MS, &err))
            strings_add(
                problems,
                arena_printf(_("whether %s starts at boot is not as it was: %s. Look at it, then: %s"),
                             state->daemon, err.text,
                             service_command(service_init(state->daemon),
                                             state->enabled == YES ? DO_ENABLE : DO_DISABLE, state->daemon)));
        if (state->active == YES && state->enabled == NO)
            say("%s ran and does not start at boot; to start it: %s", state->daemon, by_hand(state));
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
    if (!txn_open(store, record, &txn, err))
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
    if (tidied > 0)
        say("Leftovers of a run that was cut off were removed.");
    ret->leftovers = swept + tidied;
    return true;
}

/* One that is stuck is finished, too: the next turn is a person's. */
static bool finish(struct store *store, bool boot, struct finished *ret, struct err *err)
{
    store->settled = false;
    bool ok = finish_all(store, boot, ret, err);
    if (ok)
        store->settled = true;
    return ok;
}

bool undo_finish(struct store *store, struct finished *ret, struct err *err)
{
    return finish(store, false, ret, err);
}

static bool finish_both(struct store *store, bool boot, size_t *ret_n, struct err *err)
{
    struct finished finished;
    bool ok = finish(store, boot, &finished, err);
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
