/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where the mail log is; see logs_places.h.
 *
 * Limits: of syslogd's configuration the old form "mail.* -/path" is read, in rsyslog.conf, its directory and
 * syslog.conf; syslog-ng's and rsyslog's own scripts are not, so that their logs are found in the usual
 * places only.
 */
#include "logs_places.h"
#include "file.h"
#include "maillog_journal.h"

#include <dirent.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool regular(const char *path, time_t *ret_time)
{
    struct stat st;
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
        return false;
    *ret_time = st.st_mtime;
    return true;
}

/* ---- rotations ---- */

struct rotation {
    const char *path;
    time_t time;
};

static int by_time(const void *a, const void *b)
{
    const struct rotation *x = a, *y = b;
    return x->time != y->time ? (x->time < y->time ? -1 : 1) : strcmp(x->path, y->path);
}

/* Whether the rest of a name is that of a file that was compressed, or nothing. */
static bool is_end(const char *end)
{
    static const char *const ends[] = {"", ".gz", ".bz2", ".xz", ".zst"};
    for (size_t i = 0; i < COUNT(ends); i++)
        if (strcmp(end, ends[i]) == 0)
            return true;
    return false;
}

/* What logrotate makes of NAME: NAME.1, NAME.2.gz, NAME-20250928.xz; with its word "extension" the number
 * stands before the last point of NAME. */
static bool by_logrotate(const char *entry, const char *name)
{
    const char *point = strrchr(name, '.');
    const size_t at[] = {strlen(name), point != NULL && point > name ? (size_t)(point - name) : strlen(name)};
    for (size_t i = 0; i < COUNT(at); i++) {
        const char *rest = entry + at[i];
        if (strncmp(entry, name, at[i]) != 0 || (rest[0] != '.' && rest[0] != '-'))
            continue;
        size_t digits = strspn(rest + 1, "0123456789-");
        rest += 1 + digits;
        if (digits > 0 && starts_with(rest, name + at[i]) && is_end(rest + strlen(name + at[i])))
            return true;
    }
    return false;
}

/* What `postfix logrotate` makes of it: NAME.SUFFIX, the suffix as strftime(3) fills it, compressed or not
 * yet. */
static bool by_postfix(const char *entry, const char *name, const char *suffix)
{
    struct buf form = {0};
    size_t len = strlen(name);
    if (strncmp(entry, name, len) != 0 || entry[len] != '.' || suffix[0] == '\0')
        return false;
    for (const char *p = suffix; *p != '\0'; p++) {
        bool filled = p[0] == '%' && p[1] != '\0';
        buf_puts(&form, filled ? "*" : strchr("*?[\\", *p) != NULL ? "?" : arena_copy(p, 1));
        p += filled;
    }
    const char *point = strrchr(entry, '.');
    return fnmatch(buf_text(&form), entry + len + 1, 0) == 0 ||
           (is_end(point) &&
            fnmatch(buf_text(&form), arena_copy(entry + len + 1, (size_t)(point - entry) - len - 1), 0) == 0);
}

/* suffix: what Postfix puts behind the name of an old file; "" where it does not. */
static void add_file(const char *path, const char *suffix, time_t since, struct strings *files)
{
    const char *slash = strrchr(path, '/');
    const char *dir = slash > path ? arena_copy(path, (size_t)(slash - path)) : "/";
    struct rotation *rotation = NULL;
    size_t n = 0;
    DIR *entries = opendir(dir);
    for (const struct dirent *entry; entries != NULL && (entry = readdir(entries)) != NULL;) {
        if (!by_logrotate(entry->d_name, slash + 1) && !by_postfix(entry->d_name, slash + 1, suffix))
            continue;
        struct rotation r = {arena_printf("%s/%s", dir, entry->d_name), 0};
        if (regular(r.path, &r.time) && r.time >= since)
            rotation = arena_append(rotation, &n, sizeof(r), &r);
    }
    if (entries != NULL)
        closedir(entries);
    if (n > 1)
        qsort(rotation, n, sizeof(*rotation), by_time);
    for (size_t i = 0; i < n; i++)
        strings_add(files, rotation[i].path);
    strings_add(files, path);
}

/* ---- syslogd ---- */

/* Behind the facility among those that a selector names, "auth,mail.*"; NULL: it names it not. */
static const char *find_facility(const char *selector, const char *end, const char *facility)
{
    size_t len = strlen(facility);
    for (const char *p = selector; (p = strstr(p, facility)) != NULL && p + len < end; p++)
        if ((p == selector || strchr(",;", p[-1]) != NULL) && strchr(",.", p[len]) != NULL)
            return p + len;
    return NULL;
}

