/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the mail logs say of the fixes: which logs are read, and the reading.
 */
#pragma once

#include "scan.h"

struct logs {
    struct strings read; /* the names of what was read; empty: nothing was */
    size_t lines;        /* of mail programs, in them */
    struct seen *seen;   /* one for each fix; NULL when nothing was read */
};

/* Reads the files whole, in this order. False when one cannot be read. */
bool logs_files(const struct strings *files, struct fix *const fix[], size_t n, struct logs *ret_logs,
                struct err *err) MUST_CHECK;
