/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Running other programs; see run.h. The only file that forks.
 *
 * The child's output comes through one pipe. It is read until the child has ended, not until the pipe is
 * closed: a daemon that an init script started may keep the pipe for its whole life. A second pipe carries
 * the reason when the child could not become the program.
 *
 * Limits: a program that leaves its process group escapes the kill at the time limit.
 */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static const char *const DIRECTORIES[] = {"/usr/sbin", "/usr/bin", "/sbin", "/bin"};

static const char *const ENVIRONMENT[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin",
                                          "HOME=/root",
                                          "LOGNAME=root",
                                          "SHELL=/bin/sh",
                                          "LANG=C",
                                          "LC_ALL=C",
                                          NULL};

static const char *find_program(const char *name)
{
    if (strchr(name, '/') != NULL)
        return access(name, X_OK) == 0 ? name : NULL;
    for (size_t i = 0; i < COUNT(DIRECTORIES); i++) {
        const char *path = arena_printf("%s/%s", DIRECTORIES[i], name);
        if (access(path, X_OK) == 0)
            return path;
    }
    return NULL;
}

bool run_have(const char *name)
{
    return find_program(name) != NULL;
}

/* ---- in the child ---- */

struct child {
    const char *path;
    const char *const *argv;
    bool terminal, stoppable;
    int input; /* -1: /dev/null */
    bool (*setup)(void *arg, struct err *err);
    void *arg;
    int output, reason; /* write ends */
};

static void close_from(int first)
{
    if (syscall(SYS_close_range, first, ~0U, 0) == 0)
        return;
    long max = sysconf(_SC_OPEN_MAX);
    for (int fd = first; fd < (max < 0 ? 1024 : max); fd++)
        close(fd);
}

static void default_signals(void)
{
    sigset_t none;
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void give_up(int fd, const struct err *why)
{
    ssize_t ignored = write(fd, why, sizeof(*why));
    (void)ignored;
    _exit(127);
}

static void become(const struct child *c)
{
    struct err why;
    setpgid(0, 0);
    default_signals();
    if (c->setup != NULL && !c->setup(c->arg, &why))
        give_up(c->reason, &why);
    /* The reason pipe moves to 3, so that all above it can be closed; it closes itself on exec. */
    int input = c->input >= 0 ? c->input : open("/dev/null", O_RDONLY);
    if (input < 0 || dup2(input, 0) < 0 || dup2(c->output, 1) < 0 || dup2(c->output, 2) < 0 ||
        (c->reason != 3 && dup2(c->reason, 3) < 0) || fcntl(3, F_SETFD, FD_CLOEXEC) < 0) {
        err_errno(&why, "cannot set up the descriptors");
        give_up(c->reason, &why);
    }
    close_from(4);
    execve(c->path, (char *const *)c->argv, (char *const *)ENVIRONMENT);
    err_errno(&why, "cannot start %s", c->path);
    give_up(3, &why);
}

/* ---- in the parent ---- */

static void drain(int fd, struct buf *output, struct run_result *result)
{
    char block[65536];
    ssize_t n;
    while ((n = read(fd, block, sizeof(block))) > 0) {
        for (const char *at = block; (at = memchr(at, '\n', (size_t)(block + n - at))) != NULL; at++)
            result->lines++;
        size_t room = RUN_KEEP - output->len;
        if ((size_t)n > room)
            result->cut = true;
        buf_add(output, block, (size_t)n < room ? (size_t)n : room);
    }
}

/* Waits for the end of the child, reading what it says meanwhile. */
static bool wait_for(pid_t pid, int fd, const struct child *c, int limit_ms, struct buf *output,
                     struct run_result *result, int *ret_status, struct err *err)
{
    int64_t end = now_ms() + limit_ms;
    fcntl(fd, F_SETFL, O_NONBLOCK);
    for (int pause = 1;; pause = pause < 20 ? pause * 2 : 20) {
        progress_tick();
        drain(fd, output, result);
        pid_t got = waitpid(pid, ret_status, WNOHANG);
        if (got < 0 && errno != EINTR)
            return err_errno(err, "cannot wait for a child");
        if (got == pid)
            break;
        bool late = now_ms() >= end, stop = c->stoppable && interrupted();
        if ((late || stop) && !result->timed_out && !result->stopped) {
            result->timed_out = !stop;
            result->stopped = stop;
            kill(-pid, SIGKILL);
            kill(pid, SIGKILL);
        }
        /* The pipe wakes us up for output and, where nobody else holds it, for the end. */
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (poll(&p, 1, pause) > 0 && (p.revents & POLLIN) == 0)
            poll(NULL, 0, 1);
    }
    drain(fd, output, result);
    return true;
}

/* Both ends of a terminal that changes no byte. */
static bool open_terminal(int output[2])
{
    struct termios raw;
    char name[64];
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), slave = -1;
    if (master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0 &&
        ptsname_r(master, name, sizeof(name)) == 0)
        slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (slave >= 0 && tcgetattr(slave, &raw) == 0) {
        cfmakeraw(&raw);
        tcsetattr(slave, TCSANOW, &raw);
        output[0] = master;
        output[1] = slave;
        return true;
    }
    if (slave >= 0)
        close(slave);
    if (master >= 0)
        close(master);
    return false;
}

