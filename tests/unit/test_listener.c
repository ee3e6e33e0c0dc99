/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Who listens: the tables of /proc, and a socket of this very program.
 */
#include "listener.h"
#include "unit.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>

static void test_inodes(void **state)
{
    (void)state;
    static const char text[] =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
        "   0: 0100007F:0019 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 "
        "100\n"
        "   1: 0100007F:0019 0100007F:C000 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0 "
        "100\n"
        "   2: 00000000:0319 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1 0 "
        "100\n"
        "   0: 00000000000000000000000000000000:0019 00000000000000000000000000000000:0000 0A "
        "00000000:00000000 "
        "00:00000000 00000000     0        0 4714 1 0 100\n";
    struct strings inodes = listener_inodes(text, 25);
    assert_string_equal(strings_join(&inodes, " "), "4711 4714");
    inodes = listener_inodes(text, 793);
    assert_string_equal(strings_join(&inodes, " "), "4713");
    assert_int_equal(listener_inodes(text, 19).n, 0);
    assert_int_equal(listener_inodes("", 25).n, 0);
}

static void test_own(void **state)
{
    (void)state;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    int port = ntohs(address.sin_port);
    const char *const number = arena_printf("%d", port), *why;
    struct strings nobody = strings_split("postfix nobody", " "), one = strings_split("postfix", " ");
    assert_int_equal(listener_programs(port).n, 0); /* bound, but it does not listen */
    assert_int_equal(listener_is(number, &nobody, &why), HOLDS);
    assert_int_equal(listener_is(number, &one, &why), FAILS);
    assert_string_equal(why, arena_printf("nobody listens on port %d", port));
    assert_int_equal(listen(fd, 1), 0);
    struct strings programs = listener_programs(port);
    char name[16] = ""; /* valgrind's, where it runs us */
    assert_int_equal(prctl(PR_GET_NAME, name), 0);
    assert_string_equal(strings_join(&programs, " "), name);
    assert_int_equal(listener_is(number, &nobody, &why), FAILS);
    assert_string_equal(why, arena_printf("port %d belongs to %s", port, name));
    /* under the name that Postfix's first process has */
    assert_int_equal(prctl(PR_SET_NAME, "master"), 0);
    assert_int_equal(listener_is(number, &one, &why), HOLDS);
    assert_int_equal(prctl(PR_SET_NAME, name), 0);
    close(fd);
    assert_int_equal(listener_programs(port).n, 0);
}

static void test_daemon(void **state)
{
    (void)state;
    static const struct {
        const char *programs, *daemon;
    } cases[] = {{"smtpd master", "postfix"}, {"smtpd", "opensmtpd"}, {"sendmail-mta", "sendmail"},
                 {"exim", "exim4"},           {"python3", NULL},      {"", NULL}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct strings programs = strings_split(cases[i].programs, " ");
        const char *daemon = listener_daemon(&programs);
        if (cases[i].daemon == NULL ? daemon != NULL : daemon == NULL || strcmp(daemon, cases[i].daemon) != 0)
            fail_msg("%s: %s", cases[i].programs, daemon != NULL ? daemon : "none");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {fresh_test(test_inodes), fresh_test(test_own),
                                       fresh_test(test_daemon)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
