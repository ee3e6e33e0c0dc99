/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Wrappers for calls of the system; see faults.h.
 *
 * Limits: the names are those that glibc gives its functions for files of any size (openat64);
 * test_file_faults fails where they are others. A call that fails does nothing at all, except close, which
 * closes.
 */
#include "faults.h"
#include "records.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pwd.h>
#include <stdarg.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <time.h>

static struct {
    struct fault fault[2];
    size_t n, count[2];
    bool came;
} armed;
size_t faults_naps;

static struct {
    struct fault fault, mode;
    const char *name;
    bool running, has_mode;
    char call[32]; /* at which it came first */
} point;

void faults_arm(const struct fault *fault, size_t n)
{
    memset(&armed, 0, sizeof(armed));
    memcpy(armed.fault, fault, n * sizeof(*fault));
    armed.n = n;
    faults_naps = 0;
}

bool faults_disarm(void)
{
    armed.n = 0;
    return armed.came;
}

static bool can_be_short(const char *call)
{
    return strcmp(call, "read") == 0 || strcmp(call, "write") == 0 || strcmp(call, "pwrite") == 0 ||
           strcmp(call, "copy_file_range") == 0;
}

static bool is_meant(const struct fault *f, const char *call)
{
    if (f->call != NULL)
        return strcmp(f->call, call) == 0;
    if (f->error < 0 || f->error == EINTR)
        return can_be_short(call);
    return strcmp(call, "malloc") != 0 && strcmp(call, "getpwuid") != 0;
}

/* The errno that this call fails with, FAULT_SHORT or FAULT_NOTHING; 0: it goes its way. */
static int comes(const char *call)
{
    int error = 0;
    for (size_t i = 0; i < armed.n; i++) {
        const struct fault *f = &armed.fault[i];
        if (!is_meant(f, call))
            continue;
        size_t n = ++armed.count[i];
        if (n < f->nth || (n > f->nth && !f->lasting))
            continue;
        if (i == 0 && !armed.came) {
            armed.came = true;
            snprintf(point.call, sizeof(point.call), "%s", call);
        }
        if (f->before != NULL) {
            size_t all = armed.n;
            armed.n = 0; /* what somebody else does goes well */
            f->before();
            armed.n = all;
        }
        if (f->error != 0)
            error = f->error;
    }
    if (error > 0)
        errno = error;
    return error;
}

/* ---- the wrappers ---- */

#define DECLARE(type, symbol, ...)                                                                           \
    type __wrap_##symbol(__VA_ARGS__);                                                                       \
    type __real_##symbol(__VA_ARGS__)

#define WRAP(type, failed, name, symbol, params, args)                                                       \
    type __wrap_##symbol params;                                                                             \
    type __real_##symbol params;                                                                             \
    type __wrap_##symbol params                                                                              \
    {                                                                                                        \
        return comes(name) != 0 ? failed : __real_##symbol args;                                             \
    }

WRAP(int, -1, "fstat", fstat64, (int fd, struct stat *st), (fd, st))
WRAP(int, -1, "fstatat", fstatat64, (int dir, const char *name, struct stat *st, int flags),
     (dir, name, st, flags))
WRAP(int, -1, "fstatvfs", fstatvfs64, (int fd, struct statvfs *st), (fd, st))
WRAP(off_t, -1, "lseek", lseek64, (int fd, off_t at, int from), (fd, at, from))
WRAP(struct dirent *, NULL, "readdir", readdir64, (DIR * dir), (dir))
WRAP(DIR *, NULL, "fdopendir", fdopendir, (int fd), (fd))
WRAP(int, -1, "unlinkat", unlinkat, (int dir, const char *name, int flags), (dir, name, flags))
WRAP(int, -1, "mkdirat", mkdirat, (int dir, const char *name, mode_t mode), (dir, name, mode))
WRAP(int, -1, "renameat", renameat, (int from, const char *a, int to, const char *b), (from, a, to, b))
WRAP(int, -1, "linkat", linkat, (int from, const char *a, int to, const char *b, int flags),
     (from, a, to, b, flags))
