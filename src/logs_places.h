/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where the mail log of the running host is.
 */
#pragma once

#include "logs_settings.h"

struct logs_places {
    struct strings files;   /* each behind its older rotations */
    struct strings dovecot; /* those of them that are read for Dovecot's lines: the rest is elsewhere, too */
    bool journal;           /* and the entries of these facilities in it: numbers, "2" */
    struct strings facilities;
    struct strings streams; /* logs that cannot be read again: "/dev/stdout" without the journal */
};

/* Where the logs are that the daemons are told to write. Rotations that were last written before since are
 * left out. What goes to syslog is in the journal where systemd is PID 1 and the journal has entries; else
 * where syslogd was told to write it. */
struct logs_places logs_places(const struct log_settings *settings, time_t since);

/* The file that a line of rsyslog.conf or syslog.conf gives to a facility ("mail"); NULL: none. */
const char *logs_place_of(const char *line, const char *facility);
