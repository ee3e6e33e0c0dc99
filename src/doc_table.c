/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The texts of tables: which they are, and of each the records that somebody asked for (extract.h). When
 * others are asked for, the text is read again with both; what was edited until then is edited again.
 *
 * Limits: all records at once are for texts of at most FILE_LIMIT bytes.
 */
#include "doc_private.h"

#include "extract.h"
#include "hunk.h"
#include "postfix_key.h"
#include "postfix_list.h"
#include "postfix_table.h"
#include "set.h"
#include "tree.h"

#include <string.h>
#include <unistd.h>

/* ---- which ---- */

/* The text files of the tables that a parameter names; those of patterns have no keys. */
static bool table_texts(struct reading *r, const char *parameter, struct strings *ret_paths)
{
    const struct doc *main_cf;
    const char *missing = NULL;
    struct strings types = facts_table_types(r->docs->facts),
                   patterns = strings_split("regexp pcre cidr", " ");
    struct table_ref *ref;
    size_t n;
    if (!docs_get(r->docs, "main.cf", &main_cf, r->err))
        return false;
    const char *value = facts_value(r->docs->facts, main_cf, parameter, &missing);
    if (value == NULL && missing != NULL)
        return err_set(r->err, "nobody can tell what %s is; main.cf or the fact %s must say so", parameter,
                       missing);
    postfix_tables(parameter, value != NULL ? value : "", &types, &ref, &n);
    for (size_t i = 0; i < n; i++)
        if (postfix_text_index(ref[i].type, ref[i].name) != NULL && ref[i].name[0] == '/' &&
            !strings_have(&patterns, ref[i].type) && !strings_have(ret_paths, ref[i].name))
            strings_add(ret_paths, ref[i].name);
    return true;
}

/* ---- reading ---- */

static struct wanted wanted_of(const struct doc *doc)
{
    return (struct wanted){.keys = doc->keys, .all = doc->all, .alias = strcmp(doc->id, "aliases") == 0};
}

/* old: the same file as it was read before, or NULL. */
static bool read_extract(struct reading *r, const struct at *at, const struct doc *old, struct doc *doc)
{
    struct wanted wanted = wanted_of(doc);
    struct extract extract;
    wanted.no_digest = old != NULL;
    if (!extract_read(at, &wanted, &extract, r->err))
        return false;
    if (old != NULL && !file_unchanged(&extract.identity, &old->identity))
        return err_set(r->err, "%s was changed by somebody else while mailfix worked", doc->path);
    if (doc->all && extract.identity.size > (off_t)FILE_LIMIT)
        return err_set(r->err, "%s has %lld bytes; mailfix reads all records of at most %zu", doc->path,
                       (long long)extract.identity.size, FILE_LIMIT);
    doc->text = extract.text;
    doc->len = extract.len;
    doc->piece = extract.piece;
    doc->n_piece = extract.n_piece;
    doc->identity = extract.identity;
    doc->settled = extract.settled;
    doc->bad_line = extract.bad_line;
    doc->n_bad = extract.n_bad;
    memcpy(doc->digest, old != NULL ? old->digest : extract.digest, sizeof(doc->digest));
    return doc_parse_table(doc, r->err);
}

static bool read_from_disk(struct reading *r, const struct doc *old, struct doc *doc)
{
    struct at at;
    if (!file_resolve(facts_root(r->docs->facts), doc->path, &at, r->err))
        return false;
    doc->real = at.path;
    doc->absent = !file_is_there(at.dir, at.name);
    doc->text = "";
    bool ok = doc->absent || read_extract(r, &at, old, doc);
    close(at.dir);
    return ok || strcmp(doc->path, doc->real) == 0
               ? ok
               : err_prefix(r->err, "%s is a symbolic link to %s", doc->path, doc->real);
}

/* Postfix warns of the same lines when the index is built, and drops them. */
const char *doc_bad_lines(const struct doc *doc)
{
    if (doc->n_bad == 1)
        return arena_printf(_("%s:%zu: this line is no entry; Postfix passes over it"), doc->path,
                            doc->bad_line);
    return arena_printf(
        _("%s:%zu: this line is no entry, and %zu more below it are none; Postfix passes over them"),
        doc->path, doc->bad_line, doc->n_bad - 1);
}

