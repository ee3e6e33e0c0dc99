/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The nouns of the texts behind maps: the entries of a map and of the alias tables, and what is wrong with
 * aliases: circles, and targets that are nobody.
 *
 * Limits: keys are compared without case, as postmap(1) and postalias(1) fold them. A target with a domain is
 * taken to lead somewhere, and so is a command that does not begin with a path; a name without a domain is
 * looked for among the aliases and in etc/passwd, which is true where $myorigin is a local domain, and not
 * at all where another transport or address gets the mail of unknown names.
 */
#include "accounts.h"
#include "place_private.h"
#include "postfix.h"
#include "postfix_list.h"
#include "records.h"
#include "table_file.h"

#include <stdlib.h>
#include <string.h>

/* ---- entries ---- */

struct entry {
    const struct doc *doc;
    const struct node *node;
    const char *key; /* as it is looked up, see records_name() */
    size_t order;
    bool in_effect;
};

struct entries {
    struct entry *item; /* by key, then in reading order */
    size_t n;
};

static int by_key(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int order = strcmp(x->key, y->key);
    return order != 0 ? order : x->order < y->order ? -1 : 1;
}

static int by_order(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    return x->order < y->order ? -1 : 1;
}

/* The first of a key is in effect; one without a value is dropped by postmap and postalias. */
static struct entries entries_of(const struct doc *const *doc, size_t n, bool commented)
{
    struct entries all = {0};
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < doc[i]->n_node; k++) {
            const struct node *node = &doc[i]->node[k];
            if (!(commented ? strcmp(node->label, "commented") == 0 : postfix_is_map_entry(node)))
                continue;
            struct entry entry = {doc[i], node, records_name(node->value), all.n, false};
            all.item = arena_append(all.item, &all.n, sizeof(entry), &entry);
        }
    if (all.n > 1)
        qsort(all.item, all.n, sizeof(*all.item), by_key);
    for (size_t i = 0; i < all.n; i++) {
        size_t same = i;
        while (same > 0 && strcmp(all.item[same - 1].key, all.item[i].key) == 0)
            same--;
        bool taken = false;
        for (; same < i; same++)
            taken |= all.item[same].in_effect;
        all.item[i].in_effect = !taken && node_child(all.item[i].node, "value") != NULL;
    }
    return all;
}

