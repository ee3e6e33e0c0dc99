/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Entries that shall be there: ensure, raise, uncomment; where new ones go, what is left alone, and what a
 * value must not become.
 */
#include "unit_edit.h"

#include "edit_private.h"

static void test_main(void **state)
{
    (void)state;
    static const struct verb_case cases[] = {
        {"main.cf", "a = 1\nb = 2\n", "  ensure\n    |a = 3\n", "a = 3\nb = 2\n"},
        {"main.cf", "a = 1\n", "  ensure\n    |a = 1\n", "a = 1\n"},
        {"main.cf", "a = x,  y\n    z\n", "  ensure\n    |a = x, y z\n", "a = x,  y\n    z\n"},
        {"main.cf", "a = x y\n", "  ensure\n    |a = xy\n", "a = xy\n"},
        {"main.cf", "a = 1\na = 2\n", "  ensure\n    |a = 1\n", "a = 1\na = 1\n"}, /* the last counts */
        {"main.cf", "a = 1\n", "  keep comment\n  ensure\n    |a = 3\n", "#a = 1\na = 3\n"},
        {"main.cf", "a = 1\n", "  ensure\n    |a =\n", "a =\n"},
        {"main.cf", "a = 1\n", "  ensure\n    |n = {word}\n", "a = 1\nn = new\n"},
        {"main.cf", "a = 1", "  ensure\n    |n = 2\n", "a = 1\nn = 2\n"},
        {"main.cf", "", "  ensure\n    |n = 2\n", "n = 2\n"},
        {"main.cf", "# c\n", "  ensure\n    |n = 2,\n    |  3\n", "# c\nn = 2,\n  3\n"},
        /* below the last commented-out one, written like it */
        {"main.cf", "#n = 1\n#n   =  2\n# text\na = 1\n", "  ensure\n    |n = 3\n",
         "#n = 1\n#n   =  2\nn   =  3\n# text\na = 1\n"},
        {"main.cf", "#n=\na = 1\n", "  ensure\n    |n = 3\n", "#n=\nn = 3\na = 1\n"},
        /* below the one before it in the literal */
        {"main.cf", "a = 1\nb = 2\n", "  ensure\n    |a = 1\n    |n = 3\n    |m = 4\n",
         "a = 1\nn = 3\nm = 4\nb = 2\n"},
        {"main.cf", "a = 1\nb = 2\n", "  after setting a\n  ensure\n    |n = 3\n", "a = 1\nn = 3\nb = 2\n"},
        {"main.cf", "a = 1\n# c\nb = 2\n", "  before setting b\n  ensure\n    |n = 3\n",
         "a = 1\n# c\nn = 3\nb = 2\n"},
        {"main.cf", "a = 1\nb = 2\n", "  after setting none\n  ensure\n    |n = 3\n",
         "a = 1\nb = 2\nn = 3\n"},
        /* Postfix drops a first line that begins with a blank; it must not become part of the new entry */
        {"main.cf", "#n = 1\n  dropped\na = 1\n", "  ensure\n    |n = 3\n",
         "#n = 1\n  dropped\nn = 3\na = 1\n"},
        {"main.cf", "a = 1\nb = 2\n", "  for list\n  ensure\n    |{list.name} = {word}\n",
         "a = new\nb = new\n"},
    };
    run_cases(cases, COUNT(cases), true);
}

#define SUBMISSION "submission inet n - y - - smtpd\n"