const char *logs_place_of(const char *line, const char *facility)
{
    size_t selector = strcspn(line, " \t");
    const char *action = line + selector + strspn(line + selector, " \t");
    const char *named = find_facility(line, line + selector, facility);
    const char *level = named != NULL ? strchr(named, '.') : NULL;
    if (line[0] == '#' || level == NULL || level >= line + selector)
        return NULL;
    /* "*.info;mail.none" keeps mail out; mail.err is a part of what mail.* gets. */
    level++;
    if (level[0] != '*' && strncmp(level, "info", 4) != 0 && strncmp(level, "debug", 5) != 0)
        return NULL;
    action += *action == '-';
    return *action == '/' ? arena_copy(action, strcspn(action, " \t;#\r")) : NULL;
}

static const char *place_in(const struct root *host, const char *path, const char *facility)
{
    const char *text, *place = NULL;
    size_t len;
    struct err ignored;
    if (!file_exists(host, path) || !file_read_path(host, path, OWNED_BY_ROOT, &text, &len, &ignored))
        return NULL;
    struct strings lines = strings_split(text, "\n");
    for (size_t i = 0; i < lines.n && place == NULL; i++)
        place = logs_place_of(lines.item[i], facility);
    return place;
}

static const char *configured(const char *facility)
{
    struct root host;
    struct strings names;
    struct err err;
    if (!root_open("/", &host, &err))
        return NULL;
    const char *place = place_in(&host, "/etc/rsyslog.conf", facility);
    if (place == NULL)
        place = place_in(&host, "/etc/syslog.conf", facility);
    if (place == NULL && file_list(&host, "/etc/rsyslog.d", false, &names, &err))
        for (size_t i = 0; i < names.n && place == NULL; i++)
            place = ends_with(names.item[i], ".conf")
                        ? place_in(&host, arena_printf("/etc/rsyslog.d/%s", names.item[i]), facility)
                        : NULL;
    close(host.fd);
    return place;
}

static const char *syslog_file(const char *facility)
{
    static const char *const usual[] = {"/var/log/mail.log", "/var/log/maillog", "/var/log/mail",
                                        /* where mail has no file of its own, as with busybox */
                                        "/var/log/syslog", "/var/log/messages"};
    time_t ignored;
    size_t first = strcmp(facility, "mail") == 0 ? 0 : 3;
    const char *place = configured(facility);
    if (place != NULL && regular(place, &ignored))
        return place;
    for (size_t i = first; i < COUNT(usual); i++)
        if (regular(usual[i], &ignored))
            return usual[i];
    return NULL;
}

/* The number of a facility as syslog and the journal have it; NULL: there is none of that name. */
static const char *facility_number(const char *name)
{
    static const char *const names[] = {"kern",   "user",   "mail",   "daemon", "auth",     "syslog",
                                        "lpr",    "news",   "uucp",   "cron",   "authpriv", "ftp",
                                        NULL,     NULL,     NULL,     NULL,     "local0",   "local1",
                                        "local2", "local3", "local4", "local5", "local6",   "local7"};
    for (size_t i = 0; i < COUNT(names); i++)
        if (names[i] != NULL && strcmp(names[i], name) == 0)
            return arena_printf("%zu", i);
    return NULL;
}

/* ---- all ---- */

/* What was passed on to a daemon, whoever reads it there. /dev/stdout is mailfix's own when it looks. */
static bool is_stream(const char *path)
{
    return strcmp(path, "/dev/stdout") == 0 || strcmp(path, "/dev/stderr") == 0 ||
           starts_with(path, "/dev/fd/") || starts_with(path, "/proc/");
}

/* A log that a daemon writes itself. */
static void add_own(const char *path, const char *suffix, time_t since, struct logs_places *places)
{
    time_t ignored;
    if (is_stream(path)) {
        if (!places->journal && !strings_have(&places->streams, path))
            strings_add(&places->streams, path);
    } else if (regular(path, &ignored) && !strings_have(&places->files, path)) {
        add_file(path, suffix, since, &places->files);
    }
}

struct logs_places logs_places(const struct log_settings *settings, time_t since)
{
    struct logs_places places = {0};
    const char *cursor;
    struct err err;
    /* Where journald keeps nothing, its journal is empty. */
    places.journal =
        access("/run/systemd/system", F_OK) == 0 && journal_tail(&cursor, &err) && cursor[0] != '\0';
    if (settings->maillog_file[0] == '/')
        add_own(settings->maillog_file, settings->rotate_suffix, since, &places);
    for (size_t i = 0; i < settings->facilities.n; i++) {
        const char *number = facility_number(settings->facilities.item[i]);
        const char *file = places.journal ? NULL : syslog_file(settings->facilities.item[i]);
        if (number != NULL)
            strings_add(&places.facilities, number);
        if (file != NULL && !strings_have(&places.files, file))
            add_file(file, "", since, &places.files);
    }
    size_t others = places.files.n;
    for (size_t i = 0; i < settings->dovecot.n; i++)
        add_own(settings->dovecot.item[i], "", since, &places);
    for (size_t i = others; i < places.files.n; i++)
        strings_add(&places.dovecot, places.files.item[i]);
    return places;
}
