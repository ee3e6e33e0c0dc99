/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Who owns a port: cgroups, lists of sockets and answers of package managers as they are printed, and a
 * socket of this very program.
 */
#include "owner.h"
#include "unit.h"

#include <arpa/inet.h>
#include <sys/prctl.h>
#include <sys/socket.h>

static void assert_text(const char *found, const char *wanted)
{
    assert_string_equal(found != NULL ? found : "(none)", wanted != NULL ? wanted : "(none)");
}

static void test_unit(void **state)
{
    (void)state;
    static const struct {
        const char *cgroup, *first, *unit;
    } cases[] = {
        {"0::/system.slice/sendmail.service\n", "0::/init.scope\n", "sendmail.service"},
        {"0::/system.slice/system-postfix.slice/postfix@-.service\n", "0::/init.scope\n",
         "postfix@-.service"},
        {"0::/system.slice/docker.service/inner/x.service\n", "0::/init.scope\n", "docker.service"},
        /* started by hand */
        {"0::/user.slice/user-0.slice/session-3.scope\n", "0::/init.scope\n", "session-3.scope"},
        /* systemd 219, with a hierarchy of its own */
        {"11:memory:/\n1:name=systemd:/system.slice/postfix.service\n", "1:name=systemd:/\n",
         "postfix.service"},
        {"1:name=systemd:/system.slice/a.service\n0::/system.slice/b.service\n", "1:name=systemd:/\n",
         "a.service"},
        /* Fedora 15 */
        {"1:name=systemd:/system/sendmail.service\n", "1:name=systemd:/system\n", "sendmail.service"},
        /* a container that sees the cgroups of its host */
        {"0::/machine.slice/machine-a.scope/system.slice/exim4.service\n",
         "0::/machine.slice/machine-a.scope/init.scope\n", "exim4.service"},
        {"0::/machine.slice/machine-b.scope/system.slice/exim4.service\n",
         "0::/machine.slice/machine-a.scope/init.scope\n", NULL},
        {"0::/docker/0123456789ab\n", "0::/\n", NULL},
        {"0::/system.slice\n", "0::/init.scope\n", NULL},
        {"0::/\n", "0::/\n", NULL},
        {"", "", NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        print_message("%s", cases[i].cgroup);
        assert_text(owner_unit(cases[i].cgroup, cases[i].first), cases[i].unit);
    }
}

static void test_socket_unit(void **state)
{
    (void)state;
    static const char list[] =
        "/run/dbus/system_bus_socket dbus.socket  dbus.service\n"
        "127.0.0.1:25                exim4.socket exim4.service\n"
        "[::]:25                     smtp.socket  smtp.service\n"
        "[::]:2525                   more.socket  more.service\n"
        "kobject-uevent 1            systemd-udevd-kernel.socket systemd-udevd.service\n";
    assert_text(owner_socket_unit(list, "127.0.0.1:25"), "exim4.socket");
    assert_text(owner_socket_unit(list, "[::]:25"), "smtp.socket");
    assert_text(owner_socket_unit(list, "[::1]:2525"), "more.socket");
    assert_text(owner_socket_unit(list, "[::]:587"), NULL);
    assert_text(owner_socket_unit("", "[::]:25"), NULL);
}

static void test_dpkg(void **state)
{
    (void)state;
    static const struct {
        const char *output, *package;
    } cases[] = {
        {"sendmail-bin: /usr/sbin/x\n", "sendmail-bin"},
        {"libc6:amd64, libc6:i386: /usr/sbin/x\n", "libc6:amd64, libc6:i386"},
        {"diversion by a from: /usr/sbin/x\ndiversion by a to: /usr/sbin/x.b\nb: /usr/sbin/x\n", "b"},
        {"diversion by a from: /usr/sbin/x\n", NULL},
        {"other: /usr/sbin/xy\n", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_text(owner_dpkg(cases[i].output, "/usr/sbin/x"), cases[i].package);
}

static void test_describe(void **state)
{
    (void)state;
    struct holder holder = {.pid = 4711, .program = "sendmail-mta"};
    holder.socket = strings_split("127.0.0.1:25 [::1]:25", " ");
    assert_string_equal(owner_describe(&holder), "127.0.0.1:25, [::1]:25, process 4711 (sendmail-mta)");
    holder.unit = "sendmail.service";
    holder.package = "sendmail-bin";
    assert_string_equal(owner_describe(&holder),
                        "127.0.0.1:25, [::1]:25, process 4711 (sendmail-mta), unit sendmail.service, package "
                        "sendmail-bin");
    holder.unit = NULL;
    holder.script = "/etc/init.d/sendmail";
    assert_string_equal(
        owner_describe(&holder),
        "127.0.0.1:25, [::1]:25, process 4711 (sendmail-mta), script /etc/init.d/sendmail, package "
        "sendmail-bin");
}

static void test_own(void **state)
{
    (void)state;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    const int port = ntohs(address.sin_port);
    const char *const number = arena_printf("%d", port);
    struct strings nobody = strings_split("postfix nobody", " "), one = strings_split("postfix", " ");
    struct evidence found = {0};
    assert_int_equal(owner_is(number, &nobody, &found), HOLDS);
    assert_int_equal(owner_is(number, &one, &found), FAILS);
    assert_string_equal(found.sentence, arena_printf("nobody listens on port %d", port));
    assert_int_equal(found.n_holder, 0);
    assert_int_equal(listen(fd, 1), 0);
    char name[16] = ""; /* valgrind's, where it runs us */
    assert_int_equal(prctl(PR_GET_NAME, name), 0);
    assert_int_equal(owner_is(number, &nobody, &found), FAILS);
    assert_true(
        starts_with(found.sentence, arena_printf("port %d belongs to %s: 127.0.0.1:%d, process %d (%s)", port,
                                                 name, port, (int)getpid(), name)));
    assert_int_equal(found.n_holder, 1);
    assert_int_equal(found.holder[0].pid, getpid());
    /* under the name that Postfix's first process has */
    assert_int_equal(prctl(PR_SET_NAME, "master"), 0);
    assert_int_equal(owner_is(number, &one, &found), HOLDS);
    assert_string_equal(found.sentence, arena_printf("port %d belongs to master", port));
    assert_int_equal(prctl(PR_SET_NAME, name), 0);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {fresh_test(test_unit), fresh_test(test_socket_unit),
                                       fresh_test(test_dpkg), fresh_test(test_describe),
                                       fresh_test(test_own)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
