/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The time at the start of a log line; see maillog.h.
 *
 * Limits: months are read by their English names. A time without a zone is the host's own; one without a year
 * is the newest that does not lie in the future, a day for clocks that differ allowed. Fractions are dropped.
 */
#include "maillog.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char JAPANESE_MONTH[] = "\xe6\x9c\x88"; /* what journalctl writes behind its number */
static const char MONTHS[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

static size_t digits(const char *p)
{
    return strspn(p, "0123456789");
}

static int number(const char *p, size_t len)
{
    int n = 0;
    for (size_t i = 0; i < len; i++)
        n = n * 10 + (p[i] - '0');
    return n;
}

/* A part of a date into tm: Sep, 30, 2017, 2017-09-30; names of days say nothing. */
static void read_date(const char *p, size_t len, struct tm *tm)
{
    size_t n = digits(p);
    if (n == 4 && len == 10 && p[4] == p[7] && (p[4] == '-' || p[4] == '/')) {
        *tm = (struct tm){
            .tm_year = number(p, 4) - 1900, .tm_mon = number(p + 5, 2) - 1, .tm_mday = number(p + 8, 2)};
    } else if (n > 0 && n == len && n <= 4) {
        if (n == 4)
            tm->tm_year = number(p, n) - 1900;
        else
            tm->tm_mday = number(p, n);
    }
    for (int i = 0; len == 3 && i < 12; i++)
        if (memcmp(p, MONTHS + i * 3, 3) == 0)
            tm->tm_mon = i;
    if (n > 0 && n <= 2 && len == n + strlen(JAPANESE_MONTH) && starts_with(p + n, JAPANESE_MONTH))
        tm->tm_mon = number(p, n) - 1;
}

/* HH:MM:SS; returns what follows, NULL: it is no clock. */
static const char *read_clock(const char *p, struct tm *tm)
{
    size_t hour = digits(p);
    if (hour < 1 || hour > 2 || p[hour] != ':' || digits(p + hour + 1) != 2 || p[hour + 3] != ':' ||
        digits(p + hour + 4) != 2)
        return NULL;
    tm->tm_hour = number(p, hour);
    tm->tm_min = number(p + hour + 1, 2);
    tm->tm_sec = number(p + hour + 4, 2);
    return p + hour + 6;
}

/* Seconds east of Greenwich of Z, +09:00, +0900, behind a blank also UTC; false: no zone is said. */
static bool read_zone(const char *p, int *ret_east)
{
    if (*p == '.' || *p == ',')
        p += 1 + digits(p + 1);
    bool apart = *p == ' ';
    p += strspn(p, " ");
    *ret_east = 0;
    if (apart ? starts_with(p, "UTC ") || starts_with(p, "GMT ") : *p == 'Z')
        return true;
    if ((*p != '+' && *p != '-') || digits(p + 1) < 2)
        return false;
    const char *minutes = p + 3 + (p[3] == ':');
    int east = number(p + 1, 2) * 3600 + (digits(minutes) >= 2 ? number(minutes, 2) * 60 : 0);
    *ret_east = *p == '-' ? -east : east;
    return true;
}

static time_t with_year(struct tm *tm, time_t now)
{
    struct tm today;
    localtime_r(&now, &today);
    struct tm copy = *tm;
    copy.tm_year = today.tm_year;
    time_t time = mktime(&copy);
    if (time <= now + 24 * 3600)
        return time;
    copy = *tm;
    copy.tm_year = today.tm_year - 1;
    return mktime(&copy);
}

time_t maillog_time_of(const char *text, time_t now)
{
    struct tm tm = {.tm_year = -1, .tm_mon = -1};
    const char *rest = NULL, *p = text + (text[0] == '[' || text[0] == ' ');
    if (digits(p) == 10 && p[10] == '.')
        return (time_t)strtoll(p, NULL, 10);
    for (int words = 0; words < 5 && rest == NULL && *p != '\0'; words++) {
        size_t len = strcspn(p, " \t"), date = 0;
        if (len > 11 && p[10] == 'T' && digits(p) == 4)
            date = 10;
        rest = read_clock(p + (date > 0 ? date + 1 : 0), &tm);
        struct tm clock = tm;
        if (rest == NULL || date > 0)
            read_date(p, date > 0 ? date : len, &tm);
        if (date > 0 && rest != NULL)
            tm.tm_hour = clock.tm_hour, tm.tm_min = clock.tm_min, tm.tm_sec = clock.tm_sec;
        p += len;
        p += strspn(p, " \t");
    }
    if (rest == NULL || tm.tm_mon < 0 || tm.tm_mon > 11 || tm.tm_mday < 1 || tm.tm_mday > 31)
        return 0;
    if (tm.tm_year < 0 && digits(p) == 4 && strcspn(p, " \t") == 4)
        tm.tm_year = number(p, 4) - 1900; /* Oct  2 06:01:07 2017 */
    int east;
    tm.tm_isdst = -1;
    time_t time = tm.tm_year < 0           ? with_year(&tm, now)
                  : read_zone(rest, &east) ? timegm(&tm) - east
                                           : mktime(&tm);
    return time > 0 ? time : 0;
}

time_t maillog_time(const struct log_line *line)
{
    return maillog_time_of(line->when, time(NULL));
}