static void test_master(void **state)
{
    (void)state;
    static const struct verb_case cases[] = {
        {"master.cf", "smtp inet n - y - - smtpd\n",
         "  ensure\n    |submission inet n - n - - smtpd\n    |  -o a=1\n",
         "smtp inet n - y - - smtpd\nsubmission inet n - n - - smtpd\n  -o a=1\n"},
        /* the columns stay, each option counts */
        {"master.cf", SUBMISSION "  -o a=0\n",
         "  ensure\n    |submission inet n - n - - smtpd\n    |  -o a=1\n    |  -o b=2\n",
         SUBMISSION "  -o a=1\n  -o b=2\n"},
        {"master.cf", SUBMISSION "  -o a=1\n", "  ensure\n    |submission inet n - n - - smtpd -o a=1\n",
         SUBMISSION "  -o a=1\n"},
        {"master.cf", SUBMISSION, "  ensure\n    |submission inet n - n - - smtpd\n    |  -o a=1\n",
         SUBMISSION "  -o a=1\n"},
        {"master.cf", SUBMISSION, "  ensure\n    |submission inet n - n - - smtpd -o a=1\n",
         SUBMISSION "  -o a=1\n"},
        /* one where its like is commented out, and one at the end, which is the same place */
        {"master.cf", "s inet n - y - - smtpd\nt inet n - y - - smtpd\n#xs inet n - y - - smtpd\n",
         "  each service s/inet t/inet\n  ensure\n    |x{service.name} inet n - y - - smtpd\n",
         "s inet n - y - - smtpd\nt inet n - y - - smtpd\n#xs inet n - y - - smtpd\nxs inet n - y - - smtpd\n"
         "xt inet n - y - - smtpd\n"},
        /* two rows that want the same new entry */
        {"master.cf", "s inet n - y - - smtpd\nt inet n - y - - smtpd\n",
         "  each service s/inet t/inet\n  ensure\n    |x inet n - - - - smtpd\n",
         "s inet n - y - - smtpd\nt inet n - y - - smtpd\nx inet n - - - - smtpd\n"},
        {"master.cf", SUBMISSION "\t-o b=2 -v\n",
         "  ensure\n    |submission inet n - n - - smtpd\n    |  -o a=1\n",
         SUBMISSION "\t-o b=2 -v\n\t-o a=1\n"},
        {"master.cf", "m unix - n n - - pipe\n  flags=DRhu user=x\n",
         "  ensure\n    |m unix - n n - - pipe\n    |  -o a=1\n",
         "m unix - n n - - pipe\n  -o a=1\n  flags=DRhu user=x\n"},
        {"master.cf", SUBMISSION "  -o a=1\n  -o a=2\n",
         "  ensure\n    |submission inet n - n - - smtpd\n    |  -o a=1\n",
         SUBMISSION "  -o a=1\n  -o a=1\n"},
        {"master.cf", "smtp inet n - y - - smtpd\n# c\nx unix - - n - - smtp\n",
         "  after service smtp/inet\n  ensure\n    |submission inet n - n - - smtpd\n    |  -o { a = 1 2 }\n",
         "smtp inet n - y - - smtpd\nsubmission inet n - n - - smtpd\n  -o { a = 1 2 }\n# c\nx unix - - n - "
         "- "
         "smtp\n"},
        {"master.cf", "#submission inet n - y - - smtpd\n#  -o z=1\n\nx unix - - n - - smtp\n",
         "  ensure\n    |submission inet n - n - - smtpd\n",
         "#submission inet n - y - - smtpd\n#  -o z=1\nsubmission inet n - n - - smtpd\n\nx unix - - n - - "
         "smtp\n"},
        /* the same name of another type is another service */
        {"master.cf", "a unix n - y - - smtpd\n", "  ensure\n    |a inet n - n - - smtpd\n",
         "a unix n - y - - smtpd\na inet n - n - - smtpd\n"},
        /* each row with its own name */
        {"master.cf", "587 inet n - y - - smtpd\n1.2.3.4:587 inet n - y - - smtpd\n",
         "  each service 587/inet\n  ensure\n    |{service.name} inet n - - - - smtpd\n    |  -o a={word}\n",
         "587 inet n - y - - smtpd\n  -o a=new\n1.2.3.4:587 inet n - y - - smtpd\n  -o a=new\n"},
        {"master.cf", "587 inet n - y - - smtpd\n  -o b=reject\n" SUBMISSION,
         "  each service submission/inet 587/inet\n  when none option b in {service.id} matching reject\n"
         "  ensure\n    |{service.name} inet n - - - - smtpd\n    |  -o b=reject\n",
         "587 inet n - y - - smtpd\n  -o b=reject\n" SUBMISSION "  -o b=reject\n"},
    };
    run_cases(cases, COUNT(cases), true);
}

