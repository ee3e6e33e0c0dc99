/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Old records and how they go; see prune.h.
 *
 * Limits: a record that cannot be read is not touched; rollback ID --force sets it aside.
 */
#include "prune.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>

#define DAY 86400
#define MANY 1000000 /* records or days: more is a slip of the keyboard */

bool prune_rule(const char *words, time_t now, struct prune_rule *ret_rule, struct err *err)
{
    char *end;
    unsigned long number = strtoul(words, &end, 10);
    bool days = end[0] == 'd' && end[1] == '\0';
    if (!isdigit((unsigned char)words[0]) || (!days && *end != '\0') || number == 0 || number > MANY)
        return err_outcome(
            err, USAGE, "--prune takes how many records stay (20), or an age in days (90d), not '%s'", words);
    *ret_rule = days ? (struct prune_rule){0, now - (time_t)number * DAY}
                     : (struct prune_rule){number, (time_t)INT64_MAX};
    return true;
}

/* A transaction that was taken back from below a later one says how the later one's change stands now. */
static unsigned needed_by(const struct record *record, size_t n, size_t at, const enum prune_why *why)
{
    const struct back *back = record[at].state == TXN_UNDONE ? record[at].back : NULL;
    for (size_t k = 0; back != NULL && k < back->n_later; k++)
        for (size_t i = at + 1; i < n; i++)
            if (record[i].number == back->later[k].number && record[i].state == TXN_KEPT &&
                why[i] != PRUNE_GOES)
                return record[i].number;
    return 0;
}

void prune_choose(const struct record *record, size_t n, const struct prune_rule *rule,
                  enum prune_why *ret_why, unsigned *ret_needs)
{
    bool last_kept = true;
    /* From the newest on: what stays decides about what it rests on. */
    for (size_t i = n; i-- > 0;) {
        enum txn_state state = record[i].state;
        ret_needs[i] = 0;
        if (n - i <= rule->newest || record[i].time >= rule->before)
            ret_why[i] = PRUNE_YOUNG;
        else if (i + 1 == n)
            ret_why[i] = PRUNE_NEWEST;
        else if (state == TXN_KEPT && last_kept)
            ret_why[i] = PRUNE_LAST_KEPT;
        else if (state != TXN_KEPT && state != TXN_UNDONE)
            ret_why[i] = PRUNE_UNFINISHED;
        else if ((ret_needs[i] = needed_by(record, n, i, ret_why)) != 0)
            ret_why[i] = PRUNE_NEEDED;
        else
            ret_why[i] = PRUNE_GOES;
        last_kept &= state != TXN_KEPT;
    }
}

bool prune_remove(struct store *store, const struct record *record, struct err *err)
{
    const char *gone = arena_printf(RECORD_NEW "%04u", record->number);
    return file_rename(store->txn, record->id, store->txn, gone, err) && file_sync_dir(store->txn, err) &&
           file_remove_dir(store->txn, gone, err);
}
