/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Asking the running host: the live conditions of fix files, dialogues with ports, the health of the mail
 * system before and after, and whether a log symptom shows up again. Everything answers holds, fails or
 * cannot tell.
 */
#pragma once

#include "heard.h"
#include "plan.h"

/* The running host: live conditions, log, owners of ports. Nobody is asked, no secret is read. */
extern const struct outside probe_outside;

/* One verify or symptom dialogue, talk.times times; tries again for a few seconds while the port is not open
 * yet. */
enum verdict probe_session(struct context *ctx, const struct talk *talk, const char **ret_why);

/* Health: what each port of master.cf and of Dovecot says, whether master runs, whether `postfix check` is
 * content. */
struct port_health {
    enum protocol protocol;
    const char *host;
    int port;
    enum verdict greets;
};
struct health {
    struct port_health *port;
    size_t n_port;
    enum verdict master;
    enum verdict check;
};
/* check: also what `postfix check` says, which takes longer than all else; not needed where it has taken the
 * planned files, because then what it says after the change is known. */
void health_take(struct docs *docs, bool check, struct health *ret_health);
/* The same ports again, until it is not worse or patience ends. */
void health_again(const struct health *before, struct health *ret_health);
/* NULL: not worse. Else a sentence. */
const char *health_worse(const struct health *before, const struct health *after);
/* A daemon that is stopped on purpose is no part of the health that must come back. */
void health_forget(struct health *health, const char *daemon);

/* The verify stanzas of all planned fixes that ask the running host, then that their log symptoms stay away.
 * What cannot be told is added to left_to_do. ran: the daemons that ran before or were started (others are
 * not probed). FAILS: *ret_why. */
enum verdict probe_verify(struct planned *planned, size_t n, const struct strings *ran,
                          const struct heard_marks *marks, struct strings *left_to_do, const char **ret_why);
