/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Unified diffs: a table of the forms that go wrong easily, and thousands of random edits whose diffs are
 * given to patch(1), which must take them without fuzz and make the after-text of them.
 */
#include "diff.h"
#include "edit.h"
#include "hunk.h"
#include "unit.h"

static const char *unified(const char *before, const char *after, const struct hunk *hunk, size_t n)
{
    return diff_unified("/etc/f", before, strlen(before), after, strlen(after), hunk, n, SECRETS_SHOWN, NULL);
}

static void test_forms(void **state)
{
    (void)state;
    static const struct {
        const char *before;
        struct hunk hunk;
        const char *diff; /* behind the two lines of the header */
    } cases[] = {
        {"a\nb\nc\n", {2, 1, "x", 1}, "@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n"},
        {"a\nb\nc\n", {2, 2, "", 0}, "@@ -1,3 +1,2 @@\n a\n-b\n c\n"},
        {"a\nb\n", {2, 0, "x\n", 2}, "@@ -1,2 +1,3 @@\n a\n+x\n b\n"},
        {"", {0, 0, "a\n", 2}, "@@ -0,0 +1 @@\n+a\n"},
        {"a\n", {0, 2, "", 0}, "@@ -1 +0,0 @@\n-a\n"},
        {"a", {1, 0, "\n", 1}, "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n"},
        {"a\n", {1, 1, "", 0}, "@@ -1 +1 @@\n-a\n+a\n\\ No newline at end of file\n"},
        {"a\nb", {0, 1, "x", 1}, "@@ -1,2 +1,2 @@\n-a\n+x\n b\n\\ No newline at end of file\n"},
        {"a\nb\n", {1, 1, " ", 1}, "@@ -1,2 +1 @@\n-a\n-b\n+a b\n"},
        {"a\r\nb\r\n", {3, 1, "x", 1}, "@@ -1,2 +1,2 @@\n a\r\n-b\r\n+x\r\n"},
        {"1\n2\n3\n4\n5\n6\n7\n8\n9\n", {8, 1, "x", 1}, "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t len;
        const char *before = cases[i].before;
        const char *after = hunk_splice(before, strlen(before), &cases[i].hunk, 1, &len);
        const char *want = arena_printf("--- a/etc/f\n+++ b/etc/f\n%s", cases[i].diff);
        assert_string_equal(unified(before, after, &cases[i].hunk, 1), want);
    }
    assert_string_equal(unified("a\n", "a\n", NULL, 0), "");
    const struct hunk made = {0, 0, "a\n", 2};
    assert_string_equal(diff_unified("/etc/f", NULL, 0, "a\n", 2, &made, 1, SECRETS_SHOWN, NULL),
                        "--- /dev/null\n+++ b/etc/f\n@@ -0,0 +1 @@\n+a\n");
}

/* Changes that are at most six lines apart share a block, others have one of their own. */
static void test_blocks(void **state)
{
    (void)state;
    static const char before[] = "a\n1\n2\n3\n4\n5\n6\n7\nb\n";
    struct hunk near[] = {{0, 1, "A", 1}, {14, 1, "S", 1}}, far[] = {{0, 1, "A", 1}, {16, 1, "B", 1}};
    assert_string_equal(
        unified(before, "A\n1\n2\n3\n4\n5\n6\nS\nb\n", near, 2),
        "--- a/etc/f\n+++ b/etc/f\n@@ -1,9 +1,9 @@\n-a\n+A\n 1\n 2\n 3\n 4\n 5\n 6\n-7\n+S\n b\n");
    assert_string_equal(unified(before, "A\n1\n2\n3\n4\n5\n6\n7\nB\n", far, 2),
                        "--- a/etc/f\n+++ b/etc/f\n@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n 3\n"
                        "@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-b\n+B\n");
}

/* A NUL byte, which only a file has that mailfix did not write, does not end the diff. */
static void test_nul(void **state)
{
    (void)state;
    static const char before[] = "a\0b\nc\n";
    const struct hunk hunk = {4, 1, "x", 1};
    assert_string_equal(diff_unified("/etc/f", before, 6, "a\0b\nx\n", 6, &hunk, 1, SECRETS_SHOWN, NULL),
                        "--- a/etc/f\n+++ b/etc/f\n@@ -1,2 +1,2 @@\n a\\x00b\n-c\n+x\n");
}

/* Of an extract the lines are those of the file. */
static void test_pieces(void **state)
{
    (void)state;
    static const char before[] = "a\nb", after[] = "a\nb\nc";
    struct hunk hunk = {3, 0, "\nc", 2};
    struct piece piece = {0, 200, 3, 41}, piece_after = {0, 200, 5, 41};
    const struct diff_text old = {.bytes = before, .len = 3, .piece = &piece, .n_piece = 1},
                           new = {.bytes = after, .len = 5, .piece = &piece_after, .n_piece = 1};
    assert_string_equal(
        diff_texts("/etc/f", &old, &new, &hunk, 1, SECRETS_SHOWN, NULL),
        "--- a/etc/f\n+++ b/etc/f\n@@ -41,2 +41,3 @@\n a\n-b\n\\ No newline at end of file\n+b\n+c\n"
        "\\ No newline at end of file\n");
    /* From nothing, at the front. */
    struct piece none = {0, 0, 0, 1}, made = {0, 0, 2, 1};
    struct hunk first = {0, 0, "x\n", 2};
    const struct diff_text empty = {.bytes = "", .piece = &none, .n_piece = 1},
                           filled = {.bytes = "x\n", .len = 2, .piece = &made, .n_piece = 1};
    assert_string_equal(diff_texts("/etc/f", &empty, &filled, &first, 1, SECRETS_SHOWN, NULL),
                        "--- a/etc/f\n+++ b/etc/f\n@@ -0,0 +1 @@\n+x\n");
}

static void test_mask(void **state)
{
    (void)state;
    static const char before[] = "user = u\nsmtp_password = geheim\nplain = geheim2\n";
    static const char after[] = "user = u\nsmtp_password = neu\nplain = geheim2\n";
    struct hunk hunk = {25, 6, "neu", 3};
    bool masked = false;
    const char *shown =
        diff_unified("/f", before, strlen(before), after, strlen(after), &hunk, 1, SECRETS_HIDDEN, &masked);
    assert_true(masked);
    assert_null(strstr(shown, "geheim\n"));
    assert_null(strstr(shown, "neu"));
    assert_non_null(strstr(shown, "-smtp_password = ***\n+smtp_password = ***\n"));
    assert_non_null(strstr(shown, " plain = geheim2\n"));
    masked = false;
    shown =
        diff_unified("/f", before, strlen(before), after, strlen(after), &hunk, 1, SECRETS_SHOWN, &masked);
    assert_false(masked);
    assert_non_null(strstr(shown, "+smtp_password = neu\n"));
    assert_true(secret_hides(before, strlen(before), 25, 6, SECRETS_HIDDEN));
    assert_true(secret_hides(before, strlen(before), 0, 10, SECRETS_HIDDEN)); /* reaches into it */
    assert_false(secret_hides(before, strlen(before), 0, 9, SECRETS_HIDDEN));
    assert_false(secret_hides(before, strlen(before), 25, 0, SECRETS_HIDDEN));
    assert_false(secret_hides(before, strlen(before), 32, 5, SECRETS_HIDDEN));
}

static void test_whole(void **state)
{
    (void)state;
    static const char *const texts[] = {"",          "a\n",       "a\nb\n", "a\nb",      "b\n",
                                        "a\nb\nc\n", "a\nx\nc\n", "a\na\n", "a\na\na\n", "\n\n",
                                        "x\nb\nc",   "aa\nab\n",  "aa\nb\n"};
    for (size_t i = 0; i < COUNT(texts); i++)
        for (size_t k = 0; k < COUNT(texts); k++) {
            size_t n, len;
            struct hunk *hunk = diff_whole(texts[i], strlen(texts[i]), texts[k], strlen(texts[k]), &n);
            assert_string_equal(hunk_splice(texts[i], strlen(texts[i]), hunk, n, &len), texts[k]);
            assert_int_equal(n, i == k ? 0 : 1);
        }
}

/* ---- patch(1) ---- */

#define ROUNDS 600

/* A text of short lines, most of them alike, so that a wrong line number finds a wrong place to fit. */
static const char *random_text(uint64_t *seed)
{
    static const char *const lines[] = {"a\n", "b\n", "\n", "long line = value\n", "crlf\r\n", "\t# x\n"};
    struct buf text = {0};
    for (unsigned i = unit_random(seed, 30); i > 0; i--)
        buf_puts(&text, lines[unit_random(seed, COUNT(lines))]);
    if (unit_random(seed, 4) == 0)
        buf_puts(&text, "no newline");
    return buf_text(&text);
}

static size_t random_hunks(uint64_t *seed, size_t len, struct hunk *hunk)
{
    static const char *const pieces[] = {
        "", "x", "new\n", "\n", "x\ny", "crlf\r\n", "1\n2\n3\n4\n5\n6\n7\n8\n9\n"};
    size_t n = 0, at = 0;
    for (unsigned tries = 1 + unit_random(seed, 5); tries > 0 && at <= len; tries--) {
        size_t start = at + unit_random(seed, (unsigned)(len - at) + 1);
        size_t old_len = unit_random(seed, (unsigned)(len - start < 12 ? len - start : 12) + 1);
        const char *bytes = pieces[unit_random(seed, COUNT(pieces))];
        if (old_len == 0 && bytes[0] == '\0')
            continue;
        hunk[n++] = (struct hunk){start, old_len, bytes, strlen(bytes)};
        at = start + old_len + 1;
    }
    return n;
}

/* All rounds in one directory, so that one shell does them: file i, its diff, and what it must become. */
static void test_patch(void **state)
{
    (void)state;
    uint64_t seed = 20240917;
    if (system("patch --version >/dev/null 2>&1") != 0)
        skip();
    for (int i = 0; i < ROUNDS; i++) {
        struct hunk hunk[8];
        const char *before = random_text(&seed);
        size_t n = random_hunks(&seed, strlen(before), hunk), len;
        const char *after = hunk_splice(before, strlen(before), hunk, n, &len);
        const char *path = arena_printf("/etc/f%d", i);
        const char *diff =
            diff_unified(path, before, strlen(before), after, strlen(after), hunk, n, SECRETS_SHOWN, NULL);
        unit_dirs(arena_printf("%d/etc", i));
        unit_file(arena_printf("%d%s", i, path), before);
        unit_file(arena_printf("%d/diff", i), diff);
        unit_file(arena_printf("%d/want", i), after);
    }
    /* patch removes a file that becomes empty; -F0: no fuzz; an offset would mean a wrong line number. */
    unit_file("check",
              "cd \"$1\" && i=0\n"
              "while [ $i -lt $2 ]; do\n"
              "  if [ -s $i/diff ]; then\n"
              "    said=$(patch --binary -F0 -p1 -d $i < $i/diff 2>&1) || { echo \"$i: $said\"; exit 1; }\n"
              "    case $said in *offset*|*fuzz*) echo \"$i: $said\"; exit 1 ;; esac\n"
              "  fi\n"
              "  [ -e $i/etc/f$i ] || : > $i/etc/f$i\n"
              "  cmp $i/etc/f$i $i/want || exit 1\n"
              "  i=$((i + 1))\n"
              "done\n");
    assert_int_equal(system(arena_printf("sh %s %s %d >&2", unit_path("check"), unit_top, ROUNDS)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fresh_test(test_forms),  fresh_test(test_blocks), fresh_test(test_mask), fresh_test(test_nul),
        fresh_test(test_pieces), fresh_test(test_whole),  dir_test(test_patch),
    };
    return cmocka_run_group_tests(tests, unit_begin, unit_end);
}
