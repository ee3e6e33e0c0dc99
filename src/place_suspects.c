/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Aliases on circles and to nobody, in tables of any size: a first look over all records, without a lens,
 * says which of them may be such; only these, and those that they lead to, are read then and judged as those
 * of a small table are (place_map.c). So a suspect that is none costs time and says nothing.
 *
 * A circle: of the aliases that lead to aliases those are taken away that lead to none which is left, until
 * all that are left lead on for ever.
 *
 * Entries that are asked for without a name are found in the same way: their names first.
 *
 * Limits: sixteen bytes for each alias, and for each target of one that is an alias, while it lasts. What
 * a plan would change is judged, and not looked for. An entry whose name has a '*' in it is none to be found
 * so.
 */
#include "accounts.h"
#include "keyset.h"
#include "place_private.h"
#include "postfix_list.h"
#include "table_file.h"

#include <stdlib.h>
#include <string.h>

#define MOST_ROUNDS 100 /* a longer way that leads to an end is suspected, too */

struct edge {
    uint64_t from, to;
};

struct look {
    struct finder *f;
    struct keyset aliases, accounts;
    const char *delimiters;
    bool any_name; /* names that are nobody's are somebody else's */
    struct edge *edge;
    size_t n_edge, room;
    bool failed; /* no memory */
    struct keyset suspects;
    struct strings names;
};

static uint64_t hash_of(const char *name)
{
    return keyset_hash((struct key){name, strlen(name)});
}

static bool is_alias(const void *look, const char *name)
{
    return keyset_has(&((const struct look *)look)->aliases, hash_of(name));
}

static void note_alias(void *arg, const struct entry_seen *entry)
{
    struct look *look = arg;
    if (entry->value[0] != '\0') /* else postalias(1) drops it */
        keyset_add(&look->aliases, hash_of(entry->name));
}

/* ---- circles ---- */

static void note_edge(struct look *look, uint64_t from, uint64_t to)
{
    if (look->n_edge == look->room) {
        size_t room = look->room > 0 ? look->room * 2 : 1024;
        struct edge *grown = realloc(look->edge, room * sizeof(*grown));
        look->failed |= grown == NULL;
        if (grown == NULL)
            return;
        look->edge = grown;
        look->room = room;
    }
    look->edge[look->n_edge++] = (struct edge){from, to};
}

static void note_targets(void *arg, const struct entry_seen *entry)
{
    struct look *look = arg;
    struct strings targets = place_local_targets(entry->name, entry->value);
    for (size_t i = 0; i < targets.n; i++)
        if (is_alias(look, targets.item[i]))
            note_edge(look, hash_of(entry->name), hash_of(targets.item[i]));
}

/* Takes away what leads to none that is left (by from), or what none that is left leads to (by to); whether
 * something went. The edges are sorted in that way. */
static bool prune(struct look *look, bool forward)
{
    struct keyset left = {0};
    size_t kept = 0;
    for (size_t i = 0; i < look->n_edge; i++)
        keyset_add(&left, forward ? look->edge[i].from : look->edge[i].to);
    for (size_t i = 0; i < look->n_edge; i++)
        if (keyset_has(&left, forward ? look->edge[i].to : look->edge[i].from))
            look->edge[kept++] = look->edge[i];
    bool went = kept < look->n_edge;
    look->n_edge = kept;
    look->failed |= left.failed;
    keyset_free(&left);
    return went;
}

static void find_circles(struct look *look)
{
    for (int round = 0; round < MOST_ROUNDS && !look->failed; round++)
        if (!(prune(look, true) | prune(look, false)))
            break;
    for (size_t i = 0; i < look->n_edge; i++)
        keyset_add(&look->suspects, look->edge[i].from);
}

/* ---- nobody ---- */

/* As is_somebody of place_map.c asks; without a list of accounts each may be one. */
static bool is_nobody(const struct look *look, const char *name)
{
    bool final = name[0] == '\\';
    if (look->accounts.n == 0 || (!final && is_alias(look, name)) ||
        keyset_has(&look->accounts, hash_of(name + final)))
        return false;
    size_t len = strcspn(name, look->delimiters);
    return len == 0 || name[len] == '\0' || is_nobody(look, arena_copy(name, len));
}

static void note_dangling(void *arg, const struct entry_seen *entry)
{
    struct look *look = arg;
    struct strings targets = postfix_alias_targets(entry->value),
                   local = place_local_targets(entry->name, entry->value);
    bool suspect = false;
    for (size_t i = 0; i < local.n && !look->any_name && !suspect; i++)
        suspect = is_nobody(look, local.item[i]);
    for (size_t i = 0; i < targets.n && !suspect; i++) {
        const char *path = place_target_path(targets.item[i]);
        suspect = path != NULL && !table_file_there(context_facts(look->f->ctx), path);
    }
    if (suspect)
        keyset_add(&look->suspects, hash_of(entry->name));
}

/* ---- names ---- */

/* They outlive the walk, so they are kept where it frees nothing. */
struct kept {
    const struct keyset *of; /* NULL: any */
    struct keyset seen;
    size_t most;
    char *text;
    size_t len;
    bool failed;
};

