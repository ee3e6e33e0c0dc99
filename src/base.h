/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Errors, memory, growing buffers and safe printing: what every module needs.
 *
 * Errors: a function that can fail returns bool (true: success) and takes a struct err last. The innermost
 * function states the fact with err_set or err_errno; callers put the place before it with err_prefix; it is
 * reported once, by whoever does not pass it on. A struct err holds its text itself, so failing needs no
 * memory.
 *
 * Memory: one arena for the run, a range of address space of which only the used pages exist. It is reserved
 * at the start (arena_open), so nothing that is allocated from it after the commit can fail for lack of
 * a malloc. It is never freed; when it is used up the handler of arena_open is called, which must not return.
 */
#pragma once

#include "types.h"

#include <libintl.h>
#include <stdarg.h>
#include <stdio.h>

/* A sentence in the user's language; N_ marks one in a table, for the catalogue of translations only. The
 * format strings of err_*, say*, warn and out_printf are looked up by these functions themselves. */
#define _(text) gettext(text)
#define N_(text) text

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct err {
    enum outcome outcome; /* FAILED unless said otherwise */
    int number;           /* errno, when err_errno stated the fact; else 0 */
    char text[1200];      /* one sentence, no final newline */
};

/* Each returns false, so that `return err_set(...)` reads well. */
bool err_set(struct err *err, const char *fmt, ...) PRINTF(2, 3);
bool err_errno(struct err *err, const char *fmt, ...)
    PRINTF(2, 3); /* appends ": " and strerror(errno); keeps errno */
bool err_outcome(struct err *err, enum outcome outcome, const char *fmt, ...) PRINTF(3, 4);
bool err_prefix(struct err *err, const char *fmt, ...) PRINTF(2, 3); /* keeps the outcome */

/* A format in the user's language. */
__attribute__((format_arg(1))) const char *text_localized(const char *fmt);
/* vsnprintf for sentences: a text that is too long is cut after a whole character of UTF-8. */
void text_vprint(char *text, size_t size, const char *fmt, va_list ap) PRINTF(3, 0);

/* From the moment on at which files or their record may be half-way: what a run that ends for lack of memory
 * says of the machine. */
extern bool base_touched;

/* Reserves the arena. exhausted is called, and must not return, when it is used up. */
bool arena_open(void (*exhausted)(void), struct err *err) MUST_CHECK;
void *arena_alloc(size_t size) __attribute__((malloc, alloc_size(1))); /* zeroed, aligned for any type */
char *arena_copy(const char *bytes, size_t len);                       /* adds a NUL */
char *arena_string(const char *text);
char *arena_printf(const char *fmt, ...) PRINTF(1, 2);
/* What was allocated since the mark is free again: for a walk over many records, where nothing of one
 * outlives it. */
size_t arena_mark(void);
void arena_release(size_t mark);
/* One more element at the end of an array in the arena: returns the array, moved when it had to grow. */
void *arena_append(void *array, size_t *n, size_t size, const void *element);

void strings_add(struct strings *list, const char *item); /* keeps the pointer */
bool strings_have(const struct strings *list, const char *item);
bool strings_same(const struct strings *a, const struct strings *b); /* in the same order */
void strings_sort(struct strings *list);                             /* by their bytes */
struct strings strings_split(const char *text, const char *separators);
const char *strings_join(const struct strings *list, const char *separator);

/* A growing text in the arena; text is NULL while empty. */
struct buf {
    char *text;
    size_t len, room;
};
void buf_add(struct buf *b, const char *bytes, size_t len);
void buf_puts(struct buf *b, const char *text);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF(2, 3);
const char *buf_text(const struct buf *b); /* "" when empty */

/* The first child of that label; NULL: none. */
const struct node *node_child(const struct node *node, const char *label);
/* Its value; "": there is none. */
const char *node_child_value(const struct node *node, const char *label);

bool starts_with(const char *text, const char *start);
bool ends_with(const char *text, const char *end);
/* A copy with A to Z as a to z. */
const char *text_small_letters(const char *text);
void digest_hex(const char *bytes, size_t len, char ret_hex[DIGEST_HEX + 1]); /* SHA-256 */
/* Compares versions number by number: "3.7.11" > "3.7.2". -1, 0, 1. */
int version_compare(const char *a, const char *b);

/* Where an offset is in a text: line and column from 1, and that line without its newline. */
struct position {
    size_t line, column;
    const char *start;
    size_t len;
};
struct position text_position(const char *text, size_t len, size_t offset);
/* Where the line of an offset begins, and where it ends, behind its newline if it has one. */
size_t text_line_start(const char *text, size_t at);
size_t text_line_end(const char *text, size_t len, size_t at);
size_t text_newlines(const char *text, size_t len); /* how many */
/* White space as Postfix and Dovecot see it in the C locale, newlines included. */
static inline bool text_is_white(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}
/* The same within a line. */
static inline bool text_is_blank(char c)
{
    return c != '\n' && text_is_white(c);
}

/* Prints to a stream; on a terminal control bytes, and characters that change the direction of writing, come
 * out as \xNN, so that no configuration file or log line can steer it. A pipe gets the exact bytes. */
void out_bytes(FILE *stream, const char *bytes, size_t len);
void out_printf(FILE *stream, const char *fmt, ...) PRINTF(2, 3);

/* Messages of the program itself, to standard error, one line each. say is silent under -q, say_more speaks
 * only under -v, warn always speaks. */
extern int base_verbosity; /* -1 quiet, 0, 1 verbose */
void say(const char *fmt, ...) PRINTF(1, 2);
void say_more(const char *fmt, ...) PRINTF(1, 2);
void warn(const char *fmt, ...) PRINTF(1, 2);

/* Whether fd is a terminal that takes escape sequences, by TERM. */
bool terminal_can_draw(int fd);

/* What takes long, on the terminal of standard error: after a second a line "TEXT ... 3 s", rewritten each
 * second by nap and every other wait (progress_tick), erased before anything else is printed and at the end.
 * Shown only when base_progress says so; one at a time. Allocates nothing. */
extern bool base_progress;
void progress_begin(const char *text); /* keeps the pointer */
void progress_tick(void);
void progress_end(void);

/* Signals that ask for an end (INT, TERM, HUP) are held back by signals_hold; interrupted tells whether one
 * has arrived since, and a closed pipe ends nothing; nap waits and returns true at once when one has. After
 * signals_ignore they count no more: the way back is not cut short. */
void signals_hold(void);
void signals_ignore(void);
bool interrupted(void);
bool nap(int milliseconds);
int64_t now_ms(void); /* monotonic clock */

/* Loads a library that few runs need, once. Fills functions[i] with the address of names[i]; false, with a
 * sentence that names the library or the function that is missing. */
bool library_load(const char *soname, const char *const names[], void **functions, size_t n,
                  struct err *err) MUST_CHECK;
