/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whole logs: what a sieve lets through is what it lets through of all lines, in the same order, whatever the
 * pieces in which a log comes: lines too long, repeated ones, NULs, no newline at the end.
 */
#include "maillog.h"

#include "unit.h"

struct pieces {
    const char *bytes;
    size_t len, at;
    uint64_t seed; /* of the sizes of its pieces; 0: as large as they may be */
};

static ssize_t more(void *arg, char *bytes, size_t size, struct err *err)
{
    struct pieces *s = arg;
    (void)err;
    size_t n = s->len - s->at;
    if (n > size)
        n = size;
    if (s->seed > 0 && n > 1)
        n = 1 + unit_random(&s->seed, n < 3000 ? (unsigned)n : 3000);
    memcpy(bytes, s->bytes + s->at, n);
    s->at += n;
    return (ssize_t)n;
}

/* Keeps each line that holds what is looked for. */
static bool keep(void *arg, const struct log_line *line)
{
    if (strstr(line->raw, "needle") != NULL)
        buf_printf(arg, "%s|%.40s|%u|%.60s|%zu\n", line->program, line->when, line->repeats, line->text,
                   strlen(line->raw));
    return true;
}

static const char *read_whole(const char *bytes, size_t len, const struct sieve *sieve, uint64_t seed,
                              size_t *ret_lines)
{
    struct buf kept = {0};
    struct err err;
    struct pieces source = {bytes, len, 0, seed};
    struct log_text text = {.more = more, .arg = &source, .sieve = sieve};
    assert_int_equal(maillog_whole(&text, keep, &kept, &err), HOLDS);
    *ret_lines = text.lines;
    return buf_text(&kept);
}

static struct sieve *needle(void)
{
    struct strings literals = {0};
    strings_add(&literals, "needle");
    strings_add(&literals, MAILLOG_REPEATED);
    return sieve_new(&literals);
}

#define STAMP "Oct  2 06:01:%02u mx "

static void put_line(struct buf *b, uint64_t *seed)
{
    unsigned second = unit_random(seed, 60);
    switch (unit_random(seed, 12)) {
    case 0:
        buf_printf(b, STAMP "postfix/smtpd[7]: warning: a needle %u\n", second, unit_random(seed, 1000));
        break;
    case 1:
        buf_printf(b, STAMP "last message repeated %u times\n", second, 1 + unit_random(seed, 9));
        break;
    case 2:
        buf_printf(b, STAMP "sshd[7]: a needle of another\n", second);
        break;
    case 3:
        buf_puts(b, "postfix/smtpd[7]: undated needle\n");
        break;
    case 4:
        buf_printf(b, STAMP "postfix/smtpd[7]: needle ", second);
        for (unsigned n = unit_random(seed, 500); n > 0; n--)
            buf_puts(b, "0123456789");
        buf_puts(b, "\n");
        break;
    case 5:
        buf_printf(b, STAMP "postfix/smtpd[7]: a needle", second);
        buf_add(b, "\0 \n", 3);
        break;
    case 6:
        buf_puts(b, "\n");
        break;
    default:
        buf_printf(b, STAMP "postfix/qmgr[7]: removed\n", second);
    }
}

static size_t newlines(const struct buf *b)
{
    size_t n = b->len > 0 && b->text[b->len - 1] != '\n';
    for (size_t i = 0; i < b->len; i++)
        n += b->text[i] == '\n';
    return n;
}

static void test_random(void **state)
{
    (void)state;
    for (uint64_t seed = 1, round = 0; round < unit_rounds(60); round++) {
        struct buf b = {0};
        size_t lines, all_lines;
        size_t size = round % 3 < 2 ? 2000 : 300000;
        while (b.len < size)
            put_line(&b, &seed);
        b.len -= unit_random(&seed, 10);
        const char *all = read_whole(b.text, b.len, NULL, 0, &all_lines);
        const char *sifted = read_whole(b.text, b.len, needle(), seed, &lines);
        assert_string_equal(sifted, all);
        assert_true(strlen(all) > 100);
        assert_int_equal(lines, newlines(&b));
        assert_int_equal(all_lines, newlines(&b));
    }
}

/* Lines of 64 bytes, so that they begin at the same places of each block, that now and then are repeated:
 * once in so many lines. */
