/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tables in values: the noun table, and the lists that hold a word.
 *
 * Limits: tables are found in parameters that main.cf sets and in -o options, not in defaults, and not where
 * the type is behind a $name. Whether a table that is not made from a text holds a word is not known.
 */
#include "place_private.h"

#include "cond.h"
#include "postfix.h"
#include "postfix_table.h"
#include "postfix_list.h"
#include "table_file.h"

#include <string.h>
#include <strings.h>

/* Whether this Postfix has the type, and a cache of it can be updated; NULL: unknown. */
static const char *table_fit(struct finder *f, const char *type, enum table_use use)
{
    enum verdict has = facts_table_type(context_facts(f->ctx), type);
    if (has == CANNOT_TELL) {
        f->missing = "postfix.table-types";
        return NULL;
    }
    return has == HOLDS && (use != USE_CACHE || postfix_can_cache(type)) ? "yes" : "no";
}

static const char *when(time_t time)
{
    char text[32];
    struct tm tm;
    return localtime_r(&time, &tm) != NULL && strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm) > 0
               ? arena_string(text)
               : "?";
}

/* What is wrong with the files; NULL: nothing. */
static const char *files_note(const struct table_file *file, const char *name)
{
    if (file->source && file->fresh)
        return NULL;
    if (!file->source && !file->index && file->index_path[0] != '\0')
        return arena_printf(_("there is neither %s nor %s"), name, file->index_path);
    if (!file->source && file->index)
        return arena_printf(_("there is no %s, only %s"), name, file->index_path);
    if (file->source && file->index)
        return arena_printf(_("%s of %s is older than the text of %s"), file->index_path,
                            when(file->index_time), when(file->source_time));
    return arena_printf(_("there is no %s"), file->source ? file->index_path : name);
}

/* The path that is behind the name; NULL: not known, or none. */
static const char *table_path(struct finder *f, const char *name)
{
    const struct doc *main_cf;
    const char *missing = NULL;
    struct err ignored;
    if (docs_get(f->ctx->docs, "main.cf", &main_cf, &ignored))
        name = facts_expand(context_facts(f->ctx), main_cf, name, &missing);
    if (missing == NULL && name[0] == '/')
        return name;
    f->missing = missing != NULL ? missing : "postfix.queue-directory";
    return NULL;
}

/* Tables whose content is elsewhere: at most their parameters are in a file. */
static void set_definition(struct finder *f, struct row *row, const char *type)
{
    bool by_file = postfix_is_defined_by_file(type) && strpbrk(row->name, "/$") != NULL;
    const char *path = by_file ? table_path(f, row->name) : NULL;
    bool there = path != NULL && table_file_there(context_facts(f->ctx), path);
    place_field(row, "text", "no");
    place_field(row, "source", !by_file ? "" : path == NULL ? NULL : there ? "present" : "missing");
    place_field(row, "index", "");
    if (path != NULL && !there)
        row->note = arena_printf(_("there is no %s"), path);
}

/* What proxymap(8) may open is not opened for that. */
static bool is_permission(const char *parameter)
{
    return strcmp(parameter, "proxy_read_maps") == 0 || strcmp(parameter, "proxy_write_maps") == 0;
}

/* From a text, and the state of its files. A cache is written by its daemon; a type without a text has no
 * index. */
static void set_files(struct finder *f, struct row *row, const char *type, const char *parameter)
{
    if (postfix_table_use(parameter) == USE_CACHE || is_permission(parameter)) {
        set_definition(f, row, "");
        return;
    }
    if (postfix_text_index(type, "") == NULL) {
        set_definition(f, row, type);
        return;
    }
    struct table_file file = {0};
    const char *path = table_path(f, row->name);
    if (path != NULL) {
        file = table_file_look(context_facts(f->ctx), type, path);
        row->note = files_note(&file, path);
    }
    place_field(row, "text", "yes");
    place_field(row, "source", path == NULL ? NULL : file.source ? "present" : "missing");
    place_field(row, "index", path == NULL ? NULL : file.fresh ? "fresh" : file.index ? "stale" : "missing");
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
        place_field(&row, "type", ref[i].type);
        place_field(&row, "parameter", parameter);
        place_field(&row, "service", service);
        place_field(&row, "use", postfix_table_use_name(use));
        const char *fit = table_fit(f, ref[i].type, use), *missing = f->missing;
        place_field(&row, "fit", fit);
        bool unknown;
        if (place_excludes(f, &row, &unknown))
            continue; /* its files need not be looked for */
        set_files(f, &row, ref[i].type, parameter);
        if (fit == NULL)
            f->missing = missing;
        place_offer(f, &row);
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
        struct row base = place_row(doc, node);
        for (size_t k = 0; k < node->n_child; k++)
            if (strcmp(node->child[k].label, "value") == 0)
                find_tables_in(f, &base, &node->child[k], node->value, "");
    }
}

