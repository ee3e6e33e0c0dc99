/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The core values on one page: read this first.
 *
 * A run reads files into documents (struct doc), a fix file into a struct fix, and what the machine says of
 * itself into struct facts. plan.c turns these into a struct plan: a value that says which bytes change and
 * which services are touched. Everything before txn.c only computes plans; txn.c alone carries them out.
 *
 * Ownership: everything here lives in the arena of the run (base.h) unless a field says otherwise; nothing is
 * freed singly. Offsets are bytes from the start of a text. Texts hold no NUL byte and are followed by one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

/* What a probe answers. */
enum verdict { FAILS, HOLDS, CANNOT_TELL };

/* How a run ends; main.c owns the one table that turns this into an exit code. */
enum outcome {
    DONE,           /* done and verified, already so, nothing to do */
    FAILED,         /* failed or refused, nothing was changed */
    USAGE,          /* usage, unknown fix, bad parameter */
    PUT_BACK,       /* failed after the commit, everything was put back */
    NEEDS_PERSON,   /* files or services need a person */
    NOT_APPLICABLE, /* the fix does not apply here, or must not */
    FOUND,          /* diagnose found a problem */
    BUSY            /* another mailfix or postconf is at work */
};

struct strings {
    const char **item;
    size_t n;
};

struct span {
    size_t start, end; /* [start, end) */
};

/* A node of a parsed document. Labels come from the lens, values from the file. */
struct node {
    const char *label;
    /* NULL: none; of a key that goes over lines what Postfix sees of it (postfix_logical). */
    const char *value;
    struct span span; /* all bytes of the node, with its final newline at the top level */
    struct span text; /* the bytes of the value; empty where there is none */
    struct node *child;
    size_t n_child;
};

/* Which file it was when it was read; compared before and after a swap. */
struct identity {
    dev_t dev;
    ino_t ino;
    off_t size;
    struct timespec mtime, ctime;
    mode_t mode;
    uid_t uid;
    gid_t gid;
};

#define DIGEST_HEX 64

/* A part of a doc's text that stands in its file as one. */
struct piece {
    size_t at, from, len; /* in the doc's text, in its file */
    size_t line;          /* in the file, of the first byte */
};

/* One replacement: old bytes [at, at + old_len) of the before-text become the new bytes. */
struct hunk {
    size_t at;
    size_t old_len;
    const char *bytes;
    size_t len;
};

/* One configuration file as read. Of a table's text only the records that somebody asked for are read, with
 * lines around them: text is what the pieces hold, one behind the other. */
struct doc {
    const char *id;   /* main.cf, aliases, map transport_maps: the name that fix files use */
    const char *path; /* below the root, absolute, as asked of the host: /etc/postfix/main.cf */
    const char *real; /* the same with symbolic links followed */
    const char *text;
    size_t len;
    struct identity identity;
    bool absent;                 /* not there yet: an empty text, and what a plan adds creates it */
    char digest[DIGEST_HEX + 1]; /* SHA-256, hexadecimal; "" when absent */
    struct node *node;           /* top-level nodes; their spans tile the text */
    size_t n_node;
    struct piece *piece; /* none: text is the whole file */
    bool settled;        /* with pieces: changed last so long before it was read that a change since shows */
    size_t n_piece;
    struct strings keys; /* the records of these were asked for */
    bool all;            /* all records were */
    size_t bad_line;     /* the first line of the file that is no entry of the table; 0: none */
    size_t n_bad;
    const struct doc *before; /* what the hunks made it of; NULL: it is as on disk */
    const struct hunk *hunk;
    size_t n_hunk;
};

/* One file that a plan changes. */
struct change {
    const struct doc *doc;
    struct hunk *hunk; /* ordered by position, not touching each other */
    size_t n_hunk;
    const char *after; /* with doc->piece: what its text becomes, and not the file */
    size_t after_len;
    struct hunk *in_file;      /* the hunks at their places in the file */
    struct piece *after_piece; /* as many as doc has */
    mode_t mode;               /* of a file that is created (doc->absent) */
    char after_digest[DIGEST_HEX + 1];
};

enum verb { DO_RELOAD, DO_RESTART, DO_START, DO_STOP, DO_ENABLE, DO_DISABLE };

struct action {
    enum verb verb;
    const char *daemon; /* one of service.c's closed list */
};

/* An index that the transaction builds: what postmap or postalias makes of a text file. */
struct index {
    const char *type, *name; /* hash, /etc/aliases */
    bool alias;              /* by postalias */
    bool changed;            /* the plan changes its text, name or type: what is there is not it */
    bool stays;              /* of these its text alone: what is there was made of the text before */
};

/* A process that has a listening socket of a port, and what it belongs to. */
struct holder {
    long pid;
    const char *program;   /* as /proc/PID/comm names it */
    struct strings socket; /* ADDRESS:PORT of each of its sockets of that port */
    const char *exe;       /* the file that it runs; NULL: not known here, and so on below */
    const char *unit;      /* systemd's; of the first process the socket unit */
    const char *script;    /* the init script of the daemon that it is */
    const char *package;   /* that the file came with */
};

/* A change as a value: what apply does and a dry run prints. */
struct plan {
    struct strings fixes;  /* names, in the order of the command line */
    struct strings params; /* NAME=VALUE, as used */
    const char *reason;    /* why, in the user's words (-m); NULL: not said */
    struct change *change;
    size_t n_change;
    struct action *action;
    size_t n_action;
    struct index *index; /* built from the texts after the change, and exchanged with them */
    size_t n_index;
    bool unnoticed;       /* a changed text is that of a table without an index, which daemons read once */
    struct strings flush; /* daemons whose queue is tried at once, at the end; that may fail */
    struct strings byproduct;  /* files that daemons may create because of the change */
    struct strings secrets;    /* shown as ***, wherever in a text they stand */
    struct strings left_to_do; /* what cannot be done or asked here (--root), one sentence each */
};
