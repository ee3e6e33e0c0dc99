/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The backend openrc: rc-service(8) and rc-update(8).
 *
 * OpenRC runs where it keeps the runlevel that it reached (/run/openrc/softlevel); its commands lie on other
 * hosts too. What a command did is judged as for init scripts: by its exit status and by whether the daemon
 * runs, by its process, else by `rc-service NAME status` (0 runs, 3 stopped, 32 crashed). At boot: the links
 * in /etc/runlevels.
 *
 * Limits: a service is added to the runlevel "default" and taken from there; one that stands in another
 * runlevel stays on, and that is said. OpenRC does not start what it believes to run: a daemon that was
 * stopped behind its back is not started again, and that is said, too.
 */
#include "service_backend.h"

#include <glob.h>
#include <sys/stat.h>

static bool exists(const char *root, const char *path)
{
    struct stat st;
    return stat(arena_printf("%s%s", root, path), &st) == 0;
}

bool service_openrc_runs(const char *root)
{
    return exists(root, "/run/openrc/softlevel") &&
           (exists(root, "/sbin/openrc-run") || exists(root, "/usr/sbin/openrc-run"));
}

enum answer service_runlevels(const char *etc, const char *name)
{
    glob_t links = {0};
    if (!exists(etc, "/runlevels"))
        return UNKNOWN;
    /* glob() takes a link whose target is not there, as below --root it may be */
    const bool any = glob(arena_printf("%s/runlevels/*/%s", etc, name), GLOB_NOSORT, NULL, &links) == 0;
    globfree(&links);
    return any ? YES : NO;
}

static enum answer boot(const struct daemon *daemon)
{
    return service_runlevels("/etc", service_script_name("/etc", daemon));
}

static const char *command_of(const struct daemon *daemon, enum verb verb, const char *root)
{
    const char *name =
        root == NULL ? daemon->script[0] : service_script_name(arena_printf("%s/etc", root), daemon);
    if (verb == DO_ENABLE || verb == DO_DISABLE)
        return arena_printf("rc-update %s %s default", verb == DO_ENABLE ? "add" : "del", name);
    return arena_printf("rc-service %s %s", name, service_verb[verb]);
}

static const char *status_command(const struct daemon *daemon)
{
    return arena_printf("rc-service %s status", service_script_name("/etc", daemon));
}

static bool openrc_state(const struct daemon *daemon, struct service_state *ret_state, struct err *err)
{
    (void)err;
    ret_state->active = service_running(daemon, status_command(daemon));
    ret_state->enabled = boot(daemon);
    return true;
}

static bool openrc_act(const struct daemon *daemon, enum verb verb, int limit_ms, struct err *err)
{
    const char *command = command_of(daemon, verb, "");
    if (verb == DO_ENABLE || verb == DO_DISABLE)
        return service_run_boot(daemon, command, verb == DO_ENABLE, boot, limit_ms, err);
    return service_run_command(daemon, verb, command, status_command(daemon), limit_ms, err);
}

const struct service_ops service_openrc = {INIT_OPENRC, openrc_state, openrc_act, command_of};
