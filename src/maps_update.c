/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A new index from a copy of the old one; see maps_private.h. Where a few records of a large text change,
 * building its index anew costs seconds for each million records, and entering the few takes milliseconds.
 *
 * Nothing is done to the index in use: the programs work on a copy in the private directory, which is
 * exchanged like an index that was built. So a crash of theirs, a full disk or an interrupt leave the old
 * one, whatever the type, and the way back needs no old values.
 *
 * The copy must be what the old text makes, or it would carry on what is wrong with it: it must not be older
 * than the text, and in the end the index has as many entries as the text has different keys.
 *
 * Limits: an index whose entries have other values than the text, though as many, stays so in the others.
 * Keys that are quoted, not ASCII or go over lines are left to a build.
 */
#include "maps_private.h"

#include "keyset.h"
#include "postfix_table.h"
#include "records.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LEAST_SIZE ((off_t)FILE_LIMIT) /* a smaller text is built in no time */
#define MOST_KEYS 10000
#define PUT "put"
#define DROP "drop"

/* Types that postmap -i and -d can change. */
static bool can_update(const char *type)
{
    static const char *const types[] = {"hash", "btree", "lmdb"};
    for (size_t i = 0; i < COUNT(types); i++)
        if (strcmp(types[i], type) == 0)
            return true;
    return false;
}

/* ---- which keys change ---- */

struct entry {
    struct key key;
    const char *bytes; /* the record's own lines */
    size_t len, order;
};

struct entries {
    struct entry *item; /* by key, the first of each only */
    size_t n;
};

static char fold(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static int compare_keys(struct key a, struct key b)
{
    for (size_t i = 0; i < a.len && i < b.len; i++)
        if (fold(a.bytes[i]) != fold(b.bytes[i]))
            return fold(a.bytes[i]) < fold(b.bytes[i]) ? -1 : 1;
    return a.len == b.len ? 0 : a.len < b.len ? -1 : 1;
}

static int by_key(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int order = compare_keys(x->key, y->key);
    return order != 0 ? order : x->order < y->order ? -1 : 1;
}

/* The entries of a text in pieces, each of whole records. */
static struct entries entries_of(const char *text, const struct piece *piece, size_t n, bool alias)
{
    struct entries all = {0};
    size_t lines, first = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t at = piece[i].at, end = at + piece[i].len, len; at < end; at += len) {
            len = records_first(text + at, end - at, true, &lines);
            struct key key = records_key(text + at, len, alias);
            if (!records_begins(text + at, len) || !records_is_entry(text + at, len, key, alias))
                continue;
            struct entry entry = {key, text + at, records_own_len(text + at, len), all.n};
            all.item = arena_append(all.item, &all.n, sizeof(entry), &entry);
        }
    if (all.n > 1)
        qsort(all.item, all.n, sizeof(*all.item), by_key);
    for (size_t i = 0; i < all.n; i++)
        if (first == 0 || compare_keys(all.item[first - 1].key, all.item[i].key) != 0)
            all.item[first++] = all.item[i];
    all.n = first;
    return all;
}

static bool is_plain(struct key key)
{
    for (size_t i = 0; i < key.len; i++)
        if ((unsigned char)key.bytes[i] >= 0x80 || strchr("\"\\\n", key.bytes[i]) != NULL)
            return false;
    return true;
}

static bool was_asked_for(const struct doc *doc, struct key key)
{
    for (size_t i = 0; i < doc->keys.n; i++) {
        const char *name = doc->keys.item[i];
        if (compare_keys(key, (struct key){name, strlen(name)}) == 0)
            return true;
    }
    return doc->all;
}

struct update {
    struct buf put, drop; /* records to enter, keys to take out: input of the programs */
    size_t n_put, n_drop, n_new;
};

