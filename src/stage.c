/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The staged check; see stage.h.
 *
 * Limits: the memory file system stands over /var/lib/mailfix inside the namespace, which no mail program
 * reads. A file that is created is not seen by the check. What a program would write outside the queue
 * directory (postfix check writes nothing else) is not caught.
 */
#include "stage.h"
#include "doc.h"

#include "file.h"

#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define STAGE "/var/lib/mailfix"
#define CHECK_MS 60000

struct stage {
    const struct plan *plan;
    const char *queue_directory;
};

/* What the programs change below the queue directory goes into memory; without overlays nothing can be
 * changed there. */
static bool cover_queue(const char *queue)
{
    struct stat st;
    const char *options = arena_printf("lowerdir=%s,upperdir=" STAGE "/upper,workdir=" STAGE "/work", queue);
    /* The overlay's own top directory has the mode and owner of the upper one; Postfix's programs give up
     * root. */
    if (stat(queue, &st) == 0 && mkdir(STAGE "/upper", 0700) == 0 && mkdir(STAGE "/work", 0700) == 0 &&
        chown(STAGE "/upper", st.st_uid, st.st_gid) == 0 && chmod(STAGE "/upper", st.st_mode & 07777) == 0 &&
        mount("overlay", queue, "overlay", 0, options) == 0)
        return true;
    return mount(queue, queue, NULL, MS_BIND, NULL) == 0 &&
           mount(NULL, queue, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) == 0;
}

/* Runs in the child. */
static bool set_up(void *arg, struct err *err)
{
    const struct stage *stage = arg;
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return err_errno(err, "no mount namespace can be made here");
    if (mount("tmpfs", STAGE, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0700") < 0)
        return err_errno(err, "no memory file system can be mounted here");
    if (stage->queue_directory != NULL && access(stage->queue_directory, F_OK) == 0 &&
        !cover_queue(stage->queue_directory))
        return err_errno(err, "%s cannot be covered", stage->queue_directory);
    /* Postfix's programs sleep while a main.cf is younger than two seconds. */
    struct timespec old = {.tv_sec = time(NULL) - 10};
    struct root root;
    int dir;
    if (!root_open("/", &root, err) || !file_open_dir(&root, STAGE, &dir, err))
        return false;
    for (size_t i = 0; i < stage->plan->n_change; i++) {
        const struct change *change = &stage->plan->change[i];
        /* What is not there yet cannot be bound over; the texts of tables are read by none of the programs.
         */
        if (change->doc->absent || change->doc->n_piece > 0)
            continue;
        const char *name = arena_printf("%zu", i), *path = arena_printf(STAGE "/%s", name);
        if (!file_write_as(dir, name, change->after, change->after_len, &change->doc->identity, &old, err))
            return false;
        if (mount(path, change->doc->real, NULL, MS_BIND, NULL) < 0)
            return err_errno(err, "cannot bind the staged text over %s", change->doc->real);
    }
    return true;
}

static enum verdict run_staged(const struct stage *stage, const char *const argv[], const char **ret_why)
{
    struct run_result result;
    struct err err;
    progress_begin(_("checking the planned files"));
    bool ran = run_prepared(argv, CHECK_MS, set_up, (void *)stage, &result, &err);
    progress_end();
    if (!ran) {
        *ret_why = arena_string(err.text);
        return CANNOT_TELL;
    }
    if (result.status == 0)
        return HOLDS;
    const char *command = arena_printf("%s %s", argv[0], argv[1]);
    if (result.timed_out)
        *ret_why = arena_printf(_("%s did not end within %d s"), command, CHECK_MS / 1000);
    else
        *ret_why = arena_printf(_("%s refuses it:\n    %s"), command, result.output);
    return FAILS;
}

/* Whether the plan changes files of Dovecot, or others. */
static bool concerns(const struct plan *plan, bool dovecot)
{
    for (size_t i = 0; i < plan->n_change; i++)
        if (doc_is_nested(plan->change[i].doc->id) == dovecot)
            return true;
    return false;
}

const char *stage_programs(const struct plan *plan)
{
    bool dovecot = concerns(plan, true), postfix = concerns(plan, false);
    return dovecot && postfix ? _("postconf -n, postfix check and doveconf -n")
           : dovecot          ? "doveconf -n"
                              : _("postconf -n and postfix check");
}

static enum verdict check_postfix(const struct stage *stage, const char **ret_why)
{
    static const char *const postconf[] = {"postconf", "-n", NULL}, *const check[] = {"postfix", "check",
                                                                                      NULL};
    if (!run_have("postconf")) {
        *ret_why = _("there is no postconf here");
        return CANNOT_TELL;
    }
    enum verdict verdict = run_staged(stage, postconf, ret_why);
    return verdict == HOLDS ? run_staged(stage, check, ret_why) : verdict;
}

static enum verdict check_dovecot(const struct stage *stage, const char **ret_why)
{
    const char *const argv[] = {run_have("doveconf") ? "doveconf" : "dovecot", "-n", NULL};
    if (run_have(argv[0]))
        return run_staged(stage, argv, ret_why);
    *ret_why = _("there is no doveconf here");
    return CANNOT_TELL;
}

enum verdict stage_check(const struct plan *plan, const char *queue_directory, const char **ret_why)
{
    struct stage stage = {plan, queue_directory};
    const char *why = NULL;
    enum verdict postfix = concerns(plan, false) ? check_postfix(&stage, ret_why) : HOLDS;
    if (postfix == FAILS || !concerns(plan, true))
        return postfix;
    enum verdict dovecot = check_dovecot(&stage, &why);
    if (dovecot != HOLDS)
        *ret_why = why;
    return dovecot != HOLDS ? dovecot : postfix;
}

/* ---- a program that sees an empty file ---- */

static bool hide(void *arg, struct err *err)
{
    const char *path = arg;
    if (unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
        mount("/dev/null", path, NULL, MS_BIND, NULL) == 0)
        return true;
    return err_errno(err, "%s cannot be hidden from a program here", path);
}

bool stage_run_without(const char *path, const char *const argv[], struct run_result *ret_result,
                       struct err *err)
{
    return run_prepared(argv, CHECK_MS, hide, (void *)path, ret_result, err);
}
