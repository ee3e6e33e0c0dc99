/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A moment as an administrator says it.
 */
#pragma once

#include "base.h"

/* "10 minutes ago", "today", "yesterday", "2025-09-30", "2025-09-30 16:43", "2025-09-30T16:43:29+09:00", or a
 * daemon: when it last read its configuration. Times without a zone are the host's. */
bool moment_read(const char *text, time_t now, time_t *ret_time, struct err *err) MUST_CHECK;
