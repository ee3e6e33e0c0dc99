/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where the mail log of the running host is.
 */
#pragma once

#include "base.h"

struct logs_places {
    struct strings files; /* each behind its older rotations */
    bool journal;
};

/* maillog_file: the value of that Postfix parameter, "" when it is not set. Rotations that were last written
 * before since are left out. The journal counts where systemd is PID 1; else what syslogd was told to write.
 */
struct logs_places logs_places(const char *maillog_file, time_t since);

/* The files that a line of rsyslog.conf or syslog.conf gives to facility mail; NULL: none. */
const char *logs_place_of(const char *line);
