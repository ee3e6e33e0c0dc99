/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whole logs, whatever their size; see maillog.h for the contract.
 *
 * Protocol: a log is read in blocks, the sieve names the lines of a block that may matter, and only these are
 * copied and taken to pieces. The rest of a block that ends no line, and the line before it, go into the next
 * one: "last message repeated" speaks of the line before.
 *
 * Limits: of a line that is longer than half a block the rest is dropped, of each line all behind the first
 * 2,048 bytes. Memory is taken before the first line.
 */
#include "maillog_private.h"

#include <string.h>

#define BLOCK ((size_t)128 << 10)

struct whole {
    struct log_text *text;
    bool (*line)(void *arg, const struct log_line *line);
    void *arg;
    bool dated;    /* a line had a time: from then on one without is the rest of another's text */
    bool heard;    /* a mail program's line was there */
    bool dropping; /* what comes is the rest of a line that was too long */
    char *bytes;
    size_t len;
    uint32_t *at;
    char said[MAILLOG_LINE + 1];  /* the last line of the blocks before that says no line was repeated */
    size_t again_end;             /* in the block, behind the last line that says so; 0: none yet */
    char again[MAILLOG_LINE + 1]; /* what it repeats */
    char one[MAILLOG_LINE + 1];
    char room[MAILLOG_ROOM(MAILLOG_LINE)];
};

static void copy_line(char to[MAILLOG_LINE + 1], const char *line, size_t len)
{
    if (len > MAILLOG_LINE)
        len = MAILLOG_LINE;
    memcpy(to, line, len);
    to[len] = '\0';
}

static size_t start_of(const struct whole *w, size_t at)
{
    const char *newline = memrchr(w->bytes, '\n', at);
    return newline != NULL ? (size_t)(newline + 1 - w->bytes) : 0;
}

static size_t end_of(const struct whole *w, size_t at)
{
    const char *newline = memchr(w->bytes + at, '\n', w->len - at);
    return newline != NULL ? (size_t)(newline - w->bytes) : w->len;
}

/* Copies the last line before that offset that says of none that it was repeated. Of a thousand lines that
 * say so each ends its search at the one before it. */
static void copy_said(const struct whole *w, size_t before, char to[MAILLOG_LINE + 1])
{
    while (before > 0) {
        if (before == w->again_end) {
            memcpy(to, w->again, sizeof(w->again));
            return;
        }
        size_t start = start_of(w, before - 1);
        copy_line(to, w->bytes + start, before - 1 - start);
        if (maillog_last_repeated(to) == 0)
            return;
        before = start;
    }
    memcpy(to, w->said, sizeof(w->said));
}

/* What an old syslogd counted instead of writing it again is the line before, so many times, at this time. */
static bool again(struct whole *w, size_t start, size_t end, unsigned repeats)
{
    char when[MAILLOG_LINE + 1];
    struct log_line line;
    memcpy(when, w->one, sizeof(when));
    copy_said(w, start, w->one);
    memcpy(w->again, w->one, sizeof(w->again));
    w->again_end = end + 1;
    if (!maillog_split(w->one, false, w->room, &line))
        return true;
    line.when = when;
    line.repeats = repeats;
    return w->line(w->arg, &line);
}

static bool take_line(struct whole *w, size_t start, size_t end)
{
    struct log_line line;
    copy_line(w->one, w->bytes + start, end - start);
    unsigned repeats = maillog_last_repeated(w->one);
    if (repeats > 0)
        return again(w, start, end, repeats);
    w->dated = w->dated || maillog_is_dated(w->one);
    if (!maillog_split(w->one, !w->dated, w->room, &line))
        return true;
    w->heard = true;
    return w->line(w->arg, &line);
}

/* Takes lines one by one until a sieve may choose; returns where that is. */
static bool take_each(struct whole *w, size_t *start, size_t end)
{
    while (*start < end && (w->text->sieve == NULL || !w->dated || !w->heard)) {
        size_t line_end = end_of(w, *start);
        if (!take_line(w, *start, line_end))
            return false;
        *start = line_end + 1;
    }
    return true;
}

