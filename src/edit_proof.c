/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The proof that an edit changed what it says and nothing else; see edit_private.h.
 *
 * Comments are no entries: their bytes are the old ones and the splices', and how the lens groups them may
 * change. Blanks do not count where values are compared.
 */
#include "edit_private.h"

#include "postfix.h"
#include "postfix_list.h"
#include "tree.h"

#include <string.h>

bool edit_is_entry(const struct node *node)
{
    return strcmp(node->label, "setting") == 0 || strcmp(node->label, "service") == 0 ||
           postfix_is_map_entry(node);
}

static bool is_part(const struct node *node)
{
    return node->label[0] != '#';
}

/* The next character that counts: of a run of blanks one, and none beside a comma or at the end. */
static char next_char(const char **text, bool *after_comma)
{
    size_t blanks = strspn(*text, " \t\r\n\v\f");
    char next = (*text)[blanks];
    if (blanks > 0 && !*after_comma && next != ',' && next != '\0') {
        *text += blanks;
        *after_comma = true; /* so that the run counts once */
        return ' ';
    }
    *text += blanks + (next != '\0');
    *after_comma = next == ',';
    return next;
}

bool edit_same_value(const char *a, const char *b)
{
    bool comma_a = true, comma_b = true;
    for (;;) {
        char x = next_char(&a, &comma_a), y = next_char(&b, &comma_b);
        if (x != y)
            return false;
        if (x == '\0')
            return true;
    }
}

/* ---- bytes ---- */

/* The end of a node's bytes without the newline, and the comments and blank lines, behind its last line. */
static size_t bare_end(const char *text, size_t start, size_t end)
{
    for (;;) {
        size_t line = end;
        while (line > start && text[line - 1] != '\n')
            line--;
        size_t blanks = line + strspn(text + line, " \t\r\v\f");
        if (line == start || (blanks < end && text[blanks] != '#'))
            return end;
        end = line - 1;
    }
}

static bool same_bytes(const char *a, size_t a_len, const struct doc *doc, const struct node *node)
{
    const char *b = doc->text + node->span.start;
    a_len = bare_end(a, 0, a_len);
    size_t b_len = bare_end(doc->text, node->span.start, node->span.end) - node->span.start;
    return a_len == b_len && memcmp(a, b, a_len) == 0;
}

/* Whether a splice is of an entry's own bytes: what is put in front of it, or behind the newline that ends
 * it, is the kept comment of this entry or of the next one. */
static bool is_inside(const struct splice *s, struct span bytes)
{
    return s->kind != ENTRY && s->start >= bytes.start && s->end <= bytes.end;
}

