/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The backend systemd: jobs over D-Bus.
 *
 * A job: watch JobRemoved first, then ask for RestartUnit (ReloadUnit, StartUnit, StopUnit) with mode
 * "replace", wait for JobRemoved of the path that came back, want "done", then look at ActiveState. Without
 * the signal an answer would only say that the job is queued.
 *
 * Limits: a job that is not finished at the limit is left to systemd; the next one replaces it. Enabling does
 * what the unit's [Install] says; it does not also set the links of an init script of the same name, as
 * Debian's systemctl does.
 */
#include "service_backend.h"

#include "config.h"

#include <errno.h>
#include <string.h>

/* ---- words of systemd ---- */

enum answer service_active_answer(const char *active_state)
{
    static const char *const runs[] = {"active", "reloading", "activating", "refreshing"};
    for (size_t i = 0; i < COUNT(runs); i++)
        if (strcmp(active_state, runs[i]) == 0)
            return YES;
    return NO; /* inactive failed deactivating maintenance */
}

bool service_is_changing(const char *active_state)
{
    return strcmp(active_state, "activating") == 0 || strcmp(active_state, "deactivating") == 0;
}

enum answer service_unit_file_answer(const char *unit_file_state)
{
    static const struct {
        const char *word;
        enum answer answer;
    } words[] = {
        {"enabled", YES}, {"enabled-runtime", YES}, {"disabled", NO},       {"masked", NO},
        {"linked", NO},   {"linked-runtime", NO},   {"masked-runtime", NO},
    };
    for (size_t i = 0; i < COUNT(words); i++)
        if (strcmp(unit_file_state, words[i].word) == 0)
            return words[i].answer;
    return UNKNOWN; /* static, indirect, generated, alias, transient, bad, "": other things start it, or
                       nothing */
}

static const char *plain_command(const struct daemon *daemon, enum verb verb)
{
    return arena_printf("systemctl %s %s", service_verb[verb], daemon->unit[0]);
}

#if HAVE_LIBSYSTEMD

#include "service_bus.h"

#define SETTLE_MS 700 /* a unit of Type=simple is "started" before its program has read its configuration */

/* ---- units ---- */

struct unit {
    const char *name;
    const char *path;
    bool loaded; /* also when masked: it is there, and systemd's own words say why it does not start */
};

static bool load_unit(struct talk *talk, const char *name, struct unit *ret_unit, struct err *err)
{
    sd_bus_message *m = bus_message(talk, MANAGER_PATH, MANAGER_INTERFACE, "LoadUnit"), *reply;
    const char *path, *state;
    if (m != NULL)
        sd.message_append(m, "s", name);
    if (!bus_ask(talk, m, &reply, err))
        return false;
    const bool ok = sd.message_read(reply, "o", &path) >= 0;
    struct unit unit = {.name = name, .path = ok ? arena_string(path) : NULL};
    sd.message_unref(reply);
    if (!ok)
        return err_set(err, "systemd gave no path for %s", name);
    if (!bus_text(talk, unit.path, UNIT_INTERFACE, "LoadState", &state, err))
        return false;
    unit.loaded = strcmp(state, "not-found") != 0;
    *ret_unit = unit;
    return true;
}

/* The units of a daemon on this host. */
struct units {
    struct unit boot;    /* the one that is enabled */
    struct unit real;    /* the one whose process is the daemon: its jobs and its state count */
    struct unit also[2]; /* follow at start and stop */
    size_t n_also;
    struct unit
        companion; /* one of also; follows at enable and disable; its path is NULL when there is none */
};

/* Debian 11 and 12: postfix.service runs /bin/true and always succeeds, the daemon is the instance "-" of the
 * template. Elsewhere a template, if there is one, is for further instances, and postfix.service is the
 * daemon. */
static bool find_real(struct talk *talk, const struct daemon *daemon, struct units *units, struct err *err)
{
    const char *type;
    struct unit instance;
    units->real = units->boot;
    if (daemon->instance == NULL)
        return true;
    if (!bus_text(talk, units->boot.path, SERVICE_INTERFACE, "Type", &type, err))
        return false;
    if (strcmp(type, "oneshot") != 0)
        return true;
    if (!load_unit(talk, daemon->instance, &instance, err))
        return false;
    if (instance.loaded) {
        units->real = instance;
        /* It is PartOf the wrapper, and `systemctl start` of a wrapper that is still active would do nothing.
         */
        units->also[units->n_also++] = units->boot;
    }
    return true;
}

