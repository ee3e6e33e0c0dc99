/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The queues of the daemons that mailfix knows: how one lets them try their mail, and how much waits there; see
 * service.h.
 *
 * Each message has one file that is counted by its name. The places are those of the programs' defaults and of
 * the packages; a queue that was moved by configuration is not found.
 */
#include "service.h"

#include "file.h"
#include "run.h"

#include <string.h>

struct spool {
    const char *dir, *prefix, *suffix; /* of the file that stands for a message */
};

static const struct queue {
    const char *daemon;
    const char *program[3]; /* the first that is there */
    const char *args[2][3]; /* one command each */
    struct spool spool[4];
} QUEUES[] = {
    {"postfix",
     {"postqueue"},
     {{"-f"}},
     {{"/var/spool/postfix/maildrop", "", ""},
      {"/var/spool/postfix/incoming", "", ""},
      {"/var/spool/postfix/active", "", ""},
      {"/var/spool/postfix/deferred", "", ""}}},
    /* Where several mail servers are installed, plain sendmail may be the program of another one. First what
     * waits for submission, which makes it mail of the queue. */
    {"sendmail",
     {"sendmail.sendmail", "sendmail-mta", "sendmail"},
     {{"-Ac", "-q"}, {"-q"}},
     {{"/var/spool/mqueue", "qf", ""},
      {"/var/spool/clientmqueue", "qf", ""},
      {"/var/spool/mqueue-client", "qf", ""}}},
    {"exim4",
     {"exim", "exim4"},
     {{"-qf"}},
     {{"/var/spool/exim4/input", "", "-H"}, {"/var/spool/exim/input", "", "-H"}}},
    {"opensmtpd", {"smtpctl"}, {{"schedule", "all"}}, {{"/var/spool/smtpd/queue", "", ""}}},
};

static const struct queue *queue_of(const char *daemon)
{
    for (size_t i = 0; i < COUNT(QUEUES); i++)
        if (strcmp(QUEUES[i].daemon, daemon) == 0)
            return &QUEUES[i];
    return NULL;
}

/* Without any of the programs (a tree is looked at from elsewhere) it is the last, the usual name. */
static const char *program_of(const struct queue *queue)
{
    size_t i = 0;
    while (i + 1 < COUNT(queue->program) && queue->program[i + 1] != NULL && !run_have(queue->program[i]))
        i++;
    return queue->program[i];
}

const char *service_flush_command(const char *daemon)
{
    const struct queue *queue = queue_of(daemon);
    struct strings commands = {0};
    for (size_t i = 0; queue != NULL && i < COUNT(queue->args) && queue->args[i][0] != NULL; i++) {
        struct strings words = {0};
        strings_add(&words, program_of(queue));
        for (size_t k = 0; k < COUNT(queue->args[i]) && queue->args[i][k] != NULL; k++)
            strings_add(&words, queue->args[i][k]);
        strings_add(&commands, strings_join(&words, " "));
    }
    return queue != NULL ? strings_join(&commands, "; ") : NULL;
}

bool service_flush(const char *daemon, int limit_ms, struct err *err)
{
    const struct queue *queue = queue_of(daemon);
    const int64_t deadline = now_ms() + limit_ms;
    bool ok = true;
    if (queue == NULL)
        return err_set(err, "%s has no queue that mailfix knows", daemon);
    for (size_t i = 0; i < COUNT(queue->args) && queue->args[i][0] != NULL; i++) {
        const char *argv[] = {program_of(queue), queue->args[i][0], queue->args[i][1], queue->args[i][2], NULL};
        const int64_t left = deadline - now_ms();
        struct run_result result;
        if (!run_program(argv, left > 0 ? (int)left : 1, &result, err))
            return false;
        if (result.status != 0)
            ok = err_set(err, "%s says: %s", argv[0], result.output);
    }
    return ok;
}

/* The messages in a directory; large queues are spread over directories with names of one or two letters, or
 * called qf as the files in them begin. */
static bool count(const struct root *root, const struct spool *spool, const char *dir, int depth, size_t *ret_n,
                  struct err *err)
{
    struct strings names;
    if (!file_list(root, dir, false, &names, err))
        return false;
    for (size_t i = 0; i < names.n; i++) {
        const char *path = arena_printf("%s/%s", dir, names.item[i]);
        struct strings below;
        struct err no_directory;
        if (depth > 0 && strlen(names.item[i]) <= 2 && file_list(root, path, false, &below, &no_directory)) {
            if (!count(root, spool, path, depth - 1, ret_n, err))
                return false;
        } else if (strncmp(names.item[i], spool->prefix, strlen(spool->prefix)) == 0 &&
                   ends_with(names.item[i], spool->suffix))
            *ret_n += 1;
    }
    return true;
}

bool service_waiting(const struct root *root, const char *daemon, size_t *ret_n, struct strings *ret_dirs,
                     struct err *err)
{
    const struct queue *queue = queue_of(daemon);
    *ret_n = 0;
    *ret_dirs = (struct strings){0};
    if (queue == NULL)
        return err_set(err, "%s has no queue that mailfix knows", daemon);
    for (size_t i = 0; i < COUNT(queue->spool) && queue->spool[i].dir != NULL; i++) {
        const struct spool *spool = &queue->spool[i];
        const size_t before = *ret_n;
        if (file_exists(root, spool->dir) && !count(root, spool, spool->dir, 2, ret_n, err))
            return err_prefix(err, "the mail in %s cannot be counted", spool->dir);
        if (*ret_n > before)
            strings_add(ret_dirs, arena_printf("%zu in %s", *ret_n - before, spool->dir));
    }
    return true;
}
