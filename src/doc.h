/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The documents of one host, read and parsed when first asked for: a plan keeps a second set in which edited
 * texts take the place of what is on disk. A document is one file or several:
 *
 *   main.cf, master.cf   the two files of Postfix
 *   aliases              the text of each table in alias_maps, in its order; /etc/aliases where nothing tells
 *   map PARAMETER        the text of the first table that the parameter names in main.cf; it may be absent
 *   dovecot.conf         Dovecot's configuration with the files that it includes, in reading order
 */
#pragma once

#include "facts.h"

#define N_DOCS 2
#define DOC_DOVECOT "dovecot.conf"

/* What has been read or edited beyond the two files of Postfix, newest first; never changed, only added to,
 * so that a copy of a struct docs goes its own way. */
struct doc_file {
    const struct doc *doc;
    const struct doc_file *next;
};

struct docs {
    struct facts *facts;
    const struct doc *doc[N_DOCS];
    struct err failure[N_DOCS]; /* why it could not be read */
    bool tried[N_DOCS];
    const struct doc_file *file;
};

extern const char *const DOC_IDS[N_DOCS]; /* "main.cf", "master.cf" */

/* One of the two files of Postfix. Where there is no Postfix at all the outcome is NOT_APPLICABLE. */
bool docs_get(struct docs *docs, const char *id, const struct doc **ret_doc, struct err *err) MUST_CHECK;
/* The files of any document, each once, in reading order. One that cannot be read, or that its lens refuses,
 * fails the whole and is named; a text behind alias_maps or a map may be absent (doc->absent). Of these texts
 * the records with the keys are read (NULL: all); what was asked for before stays, but may
 * be in a new doc (docs_file). */
bool docs_files(struct docs *docs, const char *id, const struct strings *keys,
                const struct doc *const **ret_doc, size_t *ret_n, struct err *err) MUST_CHECK;
/* Whether a text of the document (aliases, map ...) is too large to be read whole, as docs_files reads it
 * without keys. */
bool docs_large(struct docs *docs, const char *id);
/* An entry of such a text as it is on disk. */
struct entry_seen {
    const char *name;  /* as it is looked up */
    const char *value; /* its lines, without the blanks around them, with one between */
    bool plain;        /* a lens has the same value */
};
/* Each of them, in reading order, duplicates and those without a value too. What see allocates in the arena
 * is gone when it returns. */
bool docs_each_entry(struct docs *docs, const char *id,
                     void (*see)(void *arg, const struct entry_seen *entry), void *arg,
                     struct err *err) MUST_CHECK;
/* Whether the aliases come from a text file, which may be absent. */
bool docs_have_aliases(struct docs *docs);
/* The doc of a path as it was read or edited last; NULL: none was. */
const struct doc *docs_file(const struct docs *docs, const char *id, const char *path);
/* A setting, a section or a commented-out setting of dovecot.conf or of a file that it includes. */
struct dovecot_entry {
    const struct doc *doc;
    const struct node *node;
    const char *path;         /* "service/imap-login/vsz_limit" */
    const struct node *alone; /* the innermost section around it that does not merge with others, or NULL */
};
/* All of them in the order in which Dovecot reads them, a section before what is in it; and the files. */
struct dovecot_conf {
    struct dovecot_entry *entry;
    size_t n;
    const struct doc *first; /* dovecot.conf itself */
    const struct doc *own;   /* the last one of an administrator's, read outside of sections; or NULL */
};
bool docs_dovecot(struct docs *docs, struct dovecot_conf *ret_conf, struct err *err) MUST_CHECK;

/* A package owns it: its next update would undo a change, and dpkg or rpm would call the file broken. */
bool doc_is_packages(const struct doc *doc);
/* It is dovecot.conf, or a file that it includes: entries stand in sections. */
bool doc_is_nested(const char *id);
/* Whether the files of a document may have to be made: the text of a map, an alias table. */
bool doc_can_be_absent(const char *id);
/* Whether a document has this name; a map's parameter is not looked at. */
bool doc_id_known(const char *id);
/* Puts an edited document in the place of the one with the same path. */
void docs_put(struct docs *docs, const struct doc *doc);
/* What hunks make of a document, parsed again; whoever keeps it sets before. */
bool doc_edited(const struct doc *doc, const struct hunk *hunk, size_t n, struct doc **ret_doc,
                struct err *err) MUST_CHECK;
/* Which lines of a table's text are no entries, for messages. */
const char *doc_bad_lines(const struct doc *doc);
/* The digest of a table's file with hunks at places of the file. */
bool doc_digest_after(const struct docs *docs, const struct doc *doc, const struct hunk *hunk, size_t n,
                      char ret_hex[DIGEST_HEX + 1], struct err *err) MUST_CHECK;
/* The line of an offset of its text, from 1. */
size_t doc_line(const struct doc *doc, size_t offset);