static bool find_units(struct talk *talk, const struct daemon *daemon, struct units *ret_units,
                       struct err *err)
{
    struct units units = {0};
    for (size_t i = 0; i < COUNT(daemon->unit) && daemon->unit[i] != NULL && !units.boot.loaded; i++)
        if (!load_unit(talk, daemon->unit[i], &units.boot, err))
            return false;
    if (!units.boot.loaded)
        return err_set(err, "systemd knows no %s", daemon->unit[0]);
    if (!find_real(talk, daemon, &units, err))
        return false;
    if (daemon->companion != NULL) {
        struct unit companion;
        if (!load_unit(talk, daemon->companion, &companion, err))
            return false;
        if (companion.loaded)
            units.also[units.n_also++] = units.companion = companion;
    }
    *ret_units = units;
    return true;
}

/* ---- jobs ---- */

/* Start and stop reach all units of a daemon, reload and restart only the one whose process it is. */
static bool reaches_all(enum verb verb)
{
    return verb == DO_START || verb == DO_STOP;
}

static int job_removed(sd_bus_message *m, void *arg, sd_bus_error *error)
{
    struct talk *talk = arg;
    uint32_t id;
    const char *job, *unit, *result;
    (void)error;
    if (sd.message_read(m, "uoss", &id, &job, &unit, &result) >= 0 && talk->job != NULL &&
        strcmp(job, talk->job) == 0)
        snprintf(talk->result, sizeof(talk->result), "%s", result);
    return 0;
}

/* The match must stand before the job is asked for: a short job is removed before its path has come back.
 * What arrives meanwhile waits in the queue of the connection until handle_until. */
static bool watch_jobs(struct talk *talk, struct err *err)
{
    const int r = sd.match_signal(talk->bus, NULL, MANAGER, MANAGER_PATH, MANAGER_INTERFACE, "JobRemoved",
                                  job_removed, talk);
    if (r < 0)
        return err_set(err, "cannot watch systemd's jobs: %s", strerror(-r));
    return bus_ask(talk, bus_message(talk, MANAGER_PATH, MANAGER_INTERFACE, "Subscribe"), NULL, err);
}

/* Several starts within ten seconds, as a restart and its undo are, would else be refused by the start limit.
 */
static void forget_failures(struct talk *talk, const struct unit *unit)
{
    struct err not_loaded; /* then there is nothing to forget */
    sd_bus_message *m = bus_message(talk, MANAGER_PATH, MANAGER_INTERFACE, "ResetFailedUnit");
    if (m != NULL)
        sd.message_append(m, "s", unit->name);
    (void)!bus_ask(talk, m, NULL, &not_loaded);
}

static bool queue_job(struct talk *talk, enum verb verb, const struct unit *unit, struct err *err)
{
    static const char *const method[] = {
        [DO_RELOAD] = "ReloadUnit",
        [DO_RESTART] = "RestartUnit",
        [DO_START] = "StartUnit",
        [DO_STOP] = "StopUnit",
    };
    sd_bus_message *m = bus_message(talk, MANAGER_PATH, MANAGER_INTERFACE, method[verb]), *reply;
    const char *job;
    if (m != NULL)
        sd.message_append(m, "ss", unit->name, "replace");
    if (!bus_ask(talk, m, &reply, err))
        return false;
    const bool ok = sd.message_read(reply, "o", &job) >= 0;
    talk->job = ok ? arena_string(job) : NULL;
    talk->result[0] = '\0';
    sd.message_unref(reply);
    return ok || err_set(err, "systemd gave no job for %s", unit->name);
}

static bool is_as_wanted(enum verb verb, const char *state)
{
    if (verb == DO_STOP) /* failed: it does not run either, and stopping it does not change that word */
        return strcmp(state, "inactive") == 0 || strcmp(state, "failed") == 0;
    return strcmp(state, "active") == 0;
}

