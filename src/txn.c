/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The commit; see txn.h for the protocol and the table of what a crash can leave.
 *
 * Limits: extended attributes and modes are not part of the comparison that decides whether a file still is
 * ours; its bytes are. Descriptors of a transaction stay open until the program ends or txn_close.
 */
#include "maps.h"
#include "memory.h"
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
    bool before = memory_must(true);
    const struct passwd *user = getpwuid(getuid());
    memory_must(before);
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
    snprintf(swap->fresh, sizeof(swap->fresh), FILE_FRESH_FORMAT, swap->at.name);
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

bool txn_unlock_edit(struct txn *txn)
{
    bool gone = true;
    for (size_t i = 0; i < txn->n_swap; i++)
        gone &= file_edit_unlock(txn->swap[i].at.dir, txn->swap[i].at.name, &txn->swap[i].edit_lock);
    return gone;
}

void txn_close(struct txn *txn)
{
    txn_unlock_edit(txn);
    for (size_t i = 0; i < txn->n_swap; i++)
        close(txn->swap[i].at.dir);
    const int dirs[] = {txn->dir, txn->before, txn->taken};
    for (size_t i = 0; i < COUNT(dirs); i++)
        if (dirs[i] >= 0)
            close(dirs[i]);
    txn->n_swap = 0;
    txn->dir = txn->before = txn->taken = -1;
}

static bool open_dirs(struct txn *txn, struct err *err)
{
    if (!file_private_dir(txn->store->txn, txn->record.id, &txn->dir, err) ||
        !file_private_dir(txn->dir, "before", &txn->before, err))
        return false;
    /* A record of an older mailfix has none, and the disk may be full. */
    struct err ignored;
    if (!file_private_dir(txn->dir, "taken", &txn->taken, &ignored))
        txn->taken = -1;
    return true;
}

bool txn_open(struct store *store, const struct record *record, struct txn *ret_txn, struct err *err)
{
    struct txn txn = {.store = store, .record = *record, .dir = -1, .before = -1, .taken = -1};
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
                   file_same(&a, &b);
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
    if (len > RECORD_LIMIT)
        return err_set(
            err,
            "the record of these changes would have %zu bytes, and mailfix reads records of at most "
            "%zu; make fewer changes at once",
            len, RECORD_LIMIT);
    record_state_bytes(TXN_APPLYING, state);
    if (!file_private_dir(txn->dir, "before", &txn->before, err) ||
        !file_private_dir(txn->dir, "taken", &txn->taken, err) ||
        !file_write_new(txn->dir, "plan.json", text, len, err) ||
        !file_reserve(txn->dir, RECORD_MARK, "", 0, err) ||
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
        return file_write_as(s->at.dir, s->fresh, change->after, change->after_len, &made, mtime, err);
    struct file_edit edit = {s->at.dir, s->at.name, &change->doc->identity, change->in_file, change->n_hunk};
    if (change->doc->n_piece > 0)
        return file_edit_stage(&edit, s->at.dir, s->fresh, mtime, err);
    return file_stage(s->at.dir, s->fresh, change->after, change->after_len, s->at.dir, s->at.name, mtime,
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
            !file_unlink(s->at.dir, s->fresh, err) ||
            !(i < n_built ? file_move(built[i].dir, built[i].name, s->at.dir, s->fresh, err)
                          : stage_change(s, &plan->change[i - n_built], &mtime, err)) ||
            !file_rename(s->at.dir, s->fresh, s->at.dir, s->temp, err))
            return err_prefix(err, "beside %s", s->at.path);
    }
    return true;
}

bool txn_remove_litter(int dir, const char *name, struct err *err)
{
    return file_unlink(dir, name, err) || errno == EISDIR;
}

bool txn_discard_temps(struct txn *txn)
{
    struct err ignored;
    bool gone = true;
    for (size_t i = 0; i < txn->n_swap; i++)
        if (!txn_remove_litter(txn->swap[i].at.dir, txn->swap[i].fresh, &ignored) ||
            !txn_remove_litter(txn->swap[i].at.dir, txn->swap[i].temp, &ignored)) {
            warn("%s beside %s is left over; mailfix recover removes it", txn->swap[i].temp,
                 txn->swap[i].at.path);
            gone = false;
        }
    return gone;
}

/* Names in txn/ of what is no record: the one to be, and where its indexes are built. */
struct making {
    const char *name, *build;
    int dir; /* of the latter */
    struct built *built;
    size_t n_built, n_index;
};

static bool build_indexes(struct store *store, const struct plan *plan, struct making *making,
                          struct err *err)
{
    making->n_index = store->root->live ? plan->n_index : 0;
    return making->n_index == 0 ||
           (file_private_dir(store->txn, making->build, &making->dir, err) &&
            maps_build(store->root, making->dir, arena_printf(STORE "/txn/%s", making->build), plan,
                       &making->built, &making->n_built, err));
}

static bool discard_indexes(struct store *store, struct making *making, struct err *err)
{
    bool ok = maps_discard(making->dir, making->built, making->n_built, making->n_index, err);
    if (making->dir >= 0)
        close(making->dir);
    making->n_built = 0;
    making->dir = -1;
    return ok && file_remove_dir(store->txn, making->build, err);
}

/* Takes back what was begun: what is left of it then is no record. While something of it is beside a file it
 * stays one, because only a record leads recover there. */
