/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What runs; see show_live.h.
 */
#include "show_live.h"

#include "live.h"
#include "owner.h"
#include "report.h"
#include "show.h"

#include <string.h>

static void show_port(const struct live_port *port)
{
    if (port->n_holder == 0)
        out_printf(stdout, "  %-4d %s\n", port->port,
                   port->unseen ? _("somebody listens, who cannot be seen") : _("nobody listens"));
    for (size_t i = 0; i < port->n_holder; i++)
        out_printf(stdout, "  %-4d %s\n", port->port, owner_describe(&port->holder[i]));
    if (port->greeting != NULL)
        out_printf(stdout, "       %s\n", port->greeting);
    else if (port->silence != NULL)
        out_printf(stdout, "       no greeting: %s\n", port->silence);
}

/* The queue's own name is the last part of its directory. */
static const char *queue_name(const struct waiting *queue)
{
    const char *slash = strrchr(queue->dir, '/');
    return slash != NULL ? slash + 1 : queue->dir;
}

void show_live(const struct live *live)
{
    static const char *const master[] = {
        [YES] = N_("runs"), [NO] = N_("does not run"), [UNKNOWN] = N_("not known")};
    struct strings counts = {0};
    out_printf(stdout, "now:\n");
    for (size_t i = 0; i < LIVE_PORTS; i++)
        show_port(&live->port[i]);
    out_printf(stdout, "  Postfix's master: %s\n", _(master[live->master]));
    for (size_t i = 0; i < live->n_queue; i++)
        strings_add(&counts, arena_printf("%s %zu", queue_name(&live->queue[i]), live->queue[i].n));
    if (live->queue_failure != NULL)
        out_printf(stdout, "  its queue: %s\n", live->queue_failure);
    else if (counts.n > 0)
        out_printf(stdout, "  its queue: %s\n", strings_join(&counts, ", "));
}

static void report_port(struct json_t *item, const struct live_port *port)
{
    const struct evidence holders = {.holder = port->holder, .n_holder = port->n_holder};
    report_number(item, "port", port->port);
    report_flag(item, "listens", port->n_holder > 0 || port->unseen);
    show_report_holders(item, &holders);
    report_text(item, "greeting", port->greeting);
    report_text(item, "silence", port->silence);
}

void show_report_live(const struct live *live)
{
    struct json_t *item = report_object(report_top(), "live");
    for (size_t i = 0; i < LIVE_PORTS; i++)
        report_port(report_add(item, "ports"), &live->port[i]);
    if (live->master != UNKNOWN)
        report_flag(item, "master", live->master == YES);
    for (size_t i = 0; i < live->n_queue; i++) {
        struct json_t *queue = report_add(item, "queue");
        report_text(queue, "name", queue_name(&live->queue[i]));
        report_number(queue, "messages", (long long)live->queue[i].n);
    }
    report_text(item, "queue_failure", live->queue_failure);
}
