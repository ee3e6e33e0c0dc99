/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The values of a fix's parameters.
 */
#pragma once

#include "cond.h"

/* Binds every parameter of ctx->fix: from assignments (KEY=VALUE), else by its defaults; ret_used gets them
 * as KEY=VALUE. False with outcome USAGE for a wrong or missing value, NOT_APPLICABLE when a fact decides
 * that nobody knows. */
bool params_bind(struct context *ctx, const struct strings *assignments, struct strings *ret_used,
                 struct err *err) MUST_CHECK;
