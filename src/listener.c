/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Who listens; see listener.h. Where the kernel does not tell by itself (listener_diag.c), a line of
 * /proc/net/tcp is "sl local_address rem_address st ... inode ...", the port in hexadecimal behind the colon,
 * st 0A for a listening socket (proc(5)).
 *
 * Limits: processes in another pid namespace are not seen.
 */
#include "listener_private.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

const char *listener_address(int family, const void *address, int port)
{
    char text[INET6_ADDRSTRLEN] = "";
    if (inet_ntop(family, address, text, sizeof(text)) == NULL)
        return arena_printf(":%d", port);
    return arena_printf(family == AF_INET6 ? "[%s]:%d" : "%s:%d", text, port);
}

/* "0100007F", or four such words: as many numbers of the host's byte order that hold the address as it is on
 * the wire. */
static const char *readable_address(const char *hex, int port)
{
    uint32_t word[4] = {0};
    const size_t len = strcspn(hex, ":");
    for (size_t i = 0; i < COUNT(word) && (i + 1) * 8 <= len; i++)
        word[i] = (uint32_t)strtoul(arena_copy(hex + i * 8, 8), NULL, 16);
    return listener_address(len == 32 ? AF_INET6 : AF_INET, word, port);
}

void listener_sockets(const char *text, int port, struct strings *ret_inodes, struct strings *ret_addresses)
{
    struct strings lines = strings_split(text, "\n");
    const char *wanted = arena_printf(":%04X", (unsigned)port);
    for (size_t i = 0; i < lines.n; i++) {
        struct strings words = strings_split(lines.item[i], " ");
        if (words.n <= 9 || !ends_with(words.item[1], wanted) || strcmp(words.item[3], "0A") != 0)
            continue;
        strings_add(ret_inodes, words.item[9]);
        strings_add(ret_addresses, readable_address(words.item[1], port));
    }
}

/* ---- processes ---- */

static struct sockets sockets_here(int port)
{
    struct sockets here = {0};
    if (!listener_ask_kernel(port, &here))
        listener_sockets(
            arena_printf("%s%s", read_all("/proc/self/net/tcp"), read_all("/proc/self/net/tcp6")), port,
            &here.inode, &here.address);
    return here;
}

/* The addresses of those sockets that the process has open. */
static struct strings open_sockets(const char *pid, const struct sockets *sockets)
{
    struct strings open = {0};
    DIR *dir = opendir(arena_printf("/proc/%s/fd", pid));
    if (dir == NULL)
        return open;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char link[64];
        ssize_t len = readlinkat(dirfd(dir), entry->d_name, link, sizeof(link) - 1);
        if (len < 0)
            continue;
        link[len] = '\0';
        for (size_t i = 0; i < sockets->inode.n; i++)
            if (strcmp(link, arena_printf("socket:[%s]", sockets->inode.item[i])) == 0 &&
                !strings_have(&open, sockets->address.item[i]))
                strings_add(&open, sockets->address.item[i]);
    }
    closedir(dir);
    return open;
}

static const char *program_of(const char *pid)
{
    const char *name = read_all(arena_printf("/proc/%s/comm", pid));
    return arena_copy(name, strcspn(name, "\n"));
}

/* NULL when the path leads to another file here, or to none: replaced by an upgrade, or of a container. */
static const char *exe_of(const char *pid)
{
    const char *magic = arena_printf("/proc/%s/exe", pid);
    char path[4096];
    struct stat runs, here;
    ssize_t len = readlink(magic, path, sizeof(path) - 1);
    if (len < 0)
        return NULL;
    path[len] = '\0';
    const bool same = stat(magic, &runs) == 0 && stat(path, &here) == 0 && runs.st_dev == here.st_dev &&
                      runs.st_ino == here.st_ino;
    return same ? arena_string(path) : NULL;
}

static long parent_of(long pid)
{
    /* The name, in parentheses, may hold blanks; state and parent follow it. */
    const char *stat = read_all(arena_printf("/proc/%ld/stat", pid)), *behind = strrchr(stat, ')');
    return behind != NULL && strlen(behind) > 4 ? strtol(behind + 4, NULL, 10) : 0;
}

static int by_pid(const void *a, const void *b)
{
    const struct holder *one = a, *other = b;
    return one->pid < other->pid ? -1 : one->pid > other->pid;
}

/* systemd keeps the socket of a unit that a connection starts. */
static bool keeps_for_others(const struct holder *holder)
{
    return holder->pid == 1 && strcmp(holder->program, "systemd") == 0;
}

static struct holder *all_holders(const struct sockets *sockets, size_t *ret_n)
{
    struct holder *holder = NULL;
    DIR *dir = sockets->inode.n > 0 ? opendir("/proc") : NULL;
    *ret_n = 0;
    if (dir == NULL)
        return NULL;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        const char *pid = arena_string(entry->d_name);
        struct holder one = {.pid = strtol(pid, NULL, 10)};
        if (one.pid < 1)
            continue;
        one.socket = open_sockets(pid, sockets);
        one.program = program_of(pid);
        if (one.socket.n > 0 && one.program[0] != '\0')
            holder = arena_append(holder, ret_n, sizeof(one), &one);
    }
    closedir(dir);
    if (*ret_n > 0)
        qsort(holder, *ret_n, sizeof(*holder), by_pid);
    return holder;
}

/* Whether the process has its socket from the one that started it. */
static bool inherited(const struct holder *holder, size_t n, long pid)
{
    const long parent = parent_of(pid);
    for (size_t i = 0; i < n; i++)
        if (holder[i].pid == parent)
            return !keeps_for_others(&holder[i]);
    return false;
}

void listener_holders(int port, struct holder **ret_holder, size_t *ret_n, bool *ret_unseen)
{
    struct sockets sockets = sockets_here(port);
    size_t n, kept = 0;
    struct holder *holder = all_holders(&sockets, &n);
    struct holder *first = arena_alloc((n + 1) * sizeof(*first));
    for (size_t i = 0; i < n; i++) {
        if (inherited(holder, n, holder[i].pid))
            continue;
        first[kept] = holder[i];
        first[kept].exe = exe_of(arena_printf("%ld", holder[i].pid));
        kept++;
    }
    *ret_holder = first;
    *ret_n = kept;
    *ret_unseen = n == 0 && sockets.inode.n > 0;
}

struct strings listener_programs(int port)
{
    struct sockets sockets = sockets_here(port);
    struct strings programs = {0};
    size_t n;
    struct holder *holder = all_holders(&sockets, &n);
    for (size_t i = 0; i < n; i++)
        if ((!keeps_for_others(&holder[i]) || n == 1) && !strings_have(&programs, holder[i].program))
            strings_add(&programs, holder[i].program);
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
