/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Who listens: the tables of /proc, and a socket of this very program.
 */
#include "listener_private.h"
#include "unit.h"

#include <arpa/inet.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

static void test_sockets(void **state)
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
        "00:00000000 00000000     0        0 4714 1 0 100\n"
        "   1: 00000000000000000000000001000000:0019 00000000000000000000000000000000:0000 0A "
        "00000000:00000000 "
        "00:00000000 00000000     0        0 4715 1 0 100\n";
    static const struct {
        int port;
        const char *inodes, *addresses;
    } cases[] = {
        {25, "4711 4714 4715", "127.0.0.1:25 [::]:25 [::1]:25"}, {793, "4713", "0.0.0.0:793"}, {19, "", ""}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct strings inodes = {0}, addresses = {0};
        listener_sockets(text, cases[i].port, &inodes, &addresses);
        assert_string_equal(strings_join(&inodes, " "), cases[i].inodes);
        assert_string_equal(strings_join(&addresses, " "), cases[i].addresses);
    }
}

/* A socket on loopback, bound and not yet listening. */
static int bound(int *ret_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    *ret_port = ntohs(address.sin_port);
    return fd;
}

/* The kernel and /proc say the same: nobody of a port that is only bound, a socket of each family once they
 * listen. */
static void test_kernel(void **state)
{
    (void)state;
    int port, four = bound(&port), six = socket(AF_INET6, SOCK_STREAM, 0), only = 1;
    struct sockaddr_in6 address = {
        .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_ANY_INIT, .sin6_port = htons((uint16_t)port)};
    struct sockets sockets;
    if (!listener_ask_kernel(port, &sockets)) {
        print_message("this kernel has no inet_diag: /proc alone is read\n");
        skip();
    }
    assert_int_equal(sockets.inode.n, 0);
    assert_int_equal(listen(four, 1), 0);
    if (six >= 0 && setsockopt(six, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only)) == 0 &&
        bind(six, (struct sockaddr *)&address, sizeof(address)) == 0)
        assert_int_equal(listen(six, 1), 0);
    struct strings inodes = {0}, addresses = {0};
    static const char *const files[] = {"/proc/self/net/tcp", "/proc/self/net/tcp6"};
    for (size_t i = 0; i < COUNT(files); i++) {
        struct buf text = {0};
        char some[4096];
        size_t n;
        FILE *f = fopen(files[i], "re");
        while (f != NULL && (n = fread(some, 1, sizeof(some), f)) > 0)
            buf_add(&text, some, n);
        if (f != NULL)
            fclose(f);
        listener_sockets(buf_text(&text), port, &inodes, &addresses);
    }
    assert_true(listener_ask_kernel(port, &sockets));
    assert_true(inodes.n >= 1);
    assert_string_equal(strings_join(&sockets.inode, " "), strings_join(&inodes, " "));
    assert_string_equal(strings_join(&sockets.address, " "), strings_join(&addresses, " "));
    close(four);
    close(six);
}

/* valgrind answers readlink(2) of our own exe with our name, and runs from another file: then it is left out.
 */
static void assert_exe(const char *exe)
{
    char path[4096];
    struct stat runs, here;
    const ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);
    assert_true(len > 0);
    path[len] = '\0';
    assert_int_equal(stat("/proc/self/exe", &runs), 0);
    assert_int_equal(stat(path, &here), 0);
    if (runs.st_ino == here.st_ino && runs.st_dev == here.st_dev)
        assert_string_equal(exe, path);
    else
        assert_null(exe);
}

static void test_own(void **state)
{
    (void)state;
    char name[16] = ""; /* valgrind's, where it runs us */
    struct holder *holder;
    size_t n;
    bool unseen;
    int port, fd = bound(&port);
    assert_int_equal(prctl(PR_GET_NAME, name), 0);
    listener_holders(port, &holder, &n, &unseen);
    assert_int_equal(n, 0);
    assert_false(unseen);
    assert_int_equal(listener_programs(port).n, 0); /* bound, but it does not listen */
    assert_int_equal(listen(fd, 1), 0);
    struct strings programs = listener_programs(port);
    assert_string_equal(strings_join(&programs, " "), name);
    /* The child has the socket too, and is not who owns it. */
    const pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    listener_holders(port, &holder, &n, &unseen);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_int_equal(n, 1);
    assert_false(unseen);
    assert_int_equal(holder[0].pid, getpid());
    assert_string_equal(holder[0].program, name);
    assert_string_equal(strings_join(&holder[0].socket, " "), arena_printf("127.0.0.1:%d", port));
    assert_exe(holder[0].exe);
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
    const struct CMUnitTest tests[] = {fresh_test(test_sockets), fresh_test(test_kernel),
                                       fresh_test(test_own), fresh_test(test_daemon)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
