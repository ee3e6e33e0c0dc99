/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The way back: putting back what was not kept, rolling back what was, and cleaning up after a crash; see
 * txn.h for the table of what a crash can leave. The second half of txn.c.
 *
 * Limits: a file that somebody else changed since the swap is left as it is; its text from before stays in
 * the record.
 */
#include "txn_private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* For putting back: postconf holds its lock for milliseconds, so it is worth waiting for; but putting back
 * does not depend on it, because each exchange looks at what it displaced. */
static void lock_edits_soon(struct txn *txn)
{
    struct err ignored;
    for (int tries = 0; tries < 50 && !txn_lock_edit(txn, &ignored); tries++) {
        struct timespec pause = {.tv_nsec = 100000000};
        nanosleep(&pause, NULL);
    }
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

/* What came out of its place goes to taken/, because somebody may have it open and write into it yet; an
 * index has to lose its name (txn_swap). */
static bool put_away(const struct txn *txn, const struct swap *s, struct err *err)
{
    struct err ignored;
    return (!s->in_use && txn->taken >= 0 &&
            file_rename(s->at.dir, s->temp, txn->taken, s->slot, &ignored)) ||
           file_unlink(s->at.dir, s->temp, err);
}

/* Both ways back end here for a file that was not there before; nothing of it is staged. */
static bool remove_created(const struct txn *txn, const struct swap *s, bool *ret_stuck, struct err *err)
{
    char target[DIGEST_HEX + 1], temp[DIGEST_HEX + 1];
    bool other = false;
    *ret_stuck = false;
    if (!file_digest(s->at.dir, s->at.name, target, err) || !file_digest(s->at.dir, s->temp, temp, err))
        return false;
    if (temp[0] != '\0' && strcmp(temp, s->after) != 0) {
        /* A crash came between taking it away and seeing that it is somebody else's. */
        *ret_stuck = true;
        return target[0] == '\0' ? file_place(s->at.dir, s->temp, s->at.name, err)
                                 : file_move(s->at.dir, s->temp, txn->before, s->slot, err);
    }
    if (!txn_remove_litter(s->at.dir, s->temp, err))
        return false;
    if (target[0] == '\0')
        return true; /* somebody took it away already */
    if (strcmp(target, s->after) == 0) {
        if (!txn_swap_one(s, s->after, "", &other, err) && !other)
            return false;
        *ret_stuck = other;
        return other || put_away(txn, s, err);
    }
    *ret_stuck = temp[0] == '\0';
    return true;
}

static bool put_back_one(struct txn *txn, const struct swap *s, bool *ret_stuck, struct err *err)
{
    char target[DIGEST_HEX + 1], temp[DIGEST_HEX + 1];
    bool other;
    *ret_stuck = false;
    if (!txn_remove_litter(s->at.dir, s->fresh, err))
        return false;
    if (s->before[0] == '\0')
        return remove_created(txn, s, ret_stuck, err);
    if (!finish_exchange(s, err) || !file_digest(s->at.dir, s->at.name, target, err) ||
        !file_digest(s->at.dir, s->temp, temp, err))
        return false;
    if (strcmp(target, s->after) == 0) {
        if (temp[0] == '\0' && (!check_slot(txn, s, err) ||
                                !file_move_whole(txn->before, s->slot, s->at.dir, s->fresh, s->temp, err)))
            return false;
        if (!txn_swap_one(s, s->after, s->before, &other, err) && !other)
            return false;
        if (!other)
            return put_away(txn, s, err);
    } else if (s->in_use && temp[0] == '\0' && strcmp(target, s->before) != 0) {
        *ret_stuck = true; /* what was there before is in the record */
        return true;
    } else if (temp[0] == '\0' || strcmp(temp, s->after) == 0) {
        return txn_remove_litter(s->at.dir, s->temp, err);
    } else if (strcmp(target, s->before) == 0) {
        return put_away(txn, s, err); /* it is back, and somebody wrote into what came out */
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
    if (txn->may_say_kept && !txn_write_state(txn, TXN_APPLYING, err))
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
    if (!txn_sync_dirs(txn, &sync) && ok) {
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
    if (!txn_write_state(txn, TXN_KEPT, &again))
        return err_outcome(
            err, NEEDS_PERSON,
            "the record %s can be written no more (%s); the files are as they were. Run mailfix recover",
            txn->record.id, again.text);
    txn_discard_temps(txn);
    record_unmark(txn->store, txn->record.id);
    return false;
}

/* The edited copy that a rollback by force takes away stays in the record. */
static bool put_aside(const struct txn *txn, const struct swap *s, struct err *err)
{
    int edited;
    if (!file_private_dir(txn->dir, "edited", &edited, err))
        return false;
    bool ok = file_copy(s->at.dir, s->at.name, edited, s->slot, err) && file_sync_dir(edited, err);
    close(edited);
    return ok;
}

/* The text that comes back to one target, unless before/ has it. */
static bool write_back_text(const struct txn *txn, const struct swap *s, const struct txn_text *text,
                            struct err *err)
{
    char digest[DIGEST_HEX + 1];
    struct timespec mtime;
    int back;
    if (strcmp(s->after, s->before) == 0 || s->before[0] == '\0')
        return true;
    if (!file_digest(txn->before, s->slot, digest, err))
        return false;
    if (strcmp(digest, s->before) == 0)
        return true;
    if (!file_private_dir(txn->dir, "back", &back, err))
        return false;
    clock_gettime(CLOCK_REALTIME, &mtime);
    mtime.tv_sec -= TXN_COOL_SECONDS;
    bool ok;
    if (text->large != NULL) {
        const struct file_edit edit = {s->at.dir, s->at.name, &text->large->doc->identity,
                                       text->large->in_file, text->large->n_hunk};
        ok = file_edit_stage(&edit, back, s->slot, &mtime, err);
    } else {
        ok = file_stage(back, s->slot, text->text, text->len, s->at.dir, s->at.name, &mtime, err);
    }
    ok = ok && file_sync_dir(back, err);
    close(back);
    return ok;
}

static bool write_rebased(const struct txn *txn, const struct back *back, struct err *err)
{
    int dir;
    if (back->n_later == 0)
        return true;
    if (!file_private_dir(txn->dir, "rebased", &dir, err))
        return false;
    bool ok = true;
    for (size_t i = 0; ok && i < back->n_later; i++)
        ok = back->later[i].text == NULL ||
             file_write_new(dir, arena_printf("%zu", i), back->later[i].text, back->later[i].len, err);
    ok = ok && file_sync_dir(dir, err);
    close(dir);
    return ok;
}

bool txn_rollback_prepare(struct txn *txn, struct back *back, const struct txn_text *text, struct err *err)
{
    size_t len;
    const char *json = record_format_back(back, &len);
    if (json == NULL)
        return err_set(err, "there is not enough memory to write the record");
    if (len > RECORD_LIMIT)
        return err_set(
            err, "the record of this rollback would have %zu bytes, and mailfix reads records of at most %zu",
            len, RECORD_LIMIT);
    txn->record.back = back;
    txn_use_back(txn);
    bool ok = file_unlink(txn->dir, "back.json", err) && file_remove_dir(txn->dir, "back", err) &&
              file_remove_dir(txn->dir, "edited", err) && file_remove_dir(txn->dir, "rebased", err) &&
              write_rebased(txn, back, err);
    for (size_t i = 0; ok && i < txn->n_swap; i++)
        ok = (!back->target[i].edited || put_aside(txn, &txn->swap[i], err)) &&
             write_back_text(txn, &txn->swap[i], &text[i], err);
    ok = ok && file_write_new(txn->dir, "back.json", json, len, err) &&
         file_unlink(txn->dir, RECORD_MARK, err) && file_reserve(txn->dir, RECORD_MARK, "", 0, err) &&
         file_sync_dir(txn->dir, err);
    if (ok)
        return true;
    record_unmark(txn->store, txn->record.id);
    return err_prefix(err, "in the record %s", txn->record.id);
}

/* Copies what comes back beside its target: from before/ or, when another text does, from back/. */
static bool stage_one(const struct txn *txn, const struct swap *s, struct err *err)
{
    char digest[DIGEST_HEX + 1];
    struct err why;
    int back;
    if (check_slot(txn, s, &why))
        return file_copy(txn->before, s->slot, s->at.dir, s->temp, err);
    if (!file_private_dir(txn->dir, "back", &back, err))
        return false;
    bool ok = file_digest(back, s->slot, digest, err);
    if (ok)
        ok = strcmp(digest, s->before) == 0 ? file_copy(back, s->slot, s->at.dir, s->temp, err)
                                            : err_outcome(err, NEEDS_PERSON, "%s", why.text);
    close(back);
    return ok;
}

/* A run that was cut off, or whose disk failed, between exchanging the texts and seeing that the one that
 * came out is somebody else's. */
static bool bring_theirs_back(const struct swap *s, const char *target, struct err *err)
{
    char temp[DIGEST_HEX + 1];
    if (strcmp(target, s->before) != 0 || strcmp(s->after, s->before) == 0)
        return true;
    if (!file_digest(s->at.dir, s->temp, temp, err))
        return false;
    if (temp[0] == '\0' || strcmp(temp, s->after) == 0 || strcmp(temp, s->before) == 0)
        return true;
    return file_exchange(s->at.dir, s->temp, s->aside, s->at.name, target, err);
}

static bool stage_before(struct txn *txn, struct err *err)
{
    for (size_t i = 0; i < txn->n_swap; i++) {
        const struct swap *s = &txn->swap[i];
        char target[DIGEST_HEX + 1];
        if (s->before[0] == '\0')
            continue;
        if (!finish_exchange(s, err) || !file_digest(s->at.dir, s->at.name, target, err) ||
            !bring_theirs_back(s, target, err) || !file_unlink(s->at.dir, s->temp, err))
            return false;
        if (strcmp(target, s->after) == 0 && strcmp(s->after, s->before) != 0 && !stage_one(txn, s, err))
            return err_prefix(err, "beside %s", s->at.path);
    }
    return true;
}

/* Somebody may have been faster than the locks: then nothing is begun. */
static bool is_as_planned(const struct txn *txn, struct err *err)
{
    for (size_t i = 0; i < txn->n_swap; i++) {
        const struct swap *s = &txn->swap[i];
        char found[DIGEST_HEX + 1];
        if (!file_digest(s->at.dir, s->at.name, found, err))
            return false;
        if (strcmp(found, s->after) != 0)
            return err_set(err, "%s was changed by somebody else while mailfix worked", s->at.path);
    }
    return true;
}

bool txn_rollback_begin(struct txn *txn, struct err *err)
{
    bool resumed = txn->record.state == TXN_UNDOING;
    if ((!resumed && !is_as_planned(txn, err)) || !stage_before(txn, err)) {
        txn_discard_temps(txn);
        if (!resumed)
            record_unmark(txn->store, txn->record.id);
        return false;
    }
    /* A run that was killed may have written the state and not synced it. */
    if (resumed)
        return txn_write_state(txn, TXN_UNDOING, err);
    base_touched = true;
    if (!txn_write_state(txn, TXN_UNDOING, err))
        return begin_failed(txn, err);
    txn->record.state = TXN_UNDOING;
    return true;
}

static bool roll_back_one(const struct txn *txn, const struct swap *s, bool *ret_stuck, struct err *err)
{
    char target[DIGEST_HEX + 1];
    bool other;
    *ret_stuck = false;
    if (s->before[0] == '\0')
        return remove_created(txn, s, ret_stuck, err);
    if (!file_digest(s->at.dir, s->at.name, target, err))
        return false;
    if (strcmp(target, s->after) == 0 && strcmp(s->after, s->before) != 0) {
        if (!txn_swap_one(s, s->after, s->before, &other, err) && !other)
            return false;
        if (!other)
            return put_away(txn, s, err);
        *ret_stuck = true;
    } else {
        *ret_stuck = strcmp(target, s->before) != 0;
    }
    return file_unlink(s->at.dir, s->temp, err);
}

bool txn_rollback_swap(struct txn *txn, const struct swap **ret_stuck, struct err *err)
{
    *ret_stuck = NULL;
    for (size_t i = txn->n_swap; i > 0; i--) {
        bool stuck;
        if (!roll_back_one(txn, &txn->swap[i - 1], &stuck, err))
            return false;
        if (stuck)
            *ret_stuck = &txn->swap[i - 1];
    }
    return txn_sync_dirs(txn, err);
}

/* ---- what a crash left before anything was changed ---- */

/* Whether a way cannot be gone because there is none, or none that is trusted; a disk that fails is another
 * thing. */
static bool leads_nowhere(const struct err *why)
{
    return why->number == 0 || why->number == ENOENT;
}

/* Nothing of what is no record yet, or no more, is beside a file. */
bool txn_sweep(struct store *store, size_t *ret_n, struct err *err)
{
    struct strings names;
    *ret_n = 0;
    if (!file_list(store->root, STORE "/txn", true, &names, err))
        return false;
    for (size_t i = 0; i < names.n; i++) {
        if (!starts_with(names.item[i], RECORD_NEW))
            continue;
        if (!file_remove_dir(store->txn, names.item[i], err))
            return false;
        *ret_n += 1;
    }
    return true;
}

static bool is_litter_there(const struct swap *s)
{
    char edit[sizeof(s->at.name) + 8];
    snprintf(edit, sizeof(edit), FILE_EDIT_FORMAT, s->at.name);
    return file_is_regular(s->at.dir, s->temp) || file_is_regular(s->at.dir, s->aside) ||
           file_is_regular(s->at.dir, s->fresh) || (s->edited_by_postconf && file_is_there(s->at.dir, edit));
}

bool txn_is_litter(const struct root *root, const struct target *target)
{
    struct swap s;
    struct err ignored;
    if (!txn_open_swap(root, target, 0, &s, &ignored))
        return false;
    bool there = is_litter_there(&s);
    close(s.at.dir);
    return there;
}

static bool tidy_target(const struct root *root, const struct target *target, bool marked, size_t *ret_n,
                        struct err *err)
{
    struct swap s;
    /* Nothing of ours can be where no way leads. */
    if (!txn_open_swap(root, target, 0, &s, err))
        return leads_nowhere(err);
    bool ok = true;
    bool litter = is_litter_there(&s);
    if (litter && s.edited_by_postconf && !file_edit_lock(&s.at, &s.edit_lock, err)) {
        /* In use, or a directory or a link, which is somebody else's, too. */
        ok = err->outcome == BUSY || errno == EISDIR || errno == ELOOP;
    } else if (litter) {
        ok = txn_remove_litter(s.at.dir, s.temp, err) && txn_remove_litter(s.at.dir, s.aside, err) &&
             txn_remove_litter(s.at.dir, s.fresh, err);
        if (!file_edit_unlock(s.at.dir, s.at.name, &s.edit_lock) && ok)
            ok = err_set(err, "%s still has Postfix's edit lock beside it", s.at.path);
        *ret_n += ok;
    }
    /* What the run that was cut off had removed itself may not be gone for good either. */
    if (ok && (litter || marked))
        ok = file_sync_dir(s.at.dir, err);
    close(s.at.dir);
    return ok;
}

bool txn_tidy(struct store *store, const struct record *record, size_t n, size_t *ret_n, struct err *err)
{
    struct strings seen = {0};
    *ret_n = 0;
    for (size_t i = 0; i < n; i++) {
        bool marked = record_is_marked(store, record[i].id);
        for (size_t k = 0; k < record[i].n_target; k++) {
            const struct target *target = &record[i].target[k];
            if (strings_have(&seen, target->path) && !marked)
                continue;
            strings_add(&seen, target->path);
            if (!tidy_target(store->root, target, marked, ret_n, err))
                return false;
        }
    }
    return true;
}
