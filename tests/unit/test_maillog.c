/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Log lines of every form, forged ones, and reading on from a mark in files that grow, are rotated or
 * emptied. The journal is read for real on the hosts (tests/hosts).
 */
#include "maillog.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static const struct {
    const char *raw, *program, *pid;
    enum level level;
    const char *text;
} lines[] = {
    {"Sep 30 16:43:29 svr postfix/tlsmgr[4182]: fatal: unsupported dictionary type: sdbm", "postfix/tlsmgr",
     "4182", LEVEL_FATAL, "unsupported dictionary type: sdbm"},
    {"Oct  2 06:01:07 mx postfix/smtpd[77]: connect from unknown[192.0.2.7]", "postfix/smtpd", "77",
     LEVEL_INFO, "connect from unknown[192.0.2.7]"},
    {"Oct  2 06:01:07 mx postfix/submission/smtpd[77]: warning: hostname x does not resolve",
     "postfix/submission/smtpd", "77", LEVEL_WARNING, "hostname x does not resolve"},
    {"Oct  2 06:01:07 mx postfix-in/local[8]: error: open database /etc/aliases.db: No such file",
     "postfix-in/local", "8", LEVEL_ERROR, "open database /etc/aliases.db: No such file"},
    {"Oct  2 06:01:07 mx postfix/qmgr[8]: panic: interface violation", "postfix/qmgr", "8", LEVEL_PANIC,
     "interface violation"},
    /* times */
    {"Oct 2 2017 06:01:07 mx postfix/qmgr[8]: removed", "postfix/qmgr", "8", LEVEL_INFO, "removed"},
    {"Oct  2 06:01:07 2017 mx postfix/qmgr[8]: removed", "postfix/qmgr", "8", LEVEL_INFO, "removed"},
    {"2025-03-02T16:36:48.741258+09:00 mx postfix/local[9]: error: x", "postfix/local", "9", LEVEL_ERROR,
     "x"},
    {"2025-03-02T16:36:48Z mx postfix/local[9]: error: x", "postfix/local", "9", LEVEL_ERROR, "x"},
    {"2025-03-02 16:36:48,123 mx postfix/local[9]: error: x", "postfix/local", "9", LEVEL_ERROR, "x"},
    {"\xd0\xb0\xd0\xb2\xd0\xb3 09 04:48:59 mx postfix/master[24]: reload", "postfix/master", "24", LEVEL_INFO,
     "reload"},
    /* what stands around the host name */
    {"mail_1  | Oct  2 06:01:07 mx postfix/qmgr[8]: removed", "postfix/qmgr", "8", LEVEL_INFO, "removed"},
    {"Oct  2 06:01:07 <mail.err> mx postfix/local[9]: error: x", "postfix/local", "9", LEVEL_ERROR, "x"},
    {"Oct  2 06:01:07 mail.example.org mail.err postfix/local[9]: error: x", "postfix/local", "9",
     LEVEL_ERROR, "x"},
    {"Sat Dec  9 06:01:07 2017 mail.warn postfix/local[9]: error: x", "postfix/local", "9", LEVEL_ERROR, "x"},
    {"Oct  2 06:01:07 localhost.localdomain postfix/local[9]: error: x", "postfix/local", "9", LEVEL_ERROR,
     "x"},
    {"Oct  2 06:01:07 postfix/local[9]: error: x", "postfix/local", "9", LEVEL_ERROR, "x"},
    {"Oct  2 06:01:07 mx postfix/smtpd[14]: [ID 197553 mail.crit] fatal: no SASL authentication mechanisms",
     "postfix/smtpd", "14", LEVEL_FATAL, "no SASL authentication mechanisms"},
    {"Oct  2 06:01:07 mx dovecot: [ID 583609 mail.error] master: Error: service(auth): command startup "
     "failed",
     "dovecot/master", "", LEVEL_ERROR, "service(auth): command startup failed"},
    /* what carried the line */
    {"<22>Oct  2 06:01:07 mx postfix/local[9]: error: x", "postfix/local", "9", LEVEL_ERROR, "x"},
    {"<22>1 2025-03-02T16:36:48Z mx postfix/local 9 - - error: x", "postfix/local", "9", LEVEL_ERROR, "x"},
    {"1 2025-03-02T16:36:48.1+09:00 mx postfix/local - ID47 [a@1 b=\"c\"][d@2] \xef\xbb\xbf"
     "error: x",
     "postfix/local", "", LEVEL_ERROR, "x"},
    {"1 2025-03-02T16:36:48Z mx dovecot - - - imap-login: Error: x", "dovecot/imap-login", "", LEVEL_ERROR,
     "x"},
    {"\033[36mmail-1  |\033[0m Oct  2 06:01:07 mx postfix/local[9]: \033[0;1;31merror: x\033[0m",
     "postfix/local", "9", LEVEL_ERROR, "x"},
    {"mail-1  | 2025-03-02T16:36:48.741258123Z Oct  2 06:01:07 mx postfix/local[9]: error: x",
     "postfix/local", "9", LEVEL_ERROR, "x"},
    {"2025-03-02T16:36:48.741258123Z Oct  2 06:01:07 mx postfix/local[9]: error: x", "postfix/local", "9",
     LEVEL_ERROR, "x"},
    {"2025-03-02T16:36:48.741258123+00:00 stderr F Oct  2 06:01:07 mx postfix/local[9]: error: x",
     "postfix/local", "9", LEVEL_ERROR, "x"},
    {"[pod/mail-0/postfix] Oct  2 06:01:07 mx postfix/local[9]: error: x", "postfix/local", "9", LEVEL_ERROR,
     "x"},
    {"Oct  2 06:01:07 192.0.2.7 Oct  2 06:01:07 mx postfix/local[9]: error: x", "postfix/local", "9",
     LEVEL_ERROR, "x"},
    {"Oct  2 06:01:07 mx 0123456789ab[7]: Oct  2 06:01:07 in postfix/local[9]: error: x", "postfix/local",
     "9", LEVEL_ERROR, "x"},
    {"Oct  2 06:01:07 mx dockerd[7]: postfix/local[9]: error: x", "postfix/local", "9", LEVEL_ERROR, "x"},
    {"Oct  2 06:01:07 mx mail:err postfix/local[9]: error: x", "postfix/local", "9", LEVEL_ERROR, "x"},
    {"\xef\xbb\xbfOct  2 06:01:07 mx postfix/local[9]: error: x#015", "postfix/local", "9", LEVEL_ERROR, "x"},
    {"Oct  2 06:01:07 mx postfix/local[9]: error: x\r", "postfix/local", "9", LEVEL_ERROR, "x"},
    /* journalctl */
    {"Sun 2025-03-02 16:36:48.741258 JST mx postfix/local[9]: error: x", "postfix/local", "9", LEVEL_ERROR,
     "x"},
    {"2025-03-02 16:36:48 +0900 mx postfix/local[9]: error: x", "postfix/local", "9", LEVEL_ERROR, "x"},
    {"1740901008.741258 mx postfix/local[9]: error: x", "postfix/local", "9", LEVEL_ERROR, "x"},
    {"[    5.123456] mx postfix/local[9]: error: x", "postfix/local", "9", LEVEL_ERROR, "x"},
    {" 3\xe6\x9c\x88 02 16:36:48 mx postfix/local[9]: error: x", "postfix/local", "9", LEVEL_ERROR, "x"},
    {"[2025-03-02 16:36:48] mx postfix/local[9]: error: x", "postfix/local", "9", LEVEL_ERROR, "x"},
    /* standard error of Postfix's programs, as systemd logs it */
    {"Oct  2 06:01:07 mx postfix[7]: /usr/sbin/postconf: warning: x: y", "postfix/postconf", "7",
     LEVEL_WARNING, "x: y"},
    {"Oct  2 06:01:07 mx postfix[7]: postfix/postfix-script: fatal: x", "postfix/postfix-script", "7",
     LEVEL_FATAL, "x"},
    {"Oct  2 06:01:07 mx postfix/smtpd[7]: postfix/tlsmgr x: fatal: x", "postfix/smtpd", "7", LEVEL_INFO,
     "postfix/tlsmgr x: fatal: x"},
    {"Oct  2 06:01:07 mx postmap[7]: warning: x", "postfix/postmap", "7", LEVEL_WARNING, "x"},
    /* a log on a standard output, as systemd logs it */
    {"2025-03-02T16:36:48+0900 mx dovecot[12]: Mar 02 16:36:47 imap-login: Error: x", "dovecot/imap-login",
     "", LEVEL_ERROR, "x"},
    {"Oct  2 06:01:07 mx postfix[7]: Oct  2 06:01:06 in postfix/local[9]: error: x", "postfix/local", "9",
     LEVEL_ERROR, "x"},
    {"Oct  2 06:01:07 mx postfix/smtpd[7]: Oct  2 06:01:06 in postfix/local[9]: error: x", "postfix/smtpd",
     "7", LEVEL_INFO, "Oct  2 06:01:06 in postfix/local[9]: error: x"},
    {"Oct  2 06:01:07 mx dovecot[12]: Mar 02 16:36:47 a stranger's words", "dovecot", "12", LEVEL_INFO,
     "Mar 02 16:36:47 a stranger's words"},
    /* Dovecot's own log, and version 1 */
    {"Oct  2 06:01:07 imap-login: Error: x", "dovecot/imap-login", "", LEVEL_ERROR, "x"},
    {"2025-03-02 16:36:48 lmtp(12, jo@example.org): Fatal: x", "dovecot/lmtp", "", LEVEL_FATAL, "x"},
    {"dovecot: Oct 02 06:01:07 Error: imap-login: x", "dovecot/imap-login", "", LEVEL_ERROR, "x"},
    {"Oct  2 06:01:07 mx dovecot: Fatal: auth(default): x", "dovecot/auth", "", LEVEL_FATAL, "x"},
    {"Oct  2 06:01:07 mx dovecot: Error: service(auth): x", "dovecot", "", LEVEL_ERROR, "service(auth): x"},
    /* Dovecot */
    {"Oct  2 06:01:07 mx dovecot: imap-login: Error: dovecot/imap-login: error while loading shared "
     "libraries: x",
     "dovecot/imap-login", "", LEVEL_ERROR, "dovecot/imap-login: error while loading shared libraries: x"},
    {"Oct  2 06:01:07 mx dovecot: imap-login: Fatal: master: service(imap-login): child 8 returned error 127",
     "dovecot/imap-login", "", LEVEL_FATAL, "master: service(imap-login): child 8 returned error 127"},
    {"Oct  2 06:01:07 mx dovecot[12]: auth(default): Fatal: No passdbs specified", "dovecot/auth", "12",
     LEVEL_FATAL, "No passdbs specified"},
    {"Oct  2 06:01:07 mx dovecot: imap(jo@example.org)<71><Ab+c>: Panic: file x.c: line 1", "dovecot/imap",
     "", LEVEL_PANIC, "file x.c: line 1"},
    {"Oct  2 06:01:07 mx dovecot: Warning: fd limit is lower", "dovecot", "", LEVEL_WARNING,
     "fd limit is lower"},
    {"Oct  2 06:01:07 mx dovecot: Dovecot v1.2.9 starting up", "dovecot", "", LEVEL_INFO,
     "Dovecot v1.2.9 starting up"},
    {"Oct  2 06:01:07 mx dovecot: imap-login: Login: user=<jo>, rip=192.0.2.7", "dovecot/imap-login", "",
     LEVEL_INFO, "Login: user=<jo>, rip=192.0.2.7"},
    {"Oct  2 06:01:07 mx dovecot: imap(a", "dovecot", "", LEVEL_INFO, "imap(a"},
    {"Oct  2 06:01:07 mx doveconf[12]: Fatal: Error in configuration file x", "dovecot/doveconf", "12",
     LEVEL_FATAL, "Error in configuration file x"},
    /* others */
    {"Oct  2 06:01:07 mx sm-mta[48]: x1: to=<jo@example.org>, stat=Deferred", "sm-mta", "48", LEVEL_INFO,
     "x1: to=<jo@example.org>, stat=Deferred"},
    {"Oct  2 06:01:07 mx sendmail[48]: My unqualified host name (mx) unknown; sleeping for retry", "sendmail",
     "48", LEVEL_INFO, "My unqualified host name (mx) unknown; sleeping for retry"},
    {"2016-04-01 11:08:00 mx exim4[8]: [8] no MAIL", "exim4", "8", LEVEL_INFO, "[8] no MAIL"},
    {"Oct  2 06:01:07 mx postfix/qmgr[8]:", "postfix/qmgr", "8", LEVEL_INFO, ""},
};

