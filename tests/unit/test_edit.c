/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Edits: random sequences of changes against their direct application, and each verb of a fix file on the odd
 * forms of the two documents. What a step must not do is tried, too: then nothing of it is used.
 */
#include "unit_edit.h"

/* ---- hunks ---- */

#define ROUNDS 2000

static const char *random_bytes(uint64_t *seed, unsigned most, size_t *ret_len)
{
    char bytes[64];
    *ret_len = unit_random(seed, most + 1);
    for (size_t i = 0; i < *ret_len; i++)
        bytes[i] = "abcdefgh\n"[unit_random(seed, 9)];
    return arena_copy(bytes, *ret_len);
}

static void test_compose(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct doc before = {.id = "main.cf"}, now;
        before.text = random_bytes(&seed, 60, &before.len);
        now = before;
        struct draft draft = {.before = &before, .now = &now};
        for (unsigned edits = 1 + unit_random(&seed, 10); edits > 0; edits--) {
            struct hunk hunk[4];
            size_t n = 0, at = 0, len;
            for (unsigned most = 1 + unit_random(&seed, COUNT(hunk)); n < most; n++) {
                size_t left = now.len - at, skip = unit_random(&seed, (unsigned)left + 1);
                hunk[n].at = at + (unit_random(&seed, 3) > 0 ? skip / 3 : skip);
                left = now.len - hunk[n].at;
                hunk[n].old_len = unit_random(&seed, (unsigned)(left < 9 ? left : 9) + 1);
                hunk[n].bytes = random_bytes(&seed, 6, &hunk[n].len);
                at = hunk[n].at + hunk[n].old_len;
            }
            const char *text = hunk_splice(now.text, now.len, hunk, n, &len);
            draft.hunk = hunk_compose(now.text, draft.hunk, draft.n_hunk, hunk, n, &draft.n_hunk);
            now.text = text;
            now.len = len;
            assert_hunks(&draft, round);
        }
        assert_reverses(&draft);
    }
}

/* ---- verbs ---- */

static void test_value(void **state)
{
    (void)state;
    static const struct verb_case cases[] = {
        {"main.cf", "a = old\n", "  each setting a\n  value x y\n", "a = x y\n"},
        {"main.cf", "a=old", "  each setting a\n  value x\n", "a=x"},
        {"main.cf", "a = x\n", "  each setting a\n  value x\n", "a = x\n"},
        {"main.cf", "a =\n", "  each setting a\n  value x\n", "a = x\n"},
        {"main.cf", "a =   \t\n", "  each setting a\n  value x\n", "a = x   \t\n"},
        {"main.cf", "a=\nb = c\n", "  each setting a\n  value x\n", "a= x\nb = c\n"},
        {"main.cf", "a = old\n", "  each setting a\n  value\n", "a =\n"},
        {"main.cf", "a = old # not a comment\n", "  each setting a\n  value x\n", "a = x\n"},
        {"main.cf", "a = old\r\nb = c\r\n", "  each setting a\n  value x\n", "a = x\r\nb = c\r\n"},
        {"main.cf", "a = o\n  l\n\td\nb = c\n", "  each setting a\n  value x\n", "a = x\nb = c\n"},
        {"main.cf", "a =\n  old\nb = c\n", "  each setting a\n  value x\n", "a =\n  x\nb = c\n"},
        {"main.cf", "a = 1\na = old\n", "  each setting a\n  value x\n",
         "a = 1\na = x\n"}, /* the one in effect */
        {"main.cf", "a = 1\na = old\n", "  each shadowed setting a\n  value x\n", "a = x\na = old\n"},
        {"main.cf", "a = 1\nb = 2\nc = 3\n", "  each setting a b\n  value x\n", "a = x\nb = x\nc = 3\n"},
        {"main.cf", "a = 1\nb = 2\n", "  for list\n  each setting {list.name}\n  value {list.name}{word}\n",
         "a = anew\nb = bnew\n"},
        {"main.cf", "a = 1\n", "  each setting b\n  value x\n", "a = 1\n"},
        {"main.cf", "#a = 1\n", "  each setting a\n  value x\n", "#a = 1\n"},
        {"main.cf", "#a = 1\n", "  each commented setting a\n  value x\n", "#a = x\n"},
        {"main.cf", "a =\n# old = x\n  1\n", "  each setting a\n  value x\n", "a =\n# old = x\n  x\n"},
        {"main.cf", "m = hsah:/x, [h]:25\n", "  each table with fit=no\n  value lmdb:$d/z\n",
         "m = hsah:/x, [h]:25\n"},
        {"main.cf", "x_maps = hash:/x, sdbm:/y sdbm:/z\n", "  each table with fit=no\n  value lmdb:/n\n",
         "x_maps = hash:/x, lmdb:/n lmdb:/n\n"},
        {"main.cf", "x_maps = proxy:sdbm:/y\n", "  each table with fit=no\n  value lmdb:${d}/n\n",
         "x_maps = proxy:lmdb:${d}/n\n"},
        {"master.cf", "s inet n - y - - smtpd\n  -o a=1\n  -o b=2\n",
         "  each option b in s/inet\n  value x\n", "s inet n - y - - smtpd\n  -o a=1\n  -o b=x\n"},
        {"master.cf", "s inet n - y - - smtpd -o a=\n", "  each option a\n  value x\n",
         "s inet n - y - - smtpd -o a=x\n"},
        {"master.cf", "s inet n - y - - smtpd -o { a = 1 2 }\n", "  each option a\n  value x y\n",
         "s inet n - y - - smtpd -o { a = x y }\n"},
        {"master.cf", "s inet n - y - - smtpd -o a=1\nt inet n - y - - smtpd -o a=1\n",
         "  each option a in t/inet\n  value x\n",
         "s inet n - y - - smtpd -o a=1\nt inet n - y - - smtpd -o a=x\n"},
        {"master.cf", "s inet n - y - - smtpd\n  -o a=1 -o a=2\n", "  each option a\n  value x\n",
         "s inet n - y - - smtpd\n  -o a=1 -o a=x\n"},
    };
    run_cases(cases, COUNT(cases), true);
}