bool doc_digest_after(const struct docs *docs, const struct doc *doc, const struct hunk *hunk, size_t n,
                      char ret_hex[DIGEST_HEX + 1], struct err *err)
{
    struct at at;
    if (!file_resolve(facts_root(docs->facts), doc->path, &at, err))
        return false;
    struct file_edit edit = {at.dir, at.name, &doc->identity, hunk, n};
    bool ok = file_edit_digest(&edit, ret_hex, err);
    close(at.dir);
    return ok;
}

/* The same doc with more records in it. */
static bool widen(struct reading *r, const struct doc *old, const struct doc *like, const struct doc **ret)
{
    struct doc *doc = arena_alloc(sizeof(*doc));
    *doc = (struct doc){.id = old->id, .path = old->path, .keys = like->keys, .all = like->all};
    *ret = doc;
    if (old->before == NULL)
        return read_from_disk(r, old, doc);
    const struct doc *before;
    struct hunk *in_file, *hunk;
    if (!widen(r, old->before, like, &before))
        return false;
    if (!extract_to_file(old->before->piece, old->before->n_piece, old->hunk, old->n_hunk, &in_file) ||
        !extract_from_file(before->piece, before->n_piece, in_file, old->n_hunk, &hunk))
        return err_set(r->err, "%s: an edit does not stand where it was put; this is a fault of mailfix",
                       old->path);
    if (!doc_edited(before, hunk, old->n_hunk, &doc, r->err))
        return false;
    doc->before = before;
    doc->hunk = hunk;
    doc->n_hunk = old->n_hunk;
    *ret = doc;
    return true;
}

/* Quotes around a key are none of it. */
static const char *unquoted(const char *key)
{
    size_t len = strlen(key);
    return len > 1 && key[0] == '"' && key[len - 1] == '"' ? arena_copy(key + 1, len - 2) : key;
}

/* Whether the doc has the records; else which ones one that has them takes. */
static bool covers(const struct doc *doc, const struct strings *keys, struct doc *ret_like)
{
    struct doc like = {.all = doc->all || keys == NULL};
    struct set there = {0};
    for (size_t i = 0; i < doc->keys.n; i++) {
        set_add(&there, doc->keys.item[i]);
        strings_add(&like.keys, doc->keys.item[i]);
    }
    for (size_t i = 0; keys != NULL && i < keys->n; i++) {
        const char *key = unquoted(keys->item[i]);
        if (set_add(&there, key))
            strings_add(&like.keys, key);
    }
    *ret_like = like;
    return doc->all || (!like.all && like.keys.n == doc->keys.n);
}

static bool read_table(struct reading *r, const char *path, const struct doc **ret_doc)
{
    const struct doc *old = docs_file(r->docs, r->id, path), none = {0};
    struct doc like;
    bool has = covers(old != NULL ? old : &none, r->keys, &like);
    *ret_doc = old;
    if (old != NULL && (has || old->n_piece == 0)) /* a file that was not there is whole */
        return true;
    if (old != NULL) {
        if (!widen(r, old, &like, ret_doc))
            return false;
    } else {
        struct doc *doc = arena_alloc(sizeof(*doc));
        *doc = (struct doc){.id = r->id, .path = path, .keys = like.keys, .all = like.all};
        if (!read_from_disk(r, NULL, doc))
            return false;
        *ret_doc = doc;
    }
    docs_keep_file(r->docs, *ret_doc);
    return true;
}

/* ---- the files of a document ---- */

static bool read_tables(struct reading *r, const struct strings *paths)
{
    for (size_t i = 0; i < paths->n; i++) {
        const struct doc *doc;
        if (!read_table(r, paths->item[i], &doc))
            return false;
        r->doc = arena_append(r->doc, &r->n, sizeof(struct doc *), &doc);
    }
    return true;
}

static struct strings alias_texts(struct reading *r)
{
    struct strings paths = {0};
    struct err ignored;
    struct reading quiet = *r;
    quiet.err = &ignored;
    /* Without Postfix, sendmail's place. */
    if (!table_texts(&quiet, "alias_maps", &paths))
        strings_add(&paths, "/etc/aliases");
    return paths;
}

bool doc_read_aliases(struct reading *r)
{
    struct strings paths = alias_texts(r);
    return read_tables(r, &paths);
}

bool docs_have_aliases(struct docs *docs)
{
    struct reading r = {.docs = docs};
    return alias_texts(&r).n > 0;
}

