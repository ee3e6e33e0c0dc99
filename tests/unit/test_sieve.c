/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The sieve against strstr, over random texts of few letters and of pieces of the literals, so that literals
 * and what is nearly one are found everywhere: at line ends, at both ends of the text, inside each other.
 */
#include "sieve.h"

#include "unit.h"

static char *letters(uint64_t *seed, size_t len, const char *of)
{
    char *text = arena_alloc(len + 1);
    for (size_t i = 0; i < len; i++)
        text[i] = of[unit_random(seed, (unsigned)strlen(of))];
    return text;
}

/* From each length of the shortest on, so that each stride is there. */
static struct strings random_literals(uint64_t *seed)
{
    struct strings literals = {0};
    unsigned shortest = SIEVE_SHORTEST + unit_random(seed, 12);
    for (unsigned n = 1 + unit_random(seed, 6); n > 0; n--)
        strings_add(&literals, letters(seed, shortest + unit_random(seed, 8), "ab"));
    return literals;
}

/* Letters, literals, and literals of which an end is missing; what stands around the text may be one's rest.
 */
static const char *random_text(uint64_t *seed, const char *of, const struct strings *literals,
                               size_t *ret_len)
{
    struct buf b = {0};
    for (unsigned n = unit_random(seed, 12); n > 0; n--) {
        const char *literal = literals->item[unit_random(seed, (unsigned)literals->n)];
        unsigned from = unit_random(seed, 3) == 0, len = (unsigned)strlen(literal) - from;
        buf_puts(&b, letters(seed, unit_random(seed, 40), of));
        buf_add(&b, literal + from, len - (unit_random(seed, 3) == 0));
    }
    unsigned from = unit_random(seed, (unsigned)b.len + 1), rest = (unsigned)b.len - from;
    *ret_len = unit_random(seed, 2) == 0 ? rest : unit_random(seed, rest + 1);
    return buf_text(&b) + from;
}

static bool holds_any(const char *line, const struct strings *literals)
{
    for (size_t i = 0; i < literals->n; i++)
        if (strstr(line, literals->item[i]) != NULL)
            return true;
    return false;
}

/* Each line is copied: what is found must lie in it, at the offset that is told. */
static size_t check_lines(const char *text, size_t len, const struct strings *literals, const uint32_t *at,
                          size_t n)
{
    size_t next = 0;
    for (size_t start = 0; start < len;) {
        const char *newline = memchr(text + start, '\n', len - start);
        size_t end = newline != NULL ? (size_t)(newline - text) : len;
        bool named = next < n && at[next] >= start && at[next] < end;
        assert_int_equal(named, holds_any(arena_copy(text + start, end - start), literals));
        next += named;
        start = end + 1;
    }
    return next;
}

/* Returns how many lines hold a literal. */
static size_t try_lines(uint64_t *seed)
{
    struct strings literals = random_literals(seed);
    const char *of = unit_random(seed, 2) == 0 ? "abababababab\n" : "axxxxxxxxxxx\n";
    size_t len;
    const char *text = random_text(seed, of, &literals, &len);
    uint32_t *at = arena_alloc(SIEVE_ROOM(len) * sizeof(*at));
    size_t n = sieve_lines(sieve_new(&literals), text, len, at);
    assert_true(n <= SIEVE_ROOM(len));
    assert_int_equal(check_lines(text, len, &literals, at, n), n);
    return n;
}

static void test_lines(void **state)
{
    (void)state;
    size_t found = 0;
    for (uint64_t round = 0, seed = 1; round < 5000; round++) {
        size_t mark = arena_mark();
        found += try_lines(&seed);
        arena_release(mark);
    }
    assert_true(found > unit_rounds(2000));
}

static void count_held(void *arg, size_t literal)
{
    size_t *held = arg;
    held[literal]++;
}

static size_t count(const char *text, const char *literal)
{
    size_t n = 0;
    for (const char *p = text; (p = strstr(p, literal)) != NULL; p++)
        n++;
    return n;
}

static size_t try_text(uint64_t *seed)
{
    struct strings literals = random_literals(seed);
    size_t len, n = 0;
    const char *text = random_text(seed, "abx", &literals, &len), *copy = arena_copy(text, len);
    size_t held[6] = {0};
    sieve_text(sieve_new(&literals), text, len, count_held, held);
    for (size_t i = 0; i < literals.n; i++) {
        assert_int_equal(held[i], count(copy, literals.item[i]));
        n += held[i];
    }
    return n;
}

static void test_text(void **state)
{
    (void)state;
    size_t found = 0;
    for (uint64_t round = 0, seed = 2; round < 5000; round++) {
        size_t mark = arena_mark();
        found += try_text(&seed);
        arena_release(mark);
    }
    assert_true(found > unit_rounds(2000));
}

/* The narrowest lines that hold something, to the last byte of the room. */
static void test_room(void **state)
{
    (void)state;
    struct strings literals = {0};
    strings_add(&literals, "abcd");
    for (size_t lines = 0; lines < 100; lines++)
        for (size_t rest = 0; rest < 2; rest++) {
            struct buf b = {0};
            for (size_t i = 0; i < lines; i++)
                buf_puts(&b, "abcd\n");
            buf_puts(&b, rest > 0 ? "abcd" : "");
            uint32_t *at = arena_alloc((SIEVE_ROOM(b.len) + 1) * sizeof(*at));
            at[SIEVE_ROOM(b.len)] = 77;
            assert_int_equal(sieve_lines(sieve_new(&literals), buf_text(&b), b.len, at), lines + rest);
            assert_int_equal(at[SIEVE_ROOM(b.len)], 77);
        }
}

static void test_none(void **state)
{
    (void)state;
    struct strings literals = {0};
    assert_null(sieve_new(&literals));
    strings_add(&literals, "abc");
    assert_null(sieve_new(&literals));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fresh_test(test_lines),
        fresh_test(test_text),
        fresh_test(test_room),
        fresh_test(test_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
