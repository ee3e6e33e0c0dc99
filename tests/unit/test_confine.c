/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A process for hostile text: what it may not do, what stays open for it, and that whatever becomes of it the
 * caller goes on, with a reason.
 */
#include "confine.h"

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>

static void answer(int out, const char *text)
{
    confine_answer(out, text, strlen(text));
}

/* What the process can still do, one letter each that it should not be able to. */
static void try_all(void *arg, int out)
{
    const int *other = arg;
    struct buf can = {0};
    buf_puts(&can, "can:");
    if (geteuid() == 0 || getuid() == 0 || getegid() == 0)
        buf_puts(&can, " root");
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
        buf_puts(&can, " new-privileges");
    if (open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0)
        buf_puts(&can, " open");
    if (socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0)
        buf_puts(&can, " socket");
    if (dup(out) >= 0)
        buf_puts(&can, " dup");
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    if (pid > 0)
        buf_puts(&can, " fork");
    if (kill(getppid(), 0) == 0)
        buf_puts(&can, " kill");
    if (fcntl(other[0], F_GETFD) < 0)
        buf_puts(&can, " (what was kept is closed)");
    if (fcntl(other[1], F_GETFD) >= 0)
        buf_puts(&can, " read-others");
    answer(out, buf_text(&can));
}

static struct confined confined(void (*work)(void *arg, int out), void *arg)
{
    return (struct confined){.work = work, .arg = arg, .still_ms = 2500, .most = 4096};
}

static void test_rights(void **state)
{
    (void)state;
    int fds[2] = {open("/dev/null", O_RDONLY | O_CLOEXEC), open("/dev/null", O_RDONLY | O_CLOEXEC)};
    struct confined c = confined(try_all, fds);
    const char *said;
    size_t len;
    struct err err;
    if (geteuid() != 0 || unit_valgrind())
        skip(); /* there are no rights to give up; valgrind does not let its own number of files be limited */
    c.keep = &fds[0];
    c.n_keep = 1;
    if (!confine(&c, &said, &len, &err))
        fail_msg("%s", err.text);
    assert_string_equal(said, "can:");
    assert_int_equal(len, 4);
    close(fds[0]);
    close(fds[1]);
}

/* ---- ends ---- */

static void says_nothing(void *arg, int out)
{
    (void)arg, (void)out;
}

static void dies(void *arg, int out)
{
    (void)arg;
    answer(out, "half an ans");
    raise(SIGKILL);
}

static void stands_still(void *arg, int out)
{
    (void)arg;
    answer(out, "half an ans");
    for (;;)
        pause();
}

static void says_too_much(void *arg, int out)
{
    char block[1024];
    (void)arg;
    memset(block, 'x', sizeof(block));
    for (;;)
        confine_answer(out, block, sizeof(block));
}

static bool cannot_open(void *arg, struct err *err)
{
    (void)arg;
    return err_set(err, "there is no journal");
}

static void answers(void *arg, int out)
{
    answer(out, arg);
}

/* Longer than it may stand still, and alive all the time. */
static void lives_long(void *arg, int out)
{
    for (int i = 0; i < 32; i++) {
        confine_alive(out);
        usleep(100000);
    }
    answer(out, arg);
}

static void test_ends(void **state)
{
    (void)state;
    static const struct {
        void (*work)(void *arg, int out);
        bool (*open)(void *arg, struct err *err);
        const char *said, *why; /* one of them */
    } ends[] = {
        {answers, NULL, "an answer", NULL},
        {lives_long, NULL, "an answer", NULL},
        {answers, cannot_open, NULL, "there is no journal"},
        {says_nothing, NULL, NULL, "it ended without an answer"},
        {dies, NULL, NULL, "it was ended by signal 9"},
        {stands_still, NULL, NULL, "it stood still for 2 s"},
        {says_too_much, NULL, NULL, "it said more than there can be to say"},
    };
    if (unit_valgrind())
        skip(); /* see above */
    for (size_t i = 0; i < COUNT(ends); i++) {
        char text[] = "an answer";
        struct confined c = confined(ends[i].work, text);
        const char *said = "";
        size_t len = 0;
        struct err err = {0};
        c.open = ends[i].open;
        bool ok = confine(&c, &said, &len, &err);
        if (ok != (ends[i].said != NULL))
            fail_msg("%zu: %s", i, ok ? said : err.text);
        assert_string_equal(ok ? said : err.text, ok ? ends[i].said : ends[i].why);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_rights, unit_fresh),
        cmocka_unit_test_setup(test_ends, unit_fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
