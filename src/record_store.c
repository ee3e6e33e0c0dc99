/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The directory of the records, opened, locked and closed; see record.h.
 *
 * Limits: whoever only looks takes no lock, so what is looked at may change meanwhile.
 */
#include "record.h"

#include "extract.h"
#include "hunk.h"

#include <string.h>
#include <unistd.h>

/* Before the first record, whoever made the directories (a run that was killed?) may not have synced them. */
bool store_open(const struct root *root, struct store *ret_store, struct err *err)
{
    struct store store = {.root = root, .dir = -1, .txn = -1, .lock = -1};
    int lib;
    if (!file_open_dir(root, "/var/lib", &lib, err))
        return err_prefix(err, "the record belongs into %s%s", root->path, STORE);
    bool ok = file_private_dir(lib, "mailfix", &store.dir, err) &&
              file_lock(store.dir, "lock", &store.lock, err) &&
              file_private_dir(store.dir, "txn", &store.txn, err) &&
              (!store_is_new(&store) || (file_sync_dir(lib, err) && file_sync_dir(store.dir, err)));
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
    if (!file_look_for(root, STORE "/txn", ret_there, err))
        return false;
    if (*ret_there && (!file_open_dir(root, STORE, &store.dir, err) ||
                       !file_open_dir(root, STORE "/txn", &store.txn, err))) {
        store_close(&store);
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

bool record_is_marked(const struct store *store, const char *id)
{
    char mark[512];
    snprintf(mark, sizeof(mark), "%s/" RECORD_MARK, id);
    return file_is_there(store->txn, mark);
}

void record_unmark(const struct store *store, const char *id)
{
    struct err ignored;
    char mark[512];
    snprintf(mark, sizeof(mark), "%s/" RECORD_MARK, id);
    if (!file_unlink(store->txn, mark, &ignored))
        say_more("%s", ignored.text);
}

bool record_settle(const struct store *store, const struct record *record, struct err *err)
{
    char bytes[STATE_LEN + 1], state[512];
    if (!record_is_marked(store, record->id))
        return true;
    record_state_bytes(record->state, bytes);
    snprintf(state, sizeof(state), "%s/state", record->id);
    if (!file_overwrite(store->txn, state, bytes, STATE_LEN, err))
        return err_prefix(err, "the record %s", record->id);
    record_unmark(store, record->id);
    return true;
}

void store_close(struct store *store)
{
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
