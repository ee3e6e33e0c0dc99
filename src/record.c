/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Records on disk; see record.h.
 *
 * Limits: a record of more than RECORD_LIMIT bytes is neither written nor read.
 */
#include "hunk.h"
#include "postfix_table.h"
#include "record_private.h"
#include "tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const STATES[] = {N_("applying"), N_("kept"), N_("undoing"), N_("undone"), N_("stuck")};

const char *txn_state_name(enum txn_state state)
{
    return STATES[state];
}

bool record_is_half_way(const struct record *record)
{
    return record->state == TXN_APPLYING || record->state == TXN_UNDOING;
}

const struct target *record_written(const struct target *target)
{
    return target->written != NULL ? target->written : target;
}

const char *record_after(const struct target *target, const char *before, size_t len, size_t *ret_len)
{
    char digest[DIGEST_HEX + 1];
    if (!hunk_fit(before, len, target->hunk, target->old, target->n_hunk))
        return NULL;
    const char *after = hunk_splice(before, len, target->hunk, target->n_hunk, ret_len);
    digest_hex(after, *ret_len, digest);
    return strcmp(digest, target->after) == 0 ? after : NULL;
}

void record_state_bytes(enum txn_state state, char ret_bytes[STATE_LEN + 1])
{
    snprintf(ret_bytes, STATE_LEN + 1, "%-*s\n", STATE_LEN - 1, STATES[state]);
}

/* ---- writing ---- */

static json_t *json_strings(const struct strings *list)
{
    json_t *array = json_array();
    for (size_t i = 0; i < list->n; i++)
        json_array_append_new(array, record_json_bytes(list->item[i], strlen(list->item[i])));
    return array;
}

static json_t *json_target(const struct target *target)
{
    return json_pack("{s:s, s:o, s:s, s:s, s:o}", "document", target->document, "path",
                     record_json_bytes(target->path, strlen(target->path)), "before",
                     record_json_digest(target->before), "after", record_json_digest(target->after), "hunks",
                     record_json_hunks(target));
}

static const char *const ANSWERS[] = {[NO] = "no", [YES] = "yes", [UNKNOWN] = "unknown"};

const char *record_format(const struct record *record, size_t *ret_len)
{
    record_json_begin();
    json_t *targets = json_array(), *services = json_array(), *actions = json_array();
    for (size_t i = 0; i < record->n_target; i++)
        json_array_append_new(targets, json_target(&record->target[i]));
    for (size_t i = 0; i < record->n_service; i++)
        json_array_append_new(services, json_pack("{s:s, s:s, s:s}", "daemon", record->service[i].daemon,
                                                  "active", ANSWERS[record->service[i].active], "enabled",
                                                  ANSWERS[record->service[i].enabled]));
    for (size_t i = 0; i < record->n_action; i++)
        json_array_append_new(actions, json_pack("{s:s, s:s}", "verb", service_verb[record->action[i].verb],
                                                 "daemon", record->action[i].daemon));
    json_t *all = json_pack(
        "{s:i, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "version", 1, "time", (json_int_t)record->time,
        "who", record_json_bytes(record->who, strlen(record->who)), "fixes", json_strings(&record->fixes),
        "params", json_strings(&record->params), "targets", targets, "services", services, "actions", actions,
        "byproducts", json_strings(&record->byproduct));
    record_json_text(all, "reason", record->reason);
    return record_json_text_of(all, ret_len);
}

/* ---- reading ---- */

static bool read_strings(const json_t *array, struct strings *ret)
{
    size_t i, len;
    json_t *item;
    json_array_foreach(array, i, item)
    {
        const char *text = record_bytes_of(item, &len);
        if (text == NULL)
            return false;
        strings_add(ret, text);
    }
    return json_is_array(array);
}

/* A target is a document of the catalogue under its own name; where it is is resolved again when it is used.
 */
static bool read_target(const json_t *item, struct record *record)
{
    struct target target = {0};
    enum lens lens;
    size_t len;
    const char *document = json_string_value(json_object_get(item, "document"));
    if (document != NULL && (tree_lens_of_document(document, &lens) || strcmp(document, RECORD_INDEX) == 0))
        target.document = arena_string(document);
    target.path = record_bytes_of(json_object_get(item, "path"), &len);
    if (target.document == NULL || target.path == NULL || target.path[0] != '/' ||
        !record_read_digest(json_object_get(item, "before"), target.before) ||
        !record_read_digest(json_object_get(item, "after"), target.after) || target.after[0] == '\0' ||
        !record_read_hunks(json_object_get(item, "hunks"), &target))
        return false;
    record->target = arena_append(record->target, &record->n_target, sizeof(target), &target);
    return true;
}

