/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Who listens; see listener.h. A line of /proc/net/tcp is "sl local_address rem_address st ... inode ...",
 * the port in hexadecimal behind the colon, st 0A for a listening socket (proc(5)).
 *
 * Limits: processes in another pid namespace are not seen, nor is a socket that a service manager holds for a
 * daemon that does not run yet told from its own.
 */
#include "listener.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *read_all(const char *path)
{
    struct buf text = {0};
    char some[4096];
    size_t n;
    FILE *f = fopen(path, "re");
    if (f == NULL)
        return "";
    while ((n = fread(some, 1, sizeof(some), f)) > 0)
        buf_add(&text, some, n);
    fclose(f);
    return buf_text(&text);
}

struct strings listener_inodes(const char *text, int port)
{
    struct strings inodes = {0}, lines = strings_split(text, "\n");
    const char *wanted = arena_printf(":%04X", (unsigned)port);
    for (size_t i = 0; i < lines.n; i++) {
        struct strings words = strings_split(lines.item[i], " ");
        if (words.n > 9 && ends_with(words.item[1], wanted) && strcmp(words.item[3], "0A") == 0)
            strings_add(&inodes, words.item[9]);
    }
    return inodes;
}

/* Whether the process has one of the sockets open. */
static bool holds_one(const char *pid, const struct strings *inodes)
{
    const char *path = arena_printf("/proc/%s/fd", pid);
    DIR *dir = opendir(path);
    bool holds = false;
    if (dir == NULL)
        return false;
    for (struct dirent *entry; !holds && (entry = readdir(dir)) != NULL;) {
        char link[64];
        ssize_t len = readlinkat(dirfd(dir), entry->d_name, link, sizeof(link) - 1);
        if (len < 0)
            continue;
        link[len] = '\0';
        for (size_t i = 0; i < inodes->n; i++)
            holds |= strcmp(link, arena_printf("socket:[%s]", inodes->item[i])) == 0;
    }
    closedir(dir);
    return holds;
}

static struct strings inodes_here(int port)
{
    return listener_inodes(
        arena_printf("%s%s", read_all("/proc/self/net/tcp"), read_all("/proc/self/net/tcp6")), port);
}

struct strings listener_programs(int port)
{
    struct strings programs = {0}, inodes = inodes_here(port);
    DIR *dir = inodes.n > 0 ? opendir("/proc") : NULL;
    if (dir == NULL)
        return programs;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        /* The first process only holds the socket of a unit that is started by a connection. */
        if (strtol(entry->d_name, NULL, 10) <= 1 || !holds_one(entry->d_name, &inodes))
            continue;
        const char *name = read_all(arena_printf("/proc/%s/comm", entry->d_name));
        name = arena_copy(name, strcspn(name, "\n"));
        if (name[0] != '\0' && !strings_have(&programs, name))
            strings_add(&programs, name);
    }
    closedir(dir);
    return programs;
}

const char *listener_daemon(const struct strings *programs)
{
    /* Postfix first: its smtpd has the name of OpenSMTPD's, and inherits the socket from master. */
    static const struct {
        const char *program, *daemon;
    } table[] = {
        {"master", "postfix"}, {"dovecot", "dovecot"}, {"sendmail", "sendmail"}, {"sendmail-mta", "sendmail"},
        {"exim4", "exim4"},    {"exim", "exim4"},      {"smtpd", "opensmtpd"},
    };
    for (size_t i = 0; i < COUNT(table); i++)
        if (strings_have(programs, table[i].program))
            return table[i].daemon;
    return NULL;
}

const char *listener_owner(const char *port)
{
    struct strings programs = listener_programs(atoi(port));
    return listener_daemon(&programs);
}

enum verdict listener_is(const char *port, const struct strings *daemons, const char **ret_why)
{
    struct strings programs = listener_programs(atoi(port));
    if (programs.n == 0 && inodes_here(atoi(port)).n > 0) {
        *ret_why = arena_printf(_("who listens on port %s cannot be seen"), port);
        return CANNOT_TELL;
    }
    const char *daemon = programs.n == 0 ? "nobody" : listener_daemon(&programs);
    *ret_why = programs.n == 0
                   ? arena_printf(_("nobody listens on port %s"), port)
                   : arena_printf(_("port %s belongs to %s"), port, strings_join(&programs, ", "));
    return daemon != NULL && strings_have(daemons, daemon) ? HOLDS : FAILS;
}
