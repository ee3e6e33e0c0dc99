/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reading mail logs for the diagnosis; see logs.h.
 *
 * Protocol: root opens the files, the child the journal before it becomes nobody. The child scans all of
 * them, one after the other, with one scan, so that a cause and what follows from it may stand on either side
 * of a rotation; what it found comes back packed.
 *
 * Limits: what a daemon says to a terminal or a container's runtime is heard only where it is given.
 */
#include "logs.h"

#include "clean.h"
#include "confine.h"
#include "logs_places.h"
#include "maillog_journal.h"
#include "unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define STILL_MS 5000
#define MOST ((size_t)32 << 20) /* bytes of an answer */

/* One log; fd -1: the journal. */
struct log {
    const char *name;
    int fd;
    bool dovecot; /* only Dovecot's lines count */
};

struct job {
    struct log *log;
    size_t n;
    struct scan *scan;
    struct journal_choice choice;
    time_t from; /* where to begin in the journal */
    int out;
    struct buf failures; /* sentences, a line each */
};

/* ---- in the child ---- */

struct input {
    struct job *job;
    int fd;
    bool dovecot;
    struct unpack *unpack;
};

static ssize_t more(void *arg, char *bytes, size_t size, struct err *err)
{
    const struct input *in = arg;
    confine_alive(in->job->out);
    if (in->unpack != NULL)
        return unpack_read(in->unpack, bytes, size, err);
    ssize_t n;
    while ((n = read(in->fd, bytes, size)) < 0 && errno == EINTR)
        ;
    if (n < 0)
        err_errno(err, "cannot be read");
    return n;
}

static bool take_line(void *arg, const struct log_line *line)
{
    const struct input *in = arg;
    confine_alive(in->job->out);
    return (in->dovecot && !starts_with(line->program, "dovecot")) || scan_line(in->job->scan, line);
}

static bool take_entry(void *arg, const char *text)
{
    char room[MAILLOG_ROOM(MAILLOG_LINE)];
    struct log_line line;
    struct job *job = arg;
    confine_alive(job->out);
    scan_count(job->scan, 1);
    return !maillog_split(text, false, room, &line) || scan_line(job->scan, &line);
}

static bool read_file(struct job *job, const struct log *log, struct err *err)
{
    const int fd = log->fd;
    struct input in = {.job = job, .fd = fd, .dovecot = log->dovecot};
    struct log_text text = {.more = more, .arg = &in, .sieve = scan_sieve(job->scan)};
    if (unpack_needed(fd) && (in.unpack = unpack_open(fd, err)) == NULL)
        return false;
    bool ok = maillog_whole(&text, take_line, &in, err) == HOLDS;
    scan_count(job->scan, text.lines);
    if (in.unpack != NULL)
        unpack_close(in.unpack);
    return ok;
}

static bool prepare(void *arg, struct err *err)
{
    struct job *job = arg;
    /* Where TZ names its file, the C library reads it now and does not look for a newer one at each line. */
    setenv("TZ", ":/etc/localtime", 0);
    tzset();
    for (size_t i = 0; i < job->n; i++)
        if (job->log[i].fd < 0 && !journal_prepare(err))
            return false;
    return true;
}

static void work(void *arg, int out)
{
    struct job *job = arg;
    job->out = out;
    for (size_t i = 0; i < job->n; i++) {
        const struct log *log = &job->log[i];
        struct err err;
        bool ok = log->fd >= 0 ? read_file(job, log, &err)
                               : journal_since(&job->choice, job->from, take_entry, job, &err);
        if (!ok)
            buf_printf(&job->failures, "%s: %s\n", log->name, err.text);
    }
    size_t len;
    const char *found = scan_pack(job->scan, &len);
    const char *failures = buf_text(&job->failures);
    confine_answer(out, "F", 1);
    confine_answer(out, failures, strlen(failures) + 1);
    confine_answer(out, found, len);
}

/* ---- in the parent ---- */

static bool take_answer(const struct job *job, const char *answer, size_t len, struct logs *logs)
{
    const char *end = len > 0 && answer[0] == 'F' ? memchr(answer, '\0', len) : NULL;
    struct scanned scanned;
    if (end == NULL || !scan_unpack(job->scan, end + 1, len - (size_t)(end + 1 - answer), &scanned))
        return false;
    logs->lines = scanned.lines;
    logs->mail = scanned.mail;
    logs->seen = scanned.seen;
    struct strings failures = strings_split(answer + 1, "\n");
    struct strings clean = {0};
    for (size_t i = 0; i < failures.n; i++)
        strings_add(&clean, clean_text(failures.item[i]));
    if (logs->failure != NULL)
        strings_add(&clean, logs->failure);
    logs->failure = clean.n > 0 ? strings_join(&clean, "; ") : NULL;
    return true;
}

