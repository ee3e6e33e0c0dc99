/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which records go when old ones are removed, and their removal. A record that is gone is a change that can
 * no more be taken back; so nothing goes that something else rests on.
 */
#pragma once

#include "record.h"

struct prune_rule {
    size_t newest; /* as many stay */
    time_t before; /* of the others, those of before then go */
};

/* "20": all but the newest 20 go. "90d": those that are older than 90 days. */
bool prune_rule(const char *words, time_t now, struct prune_rule *ret_rule, struct err *err) MUST_CHECK;

enum prune_why {
    PRUNE_GOES,
    PRUNE_YOUNG,
    PRUNE_NEWEST,     /* the newest record: numbers go on from it */
    PRUNE_LAST_KEPT,  /* what rollback takes back when nothing is named */
    PRUNE_UNFINISHED, /* or stuck: it waits for somebody */
    PRUNE_NEEDED      /* a later one that stays could not be taken back without it */
};

/* For each of the records, oldest first, whether it goes; ret_needs[i]: the number of the one that needs it.
 */
void prune_choose(const struct record *record, size_t n, const struct prune_rule *rule,
                  enum prune_why *ret_why, unsigned *ret_needs);

/* Removes a record from a store that is locked; a crash leaves it whole, or as a preparation that the next
 * run sweeps. */
bool prune_remove(struct store *store, const struct record *record, struct err *err) MUST_CHECK;
