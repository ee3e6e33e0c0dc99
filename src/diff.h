/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Hunks as people read them: a unified diff that `patch -p1 -d DIR` takes.
 */
#pragma once

#include "secret.h"

/* The unified diff of one file: "--- a/PATH", "+++ b/PATH", hunks with three lines of context, the marker for
 * a missing final newline. path is absolute. before NULL: there is no such file yet ("--- /dev/null"). Empty
 * when nothing differs. What secrecy hides is shown as *** (then it is no longer for patch) and
 * *ret_masked is set. */
const char *diff_unified(const char *path, const char *before, size_t before_len, const char *after,
                         size_t after_len, const struct hunk *hunk, size_t n, enum secrecy secrecy,
                         bool *ret_masked);

/* The same for texts of which only pieces are known (types.h); line numbers are those of the files. */
struct diff_text {
    const char *bytes;
    size_t len;
    const struct piece *piece; /* none: it is the whole file */
    size_t n_piece;
};
const char *diff_texts(const char *path, const struct diff_text *before, const struct diff_text *after,
                       const struct hunk *hunk, size_t n, enum secrecy secrecy, bool *ret_masked);

/* The hunks between two texts when they do not come from edits: one, from the first line that differs to the
 * last. */
struct hunk *diff_whole(const char *before, size_t before_len, const char *after, size_t after_len,
                        size_t *ret_n);
