/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Aliases on circles and to nobody, in tables of any size: a first look over all records, without a lens,
 * says which of them may be such; only these, and those that they lead to, are read then and judged as those
 * of a small table are (place_map.c). So a suspect that is none costs time and says nothing.
 *
 * A circle: of the aliases that lead to aliases those are taken away that lead to none which is left, until
 * all that are left lead on for ever.
 *
 * Limits: sixteen bytes for each alias, and for each target of one that is an alias, while it lasts. What
 * a plan would change is judged, and not looked for.
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

static void note_alias(void *arg, const char *name, const char *value)
{
    struct look *look = arg;
    (void)value;
    keyset_add(&look->aliases, hash_of(name));
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

static void note_targets(void *arg, const char *name, const char *value)
{
    struct look *look = arg;
    struct strings targets = place_local_targets(name, value);
    for (size_t i = 0; i < targets.n; i++)
        if (is_alias(look, targets.item[i]))
            note_edge(look, hash_of(name), hash_of(targets.item[i]));
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

static void note_dangling(void *arg, const char *name, const char *value)
{
    struct look *look = arg;
    struct strings targets = postfix_alias_targets(value), local = place_local_targets(name, value);
    bool suspect = false;
    for (size_t i = 0; i < local.n && !look->any_name && !suspect; i++)
        suspect = is_nobody(look, local.item[i]);
    for (size_t i = 0; i < targets.n && !suspect; i++) {
        const char *path = place_target_path(targets.item[i]);
        suspect = path != NULL && !table_file_there(context_facts(look->f->ctx), path);
    }
    if (suspect)
        keyset_add(&look->suspects, hash_of(name));
}

/* ---- their names ---- */

/* The names outlive the walk, so they are kept where it frees nothing. */
struct kept {
    char *text;
    size_t len, n;
};

struct collect {
    struct look *look;
    struct kept kept;
    bool failed;
};

static void collect_name(void *arg, const char *name, const char *value)
{
    struct collect *c = arg;
    size_t len = strlen(name) + 1;
    (void)value;
    if (c->kept.n == PLACE_MOST_SUSPECTS || !keyset_has(&c->look->suspects, hash_of(name)))
        return;
    char *grown = realloc(c->kept.text, c->kept.len + len);
    c->failed |= grown == NULL;
    if (grown == NULL)
        return;
    memcpy(grown + c->kept.len, name, len);
    c->kept.text = grown;
    c->kept.len += len;
    c->kept.n++;
}

static bool find_names(struct look *look, struct err *err)
{
    struct collect c = {.look = look};
    if (look->suspects.n == 0)
        return true;
    bool ok = docs_each_alias(look->f->ctx->docs, collect_name, &c, err);
    for (size_t at = 0; ok && at < c.kept.len; at += strlen(c.kept.text + at) + 1)
        if (!strings_have(&look->names, c.kept.text + at))
            strings_add(&look->names, arena_string(c.kept.text + at));
    free(c.kept.text);
    look->failed |= c.failed;
    return ok;
}

static bool look_through(struct look *look, struct err *err)
{
    struct docs *docs = look->f->ctx->docs;
    bool loops = look->f->place->noun == NOUN_LOOP;
    if (!docs_each_alias(docs, note_alias, look, err) ||
        !docs_each_alias(docs, loops ? note_targets : note_dangling, look, err))
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
