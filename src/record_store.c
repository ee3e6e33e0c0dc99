/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The directory of the records, opened, locked and closed; see record.h.
 *
 * Limits: whoever only looks takes no lock, so what is looked at may change meanwhile.
 */
#include "record.h"

#include "extract.h"
#include "hunk.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

bool store_open(const struct root *root, struct store *ret_store, struct err *err)
{
    struct store store = {.root = root, .dir = -1, .txn = -1, .lock = -1};
    int lib;
    if (!file_open_dir(root, "/var/lib", &lib, err))
        return err_prefix(err, "the record belongs into %s%s", root->path, STORE);
    bool made = !file_exists(root, STORE "/txn");
    bool ok = file_private_dir(lib, "mailfix", &store.dir, err) &&
              file_lock(store.dir, "lock", &store.lock, err) &&
              file_private_dir(store.dir, "txn", &store.txn, err) &&
              (!made || (file_sync_dir(lib, err) && file_sync_dir(store.dir, err)));
    close(lib);
    if (!ok) {
        store_close(&store);
        return err_prefix(err, "%s%s", root->path, STORE);
    }
    *ret_store = store;
    return true;
}

bool store_look(const struct root *root, struct store *ret_store, bool *ret_there, struct err *err)
{
    struct store store = {.root = root, .dir = -1, .txn = -1, .lock = -1};
    *ret_there =
        file_open_dir(root, STORE, &store.dir, err) && file_open_dir(root, STORE "/txn", &store.txn, err);
    if (!*ret_there) {
        store_close(&store);
        if (err->number != ENOENT)
            return false;
    }
    *ret_store = store;
    return true;
}

bool store_is_new(const struct store *store)
{
    struct strings names;
    struct err ignored;
    for (int dot_files = 0; dot_files <= 1; dot_files++)
        if (!file_list(store->root, STORE "/txn", dot_files == 1, &names, &ignored) || names.n > 0)
            return false;
    return true;
}

/* Another run's mark may still be there: what it was about is finished by now. */
bool store_mark(struct store *store, const char *id, struct err *err)
{
    store->settled = false;
    return file_point(store->txn, STORE_MARK, id, err);
}

bool store_is_marked(const struct store *store, const char *id)
{
    char marked[256];
    return id == NULL ? file_is_there(store->txn, STORE_MARK)
                      : file_points_to(store->txn, STORE_MARK, marked) && strcmp(marked, id) == 0;
}

void store_close(struct store *store)
{
    struct err ignored;
    /* A mark that stays costs the next boot some milliseconds. */
    if (store->settled && !file_unlink(store->txn, STORE_MARK, &ignored))
        say_more("%s", ignored.text);
    store->settled = false;
    int *fds[] = {&store->txn, &store->lock, &store->dir};
    for (size_t i = 0; i < COUNT(fds); i++) {
        if (*fds[i] >= 0)
            close(*fds[i]);
        *fds[i] = -1;
    }
}

bool store_set_aside(const struct store *store, const char *id, const char **ret_where, struct err *err)
{
    int damaged;
    if (!file_private_dir(store->dir, "damaged", &damaged, err))
        return false;
    bool ok = file_rename(store->txn, id, damaged, id, err) && file_sync_dir(damaged, err) &&
              file_sync_dir(store->txn, err);
    close(damaged);
    *ret_where = arena_printf("%s/" STORE "/damaged/%s", store->root->path, id);
    return ok;
}

bool record_extract(const struct target *target, const struct at *before, struct extract *ret,
                    struct hunk **ret_hunk, struct err *err)
{
    char digest[DIGEST_HEX + 1];
    size_t len;
    if (before == NULL) {
        *ret = (struct extract){.text = ""};
        *ret_hunk = record_after(target, "", 0, &len) != NULL ? target->hunk : NULL;
        return true;
    }
    if (!extract_around(before, target->hunk, target->n_hunk, ret, ret_hunk, err))
        return false;
    if (*ret_hunk == NULL || !hunk_fit(ret->text, ret->len, *ret_hunk, target->old, target->n_hunk)) {
        *ret_hunk = NULL;
        return true;
    }
    const struct file_edit edit = {before->dir, before->name, &ret->identity, target->hunk, target->n_hunk};
    if (!file_edit_digest(&edit, digest, err))
        return false;
    if (strcmp(digest, target->after) != 0)
        *ret_hunk = NULL;
    return true;
}
