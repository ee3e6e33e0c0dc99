/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What service.c and its backends share; nobody else includes this. A daemon is one row of the table in
 * service.c, a service manager one service_ops. The functions that only look at a text or below a directory
 * that they are given are here so that tests can call them.
 */
#pragma once

#include "service.h"

struct daemon {
    const char *name;
    const char *unit[3];   /* systemd: names that distributions use; the first that is loaded counts */
    const char *instance;  /* the real daemon where unit is a oneshot wrapper around it, or NULL */
    const char *companion; /* a unit that is started, stopped, enabled and disabled along with it, or NULL */
    const char *script[3]; /* names of its init script; the first that exists counts */
    const char *process; /* name of its first process as /proc has it; NULL: not known, its script is asked */
    const char *pid_file; /* where that process writes its number; below the queue directory for Postfix */
    const char
        *direct[4]; /* by DO_RELOAD, DO_RESTART, DO_START, DO_STOP: its own commands, where no init runs */
};

/* A service manager. act carries out one verb of its own accord, without asking first whether the daemon
 * runs. */
struct service_ops {
    enum init_kind kind;
    bool (*state)(const struct daemon *daemon, struct service_state *ret_state, struct err *err);
    bool (*act)(const struct daemon *daemon, enum verb verb, int limit_ms, struct err *err);
    /* root: where the host's files are, "" for this host, which may be asked; NULL: the host cannot be seen
     */
    const char *(*command)(const struct daemon *daemon, enum verb verb, const char *root);
};

extern const struct service_ops service_systemd, service_openrc, service_sysv, service_direct;

/* ---- service.c ---- */

/* The manager that runs where root is "/" ("": this host), by what it leaves there while it runs, and by the
 * scripts there are for the daemon. */
enum init_kind service_detect(const char *root, const struct daemon *daemon);
/* The row of a daemon; NULL: mailfix does not know it. */
const struct daemon *service_daemon(const char *name);
/* The command for what runs at root. */
const char *service_command_at(const char *root, enum verb verb, const struct daemon *daemon);

/* ---- service_systemd.c ---- */

enum answer service_active_answer(const char *active_state);
/* Whether that state ends by itself: a job is at work, or it waits to be started again. */
bool service_is_changing(const char *active_state);
enum answer service_unit_file_answer(const char *unit_file_state);

/* ---- service_sysv.c ---- */

/* The init script below etc ("/etc"): rc.d/init.d/NAME, else init.d/NAME; NULL when there is none. */
const char *service_script(const char *etc, const struct daemon *daemon);
/* The command that switches its start at boot on or off. */
const char *service_boot_command(const char *script, bool with_chkconfig, bool on);
/* The name of that script, or the first name in the table. */
const char *service_script_name(const char *etc, const struct daemon *daemon);

/* What `chkconfig --list NAME` says: YES when it is on in one of the levels 2 to 5; UNKNOWN when no line is
 * about it. */
enum answer service_chkconfig(const char *text, const char *name);
/* YES when etc has a link rc[2-5].d/S??NAME; UNKNOWN when etc has no rc[2-5].d. */
enum answer service_rc_links(const char *etc, const char *name);
/* What an init script's `status` says, by its exit status (LSB) and its words. */
enum answer service_status(int status, const char *output);

/* Whether the daemon runs: its process, else what ask says (a command of words and blanks, such as
 * "/etc/init.d/postfix status"; NULL: there is nobody to ask). */
enum answer service_running(const struct daemon *daemon, const char *ask);
/* Runs a command that carries out verb, and judges it by its exit status and by whether the daemon runs (ask
 * as above), after a restart as another process. */
bool service_run_command(const struct daemon *daemon, enum verb verb, const char *command, const char *ask,
                         int limit_ms, struct err *err) MUST_CHECK;
/* Runs a command that switches the start at boot on or off, and judges it by its exit status and by what boot
 * says then. */
bool service_run_boot(const struct daemon *daemon, const char *command, bool on,
                      enum answer (*boot)(const struct daemon *daemon), int limit_ms,
                      struct err *err) MUST_CHECK;

/* Starts at boot by the init scripts' own means; systemd needs it too, for units generated from an init
 * script. */
enum answer service_boot(const struct daemon *daemon);
bool service_boot_set(const struct daemon *daemon, bool on, int limit_ms, struct err *err) MUST_CHECK;

/* ---- service_openrc.c ---- */

/* OpenRC has booted what is at root, and its commands are there. */
bool service_openrc_runs(const char *root);
/* The levels in alphabetical order that have a link runlevels/LEVEL/NAME below etc. */
struct strings service_runlevels(const char *etc, const char *name);
/* YES when there is one; UNKNOWN when etc has no runlevels. */
enum answer service_runlevels_boot(const char *etc, const char *name);

/* ---- service_proc.c ---- */

/* The number in a pid file if the process of that number has this name; else 0. proc is "/proc". */
pid_t service_pid(const char *proc, const char *pid_file, const char *process);
/* Whether the arguments of Postfix's master (as in /proc/PID/cmdline) say that it stays in the foreground. */
bool service_foreground(const char *cmdline, size_t len);
/* Whether it was started so on this host. Only Postfix can be told apart. */
bool service_in_foreground(const struct daemon *daemon);
/* The main process of a daemon here; 0 when it does not run. */
pid_t service_daemon_pid(const struct daemon *daemon);
/* When it last read its configuration, in seconds since the epoch; 0 when that cannot be told. */
time_t service_read_at(const struct daemon *daemon);
