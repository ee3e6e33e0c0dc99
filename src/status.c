/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * mailfix status: each file that a kept transaction changed: "clean" (as mailfix wrote it), "edited since"
 * (what mailfix put in still stands), "overwritten since" (it does not: a package, or somebody, put another
 * text there), "gone".
 *
 * With --store it looks at mailfix's own records instead, see store_check.h.
 *
 * Exit 6 when one is not clean, for a daily job.
 */
#include "color.h"
#include "language.h"
#include "store_check.h"
#include "txn.h"
#include "verbs.h"

#include <string.h>
#include <unistd.h>

/* All the bytes that the transaction put in are found in the text. */
static bool hunks_stand(const struct target *target, const char *text)
{
    for (size_t i = 0; i < target->n_hunk; i++)
        if (strstr(text, target->hunk[i].bytes) == NULL)
            return false;
    return true;
}

static bool is_large(const struct at *at)
{
    struct identity identity;
    struct err ignored;
    int fd;
    if (!file_open_text(at, &fd, &identity, &ignored))
        return false;
    close(fd);
    return identity.size > (off_t)FILE_LIMIT;
}

static const char *state_of(const struct store *store, const struct target *target)
{
    const char *text;
    size_t len;
    struct err ignored;
    char digest[DIGEST_HEX + 1];
    if (!file_exists(store->root, target->path))
        return N_("gone");
    struct at at;
    if (!file_resolve(store->root, target->path, &at, &ignored))
        return N_("overwritten since");
    bool read = file_digest(at.dir, at.name, digest, &ignored), large = is_large(&at);
    close(at.dir);
    if (read && strcmp(digest, target->after) == 0)
        return N_("clean");
    if (large)
        return N_("edited since"); /* nobody looks where */
    if (!read || !file_read_path(store->root, target->path, ANY_OWNER, &text, &len, &ignored))
        return N_("overwritten since");
    return hunks_stand(target, text) ? N_("edited since") : N_("overwritten since");
}

/* A later kept transaction on the same file says how that file stands. */
static bool has_later(const struct record *record, size_t n, size_t at, const char *path)
{
    for (size_t i = at + 1; i < n; i++)
        for (size_t k = 0; k < record[i].n_target && record[i].state == TXN_KEPT; k++)
            if (strcmp(record[i].target[k].path, path) == 0)
                return true;
    return false;
}

/* What lies beside the files of finished transactions. */
static void check_litter(const struct store *store, const struct record *record, size_t n,
                         struct strings *problems)
{
    struct strings seen = {0};
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < record[i].n_target; k++) {
            const struct target *target = &record[i].target[k];
            if (record_is_half_way(&record[i]) || strings_have(&seen, target->path))
                continue;
            strings_add(&seen, target->path);
            if (txn_is_litter(store->root, target))
                strings_add(problems, arena_printf(_("something was left beside %s by a run that was cut "
                                                     "off: mailfix recover removes it"),
                                                   target->path));
        }
}

/* status --store */
static enum outcome store_status(const struct store *store, const struct record *record, size_t n,
                                 const struct strings *damaged)
{
    struct strings problems = {0};
    store_check(store, record, n, &problems);
    check_litter(store, record, n, &problems);
    for (size_t i = 0; i < damaged->n; i++) {
        const char *id = arena_copy(damaged->item[i], strcspn(damaged->item[i], ":"));
        strings_add(&problems, arena_printf(_("%s cannot be read: %s. To set it aside: mailfix rollback %s "
                                              "--force"),
                                            id, damaged->item[i] + strlen(id) + 2, id));
    }
    report_strings(report_top(), "problems", &problems);
    color_tone(problems.n == 0 ? TONE_GOOD : TONE_BAD);
    if (problems.n == 0)
        out_printf(stdout, "The store is sound (%zu records).\n", n);
    for (size_t i = 0; i < problems.n; i++)
        out_printf(stdout, "%s\n", problems.item[i]);
    color_tone(TONE_NONE);
    return problems.n > 0 ? FOUND : DONE;
}

enum outcome verb_status(struct options *o, struct err *err)
{
    struct store store;
    struct record *record = NULL;
    size_t n = 0, files = 0, differ = 0;
    struct strings damaged = {0};
    bool there;
    if (o->words.n > 0)
        return err_outcome(err, USAGE, "status takes no argument"), USAGE;
    if (!store_look(&o->root, &store, &there, err))
        return err->outcome;
    if (there && !record_list(&store, &record, &n, &damaged, err)) {
        store_close(&store);
        return err->outcome;
    }
    if (o->store && there) {
        enum outcome outcome = store_status(&store, record, n, &damaged);
        store_close(&store);
        return outcome;
    }
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < record[i].n_target && record[i].state == TXN_KEPT; k++) {
            const struct target *target = &record[i].target[k];
            /* An index follows its text; whoever rebuilds it changes nothing. */
            if (strcmp(target->document, RECORD_INDEX) == 0 || has_later(record, n, i, target->path))
                continue;
            const char *state = state_of(&store, target);
            bool clean = strcmp(state, "clean") == 0;
            color_tone(clean ? TONE_GOOD : TONE_BAD);
            language_column(stdout, _(state), 17);
            color_tone(TONE_NONE);
            out_printf(stdout, "%s  (%s)\n", target->path, record[i].id);
            struct json_t *item = report_add(report_top(), "files");
            report_text(item, "path", target->path);
            report_text(item, "state", state);
            report_text(item, "transaction", record[i].id);
            files++;
            differ += !clean;
        }
    report_strings(report_top(), "damaged", &damaged);
    for (size_t i = 0; i < damaged.n; i++)
        warn("the record %s cannot be read", damaged.item[i]);
    if (files == 0)
        out_printf(stdout, "No file carries a change of mailfix.\n");
    store_close(&store);
    return differ > 0 ? FOUND : DONE;
}
