/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Running other programs: the only module that forks.
 *
 * A child gets an environment of exactly six names (PATH HOME LOGNAME SHELL LANG LC_ALL), /dev/null as
 * standard input, descriptors 0 to 2 only, default signals, and a process group of its own. Standard output
 * and standard error are read together. At the time limit the whole group is killed. What outlives the child
 * (a daemon that it started) is left alone.
 */
#pragma once

#include "base.h"

#define RUN_KEEP 65536 /* bytes of output that are kept; the rest is read and dropped */

struct run_result {
    int status;     /* exit status 0..255; -1: killed by a signal, or at the limit */
    int signal;     /* the signal, or 0 */
    bool timed_out; /* killed because the limit was reached */
    bool stopped;   /* killed because a signal asked for an end (run_work) */
    bool cut;       /* there was more output than RUN_KEEP */
    const char *output;
    size_t len;
    size_t lines; /* newlines in all of the output */
};

/* Runs argv[0] (a path, or a name found in /usr/sbin:/usr/bin:/sbin:/bin) and waits at most limit_ms. False
 * when it could not be started or the wait failed; a non-zero exit status is success here and in ret_result.
 */
bool run_program(const char *const argv[], int limit_ms, struct run_result *ret_result,
                 struct err *err) MUST_CHECK;

/* The same for work on files of ours that may take long: a signal that is held back (signals_hold) ends it,
 * and input, an open file, is its standard input; -1: /dev/null. */
bool run_work(const char *const argv[], int input, int limit_ms, struct run_result *ret_result,
              struct err *err) MUST_CHECK;

/* The same, but output goes to a pseudo-terminal: postfix(1) tells its reasons on standard error only to a
 * terminal, else to the log alone. Where there is none it is a pipe after all. */
bool run_on_terminal(const char *const argv[], int limit_ms, struct run_result *ret_result,
                     struct err *err) MUST_CHECK;

/* The same on a terminal, after setup(arg) was called in the child before the program starts; setup returns
 * false when the program must not start, having put its reason into the err, which then comes back in err. A
 * setup of a mount namespace calls unshare itself. */
bool run_prepared(const char *const argv[], int limit_ms, bool (*setup)(void *arg, struct err *err),
                  void *arg, struct run_result *ret_result, struct err *err) MUST_CHECK;

/* True when a program of this name is in the four directories. */
bool run_have(const char *name);