static void try_repeated(unsigned often)
{
    static const char again[] = "Oct  2 06:01:08 mx last message repeated 2 times: its own words.";
    struct buf b = {0}, expected = {0};
    size_t lines;
    for (unsigned i = 0; i < unit_rounds(10000); i++) {
        bool repeated = i % often == 5;
        if (repeated)
            buf_printf(&b, "%.63s\n", again);
        else
            buf_printf(&b, "Oct  2 06:01:07 mx postfix/smtpd[1]: warning: the needle %06u\n", i);
        buf_printf(&expected, "postfix/smtpd|%.40s|%u|the needle %06u|63\n",
                   repeated ? again : "Oct  2 06:01:07 mx postfix/smtpd[1]: warning", repeated ? 2 : 1,
                   i - repeated);
    }
    assert_int_equal(b.len, 64 * unit_rounds(10000));
    assert_string_equal(read_whole(b.text, b.len, needle(), 0, &lines), buf_text(&expected));
}

/* In each block at another place: where in the block before a line ended that was one behind. */
static void test_repeated(void **state)
{
    (void)state;
    for (unsigned block = 64; block <= 4096; block *= 2)
        try_repeated(block + 1);
}

static bool count(void *arg, const struct log_line *line)
{
    size_t *n = arg;
    *n += strcmp(line->text, "needle") == 0;
    return true;
}

/* Nothing but repetitions, of which each must be told what it repeats: were each to look for it through all
 * the others of its block, this would take minutes. */
static void test_repeated_endlessly(void **state)
{
    (void)state;
    static const char again[] = "Oct  2 06:01:08 mx last message repeated 2 times\n";
    struct buf b = {0};
    size_t lines = unit_rounds(130000), n = 0;
    buf_puts(&b, "Oct  2 06:01:07 mx postfix/a[1]: needle\n");
    for (size_t i = 0; i < lines; i++)
        buf_puts(&b, again);
    struct err err;
    struct pieces source = {b.text, b.len, 0, 0};
    struct log_text text = {.more = more, .arg = &source, .sieve = needle()};
    assert_int_equal(maillog_whole(&text, count, &n, &err), HOLDS);
    assert_int_equal(n, lines + 1);
}

/* What no block can hold is cut, and the lines around it are whole. */
static void test_endless_line(void **state)
{
    (void)state;
    struct buf b = {0};
    size_t lines;
    buf_puts(&b, "Oct  2 06:01:07 mx postfix/a[1]: needle one\nOct  2 06:01:07 mx postfix/b[1]: needle ");
    for (unsigned i = 0; i < 45000; i++) /* more than a block */
        buf_puts(&b, "0123456");
    buf_puts(&b, " needle\nOct  2 06:01:07 mx postfix/c[1]: needle three\n");
    const char *expected =
        arena_printf("postfix/a|Oct  2 06:01:07 mx postfix/a[1]: needle |1|needle one|43\n"
                     "postfix/b|Oct  2 06:01:07 mx postfix/b[1]: needle |1|needle %.53s|%d\n"
                     "postfix/c|Oct  2 06:01:07 mx postfix/c[1]: needle |1|needle three|45\n",
                     "0123456012345601234560123456012345601234560123456012345", MAILLOG_LINE);
    for (uint64_t seed = 0; seed < 3; seed++) {
        assert_string_equal(read_whole(b.text, b.len, needle(), seed, &lines), expected);
        assert_int_equal(lines, 3);
        assert_string_equal(read_whole(b.text, b.len, NULL, seed, &lines), expected);
    }
}

/* "Repeated" speaks of a line that a sieve would have dropped, in another block. */
static void test_repeated_across_blocks(void **state)
{
    (void)state;
    struct buf b = {0};
    size_t lines;
    buf_puts(&b, "Oct  2 06:01:07 mx postfix/a[1]: needle\n");
    while (b.len < 200000)
        buf_puts(&b, "Oct  2 06:01:08 mx last message repeated 1 time\n");
    const char *sifted = read_whole(b.text, b.len, needle(), 0, &lines);
    size_t said = 0;
    for (const char *p = sifted; (p = strchr(p, '\n')) != NULL; p++)
        said++;
    assert_int_equal(said, lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fresh_test(test_random),
        fresh_test(test_repeated),
        fresh_test(test_repeated_endlessly),
        fresh_test(test_endless_line),
        fresh_test(test_repeated_across_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
