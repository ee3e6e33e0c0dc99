/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The nouns of dovecot.conf and of the files that it includes: setting, section, effective.
 *
 * Limits: what is in effect is the last line of a path. A section that does not merge with others (passdb,
 * userdb, namespace without a name) counts by itself. Where a value holds $variables or is read from a file,
 * what is effective is asked of doveconf, and so is true of the files on disk only.
 */
#include "place_private.h"

#include "dovecot.h"
#include "postfix.h"

#include <string.h>

static bool is_setting(const struct dovecot_entry *entry)
{
    return strcmp(entry->node->label, "setting") == 0;
}

const struct dovecot_entry *place_dovecot_setting(const struct dovecot_entry *entry, size_t n,
                                                  const char *path, const struct node *alone)
{
    for (size_t i = n; i > 0; i--)
        if (is_setting(&entry[i - 1]) && entry[i - 1].alone == alone && strcmp(entry[i - 1].path, path) == 0)
            return &entry[i - 1];
    return NULL;
}

struct span place_dovecot_bytes(const struct node *setting)
{
    struct span bytes = place_value_bytes(setting);
    const struct node *heredoc = node_child(setting, "heredoc");
    if (heredoc != NULL)
        bytes.end = heredoc->text.end;
    return bytes;
}

static bool fits(const struct finder *f, const struct dovecot_entry *entry, size_t n, size_t at)
{
    const char *label = f->place->noun == NOUN_SECTION ? "section"
                        : f->place->commented          ? "commented"
                                                       : "setting";
    const struct dovecot_entry *e = &entry[at];
    if (strcmp(e->node->label, label) != 0 || !place_wanted(&f->names, e->path))
        return false;
    return strcmp(label, "setting") != 0 ||
           (place_dovecot_setting(entry, n, e->path, e->alone) == e) != f->place->shadowed;
}

static void find_lines(struct finder *f, const struct dovecot_entry *entry, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!fits(f, entry, n, i))
            continue;
        struct row row = place_row(entry[i].doc, entry[i].node);
        row.name = entry[i].path;
        row.value = f->place->noun == NOUN_SECTION ? "" : dovecot_value(entry[i].node);
        row.bytes = place_dovecot_bytes(entry[i].node);
        place_offer(f, &row);
    }
}

const char *place_dovecot_effective(struct context *ctx, const struct dovecot_entry *entry, size_t n,
                                    const char *path, const struct dovecot_entry **ret_entry)
{
    const struct dovecot_entry *set = place_dovecot_setting(entry, n, path, NULL);
    const char *value = set != NULL ? dovecot_value(set->node) : NULL;
    *ret_entry = set;
    if (value == NULL || !dovecot_is_literal(set->node))
        value = facts_get(context_facts(ctx), arena_printf("dovecot.value.%s", path));
    const char *otherwise = dovecot_default_of(path);
    if (value == NULL || otherwise == NULL || !dovecot_is_unset(value))
        return value;
    return place_dovecot_effective(ctx, entry, n, otherwise, ret_entry);
}

static void find_effective(struct finder *f, const struct dovecot_entry *entry, size_t n)
{
    for (size_t i = 0; i < f->names.n; i++) {
        const struct dovecot_entry *set;
        const char *value = place_dovecot_effective(f->ctx, entry, n, f->names.item[i], &set);
        if (value == NULL) {
            f->unknown = true;
            f->ctx->missing = arena_printf("dovecot.value.%s", f->names.item[i]);
            continue;
        }
        struct row row = set != NULL ? place_row(set->doc, set->node) : (struct row){0};
        row.name = f->names.item[i];
        row.value = value;
        place_offer(f, &row);
    }
}

bool place_dovecot(struct finder *f, struct err *err)
{
    struct dovecot_conf conf;
    if (!docs_dovecot(f->ctx->docs, &conf, err))
        return false;
    if (f->place->noun == NOUN_DOVECOT_EFFECTIVE)
        find_effective(f, conf.entry, conf.n);
    else
        find_lines(f, conf.entry, conf.n);
    return true;
}
