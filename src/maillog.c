/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One line of the mail log, taken to pieces; see maillog.h for the contract.
 *
 * Protocol: a line counts only as what its writer's tag says, the first word[pid]: behind time and host name:
 * whatever a message quotes further on (a HELO, a header) was chosen by strangers.
 *
 * Limits: Postfix instances are known by the start of their name only. Nothing is allocated.
 */
#include "maillog_private.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

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

/* rsyslog: "message repeated 3 times: [ error: x]" is "error: x", three times. */
static const char *once(const char *text, char **room, unsigned *ret_repeats)
{
    const char *p = text + strlen("message repeated ");
    if (!starts_with(text, "message repeated "))
        return text;
    size_t digits = strspn(p, "0123456789"), len = strlen(p);
    if (digits < 1 || digits > 9 || !starts_with(p + digits, " times: [") || p[len - 1] != ']')
        return text;
    *ret_repeats = (unsigned)strtoul(p, NULL, 10);
    p += digits + strlen(" times: [");
    p += *p == ' ';
    return put(room, p, (size_t)(text + strlen(text) - 1 - p));
}

/* Takes a line to pieces from its tag on. The room holds what cannot point into the line. */
static bool split(const char *raw, const char *tag, char *room, struct log_line *ret_line)
{
    size_t len = mail_program(tag);
    const char *p = tag + len;
    if (len == 0)
        return false;
    struct log_line line = {.raw = raw, .pid = "", .host = "", .when = "", .repeats = 1};
    line.program = put(&room, tag, len);
    if (*p == '[') {
        size_t digits = strspn(p + 1, "0123456789");
        line.pid = put(&room, p + 1, digits);
        p += 1 + digits;
        if (*p++ != ']')
            return false;
    }
    if (p[0] != ':' || (p[1] != ' ' && p[1] != '\0'))
        return false;
    line.text = once(skip_id(p[1] == ' ' ? p + 2 : p + 1), &room, &line.repeats);
    if (strcmp(line.program, "dovecot") == 0)
        read_dovecot(&line, room);
    else
        read_level(&line, false);
    *ret_line = line;
    return true;
}

/* The first word between time and tag that is no severity. */
static const char *host_before(const char *p, const char *tag, char **room)
{
    while (p < tag && is_severity(p))
        p = after_word(p);
    return p < tag ? put(room, p, word(p)) : "";
}

bool maillog_split(const char *raw, bool undated, char *room, struct log_line *ret_line)
{
    const char *when = skip_container(raw), *behind = skip_time(when);
    const char *tag = behind != NULL ? find_tag(behind) : undated && mail_program(when) > 0 ? when : NULL;
    if (tag == NULL)
        return false;
    const char *host = behind != NULL ? host_before(behind, tag, &room) : "";
    if (!split(raw, tag, room, ret_line))
        return false;
    ret_line->host = host;
    ret_line->when = behind != NULL ? when : "";
    return true;
}

bool maillog_is_dated(const char *raw)
{
    return skip_time(skip_container(raw)) != NULL;
}

unsigned maillog_last_repeated(const char *raw)
{
    const char *p = skip_time(skip_container(raw)), *said = NULL;
    if (p != NULL)
        said = starts_with(p, MAILLOG_REPEATED) ? p : after_word(p);
    if (said == NULL || !starts_with(said, MAILLOG_REPEATED))
        return 0;
    said += strlen(MAILLOG_REPEATED);
    size_t digits = strspn(said, "0123456789");
    return digits >= 1 && digits <= 9 && starts_with(said + digits, " time")
               ? (unsigned)strtoul(said, NULL, 10)
               : 0;
}

bool maillog_parse(const char *raw, struct log_line *ret_line)
{
    const char *copy = arena_string(raw);
    return maillog_split(copy, false, arena_alloc(MAILLOG_ROOM(strlen(raw))), ret_line);
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
