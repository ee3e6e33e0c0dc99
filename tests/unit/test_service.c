/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Services: what can be told without a service manager. Which daemons are known, the commands as an
 * administrator types them, and how the words of chkconfig, systemd, init scripts, /proc and the rc
 * directories are read. Jobs, states and scripts of a real manager are tried by tests/hosts.
 */
#include "service_backend.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <sys/stat.h>
#include <unistd.h>

static char top[] = "/tmp/mailfix-test-service.XXXXXX";

/* ---- a small tree to look at ---- */

static const char *below(const char *path)
{
    return arena_printf("%s/%s", top, path);
}

static void make_dirs(const char *path)
{
    char *whole = arena_string(below(path));
    for (char *slash = whole + strlen(top) + 1; (slash = strchr(slash, '/')) != NULL; *slash++ = '/') {
        *slash = '\0';
        mkdir(whole, 0755);
    }
    mkdir(whole, 0755);
}

static const char *make_file(const char *path, const char *text)
{
    const char *whole = below(path);
    FILE *f = fopen(whole, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
    return whole;
}

static int clean(void **state)
{
    (void)state;
    return system(arena_printf("rm -rf %s/*", top)) == 0 ? 0 : -1;
}

/* ---- names and commands ---- */

static void test_names(void **state)
{
    (void)state;
    static const char *const known[] = {"postfix", "dovecot", "sendmail", "exim4", "opensmtpd"};
    static const char *const unknown[] = {"",     "Postfix", "postfix.service", "postfix ",
                                          "exim", "sshd",    "master"};
    const struct strings names = service_names();
    assert_int_equal(names.n, COUNT(known));
    for (size_t i = 0; i < COUNT(known); i++) {
        assert_true(service_known(known[i]));
        assert_true(strings_have(&names, known[i]));
    }
    for (size_t i = 0; i < COUNT(unknown); i++)
        assert_false(service_known(unknown[i]));
}

/* No case before has asked service_init, so each of these is a host that cannot be asked. */
static void test_command(void **state)
{
    (void)state;
    static const struct {
        enum init_kind kind;
        enum verb verb;
        const char *daemon, *command;
    } cases[] = {
        {INIT_SYSTEMD, DO_RELOAD, "postfix", "systemctl reload postfix.service"},
        {INIT_SYSTEMD, DO_RESTART, "postfix", "systemctl restart postfix.service"},
        {INIT_SYSTEMD, DO_START, "dovecot", "systemctl start dovecot.service"},
        {INIT_SYSTEMD, DO_STOP, "sendmail", "systemctl stop sendmail.service"},
        {INIT_SYSTEMD, DO_ENABLE, "exim4", "systemctl enable exim4.service"},
        {INIT_SYSTEMD, DO_DISABLE, "opensmtpd", "systemctl disable opensmtpd.service"},
        {INIT_SYSV, DO_RELOAD, "postfix", "/etc/init.d/postfix reload"},
        {INIT_SYSV, DO_RESTART, "dovecot", "/etc/init.d/dovecot restart"},
        {INIT_SYSV, DO_START, "postfix", "/etc/init.d/postfix start"},
        {INIT_SYSV, DO_STOP, "sendmail", "/etc/init.d/sendmail stop"},
        {INIT_SYSV, DO_ENABLE, "postfix", "update-rc.d postfix enable (or chkconfig postfix on)"},
        {INIT_SYSV, DO_DISABLE, "sendmail", "update-rc.d sendmail disable (or chkconfig sendmail off)"},
        {INIT_OPENRC, DO_RESTART, "postfix", "rc-service postfix restart"},
        {INIT_OPENRC, DO_STOP, "opensmtpd", "rc-service opensmtpd stop"},
        {INIT_OPENRC, DO_ENABLE, "dovecot", "rc-update add dovecot default"},
        {INIT_OPENRC, DO_DISABLE, "sendmail", "rc-update del sendmail default"},
        {INIT_NONE, DO_RELOAD, "postfix", "postfix reload"},
        {INIT_NONE, DO_RESTART, "postfix", "postfix reload"},
        {INIT_NONE, DO_START, "postfix", "postfix start"},
        {INIT_NONE, DO_STOP, "postfix", "postfix stop"},
        {INIT_NONE, DO_RESTART, "dovecot", "doveadm reload"},
        {INIT_NONE, DO_ENABLE, "postfix", "enable postfix, by hand: no service manager runs"},
        {INIT_NONE, DO_RESTART, "exim4", "restart exim4, by hand: no service manager runs"},
        {INIT_UNKNOWN, DO_RESTART, "postfix", "restart postfix"},
        {INIT_SYSTEMD, DO_RESTART, "sshd", "restart sshd"},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_string_equal(service_command(cases[i].kind, cases[i].verb, cases[i].daemon), cases[i].command);
}

static void test_unknown_daemon(void **state)
{
    (void)state;
    struct service_state now = {.daemon = "untouched"};
    struct err err = {0};
    bool skipped = true;
    assert_false(service_state("sshd", &now, &err));
    assert_string_equal(now.daemon, "untouched");
    assert_non_null(strstr(err.text, "sshd is no daemon that mailfix knows"));
    assert_non_null(strstr(err.text, "postfix, dovecot"));
    assert_false(service_act(DO_STOP, "sshd", 1000, &skipped, &err));
    assert_true(skipped);
    assert_int_equal(service_init("sshd"), INIT_UNKNOWN);
}

/* ---- words ---- */

static void test_systemd_words(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        enum answer answer;
    } active[] = {{"active", YES},      {"reloading", YES}, {"activating", YES}, {"inactive", NO},
                  {"deactivating", NO}, {"failed", NO},     {"maintenance", NO}},
      files[] = {{"enabled", YES},      {"enabled-runtime", YES}, {"disabled", NO},
                 {"masked", NO},        {"linked", NO},           {"static", UNKNOWN},
                 {"indirect", UNKNOWN}, {"generated", UNKNOWN},   {"alias", UNKNOWN},
                 {"", UNKNOWN},         {"enable", UNKNOWN}};
    for (size_t i = 0; i < COUNT(active); i++)
        assert_int_equal(service_active_answer(active[i].word), active[i].answer);
    for (size_t i = 0; i < COUNT(files); i++)
        assert_int_equal(service_unit_file_answer(files[i].word), files[i].answer);
}

static void test_chkconfig(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum answer answer;
    } cases[] = {
        {"postfix        \t0:off\t1:off\t2:on\t3:on\t4:on\t5:on\t6:off\n", YES},
        {"postfix 0:off 1:off 2:off 3:off 4:off 5:on 6:off\n", YES},
        {"postfix 0:off 1:off 2:off 3:off 4:off 5:off 6:off\n", NO},
        {"postfix 0:on 1:on 2:off 3:off 4:off 5:off 6:on\n", NO},
        /* the line of another service, and one whose name only starts alike */
        {"sendmail 0:off 1:off 2:on 3:on 4:on 5:on 6:off\n", UNKNOWN},
        {"postfix-policyd 0:off 1:off 2:on 3:on 4:on 5:on 6:off\n", UNKNOWN},
        {"sendmail 2:on\npostfix 2:off 3:off\n", NO},
        {"service postfix supports chkconfig, but is not referenced in any runlevel "
         "(run 'chkconfig --add postfix')\n",
         UNKNOWN},
        {"error reading information on service postfix: No such file or directory\n", UNKNOWN},
        {"postfix\n", UNKNOWN},
        {"", UNKNOWN},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(service_chkconfig(cases[i].text, "postfix"), cases[i].answer);
}

static void test_status(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *output;
        enum answer answer;
    } cases[] = {
        {0, "dovecot is running.\n", YES},
        {0, "", YES},
        {0, "MTA: is not running\n", NO}, /* Debian's sendmail */
        {0,
         "checking separate queue runner daemon...:not running.\nchecking combined SMTP listener and queue "
         "runner daemon...:running.\n",
         YES}, /* Exim */
        {3,
         "checking separate queue runner daemon...:not running.\nchecking SMTP listener daemon...:not "
         "running.\n",
         NO},
        {1, "dovecot dead but pid file exists\n", NO},
        {2, "", NO},
        {3, "dovecot is not running ... failed!\n", NO},
        {32, " * status: crashed\n", NO}, /* OpenRC */
        {4, "", UNKNOWN},
        {64, "Usage: ...\n", UNKNOWN},
        {-1, "", UNKNOWN},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(service_status(cases[i].status, cases[i].output), cases[i].answer);
}

static void test_foreground(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        bool foreground;
    } cases[] = {
#define ARGUMENTS(text) (text), sizeof(text)
        {ARGUMENTS("/usr/lib/postfix/sbin/master\0-w"), false},
        {ARGUMENTS("/usr/lib/postfix/sbin/master\0-s"), true},
        {ARGUMENTS("/usr/lib/postfix/sbin/master\0-i"), true},
        {ARGUMENTS("/usr/libexec/postfix/master\0-v\0-i"), true},
        {ARGUMENTS("/usr/lib/postfix/sbin/master"), false},
        {ARGUMENTS("/opt/-s/master\0-w"), false},
        {"", 0, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(service_foreground(cases[i].bytes, cases[i].len), cases[i].foreground);
}

/* ---- directories ---- */

static void test_rc_links(void **state)
{
    (void)state;
    static const struct {
        const char *link;
        enum answer answer;
    } cases[] = {
        {"rc2.d/S20postfix", YES},         {"rc5.d/S01postfix", YES}, {"rc2.d/K80postfix", NO},
        {"rc6.d/S20postfix", NO},          {"rcS.d/S20postfix", NO},  {"rc2.d/S20postfix-policyd", NO},
        {"rc2.d/S20postfix.dpkg-new", NO}, {"rc2.d/Spostfix", NO},    {"rc3.d/S2postfix", NO},
    };
    assert_int_equal(service_rc_links(top, "postfix"), UNKNOWN);
    for (size_t i = 0; i < COUNT(cases); i++) {
        make_dirs("rc2.d"), make_dirs("rc3.d"), make_dirs("rc5.d"), make_dirs("rc6.d"), make_dirs("rcS.d");
        assert_int_equal(symlink("../init.d/postfix", below(cases[i].link)),
                         0); /* dangling, as below --root it may be */
        if (service_rc_links(top, "postfix") != cases[i].answer)
            fail_msg("%s", cases[i].link);
        clean(NULL);
    }
}

static const struct daemon exim = {.name = "exim4", .script = {"exim4", "exim"}};

static void test_script(void **state)
{
    (void)state;
    assert_null(service_script(top, &exim));
    assert_string_equal(service_script_name(top, &exim), "exim4");
    make_dirs("init.d/exim4"); /* a directory is no script */
    assert_null(service_script(top, &exim));
    make_file("init.d/exim", "");
    assert_string_equal(service_script(top, &exim), below("init.d/exim"));
    assert_string_equal(service_script_name(top, &exim), "exim");
    make_dirs("rc.d/init.d");
    make_file("rc.d/init.d/exim", "");
    assert_string_equal(service_script(top, &exim), below("rc.d/init.d/exim"));
    make_file("rc.d/init.d/exim4", "");
    assert_string_equal(service_script(top, &exim), below("rc.d/init.d/exim4"));
}

static void test_runlevels(void **state)
{
    (void)state;
    static const struct {
        const char *link;
        enum answer answer;
    } cases[] = {
        {"runlevels/default/postfix", YES},        {"runlevels/boot/postfix", YES},
        {"runlevels/default/postfix-policyd", NO}, {"runlevels/postfix", NO},
        {"runlevels/default/sub/postfix", NO},
    };
    assert_int_equal(service_runlevels_boot(top, "postfix"), UNKNOWN);
    for (size_t i = 0; i < COUNT(cases); i++) {
        make_dirs("runlevels/default/sub"), make_dirs("runlevels/boot");
        assert_int_equal(symlink("/etc/init.d/postfix", below(cases[i].link)), 0); /* it may dangle */
        if (service_runlevels_boot(top, "postfix") != cases[i].answer)
            fail_msg("%s", cases[i].link);
        clean(NULL);
    }
    make_dirs("runlevels/default"), make_dirs("runlevels/boot"), make_dirs("runlevels/off");
    make_file("runlevels/default/postfix", ""), make_file("runlevels/boot/postfix", "");
    const struct strings levels = service_runlevels(top, "postfix");
    assert_string_equal(strings_join(&levels, " "), "boot default");
    clean(NULL);
}

static void test_pid(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        pid_t pid;
    } cases[] = {
        {"           4711\n", 4711},
        {"4711", 4711},
        {"4712\n", 0}, /* somebody else has that number now */
        {"4713\n", 0},
        {"", 0},
        {"x", 0},
        {"-1\n", 0},
        {"0\n", 0},
    };
    make_dirs("proc/4711"), make_dirs("proc/4712");
    make_file("proc/4711/comm", "master\n");
    make_file("proc/4712/comm", "masterful\n");
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(service_pid(below("proc"), make_file("pid", cases[i].text), "master"), cases[i].pid);
    assert_int_equal(service_pid(below("proc"), below("absent"), "master"), 0);
}

static void exhausted(void)
{
    abort();
}

static int set_up(void **state)
{
    (void)state;
    struct err err;
    return arena_open(exhausted, &err) && mkdtemp(top) != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    return clean(state) == 0 ? rmdir(top) : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_command),
        cmocka_unit_test(test_unknown_daemon),
        cmocka_unit_test(test_systemd_words),
        cmocka_unit_test(test_chkconfig),
        cmocka_unit_test(test_status),
        cmocka_unit_test(test_foreground),
        cmocka_unit_test_teardown(test_rc_links, clean),
        cmocka_unit_test_teardown(test_script, clean),
        cmocka_unit_test_teardown(test_runlevels, clean),
        cmocka_unit_test_teardown(test_pid, clean),
    };
    return cmocka_run_group_tests_name("service", tests, set_up, tear_down);
}
