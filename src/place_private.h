/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the nouns' files share: one function a noun collects candidates, place_offer keeps those that the
 * place asks for.
 */
#pragma once

#include "place.h"

struct finder {
    struct context *ctx;
    const struct place *place;
    struct strings names, in;
    struct pattern *matching;  /* NULL: any */
    const char *listing;       /* NULL: any */
    const struct doc *main_cf; /* to expand what listing looks into; NULL without listing */
    const char *missing;       /* the fact that a field of the candidate lacks */
    struct row *row;
    size_t n;
    bool unknown;
};

/* A field of a candidate; value NULL: not known here. */
void place_field(struct row *row, const char *name, const char *value);
/* Only * is special in a NAME; no names: any. */
bool place_wanted(const struct strings *names, const char *name);
/* One of the fields that the row has so far is not what the place asks for. *ret_unknown: one is not known,
 * or it does not have it yet. */
bool place_excludes(struct finder *f, const struct row *row, bool *ret_unknown);
/* Whether names leave open which records they are: there are none, or one has a '*' in it. */
bool place_is_open(const struct strings *names);
/* Keeps the row if its fields and its value are what the place asks for. */
void place_offer(struct finder *f, const struct row *row);
struct row place_row(const struct doc *doc, const struct node *node);
/* The note of a shadowed row: what begins at that offset is in effect. */
const char *place_counts(const struct doc *doc, size_t at);
/* Adds the field known, where the place asks for it, and to an unknown name the one that was probably meant.
 */
void place_known(struct finder *f, struct row *row);

/* place_master.c */
void place_services(struct finder *f, const struct doc *doc);
void place_options(struct finder *f, const struct doc *doc);
void place_columns(struct finder *f, const struct doc *doc);
const char *place_service_id(const struct node *service);
/* Calls see for each option in effect (shadowed, commented) of each service that is wanted. */
void place_each_option(struct finder *f, const struct doc *doc, const struct strings *services,
                       void (*see)(struct finder *f, const struct row *base, const struct node *option));

/* place_table.c */
void place_tables(struct finder *f, const struct doc *doc);
/* Whether the list that the parameter has for a value holds the word, directly or as a key of a table or file
 * that it names; ".domain": whether it holds any name below. */
enum verdict place_lists(struct finder *f, const char *parameter, const char *value, const char *word);

/* place_map.c, place_target.c: aliases, and the texts of maps. */
void place_map_entries(struct finder *f, const struct doc *const *doc, size_t n);
/* The alias files with the aliases that are asked for, and those that they lead to. */
bool place_alias_files(struct finder *f, const struct doc *const **ret_doc, size_t *ret_n,
                       struct err *err) MUST_CHECK;
void place_alias_loops(struct finder *f, const struct doc *const *doc, size_t n);
void place_alias_dangling(struct finder *f, const struct doc *const *doc, size_t n);
/* The names without a domain that an alias leads to, in small letters; what cannot be followed is left out.
 * local(8) delivers to the user where an alias names itself, and "\name" always does: such a name has a
 * backslash here, and leads to no alias. */
struct strings place_local_targets(const char *key, const char *value);
/* What an alias leads to by its own words and by those of the lists in them (:include:), which may name
 * lists; file of each name: the list that has it, or NULL. A list that cannot be read leads nowhere. */
struct place_targets {
    struct strings name, file;
    struct strings lists; /* their paths */
};
struct place_targets place_targets(struct finder *f, const char *key, const char *value);
/* The path that must be there for a target: an :include:, the program of a command, the directory of a file
 * that mail is added to. NULL: it is nothing of that kind. */
const char *place_target_path(const char *target);
const char *place_delimiters(struct finder *f); /* of address extensions; "": none */
/* Somebody else gets the mail for names that are no account: local(8) asks these before it bounces. */
bool place_takes_all_names(struct finder *f);

/* place_suspects.c: of alias files that are too large to be read whole the names of all aliases that may be
 * what the noun is about: on a circle, or leading to nobody. At most PLACE_MOST_SUSPECTS, the first ones. */
#define PLACE_MOST_SUSPECTS 1000
bool place_suspects(struct finder *f, struct strings *ret_names, struct err *err) MUST_CHECK;
/* Of a table that is too large for that the names of all entries that may be what the place asks for without
 * a name, or with a '*' in it. Fails when they are more than PLACE_MOST_ENTRIES. */
#define PLACE_MOST_ENTRIES 10000
bool place_sift(struct finder *f, const char *id, struct strings *ret_names, struct err *err) MUST_CHECK;

/* place_dovecot.c */
bool place_dovecot(struct finder *f, struct err *err) MUST_CHECK;
/* The last setting of that path, within a section that stands alone or outside of such; NULL: there is none.
 */
const struct dovecot_entry *place_dovecot_setting(const struct dovecot_entry *entry, size_t n,
                                                  const char *path, const struct node *alone);
/* The bytes of a setting's value; those of a heredoc are its lines, too. */
struct span place_dovecot_bytes(const struct node *setting);
/* What Dovecot uses, and the entry that sets it (NULL: none does). NULL: nobody can tell. */
const char *place_dovecot_effective(struct context *ctx, const struct dovecot_entry *entry, size_t n,
                                    const char *path, const struct dovecot_entry **ret_entry);
