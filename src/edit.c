/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Edits; see edit.h. A step goes through four stages: find the rows, compute one splice for each and one for
 * the comment that is kept, apply them from the end of the text to its start, parse and compare.
 *
 * Limits: a match of `replace` must lie in one physical line of the value.
 */
#include "edit.h"

#include "postfix.h"

#include <stdlib.h>
#include <string.h>

struct splice {
    size_t start, end;
    const char *bytes;
    size_t len;
};

/* What a touched top-level node must look like afterwards. */
struct touch {
    const struct node *node;
    bool gone; /* deleted, or a comment now */
    bool kept; /* its old lines stand above it as a comment */
};

struct job {
    struct context *ctx;
    const struct step *step;
    const struct doc *doc;
    struct splice *splice;
    size_t n_splice;
    struct touch *touch;
    size_t n_touch;
    struct err *err;
};

/* ---- hunks ---- */

const char *edit_splice(const char *text, size_t len, const struct hunk *hunk, size_t n, size_t *ret_len)
{
    struct buf out = {0};
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        buf_add(&out, text + at, hunk[i].at - at);
        buf_add(&out, hunk[i].bytes, hunk[i].len);
        at = hunk[i].at + hunk[i].old_len;
    }
    buf_add(&out, text + at, len - at);
    *ret_len = out.len;
    return buf_text(&out);
}

struct hunk *edit_reverse(const struct hunk *hunk, const char *const *old, size_t n)
{
    struct hunk *back = arena_alloc((n + 1) * sizeof(*back));
    ptrdiff_t shift = 0;
    for (size_t i = 0; i < n; i++) {
        back[i] = (struct hunk){.at = (size_t)((ptrdiff_t)hunk[i].at + shift),
                                .old_len = hunk[i].len,
                                .bytes = old[i],
                                .len = hunk[i].old_len};
        shift += (ptrdiff_t)hunk[i].len - (ptrdiff_t)hunk[i].old_len;
    }
    return back;
}

void edit_compose(struct draft *draft, size_t start, size_t end, const char *bytes, size_t len)
{
    struct hunk *list = NULL;
    size_t n = 0;
    struct buf text = {0};
    const char *now = draft->now->text;
    ptrdiff_t shift = 0; /* now offset = before offset + shift, in front of the hunk looked at */
    size_t low = start, high = end;
    ptrdiff_t low_shift = 0, high_shift = 0;
    bool placed = false;
    for (size_t i = 0; i < draft->n_hunk; i++) {
        const struct hunk *h = &draft->hunk[i];
        size_t now_start = (size_t)((ptrdiff_t)h->at + shift), now_end = now_start + h->len;
        ptrdiff_t after = shift + (ptrdiff_t)h->len - (ptrdiff_t)h->old_len;
        if (now_end < start) {
            list = arena_append(list, &n, sizeof(*h), h);
            low_shift = high_shift = after;
        } else if (now_start <= end) { /* overlaps or touches: becomes part of the new hunk */
            if (now_start < low)
                low = now_start;
            if (now_end > high)
                high = now_end;
            high_shift = after;
        }
        shift = after;
    }
    buf_add(&text, now + low, start - low);
    buf_add(&text, bytes, len);
    buf_add(&text, now + end, high - end);
    struct hunk merged = {
        .at = (size_t)((ptrdiff_t)low - low_shift), .bytes = buf_text(&text), .len = text.len};
    merged.old_len = (size_t)((ptrdiff_t)high - high_shift) - merged.at;
    shift = 0;
    for (size_t i = 0; i < draft->n_hunk; i++) {
        const struct hunk *h = &draft->hunk[i];
        size_t now_start = (size_t)((ptrdiff_t)h->at + shift);
        if (now_start > end && now_start + h->len >= start) {
            if (!placed)
                list = arena_append(list, &n, sizeof(merged), &merged);
            placed = true;
            list = arena_append(list, &n, sizeof(*h), h);
        }
        shift += (ptrdiff_t)h->len - (ptrdiff_t)h->old_len;
    }
    if (!placed)
        list = arena_append(list, &n, sizeof(merged), &merged);
    draft->hunk = list;
    draft->n_hunk = n;
}

/* ---- splices of one row ---- */

static void add_splice(struct job *job, size_t start, size_t end, const char *bytes, size_t len)
{
    struct splice splice = {start, end, bytes, len};
    job->splice = arena_append(job->splice, &job->n_splice, sizeof(splice), &splice);
}

