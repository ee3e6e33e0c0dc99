/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Who owns a port of the running host: what listener.h tells, and the unit or init script and the package
 * that it belongs to.
 */
#pragma once

#include "cond.h"

/* Whether the port, a number in digits, is owned by one of the daemons; "nobody" among them: nobody listens
 * there. What else listens is none of them. The evidence says who it is, and, where that is the reason for
 * FAILS, all that can be told of the holders. */
enum verdict owner_is(const char *port, const struct strings *daemons, struct evidence *ret_evidence);

/* The unit in a text of the form of /proc/PID/cgroup, below the cgroup of the first process, whose text is
 * the other; NULL: none. */
const char *owner_unit(const char *cgroup, const char *first);

/* The unit whose socket has that address, or that port on whatever address, in what `systemctl list-sockets`
 * prints; NULL: none. */
const char *owner_socket_unit(const char *list, const char *address);

/* The package in what `dpkg-query --search FILE` prints, of several the one that is no diversion; NULL: none.
 */
const char *owner_dpkg(const char *output, const char *file);

/* Finds out what starts each holder and which package it came with. */
void owner_complete(struct holder *holder, size_t n);

/* One holder: "127.0.0.1:25, process 4711 (sendmail-mta), unit sendmail.service, package sendmail-bin". */
const char *owner_describe(const struct holder *holder);
