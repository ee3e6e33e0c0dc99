/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Finding files below a root; see file.h. What reads is in file_read.c, what writes in file_write.c.
 *
 * The rules for what is trusted are those of Postfix's safe_open(3): look at the open descriptor, never at a
 * name twice; one hard link; a symbolic link counts only if it is root's and stands where only root can put
 * one.
 *
 * Limits: 40 symbolic links in one path, as in the kernel.
 */
#include "file_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool file_root_owns(uid_t uid)
{
    return uid == 0 || uid == geteuid();
}

bool root_open(const char *dir, struct root *ret_root, struct err *err)
{
    size_t len = strlen(dir);
    while (len > 0 && dir[len - 1] == '/')
        len--;
    const char *path = arena_copy(dir, len);
    int fd = open(len == 0 ? "/" : path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, "cannot open the root directory %s", dir);
    *ret_root = (struct root){.fd = fd, .path = path, .live = len == 0};
    return true;
}

/* ---- the walk ---- */

struct walk {
    const struct root *root;
    int fd;          /* the directory reached */
    struct buf path; /* its path below the root, "" for the root */
    int links;
    bool any_owner; /* for looking, and for what a daemon made in its own directory */
};

static bool check_directory(int fd, const char *path, struct err *err)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return err_errno(err, "cannot look at %s", path);
    bool others_write = (st.st_mode & (S_IWGRP | S_IWOTH)) != 0;
    bool sticky = (st.st_mode & S_ISVTX) != 0;
    if (!file_root_owns(st.st_uid))
        return err_set(err,
                       "the directory %s belongs to user %u, who could put another file in its place; "
                       "it must be root's",
                       path, (unsigned)st.st_uid);
    if (others_write && !sticky)
        return err_set(
            err,
            "others than root can write the directory %s (mode %03o) and could put another file in its "
            "place; take that right away first",
            path, (unsigned)(st.st_mode & 07777));
    return true;
}

static void walk_to_root(struct walk *w)
{
    if (w->fd >= 0)
        close(w->fd);
    w->fd = fcntl(w->root->fd, F_DUPFD_CLOEXEC, 0);
    w->path = (struct buf){0};
}

/* Up one directory, but never above the root: the path is walked again from there. */
static bool walk_up(struct walk *w, struct err *err);

static bool read_link(struct walk *w, const char *name, const char *path, char target[PATH_MAX],
                      struct err *err)
{
    if (++w->links > 40)
        return err_set(err, "%s is a symbolic link that leads nowhere", path);
    ssize_t n = readlinkat(w->fd, name, target, PATH_MAX - 1);
    if (n < 0)
        return err_errno(err, "cannot read the symbolic link %s", path);
    target[n] = '\0';
    return true;
}

static bool walk_path(struct walk *w, const char *path, bool want_last, char *ret_last, struct err *err);

/* Enters one component; a symbolic link of root's is followed. */
static bool walk_enter(struct walk *w, const char *name, struct err *err)
{
    const char *path = arena_printf("%s/%s", buf_text(&w->path), name);
    int fd = openat(w->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, "cannot open %s", path);
    struct stat st;
    if (fstat(fd, &st) < 0) {
        close(fd);
        return err_errno(err, "cannot look at %s", path);
    }
    if (S_ISLNK(st.st_mode)) {
        char target[PATH_MAX];
        close(fd);
        if (!file_root_owns(st.st_uid))
            return err_set(
                err, "%s is a symbolic link that belongs to user %u; only root's own links are followed",
                path, (unsigned)st.st_uid);
        if (!read_link(w, name, path, target, err))
            return false;
        return walk_path(w, target, false, NULL, err);
    }
    if (!S_ISDIR(st.st_mode)) {
        close(fd);
        return err_set(err, "%s is not a directory", path);
    }
    if (!w->any_owner && !check_directory(fd, path, err)) {
        close(fd);
        return false;
    }
    close(w->fd);
    w->fd = fd;
    w->path = (struct buf){0};
    buf_puts(&w->path, path);
    return true;
}

static bool walk_up(struct walk *w, struct err *err)
{
    const char *path = buf_text(&w->path);
    const char *slash = strrchr(path, '/');
    const char *parent = slash != NULL ? arena_copy(path, (size_t)(slash - path)) : "";
    walk_to_root(w);
    return walk_path(w, parent, false, NULL, err);
}

/* Walks all components of path, or with want_last all but the last, which goes to ret_last (255 bytes at
 * most). */
static bool walk_path(struct walk *w, const char *path, bool want_last, char *ret_last, struct err *err)
{
    if (path[0] == '/')
        walk_to_root(w);
    while (*(path += strspn(path, "/")) != '\0') {
        size_t len = strcspn(path, "/");
        bool last = path[len + strspn(path + len, "/")] == '\0';
        if (len > NAME_MAX)
            return err_set(err, "a part of the path is longer than %d bytes", NAME_MAX);
        char name[NAME_MAX + 1];
        memcpy(name, path, len);
        name[len] = '\0';
        path += len;
        if (strcmp(name, ".") == 0)
            continue;
        if (last && want_last && strcmp(name, "..") != 0) {
            memcpy(ret_last, name, len + 1);
            return true;
        }
        if (!(strcmp(name, "..") == 0 ? walk_up(w, err) : walk_enter(w, name, err)))
            return false;
    }
    return want_last ? err_set(err, "the path ends in a directory") : true;
}

