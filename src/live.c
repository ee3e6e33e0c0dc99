/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What runs; see live.h. Of several sockets of a port the first is greeted.
 *
 * Limits: a port that no process here listens on is not talked to. Queues are those of service_queue.c.
 */
#include "live.h"

#include "clean.h"
#include "listener.h"
#include "owner.h"
#include "session.h"

#include <string.h>

#define GREETING_MS 5000

static const struct {
    int port;
    enum protocol protocol;
} PORTS[LIVE_PORTS] = {
    {25, SMTP}, {465, SMTPS}, {587, SMTP}, {143, IMAP}, {993, IMAPS}, {110, POP3}, {995, POP3S},
};

/* The address of "127.0.0.1:25", "[::1]:25"; where it listens on all of them, the loopback's. */
static const char *address_of(const char *socket)
{
    const char *colon = strrchr(socket, ':');
    const char *host = arena_copy(socket, colon != NULL ? (size_t)(colon - socket) : strlen(socket));
    size_t len = strlen(host);
    if (host[0] == '[' && host[len - 1] == ']')
        host = arena_copy(host + 1, len - 2);
    if (strcmp(host, "0.0.0.0") == 0)
        return "127.0.0.1";
    return strcmp(host, "::") == 0 ? "::1" : host;
}

static void greet(struct live_port *port, enum protocol protocol)
{
    struct session_result result;
    const struct session session = {.protocol = protocol,
                                    .host = address_of(port->holder[0].socket.item[0]),
                                    .port = port->port,
                                    .limit_ms = GREETING_MS};
    session_hold(&session, &result);
    if (result.greeting[0] != '\0')
        port->greeting = clean_text(result.greeting);
    else
        port->silence = clean_text(result.why);
}

void live_look(const struct root *root, struct live *ret_live)
{
    struct live live = {.master = UNKNOWN};
    struct service_state state;
    struct err err;
    for (size_t i = 0; i < LIVE_PORTS; i++) {
        struct live_port *port = &live.port[i];
        port->port = PORTS[i].port;
        listener_holders(port->port, &port->holder, &port->n_holder, &port->unseen);
        owner_complete(port->holder, port->n_holder);
        if (port->n_holder > 0 && port->holder[0].socket.n > 0)
            greet(port, PORTS[i].protocol);
    }
    if (service_state("postfix", &state, &err))
        live.master = state.active;
    if (!service_queues(root, "postfix", &live.queue, &live.n_queue, &err))
        live.queue_failure = arena_string(err.text);
    *ret_live = live;
}
