/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Changes that meet: what touches, where hunks are found again in an edited text, and thousands of random
 * pairs of changes of which the older one goes while the newer one stays.
 */
#include "edit.h"
#include "hunk.h"
#include "merge.h"
#include "unit.h"

static void test_touches(void **state)
{
    (void)state;
    static const char text[] = "one = 1\ntwo = 2\nthree = 3\n";
    static const struct {
        struct hunk a, b;
        bool touches;
    } cases[] = {
        {{6, 1, "x", 1}, {14, 1, "y", 1}, false},     /* values of two lines */
        {{0, 3, "x", 1}, {6, 1, "y", 1}, true},       /* name and value of one line */
        {{6, 1, "x", 1}, {6, 1, "y", 1}, true},       /* the same byte */
        {{8, 8, "", 0}, {6, 1, "y", 1}, false},       /* a whole line, and the value of the line above */
        {{8, 0, "# x\n", 4}, {14, 1, "y", 1}, false}, /* a new line above another */
        {{8, 0, "#", 1}, {14, 1, "y", 1}, true},      /* a line that becomes a comment */
        {{8, 8, "x\n", 2}, {16, 10, "y\n", 2}, true}, /* whole lines that adjoin */
        {{8, 0, "x\n", 2}, {8, 0, "y\n", 2}, true},   /* two new lines in one place */
        {{7, 1, "", 0}, {14, 1, "y", 1}, true},       /* a newline goes: two lines become one */
        {{26, 0, "x\n", 2}, {24, 1, "y", 1}, false},  /* a new last line */
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        bool ab = merge_touches(text, strlen(text), &cases[i].a, &cases[i].b, 1);
        bool ba = merge_touches(text, strlen(text), &cases[i].b, &cases[i].a, 1);
        if (ab != cases[i].touches || ba != cases[i].touches)
            fail_msg("case %zu: %d %d", i, ab, ba);
    }
}

static void test_find(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        struct hunk hunk;         /* leads back, in text */
        const char *now, *wanted; /* NULL: not found */
    } cases[] = {
        {"a\nb\nc\n", {2, 1, "x", 1}, "new\na\nb\nc\nd\n", "new\na\nx\nc\nd\n"},
        {"a\nb\nc\n", {2, 1, "x", 1}, "b\n", "x\n"},
        {"a\nb\nc\n", {2, 1, "x", 1}, "a\nB\nc\n", NULL},
        {"a\nb\nc\n", {2, 1, "x", 1}, "a\nb\nb\nc\n", NULL},
        {"a\nb\nc\n", {2, 1, "x", 1}, "a\n b\nbb\nc\n", NULL}, /* whole lines only */
        {"a\nb\nc\n", {2, 1, "x", 1}, "", NULL},
        /* a line that is there twice is known by its neighbours, and only by them */
        {"a\nb\nc\nb\n", {2, 1, "x", 1}, "a\nb\nc\n", "a\nx\nc\n"},
        {"a\nb\nc\nb\n", {2, 1, "x", 1}, "c\nb\n", NULL},
        {"b\nb\nb\nb\nb\nb\nb\nb\nb\nb\n", {8, 1, "x", 1}, "b\nb\nb\nb\nb\nb\nb\nb\nb\nb\n", NULL},
        /* a line that was taken out comes back between its neighbours */
        {"a\nc\n", {2, 0, "b\n", 2}, "1\na\nc\n", "1\na\nb\nc\n"},
        {"a\nc\n", {2, 0, "b\n", 2}, "a\nnew\nc\n", NULL},
        {"a\n", {2, 0, "b\n", 2}, "1\na\n2\n", "1\na\nb\n2\n"},
        {"a\n", {0, 0, "b\n", 2}, "a\n2\n", "b\na\n2\n"},
        /* a line that was put in goes whole */
        {"a\nb\nc\n", {2, 2, "", 0}, "c\nb\na\n", "c\na\n"},
        {"a\nb", {2, 1, "x", 1}, "a\nb\nc", "a\nx\nc"}, /* no newline at the end then; one now */
        {"a\nb", {2, 1, "x", 1}, "a\nbc", NULL},
        {"a\n\nc\n", {2, 0, "x", 1}, "1\na\n\nc\n", "1\na\nx\nc\n"}, /* an empty line */
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct hunk *found;
        size_t lost, len;
        const char *text = cases[i].text, *now = cases[i].now;
        bool ok = merge_find(text, strlen(text), &cases[i].hunk, 1, now, strlen(now), &found, &lost);
        if (ok != (cases[i].wanted != NULL))
            fail_msg("case %zu: found %d", i, ok);
        if (ok)
            assert_string_equal(hunk_splice(now, strlen(now), found, 1, &len), cases[i].wanted);
    }
}

