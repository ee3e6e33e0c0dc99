/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A fix file as values, checked: text in, struct fix out (mailfix-fix(5)).
 *
 * Everything that can be wrong in a file is refused here, with FILE:LINE:COLUMN, the line and a caret:
 * unknown words, patterns that do not compile, placeholders that nothing fills, verbs without a place.
 * Strings keep their placeholders ({type}, {cache.file}); vars.h fills them when a value is needed.
 */
#pragma once

#include "fix_nodes.h"
#include "maillog.h"
#include "pattern.h"
#include "session.h"

/* PLACE = DOCUMENT [shadowed|commented] NOUN [NAME...] [in SERVICE...] [with FIELD=V,V ...] [listing WORD]
 * [matching RE] */
enum noun {
    NOUN_SETTING,
    NOUN_ITEM,
    NOUN_EFFECTIVE,
    NOUN_TABLE,
    NOUN_SERVICE,
    NOUN_OPTION,
    NOUN_COLUMN,
    NOUN_ALIAS,
    NOUN_LOOP,
    NOUN_DANGLING,
    NOUN_ENTRY,
    NOUN_DOVECOT_SETTING,
    NOUN_SECTION,
    NOUN_DOVECOT_EFFECTIVE,
    N_NOUN
};

struct field_filter {
    const char *field;
    struct strings values;
};

struct place {
    const char *document; /* "main.cf" "master.cf" "postfix" (both) "aliases" "map X" "dovecot.conf" */
    bool shadowed, commented;
    enum noun noun;
    struct strings names; /* empty: any; * stands for any text */
    struct strings in;    /* services; empty: any */
    struct field_filter *with;
    size_t n_with;
    const char *listing;  /* the value is a list that holds the word, or NULL */
    const char *matching; /* pattern on the row's value, or NULL */
    const char *written;  /* as in the file, for messages */
};

enum condition {
    COND_SOME,
    COND_NONE,
    COND_AT_MOST_ONE,
    COND_DISTINCT,    /* words[0]: the field */
    COND_VERSION,     /* words: program operator version */
    COND_TABLE_TYPE,  /* words[0] */
    COND_PARAMETER,   /* words[0] */
    COND_IS,          /* words: {x}, then the values */
    COND_DAEMON,      /* words: daemon running|enabled|installed */
    COND_PORT,        /* words: number open|mute, or number owner daemon... */
    COND_CHECK,       /* words[0]: postfix|dovecot */
    COND_SEEN,        /* words: capture, then the values */
    COND_ACCOUNT,     /* words[0] */
    COND_LOOKUP,      /* words: parameter key, and the text where it says gives */
    COND_QUEUE,       /* words: daemon empty */
    COND_CERTIFICATE, /* words: program loads|valid */
    COND_QUIET,       /* words[0]: 10s */
    COND_PENDING
};

struct cond {
    enum condition kind;
    bool negated;
    struct place place; /* of some none at-most-one distinct */
    struct strings words;
    const char *written;
    size_t at; /* offset in the file, for messages */
};

struct talk {
    enum protocol protocol;
    const char *port;
    const char *greets; /* or NULL */
    bool starttls;
    int times; /* 1 unless said */
    struct wish *wish;
    size_t n_wish;
};

struct heard {
    struct strings programs; /* "postfix/tlsmgr": the last part of the tag counts, whatever the instance */
    bool levels[LEVEL_PANIC + 1];
    struct pattern *matching;
    struct strings same; /* of a consequence: what its cause has alike, pid program host or a capture */
    int within;          /* and in how many seconds it follows; 0: any time */
};

enum probe_kind { PROBE_COND, PROBE_SESSION, PROBE_LOG };

/* symptom, still, consequence, require, risk, verify. */
struct probe {
    enum probe_kind kind;
    struct cond cond;
    struct talk talk;
    struct heard heard;
    struct cond *when;
    size_t n_when;
    const char *loop;      /* for X, or NULL */
    const char *otherwise; /* else, or says of a risk; NULL when there is none */
    const char *written;   /* the stanza's line, for reports */
    size_t at;
};

enum source_kind { SOURCE_LOG, SOURCE_PORT, SOURCE_ACCOUNTS, SOURCE_PLACE };

/* log CAPTURE | port N | accounts | [twice] [FIELD of] PLACE */
struct source {
    enum source_kind kind;
    const char *word; /* the capture, the port */
    bool twice;
    const char *field;
    struct place place;
};

