/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of the edits share. A step collects, for each file that it changes, splices (bytes) and what
 * they are meant to do (touches, added entries); edit.c applies the splices and edit_proof.c compares what
 * the lens then sees with what was meant.
 */
#pragma once

#include "edit.h"
#include "place.h"

struct splice {
    size_t start, end;
    const char *bytes;
    size_t len;
    enum {
        IN_VALUE, /* reads as part of a value again */
        MEANT,    /* what it must lead to stands in a touch */
        ENTRY     /* whole entries or comments, between the others */
    } kind;
    ptrdiff_t rank; /* of splices at one place, and then */
    size_t order;
    size_t item; /* of the loop, from 1; 0: it is alone */
};

/* What a part of an entry must be afterwards: an option, a column, or the entry itself (a setting). */
struct part_touch {
    const struct node *part;
    bool gone;
    const char *name;     /* renamed; NULL: as before */
    const char *value;    /* its whole value; NULL: what IN_VALUE splices say */
    struct strings items; /* its items, when has_items */
    bool has_items;
};

/* An option that comes behind a part of its service. */
struct new_option {
    const struct node *behind, *like;
};

/* What a touched top-level node must look like afterwards. */
struct touch {
    const struct node *node;
    bool gone; /* deleted, or a comment now */
    bool kept; /* its old lines stand above it as a comment, this one */
    const char *comment;
    struct part_touch *part;
    size_t n_part;
    struct new_option *option;
    size_t n_option;
    size_t item;
};

/* An entry that was not there. Its names and values are like's; of one that was commented out, its words. In
 * dovecot.conf `like` is the first of n nodes, which may be sections. */
struct added {
    size_t at;
    ptrdiff_t rank; /* as of its splice */
    size_t order, item;
    const struct node *like;
    bool revived;
    size_t n;
};

/* On which side of a node something is put in. */
enum side { BEFORE_NODE, BEHIND_NODE, BESIDE /* what the same item put there before */ };

/* Of a node, and of the place in front of it. */
struct mark {
    uint32_t touch; /* which touch is its, from 1; 0: none */
    bool put;       /* something was put there */
    size_t item;    /* by which item at last */
    enum side side; /* on which side */
    bool others;    /* and by others before that */
};

/* One step's work on one file; of several items of its loop when they go together. */
struct job {
    const struct step *step;
    const struct fix *fix;
    const struct doc *doc;
    struct splice *splice;
    size_t n_splice;
    struct touch *touch;
    size_t n_touch;
    struct added *added;
    size_t n_added;
    struct mark *mark; /* of each top-level node, and of the end of the text */
    size_t item;       /* the one at work */
    bool conflict;     /* the item must have the text that those before it left */
};

/* The files that a step works on, each once. */
struct jobs {
    const struct step *step;
    const struct fix *fix;
    struct job **job;
    size_t n;
    size_t item; /* of the loop, from 1, when several go together */
};

/* edit.c: the splices become texts. Without changes nothing is. */
bool edit_apply(const struct jobs *jobs, struct context *ctx, struct drafts *drafts, bool *ret_changed,
                struct err *err) MUST_CHECK;
/* Aliases that come from a directory or from NIS have no text here; to find nothing there is no "already so".
 */
bool edit_has_text(const struct context *ctx, const struct step *step, struct err *err) MUST_CHECK;
/* A question of the step read a table again, with more records. */
bool edit_is_outdated(const struct jobs *jobs, const struct docs *docs);

/* edit_job.c */
struct job *edit_job_of(struct jobs *jobs, const struct doc *doc);
struct splice *edit_add(struct job *job, size_t start, size_t end, const char *bytes);
/* Puts whole lines in between two top-level nodes, or at the end. */
void edit_put(struct job *job, size_t at, enum side side, const char *bytes);
/* The same with entries; at and rank of like are set. */
void edit_put_entry(struct job *job, size_t at, enum side side, const char *bytes, const struct added *like);
/* Notes entries whose splice is there. */
void edit_added(struct job *job, const struct added *like);
/* Whether something was put there; by_others: by an item before. */
bool edit_was_put(const struct job *job, size_t at, bool by_others);
struct touch *edit_touch(struct job *job, const struct node *node);
struct part_touch *edit_part(struct job *job, const struct node *node, const struct node *part);