static int word_index(const char *const words[], size_t n, const char *word)
{
    for (size_t i = 0; i < n && word != NULL; i++)
        if (strcmp(words[i], word) == 0)
            return (int)i;
    return -1;
}

static bool read_service(const json_t *item, struct record *record)
{
    const char *daemon = json_string_value(json_object_get(item, "daemon"));
    int active = word_index(ANSWERS, COUNT(ANSWERS), json_string_value(json_object_get(item, "active")));
    int enabled = word_index(ANSWERS, COUNT(ANSWERS), json_string_value(json_object_get(item, "enabled")));
    if (daemon == NULL || !service_known(daemon) || active < 0 || enabled < 0)
        return false;
    struct service_state state = {
        .daemon = arena_string(daemon), .active = (enum answer)active, .enabled = (enum answer)enabled};
    record->service = arena_append(record->service, &record->n_service, sizeof(state), &state);
    return true;
}

static bool read_action(const json_t *item, struct record *record)
{
    const char *daemon = json_string_value(json_object_get(item, "daemon"));
    int verb = word_index(service_verb, N_VERBS, json_string_value(json_object_get(item, "verb")));
    if (daemon == NULL || !service_known(daemon) || verb < 0)
        return false;
    struct action action = {(enum verb)verb, arena_string(daemon)};
    record->action = arena_append(record->action, &record->n_action, sizeof(action), &action);
    return true;
}

static bool read_each(const json_t *array, bool (*read)(const json_t *item, struct record *record),
                      struct record *record)
{
    size_t i;
    json_t *item;
    json_array_foreach(array, i, item) if (!read(item, record)) return false;
    return json_is_array(array);
}

/* What the record says; lets go of it. */
static bool take(json_t *all, struct record *record, struct err *err)
{
    size_t who_len;
    const char *who = record_bytes_of(json_object_get(all, "who"), &who_len);
    bool ok = json_integer_value(json_object_get(all, "version")) == 1 && who != NULL &&
              read_strings(json_object_get(all, "fixes"), &record->fixes) &&
              read_strings(json_object_get(all, "params"), &record->params) &&
              read_each(json_object_get(all, "targets"), read_target, record) &&
              read_each(json_object_get(all, "services"), read_service, record) &&
              read_each(json_object_get(all, "actions"), read_action, record) &&
              read_strings(json_object_get(all, "byproducts"), &record->byproduct);
    record->time = (time_t)json_integer_value(json_object_get(all, "time"));
    record->who = who != NULL ? who : "";
    record->reason = record_bytes_of(json_object_get(all, "reason"), &who_len);
    json_decref(all);
    return ok ? true : err_set(err, "plan.json is not of a form that this mailfix knows");
}

bool record_parse(const char *text, size_t len, struct record *record, struct err *err)
{
    json_t *all = record_json_load("plan.json", text, len, err);
    return all != NULL && take(all, record, err);
}

static bool read_state(const char *text, enum txn_state *ret_state)
{
    for (size_t i = 0; i < COUNT(STATES); i++)
        if (starts_with(text, STATES[i]) && text[strlen(STATES[i])] <= ' ') {
            *ret_state = (enum txn_state)i;
            return true;
        }
    return false;
}

/* The files whose name is their document's; those of the others stand in main.cf or dovecot.conf, and so can
 * be anywhere. */
static bool has_fixed_name(const char *document)
{
    return strcmp(document, "main.cf") == 0 || strcmp(document, "master.cf") == 0 ||
           strcmp(document, RECORD_INDEX) == 0;
}

/* A tree that somebody else made may hold a record that somebody else made: it may lead to documents only. It
 * never leads out of the tree (file_resolve). */
static bool check_targets(const struct store *store, const struct record *record, struct err *err)
{
    for (size_t i = 0; i < record->n_target && !store->root->live; i++) {
        const struct target *target = &record->target[i];
        struct at at;
        struct err ignored;
        if (!has_fixed_name(target->document) ||
            ends_with(target->path, arena_printf("/%s", target->document)) ||
            (strcmp(target->document, RECORD_INDEX) == 0 && postfix_is_index_name(target->path)))
            continue;
        /* A link of root's may give the document another name. */
        if (file_resolve(store->root, arena_printf("/etc/postfix/%s", target->document), &at, &ignored)) {
            close(at.dir);
            if (strcmp(at.path, target->path) == 0)
                continue;
        }
        return err_set(err, "it says that %s is %s", target->path, target->document);
    }
    return true;
}

