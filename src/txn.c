/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The commit; see txn.h for the protocol and the table of what a crash can leave.
 *
 * Limits: extended attributes and modes are not part of the comparison that decides whether a file still is
 * ours; its bytes are. Descriptors of a transaction stay open until the program ends or txn_close.
 */
#include "maps.h"
#include "txn_private.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

const char *txn_who(void)
{
    const char *sudo = getenv("SUDO_USER");
    if (sudo != NULL && sudo[0] != '\0')
        return sudo;
    const struct passwd *user = getpwuid(getuid());
    return user != NULL ? arena_string(user->pw_name) : arena_printf("user %u", (unsigned)getuid());
}

/* ---- targets ---- */

bool txn_open_swap(const struct root *root, const struct target *target, size_t index, struct swap *swap,
                   struct err *err)
{
    memset(swap, 0, sizeof(*swap));
    swap->edit_lock = -1;
    swap->edited_by_postconf =
        strcmp(target->document, "main.cf") == 0 || strcmp(target->document, "master.cf") == 0;
    swap->in_use = strcmp(target->document, RECORD_INDEX) == 0;
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

bool txn_open_swaps(struct txn *txn, struct err *err)
{
    txn->swap = arena_alloc((txn->record.n_target + 1) * sizeof(*txn->swap));
    for (size_t i = 0; i < txn->record.n_target; i++) {
        if (!txn_open_swap(txn->store->root, &txn->record.target[i], i, &txn->swap[i], err))
            return false;
        txn->n_swap++;
    }
    return true;
}

void txn_use_back(struct txn *txn)
{
    for (size_t i = 0; i < txn->n_swap; i++) {
        txn->swap[i].before = txn->record.back->target[i].to;
        txn->swap[i].after = txn->record.back->target[i].from;
    }
}

bool txn_lock_edit(struct txn *txn, struct err *err)
{
    for (size_t i = 0; i < txn->n_swap; i++)
        if (txn->swap[i].edited_by_postconf && txn->swap[i].edit_lock < 0 &&
            !file_edit_lock(&txn->swap[i].at, &txn->swap[i].edit_lock, err))
            return false;
    return true;
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
    if (open_dirs(&txn, err) && txn_open_swaps(&txn, err) && txn_lock_edit(&txn, err)) {
        if (record->back != NULL)
            txn_use_back(&txn);
        *ret_txn = txn;
        return true;
    }
    txn_close(&txn);
    return false;
}

bool txn_sync_dirs(const struct txn *txn, struct err *err)
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
                            .hunk = change->in_file != NULL ? change->in_file : change->hunk,
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
    if (!file_list(store->root, STORE "/txn", false, &names, err))
        return false;
    for (size_t i = 0; i < names.n; i++) {
        unsigned number = (unsigned)strtoul(names.item[i], NULL, 10);
        if (number >= *ret_number)
            *ret_number = number + 1;
    }
    return true;
}

/* The directory .new-NNNN with all that a record has. */
static bool write_record(struct txn *txn, struct err *err)
{
    char state[STATE_LEN + 1];
    size_t len;
    const char *text = record_format(&txn->record, &len);
    if (text == NULL)
        return err_set(err, "there is not enough memory to write the record");
    record_state_bytes(TXN_APPLYING, state);
    if (!file_private_dir(txn->dir, "before", &txn->before, err) ||
        !file_write_new(txn->dir, "plan.json", text, len, err) ||
        !file_reserve(txn->dir, "state", state, STATE_LEN, err))
        return false;
    /* The names that the before-texts will take exist from now on, so that keeping them needs no space. */
    bool copied = false;
    for (size_t i = 0; i < txn->n_swap; i++) {
        const struct swap *s = &txn->swap[i];
        if (s->before[0] != '\0' && !(s->in_use ? file_copy(s->at.dir, s->at.name, txn->before, s->slot, err)
                                                : file_reserve(txn->before, s->slot, "", 0, err)))
            return false;
        copied |= s->in_use;
    }
    return (!copied || file_sync_dir(txn->before, err)) && file_sync_dir(txn->dir, err);
}

static bool stage_change(const struct swap *s, const struct change *change, const struct timespec *mtime,
                         struct err *err)
{
    const struct identity made = {.uid = geteuid(), .gid = getegid(), .mode = change->mode};
    if (change->doc->absent)
        return file_write_as(s->at.dir, s->temp, change->after, change->after_len, &made, mtime, err);
    struct file_edit edit = {s->at.dir, s->at.name, &change->doc->identity, change->in_file, change->n_hunk};
    if (change->doc->n_piece > 0)
        return file_edit_stage(&edit, s->at.dir, s->temp, mtime, err);
    return file_stage(s->at.dir, s->temp, change->after, change->after_len, s->at.dir, s->at.name, mtime,
                      err);
}

