/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Asking a person for a parameter, and reading a secret from a file.
 */
#pragma once

#include "plan.h"

/* Shows the question and what is offered on the terminal and reads one line; a secret is not echoed. NULL: no
 * terminal, or no answer. An answer is asked for once in a run: the same plan may be made twice. again is the
 * number of answers that were wrong before. */
const char *ask_person(struct context *ctx, const struct param *param, const struct strings *offered,
                       int again);

/* The one line that a file holds; NULL, USAGE, when it cannot be read or holds more than that. */
const char *ask_secret(const char *path, struct err *err);
