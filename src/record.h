/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is on disk of a transaction, below /var/lib/mailfix (root, 0700):
 *
 *     lock               flock for the whole run; the kernel frees it on death
 *     txn/0007-x/        a record, of the fix x; in it
 *       plan.json        fixes, parameters, targets with digests and hunks, services, actions
 *       before/N         the file that target N was, whole, with all its metadata (once kept)
 *       state            one word, overwritten in place
 *       unfinished       there while files may be half-way: what boot looks for
 *       back.json        what a rollback of it makes of the files, and of later transactions
 *       back/N           the text that comes back to target N, when it is not that of before/N
 *       rebased/N        the text before the Nth change of a later transaction in back.json
 *                        (not of a large file)
 *       edited/N         the edited copy of target N that a rollback by force put aside
 *       taken/N          the file that was taken out of the place of target N by the way back:
 *                        who has it open may write into it yet (no index, not across file systems)
 *     txn/.new-0007/     not a record yet: nothing was changed
 *     txn/.new-0007-index/  where its indexes are built
 *
 * A power cut may leave nothing of the word in state: a record that is marked is half-way then, and another
 * one is damaged.
 *
 * A record found below --root is as hostile as the tree: it may name only documents of the catalogue, and
 * each name is resolved again inside the root.
 */
#pragma once

#include "file.h"
#include "service.h"

enum txn_state { TXN_APPLYING, TXN_KEPT, TXN_UNDOING, TXN_UNDONE, TXN_STUCK };
const char *txn_state_name(enum txn_state state);

#define STORE "/var/lib/mailfix" /* below the root */
#define RECORD_NEW ".new-"       /* begins the name of what is no record yet, or no more */

#define RECORD_INDEX "index" /* the document of an index file: no text, no hunks */

struct target {
    const char *document;                               /* main.cf, or RECORD_INDEX */
    const char *path;                                   /* below the root, links followed */
    char before[DIGEST_HEX + 1], after[DIGEST_HEX + 1]; /* "": no file (in JSON "absent") */
    struct hunk *hunk;                                  /* against the before-text */
    const char **old; /* the bytes that each hunk replaced, hunk[i].old_len of them */
    size_t n_hunk;
    const struct target
        *written; /* as first recorded; NULL: an older transaction was not taken from below it */
};

/* What a rollback does to one target: the digests of what it finds and of what it leaves ("": no file). */
struct back_target {
    char from[DIGEST_HEX + 1], to[DIGEST_HEX + 1];
    bool edited; /* what it finds is kept in edited/ */
};

/* The change of a later transaction, as it stands once an older one is gone from below it, and the text that
 * it changes then (when read: in rebased/N only; NULL where its hunks lead there, of a large file). */
struct rebased {
    unsigned number;
    struct target target;
    const char *text;
    size_t len;
};

struct back {
    unsigned order;             /* of the rollbacks that were made here, from 1: each sees the ones before */
    struct back_target *target; /* as many as the record has */
    size_t n_target;
    struct rebased *later;
    size_t n_later;
    const char *who, *reason; /* NULL: not known, not said */
};

struct record {
    const char *id; /* 0007-sdbm-cache: the directory's name */
    unsigned number;
    enum txn_state state;
    time_t time;
    const char *who;
    const char *reason; /* NULL: not said */
    struct strings fixes, params;
    struct target *target;
    size_t n_target;
    struct service_state *service;
    size_t n_service;
    struct action *action;
    size_t n_action;
    struct strings byproduct; /* files that were absent before and belong to what was put in */
    struct back *back;        /* how it is or was rolled back; NULL: it was not */
};

/* A crash cut it off, or another mailfix is at it. */
bool record_is_half_way(const struct record *record);
/* A target as it was first recorded, whatever was taken from below it since. */
const struct target *record_written(const struct target *target);
/* The text that a target's hunks make of the one from before; NULL: not the one that the record names, and
 * RECORD_LEADS_ASTRAY of the record's id and the target's path says so. */
const char *record_after(const struct target *target, const char *before, size_t len, size_t *ret_len);
#define RECORD_LEADS_ASTRAY                                                                                  \
    N_("%s: the changes of %s in the record do not lead from the text before to the one after")

/* Of a target's path, the root, the record's id and the target's place in the record. */
#define RECORD_WRITTEN_SINCE                                                                                 \
    N_("somebody wrote into %s after it was taken out of its place; that text is kept as "                   \
       "%s/var/lib/mailfix/txn/%s/taken/%zu: take over what is wanted, then remove that file")

/* The same for a text of any size, in a file or, of a target that was created, nowhere (NULL): *ret has the
 * places of the hunks, *ret_hunk the hunks there; NULL: the record leads astray. */
struct extract;
bool record_extract(const struct target *target, const struct at *before, struct extract *ret,
                    struct hunk **ret_hunk, struct err *err) MUST_CHECK;

struct store {
    const struct root *root;
    int dir, txn, lock; /* descriptors; -1 where there is none */
};

/* Opens the store, making it if it is not there, and takes the lock: BUSY when another mailfix has it. */
bool store_open(const struct root *root, struct store *ret_store, struct err *err) MUST_CHECK;
/* Opens it for reading; *ret_there is false when this host has none. Takes no lock and writes nothing. */
bool store_look(const struct root *root, struct store *ret_store, bool *ret_there,
                struct err *err) MUST_CHECK;
/* Nothing is in it: no transaction, nor what is left of one. */
bool store_is_new(const struct store *store);
void store_close(struct store *store);

#define RECORD_MARK "unfinished" /* tells boot, without reading records, that this one may be half-way */
bool record_is_marked(const struct store *store, const char *id); /* [no memory] */
/* One that stays costs the next boot some milliseconds. [no memory] */
void record_unmark(const struct store *store, const char *id);
/* The state of a record that is marked and not half-way lasts from now on, and it is marked no more. A run
 * that was killed may have written the state and not synced it; a power cut brings the mark back. */
bool record_settle(const struct store *store, const struct record *record, struct err *err) MUST_CHECK;

/* All records, oldest first, each as it stands after the rollbacks of others. One that is damaged is skipped
 * and named in ret_damaged ("0003-c: why"). Fails when one could not
 * be read for another reason (the disk, memory): it may be the one that is half-way. */
bool record_list(const struct store *store, struct record **ret_record, size_t *ret_n,
                 struct strings *ret_damaged, struct err *err) MUST_CHECK;

/* Moves a record that cannot be read out of the way, to *ret_where below /var/lib/mailfix/damaged. */
bool store_set_aside(const struct store *store, const char *id, const char **ret_where,
                     struct err *err) MUST_CHECK;

/* "7", "0007" and "0007-sdbm-cache" name the same; NULL: the last one that was kept, *ret_chosen NULL when
 * there is none. USAGE when there is no such transaction. */
bool record_choose(const struct record *record, size_t n, const char *id, const struct record **ret_chosen,
                   struct err *err) MUST_CHECK;

/* plan.json as text, and back. NULL: there is not enough memory; false may be because of that, too. */
const char *record_format(const struct record *record, size_t *ret_len);
bool record_parse(const char *text, size_t len, struct record *record, struct err *err) MUST_CHECK;
/* back.json likewise; a record has as many targets as its back. */
const char *record_format_back(const struct back *back, size_t *ret_len);
bool record_parse_back(const char *text, size_t len, const struct record *record, struct back **ret_back,
                       struct err *err) MUST_CHECK;

#define STATE_LEN 10
/* The bytes of the state file: always as many, so that overwriting needs no space. */
void record_state_bytes(enum txn_state state, char ret_bytes[STATE_LEN + 1]);
