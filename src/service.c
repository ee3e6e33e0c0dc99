/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The daemons that mailfix knows, and the service manager that runs here; see service.h for the contract.
 *
 * Which manager it is, is asked once per daemon and run: systemd as sd_booted(3) finds it, then how the
 * daemon itself was started, then OpenRC by the runlevel that it keeps in /run, then what scripts there are.
 * Distribution names play no part. What a manager is asked and told stands in service_systemd.c,
 * service_openrc.c and service_sysv.c; here is only what holds for all of them.
 *
 * Limits: the list of daemons is closed. A companion's own state is not recorded; it follows its daemon.
 * Signals do not cut a wait short, because an undo needs its waits too; limit_ms does.
 */
#include "service_backend.h"

#include <string.h>
#include <sys/stat.h>

static const struct daemon daemons[] = {
    {.name = "postfix",
     .unit = {"postfix.service"},
     .instance = "postfix@-.service",
     .script = {"postfix"},
     .process = "master",
     .pid_file = "pid/master.pid",
     /* Where no init runs, master may be what keeps a container alive: a restart would end it, a reload makes
      * every service process new and reads both files again. */
     .direct = {"postfix reload", "postfix reload", "postfix start", "postfix stop"}},
    {.name = "dovecot",
     .unit = {"dovecot.service"},
     .script = {"dovecot"},
     .process = "dovecot",
     .pid_file = "/run/dovecot/master.pid",
     .direct = {"doveadm reload", "doveadm reload", "dovecot", "doveadm stop"}},
    {.name = "sendmail",
     .unit = {"sendmail.service"},
     .companion = "sm-client.service",
     .script = {"sendmail"}},
    {.name = "exim4", .unit = {"exim4.service", "exim.service"}, .script = {"exim4", "exim"}},
    {.name = "opensmtpd", .unit = {"opensmtpd.service", "smtpd.service"}, .script = {"opensmtpd"}},
};

static const struct service_ops *const backends[] = {&service_systemd, &service_openrc, &service_sysv,
                                                     &service_direct};

const char *const service_verb[N_VERBS] = {
    [DO_RELOAD] = "reload", [DO_RESTART] = "restart", [DO_START] = "start",
    [DO_STOP] = "stop",     [DO_ENABLE] = "enable",   [DO_DISABLE] = "disable",
};

/* What service_init answered, by the row of the daemon; INIT_UNKNOWN: not asked yet. */
static enum init_kind found[COUNT(daemons)];

const struct daemon *service_daemon(const char *name)
{
    for (size_t i = 0; i < COUNT(daemons); i++)
        if (strcmp(daemons[i].name, name) == 0)
            return &daemons[i];
    return NULL;
}

static const struct service_ops *backend(enum init_kind kind)
{
    for (size_t i = 0; i < COUNT(backends); i++)
        if (backends[i]->kind == kind)
            return backends[i];
    return NULL;
}

bool service_known(const char *daemon)
{
    return service_daemon(daemon) != NULL;
}

struct strings service_names(void)
{
    struct strings names = {0};
    for (size_t i = 0; i < COUNT(daemons); i++)
        strings_add(&names, daemons[i].name);
    return names;
}

struct strings service_units(const char *name)
{
    const struct daemon *daemon = service_daemon(name);
    struct strings units = {0};
    for (size_t i = 0; daemon != NULL && i < COUNT(daemon->unit) && daemon->unit[i] != NULL; i++)
        strings_add(&units, daemon->unit[i]);
    if (daemon != NULL && daemon->instance != NULL)
        strings_add(&units, daemon->instance);
    return units;
}

enum init_kind service_detect(const char *root, const struct daemon *daemon)
{
    struct stat st;
    if (lstat(arena_printf("%s/run/systemd/system", root), &st) == 0 && S_ISDIR(st.st_mode))
        return INIT_SYSTEMD;
    if (service_script(arena_printf("%s/etc", root), daemon) == NULL)
        return INIT_NONE;
    return service_openrc_runs(root) ? INIT_OPENRC : INIT_SYSV;
}

enum init_kind service_init(const char *name)
{
    const struct daemon *daemon = service_daemon(name);
    if (daemon == NULL)
        return INIT_UNKNOWN;
    enum init_kind *kind = &found[daemon - daemons];
    if (*kind != INIT_UNKNOWN)
        return *kind;
    *kind = service_detect("", daemon);
    /* What keeps a container alive is nobody's service, whatever scripts lie about there. */
    if (*kind != INIT_SYSTEMD && service_in_foreground(daemon))
        *kind = INIT_NONE;
    return *kind;
}

const char *service_command(enum init_kind kind, enum verb verb, const char *name)
{
    const struct daemon *daemon = service_daemon(name);
    const struct service_ops *ops = backend(kind);
    if (daemon == NULL || ops == NULL)
        return arena_printf("%s %s", service_verb[verb], name);
    return ops->command(daemon, verb, found[daemon - daemons] == kind ? "" : NULL);
}

