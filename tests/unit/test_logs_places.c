/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where the mail log is: lines of syslogd's configuration, and the rotations of a file, oldest first. Which
 * of the usual places a host has is for tests/hosts.
 */
#include "logs_places.h"

#include "unit.h"

#include <fcntl.h>
#include <utime.h>

static void test_lines(void **state)
{
    (void)state;
    static const struct {
        const char *facility, *line, *place; /* NULL: none */
    } lines[] = {
        {"mail", "mail.*\t\t\t-/var/log/mail.log", "/var/log/mail.log"},
        {"mail", "mail.* /var/log/maillog", "/var/log/maillog"},
        {"mail", "mail.info -/var/log/mail.info", "/var/log/mail.info"},
        {"mail", "mail.debug;local0.none /var/log/m;RSYSLOG_FileFormat", "/var/log/m"},
        {"mail", "auth,mail.* /var/log/both # a remark", "/var/log/both"},
        {"mail", "mail,local5.* /var/log/both", "/var/log/both"},
        {"local5", "mail,local5.* /var/log/both", "/var/log/both"},
        {"local5", "local5.* -/var/log/dovecot.log", "/var/log/dovecot.log"},
        {"local5", "mail.* /var/log/mail.log", NULL},
        {"mail", "mail.err\t/var/log/mail.err", NULL},
        {"mail", "*.info;mail.none;authpriv.none /var/log/messages", NULL},
        {"mail", "email.* /var/log/other", NULL},
        {"mail", "#mail.* /var/log/mail.log", NULL},
        {"mail", "mail.* @loghost.example.jp", NULL},
        {"mail", "mail.* |/dev/xconsole", NULL},
        {"mail", "kern.* /var/log/mail.log", NULL},
        {"mail", "if $programname == 'postfix' then /var/log/mail.log", NULL},
        {"mail", "mail.*", NULL},
        {"mail", "", NULL},
    };
    for (size_t i = 0; i < COUNT(lines); i++) {
        const char *place = logs_place_of(lines[i].line, lines[i].facility);
        if (lines[i].place == NULL ? place != NULL : place == NULL || strcmp(place, lines[i].place) != 0)
            fail_msg("%s: %s", lines[i].line, place != NULL ? place : "none");
    }
}

static char directory[] = "/tmp/test_logs_places.XXXXXX";

static void put(const char *name, time_t time)
{
    const char *path = arena_printf("%s/%s", directory, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(utime(path, &(struct utimbuf){time, time}), 0);
}

/* The names of the first n files, joined. */
static const char *names(const struct logs_places *places, size_t n)
{
    struct strings found = {0};
    for (size_t i = 0; i < n && i < places->files.n; i++) {
        const char *path = places->files.item[i];
        strings_add(&found, starts_with(path, directory) ? path + strlen(directory) + 1 : path);
    }
    return strings_join(&found, " ");
}

static struct logs_places places_of(const char *maillog_file, time_t since)
{
    struct log_settings settings = {.maillog_file = maillog_file, .rotate_suffix = "%Y-%b-%d at %H[1]"};
    return logs_places(&settings, since);
}

static void test_rotations(void **state)
{
    (void)state;
    static const char *const others[] = {
        "mail.log.bak", "mail.log.1.old", "mail.log.gz",    "mail.logs",  "mail.err",
        "mail.log-x",   "amail.log.1",    "mail.log.1.lz4", "mail-1.err", "mail.log.2025-Sep-26 by 09[1]"};
    put("mail.log", 9000);
    put("mail.log.1", 8000);
    put("mail.log.2.gz", 7000);
    put("mail.log.3.bz2", 6000);
    put("mail.log-20250928.xz", 5000);
    put("mail.log-2025-09-27.zst", 4000);
    put("mail.log.2025-Sep-26 at 09[1]", 3000); /* by Postfix, as it was told */
    put("mail.log.2025-Sep-25 at 09[1].gz", 2000);
    put("mail-20250924.log.gz", 1000); /* logrotate's word "extension" */
    for (size_t i = 0; i < COUNT(others); i++)
        put(others[i], 8500);
    const char *log = arena_printf("%s/mail.log", directory);
    struct logs_places places = places_of(log, 0);
    assert_string_equal(names(&places, 9),
                        "mail-20250924.log.gz mail.log.2025-Sep-25 at 09[1].gz mail.log.2025-Sep-26 at 09[1] "
                        "mail.log-2025-09-27.zst mail.log-20250928.xz mail.log.3.bz2 "
                        "mail.log.2.gz mail.log.1 mail.log");
    places = places_of(log, 6500);
    assert_string_equal(names(&places, 3), "mail.log.2.gz mail.log.1 mail.log");
    places = places_of(log, 8600); /* the file itself always: it is being written */
    assert_string_equal(names(&places, 1), "mail.log");
    for (size_t i = 0; i < places.files.n; i++)
        assert_string_not_equal(places.files.item[i], "");
}

/* Dovecot's own files beside Postfix's, each once. */
static void test_dovecot(void **state)
{
    (void)state;
    const char *mail = arena_printf("%s/mail.log", directory),
               *own = arena_printf("%s/dovecot.log", directory);
    struct log_settings settings = {.maillog_file = mail, .rotate_suffix = ""};
    put("dovecot.log", 9000);
    put("dovecot.log.1", 8000);
    strings_add(&settings.dovecot, own);
    strings_add(&settings.dovecot, mail);
    strings_add(&settings.dovecot, own);
    struct logs_places places = logs_places(&settings, 8500);
    const char *last = arena_printf("%s/dovecot.log.1 %s", directory, own);
    assert_string_equal(strings_join(&places.dovecot, " "), own);
    assert_string_equal(names(&places, 1), "mail.log");
    places = logs_places(&settings, 7500);
    assert_string_equal(strings_join(&places.dovecot, " "), last);
    assert_string_equal(names(&places, 2), "mail.log.1 mail.log");
    assert_true(ends_with(strings_join(&places.files, " "), last));
}

/* What is no file of its own is not read: a directory, a name that is not there, and /dev/stdout, which may
 * lead to a file here. Where there is no journal either, a stream is named. */
static void test_no_file(void **state)
{
    (void)state;
    const char *const set[] = {"", "/dev/stdout", directory, arena_printf("%s/none", directory), "/dev/null"};
    for (size_t i = 0; i < COUNT(set); i++) {
        struct logs_places places = places_of(set[i], 0);
        for (size_t k = 0; k < places.files.n; k++)
            assert_false(starts_with(places.files.item[k], directory) ||
                         starts_with(places.files.item[k], "/dev/"));
        bool stream = i == 1 && !places.journal;
        assert_string_equal(strings_join(&places.streams, " "), stream ? "/dev/stdout" : "");
    }
}

static int end(void **state)
{
    (void)state;
    return system(arena_printf("rm -rf %s", directory));
}

int main(void)
{
    if (mkdtemp(directory) == NULL)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_lines, unit_fresh),
        cmocka_unit_test_setup(test_rotations, unit_fresh),
        cmocka_unit_test_setup(test_dovecot, unit_fresh),
        cmocka_unit_test_setup(test_no_file, unit_fresh),
    };
    return cmocka_run_group_tests(tests, NULL, end);
}
