/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Literals of edits; see edit_literal.h.
 *
 * Limits: the sample of every value is one plain word, which the documents take wherever a placeholder can
 * stand.
 */
#include "edit_literal.h"

#include "edit_private.h"
#include "postfix_nodes.h"
#include "tree.h"

#include <string.h>

static const char SAMPLE[] = "sample";

/* The literal with a sample in place of each {placeholder}; ${name} is Postfix's own. */
static const char *sampled(const char *text)
{
    struct buf out = {0};
    for (const char *at = text; *at != '\0';) {
        size_t len = 1;
        if (context_placeholder(text, at, &len) != NULL)
            buf_puts(&out, SAMPLE);
        else
            buf_add(&out, at, len);
        at += len;
    }
    return buf_text(&out);
}

static bool parse(const struct step *step, const char *text, struct node **ret_node, size_t *ret_n,
                  struct err *err)
{
    enum lens lens;
    if (!tree_lens_of_document(step->document, &lens))
        return err_set(err, "there is no lens for %s", step->document);
    return ((lens == LENS_ALIASES || lens == LENS_TRANSPORT) &&
            postfix_nodes_table(lens == LENS_ALIASES, text, strlen(text), ret_node, ret_n)) ||
           tree_parse(lens, step->document, text, strlen(text), ret_node, ret_n, err);
}

static bool same_shape(const struct node *a, size_t n, const struct node *b, size_t n_b)
{
    bool same = n == n_b;
    for (size_t i = 0; same && i < n; i++)
        same = strcmp(a[i].label, b[i].label) == 0 &&
               same_shape(a[i].child, a[i].n_child, b[i].child, b[i].n_child);
    return same;
}

/* The first of the lines that the document's lens does not take, or that is no entry. */
static size_t wrong_line(const struct step *step, const char *text)
{
    struct err ignored;
    for (size_t line = 0, end = 0; line < step->n_literal; line++) {
        struct node *node;
        size_t n;
        end += strcspn(text + end, "\n") + 1;
        if (!parse(step, arena_copy(text, end), &node, &n, &ignored))
            return line;
        for (size_t i = 0; i < n; i++)
            if (!edit_is_entry(&node[i]))
                return line;
    }
    return step->n_literal;
}

/* What an entry of the document looks like. */
static const char *entry_form(const char *document)
{
    if (strcmp(document, "main.cf") == 0)
        return _("NAME = VALUE");
    if (strcmp(document, "master.cf") == 0)
        return _("a service with its columns, and -o NAME=VALUE below it");
    return strcmp(document, "aliases") == 0 ? _("NAME: TARGET, TARGET...") : _("KEY VALUE");
}

/* Settings and sections only, and something in each. */
static bool is_all_settings(const struct node *node, size_t n)
{
    bool all = n > 0;
    for (size_t i = 0; i < n && all; i++) {
        bool section = strcmp(node[i].label, "section") == 0;
        all = node[i].label[0] == '#' || strcmp(node[i].label, "name") == 0 ||
              strcmp(node[i].label, "setting") == 0 ||
              (section && is_all_settings(node[i].child, node[i].n_child));
    }
    return all;
}

/* Sections are of several lines, so the literal is looked at as a whole. */
static bool check_nested(const struct fix *fix, const struct step *step, struct err *err)
{
    struct node *node;
    size_t n;
    struct err why;
    if (!parse(step, sampled(step->literal), &node, &n, &why))
        return fix_error(fix, step->literal_at[0], err, "these lines are no entries of dovecot.conf: %s",
                         why.text);
    return is_all_settings(node, n) ||
           fix_error(fix, step->literal_at[0], err,
                     "these lines are not only settings of dovecot.conf (NAME = VALUE) and sections with "
                     "settings in them");
}

bool literal_check(const struct fix *fix, const struct step *step, struct err *err)
{
    if (doc_is_nested(step->document))
        return check_nested(fix, step, err);
    size_t line = wrong_line(step, sampled(step->literal));
    if (line == step->n_literal)
        return true;
    return fix_error(fix, step->literal_at[line], err, "this line is no entry of %s; it takes %s",
                     step->document, entry_form(step->document));
}

bool literal_read(struct context *ctx, const struct step *step, const char **ret_text,
                  struct node **ret_entry, size_t *ret_n, struct err *err)
{
    struct node *sample;
    size_t n;
    ctx->missing = NULL;
    *ret_text = context_text(ctx, step->literal);
    if (ctx->missing != NULL)
        return context_missing(ctx, "what to write", err);
    if (!parse(step, sampled(step->literal), &sample, &n, err))
        return false;
    struct err why;
    if (parse(step, *ret_text, ret_entry, ret_n, &why) && same_shape(sample, n, *ret_entry, *ret_n))
        return true;
    return fix_error(
        ctx->fix, step->literal_at[0], err,
        "with the values of this run these lines would be other entries of %s than they say:\n%s",
        step->document, *ret_text);
}