/* edit_verb.c: a verb on one row; ctx has the row's fields bound. */
bool edit_row(struct job *job, struct context *ctx, const struct row *row, struct err *err) MUST_CHECK;
/* Gives a setting or an option a value; keeps the old lines where the step says so. */
void edit_value(struct job *job, const struct row *row, const char *value);

/* edit_uncomment.c */
bool edit_uncomment(struct jobs *jobs, struct context *ctx, struct err *err) MUST_CHECK;

/* edit_ensure.c: ensure and raise, with the literal filled from ctx. */
bool edit_ensure(struct jobs *jobs, struct context *ctx, struct err *err) MUST_CHECK;
/* Of the texts of a table the entries that have a value, and those that are commented out, by their names. */
struct edit_index;
struct edit_index *edit_index_of(const struct doc *const *doc, size_t n);
/* The first of a name, whatever its spelling; NULL: there is none. */
const struct node *edit_index_entry(const struct edit_index *index, const char *key,
                                    const struct doc **ret_doc);
/* The last in a text that is commented out, of exactly that key. */
const struct node *edit_index_commented(const struct edit_index *index, const struct doc *doc,
                                        const char *key);
/* Ensures entries of a table. */
bool edit_ensure_entries(struct jobs *jobs, struct context *ctx, const struct edit_index *index,
                         const struct doc *const *doc, const char *text, const struct node *want, size_t n,
                         struct err *err) MUST_CHECK;
/* The text of a new entry, whose name and separator are as in the commented-out one (NULL: there is none). */
const char *edit_written_like(const char *text, const struct node *want, const struct doc *doc,
                              const struct node *commented);
/* For raise, whether the value in effect is less than the one that is wanted; refuses what cannot be
 * compared. For NAMElimit, 0 and unlimited are above all. */
bool edit_is_less(const struct context *ctx, const char *name, const char *now, const char *want,
                  bool *ret_less, struct err *err) MUST_CHECK;

/* edit_dovecot.c: the same in dovecot.conf and what it includes; text is what the spans of want belong to. */
bool edit_ensure_dovecot(struct jobs *jobs, struct context *ctx, const char *text, const struct node *want,
                         size_t n, struct err *err) MUST_CHECK;

/* edit_proof.c: the entries of the text after the edit, in order, are those before it: untouched ones to the
 * byte, touched and added ones as meant, and no others. */
bool edit_prove(const struct job *job, const struct doc *after, struct err *err) MUST_CHECK;
/* edit_proof_nested.c: the same for dovecot.conf, where entries stand in sections. */
bool edit_prove_nested(const struct job *job, const struct doc *after, struct err *err) MUST_CHECK;
/* edit_bound.c: the lines that change are at most twice those of the entries that the step is about, comments
 * included, which the proof does not look at. The job's splices are in order. */
bool edit_is_bounded(const struct job *job, struct err *err) MUST_CHECK;
/* edit_proof.c again: a failure of the proof at an offset of the old text. Returns false. */
bool edit_other_change(const struct job *job, size_t at, struct err *err);
/* The same for a commented-out entry that reads otherwise without its '#'. */
bool edit_not_revived(const struct job *job, size_t at, struct err *err);
/* The touch of a node, of a part of an entry; NULL: it is not touched. */
const struct touch *edit_touch_of(const struct job *job, const struct node *node);
const struct part_touch *edit_part_touch_of(const struct touch *touch, const struct node *part);
/* The value is a list of exactly these items. */
bool edit_same_items(const struct strings *want, const char *value);
/* Equal when blanks do not count. */
bool edit_same_value(const char *a, const char *b);
/* A setting, a service: what Postfix acts on. */
bool edit_is_entry(const struct node *node);
