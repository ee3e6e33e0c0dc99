/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Moments; see moment.h.
 */
#include "moment.h"

#include "maillog.h"
#include "service.h"

#include <stdlib.h>
#include <string.h>

/* "10 minutes ago", and the units as one letter: "10m ago". */
static bool read_ago(const char *text, time_t now, time_t *ret_time)
{
    static const struct {
        const char *name;
        time_t seconds;
    } units[] = {{"s", 1},    {"sec", 1},     {"second", 1}, {"m", 60},      {"min", 60},   {"minute", 60},
                 {"h", 3600}, {"hour", 3600}, {"d", 86400},  {"day", 86400}, {"w", 604800}, {"week", 604800}};
    size_t digits = strspn(text, "0123456789");
    const char *unit = text + digits + strspn(text + digits, " ");
    size_t len = strcspn(unit, " ");
    if (digits < 1 || digits > 7 || len == 0 || strcmp(unit + len, " ago") != 0)
        return false;
    for (size_t i = 0; i < COUNT(units); i++) {
        size_t name = strlen(units[i].name);
        bool plural = name > 1 && len == name + 1 && unit[name] == 's';
        if (strncmp(unit, units[i].name, name) != 0 || (len != name && !plural))
            continue;
        *ret_time = now - (time_t)atol(text) * units[i].seconds;
        return *ret_time > 0;
    }
    return false;
}

static bool read_day(const char *text, time_t now, time_t *ret_time)
{
    struct tm tm;
    bool yesterday = strcmp(text, "yesterday") == 0;
    if ((!yesterday && strcmp(text, "today") != 0) || localtime_r(&now, &tm) == NULL)
        return false;
    *ret_time = mktime(&(struct tm){
        .tm_year = tm.tm_year, .tm_mon = tm.tm_mon, .tm_mday = tm.tm_mday - yesterday, .tm_isdst = -1});
    return true;
}

/* A date, with or without a time of day, which may lack its seconds. */
static bool read_date(const char *text, time_t now, time_t *ret_time)
{
    size_t len = strlen(text);
    const char *whole = len == 10   ? arena_printf("%s 00:00:00", text)
                        : len == 16 ? arena_printf("%s:00", text)
                                    : text;
    for (size_t i = 0; i < 10 && i < len; i++)
        if ((i == 4 || i == 7) ? text[i] != '-' : text[i] < '0' || text[i] > '9')
            return false;
    *ret_time = len >= 10 ? maillog_time_of(whole, now) : 0;
    return *ret_time > 0;
}

bool moment_read(const char *text, time_t now, time_t *ret_time, struct err *err)
{
    if (read_ago(text, now, ret_time) || read_day(text, now, ret_time) || read_date(text, now, ret_time))
        return true;
    if (!service_known(text))
        return err_outcome(
            err, USAGE,
            "'%s' is no time; say 10 minutes ago, today, 2025-09-30, 2025-09-30T16:43:29+09:00, or "
            "a daemon for its last start",
            text);
    *ret_time = service_last_read(text);
    return *ret_time > 0 ? true : err_set(err, "%s does not run, or nobody knows since when", text);
}
