/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * faulty.so: preloaded by memory.py and sweep.py, makes allocations of mailfix fail and its writes short, and tells how many
 * there were; or keeps it from moving files between two directories. Allocations of the libraries too: it stands before libc's malloc for all of them.
 *
 * Steered by the environment, which mailfix does not hand on to its children:
 *
 *   FAULTY_FILE    a file of sizeof(struct seen) bytes for the counters: it is mapped, so that they are true however the
 *                  process ends
 *   FAULTY_MALLOC  "N": the Nth allocation fails; "N+": so do all after it; "swap+": all from the first exchange of files on
 *   FAULTY_EACH    "FROM TO STEP" or "FROM TO STEP +": each STEPth allocation from FROM on, before TO, fails in a child that
 *                  is forked there and runs to its end, while this process goes on with what it got. A child that is about
 *                  to write to the disk ends instead: its number is noted, a run of its own has to show what comes of it.
 *                  The others must end with exit 1, and "Nothing was changed." as their last line. At TO all ends.
 *   FAULTY_SHORT   "N": the Nth write (write, pwrite) puts half of its bytes on disk and says so; "N+": so do all after it
 *   FAULTY_PLANT   an allocation of our own right after the first exchange, to see that it is noticed
 *   FAULTY_APART   "DIRECTORY": what is below it is on a file system of its own: a renameat from there or to there gives
 *                  EXDEV. Needs no FAULTY_FILE
 *
 * Counted are allocations from the begin of main on, of the process that main began in; those of processes that it forks are
 * counted on their own and never fail. From the first renameat2 to the last state that was written (pwrite) they are counted
 * once more: there must be none.
 *
 * Limits: glibc, one thread. What the program maps by itself is no allocation.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOTED 4096
#define WOULD_WRITE 99 /* exit code of a child of FAULTY_EACH */
#define HANG 20        /* seconds of such a child */

/* points.py reads it. */
struct seen {
    uint64_t allocations, failed, in_children;
    uint64_t exchanges, states;           /* renameat2, pwrite */
    uint64_t since_exchange, until_state; /* allocations since the first exchange; of these, until the last state */
    uint64_t writes;
    uint64_t told, n_would_write, n_wrong; /* children of FAULTY_EACH */
    uint64_t would_write[NOTED];
    struct {
        uint64_t number, status;
        char last[112];
    } wrong[64];
};

static struct seen *seen;
static bool other; /* a process that mailfix forked */
static uint64_t fail_at, short_at;
static bool fail_on, short_on, fail_from_swap, plant;
static uint64_t each_from, each_to, each_step;
static bool each_on, is_child;

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

/* ---- each in a child ---- */

static void judge_child(uint64_t n, int status, const char *text, size_t len)
{
    static const char wanted[] = "Nothing was changed.\n";
    size_t end = sizeof(wanted) - 1;
    if (WIFEXITED(status) && WEXITSTATUS(status) == WOULD_WRITE) {
        if (seen->n_would_write < NOTED)
            seen->would_write[seen->n_would_write] = n;
        seen->n_would_write++;
    } else if (WIFEXITED(status) && WEXITSTATUS(status) == 1 && len >= end &&
               memcmp(text + len - end, wanted, end) == 0) {
        seen->told++;
    } else {
        if (seen->n_wrong < sizeof(seen->wrong) / sizeof(seen->wrong[0])) {
            size_t tail = len < sizeof(seen->wrong[0].last) - 1 ? len : sizeof(seen->wrong[0].last) - 1;
            seen->wrong[seen->n_wrong].number = n;
            seen->wrong[seen->n_wrong].status = (uint64_t)status;
            memcpy(seen->wrong[seen->n_wrong].last, text + len - tail, tail);
        }
        seen->n_wrong++;
    }
}

