/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where the daemons of the running host are told to write their log.
 */
#pragma once

#include "doc.h"

struct log_settings {
    const char *maillog_file;   /* of Postfix; "": it logs to syslog */
    const char *rotate_suffix;  /* what Postfix puts behind the name of an old one, for strftime(3) */
    const char *dovecot_errors; /* its log_path, a file or /dev/stderr; "": it logs to syslog */
    struct strings dovecot;     /* the files that Dovecot writes, and /dev/stdout, /dev/stderr */
    struct strings facilities;  /* of syslog, by name, each once: "mail", and what else one of them is told */
};

/* What main.cf and Dovecot's configuration say; what they do not say is the default. Where they cannot be
 * read, too, or are not there. Fills ret_settings. */
void log_settings(struct docs *docs, struct log_settings *ret_settings);