WRAP(ssize_t, -1, "readlinkat", readlinkat, (int dir, const char *name, char *text, size_t room),
     (dir, name, text, room))
WRAP(int, -1, "fchown", fchown, (int fd, uid_t uid, gid_t gid), (fd, uid, gid))
WRAP(int, -1, "fchmod", fchmod, (int fd, mode_t mode), (fd, mode))
WRAP(int, -1, "futimens", futimens, (int fd, const struct timespec times[2]), (fd, times))
WRAP(ssize_t, -1, "flistxattr", flistxattr, (int fd, char *names, size_t room), (fd, names, room))
WRAP(ssize_t, -1, "fgetxattr", fgetxattr, (int fd, const char *name, void *value, size_t room),
     (fd, name, value, room))
WRAP(int, -1, "fsetxattr", fsetxattr, (int fd, const char *name, const void *value, size_t len, int flags),
     (fd, name, value, len, flags))
WRAP(int, -1, "flock", flock, (int fd, int how), (fd, how))
WRAP(struct passwd *, NULL, "getpwuid", getpwuid, (uid_t uid), (uid))
WRAP(void *, NULL, "malloc", malloc, (size_t size), (size))

DECLARE(int, open64, const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...)
{
    va_list ap;
    va_start(ap, flags);
    mode_t mode = va_arg(ap, mode_t);
    va_end(ap);
    return comes("open") != 0 ? -1 : __real_open64(path, flags, mode);
}

DECLARE(int, openat64, int dir, const char *name, int flags, ...);
int __wrap_openat64(int dir, const char *name, int flags, ...)
{
    va_list ap;
    va_start(ap, flags);
    mode_t mode = va_arg(ap, mode_t);
    va_end(ap);
    return comes("openat") != 0 ? -1 : __real_openat64(dir, name, flags, mode);
}

DECLARE(int, fcntl64, int fd, int command, ...);
int __wrap_fcntl64(int fd, int command, ...)
{
    va_list ap;
    va_start(ap, command);
    long argument = va_arg(ap, long);
    va_end(ap);
    return comes("fcntl") != 0 ? -1 : __real_fcntl64(fd, command, argument);
}

DECLARE(int, ioctl, int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...)
{
    va_list ap;
    va_start(ap, request);
    void *argument = va_arg(ap, void *);
    va_end(ap);
    return comes("ioctl") != 0 ? -1 : __real_ioctl(fd, request, argument);
}

/* renameat2 is the only one that mailfix makes so. */
DECLARE(long, syscall, long number, ...);
long __wrap_syscall(long number, ...)
{
    va_list ap;
    va_start(ap, number);
    int from = va_arg(ap, int);
    const char *a = va_arg(ap, const char *);
    int to = va_arg(ap, int);
    const char *b = va_arg(ap, const char *);
    unsigned flags = va_arg(ap, unsigned);
    va_end(ap);
    return comes("renameat2") != 0 ? -1 : __real_syscall(number, from, a, to, b, flags);
}

DECLARE(int, close, int fd);
int __wrap_close(int fd)
{
    bool fails = comes("close") != 0;
    int error = errno, result = __real_close(fd);
    errno = fails ? error : errno;
    return fails ? -1 : result;
}

/* What a power cut takes is tests/crash/power.py's matter: here nothing is synced, which saves the time. */
DECLARE(int, fsync, int fd);
int __wrap_fsync(int fd)
{
    (void)fd;
    return comes("fsync") != 0 ? -1 : 0;
}

DECLARE(int, fdatasync, int fd);
int __wrap_fdatasync(int fd)
{
    (void)fd;
    return comes("fdatasync") != 0 ? -1 : 0;
}

DECLARE(int, nanosleep, const struct timespec *wanted, struct timespec *left);
int __wrap_nanosleep(const struct timespec *wanted, struct timespec *left)
{
    (void)wanted;
    (void)left;
    faults_naps++;
    return 0;
}

/* What is said thousands of times here is not read. */
DECLARE(void, warn, const char *fmt, ...);
void __wrap_warn(const char *fmt, ...)
{
    (void)fmt;
}

