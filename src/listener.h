/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Who listens on a TCP port of this machine, by /proc: socket, process, program.
 */
#pragma once

#include "base.h"

/* The programs (as /proc/PID/comm names them) that listen on the port in this network namespace, each once:
 * a daemon and those that inherit its socket. None: nobody, or it cannot be told. */
struct strings listener_programs(int port);

/* Which daemon of service.c's list they are; NULL: none of it. */
const char *listener_daemon(const struct strings *programs);

/* Both together: the daemon that owns the port, a number in digits; NULL: nobody, or none of the list. */
const char *listener_owner(const char *port);

/* Whether the port, a number in digits, is owned by one of the daemons; "nobody" among them: nobody listens
 * there. What else listens is none of them. *ret_why says who it is. */
enum verdict listener_is(const char *port, const struct strings *daemons, const char **ret_why);

/* The inodes of the sockets that listen on the port, in a text of the form of /proc/net/tcp or tcp6. */
struct strings listener_inodes(const char *text, int port);
