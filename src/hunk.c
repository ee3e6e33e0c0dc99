/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Replacements in a text; see hunk.h.
 */
#include "hunk.h"

#include <string.h>

bool hunk_fit(const char *text, size_t len, const struct hunk *hunk, const char *const *old, size_t n)
{
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        const struct hunk *h = &hunk[i];
        if (h->at < at || h->at > len || h->old_len > len - h->at ||
            memcmp(text + h->at, old[i], h->old_len) != 0)
            return false;
        at = h->at + h->old_len;
    }
    return true;
}

const char *hunk_splice(const char *text, size_t len, const struct hunk *hunk, size_t n, size_t *ret_len)
{
    struct buf out = {0};
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        buf_add(&out, text + at, hunk[i].at - at);
        buf_add(&out, hunk[i].bytes, hunk[i].len);
        at = hunk[i].at + hunk[i].old_len;
    }
    buf_add(&out, text + at, len - at);
    *ret_len = out.len;
    return buf_text(&out);
}

struct hunk *hunk_reverse(const struct hunk *hunk, const char *const *old, size_t n)
{
    struct hunk *back = arena_alloc((n + 1) * sizeof(*back));
    ptrdiff_t shift = 0;
    for (size_t i = 0; i < n; i++) {
        back[i] = (struct hunk){.at = (size_t)((ptrdiff_t)hunk[i].at + shift),
                                .old_len = hunk[i].len,
                                .bytes = old[i],
                                .len = hunk[i].old_len};
        shift += (ptrdiff_t)hunk[i].len - (ptrdiff_t)hunk[i].old_len;
    }
    return back;
}
