/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A look at the whole store; see store_check.h.
 *
 * Limits: what another mailfix writes meanwhile may look as if it had been left. The texts in back/, edited/
 * and rebased/ have no digest of their own in the record. Files in before/ and taken/ keep the mode that they
 * had; the directories above them are closed.
 */
#include "store_check.h"

#include "extract.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct check {
    const struct store *store;
    struct strings *problems;
};

/* What may be there, and what it must be. */
struct known {
    const char *name;
    mode_t mode; /* with the type */
};

static const struct known IN_STORE[] = {
    {"lock", S_IFREG | 0600}, {"txn", S_IFDIR | 0700}, {"damaged", S_IFDIR | 0700}, {NULL, 0}};
static const struct known IN_RECORD[] = {{"plan.json", S_IFREG | 0600}, {"state", S_IFREG | 0600},
                                         {RECORD_MARK, S_IFREG | 0600}, {"back.json", S_IFREG | 0600},
                                         {"before", S_IFDIR | 0700},    {"back", S_IFDIR | 0700},
                                         {"edited", S_IFDIR | 0700},    {"rebased", S_IFDIR | 0700},
                                         {"taken", S_IFDIR | 0700},     {NULL, 0}};

static void add(struct check *c, const char *sentence)
{
    strings_add(c->problems, sentence);
}

static void add_error(struct check *c, const struct err *err)
{
    add(c, arena_string(err->text));
}

/* "" is the directory itself. */
static void check_private(struct check *c, int dir, const char *path, const char *name, mode_t mode)
{
    struct stat st;
    if (fstatat(dir, name, &st, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) < 0)
        return; /* gone meanwhile */
    if (st.st_uid != 0 || st.st_mode != mode)
        add(c,
            arena_printf(_("%s is not private: it must belong to root and have mode %04o"),
                         name[0] != '\0' ? arena_printf("%s/%s", path, name) : path, (unsigned)mode & 07777));
}

static const struct known *find(const struct known *known, const char *name)
{
    for (; known->name != NULL; known++)
        if (strcmp(known->name, name) == 0)
            return known;
    return NULL;
}

static bool list_both(struct check *c, const char *path, struct strings *ret_names)
{
    struct strings dots;
    struct err err;
    if (!file_list(c->store->root, path, false, ret_names, &err) ||
        !file_list(c->store->root, path, true, &dots, &err)) {
        add_error(c, &err);
        return false;
    }
    for (size_t i = 0; i < dots.n; i++)
        strings_add(ret_names, dots.item[i]);
    return true;
}

static void check_dir(struct check *c, const char *path, const struct known *known)
{
    struct strings names = {0};
    struct err err;
    int dir;
    if (!list_both(c, path, &names))
        return;
    if (!file_open_dir(c->store->root, path, &dir, &err)) {
        add_error(c, &err);
        return;
    }
    check_private(c, dir, path, "", S_IFDIR | 0700);
    for (size_t i = 0; i < names.n; i++) {
        const struct known *one = find(known, names.item[i]);
        if (one == NULL)
            add(c, arena_printf(_("%s is no file of mailfix"), arena_printf("%s/%s", path, names.item[i])));
        else
            check_private(c, dir, path, one->name, one->mode);
    }
    close(dir);
}

/* ---- one record ---- */

static void check_hunks(struct check *c, const char *id, const struct target *target, const char *before)
{
    struct extract extract;
    struct hunk *hunk = NULL;
    struct at at;
    struct err why;
    if (before != NULL && !file_resolve(c->store->root, before, &at, &why)) {
        add_error(c, &why);
        return;
    }
    bool ok = record_extract(target, before != NULL ? &at : NULL, &extract, &hunk, &why);
    if (before != NULL)
        close(at.dir);
    if (!ok)
        add_error(c, &why);
    else if (hunk == NULL)
        add(c, arena_printf(_(RECORD_LEADS_ASTRAY), id, target->path));
}