DECLARE(void, out_printf, FILE *stream, const char *fmt, ...);
void __wrap_out_printf(FILE *stream, const char *fmt, ...)
{
    (void)stream;
    (void)fmt;
}

#define WRAP_BYTES(name, symbol, params, args)                                                               \
    ssize_t __wrap_##symbol params;                                                                          \
    ssize_t __real_##symbol params;                                                                          \
    ssize_t __wrap_##symbol params                                                                           \
    {                                                                                                        \
        int error = comes(name);                                                                             \
        if (error == FAULT_SHORT && len > 1)                                                                 \
            len /= 2;                                                                                        \
        return error == FAULT_NOTHING ? 0 : error > 0 ? -1 : __real_##symbol args;                           \
    }

WRAP_BYTES("read", read, (int fd, void *bytes, size_t len), (fd, bytes, len))
WRAP_BYTES("write", write, (int fd, const void *bytes, size_t len), (fd, bytes, len))
WRAP_BYTES("pwrite", pwrite64, (int fd, const void *bytes, size_t len, off_t at), (fd, bytes, len, at))
WRAP_BYTES("copy_file_range", copy_file_range,
           (int from, off_t *from_at, int to, off_t *to_at, size_t len, unsigned flags),
           (from, from_at, to, to_at, len, flags))

/* ---- the sweep ---- */

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st;
    (void)kind;
    return where->level == 0 ? 0 : remove(path);
}

static size_t count_descriptors(void)
{
    size_t n = 0;
    DIR *dir = opendir("/proc/self/fd");
    assert_non_null(dir);
    while (readdir(dir) != NULL)
        n++;
    closedir(dir);
    return n;
}

size_t faults_sweep_in(const char *top, const struct scenario *scenario, const struct fault *fault,
                       const struct fault *mode)
{
    struct records records;
    records_open(&records, -1, ""); /* their block is made once, and must outlive a point */
    bool all = getenv("MAILFIX_TEST_LONG") != NULL;
    size_t sampled = fault->sample ? (all ? 3 : 16) : (all || fault->each ? 1 : 3);
    size_t step = sampled * (unit_valgrind() ? 7 : 1), nth = 1, before = count_descriptors(),
           mark = arena_mark();
    point.name = scenario->name;
    point.running = true;
    point.has_mode = mode != NULL;
    point.mode = mode != NULL ? *mode : *fault;
    for (bool came = true; came; nth += step) {
        struct err err = {0};
        assert_int_equal(nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
        void *site = scenario->begin();
        point.fault = *fault;
        point.fault.nth = nth;
        point.call[0] = '\0';
        const struct fault both[2] = {point.fault, point.mode};
        faults_arm(both, mode != NULL ? 2 : 1);
        bool ok = scenario->work(site, &err);
        came = faults_disarm();
        if (!came && !ok && mode == NULL)
            fail_msg("without a fault: %s", err.text);
        scenario->check(site, ok, &err);
        if (!ok && err.text[0] == '\0')
            fail_msg("it fails and does not say why");
        assert_int_equal(count_descriptors(), before);
        arena_release(mark);
    }
    point.running = false;
    return nth / step;
}

static void describe(const struct fault *f)
{
    print_error("%s%s%s", f->before != NULL ? "somebody is faster " : "",
                f->error > 0                ? strerror(f->error)
                : f->error == FAULT_SHORT   ? "half of the bytes"
                : f->error == FAULT_NOTHING ? "no bytes"
                                            : "",
                f->lasting ? " from there on" : "");
}

int faults_report(void **state)
{
    (void)state;
    armed.n = 0;
    if (!point.running)
        return 0;
    print_error("%s, call %zu of %s (%s): ", point.name, point.fault.nth,
                point.fault.call != NULL ? point.fault.call : "any", point.call);
    describe(&point.fault);
    if (point.has_mode) {
        print_error("; with %s: ", point.mode.call != NULL ? point.mode.call : "any");
        describe(&point.mode);
    }
    print_error("\n");
    point.running = false;
    return 0;
}
