/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * ensure and raise in dovecot.conf and the files that it includes. Sections of the literal are entered; each
 * setting counts as an entry. The one in effect is changed in the file that holds it; a missing one goes
 * below the commented-out one of its path, else below the entry before it in the literal, else into the last
 * section of that name, else, in sections of its own, to the end. A file that a package brings gets nothing
 * new where an administrator's own is included, and one below /usr never: what such a file sets is set again
 * in a file that is read later.
 *
 * Limits: a section of which there can be several without a name (passdb, userdb, namespace) is there when
 * one has every setting of the literal with its value, and is else added as a whole.
 */
#include "edit_literal.h"
#include "edit_private.h"

#include "dovecot.h"
#include "place_private.h"
#include "postfix.h"
#include "tree.h"

#include <string.h>

/* Where the entry before, of the same section, ended up. */
struct below {
    const struct doc *doc; /* NULL: nowhere yet */
    size_t at;
    size_t like; /* the start of a line of that doc whose indentation is right */
};

struct nest {
    struct jobs *jobs;
    struct context *ctx;
    const char *text; /* the spans of the literal are of this text */
    struct dovecot_conf conf;
    struct err *err;
};

/* ---- texts ---- */

static const char *indent_at(const struct doc *doc, size_t line)
{
    return arena_copy(doc->text + line, strspn(doc->text + line, " \t"));
}

static size_t line_start(const char *text, size_t at)
{
    while (at > 0 && text[at - 1] != '\n')
        at--;
    return at;
}

/* Each line with an indentation before it. */
static const char *indented(const char *text, const char *indent)
{
    struct buf out = {0};
    for (const char *at = text; at[0] != '\0';) {
        size_t len = strcspn(at, "\n");
        len += at[len] == '\n';
        buf_printf(&out, "%s%.*s", indent, (int)len, at);
        at += len;
    }
    return buf_text(&out);
}

/* A node of the literal from its name to its newline. */
static const char *bare_text(const struct nest *e, const struct node *want)
{
    return arena_copy(e->text + want->text.start, want->span.end - want->text.start);
}

/* ---- putting new lines in ---- */

/* Lines in front of an offset that begins a line. */
static bool insert(struct nest *e, const struct doc *doc, size_t at, const char *lines)
{
    struct job *job = edit_job_of(e->jobs, doc);
    struct added added = {.at = at};
    struct node *nodes;
    bool open = at > 0 && doc->text[at - 1] != '\n';
    if (!tree_parse(LENS_DOVECOT, doc->path, lines, strlen(lines), &nodes, &added.n, e->err))
        return false;
    added.like = nodes;
    edit_add(job, at, at, arena_printf("%s%s", open ? "\n" : "", lines))->kind = ENTRY;
    edit_added(job, &added);
    return true;
}

static bool takes_new(const struct nest *e, const struct doc *doc)
{
    return !doc_is_packages(doc) && (e->conf.own == NULL || !dovecot_is_shipped(doc->path));
}

static const struct dovecot_entry *last_section(const struct nest *e, const char *path)
{
    for (size_t i = e->conf.n; i > 0; i--)
        if (strcmp(e->conf.entry[i - 1].node->label, "section") == 0 &&
            strcmp(e->conf.entry[i - 1].path, path) == 0 && e->conf.entry[i - 1].alone == NULL &&
            takes_new(e, e->conf.entry[i - 1].doc))
            return &e->conf.entry[i - 1];
    return NULL;
}

/* The section among these nodes that nothing closes: it takes what is written behind it. */
static const struct node *open_section(const struct doc *doc, const struct node *node, size_t n)
{
    return n > 0 && dovecot_stays_open(doc->text, &node[n - 1]) ? &node[n - 1] : NULL;
}

/* In front of the line with the brace that closes the section, or of a section in it that takes all that
 * follows. */