/* Indexes come first: what they are made of and who names them may come after. */
static bool stage_after(struct txn *txn, const struct plan *plan, const struct built *built, size_t n_built,
                        struct err *err)
{
    struct timespec mtime;
    clock_gettime(CLOCK_REALTIME, &mtime);
    mtime.tv_sec -= TXN_COOL_SECONDS;
    for (size_t i = 0; i < txn->n_swap; i++) {
        const struct swap *s = &txn->swap[i];
        if (!file_unlink(s->at.dir, s->temp, err) || !file_unlink(s->at.dir, s->aside, err) ||
            !(i < n_built ? file_move(built[i].dir, built[i].name, s->at.dir, s->temp, err)
                          : stage_change(s, &plan->change[i - n_built], &mtime, err)))
            return err_prefix(err, "beside %s", s->at.path);
    }
    return true;
}

void txn_discard_temps(struct txn *txn)
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
    txn_discard_temps(txn);
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
    record->reason = plan->reason;
    record->fixes = plan->fixes;
    record->params = plan->params;
    record->byproduct = plan->byproduct;
    record->action = plan->action;
    record->n_action = plan->n_action;
    record->service = (struct service_state *)service;
    record->n_service = n_service;
    struct built *built = NULL;
    size_t n_built = 0, n_index = store->root->live ? plan->n_index : 0;
    const char *name = arena_printf(RECORD_NEW "%04u", record->number);
    bool ok = file_private_dir(store->txn, name, &txn.dir, err) &&
              (n_index == 0 || maps_build(store->root, txn.dir, arena_printf(STORE "/txn/%s", name), plan,
                                          &built, &n_built, err));
    for (size_t i = 0; i < n_built; i++)
        record->target =
            arena_append(record->target, &record->n_target, sizeof(built[i].target), &built[i].target);
    for (size_t i = 0; i < plan->n_change; i++)
        add_target(record, &plan->change[i]);
    ok = ok && txn_open_swaps(&txn, err);
    for (size_t i = 0; ok && i < txn.n_swap; i++)
        ok = txn.swap[i].before[0] == '\0' || file_check_replaceable(&txn.swap[i].at, err);
    ok = ok && write_record(&txn, err) && txn_lock_edit(&txn, err) &&
         stage_after(&txn, plan, built, n_built, err) &&
         maps_discard(txn.dir, built, n_built, n_index, err) && store_mark(store, record->id, err) &&
         file_rename(store->txn, name, store->txn, record->id, err);
    if (!ok) {
        discard(&txn, name);
        return false;
    }
    /* From here a crash means: put back. */
    base_touched = true;
    if (!file_sync_dir(store->txn, err)) {
        discard(&txn, record->id);
        base_touched = false;
        return false;
    }
    *ret_txn = txn;
    return true;
}

/* ---- swap ---- */

static bool place(const struct swap *s, bool *ret_other, struct err *err)
{
    if (file_place(s->at.dir, s->temp, s->at.name, err))
        return true;
    *ret_other = errno == EEXIST;
    return *ret_other ? err_set(err, "%s was made by somebody else while mailfix worked", s->at.path) : false;
}

static bool take_away(const struct swap *s, const char *from, bool *ret_other, struct err *err)
{
    char taken[DIGEST_HEX + 1];
    if (!file_rename(s->at.dir, s->at.name, s->at.dir, s->temp, err) ||
        !file_digest(s->at.dir, s->temp, taken, err))
        return false;
    if (strcmp(taken, from) == 0)
        return true;
    *ret_other = true;
    return file_place(s->at.dir, s->temp, s->at.name, err) &&
           err_set(err, "%s was changed by somebody else while mailfix worked", s->at.path);
}

bool txn_swap_one(const struct swap *s, const char *from, const char *to, bool *ret_other, struct err *err)
{
    char displaced[DIGEST_HEX + 1];
    *ret_other = false;
    if (from[0] == '\0')
        return place(s, ret_other, err);
    if (to[0] == '\0')
        return take_away(s, from, ret_other, err);
    if (!file_exchange(s->at.dir, s->temp, s->aside, s->at.name, from, err)) {
        *ret_other = errno == EBUSY;
        return false;
    }
    if (!file_digest(s->at.dir, s->temp, displaced, err))
        return false;
    if (strcmp(displaced, from) == 0)
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
        const struct swap *s = &txn->swap[i];
        bool other;
        if (!txn_swap_one(s, s->before, s->after, &other, err) ||
            (s->in_use && !file_unlink(s->at.dir, s->temp, err)))
            return false;
    }
    return true;
}

bool txn_write_state(const struct txn *txn, enum txn_state state, struct err *err)
{
    char bytes[STATE_LEN + 1];
    record_state_bytes(state, bytes);
    return file_overwrite(txn->dir, "state", bytes, STATE_LEN, err);
}

bool txn_keep(struct txn *txn, struct err *err)
{
    for (size_t i = 0; i < txn->n_swap; i++) {
        const struct swap *s = &txn->swap[i];
        if (s->before[0] != '\0' && !s->in_use && !file_move(s->at.dir, s->temp, txn->before, s->slot, err))
            return false;
    }
    if (!txn_sync_dirs(txn, err))
        return false;
    txn->may_say_kept = true;
    txn->store->settled = txn_write_state(txn, TXN_KEPT, err);
    return txn->store->settled;
}

bool txn_finish(struct txn *txn, enum txn_state state, struct err *err)
{
    txn_unlock_edit(txn);
    if (!txn_write_state(txn, state, err))
        return false;
    txn->record.state = state;
    txn->store->settled = true;
    return true;
}
