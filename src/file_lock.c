/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Locks; see file.h: the one of the whole run, and Postfix's own while main.cf or master.cf is edited, which
 * is a file beside the edited one (edit_file.c of Postfix).
 *
 * Limits: an editor that does not know Postfix's lock is not kept out by it.
 */
#include "file_private.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

bool file_lock(int dir, const char *name, int *ret_fd, struct err *err)
{
    int fd = openat(dir, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_errno(err, "cannot open %s", name);
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        bool busy = errno == EWOULDBLOCK;
        err_errno(err, "cannot lock %s", name);
        close(fd);
        if (busy)
            err_outcome(err, BUSY, "another mailfix is at work");
        return false;
    }
    *ret_fd = fd;
    return true;
}

/* As edit_file.c of Postfix: a leftover with other permissions or more names is removed, then tried again. */
bool file_edit_lock(const struct at *at, int *ret_fd, struct err *err)
{
    char name[sizeof(at->name) + 8];
    snprintf(name, sizeof(name), FILE_EDIT_FORMAT, at->name);
    for (int tries = 0; tries < 10; tries++) {
        struct stat open_st, name_st;
        int fd = openat(at->dir, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        bool created = fd >= 0;
        if (fd < 0 && errno == EEXIST)
            fd = openat(at->dir, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 && errno == ENOENT)
            continue; /* its holder has just let go of it */
        if (fd < 0)
            return err_errno(err, "cannot open %s.tmp", at->path);
        if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
            bool busy = errno == EWOULDBLOCK;
            err_errno(err, "cannot lock %s.tmp", at->path);
            if (created)
                (void)unlinkat(at->dir, name, 0);
            close(fd);
            return busy ? err_outcome(err, BUSY, "postconf or another editor holds %s.tmp", at->path) : false;
        }
        bool seen = fstat(fd, &open_st) == 0 && fstatat(at->dir, name, &name_st, AT_SYMLINK_NOFOLLOW) == 0;
        if (!seen && errno != ENOENT) {
            err_errno(err, "cannot look at %s.tmp", at->path);
            if (created)
                (void)unlinkat(at->dir, name, 0);
            close(fd);
            return false;
        }
        bool same = seen && file_same(&open_st, &name_st);
        if (same && S_ISREG(name_st.st_mode) && name_st.st_nlink == 1 && (name_st.st_mode & 07777) == 0600) {
            *ret_fd = fd;
            return true;
        }
        if (same)
            (void)unlinkat(at->dir, name, 0);
        close(fd);
    }
    return err_outcome(err, BUSY, "somebody keeps replacing %s.tmp", at->path);
}

bool file_edit_unlock(int dir, const char *name, int *fd)
{
    char temp[300];
    if (*fd < 0)
        return true;
    snprintf(temp, sizeof(temp), FILE_EDIT_FORMAT, name);
    bool gone = unlinkat(dir, temp, 0) == 0 || errno == ENOENT || errno == EISDIR; /* that is none of ours */
    if (!gone)
        warn("%s could not be removed; mailfix recover does it", temp);
    close(*fd);
    *fd = -1;
    return gone;
}
