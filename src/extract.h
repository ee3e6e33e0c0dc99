/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Extracts: the records of a large text that an edit or a question is about, with some lines around them, in
 * one small text that is read and edited like a whole file. Pieces say where each part of it stands in the
 * file, so that its hunks can be carried over to the file.
 */
#pragma once

#include "file.h"
#include "records.h"

#define EXTRACT_MARGIN 3 /* lines around a record: what a diff shows, and what stands beside an edit */

/* What is wanted: the records of these keys, commented out or not, in any case of letters; those that the
 * spans touch; the last. all: the whole text. */
struct wanted {
    struct strings keys;
    bool all;
    bool alias;     /* keys end with ':' */
    bool no_digest; /* the file was looked at before */
    const struct span *span;
    size_t n_span;
};

struct extract {
    const char *text;
    size_t len;
    struct piece *piece;
    size_t n_piece;
    struct identity identity;
    bool settled; /* it was changed last two seconds or more before: each change since has another time */
    char digest[DIGEST_HEX + 1]; /* SHA-256 of the whole */
    size_t bad_line;             /* of the first record that is no entry, which Postfix drops; 0: none */
    size_t n_bad;                /* how many are not */
};

/* Reads a regular file of any size. Each record that is wanted stands in it. */
bool extract_read(const struct at *at, const struct wanted *wanted, struct extract *ret,
                  struct err *err) MUST_CHECK;

/* The same for the places of hunks of the file: *ret_hunk is where they are in the extract;
 * NULL: the file does not have their places. */
bool extract_around(const struct at *at, const struct hunk *hunk, size_t n, struct extract *ret,
                    struct hunk **ret_hunk, struct err *err) MUST_CHECK;

/* The keys of what is wanted by their hashes: many records are held against many keys. */
struct key_slot {
    uint64_t hash;
    const char *name; /* as it is compared (records_name); NULL: empty */
};
struct keys {
    const struct wanted *wanted; /* kept */
    struct key_slot *slot;
    uint64_t *seen; /* a bit for the hash of each: most keys are told from them by that alone */
    size_t seen_mask;
    size_t mask; /* the number of slots, a power of two, less one */
};
struct keys extract_keys(const struct wanted *wanted);
/* Whether it is one of them; all wants any. */
bool extract_has_key(const struct keys *keys, struct key key);

/* From the extract to the file; an offset that ends a piece is in that piece when end is true, else in the
 * next one. */
const struct piece *extract_piece(const struct piece *piece, size_t n, size_t offset, bool end);
size_t extract_line(const struct piece *piece, size_t n, const char *text, size_t offset, bool end);

/* Hunks of an extract as hunks of the file; of the file as hunks of an extract that has their places. False:
 * one lies across two pieces, which is a fault of mailfix. */
bool extract_to_file(const struct piece *piece, size_t n, const struct hunk *hunk, size_t n_hunk,
                     struct hunk **ret_hunk) MUST_CHECK;
bool extract_from_file(const struct piece *piece, size_t n, const struct hunk *hunk, size_t n_hunk,
                       struct hunk **ret_hunk) MUST_CHECK;
/* The pieces of the text that the hunks lead to. text: the one before. */
struct piece *extract_moved(const struct piece *piece, size_t n, const char *text, const struct hunk *hunk,
                            size_t n_hunk);
