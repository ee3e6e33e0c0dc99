/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which indexes go with a plan: of tables whose text, name or type it changes, and those that a fix names.
 */
#pragma once

#include "place.h"

/* The indexed tables among the rows of a place (after rebuild PLACE). */
bool plan_rebuild(struct context *ctx, const struct place *place, struct plan *plan,
                  struct err *err) MUST_CHECK;

/* The indexes that nobody needs to name: of each text table of the planned configuration that the one on disk
 * does not have so, or whose text the plan changes. ctx sees the planned documents. */
bool plan_indexes(struct context *ctx, struct docs *disk, struct plan *plan, struct err *err) MUST_CHECK;
