/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The values of a fix's parameters.
 */
#pragma once

#include "cond.h"

#define PARAMS_HIDDEN "***" /* stands for a secret wherever parameters are shown or recorded */

/* Binds every parameter of ctx->fix: from assignments (KEY=VALUE; a secret KEY=@FILE), else by its default
 * and from lines, else by ctx->outside->ask; ret_used gets them as KEY=VALUE, a secret as ***. False with
 * outcome USAGE for a wrong or missing value (ctx->lacking has the missing ones), NOT_APPLICABLE when a fact
 * decides that nobody knows. */
bool params_bind(struct context *ctx, const struct strings *assignments, struct strings *ret_used,
                 struct err *err) MUST_CHECK;

/* The secrets among the bound parameters: what is not to be shown of a text that they were put into. */
struct strings params_secrets(const struct context *ctx);