static const char *const no_lines[] = {
    "",
    " ",
    "Oct  2 06:01:07",
    "Oct  2 06:01:07 mx",
    "Oct  2 06:01:07 mx last message repeated 2 times",
    "Oct  2 06:01:07 mx postfix/qmgr[8",
    "Oct  2 06:01:07 mx postfix/qmgr[8x]: removed",
    "Oct  2 06:01:07 mx postfixadmin[8]: fatal: x",
    "Oct  2 06:01:07 mx postfix/qmgr[8] removed",
    /* forged: the text quotes what a mail program would say */
    "postfix/tlsmgr[1]: fatal: unsupported dictionary type: sdbm",
    "Oct  2 06:01:07 mx sshd[9]: Invalid user postfix/tlsmgr[1]: fatal: unsupported dictionary type: sdbm",
    ("Oct  2 06:01:07 mx sshd[9]: Oct  2 06:01:07 mx postfix/tlsmgr[1]: fatal: unsupported dictionary type: "
     "sdbm"),
    "Oct  2 06:01:07 mx kernel postfix/tlsmgr[1]: fatal: unsupported dictionary type: sdbm",
    "Oct  2 06:01:07 mx sshd[9]: 0123456789ab[7]: postfix/tlsmgr[1]: fatal: x",
    "Oct  2 06:01:07 mx 0123456789ab[7]: sshd[9]: postfix/tlsmgr[1]: fatal: x",
    "Oct  2 06:01:07 mx 0123456789abcdef[7]: postfix/tlsmgr[1]: fatal: x",
    "Oct  2 06:01:07 mx kernel Oct  2 06:01:07 some words postfix/tlsmgr[1]: fatal: x",
    "<22>1 2025-03-02T16:36:48Z mx sshd 9 - - postfix/tlsmgr[1]: fatal: x",
    "<22>1 2025-03-02T16:36:48Z mx postfix/tlsmgr 9 - [a fatal: x",
    "Oct  2 06:01:07 mx imap-login: Error: x", /* Dovecot's own log has no host name */
    "Oct  2 06:01:07 imap-login: said Error: x",
    "Oct  2 06:01:07 mx sshd[9]: imap-login: Error: x",
    "Oct  2 06:01:07 mx su: a mail.info postfix/tlsmgr[1]: fatal: unsupported dictionary type: sdbm",
    "Oct  2 mx su postfix/tlsmgr[1]: 06:01:07 mx postfix/tlsmgr[1]: fatal: unsupported dictionary type: sdbm",
};