static void keep_name(struct kept *kept, const char *name)
{
    size_t len = strlen(name) + 1;
    if (kept->seen.n == kept->most || !keyset_add(&kept->seen, hash_of(name)))
        return;
    char *grown = realloc(kept->text, kept->len + len);
    kept->failed |= grown == NULL || kept->seen.failed;
    if (grown == NULL)
        return;
    memcpy(grown + kept->len, name, len);
    kept->text = grown;
    kept->len += len;
}

static struct strings names_kept(struct kept *kept)
{
    struct strings names = {0};
    const char *text = arena_copy(kept->text != NULL ? kept->text : "", kept->len);
    for (size_t at = 0; at < kept->len; at += strlen(text + at) + 1)
        strings_add(&names, text + at);
    free(kept->text);
    keyset_free(&kept->seen);
    return names;
}

static void collect_name(void *arg, const struct entry_seen *entry)
{
    struct kept *kept = arg;
    if (keyset_has(kept->of, hash_of(entry->name)))
        keep_name(kept, entry->name);
}

static bool find_names(struct look *look, struct err *err)
{
    struct kept kept = {.of = &look->suspects, .most = PLACE_MOST_SUSPECTS};
    if (look->suspects.n == 0)
        return true;
    bool ok = docs_each_entry(look->f->ctx->docs, "aliases", collect_name, &kept, err);
    look->names = names_kept(&kept);
    look->failed |= kept.failed;
    return ok;
}

static bool look_through(struct look *look, struct err *err)
{
    struct docs *docs = look->f->ctx->docs;
    bool loops = look->f->place->noun == NOUN_LOOP;
    if (!docs_each_entry(docs, "aliases", note_alias, look, err) ||
        !docs_each_entry(docs, "aliases", loops ? note_targets : note_dangling, look, err))
        return false;
    if (loops)
        find_circles(look);
    if (!find_names(look, err))
        return false;
    look->failed |= look->aliases.failed || look->suspects.failed;
    return !look->failed || err_set(err, "there is not enough memory to look through all aliases");
}

bool place_suspects(struct finder *f, struct strings *ret_names, struct err *err)
{
    struct look look = {.f = f, .delimiters = place_delimiters(f), .any_name = place_takes_all_names(f)};
    struct strings accounts = {0};
    struct err ignored;
    if (f->place->noun == NOUN_DANGLING && !look.any_name)
        f->unknown |= !account_names(facts_root(context_facts(f->ctx)), &accounts, &ignored);
    for (size_t i = 0; i < accounts.n; i++)
        keyset_add(&look.accounts, hash_of(accounts.item[i]));
    progress_begin(_("looking through all aliases"));
    bool ok = look_through(&look, err);
    progress_end();
    keyset_free(&look.aliases);
    keyset_free(&look.accounts);
    keyset_free(&look.suspects);
    free(look.edge);
    *ret_names = look.names;
    return ok;
}

/* ---- entries without a name, or with a '*' in it ---- */

struct sift {
    struct finder *f;
    struct strings names;
    struct keyset accounts; /* others are none; empty: it does not matter */
    struct kept kept;
};

static void sift_entry(void *arg, const struct entry_seen *entry)
{
    struct sift *s = arg;
    if (!place_wanted(&s->names, entry->name) ||
        (s->accounts.n > 0 && !keyset_has(&s->accounts, hash_of(entry->name))) ||
        (entry->plain && s->f->matching != NULL &&
         !pattern_match(s->f->matching, entry->value, strlen(entry->value), NULL)))
        return;
    keep_name(&s->kept, entry->name);
}

/* Whether the place asks for aliases that are accounts only. */
static bool wants_accounts(struct finder *f)
{
    for (size_t i = 0; i < f->place->n_with; i++) {
        struct strings wanted = context_words(f->ctx, &f->place->with[i].values);
        if (strcmp(f->place->with[i].field, "account") == 0 &&
            !strings_have(&wanted, account_word[ACCOUNT_NONE]))
            return true;
    }
    return false;
}

bool place_sift(struct finder *f, const char *id, struct strings *ret_names, struct err *err)
{
    struct sift s = {.f = f, .kept = {.most = PLACE_MOST_ENTRIES + 1}};
    struct strings accounts = {0};
    struct err ignored;
    for (size_t i = 0; i < f->names.n; i++)
        strings_add(&s.names, text_small_letters(f->names.item[i]));
    if (wants_accounts(f) && account_names(facts_root(context_facts(f->ctx)), &accounts, &ignored))
        for (size_t i = 0; i < accounts.n; i++)
            keyset_add(&s.accounts, hash_of(accounts.item[i]));
    progress_begin(_("looking through all entries"));
    bool ok = docs_each_entry(f->ctx->docs, id, sift_entry, &s, err);
    progress_end();
    keyset_free(&s.accounts);
    *ret_names = names_kept(&s.kept);
    if (ok && s.kept.failed)
        ok = err_set(err, "there is not enough memory to look through all entries of %s", id);
    if (ok && ret_names->n > PLACE_MOST_ENTRIES)
        ok = err_set(err, "more than %d entries of %s are asked for at once", PLACE_MOST_ENTRIES, id);
    return ok;
}
