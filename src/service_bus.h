/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A conversation with systemd's manager over the system bus. Only service_systemd.c includes this, and only
 * where mailfix is built with libsystemd. Source: org.freedesktop.systemd1(5), sd-bus(3).
 */
#pragma once

#include "service_backend.h"

#include <systemd/sd-bus.h>

#define BUS_ASK_MS 10000 /* for questions; an answer takes some milliseconds */

#define MANAGER "org.freedesktop.systemd1"
#define MANAGER_PATH "/org/freedesktop/systemd1"
#define MANAGER_INTERFACE MANAGER ".Manager"
#define UNIT_INTERFACE MANAGER ".Unit"
#define SERVICE_INTERFACE MANAGER ".Service"

#define BUS_FUNCTIONS(f)                                                                                     \
    f(open_system) f(flush_close_unref) f(is_ready) f(process) f(wait) f(match_signal) f(call)               \
        f(message_new_method_call) f(message_append) f(message_read) f(message_unref) f(error_free)

/* The functions of libsystemd, sd_bus_NAME each; there once bus_call_up has succeeded. */
struct bus_library {
#define BUS_POINTER(name) __typeof__(sd_bus_##name) *name;
    BUS_FUNCTIONS(BUS_POINTER)
};
extern struct bus_library sd;

struct talk {
    sd_bus *bus;
    int64_t deadline; /* of the whole conversation, on the clock of now_ms */
    const char *job;  /* the one that is waited for, or NULL */
    char result[32];  /* its result once it is there */
};

/* Opens it, with a limit for all that is said; the caller ends it with bus_hang_up in any case. */
bool bus_call_up(struct talk *talk, int limit_ms, struct err *err) MUST_CHECK;
void bus_hang_up(struct talk *talk);

/* A call of method; NULL without memory, which bus_ask then says. */
sd_bus_message *bus_message(struct talk *talk, const char *path, const char *interface, const char *method);
/* Sends a message, which it consumes, and waits for the reply. ret_reply, which the caller unrefs, may be
 * NULL. */
bool bus_ask(struct talk *talk, sd_bus_message *m, sd_bus_message **ret_reply, struct err *err) MUST_CHECK;
/* A property; the text is the arena's. */
bool bus_text(struct talk *talk, const char *path, const char *interface, const char *name,
              const char **ret_text, struct err *err) MUST_CHECK;
bool bus_flag(struct talk *talk, const char *path, const char *interface, const char *name, bool *ret_flag,
              struct err *err) MUST_CHECK;

/* Waits for the end of talk->job, handling what arrives: 1 when it ended, 0 when the time came first;
 * negative errno when the connection broke. */
int bus_await_job(struct talk *talk, int64_t time);
/* Only lets that time pass, and handles what arrives. */
void bus_let_pass(struct talk *talk, int64_t time);