static void test_parse(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(lines); i++) {
        struct log_line line;
        if (!maillog_parse(lines[i].raw, &line))
            fail_msg("not taken: %s", lines[i].raw);
        assert_string_equal(line.program, lines[i].program);
        assert_string_equal(line.pid, lines[i].pid);
        assert_string_equal(maillog_level_name(line.level), maillog_level_name(lines[i].level));
        assert_string_equal(line.text, lines[i].text);
        assert_string_equal(line.raw, lines[i].raw);
    }
    for (size_t i = 0; i < COUNT(no_lines); i++) {
        struct log_line line;
        if (maillog_parse(no_lines[i], &line))
            fail_msg("taken: %s", no_lines[i]);
    }
}

/* A stranger's words in a program's own line stay its text. */
static void test_quoted(void **state)
{
    (void)state;
    struct log_line line;
    assert_true(maillog_parse(
        "Oct  2 06:01:07 mx postfix/smtpd[7]: NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 550 x; "
        "helo=<mx postfix/tlsmgr[1]: fatal: unsupported dictionary type: sdbm>",
        &line));
    assert_string_equal(line.program, "postfix/smtpd");
    assert_int_equal(line.level, LEVEL_INFO);
    assert_true(starts_with(line.text, "NOQUEUE: "));
}