static void test_raise(void **state)
{
    (void)state;
    static const struct verb_case cases[] = {
        {"main.cf", "x_size = 5\n", "  raise\n    |x_size = 10\n", "x_size = 10\n"},
        {"main.cf", "x_size = 20\n", "  raise\n    |x_size = 10\n", "x_size = 20\n"},
        {"main.cf", "x_size = 9\n", "  raise\n    |x_size = 10\n", "x_size = 10\n"},
        {"main.cf", "x_size = 1M\n", "  raise\n    |x_size = 900k\n", "x_size = 1M\n"},
        {"main.cf", "level = 3.6\n", "  raise\n    |level = 3.10\n", "level = 3.10\n"},
        {"main.cf", "level = 3.10\n", "  raise\n    |level = 3.6\n", "level = 3.10\n"},
        {"main.cf", "x_limit = 0\n", "  raise\n    |x_limit = 10\n", "x_limit = 0\n"},
        {"main.cf", "x_limit = 10\n", "  raise\n    |x_limit = 0\n", "x_limit = 0\n"},
        {"main.cf", "x_size = 0\n", "  raise\n    |x_size = 10\n", "x_size = 10\n"},
        {"main.cf", "y = 20\nx_size = $y\n", "  raise\n    |x_size = 10\n", "y = 20\nx_size = $y\n"},
        {"main.cf", "a = 1\n", "  raise\n    |known = 10\n", "a = 1\n"}, /* the default is 50 */
        {"main.cf", "a = 1\n", "  raise\n    |known = 60\n", "a = 1\nknown = 60\n"},
        {"master.cf", SUBMISSION "  -o x_size=1\n",
         "  each service submission/inet\n  raise\n    |{service.name} inet n - - - - smtpd\n    |  -o "
         "x_size=2\n    |  -o known=10\n",
         SUBMISSION "  -o x_size=2\n"},
    };
    run_cases(cases, COUNT(cases), true);
}

static void test_less(void **state)
{
    static const struct {
        const char *name, *now, *want;
        int less; /* -1: it cannot be compared */
    } cases[] = {
        {"x", "5", "10", 1},
        {"x", "10", "5", 0},
        {"x", "1 M", "1025 K", 1},
        {"x", "1G", "1T", 1},
        {"x", "300 B", "1K", 1},
        {"x", "3b", "2", 0},
        {"x", "3Bx", "2", -1},
        {"x", "2", "3Bx", -1},
        {"x", "3Kx", "2", -1},
        {"x", "3x", "2", -1},
        {"x", "", "2", -1},
        {"x", "2", "", -1},
        {"x", "3.6", "3.10", 1},
        {"x", "3.6", "x", -1},
        {"x", "1K", "3.6", -1},
        {"x_limit", "0", "5", 0},
        {"x_limit", "5", "0", 1},
        {"x_limit", "unlimited", "5", 0},
        {"x_limit", "5", "unlimited", 1},
        {"x", "unlimited", "5", -1},
    };
    const struct fix fix = {.name = "x"};
    const struct context ctx = {.fix = &fix};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct err err;
        bool less = false;
        bool ok = edit_is_less(&ctx, cases[i].name, cases[i].now, cases[i].want, &less, &err);
        if (ok != (cases[i].less >= 0) || (ok && less != (cases[i].less == 1)))
            fail_msg("%s: %s < %s: %s", cases[i].name, cases[i].now, cases[i].want,
                     !ok    ? err.text
                     : less ? "less"
                            : "not less");
    }
}

static const char DEBIAN[] = "smtp inet n - y - - smtpd\n"
                             "# Choose one: enable submission for loopback clients only, or for any client.\n"
                             "#127.0.0.1:submission inet n -   y - - smtpd\n"
                             "#submission inet n       -       y       -       -       smtpd\n"
                             "#  -o syslog_name=postfix/submission\n"
                             "#  -o smtpd_reject_unlisted_recipient=no\n"
                             "#     Instead of specifying complex smtpd_<xxx>_restrictions here,\n"
                             "#     specify \"smtpd_<xxx>_restrictions=$mua_<xxx>_restrictions\"\n"
                             "#  -o smtpd_client_restrictions=\n"
                             "#  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject\n"
                             "#  -o milter_macro_daemon_name=ORIGINATING\n"
                             "# Choose one: enable submissions for loopback clients only.\n"
                             "#submissions     inet  n       -       y       -       -       smtpd\n"
                             "#  -o syslog_name=postfix/submissions\n";
static const char ALIVE[] = "smtp inet n - y - - smtpd\n"
                            "# Choose one: enable submission for loopback clients only, or for any client.\n"
                            "#127.0.0.1:submission inet n -   y - - smtpd\n"
                            "submission inet n       -       y       -       -       smtpd\n"
                            "  -o syslog_name=postfix/submission\n"
                            "  -o smtpd_reject_unlisted_recipient=no\n"
                            "#     Instead of specifying complex smtpd_<xxx>_restrictions here,\n"
                            "#     specify \"smtpd_<xxx>_restrictions=$mua_<xxx>_restrictions\"\n"
                            "  -o smtpd_client_restrictions=\n"
                            "  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject\n"
                            "  -o milter_macro_daemon_name=ORIGINATING\n"
                            "# Choose one: enable submissions for loopback clients only.\n"
                            "#submissions     inet  n       -       y       -       -       smtpd\n"
                            "#  -o syslog_name=postfix/submissions\n";

