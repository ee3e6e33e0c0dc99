/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where; see place.h. One function a noun collects candidates, one filter looks at their names and fields.
 *
 * Limits: of a default that no line sets there is only an effective row. Tables are found in parameters that
 * main.cf sets and in -o options, not in defaults.
 */
#include "place.h"

#include "postfix.h"

#include <fnmatch.h>
#include <string.h>

const char *row_field(const struct row *row, const char *field)
{
    if (strcmp(field, "name") == 0)
        return row->name;
    if (strcmp(field, "value") == 0)
        return row->value;
    if (strcmp(field, "file") == 0)
        return row->doc != NULL ? row->doc->path : "";
    if (strcmp(field, "line") == 0)
        return arena_printf("%zu", row->line);
    for (size_t i = 0; i < row->n_field; i++)
        if (strcmp(row->field[i].name, field) == 0)
            return row->field[i].values.n > 0 ? row->field[i].values.item[0] : NULL;
    return NULL;
}

const char *row_describe(const struct row *row)
{
    if (row->doc == NULL)
        return arena_printf("%s = %s (default)", row->name, row->value);
    const char *parameter = row_field(row, "parameter"), *service = row_field(row, "service");
    const char *where = arena_printf("%s:%zu: ", row->doc->path, row->line);
    if (service != NULL && service[0] != '\0')
        where = arena_printf("%s%s: -o ", where, service);
    return arena_printf("%s%s = %s", where, parameter != NULL ? parameter : row->name, row->value);
}

/* ---- collecting ---- */

struct finder {
    struct context *ctx;
    const struct place *place;
    struct strings names, in;
    struct pattern *matching; /* NULL: any */
    struct row *row;
    size_t n;
    bool unknown;
};

static void set_field(struct row *row, const char *name, const char *value)
{
    struct binding field = {.name = name};
    if (value != NULL)
        strings_add(&field.values, value);
    row->field = arena_append(row->field, &row->n_field, sizeof(field), &field);
}

/* Only * is special in a NAME. */
static bool name_fits(const char *wanted, const char *name)
{
    if (strpbrk(wanted, "?[\\") == NULL)
        return fnmatch(wanted, name, 0) == 0;
    struct buf escaped = {0};
    for (; *wanted != '\0'; wanted++)
        buf_printf(&escaped, "%s%c", strchr("?[\\", *wanted) != NULL ? "\\" : "", *wanted);
    return fnmatch(buf_text(&escaped), name, 0) == 0;
}

static bool name_wanted(const struct strings *names, const char *name)
{
    for (size_t i = 0; i < names->n; i++)
        if (name_fits(names->item[i], name))
            return true;
    return names->n == 0;
}

/* Keeps the row if its fields and its value are what the place asks for. An unknown field matters only where
 * all the others fit. */
static void offer(struct finder *f, const struct row *row)
{
    bool unknown = false;
    for (size_t i = 0; i < f->place->n_with; i++) {
        struct strings wanted = context_words(f->ctx, &f->place->with[i].values);
        const char *value = row_field(row, f->place->with[i].field);
        unknown |= value == NULL;
        if (value != NULL && !strings_have(&wanted, value))
            return;
    }
    if (f->matching != NULL && !pattern_match(f->matching, row->value, strlen(row->value), NULL))
        return;
    if (unknown) {
        f->unknown = true;
        f->ctx->missing = "postfix.table-types"; /* fit is the one field that a fact decides */
        return;
    }
    f->row = arena_append(f->row, &f->n, sizeof(*row), row);
    /* Counted for what is found only: counting costs a walk over the text. */
    if (row->doc != NULL)
        f->row[f->n - 1].line = doc_line(row->doc, row->at);
}

static struct span value_bytes(const struct node *node)
{
    struct span bytes = {0};
    bool any = false;
    for (size_t i = 0; i < node->n_child; i++) {
        if (strcmp(node->child[i].label, "value") != 0)
            continue;
        if (!any)
            bytes.start = node->child[i].text.start;
        bytes.end = node->child[i].text.end;
        any = true;
    }
    return bytes;
}

static struct row node_row(const struct doc *doc, const struct node *node)
{
    return (struct row){.doc = doc, .node = node, .name = node->value, .at = node->text.start};
}

