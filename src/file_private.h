/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of file.h share. Nobody else includes this.
 */
#pragma once

#include "file.h"

/* Root's, or the user's who runs mailfix. */
bool file_root_owns(uid_t uid);
/* file_resolve; with any_owner through directories that others may write, too. */
bool file_resolve_as(const struct root *root, const char *path, bool any_owner, struct at *ret_at,
                     struct err *err) MUST_CHECK;
/* file_write.c */
bool file_write_all(int fd, const char *bytes, size_t len);
int file_create(int dir, const char *name);
/* Owner, mode, attributes; mtime NULL: also the time of last change. */
bool file_copy_metadata(int from, int to, const struct timespec *mtime);
