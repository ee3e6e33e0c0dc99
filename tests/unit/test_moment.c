/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Moments as administrators say them, on a host in Japan; what is none is refused. That a daemon's start is
 * one is for tests/hosts.
 */
#include "moment.h"

#include "unit.h"

#define NOW 1741000000 /* 2025-03-03T20:06:40+09:00 */

static void test_moments(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        time_t time;
    } moments[] = {
        {"10 minutes ago", NOW - 600},
        {"1 minute ago", NOW - 60},
        {"10m ago", NOW - 600},
        {"2 hours ago", NOW - 7200},
        {"2h 30min ago", NOW - 9000},
        {"2h30m ago", NOW - 9000},
        {"1 day ago", NOW - 86400},
        {"3 weeks ago", NOW - 3 * 604800},
        {"1 month ago", NOW - 2629800},
        {"-1h", NOW - 3600},
        {"-90min", NOW - 5400},
        {"now", NOW},
        {"today", 1740927600},
        {"yesterday", 1740841200},
        {"2025-03-02", 1740841200},
        {"Sun 2025-03-02", 1740841200},
        {"2025-03-02 16:36", 1740901008 - 48},
        {"2025-03-02 16:36:48", 1740901008},
        {"2025-03-02T16:36:48", 1740901008},
        {"2025-03-02 07:36:48 UTC", 1740901008},
        {"2025-03-02T16:36:48+09:00", 1740901008},
        {"2025-03-02T07:36:48.5Z", 1740901008},
        {"16:36", 1740987408 - 48},
        {"16:36:48", 1740987408},
        {"@1740901008", 1740901008},
    };
    for (size_t i = 0; i < COUNT(moments); i++) {
        time_t time = 0;
        struct err err;
        if (!moment_read(moments[i].text, NOW, &time, &err))
            fail_msg("%s: %s", moments[i].text, err.text);
        if (time != moments[i].time)
            fail_msg("%s: %lld", moments[i].text, (long long)time);
    }
}

static void test_no_moments(void **state)
{
    (void)state;
    static const char *const words[] = {
        "",   "soon",    "10",    "10 ago",         "minutes ago", "10 minutes",    "10 parsecs ago",  "-",
        "-1", "-1h ago", "1h 30", "2025-03",        "2025-13-02",  "2025-03-02 25", "2025-03-32",      "@",
        "@x", "16:3",    "ab:cd", "99999999 s ago", "tomorrow",    "nosuchd",       "nosuchd.service",
    };
    for (size_t i = 0; i < COUNT(words); i++) {
        time_t time;
        struct err err;
        if (moment_read(words[i], NOW, &time, &err))
            fail_msg("%s is %lld", words[i], (long long)time);
        assert_int_equal(err.outcome, USAGE);
        assert_non_null(strstr(err.text, "is no time"));
    }
}

int main(void)
{
    setenv("TZ", "JST-9", 1);
    tzset();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_moments, unit_fresh),
        cmocka_unit_test_setup(test_no_moments, unit_fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