/* ---- main.cf ---- */

static void find_settings(struct finder *f, const struct doc *doc)
{
    for (size_t i = 0; i < doc->n_node; i++) {
        const struct node *node = &doc->node[i];
        if (strcmp(node->label, f->place->commented ? "commented" : "setting") != 0 ||
            !name_wanted(&f->names, node->value))
            continue;
        if (!f->place->commented && postfix_in_effect(doc, node) == f->place->shadowed)
            continue;
        struct row row = node_row(doc, node);
        row.value = postfix_joined_value(node);
        row.bytes = value_bytes(node);
        offer(f, &row);
    }
}

static void find_effective(struct finder *f, const struct doc *doc)
{
    for (size_t i = 0; i < f->names.n; i++) {
        const char *missing = NULL;
        const char *value = facts_value(context_facts(f->ctx), doc, f->names.item[i], &missing);
        const struct node *node = postfix_setting(doc, f->names.item[i]);
        if (missing != NULL) {
            f->unknown = true;
            f->ctx->missing = missing;
        }
        if (value == NULL)
            continue;
        struct row row = node != NULL ? node_row(doc, node) : (struct row){.name = f->names.item[i]};
        row.value = value;
        offer(f, &row);
    }
}

/* ---- tables ---- */

/* Whether this Postfix has the type, and a cache of it can be updated; NULL: unknown. */
static const char *table_fit(struct finder *f, const char *type, enum table_use use)
{
    enum verdict has = facts_table_type(context_facts(f->ctx), type);
    if (has == CANNOT_TELL)
        return NULL;
    return has == HOLDS && (use != USE_CACHE || postfix_can_cache(type)) ? "yes" : "no";
}

/* The tables in one stored value: a physical line of a setting, or an option's value. */
static void find_tables_in(struct finder *f, const struct row *base, const struct node *value,
                           const char *parameter, const char *service)
{
    struct strings types = facts_table_types(context_facts(f->ctx));
    struct table_ref *ref;
    size_t n;
    postfix_tables(parameter, value->value, &types, &ref, &n);
    for (size_t i = 0; i < n; i++) {
        struct row row = *base;
        enum table_use use = postfix_table_use(parameter);
        row.name = ref[i].name;
        row.value = ref[i].text;
        row.bytes.start = value->text.start + ref[i].offset;
        row.bytes.end = row.bytes.start + strlen(ref[i].text);
        row.at = row.bytes.start;
        set_field(&row, "type", ref[i].type);
        set_field(&row, "parameter", parameter);
        set_field(&row, "service", service);
        set_field(&row, "use", postfix_table_use_name(use));
        set_field(&row, "fit", table_fit(f, ref[i].type, use));
        offer(f, &row);
    }
}

static void find_main_tables(struct finder *f, const struct doc *doc)
{
    for (size_t i = 0; i < doc->n_node; i++) {
        const struct node *node = &doc->node[i];
        /* A look at the text first: whether a line is in effect costs a walk over all of them. */
        if (strcmp(node->label, "setting") != 0 || strchr(postfix_joined_value(node), ':') == NULL ||
            postfix_in_effect(doc, node) == f->place->shadowed)
            continue;
        struct row base = node_row(doc, node);
        for (size_t k = 0; k < node->n_child; k++)
            if (strcmp(node->child[k].label, "value") == 0)
                find_tables_in(f, &base, &node->child[k], node->value, "");
    }
}

/* ---- master.cf ---- */

static const char *child_value(const struct node *node, const char *label)
{
    for (size_t i = 0; i < node->n_child; i++)
        if (strcmp(node->child[i].label, label) == 0)
            return node->child[i].value != NULL ? node->child[i].value : "";
    return "";
}

static const char *service_id(const struct node *node)
{
    return arena_printf("%s/%s", node->value, child_value(node, "type"));
}

/* "smtp/inet" also finds "127.0.0.1:smtp/inet". */
static bool service_wanted(const struct strings *names, const struct node *node)
{
    const char *id = service_id(node), *colon = strrchr(node->value, ':');
    if (name_wanted(names, id))
        return true;
    return colon != NULL && name_wanted(names, id + (colon + 1 - node->value));
}

