/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From a plan to the disk, all or nothing, and back.
 *
 * The protocol, for one transaction:
 *
 *   1. txn_begin     .new-NNNN/ with plan.json, state "applying", the mark for boot, placeholders for the
 *                    before-texts; it becomes NNNN-FIX, synced. From here a crash means: put back. Postfix's
 *                    edit lock; beside each target a temporary .NAME.mailfix with the after-text and all
 *                    metadata, synced; until it is whole it is .NAME.mailfix-new, which means nothing.
 *   2. txn_swap      exchanges each target with its temporary and looks at what came out: not what was read
 *                    (by its digest; a large text is that by its inode, size and time of last change, if the
 *                    latter was a while before it was read)? Then everything goes back. The displaced inode
 *                    under the temporary name is the before-text.
 *   3. the caller    acts on services and probes.
 *   4. txn_keep      the displaced files move into the record; the targets' directories are synced, and with
 *                    that the swap and the moves; state "kept", synced: the commit point. To a record on
 *                    another file system they are copied, and go from beside the targets after that.
 *      txn_put_back  exchanges back what still is what we wrote; state "undone".
 *
 * Rollback of a kept record: txn_rollback_prepare writes what shall come back (back.json, and texts that are
 * not those from before), txn_rollback_begin stages it, state "undoing" (from here a crash means: go on, to
 * the same texts), txn_rollback_swap, services, txn_finish "undone". T is what comes back and X neither that
 * nor what we wrote: somebody else's text came out of the exchange, and goes back.
 *
 * What whoever comes next finds, and what it means, by the digests of target T and temporary X:
 *
 *   T before, X absent      not begun, or already back
 *   T before, X after       not swapped, or back: X goes
 *   T before, X other       back, and somebody wrote into what came out: X moves into taken/
 *   T after,  X anything    swapped: exchange (X absent: X, or a copy of an index, is in the record's
 *                           before/, and returns from there first)
 *   T other,  X after       somebody changed T before the swap, or it was swapped back: X goes, T stays
 *   T other,  X other       somebody changed T after the swap: stuck; X moves into the record (of an index
 *                           X is gone by then)
 *
 * What the way back takes out of a place stays in the record (taken/), where it can: somebody who opened it
 * before may write into it after the last look at it. If so by then, txn_finish says it; later, the check of
 * the store does.
 *
 * A file that is created has no "before": its temporary takes the name, if nobody else has it by then, and
 * the way back takes the name away to the temporary again, looks at what came, and puts it into taken/:
 *
 *   T absent, X absent, X after   not begun, or already back: X goes
 *   T after,  X anything    created: it goes
 *   T absent, X other       it was taken away and is not what we wrote: it gets its name back; stuck
 *   T other,  X after       somebody made T before we did: X goes, T stays
 *   T other,  X absent      somebody changed T since: stuck
 *
 * A power cut may lose what was not synced; what this relies on is that a rename is lost or made as a whole,
 * in both directories, as on every file system with a journal. Syncs of a change of N files in one directory:
 * N texts, plan.json, the record's directory, txn, the files' directory, the state; two more for the first
 * record of a host. Of a rollback: N texts, back.json, the record's directory, the state, the files'
 * directory, the state.
 *
 * Swap, put back and the file part of recovery allocate nothing: all names and descriptors are made before.
 */
#pragma once

#include "record.h"

struct swap {
    struct at at;
    char temp[300], aside[300], fresh[300];
    char slot[24];               /* name in before/ */
    const char *before, *after;  /* digests: what the way back leads to, and what it finds; "": no file */
    bool edited_by_postconf;     /* so that its lock is ours too */
    bool in_use;                 /* an index: see txn_swap */
    const struct identity *read; /* a large text as it was read, whose changes show in it; NULL: none */
    int edit_lock;
};

struct txn {
    struct store *store;
    struct record record;
    int dir, before;   /* the record's directories */
    int taken;         /* one more; -1: it could not be made */
    bool may_say_kept; /* writing "kept" failed half-way: the file may say so */
    struct swap *swap;
    size_t n_swap;
};

/* Whose change this is, for the record: SUDO_USER, else the login of the user. */
const char *txn_who(void);

/* Step 1. services: the states to come back to. On failure nothing but what the error names has changed. */
bool txn_begin(struct store *store, const struct plan *plan, const struct service_state *service,
               size_t n_service, struct txn *ret_txn, struct err *err) MUST_CHECK;

/* Step 2. A daemon that has an index open sees that there is a new one when the old file has no name left: so
 * it is copied into the record before, and goes at once. False: some target could not be swapped or was not
 * what was read; the caller puts back. */
bool txn_swap(struct txn *txn, struct err *err) MUST_CHECK;

/* Lets go of Postfix's edit lock (unlinks main.cf.tmp); taken again by whatever needs it. False: one is left
 * over, which was said. */
bool txn_unlock_edit(struct txn *txn);

bool txn_keep(struct txn *txn, struct err *err) MUST_CHECK;

/* Brings all targets back. *ret_stuck names those that were changed by somebody else since and were left
 * alone (paths); then the before-text of each is in the record. Does not write the state: txn_finish does,
 * after the services. */
bool txn_put_back(struct txn *txn, const struct swap **ret_stuck, struct err *err) MUST_CHECK;
bool txn_finish(struct txn *txn, enum txn_state state, struct err *err) MUST_CHECK;

/* A record found on disk, its targets resolved again and its edit locks taken. */
bool txn_open(struct store *store, const struct record *record, struct txn *ret_txn,
              struct err *err) MUST_CHECK;
void txn_close(struct txn *txn);

/* A text that comes back. */
struct txn_text {
    const char *text;
    size_t len;
    const struct change *large; /* instead: what it makes of the file, at its places there */
};

/* Writes into a kept record how it shall be rolled back: back, the texts (one for each target) that are not
 * in before/, and a copy of each target that was edited. Nothing else is changed; what an earlier try left of
 * it is replaced. */
bool txn_rollback_prepare(struct txn *txn, struct back *back, const struct txn_text *text,
                          struct err *err) MUST_CHECK;

/* Stages what comes back and marks the record "undoing"; also when it is so marked already (a crash). Before
 * that a target that is not what the rollback was prepared for is refused, and nothing is changed. */
bool txn_rollback_begin(struct txn *txn, struct err *err) MUST_CHECK;
/* Exchanges them in. *ret_stuck as above. */
bool txn_rollback_swap(struct txn *txn, const struct swap **ret_stuck, struct err *err) MUST_CHECK;

/* Removes what a crash left before anything was changed: .new-* records. *ret_n: how many. */
bool txn_sweep(struct store *store, size_t *ret_n, struct err *err) MUST_CHECK;

/* Whether something of ours lies beside a target: of an unfinished transaction, or what a crash left. */
bool txn_is_litter(const struct root *root, const struct target *target);

/* Removes temporaries and edit locks beside the targets of finished records: a crash may leave them while a
 * rollback is prepared, a failing disk at any time. What a living editor has locked stays. */
bool txn_tidy(struct store *store, const struct record *record, size_t n, size_t *ret_n,
              struct err *err) MUST_CHECK;
