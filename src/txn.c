/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The commit; see txn.h for the protocol and the table of what a crash can leave.
 *
 * Limits: extended attributes and modes are not part of the comparison that decides whether a file still is
 * ours; its bytes are. Descriptors of a transaction stay open until the program ends or txn_close.
 */
#include "txn.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Programs of Postfix that read a main.cf younger than this sleep until it has "cooled down". We replace it
 * whole, so there is nothing to wait for, and the new file is dated back. */
#define COOL_SECONDS 3

const char *txn_who(void)
{
    const char *sudo = getenv("SUDO_USER");
    if (sudo != NULL && sudo[0] != '\0')
        return sudo;
    const struct passwd *user = getpwuid(getuid());
    return user != NULL ? arena_string(user->pw_name) : arena_printf("user %u", (unsigned)getuid());
}

/* ---- targets ---- */

static bool open_swap(const struct root *root, const struct target *target, size_t index, struct swap *swap,
                      struct err *err)
{
    memset(swap, 0, sizeof(*swap));
    swap->edit_lock = -1;
    swap->before = target->before;
    swap->after = target->after;
    if (!file_resolve(root, target->path, &swap->at, err))
        return false;
    snprintf(swap->temp, sizeof(swap->temp), FILE_TEMP_FORMAT, swap->at.name);
    snprintf(swap->aside, sizeof(swap->aside), FILE_ASIDE_FORMAT, swap->at.name);
    snprintf(swap->slot, sizeof(swap->slot), "%zu", index);
    if (strlen(swap->at.name) > 200)
        return err_set(err, "the name of %s is too long", target->path);
    return true;
}

static bool open_swaps(struct txn *txn, struct err *err)
{
    txn->swap = arena_alloc((txn->record.n_target + 1) * sizeof(*txn->swap));
    for (size_t i = 0; i < txn->record.n_target; i++) {
        if (!open_swap(txn->store->root, &txn->record.target[i], i, &txn->swap[i], err))
            return false;
        txn->n_swap++;
    }
    return true;
}

static bool lock_edits(struct txn *txn, struct err *err)
{
    for (size_t i = 0; i < txn->n_swap; i++)
        if (txn->swap[i].edit_lock < 0 && !file_edit_lock(&txn->swap[i].at, &txn->swap[i].edit_lock, err))
            return false;
    return true;
}

/* For putting back: postconf holds its lock for milliseconds, so it is worth waiting for; but putting back
 * does not depend on it, because each exchange looks at what it displaced. */
static void lock_edits_soon(struct txn *txn)
{
    struct err ignored;
    for (int tries = 0; tries < 50 && !lock_edits(txn, &ignored); tries++) {
        struct timespec pause = {.tv_nsec = 100000000};
        nanosleep(&pause, NULL);
    }
}

void txn_unlock_edit(struct txn *txn)
{
    for (size_t i = 0; i < txn->n_swap; i++)
        file_edit_unlock(txn->swap[i].at.dir, txn->swap[i].at.name, &txn->swap[i].edit_lock);
}

void txn_close(struct txn *txn)
{
    txn_unlock_edit(txn);
    for (size_t i = 0; i < txn->n_swap; i++)
        close(txn->swap[i].at.dir);
    if (txn->before >= 0)
        close(txn->before);
    if (txn->dir >= 0)
        close(txn->dir);
    txn->n_swap = 0;
    txn->before = txn->dir = -1;
}

static bool open_dirs(struct txn *txn, struct err *err)
{
    return file_private_dir(txn->store->txn, txn->record.id, &txn->dir, err) &&
           file_private_dir(txn->dir, "before", &txn->before, err);
}

bool txn_open(struct store *store, const struct record *record, struct txn *ret_txn, struct err *err)
{
    struct txn txn = {.store = store, .record = *record, .dir = -1, .before = -1};
    if (open_dirs(&txn, err) && open_swaps(&txn, err) && lock_edits(&txn, err)) {
        *ret_txn = txn;
        return true;
    }
    txn_close(&txn);
    return false;
}

