/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Lines that are counted in a text that goes by in blocks, against a look at the whole of it.
 */
#include "seek.h"
#include "unit.h"

#define ROUNDS 3000

static size_t count_whole(const char *text, size_t len, const struct needle *needle, size_t *ret_at)
{
    size_t count = 0;
    bool whole = needle->bytes[needle->len - 1] == '\n';
    for (size_t at = 0; at + needle->len <= len; at++) {
        if ((at > 0 && text[at - 1] != '\n') || memcmp(text + at, needle->bytes, needle->len) != 0 ||
            (!whole && at + needle->len < len && text[at + needle->len] != '\n'))
            continue;
        if (count++ == 0)
            *ret_at = at;
    }
    return count;
}

static void check(const char *text, size_t len, struct needle *needle, size_t n, size_t block)
{
    struct seek *seek = seek_begin(needle, n);
    for (size_t at = 0; at < len; at += block)
        seek_block(seek, text + at, len - at < block ? len - at : block);
    seek_end(seek);
    for (size_t i = 0; i < n; i++) {
        size_t at = 0, count = count_whole(text, len, &needle[i], &at);
        if (needle[i].count != count || (count > 0 && needle[i].at != at))
            fail_msg("%zu at %zu instead of %zu at %zu of\n%.*s\nin\n%.2000s", needle[i].count, needle[i].at,
                     count, at, (int)needle[i].len, needle[i].bytes, text);
    }
}

static void test_small(void **state)
{
    (void)state;
    static const char *const line[] = {"a\n", "b\n", "aa\n", "\n", "a b\n", "B\n"};
    uint64_t seed = 5;
    size_t mark = arena_mark();
    for (int round = 0; round < ROUNDS; round++) {
        struct buf text = {0};
        struct needle needle[5];
        for (unsigned n = unit_random(&seed, 12) + 1; n > 0; n--)
            buf_puts(&text, line[unit_random(&seed, COUNT(line))]);
        text.len -= unit_random(&seed, 3) == 0;
        for (size_t i = 0; i < COUNT(needle); i++) {
            struct buf lines = {0};
            for (unsigned n = unit_random(&seed, 3) + 1; n > 0; n--)
                buf_puts(&lines, line[unit_random(&seed, COUNT(line))]);
            lines.len -= lines.len > 1 && unit_random(&seed, 2) == 0;
            needle[i] = (struct needle){.bytes = buf_text(&lines), .len = lines.len};
        }
        check(buf_text(&text), text.len, needle, COUNT(needle), unit_random(&seed, 7) + 1);
        if (round % 100 == 0)
            arena_release(mark);
    }
}

/* More than a window, with a line that is longer than one. */
static void test_large(void **state)
{
    (void)state;
    struct buf text = {0}, padding = {0};
    struct needle needle[] = {
        {.bytes = "one\ntwo", .len = 7}, {.bytes = "two\n", .len = 4}, {.bytes = "last", .len = 4}};
    while (padding.len < 300000)
        buf_puts(&padding, "two ");
    for (int i = 0; i < 3; i++) {
        buf_add(&text, padding.text, padding.len);
        buf_puts(&text, "\none\ntwo\n");
    }
    buf_puts(&text, "last");
    check(buf_text(&text), text.len, needle, COUNT(needle), 65536);
    assert_int_equal(needle[0].count, 3);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {dir_test(test_small), dir_test(test_large)};
    return cmocka_run_group_tests(tests, unit_begin, unit_end);
}