static struct touch *touch_node(struct job *job, const struct node *node)
{
    for (size_t i = 0; i < job->n_touch; i++)
        if (job->touch[i].node == node)
            return &job->touch[i];
    struct touch touch = {.node = node};
    job->touch = arena_append(job->touch, &job->n_touch, sizeof(touch), &touch);
    return &job->touch[job->n_touch - 1];
}

/* The first byte of the next line, or the end of the text. */
static size_t next_line(const struct doc *doc, size_t at, size_t end)
{
    const char *newline = memchr(doc->text + at, '\n', end - at);
    return newline != NULL ? (size_t)(newline - doc->text) + 1 : end;
}

static bool is_comment_line(const char *line, size_t len)
{
    size_t blanks = 0;
    while (blanks < len && strchr(" \t\v\f\r\n", line[blanks]) != NULL)
        blanks++;
    return blanks == len || line[blanks] == '#';
}

/* The lines of a node with '#' before each that is not yet a comment or blank. */
static const char *commented_lines(const struct doc *doc, const struct node *node, size_t *ret_len)
{
    struct buf out = {0};
    for (size_t at = node->span.start; at < node->span.end;) {
        size_t end = next_line(doc, at, node->span.end);
        if (!is_comment_line(doc->text + at, end - at))
            buf_puts(&out, "#");
        buf_add(&out, doc->text + at, end - at);
        at = end;
    }
    if (out.len > 0 && out.text[out.len - 1] != '\n')
        buf_puts(&out, "\n");
    *ret_len = out.len;
    return buf_text(&out);
}

/* The old lines stay above as a comment, unless exactly these stand there already. */
static void keep_as_comment(struct job *job, struct touch *touch)
{
    size_t len, start = touch->node->span.start;
    const char *comment = commented_lines(job->doc, touch->node, &len);
    if (touch->kept || (start >= len && memcmp(job->doc->text + start - len, comment, len) == 0 &&
                        (start == len || job->doc->text[start - len - 1] == '\n')))
        return;
    touch->kept = true;
    add_splice(job, start, start, comment, len);
}

/* Just behind the '=' of an entry, where an empty value would stand. Comments in front of it may hold
 * another. */
static size_t behind_equals(const struct doc *doc, const struct row *row)
{
    const struct node *node = row->part != NULL ? row->part : row->node;
    size_t at = node->text.end;
    for (size_t i = 0; i < node->n_child; i++)
        if (strcmp(node->child[i].label, "#before") == 0)
            at = node->child[i].span.end;
    const char *equals = memchr(doc->text + at, '=', node->span.end - at);
    return equals != NULL ? (size_t)(equals - doc->text) + 1 : node->span.end;
}

static void splice_value(struct job *job, const struct row *row, const char *value)
{
    bool has_value = row->bytes.end > 0;
    size_t len = strlen(value);
    if (row->part != NULL || (has_value && len > 0)) {
        size_t start = has_value ? row->bytes.start : behind_equals(job->doc, row);
        add_splice(job, start, has_value ? row->bytes.end : start, value, len);
        return;
    }
    size_t start = behind_equals(job->doc, row);
    const char *bytes = len > 0 ? arena_printf(" %s", value) : "";
    add_splice(job, start, has_value ? row->bytes.end : start, bytes, strlen(bytes));
}

/* The bytes of the first match. A value of several lines is searched line by line. */
static bool find_match(struct job *job, const struct row *row, const struct pattern *pattern,
                       struct span *ret)
{
    const struct node *entry = row->part != NULL ? row->part : row->node;
    struct span match;
    if (job->step->each.noun == NOUN_TABLE) {
        if (!pattern_match(pattern, row->value, strlen(row->value), &match))
            return false;
        *ret = (struct span){row->bytes.start + match.start, row->bytes.start + match.end};
        return true;
    }
    for (size_t i = 0; i < entry->n_child; i++) {
        const struct node *line = &entry->child[i];
        if (strcmp(line->label, "value") != 0 ||
            !pattern_match(pattern, line->value, strlen(line->value), &match))
            continue;
        *ret = (struct span){line->text.start + match.start, line->text.start + match.end};
        return true;
    }
    return false;
}

