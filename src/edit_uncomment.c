/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * uncomment: a commented-out entry comes to life (mailfix-fix(5), "edit").
 *
 * Limits: of a commented-out setting the one line counts that names it. In dovecot.conf a setting within a
 * commented-out section is not found by its path.
 */
#include "edit_private.h"

#include <string.h>

static bool has_name(const struct node *node, const char *name)
{
    const struct node *type = node_child(node, "type");
    const char *own = type != NULL ? arena_printf("%s/%s", node->value, type->value) : node->value;
    return strcmp(own, name) == 0;
}

/* Whether a commented-out -o begins on the line. */
static bool begins_option(const struct node *node, size_t start, size_t end)
{
    for (size_t i = 0; i < node->n_child; i++)
        if (strcmp(node->child[i].label, "option") == 0 && node->child[i].span.start >= start &&
            node->child[i].span.start < end)
            return true;
    return false;
}

/* The first line without its '#' and at the margin (in dovecot.conf where it stands), the option lines
 * without it and indented, prose as it stands. */
static const char *alive(const struct doc *doc, const struct node *node)
{
    struct buf out = {0};
    for (size_t at = node->span.start, end; at < node->span.end; at = end) {
        end = text_line_end(doc->text, node->span.end, at);
        const char *hash = memchr(doc->text + at, '#', end - at);
        size_t bare = hash != NULL ? (size_t)(hash - doc->text) + 1 : at;
        if (at == node->span.start) {
            buf_add(&out, doc->text + at, doc_is_nested(doc->id) ? (size_t)(hash - doc->text) - at : 0);
            bare = node->text.start;
        } else if (!begins_option(node, at, end))
            bare = at;
        else if (strchr(" \t", doc->text[bare]) == NULL)
            buf_puts(&out, "  ");
        buf_add(&out, doc->text + bare, end - bare);
    }
    return buf_text(&out);
}

static void uncomment(struct job *job, const struct node *node)
{
    edit_add(job, node->span.start, node->span.end, alive(job->doc, node))->kind = ENTRY;
    struct added added = {.at = node->span.start, .like = node, .revived = true};
    edit_added(job, &added);
}

/* What stands at the top of the files: the first that is commented out, unless one of the name lives. */
static void uncomment_name(struct jobs *jobs, const struct doc *const *doc, size_t n, const char *name)
{
    const struct node *first = NULL;
    const struct doc *in = NULL;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < doc[i]->n_node; k++) {
            const struct node *node = &doc[i]->node[k];
            if (edit_is_entry(node) && has_name(node, name))
                return;
            if (first != NULL || strcmp(node->label, "commented") != 0 || !has_name(node, name))
                continue;
            first = node;
            in = doc[i];
        }
    if (first != NULL)
        uncomment(edit_job_of(jobs, in), first);
}

static bool uncomment_path(struct jobs *jobs, struct context *ctx, const char *path, struct err *err)
{
    const struct dovecot_entry *first = NULL;
    struct dovecot_conf conf;
    if (!docs_dovecot(ctx->docs, &conf, err))
        return false;
    for (size_t i = 0; i < conf.n; i++) {
        if (strcmp(conf.entry[i].path, path) != 0)
            continue;
        if (strcmp(conf.entry[i].node->label, "commented") != 0)
            return true;
        if (first == NULL)
            first = &conf.entry[i];
    }
    if (first != NULL)
        uncomment(edit_job_of(jobs, first->doc), first->node);
    return true;
}

bool edit_uncomment(struct jobs *jobs, struct context *ctx, struct err *err)
{
    struct strings names = context_words(ctx, &jobs->step->target.names);
    bool nested = jobs->step->target.noun == NOUN_DOVECOT_SETTING;
    const struct doc *const *doc = NULL;
    size_t n = 0;
    if (!nested && !docs_files(ctx->docs, context_text(ctx, jobs->step->document), &names, &doc, &n, err))
        return false;
    for (size_t i = 0; i < names.n; i++) {
        if (!nested)
            uncomment_name(jobs, doc, n, names.item[i]);
        else if (!uncomment_path(jobs, ctx, names.item[i], err))
            return false;
    }
    return true;
}
