/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How much an edit may change; see edit_private.h.
 *
 * The proof compares entries, and comments are none: an edit that took a page of comments with it, or wrote
 * one, would pass it. So the lines that go, and those that come, are at most twice the lines of the entries
 * that the step is about: an old line and its copy as a comment are the most that one line becomes.
 *
 * Limits: lines are counted by the splices; what the lens makes of them is the proof's matter.
 */
#include "edit_private.h"

#include <string.h>

static size_t newlines(const char *text, size_t len)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++)
        n += text[i] == '\n';
    return n;
}

/* Of an entry, which has some. */
static size_t lines_between(const struct doc *doc, size_t start, size_t end)
{
    return newlines(doc->text + start, end - start) + (doc->text[end - 1] != '\n');
}

/* The lines that a splice makes, comments and blank ones left out; a part of a line makes none. */
static size_t entry_lines(const struct splice *s)
{
    size_t n = 0;
    for (size_t at = 0; at < s->len && newlines(s->bytes, s->len) > 0;) {
        const char *newline = memchr(s->bytes + at, '\n', s->len - at);
        size_t end = newline != NULL ? (size_t)(newline - s->bytes) : s->len;
        size_t first = at + strspn(s->bytes + at, " \t\r\v\f");
        n += first < end && s->bytes[first] != '#';
        at = end + 1;
    }
    return n;
}

/* The lines of what the step is about: as they were, and those that it writes. */
static size_t lines_meant(const struct job *job)
{
    size_t n = 0;
    for (size_t i = 0; i < job->n_touch; i++)
        n += lines_between(job->doc, job->touch[i].node->span.start, job->touch[i].node->span.end);
    for (size_t i = 0; i < job->n_added; i++)
        if (job->added[i].revived)
            n += lines_between(job->doc, job->added[i].like->span.start, job->added[i].like->span.end);
    for (size_t i = 0; i < job->n_splice; i++)
        n += entry_lines(&job->splice[i]);
    return n;
}

static bool is_line_start(const struct doc *doc, size_t at)
{
    return at == 0 || doc->text[at - 1] == '\n';
}

/* Whether the splice puts whole lines in the place of whole lines, or of none. */
static bool is_whole(const struct doc *doc, const struct splice *s)
{
    return is_line_start(doc, s->start) && is_line_start(doc, s->end) &&
           (s->len == 0 || s->bytes[s->len - 1] == '\n');
}

/* The newlines that a splice adds to the text, the one that ends an unfinished last line aside. */
static size_t lines_put(const struct doc *doc, const struct splice *s)
{
    bool behind_end = s->start == doc->len && !is_line_start(doc, doc->len) && s->len > 0;
    size_t n = newlines(s->bytes, s->len);
    return behind_end && s->bytes[0] == '\n' ? n - (s->bytes[s->len - 1] == '\n') : n;
}

bool edit_is_bounded(const struct job *job, struct err *err)
{
    const struct doc *doc = job->doc;
    size_t gone = 0, new = 0, old = 0, counted = 0, most = 2 * lines_meant(job);
    for (size_t i = 0; i < job->n_splice; i++) {
        const struct splice *s = &job->splice[i];
        size_t start = s->start, end = is_whole(doc, s) ? s->end : edit_next_line(doc, s->end, doc->len);
        while (!is_line_start(doc, start))
            start--;
        start = start < counted ? counted : start;
        gone += end > start ? lines_between(doc, start, end) : 0;
        counted = end > counted ? end : counted;
        new += lines_put(doc, s);
        old += newlines(doc->text + s->start, s->end - s->start);
    }
    size_t come = gone + new - old;
    if (gone <= most && come <= most)
        return true;
    return err_set(
        err,
        "%s: the edit would have replaced %zu lines by %zu, for what concerns %zu; nothing is used "
        "of it. This is a fault of mailfix: please report it with this file",
        doc->path, gone, come, most / 2);
}
