/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * mailfix diff [ID]: what a transaction changed: the last one that was kept, or ID.
 *
 * Limits: the text from before is needed for the lines around: the record has it once the transaction was
 * kept.
 */
#include "color.h"
#include "diff.h"
#include "extract.h"
#include "hunk.h"
#include "record.h"
#include "show.h"
#include "verbs.h"

#include <string.h>
#include <unistd.h>

static bool print_target(const struct store *store, const struct record *record, size_t index,
                         bool *ret_masked, struct err *err)
{
    const struct target *t = record_written(&record->target[index]);
    const bool created = t->before[0] == '\0';
    const char *path = arena_printf(STORE "/txn/%s/before/%zu", record->id, index);
    struct extract before;
    struct hunk *hunk;
    struct at at;
    if (!created && !file_resolve(store->root, path, &at, err))
        return false;
    bool ok = record_extract(t, created ? NULL : &at, &before, &hunk, err);
    if (!created)
        close(at.dir);
    if (!ok)
        return false;
    if (!created && strcmp(before.digest, t->before) != 0)
        return err_set(err, "the text that %s had before is not in the record %s (it was %s)", t->path,
                       record->id, _(txn_state_name(record->state)));
    if (hunk == NULL)
        return err_set(err, RECORD_LEADS_ASTRAY, record->id, t->path);
    struct diff_text old = {created ? NULL : before.text, before.len, before.piece, before.n_piece},
                     new = {0};
    new.bytes = hunk_splice(before.text, before.len, hunk, t->n_hunk, &new.len);
    new.piece = extract_moved(before.piece, before.n_piece, before.text, hunk, t->n_hunk);
    new.n_piece = before.n_piece;
    bool masked = false;
    const char *text =
        diff_texts(t->path, &old, &new, hunk, t->n_hunk, show_secrecy(t->document, t->path), &masked);
    color_diff(text);
    *ret_masked |= masked;
    const struct report_file file = {t->path,   t->document, before.text, new.bytes, before.len,
                                     new.len,   t->before,   t->after,    hunk,      t->hunk,
                                     t->n_hunk, text,        masked};
    report_change(&file, NULL, NULL);
    return true;
}

enum outcome verb_diff(struct options *o, struct err *err)
{
    struct store store;
    struct record *record = NULL;
    size_t n = 0;
    struct strings damaged = {0};
    bool there, masked = false, ok = true;
    if (o->words.n > 1)
        return err_outcome(err, USAGE, "diff takes one transaction at most"), USAGE;
    if (!store_look(&o->root, &store, &there, err))
        return err->outcome;
    const struct record *chosen = NULL;
    if (there && (!record_list(&store, &record, &n, &damaged, err) ||
                  !record_choose(record, n, o->words.n > 0 ? o->words.item[0] : NULL, &chosen, err)))
        ok = false;
    else if (chosen == NULL)
        out_printf(stdout, "There is no transaction that was kept.\n");
    report_text(report_top(), "transaction", chosen != NULL ? chosen->id : NULL);
    for (size_t i = 0; ok && chosen != NULL && i < chosen->n_target; i++)
        ok = strcmp(chosen->target[i].document, RECORD_INDEX) == 0 ||
             print_target(&store, chosen, i, &masked, err);
    if (masked)
        out_printf(stdout, SHOW_MASKED);
    store_close(&store);
    return ok ? DONE : err->outcome;
}
