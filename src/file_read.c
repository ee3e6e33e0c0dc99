/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Opening a file to read it whole, and looking at what a swap of it would lose; see file.h.
 *
 * Limits: what a file system keeps beside flags, mode, owner and attributes is not looked at.
 */
#include "file_private.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static const char *kind_of_file(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFDIR:
        return _("a directory");
    case S_IFIFO:
        return _("a named pipe");
    case S_IFCHR:
    case S_IFBLK:
        return _("a device");
    case S_IFSOCK:
        return _("a socket");
    default:
        return _("a symbolic link");
    }
}

/* Looks before opening, because opening a device can do something; what was opened is looked at again. */
static int open_regular(const struct at *at, struct stat *st, struct err *err)
{
    if (fstatat(at->dir, at->name, st, AT_SYMLINK_NOFOLLOW) < 0) {
        err_errno(err, "cannot read %s", at->path);
        return -1;
    }
    if (!S_ISREG(st->st_mode)) {
        err_set(err, "%s is %s, not a regular file", at->path, kind_of_file(st->st_mode));
        return -1;
    }
    int fd = openat(at->dir, at->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || fstat(fd, st) < 0 || !S_ISREG(st->st_mode)) {
        err_errno(err, "cannot open %s", at->path);
        if (fd >= 0)
            close(fd);
        return -1;
    }
    return fd;
}

static bool read_all(int fd, const char *path, size_t size, const char **ret_text, size_t *ret_len,
                     struct err *err)
{
    char *text = arena_alloc(size + 2);
    size_t len = 0;
    while (len <= size) {
        ssize_t n = read(fd, text + len, size + 1 - len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(err, "cannot read %s", path);
        if (n == 0)
            break;
        len += (size_t)n;
    }
    if (len > size)
        return err_set(err, "%s grows while it is read; try again", path);
    *ret_text = text;
    *ret_len = len;
    return true;
}

static bool check_text(const char *text, size_t len, const char *path, struct err *err)
{
    const char *nul = memchr(text, '\0', len);
    if (nul == NULL)
        return true;
    struct position p = text_position(text, len, (size_t)(nul - text));
    return err_set(err,
                   "%s:%zu:%zu: a NUL byte; Postfix and Dovecot do not read past it, so this is not the "
                   "text that it seems to be. Remove it (it may have been damaged by a crash)",
                   path, p.line, p.column);
}

static bool check_trust(const struct stat *st, const char *path, enum file_trust trust, struct err *err)
{
    if (trust == ANY_OWNER)
        return true;
    if (!file_root_owns(st->st_uid))
        return err_set(err, "%s belongs to user %u; mailfix uses it only if it is root's (chown root %s)",
                       path, (unsigned)st->st_uid, path);
    if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return err_set(err,
                       "others than root can write %s (mode %03o); mailfix does not use it (chmod go-w %s)",
                       path, (unsigned)(st->st_mode & 07777), path);
    return true;
}

static struct identity identity_of(const struct stat *st)
{
    return (struct identity){.dev = st->st_dev,
                             .ino = st->st_ino,
                             .size = st->st_size,
                             .mtime = st->st_mtim,
                             .ctime = st->st_ctim,
                             .mode = st->st_mode,
                             .uid = st->st_uid,
                             .gid = st->st_gid};
}

bool file_open_text(const struct at *at, int *ret_fd, struct identity *ret_identity, struct err *err)
{
    struct stat st;
    *ret_fd = open_regular(at, &st, err);
    if (*ret_fd >= 0)
        *ret_identity = identity_of(&st);
    return *ret_fd >= 0;
}

bool file_identity(int fd, struct identity *ret_identity)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return false;
    *ret_identity = identity_of(&st);
    return true;
}

bool file_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

bool file_is(int dir, const char *name, const struct identity *identity)
{
    struct stat st;
    return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_dev == identity->dev &&
           st.st_ino == identity->ino && st.st_size == identity->size &&
           st.st_mtim.tv_sec == identity->mtime.tv_sec && st.st_mtim.tv_nsec == identity->mtime.tv_nsec;
}

bool file_unchanged(const struct identity *a, const struct identity *b)
{
    return a->dev == b->dev && a->ino == b->ino && a->size == b->size && a->mtime.tv_sec == b->mtime.tv_sec &&
           a->mtime.tv_nsec == b->mtime.tv_nsec && a->ctime.tv_sec == b->ctime.tv_sec &&
           a->ctime.tv_nsec == b->ctime.tv_nsec;
}

