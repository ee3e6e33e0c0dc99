/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Lines of the mail log; see maillog.h for the contract.
 *
 * Protocol: a mark on a file is its identity and size. A line counts only as what its writer's tag says, the
 * first word[pid]: behind time and host name: whatever a message quotes further on (a HELO, a header) was
 * chosen by strangers.
 *
 * Limits: a file that was truncated and has grown beyond the mark again is read from the mark; of one that
 * was rotated, what was still written to the old file is lost. Postfix instances are known by the start of
 * their name only. Nothing is allocated while a log is read.
 */
#include "maillog.h"
#include "maillog_journal.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOM (MAILLOG_LINE + 32) /* a line taken to pieces: a NUL for each, and "dovecot/" */

/* ---- time and host name ---- */

static size_t word(const char *p)
{
    return strcspn(p, " \t");
}

static const char *after_word(const char *p)
{
    p += word(p);
    return p + strspn(p, " \t");
}

/* Compares the start of a text with a form in which 0 stands for a digit. */
static bool has_form(const char *p, const char *form)
{
    for (; *form != '\0'; form++, p++)
        if (*form == '0' ? !isdigit((unsigned char)*p) : *p != *form)
            return false;
    return true;
}

static bool is_clock(const char *p)
{
    return has_form(p, "00:00:00") || has_form(p, "0:00:00") || has_form(p, "0000-00-00T00:00:00");
}

/* A part of a date: 30, 2017, 2017-09-30, Sep, Sat; month names come in all languages. */
static bool is_date(const char *p)
{
    size_t len = word(p);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)p[i];
        if (!isalnum(c) && c < 0x80 && c != '-' && c != '.' && c != ',' && c != '/')
            return false;
    }
    return len > 0 && len <= 16;
}

/* What stands behind the time, or NULL when the line does not begin with one. */
static const char *skip_time(const char *p)
{
    for (int i = 0; i < 5; i++, p = after_word(p)) {
        if (is_clock(p)) {
            p = after_word(p);
            bool is_year = word(p) == 4 && has_form(p, "0000");
            return is_year ? after_word(p) : p;
        }
        if (!is_date(p))
            return NULL;
    }
    return NULL;
}

/* docker-compose writes the container before each line: "mail_1  | ". */
static const char *skip_container(const char *raw)
{
    const char *bar = after_word(raw);
    return bar[0] == '|' && bar[1] == ' ' ? after_word(bar) : raw;
}

/* mail.info, <daemon.err>: a column that some syslogds add beside the host name. */
static bool is_severity(const char *p)
{
    static const char *const names[] = {"emerg", "alert",   "crit",   "err",  "error",
                                        "warn",  "warning", "notice", "info", "debug"};
    p += p[0] == '<';
    size_t facility = strspn(p, "abcdefghijklmnopqrstuvwxyz01234567");
    size_t name = strspn(p + facility + (p[facility] == '.'), "abcdefghijklmnopqrstuvwxyz");
    const char *start = p + facility + 1, *end = start + name;
    if (facility == 0 || p[facility] != '.' || (*end != '>' && *end != ' '))
        return false;
    for (size_t i = 0; i < COUNT(names); i++)
        if (strlen(names[i]) == name && memcmp(names[i], start, name) == 0)
            return true;
    return false;
}

/* ---- the writer's tag ---- */

/* The length of a mail program's name at p, which a "[", a ":" or the end of the word ends; 0: another
 * program's. */
static size_t mail_program(const char *p)
{
    static const char *const starts[] = {"postfix", "dovecot", "sendmail", "sm-", "exim"};
    size_t len = strcspn(p, " \t[:");
    for (size_t i = 0; i < COUNT(starts); i++) {
        size_t start = strlen(starts[i]);
        /* postfixadmin is no part of Postfix, postfix-in/smtpd and exim4 are what they say. */
        if (starts_with(p, starts[i]) && (starts[i][start - 1] == '-' || !isalpha((unsigned char)p[start])))
            return len;
    }
    return 0;
}

/* The tag of a line behind its time. Before it stand the host name, a severity, both or neither. */
static const char *find_tag(const char *p)
{
    size_t words = 0, severities = 0;
    for (; *p != '\0' && words <= 1 + severities; p = after_word(p), words++) {
        if (p[word(p) - 1] == ':')
            return p;
        if (severities == 0 && is_severity(p))
            severities = 1;
    }
    return NULL;
}

static char *put(char **room, const char *text, size_t len)
{
    char *place = *room;
    memcpy(place, text, len);
    place[len] = '\0';
    *room += len + 1;
    return place;
}

/* ---- the message ---- */

static const struct {
    const char *postfix, *dovecot;
    enum level level;
} levels[] = {
    {"warning: ", "Warning: ", LEVEL_WARNING}, {"error: ", "Error: ", LEVEL_ERROR},
    {"fatal: ", "Fatal: ", LEVEL_FATAL},       {"panic: ", "Panic: ", LEVEL_PANIC},
    {"info: ", "Info: ", LEVEL_INFO},          {"debug: ", "Debug: ", LEVEL_INFO},
};

