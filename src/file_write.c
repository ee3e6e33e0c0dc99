/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What writes, renames and syncs; see file.h.
 *
 * A new text is a new file beside its target: content, owner, mode, every extended attribute, time, sync;
 * then one exchange of names makes it the target, and the old inode stands under the temporary name, whole.
 *
 * Limits: extended attributes of at most 64 KiB each, their names together at most 64 KiB, as in the kernel.
 */
#include "digest.h"
#include "file_private.h"

#include <errno.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

bool file_write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            if (n == 0)
                errno = EIO;
            return false;
        }
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

/* ---- metadata ---- */

static bool copy_xattrs(int from, int to)
{
    static char names[65536], value[65536];
    ssize_t total = flistxattr(from, names, sizeof(names));
    if (total < 0)
        return errno == ENOTSUP;
    for (const char *name = names; name < names + total; name += strlen(name) + 1) {
        ssize_t len = fgetxattr(from, name, value, sizeof(value));
        if (len < 0 || fsetxattr(to, name, value, (size_t)len, 0) < 0)
            return false;
    }
    return true;
}

bool file_copy_metadata(int from, int to, const struct timespec *mtime)
{
    struct stat st;
    if (fstat(from, &st) < 0 || fchown(to, st.st_uid, st.st_gid) < 0 || fchmod(to, st.st_mode & 07777) < 0 ||
        !copy_xattrs(from, to))
        return false;
    struct timespec times[2] = {{.tv_nsec = UTIME_NOW}, mtime != NULL ? *mtime : st.st_mtim};
    return futimens(to, times) == 0;
}