static void test_uncomment(void **state)
{
    (void)state;
    static const struct verb_case cases[] = {
        {"master.cf", DEBIAN, "  uncomment service submission/inet\n", ALIVE},
        {"master.cf", ALIVE, "  uncomment service submission/inet\n", ALIVE},
        {"master.cf", DEBIAN, "  uncomment service submission/unix\n", DEBIAN},
        {"master.cf", " # s inet n - y - - smtpd\n #-o a=1\nt unix - - n - - smtp\n",
         "  uncomment service s/inet\n", "s inet n - y - - smtpd\n  -o a=1\nt unix - - n - - smtp\n"},
        {"master.cf", "#s inet n - y - - smtpd\n#t inet n - y - - smtpd\n#  -o a=1\n",
         "  uncomment service s/inet\n", "s inet n - y - - smtpd\n#t inet n - y - - smtpd\n#  -o a=1\n"},
        {"master.cf", "#s inet n - y - - smtpd -o a=1\n#s inet n - y - - other\n",
         "  uncomment service s/inet\n", "s inet n - y - - smtpd -o a=1\n#s inet n - y - - other\n"},
        {"master.cf", "#s inet n - y - - smtpd\n#\t-o a=1 -o b=$x -v\n", "  uncomment service s/inet\n",
         "s inet n - y - - smtpd\n\t-o a=1 -o b=$x -v\n"},
        {"main.cf", "# text\n#a = 1\n#a = 2\n", "  uncomment setting a\n", "# text\na = 1\n#a = 2\n"},
        {"main.cf", "  # a = 1\nb = 2\n", "  uncomment setting a\n", "a = 1\nb = 2\n"},
        {"main.cf", "#a = 1\na = 2\n", "  uncomment setting a\n", "#a = 1\na = 2\n"},
    };
    run_cases(cases, COUNT(cases), true);
}

/* What would be something else than it says is refused, and nothing is used of it. */
static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *document, *before, *keys, *word, *sentence;
    } cases[] = {
        {"main.cf", "a = 1\n", "  ensure\n    |n = {word}\n", "x\ny = 2", "other entries"},
        {"main.cf", "a = 1\n", "  ensure\n    |{word} = 1\n", "#n", "other entries"},
        {"main.cf", "a = 1\n", "  ensure\n    |n = {word}\n", "", "other entries"},
        {"master.cf", SUBMISSION, "  ensure\n    |submission inet n - n - - smtpd\n    |  -o a={word}\n",
         "1 -o b=2", "other entries"},
        {"master.cf", SUBMISSION,
         "  ensure\n    |submission inet n - n - - smtpd\n    |  -o { a = {word} }\n", "1 } -o { b=2",
         "other entries"},
        {"master.cf", SUBMISSION, "  ensure\n    |x inet n - {word} - - smtpd\n", "n n", "other entries"},
        {"main.cf", "a = 1\n", "  after effective setting nosuch\n  ensure\n    |n = 3\n", "",
         "postfix.value.nosuch"},
        {"main.cf", "a = 1\n", "  before effective setting nosuch\n  ensure\n    |n = 3\n", "",
         "postfix.value.nosuch"},
        {"master.cf", SUBMISSION, "  raise\n    |submission inet n - n - - smtpd\n    |  -o nosuch=1\n", "",
         "postfix.value.nosuch"},
        {"main.cf", "x_size = all\n", "  raise\n    |x_size = 10\n", "", "cannot be compared"},
        {"main.cf", "a = 1\n", "  raise\n    |no_such_size = 10\n", "", "postfix.value.no_such_size"},
        {"master.cf", "#s inet n - y - - smtpd\n#  -o { a = 1 b }\n", "  uncomment service s/inet\n", "",
         "cannot be brought to life"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct result r =
            run_with(cases[i].document, cases[i].before,
                     arena_printf("edit %s\n%s", cases[i].document, cases[i].keys), cases[i].word);
        if (r.ok)
            fail_msg("%s on\n%sgives\n%s", cases[i].keys, cases[i].before, r.text);
        assert_string_equal(r.text, cases[i].before);
        assert_says(r.err, cases[i].sentence);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dir_test(test_main),   dir_test(test_master),    dir_test(test_raise),
        fresh_test(test_less), dir_test(test_uncomment), dir_test(test_refused),
    };
    return cmocka_run_group_tests(tests, unit_begin, unit_end);
}
