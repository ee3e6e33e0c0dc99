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

/* What logrotate makes of NAME: NAME.1, NAME.2.gz, NAME-20250928.xz. */
static bool is_rotation(const char *entry, const char *name)
{
    static const char *const ends[] = {"", ".gz", ".bz2", ".xz", ".zst"};
    size_t len = strlen(name);
    if (strncmp(entry, name, len) != 0 || (entry[len] != '.' && entry[len] != '-'))
        return false;
    size_t digits = strspn(entry + len + 1, "0123456789-");
    for (size_t i = 0; i < COUNT(ends); i++)
        if (digits > 0 && strcmp(entry + len + 1 + digits, ends[i]) == 0)
            return true;
    return false;
}

static void add_file(const char *path, time_t since, struct strings *files)
{
    const char *slash = strrchr(path, '/');
    const char *dir = slash > path ? arena_copy(path, (size_t)(slash - path)) : "/";
    struct rotation *rotation = NULL;
    size_t n = 0;
    DIR *entries = opendir(dir);
    for (const struct dirent *entry; entries != NULL && (entry = readdir(entries)) != NULL;) {
        if (!is_rotation(entry->d_name, slash + 1))
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

const char *logs_place_of(const char *line)
{
    size_t selector = strcspn(line, " \t");
    const char *action = line + selector + strspn(line + selector, " \t");
    const char *mail = strstr(line, "mail.");
    if (line[0] == '#' || mail == NULL || mail >= line + selector)
        return NULL;
    /* "*.info;mail.none" keeps mail out; mail.err is a part of what mail.* gets. */
    const char *level = mail + strlen("mail.");
    if (level[0] != '*' && strncmp(level, "info", 4) != 0 && strncmp(level, "debug", 5) != 0)
        return NULL;
    action += *action == '-';
    return *action == '/' ? arena_copy(action, strcspn(action, " \t;#\r")) : NULL;
}

static const char *place_in(const struct root *host, const char *path)
{
    const char *text, *place = NULL;
    size_t len;
    struct err ignored;
    if (!file_exists(host, path) || !file_read_path(host, path, OWNED_BY_ROOT, &text, &len, &ignored))
        return NULL;
    struct strings lines = strings_split(text, "\n");
    for (size_t i = 0; i < lines.n && place == NULL; i++)
        place = logs_place_of(lines.item[i]);
    return place;
}

static const char *configured(void)
{
    struct root host;
    struct strings names;
    struct err err;
    if (!root_open("/", &host, &err))
        return NULL;
    const char *place = place_in(&host, "/etc/rsyslog.conf");
    if (place == NULL)
        place = place_in(&host, "/etc/syslog.conf");
    if (place == NULL && file_list(&host, "/etc/rsyslog.d", false, &names, &err))
        for (size_t i = 0; i < names.n && place == NULL; i++)
            place = ends_with(names.item[i], ".conf")
                        ? place_in(&host, arena_printf("/etc/rsyslog.d/%s", names.item[i]))
                        : NULL;
    close(host.fd);
    return place;
}

static const char *syslog_file(void)
{
    static const char *const usual[] = {"/var/log/mail.log", "/var/log/maillog", "/var/log/mail",
                                        /* where mail has no file of its own, as with busybox */
                                        "/var/log/syslog", "/var/log/messages"};
    time_t ignored;
    const char *place = configured();
    if (place != NULL && regular(place, &ignored))
        return place;
    for (size_t i = 0; i < COUNT(usual); i++)
        if (regular(usual[i], &ignored))
            return usual[i];
    return NULL;
}

struct logs_places logs_places(const char *maillog_file, time_t since)
{
    struct logs_places places = {0};
    const char *cursor;
    struct err err;
    places.journal = access("/run/systemd/system", F_OK) == 0 && journal_tail(&cursor, &err);
    const char *file = places.journal ? NULL : syslog_file();
    time_t ignored;
    if (maillog_file[0] == '/' && regular(maillog_file, &ignored))
        add_file(maillog_file, since, &places.files);
    if (file != NULL && strcmp(file, maillog_file) != 0)
        add_file(file, since, &places.files);
    return places;
}
