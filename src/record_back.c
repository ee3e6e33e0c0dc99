/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * back.json: how a transaction is rolled back. It is on disk before the state says "undoing", so that
 * a rollback that was cut off goes on to the same text; and it says how the changes of later transactions
 * stand in a text without this one.
 *
 * Limits: a rollback that a mailfix of before this file made has none; it led to the text from before.
 */
#include "record_private.h"

#include <string.h>

/* ---- writing ---- */

static json_t *json_later(const struct rebased *r)
{
    return json_pack("{s:i, s:o, s:s, s:s, s:o}", "transaction", (int)r->number, "path",
                     record_json_bytes(r->target.path, strlen(r->target.path)), "before",
                     record_json_digest(r->target.before), "after", record_json_digest(r->target.after),
                     "hunks", record_json_hunks(&r->target));
}

const char *record_format_back(const struct back *back, size_t *ret_len)
{
    record_json_begin();
    json_t *targets = json_array(), *later = json_array();
    for (size_t i = 0; i < back->n_target; i++)
        json_array_append_new(targets,
                              json_pack("{s:s, s:s, s:b}", "from", record_json_digest(back->target[i].from),
                                        "to", record_json_digest(back->target[i].to), "edited",
                                        (int)back->target[i].edited));
    for (size_t i = 0; i < back->n_later; i++)
        json_array_append_new(later, json_later(&back->later[i]));
    json_t *all = json_pack("{s:i, s:i, s:o, s:o}", "version", 1, "order", (int)back->order, "targets",
                            targets, "later", later);
    record_json_text(all, "who", back->who);
    record_json_text(all, "reason", back->reason);
    return record_json_text_of(all, ret_len);
}

/* ---- reading ---- */

static bool read_target(const json_t *item, struct back *back)
{
    struct back_target target = {.edited = json_is_true(json_object_get(item, "edited"))};
    if (!record_read_digest(json_object_get(item, "from"), target.from) ||
        !record_read_digest(json_object_get(item, "to"), target.to))
        return false;
    back->target = arena_append(back->target, &back->n_target, sizeof(target), &target);
    return true;
}

static bool read_later(const json_t *item, struct back *back)
{
    const json_t *number = json_object_get(item, "transaction");
    struct rebased later = {.number = (unsigned)json_integer_value(number)};
    size_t len;
    later.target.path = record_bytes_of(json_object_get(item, "path"), &len);
    if (!json_is_integer(number) || later.target.path == NULL ||
        !record_read_digest(json_object_get(item, "before"), later.target.before) ||
        !record_read_digest(json_object_get(item, "after"), later.target.after) ||
        !record_read_hunks(json_object_get(item, "hunks"), &later.target))
        return false;
    back->later = arena_append(back->later, &back->n_later, sizeof(later), &later);
    return true;
}

static bool read_each(const json_t *array, bool (*read)(const json_t *item, struct back *back),
                      struct back *back)
{
    size_t i;
    json_t *item;
    json_array_foreach(array, i, item) if (!read(item, back)) return false;
    return json_is_array(array);
}

bool record_parse_back(const char *text, size_t len, const struct record *record, struct back **ret_back,
                       struct err *err)
{
    json_t *all = record_json_load("back.json", text, len, err);
    return all != NULL && record_take_back(all, record, ret_back, err);
}

bool record_take_back(json_t *all, const struct record *record, struct back **ret_back, struct err *err)
{
    struct back *back = arena_alloc(sizeof(*back));
    json_int_t order = json_integer_value(json_object_get(all, "order"));
    bool ok = json_integer_value(json_object_get(all, "version")) == 1 && order > 0 &&
              read_each(json_object_get(all, "targets"), read_target, back) &&
              read_each(json_object_get(all, "later"), read_later, back) &&
              back->n_target == record->n_target;
    size_t text_len;
    back->order = (unsigned)order;
    back->who = record_bytes_of(json_object_get(all, "who"), &text_len);
    back->reason = record_bytes_of(json_object_get(all, "reason"), &text_len);
    json_decref(all);
    if (!ok)
        return err_set(err, "back.json is not of a form that this mailfix knows");
    *ret_back = back;
    return true;
}

/* ---- what a rollback means for the others ---- */

static void rebase_target(struct record *record, size_t n, const struct rebased *later)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < record[i].n_target && record[i].number == later->number; k++) {
            struct target *target = &record[i].target[k];
            if (strcmp(target->path, later->target.path) != 0)
                continue;
            const struct target *written = target->written;
            if (written == NULL) {
                struct target *copy = arena_alloc(sizeof(*copy));
                *copy = *target;
                written = copy;
            }
            const char *document = target->document;
            *target = later->target;
            target->document = document;
            target->written = written;
        }
}

void record_rebase(struct record *record, size_t n)
{
    for (unsigned done = 0;;) {
        const struct back *next = NULL;
        for (size_t i = 0; i < n; i++) {
            const struct back *back = record[i].back;
            if (back != NULL && back->order > done && (next == NULL || back->order < next->order))
                next = back;
        }
        if (next == NULL)
            return;
        for (size_t i = 0; i < next->n_later; i++)
            rebase_target(record, n, &next->later[i]);
        done = next->order;
    }
}
