/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a scan finds, and what is made of its bytes on the other side of the border between processes: the
 * same, or nothing, whatever was done to them.
 */
#include "clean.h"
#include "maillog.h"
#include "scan.h"
#include "unit.h"

static const char FIX[] = "fix x\ntitle t\neffect noise\n\n"
                          "symptom log\n  program postfix/smtpd\n  level fatal\n"
                          "  matching ^no cache (?<name>\\S+) here$\n"
                          "consequence log\n  program postfix/master\n  level warning\n"
                          "  matching ^process (?<pid>[0-9]+) is gone$\n  same pid\n";

static void take(struct scan *scan, const char *raw)
{
    struct log_line line;
    if (maillog_parse(raw, &line))
        assert_true(scan_line(scan, &line));
}

static struct scan *scanned(void)
{
    struct fix **fix = arena_alloc(sizeof(*fix));
    fix[0] = unit_fix(FIX);
    struct scan *scan = scan_begin(fix, 1);
    take(scan, "Oct  2 06:01:07 mx postfix/smtpd[7]: fatal: no cache a here");
    take(scan, "Oct  2 06:01:08 mx postfix/master[1]: warning: process 7 is gone");
    take(scan, "Oct  2 06:01:08 mx postfix/master[1]: warning: process 8 is gone");
    take(scan, "Oct  2 06:01:09 mx postfix/smtpd[9]: fatal: no cache b\033[2J here");
    take(scan, "Oct  2 06:01:09 mx postfix/smtpd[9]: fatal: no cache c here");
    take(scan, "Oct  2 06:01:09 mx postfix/smtpd[9]: fatal: all caches are here");
    scan_count(scan, 6);
    return scan;
}

static void test_found(void **state)
{
    (void)state;
    struct scanned found;
    size_t len;
    struct scan *scan = scanned();
    const char *bytes = scan_pack(scan, &len);
    assert_true(scan_unpack(scan, bytes, len, &found));
    assert_int_equal(found.lines, 6);
    assert_true(found.mail);
    const struct seen *seen = &found.seen[0];
    assert_int_equal(seen->symptom.count, 3);
    assert_string_equal(seen->symptom.first, "Oct  2 06:01:07 mx postfix/smtpd[7]: fatal: no cache a here");
    assert_string_equal(seen->symptom.last, "Oct  2 06:01:09 mx postfix/smtpd[9]: fatal: no cache c here");
    assert_int_equal(seen->consequence[0].count, 1);
    /* What could steer a terminal is no value. */
    assert_string_equal(strings_join(&seen->captures, " "), "name=a name=c");
}

static void test_nothing(void **state)
{
    (void)state;
    struct scanned found;
    size_t len;
    struct fix *fix[] = {unit_fix(FIX)};
    struct scan *scan = scan_begin(fix, 1);
    const char *bytes = scan_pack(scan, &len);
    assert_true(scan_unpack(scan, bytes, len, &found));
    assert_false(found.mail);
    assert_int_equal(found.seen[0].symptom.count, 0);
}

static void assert_clean(const char *text)
{
    assert_string_equal(clean_text(text), text);
}

static void test_hostile_bytes(void **state)
{
    (void)state;
    struct scan *scan = scanned();
    size_t len, taken = 0, refused = 0;
    const char *bytes = scan_pack(scan, &len);
    for (uint64_t seed = 1, round = 0; round < 20000; round++) {
        struct scanned found;
        char *hostile = malloc(len + 1);
        assert_non_null(hostile);
        memcpy(hostile, bytes, len);
        for (unsigned n = 1 + unit_random(&seed, 3); n > 0; n--)
            hostile[unit_random(&seed, (unsigned)len)] = (char)unit_random(&seed, 256);
        size_t cut = unit_random(&seed, 3) == 0 ? unit_random(&seed, (unsigned)len + 1) : len;
        /* Sanitizers and valgrind see what reads behind the end. */
        char *exact = malloc(cut > 0 ? cut : 1);
        memcpy(exact, hostile, cut);
        bool ok = scan_unpack(scan, exact, cut, &found);
        taken += ok;
        refused += !ok;
        if (ok && found.seen[0].symptom.count > 0) {
            assert_clean(found.seen[0].symptom.first);
            assert_clean(found.seen[0].symptom.last);
            for (size_t i = 0; i < found.seen[0].captures.n; i++)
                assert_clean(found.seen[0].captures.item[i]);
        }
        free(hostile);
        free(exact);
    }
    assert_true(taken > 1000 && refused > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fresh_test(test_found),
        fresh_test(test_nothing),
        fresh_test(test_hostile_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
