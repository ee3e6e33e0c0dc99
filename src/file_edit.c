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

/* What is copied by the kernel: less of it costs more calls than it saves. */
#define MUCH ((size_t)256 << 10)

static char block[65536], ready[65536];

/* Where the old text comes from: [start, end) of the block was read and is not used yet. */
struct source {
    int fd;
    size_t start, end;
};

/* Where the new text goes. */
struct sink {
    int fd; /* -1: to each */
    void (*each)(void *arg, const char *bytes, size_t len);
    void *arg;
    size_t len; /* of what is ready to be written */
};

static bool flush(struct sink *sink)
{
    size_t len = sink->len;
    sink->len = 0;
    return len == 0 || file_write_all(sink->fd, ready, len);
}

static bool take(struct sink *sink, const char *bytes, size_t len)
{
    if (sink->fd < 0) {
        sink->each(sink->arg, bytes, len);
        return true;
    }
    if (len > sizeof(ready) - sink->len && !flush(sink))
        return false;
    if (len > sizeof(ready))
        return file_write_all(sink->fd, bytes, len);
    memcpy(ready + sink->len, bytes, len);
    sink->len += len;
    return true;
}

static bool fill(struct source *from)
{
    ssize_t n;
    progress_tick();
    do
        n = read(from->fd, block, sizeof(block));
    while (n < 0 && errno == EINTR);
    if (n == 0)
        errno = EIO;
    from->start = 0;
    from->end = n > 0 ? (size_t)n : 0;
    return n > 0;
}

static bool copy_blocks(struct sink *sink, struct source *from, size_t len)
{
    while (len > 0) {
        if (from->start == from->end && !fill(from))
            return false;
        size_t there = from->end - from->start, n = len < there ? len : there;
        if (!take(sink, block + from->start, n))
            return false;
        from->start += n;
        len -= n;
    }
    return true;
}

/* Goes over so many bytes of the old text. */
static bool move(struct source *from, off_t len)
{
    size_t left = from->end - from->start;
    if (len >= 0 && (size_t)len <= left) {
        from->start += (size_t)len;
        return true;
    }
    from->start = from->end = 0;
    return lseek(from->fd, len - (off_t)left, SEEK_CUR) >= 0;
}

/* The next bytes of the old text stay. */
static bool keep(struct sink *sink, struct source *from, size_t len)
{
    if (sink->fd < 0 || len < MUCH)
        return copy_blocks(sink, from, len);
    size_t left = from->end - from->start;
    if (!copy_blocks(sink, from, left) || !flush(sink))
        return false;
    for (len -= left; len > 0;) {
        ssize_t n = copy_file_range(from->fd, NULL, sink->fd, NULL, len, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break; /* not between these file systems, or not by this kernel */
        len -= (size_t)n;
    }
    return copy_blocks(sink, from, len);
}

static bool run(const struct file_edit *edit, int fd, struct sink *sink)
{
    struct source from = {.fd = fd};
    size_t at = 0;
    for (size_t i = 0; i < edit->n_hunk; i++) {
        const struct hunk *h = &edit->hunk[i];
        if (!keep(sink, &from, h->at - at) || !move(&from, (off_t)h->old_len) ||
            !take(sink, h->bytes, h->len))
            return false;
        at = h->at + h->old_len;
    }
    return keep(sink, &from, (size_t)edit->identity->size - at) && flush(sink);
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