/* Whether this is the child, in which the allocation fails. */
static bool fails_in_child(uint64_t n)
{
    int pipe_fd[2];
    char text[16384];
    size_t len = 0;
    ssize_t got;
    int status;
    if (pipe(pipe_fd) < 0)
        abort();
    pid_t pid = fork();
    if (pid < 0)
        abort();
    if (pid == 0) {
        int nowhere = open("/dev/null", O_WRONLY);
        dup2(nowhere, STDOUT_FILENO);
        dup2(pipe_fd[1], STDERR_FILENO);
        close(pipe_fd[0]);
        close(pipe_fd[1]);
        close(nowhere);
        alarm(HANG);
        is_child = true;
        fail_at = n;
        fail_on = each_on;
        return true;
    }
    close(pipe_fd[1]);
    while (len < sizeof(text) && (got = read(pipe_fd[0], text + len, sizeof(text) - len)) > 0)
        len += (size_t)got;
    close(pipe_fd[0]);
    if (waitpid(pid, &status, 0) != pid)
        abort();
    judge_child(n, status, text, len);
    return false;
}

static void about_to_write(void)
{
    if (is_child)
        _exit(WOULD_WRITE);
}

/* ---- allocations ---- */

/* Whether this one fails. */
static bool fails(void)
{
    if (seen == NULL)
        return false;
    if (is_child) {
        errno = ENOMEM;
        return fail_on;
    }
    if (other) {
        seen->in_children++;
        return false;
    }
    uint64_t n = ++seen->allocations;
    if (seen->exchanges > 0)
        seen->since_exchange++;
    bool fail = n == fail_at || (fail_on && fail_at > 0 && n > fail_at) || (fail_from_swap && seen->exchanges > 0);
    if (each_to > 0) {
        if (n >= each_to)
            _exit(0);
        fail = n >= each_from && (n - each_from) % each_step == 0 && fails_in_child(n);
    }
    if (fail) {
        seen->failed += !is_child;
        errno = ENOMEM;
    }
    return fail;
}

void *malloc(size_t size)
{
    return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    return fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
    return (size > 0 || p == NULL) && fails() ? NULL : __libc_realloc(p, size);
}

void *reallocarray(void *p, size_t n, size_t size)
{
    size_t all;
    if (__builtin_mul_overflow(n, size, &all)) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(p, all);
}

void *memalign(size_t alignment, size_t size)
{
    return fails() ? NULL : __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return memalign(alignment, size);
}

int posix_memalign(void **ret, size_t alignment, size_t size)
{
    void *p = memalign(alignment, size);
    if (p == NULL)
        return ENOMEM;
    *ret = p;
    return 0;
}

/* ---- calls that change the disk, as mailfix makes them ---- */

#define NEXT(name) ((__typeof__(&name))next(#name))

static void *next(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    if (found == NULL)
        abort();
    return found;
}

static long (*real_syscall)(long, ...);
static int (*real_openat)(int, const char *, int, ...);
static const char *apart;

__attribute__((constructor)) static void find_functions(void)
{
    real_syscall = NEXT(syscall);
    real_openat = NEXT(openat);
    apart = getenv("FAULTY_APART");
}

static void *volatile planted;
static bool is_apart(int dir)
{
    char link[32], path[4096];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", dir);
    ssize_t len = readlink(link, path, sizeof(path) - 1);
    path[len > 0 ? len : 0] = '\0';
    return strstr(path, apart) != NULL;
}

/* The kernel itself says EXDEV, so that a trace has it: /proc is no place for a file of a disk. */
int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    bool refused = apart != NULL && is_apart(from_dir) != is_apart(to_dir);
    about_to_write();
    return (int)(refused ? real_syscall(SYS_renameat, from_dir, from, AT_FDCWD, "/proc/other")
                         : real_syscall(SYS_renameat, from_dir, from, to_dir, to));
}

