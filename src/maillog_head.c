/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What stands before the writer's tag of a log line: who carried the line (a container's runtime, a relay of
 * syslog), and when it was.
 *
 * Protocol: only what has the form of a time, a priority or a container is skipped. What is none of them is
 * left for the tag, so that no word of a message can pass for the head of a line.
 *
 * Limits: docker's own files of JSON are not read; `docker logs` prints the lines that they hold.
 */
#include "maillog_private.h"

#include <ctype.h>
#include <string.h>

size_t maillog_word(const char *p)
{
    return strcspn(p, " \t");
}

const char *maillog_after_word(const char *p)
{
    p += maillog_word(p);
    return p + strspn(p, " \t");
}

/* ---- what terminals and the ends of lines add ---- */

/* The length of a colour, "\033[1;31m", at p; 0: there is none. */
static size_t colour(const char *p)
{
    if (p[0] != '\033' || p[1] != '[')
        return 0;
    size_t len = 2 + strspn(p + 2, "0123456789;");
    return p[len] == 'm' ? len + 1 : 0;
}

/* How long the text is without what ends a line: a carriage return, and both as rsyslog writes them. */
static size_t without_end(const char *text, size_t len)
{
    static const char *const ends[] = {"\r", "#015", "#012"};
    for (size_t i = 0; i < COUNT(ends); i++) {
        size_t end = strlen(ends[i]);
        if (len >= end && memcmp(text + len - end, ends[i], end) == 0)
            return without_end(text, len - end);
    }
    return len;
}

const char *maillog_bare(const char *raw, char **room)
{
    size_t len = strlen(raw), left = 0;
    if (strchr(raw, '\033') == NULL && without_end(raw, len) == len)
        return raw;
    char *bare = *room;
    for (const char *p = raw; *p != '\0';) {
        size_t skip = colour(p);
        if (skip == 0)
            bare[left++] = *p++;
        p += skip;
    }
    left = without_end(bare, left);
    bare[left] = '\0';
    *room += left + 1;
    return bare;
}

/* ---- time ---- */

/* Compares the start of a text with a form in which 0 stands for a digit. */
static bool has_form(const char *p, const char *form)
{
    for (; *form != '\0'; form++, p++)
        if (*form == '0' ? !isdigit((unsigned char)*p) : *p != *form)
            return false;
    return true;
}

/* 16:43:29, 2017-09-30T16:43:29, and journalctl's seconds since 1970: 1759250609.123456. */
static bool is_clock(const char *p)
{
    p += p[0] == '[';
    return has_form(p, "00:00:00") || has_form(p, "0:00:00") || has_form(p, "0000-00-00T00:00:00") ||
           has_form(p, "0000000000.000");
}

/* A part of a date: 30, 2017, 2017-09-30, Sep, Sat; month names come in all languages. */
static bool is_date(const char *p)
{
    p += p[0] == '[';
    size_t len = maillog_word(p);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)p[i];
        if (!isalnum(c) && c < 0x80 && c != '-' && c != '.' && c != ',' && c != '/')
            return false;
    }
    return len > 0 && len <= 16;
}

/* What may stand behind a clock: a year (Oct  2 06:01:07 2017), a zone (+0900, UTC). A host may be called
 * UTC, but only a zone has a further word between itself and the tag. */
