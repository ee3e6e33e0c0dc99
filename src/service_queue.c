/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The queues of the daemons that mailfix knows: how one lets them try their mail, and how much waits there;
 * see service.h.
 *
 * Each message has one file that is counted by its name. The places are those of the programs' defaults and
 * of the packages; a queue that was moved by configuration is not found.
 */
#include "service.h"

#include "file.h"
#include "run.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct spool {
    const char *dir, *prefix, *suffix; /* of the file that stands for a message */
};

static const struct queue {
    const char *daemon;
    const char *program[3]; /* the first that is there */
    const char *args[2][3]; /* one command each */
    struct spool spool[5];
} QUEUES[] = {
    {"postfix",
     {"postqueue"},
     {{"-f"}},
     {{"/var/spool/postfix/maildrop", "", ""},
      {"/var/spool/postfix/incoming", "", ""},
      {"/var/spool/postfix/active", "", ""},
      {"/var/spool/postfix/deferred", "", ""},
      {"/var/spool/postfix/hold", "", ""}}},
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
        const char *argv[] = {program_of(queue), queue->args[i][0], queue->args[i][1], queue->args[i][2],
                              NULL};
        const int64_t left = deadline - now_ms();
        struct run_result result;
        if (!run_program(argv, left > 0 ? (int)left : 1, &result, err))
            return false;
        if (result.status != 0)
            ok = err_set(err, "%s says: %s", argv[0], result.output);
    }
    return ok;
}

/* Opens a directory for a look at the names in it, of whoever it is: nothing is read from there. A link of a
 * tree that does not run would lead out of it. */
static int open_below(const struct root *root, const char *path)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | (root->live ? 0 : O_NOFOLLOW);
    struct strings parts = strings_split(path, "/");
    int fd = open(root->path[0] != '\0' ? root->path : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (size_t i = 0; i < parts.n && fd >= 0; i++) {
        const int next = openat(fd, parts.item[i], flags);
        const int why = errno;
        close(fd);
        errno = why;
        fd = next;
    }
    return fd;
}

/* The messages in a directory, which is closed; large queues are spread over directories with names of one or
 * two letters, some called qf as the files in them begin. False: it cannot be read to its end. */
static bool count(int fd, const struct spool *spool, int depth, size_t *ret_n)
{
    DIR *dir = fdopendir(fd);
    bool ok = true;
    if (dir == NULL) {
        close(fd);
        return false;
    }
    errno = 0;
    for (struct dirent *entry; ok && (entry = readdir(dir)) != NULL; errno = 0) {
        const char *name = entry->d_name;
        if (name[0] == '.')
            continue;
        const int below = depth > 0 && strlen(name) <= 2
                              ? openat(dirfd(dir), name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
                              : -1;
        if (below >= 0)
            ok = count(below, spool, depth - 1, ret_n);
        else if (strncmp(name, spool->prefix, strlen(spool->prefix)) == 0 && ends_with(name, spool->suffix))
            *ret_n += 1;
    }
    ok = ok && errno == 0;
    closedir(dir);
    return ok;
}

bool service_queues(const struct root *root, const char *daemon, struct waiting **ret_queue, size_t *ret_n,
                    struct err *err)
{
    const struct queue *queue = queue_of(daemon);
    *ret_queue = NULL;
    *ret_n = 0;
    if (queue == NULL)
        return err_set(err, "%s has no queue that mailfix knows", daemon);
    for (size_t i = 0; i < COUNT(queue->spool) && queue->spool[i].dir != NULL; i++) {
        struct waiting one = {.dir = queue->spool[i].dir};
        const int fd = open_below(root, one.dir);
        if (fd < 0 && errno == ENOENT)
            continue; /* this server has no such queue */
        if (fd < 0 || !count(fd, &queue->spool[i], 2, &one.n))
            return err_errno(err, "the mail in %s cannot be counted", one.dir);
        *ret_queue = arena_append(*ret_queue, ret_n, sizeof(one), &one);
    }
    return true;
}

bool service_waiting(const struct root *root, const char *daemon, size_t *ret_n, struct strings *ret_dirs,
                     struct err *err)
{
    struct waiting *queue;
    size_t n;
    *ret_n = 0;
    *ret_dirs = (struct strings){0};
    if (!service_queues(root, daemon, &queue, &n, err))
        return false;
    for (size_t i = 0; i < n; i++) {
        *ret_n += queue[i].n;
        if (queue[i].n > 0)
            strings_add(ret_dirs, arena_printf("%zu in %s", queue[i].n, queue[i].dir));
    }
    return true;
}
