/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The `after` stanzas of a fix become actions of a plan.
 */
#pragma once

#include "context.h"

/* Adds the actions, flushes and rebuilds of ctx->fix that are due. What only a running host can tell is left
 * to do; an unknown fact refuses (NOT_APPLICABLE). */
bool plan_actions(struct context *ctx, struct plan *plan, struct err *err) MUST_CHECK;
/* Whether the plan stops the daemon: its queue is tried before that, those of others after the proof. */
bool plan_stops(const struct plan *plan, const char *daemon);
/* Adds what makes daemons read the tables that the plan changes, where they do not see it themselves. */
void plan_renew_readers(struct plan *plan);