static void read_logs(struct job *job, struct logs *logs)
{
    int *keep = arena_alloc(job->n * sizeof(*keep));
    struct confined confined = {
        .open = prepare, .work = work, .arg = job, .keep = keep, .still_ms = STILL_MS, .most = MOST};
    const char *answer;
    size_t len;
    struct err err;
    for (size_t i = 0; i < job->n; i++) {
        strings_add(&logs->read, job->log[i].name);
        if (job->log[i].fd >= 0)
            keep[confined.n_keep++] = job->log[i].fd;
    }
    progress_begin(_("reading the mail log"));
    bool answered = confine(&confined, &answer, &len, &err);
    progress_end();
    if (answered && !take_answer(job, answer, len, logs)) {
        err_set(&err, "its answer makes no sense");
        answered = false;
    }
    if (!answered) {
        logs->failure = arena_printf(_("the mail log was not read, because of the process that read it: %s"),
                                     clean_text(err.text));
        logs->seen = NULL;
        logs->read.n = 0;
    }
    for (size_t i = 0; i < confined.n_keep; i++)
        close(keep[i]);
}

static bool open_log(const char *path, struct job *job, struct err *err)
{
    struct stat st;
    /* Of a pipe that nobody writes the end is at once. */
    struct log log = {.name = path, .fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)};
    if (log.fd < 0)
        return err_errno(err, "%s", path);
    if (fstat(log.fd, &st) == 0 && S_ISDIR(st.st_mode)) {
        close(log.fd);
        return err_set(err, "%s: a directory", path);
    }
    fcntl(log.fd, F_SETFL, 0);
    /* The library is loaded where files can still be opened. */
    if (unpack_needed(log.fd) && !unpack_load(err)) {
        close(log.fd);
        return err_prefix(err, "%s", path);
    }
    job->log = arena_append(job->log, &job->n, sizeof(log), &log);
    return true;
}

bool logs_files(const struct strings *files, time_t since, struct fix *const fix[], size_t n,
                struct logs *ret_logs, struct err *err)
{
    struct job job = {.scan = scan_begin(fix, n)};
    struct logs logs = {0};
    for (size_t i = 0; i < files->n; i++)
        if (!open_log(files->item[i], &job, err))
            return false;
    scan_since(job.scan, (struct since){since, since});
    read_logs(&job, &logs);
    *ret_logs = logs;
    return true;
}

/* ---- this host ---- */

static time_t later(time_t a, time_t b)
{
    return a > b ? a : b;
}

/* When one of the document's files was last changed. */
static time_t changed(struct docs *docs, const char *id)
{
    const struct doc *const *doc;
    size_t n;
    time_t last = 0;
    struct err ignored;
    if (!docs_files(docs, id, NULL, &doc, &n, &ignored))
        return 0;
    for (size_t i = 0; i < n; i++)
        if (!doc[i]->absent)
            last = later(last, doc[i]->identity.mtime.tv_sec);
    return last;
}

static struct since present_since(struct docs *docs)
{
    return (struct since){.postfix = later(service_last_read("postfix"),
                                           later(changed(docs, "main.cf"), changed(docs, "master.cf"))),
                          .dovecot = later(service_last_read("dovecot"), changed(docs, DOC_DOVECOT))};
}

static void add_journal(const struct logs_places *places, struct job *job)
{
    static const char *const daemons[] = {"postfix", "dovecot"};
    struct log journal = {.name = _("the journal"), .fd = -1};
    job->choice.facilities = places->facilities;
    for (size_t i = 0; i < COUNT(daemons); i++) {
        struct strings units = service_units(daemons[i]);
        for (size_t k = 0; k < units.n; k++)
            strings_add(&job->choice.units, units.item[k]);
    }
    job->log = arena_append(job->log, &job->n, sizeof(journal), &journal);
}

void logs_host(struct docs *docs, time_t since, struct fix *const fix[], size_t n, struct logs *ret_logs)
{
    struct err err;
    struct logs logs = {.present = present_since(docs)};
    struct since from = since > 0 ? (struct since){since, since} : logs.present;
    struct job job = {.scan = scan_begin(fix, n)};
    struct log_settings settings;
    log_settings(docs, &settings);
    job.from = from.dovecot > 0 && from.dovecot < from.postfix ? from.dovecot : from.postfix;
    struct logs_places places = logs_places(&settings, job.from);
    for (size_t i = 0; i < places.files.n; i++)
        if (!open_log(places.files.item[i], &job, &err))
            logs.failure = logs.failure == NULL ? arena_string(err.text)
                                                : arena_printf("%s; %s", logs.failure, err.text);
        else
            job.log[job.n - 1].dovecot = strings_have(&places.dovecot, places.files.item[i]);
    if (places.journal)
        add_journal(&places, &job);
    scan_since(job.scan, from);
    if (job.n > 0)
        read_logs(&job, &logs);
    logs.streams = places.streams;
    *ret_logs = logs;
}
