/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Indexes of a plan; see plan_index.h.
 *
 * Limits: as place.h finds tables: those that main.cf or an -o option names; of defaults those whose text the
 * plan changes. A cache has no text and so no index; its file is a by-product.
 */
#include "plan_index.h"

#include "maps.h"
#include "postfix_table.h"
#include "tree.h"

#include <string.h>

static void add_index(struct plan *plan, const struct index *index)
{
    for (size_t i = 0; i < plan->n_index; i++)
        if (strcmp(plan->index[i].name, index->name) == 0 && strcmp(plan->index[i].type, index->type) == 0) {
            plan->index[i].alias |= index->alias;
            plan->index[i].changed |= index->changed;
            plan->index[i].stays &= index->stays;
            return;
        }
    plan->index = arena_append(plan->index, &plan->n_index, sizeof(*index), index);
}

/* False when the row is no table that is looked up in a file. */
static bool table_of(struct context *ctx, const struct row *row, struct index *ret)
{
    const char *use = row_field(row, "use"), *missing = NULL;
    const struct doc *main_cf;
    struct err ignored;
    ret->type = row_field(row, "type");
    if (strcmp(use, postfix_table_use_name(USE_CACHE)) == 0 ||
        !docs_get(ctx->docs, "main.cf", &main_cf, &ignored))
        return false;
    ret->name = facts_expand(context_facts(ctx), main_cf, row->name, &missing);
    ret->alias = strcmp(use, postfix_table_use_name(USE_ALIAS)) == 0;
    return missing == NULL && ret->name[0] == '/';
}

static bool has_index(const struct index *table)
{
    const char *suffix[2];
    return postfix_index_suffixes(table->type, suffix) > 0;
}

/* False when the row is no table that has an index here. */
static bool index_of(struct context *ctx, const struct row *row, struct index *ret)
{
    return table_of(ctx, row, ret) && has_index(ret);
}

bool plan_rebuild(struct context *ctx, const struct place *place, struct plan *plan, struct err *err)
{
    struct row *row;
    size_t n;
    bool unknown;
    if (!place_find(ctx, place, &row, &n, &unknown, err))
        return false;
    if (unknown)
        return context_missing(ctx, "which tables to rebuild", err);
    for (size_t i = 0; i < n; i++) {
        struct index index = {0};
        if (index_of(ctx, &row[i], &index))
            add_index(plan, &index);
    }
    return true;
}

static bool is_among(struct context *ctx, const struct row *row, size_t n, const struct index *index)
{
    for (size_t i = 0; i < n; i++) {
        struct index other;
        if (index_of(ctx, &row[i], &other) && strcmp(other.name, index->name) == 0 &&
            strcmp(other.type, index->type) == 0)
            return true;
    }
    return false;
}

/* The tables of both files; one that cannot be read is not this plan's concern. */
static bool find_tables(struct context *ctx, struct row **ret_row, size_t *ret_n, struct err *err)
{
    *ret_row = NULL;
    *ret_n = 0;
    for (size_t i = 0; i < N_DOCS; i++) {
        struct place tables = {.document = DOC_IDS[i], .noun = NOUN_TABLE, .written = "table"};
        const struct doc *doc;
        struct row *row;
        struct err ignored;
        size_t n;
        bool unknown;
        if (!docs_get(ctx->docs, DOC_IDS[i], &doc, &ignored))
            continue;
        if (!place_find(ctx, &tables, &row, &n, &unknown, err))
            return false;
        for (size_t k = 0; k < n; k++)
            *ret_row = arena_append(*ret_row, ret_n, sizeof(*row), &row[k]);
    }
    return true;
}

/* A text may be that of a parameter which main.cf leaves at its default, as alias_maps often is. */
static bool add_defaults(struct context *ctx, struct docs *disk, struct plan *plan, struct err *err)
{
    const struct doc *main_cf, *old;
    struct strings types = facts_table_types(context_facts(ctx));
    if (!docs_get(ctx->docs, "main.cf", &main_cf, err) || !docs_get(disk, "main.cf", &old, err))
        return false;
    for (size_t i = 0; i < plan->n_change; i++) {
        const char *id = plan->change[i].doc->id, *missing = NULL;
        const char *parameter = strcmp(id, "aliases") == 0  ? "alias_maps"
                                : starts_with(id, TREE_MAP) ? id + strlen(TREE_MAP)
                                                            : NULL;
        struct table_ref *ref;
        size_t n;
        if (parameter == NULL)
            continue;
        const char *value = facts_value(context_facts(ctx), main_cf, parameter, &missing);
        const char *was = facts_value(context_facts(ctx), old, parameter, NULL);
        postfix_tables(parameter, value != NULL ? value : "", &types, &ref, &n);
        for (size_t k = 0; k < n; k++) {
            struct index index = {.type = ref[k].type, .name = ref[k].name, .changed = true};
            index.stays = was != NULL && value != NULL && strcmp(was, value) == 0;
            index.alias = postfix_table_use(parameter) == USE_ALIAS;
            if (maps_change_of(plan, index.name) != &plan->change[i])
                continue;
            if (has_index(&index))
                add_index(plan, &index);
            else
                plan->unnoticed = true;
        }
    }
    return true;
}

bool plan_indexes(struct context *ctx, struct docs *disk, struct plan *plan, struct err *err)
{
    struct context before = *ctx;
    struct row *row, *old;
    size_t n, n_old;
    before.docs = disk;
    if (!find_tables(ctx, &row, &n, err) || !find_tables(&before, &old, &n_old, err))
        return false;
    for (size_t i = 0; i < n; i++) {
        struct index index = {.changed = true};
        if (!table_of(ctx, &row[i], &index))
            continue;
        if (!has_index(&index)) {
            plan->unnoticed |= maps_change_of(plan, index.name) != NULL;
            continue;
        }
        index.stays = is_among(&before, old, n_old, &index);
        if (!index.stays || maps_change_of(plan, index.name) != NULL)
            add_index(plan, &index);
    }
    return add_defaults(ctx, disk, plan, err);
}
