/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Who owns a port; see owner.h.
 *
 * The unit is read from the cgroup as sd_pid_get_unit(3) does it: the first part of the path that is no
 * slice. The package is asked of whichever package manager is here: dpkg, rpm, apk. What cannot be told is
 * left out.
 *
 * Limits: cgroups tell units only where systemd runs. An init script is told only of the daemons that
 * service.c knows.
 */
#include "owner.h"

#include "listener.h"
#include "run.h"
#include "service.h"

#include <stdlib.h>
#include <string.h>

#define ASK_MS 10000

/* ---- unit ---- */

/* The path of the cgroup: systemd's own hierarchy ("1:name=systemd:/..."), else the unified one ("0::/...").
 */
static const char *cgroup_path(const char *text)
{
    const struct strings lines = strings_split(text, "\n");
    const char *path = NULL;
    for (size_t i = 0; i < lines.n; i++) {
        const char *line = lines.item[i], *named = strstr(line, ":name=systemd:");
        if (named != NULL)
            return named + strlen(":name=systemd:");
        if (starts_with(line, "0::"))
            path = line + strlen("0::");
    }
    return path;
}

const char *owner_unit(const char *cgroup, const char *first)
{
    const char *path = cgroup_path(cgroup), *top = cgroup_path(first);
    if (path == NULL || top == NULL)
        return NULL;
    size_t len = strlen(top);
    if (ends_with(top, "/init.scope"))
        len -= strlen("/init.scope");
    if (len > 0 && top[len - 1] == '/')
        len--;
    if (strncmp(path, top, len) != 0)
        return NULL;
    const struct strings parts = strings_split(path + len, "/");
    for (size_t i = 0; i < parts.n; i++)
        if (!ends_with(parts.item[i], ".slice"))
            return ends_with(parts.item[i], ".service") || ends_with(parts.item[i], ".scope") ? parts.item[i]
                                                                                              : NULL;
    return NULL;
}

const char *owner_socket_unit(const char *list, const char *address)
{
    const struct strings lines = strings_split(list, "\n");
    const char *port = strrchr(address, ':'), *found = NULL;
    for (size_t i = 0; i < lines.n; i++) {
        const struct strings words = strings_split(lines.item[i], " ");
        if (words.n < 2 || !ends_with(words.item[1], ".socket") || port == NULL ||
            !ends_with(words.item[0], port))
            continue;
        if (found == NULL || strcmp(words.item[0], address) == 0)
            found = words.item[1];
    }
    return found;
}

/* What a program prints; NULL when it does not end with success. */
static const char *printed_by(const char *const argv[])
{
    struct run_result result;
    struct err err;
    if (run_have(argv[0]) && run_program(argv, ASK_MS, &result, &err) && result.status == 0)
        return result.output;
    return NULL;
}

static const char *read_cgroup(long pid)
{
    char text[4096];
    FILE *f = fopen(arena_printf("/proc/%ld/cgroup", pid), "re");
    if (f == NULL)
        return "";
    const size_t len = fread(text, 1, sizeof(text), f);
    fclose(f);
    return arena_copy(text, len);
}

static void find_unit(struct holder *holder)
{
    if (holder->pid != 1) {
        holder->unit = owner_unit(read_cgroup(holder->pid), read_cgroup(1));
        return;
    }
    const char *list = printed_by(
        (const char *[]){"systemctl", "list-sockets", "--no-legend", "--no-pager", "--full", NULL});
    if (list != NULL)
        holder->unit = owner_socket_unit(list, holder->socket.item[0]);
}

/* Where systemd runs the unit tells more, and says so itself when it was made from a script. */
static void find_starter(struct holder *holder)
{
    const struct strings program = {.item = (const char *[]){holder->program}, .n = 1};
    const char *daemon = listener_daemon(&program);
    const enum init_kind kind = service_init(daemon != NULL ? daemon : "postfix");
    if (kind == INIT_SYSTEMD)
        find_unit(holder);
    else if (daemon != NULL && (kind == INIT_SYSV || kind == INIT_OPENRC))
        holder->script = service_script_here(daemon);
}

/* ---- package ---- */

const char *owner_dpkg(const char *output, const char *file)
{
    const struct strings lines = strings_split(output, "\n");
    const char *ending = arena_printf(": %s", file);
    for (size_t i = 0; i < lines.n; i++)
        if (ends_with(lines.item[i], ending) && !starts_with(lines.item[i], "diversion "))
            return arena_copy(lines.item[i], strlen(lines.item[i]) - strlen(ending));
    return NULL;
}

