/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Who listens on a TCP port of this machine, by /proc: socket, process, program.
 */
#pragma once

#include "base.h"

/* The processes that have a listening socket of the port in this network namespace, by their number, without
 * those that a holder started and that only inherited it. Sockets, program and exe are filled in. exe is left
 * out where the path leads to another file here, as that of a container's process does. *ret_unseen: somebody
 * listens, and who it is cannot be seen. */
void listener_holders(int port, struct holder **ret_holder, size_t *ret_n, bool *ret_unseen);

/* The programs (as /proc/PID/comm names them) that listen on the port, each once: a daemon and those that
 * inherit its socket; systemd, where nobody else has the socket that it keeps for a unit. None: nobody, or it
 * cannot be told. */
struct strings listener_programs(int port);

/* Which daemon of service.c's list they are; NULL: none of it. */
const char *listener_daemon(const struct strings *programs);

/* Both together: the daemon that owns the port, a number in digits; NULL: nobody, or none of the list. */
const char *listener_owner(const char *port);

/* The sockets that listen on the port, in a text of the form of /proc/net/tcp or tcp6: inodes and, in the
 * same order, addresses as "127.0.0.1:25", "[::]:25". */
void listener_sockets(const char *text, int port, struct strings *ret_inodes, struct strings *ret_addresses);