/* The state after a job, when it no longer changes by itself. */
static bool state_after(struct talk *talk, enum verb verb, const struct unit *unit, const char **ret_state,
                        struct err *err)
{
    const char *type;
    if (!bus_text(talk, unit->path, SERVICE_INTERFACE, "Type", &type, err) ||
        !bus_text(talk, unit->path, UNIT_INTERFACE, "ActiveState", ret_state, err))
        return false;
    const bool early = strcmp(type, "simple") == 0 || strcmp(type, "exec") == 0 || strcmp(type, "idle") == 0;
    if (ends_with(*ret_state, "active") && (!early || verb == DO_STOP)) /* active, inactive */
        return true;
    bus_let_pass(talk, now_ms() + SETTLE_MS);
    return bus_text(talk, unit->path, UNIT_INTERFACE, "ActiveState", ret_state, err);
}

static bool run_job(struct talk *talk, enum verb verb, const struct unit *unit, struct err *err)
{
    const int64_t start = now_ms(), deadline = talk->deadline;
    const char *state = "unknown";
    struct err later;
    if (verb == DO_START || verb == DO_RESTART)
        forget_failures(talk, unit);
    if (!queue_job(talk, verb, unit, err))
        return err_prefix(err, "%s", unit->name);
    const int r = bus_await_job(talk, deadline);
    if (r < 0)
        return err_set(err, "%s: the connection to systemd broke while waiting: %s", unit->name,
                       strerror(-r));
    talk->deadline = now_ms() + BUS_ASK_MS; /* the job is over or given up; its state is asked in any case */
    const bool asked = r == 0 ? bus_text(talk, unit->path, UNIT_INTERFACE, "ActiveState", &state, &later)
                              : state_after(talk, verb, unit, &state, &later);
    if (!asked)
        say_more("%s: %s", unit->name, later.text);
    talk->deadline = deadline;
    if (r == 0)
        return err_set(err, "%s: not finished after %lld s, state %s; look at it with: systemctl status %s",
                       unit->name, (long long)(now_ms() - start + 500) / 1000, state, unit->name);
    if (strcmp(talk->result, "done") == 0 && is_as_wanted(verb, state))
        return true;
    return err_set(err, "%s: result %s, state %s; look at it with: systemctl status %s", unit->name,
                   talk->result, state, unit->name);
}

static bool run_jobs(struct talk *talk, enum verb verb, const struct units *units, struct err *err)
{
    if (verb == DO_RELOAD) {
        bool can = false;
        if (!bus_flag(talk, units->real.path, UNIT_INTERFACE, "CanReload", &can, err))
            return false;
        if (!can) {
            say_more("%s cannot reload; restarting it instead", units->real.name);
            verb = DO_RESTART;
        }
    }
    if (!watch_jobs(talk, err) || !run_job(talk, verb, &units->real, err))
        return false;
    for (size_t i = 0; i < units->n_also && reaches_all(verb); i++)
        if (!run_job(talk, verb, &units->also[i], err))
            return false;
    return true;
}

/* ---- start at boot ---- */

static bool enabled(struct talk *talk, const struct daemon *daemon, const struct units *units,
                    enum answer *ret_enabled, struct err *err)
{
    const char *state;
    if (!bus_text(talk, units->boot.path, UNIT_INTERFACE, "UnitFileState", &state, err))
        return false;
    /* Made from an init script at each boot: the links of that script decide. */
    *ret_enabled = strcmp(state, "generated") == 0 ? service_boot(daemon) : service_unit_file_answer(state);
    return true;
}

static bool set_unit_files(struct talk *talk, bool on, const struct units *units, struct err *err)
{
    sd_bus_message *m =
        bus_message(talk, MANAGER_PATH, MANAGER_INTERFACE, on ? "EnableUnitFiles" : "DisableUnitFiles");
    const char *companion = units->companion.name;
    if (m != NULL) {
        /* names, not only for this boot, and for enabling: no force over links to something else */
        if (companion == NULL)
            sd.message_append(m, "as", 1, units->boot.name);
        else
            sd.message_append(m, "as", 2, units->boot.name, companion);
        sd.message_append(m, "b", 0);
        if (on)
            sd.message_append(m, "b", 0);
    }
    return bus_ask(talk, m, NULL, err);
}

/* Both units, the companion's as well. */
static bool boot_is(struct talk *talk, const struct daemon *daemon, enum answer wanted,
                    const struct units *units, struct err *err)
{
    const char *state;
    enum answer now;
    if (!enabled(talk, daemon, units, &now, err) || now != wanted)
        return false;
    return units->companion.name == NULL ||
           (bus_text(talk, units->companion.path, UNIT_INTERFACE, "UnitFileState", &state, err) &&
            service_unit_file_answer(state) == wanted);
}

