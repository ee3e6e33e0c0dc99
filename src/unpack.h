/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Files that log rotation has compressed, with gzip, bzip2, xz or zstd, read through libarchive, which is
 * loaded when the first one is met.
 */
#pragma once

#include "base.h"

/* Whether what a file holds is compressed, by its first bytes. */
bool unpack_needed(int fd);
/* Loads the library. */
bool unpack_load(struct err *err) MUST_CHECK;

/* One file at a time. NULL: err says why. */
struct unpack *unpack_open(int fd, struct err *err) MUST_CHECK;
/* The next bytes; 0 at the end, -1 when it is damaged. */
ssize_t unpack_read(struct unpack *unpack, char *bytes, size_t size, struct err *err) MUST_CHECK;
void unpack_close(struct unpack *unpack);
