/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Log symptoms; see heard.h.
 *
 * Limits: the log is read anew for each question.
 */
#include "heard.h"

#include "logs_settings.h"
#include "plan.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool heard_any(const struct fix *fix)
{
    for (size_t i = 0; i < fix->n_symptom; i++)
        if (fix->symptom[i].kind == PROBE_LOG)
            return true;
    return false;
}

/* "postfix/tlsmgr" of a fix is every instance's and every service's tlsmgr: the first and the last part
 * count. */
static bool program_wanted(const struct strings *programs, const char *program)
{
    const char *last = strrchr(program, '/');
    for (size_t i = 0; i < programs->n; i++) {
        const char *want = programs->item[i], *slash = strchr(want, '/');
        if (strcmp(want, "*") == 0)
            return true;
        if (slash == NULL ? strcmp(want, program) == 0
                          : strncmp(want, program, (size_t)(slash - want)) == 0 && last != NULL &&
                                (strcmp(slash, "/*") == 0 || strcmp(slash, last) == 0))
            return true;
    }
    return false;
}

bool heard_is(const struct heard *heard, const struct log_line *line, struct strings *ret_values)
{
    if (!heard->levels[line->level] || !program_wanted(&heard->programs, line->program))
        return false;
    size_t len = strlen(line->text);
    if (ret_values == NULL)
        return pattern_match(heard->matching, line->text, len, NULL);
    return pattern_capture(heard->matching, line->text, len, NULL, ret_values);
}

bool heard_groups(const struct heard *heard, const struct log_line *line,
                  struct span ret_group[PATTERN_GROUPS])
{
    return heard->levels[line->level] && program_wanted(&heard->programs, line->program) &&
           pattern_groups(heard->matching, line->text, strlen(line->text), ret_group);
}

/* ---- back again ---- */

struct listener {
    const struct fix *fix;
    const struct heard_marks *marks;
    const char *heard; /* the first line that is a symptom */
};

static bool has_ended(const struct heard_marks *marks, const char *pid)
{
    char path[32];
    return strings_have(&marks->process, pid) &&
           (size_t)snprintf(path, sizeof(path), "/proc/%s", pid) < sizeof(path) && access(path, F_OK) != 0;
}

static bool listen_to(void *arg, const struct log_line *line)
{
    struct listener *l = arg;
    for (size_t i = 0; i < l->fix->n_symptom; i++) {
        const struct probe *symptom = &l->fix->symptom[i];
        if (symptom->kind != PROBE_LOG || !heard_is(&symptom->heard, line, NULL) ||
            has_ended(l->marks, line->pid))
            continue;
        l->heard = arena_string(line->raw);
        return false;
    }
    return true;
}

bool heard_of_dovecot(const struct fix *fix)
{
    for (size_t i = 0; i < fix->n_symptom; i++)
        if (fix->symptom[i].kind == PROBE_LOG)
            return starts_with(fix->symptom[i].heard.programs.item[0], "dovecot");
    return false;
}

/* What is written to a standard output is in the journal where systemd runs. */
static const char *file_of(const char *path)
{
    return starts_with(path, "/dev/std") && access("/run/systemd/system", F_OK) == 0 ? "" : path;
}

static struct strings processes_now(void)
{
    struct strings process = {0};
    DIR *dir = opendir("/proc");
    if (dir == NULL)
        return process; /* then every line counts */
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
            strings_add(&process, arena_string(entry->d_name));
    closedir(dir);
    return process;
}

void heard_mark(struct docs *docs, struct heard_marks *ret_marks)
{
    struct log_settings settings;
    log_settings(docs, &settings);
    maillog_mark(file_of(settings.maillog_file), &ret_marks->postfix);
    maillog_mark(file_of(settings.dovecot_errors), &ret_marks->dovecot);
    ret_marks->process = processes_now();
}

enum verdict heard_since(const struct fix *fix, const struct heard_marks *marks, const char **ret_line,
                         struct err *err)
{
    struct listener l = {.fix = fix, .marks = marks};
    const struct log_mark *mark = heard_of_dovecot(fix) ? &marks->dovecot : &marks->postfix;
    enum verdict verdict = maillog_since(mark, listen_to, &l, err);
    *ret_line = l.heard;
    return verdict;
}

/* ---- captures ---- */

struct collector {
    const struct fix *fix;
    const char *capture;
    struct strings values;
};

static void keep_newest_last(struct strings *list, const char *value)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->item[i], value) != 0)
            list->item[kept++] = list->item[i];
    list->n = kept;
    if (list->n == HEARD_MOST) {
        memmove(list->item, list->item + 1, (HEARD_MOST - 1) * sizeof(*list->item));
        list->n--;
    }
    strings_add(list, value);
}

static bool collect(void *arg, const struct log_line *line)
{
    struct collector *c = arg;
    for (size_t i = 0; i < c->fix->n_symptom; i++) {
        const struct probe *symptom = &c->fix->symptom[i];
        struct strings values = {0};
        if (symptom->kind != PROBE_LOG || !strings_have(pattern_names(symptom->heard.matching), c->capture) ||
            !heard_is(&symptom->heard, line, &values))
            continue;
        const struct strings *names = pattern_names(symptom->heard.matching);
        for (size_t k = 0; k < names->n; k++)
            if (strcmp(names->item[k], c->capture) == 0 && values.item[k][0] != '\0')
                keep_newest_last(&c->values, values.item[k]);
    }
    return true;
}

/* Whether the running host says that the fault is not so: then a line of a log, which anybody may have
 * written, has nothing to tell of what to change. */
static bool is_denied(const struct context *ctx)
{
    struct outside outside = ctx->outside != NULL ? *ctx->outside : (struct outside){0};
    struct context quiet = context_copy(ctx);
    bool denied = ctx->fix->n_still > 0;
    outside.heard = NULL;
    quiet.outside = &outside;
    for (size_t i = 0; i < ctx->fix->n_still && denied; i++) {
        struct evidence evidence = {0};
        enum verdict verdict;
        struct err ignored;
        denied =
            plan_probe(&quiet, &ctx->fix->still[i], true, &evidence, &verdict, &ignored) && verdict == FAILS;
    }
    return denied;
}

enum verdict heard_captures(struct context *ctx, const char *capture, struct strings *ret_values)
{
    struct collector c = {.fix = ctx->fix, .capture = capture};
    *ret_values = c.values;
    if (is_denied(ctx))
        return HOLDS;
    struct log_settings settings;
    struct log_mark mark;
    struct err err;
    log_settings(ctx->docs, &settings);
    maillog_mark_back(file_of(heard_of_dovecot(ctx->fix) ? settings.dovecot_errors : settings.maillog_file),
                      &mark);
    enum verdict verdict = maillog_since(&mark, collect, &c, &err);
    if (verdict != HOLDS)
        say_more("%s", err.text);
    *ret_values = c.values;
    return verdict == HOLDS ? HOLDS : CANNOT_TELL;
}
