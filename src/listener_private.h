/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of listener.h share.
 */
#pragma once

#include "listener.h"

struct sockets {
    struct strings inode, address; /* in the same order */
};

/* The listening sockets of a port; false: the kernel does not answer. */
bool listener_ask_kernel(int port, struct sockets *ret_sockets);

/* An address of that family as it is on the wire, and a port, for people. */
const char *listener_address(int family, const void *address, int port);