/* ---- all aliases, one at a time ---- */

static off_t size_of(struct docs *docs, const char *path)
{
    struct at at;
    struct identity identity = {0};
    struct err ignored;
    int fd;
    if (!file_resolve(facts_root(docs->facts), path, &at, &ignored))
        return 0;
    if (file_is_there(at.dir, at.name) && file_open_text(&at, &fd, &identity, &ignored))
        close(fd);
    close(at.dir);
    return identity.size;
}

static struct strings texts_of(struct docs *docs, const char *id)
{
    struct err ignored;
    struct reading r = {.docs = docs, .id = id, .err = &ignored};
    struct strings paths = {0};
    if (strcmp(id, "aliases") == 0)
        paths = alias_texts(&r);
    else if (table_texts(&r, id + strlen(TREE_MAP), &paths) && paths.n > 1)
        paths.n = 1;
    return paths;
}

bool docs_large(struct docs *docs, const char *id)
{
    struct strings paths = texts_of(docs, id);
    for (size_t i = 0; i < paths.n; i++)
        if (size_of(docs, paths.item[i]) > (off_t)FILE_LIMIT)
            return true;
    return false;
}

/* The lines of a record behind its name, without comments, as postfix_joined_value joins them. */
static const char *value_of(const char *bytes, size_t len, size_t from)
{
    struct buf value = {0};
    for (size_t at = from; at < len;) {
        const char *newline = memchr(bytes + at, '\n', len - at);
        size_t next = newline != NULL ? (size_t)(newline - bytes) + 1 : len, start = at, stop = next;
        stop -= newline != NULL;
        while (start < stop && text_is_blank(bytes[start]))
            start++;
        while (stop > start && text_is_blank(bytes[stop - 1]))
            stop--;
        if (start < stop && !(bytes[start] == '#' && at > from)) {
            buf_puts(&value, value.len > 0 ? " " : "");
            buf_add(&value, bytes + start, stop - start);
        }
        at = next;
    }
    return buf_text(&value);
}

struct viewer {
    void (*see)(void *arg, const struct entry_seen *entry);
    void *arg;
    bool alias;
};

static void view(const struct viewer *v, const char *bytes, size_t len)
{
    struct key key = records_key(bytes, len, v->alias);
    const char *value = records_value(bytes, len, key, v->alias);
    if (!records_begins(bytes, len) || key.len == 0 || value == NULL)
        return;
    const char *newline = memchr(bytes, '\n', len);
    struct entry_seen entry = {.name = text_small_letters(postfix_logical(key.bytes, key.len)),
                               .value = value_of(bytes, len, (size_t)(value - bytes))};
    bool one_line = newline == NULL || records_own_len(bytes, len) <= (size_t)(newline + 1 - bytes);
    entry.plain = one_line || memchr(bytes, '"', len) == NULL;
    v->see(v->arg, &entry);
}

static bool view_text(const struct at *at, const struct viewer *v, struct err *err)
{
    struct records records;
    struct cut cut;
    struct identity identity;
    const char *bytes;
    bool end = false, ok;
    int fd;
    if (!file_open_text(at, &fd, &identity, err))
        return false;
    records_open(&records, fd, at->path);
    while ((ok = records_next(&records, &cut, &bytes, &end, err)) && !end) {
        size_t mark = arena_mark();
        view(v, bytes, cut.len);
        arena_release(mark);
    }
    close(fd);
    return ok;
}

bool docs_each_entry(struct docs *docs, const char *id,
                     void (*see)(void *arg, const struct entry_seen *entry), void *arg, struct err *err)
{
    const struct viewer v = {see, arg, strcmp(id, "aliases") == 0};
    struct strings paths = texts_of(docs, id);
    for (size_t i = 0; i < paths.n; i++) {
        struct at at;
        if (!file_resolve(facts_root(docs->facts), paths.item[i], &at, err))
            return false;
        bool ok = !file_is_there(at.dir, at.name) || view_text(&at, &v, err);
        close(at.dir);
        if (!ok)
            return false;
    }
    return true;
}

bool doc_read_map(struct reading *r, const char *parameter)
{
    struct strings paths = {0};
    if (!table_texts(r, parameter, &paths))
        return false;
    if (paths.n == 0)
        return err_set(r->err, "%s names no table that is made from a text file", parameter);
    paths.n = 1;
    return read_tables(r, &paths);
}
