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
 * runlevel too is not disabled, and that is said. A crash of Dovecot is seen only where OpenRC's own
 * start-stop-daemon started it (Debian has another program of that name).
 */
#include "service_backend.h"

#include "run.h"

#include <glob.h>
#include <string.h>
#include <sys/stat.h>

#define STATUS_CRASHED 32 /* exit status of `rc-service NAME status` */

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

struct strings service_runlevels(const char *etc, const char *name)
{
    struct strings levels = {0};
    glob_t links = {0};
    /* glob() takes a link whose target is not there, as below --root it may be */
    if (glob(arena_printf("%s/runlevels/*/%s", etc, name), 0, NULL, &links) == 0)
        for (size_t i = 0; i < links.gl_pathc; i++) {
            const char *level = links.gl_pathv[i] + strlen(etc) + strlen("/runlevels/");
            strings_add(&levels, arena_copy(level, (size_t)(strchr(level, '/') - level)));
        }
    globfree(&links);
    return levels;
}

enum answer service_runlevels_boot(const char *etc, const char *name)
{
    if (!exists(etc, "/runlevels"))
        return UNKNOWN;
    return service_runlevels(etc, name).n > 0 ? YES : NO;
}

static enum answer boot(const struct daemon *daemon)
{
    return service_runlevels_boot("/etc", service_script_name("/etc", daemon));
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

/* Where it starts at boot without the runlevel "default", taking it from there would not do, and an undo
 * could not tell that anything happened. */
static bool may_disable(const struct daemon *daemon, struct err *err)
{
    const struct strings levels = service_runlevels("/etc", service_script_name("/etc", daemon));
    for (size_t i = 0; i < levels.n; i++)
        if (strcmp(levels.item[i], "default") != 0)
            return err_set(err, "it stands in the runlevel %s too, which mailfix does not change",
                           levels.item[i]);
    return true;
}

static bool boot_set(const struct daemon *daemon, bool on, int limit_ms, struct err *err)
{
    if (boot(daemon) == (on ? YES : NO))
        return true;
    if (!on && !may_disable(daemon, err))
        return false;
    return service_run_boot(daemon, command_of(daemon, on ? DO_ENABLE : DO_DISABLE, ""), on, boot, limit_ms,
                            err);
}

/* OpenRC does not start what it believes to run, and what crashed on it: "has already been started", status
 * 0. What was stopped or died behind its back it must forget first. That is judged by the start. */
static bool forget_dead(const struct daemon *daemon, int limit_ms, struct err *err)
{
    const char *name = service_script_name("/etc", daemon);
    struct run_result result;
    if (service_running(daemon, status_command(daemon)) != NO)
        return true;
    if (!run_program((const char *[]){"rc-service", name, "status", NULL}, limit_ms, &result, err))
        return false;
    return (result.status != 0 && result.status != STATUS_CRASHED) ||
           run_program((const char *[]){"rc-service", name, "zap", NULL}, limit_ms, &result, err);
}

static bool openrc_act(const struct daemon *daemon, enum verb verb, int limit_ms, struct err *err)
{
    if (verb == DO_ENABLE || verb == DO_DISABLE)
        return boot_set(daemon, verb == DO_ENABLE, limit_ms, err);
    if (verb == DO_START && !forget_dead(daemon, limit_ms, err))
        return false;
    return service_run_command(daemon, verb, command_of(daemon, verb, ""), status_command(daemon), limit_ms,
                               err);
}

const struct service_ops service_openrc = {INIT_OPENRC, openrc_state, openrc_act, command_of};