/* What is so already stays untouched: systemd would write a link anew that leads to another directory's unit,
 * and nobody would put that back. */
static bool set_boot(struct talk *talk, const struct daemon *daemon, bool on, const struct units *units,
                     struct err *err)
{
    const char *state;
    enum answer now;
    struct err ignored;
    if (boot_is(talk, daemon, on ? YES : NO, units, &ignored))
        return true;
    if (!bus_text(talk, units->boot.path, UNIT_INTERFACE, "UnitFileState", &state, err))
        return false;
    const int64_t left = talk->deadline - now_ms();
    const bool done = strcmp(state, "generated") == 0
                          ? service_boot_set(daemon, on, left > 0 ? (int)left : 1, err)
                          : set_unit_files(talk, on, units, err);
    /* Without the reload the manager answers with what it read before. */
    if (!done || !bus_ask(talk, bus_message(talk, MANAGER_PATH, MANAGER_INTERFACE, "Reload"), NULL, err) ||
        !enabled(talk, daemon, units, &now, err))
        return false;
    return now == (on ? YES : NO) ||
           err_set(err,
                   "systemd took it, but %s, which was %s, does not count as %sd; look at it with: systemctl "
                   "is-enabled %s",
                   units->boot.name, state, service_verb[on ? DO_ENABLE : DO_DISABLE], units->boot.name);
}

/* ---- the backend ---- */

static bool systemd_state(const struct daemon *daemon, struct service_state *ret_state, struct err *err)
{
    __attribute__((cleanup(bus_hang_up))) struct talk talk = {0};
    struct units units;
    const char *active;
    if (!bus_call_up(&talk, BUS_ASK_MS, err) || !find_units(&talk, daemon, &units, err) ||
        !bus_text(&talk, units.real.path, UNIT_INTERFACE, "ActiveState", &active, err) ||
        !enabled(&talk, daemon, &units, &ret_state->enabled, err))
        return false;
    ret_state->active = service_active_answer(active);
    ret_state->changing = service_is_changing(active);
    return true;
}

static bool systemd_act(const struct daemon *daemon, enum verb verb, int limit_ms, struct err *err)
{
    __attribute__((cleanup(bus_hang_up))) struct talk talk = {0};
    struct units units;
    if (!bus_call_up(&talk, limit_ms, err) || !find_units(&talk, daemon, &units, err))
        return false;
    if (verb == DO_ENABLE || verb == DO_DISABLE)
        return set_boot(&talk, daemon, verb == DO_ENABLE, &units, err);
    return run_jobs(&talk, verb, &units, err);
}

static const char *systemd_command(const struct daemon *daemon, enum verb verb, const char *root)
{
    __attribute__((cleanup(bus_hang_up))) struct talk talk = {0};
    struct units units;
    struct err ignored;
    if (root == NULL || *root != '\0' || !bus_call_up(&talk, BUS_ASK_MS, &ignored) ||
        !find_units(&talk, daemon, &units, &ignored))
        return plain_command(daemon, verb);
    struct strings words = strings_split("systemctl", " ");
    strings_add(&words, service_verb[verb]);
    if (verb == DO_ENABLE || verb == DO_DISABLE) {
        strings_add(&words, units.boot.name);
        if (units.companion.name != NULL)
            strings_add(&words, units.companion.name);
        return strings_join(&words, " ");
    }
    strings_add(&words, units.real.name);
    for (size_t i = 0; i < units.n_also && reaches_all(verb); i++)
        strings_add(&words, units.also[i].name);
    return strings_join(&words, " ");
}

#else /* without libsystemd */

static bool cannot(struct err *err)
{
    return err_set(err,
                   "systemd runs here, and this mailfix was built without libsystemd and cannot talk to it");
}

static bool systemd_state(const struct daemon *daemon, struct service_state *ret_state, struct err *err)
{
    (void)daemon;
    (void)ret_state;
    return cannot(err);
}

static bool systemd_act(const struct daemon *daemon, enum verb verb, int limit_ms, struct err *err)
{
    (void)daemon;
    (void)verb;
    (void)limit_ms;
    return cannot(err);
}

static const char *systemd_command(const struct daemon *daemon, enum verb verb, const char *root)
{
    (void)root;
    return plain_command(daemon, verb);
}

#endif

const struct service_ops service_systemd = {INIT_SYSTEMD, systemd_state, systemd_act, systemd_command};
