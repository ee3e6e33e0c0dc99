/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The systemd journal through libsystemd, which is loaded when the first question is asked.
 *
 * Protocol: entries are read from the cursor on; the entry at the cursor itself is left out, and when it is
 * gone (vacuumed) reading starts at the next one that is there. Behind a cursor entries are not filtered by
 * the journal, because it can match a whole identifier only ("postfix/smtpd"), not its start.
 *
 * Limits: a text is cut at 2,048 bytes; behind a cursor at most 64 MiB are read. A newline or NUL in a
 * message becomes a blank, so that one entry is one line.
 */
#include "maillog_journal.h"
#include "config.h"
#include "maillog.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#ifdef HAVE_LIBSYSTEMD
#include <systemd/sd-journal.h>

static struct {
    int (*open)(sd_journal **, int);
    void (*close)(sd_journal *);
    int (*seek_head)(sd_journal *);
    int (*seek_tail)(sd_journal *);
    int (*seek_cursor)(sd_journal *, const char *);
    int (*test_cursor)(sd_journal *, const char *);
    int (*get_cursor)(sd_journal *, char **);
    int (*next)(sd_journal *);
    int (*previous_skip)(sd_journal *, uint64_t);
    int (*get_data)(sd_journal *, const char *, const void **, size_t *);
    int (*get_realtime)(sd_journal *, uint64_t *);
    int (*add_match)(sd_journal *, const void *, size_t);
    int (*add_disjunction)(sd_journal *);
    int (*seek_realtime)(sd_journal *, uint64_t);
} sd;

static bool sd_load(struct err *err)
{
    static const char *const names[] = {"sd_journal_open",
                                        "sd_journal_close",
                                        "sd_journal_seek_head",
                                        "sd_journal_seek_tail",
                                        "sd_journal_seek_cursor",
                                        "sd_journal_test_cursor",
                                        "sd_journal_get_cursor",
                                        "sd_journal_next",
                                        "sd_journal_previous_skip",
                                        "sd_journal_get_data",
                                        "sd_journal_get_realtime_usec",
                                        "sd_journal_add_match",
                                        "sd_journal_add_disjunction",
                                        "sd_journal_seek_realtime_usec"};
    void *functions[COUNT(names)];
    _Static_assert(sizeof(functions) == sizeof(sd), "one member for each name");
    if (sd.open != NULL)
        return true;
    if (!library_load("libsystemd.so.0", names, functions, COUNT(names), err))
        return false;
    memcpy(&sd, functions, sizeof(sd));
    return true;
}

/* libsystemd returns -errno. */
static bool failed(int r, const char *what, struct err *err)
{
    if (r >= 0)
        return false;
    errno = -r;
    err_errno(err, "%s the journal", what);
    return true;
}

static sd_journal *journal_open(struct err *err)
{
    sd_journal *journal = NULL;
    if (!sd_load(err) ||
        failed(sd.open(&journal, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM), _("cannot open"), err))
        return NULL;
    return journal;
}

/* The cursor of the entry that many from the end; "" when there are not as many. */
static bool cursor_back(sd_journal *journal, unsigned entries, const char **ret_cursor, struct err *err)
{
    char *cursor = NULL;
    int r = sd.seek_tail(journal);
    if (r >= 0)
        r = sd.previous_skip(journal, entries);
    if (r == (int)entries)
        r = sd.get_cursor(journal, &cursor);
    if (failed(r, _("cannot find the end of"), err))
        return false;
    *ret_cursor = cursor != NULL ? arena_string(cursor) : "";
    free(cursor);
    return true;
}

bool journal_back(unsigned entries, const char **ret_cursor, struct err *err)
{
    sd_journal *journal = journal_open(err);
    if (journal == NULL)
        return false;
    bool ok = cursor_back(journal, entries, ret_cursor, err);
    sd.close(journal);
    return ok;
}

bool journal_tail(const char **ret_cursor, struct err *err)
{
    return journal_back(1, ret_cursor, err);
}

/* Adds the value of a field, as far as it fits, to the text of size MAILLOG_LINE + 1; false when the entry
 * lacks the field. */
static bool add_field(sd_journal *journal, const char *field, char *text, size_t *len)
{
    const void *data;
    size_t size, skip = strlen(field) + 1;
    if (sd.get_data(journal, field, &data, &size) < 0 || size < skip)
        return false;
    size -= skip;
    if (size > MAILLOG_LINE - *len)
        size = MAILLOG_LINE - *len;
    for (size_t i = 0; i < size; i++) {
        char c = ((const char *)data)[skip + i];
        text[*len + i] = c == '\0' || c == '\n' ? ' ' : c;
    }
    *len += size;
    text[*len] = '\0';
    return true;
}

static void add_text(const char *more, char *text, size_t *len)
{
    for (; *more != '\0' && *len < MAILLOG_LINE; more++)
        text[(*len)++] = *more;
    text[*len] = '\0';
}