/* False: it cannot be told from these records, or not in a few. */
static bool compare(const struct change *change, bool alias, struct update *ret)
{
    const struct doc *doc = change->doc;
    struct entries before = entries_of(doc->text, doc->piece, doc->n_piece, alias),
                   after = entries_of(change->after, change->after_piece, doc->n_piece, alias);
    struct update u = {0};
    for (size_t i = 0, k = 0; i < before.n || k < after.n;) {
        const struct entry *old = i < before.n ? &before.item[i] : NULL,
                           *new = k < after.n ? &after.item[k] : NULL;
        int order = old == NULL ? 1 : new == NULL ? -1 : compare_keys(old->key, new->key);
        i += order <= 0;
        k += order >= 0;
        if (order == 0 && old->len == new->len && memcmp(old->bytes, new->bytes, old->len) == 0)
            continue;
        const struct entry *one = order < 0 ? old : new;
        if (!is_plain(one->key) || !was_asked_for(doc, one->key) || u.n_put + u.n_drop == MOST_KEYS)
            return false;
        if (order < 0) {
            buf_add(&u.drop, one->key.bytes, one->key.len);
            buf_puts(&u.drop, "\n");
            u.n_drop++;
        } else {
            buf_add(&u.put, one->bytes, one->len);
            if (one->bytes[one->len - 1] != '\n')
                buf_puts(&u.put, "\n");
            u.n_put++;
            u.n_new += order > 0;
        }
    }
    *ret = u;
    return u.n_put + u.n_drop > 0;
}

/* ---- on the copy ---- */

static bool copy_index(struct job *j)
{
    const char *suffix[2];
    size_t n = postfix_index_suffixes(j->index->type, suffix);
    for (size_t i = 0; i < n; i++) {
        struct at at;
        if (!file_resolve(j->root, arena_printf("%s%s", j->index->name, suffix[i]), &at, j->err))
            return false;
        bool ok = file_copy_bytes(&at, j->dir, arena_printf("%s%s", j->text.name, suffix[i]), &j->copied[i],
                                  j->err);
        close(at.dir);
        if (!ok)
            return false;
    }
    return true;
}

/* One program fed with one file of ours; it says nothing when all is well. */
static enum verdict feed(struct job *j, const char *const argv[], const char *name, const struct buf *input)
{
    struct run_result result;
    struct at at = {.dir = j->dir, .path = name};
    struct identity ignored;
    int fd;
    snprintf(at.name, sizeof(at.name), "%s", name);
    if (!file_reserve(j->dir, name, buf_text(input), input->len, j->err) ||
        !file_open_text(&at, &fd, &ignored, j->err))
        return FAILS;
    enum verdict ran = maps_run(j, argv, fd, &result);
    close(fd);
    return ran == HOLDS && result.lines > 0 ? FAILS : ran;
}

static enum verdict change_copy(struct job *j, const struct update *u)
{
    const char *tool = maps_tool(j->index), *map = maps_staged(j);
    const char *const put[] = {tool, "-o", "-r", "-i", map, NULL};
    const char *const drop[] = {tool, "-o", "-d", "-", map, NULL};
    enum verdict done = u->n_put > 0 ? feed(j, put, PUT, &u->put) : HOLDS;
    return done == HOLDS && u->n_drop > 0 ? feed(j, drop, DROP, &u->drop) : done;
}

static bool clear(struct job *j)
{
    const char *suffix[2], *name[4] = {PUT, DROP};
    size_t n = postfix_index_suffixes(j->index->type, suffix);
    for (size_t i = 0; i < n; i++)
        name[2 + i] = arena_printf("%s%s", j->text.name, suffix[i]);
    for (size_t i = 0; i < 2 + n; i++)
        if (!file_unlink(j->dir, name[i], j->err))
            return false;
    memset(j->copied, 0, sizeof(j->copied));
    return true;
}

enum verdict maps_update(struct job *j)
{
    const struct change *change = maps_change_of(j->plan, j->index->name);
    struct err why, *err = j->err;
    struct update u;
    size_t keys;
    if (change == NULL || change->doc->n_piece == 0 || change->doc->identity.size < LEAST_SIZE ||
        !j->index->stays || !can_update(j->index->type) || !maps_is_fresh(j->root, j->index) ||
        strcmp(j->text.name, PUT) == 0 || strcmp(j->text.name, DROP) == 0 ||
        !compare(change, j->index->alias, &u))
        return FAILS;
    j->err = &why;
    enum verdict done = maps_count_keys(j, &change->doc->identity, &keys) && copy_index(j) ? HOLDS : FAILS;
    if (done == HOLDS)
        done = change_copy(j, &u);
    if (done == HOLDS)
        done = maps_check_whole(j, keys + u.n_new - u.n_drop);
    j->err = err;
    if (done == CANNOT_TELL) {
        *err = why;
        return done;
    }
    if (done == HOLDS) {
        say_more("%zu entries of its copy were changed, %zu taken out", u.n_put, u.n_drop);
        return HOLDS;
    }
    return clear(j) ? FAILS : CANNOT_TELL;
}
