/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reading mail logs for the diagnosis; see logs.h.
 */
#include "logs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static bool read_log(const char *path, struct scan *scan, struct err *err)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return err_errno(err, "%s", path);
    bool ok = false;
    if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
        err_set(err, "%s: a directory", path);
    else
        ok = maillog_whole(fd, path, scan_line, scan, err) == HOLDS;
    close(fd);
    return ok;
}

bool logs_files(const struct strings *files, struct fix *const fix[], size_t n, struct logs *ret_logs,
                struct err *err)
{
    struct scan *scan = scan_begin(fix, n, 0);
    struct logs logs = {.read = *files, .seen = arena_alloc(n * sizeof(*logs.seen))};
    for (size_t i = 0; i < files->n; i++)
        if (!read_log(files->item[i], scan, err))
            return false;
    for (size_t i = 0; i < n; i++)
        scan_result(scan, i, &logs.seen[i]);
    logs.lines = scan_lines(scan);
    *ret_logs = logs;
    return true;
}