static bool read_bytes(const struct at *at, enum file_trust trust, size_t most, const char **ret_bytes,
                       size_t *ret_len, struct identity *ret_identity, struct err *err)
{
    struct stat st;
    int fd = open_regular(at, &st, err);
    if (fd < 0)
        return false;
    bool ok = check_trust(&st, at->path, trust, err);
    if (ok && st.st_size > (off_t)most)
        ok = err_set(err, "%s has %lld bytes; mailfix reads configuration files of at most %zu", at->path,
                     (long long)st.st_size, most);
    ok = ok && read_all(fd, at->path, (size_t)st.st_size, ret_bytes, ret_len, err);
    close(fd);
    if (ok && ret_identity != NULL)
        *ret_identity = identity_of(&st);
    return ok;
}

bool file_read(const struct at *at, enum file_trust trust, const char **ret_text, size_t *ret_len,
               struct identity *ret_identity, struct err *err)
{
    const char *text;
    size_t len;
    if (!read_bytes(at, trust, FILE_LIMIT, &text, &len, ret_identity, err) ||
        !check_text(text, len, at->path, err))
        return false;
    *ret_text = text;
    *ret_len = len;
    return true;
}

bool file_read_bytes(const struct at *at, const char **ret_bytes, size_t *ret_len,
                     struct identity *ret_identity, struct err *err)
{
    return read_bytes(at, ANY_OWNER, FILE_LIMIT, ret_bytes, ret_len, ret_identity, err);
}

bool file_read_path(const struct root *root, const char *path, enum file_trust trust, const char **ret_text,
                    size_t *ret_len, struct err *err)
{
    struct at at;
    if (!file_resolve_as(root, path, trust == ANY_OWNER, &at, err))
        return false;
    bool ok = file_read(&at, trust, ret_text, ret_len, NULL, err);
    close(at.dir);
    return ok;
}

bool file_read_record(const struct root *root, const char *path, const char **ret_text, size_t *ret_len,
                      struct err *err)
{
    struct at at;
    if (!file_resolve_as(root, path, false, &at, err))
        return false;
    bool ok = read_bytes(&at, OWNED_BY_ROOT, RECORD_LIMIT, ret_text, ret_len, NULL, err) &&
              check_text(*ret_text, *ret_len, at.path, err);
    close(at.dir);
    return ok;
}

bool file_read_start(const struct root *root, const char *path, char *ret_text, size_t room, struct err *err)
{
    struct at at;
    struct stat st;
    if (!file_resolve(root, path, &at, err))
        return false;
    int fd = open_regular(&at, &st, err);
    bool ok = fd >= 0 && check_trust(&st, at.path, OWNED_BY_ROOT, err);
    size_t len = 0;
    ssize_t n = 1;
    while (ok && n != 0 && len + 1 < room) {
        n = read(fd, ret_text + len, room - 1 - len);
        if (n > 0)
            len += (size_t)n;
        ok = n >= 0 || errno == EINTR || err_errno(err, "cannot read %s", path);
    }
    if (fd >= 0)
        close(fd);
    close(at.dir);
    ret_text[len] = '\0';
    return ok;
}

/* ---- what a swap cannot treat safely ---- */

/* The mount that a descriptor is on, from /proc/self/fdinfo; -1 where it cannot be told. */
static long mount_of(int fd)
{
    char path[64], text[512];
    snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
    int info = open(path, O_RDONLY | O_CLOEXEC);
    if (info < 0)
        return -1;
    ssize_t n;
    do
        n = read(info, text, sizeof(text) - 1);
    while (n < 0 && errno == EINTR);
    close(info);
    text[n < 0 ? 0 : n] = '\0';
    const char *id = strstr(text, "mnt_id:");
    return id != NULL ? strtol(id + 7, NULL, 10) : -1;
}

static bool check_flags(int fd, const char *path, struct err *err)
{
    int flags = 0;
    if (ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0)
        return true; /* the file system has no such flags */
    if ((flags & FS_IMMUTABLE_FL) != 0)
        return err_set(err, "%s is immutable: somebody did not want it changed. If it may be: chattr -i %s",
                       path, path);
    if ((flags & FS_APPEND_FL) != 0)
        return err_set(err, "%s is append-only. If it may be changed: chattr -a %s", path, path);
    return true;
}

bool file_check_replaceable(const struct at *at, struct err *err)
{
    struct stat st;
    struct statvfs fs;
    int fd = open_regular(at, &st, err);
    if (fd < 0)
        return false;
    bool ok = true;
    if (st.st_nlink > 1)
        ok = err_set(
            err,
            "%s has %lu names (hard links); a new file under this name would part it from the others. "
            "Remove the other names first (find / -xdev -samefile %s)",
            at->path, (unsigned long)st.st_nlink, at->path);
    else if (mount_of(fd) != mount_of(at->dir))
        ok = err_set(err,
                     "%s is a mount of its own (a container's bind mount?); change it where it comes from",
                     at->path);
    else if (fstatvfs(at->dir, &fs) == 0 && (fs.f_flag & ST_RDONLY) != 0)
        ok = err_set(err, "%s is on a file system that is mounted read-only", at->path);
    else
        ok = check_flags(fd, at->path, err);
    close(fd);
    return ok;
}
