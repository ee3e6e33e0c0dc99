/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Events for the system's log; see journal.h.
 *
 * Limits: sd_journal_sendv(3) is silent about a journal that does not listen, so its socket is looked for
 * first. syslog(3) gets the sentence only.
 */
#include "journal.h"

#include <string.h>
#include <sys/uio.h>
#include <syslog.h>
#include <unistd.h>

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

static const struct {
    const char *id;
    int priority;
    const char *sentence;
} EVENTS[] = {
    [EVENT_APPLIED] = {EVENT_ID_APPLIED, LOG_NOTICE, N_("%s was applied by %s (transaction %s)")},
    [EVENT_PUT_BACK] = {EVENT_ID_PUT_BACK, LOG_WARNING,
                        N_("%s, applied by %s, was put back (transaction %s)")},
    [EVENT_ROLLED_BACK] = {EVENT_ID_ROLLED_BACK, LOG_NOTICE, N_("%s was rolled back by %s (transaction %s)")},
    [EVENT_NEEDS_PERSON] = {EVENT_ID_NEEDS_PERSON, LOG_ERR,
                            N_("%s, run by %s, needs a person (transaction %s)")},
};

static const char *sentence(enum event event, const struct record *record, const char *who,
                            const char *reason, const char *detail)
{
    struct buf text = {0};
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    buf_printf(&text, _(EVENTS[event].sentence), strings_join(&record->fixes, " "), who, record->id);
#pragma GCC diagnostic pop
    if (detail != NULL)
        buf_printf(&text, ": %s", detail);
    if (reason != NULL)
        buf_printf(&text, " [%s]", reason);
    return buf_text(&text);
}

struct strings journal_fields(enum event event, const struct record *record, const char *who,
                              const char *reason, const char *detail)
{
    struct strings fields = {0};
    strings_add(&fields, arena_printf("MESSAGE_ID=%s", EVENTS[event].id));
    strings_add(&fields, arena_printf("MESSAGE=%s", sentence(event, record, who, reason, detail)));
    strings_add(&fields, arena_printf("PRIORITY=%d", EVENTS[event].priority));
    strings_add(&fields, "SYSLOG_IDENTIFIER=mailfix");
    strings_add(&fields, arena_printf("MAILFIX_TXN=%s", record->id));
    strings_add(&fields, arena_printf("MAILFIX_FIXES=%s", strings_join(&record->fixes, " ")));
    strings_add(&fields, arena_printf("MAILFIX_WHO=%s", who));
    if (reason != NULL)
        strings_add(&fields, arena_printf("MAILFIX_REASON=%s", reason));
    for (size_t i = 0; i < record->n_target; i++) /* one field a file: a path may hold anything */
        strings_add(&fields, arena_printf("MAILFIX_FILES=%s", record->target[i].path));
    return fields;
}

static bool send_to_journal(const struct strings *fields)
{
    static const char *const names[] = {"sd_journal_sendv"};
    int (*sendv)(const struct iovec *, int) = NULL;
    void *function;
    struct err err;
    if (access(JOURNAL_SOCKET, F_OK) != 0)
        return false;
    if (!library_load("libsystemd.so.0", names, &function, COUNT(names), &err)) {
        say_more("%s", err.text);
        return false;
    }
    memcpy(&sendv, &function, sizeof(sendv));
    struct iovec *vector = arena_alloc(fields->n * sizeof(*vector));
    for (size_t i = 0; i < fields->n; i++)
        vector[i] = (struct iovec){(void *)fields->item[i], strlen(fields->item[i])};
    return sendv(vector, (int)fields->n) >= 0;
}

void journal_event(const struct root *root, enum event event, const struct record *record, const char *who,
                   const char *reason, const char *detail)
{
    if (!root->live)
        return;
    struct strings fields = journal_fields(event, record, who, reason, detail);
    if (send_to_journal(&fields))
        return;
    openlog("mailfix", LOG_PID, LOG_DAEMON);
    syslog(EVENTS[event].priority, "%s", sentence(event, record, who, reason, detail));
    closelog();
}
