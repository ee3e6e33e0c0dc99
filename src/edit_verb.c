/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The verbs on one row: which bytes change, and what that is meant to do.
 *
 * Limits: a match of `replace` must lie in one physical line of the value. An item that is deleted takes the
 * separator on its own line with it; the last item of a list also the comma that ends the line before.
 */
#include "edit_private.h"
#include "dovecot.h"
#include "postfix.h"
#include "postfix_list.h"

#include <string.h>

static const char BLANKS[] = " \t\r\v\f";

/* ---- comments ---- */

static bool is_comment_line(const char *line, size_t len)
{
    size_t blanks = 0;
    while (blanks < len && strchr(" \t\v\f\r\n", line[blanks]) != NULL)
        blanks++;
    return blanks == len || line[blanks] == '#';
}

/* The lines of a node with '#' before each that is not yet a comment or blank. */
static const char *commented_lines(const struct doc *doc, const struct node *node)
{
    struct buf out = {0};
    for (size_t at = node->span.start; at < node->span.end;) {
        size_t end = text_line_end(doc->text, node->span.end, at);
        if (!is_comment_line(doc->text + at, end - at))
            buf_puts(&out, "#");
        buf_add(&out, doc->text + at, end - at);
        at = end;
    }
    if (out.text[out.len - 1] != '\n')
        buf_puts(&out, "\n");
    return buf_text(&out);
}

/* The old lines stay above as a comment, unless exactly these stand there already. */
static void keep_as_comment(struct job *job, const struct node *node)
{
    struct touch *touch = edit_touch(job, node);
    size_t start = node->span.start;
    const char *comment = commented_lines(job->doc, node);
    size_t len = strlen(comment);
    if (touch->kept)
        return;
    if (start >= len && memcmp(job->doc->text + start - len, comment, len) == 0 &&
        (start == len || job->doc->text[start - len - 1] == '\n')) {
        job->conflict |= edit_was_put(job, start, true); /* and so it stands above no more */
        return;
    }
    touch->kept = true;
    touch->comment = comment;
    edit_put(job, start, BEFORE_NODE, comment);
}

/* ---- values and names ---- */

static const struct node *named_node(const struct row *row)
{
    return row->part != NULL ? row->part : row->node;
}

/* Just behind the '=' of an entry (the ':' of an alias, the key of a map), where an empty value would stand.
 * Comments in front of it may hold another. */
static size_t behind_equals(const struct doc *doc, const struct row *row)
{
    const struct node *node = named_node(row);
    size_t at = node->text.end;
    if (strcmp(node->label, "entry") == 0)
        return at;
    for (size_t i = 0; i < node->n_child; i++)
        if (strcmp(node->child[i].label, "#before") == 0)
            at = node->child[i].span.end;
    char sign = strcmp(node->label, "alias") == 0 ? ':' : '=';
    const char *equals = memchr(doc->text + at, sign, node->span.end - at);
    return equals != NULL ? (size_t)(equals - doc->text) + 1 : node->span.end;
}

void edit_value(struct job *job, const struct row *row, const char *value)
{
    bool has_value = row->bytes.end > 0;
    size_t len = strlen(value), start = behind_equals(job->doc, row);
    if (job->step->keep_comment)
        keep_as_comment(job, row->node);
    if (row->part != NULL || (has_value && len > 0)) {
        start = has_value ? row->bytes.start : start;
        edit_add(job, start, has_value ? row->bytes.end : start, value);
    } else {
        edit_add(job, start, has_value ? row->bytes.end : start, len > 0 ? arena_printf(" %s", value) : "");
    }
    edit_part(job, row->node, named_node(row))->value = value;
}

/* NULL: the name stays. */
static void set_name(struct job *job, const struct row *row, const char *name)
{
    const struct node *node = named_node(row);
    if (name == NULL || strcmp(node->value, name) == 0)
        return;
    if (job->step->keep_comment)
        keep_as_comment(job, row->node);
    edit_add(job, node->text.start, node->text.end, name)->kind = MEANT;
    edit_part(job, row->node, node)->name = name;
}

static void set_column(struct job *job, const struct row *row, const char *value)
{
    edit_add(job, row->bytes.start, row->bytes.end, value)->kind = MEANT;
    edit_part(job, row->node, row->part)->value = value;
}

/* ---- lists ---- */

/* What the items of the entry's list must be afterwards; at first those that are there. */
static struct strings *items_of(struct job *job, const struct row *row)
{
    struct part_touch *touch = edit_part(job, row->node, named_node(row));
    if (!touch->has_items)
        touch->items = postfix_items(doc_is_nested(job->doc->id) ? dovecot_value(row->node)
                                                                 : postfix_joined_value(named_node(row)));
    touch->has_items = true;
    return &touch->items;
}

