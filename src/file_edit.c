/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * New texts from hunks; see file.h. What stays is copied by the kernel, or in blocks where it cannot: the
 * text is never in memory.
 *
 * Limits: that the file is the one that was looked at is told by its inode, size and times.
 */
#include "digest.h"
#include "file_private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static char block[65536];

/* Where the new text goes. */
struct sink {
    int fd; /* -1: to each */
    void (*each)(void *arg, const char *bytes, size_t len);
    void *arg;
};

static bool take(struct sink *sink, const char *bytes, size_t len)
{
    if (sink->fd >= 0)
        return file_write_all(sink->fd, bytes, len);
    sink->each(sink->arg, bytes, len);
    return true;
}

static bool copy_blocks(struct sink *sink, int from, size_t len)
{
    while (len > 0) {
        progress_tick();
        ssize_t n = read(from, block, len < sizeof(block) ? len : sizeof(block));
        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0)
            errno = EIO;
        if (n <= 0 || !take(sink, block, (size_t)n))
            return false;
        len -= (size_t)n;
    }
    return true;
}

/* The next bytes of the old text stay. */
static bool keep(struct sink *sink, int from, size_t len)
{
    while (sink->fd >= 0 && len > 0) {
        ssize_t n = copy_file_range(from, NULL, sink->fd, NULL, len, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break; /* not between these file systems, or not by this kernel */
        len -= (size_t)n;
    }
    return copy_blocks(sink, from, len);
}

static bool run(const struct file_edit *edit, int from, struct sink *sink)
{
    size_t at = 0;
    for (size_t i = 0; i < edit->n_hunk; i++) {
        const struct hunk *h = &edit->hunk[i];
        if (!keep(sink, from, h->at - at) || lseek(from, (off_t)h->old_len, SEEK_CUR) < 0 ||
            !take(sink, h->bytes, h->len))
            return false;
        at = h->at + h->old_len;
    }
    return keep(sink, from, (size_t)edit->identity->size - at);
}

static bool changed(const struct file_edit *edit, struct err *err)
{
    return err_set(err, "%s was changed by somebody else while mailfix worked", edit->name);
}

static bool open_source(const struct file_edit *edit, int *ret_fd, struct err *err)
{
    struct identity now;
    struct at at = {.dir = edit->dir, .path = edit->name};
    snprintf(at.name, sizeof(at.name), "%s", edit->name);
    if (!file_open_text(&at, ret_fd, &now, err))
        return false;
    if (file_unchanged(&now, edit->identity))
        return true;
    close(*ret_fd);
    return changed(edit, err);
}

/* What was read is what was meant only if the file stayed as it was until the end. */
static bool close_source(const struct file_edit *edit, int fd, bool ok, struct err *err)
{
    struct identity now;
    bool same = file_identity(fd, &now) && file_unchanged(&now, edit->identity);
    close(fd);
    return ok && !same ? changed(edit, err) : ok;
}

bool file_edit_read(const struct file_edit *edit, void (*each)(void *arg, const char *bytes, size_t len),
                    void *arg, struct err *err)
{
    struct sink sink = {.fd = -1, .each = each, .arg = arg};
    int from;
    if (!open_source(edit, &from, err))
        return false;
    bool ok = run(edit, from, &sink);
    if (!ok)
        err_errno(err, "cannot read %s", edit->name);
    return close_source(edit, from, ok, err);
}

static void digest_block(void *digest, const char *bytes, size_t len)
{
    digest_add(digest, bytes, len);
}

bool file_edit_digest(const struct file_edit *edit, char ret_hex[DIGEST_HEX + 1], struct err *err)
{
    struct digest digest;
    digest_begin(&digest, (size_t)edit->identity->size);
    bool ok = file_edit_read(edit, digest_block, &digest, err);
    digest_end(&digest, ret_hex);
    return ok;
}

static bool write_new(const struct file_edit *edit, int dir, const char *name, bool last,
                      const struct timespec *mtime, struct err *err)
{
    int from;
    if (!open_source(edit, &from, err))
        return false;
    struct sink sink = {.fd = file_create(dir, name)};
    bool ok = sink.fd >= 0 && run(edit, from, &sink) &&
              (!last || (file_copy_metadata(from, sink.fd, mtime) && fsync(sink.fd) == 0));
    if (!ok)
        err_errno(err, "cannot write %s", name);
    ok = close_source(edit, from, ok, err);
    if (sink.fd < 0)
        return false;
    if (close(sink.fd) < 0 && ok)
        ok = err_errno(err, "cannot write %s", name);
    if (!ok)
        unlinkat(dir, name, 0);
    return ok;
}

bool file_edit_stage(const struct file_edit *edit, int dir, const char *name, const struct timespec *mtime,
                     struct err *err)
{
    return write_new(edit, dir, name, true, mtime, err);
}

bool file_edit_write(const struct file_edit *edit, int dir, const char *name, struct err *err)
{
    return write_new(edit, dir, name, false, NULL, err);
}

bool file_copy_bytes(const struct at *from, int to_dir, const char *to, struct identity *ret_identity,
                     struct err *err)
{
    int fd;
    if (!file_open_text(from, &fd, ret_identity, err))
        return false;
    close(fd);
    const struct file_edit whole = {.dir = from->dir, .name = from->name, .identity = ret_identity};
    return file_edit_write(&whole, to_dir, to, err);
}
