/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Two backends without a manager that could be asked: SysV init scripts, and a daemon's own commands.
 *
 * After a script or command ran, its exit status is not believed alone: the daemon must run (after stop: not
 * run) as well. Postfix and Dovecot write their process number to a file, and /proc must have a process of
 * that number and name, after a restart another one than before; other daemons are asked by `SCRIPT status`.
 * At boot: `chkconfig --list` where scripts live in /etc/rc.d/init.d and there is a chkconfig, else the links
 * in /etc/rc[2-5].d that update-rc.d manages. The backend openrc judges by the same functions.
 *
 * Limits: `sendmail status` of Debian exits 0 while it says "MTA: is not running", so its words count too,
 * and the port (a probe's business) more than either. /proc and pid files are read here, not by file.c: they
 * are no configuration, and what they say is compared and never kept. A Dovecot with another base_dir is not
 * seen without a script. A second Postfix instance is not looked at.
 */
#include "service_backend.h"
#include "run.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define ASK_MS 10000   /* for programs that only answer a question */
#define SETTLE_MS 2000 /* a daemon may need a moment after its script ended */

/* ---- init scripts ---- */

const char *service_script(const char *etc, const struct daemon *daemon)
{
    static const char *const dirs[] = {"rc.d/init.d", "init.d"};
    for (size_t i = 0; i < COUNT(daemon->script) && daemon->script[i] != NULL; i++)
        for (size_t d = 0; d < COUNT(dirs); d++) {
            struct stat st;
            const char *path = arena_printf("%s/%s/%s", etc, dirs[d], daemon->script[i]);
            if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
                return path;
        }
    return NULL;
}

const char *service_script_name(const char *etc, const struct daemon *daemon)
{
    const char *path = service_script(etc, daemon);
    return path == NULL ? daemon->script[0] : strrchr(path, '/') + 1;
}

enum answer service_status(int status, const char *output)
{
    if (status == 0) {
        /* Some end so although it does not run. Of several parts the last one counts: Exim's script tells of
         * a queue runner, which need not run, before the daemon that has the port. */
        const char *said = output, *next;
        while ((next = strstr(said, "not running")) != NULL)
            said = next + strlen("not running");
        return said == output || strstr(said, "running") != NULL ? YES : NO;
    }
    /* LSB: 1 and 2 dead with a file left behind, 3 not running; OpenRC: 32 crashed; the rest is no answer */
    return (status >= 1 && status <= 3) || status == 32 ? NO : UNKNOWN;
}

/* The command that asks its script; NULL when there is none. */
static const char *script_status(const struct daemon *daemon)
{
    const char *script = service_script("/etc", daemon);
    return script == NULL ? NULL : arena_printf("%s status", script);
}

enum answer service_running(const struct daemon *daemon, const char *ask)
{
    if (daemon->process != NULL && service_daemon_pid(daemon) != 0)
        return YES;
    /* No pid: that is an answer for Postfix, which cannot put the file elsewhere, and where there is nobody
     * to ask. */
    if (daemon->process != NULL && (*daemon->pid_file != '/' || ask == NULL))
        return NO;
    if (ask == NULL)
        return UNKNOWN;
    struct strings words = strings_split(ask, " ");
    strings_add(&words, NULL);
    struct run_result result;
    struct err err;
    if (!run_program(words.item, ASK_MS, &result, &err))
        return UNKNOWN;
    return service_status(result.status, result.output);
}

/* ---- start at boot ---- */

enum answer service_chkconfig(const char *text, const char *name)
{
    const struct strings lines = strings_split(text, "\n");
    for (size_t i = 0; i < lines.n; i++) {
        const struct strings words = strings_split(lines.item[i], " \t");
        if (words.n < 2 || strcmp(words.item[0], name) != 0)
            continue;
        for (size_t w = 1; w < words.n; w++)
            if (words.item[w][0] >= '2' && words.item[w][0] <= '5' && strcmp(words.item[w] + 1, ":on") == 0)
                return YES;
        return NO;
    }
    return UNKNOWN;
}

static bool any_matches(const char *pattern)
{
    glob_t found = {0};
    const bool any = glob(pattern, GLOB_NOSORT, NULL, &found) == 0;
    globfree(&found);
    return any;
}

enum answer service_rc_links(const char *etc, const char *name)
{
    if (!any_matches(arena_printf("%s/rc[2-5].d", etc)))
        return UNKNOWN;
    return any_matches(arena_printf("%s/rc[2-5].d/S[0-9][0-9]%s", etc, name)) ? YES : NO;
}

static bool with_chkconfig(const char *root)
{
    return any_matches(arena_printf("%s/etc/rc.d/init.d", root)) &&
           (any_matches(arena_printf("%s/sbin/chkconfig", root)) ||
            any_matches(arena_printf("%s/usr/sbin/chkconfig", root)));
}

enum answer service_boot(const struct daemon *daemon)
{
    const char *name = service_script_name("/etc", daemon);
    if (!with_chkconfig(""))
        return service_rc_links("/etc", name);
    struct run_result result;
    struct err err;
    if (!run_program((const char *[]){"chkconfig", "--list", name, NULL}, ASK_MS, &result, &err))
        return UNKNOWN;
    return service_chkconfig(result.output, name);
}

const char *service_boot_command(const char *script, bool chkconfig, bool on)
{
    if (chkconfig)
        return arena_printf("chkconfig %s %s", script, on ? "on" : "off");
    return arena_printf("update-rc.d %s %s", script, on ? "enable" : "disable");
}

static const char *boot_command(const char *root, const struct daemon *daemon, bool on)
{
    return service_boot_command(service_script_name(arena_printf("%s/etc", root), daemon),
                                with_chkconfig(root), on);
}

/* ---- running a command and judging it ---- */

/* The end of what a program said, where it tells why, on one line. */
static const char *last_words(const struct run_result *result)
{
    const struct strings lines = strings_split(result->output, "\r\n");
    struct strings last = {0};
    for (size_t i = lines.n > 3 ? lines.n - 3 : 0; i < lines.n; i++)
        strings_add(&last, arena_copy(lines.item[i], strnlen(lines.item[i], 200)));
    return last.n == 0 ? _("it said nothing") : strings_join(&last, " / ");
}

/* Runs a command of words and blanks. ret_status: 0 it succeeded; else *ret_how says how it ended. */
static bool run_words(const char *command, int limit_ms, int *ret_status, const char **ret_how,
                      struct err *err)
{
    struct strings words = strings_split(command, " ");
    struct run_result result;
    strings_add(&words, NULL);
    if (!run_program(words.item, limit_ms, &result, err))
        return false;
    if (result.timed_out)
        return err_set(err, "`%s` did not end within %d s and was killed", command, limit_ms / 1000);
    if (result.signal != 0)
        *ret_how = arena_printf(_("`%s` was killed by signal %d"), command, result.signal);
    else
        *ret_how =
            arena_printf(_("`%s` ended with status %d (%s)"), command, result.status, last_words(&result));
    *ret_status = result.status;
    return true;
}

/* Waits until the daemon runs, or does not, as wanted. */
static enum answer settled(const struct daemon *daemon, const char *ask, enum answer wanted)
{
    const int64_t until = now_ms() + SETTLE_MS;
    enum answer now = service_running(daemon, ask);
    /* not nap(): a pending signal would turn this wait into a spin */
    while (now != wanted && now != UNKNOWN && now_ms() < until) {
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
        progress_tick();
        now = service_running(daemon, ask);
    }
    return now;
}

static bool run_and_look(const struct daemon *daemon, enum verb verb, const char *command, const char *ask,
                         int limit_ms, struct err *err)
{
    const enum answer wanted = verb == DO_STOP ? NO : YES;
    int status;
    const char *how;
    /* Scripts call it a failure to start what runs already, or to stop what does not. */
    if ((verb == DO_START || verb == DO_STOP) && service_running(daemon, ask) == wanted)
        return true;
    if (!run_words(command, limit_ms, &status, &how, err))
        return false;
    const enum answer now = settled(daemon, ask, wanted);
    if (now == wanted && (status == 0 || verb == DO_STOP))
        return true;
    return err_set(err, "%s, and %s %s; its own messages are in the mail log", how, daemon->name,
                   now == YES  ? _("runs")
                   : now == NO ? _("does not run")
                               : _("cannot be asked whether it runs"));
}

/* Debian's script of Postfix asks postmulti for the instances. When a fault in main.cf makes postmulti fail,
 * the script finds none, stops none, starts none and exits 0, while the old master runs on. */
bool service_run_command(const struct daemon *daemon, enum verb verb, const char *command, const char *ask,
                         int limit_ms, struct err *err)
{
    const pid_t before = daemon->process == NULL ? 0 : service_daemon_pid(daemon);
    if (!run_and_look(daemon, verb, command, ask, limit_ms, err))
        return false;
    return verb != DO_RESTART || before == 0 || service_daemon_pid(daemon) != before ||
           err_set(
               err,
               "`%s` ended with status 0, but restarted nothing: process %d of %s runs on as before; its own "
               "messages are in the mail log",
               command, (int)before, daemon->name);
}

bool service_run_boot(const struct daemon *daemon, const char *command, bool on,
                      enum answer (*boot)(const struct daemon *daemon), int limit_ms, struct err *err)
{
    const char *how;
    int status;
    if (!run_words(command, limit_ms, &status, &how, err))
        return false;
    const enum answer now = boot(daemon);
    if (status == 0 && now == (on ? YES : NO))
        return true;
    return err_set(err, "%s, and %s %s at boot", how, daemon->name,
                   now == YES  ? _("starts")
                   : now == NO ? _("does not start")
                               : _("may or may not start"));
}

bool service_boot_set(const struct daemon *daemon, bool on, int limit_ms, struct err *err)
{
    if (!with_chkconfig("") && !run_have("update-rc.d"))
        return err_set(err, "neither chkconfig nor update-rc.d is here");
    return service_run_boot(daemon, boot_command("", daemon, on), on, service_boot, limit_ms, err);
}

/* ---- the backend sysv ---- */

static bool sysv_state(const struct daemon *daemon, struct service_state *ret_state, struct err *err)
{
    if (service_script("/etc", daemon) == NULL)
        return err_set(err, "there is no /etc/init.d/%s", daemon->script[0]);
    ret_state->active = service_running(daemon, script_status(daemon));
    ret_state->enabled = service_boot(daemon);
    return true;
}

static bool sysv_act(const struct daemon *daemon, enum verb verb, int limit_ms, struct err *err)
{
    if (verb == DO_ENABLE || verb == DO_DISABLE)
        return service_boot_set(daemon, verb == DO_ENABLE, limit_ms, err);
    const char *script = service_script("/etc", daemon);
    if (script == NULL)
        return err_set(err, "there is no /etc/init.d/%s", daemon->script[0]);
    const char *command = arena_printf("%s %s", script, service_verb[verb]);
    return service_run_command(daemon, verb, command, script_status(daemon), limit_ms, err);
}

static const char *sysv_command(const struct daemon *daemon, enum verb verb, const char *root)
{
    if (verb != DO_ENABLE && verb != DO_DISABLE) {
        const char *script = root == NULL ? NULL : service_script(arena_printf("%s/etc", root), daemon);
        if (script == NULL)
            return arena_printf("/etc/init.d/%s %s", daemon->script[0], service_verb[verb]);
        return arena_printf("%s %s", script + strlen(root), service_verb[verb]);
    }
    if (root != NULL)
        return boot_command(root, daemon, verb == DO_ENABLE);
    return arena_printf("update-rc.d %s %s (or chkconfig %s %s)", daemon->script[0], service_verb[verb],
                        daemon->script[0], verb == DO_ENABLE ? "on" : "off");
}

const struct service_ops service_sysv = {INIT_SYSV, sysv_state, sysv_act, sysv_command};

/* ---- the backend none ---- */

static bool direct_state(const struct daemon *daemon, struct service_state *ret_state, struct err *err)
{
    (void)err;
    ret_state->active = daemon->process == NULL ? UNKNOWN : service_daemon_pid(daemon) != 0 ? YES : NO;
    ret_state->enabled = UNKNOWN;
    return true;
}

static const char *direct_command(const struct daemon *daemon, enum verb verb, const char *root)
{
    (void)root;
    if (verb < COUNT(daemon->direct) && daemon->direct[verb] != NULL)
        return daemon->direct[verb];
    return arena_printf(_("%s %s, by hand: no service manager runs"), service_verb[verb], daemon->name);
}

static bool direct_act(const struct daemon *daemon, enum verb verb, int limit_ms, struct err *err)
{
    if (verb >= COUNT(daemon->direct) || daemon->direct[verb] == NULL)
        return err_set(err, "no service manager runs here");
    return run_and_look(daemon, verb, daemon->direct[verb], script_status(daemon), limit_ms, err);
}

const struct service_ops service_direct = {INIT_NONE, direct_state, direct_act, direct_command};
