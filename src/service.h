/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The service manager that runs here: the only module that talks to one. Backends are a table: systemd over
 * D-Bus, OpenRC, SysV init scripts, and none (where no init runs, Postfix's own commands).
 *
 * A daemon is a name of the closed list that service.c holds (postfix, dovecot, ...), each with its units and
 * scripts. On Debian 11 and 12 postfix.service is a wrapper that always succeeds; the daemon is
 * postfix@-.service, and that is the unit whose job result and state count here.
 */
#pragma once

#include "base.h"

enum init_kind { INIT_UNKNOWN, INIT_SYSTEMD, INIT_SYSV, INIT_OPENRC, INIT_NONE };

enum answer { NO, YES, UNKNOWN };

/* The longest that one action may take: what has not answered by then hangs. */
#define SERVICE_LIMIT_MS 30000

/* What must come back after an undo. */
struct service_state {
    const char *daemon;
    enum answer active;
    bool changing;       /* it is being started or stopped just now; active says what for */
    enum answer enabled; /* starts at boot */
};

/* The words for the verbs: in fix files, records and commands. */
#define N_VERBS (DO_DISABLE + 1)
extern const char *const service_verb[N_VERBS]; /* "reload" "restart" "start" "stop" "enable" "disable" */

/* Whether service.c knows the daemon. */
bool service_known(const char *daemon);
struct strings service_names(void);

/* What runs here, asked once: systemd when it is PID 1; else none when the daemon was started in the
 * foreground as a container does; else OpenRC when it has booted this host and has a script for the daemon;
 * else SysV when the host has an init script for it; else none. */
enum init_kind service_init(const char *daemon);

/* The command that an administrator would type for it here, for messages and plans:
 * "systemctl restart postfix@-.service", "rc-service postfix restart", "/etc/init.d/postfix restart",
 * "postfix reload" (without an init that is the restart too: another would end a container). Where
 * service_init has answered kind for the daemon before, the host is this one and is asked for the units it
 * has; else (--root with facts) kind alone decides: "systemctl restart postfix.service". */
const char *service_command(enum init_kind kind, enum verb verb, const char *daemon);

/* The names that systemd's units of the daemon have, on whatever host. */
struct strings service_units(const char *daemon);

/* The init script of a daemon on this host, its path; NULL: there is none. */
const char *service_script_here(const char *daemon);

/* Asks for the state; false when the manager cannot be asked. */
bool service_state(const char *daemon, struct service_state *ret_state, struct err *err) MUST_CHECK;

/* The same of a host that lies below root and does not run: what boots it, by what /sbin/init is there and
 * which scripts (INIT_UNKNOWN: there is no telling, as in the image of a container); the command for a daemon
 * there, by the units and scripts that it has; and whether it starts at boot, under that kind of init. */
struct root;
enum init_kind service_init_in(const struct root *root, const char *daemon);
const char *service_command_in(const struct root *root, enum init_kind kind, enum verb verb,
                               const char *daemon);
enum answer service_enabled_in(const struct root *root, enum init_kind kind, const char *daemon);

/* Carries out one verb and waits for its result, at most limit_ms. reload, restart touch a daemon only if it
 * runs (true, and *ret_skipped, if it does not). systemd: waits for the job's result and looks at the unit's
 * state after it. SysV and OpenRC: the exit status, and then whether the daemon runs, after a restart as a
 * new process. */
bool service_act(enum verb verb, const char *daemon, int limit_ms, bool *ret_skipped,
                 struct err *err) MUST_CHECK;

/* Brings the daemon back to a recorded state: enabled or not, running or not. Does nothing where it is so
 * already; one that is being started is not running yet. */
bool service_restore(const struct service_state *recorded, int limit_ms, struct err *err) MUST_CHECK;

/* The same before it had its turn at boot: whether it starts at boot, and nothing is started. What shall not
 * start at boot does not start in this one. */
bool service_restore_boot(const struct service_state *recorded, int limit_ms, struct err *err) MUST_CHECK;

/* Lets a daemon try all waiting mail now, at most limit_ms; NULL, false: it has no queue that mailfix knows.
 */
const char *service_flush_command(const char *daemon);
bool service_flush(const char *daemon, int limit_ms, struct err *err) MUST_CHECK;

/* The queues of a daemon that are there below the root, and how many messages are in each. */
struct waiting {
    const char *dir;
    size_t n;
};
bool service_queues(const struct root *root, const char *daemon, struct waiting **ret_queue, size_t *ret_n,
                    struct err *err) MUST_CHECK;

/* How many messages wait in the daemon's queues below the root; ret_dirs has a line for each place that holds
 * some.
 */
bool service_waiting(const struct root *root, const char *daemon, size_t *ret_n, struct strings *ret_dirs,
                     struct err *err) MUST_CHECK;

/* When a running daemon last read its configuration (its start, or its last reload), in seconds since the
 * epoch; 0 when that cannot be told or it does not run. */
time_t service_last_read(const char *daemon);
