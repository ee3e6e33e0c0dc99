/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Unified diffs from hunks; see diff.h.
 *
 * The byte hunks are widened to whole lines; those that are at most six lines apart share one @@ block.
 */
#include "diff.h"

#include "extract.h"

#include <ctype.h>
#include <string.h>

#define CONTEXT 3

/* A run of whole lines that is replaced. Line numbers from 0. */
struct block {
    size_t old_start, old_end; /* bytes of the before-text */
    size_t new_start, new_end; /* bytes of the after-text */
};

struct writer {
    struct buf out;
    enum secrecy secrecy;
    bool masked;
};

static size_t count_lines(const char *text, size_t start, size_t end)
{
    return text_newlines(text + start, end - start) + (end > start && text[end - 1] != '\n');
}

static size_t back_lines(const char *text, size_t at, int lines)
{
    for (; lines > 0 && at > 0; lines--)
        at = text_line_start(text, at - 1);
    return at;
}

static size_t forward_lines(const char *text, size_t len, size_t at, int lines)
{
    for (; lines > 0 && at < len; lines--)
        at = text_line_end(text, len, at);
    return at;
}

/* Whole lines around a hunk. A hunk that neither begins nor ends inside a line takes no line more. */
static struct block widen(const char *before, size_t before_len, const char *after, size_t after_len,
                          const struct hunk *h, ptrdiff_t shift)
{
    struct block b;
    size_t old_end = h->at + h->old_len, new_at = (size_t)((ptrdiff_t)h->at + shift),
           new_end = new_at + h->len;
    b.old_start = text_line_start(before, h->at);
    b.new_start = new_at - (h->at - b.old_start);
    bool old_whole = old_end == b.old_start || before[old_end - 1] == '\n';
    bool new_whole = new_end == b.new_start || after[new_end - 1] == '\n';
    bool whole = old_whole && new_whole;
    b.old_end = whole ? old_end : text_line_end(before, before_len, old_end);
    b.new_end = whole ? new_end : text_line_end(after, after_len, new_end);
    return b;
}

/* A NUL byte, which no text has, as the four characters \x00: else the diff would end there. */
static void write_bytes(struct buf *out, const char *bytes, size_t len)
{
    const char *end = bytes + len;
    for (const char *nul; (nul = memchr(bytes, '\0', (size_t)(end - bytes))) != NULL; bytes = nul + 1) {
        buf_add(out, bytes, (size_t)(nul - bytes));
        buf_puts(out, "\\x00");
    }
    buf_add(out, bytes, (size_t)(end - bytes));
}

static void write_lines(struct writer *w, char sign, const char *text, size_t len, size_t start, size_t end)
{
    while (start < end) {
        size_t stop = text_line_end(text, len, start);
        buf_add(&w->out, &sign, 1);
        const char *shown = secret_line(text, start, stop, w->secrecy);
        if (shown != NULL) {
            buf_puts(&w->out, shown);
            w->masked = true;
        } else {
            write_bytes(&w->out, text + start, stop - start);
            if (text[stop - 1] != '\n')
                buf_puts(&w->out, "\n\\ No newline at end of file\n");
        }
        start = stop;
    }
}

/* The lines in front of one that begins at an offset, in the file. end: it ends what stands before it. */
static size_t lines_before(const struct diff_text *t, size_t at, bool end)
{
    if (t->n_piece == 0)
        return count_lines(t->bytes, 0, at);
    return extract_line(t->piece, t->n_piece, t->bytes, at, end) - 1;
}

/* A range of a unified diff: "start,count", where an empty range names the line before it. */
static const char *range(const struct diff_text *t, size_t start, size_t end)
{
    size_t lines = count_lines(t->bytes, start, end);
    size_t first = lines_before(t, start, lines == 0) + (lines > 0);
    return lines == 1 ? arena_printf("%zu", first) : arena_printf("%zu,%zu", first, lines);
}

