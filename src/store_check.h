/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A look at the whole store: whether a rollback will find what it needs, and nobody else can read it.
 */
#pragma once

#include "record.h"

/* Adds a sentence for each thing that is not as it must be: what is not private, what was left by a run that
 * was cut off, names that are not ours, texts from before that are not what the record says, changes that do
 * not lead from the one text to the other. record: all that could be read. Changes nothing and takes no
 * lock. */
void store_check(const struct store *store, const struct record *record, size_t n,
                 struct strings *ret_problems);