/* The time as syslog would write it with its zone. */
static void add_time(sd_journal *journal, char *text, size_t *len)
{
    uint64_t us = 0;
    char form[64] = "";
    struct tm tm;
    sd.get_realtime(journal, &us);
    time_t seconds = (time_t)(us / 1000000);
    if (localtime_r(&seconds, &tm) != NULL)
        strftime(form, sizeof(form), "%Y-%m-%dT%H:%M:%S%z ", &tm);
    add_text(form, text, len);
}

static bool entry_text(sd_journal *journal, char *text, size_t *ret_len)
{
    size_t len = 0;
    add_time(journal, text, &len);
    if (add_field(journal, "_HOSTNAME", text, &len))
        add_text(" ", text, &len);
    if (!add_field(journal, "SYSLOG_IDENTIFIER", text, &len))
        return false;
    add_text("[", text, &len);
    if (!add_field(journal, "SYSLOG_PID", text, &len) && !add_field(journal, "_PID", text, &len))
        len--; /* a tag without [pid] */
    else
        add_text("]", text, &len);
    add_text(": ", text, &len);
    if (!add_field(journal, "MESSAGE", text, &len))
        return false;
    *ret_len = len;
    return true;
}

/* Stands at the first entry behind the cursor when it returns 1; 0: there is none. */
static int first_behind(sd_journal *journal, const char *cursor)
{
    int r = cursor[0] != '\0' ? sd.seek_cursor(journal, cursor) : sd.seek_head(journal);
    if (r >= 0)
        r = sd.next(journal);
    if (r > 0 && cursor[0] != '\0' && sd.test_cursor(journal, cursor) > 0)
        r = sd.next(journal);
    return r;
}

/* From where the journal stands, r being what going there returned. Closes it. */
static bool read_on(sd_journal *journal, int r, size_t most, bool (*entry)(void *arg, const char *text),
                    void *arg, struct err *err)
{
    char text[MAILLOG_LINE + 1];
    size_t total = 0, len = 0;
    while (r > 0 && total < most) {
        bool has_text = entry_text(journal, text, &len);
        if (has_text && !entry(arg, text))
            break;
        total += len;
        r = sd.next(journal);
    }
    sd.close(journal);
    return !failed(r, _("cannot read"), err);
}

bool journal_read(const char *cursor, bool (*entry)(void *arg, const char *text), void *arg, struct err *err)
{
    sd_journal *journal = journal_open(err);
    return journal != NULL && read_on(journal, first_behind(journal, cursor), MAILLOG_TOTAL, entry, arg, err);
}

static sd_journal *prepared;

bool journal_prepare(struct err *err)
{
    if (prepared == NULL)
        prepared = journal_open(err);
    return prepared != NULL;
}

/* Values of one field are alternatives, other fields narrow them down; a disjunction begins anew. */
static int add_matches(sd_journal *journal, const char *field, const struct strings *values)
{
    char match[256];
    int r = 0;
    for (size_t i = 0; i < values->n && r >= 0; i++) {
        snprintf(match, sizeof(match), "%s=%s", field, values->item[i]);
        r = sd.add_match(journal, match, strlen(match));
    }
    return r;
}

static int choose(sd_journal *journal, const struct journal_choice *choice)
{
    static const char stream[] = "_TRANSPORT=stdout";
    int r = add_matches(journal, "SYSLOG_FACILITY", &choice->facilities);
    if (r >= 0 && choice->units.n > 0)
        r = sd.add_disjunction(journal);
    if (r >= 0)
        r = add_matches(journal, "_SYSTEMD_UNIT", &choice->units);
    if (r >= 0 && choice->units.n > 0)
        r = sd.add_match(journal, stream, sizeof(stream) - 1);
    return r;
}

bool journal_since(const struct journal_choice *choice, time_t since,
                   bool (*entry)(void *arg, const char *text), void *arg, struct err *err)
{
    if (!journal_prepare(err))
        return false;
    sd_journal *journal = prepared;
    prepared = NULL;
    int r = choose(journal, choice);
    if (r >= 0)
        r = sd.seek_realtime(journal, (uint64_t)since * 1000000);
    if (r >= 0)
        r = sd.next(journal);
    return read_on(journal, r, SIZE_MAX, entry, arg, err);
}

#else

bool journal_back(unsigned entries, const char **ret_cursor, struct err *err)
{
    (void)entries;
    return journal_tail(ret_cursor, err);
}

bool journal_tail(const char **ret_cursor, struct err *err)
{
    (void)ret_cursor;
    return err_set(err, "this mailfix was built without libsystemd");
}

bool journal_read(const char *cursor, bool (*entry)(void *arg, const char *text), void *arg, struct err *err)
{
    (void)cursor, (void)entry, (void)arg;
    return err_set(err, "this mailfix was built without libsystemd");
}

bool journal_prepare(struct err *err)
{
    return err_set(err, "this mailfix was built without libsystemd");
}

bool journal_since(const struct journal_choice *choice, time_t since,
                   bool (*entry)(void *arg, const char *text), void *arg, struct err *err)
{
    (void)choice, (void)since, (void)entry, (void)arg;
    return err_set(err, "this mailfix was built without libsystemd");
}

#endif