static const char *skip_year_and_zone(const char *p)
{
    size_t len = maillog_word(p);
    if (len == 4 && has_form(p, "0000"))
        p = maillog_after_word(p);
    len = maillog_word(p);
    if ((*p == '+' || *p == '-') && len >= 3 && len <= 6 && has_form(p + 1, "00"))
        return maillog_after_word(p);
    const char *next = maillog_after_word(p);
    bool letters = len >= 3 && len <= 5 && strspn(p, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == len;
    return letters && *next != '\0' && next[maillog_word(next) - 1] != ':' ? next : p;
}

/* journalctl's seconds since the boot: "[    5.123456] ". */
static const char *skip_monotonic(const char *p)
{
    const char *number = p[0] == '[' ? p + 1 + strspn(p + 1, " ") : p;
    size_t digits = strspn(number, "0123456789");
    size_t fraction = digits > 0 && number[digits] == '.' ? strspn(number + digits + 1, "0123456789") : 0;
    const char *end = number + digits + 1 + fraction;
    return number > p && fraction > 0 && end[0] == ']' && end[1] == ' ' ? end + 2 : NULL;
}

/* What stands behind the time, or NULL when the text does not begin with one. */
static const char *skip_time(const char *p)
{
    const char *monotonic = skip_monotonic(p);
    if (monotonic != NULL)
        return monotonic;
    for (int i = 0; i < 5; i++, p = maillog_after_word(p)) {
        if (is_clock(p))
            return skip_year_and_zone(maillog_after_word(p));
        if (!is_date(p))
            return NULL;
    }
    return NULL;
}

/* A second time behind the first: a relay's own, the one of `docker logs -t`. It begins with its clock or an
 * English month: any other word may be a host. */
static const char *skip_second_time(const char *p)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    bool month = false;
    size_t len = maillog_word(p);
    for (size_t i = 0; i < sizeof(months) - 1; i += 3)
        month |= len == 3 && memcmp(p, months + i, 3) == 0;
    return month || is_clock(p) ? skip_time(p) : NULL;
}

/* ---- who carried it ---- */

/* "<22>", and the version of RFC 5424 behind it or alone. */
static const char *skip_priority(const char *p, bool *ret_ietf)
{
    size_t digits = p[0] == '<' ? strspn(p + 1, "0123456789") : 0;
    if (digits >= 1 && digits <= 3 && p[1 + digits] == '>')
        p += digits + 2;
    *ret_ietf = starts_with(p, "1 ") && has_form(p + 2, "0000-00-00T00:00:00");
    return *ret_ietf ? p + 2 : p;
}

/* docker-compose writes the container before each line, "mail_1  | ", kubectl "[pod/mail-0/postfix] ". */
static const char *skip_container(const char *p)
{
    const char *bar = maillog_after_word(p);
    if (bar[0] == '|' && bar[1] == ' ')
        return maillog_after_word(bar);
    return starts_with(p, "[pod/") && bar > p && bar[-1] == ' ' ? bar : p;
}

/* The runtimes of Kubernetes: "stdout F " behind their time. */
static const char *skip_stream(const char *p)
{
    bool stream = starts_with(p, "stdout ") || starts_with(p, "stderr ");
    return stream && (p[7] == 'F' || p[7] == 'P') && p[8] == ' ' ? p + 9 : p;
}

void maillog_head(const char *p, struct head *ret_head)
{
    struct head head = {0};
    if (starts_with(p, "\xef\xbb\xbf"))
        p += 3;
    p += *p == ' '; /* journalctl in Japanese: " 3" and the character for month */
    p = skip_container(skip_priority(p, &head.ietf));
    head.own = starts_with(p, "dovecot: ") && skip_time(p + strlen("dovecot: ")) != NULL;
    if (head.own)
        p += strlen("dovecot: ");
    const char *behind = skip_time(p);
    head.behind = behind != NULL ? skip_stream(behind) : p;
    if (behind != NULL) {
        head.when = p;
        const char *second = skip_second_time(head.behind);
        if (second == NULL)
            second = skip_second_time(maillog_after_word(head.behind));
        if (second != NULL && !head.ietf)
            head.behind = second;
    }
    *ret_head = head;
}

bool maillog_is_dated(const char *raw)
{
    struct head head;
    char room[MAILLOG_ROOM(MAILLOG_LINE)], *free_room = room;
    if (strlen(raw) > MAILLOG_LINE)
        return false;
    maillog_head(maillog_bare(raw, &free_room), &head);
    return head.when != NULL;
}