static void test_replace(void **state)
{
    (void)state;
    static const struct verb_case cases[] = {
        {"main.cf", "a = x old y old\n", "  each setting a\n  replace old\n  with n\n", "a = x n y old\n"},
        {"main.cf", "a = x\n  old\n", "  each setting a\n  replace ^old$\n  with n\n", "a = x\n  n\n"},
        {"main.cf", "a = x\n# old\n  y\n", "  each setting a\n  replace old\n  with n\n",
         "a = x\n# old\n  y\n"},
        {"main.cf", "a = new.x\n", "  each setting a\n  replace ^{word}.\n  with n\n", "a = nx\n"},
        {"main.cf", "x_maps = sdbm:/y\n", "  each table with fit=no\n  replace ^[a-z]+:\n  with {word}:\n",
         "x_maps = new:/y\n"},
        {"main.cf", "x_maps = proxy:sdbm:/a, sdbm:/b\n  sdbm:/c\n",
         "  each table with fit=no\n  replace ^[a-z]+:\n  with lmdb:\n",
         "x_maps = proxy:lmdb:/a, lmdb:/b\n  lmdb:/c\n"},
        {"main.cf", "a = 1\nx_maps = sdbm:/y\n",
         "  each table with parameter=a,b\n  replace ^[a-z]+:\n  with n:\n", "a = 1\nx_maps = sdbm:/y\n"},
        {"master.cf", "s inet n - y - - smtpd\n  -o x_maps=sdbm:/y\n",
         "  each table with fit=no\n  replace ^[a-z]+:\n  with lmdb:\n",
         "s inet n - y - - smtpd\n  -o x_maps=lmdb:/y\n"},
    };
    run_cases(cases, COUNT(cases), false);
}

static void test_comment_and_delete(void **state)
{
    (void)state;
    static const struct verb_case cases[] = {
        {"main.cf", "a = 1\nb = 2\nc = 3\n", "  each setting b\n  comment\n", "a = 1\n#b = 2\nc = 3\n"},
        {"main.cf", "a = 1\nb = 2\n  3\n# x\n\n  4\nc = 3\n", "  each setting b\n  comment\n",
         "a = 1\n#b = 2\n#  3\n# x\n\n#  4\nc = 3\n"},
        {"main.cf", "a = 1\nb = 2", "  each setting b\n  comment\n", "a = 1\n#b = 2\n"},
        {"main.cf", "a = 1\na = 2\n", "  each shadowed setting a\n  comment\n", "#a = 1\na = 2\n"},
        {"main.cf", "a = 1\nb = 2\nc = 3\n", "  each setting b\n  delete\n", "a = 1\nc = 3\n"},
        {"main.cf", "b = 2\n  3\n", "  each setting b\n  delete\n", ""},
        {"main.cf", "a = 1\nb = 2", "  each setting b\n  delete\n", "a = 1\n"},
        {"main.cf", "a = 1\nb = 2\nc = 3\n", "  each setting *\n  delete\n", ""},
        {"main.cf", "a = 1\n#b = 2\nc = 3\n", "  each commented setting b\n  delete\n", "a = 1\nc = 3\n"},
        {"master.cf", "s inet n - y - - smtpd\n  -o a=1\nt inet n - y - - smtpd\n",
         "  each service s/inet\n  comment\n",
         "#s inet n - y - - smtpd\n#  -o a=1\nt inet n - y - - smtpd\n"},
        {"master.cf", "s inet n - y - - smtpd\n  -o a=1\n# c\n  -o b=1\nt inet n - y - - smtpd\n",
         "  each service s/inet\n  comment\n",
         "#s inet n - y - - smtpd\n#  -o a=1\n# c\n#  -o b=1\nt inet n - y - - smtpd\n"},
        {"master.cf", "s inet n - y - - smtpd\n  -o a=1\nt inet n - y - - smtpd\n",
         "  each service s/inet\n  delete\n", "t inet n - y - - smtpd\n"},
    };
    run_cases(cases, COUNT(cases), true);
}

