/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The services of a host that does not run: what boots it, by what /sbin/init is; the commands there, by the
 * units and scripts that it has; and what starts at boot, by the links in its tree, which are what `systemctl
 * enable`, update-rc.d, chkconfig and rc-update leave. Nothing outside of the tree is reached, for file.c
 * opens it.
 *
 * Limits: presets and generators other than that for init scripts are not looked at. A sysvinit that a
 * package has made run OpenRC's scripts without its inittab is not told from one that does not.
 */
#include "service_backend.h"

#include "file.h"

#include <ctype.h>
#include <string.h>
#include <unistd.h>

/* What file.c refuses (links that are not root's) is no answer. */
static bool list(const struct root *root, const char *path, struct strings *ret_names)
{
    struct err ignored;
    return file_list(root, path, false, ret_names, &ignored);
}

/* The path of its init script; NULL: there is none. */
static const char *script_path_in(const struct root *root, const struct daemon *daemon)
{
    static const char *const dirs[] = {"/etc/rc.d/init.d", "/etc/init.d"};
    for (size_t i = 0; i < COUNT(daemon->script) && daemon->script[i] != NULL; i++)
        for (size_t d = 0; d < COUNT(dirs); d++) {
            const char *path = arena_printf("%s/%s", dirs[d], daemon->script[i]);
            if (file_exists(root, path))
                return path;
        }
    return NULL;
}

/* Its name. */
static const char *script_in(const struct root *root, const struct daemon *daemon)
{
    const char *path = script_path_in(root, daemon);
    return path == NULL ? NULL : strrchr(path, '/') + 1;
}

/* Where a symbolic link leads, as it is written; NULL: it is none. */
static const char *link_target(const struct root *root, const char *in, const char *name)
{
    char target[256];
    struct err ignored;
    int dir;
    if (!file_open_dir(root, in, &dir, &ignored))
        return NULL;
    const ssize_t len = readlinkat(dir, name, target, sizeof(target));
    close(dir);
    return len < 0 ? NULL : arena_copy(target, (size_t)len);
}

/* ---- what boots it ---- */

static bool inittab_runs_openrc(const struct root *root)
{
    const char *text;
    size_t len;
    struct err ignored;
    return file_read_path(root, "/etc/inittab", ANY_OWNER, &text, &len, &ignored) &&
           strstr(text, "/openrc ") != NULL;
}

enum init_kind service_init_in(const struct root *root, const char *name)
{
    const struct daemon *daemon = service_daemon(name);
    const char *target = link_target(root, "/sbin", "init");
    if (file_exists(root, "/run/systemd/system") || (target != NULL && ends_with(target, "/systemd")))
        return INIT_SYSTEMD;
    if (daemon == NULL || script_in(root, daemon) == NULL ||
        (target == NULL && !file_exists(root, "/sbin/init")))
        return INIT_UNKNOWN;
    if (file_exists(root, "/run/openrc/softlevel") || inittab_runs_openrc(root))
        return INIT_OPENRC;
    return INIT_SYSV;
}

/* ---- what starts at boot ---- */

/* S, two digits, name. */
static bool starts(const struct strings *links, const char *name)
{
    for (size_t i = 0; i < links->n; i++) {
        const char *link = links->item[i];
        if (link[0] == 'S' && isdigit((unsigned char)link[1]) && isdigit((unsigned char)link[2]) &&
            strcmp(link + 3, name) == 0)
            return true;
    }
    return false;
}

static enum answer by_rc_links(const struct root *root, const struct daemon *daemon)
{
    const char *name = script_in(root, daemon);
    enum answer answer = UNKNOWN;
    for (int level = 2; name != NULL && level <= 5; level++) {
        const char *dir = arena_printf("/etc/rc%d.d", level);
        struct strings links;
        if (!file_exists(root, dir))
            continue;
        if (!list(root, dir, &links))
            return UNKNOWN;
        if (starts(&links, name))
            return YES;
        answer = NO;
    }
    return answer;
}

/* Whether one of the directories in dir whose names end so has that name in it. */
static enum answer in_one_of(const struct root *root, const char *dir, const char *ending, const char *name)
{
    struct strings names, links;
    if (!file_exists(root, dir) || !list(root, dir, &names))
        return UNKNOWN;
    for (size_t i = 0; i < names.n; i++) {
        if (!ends_with(names.item[i], ending))
            continue;
        if (!list(root, arena_printf("%s/%s", dir, names.item[i]), &links))
            return UNKNOWN;
        if (strings_have(&links, name))
            return YES;
    }
    return NO;
}

static enum answer by_runlevels(const struct root *root, const struct daemon *daemon)
{
    const char *name = script_in(root, daemon);
    return name == NULL ? UNKNOWN : in_one_of(root, "/etc/runlevels", "", name);
}