/* Hunks that are found, but not in their order, are lost. */
static void test_find_order(void **state)
{
    (void)state;
    static const struct hunk hunks[] = {{0, 1, "x", 1}, {4, 1, "y", 1}};
    struct hunk *found;
    size_t lost;
    assert_true(merge_find("a\nb\nc\n", 6, hunks, 2, "a\nc\n", 4, &found, &lost));
    assert_int_equal(found[1].at, 2);
    assert_false(merge_find("a\nb\nc\n", 6, hunks, 2, "c\na\n", 4, &found, &lost));
    assert_int_equal(lost, 1);
}

/* ---- random ---- */

/* Hardly two lines alike: what stands twice is the table's business. */
static const char *random_lines(uint64_t *seed, unsigned most)
{
    struct buf text = {0};
    for (unsigned n = unit_random(seed, most + 1); n > 0; n--)
        buf_printf(&text, "%u %.*s\n", unit_random(seed, 100000), (int)unit_random(seed, 4), "abcdef");
    return buf_text(&text);
}

/* Some hunks at random places, apart from each other. */
static struct hunk *random_hunks(uint64_t *seed, size_t len, size_t *ret_n)
{
    struct hunk *list = NULL;
    *ret_n = 0;
    for (size_t at = unit_random(seed, 60); at <= len; at += 10 + unit_random(seed, 200)) {
        size_t old = unit_random(seed, 4);
        const char *bytes = unit_random(seed, 2) ? random_lines(seed, 1) : "xy" + unit_random(seed, 3);
        struct hunk h = {at, at + old <= len ? old : 0, bytes, strlen(bytes)};
        if (h.old_len + h.len > 0)
            list = arena_append(list, ret_n, sizeof(h), &h);
        at += h.old_len;
    }
    return list;
}

static const char **old_bytes(const char *text, const struct hunk *hunk, size_t n)
{
    const char **old = arena_alloc((n + 1) * sizeof(*old));
    for (size_t i = 0; i < n; i++)
        old[i] = arena_copy(text + hunk[i].at, hunk[i].old_len);
    return old;
}

/* Taking the older of two changes out of the text that both made gives what the newer one alone makes,
 * whichever way it is computed; and merge_find finds the same places when the newer change counts as an edit.
 */
static void test_random(void **state)
{
    (void)state;
    uint64_t seed = 20261124;
    unsigned apart = 0, found_again = 0;
    for (unsigned round = 0; round < 20000; round++) {
        size_t n_a, n_b, len_a, len_ab, n;
        if (round % 2000 == 0)
            assert_int_equal(unit_fresh(state), 0);
        const char *text = random_lines(&seed, 30);
        struct hunk *a = random_hunks(&seed, strlen(text), &n_a);
        const char *with_a = hunk_splice(text, strlen(text), a, n_a, &len_a);
        struct hunk *b = random_hunks(&seed, len_a, &n_b);
        struct hunk *back = hunk_reverse(a, old_bytes(text, a, n_a), n_a);
        bool touches = false;
        for (size_t i = 0; i < n_a; i++)
            touches |= merge_touches(with_a, len_a, &back[i], b, n_b);
        if (n_a == 0 || n_b == 0 || touches)
            continue;
        apart++;
        const char *with_ab = hunk_splice(with_a, len_a, b, n_b, &len_ab);
        struct hunk *moved = merge_move(back, n_a, b, n_b);
        const char *one = hunk_splice(with_ab, len_ab, moved, n_a, &n);
        struct hunk *alone = merge_move(b, n_b, back, n_a);
        const char *other = hunk_splice(text, strlen(text), alone, n_b, &n);
        assert_string_equal(one, other);
        struct hunk *found;
        if (!merge_find(with_a, len_a, back, n_a, with_ab, len_ab, &found, &n))
            continue;
        found_again++;
        assert_string_equal(hunk_splice(with_ab, len_ab, found, n_a, &n), one);
    }
    assert_true(apart > 500);
    assert_true(found_again > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fresh_test(test_touches),
        fresh_test(test_find),
        fresh_test(test_find_order),
        fresh_test(test_random),
    };
    return cmocka_run_group_tests(tests, unit_begin, unit_end);
}