/* When it was, in Greenwich's time; the host of these tests is in Japan. */
static void test_times(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        time_t time;
    } times[] = {
        {"2025-03-02T16:36:48.741258+09:00 mx", 1740901008},
        {"2025-03-02T07:36:48Z mx", 1740901008},
        {"2025-03-02 16:36:48,123 mx", 1740901008},
        {"[2025-03-02 16:36:48] mx", 1740901008},
        {"2025/03/02 16:36:48 mx", 1740901008},
        {"2025-03-02 07:36:48 +0000 mx", 1740901008},
        {"Sun 2025-03-02 07:36:48.741 UTC mx", 1740901008},
        {"Sun 2025-03-02 16:36:48 JST mx", 1740901008},
        {"1740901008.741258 mx", 1740901008},
        {"[    5.123456] mx", 0},
        {"Mar  2 16:36:48 mx", 1740901008}, /* the year is now's */
        {" 3\xe6\x9c\x88 02 16:36:48 mx", 1740901008},
        {"Mar  2 16:36:48 2024 mx", 1709365008},
        {"Mar  6 16:36:48 mx", 1709710608}, /* in the future of now: last year's */
        {"Mar 32 16:36:48 mx", 0},
        {"\xd0\xbc\xd0\xb0\xd1\x80 02 16:36:48 mx", 0},
        {"", 0},
    };
    assert_int_equal(setenv("TZ", "JST-9", 1), 0);
    tzset();
    for (size_t i = 0; i < COUNT(times); i++)
        if (maillog_time_of(times[i].text, 1741000000) != times[i].time)
            fail_msg("%s: %lld", times[i].text, (long long)maillog_time_of(times[i].text, 1741000000));
    unsetenv("TZ");
    tzset();
}

