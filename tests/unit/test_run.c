/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Programs that end, are killed, talk too much, leave children behind, or cannot be started; and what they
 * are given: environment, descriptors, signals, a process group.
 */
#include "run.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

static struct run_result shell(const char *script, int limit_ms)
{
    struct run_result result;
    struct err err;
    assert_ok(run_program((const char *const[]){"sh", "-c", script, NULL}, limit_ms, &result, &err), err);
    return result;
}

static void test_status(void **state)
{
    (void)state;
    static const struct {
        const char *script;
        int status, signal;
        const char *output;
    } cases[] = {
        {"exit 0", 0, 0, ""},
        {"echo out; echo err >&2; echo out; exit 3", 3, 0, "out\nerr\nout\n"},
        {"exit 127", 127, 0, ""},
        {"exit 255", 255, 0, ""},
        {"kill -9 $$", -1, SIGKILL, ""},
        {"echo x; kill -TERM $$", -1, SIGTERM, "x\n"},
        {"cat", 0, 0, ""}, /* standard input is empty */
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct run_result r = shell(cases[i].script, 10000);
        if (r.status != cases[i].status || r.signal != cases[i].signal || r.timed_out || r.cut)
            fail_msg("%s: status %d, signal %d", cases[i].script, r.status, r.signal);
        assert_string_equal(r.output, cases[i].output);
        assert_int_equal(r.len, strlen(cases[i].output));
    }
}

/* Neither running nor anything but a corpse that an init has yet to fetch. */
static bool is_gone(int pid)
{
    char text[300], state = 'Z';
    for (int tries = 0; tries < 200; tries++, usleep(10000)) {
        FILE *f = fopen(arena_printf("/proc/%d/stat", pid), "r");
        if (f == NULL)
            return true;
        const char *end = fgets(text, sizeof(text), f) != NULL ? strrchr(text, ')') : NULL;
        fclose(f);
        state = end != NULL ? end[2] : 'Z';
        if (state == 'Z' || state == 'X')
            return true;
    }
    return false;
}

static void test_limit(void **state)
{
    (void)state;
    int64_t before = now_ms();
    struct run_result r = shell("trap '' TERM INT HUP; sleep 60 & echo $!; sleep 60", 300);
    assert_true(now_ms() - before < 10000);
    assert_true(r.timed_out);
    assert_int_equal(r.status, -1);
    assert_int_equal(r.signal, SIGKILL);
    int pid = atoi(r.output);
    assert_true(pid > 1);
    assert_true(is_gone(pid));
}

/* A program that never stops talking is bounded by the limit, too. */
static void test_endless_output(void **state)
{
    (void)state;
    int64_t before = now_ms();
    alarm(60);
    struct run_result r = shell("while :; do echo yes; done & exec yes", 300);
    alarm(0);
    assert_true(now_ms() - before < 10000);
    assert_true(r.timed_out);
    assert_true(r.cut);
    assert_int_equal(r.len, RUN_KEEP);
}

static void test_keep(void **state)
{
    (void)state;
    static const struct {
        int bytes;
        bool cut;
    } cases[] = {{RUN_KEEP - 1, false}, {RUN_KEEP, false}, {RUN_KEEP + 1, true}, {3000000, true}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct run_result r =
            shell(arena_printf("head -c %d /dev/zero | tr '\\0' x; exit 4", cases[i].bytes), 20000);
        assert_int_equal(r.status, 4);
        assert_int_equal(r.cut, cases[i].cut);
        assert_int_equal(r.len, cases[i].cut ? RUN_KEEP : cases[i].bytes);
        assert_int_equal(strspn(r.output, "x"), r.len);
    }
}

static void test_environment(void **state)
{
    (void)state;
    struct run_result r;
    struct err err;
    setenv("MAIL_CONFIG", "/tmp/evil", 1);
    setenv("LD_PRELOAD_NOT", "x", 1);
    setenv("PATH", "/tmp", 1);
    assert_ok(run_program((const char *const[]){"env", NULL}, 10000, &r, &err), err);
    assert_string_equal(r.output, "PATH=/usr/sbin:/usr/bin:/sbin:/bin\nHOME=/root\nLOGNAME=root\n"
                                  "SHELL=/bin/sh\nLANG=C\nLC_ALL=C\n");
    setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
    unsetenv("MAIL_CONFIG");
}

static void test_descriptors(void **state)
{
    (void)state;
    int a = open("/etc/passwd", O_RDONLY), b = fcntl(a, F_DUPFD, 200);
    assert_true(a > 2 && b >= 200);
    /* The shell's own look into the directory is closed again when it asks. */
    struct run_result r = shell(
        "for f in /proc/self/fd/*; do [ -e $f ] && echo ${f##*/}; done; readlink /proc/self/fd/0", 10000);
    assert_string_equal(r.output, "0\n1\n2\n/dev/null\n");
    close(a);
    close(b);
}

