/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Moments; see moment.h.
 */
#include "moment.h"

#include "maillog.h"
#include "service.h"

#include <stdlib.h>
#include <string.h>

/* The seconds of a unit as systemd.time(7) names it: "min", "minutes"; 0: there is none of that name. */
static time_t seconds_of(const char *name, size_t len)
{
    static const struct {
        const char *names;
        time_t seconds;
    } units[] = {{" s sec second seconds ", 1}, {" m min minute minutes ", 60}, {" h hr hour hours ", 3600},
                 {" d day days ", 86400},       {" w week weeks ", 604800},     {" M month months ", 2629800},
                 {" y year years ", 31557600}};
    const char *word = arena_printf(" %.*s ", (int)len, name);
    for (size_t i = 0; len > 0 && i < COUNT(units); i++)
        if (strstr(units[i].names, word) != NULL)
            return units[i].seconds;
    return 0;
}

/* A span of time as systemd has it: "2h 30min", "10 minutes". Returns what follows it, NULL: it is none. */
static const char *read_span(const char *text, time_t *ret_seconds)
{
    const char *p = text;
    time_t seconds = 0;
    while (*p >= '0' && *p <= '9') {
        size_t digits = strspn(p, "0123456789");
        const char *unit = p + digits + strspn(p + digits, " ");
        size_t len = strcspn(unit, " 0123456789");
        time_t one = seconds_of(unit, len);
        if (digits > 7 || one == 0)
            return NULL;
        seconds += (time_t)atol(p) * one;
        p = unit + len + strspn(unit + len, " ");
    }
    *ret_seconds = seconds;
    return p > text ? p : NULL;
}

/* "10 minutes ago", "2h 30min ago", "-1h". */
static bool read_ago(const char *text, time_t now, time_t *ret_time)
{
    time_t seconds;
    bool minus = *text == '-';
    const char *rest = read_span(text + minus, &seconds);
    if (rest == NULL || strcmp(rest, minus ? "" : "ago") != 0)
        return false;
    *ret_time = now - seconds;
    return *ret_time > 0;
}

/* "@1759250609", seconds since 1970. */
static bool read_epoch(const char *text, time_t *ret_time)
{
    size_t digits = *text == '@' ? strspn(text + 1, "0123456789") : 0;
    if (digits < 1 || digits > 12 || text[1 + digits] != '\0')
        return false;
    *ret_time = (time_t)atoll(text + 1);
    return *ret_time > 0;
}

static bool read_day(const char *text, time_t now, time_t *ret_time)
{
    struct tm tm;
    bool yesterday = strcmp(text, "yesterday") == 0;
    if (strcmp(text, "now") == 0) {
        *ret_time = now;
        return true;
    }
    if ((!yesterday && strcmp(text, "today") != 0) || localtime_r(&now, &tm) == NULL)
        return false;
    *ret_time = mktime(&(struct tm){
        .tm_year = tm.tm_year, .tm_mon = tm.tm_mon, .tm_mday = tm.tm_mday - yesterday, .tm_isdst = -1});
    return true;
}

/* "16:43", "16:43:29" of today; NULL: it is none. */
static const char *with_today(const char *text, time_t now)
{
    struct tm tm;
    size_t len = strlen(text);
    if ((len != 5 && len != 8) || text[2] != ':' || text[strspn(text, "0123456789:")] != '\0' ||
        localtime_r(&now, &tm) == NULL)
        return NULL;
    return arena_printf("%04d-%02d-%02d %s", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, text);
}

/* A date, with or without a time of day, which may lack its seconds, or such a time of today. A weekday
 * before it says nothing. */
static bool read_date(const char *text, time_t now, time_t *ret_time)
{
    const char *today = with_today(text, now);
    if (today != NULL)
        text = today;
    else if (strlen(text) > 4 && text[3] == ' ' && strspn(text, "MTWFSadehinortu") == 3)
        text += 4;
    size_t len = strlen(text);
    const char *whole = len == 10   ? arena_printf("%s 00:00:00", text)
                        : len == 16 ? arena_printf("%s:00", text)
                                    : text;
    for (size_t i = 0; i < 10 && i < len; i++)
        if ((i == 4 || i == 7) ? text[i] != '-' : text[i] < '0' || text[i] > '9')
            return false;
    *ret_time = len >= 10 ? maillog_time_of(arena_printf("%s ", whole), now) : 0;
    return *ret_time > 0;
}

/* "postfix", "postfix.service", "postfix@-.service"; NULL: no daemon of ours. */
static const char *daemon_of(const char *text)
{
    const char *unit =
        ends_with(text, ".service") ? arena_copy(text, strlen(text) - strlen(".service")) : text;
    const char *name = arena_copy(unit, strcspn(unit, "@"));
    return service_known(name) ? name : NULL;
}

bool moment_read(const char *text, time_t now, time_t *ret_time, struct err *err)
{
    if (read_ago(text, now, ret_time) || read_epoch(text, ret_time) || read_day(text, now, ret_time) ||
        read_date(text, now, ret_time))
        return true;
    const char *daemon = daemon_of(text);
    if (daemon == NULL)
        return err_outcome(
            err, USAGE,
            "'%s' is no time; say 10 minutes ago, today, 2025-09-30, 2025-09-30T16:43:29+09:00, or "
            "a daemon for its last start",
            text);
    *ret_time = service_last_read(daemon);
    return *ret_time > 0 ? true : err_set(err, "%s does not run, or nobody knows since when", text);
}
