/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What maillog.c and maillog_read.c share. Nobody else includes this.
 */
#pragma once

#include "maillog.h"

/* Whether a line, of whatever program, begins with a time. */
bool maillog_is_dated(const char *raw);

/* "Oct  2 06:01:07 mx last message repeated 3 times" of the old syslogds: 3; 0: it is another line. */
unsigned maillog_last_repeated(const char *raw);