static void test_signals_and_group(void **state)
{
    (void)state;
    sigset_t set, old;
    sigfillset(&set);
    sigprocmask(SIG_BLOCK, &set, &old);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGUSR1, SIG_IGN);
    struct run_result r;
    struct err err;
    assert_ok(run_program((const char *const[]){"grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status", NULL},
                          10000, &r, &err),
              err);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGUSR1, SIG_DFL);
    sigprocmask(SIG_SETMASK, &old, NULL);
    /* Signals 32 and 33 are the C library's own: it lets nobody change how they are taken. */
    unsigned long long blocked, ignored;
    assert_int_equal(sscanf(r.output, "SigBlk: %llx SigIgn: %llx", &blocked, &ignored), 2);
    assert_int_equal(blocked, 0);
    assert_int_equal(ignored & ~0x180000000ULL, 0);
    r = shell("read pid name state parent group rest < /proc/self/stat; [ $pid = $group ] && echo own",
              10000);
    assert_string_equal(r.output, "own\n");
}

static void test_background_child(void **state)
{
    (void)state;
    int64_t before = now_ms();
    struct run_result r = shell("sleep 30 & echo $!", 20000);
    assert_true(now_ms() - before < 5000);
    assert_int_equal(r.status, 0);
    assert_false(r.timed_out);
    int pid = atoi(r.output);
    assert_true(pid > 1);
    assert_int_equal(kill(pid, SIGKILL), 0); /* it was left alone */
}

/* Under valgrind an exec that fails ends the child. */
static bool exec_can_fail(void)
{
    const char *preload = getenv("LD_PRELOAD");
    return preload == NULL || strstr(preload, "vgpreload") == NULL;
}

/* More than the kernel takes for one argument. */
static const char *too_long(void)
{
    char *text = arena_alloc((1 << 20) + 1);
    memset(text, ':', 1 << 20);
    return text;
}

static void test_cannot_start(void **state)
{
    (void)state;
    struct run_result r;
    struct err err;
    assert_false(run_program((const char *const[]){"no-such-program-here", NULL}, 1000, &r, &err));
    assert_says(err, "there is no program no-such-program-here");
    assert_false(run_program((const char *const[]){"/etc/passwd", NULL}, 1000, &r, &err));
    if (exec_can_fail()) {
        assert_false(run_program((const char *const[]){"sh", "-c", too_long(), NULL}, 1000, &r, &err));
        assert_says(err, "cannot start");
        assert_says(err, "Argument list too long");
    }
    assert_true(run_have("sh"));
    assert_false(run_have("no-such-program-here"));
}

/* ---- a setup in the child ---- */

static bool refuses(void *arg, struct err *err)
{
    return err_outcome(err, BUSY, "setup says %s", (const char *)arg);
}

static bool moves(void *arg, struct err *err)
{
    return chdir(arg) == 0 ? true : err_errno(err, "cannot move");
}

static bool hangs(void *arg, struct err *err)
{
    (void)arg;
    (void)err;
    sleep(60);
    return true;
}

static void test_setup(void **state)
{
    (void)state;
    static const char *const pwd[] = {"pwd", NULL};
    struct run_result r;
    struct err err;
    assert_false(run_prepared(pwd, 5000, refuses, "no", &r, &err));
    assert_string_equal(err.text, "setup says no");
    assert_int_equal(err.outcome, BUSY);
    assert_ok(run_prepared(pwd, 5000, moves, "/proc", &r, &err), err);
    assert_string_equal(r.output, "/proc\n");
    assert_false(run_prepared(pwd, 5000, moves, "/no/such/directory", &r, &err));
    assert_says(err, "cannot move: No such file or directory");
    if (exec_can_fail()) {
        const char *const argv[] = {"sh", "-c", too_long(), NULL};
        assert_false(run_prepared(argv, 5000, moves, "/", &r, &err));
        assert_says(err, "cannot start");
    }
    assert_ok(run_prepared(pwd, 200, hangs, NULL, &r, &err), err);
    assert_true(r.timed_out);
}

/* On a terminal, too, every byte comes back as it was written, all of it, and only output is one. */
static void test_terminal(void **state)
{
    (void)state;
    static const char *const script[] = {
        "sh", "-c", "[ -t 1 ] && [ -t 2 ] && ! [ -t 0 ] && printf 'a\\tb\\r\\nc\\n\\003\\004'", NULL};
    static const char *const much[] = {"sh", "-c", "head -c 60000 /dev/zero | tr '\\0' x; exit 2", NULL};
    static const char *const holder[] = {"sh", "-c", "sleep 30 & echo $!", NULL};
    struct run_result r;
    struct err err;
    int probe = posix_openpt(O_RDWR | O_NOCTTY);
    if (probe < 0)
        skip();
    close(probe);
    assert_ok(run_on_terminal(script, 10000, &r, &err), err);
    assert_int_equal(r.status, 0);
    assert_string_equal(r.output, "a\tb\r\nc\n\003\004");
    assert_ok(run_on_terminal(much, 10000, &r, &err), err);
    assert_int_equal(r.status, 2);
    assert_int_equal(r.len, 60000);
    int64_t before = now_ms();
    assert_ok(run_on_terminal(holder, 20000, &r, &err), err);
    assert_true(now_ms() - before < 5000);
    assert_int_equal(kill(atoi(r.output), SIGKILL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fresh_test(test_status),
        fresh_test(test_limit),
        fresh_test(test_endless_output),
        fresh_test(test_keep),
        fresh_test(test_environment),
        fresh_test(test_descriptors),
        fresh_test(test_signals_and_group),
        fresh_test(test_background_child),
        dir_test(test_cannot_start),
        dir_test(test_setup),
        fresh_test(test_terminal),
    };
    return cmocka_run_group_tests(tests, unit_begin, unit_end);
}
