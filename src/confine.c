/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A process for work on hostile text; see confine.h.
 *
 * Protocol: one pipe. A NUL byte before the answer is a sign of life; the answer ends with the pipe, and
 * counts only if the process then ends with status 0. A failure to get that far is said in one line with
 * status 1.
 *
 * Limits: a user that is not root has no rights to give up; then only the limits hold. System calls are not
 * filtered.
 */
#include "confine.h"

#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MORE_MEMORY ((rlim_t)512 << 20) /* beyond what is mapped: windows on the journal, a decompressor */
#define ALIVE_MS 300

/* ---- in the child ---- */

static void close_range_of(int first, int last)
{
    if (first > last || syscall(SYS_close_range, first, last, 0) == 0)
        return;
    long max = sysconf(_SC_OPEN_MAX);
    for (int fd = first; fd <= last && fd < (max < 0 ? 1024 : max); fd++)
        close(fd);
}

static bool kept(const struct confined *c, int out, int fd)
{
    bool is = fd == out;
    for (size_t i = 0; i < c->n_keep; i++)
        is |= c->keep[i] == fd;
    return is;
}

static bool close_others(const struct confined *c, int out, struct err *err)
{
    int null = open("/dev/null", O_RDWR), first = 3, last = out;
    if (null < 0)
        return err_errno(err, "%s", "/dev/null");
    for (int fd = 0; fd <= 2; fd++)
        if (!kept(c, out, fd) && dup2(null, fd) < 0)
            return err_errno(err, "%s", "/dev/null");
    for (size_t i = 0; i < c->n_keep; i++)
        last = c->keep[i] > last ? c->keep[i] : last;
    for (int fd = 3; fd <= last; fd++)
        if (kept(c, out, fd)) {
            close_range_of(first, fd - 1);
            first = fd + 1;
        }
    close_range_of(first, ~0U >> 1);
    return true;
}

static rlim_t mapped(void)
{
    char text[64] = "";
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
    unsigned long pages = 0;
    if (fd >= 0)
        close(fd);
    return n > 0 && sscanf(text, "%lu", &pages) == 1 ? (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) : 0;
}

static bool limit(struct err *err)
{
    rlim_t memory = mapped();
    const struct {
        int what;
        rlim_t most;
    } limits[] = {{RLIMIT_CORE, 0},
                  {RLIMIT_FSIZE, 0},
                  {RLIMIT_NPROC, 0},
                  {RLIMIT_AS, memory > 0 ? memory + MORE_MEMORY : RLIM_INFINITY},
                  {RLIMIT_NOFILE, 0}};
    for (size_t i = 0; i < COUNT(limits); i++) {
        const struct rlimit same = {limits[i].most, limits[i].most};
        if (limits[i].most != RLIM_INFINITY && setrlimit((__rlimit_resource_t)limits[i].what, &same) < 0)
            return err_errno(err, "cannot limit the reader of logs");
    }
    return true;
}

struct nobody {
    uid_t uid;
    gid_t gid;
};

static bool become(const struct nobody *nobody, struct err *err)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return err_errno(err, "cannot give up rights");
    if (geteuid() == 0 && (setgroups(0, NULL) < 0 || setresgid(nobody->gid, nobody->gid, nobody->gid) < 0 ||
                           setresuid(nobody->uid, nobody->uid, nobody->uid) < 0))
        return err_errno(err, "cannot give up rights");
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    return true;
}

static void live(const struct confined *c, int out, const struct nobody *nobody)
{
    struct err err;
    signal(SIGPIPE, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (!close_others(c, out, &err) || (c->open != NULL && !c->open(c->arg, &err)) || !become(nobody, &err) ||
        !limit(&err)) {
        confine_answer(out, err.text, strlen(err.text));
        _exit(1);
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); /* a change of user took it back */
    c->work(c->arg, out);
    _exit(0);
}

void confine_alive(int out)
{
    static int64_t last;
    int64_t now = now_ms();
    if (now - last < ALIVE_MS)
        return;
    last = now;
    ssize_t ignored = write(out, "", 1);
    (void)ignored;
}

void confine_answer(int out, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(out, bytes, len);
        if (n < 0 && errno != EINTR)
            _exit(2);
        bytes += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
}

/* ---- in the parent ---- */

/* Adds what there is to the answer. False: the pipe is at its end, or the answer is too long. */
static bool take(int fd, size_t most, struct buf *answer, bool *ret_long)
{
    char block[16384];
    size_t skip = 0;
    ssize_t n = read(fd, block, sizeof(block));
    if (n < 0)
        return errno == EINTR || errno == EAGAIN;
    while (answer->len == 0 && skip < (size_t)n && block[skip] == '\0')
        skip++;
    *ret_long = answer->len + (size_t)n - skip > most;
    if (!*ret_long)
        buf_add(answer, block + skip, (size_t)n - skip);
    return n > 0 && !*ret_long;
}

static bool listen_to(pid_t pid, int fd, const struct confined *c, struct buf *answer, struct err *err)
{
    int64_t last = now_ms();
    bool too_long = false, more = true;
    while (more) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        progress_tick();
        if (poll(&p, 1, 100) > 0) {
            more = take(fd, c->most, answer, &too_long);
            last = now_ms();
        } else if (now_ms() - last >= c->still_ms) {
            kill(pid, SIGKILL);
            return err_set(err, "it stood still for %d s", c->still_ms / 1000);
        }
    }
    if (!too_long)
        return true;
    kill(pid, SIGKILL);
    return err_set(err, "it said more than there can be to say");
}

static bool ended_well(pid_t pid, const struct buf *answer, struct err *err)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return err_errno(err, "cannot wait for a child");
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && answer->len > 0)
        return true;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 1)
        return err_set(err, "%.500s", buf_text(answer));
    return WIFSIGNALED(status) ? err_set(err, "it was ended by signal %d", WTERMSIG(status))
                               : err_set(err, "it ended without an answer");
}

bool confine(const struct confined *confined, const char **ret_answer, size_t *ret_len, struct err *err)
{
    bool before = memory_must(true);
    const struct passwd *entry = geteuid() == 0 ? getpwnam("nobody") : NULL;
    memory_must(before);
    const struct nobody nobody = {entry != NULL && entry->pw_uid != 0 ? entry->pw_uid : 65534,
                                  entry != NULL && entry->pw_gid != 0 ? entry->pw_gid : 65534};
    struct buf answer = {0};
    struct err why = {0};
    int pipes[2];
    if (pipe2(pipes, O_CLOEXEC) < 0)
        return err_errno(err, "cannot make a pipe");
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        live(confined, pipes[1], &nobody);
    close(pipes[1]);
    if (pid < 0) {
        err_errno(err, "cannot fork");
        close(pipes[0]);
        return false;
    }
    bool heard = listen_to(pid, pipes[0], confined, &answer, err);
    close(pipes[0]);
    if (!ended_well(pid, &answer, &why) && heard) {
        *err = why;
        return false;
    }
    *ret_answer = buf_text(&answer);
    *ret_len = answer.len;
    return heard;
}
