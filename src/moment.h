/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A moment as an administrator says it.
 */
#pragma once

#include "base.h"

/* As systemd.time(7) has it: "10 minutes ago", "2h 30min ago", "-1h", "today", "yesterday", "now",
 * "2025-09-30", "2025-09-30 16:43", "2025-09-30 07:43:29 UTC", "16:43", "@1759250609"; RFC 3339:
 * "2025-09-30T16:43:29+09:00"; or a daemon: when it last read its configuration; "postfix.service" is one,
 * too. Times without a zone are the host's. Months and years are those of systemd, 30.44 and 365.25 days. */
bool moment_read(const char *text, time_t now, time_t *ret_time, struct err *err) MUST_CHECK;