static bool sync_dirs(const struct txn *txn, struct err *err)
{
    for (size_t i = 0; i < txn->n_swap; i++) {
        struct stat a, b;
        bool done = false;
        for (size_t k = 0; k < i && !done; k++)
            done = fstat(txn->swap[i].at.dir, &a) == 0 && fstat(txn->swap[k].at.dir, &b) == 0 &&
                   a.st_dev == b.st_dev && a.st_ino == b.st_ino;
        if (!done && !file_sync_dir(txn->swap[i].at.dir, err))
            return false;
    }
    return true;
}

/* ---- begin ---- */

static void add_target(struct record *record, const struct change *change)
{
    struct target target = {.document = change->doc->id,
                            .path = change->doc->real,
                            .hunk = change->hunk,
                            .n_hunk = change->n_hunk};
    memcpy(target.before, change->doc->digest, sizeof(target.before));
    memcpy(target.after, change->after_digest, sizeof(target.after));
    target.old = arena_alloc((change->n_hunk + 1) * sizeof(*target.old));
    for (size_t i = 0; i < change->n_hunk; i++)
        target.old[i] = change->doc->text + change->hunk[i].at;
    record->target = arena_append(record->target, &record->n_target, sizeof(target), &target);
}

static bool next_number(const struct store *store, unsigned *ret_number, struct err *err)
{
    struct strings names;
    *ret_number = 1;
    if (!file_list(store->root, "/var/lib/mailfix/txn", false, &names, err))
        return false;
    for (size_t i = 0; i < names.n; i++) {
        unsigned number = (unsigned)strtoul(names.item[i], NULL, 10);
        if (number >= *ret_number)
            *ret_number = number + 1;
    }
    return true;
}

/* The directory .new-NNNN with all that a record has. */
static bool write_record(struct txn *txn, const char *name, struct err *err)
{
    char state[STATE_LEN + 1];
    size_t len;
    const char *text = record_format(&txn->record, &len);
    record_state_bytes(TXN_APPLYING, state);
    if (!file_private_dir(txn->store->txn, name, &txn->dir, err) ||
        !file_private_dir(txn->dir, "before", &txn->before, err) ||
        !file_write_new(txn->dir, "plan.json", text, len, err) ||
        !file_write_new(txn->dir, "state", state, STATE_LEN, err))
        return false;
    /* The names that the before-texts will take exist from now on, so that keeping them needs no space. */
    for (size_t i = 0; i < txn->n_swap; i++)
        if (!file_write_new(txn->before, txn->swap[i].slot, "", 0, err))
            return false;
    return file_sync_dir(txn->before, err) && file_sync_dir(txn->dir, err);
}

static bool stage_after(struct txn *txn, const struct plan *plan, struct err *err)
{
    struct timespec mtime;
    clock_gettime(CLOCK_REALTIME, &mtime);
    mtime.tv_sec -= COOL_SECONDS;
    for (size_t i = 0; i < txn->n_swap; i++) {
        const struct swap *s = &txn->swap[i];
        if (!file_unlink(s->at.dir, s->temp, err) || !file_unlink(s->at.dir, s->aside, err) ||
            !file_stage(s->at.dir, s->temp, plan->change[i].after, plan->change[i].after_len, s->at.dir,
                        s->at.name, &mtime, err))
            return err_prefix(err, "beside %s", s->at.path);
    }
    return true;
}

static void discard_temps(struct txn *txn)
{
    struct err ignored;
    for (size_t i = 0; i < txn->n_swap; i++)
        if (!file_unlink(txn->swap[i].at.dir, txn->swap[i].temp, &ignored))
            warn("%s beside %s is left over; mailfix recover removes it", txn->swap[i].temp,
                 txn->swap[i].at.path);
}

static void discard(struct txn *txn, const char *name)
{
    struct err ignored;
    discard_temps(txn);
    txn_close(txn);
    if (!file_remove_dir(txn->store->txn, name, &ignored))
        warn("%s in the record directory is left over: %s", name, ignored.text);
}