/* Reads the level at the start of the text and goes on behind it. */
static bool read_level(struct log_line *line, bool dovecot)
{
    for (size_t i = 0; i < COUNT(levels); i++) {
        const char *name = dovecot ? levels[i].dovecot : levels[i].postfix;
        if (starts_with(line->text, name)) {
            line->level = levels[i].level;
            line->text += strlen(name);
            return true;
        }
    }
    return false;
}

/* The process that Dovecot's log process names: "imap-login: ", "imap(user)<pid><session>: ". Returns the
 * length of its name and what follows; 0 when there is none. */
static size_t dovecot_process(const char *text, const char **ret_rest)
{
    size_t name = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");
    const char *p = text + name;
    if (name > 0 && *p == '(') {
        p += strcspn(p, ")");
        p += *p == ')';
    }
    while (name > 0 && *p == '<') {
        p += strcspn(p, ">");
        p += *p == '>';
    }
    if (name == 0 || p[0] != ':' || p[1] != ' ')
        return 0;
    *ret_rest = p + 2;
    return name;
}

static void read_dovecot(struct log_line *line, char *room)
{
    const char *rest;
    size_t name;
    if (read_level(line, true) || (name = dovecot_process(line->text, &rest)) == 0)
        return;
    memcpy(room, "dovecot/", 8);
    memcpy(room + 8, line->text, name);
    room[8 + name] = '\0';
    line->program = room;
    line->text = rest;
    read_level(line, true);
}

/* Solaris: "[ID 197553 mail.info] " before the message. */
static const char *skip_id(const char *text)
{
    const char *end = starts_with(text, "[ID ") ? strstr(text, "] ") : NULL;
    return end != NULL ? end + 2 : text;
}

/* Takes a line to pieces from its tag on. The room holds what cannot point into the line. */
static bool split(const char *raw, const char *tag, char *room, struct log_line *ret_line)
{
    size_t len = mail_program(tag);
    const char *p = tag + len;
    if (len == 0)
        return false;
    struct log_line line = {.raw = raw, .pid = "", .program = put(&room, tag, len)};
    if (*p == '[') {
        size_t digits = strspn(p + 1, "0123456789");
        line.pid = put(&room, p + 1, digits);
        p += 1 + digits;
        if (*p++ != ']')
            return false;
    }
    if (p[0] != ':' || (p[1] != ' ' && p[1] != '\0'))
        return false;
    line.text = skip_id(p[1] == ' ' ? p + 2 : p + 1);
    if (strcmp(line.program, "dovecot") == 0)
        read_dovecot(&line, room);
    else
        read_level(&line, false);
    *ret_line = line;
    return true;
}

static bool parse(const char *raw, char *room, struct log_line *ret_line)
{
    const char *p = skip_time(skip_container(raw));
    if (p != NULL)
        p = find_tag(p);
    return p != NULL && split(raw, p, room, ret_line);
}

bool maillog_parse(const char *raw, struct log_line *ret_line)
{
    const char *copy = arena_string(raw);
    return parse(copy, arena_alloc(strlen(raw) + 32), ret_line);
}

const char *maillog_level_name(enum level level)
{
    static const char *const names[] = {[LEVEL_INFO] = "info",
                                        [LEVEL_WARNING] = "warning",
                                        [LEVEL_ERROR] = "error",
                                        [LEVEL_FATAL] = "fatal",
                                        [LEVEL_PANIC] = "panic"};
    return names[level];
}

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
    bool partial;                /* what comes is the rest of a line begun before the mark */
    char text[MAILLOG_LINE + 1]; /* the line that is being collected */
    size_t len;
    char room[ROOM];
};

static bool end_line(struct reader *reader)
{
    struct log_line line;
    reader->text[reader->len] = '\0';
    bool is_whole = !reader->partial;
    reader->len = 0;
    reader->partial = false;
    return !is_whole || !parse(reader->text, reader->room, &line) || reader->line(reader->arg, &line);
}

static bool take(struct reader *reader, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] != '\n') {
            if (reader->len < MAILLOG_LINE)
                reader->text[reader->len++] = bytes[i] != '\0' ? bytes[i] : ' ';
        } else if (!end_line(reader)) {
            return false;
        }
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
    return !split(text, text, reader->room, &line) || reader->line(reader->arg, &line);
}

enum verdict maillog_since(const struct log_mark *mark, bool (*line)(void *arg, const struct log_line *line),
                           void *arg, struct err *err)
{
    struct reader reader = {.line = line, .arg = arg};
    if (mark->path != NULL)
        return read_file(mark, &reader, err);
    if (mark->cursor != NULL)
        return journal_read(mark->cursor, take_entry, &reader, err) ? HOLDS : FAILS;
    err_set(err, "there is no mail log here that can be read");
    return CANNOT_TELL;
}
