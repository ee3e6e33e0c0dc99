/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where; see place.h. The filter, and the nouns of main.cf; those of master.cf and tables are in files of
 * their own.
 *
 * Limits: of a default that no line sets there is only an effective row. An item in braces stands on one
 * physical line.
 */
#include "nearest.h"
#include "place_private.h"
#include "postfix.h"
#include "postfix_list.h"
#include "postfix_names.h"
#include "secret.h"

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
    const char *note = row->note != NULL ? arena_printf(" (%s)", row->note) : "";
    if (service != NULL && service[0] != '\0')
        where = arena_printf("%s%s: %s", where, service,
                             row->part != NULL && strcmp(row->part->label, "option") != 0 ? "" : "-o ");
    const char *name = parameter != NULL ? parameter : row->name;
    bool hidden =
        secret_setting(name, row->value) || secret_file(row->doc->id, row->doc->path) == SECRETS_ALL;
    return arena_printf("%s%s = %s%s", where, name, hidden ? "***" : row->value, note);
}

/* ---- collecting ---- */

void place_field(struct row *row, const char *name, const char *value)
{
    struct binding field = {.name = name};
    if (value != NULL)
        strings_add(&field.values, value);
    row->field = arena_append(row->field, &row->n_field, sizeof(field), &field);
}

static bool name_fits(const char *wanted, const char *name)
{
    if (strpbrk(wanted, "?[\\") == NULL)
        return fnmatch(wanted, name, 0) == 0;
    struct buf escaped = {0};
    for (; *wanted != '\0'; wanted++)
        buf_printf(&escaped, "%s%c", strchr("?[\\", *wanted) != NULL ? "\\" : "", *wanted);
    return fnmatch(buf_text(&escaped), name, 0) == 0;
}

bool place_wanted(const struct strings *names, const char *name)
{
    for (size_t i = 0; i < names->n; i++)
        if (name_fits(names->item[i], name))
            return true;
    return names->n == 0;
}

bool place_excludes(struct finder *f, const struct row *row, bool *ret_unknown)
{
    *ret_unknown = false;
    for (size_t i = 0; i < f->place->n_with; i++) {
        struct strings wanted = context_words(f->ctx, &f->place->with[i].values);
        const char *value = row_field(row, f->place->with[i].field);
        *ret_unknown |= value == NULL;
        if (value != NULL && !strings_have(&wanted, value))
            return true;
    }
    return false;
}

/* What is unknown matters only where all the rest fits. */
void place_offer(struct finder *f, const struct row *row)
{
    bool unknown;
    if (place_excludes(f, row, &unknown))
        return;
    if (f->matching != NULL && !pattern_match(f->matching, row->value, strlen(row->value), NULL))
        return;
    if (f->listing != NULL) {
        enum verdict lists = place_lists(f, row->name, row->value, f->listing);
        if (lists == FAILS)
            return;
        unknown |= lists == CANNOT_TELL;
    }
    if (unknown) {
        f->unknown = true;
        f->ctx->missing = f->missing;
        return;
    }
    f->row = arena_append(f->row, &f->n, sizeof(*row), row);
    /* Counted for what is found only: counting costs a walk over the text. */
    if (row->doc != NULL)
        f->row[f->n - 1].line = doc_line(row->doc, row->at);
}

struct span place_value_bytes(const struct node *node)
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

const char *place_counts(const struct doc *doc, size_t at)
{
    return arena_printf(_("line %zu counts"), doc_line(doc, at));
}

struct row place_row(const struct doc *doc, const struct node *node)
{
    return (struct row){.doc = doc, .node = node, .name = node->value, .at = node->text.start};
}

/* ---- main.cf ---- */

static bool asks_for(const struct finder *f, const char *field)
{
    for (size_t i = 0; i < f->place->n_with; i++)
        if (strcmp(f->place->with[i].field, field) == 0)
            return true;
    return false;
}

/* Whether the two files make the parameter one of their own. */
static bool is_own(struct finder *f, const char *name)
{
    const struct doc *main_cf, *master_cf = NULL;
    struct err ignored;
    if (!docs_get(f->ctx->docs, "main.cf", &main_cf, &ignored))
        return false;
    if (!docs_get(f->ctx->docs, "master.cf", &master_cf, &ignored))
        master_cf = NULL;
    return postfix_mentions(main_cf, master_cf, name);
}

/* Of a Postfix whose version nobody tells each name is one that any version has. */
static const char *known(struct finder *f, const char *name)
{
    struct facts *facts = context_facts(f->ctx);
    const char *version = facts_get(facts, "postfix.version");
    bool listed = version != NULL ? postfix_names_have(name, version) == HOLDS : postfix_names_any(name);
    if (listed || is_own(f, name))
        return "yes";
    enum verdict has = facts_parameter(facts, name); /* a question to postconf */
    f->missing = arena_printf("postfix.default.%s", name);
    return has == HOLDS ? "yes" : has == FAILS ? "no" : NULL;
}

void place_known(struct finder *f, struct row *row)
{
    if (!asks_for(f, "known"))
        return;
    const char *answer = known(f, row->name);
    place_field(row, "known", answer);
    if (answer == NULL || answer[0] != 'n')
        return;
    struct strings names = postfix_names_of(facts_get(context_facts(f->ctx), "postfix.version"));
    const char *near = nearest(row->name, &names);
    if (near != NULL)
        row->note = arena_printf(_("did you mean %s?"), near);
}

