/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The listening sockets of a port, asked of the kernel by sock_diag(7).
 *
 * Why: to read /proc/net/tcp the kernel walks its table of connections, which takes it some milliseconds
 * where there is none and much longer where there are many; asked for listening sockets only, it does not.
 *
 * Limits: TCP. A kernel without inet_diag says so, and then /proc is read.
 */
#include "listener_private.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct request {
    struct nlmsghdr head;
    struct inet_diag_req_v2 body;
};

static bool ask(int fd, int family)
{
    struct request request = {.head = {.nlmsg_len = sizeof(request),
                                       .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                                       .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
                              .body = {.sdiag_family = (uint8_t)family,
                                       .sdiag_protocol = IPPROTO_TCP,
                                       .idiag_states = 1U << TCP_LISTEN}};
    return send(fd, &request, sizeof(request), 0) == (ssize_t)sizeof(request);
}

static void take(const struct inet_diag_msg *socket, int port, struct sockets *sockets)
{
    if (ntohs(socket->id.idiag_sport) != port)
        return;
    strings_add(&sockets->inode, arena_printf("%u", socket->idiag_inode));
    strings_add(&sockets->address,
                listener_address(socket->idiag_family, socket->id.idiag_src, ntohs(socket->id.idiag_sport)));
}

/* Reads one answer to its end. */
static bool answer(int fd, int port, struct sockets *sockets)
{
    _Alignas(struct nlmsghdr) char bytes[32768];
    for (;;) {
        ssize_t n = recv(fd, bytes, sizeof(bytes), 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        size_t left = (size_t)n;
        for (struct nlmsghdr *head = (struct nlmsghdr *)bytes; NLMSG_OK(head, left);
             head = NLMSG_NEXT(head, left)) {
            if (head->nlmsg_type == NLMSG_DONE)
                return true;
            if (head->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
                head->nlmsg_len < NLMSG_LENGTH(sizeof(struct inet_diag_msg)))
                return false;
            take(NLMSG_DATA(head), port, sockets);
        }
    }
}

bool listener_ask_kernel(int port, struct sockets *ret_sockets)
{
    struct sockets sockets = {0};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (fd < 0)
        return false;
    bool ok =
        ask(fd, AF_INET) && answer(fd, port, &sockets) && ask(fd, AF_INET6) && answer(fd, port, &sockets);
    close(fd);
    if (ok)
        *ret_sockets = sockets;
    return ok;
}