static bool start(struct child *c, int output[2], int reason[2], pid_t *ret_pid, struct err *err)
{
    if (!(c->terminal && open_terminal(output)) && pipe2(output, O_CLOEXEC) < 0)
        return err_errno(err, "cannot make a pipe");
    if (pipe2(reason, O_CLOEXEC) < 0) {
        err_errno(err, "cannot make a pipe");
        close(output[0]);
        close(output[1]);
        return false;
    }
    c->output = output[1];
    c->reason = reason[1];
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        become(c);
    close(output[1]);
    close(reason[1]);
    *ret_pid = pid;
    if (pid > 0)
        return true;
    err_errno(err, "cannot fork");
    close(output[0]);
    close(reason[0]);
    return false;
}

static bool run(struct child *c, int limit_ms, struct run_result *ret_result, struct err *err)
{
    int output[2], reason[2], status = 0;
    pid_t pid = -1;
    c->path = find_program(c->argv[0]);
    if (c->path == NULL)
        return err_set(err, "there is no program %s here", c->argv[0]);
    if (!start(c, output, reason, &pid, err))
        return false;
    struct run_result result = {0};
    struct buf text = {0};
    bool ok = wait_for(pid, output[0], c, limit_ms, &text, &result, &status, err);
    struct err why;
    fcntl(reason[0], F_SETFL, O_NONBLOCK);
    bool refused = read(reason[0], &why, sizeof(why)) == (ssize_t)sizeof(why);
    close(output[0]);
    close(reason[0]);
    if (ok && refused)
        *err = why;
    if (!ok || refused)
        return false;
    result.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    result.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    result.output = buf_text(&text);
    result.len = text.len;
    *ret_result = result;
    return true;
}

bool run_program(const char *const argv[], int limit_ms, struct run_result *ret_result, struct err *err)
{
    struct child c = {.argv = argv, .input = -1};
    return run(&c, limit_ms, ret_result, err);
}

bool run_work(const char *const argv[], int input, int limit_ms, struct run_result *ret_result,
              struct err *err)
{
    struct child c = {.argv = argv, .stoppable = true, .input = input};
    return run(&c, limit_ms, ret_result, err);
}

bool run_on_terminal(const char *const argv[], int limit_ms, struct run_result *ret_result, struct err *err)
{
    struct child c = {.argv = argv, .terminal = true, .input = -1};
    return run(&c, limit_ms, ret_result, err);
}

bool run_prepared(const char *const argv[], int limit_ms, bool (*setup)(void *arg, struct err *err),
                  void *arg, struct run_result *ret_result, struct err *err)
{
    struct child c = {.argv = argv, .terminal = true, .input = -1, .setup = setup, .arg = arg};
    return run(&c, limit_ms, ret_result, err);
}