static struct block *blocks_of(const struct diff_text *before, const struct diff_text *after,
                               const struct hunk *hunk, size_t n, size_t *ret_n)
{
    struct block *block = NULL;
    ptrdiff_t shift = 0;
    *ret_n = 0;
    for (size_t i = 0; i < n; i++) {
        struct block b = widen(before->bytes, before->len, after->bytes, after->len, &hunk[i], shift);
        struct block *last = *ret_n > 0 ? &block[*ret_n - 1] : NULL;
        shift += (ptrdiff_t)hunk[i].len - (ptrdiff_t)hunk[i].old_len;
        if (last != NULL && b.old_start <= last->old_end) {
            last->old_end = b.old_end > last->old_end ? b.old_end : last->old_end;
            last->new_end = b.new_end > last->new_end ? b.new_end : last->new_end;
        } else {
            block = arena_append(block, ret_n, sizeof(b), &b);
        }
    }
    return block;
}

/* One @@ block from the blocks that are near each other; returns how many these are. */
static size_t write_near(struct writer *w, const struct diff_text *before, const struct diff_text *after,
                         const struct block *block, size_t n)
{
    size_t last = 0;
    while (last + 1 < n && lines_before(before, block[last + 1].old_start, false) -
                                   lines_before(before, block[last].old_end, true) <=
                               2 * CONTEXT)
        last++;
    size_t old_start = back_lines(before->bytes, block[0].old_start, CONTEXT);
    size_t old_end = forward_lines(before->bytes, before->len, block[last].old_end, CONTEXT);
    size_t new_start = block[0].new_start - (block[0].old_start - old_start);
    size_t new_end = block[last].new_end + (old_end - block[last].old_end);
    buf_printf(&w->out, "@@ -%s", range(before, old_start, old_end));
    buf_printf(&w->out, " +%s @@\n", range(after, new_start, new_end));
    size_t at = old_start;
    for (size_t i = 0; i <= last; i++) {
        write_lines(w, ' ', before->bytes, before->len, at, block[i].old_start);
        write_lines(w, '-', before->bytes, before->len, block[i].old_start, block[i].old_end);
        write_lines(w, '+', after->bytes, after->len, block[i].new_start, block[i].new_end);
        at = block[i].old_end;
    }
    write_lines(w, ' ', before->bytes, before->len, at, old_end);
    return last + 1;
}

const char *diff_texts(const char *path, const struct diff_text *before, const struct diff_text *after,
                       const struct hunk *hunk, size_t n, enum secrecy secrecy, bool *ret_masked)
{
    struct writer w = {.secrecy = secrecy};
    struct diff_text old = *before;
    bool created = before->bytes == NULL;
    size_t n_block;
    if (created)
        old.bytes = "";
    struct block *block = blocks_of(&old, after, hunk, n, &n_block);
    if (n_block == 0)
        return "";
    buf_printf(&w.out, "--- %s%s\n+++ b%s\n", created ? "" : "a", created ? "/dev/null" : path, path);
    for (size_t i = 0; i < n_block;)
        i += write_near(&w, &old, after, block + i, n_block - i);
    if (ret_masked != NULL)
        *ret_masked |= w.masked;
    return buf_text(&w.out);
}

const char *diff_unified(const char *path, const char *before, size_t before_len, const char *after,
                         size_t after_len, const struct hunk *hunk, size_t n, enum secrecy secrecy,
                         bool *ret_masked)
{
    const struct diff_text old = {.bytes = before, .len = before_len},
                           new = {.bytes = after, .len = after_len};
    return diff_texts(path, &old, &new, hunk, n, secrecy, ret_masked);
}

struct hunk *diff_whole(const char *before, size_t before_len, const char *after, size_t after_len,
                        size_t *ret_n)
{
    size_t start = 0, common = before_len < after_len ? before_len : after_len, tail = 0;
    while (start < common && before[start] == after[start])
        start++;
    start = text_line_start(before, start);
    while (tail < common - start && before[before_len - 1 - tail] == after[after_len - 1 - tail])
        tail++;
    struct hunk *hunk = arena_alloc(sizeof(*hunk));
    *hunk = (struct hunk){.at = start,
                          .old_len = before_len - tail - start,
                          .bytes = after + start,
                          .len = after_len - tail - start};
    *ret_n = hunk->old_len > 0 || hunk->len > 0 ? 1 : 0;
    return hunk;
}