static void see_option_tables(struct finder *f, const struct row *base, const struct node *option)
{
    for (size_t i = 0; i < option->n_child; i++)
        if (strcmp(option->child[i].label, "value") == 0)
            find_tables_in(f, base, &option->child[i], option->value, place_service_id(base->node));
}

void place_tables(struct finder *f, const struct doc *doc)
{
    static const struct strings any;
    if (strcmp(doc->id, "main.cf") == 0)
        find_main_tables(f, doc);
    else
        place_each_option(f, doc, &any, see_option_tables);
}

/* ".domain" is any name below the domain, too. */
static bool item_is(const char *item, const char *word)
{
    size_t item_len = strlen(item), len = strlen(word);
    return strcasecmp(item, word) == 0 ||
           (word[0] == '.' && item_len > len && strcasecmp(item + item_len - len, word) == 0);
}

/* One item: the word itself, a table, or the name of a file of words. */
static enum verdict item_lists(struct finder *f, const char *item, const char *word)
{
    struct table_ref *ref;
    struct strings types = facts_table_types(context_facts(f->ctx));
    size_t n;
    if (item_is(item, word))
        return HOLDS;
    if (item[0] == '/')
        return table_file_has(context_facts(f->ctx), "", item, word);
    postfix_tables("", item, &types, &ref, &n);
    enum verdict verdict = FAILS;
    for (size_t i = 0; i < n && verdict != HOLDS; i++) {
        enum verdict has = CANNOT_TELL;
        if (postfix_text_index(ref[i].type, "") != NULL)
            has = table_file_has(context_facts(f->ctx), ref[i].type, ref[i].name, word);
        if (has != FAILS)
            verdict = has;
    }
    return verdict;
}

/* What no text tells, the tables tell where the host runs. They know keys, and so not what is below a domain.
 */
static enum verdict ask_tables(struct finder *f, const char *parameter, const char *word)
{
    const struct outside *outside = f->ctx->outside;
    struct cond lookup = {.kind = COND_LOOKUP};
    struct evidence ignored = {0};
    if (word[0] == '.' || outside == NULL || outside->live == NULL)
        return CANNOT_TELL;
    strings_add(&lookup.words, parameter);
    strings_add(&lookup.words, word);
    return outside->live(f->ctx, &lookup, &ignored);
}

enum verdict place_lists(struct finder *f, const char *parameter, const char *value, const char *word)
{
    const char *missing = NULL;
    struct strings items = postfix_items(facts_expand(context_facts(f->ctx), f->main_cf, value, &missing));
    enum verdict verdict = missing == NULL ? FAILS : CANNOT_TELL;
    f->missing = missing;
    bool in_table = verdict == FAILS; /* the only thing that is not known is what tables hold */
    for (size_t i = 0; i < items.n; i++) {
        /* "!word" takes the word out. */
        enum verdict one = items.item[i][0] == '!' ? FAILS : item_lists(f, items.item[i], word);
        if (one == HOLDS)
            return HOLDS;
        if (one == CANNOT_TELL) {
            verdict = CANNOT_TELL;
            in_table = in_table && items.item[i][0] != '/';
            f->missing = arena_printf(_("what %s holds"), items.item[i]);
        }
    }
    return verdict == CANNOT_TELL && in_table ? ask_tables(f, parameter, word) : verdict;
}
