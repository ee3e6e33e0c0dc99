/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Against what the words of a fix are held: its parameters' values, the item of `for`, the facts and the
 * documents. And the filling of placeholders.
 */
#pragma once

#include "doc.h"
#include "fix.h"

/* "type" or "cache.file", and what stands for it. */
struct binding {
    const char *name;
    struct strings values;
};

struct context;
struct evidence; /* cond.h */

/* What only the world outside the texts tells, and what may be asked of it. NULL where it must not be asked:
 * nothing of a running host under --root, nobody where there is no terminal. */
struct outside {
    /* The conditions port, daemon, check. */
    enum verdict (*live)(struct context *ctx, const struct cond *cond, struct evidence *ret_evidence);
    /* What the log symptoms of the fix captured under that name, each value once, the newest last.
     * CANNOT_TELL where no log can be read. */
    enum verdict (*heard)(struct context *ctx, const char *capture, struct strings *ret_values);
    /* The daemon that listens on the port; NULL: nobody, or not known. */
    const char *(*owner)(const char *port);
    /* A person's answer, and what a file holds that stands for a secret: one line, NULL when there is none.
     */
    const char *(*ask)(struct context *ctx, const struct param *param, const struct strings *offered,
                       int again);
    const char *(*read_secret)(const char *path, struct err *err);
};

struct context {
    const struct fix *fix;
    struct docs *docs;
    struct binding *binding;
    size_t n_binding;
    const struct outside *outside; /* NULL: nothing may be asked */
    /* Whether the edits of the fix would change a file; NULL inside an edit. */
    enum verdict (*pending)(struct context *ctx);
    const char *missing;          /* the fact that was unknown when something could not be told */
    bool asked_live;              /* what could not be told is something that only a running host tells */
    const struct param **lacking; /* the parameters that params_bind had no value for */
    size_t n_lacking;
    const char *example; /* a command line's words that give them, as far as they can be seen here */
};

void context_bind(struct context *ctx, const char *name, struct strings values);

/* The name of the placeholder that begins at `at` in text ("{name}", *ret_len bytes of it); NULL: none does.
 * Postfix's own ${name} is none. */
const char *context_placeholder(const char *text, const char *at, size_t *ret_len);
/* Text with its placeholders filled; several values are joined by ", ". Postfix's own ${name} stays. */
const char *context_text(struct context *ctx, const char *text);
/* The same inside a pattern: what is put in is taken literally. */
const char *context_pattern(struct context *ctx, const char *re);
/* A list of words; a placeholder alone in a word becomes as many words as it has values. */
struct strings context_words(struct context *ctx, const struct strings *words);

/* How many items a `for` has (1 without one), and a context in which item i is bound. */
size_t context_loop_count(const struct context *ctx, const char *loop);
struct context context_loop_item(const struct context *ctx, const char *loop, size_t i);

/* A context whose bindings are its own. */
struct context context_copy(const struct context *ctx);

struct facts *context_facts(const struct context *ctx);

/* NOT_APPLICABLE because ctx->missing is not known, and so what is not ("what to change"). Returns false. */
bool context_missing(const struct context *ctx, const char *what, struct err *err);
