/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reading the mail log from a mark on; see maillog.h for the contract.
 *
 * Protocol: a mark on a file is its identity and size.
 *
 * Limits: a file that was truncated and has grown beyond the mark again is read from the mark; of one that
 * was rotated, what was still written to the old file is lost. Nothing is allocated while a log is read.
 */
#include "maillog_journal.h"
#include "maillog_private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- marks ---- */

static void mark_file(const char *path, const struct stat *st, struct log_mark *ret_mark)
{
    *ret_mark = (struct log_mark){
        .path = arena_string(path), .dev = st->st_dev, .ino = st->st_ino, .offset = st->st_size};
}

static void mark_usual_file(struct log_mark *ret_mark)
{
    static const char *const paths[] = {"/var/log/mail.log", "/var/log/maillog"};
    struct stat st;
    for (size_t i = 0; i < COUNT(paths); i++)
        if (stat(paths[i], &st) == 0 && S_ISREG(st.st_mode)) {
            mark_file(paths[i], &st, ret_mark);
            return;
        }
}

void maillog_mark(const char *maillog_file, struct log_mark *ret_mark)
{
    struct err err;
    struct stat st = {0};
    struct log_mark mark = {0};
    if (maillog_file[0] == '/') {
        /* postlogd creates it when it is not there; a terminal or pipe (/dev/stdout) cannot be read again. */
        if (stat(maillog_file, &st) != 0 || S_ISREG(st.st_mode))
            mark_file(maillog_file, &st, &mark);
    } else if (access("/run/systemd/system", F_OK) != 0 || !journal_tail(&mark.cursor, &err)) {
        mark_usual_file(&mark);
    }
    *ret_mark = mark;
}

void maillog_mark_back(const char *maillog_file, struct log_mark *ret_mark)
{
    struct err err;
    maillog_mark(maillog_file, ret_mark);
    if (ret_mark->path != NULL)
        ret_mark->offset = ret_mark->offset > MAILLOG_BACK ? ret_mark->offset - MAILLOG_BACK : 0;
    else if (ret_mark->cursor != NULL && !journal_back(MAILLOG_BACK_ENTRIES, &ret_mark->cursor, &err))
        ret_mark->cursor = "";
}

/* ---- reading on ---- */

struct reader {
    bool (*line)(void *arg, const struct log_line *line);
    void *arg;
    bool dated;          /* a line had a time: from then on one without is the rest of another's text */
    bool partial;        /* what comes is the rest of a line begun before the mark */
    char *text, *before; /* the line that is being collected, and the one before it */
    size_t len;
    char texts[2][MAILLOG_LINE + 1];
    char room[MAILLOG_ROOM(MAILLOG_LINE)];
};

static void reader_open(struct reader *reader)
{
    reader->text = reader->texts[0];
    reader->before = reader->texts[1];
    reader->before[0] = '\0';
}

/* What an old syslogd counted instead of writing it again is the line before, so many times, at this time. */
static bool again(struct reader *reader, unsigned repeats)
{
    struct log_line line;
    if (!maillog_split(reader->before, false, reader->room, &line))
        return true;
    line.when = reader->text;
    line.repeats = repeats;
    return reader->line(reader->arg, &line);
}

static bool end_line(struct reader *reader)
{
    struct log_line line;
    char *text = reader->text;
    text[reader->len] = '\0';
    bool is_whole = !reader->partial;
    reader->len = 0;
    reader->partial = false;
    if (!is_whole)
        return true;
    unsigned repeats = maillog_last_repeated(text);
    if (repeats > 0)
        return again(reader, repeats);
    reader->text = reader->before;
    reader->before = text;
    reader->dated = reader->dated || maillog_is_dated(text);
    return !maillog_split(text, !reader->dated, reader->room, &line) || reader->line(reader->arg, &line);
}

/* Adds a part of a line; a NUL is a blank, so that a line is one text. */
static void collect(struct reader *reader, const char *bytes, size_t len)
{
    size_t room = MAILLOG_LINE - reader->len;
    if (len > room)
        len = room;
    char *to = memcpy(reader->text + reader->len, bytes, len), *nul = to;
    while ((nul = memchr(nul, '\0', len - (size_t)(nul - to))) != NULL)
        *nul = ' ';
    reader->len += len;
}

static bool take(struct reader *reader, const char *bytes, size_t len)
{
    while (len > 0) {
        const char *end = memchr(bytes, '\n', len);
        size_t part = end != NULL ? (size_t)(end - bytes) : len;
        collect(reader, bytes, part);
        if (end == NULL)
            return true;
        if (!end_line(reader))
            return false;
        bytes += part + 1;
        len -= part + 1;
    }
    return true;
}

/* From the mark when it is still the same file, from the start when another one took its place or it was
 * emptied. */
static off_t start_offset(int fd, const struct stat *st, const struct log_mark *mark, bool *ret_partial)
{
    char last = '\n';
    if (st->st_dev != mark->dev || st->st_ino != mark->ino || st->st_size < mark->offset)
        return 0;
    if (mark->offset > 0 && pread(fd, &last, 1, mark->offset - 1) == 1)
        *ret_partial = last != '\n';
    return mark->offset;
}

static enum verdict read_fd(int fd, const struct log_mark *mark, struct reader *reader, struct err *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        err_set(err, "%s: not a regular file", mark->path);
        return FAILS;
    }
    char bytes[16384];
    ssize_t n;
    off_t start = start_offset(fd, &st, mark, &reader->partial);
    for (off_t at = start; (size_t)(at - start) < MAILLOG_TOTAL; at += n) {
        n = pread(fd, bytes, sizeof(bytes), at);
        if (n < 0) {
            err_errno(err, "%s", mark->path);
            return FAILS;
        }
        if (n == 0 || !take(reader, bytes, (size_t)n))
            break;
    }
    return HOLDS;
}

static enum verdict read_file(const struct log_mark *mark, struct reader *reader, struct err *err)
{
    int fd = open(mark->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0) {
        enum verdict verdict = errno == ENOENT ? CANNOT_TELL : FAILS;
        err_errno(err, "%s", mark->path);
        return verdict;
    }
    enum verdict verdict = read_fd(fd, mark, reader, err);
    close(fd);
    return verdict;
}

static bool take_entry(void *arg, const char *text)
{
    struct reader *reader = arg;
    struct log_line line;
    return !maillog_split(text, false, reader->room, &line) || reader->line(reader->arg, &line);
}

enum verdict maillog_since(const struct log_mark *mark, bool (*line)(void *arg, const struct log_line *line),
                           void *arg, struct err *err)
{
    struct reader reader = {.line = line, .arg = arg, .dated = true};
    reader_open(&reader);
    if (mark->path != NULL)
        return read_file(mark, &reader, err);
    if (mark->cursor != NULL)
        return journal_read(mark->cursor, take_entry, &reader, err) ? HOLDS : FAILS;
    err_set(err, "there is no mail log here that can be read");
    return CANNOT_TELL;
}
