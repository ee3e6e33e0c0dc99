/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whether a new index is whole; see maps_private.h. A full disk or a killed program leaves one that looks
 * like any other, and Postfix would take what it lacks for what is not there.
 *
 * postmap(1) and postalias(1) warn of each record that they do not enter: duplicates, lines that are no
 * entry. So as many as the text has records are there, less one for each line that they say.
 *
 * Limits: a program that says more lines than it drops records may hide as many that are lacking. Of types
 * that cannot be listed and are not cdb nobody can tell.
 */
#include "maps_private.h"

#include "keyset.h"
#include "records.h"

#include <string.h>
#include <unistd.h>

/* The "@" that postalias(1) enters, and with NIS two more. */
#define ALIAS_SIGNATURES 3

/* cdb: the file begins with the places of 256 tables, each with two slots for each of its entries; numbers
 * are little endian. https://cr.yp.to/cdb/cdb.txt */
static bool count_cdb(struct job *j, size_t *ret_n)
{
    unsigned char head[2048];
    struct at at = {.dir = j->dir, .path = arena_printf("%s.cdb", j->text.name)};
    struct identity ignored;
    int fd;
    snprintf(at.name, sizeof(at.name), "%s", at.path);
    if (!file_open_text(&at, &fd, &ignored, j->err))
        return false;
    ssize_t got = read(fd, head, sizeof(head));
    close(fd);
    if (got != (ssize_t)sizeof(head))
        return err_set(j->err, "%s is no whole cdb file", at.path);
    *ret_n = 0;
    for (size_t i = 4; i < sizeof(head); i += 8)
        *ret_n +=
            (head[i] | (size_t)head[i + 1] << 8 | (size_t)head[i + 2] << 16 | (size_t)head[i + 3] << 24) / 2;
    return true;
}

bool maps_count(struct job *j, size_t *ret_n, bool *ret_known)
{
    *ret_known = true;
    if (strcmp(j->index->type, "cdb") == 0)
        return count_cdb(j, ret_n);
    const char *const argv[] = {maps_tool(j->index), "-s", maps_staged(j), NULL};
    struct run_result result;
    struct err why, *err = j->err;
    j->err = &why;
    enum verdict ran = maps_run(j, argv, -1, &result);
    j->err = err;
    if (ran == CANNOT_TELL) {
        *err = why;
        return false;
    }
    *ret_known = ran == HOLDS;
    *ret_n = *ret_known ? result.lines : 0;
    if (!*ret_known)
        say_more("the entries of %s were not counted: %s", maps_staged(j), why.text);
    return true;
}

/* What begins a record is for the program to enter or to warn of. */
static bool count_records(struct job *j, size_t *ret_n)
{
    struct at at = {.dir = j->dir, .path = j->index->name};
    struct identity ignored;
    struct records records;
    struct cut cut;
    const char *bytes;
    bool end = false, ok = true;
    int fd;
    snprintf(at.name, sizeof(at.name), "%s", j->text.name);
    *ret_n = 0;
    if (!file_open_text(&at, &fd, &ignored, j->err))
        return false;
    records_open(&records, fd, at.path);
    while (ok && !end) {
        ok = records_next(&records, &cut, &bytes, &end, j->err);
        *ret_n += ok && !end && records_begins(bytes, cut.len);
    }
    close(fd);
    return ok;
}

bool maps_check(struct job *j, size_t warnings)
{
    size_t records, entries;
    bool known;
    if (!count_records(j, &records) || !maps_count(j, &entries, &known))
        return false;
    size_t more = j->index->alias ? ALIAS_SIGNATURES : 0;
    if (!known || (entries <= records + more && entries + warnings >= records))
        return true;
    return err_set(j->err, "it has %zu entries, and %s has %zu; it is not whole", entries, j->index->name,
                   records);
}

/* ---- exactly ---- */

bool maps_count_keys(struct job *j, const struct identity *like, size_t *ret_n)
{
    struct keyset set = {0};
    struct identity identity;
    struct records records;
    struct cut cut;
    const char *bytes;
    bool end = false;
    int fd;
    if (!file_open_text(&j->text, &fd, &identity, j->err))
        return false;
    bool ok = file_unchanged(&identity, like);
    records_open(&records, fd, j->text.path);
    while (ok && !end) {
        ok = records_next(&records, &cut, &bytes, &end, j->err);
        if (!ok || end || !records_begins(bytes, cut.len))
            continue;
        struct key key = records_key(bytes, cut.len, j->index->alias);
        if (records_is_entry(bytes, cut.len, key, j->index->alias))
            keyset_add(&set, keyset_hash(key));
    }
    close(fd);
    *ret_n = set.n;
    ok = ok && !set.failed;
    keyset_free(&set);
    return ok;
}

enum verdict maps_check_whole(struct job *j, size_t keys)
{
    size_t n;
    bool known;
    if (!maps_count(j, &n, &known))
        return CANNOT_TELL;
    size_t more = n - keys;
    return known && n >= keys && (j->index->alias ? more == 1 || more == 3 : more == 0) ? HOLDS : FAILS;
}

/* hash and btree are told apart by what stands in the file, in the byte order of whoever wrote it. */
static const char *type_of_db(const struct at *at)
{
    static const struct {
        uint32_t magic;
        const char *type;
    } types[] = {{0x061561, "hash"}, {0x053162, "btree"}};
    struct identity ignored;
    struct err why;
    uint32_t magic = 0;
    int fd;
    if (!file_open_text(at, &fd, &ignored, &why))
        return NULL;
    bool got = pread(fd, &magic, sizeof(magic), 12) == (ssize_t)sizeof(magic);
    close(fd);
    for (size_t i = 0; got && i < COUNT(types); i++)
        if (magic == types[i].magic || __builtin_bswap32(magic) == types[i].magic)
            return types[i].type;
    return NULL;
}

/* NULL: none whose entries can be counted. */
static const char *type_of(const struct at *index)
{
    return ends_with(index->path, ".db")     ? type_of_db(index)
           : ends_with(index->path, ".lmdb") ? "lmdb"
           : ends_with(index->path, ".cdb")  ? "cdb"
                                             : NULL;
}

bool maps_is_made_of(const struct root *root, const char *path, const char *text, bool alias)
{
    struct at at;
    struct err why;
    struct index index = {.name = text, .alias = alias};
    struct identity identity;
    size_t keys;
    int fd;
    struct job j = {.root = root,
                    .index = &index,
                    .where = arena_copy(text, (size_t)(strrchr(text, '/') - text)),
                    .err = &why};
    if (!root->live || !file_resolve(root, path, &at, &why))
        return false;
    index.type = type_of(&at);
    close(at.dir);
    if (index.type == NULL || !file_resolve(root, text, &j.text, &why))
        return false;
    j.dir = j.text.dir;
    bool ok = file_open_text(&j.text, &fd, &identity, &why);
    if (ok)
        close(fd);
    ok = ok && maps_count_keys(&j, &identity, &keys) && maps_check_whole(&j, keys) == HOLDS;
    close(j.text.dir);
    return ok;
}