/* A transaction that was put back, or not finished, keeps an empty place for the text. */
static bool has_texts(const struct record *record)
{
    return record->state == TXN_KEPT || record->state == TXN_UNDOING ||
           (record->state == TXN_UNDONE && record->back != NULL);
}

static void check_target(struct check *c, const struct record *record, int before, size_t index)
{
    const struct target *target = record_written(&record->target[index]);
    const char *slot = arena_printf("%zu", index);
    char digest[DIGEST_HEX + 1] = "";
    struct err why;
    bool created = target->before[0] == '\0';
    if (!created && (!file_digest(before, slot, digest, &why) || strcmp(digest, target->before) != 0)) {
        add(c, arena_printf(_("%s: the text of %s from before is not the one that the record names"),
                            record->id, target->path));
        return;
    }
    if (strcmp(target->document, RECORD_INDEX) != 0)
        check_hunks(c, record->id, target,
                    created ? NULL : arena_printf(STORE "/txn/%s/before/%s", record->id, slot));
}

/* What the way back took out of its place is what it found there. */
static void check_taken(struct check *c, const struct record *record)
{
    struct err err;
    int dir;
    if ((record->state != TXN_UNDONE && record->state != TXN_STUCK) ||
        !file_open_dir(c->store->root, arena_printf(STORE "/txn/%s/taken", record->id), &dir, &err))
        return; /* one of an older mailfix has none */
    for (size_t i = 0; i < record->n_target; i++) {
        const char *found = record->back != NULL ? record->back->target[i].from : record->target[i].after;
        char digest[DIGEST_HEX + 1];
        if (file_digest(dir, arena_printf("%zu", i), digest, &err) && digest[0] != '\0' &&
            strcmp(digest, found) != 0)
            add(c, arena_printf(_(RECORD_WRITTEN_SINCE), record->target[i].path, c->store->root->path,
                                record->id, i));
    }
    close(dir);
}

static void check_record(struct check *c, const struct record *record)
{
    struct err err;
    int before;
    if (record_is_half_way(record))
        add(c, arena_printf(_("%s is not finished: another mailfix is at work, or it was cut off; then: "
                              "mailfix recover"),
                            record->id));
    else if (record_is_marked(c->store, record->id))
        add(c, arena_printf(_("%s was left by a run that was cut off: mailfix recover removes it"),
                            arena_printf(STORE "/txn/%s/" RECORD_MARK, record->id)));
    check_taken(c, record);
    if (!has_texts(record))
        return;
    if (!file_open_dir(c->store->root, arena_printf(STORE "/txn/%s/before", record->id), &before, &err)) {
        add_error(c, &err);
        return;
    }
    for (size_t i = 0; i < record->n_target; i++)
        check_target(c, record, before, i);
    close(before);
}

/* ---- all of them ---- */

static bool is_directory(const struct check *c, const char *name)
{
    struct stat st;
    return fstatat(c->store->txn, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

static void check_records(struct check *c)
{
    struct strings names = {0};
    if (!list_both(c, STORE "/txn", &names))
        return;
    for (size_t i = 0; i < names.n; i++) {
        const char *path = arena_printf(STORE "/txn/%s", names.item[i]);
        if (starts_with(names.item[i], RECORD_NEW))
            add(c,
                arena_printf(_("%s was left by a run that was cut off: mailfix recover removes it"), path));
        else if (!is_directory(c, names.item[i]))
            add(c, arena_printf(_("%s is no file of mailfix"), path));
        else
            check_dir(c, path, IN_RECORD);
    }
}

void store_check(const struct store *store, const struct record *record, size_t n,
                 struct strings *ret_problems)
{
    struct check c = {store, ret_problems};
    check_dir(&c, STORE, IN_STORE);
    check_records(&c);
    for (size_t i = 0; i < n; i++)
        check_record(&c, &record[i]);
}