struct choice {
    bool sourced; /* from SOURCE, else default VALUE */
    const char *value;
    struct source source;
    bool conditional;
    struct cond cond;
};

struct param {
    const char *name;
    struct strings one_of; /* empty: a type */
    const char *type;
    bool several;
    struct cond *when;
    size_t n_when;
    struct choice *choice; /* its default and from lines, in order */
    size_t n_choice;
    struct source *offer; /* shown where it is asked for */
    size_t n_offer;
    const char *ask;
};

struct rows {
    const char *name;
    struct strings columns;
    struct strings *row; /* each has as many items as columns */
    size_t n;
};

enum edit_verb {
    EDIT_REPLACE,
    EDIT_VALUE, /* a new value, a new name, or both */
    EDIT_APPEND,
    EDIT_PREPEND,
    EDIT_COMMENT,
    EDIT_DELETE,
    EDIT_UNCOMMENT,
    EDIT_ENSURE,
    EDIT_RAISE
};

struct step {
    const char *document;
    struct cond *when;
    size_t n_when;
    const char *loop;
    bool has_each;
    struct place each;
    struct cond *row_when; /* asked for each row: they name a field of it */
    size_t n_row_when;
    enum edit_verb verb;
    const char *pattern; /* of replace */
    const char *text;    /* of with, value, append, prepend; NULL: the value stays */
    const char *rename;  /* or NULL */
    struct place target; /* of uncomment */
    const char *literal; /* of ensure, raise: lines, each with its newline */
    size_t *literal_at;  /* where each line stands in the fix file */
    size_t n_literal;
    bool has_after, has_before;
    struct place after, before; /* where a new entry goes */
    bool keep_comment;
    mode_t mode; /* of a file that it creates */
    size_t at;
};

enum after_kind { AFTER_SERVICE, AFTER_FLUSH, AFTER_REBUILD };

struct after {
    enum after_kind kind;
    enum verb verb;
    const char *daemon; /* of a service, or a queue; or {P}, a parameter of type daemon */
    struct place place; /* the tables to rebuild */
    struct cond *when;
    size_t n_when;
    const char *loop;
    size_t at;
};

enum effect { STOPS_MAIL, HARMS_MAIL, RISK, NOISE };

struct fix {
    const char *file, *text; /* for messages */
    size_t len;
    const char *name, *title, *about, *advice;
    bool site; /* the administrator's own, not an installed one */
    enum effect effect;
    struct strings see, independent;
    struct rows *rows;
    size_t n_rows;
    struct param *param;
    size_t n_param;
    struct probe *symptom, *still, *consequence, *require, *risk, *verify;
    size_t n_symptom, n_still, n_consequence, n_require, n_risk, n_verify;
    struct step *step;
    size_t n_step;
    struct after *after;
    size_t n_after;
};

const char *effect_name(enum effect effect);

/* Parses and checks a fix file's text; file is its path for messages, and its name must be FIX.fix. */
bool fix_parse(const char *file, const char *text, size_t len, struct fix **ret_fix,
               struct err *err) MUST_CHECK;
/* The same in two steps, for a text whose nodes are known: all but what stands in literal lines, and that,
 * for which the lenses of the files are needed that the fix edits. */
bool fix_read(const char *file, const struct fix_text *text, struct fix **ret_fix,
              struct err *err) MUST_CHECK;
bool fix_check_literals(const struct fix *fix, struct err *err) MUST_CHECK;

/* What a probe asks, in a sentence for people; text is its written form with the placeholders filled. */
/* What an after stanza does: "restart postfix", "rebuild postfix table with ...". */
const char *fix_after_sentence(const struct after *after);
const char *fix_probe_sentence(const struct probe *probe, const char *text);

/* What {NAME} or {NAME.FIELD} stands for when it names the parameter and that has the value; NULL: it does
 * not name it. value NULL asks only that. */
const char *fix_param_field(const struct param *param, const char *name, const char *value);

/* A fix without edits and actions only advises. */
bool fix_is_advice(const struct fix *fix);

/* A message about a place in the file: "FILE:LINE:COLUMN: sentence", the line, a caret. Returns false. */
bool fix_error(const struct fix *fix, size_t at, struct err *err, const char *fmt, ...) PRINTF(4, 5);
