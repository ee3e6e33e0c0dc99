/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What of the mail system runs on this machine now: who listens on the ports of mail and what they greet
 * with, whether Postfix's master runs, what is in its queues.
 */
#pragma once

#include "service.h"

#define LIVE_PORTS 7

struct live_port {
    int port;
    struct holder *holder;
    size_t n_holder;
    bool unseen; /* somebody listens, and who it is cannot be seen */
    const char
        *greeting; /* its first line, fit to be shown; NULL: there was none in time, or none was asked */
    const char *silence; /* why there is none; NULL */
};

struct live {
    struct live_port port[LIVE_PORTS]; /* 25 465 587 143 993 110 995 */
    enum answer master;
    struct waiting *queue; /* of Postfix; none: it has none here */
    size_t n_queue;
    const char *queue_failure; /* why it cannot be counted; NULL */
};

/* Looks, talks to each port that is open, some seconds at most each. Changes nothing. */
void live_look(const struct root *root, struct live *ret_live);