static bool splice_row(struct job *job, const struct row *row)
{
    const struct step *step = job->step;
    job->ctx->missing = NULL;
    const char *text = step->text != NULL ? context_text(job->ctx, step->text) : "";
    if (job->ctx->missing != NULL)
        return err_outcome(job->err, NOT_APPLICABLE,
                           "what to write is not known here: the fact %s is missing (give it with --facts)",
                           job->ctx->missing);
    struct touch *touch = touch_node(job, row->node);
    if (step->verb == EDIT_COMMENT || step->verb == EDIT_DELETE) {
        size_t len = 0;
        const char *comment = "";
        if (step->verb == EDIT_COMMENT)
            comment = commented_lines(job->doc, row->node, &len);
        if (!touch->gone)
            add_splice(job, row->node->span.start, row->node->span.end, comment, len);
        touch->gone = true;
        return true;
    }
    if (step->verb == EDIT_VALUE && strcmp(row->value, text) == 0)
        return true;
    struct span match = {0};
    if (step->verb == EDIT_REPLACE) {
        struct pattern *pattern = pattern_compile(context_pattern(job->ctx, step->pattern), NULL, job->err);
        if (pattern == NULL)
            return false;
        if (!find_match(job, row, pattern, &match))
            return true;
    }
    if (step->keep_comment)
        keep_as_comment(job, touch);
    if (step->verb == EDIT_REPLACE || step->each.noun == NOUN_TABLE) {
        struct span where = step->verb == EDIT_REPLACE ? match : row->bytes;
        add_splice(job, where.start, where.end, text, strlen(text));
    } else {
        splice_value(job, row, text);
    }
    return true;
}

/* ---- the proof ---- */

static bool same_node(const struct doc *a, const struct node *x, const struct doc *b, const struct node *y)
{
    size_t len = x->span.end - x->span.start;
    return strcmp(x->label, y->label) == 0 && len == y->span.end - y->span.start &&
           memcmp(a->text + x->span.start, b->text + y->span.start, len) == 0;
}

/* Whether a splice is of an entry's own bytes: what is put in front of it, or behind the newline that ends
 * it, is the kept comment of this entry or of the next one. */
static bool is_inside(const struct job *job, const struct splice *s, struct span bytes)
{
    if (s->start < bytes.start || s->end > bytes.end)
        return false;
    bool between = s->start == bytes.start || (s->start == bytes.end && job->doc->text[s->start - 1] == '\n');
    return s->start < s->end || !between;
}

/* What the splices inside the old bytes lead to. */
static const char *expected_text(const struct job *job, struct span bytes)
{
    struct buf out = {0};
    size_t at = bytes.start;
    for (size_t i = 0; i < job->n_splice; i++) {
        const struct splice *s = &job->splice[i];
        if (!is_inside(job, s, bytes))
            continue;
        buf_add(&out, job->doc->text + at, s->start - at);
        buf_add(&out, s->bytes, s->len);
        at = s->end;
    }
    buf_add(&out, job->doc->text + at, bytes.end - at);
    return buf_text(&out);
}

/* Some value below node (its own, or an option's) holds the bytes [start, end). */
static bool value_holds(const struct node *node, size_t start, size_t end)
{
    for (size_t i = 0; i < node->n_child; i++) {
        const struct node *child = &node->child[i];
        if (strcmp(child->label, "value") == 0 && child->text.start <= start && end <= child->text.end)
            return true;
        if (value_holds(child, start, end))
            return true;
    }
    return false;
}

/* What was put in reads as a value again, and not as a new line or another word of the document's syntax. */
static bool values_stand(const struct job *job, const struct node *old, const struct node *new)
{
    ptrdiff_t shift = (ptrdiff_t) new->span.start - (ptrdiff_t)old->span.start;
    for (size_t i = 0; i < job->n_splice; i++) {
        const struct splice *s = &job->splice[i];
        if (!is_inside(job, s, old->span))
            continue;
        const char *text = s->bytes + strspn(s->bytes, " ");
        size_t start = (size_t)((ptrdiff_t)s->start + shift) + (size_t)(text - s->bytes);
        if (text[0] != '\0' && !value_holds(new, start, start + strlen(text)))
            return false;
        shift += (ptrdiff_t)s->len - (ptrdiff_t)(s->end - s->start);
    }
    return true;
}

/* Same label, same name, the old bytes with the splices in them, and these read as values. */
static bool is_edited_node(const struct job *job, const struct node *old, const struct doc *after,
                           const struct node *new)
{
    const char *want = expected_text(job, old->span);
    size_t len = new->span.end - new->span.start;
    return strcmp(old->label, new->label) == 0 && strcmp(old->value, new->value) == 0 &&
           len == strlen(want) && memcmp(after->text + new->span.start, want, len) == 0 &&
           values_stand(job, old, new);
}

static const struct touch *touch_of(const struct job *job, const struct node *node)
{
    for (size_t i = 0; i < job->n_touch; i++)
        if (job->touch[i].node == node)
            return &job->touch[i];
    return NULL;
}