static bool insert_in(struct nest *e, const struct dovecot_entry *section, const char *lines)
{
    const struct doc *doc = section->doc;
    const struct node *last = open_section(doc, section->node->child, section->node->n_child);
    size_t end = last != NULL ? last->span.start : section->node->span.end;
    size_t at = dovecot_stays_open(doc->text, section->node) ? end : line_start(doc->text, end - 1);
    const char *indent = arena_printf("%s  ", indent_at(doc, at));
    for (size_t i = 0; i < section->node->n_child; i++)
        if (dovecot_name(&section->node->child[i]) != NULL)
            indent = indent_at(doc, line_start(doc->text, section->node->child[i].span.start));
    return insert(e, doc, at, indented(lines, indent));
}

/* ---- settings ---- */

static bool is_due(struct nest *e, const char *path, const char *now, const char *want, bool *ret_due)
{
    const struct dovecot_entry *set;
    *ret_due = now == NULL || !edit_same_value(now, want);
    if (!*ret_due || e->jobs->step->verb != EDIT_RAISE)
        return true;
    now = place_dovecot_effective(e->ctx, e->conf.entry, e->conf.n, path, &set);
    if (now == NULL) {
        e->ctx->missing = arena_printf("dovecot.value.%s", path);
        return context_missing(e->ctx, arena_printf(_("whether %s is less"), path), e->err);
    }
    return edit_is_less(e->ctx, path, now, want, ret_due, e->err);
}

static const struct dovecot_entry *commented_setting(const struct nest *e, const char *path)
{
    for (size_t i = e->conf.n; i > 0; i--)
        if (strcmp(e->conf.entry[i - 1].node->label, "commented") == 0 &&
            e->conf.entry[i - 1].alone == NULL && strcmp(e->conf.entry[i - 1].path, path) == 0 &&
            takes_new(e, e->conf.entry[i - 1].doc))
            return &e->conf.entry[i - 1];
    return NULL;
}

/* A setting that is nowhere: below what is there of it, or into *rest for whoever knows a section for it. */
static bool add_setting(struct nest *e, const struct node *want, const char *path, struct below *below,
                        struct buf *rest)
{
    const struct dovecot_entry *commented = commented_setting(e, path);
    if (commented != NULL) {
        const struct doc *doc = commented->doc;
        const char *line = edit_written_like(e->text, want, doc, commented->node);
        const char *indent = indent_at(doc, line_start(doc->text, commented->node->span.start));
        *below = (struct below){doc, commented->node->span.end,
                                line_start(doc->text, commented->node->span.start)};
        line += strspn(line, " \t");
        return insert(e, doc, below->at, indented(line, indent));
    }
    if (below->doc != NULL && takes_new(e, below->doc))
        return insert(e, below->doc, below->at,
                      indented(bare_text(e, want), indent_at(below->doc, below->like)));
    buf_puts(rest, bare_text(e, want));
    return true;
}

static bool ensure_setting(struct nest *e, const struct node *want, const char *path, struct below *below,
                           struct buf *rest)
{
    const struct dovecot_entry *set = place_dovecot_setting(e->conf.entry, e->conf.n, path, NULL);
    bool due;
    if (!is_due(e, path, set != NULL ? dovecot_value(set->node) : NULL, dovecot_value(want), &due))
        return false;
    if (set != NULL && !doc_is_packages(set->doc))
        *below =
            (struct below){set->doc, set->node->span.end, line_start(set->doc->text, set->node->span.start)};
    if (!due)
        return true;
    if (set == NULL)
        return add_setting(e, want, path, below, rest);
    if (doc_is_packages(set->doc)) {
        buf_puts(rest, bare_text(e, want));
        return true;
    }
    struct row row = {.doc = set->doc, .node = set->node, .bytes = place_dovecot_bytes(set->node)};
    edit_value(edit_job_of(e->jobs, set->doc), &row, postfix_joined_value(want));
    return true;
}

/* ---- sections ---- */