int file_create(int dir, const char *name)
{
    return openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

bool file_stage(int dir, const char *name, const char *bytes, size_t len, int like_dir, const char *like_name,
                const struct timespec *mtime, struct err *err)
{
    int like = openat(like_dir, like_name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (like < 0)
        return err_errno(err, "cannot open %s", like_name);
    int fd = file_create(dir, name);
    if (fd < 0) {
        close(like);
        return err_errno(err, "cannot create %s", name);
    }
    bool ok = file_write_all(fd, bytes, len) && file_copy_metadata(like, fd, mtime) && fsync(fd) == 0;
    if (!ok)
        err_errno(err, "cannot write %s", name);
    close(like);
    if (close(fd) < 0 && ok)
        ok = err_errno(err, "cannot write %s", name);
    if (!ok)
        unlinkat(dir, name, 0);
    return ok;
}

bool file_write_as(int dir, const char *name, const char *bytes, size_t len, const struct identity *like,
                   const struct timespec *mtime, struct err *err)
{
    struct timespec times[2] = {*mtime, *mtime};
    int fd = file_create(dir, name);
    bool ok = fd >= 0 && file_write_all(fd, bytes, len) && fchown(fd, like->uid, like->gid) == 0 &&
              fchmod(fd, like->mode & 07777) == 0 && futimens(fd, times) == 0 && fsync(fd) == 0;
    if (!ok)
        err_errno(err, "cannot write %s", name);
    if (fd >= 0)
        close(fd);
    if (fd >= 0 && !ok)
        unlinkat(dir, name, 0);
    return ok;
}

bool file_set_owner(int dir, const char *name, const struct identity *like, struct err *err)
{
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    bool ok = fd >= 0 && fchown(fd, like->uid, like->gid) == 0 && fchmod(fd, like->mode & 0666) == 0 &&
              fsync(fd) == 0;
    if (!ok)
        err_errno(err, "cannot set the owner of %s", name);
    if (fd >= 0)
        close(fd);
    return ok;
}

bool file_copy(int from_dir, const char *from, int to_dir, const char *to, struct err *err)
{
    static char block[65536];
    int in = openat(from_dir, from, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (in < 0)
        return err_errno(err, "cannot open %s", from);
    int out = file_create(to_dir, to);
    if (out < 0) {
        close(in);
        return err_errno(err, "cannot create %s", to);
    }
    bool ok = true;
    ssize_t n;
    while (ok && (n = read(in, block, sizeof(block))) != 0)
        ok = n > 0 ? file_write_all(out, block, (size_t)n) : errno == EINTR;
    ok = ok && file_copy_metadata(in, out, NULL) && fsync(out) == 0;
    if (!ok)
        err_errno(err, "cannot copy %s", from);
    close(in);
    close(out);
    if (!ok)
        unlinkat(to_dir, to, 0);
    return ok;
}

bool file_digest(int dir, const char *name, char ret_hex[DIGEST_HEX + 1], struct err *err)
{
    static char block[65536];
    struct stat st;
    ret_hex[0] = '\0';
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? true : err_errno(err, "cannot look at %s", name);
    if (!S_ISREG(st.st_mode))
        return true;
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? true : err_errno(err, "cannot open %s", name);
    struct digest digest;
    ssize_t n;
    digest_begin(&digest, (size_t)st.st_size);
    while ((n = read(fd, block, sizeof(block))) != 0) {
        if (n > 0)
            digest_add(&digest, block, (size_t)n);
        else if (errno != EINTR)
            break;
    }
    if (n < 0)
        err_errno(err, "cannot read %s", name);
    close(fd);
    digest_end(&digest, ret_hex);
    if (n < 0)
        ret_hex[0] = '\0';
    return n >= 0;
}

/* ---- names ---- */

bool file_is_there(int dir, const char *name)
{
    struct stat st;
    return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}

bool file_is_regular(int dir, const char *name)
{
    struct stat st;
    return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 ? S_ISREG(st.st_mode) : errno != ENOENT;
}

bool file_same_inode(int dir, const char *a, const char *b, bool *ret_same, struct err *err)
{
    struct stat x, y;
    bool there =
        fstatat(dir, a, &x, AT_SYMLINK_NOFOLLOW) == 0 && fstatat(dir, b, &y, AT_SYMLINK_NOFOLLOW) == 0;
    *ret_same = there && file_same(&x, &y);
    return there || errno == ENOENT || err_errno(err, "cannot look at %s", b);
}

bool file_unlink(int dir, const char *name, struct err *err)
{
    if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
        return true;
    return err_errno(err, "cannot remove %s", name);
}

bool file_rename(int from_dir, const char *from, int to_dir, const char *to, struct err *err)
{
    if (renameat(from_dir, from, to_dir, to) == 0)
        return true;
    return err_errno(err, "cannot rename %s to %s", from, to);
}

bool file_move_or_copy(int from_dir, const char *from, int to_dir, const char *fresh, const char *to,
                       bool *ret_copied, struct err *err)
{
    *ret_copied = false;
    if (renameat(from_dir, from, to_dir, to) == 0)
        return true;
    if (errno != EXDEV)
        return err_errno(err, "cannot move %s", from);
    *ret_copied = true;
    return file_unlink(to_dir, fresh, err) && file_copy(from_dir, from, to_dir, fresh, err) &&
           (fresh == to || file_rename(to_dir, fresh, to_dir, to, err)) && file_sync_dir(to_dir, err);
}

bool file_move_whole(int from_dir, const char *from, int to_dir, const char *fresh, const char *to,
                     struct err *err)
{
    bool copied;
    return file_move_or_copy(from_dir, from, to_dir, fresh, to, &copied, err) &&
           (!copied || file_unlink(from_dir, from, err));
}

bool file_move(int from_dir, const char *from, int to_dir, const char *to, struct err *err)
{
    return file_move_whole(from_dir, from, to_dir, to, to, err);
}

bool file_sync_dir(int dir, struct err *err)
{
    return fsync(dir) == 0 ? true : err_errno(err, "cannot sync a directory");
}

/* renameat2 came with Linux 3.15 and is not in every libc. */
static int rename_names(int dir, const char *a, const char *b, unsigned flags)
{
    return (int)syscall(SYS_renameat2, dir, a, dir, b, flags);
}

static bool has_no_flags(int error)
{
    return error == ENOSYS || error == EINVAL || error == EPERM;
}

bool file_place(int dir, const char *temp, const char *name, struct err *err)
{
    if (rename_names(dir, temp, name, RENAME_NOREPLACE) == 0)
        return true;
    if (has_no_flags(errno) && linkat(dir, temp, dir, name, 0) == 0)
        return file_unlink(dir, temp, err);
    return err_errno(err, "cannot create %s", name);
}

static bool exchange_by_links(int dir, const char *temp, const char *aside, const char *name,
                              const char *expected, struct err *err)
{
    char digest[DIGEST_HEX + 1];
    bool same;
    if (!file_unlink(dir, aside, err))
        return false;
    if (linkat(dir, name, dir, aside, 0) < 0)
        return err_errno(err, "cannot link %s aside", name);
    if (!file_digest(dir, aside, digest, err))
        return false;
    if (!file_same_inode(dir, aside, name, &same, err))
        return false;
    if (strcmp(digest, expected) != 0 || !same) {
        (void)unlinkat(dir, aside, 0);
        errno = EBUSY;
        return err_outcome(err, FAILED, "%s was changed by somebody else in the meantime", name);
    }
    return file_rename(dir, temp, dir, name, err) && file_rename(dir, aside, dir, temp, err);
}

bool file_exchange(int dir, const char *temp, const char *aside, const char *name, const char *expected,
                   struct err *err)
{
    if (rename_names(dir, temp, name, RENAME_EXCHANGE) == 0)
        return true;
    if (!has_no_flags(errno))
        return err_errno(err, "cannot exchange %s and %s", temp, name);
    return exchange_by_links(dir, temp, aside, name, expected, err);
}

/* ---- the record's own files ---- */

bool file_private_dir(int dir, const char *name, int *ret_fd, struct err *err)
{
    if (mkdirat(dir, name, 0700) < 0 && errno != EEXIST)
        return err_errno(err, "cannot make the directory %s", name);
    int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;
    if (fd < 0)
        return err_errno(err, "cannot open the directory %s", name);
    if (fstat(fd, &st) < 0 || !file_root_owns(st.st_uid) || (st.st_mode & 077) != 0) {
        close(fd);
        return err_set(err, "the directory %s must belong to root and be closed to all others (mode 0700)",
                       name);
    }
    *ret_fd = fd;
    return true;
}

/* Removes what is in a directory; directories in it by one more call, no deeper. */
static bool empty_dir(int fd, bool with_dirs, struct err *err)
{
    int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = copy < 0 ? NULL : fdopendir(copy);
    if (entries == NULL) {
        err_errno(err, "cannot read a directory of the record");
        if (copy >= 0)
            close(copy);
        return false;
    }
    bool ok = true;
    struct dirent *entry;
    while (ok && (entry = readdir(entries)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (unlinkat(fd, entry->d_name, 0) == 0)
            continue;
        int below =
            with_dirs ? openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
        ok = below >= 0 && empty_dir(below, false, err) && unlinkat(fd, entry->d_name, AT_REMOVEDIR) == 0;
        if (!ok)
            err_errno(err, "cannot remove %s", entry->d_name);
        if (below >= 0)
            close(below);
    }
    closedir(entries);
    return ok;
}

bool file_remove_dir(int dir, const char *name, struct err *err)
{
    int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? true : err_errno(err, "cannot open %s", name);
    bool ok = empty_dir(fd, true, err);
    close(fd);
    if (ok && unlinkat(dir, name, AT_REMOVEDIR) < 0)
        ok = err_errno(err, "cannot remove %s", name);
    return ok;
}

static bool write_private(int dir, const char *name, const char *bytes, size_t len, bool sync,
                          struct err *err)
{
    int fd = file_create(dir, name);
    if (fd < 0)
        return err_errno(err, "cannot create %s", name);
    bool ok = file_write_all(fd, bytes, len) && (!sync || fsync(fd) == 0);
    if (!ok)
        err_errno(err, "cannot write %s", name);
    close(fd);
    if (!ok)
        unlinkat(dir, name, 0);
    return ok;
}

bool file_write_new(int dir, const char *name, const char *bytes, size_t len, struct err *err)
{
    return write_private(dir, name, bytes, len, true, err);
}

bool file_reserve(int dir, const char *name, const char *bytes, size_t len, struct err *err)
{
    return write_private(dir, name, bytes, len, false, err);
}

static bool pwrite_all(int fd, const char *bytes, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = pwrite(fd, bytes + done, len - done, (off_t)done);
        if (n < 0 && errno != EINTR)
            return false;
        done += n > 0 ? (size_t)n : 0;
    }
    return true;
}

bool file_overwrite(int dir, const char *name, const char *bytes, size_t len, struct err *err)
{
    int fd = openat(dir, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, "cannot open %s", name);
    bool ok = pwrite_all(fd, bytes, len) && fdatasync(fd) == 0;
    if (!ok)
        err_errno(err, "cannot write %s", name);
    close(fd);
    return ok;
}
