/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The conversation with systemd by sd-bus from libsystemd, which is loaded by the first call. The bus is the
 * default one, so DBUS_SYSTEM_BUS_ADDRESS is honoured.
 *
 * Limits: a host whose systemd has no D-Bus broker cannot be asked, though systemctl can there.
 */
#include "service_bus.h"

#include <errno.h>
#include <string.h>

#define TICK_MS 200 /* how long a wait is silent, for progress_tick */

/* ---- libsystemd, loaded late ---- */

struct bus_library sd;

static bool load_library(struct err *err)
{
#define NAME(name) "sd_bus_" #name,
    static const char *const names[] = {BUS_FUNCTIONS(NAME)};
    void *functions[COUNT(names)];
    _Static_assert(sizeof(functions) == sizeof(sd), "one pointer per name");
    if (sd.open_system != NULL)
        return true;
    if (!library_load("libsystemd.so.0", names, functions, COUNT(names), err))
        return false;
    memcpy(&sd, functions, sizeof(sd));
    return true;
}

/* ---- a conversation with the manager ---- */

void bus_hang_up(struct talk *talk)
{
    if (talk->bus != NULL)
        sd.flush_close_unref(talk->bus);
}

static bool ready(struct talk *talk)
{
    return sd.is_ready(talk->bus) > 0;
}

static bool job_ended(struct talk *talk)
{
    return talk->result[0] != '\0';
}

static bool never(struct talk *talk)
{
    (void)talk;
    return false;
}

/* Handles what arrives until done says so (1) or the time comes (0); negative errno when the connection
 * breaks. */
static int handle_until(struct talk *talk, int64_t time, bool (*done)(struct talk *talk))
{
    while (!done(talk)) {
        int r = sd.process(talk->bus, NULL);
        if (r == 0) {
            const int64_t left = time - now_ms();
            if (left <= 0)
                return 0;
            progress_tick();
            r = sd.wait(talk->bus, (uint64_t)(left < TICK_MS ? left : TICK_MS) * 1000);
        }
        if (r < 0 && r != -EINTR)
            return r;
    }
    return 1;
}

/* The limit holds for the handshake too: a bus that accepts and says nothing would take 90 s by libsystemd's
 * own. */
bool bus_call_up(struct talk *talk, int limit_ms, struct err *err)
{
    talk->deadline = now_ms() + limit_ms;
    if (!load_library(err))
        return false;
    int r = sd.open_system(&talk->bus);
    if (r >= 0) {
        r = handle_until(talk, talk->deadline, ready);
        r = r == 0 ? -ETIMEDOUT : r;
    }
    return r >= 0 || err_set(err, "cannot talk to systemd over the system bus: %s", strerror(-r));
}

sd_bus_message *bus_message(struct talk *talk, const char *path, const char *interface, const char *method)
{
    sd_bus_message *m = NULL;
    return sd.message_new_method_call(talk->bus, &m, MANAGER, path, interface, method) < 0 ? NULL : m;
}

bool bus_ask(struct talk *talk, sd_bus_message *m, sd_bus_message **ret_reply, struct err *err)
{
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message *reply = NULL;
    const int64_t left = talk->deadline - now_ms();
    if (m == NULL)
        return err_set(err, "no memory for a D-Bus message");
    const int r = sd.call(talk->bus, m, left > 0 ? (uint64_t)left * 1000 : 1, &error, &reply);
    sd.message_unref(m);
    if (r < 0) {
        err_set(err, "systemd says: %s", error.message != NULL ? error.message : strerror(-r));
        sd.error_free(&error);
        return false;
    }
    if (ret_reply != NULL)
        *ret_reply = reply;
    else
        sd.message_unref(reply);
    return true;
}

static sd_bus_message *property(struct talk *talk, const char *path, const char *interface, const char *name)
{
    sd_bus_message *m = bus_message(talk, path, "org.freedesktop.DBus.Properties", "Get");
    if (m != NULL)
        sd.message_append(m, "ss", interface, name);
    return m;
}

bool bus_text(struct talk *talk, const char *path, const char *interface, const char *name,
              const char **ret_text, struct err *err)
{
    sd_bus_message *reply;
    const char *text;
    if (!bus_ask(talk, property(talk, path, interface, name), &reply, err))
        return false;
    const bool ok = sd.message_read(reply, "v", "s", &text) >= 0;
    if (ok)
        *ret_text = arena_string(text);
    sd.message_unref(reply);
    return ok || err_set(err, "%s of %s is no text", name, path);
}

bool bus_flag(struct talk *talk, const char *path, const char *interface, const char *name, bool *ret_flag,
              struct err *err)
{
    sd_bus_message *reply;
    int flag;
    if (!bus_ask(talk, property(talk, path, interface, name), &reply, err))
        return false;
    const bool ok = sd.message_read(reply, "v", "b", &flag) >= 0;
    if (ok)
        *ret_flag = flag != 0;
    sd.message_unref(reply);
    return ok || err_set(err, "%s of %s is no truth value", name, path);
}

int bus_await_job(struct talk *talk, int64_t time)
{
    return handle_until(talk, time, job_ended);
}

void bus_let_pass(struct talk *talk, int64_t time)
{
    handle_until(talk, time, never);
}