static void find_services(struct finder *f, const struct doc *doc)
{
    for (size_t i = 0; i < doc->n_node; i++) {
        const struct node *node = &doc->node[i];
        if (strcmp(node->label, f->place->commented ? "commented" : "service") != 0 ||
            !service_wanted(&f->names, node))
            continue;
        struct row row = node_row(doc, node);
        row.value = child_value(node, "command");
        set_field(&row, "id", service_id(node));
        set_field(&row, "type", child_value(node, "type"));
        set_field(&row, "chroot", child_value(node, "chroot"));
        set_field(&row, "command", child_value(node, "command"));
        offer(f, &row);
    }
}

/* Of several -o with one name the last one counts. */
static bool option_in_effect(const struct node *service, size_t index)
{
    for (size_t i = index + 1; i < service->n_child; i++)
        if (strcmp(service->child[i].label, "option") == 0 &&
            strcmp(service->child[i].value, service->child[index].value) == 0)
            return false;
    return true;
}

/* Calls see for each option in effect (or shadowed) of each service that is wanted. */
static void each_option(struct finder *f, const struct doc *doc, const struct strings *services,
                        void (*see)(struct finder *f, const struct row *base, const struct node *option))
{
    for (size_t i = 0; i < doc->n_node; i++) {
        const struct node *node = &doc->node[i];
        if (strcmp(node->label, "service") != 0 || !service_wanted(services, node))
            continue;
        for (size_t k = 0; k < node->n_child; k++) {
            const struct node *option = &node->child[k];
            if (strcmp(option->label, "option") != 0 || option_in_effect(node, k) == f->place->shadowed)
                continue;
            struct row base = node_row(doc, node);
            base.part = option;
            base.at = option->text.start;
            see(f, &base, option);
        }
    }
}

static void see_option(struct finder *f, const struct row *base, const struct node *option)
{
    if (!name_wanted(&f->names, option->value))
        return;
    struct row row = *base;
    row.name = option->value;
    row.value = postfix_joined_value(option);
    row.bytes = value_bytes(option);
    set_field(&row, "service", service_id(base->node));
    offer(f, &row);
}

static void see_option_tables(struct finder *f, const struct row *base, const struct node *option)
{
    for (size_t i = 0; i < option->n_child; i++)
        if (strcmp(option->child[i].label, "value") == 0)
            find_tables_in(f, base, &option->child[i], option->value, service_id(base->node));
}

/* ---- all nouns ---- */

static void find_in(struct finder *f, const struct doc *doc)
{
    static const struct strings any;
    bool main_cf = strcmp(doc->id, "main.cf") == 0;
    switch (f->place->noun) {
    case NOUN_SETTING:
        find_settings(f, doc);
        break;
    case NOUN_EFFECTIVE:
        find_effective(f, doc);
        break;
    case NOUN_TABLE:
        if (main_cf)
            find_main_tables(f, doc);
        else
            each_option(f, doc, &any, see_option_tables);
        break;
    case NOUN_SERVICE:
        find_services(f, doc);
        break;
    case NOUN_OPTION:
        each_option(f, doc, &f->in, see_option);
        break;
    case N_NOUN:
        break;
    }
}

bool place_find(struct context *ctx, const struct place *place, struct row **ret_row, size_t *ret_n,
                bool *ret_unknown, struct err *err)
{
    struct finder f = {.ctx = ctx, .place = place};
    f.names = context_words(ctx, &place->names);
    f.in = context_words(ctx, &place->in);
    if (place->matching != NULL &&
        (f.matching = pattern_compile(context_pattern(ctx, place->matching), NULL, err)) == NULL)
        return err_prefix(err, "the pattern of '%s'", place->written);
    for (size_t i = 0; i < N_DOCS; i++) {
        const struct doc *doc;
        if (strcmp(place->document, "postfix") != 0 && strcmp(place->document, DOC_IDS[i]) != 0)
            continue;
        if (!docs_get(ctx->docs, DOC_IDS[i], &doc, err))
            return false;
        find_in(&f, doc);
    }
    *ret_row = f.row;
    *ret_n = f.n;
    *ret_unknown = f.unknown;
    return true;
}