static const struct entry *entry_of(const struct entries *all, const char *key)
{
    size_t low = 0, high = all->n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (strcmp(all->item[middle].key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < all->n && strcmp(all->item[low].key, key) == 0; low++)
        if (all->item[low].in_effect)
            return &all->item[low];
    return NULL;
}

static struct strings folded_names(const struct strings *names)
{
    struct strings out = {0};
    for (size_t i = 0; i < names->n; i++)
        strings_add(&out, records_name(names->item[i]));
    return out;
}

static const char *account_of(struct finder *f, const char *name)
{
    enum account kind;
    struct err why;
    if (!account_kind(facts_root(context_facts(f->ctx)), name, &kind, &why))
        return NULL;
    return account_word[kind];
}

/* TRANSPORT:NEXTHOP, as transport(5) has it; "" where the value has no colon. */
static const char *nexthop_of(const char *value)
{
    const char *colon = strchr(value, ':');
    return colon != NULL ? colon + 1 : "";
}

void place_map_entries(struct finder *f, const struct doc *const *doc, size_t n)
{
    struct entries all = entries_of(doc, n, f->place->commented);
    struct strings names = folded_names(&f->names);
    if (all.n > 1)
        qsort(all.item, all.n, sizeof(*all.item), by_order);
    for (size_t i = 0; i < all.n; i++) {
        const struct entry *entry = &all.item[i];
        if ((!f->place->commented && entry->in_effect == f->place->shadowed) ||
            !place_wanted(&names, entry->key))
            continue;
        struct row row = place_row(entry->doc, entry->node);
        row.value = postfix_joined_value(entry->node);
        row.bytes = place_value_bytes(entry->node);
        if (f->place->noun == NOUN_ALIAS)
            place_field(&row, "account", account_of(f, entry->key));
        else
            place_field(&row, "nexthop", nexthop_of(row.value));
        place_offer(f, &row);
    }
}

/* ---- circles ---- */

static struct place_targets targets_of(struct finder *f, const struct entry *entry)
{
    return place_targets(f, entry->key, postfix_joined_value(entry->node));
}

const char *place_delimiters(struct finder *f)
{
    const struct doc *main_cf;
    struct err ignored;
    const char *delimiters = NULL;
    if (docs_get(f->ctx->docs, "main.cf", &main_cf, &ignored))
        delimiters = facts_value(context_facts(f->ctx), main_cf, "recipient_delimiter", NULL);
    return delimiters != NULL ? delimiters : "";
}

/* The name, and what is left of it without each address extension. */
static bool add_target(struct strings *names, const char *name, const char *delimiters)
{
    size_t n = names->n, len;
    name += name[0] == '\\';
    if (!strings_have(names, name))
        strings_add(names, name);
    for (; (len = strcspn(name, delimiters)) > 0 && name[len] != '\0'; name = names->item[names->n - 1])
        if (!strings_have(names, arena_copy(name, len)))
            strings_add(names, arena_copy(name, len));
        else
            break;
    return names->n > n;
}

bool place_alias_files(struct finder *f, const struct doc *const **ret_doc, size_t *ret_n, struct err *err)
{
    const char *delimiters = place_delimiters(f);
    struct strings names = folded_names(&f->names);
    bool more = true;
    if (names.n == 0 && docs_large(f->ctx->docs, "aliases")) {
        /* What is left of a million records is asked for by name. */
        if (!place_suspects(f, &f->names, err))
            return false;
        names = f->names;
        if (names.n == 0) {
            *ret_doc = NULL;
            *ret_n = 0;
            return true;
        }
    }
    while (more) {
        if (!docs_files(f->ctx->docs, "aliases", place_is_open(&names) ? NULL : &names, ret_doc, ret_n, err))
            return false;
        struct entries all = entries_of(*ret_doc, *ret_n, false);
        struct strings known = names;
        more = false;
        for (size_t i = 0; i < all.n && known.n > 0; i++) {
            struct strings targets = {0};
            if (place_wanted(&known, all.item[i].key))
                targets = targets_of(f, &all.item[i]).name;
            for (size_t k = 0; k < targets.n; k++)
                more |= add_target(&names, targets.item[k], delimiters);
        }
    }
    return true;
}

struct walk {
    struct finder *f;
    const struct entries *all;
    const struct entry *start;
    size_t *seen; /* of each entry: the start + 1 of the walk that came here last */
    struct strings way;
};

static bool comes_back(struct walk *w, const struct entry *at)
{
    struct strings targets = targets_of(w->f, at).name;
    size_t stamp = (size_t)(w->start - w->all->item) + 1;
    for (size_t i = 0; i < targets.n; i++) {
        const struct entry *next = entry_of(w->all, targets.item[i]);
        if (next == NULL || (next != w->start && w->seen[next - w->all->item] == stamp))
            continue;
        w->seen[next - w->all->item] = stamp;
        strings_add(&w->way, next->key);
        if (next == w->start || comes_back(w, next))
            return true;
        w->way.n--;
    }
    return false;
}

void place_alias_loops(struct finder *f, const struct doc *const *doc, size_t n)
{
    struct entries all = entries_of(doc, n, false);
    struct strings names = folded_names(&f->names);
    size_t *seen = arena_alloc((all.n + 1) * sizeof(*seen));
    for (size_t i = 0; i < all.n; i++) {
        struct walk walk = {.f = f, .all = &all, .start = &all.item[i], .seen = seen};
        if (!all.item[i].in_effect || !place_wanted(&names, all.item[i].key) ||
            !comes_back(&walk, walk.start))
            continue;
        struct row row = place_row(all.item[i].doc, all.item[i].node);
        row.value = strings_join(&walk.way, " -> ");
        place_offer(f, &row);
    }
}

/* ---- targets that are nobody ---- */

/* Whether somebody has the name, or the part of it before an address extension. */
static enum verdict is_somebody(struct finder *f, const struct entries *all, const char *name,
                                const char *delimiters)
{
    bool final = name[0] == '\\';
    const char *kind = account_of(f, name + final);
    if (entry_of(all, name) != NULL)
        return HOLDS;
    if (kind == NULL)
        return CANNOT_TELL;
    if (strcmp(kind, account_word[ACCOUNT_NONE]) != 0)
        return HOLDS;
    size_t len = strcspn(name, delimiters);
    return len == 0 || name[len] == '\0' ? FAILS : is_somebody(f, all, arena_copy(name, len), delimiters);
}

bool place_takes_all_names(struct finder *f)
{
    const struct doc *main_cf;
    struct err ignored;
    if (!docs_get(f->ctx->docs, "main.cf", &main_cf, &ignored))
        return false;
    static const char *const takers[] = {"mailbox_transport_maps", "mailbox_transport",
                                         "fallback_transport_maps", "fallback_transport", "luser_relay"};
    for (size_t i = 0; i < COUNT(takers); i++) {
        const char *value = facts_value(context_facts(f->ctx), main_cf, takers[i], NULL);
        if (value != NULL && value[0] != '\0')
            return true;
    }
    return false;
}

static void offer_target(struct finder *f, const struct entry *entry, const char *target, const char *note)
{
    struct row row = place_row(entry->doc, entry->node);
    row.value = target;
    row.note = note;
    place_offer(f, &row);
}

static void dangling_names(struct finder *f, const struct entries *all, const struct entry *entry,
                           const char *delimiters)
{
    struct place_targets targets = targets_of(f, entry);
    for (size_t k = 0; k < targets.name.n; k++) {
        const char *name = targets.name.item[k], *file = targets.file.item[k];
        enum verdict somebody = is_somebody(f, all, name, delimiters);
        f->unknown |= somebody == CANNOT_TELL;
        if (somebody == FAILS)
            offer_target(f, entry, name + (name[0] == '\\'),
                         file != NULL ? arena_printf(_("named in %s"), file) : NULL);
    }
}

static void dangling_paths(struct finder *f, const struct entry *entry)
{
    struct strings targets = postfix_alias_targets(postfix_joined_value(entry->node));
    for (size_t k = 0; k < targets.n; k++) {
        const char *path = place_target_path(targets.item[k]);
        if (path != NULL && !table_file_there(context_facts(f->ctx), path))
            offer_target(f, entry, targets.item[k], arena_printf(_("there is no %s"), path));
    }
}

void place_alias_dangling(struct finder *f, const struct doc *const *doc, size_t n)
{
    struct entries all = entries_of(doc, n, false);
    struct strings names = folded_names(&f->names);
    const char *delimiters = place_delimiters(f);
    bool any_name = place_takes_all_names(f);
    for (size_t i = 0; i < all.n; i++) {
        if (!all.item[i].in_effect || !place_wanted(&names, all.item[i].key))
            continue;
        if (!any_name)
            dangling_names(f, &all, &all.item[i], delimiters);
        dangling_paths(f, &all.item[i]);
    }
}