/* Whether a file that could not be read may be sound. One that is not there, or is none, is not. */
static bool may_be_sound(const struct err *why)
{
    return why->number != 0 && why->number != ENOENT && why->number != ENOTDIR && why->number != ELOOP;
}

/* A text of a record, of which only what it says is kept in memory. *ret_unread: it could not be read, for a
 * reason that does not damage it. NULL: it was not. */
static json_t *read_json(const struct store *store, const char *id, const char *name, bool *ret_unread,
                         struct err *err)
{
    const char *text;
    size_t len, mark = arena_mark();
    json_t *all = NULL;
    *ret_unread = false;
    if (!file_read_record(store->root, arena_printf(STORE "/txn/%s/%s", id, name), &text, &len, err))
        *ret_unread = may_be_sound(err);
    else if ((all = record_json_load(name, text, len, err)) == NULL)
        *ret_unread = record_json_ran_short();
    arena_release(mark);
    return all;
}

static bool read_back(const struct store *store, struct record *record, bool *ret_unread, struct err *err)
{
    json_t *all = read_json(store, record->id, "back.json", ret_unread, err);
    if (all == NULL)
        return err->number == ENOENT;
    return record_take_back(all, record, &record->back, err);
}

static bool read_record(const struct store *store, const char *id, struct record *record, bool *ret_unread,
                        struct err *err)
{
    record->id = id;
    record->number = (unsigned)strtoul(id, NULL, 10);
    char word[STATE_LEN + 1];
    *ret_unread = false;
    if (!file_read_start(store->root, arena_printf(STORE "/txn/%s/state", id), word, sizeof(word), err)) {
        *ret_unread = may_be_sound(err);
        return false;
    }
    bool torn = !read_state(word, &record->state);
    if (torn && !record_is_marked(store, id))
        return err_set(err, "its state is none that this mailfix knows");
    if (torn)
        record->state = file_exists(store->root, arena_printf(STORE "/txn/%s/back.json", id)) ? TXN_UNDOING
                                                                                              : TXN_APPLYING;
    json_t *all = read_json(store, id, "plan.json", ret_unread, err);
    if (all == NULL || !take(all, record, err))
        return false;
    if (!check_targets(store, record, err))
        return false;
    /* What a rollback prepared and did not begin says nothing. */
    return record->state == TXN_APPLYING || record->state == TXN_KEPT ||
           read_back(store, record, ret_unread, err);
}

bool record_list(const struct store *store, struct record **ret_record, size_t *ret_n,
                 struct strings *ret_damaged, struct err *err)
{
    struct strings names;
    *ret_record = NULL;
    *ret_n = 0;
    if (!file_list(store->root, STORE "/txn", false, &names, err))
        return false;
    for (size_t i = 0; i < names.n; i++) {
        struct record record = {0};
        struct err why;
        bool unread;
        if (read_record(store, names.item[i], &record, &unread, &why))
            *ret_record = arena_append(*ret_record, ret_n, sizeof(record), &record);
        else if (unread) {
            *err = why;
            return err_prefix(err, "the record %s", names.item[i]);
        } else
            strings_add(ret_damaged, arena_printf("%s: %s", names.item[i], why.text));
    }
    record_rebase(*ret_record, *ret_n);
    return true;
}

static bool is_named(const struct record *record, const char *id)
{
    char *end;
    unsigned long number = strtoul(id, &end, 10);
    return strcmp(record->id, id) == 0 || (*end == '\0' && number == record->number);
}

bool record_choose(const struct record *record, size_t n, const char *id, const struct record **ret_chosen,
                   struct err *err)
{
    *ret_chosen = NULL;
    for (size_t i = n; i > 0 && *ret_chosen == NULL; i--)
        if (id != NULL ? is_named(&record[i - 1], id) : record[i - 1].state == TXN_KEPT)
            *ret_chosen = &record[i - 1];
    if (*ret_chosen != NULL || id == NULL)
        return true;
    return err_outcome(err, USAGE, "there is no transaction %s; mailfix history lists them", id);
}