static bool walk_start(struct walk *w, const struct root *root, bool any_owner, struct err *err)
{
    *w = (struct walk){.root = root, .fd = -1, .any_owner = any_owner};
    walk_to_root(w);
    if (w->fd < 0)
        return err_errno(err, "cannot open the root directory");
    if (any_owner || root->live || check_directory(w->fd, root->path, err))
        return true;
    close(w->fd);
    return false;
}

bool file_open_dir(const struct root *root, const char *path, int *ret_fd, struct err *err)
{
    struct walk w;
    if (!walk_start(&w, root, false, err))
        return false;
    bool ok = walk_path(&w, path, false, NULL, err);
    if (ok) {
        *ret_fd = openat(w.fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (*ret_fd < 0)
            ok = err_errno(err, "cannot open the directory %s", path);
    }
    close(w.fd);
    return ok;
}

bool file_resolve_as(const struct root *root, const char *path, bool any_owner, struct at *ret_at,
                     struct err *err)
{
    struct walk w;
    char name[NAME_MAX + 1];
    if (!walk_start(&w, root, any_owner, err))
        return false;
    bool ok = walk_path(&w, path, true, name, err);
    while (ok) {
        struct stat st;
        char target[PATH_MAX];
        if (fstatat(w.fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
            ok = errno == ENOENT || err_errno(err, "cannot look at %s", path);
            break;
        }
        if (!S_ISLNK(st.st_mode))
            break;
        if (!file_root_owns(st.st_uid))
            ok = err_set(err,
                         "%s is a symbolic link that belongs to user %u; only root's own links are followed",
                         path, (unsigned)st.st_uid);
        else
            ok = read_link(&w, name, path, target, err) &&
                 (walk_path(&w, target, true, name, err) ||
                  err_prefix(err, "%s is a symbolic link to %s", path, target));
    }
    if (ok) {
        int dir = openat(w.fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        ret_at->dir = dir;
        memcpy(ret_at->name, name, sizeof(name));
        ret_at->path = arena_printf("%s/%s", buf_text(&w.path), name);
        if (dir < 0)
            ok = err_errno(err, "cannot open the directory of %s", path);
    }
    close(w.fd);
    return ok;
}

bool file_resolve(const struct root *root, const char *path, struct at *ret_at, struct err *err)
{
    return file_resolve_as(root, path, false, ret_at, err);
}

bool file_remove_cache(const struct root *root, const char *path, struct err *err)
{
    struct at at;
    bool there;
    if (!file_look_for(root, path, &there, err))
        return false;
    if (!there)
        return true;
    if (!file_resolve_as(root, path, true, &at, err))
        return false;
    bool ok = file_is_regular(at.dir, at.name) ? file_unlink(at.dir, at.name, err)
                                               : err_set(err, "%s is no regular file", path);
    close(at.dir);
    return ok;
}

bool file_look_for(const struct root *root, const char *path, bool *ret_there, struct err *err)
{
    struct at at;
    struct stat st;
    *ret_there = false;
    if (!file_resolve_as(root, path, true, &at, err))
        return err->number == 0 || err->number == ENOENT;
    *ret_there = fstatat(at.dir, at.name, &st, AT_SYMLINK_NOFOLLOW) == 0;
    bool ok = *ret_there || errno == ENOENT || err_errno(err, "cannot look at %s", path);
    close(at.dir);
    return ok;
}

bool file_exists(const struct root *root, const char *path)
{
    bool there;
    struct err ignored;
    return file_look_for(root, path, &there, &ignored) && there;
}

bool file_mtime(const struct root *root, const char *path, struct timespec *ret_time)
{
    struct at at;
    struct stat st;
    struct err ignored;
    if (!file_resolve_as(root, path, true, &at, &ignored))
        return false;
    bool there = fstatat(at.dir, at.name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
    close(at.dir);
    if (there)
        *ret_time = st.st_mtim;
    return there;
}

bool file_list(const struct root *root, const char *path, bool dot_files, struct strings *ret_names,
               struct err *err)
{
    int fd;
    *ret_names = (struct strings){0};
    bool there;
    if (!file_look_for(root, path, &there, err))
        return false;
    if (!there)
        return true;
    if (!file_open_dir(root, path, &fd, err))
        return false;
    DIR *dir = fdopendir(fd);
    if (dir == NULL) {
        close(fd);
        return err_errno(err, "cannot read the directory %s", path);
    }
    struct dirent *entry;
    while (errno = 0, (entry = readdir(dir)) != NULL)
        if ((entry->d_name[0] == '.') == dot_files && strcmp(entry->d_name, ".") != 0 &&
            strcmp(entry->d_name, "..") != 0)
            strings_add(ret_names, arena_string(entry->d_name));
    bool ok = errno == 0 || err_errno(err, "cannot read the directory %s", path);
    closedir(dir);
    strings_sort(ret_names);
    return ok;
}
