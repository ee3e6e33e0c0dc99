/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The way back after the files: services act again and return to their recorded states, what daemons created
 * goes. And finishing what a crash left, for whoever comes next.
 */
#pragma once

#include "txn.h"

/* After the files of a transaction are back: renews the daemons that it had renewed, brings each to its
 * recorded state (trying again for half a minute), and removes its by-products. Sentences of what did not
 * come back are added to problems, each with the command that does it by hand. */
void undo_services(const struct store *store, const struct record *record, struct strings *problems);

/* Says which file was left alone, why, and where its text from before is. */
const char *undo_stuck_sentence(const struct store *store, const struct txn *txn, const struct swap *stuck);

/* Says, on standard output, where the edited copies are that a rollback by force put aside (record->back). */
void undo_say_put_aside(const struct store *store, const struct record *record);

/* What a crash had left: transactions that were half-way, and preparations of runs that had changed nothing.
 */
struct finished {
    size_t transactions, leftovers;
};

/* Finishes every unfinished record: "applying" is put back, "undoing" goes on. Says what it does. False with
 * NEEDS_PERSON when one is stuck; it does not stand in the way of the next run. */
bool undo_finish(struct store *store, struct finished *ret, struct err *err) MUST_CHECK;
/* The same; *ret_n: how many of both. */
bool undo_unfinished(struct store *store, size_t *ret_n, struct err *err) MUST_CHECK;
/* The same at boot, before the mail services: brings back files, indexes and what starts at boot, and starts
 * nothing. */
bool undo_at_boot(struct store *store, size_t *ret_n, struct err *err) MUST_CHECK;