/* dpkg knows a file by the name that its package has for it: where /lib and /sbin are links into /usr, that
 * may be the shorter one. */
static const char *ask_dpkg(const char *file)
{
    for (; file != NULL; file = starts_with(file, "/usr/") ? file + strlen("/usr") : NULL) {
        const char *output = printed_by((const char *[]){"dpkg-query", "--search", file, NULL});
        const char *package = output != NULL ? owner_dpkg(output, file) : NULL;
        if (package != NULL)
            return package;
    }
    return NULL;
}

/* Its own words may end in more lines, as of two packages that share the file. */
static const char *first_line(const char *output)
{
    return output == NULL || output[0] == '\0' ? NULL : arena_copy(output, strcspn(output, "\n"));
}

/* "/usr/sbin/sendmail is owned by postfix-3.8.4-r0" */
static const char *ask_apk(const char *file)
{
    const char *line = first_line(printed_by((const char *[]){"apk", "info", "--who-owns", file, NULL}));
    const char *blank = line != NULL ? strrchr(line, ' ') : NULL;
    return blank != NULL ? blank + 1 : line;
}

/* Asked once for each file: conditions are held against the host several times in a run. */
static const char *package_of(const char *file)
{
    static struct known {
        const char *file, *package;
    } * known;
    static size_t n_known;
    for (size_t i = 0; i < n_known; i++)
        if (strcmp(known[i].file, file) == 0)
            return known[i].package;
    struct known one = {.file = file, .package = ask_dpkg(file)};
    if (one.package == NULL)
        one.package = first_line(printed_by(
            (const char *[]){"rpm", "-qf", "--queryformat", "%{NAME}-%{VERSION}-%{RELEASE}\n", file, NULL}));
    if (one.package == NULL)
        one.package = ask_apk(file);
    known = arena_append(known, &n_known, sizeof(one), &one);
    return one.package;
}

/* ---- all together ---- */

const char *owner_describe(const struct holder *holder)
{
    struct strings parts = {0};
    if (holder->socket.n > 0)
        strings_add(&parts, strings_join(&holder->socket, ", "));
    strings_add(&parts, arena_printf(_("process %ld (%s)"), holder->pid, holder->program));
    if (holder->unit != NULL)
        strings_add(&parts, arena_printf(_("unit %s"), holder->unit));
    if (holder->script != NULL)
        strings_add(&parts, arena_printf(_("script %s"), holder->script));
    if (holder->package != NULL)
        strings_add(&parts, arena_printf(_("package %s"), holder->package));
    return strings_join(&parts, ", ");
}

void owner_complete(struct holder *holder, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        find_starter(&holder[i]);
        if (holder[i].exe != NULL)
            holder[i].package = package_of(holder[i].exe);
    }
}

static void tell_all(struct holder *holder, size_t n, struct evidence *evidence)
{
    struct buf text = {0};
    owner_complete(holder, n);
    for (size_t i = 0; i < n; i++) {
        buf_printf(&text, "%s%s", i > 0 ? "; " : ": ", owner_describe(&holder[i]));
    }
    evidence->holder = holder;
    evidence->n_holder = n;
    evidence->sentence = arena_printf("%s%s", evidence->sentence, buf_text(&text));
}

enum verdict owner_is(const char *port, const struct strings *daemons, struct evidence *ret_evidence)
{
    struct strings programs = listener_programs(atoi(port));
    struct holder *holder;
    size_t n;
    bool unseen;
    listener_holders(atoi(port), &holder, &n, &unseen);
    if (unseen) {
        ret_evidence->sentence = arena_printf(_("who listens on port %s cannot be seen"), port);
        return CANNOT_TELL;
    }
    const char *daemon = programs.n == 0 ? "nobody" : listener_daemon(&programs);
    const bool is = daemon != NULL && strings_have(daemons, daemon);
    ret_evidence->sentence =
        programs.n == 0 ? arena_printf(_("nobody listens on port %s"), port)
                        : arena_printf(_("port %s belongs to %s"), port, strings_join(&programs, ", "));
    if (!is)
        tell_all(holder, n, ret_evidence);
    return is ? HOLDS : FAILS;
}