static void test_keep_comment(void **state)
{
    (void)state;
    static const struct verb_case cases[] = {
        {"main.cf", "a = 1\nb = 2\n", "  each setting b\n  keep comment\n  value x\n",
         "a = 1\n#b = 2\nb = x\n"},
        {"main.cf", "b = 2", "  each setting b\n  keep comment\n  value x\n", "#b = 2\nb = x"},
        {"main.cf", "b = 2\n  3\n", "  each setting b\n  keep comment\n  value x\n", "#b = 2\n#  3\nb = x\n"},
        {"main.cf", "b = 2\n# in\n\n  3\n", "  each setting b\n  keep comment\n  replace 3\n  with x\n",
         "#b = 2\n# in\n\n#  3\nb = 2\n# in\n\n  x\n"},
        /* exactly these lines stand there already */
        {"main.cf", "#b = 2\nb = 2\n", "  each setting b\n  keep comment\n  value x\n", "#b = 2\nb = x\n"},
        {"main.cf", "x#b = 2\nb = 2\n", "  each setting y\n  keep comment\n  value x\n", "x#b = 2\nb = 2\n"},
        {"main.cf", "##b = 2\nb = 2\n", "  each setting b\n  keep comment\n  value x\n",
         "##b = 2\n#b = 2\nb = x\n"},
        /* once for an entry with several rows */
        {"main.cf", "x_maps = sdbm:/a, sdbm:/b\n",
         "  each table with fit=no\n  keep comment\n  replace ^[a-z]+:\n  with lmdb:\n",
         "#x_maps = sdbm:/a, sdbm:/b\nx_maps = lmdb:/a, lmdb:/b\n"},
        /* two entries side by side */
        {"main.cf", "a = 1\nb = 2\n", "  each setting a b\n  keep comment\n  value x\n",
         "#a = 1\na = x\n#b = 2\nb = x\n"},
        {"main.cf", "a = 1\nb = 2", "  each setting a b\n  keep comment\n  value x\n",
         "#a = 1\na = x\n#b = 2\nb = x"},
        {"main.cf", "b = 2\n", "  each setting b\n  keep comment\n  value 2\n", "b = 2\n"},
        {"main.cf", "a =\nb = 2\n", "  each setting a b\n  keep comment\n  value x\n",
         "#a =\na = x\n#b = 2\nb = x\n"},
    };
    run_cases(cases, COUNT(cases), true);
}

/* An empty value: the '=' that is meant is the entry's own, whatever a comment inside it holds. */
static void test_empty_value(void **state)
{
    (void)state;
    static const struct verb_case cases[] = {
        {"main.cf", "a = 1\n  2\nb = 3\n", "  each setting a\n  value\n", "a =\nb = 3\n"},
        {"main.cf", "a = x=y\n", "  each setting a\n  value\n", "a =\n"},
        {"main.cf", "a\n# b = c\n = 1\n", "  each setting a\n  value\n", "a\n# b = c\n =\n"},
        {"main.cf", "a =\n  1\n", "  each setting a\n  value\n", "a =\n"},
        {"main.cf", "a =\n# old = x\n  1\n", "  each setting a\n  value\n", "a =\n"},
        {"master.cf", "s inet n - y - - smtpd -o a=1\n", "  each option a\n  value\n",
         "s inet n - y - - smtpd -o a=\n"},
    };
    run_cases(cases, COUNT(cases), true);
}

/* A commented-out service takes the commented -o lines below it in, when it is parsed again. */
static void test_comment_above_options(void **state)
{
    (void)state;
    static const struct verb_case cases[] = {
        {"master.cf", "s inet n - y - - smtpd\n#  -o a=1\n", "  each service s/inet\n  comment\n",
         "#s inet n - y - - smtpd\n#  -o a=1\n"},
        {"master.cf", "s inet n - y - - smtpd\n# prose\n#  -o a=1\nt inet n - y - - smtpd\n",
         "  each service s/inet\n  comment\n",
         "#s inet n - y - - smtpd\n# prose\n#  -o a=1\nt inet n - y - - smtpd\n"},
        {"master.cf", "#r inet n - y - - smtpd\ns inet n - y - - smtpd\n#  -o a=1\n",
         "  each service s/inet\n  delete\n", "#r inet n - y - - smtpd\n#  -o a=1\n"},
    };
    run_cases(cases, COUNT(cases), true);
}