const char *service_command_at(const char *root, enum verb verb, const struct daemon *daemon)
{
    return backend(service_detect(root, daemon))->command(daemon, verb, root);
}

const char *service_script_here(const char *name)
{
    const struct daemon *daemon = service_daemon(name);
    return daemon != NULL ? service_script("/etc", daemon) : NULL;
}

/* The daemon's row and the backend that runs here. */
static bool look_up(const char *name, const struct daemon **ret_daemon, const struct service_ops **ret_ops,
                    struct err *err)
{
    const struct daemon *daemon = service_daemon(name);
    if (daemon == NULL) {
        struct strings names = service_names();
        return err_set(err, "%s is no daemon that mailfix knows (it knows %s)", name,
                       strings_join(&names, ", "));
    }
    *ret_daemon = daemon;
    *ret_ops = backend(service_init(name));
    return true;
}

bool service_state(const char *name, struct service_state *ret_state, struct err *err)
{
    const struct daemon *daemon;
    const struct service_ops *ops;
    struct service_state state = {.active = UNKNOWN, .enabled = UNKNOWN};
    if (!look_up(name, &daemon, &ops, err))
        return false;
    if (!ops->state(daemon, &state, err))
        return err_prefix(err, "cannot tell the state of %s", name);
    state.daemon = daemon->name;
    *ret_state = state;
    return true;
}

/* Reload and restart must not start what its administrator has stopped. */
static bool may_touch(const char *name, enum verb verb, bool *ret_skipped, struct err *err)
{
    struct service_state now;
    if (!service_state(name, &now, err))
        return false;
    if (now.active == UNKNOWN)
        return err_set(err, "cannot tell whether %s runs, so it is not %sed", name, service_verb[verb]);
    *ret_skipped = now.active == NO;
    return true;
}

static const char *const DOING[] = {
    [DO_RELOAD] = N_("reloading %s"), [DO_RESTART] = N_("restarting %s"), [DO_START] = N_("starting %s"),
    [DO_STOP] = N_("stopping %s"),    [DO_ENABLE] = N_("enabling %s"),    [DO_DISABLE] = N_("disabling %s")};

bool service_act(enum verb verb, const char *name, int limit_ms, bool *ret_skipped, struct err *err)
{
    const struct daemon *daemon;
    const struct service_ops *ops;
    bool skipped = false;
    if (!look_up(name, &daemon, &ops, err))
        return false;
    if ((verb == DO_RELOAD || verb == DO_RESTART) && !may_touch(name, verb, &skipped, err))
        return false;
    progress_begin(arena_printf(_(DOING[verb]), name));
    bool ok = skipped || ops->act(daemon, verb, limit_ms, err);
    progress_end();
    if (!ok)
        return err_prefix(err, "cannot %s %s", service_verb[verb], name);
    *ret_skipped = skipped;
    return true;
}

static bool differ(enum answer a, enum answer b)
{
    return a != UNKNOWN && b != UNKNOWN && a != b;
}

bool service_restore(const struct service_state *recorded, int limit_ms, struct err *err)
{
    const int64_t deadline = now_ms() + limit_ms;
    struct service_state now;
    struct err second;
    bool skipped, ok = true, boot_ok = true;
    if (!service_state(recorded->daemon, &now, err))
        return false;
    /* Mail first; and a daemon that will not start is no reason to leave it disabled. */
    if (differ(recorded->active, now.active) || (recorded->active != UNKNOWN && now.changing))
        ok = service_act(recorded->active == YES ? DO_START : DO_STOP, recorded->daemon, limit_ms, &skipped,
                         err);
    const int64_t left = deadline - now_ms();
    if (differ(recorded->enabled, now.enabled))
        boot_ok = service_act(recorded->enabled == YES ? DO_ENABLE : DO_DISABLE, recorded->daemon,
                              left > 5000 ? (int)left : 5000, &skipped, &second);
    if (boot_ok)
        return ok;
    if (ok) {
        *err = second;
        return false;
    }
    return err_set(err, "%s; %s", arena_string(err->text), second.text);
}

bool service_restore_boot(const struct service_state *recorded, int limit_ms, struct err *err)
{
    struct service_state now;
    bool skipped;
    if (!service_state(recorded->daemon, &now, err))
        return false;
    if (!differ(recorded->enabled, now.enabled))
        return true;
    if (recorded->enabled == YES)
        return service_act(DO_ENABLE, recorded->daemon, limit_ms, &skipped, err);
    return service_act(DO_DISABLE, recorded->daemon, limit_ms, &skipped, err) &&
           service_act(DO_STOP, recorded->daemon, limit_ms, &skipped, err);
}

time_t service_last_read(const char *name)
{
    const struct daemon *daemon = service_daemon(name);
    return daemon != NULL ? service_read_at(daemon) : 0;
}