bool txn_begin(struct store *store, const struct plan *plan, const struct service_state *service,
               size_t n_service, struct txn *ret_txn, struct err *err)
{
    struct txn txn = {.store = store, .dir = -1, .before = -1};
    struct record *record = &txn.record;
    if (!next_number(store, &record->number, err))
        return false;
    record->id = arena_printf("%04u-%s", record->number, strings_join(&plan->fixes, "+"));
    record->time = time(NULL);
    record->who = txn_who();
    record->fixes = plan->fixes;
    record->params = plan->params;
    record->byproduct = plan->byproduct;
    record->action = plan->action;
    record->n_action = plan->n_action;
    record->service = (struct service_state *)service;
    record->n_service = n_service;
    for (size_t i = 0; i < plan->n_change; i++)
        add_target(record, &plan->change[i]);
    const char *name = arena_printf(".new-%04u", record->number);
    bool ok = open_swaps(&txn, err);
    for (size_t i = 0; ok && i < txn.n_swap; i++)
        ok = file_check_replaceable(&txn.swap[i].at, err);
    ok = ok && write_record(&txn, name, err) && lock_edits(&txn, err) && stage_after(&txn, plan, err) &&
         file_rename(store->txn, name, store->txn, record->id, err);
    if (!ok) {
        discard(&txn, name);
        return false;
    }
    /* From here a crash means: put back. */
    if (!file_sync_dir(store->txn, err)) {
        discard(&txn, record->id);
        return false;
    }
    *ret_txn = txn;
    return true;
}

/* ---- swap ---- */

/* Exchanges and looks at what came out. *ret_other: it was not the expected file; it is back in its place. */
static bool swap_one(const struct swap *s, const char *expected, bool *ret_other, struct err *err)
{
    char displaced[DIGEST_HEX + 1];
    *ret_other = false;
    if (!file_exchange(s->at.dir, s->temp, s->aside, s->at.name, expected, err)) {
        *ret_other = errno == EBUSY;
        return false;
    }
    if (!file_digest(s->at.dir, s->temp, displaced, err))
        return false;
    if (strcmp(displaced, expected) == 0)
        return true;
    *ret_other = true;
    char ours[DIGEST_HEX + 1];
    return file_digest(s->at.dir, s->at.name, ours, err) &&
           file_exchange(s->at.dir, s->temp, s->aside, s->at.name, ours, err) &&
           err_set(err, "%s was changed by somebody else while mailfix worked", s->at.path);
}

bool txn_swap(struct txn *txn, struct err *err)
{
    for (size_t i = 0; i < txn->n_swap; i++) {
        bool other;
        if (!swap_one(&txn->swap[i], txn->swap[i].before, &other, err))
            return false;
    }
    return sync_dirs(txn, err);
}

static bool write_state(const struct txn *txn, enum txn_state state, struct err *err)
{
    char bytes[STATE_LEN + 1];
    record_state_bytes(state, bytes);
    return file_overwrite(txn->dir, "state", bytes, STATE_LEN, err);
}

bool txn_keep(struct txn *txn, struct err *err)
{
    for (size_t i = 0; i < txn->n_swap; i++) {
        const struct swap *s = &txn->swap[i];
        if (!file_move(s->at.dir, s->temp, txn->before, s->slot, err))
            return false;
    }
    if (!file_sync_dir(txn->before, err) || !sync_dirs(txn, err))
        return false;
    txn->may_say_kept = true;
    return write_state(txn, TXN_KEPT, err);
}

bool txn_finish(struct txn *txn, enum txn_state state, struct err *err)
{
    txn_unlock_edit(txn);
    if (!write_state(txn, state, err))
        return false;
    txn->record.state = state;
    return true;
}

/* ---- put back ---- */

/* A crash in the middle of an exchange by links leaves a third name. */
static bool finish_exchange(const struct swap *s, struct err *err)
{
    if (!file_is_there(s->at.dir, s->aside))
        return true;
    if (file_is_there(s->at.dir, s->temp))
        return file_unlink(s->at.dir, s->aside, err);
    return file_rename(s->at.dir, s->aside, s->at.dir, s->temp, err);
}