/* A block up to the end of a line; a NUL is a blank, so that a line is one text. */
static bool take_block(struct whole *w, size_t end)
{
    size_t start = 0;
    if (!take_each(w, &start, end))
        return false;
    if (start >= end)
        return true;
    size_t n = sieve_lines(w->text->sieve, w->bytes + start, end - start, w->at);
    for (size_t i = 0; i < n; i++) {
        size_t at = start + w->at[i];
        if (!take_line(w, start_of(w, at), end_of(w, at)))
            return false;
    }
    return true;
}

/* Bytes that are looked at at once: so many each machine can. */
typedef uint8_t wide __attribute__((vector_size(16)));

/* How many newlines there are, and whether there is a NUL, in one go: with a call for each line, which are
 * short, it takes as long as all else. */
static size_t count_lines(const char *bytes, size_t len, bool *ret_nul)
{
    const char *end = bytes + len;
    size_t lines = 0;
    wide nul = {0};
    for (size_t rounds; (rounds = (size_t)(end - bytes) / sizeof(wide)) > 0;) {
        wide some = {0}; /* of each place, up to what it can hold */
#pragma GCC unroll 4
        for (size_t i = 0; i < (rounds < UINT8_MAX ? rounds : UINT8_MAX); i++, bytes += sizeof(wide)) {
            wide now;
            memcpy(&now, bytes, sizeof(now));
            some -= (wide)(now == '\n'); /* -1 where it is */
            nul |= (wide)(now == '\0');
        }
        for (size_t k = 0; k < sizeof(wide); k++)
            lines += some[k];
    }
    *ret_nul = false;
    for (size_t k = 0; k < sizeof(wide); k++)
        *ret_nul |= nul[k] != 0;
    for (; bytes < end; bytes++) {
        lines += *bytes == '\n';
        *ret_nul |= *bytes == '\0';
    }
    return lines;
}

static void blank_nuls(char *bytes, size_t len)
{
    for (char *nul = bytes; (nul = memchr(nul, '\0', len - (size_t)(nul - bytes))) != NULL;)
        *nul = ' ';
}

/* Reads on behind what is left of the block before. */
static ssize_t fill(struct whole *w, struct err *err)
{
    char *to = w->bytes + w->len;
    ssize_t n = w->text->more(w->text->arg, to, BLOCK - w->len, err);
    if (n <= 0)
        return n;
    size_t len = (size_t)n;
    if (w->dropping) {
        const char *newline = memchr(to, '\n', len);
        size_t rest = newline != NULL ? (size_t)(newline - to) : len;
        w->dropping = newline == NULL;
        memmove(to, to + rest, len - rest);
        len -= rest;
    }
    bool nul;
    w->text->lines += count_lines(to, len, &nul);
    if (nul)
        blank_nuls(to, len);
    w->len += len;
    return n;
}

/* Takes the whole lines of the block and keeps the rest. */
static bool take_lines(struct whole *w)
{
    size_t end = start_of(w, w->len);
    char said[MAILLOG_LINE + 1];
    if (!take_block(w, end))
        return false;
    copy_said(w, end, said);
    memcpy(w->said, said, sizeof(said));
    w->again_end = 0;
    w->len -= end;
    memmove(w->bytes, w->bytes + end, w->len);
    if (w->len > BLOCK / 2) {
        w->len = MAILLOG_LINE;
        w->dropping = true;
    }
    return true;
}

enum verdict maillog_whole(struct log_text *text, bool (*line)(void *arg, const struct log_line *line),
                           void *arg, struct err *err)
{
    struct whole *w = arena_alloc(sizeof(*w));
    ssize_t n;
    *w = (struct whole){.text = text, .line = line, .arg = arg, .bytes = arena_alloc(BLOCK)};
    w->at = arena_alloc(SIEVE_ROOM(BLOCK) * sizeof(*w->at));
    text->lines = 0;
    while ((n = fill(w, err)) > 0)
        if (!take_lines(w))
            return HOLDS;
    if (w->len > 0) {
        text->lines++;
        if (!take_block(w, w->len))
            return HOLDS;
    }
    return n < 0 ? FAILS : HOLDS;
}
