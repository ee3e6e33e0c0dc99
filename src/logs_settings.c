/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where the daemons log; see logs_settings.h. Sources: maillog_file of postconf(5); log_path and its like of
 * doc.dovecot.org, which have had the same names since 1.0.
 *
 * Dovecot's files are read as they stand, so that a configuration that it refuses tells where it said so; it
 * is asked itself only about a value with variables in it, and about all of them when its files cannot be
 * read here. One that is set for a protocol alone ("protocol lda { log_path = ... }") is a log, too.
 *
 * Limits: a path with variables of a user (%, ~) is another file for each of them, and none of these is read.
 */
#include "logs_settings.h"

#include "dovecot.h"

#include <string.h>

static const char *const PATHS[] = {"log_path", "info_log_path", "debug_log_path"};
static const char FACILITY[] = "syslog_facility";

static void add_once(struct strings *list, const char *text)
{
    if (!strings_have(list, text))
        strings_add(list, text);
}

/* ---- Dovecot ---- */

static void add_path(struct log_settings *settings, const char *path, const char *value)
{
    if (value == NULL || value[0] != '/' || strchr(value, '%') != NULL)
        return;
    add_once(&settings->dovecot, value);
    if (strcmp(path, PATHS[0]) == 0)
        settings->dovecot_errors = value;
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* A later setting of the same path is the one that counts. */
static bool is_overridden(const struct dovecot_conf *conf, size_t at)
{
    const struct dovecot_entry *entry = &conf->entry[at];
    for (size_t i = at + 1; i < conf->n; i++)
        if (conf->entry[i].alone == entry->alone && strcmp(conf->entry[i].path, entry->path) == 0 &&
            strcmp(conf->entry[i].node->label, "setting") == 0)
            return true;
    return false;
}

static void read_dovecot(struct facts *facts, const struct dovecot_conf *conf, struct log_settings *settings)
{
    for (size_t i = 0; i < conf->n; i++) {
        const struct dovecot_entry *entry = &conf->entry[i];
        const char *name = last_part(entry->path);
        bool facility = strcmp(entry->path, FACILITY) == 0, path = false;
        for (size_t k = 0; k < COUNT(PATHS); k++)
            path |= strcmp(name, PATHS[k]) == 0;
        if ((!path && !facility) || strcmp(entry->node->label, "setting") != 0 || is_overridden(conf, i))
            continue;
        const char *value = dovecot_is_literal(entry->node)
                                ? dovecot_value(entry->node)
                                : facts_get(facts, arena_printf("dovecot.value.%s", entry->path));
        if (path)
            add_path(settings, entry->path, value);
        else if (value != NULL)
            add_once(&settings->facilities, value);
    }
}

static void ask_dovecot(struct facts *facts, struct log_settings *settings)
{
    for (size_t i = 0; i < COUNT(PATHS); i++)
        add_path(settings, PATHS[i], facts_get(facts, arena_printf("dovecot.value.%s", PATHS[i])));
    const char *facility = facts_get(facts, arena_printf("dovecot.value.%s", FACILITY));
    if (facility != NULL)
        add_once(&settings->facilities, facility);
}

/* ---- all ---- */

static const char *of_postfix(struct docs *docs, const char *name)
{
    const struct doc *main_cf;
    struct err ignored;
    const char *value = NULL;
    if (docs_get(docs, "main.cf", &main_cf, &ignored))
        value = facts_value(docs->facts, main_cf, name, NULL);
    return value != NULL ? value : "";
}

void log_settings(struct docs *docs, struct log_settings *ret_settings)
{
    struct log_settings settings = {
        .maillog_file = of_postfix(docs, "maillog_file"), .rotate_suffix = "", .dovecot_errors = ""};
    const char *facility = of_postfix(docs, FACILITY);
    struct dovecot_conf conf;
    struct err ignored;
    strings_add(&settings.facilities, "mail");
    if (settings.maillog_file[0] != '\0')
        settings.rotate_suffix = of_postfix(docs, "maillog_file_rotate_suffix");
    if (facility[0] != '\0')
        add_once(&settings.facilities, facility);
    if (docs_dovecot(docs, &conf, &ignored))
        read_dovecot(docs->facts, &conf, &settings);
    else if (facts_installed(docs->facts, "dovecot") != FAILS)
        ask_dovecot(docs->facts, &settings);
    *ret_settings = settings;
}
