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

/* Of an entry, which has some. */
static size_t lines_between(const struct doc *doc, size_t start, size_t end)
{
    return text_newlines(doc->text + start, end - start) + (doc->text[end - 1] != '\n');
}

/* The lines that a splice makes, comments and blank ones left out; a part of a line makes none. */
static size_t entry_lines(const struct splice *s)
{
    size_t n = 0;
    for (size_t at = 0; at < s->len && text_newlines(s->bytes, s->len) > 0;) {
        const char *newline = memchr(s->bytes + at, '\n', s->len - at);
        size_t end = newline != NULL ? (size_t)(newline - s->bytes) : s->len;
        size_t first = at + strspn(s->bytes + at, " \t\r\v\f");
        n += first < end && s->bytes[first] != '#';
        at = end + 1;
    }
    return n;
}

/* Lines of one item of a loop. */
struct lines {
    size_t meant; /* of what the step is about: as they were, and those that it writes */
    size_t gone, put, old;
};

static struct lines *lines_meant(const struct job *job)
{
    struct lines *of = arena_alloc((job->item + 1) * sizeof(*of));
    for (size_t i = 0; i < job->n_touch; i++) {
        const struct touch *t = &job->touch[i];
        of[t->item].meant += lines_between(job->doc, t->node->span.start, t->node->span.end);
    }
    for (size_t i = 0; i < job->n_added; i++) {
        const struct added *a = &job->added[i];
        if (a->revived)
            of[a->item].meant += lines_between(job->doc, a->like->span.start, a->like->span.end);
    }
    for (size_t i = 0; i < job->n_splice; i++)
        of[job->splice[i].item].meant += entry_lines(&job->splice[i]);
    return of;
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
    size_t n = text_newlines(s->bytes, s->len);
    return behind_end && s->bytes[0] == '\n' ? n - (s->bytes[s->len - 1] == '\n') : n;
}

bool edit_is_bounded(const struct job *job, struct err *err)
{
    const struct doc *doc = job->doc;
    struct lines *of = lines_meant(job);
    size_t counted = 0;
    for (size_t i = 0; i < job->n_splice; i++) {
        const struct splice *s = &job->splice[i];
        size_t start = s->start, end = is_whole(doc, s) ? s->end : text_line_end(doc->text, doc->len, s->end);
        while (!is_line_start(doc, start))
            start--;
        start = start < counted ? counted : start;
        of[s->item].gone += end > start ? lines_between(doc, start, end) : 0;
        counted = end > counted ? end : counted;
        of[s->item].put += lines_put(doc, s);
        of[s->item].old += text_newlines(doc->text + s->start, s->end - s->start);
    }
    for (size_t i = 0; i <= job->item; i++) {
        size_t come = of[i].gone + of[i].put - of[i].old, most = 2 * of[i].meant;
        if (of[i].gone > most || come > most)
            return err_set(err,
                           "%s: the edit would have replaced %zu lines by %zu, for what concerns %zu; "
                           "nothing is used "
                           "of it. This is a fault of mailfix: please report it with this file",
                           doc->path, of[i].gone, come, most / 2);
    }
    return true;
}
