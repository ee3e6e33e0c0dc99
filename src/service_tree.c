/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What starts at boot of a host that does not run: by the links in its tree, which are what `systemctl
 * enable`, update-rc.d, chkconfig and rc-update leave. Nothing outside of the tree is reached, for file.c
 * opens it.
 *
 * Limits: presets and generators other than that for init scripts are not looked at.
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

static const char *script_in(const struct root *root, const struct daemon *daemon)
{
    for (size_t i = 0; i < COUNT(daemon->script) && daemon->script[i] != NULL; i++)
        if (file_exists(root, arena_printf("/etc/rc.d/init.d/%s", daemon->script[i])) ||
            file_exists(root, arena_printf("/etc/init.d/%s", daemon->script[i])))
            return daemon->script[i];
    return NULL;
}

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
    char target[16];
    struct err ignored;
    int dir;
    if (!file_open_dir(root, "/etc/systemd/system", &dir, &ignored))
        return false;
    const ssize_t len = readlinkat(dir, unit, target, sizeof(target));
    close(dir);
    return len == (ssize_t)strlen("/dev/null") && memcmp(target, "/dev/null", (size_t)len) == 0;
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
