/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Hostile text made fit to be shown; see clean.h.
 */
#include "clean.h"

#include <string.h>

size_t clean_character(const char *bytes, size_t size, bool *ret_harmless)
{
    const unsigned char *p = (const unsigned char *)bytes;
    *ret_harmless = p[0] >= 0x20 && p[0] < 0x7f;
    if (p[0] < 0x80)
        return 1;
    size_t len = p[0] >= 0xc2 && p[0] <= 0xdf   ? 2
                 : (p[0] & 0xf0) == 0xe0        ? 3
                 : p[0] >= 0xf0 && p[0] <= 0xf4 ? 4
                                                : 0;
    uint32_t c = len > 0 && len <= size ? p[0] & (0xffU >> (len + 1)) : 0;
    for (size_t i = 1; i < len && len <= size; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (p[i] & 0x3f);
    }
    bool form = (len == 2 && c >= 0x80) || (len == 3 && c >= 0x800 && (c < 0xd800 || c > 0xdfff)) ||
                (len == 4 && c >= 0x10000 && c <= 0x10ffff);
    /* Marks, embeddings, overrides and isolates of direction, separators of lines, invisible tags. */
    bool turns = c < 0xa0 || c == 0x61c || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
                 (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff0 && c <= 0xfffb) ||
                 (c >= 0xe0000 && c <= 0xe0fff);
    *ret_harmless = form && !turns;
    return form ? len : 0;
}

const char *clean_text(const char *text)
{
    struct buf clean = {0};
    for (const char *p = text; *p != '\0';) {
        bool harmless;
        size_t len = clean_character(p, strnlen(p, 4), &harmless);
        if (harmless) {
            buf_add(&clean, p, len);
            p += len;
        } else if (*p == '\t') {
            buf_puts(&clean, " ");
            p++;
        } else {
            buf_printf(&clean, "\\x%02x", (unsigned char)*p++);
        }
    }
    return buf_text(&clean);
}