static void discard(struct txn *txn, struct making *making, bool begun)
{
    const char *name = making->name;
    struct err err;
    bool ok = true;
    making->n_index = 0; /* their directories go with the one that they are in */
    bool unbuilt = discard_indexes(txn->store, making, &err);
    bool gone = txn_discard_temps(txn);
    gone &= txn_unlock_edit(txn);
    bool stays = begun && !gone;
    /* While the record is one, a crash leads to it. */
    if (begun && !stays)
        ok = txn_sync_dirs(txn, &err) &&
             file_rename(txn->store->txn, txn->record.id, txn->store->txn, name, &err) &&
             file_sync_dir(txn->store->txn, &err);
    txn_close(txn);
    base_touched = stays || !ok;
    if (stays) /* as was said */
        return;
    if (!ok || !unbuilt || !file_remove_dir(txn->store->txn, name, &err))
        warn("%s in the record directory is left over: %s", name, err.text);
}

bool txn_begin(struct store *store, const struct plan *plan, const struct service_state *service,
               size_t n_service, struct txn *ret_txn, struct err *err)
{
    struct txn txn = {.store = store, .dir = -1, .before = -1, .taken = -1};
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
    struct making making = {.name = arena_printf(RECORD_NEW "%04u", record->number),
                            .build = arena_printf(RECORD_NEW "%04u-index", record->number),
                            .dir = -1};
    bool ok =
        file_private_dir(store->txn, making.name, &txn.dir, err) && build_indexes(store, plan, &making, err);
    for (size_t i = 0; i < making.n_built; i++)
        record->target =
            arena_append(record->target, &record->n_target, sizeof(struct target), &making.built[i].target);
    for (size_t i = 0; i < plan->n_change; i++)
        add_target(record, &plan->change[i]);
    ok = ok && txn_open_swaps(&txn, err);
    for (size_t i = 0; ok && i < plan->n_change; i++)
        if (plan->change[i].doc->settled)
            txn.swap[making.n_built + i].read = &plan->change[i].doc->identity;
    for (size_t i = 0; ok && i < txn.n_swap; i++)
        ok = txn.swap[i].before[0] == '\0' || file_check_replaceable(&txn.swap[i].at, err);
    ok = ok && write_record(&txn, err);
    /* From here a crash means: put back. Nothing is put beside the files before, so that whoever comes next
     * knows where to look for it. */
    bool begun = ok && file_rename(store->txn, making.name, store->txn, record->id, err);
    base_touched = begun;
    ok = begun && file_sync_dir(store->txn, err) && txn_lock_edit(&txn, err) &&
         stage_after(&txn, plan, making.built, making.n_built, err) && discard_indexes(store, &making, err);
    if (!ok) {
        discard(&txn, &making, begun);
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
    if (!file_place(s->at.dir, s->temp, s->at.name, err))
        return false;
    *ret_other = true;
    return err_set(err, "%s was changed by somebody else while mailfix worked", s->at.path);
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
    if (s->read != NULL && file_is(s->at.dir, s->temp, s->read))
        return true;
    if (!file_digest(s->at.dir, s->temp, displaced, err))
        return false;
    if (strcmp(displaced, from) == 0)
        return true;
    char ours[DIGEST_HEX + 1];
    if (!file_digest(s->at.dir, s->at.name, ours, err) ||
        !file_exchange(s->at.dir, s->temp, s->aside, s->at.name, ours, err))
        return false;
    *ret_other = true;
    return err_set(err, "%s was changed by somebody else while mailfix worked", s->at.path);
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

/* A displaced file that had to be copied stays beside its target until the record says "kept": to bring it
 * back to a disk that is full by then takes no room. */
bool txn_keep(struct txn *txn, struct err *err)
{
    bool copied = false;
    for (size_t i = 0; i < txn->n_swap; i++) {
        const struct swap *s = &txn->swap[i];
        bool stays = false;
        if (s->before[0] != '\0' && !s->in_use &&
            !file_move_or_copy(s->at.dir, s->temp, txn->before, s->slot, s->slot, &stays, err))
            return false;
        copied |= stays;
    }
    if (!txn_sync_dirs(txn, err))
        return false;
    txn->may_say_kept = true;
    if (!txn_write_state(txn, TXN_KEPT, err))
        return false;
    /* What is not gone for sure keeps the mark, so that the next boot finds it. */
    struct err ignored;
    if (!copied || (txn_discard_temps(txn) && txn_sync_dirs(txn, &ignored)))
        record_unmark(txn->store, txn->record.id);
    return true;
}

static void say_written_since(const struct txn *txn)
{
    char digest[DIGEST_HEX + 1];
    struct err ignored;
    for (size_t i = 0; txn->taken >= 0 && i < txn->n_swap; i++)
        if (file_digest(txn->taken, txn->swap[i].slot, digest, &ignored) && digest[0] != '\0' &&
            strcmp(digest, txn->swap[i].after) != 0)
            warn(RECORD_WRITTEN_SINCE, txn->swap[i].at.path, txn->store->root->path, txn->record.id, i);
}

bool txn_finish(struct txn *txn, enum txn_state state, struct err *err)
{
    txn_unlock_edit(txn);
    say_written_since(txn);
    if (!txn_write_state(txn, state, err))
        return false;
    txn->record.state = state;
    record_unmark(txn->store, txn->record.id);
    return true;
}