/* The text of the unit; NULL: there is none. */
static const char *unit_text(const struct root *root, const char *unit)
{
    static const char *const dirs[] = {"/etc/systemd/system", "/usr/lib/systemd/system",
                                       "/lib/systemd/system"};
    for (size_t i = 0; i < COUNT(dirs); i++) {
        const char *text;
        size_t len;
        struct err ignored;
        if (file_read_path(root, arena_printf("%s/%s", dirs[i], unit), ANY_OWNER, &text, &len, &ignored))
            return text;
    }
    return NULL;
}

/* `systemctl mask` links it to /dev/null; its other links stay. */
static bool masked(const struct root *root, const char *unit)
{
    const char *target = link_target(root, "/etc/systemd/system", unit);
    return target != NULL && strcmp(target, "/dev/null") == 0;
}

static enum answer by_units(const struct root *root, const struct daemon *daemon)
{
    for (size_t i = 0; i < COUNT(daemon->unit) && daemon->unit[i] != NULL; i++) {
        if (masked(root, daemon->unit[i]))
            return NO;
        const char *text = unit_text(root, daemon->unit[i]);
        if (text == NULL)
            continue;
        /* without that section nothing can enable it, and other units start it, or nothing */
        if (strstr(text, "\n[Install]") == NULL)
            return UNKNOWN;
        return in_one_of(root, "/etc/systemd/system", ".wants", daemon->unit[i]);
    }
    return by_rc_links(root, daemon); /* a unit is generated from the script, and these decide */
}

enum answer service_enabled_in(const struct root *root, enum init_kind kind, const char *name)
{
    const struct daemon *daemon = service_daemon(name);
    if (daemon == NULL)
        return UNKNOWN;
    switch (kind) {
    case INIT_SYSTEMD:
        return by_units(root, daemon);
    case INIT_OPENRC:
        return by_runlevels(root, daemon);
    case INIT_SYSV:
        return by_rc_links(root, daemon);
    default:
        return UNKNOWN;
    }
}

/* ---- commands ---- */

/* By the command that the tree has; else as where nobody can look. */
static const char *boot_command_in(const struct root *root, const struct daemon *daemon, enum verb verb)
{
    const char *script = script_in(root, daemon);
    const bool with_chkconfig =
        file_exists(root, "/etc/rc.d/init.d") &&
        (file_exists(root, "/sbin/chkconfig") || file_exists(root, "/usr/sbin/chkconfig"));
    if (script == NULL || (!with_chkconfig && !file_exists(root, "/usr/sbin/update-rc.d")))
        return service_command(INIT_SYSV, verb, daemon->name);
    return service_boot_command(script, with_chkconfig, verb == DO_ENABLE);
}

/* The unit that is the daemon, and what goes along with it, as service_systemd.c finds them where it runs. */
static const char *unit_command(const struct root *root, const struct daemon *daemon, enum verb verb,
                                const char *unit)
{
    struct strings words = {0};
    const bool boot = verb == DO_ENABLE || verb == DO_DISABLE, all = verb == DO_START || verb == DO_STOP;
    const char *text = unit_text(root, unit),
               *at = daemon->instance != NULL ? strchr(daemon->instance, '@') : NULL;
    strings_add(&words, "systemctl");
    strings_add(&words, service_verb[verb]);
    const bool wraps = !boot && at != NULL && text != NULL && strstr(text, "\nType=oneshot") != NULL &&
                       unit_text(root, arena_printf("%.*s@.service", (int)(at - daemon->instance),
                                                    daemon->instance)) != NULL;
    if (wraps)
        strings_add(&words, daemon->instance);
    if (!wraps || all)
        strings_add(&words, unit);
    if ((boot || all) && daemon->companion != NULL && unit_text(root, daemon->companion) != NULL)
        strings_add(&words, daemon->companion);
    return strings_join(&words, " ");
}

static const char *systemd_command_in(const struct root *root, const struct daemon *daemon, enum verb verb)
{
    for (size_t i = 0; i < COUNT(daemon->unit) && daemon->unit[i] != NULL; i++)
        if (unit_text(root, daemon->unit[i]) != NULL)
            return unit_command(root, daemon, verb, daemon->unit[i]);
    /* systemd makes a unit of the script, and what starts at boot is told by the links of the script. */
    const char *script = script_in(root, daemon);
    if (script == NULL)
        return unit_command(root, daemon, verb, daemon->unit[0]);
    if (verb == DO_ENABLE || verb == DO_DISABLE)
        return boot_command_in(root, daemon, verb);
    return unit_command(root, daemon, verb, arena_printf("%s.service", script));
}

const char *service_command_in(const struct root *root, enum init_kind kind, enum verb verb, const char *name)
{
    const struct daemon *daemon = service_daemon(name);
    const char *path = daemon == NULL ? NULL : script_path_in(root, daemon);
    if (kind == INIT_SYSTEMD && daemon != NULL)
        return systemd_command_in(root, daemon, verb);
    if (kind != INIT_SYSV || path == NULL)
        return service_command(kind, verb, name);
    if (verb == DO_ENABLE || verb == DO_DISABLE)
        return boot_command_in(root, daemon, verb);
    return arena_printf("%s %s", path, service_verb[verb]);
}