/* What stands in the record is the before-text, and not the placeholder that waits for it. */
static bool check_slot(const struct txn *txn, const struct swap *s, struct err *err)
{
    char digest[DIGEST_HEX + 1];
    if (!file_digest(txn->before, s->slot, digest, err))
        return false;
    if (strcmp(digest, s->before) == 0)
        return true;
    return err_outcome(err, NEEDS_PERSON,
                       "the text that %s had before is neither beside it (%s) nor in the record", s->at.path,
                       s->temp);
}

static bool put_back_one(struct txn *txn, const struct swap *s, bool *ret_stuck, struct err *err)
{
    char target[DIGEST_HEX + 1], temp[DIGEST_HEX + 1];
    bool other;
    *ret_stuck = false;
    if (!finish_exchange(s, err) || !file_digest(s->at.dir, s->at.name, target, err) ||
        !file_digest(s->at.dir, s->temp, temp, err))
        return false;
    if (strcmp(target, s->after) == 0) {
        if (temp[0] == '\0' &&
            (!check_slot(txn, s, err) || !file_move(txn->before, s->slot, s->at.dir, s->temp, err)))
            return false;
        if (!swap_one(s, s->after, &other, err) && !other)
            return false;
        if (!other)
            return file_unlink(s->at.dir, s->temp, err);
    } else if (strcmp(target, s->before) == 0 || temp[0] == '\0' || strcmp(temp, s->after) == 0) {
        return file_unlink(s->at.dir, s->temp, err);
    }
    /* Somebody changed the file since the swap: it stays, and the text from before is kept in the record. */
    *ret_stuck = true;
    return file_move(s->at.dir, s->temp, txn->before, s->slot, err);
}

bool txn_put_back(struct txn *txn, const struct swap **ret_stuck, struct err *err)
{
    bool ok = true;
    *ret_stuck = NULL;
    /* A crash on the way back must find a record that says so. */
    if (txn->may_say_kept && !write_state(txn, TXN_APPLYING, err))
        return false;
    lock_edits_soon(txn);
    for (size_t i = txn->n_swap; i > 0; i--) {
        bool stuck;
        if (!put_back_one(txn, &txn->swap[i - 1], &stuck, err))
            ok = false; /* go on with the others; the last reason is reported */
        else if (stuck)
            *ret_stuck = &txn->swap[i - 1];
    }
    struct err sync;
    if (!sync_dirs(txn, &sync) && ok) {
        *err = sync;
        ok = false;
    }
    return ok;
}

/* ---- rollback ---- */

/* "undoing" could not be written for sure: then the record must say "kept" again, or a person must know. */
static bool begin_failed(struct txn *txn, struct err *err)
{
    struct err again;
    if (!write_state(txn, TXN_KEPT, &again))
        return err_outcome(
            err, NEEDS_PERSON,
            "the record %s can be written no more (%s); the files are as they were. Run mailfix recover",
            txn->record.id, again.text);
    discard_temps(txn);
    return false;
}

static bool stage_before(struct txn *txn, struct err *err)
{
    for (size_t i = 0; i < txn->n_swap; i++) {
        const struct swap *s = &txn->swap[i];
        char target[DIGEST_HEX + 1];
        if (!finish_exchange(s, err) || !file_digest(s->at.dir, s->at.name, target, err) ||
            !file_unlink(s->at.dir, s->temp, err))
            return false;
        if (strcmp(target, s->after) == 0 &&
            (!check_slot(txn, s, err) || !file_copy(txn->before, s->slot, s->at.dir, s->temp, err)))
            return err_prefix(err, "beside %s", s->at.path);
    }
    return true;
}