/* The first splice that begins at an offset or behind it. */
static size_t first_splice(const struct job *job, size_t at)
{
    size_t low = 0, high = job->n_splice;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (job->splice[middle].start < at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* What the splices inside the old bytes lead to. */
static const char *expected_text(const struct job *job, struct span bytes, size_t *ret_len)
{
    struct buf out = {0};
    size_t at = bytes.start;
    for (size_t i = first_splice(job, bytes.start); i < job->n_splice && job->splice[i].start <= bytes.end;
         i++) {
        const struct splice *s = &job->splice[i];
        if (!is_inside(s, bytes))
            continue;
        buf_add(&out, job->doc->text + at, s->start - at);
        buf_add(&out, s->bytes, s->len);
        at = s->end;
    }
    buf_add(&out, job->doc->text + at, bytes.end - at);
    *ret_len = out.len;
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
    for (size_t i = first_splice(job, old->span.start);
         i < job->n_splice && job->splice[i].start <= old->span.end; i++) {
        const struct splice *s = &job->splice[i];
        if (!is_inside(s, old->span))
            continue;
        const char *text = s->bytes + strspn(s->bytes, " ");
        size_t start = (size_t)((ptrdiff_t)s->start + shift) + (size_t)(text - s->bytes);
        if (s->kind == IN_VALUE && text[0] != '\0' && !value_holds(new, start, start + strlen(text)))
            return false;
        shift += (ptrdiff_t)s->len - (ptrdiff_t)(s->end - s->start);
    }
    return true;
}

/* ---- parts ---- */

static size_t next_part(const struct node *node, size_t at)
{
    while (at < node->n_child && (!is_part(&node->child[at]) || strcmp(node->child[at].label, "value") == 0))
        at++;
    return at;
}

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* A part that an added entry, or a new option, must have. */
static bool is_like(const struct node *part, const struct node *like)
{
    return strcmp(part->label, like->label) == 0 && same_text(part->value, like->value) &&
           edit_same_value(postfix_joined_value(part), postfix_joined_value(like));
}

static bool entry_is_like(const struct node *entry, const struct node *like)
{
    size_t k = next_part(entry, 0);
    if (!same_text(entry->value, like->value) ||
        !edit_same_value(postfix_joined_value(entry), postfix_joined_value(like)))
        return false;
    for (size_t i = next_part(like, 0); i < like->n_child; i = next_part(like, i + 1)) {
        if (k >= entry->n_child || !is_like(&entry->child[k], &like->child[i]))
            return false;
        k = next_part(entry, k + 1);
    }
    return k >= entry->n_child;
}

/* The words of an entry as the program reads them; a commented-out one has several options in one node. */
static struct strings words_of(const struct node *entry)
{
    struct buf text = {0};
    buf_puts(&text, entry->value);
    for (size_t i = 0; i < entry->n_child; i++) {
        const struct node *child = &entry->child[i];
        const char *value = postfix_joined_value(child);
        if (strcmp(child->label, "option") == 0)
            buf_printf(&text, " -o %s=%s", child->value, value);
        else if (is_part(child))
            buf_printf(&text, " %s", child->value);
    }
    return strings_split(buf_text(&text), " \t");
}

static bool same_words(const struct node *a, const struct node *b)
{
    struct strings x = words_of(a), y = words_of(b);
    return strings_same(&x, &y);
}

const struct part_touch *edit_part_touch_of(const struct touch *touch, const struct node *part)
{
    for (size_t i = 0; i < touch->n_part; i++)
        if (touch->part[i].part == part)
            return &touch->part[i];
    return NULL;
}

bool edit_same_items(const struct strings *want, const char *value)
{
    struct strings items = postfix_items(value);
    return strings_same(&items, want);
}

/* A part, or the entry itself, as its touch says; without one, with its old name. Its values are those that
 * the splices say, which values_stand has seen to. */
static bool is_as_meant(const struct touch *touch, const struct node *old, const struct node *new)
{
    const struct part_touch *t = edit_part_touch_of(touch, old);
    bool column = old->n_child == 0 && t != NULL && strcmp(old->label, "option") != 0 && old != touch->node;
    const char *name = t != NULL && t->name != NULL ? t->name : column ? t->value : old->value;
    const char *value = postfix_joined_value(new);
    if (strcmp(old->label, new->label) != 0 || !same_text(name, new->value))
        return false;
    if (t != NULL && t->has_items)
        return edit_same_items(&t->items, value);
    return t == NULL || t->value == NULL || column || edit_same_value(t->value, value);
}

/* The old parts in their order, those that go missing, and the new options where they are put. */
static bool parts_are_as_meant(const struct touch *touch, const struct node *new)
{
    const struct node *old = touch->node;
    size_t k = next_part(new, 0);
    for (size_t i = next_part(old, 0); i < old->n_child; i = next_part(old, i + 1)) {
        const struct node *part = &old->child[i];
        const struct part_touch *t = edit_part_touch_of(touch, part);
        if (t == NULL || !t->gone) {
            if (k >= new->n_child || !is_as_meant(touch, part, &new->child[k]))
                return false;
            k = next_part(new, k + 1);
        }
        for (size_t o = 0; o < touch->n_option; o++) {
            if (touch->option[o].behind != part)
                continue;
            if (k >= new->n_child || !is_like(&new->child[k], touch->option[o].like))
                return false;
            k = next_part(new, k + 1);
        }
    }
    return k >= new->n_child;
}

static bool is_edited_node(const struct job *job, const struct touch *touch, const struct doc *after,
                           const struct node *new)
{
    size_t len;
    const char *want = expected_text(job, touch->node->span, &len);
    return same_bytes(want, len, after, new) && is_as_meant(touch, touch->node, new) &&
           parts_are_as_meant(touch, new) && values_stand(job, touch->node, new);
}

/* ---- the whole ---- */

/* The next entry, or record that is none to the proof but must stay as it is. */
static size_t next_entry(const struct doc *doc, size_t at)
{
    while (at < doc->n_node && !edit_is_entry(&doc->node[at]) &&
           strcmp(doc->node[at].label, TREE_UNREAD) != 0)
        at++;
    return at;
}

bool edit_other_change(const struct job *job, size_t at, struct err *err)
{
    return err_set(err,
                   "%s:%zu: the edit would have changed something else than it says; nothing is used of it. "
                   "This is a fault of mailfix: please report it with this file",
                   job->doc->path, doc_line(job->doc, at));
}

bool edit_not_revived(const struct job *job, size_t at, struct err *err)
{
    return err_set(err,
                   "%s:%zu: this commented-out entry cannot be brought to life as it stands: write it "
                   "out by hand",
                   job->doc->path, doc_line(job->doc, at));
}

/* The added entries that stand in front of an offset of the old text. */
static bool prove_added(const struct job *job, size_t before, size_t *added, const struct doc *after,
                        size_t *at, struct err *err)
{
    for (; *added < job->n_added && job->added[*added].at <= before; (*added)++) {
        const struct added *a = &job->added[*added];
        bool there = *at < after->n_node;
        if (a->revived && !(there && same_words(&after->node[*at], a->like)))
            return edit_not_revived(job, a->at, err);
        if (!a->revived && !(there && entry_is_like(&after->node[*at], a->like)))
            return edit_other_change(job, a->at, err);
        *at = next_entry(after, *at + 1);
    }
    return true;
}

bool edit_prove(const struct job *job, const struct doc *after, struct err *err)
{
    const struct doc *before = job->doc;
    size_t at = next_entry(after, 0), added = 0;
    for (size_t i = next_entry(before, 0); i < before->n_node; i = next_entry(before, i + 1)) {
        const struct node *old = &before->node[i];
        const struct touch *touch = edit_touch_of(job, old);
        if (!prove_added(job, old->span.start, &added, after, &at, err))
            return false;
        if (touch != NULL && touch->gone)
            continue;
        bool ok = at < after->n_node &&
                  (touch != NULL ? is_edited_node(job, touch, after, &after->node[at])
                                 : strcmp(old->label, after->node[at].label) == 0 &&
                                       same_bytes(before->text + old->span.start,
                                                  old->span.end - old->span.start, after, &after->node[at]));
        if (!ok)
            return edit_other_change(job, old->span.start, err);
        at = next_entry(after, at + 1);
    }
    if (!prove_added(job, before->len, &added, after, &at, err))
        return false;
    if (at < after->n_node)
        return err_set(err,
                       "%s: the edit would have added an entry; nothing is used of it. This is a fault of "
                       "mailfix: please report it with this file",
                       before->path);
    return true;
}
