/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Log symptoms against lines of a log: who wrote them, how bad they are, what they say, and what is captured.
 */
#include "heard.h"
#include "unit.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

static const char FIX[] = "fix x\ntitle t\neffect noise\n\n"
                          "symptom log\n  program postfix/tlsmgr dovecot/*\n  level fatal error\n"
                          "  matching ^no (?<what>[a-z]+) of (?<whose>[a-z]*)\n"
                          "symptom log\n  program *\n  level warning\n  matching ^odd (?<what>.)\n";

static void test_is(void **state)
{
    (void)state;
    static const struct {
        const char *line, *values; /* NULL: not this symptom */
    } cases[] = {
        {"Nov 24 10:00:00 h postfix/tlsmgr[1]: fatal: no cache of mine", "cache mine"},
        {"Nov 24 10:00:00 h postfix/tlsmgr[1]: error: no cache of ", "cache "},
        {"Nov 24 10:00:00 h postfix-in/tlsmgr[1]: fatal: no cache of mine", "cache mine"},
        {"Nov 24 10:00:00 h postfix/submission/tlsmgr[1]: fatal: no cache of mine", "cache mine"},
        {"Nov 24 10:00:00 h dovecot: imap-login: Error: no memory of mine", "memory mine"},
        {"Nov 24 10:00:00 h postfix/tlsmgr[1]: warning: no cache of mine", NULL},
        {"Nov 24 10:00:00 h postfix/smtpd[1]: fatal: no cache of mine", NULL},
        {"Nov 24 10:00:00 h postfix/tlsmgr[1]: fatal: said \"no cache of mine\"", NULL},
    };
    struct fix *fix = unit_fix(FIX);
    assert_true(heard_any(fix));
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct log_line line;
        struct strings values = {0};
        struct span group[PATTERN_GROUPS];
        assert_true(maillog_parse(cases[i].line, &line));
        bool is = heard_is(&fix->symptom[0].heard, &line, &values);
        assert_int_equal(is, heard_is(&fix->symptom[0].heard, &line, NULL));
        assert_int_equal(is, heard_groups(&fix->symptom[0].heard, &line, group));
        if (is != (cases[i].values != NULL))
            fail_msg("%s", cases[i].line);
        if (is)
            assert_string_equal(strings_join(&values, " "), cases[i].values);
    }
}

/* The log is where main.cf says. */
static void test_captures(void **state)
{
    (void)state;
    struct fix *fix = unit_fix(FIX);
    unit_file("log", "Nov 24 10:00:00 h postfix/tlsmgr[1]: fatal: no cache of mine\n"
                     "Nov 24 10:00:01 h postfix/tlsmgr[1]: fatal: no table of mine\n"
                     "Nov 24 10:00:02 h postfix/smtpd[1]: warning: odd x\n"
                     "Nov 24 10:00:03 h postfix/tlsmgr[1]: fatal: no cache of mine\n"
                     "Nov 24 10:00:03 h postfix/tlsmgr[1]: fatal: no cut");
    struct world *w = unit_world(arena_printf("maillog_file = %s\n", unit_path("log")), "", "", fix);
    struct strings values;
    assert_int_equal(heard_captures(&w->ctx, "what", &values), HOLDS);
    assert_string_equal(strings_join(&values, " "), "table x cache"); /* each once, the newest last */
    assert_int_equal(heard_captures(&w->ctx, "whose", &values), HOLDS);
    assert_string_equal(strings_join(&values, " "), "mine");
    struct buf flood = {0};
    for (int i = 0; i < HEARD_MOST + 50; i++)
        buf_printf(&flood, "Nov 24 10:00:00 h postfix/tlsmgr[1]: fatal: no %c%c of x\n", 'a' + i / 26,
                   'a' + i % 26);
    unit_file("log", buf_text(&flood));
    assert_int_equal(heard_captures(&w->ctx, "what", &values), HOLDS);
    assert_int_equal(values.n, HEARD_MOST);
    assert_string_equal(values.item[HEARD_MOST - 1], "jp");
    assert_int_equal(unlink(unit_path("log")), 0);
    assert_int_equal(heard_captures(&w->ctx, "what", &values), CANNOT_TELL);
    close(w->root.fd);
}

/* ---- since the marks ---- */

static pid_t start_one(void)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails does not end it */
        pause();
        _exit(0);
    }
    return pid;
}

static void end_one(pid_t pid)
{
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static const char *heard_from(const struct fix *fix, const struct heard_marks *marks, pid_t pid)
{
    const char *line;
    struct err err;
    unit_file("log", arena_printf("Nov 24 10:00:00 h postfix/tlsmgr[1]: fatal: of before\n"
                                  "Nov 24 10:00:01 h postfix/tlsmgr[%d]: fatal: no cache of mine\n",
                                  (int)pid));
    assert_int_equal(heard_since(fix, marks, &line, &err), HOLDS);
    return line;
}

/* The last words of a process that was ended do not count; those of one that goes on, and of a new one, do.
 */
static void test_since(void **state)
{
    (void)state;
    struct fix *fix = unit_fix(FIX);
    unit_file("log", "Nov 24 10:00:00 h postfix/tlsmgr[1]: fatal: of before\n");
    struct world *w = unit_world(arena_printf("maillog_file = %s\n", unit_path("log")), "", "", fix);
    struct heard_marks marks;
    pid_t old = start_one();
    heard_mark(&w->docs, &marks);
    pid_t new = start_one();
    assert_non_null(heard_from(fix, &marks, old));
    end_one(old);
    assert_null(heard_from(fix, &marks, old));
    assert_non_null(heard_from(fix, &marks, new));
    end_one(new);
    assert_non_null(heard_from(fix, &marks, new));
    close(w->root.fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {dir_test(test_is), dir_test(test_captures), dir_test(test_since)};
    return cmocka_run_group_tests(tests, unit_begin, unit_end);
}
