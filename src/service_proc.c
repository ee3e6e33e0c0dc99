/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What /proc tells of a daemon: its main process, how it was started, and when it last read its
 * configuration; see service_backend.h. Reads /proc and pid files only.
 *
 * Limits: a reload is seen by its effect: Postfix's queue manager is replaced by it. Of other daemons only
 * the start of the main process is known.
 */
#include "run.h"
#include "service_backend.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ASK_MS 10000 /* for programs that only answer a question */

/* ---- processes ---- */

static size_t read_small(const char *path, char *ret_bytes, size_t room)
{
    FILE *f = fopen(path, "re");
    if (f == NULL)
        return 0;
    const size_t len = fread(ret_bytes, 1, room - 1, f);
    fclose(f);
    ret_bytes[len] = '\0';
    return len;
}

pid_t service_pid(const char *proc, const char *pid_file, const char *process)
{
    char text[64], comm[64];
    if (read_small(pid_file, text, sizeof(text)) == 0)
        return 0;
    const long pid = strtol(text, NULL, 10); /* Postfix pads it with blanks on the left */
    if (pid <= 0 || read_small(arena_printf("%s/%ld/comm", proc, pid), comm, sizeof(comm)) == 0)
        return 0;
    comm[strcspn(comm, "\n")] = '\0';
    return strcmp(comm, process) == 0 ? (pid_t)pid : 0;
}

/* Asked each time: a fix may have been put back in between. (Takes up to 2 s while main.cf is younger than
 * that.) */
static const char *queue_directory(void)
{
    static const char *const argv[] = {"postconf", "-h", "queue_directory", NULL};
    struct run_result result;
    struct err err;
    if (run_have("postconf") && run_program(argv, ASK_MS, &result, &err) && result.status == 0)
        /* warnings about main.cf come first, on standard error; the answer is the line that is a path */
        for (const char *line = result.output; line != NULL && *line != '\0';) {
            if (*line == '/')
                return arena_copy(line, strcspn(line, "\n"));
            line = strchr(line, '\n');
            line = line == NULL ? NULL : line + 1;
        }
    return "/var/spool/postfix";
}

pid_t service_daemon_pid(const struct daemon *daemon)
{
    const char *file = daemon->pid_file;
    if (file == NULL)
        return 0; /* its pid is the service manager's business */
    if (*file != '/')
        file = arena_printf("%s/%s", queue_directory(), file);
    return service_pid("/proc", file, daemon->process);
}

bool service_foreground(const char *cmdline, size_t len)
{
    /* `postfix start-fg` starts `master -s`, as PID 1 of a container `master -i`; otherwise it is `master
     * -w`. */
    for (size_t at = 0; at < len; at += strlen(cmdline + at) + 1)
        if (strcmp(cmdline + at, "-s") == 0 || strcmp(cmdline + at, "-i") == 0)
            return true;
    return false;
}

bool service_in_foreground(const struct daemon *daemon)
{
    char cmdline[1024];
    if (daemon->process == NULL || strcmp(daemon->process, "master") != 0)
        return false;
    const pid_t pid = service_daemon_pid(daemon);
    if (pid == 0)
        return false;
    const size_t len = read_small(arena_printf("/proc/%d/cmdline", (int)pid), cmdline, sizeof(cmdline));
    return service_foreground(cmdline, len);
}

/* ---- when ---- */

/* Seconds since the epoch at which a process started; 0 when it cannot be told. */
static time_t process_start(pid_t pid)
{
    char text[1024], boot[8192];
    if (read_small(arena_printf("/proc/%ld/stat", (long)pid), text, sizeof(text)) == 0 ||
        read_small("/proc/stat", boot, sizeof(boot)) == 0)
        return 0;
    /* The name, in parentheses, may hold blanks; field 22 is the 20th behind it. */
    const char *field = strrchr(text, ')'), *btime = strstr(boot, "\nbtime ");
    for (int i = 0; field != NULL && i < 20; i++)
        field = strchr(field + 1, ' ');
    if (field == NULL || btime == NULL)
        return 0;
    return strtol(btime + 7, NULL, 10) +
           (time_t)(strtoull(field, NULL, 10) / (unsigned long long)sysconf(_SC_CLK_TCK));
}

time_t service_read_at(const struct daemon *daemon)
{
    char text[8192];
    const pid_t pid = service_daemon_pid(daemon);
    if (pid == 0)
        return 0;
    time_t newest = process_start(pid);
    if (read_small(arena_printf("/proc/%ld/task/%ld/children", (long)pid, (long)pid), text, sizeof(text)) ==
        0)
        return newest;
    struct strings children = strings_split(text, " \n");
    for (size_t i = 0; i < children.n; i++) {
        char comm[64];
        if (read_small(arena_printf("/proc/%s/comm", children.item[i]), comm, sizeof(comm)) == 0 ||
            strcmp(comm, "qmgr\n") != 0)
            continue;
        const time_t start = process_start((pid_t)strtol(children.item[i], NULL, 10));
        newest = start > newest ? start : newest;
    }
    return newest;
}