/* ---- files ---- */

static char directory[] = "/tmp/test_maillog.XXXXXX";
static const char *path;

static void add(const char *text)
{
    FILE *file = fopen(path, "a");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static bool keep(void *arg, const struct log_line *line)
{
    struct buf *all = arg;
    buf_printf(all, "%s=%s;", line->program, line->text);
    return true;
}

static bool keep_one(void *arg, const struct log_line *line)
{
    keep(arg, line);
    return false;
}

static const char *since(const struct log_mark *mark)
{
    struct buf all = {0};
    struct err err;
    enum verdict verdict = maillog_since(mark, keep, &all, &err);
    if (verdict != HOLDS)
        fail_msg("%s", err.text);
    return buf_text(&all);
}

#define A "Oct  2 06:01:07 mx postfix/a[1]: A\n"
#define B "Oct  2 06:01:08 mx postfix/b[1]: B\n"
#define C "Oct  2 06:01:09 mx sshd[1]: C\n"

static struct log_mark marked(void)
{
    struct log_mark mark;
    maillog_mark(path, &mark);
    return mark;
}

static void test_since(void **state)
{
    (void)state;
    add(A);
    struct log_mark mark = marked();
    assert_string_equal(since(&mark), "");
    add(C B);
    assert_string_equal(since(&mark), "postfix/b=B;");
    add(A);
    assert_string_equal(since(&mark), "postfix/b=B;postfix/a=A;");
    struct buf all = {0};
    struct err err;
    assert_int_equal(maillog_since(&mark, keep_one, &all, &err), HOLDS);
    assert_string_equal(buf_text(&all), "postfix/b=B;");
}

static void test_unfinished_lines(void **state)
{
    (void)state;
    add("Oct  2 06:01:07 mx postfix/a[1]: begun before");
    struct log_mark mark = marked();
    add(" " A B "Oct  2 06:01:09 mx postfix/c[1]: half");
    assert_string_equal(since(&mark), "postfix/b=B;");
    add(" a line\n");
    assert_string_equal(since(&mark), "postfix/b=B;postfix/c=half a line;");
}

static void test_rotated(void **state)
{
    (void)state;
    add(A A);
    struct log_mark mark = marked();
    assert_int_equal(rename(path, arena_printf("%s.1", path)), 0);
    struct buf all = {0};
    struct err err;
    assert_int_equal(maillog_since(&mark, keep, &all, &err), CANNOT_TELL);
    add(A A B);
    assert_string_equal(since(&mark), "postfix/a=A;postfix/a=A;postfix/b=B;");
}

static void test_emptied(void **state)
{
    (void)state;
    add(A A);
    struct log_mark mark = marked();
    assert_int_equal(truncate(path, 0), 0);
    add(B);
    assert_string_equal(since(&mark), "postfix/b=B;");
}

static void test_created_later(void **state)
{
    (void)state;
    struct log_mark mark = marked();
    add(A);
    assert_string_equal(since(&mark), "postfix/a=A;");
}

static void test_long_line_and_nul(void **state)
{
    (void)state;
    struct log_mark mark = marked();
    char *rest = arena_alloc(5001);
    memset(rest, 'x', 5000);
    add(arena_printf("Oct  2 06:01:07 mx postfix/a[1]: %s postfix/z[1]: fatal: z\n", rest));
    add(B);
    FILE *file = fopen(path, "a");
    assert_non_null(file);
    fwrite("Oct  2 06:01:07 mx postfix/n[1]: n\0n\n", 1, 37, file);
    fclose(file);
    const char *expected =
        arena_printf("postfix/a=%.*s;postfix/b=B;postfix/n=n n;",
                     MAILLOG_LINE - (int)strlen("Oct  2 06:01:07 mx postfix/a[1]: "), rest);
    assert_string_equal(since(&mark), expected);
}

static void test_no_log(void **state)
{
    (void)state;
    struct buf all = {0};
    struct err err;
    struct log_mark mark = {0};
    assert_int_equal(maillog_since(&mark, keep, &all, &err), CANNOT_TELL);
    maillog_mark("/dev/null", &mark);
    assert_null(mark.path);
    assert_int_equal(maillog_since(&mark, keep, &all, &err), CANNOT_TELL);
    mark = marked();
    assert_int_equal(maillog_since(&mark, keep, &all, &err), CANNOT_TELL);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(maillog_since(&mark, keep, &all, &err), FAILS);
    assert_string_equal(err.text, arena_printf("%s: not a regular file", path));
    assert_int_equal(rmdir(path), 0);
}

static int begin(void **state)
{
    (void)state;
    unlink(path);
    return 0;
}

static int end(void **state)
{
    (void)state;
    unlink(path);
    unlink(arena_printf("%s.1", path));
    return rmdir(directory);
}

static void exhausted(void)
{
    abort();
}

int main(void)
{
    struct err err;
    if (!arena_open(exhausted, &err) || mkdtemp(directory) == NULL)
        return 1;
    path = arena_printf("%s/mail.log", directory);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_quoted),
        cmocka_unit_test(test_times),
        cmocka_unit_test_setup(test_since, begin),
        cmocka_unit_test_setup(test_unfinished_lines, begin),
        cmocka_unit_test_setup(test_rotated, begin),
        cmocka_unit_test_setup(test_emptied, begin),
        cmocka_unit_test_setup(test_created_later, begin),
        cmocka_unit_test_setup(test_long_line_and_nul, begin),
        cmocka_unit_test_setup(test_no_log, begin),
    };
    return cmocka_run_group_tests(tests, NULL, end);
}