/* The first item of that text goes. */
static void drop_item(struct strings *items, const char *old)
{
    size_t at = 0;
    while (at < items->n && strcmp(items->item[at], old) != 0)
        at++;
    if (at == items->n)
        return;
    memmove(&items->item[at], &items->item[at + 1], (items->n - at - 1) * sizeof(*items->item));
    items->n--;
}

/* The physical line of the value that holds the offset of one of its items. */
static const struct node *line_of(const struct node *node, size_t offset)
{
    const struct node *line = node->child;
    while (strcmp(line->label, "value") != 0 || offset >= line->text.end)
        line++;
    return line;
}

static const struct node *last_line(const struct node *node)
{
    const struct node *last = NULL;
    for (size_t i = 0; i < node->n_child; i++)
        if (strcmp(node->child[i].label, "value") == 0)
            last = &node->child[i];
    return last;
}

static size_t skip(const struct doc *doc, size_t at, size_t end, const char *these)
{
    while (at < end && strchr(these, doc->text[at]) != NULL)
        at++;
    return at;
}

static size_t skip_back(const struct doc *doc, size_t at, size_t start, const char *these)
{
    while (at > start && strchr(these, doc->text[at - 1]) != NULL)
        at--;
    return at;
}

/* Takes [start, end) out; edit.c tidies the line. */
static void cut(struct job *job, size_t start, size_t end)
{
    edit_add(job, start, end, "")->kind = MEANT;
}

static void delete_item(struct job *job, const struct row *row)
{
    static const char separators[] = " \t\r\v\f,";
    const struct doc *doc = job->doc;
    const struct node *line = line_of(row->node, row->bytes.start), *before = NULL;
    struct span item = row->bytes;
    if (job->step->keep_comment)
        keep_as_comment(job, row->node);
    for (const struct node *child = row->node->child; child != line; child++)
        if (strcmp(child->label, "value") == 0)
            before = child;
    size_t next = skip(doc, item.end, line->text.end, separators);
    size_t last = skip_back(doc, item.start, line->text.start, separators);
    if (next < line->text.end)
        cut(job, item.start, next);
    else if (last > line->text.start)
        cut(job, last, item.end);
    else
        cut(job, item.start, next);
    bool alone = last == line->text.start && next == line->text.end;
    if (alone && line == last_line(row->node) && before != NULL)
        cut(job, skip_back(doc, before->text.end, before->text.start, separators), before->text.end);
    drop_item(items_of(job, row), row->value);
}

/* What stands between the last two items, without comments; an option's value has no blanks, Dovecot's lists
 * no commas, and a blank of an alias may stand within a command. */
static const char *separator_of(const struct doc *doc, const struct row *row)
{
    const char *otherwise = row->part != NULL ? "," : doc_is_nested(doc->id) ? " " : ", ";
    const struct node *node = named_node(row);
    if (strcmp(node->label, "alias") == 0)
        return otherwise;
    struct span last = {0}, one;
    const char *separator = otherwise;
    for (size_t i = 0; i < node->n_child; i++) {
        const struct node *line = &node->child[i];
        if (strcmp(line->label, "value") != 0)
            continue;
        for (size_t start = 0, end; postfix_next_item(line->value, &start, &end); start = end) {
            one = (struct span){line->text.start + start, line->text.start + end};
            if (last.end > 0)
                separator = arena_copy(doc->text + last.end, one.start - last.end);
            last = one;
        }
    }
    return strchr(separator, '#') != NULL ? otherwise : separator;
}

/* The word becomes the first or the last item, unless it is one of them. */
static void add_item(struct job *job, const struct row *row, const char *word, bool first)
{
    struct strings *items = items_of(job, row);
    const struct node *node = named_node(row);
    struct strings longer = {0};
    if (strings_have(items, word))
        return;
    if (items->n == 0) {
        edit_part(job, row->node, node)->has_items = false;
        edit_value(job, row, word);
        return;
    }
    if (job->step->keep_comment)
        keep_as_comment(job, row->node);
    const char *separator = separator_of(job->doc, row);
    size_t start = skip(job->doc, row->bytes.start, row->bytes.end, " \t\r\v\f,");
    size_t end = skip_back(job->doc, row->bytes.end, start, " \t\r\v\f,");
    if (doc_is_nested(job->doc->id) && dovecot_is_quoted(row->node)) {
        start++;
        end--;
    }
    const char *bytes = first ? arena_printf("%s%s", word, separator) : arena_printf("%s%s", separator, word);
    edit_add(job, first ? start : end, first ? start : end, bytes)->kind = MEANT;
    if (first)
        strings_add(&longer, word);
    for (size_t i = 0; i < items->n; i++)
        strings_add(&longer, items->item[i]);
    if (!first)
        strings_add(&longer, word);
    edit_part(job, row->node, node)->items = longer;
}