long syscall(long number, ...)
{
    va_list ap;
    long a[6];
    va_start(ap, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(ap, long);
    va_end(ap);
    if (number == SYS_renameat2)
        about_to_write();
    bool first = seen != NULL && number == SYS_renameat2 && !other && seen->exchanges++ == 0;
    long ret = real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    int saved = errno;
    if (first && plant)
        planted = malloc(1);
    errno = saved;
    return ret;
}

int openat(int dir, const char *path, int flags, ...)
{
    va_list ap;
    va_start(ap, flags);
    mode_t mode = va_arg(ap, mode_t);
    va_end(ap);
    if ((flags & (O_CREAT | O_TRUNC | O_WRONLY | O_RDWR)) != 0)
        about_to_write();
    return real_openat(dir, path, flags, mode);
}

int openat64(int dir, const char *path, int flags, ...) __attribute__((alias("openat")));

int mkdirat(int dir, const char *path, mode_t mode)
{
    about_to_write();
    return (int)real_syscall(SYS_mkdirat, dir, path, mode);
}

int unlinkat(int dir, const char *path, int flags)
{
    about_to_write();
    return (int)real_syscall(SYS_unlinkat, dir, path, flags);
}

/* ---- short writes, and the states ---- */

static size_t shortened(size_t len)
{
    if (seen == NULL || is_child || other || len < 2)
        return len;
    uint64_t n = ++seen->writes;
    return n == short_at || (short_on && n > short_at) ? len / 2 : len;
}

ssize_t write(int fd, const void *bytes, size_t len)
{
    return real_syscall(SYS_write, fd, bytes, shortened(len));
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    ssize_t n = real_syscall(SYS_pwrite64, fd, bytes, shortened(len), at);
    if (seen != NULL && !other) {
        seen->states++;
        seen->until_state = seen->since_exchange;
    }
    return n;
}

ssize_t pwrite64(int fd, const void *bytes, size_t len, off64_t at) __attribute__((alias("pwrite")));

/* ---- the begin ---- */

static uint64_t number_in(const char *name, bool *ret_on)
{
    const char *text = getenv(name);
    char *end = NULL;
    uint64_t n = text != NULL ? strtoull(text, &end, 10) : 0;
    *ret_on = n > 0 && *end == '+';
    return n;
}

static void read_environment(void)
{
    const char *from = getenv("FAULTY_MALLOC"), *each = getenv("FAULTY_EACH");
    fail_from_swap = from != NULL && strcmp(from, "swap+") == 0;
    fail_at = number_in("FAULTY_MALLOC", &fail_on);
    short_at = number_in("FAULTY_SHORT", &short_on);
    plant = getenv("FAULTY_PLANT") != NULL;
    if (each != NULL) {
        char *end;
        each_from = strtoull(each, &end, 10);
        each_to = strtoull(end, &end, 10);
        each_step = strtoull(end, &end, 10);
        each_on = strchr(end, '+') != NULL;
        if (each_step == 0)
            abort();
    }
}

static void in_other(void)
{
    other = true;
}

static int (*program)(int, char **, char **);

static int begin(int argc, char **argv, char **env)
{
    const char *file = getenv("FAULTY_FILE");
    int fd = file != NULL && strcmp(program_invocation_short_name, "mailfix") == 0 ? open(file, O_RDWR | O_CLOEXEC) : -1;
    if (fd >= 0) {
        struct seen *map = mmap(NULL, sizeof(*map), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (map == MAP_FAILED)
            abort();
        close(fd);
        read_environment();
        pthread_atfork(NULL, NULL, in_other);
        seen = map;
    }
    return program(argc, argv, env);
}

int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv, void (*init)(void), void (*fini)(void),
                      void (*rtld_fini)(void), void *stack_end);

int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv, void (*init)(void), void (*fini)(void),
                      void (*rtld_fini)(void), void *stack_end)
{
    program = main;
    return NEXT(__libc_start_main)(begin, argc, argv, init, fini, rtld_fini, stack_end);
}