static bool is_entry(const struct node *node)
{
    return strcmp(node->label, "setting") == 0 || strcmp(node->label, "service") == 0;
}

static size_t next_entry(const struct doc *doc, size_t at)
{
    while (at < doc->n_node && !is_entry(&doc->node[at]))
        at++;
    return at;
}

/* The entries of the text after the edit, in order, are those before it: untouched ones to the byte, touched
 * ones as edited, commented and deleted ones missing, and no others. Comments are no entries: their bytes are
 * the old ones and the splices', and how the lens groups them may change. */
static bool prove(struct job *job, const struct doc *after)
{
    size_t at = next_entry(after, 0);
    for (size_t i = next_entry(job->doc, 0); i < job->doc->n_node; i = next_entry(job->doc, i + 1)) {
        const struct node *old = &job->doc->node[i];
        const struct touch *touch = touch_of(job, old);
        if (touch != NULL && touch->gone)
            continue;
        bool ok = at < after->n_node && (touch == NULL ? same_node(job->doc, old, after, &after->node[at])
                                                       : is_edited_node(job, old, after, &after->node[at]));
        if (!ok)
            return err_set(
                job->err,
                "%s:%zu: the edit would have changed something else than it says; nothing is used of it. "
                "This is a fault of mailfix: please report it with this file",
                job->doc->path, doc_line(job->doc, old->span.start));
        at = next_entry(after, at + 1);
    }
    if (at < after->n_node)
        return err_set(
            job->err,
            "%s: the edit would have added an entry; nothing is used of it. This is a fault of mailfix: "
            "please report it with this file",
            job->doc->path);
    return true;
}

/* ---- a step ---- */

static int by_position(const void *a, const void *b)
{
    const struct splice *x = a, *y = b;
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    return x->end < y->end ? -1 : x->end > y->end;
}

static bool check_overlap(const struct job *job)
{
    for (size_t i = 1; i < job->n_splice; i++)
        if (job->splice[i].start < job->splice[i - 1].end)
            return fix_error(job->ctx->fix, job->step->at, job->err,
                             "this edit would change the same bytes of %s twice", job->doc->path);
    return true;
}

static bool apply_splices(struct job *job, struct draft *draft)
{
    qsort(job->splice, job->n_splice, sizeof(*job->splice), by_position);
    if (!check_overlap(job))
        return false;
    struct hunk *hunk = arena_alloc(job->n_splice * sizeof(*hunk));
    for (size_t i = 0; i < job->n_splice; i++)
        hunk[i] = (struct hunk){.at = job->splice[i].start,
                                .old_len = job->splice[i].end - job->splice[i].start,
                                .bytes = job->splice[i].bytes,
                                .len = job->splice[i].len};
    size_t len;
    const char *text = edit_splice(job->doc->text, job->doc->len, hunk, job->n_splice, &len);
    const struct doc *after;
    if (!doc_reparse(job->doc, text, len, &after, job->err))
        return err_prefix(job->err, "after the edit");
    if (!prove(job, after))
        return false;
    /* From the end, so that positions of the text before this step stay true for what is still to come. */
    for (size_t i = job->n_splice; i > 0; i--) {
        const struct splice *s = &job->splice[i - 1];
        size_t now_len;
        edit_compose(draft, s->start, s->end, s->bytes, s->len);
        struct hunk one = {.at = s->start, .old_len = s->end - s->start, .bytes = s->bytes, .len = s->len};
        struct doc *partial = arena_alloc(sizeof(*partial));
        *partial = *draft->now;
        partial->text = edit_splice(draft->now->text, draft->now->len, &one, 1, &now_len);
        partial->len = now_len;
        draft->now = partial;
    }
    draft->now = after;
    docs_put(job->ctx->docs, after);
    return true;
}

bool edit_step(struct context *ctx, const struct step *step, struct draft *draft, bool *ret_changed,
               struct err *err)
{
    struct job job = {.ctx = ctx, .step = step, .doc = draft->now, .err = err};
    struct row *row;
    size_t n;
    bool unknown;
    *ret_changed = false;
    if (!place_find(ctx, &step->each, &row, &n, &unknown, err))
        return false;
    if (unknown)
        return err_outcome(err, NOT_APPLICABLE,
                           "it is not known here which places '%s' are: the fact %s is missing "
                           "(give it with --facts)",
                           step->each.written, ctx->missing);
    for (size_t i = 0; i < n; i++)
        if (!splice_row(&job, &row[i]))
            return false;
    if (job.n_splice == 0)
        return true;
    *ret_changed = true;
    return apply_splices(&job, draft);
}