static void find_settings(struct finder *f, const struct doc *doc)
{
    for (size_t i = 0; i < doc->n_node; i++) {
        const struct node *node = &doc->node[i];
        if (strcmp(node->label, f->place->commented ? "commented" : "setting") != 0 ||
            !place_wanted(&f->names, node->value))
            continue;
        if (!f->place->commented && postfix_in_effect(doc, node) == f->place->shadowed)
            continue;
        struct row row = place_row(doc, node);
        row.value = postfix_joined_value(node);
        row.bytes = place_value_bytes(node);
        if (f->place->shadowed)
            row.note = place_counts(doc, postfix_setting(doc, node->value)->text.start);
        place_known(f, &row);
        place_offer(f, &row);
    }
}

/* The items on one physical line of a value. */
static void find_items_in(struct finder *f, const struct doc *doc, const struct node *setting,
                          const struct node *value)
{
    for (size_t start = 0, end; postfix_next_item(value->value, &start, &end); start = end) {
        struct row row = place_row(doc, setting);
        const char *missing = NULL;
        row.value = arena_copy(value->value + start, end - start);
        row.bytes = (struct span){value->text.start + start, value->text.start + end};
        row.at = row.bytes.start;
        const char *means = facts_expand(context_facts(f->ctx), doc, row.value, &missing);
        if (missing != NULL)
            f->missing = missing;
        place_field(&row, "means", missing == NULL ? means : NULL);
        place_offer(f, &row);
    }
}

static void find_items(struct finder *f, const struct doc *doc)
{
    for (size_t i = 0; i < doc->n_node; i++) {
        const struct node *node = &doc->node[i];
        if (strcmp(node->label, "setting") != 0 || !place_wanted(&f->names, node->value) ||
            !postfix_in_effect(doc, node))
            continue;
        for (size_t k = 0; k < node->n_child; k++)
            if (strcmp(node->child[k].label, "value") == 0)
                find_items_in(f, doc, node, &node->child[k]);
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
        struct row row = node != NULL ? place_row(doc, node) : (struct row){.name = f->names.item[i]};
        row.value = value;
        place_offer(f, &row);
    }
}

/* ---- all nouns ---- */

static void find_in(struct finder *f, const struct doc *doc)
{
    switch (f->place->noun) {
    case NOUN_SETTING:
        find_settings(f, doc);
        break;
    case NOUN_ITEM:
        find_items(f, doc);
        break;
    case NOUN_EFFECTIVE:
        find_effective(f, doc);
        break;
    case NOUN_TABLE:
        place_tables(f, doc);
        break;
    case NOUN_SERVICE:
        place_services(f, doc);
        break;
    case NOUN_OPTION:
        place_options(f, doc);
        break;
    case NOUN_COLUMN:
        place_columns(f, doc);
        break;
    default:
        break;
    }
}

bool place_is_open(const struct strings *names)
{
    for (size_t i = 0; i < names->n; i++)
        if (strchr(names->item[i], '*') != NULL)
            return true;
    return names->n == 0;
}

/* The entries of a table's texts, of any size. */
static bool find_entries(struct finder *f, const char *id, struct err *err)
{
    const struct doc *const *doc;
    size_t n;
    bool open = place_is_open(&f->names);
    if (open && !f->place->commented && docs_large(f->ctx->docs, id)) {
        if (!place_sift(f, id, &f->names, err))
            return false;
        if (f->names.n == 0)
            return true;
        open = false;
    }
    if (!docs_files(f->ctx->docs, id, open ? NULL : &f->names, &doc, &n, err))
        return false;
    place_map_entries(f, doc, n);
    return true;
}

/* A document of several files. */
static bool find_in_files(struct finder *f, struct err *err)
{
    const struct doc *const *doc;
    size_t n;
    const char *id = context_text(f->ctx, f->place->document);
    if (doc_is_nested(id))
        return place_dovecot(f, err);
    if (f->place->noun != NOUN_LOOP && f->place->noun != NOUN_DANGLING)
        return find_entries(f, id, err);
    if (!place_alias_files(f, &doc, &n, err))
        return false;
    if (f->place->noun == NOUN_LOOP)
        place_alias_loops(f, doc, n);
    else
        place_alias_dangling(f, doc, n);
    return true;
}

/* One of the two files of Postfix, or both. */
static bool find_in_postfix(struct finder *f, struct err *err)
{
    for (size_t i = 0; i < N_DOCS; i++) {
        const struct doc *doc;
        if (strcmp(f->place->document, "postfix") != 0 && strcmp(f->place->document, DOC_IDS[i]) != 0)
            continue;
        if (!docs_get(f->ctx->docs, DOC_IDS[i], &doc, err))
            return false;
        find_in(f, doc);
    }
    return true;
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
    if (place->listing != NULL) {
        f.listing = context_text(ctx, place->listing);
        if (!docs_get(ctx->docs, "main.cf", &f.main_cf, err))
            return false;
    }
    bool of_postfix = strcmp(place->document, "postfix") == 0;
    for (size_t i = 0; i < N_DOCS; i++)
        of_postfix |= strcmp(place->document, DOC_IDS[i]) == 0;
    if (!(of_postfix ? find_in_postfix : find_in_files)(&f, err))
        return false;
    *ret_row = f.row;
    *ret_n = f.n;
    *ret_unknown = f.unknown;
    return true;
}
