/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the steps of fixes came to, as changes of files.
 */
#pragma once

#include "edit.h"

/* Adds a change for each draft whose text is another one now, in the order in which they are swapped, and a
 * notice for lines of a table that are no entries. docs: with the planned texts. */
bool plan_changes(const struct drafts *drafts, const struct docs *docs, struct plan *plan,
                  struct strings *notices, struct err *err) MUST_CHECK;