/* Every setting of the literal's section is in that one, with its value. */
static bool has_all(const struct nest *e, const struct dovecot_entry *section, const struct node *want)
{
    for (size_t i = 0; i < want->n_child; i++) {
        const struct node *child = &want->child[i];
        if (strcmp(child->label, "setting") != 0)
            continue;
        const struct dovecot_entry *set = place_dovecot_setting(
            e->conf.entry, e->conf.n, arena_printf("%s/%s", section->path, child->value), section->node);
        if (set == NULL || !edit_same_value(dovecot_value(set->node), dovecot_value(child)))
            return false;
    }
    return true;
}

static bool is_there(const struct nest *e, const char *path, const struct node *want)
{
    for (size_t i = 0; i < e->conf.n; i++)
        if (dovecot_stands_alone(e->conf.entry[i].node) && strcmp(e->conf.entry[i].path, path) == 0 &&
            has_all(e, &e->conf.entry[i], want))
            return true;
    return false;
}

/* "service imap-login {" of the literal, and what is missing in it. */
static void wrap(const struct nest *e, const struct node *want, const char *inner, struct buf *out)
{
    const char *title = e->text + want->text.start;
    buf_printf(out, "%.*s\n%s}\n", (int)strcspn(title, "\n"), title, indented(inner, "  "));
}

static bool ensure_nodes(struct nest *e, const struct node *want, size_t n, const char *path,
                         struct buf *rest)
{
    struct below below = {0};
    for (size_t i = 0; i < n; i++) {
        const char *name = dovecot_name(&want[i]);
        if (name == NULL)
            continue;
        name = path[0] != '\0' ? arena_printf("%s/%s", path, name) : name;
        if (strcmp(want[i].label, "setting") == 0) {
            if (!ensure_setting(e, &want[i], name, &below, rest))
                return false;
            continue;
        }
        if (dovecot_stands_alone(&want[i])) {
            if (!is_there(e, name, &want[i]))
                buf_puts(rest, bare_text(e, &want[i]));
            continue;
        }
        struct buf inner = {0};
        const struct dovecot_entry *section = last_section(e, name);
        if (!ensure_nodes(e, want[i].child, want[i].n_child, name, &inner))
            return false;
        if (inner.len > 0 && section != NULL && !insert_in(e, section, buf_text(&inner)))
            return false;
        if (inner.len > 0 && section == NULL)
            wrap(e, &want[i], buf_text(&inner), rest);
    }
    return true;
}

/* ---- the whole ---- */

/* after and before of the step, else the end. */
static bool find_room(struct nest *e, const struct doc **ret_doc, size_t *ret_at)
{
    const struct step *step = e->jobs->step;
    *ret_doc = e->conf.own != NULL ? e->conf.own : e->conf.first;
    *ret_at = (*ret_doc)->len;
    const struct node *last = open_section(*ret_doc, (*ret_doc)->node, (*ret_doc)->n_node);
    if (last != NULL)
        *ret_at = last->span.start;
    if (!step->has_after && !step->has_before)
        return true;
    struct row *row;
    size_t n;
    bool unknown;
    if (!place_find(e->ctx, step->has_after ? &step->after : &step->before, &row, &n, &unknown, e->err))
        return false;
    if (unknown)
        return context_missing(e->ctx, "where to put the new entry", e->err);
    if (n > 0) {
        *ret_doc = row[step->has_after ? n - 1 : 0].doc;
        *ret_at = step->has_after ? row[n - 1].node->span.end : row[0].node->span.start;
    }
    return true;
}

bool edit_ensure_dovecot(struct jobs *jobs, struct context *ctx, const char *text, const struct node *want,
                         size_t n, struct err *err)
{
    struct nest e = {.jobs = jobs, .ctx = ctx, .text = text, .err = err};
    const struct doc *room;
    struct buf rest = {0};
    size_t at;
    if (!docs_dovecot(ctx->docs, &e.conf, err) || !ensure_nodes(&e, want, n, "", &rest))
        return false;
    return rest.len == 0 || (find_room(&e, &room, &at) && insert(&e, room, at, buf_text(&rest)));
}