bool txn_rollback_begin(struct txn *txn, struct err *err)
{
    if (!stage_before(txn, err)) {
        discard_temps(txn);
        return false;
    }
    if (txn->record.state == TXN_UNDOING)
        return true;
    if (!write_state(txn, TXN_UNDOING, err))
        return begin_failed(txn, err);
    txn->record.state = TXN_UNDOING;
    return true;
}

bool txn_rollback_swap(struct txn *txn, const struct swap **ret_stuck, struct err *err)
{
    *ret_stuck = NULL;
    for (size_t i = txn->n_swap; i > 0; i--) {
        const struct swap *s = &txn->swap[i - 1];
        char target[DIGEST_HEX + 1];
        bool other = false;
        if (!file_digest(s->at.dir, s->at.name, target, err))
            return false;
        if (strcmp(target, s->after) == 0) {
            if (!swap_one(s, s->after, &other, err) && !other)
                return false;
        } else {
            other = strcmp(target, s->before) != 0;
        }
        if (other)
            *ret_stuck = s;
        if (!file_unlink(s->at.dir, s->temp, err))
            return false;
    }
    return sync_dirs(txn, err);
}

/* ---- what a crash left before anything was changed ---- */

static bool sweep_one(struct store *store, const char *name, struct err *err)
{
    struct txn txn = {.store = store, .record.id = name, .dir = -1, .before = -1};
    const char *text;
    size_t len;
    struct err ignored;
    struct record record = {.id = name};
    /* Without a whole plan.json there are no temporaries yet. */
    if (file_read_path(store->root, arena_printf("/var/lib/mailfix/txn/%s/plan.json", name), OWNED_BY_ROOT,
                       &text, &len, &ignored) &&
        record_parse(text, len, &record, &ignored)) {
        txn.record = record;
        if (open_swaps(&txn, &ignored) && !lock_edits(&txn, err)) {
            txn_close(&txn);
            return false;
        }
        for (size_t i = 0; i < txn.n_swap; i++)
            if (!file_unlink(txn.swap[i].at.dir, txn.swap[i].temp, err)) {
                txn_close(&txn);
                return false;
            }
        txn_close(&txn);
    }
    return file_remove_dir(store->txn, name, err);
}

bool txn_sweep(struct store *store, size_t *ret_n, struct err *err)
{
    struct strings names;
    *ret_n = 0;
    if (!file_list(store->root, "/var/lib/mailfix/txn", true, &names, err))
        return false;
    for (size_t i = 0; i < names.n; i++) {
        if (!starts_with(names.item[i], ".new-"))
            continue;
        if (!sweep_one(store, names.item[i], err))
            return false;
        *ret_n += 1;
    }
    return true;
}

static bool is_litter_there(const struct swap *s)
{
    char edit[sizeof(s->at.name) + 8];
    snprintf(edit, sizeof(edit), FILE_EDIT_FORMAT, s->at.name);
    return file_is_there(s->at.dir, s->temp) || file_is_there(s->at.dir, s->aside) ||
           file_is_there(s->at.dir, edit);
}

static bool tidy_target(const struct root *root, const struct target *target, size_t *ret_n, struct err *err)
{
    struct swap s;
    struct err why;
    if (!open_swap(root, target, 0, &s, &why))
        return true; /* nothing of ours can be where no way leads */
    bool ok = true;
    if (is_litter_there(&s) && file_edit_lock(&s.at, &s.edit_lock, &why)) {
        ok = file_unlink(s.at.dir, s.temp, err) && file_unlink(s.at.dir, s.aside, err);
        file_edit_unlock(s.at.dir, s.at.name, &s.edit_lock);
        *ret_n += ok;
    }
    close(s.at.dir);
    return ok;
}

bool txn_tidy(struct store *store, const struct record *record, size_t n, size_t *ret_n, struct err *err)
{
    struct strings seen = {0};
    *ret_n = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < record[i].n_target; k++) {
            const struct target *target = &record[i].target[k];
            if (strings_have(&seen, target->path))
                continue;
            strings_add(&seen, target->path);
            if (!tidy_target(store->root, target, ret_n, err))
                return false;
        }
    return true;
}