/* ---- whole entries and options ---- */

static void delete_option(struct job *job, const struct row *row)
{
    const struct doc *doc = job->doc;
    struct span option = row->part->span;
    size_t before = skip_back(doc, option.start, 0, BLANKS);
    bool begins = doc->text[before - 1] == '\n';
    if (begins)
        cut(job, option.start, skip(doc, option.end, doc->len, BLANKS));
    else
        cut(job, before, option.end);
    edit_part(job, row->node, row->part)->gone = true;
}

/* Once, though a file of Dovecot's that is included twice has it twice. */
static void take_entry(struct job *job, const struct node *node, bool comment)
{
    struct touch *touch = edit_touch(job, node);
    if (!touch->gone)
        edit_add(job, node->span.start, node->span.end, comment ? commented_lines(job->doc, node) : "")
            ->kind = ENTRY;
    touch->gone = true;
}

/* ---- replace ---- */

/* The bytes of the first match. A value of several lines is searched line by line. */
static bool find_match(const struct step *step, const struct row *row, const struct pattern *pattern,
                       struct span *ret)
{
    const struct node *entry = named_node(row);
    struct span match;
    enum noun noun = step->each.noun;
    bool own_bytes = noun == NOUN_TABLE || noun == NOUN_ITEM || noun == NOUN_COLUMN;
    if (own_bytes) { /* a table, an item, a column: the row's own bytes */
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

static bool replace(struct job *job, struct context *ctx, const struct row *row, const char *text,
                    struct err *err)
{
    struct pattern *pattern = pattern_compile(context_pattern(ctx, job->step->pattern), NULL, err);
    struct span match;
    if (pattern == NULL)
        return false;
    if (!find_match(job->step, row, pattern, &match))
        return true;
    if (job->step->keep_comment)
        keep_as_comment(job, row->node);
    struct splice *splice = edit_add(job, match.start, match.end, text);
    if (job->step->each.noun != NOUN_COLUMN) {
        edit_touch(job, row->node);
        return true;
    }
    splice->kind = MEANT;
    const char *old = job->doc->text;
    edit_part(job, row->node, row->part)->value =
        arena_printf("%.*s%s%.*s", (int)(match.start - row->bytes.start), old + row->bytes.start, text,
                     (int)(row->bytes.end - match.end), old + match.end);
    return true;
}

/* ---- any ---- */

/* value and rename; the noun decides what a value is. */
static void set(struct job *job, struct context *ctx, const struct row *row, const char *text)
{
    const struct step *step = job->step;
    const char *name = step->rename != NULL ? context_text(ctx, step->rename) : NULL;
    set_name(job, row, name);
    if (text == NULL || strcmp(row->value, text) == 0)
        return;
    if (step->each.noun == NOUN_COLUMN) {
        set_column(job, row, text);
    } else if (step->each.noun == NOUN_TABLE || step->each.noun == NOUN_ITEM) {
        if (step->keep_comment)
            keep_as_comment(job, row->node);
        edit_add(job, row->bytes.start, row->bytes.end, text);
        edit_touch(job, row->node);
    } else {
        edit_value(job, row, text);
    }
}

bool edit_row(struct job *job, struct context *ctx, const struct row *row, struct err *err)
{
    const struct step *step = job->step;
    ctx->missing = NULL;
    const char *text = step->text != NULL ? context_text(ctx, step->text) : NULL;
    if (step->rename != NULL)
        context_text(ctx, step->rename);
    if (ctx->missing != NULL)
        return context_missing(ctx, "what to write", err);
    switch (step->verb) {
    case EDIT_REPLACE:
        set_name(job, row, step->rename != NULL ? context_text(ctx, step->rename) : NULL);
        return replace(job, ctx, row, text, err);
    case EDIT_VALUE:
        set(job, ctx, row, text);
        break;
    case EDIT_APPEND:
    case EDIT_PREPEND:
        add_item(job, row, text, step->verb == EDIT_PREPEND);
        break;
    case EDIT_COMMENT:
        take_entry(job, row->node, true);
        break;
    default: /* EDIT_DELETE; the others are no verbs of a row */
        if (step->each.noun == NOUN_ITEM)
            delete_item(job, row);
        else if (step->each.noun == NOUN_OPTION)
            delete_option(job, row);
        else
            take_entry(job, row->node, false);
    }
    return true;
}