/* One after the other, each on the text that the one before left; the hunks are against the text on disk. */
static void test_several_steps(void **state)
{
    (void)state;
    struct result r = run("main.cf", "a = 1\nb = 2\nc = 3\n",
                          "edit main.cf\n  each setting a c\n  value x\n\n"
                          "edit main.cf\n  each setting b\n  delete\n\n"
                          "edit main.cf\n  each setting a\n  keep comment\n  value 1\n");
    assert_true(r.ok && r.changed);
    assert_string_equal(r.text, "#a = x\na = 1\nc = x\n");
    r = run("main.cf", "a = 1\n",
            "edit main.cf\n  each setting a\n  value x\n\n"
            "edit main.cf\n  each setting a\n  value 1\n");
    assert_true(r.ok);
    assert_string_equal(r.text, "a = 1\n");
}

/* Values that would say something else in the document's syntax are refused, not written. */
static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *document, *before, *keys, *sentence;
    } cases[] = {
        {"master.cf", "s inet n - y - - smtpd -o a=1\n", "  each option a\n  value x y\n", "something else"},
        {"master.cf", "s inet n - y - - smtpd -o { a = 1 }\n", "  each option a\n  value x } y\n",
         "/etc/postfix/master.cf"},
        {"main.cf", "a =\n  1\n", "  each setting a\n  value #x\n", "something else"},
        {"main.cf", "a = 1\n  2\n", "  each setting a\n  replace 2\n  with #x\n", "something else"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct result r = run(cases[i].document, cases[i].before,
                              arena_printf("edit %s\n%s", cases[i].document, cases[i].keys));
        if (r.ok)
            fail_msg("taken: %s", r.text);
        assert_says(r.err, cases[i].sentence);
    }
}

/* Which tables fit is not known without the types of this Postfix: that is no "none". */
static void test_unknown(void **state)
{
    (void)state;
    struct fix *fix = unit_fix(HEAD "edit main.cf\n  each table with fit=no\n  value x:y\n");
    struct world *w = unit_world("x_maps = sdbm:/y\n", "", "", fix);
    const struct doc *doc;
    struct err err;
    bool changed = true;
    assert_ok(docs_get(&w->docs, "main.cf", &doc, &err), err);
    struct drafts drafts = {0};
    assert_false(edit_step(&w->ctx, &fix->step[0], &drafts, &changed, &err));
    assert_int_equal(err.outcome, NOT_APPLICABLE);
    assert_says(err, "postfix.table-types");
    close(w->root.fd);
}

/* A placeholder that nothing fills here must never reach a file. */
static void test_unfilled(void **state)
{
    (void)state;
    struct fix *fix = unit_fix(HEAD "edit main.cf\n  each setting a\n  value {dovecot.version}\n");
    struct world *w = unit_world("a = 1\n", "", FACTS, fix);
    const struct doc *doc;
    struct err err;
    bool changed = true;
    assert_ok(docs_get(&w->docs, "main.cf", &doc, &err), err);
    struct drafts drafts = {0};
    bool ok = edit_step(&w->ctx, &fix->step[0], &drafts, &changed, &err);
    if (ok)
        fail_msg("written: %s", drafts.draft[0].now->text);
    assert_int_equal(err.outcome, NOT_APPLICABLE);
    assert_says(err, "dovecot.version");
    close(w->root.fd);
}

/* Many entries at once: the proof is over all of them, and the hunks stay apart. */
static void test_many(void **state)
{
    (void)state;
    struct buf before = {0}, after = {0};
    for (int i = 0; i < 300; i++) {
        buf_printf(&before, "p%d_maps = hash:/a, sdbm:/%d\n# c\n", i, i);
        buf_printf(&after, "#p%d_maps = hash:/a, sdbm:/%d\np%d_maps = hash:/a, lmdb:/%d\n# c\n", i, i, i, i);
    }
    struct result r =
        run("main.cf", buf_text(&before),
            "edit main.cf\n  each table with fit=no\n  keep comment\n  replace ^[a-z]+:\n  with lmdb:\n");
    assert_ok(r.ok, r.err);
    assert_string_equal(r.text, buf_text(&after));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fresh_test(test_compose),
        dir_test(test_value),
        dir_test(test_replace),
        dir_test(test_comment_and_delete),
        dir_test(test_keep_comment),
        dir_test(test_empty_value),
        dir_test(test_comment_above_options),
        dir_test(test_several_steps),
        dir_test(test_refused),
        dir_test(test_unknown),
        dir_test(test_unfilled),
        dir_test(test_many),
    };
    return cmocka_run_group_tests(tests, unit_begin, unit_end);
}
