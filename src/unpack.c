/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Compressed files; see unpack.h. The only file that includes archive.h.
 *
 * Limits: a format that this libarchive would need another program for cannot be read.
 */
#include "unpack.h"
#include "config.h"

#include <string.h>
#include <unistd.h>

bool unpack_needed(int fd)
{
    static const struct {
        const char *bytes;
        size_t len;
    } starts[] = {{"\x1f\x8b", 2},
                  {"BZh", 3},
                  {"\xfd"
                   "7zXZ\0",
                   6},
                  {"\x28\xb5\x2f\xfd", 4}};
    char first[6] = "";
    if (pread(fd, first, sizeof(first), 0) < (ssize_t)sizeof(first))
        return false;
    for (size_t i = 0; i < COUNT(starts); i++)
        if (memcmp(first, starts[i].bytes, starts[i].len) == 0)
            return true;
    return false;
}

#ifdef HAVE_LIBARCHIVE
#include <archive.h>

static struct {
    struct archive *(*read_new)(void);
    int (*support_filter_all)(struct archive *);
    int (*support_format_raw)(struct archive *);
    int (*open_fd)(struct archive *, int, size_t);
    int (*next_header)(struct archive *, struct archive_entry **);
    la_ssize_t (*read_data)(struct archive *, void *, size_t);
    const char *(*error_string)(struct archive *);
    int (*read_free)(struct archive *);
} la;

bool unpack_load(struct err *err)
{
    static const char *const names[] = {"archive_read_new",
                                        "archive_read_support_filter_all",
                                        "archive_read_support_format_raw",
                                        "archive_read_open_fd",
                                        "archive_read_next_header",
                                        "archive_read_data",
                                        "archive_error_string",
                                        "archive_read_free"};
    void *functions[COUNT(names)];
    _Static_assert(sizeof(functions) == sizeof(la), "one member for each name");
    if (la.read_new != NULL)
        return true;
    if (!library_load("libarchive.so.13", names, functions, COUNT(names), err))
        return false;
    memcpy(&la, functions, sizeof(la));
    return true;
}

static bool refuse(struct archive *archive, struct err *err)
{
    const char *why = archive != NULL ? la.error_string(archive) : NULL;
    return err_set(err, "cannot be unpacked: %s", why != NULL ? why : _("no memory"));
}

struct unpack *unpack_open(int fd, struct err *err)
{
    struct archive_entry *entry;
    if (!unpack_load(err))
        return NULL;
    struct archive *archive = la.read_new();
    /* ARCHIVE_WARN of support_filter_all only says that some filter would need a program. */
    if (archive != NULL && la.support_filter_all(archive) >= ARCHIVE_WARN &&
        la.support_format_raw(archive) >= ARCHIVE_WARN && la.open_fd(archive, fd, 65536) == ARCHIVE_OK &&
        la.next_header(archive, &entry) == ARCHIVE_OK)
        return (struct unpack *)archive;
    refuse(archive, err);
    if (archive != NULL)
        la.read_free(archive);
    return NULL;
}

ssize_t unpack_read(struct unpack *unpack, char *bytes, size_t size, struct err *err)
{
    ssize_t n = la.read_data((struct archive *)unpack, bytes, size);
    if (n >= 0)
        return n;
    refuse((struct archive *)unpack, err);
    return -1;
}

void unpack_close(struct unpack *unpack)
{
    la.read_free((struct archive *)unpack);
}

#else

bool unpack_load(struct err *err)
{
    return err_set(err, "this mailfix was built without libarchive");
}

struct unpack *unpack_open(int fd, struct err *err)
{
    (void)fd;
    unpack_load(err);
    return NULL;
}

ssize_t unpack_read(struct unpack *unpack, char *bytes, size_t size, struct err *err)
{
    (void)unpack, (void)bytes, (void)size;
    unpack_load(err);
    return -1;
}

void unpack_close(struct unpack *unpack)
{
    (void)unpack;
}

#endif
