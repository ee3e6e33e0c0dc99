/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * ensure and raise: entries that shall be there (mailfix-fix(5), "edit"); for dovecot.conf see
 * edit_dovecot.c.
 *
 * Limits: of a commented-out setting the one line counts that names it. raise compares sizes with B, K, M, G,
 * T and dotted numbers; a bare number is one of the same unit as the other.
 */
#include "edit_literal.h"
#include "edit_private.h"
#include "place_private.h"
#include "postfix.h"
#include "postfix_list.h"
#include "tree.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* One literal at work. */
struct ensuring {
    struct jobs *jobs;
    struct job *job; /* of the file that the entry at hand is in, or goes into */
    struct context *ctx;
    const struct edit_index *index; /* of a table; NULL: it is none */
    const char *text;               /* the spans of the entries are of this text */
    size_t below;                   /* where the entry before ended up; NOWHERE: there is none */
    enum side side;                 /* of what stands there */
    struct err *err;
};

#define NOWHERE SIZE_MAX

/* Of one name; services also of one type. Of one document all have a type, or none has. */
static bool same_entry(const struct node *a, const struct node *b)
{
    return strcmp(a->value, b->value) == 0 &&
           strcmp(node_child_value(a, "type"), node_child_value(b, "type")) == 0;
}

/* The last node of that label which is the same entry; in main.cf the last setting is the one in effect. */
static const struct node *find_entry(const struct doc *doc, const char *label, const struct node *want)
{
    for (size_t i = doc->n_node; i > 0; i--)
        if (strcmp(doc->node[i - 1].label, label) == 0 && same_entry(&doc->node[i - 1], want))
            return &doc->node[i - 1];
    return NULL;
}

/* ---- where ---- */

/* Behind lines that a white space begins before the first entry: they would continue a new one. */
static size_t past_ignored(const struct doc *doc, size_t at)
{
    for (size_t i = 0; i < doc->n_node; i++)
        if (doc->node[i].span.start == at && strcmp(doc->node[i].label, TREE_STRAY) == 0)
            at = doc->node[i].span.end;
    return at;
}

static bool at_place(struct ensuring *e, const struct place *place, bool after, size_t *ret_at)
{
    struct row *row;
    size_t n;
    bool unknown;
    if (!place_find(e->ctx, place, &row, &n, &unknown, e->err))
        return false;
    if (unknown)
        return context_missing(e->ctx, "where to put the new entry", e->err);
    if (n > 0)
        *ret_at = after ? row[n - 1].node->span.end : row[0].node->span.start;
    return true;
}

/* after, before; else below the commented-out entry, else below the entry before, else at the end. */
static bool find_room(struct ensuring *e, const struct node *commented, size_t *ret_at, enum side *ret_side)
{
    const struct step *step = e->job->step;
    *ret_at = NOWHERE;
    *ret_side = commented != NULL ? BEHIND_NODE : e->below != NOWHERE ? e->side : BEFORE_NODE;
    if (step->has_after && !at_place(e, &step->after, true, ret_at))
        return false;
    if (*ret_at == NOWHERE && step->has_before && !at_place(e, &step->before, false, ret_at))
        return false;
    if (*ret_at == NOWHERE)
        *ret_at = commented != NULL ? commented->span.end : e->below;
    if (*ret_at == NOWHERE)
        *ret_at = e->job->doc->len;
    *ret_at = past_ignored(e->job->doc, *ret_at);
    return true;
}

const char *edit_written_like(const char *text, const struct node *want, const struct doc *doc,
                              const struct node *commented)
{
    const struct node *value = node_child(want, "value");
    const struct node *old = commented != NULL ? node_child(commented, "value") : NULL;
    size_t start = want->span.start;
    if (value == NULL || old == NULL) /* a service has none */
        return arena_copy(text + start, want->span.end - start);
    return arena_printf("%.*s%.*s", (int)(old->text.start - commented->text.start),
                        doc->text + commented->text.start, (int)(want->span.end - value->text.start),
                        text + value->text.start);
}

static bool is_added(const struct job *job, const struct node *want)
{
    for (size_t i = job->n_added; i > 0 && job->added[i - 1].item == job->item; i--)
        if (same_entry(job->added[i - 1].like, want))
            return true;
    return false;
}

static bool add_entry(struct ensuring *e, const struct node *want)
{
    const struct doc *doc = e->job->doc;
    const struct node *commented = e->index != NULL ? edit_index_commented(e->index, doc, want->value)
                                                    : find_entry(doc, "commented", want);
    enum side side;
    size_t at;
    if (is_added(e->job, want)) /* for another row */
        return true;
    if (!find_room(e, commented, &at, &side))
        return false;
    bool open = at > 0 && doc->text[at - 1] != '\n' && !edit_was_put(e->job, at, false);
    const struct added added = {.like = want};
    edit_put_entry(e->job, at, side,
                   arena_printf("%s%s", open ? "\n" : "", edit_written_like(e->text, want, doc, commented)),
                   &added);
    e->below = at;
    e->side = BESIDE;
    return true;
}

/* ---- raise ---- */

/* A number with B, K, M, G, T, or nothing behind it, as doveconf prints it with a blank between; false: none.
 */
static bool amount(const char *text, long double *ret)
{
    static const char units[] = "KMGT";
    char *end;
    if (!isdigit((unsigned char)text[0]))
        return false;
    *ret = strtoull(text, &end, 10);
    end += strspn(end, " ");
    if (toupper((unsigned char)*end) == 'B')
        return end[1] == '\0';
    const char *unit = *end != '\0' ? strchr(units, toupper((unsigned char)*end)) : NULL;
    for (const char *u = units; unit != NULL && u <= unit; u++)
        *ret *= 1024;
    return *end == '\0' || (unit != NULL && end[1] == '\0');
}

static bool is_boundless(const char *name, const char *value)
{
    return ends_with(name, "limit") && (strcmp(value, "0") == 0 || strcmp(value, "unlimited") == 0);
}

static bool is_dotted(const char *text)
{
    return text[0] != '\0' && text[strspn(text, "0123456789.")] == '\0';
}

bool edit_is_less(const struct context *ctx, const char *name, const char *now, const char *want,
                  bool *ret_less, struct err *err)
{
    long double a, b;
    if (is_boundless(name, now) || is_boundless(name, want))
        *ret_less = !is_boundless(name, now);
    else if (is_dotted(now) && is_dotted(want))
        *ret_less = version_compare(now, want) < 0;
    else if (amount(now, &a) && amount(want, &b))
        *ret_less = a < b;
    else
        return err_outcome(err, NOT_APPLICABLE,
                           "%s: %s = %s cannot be compared with %s, so it is not raised; neither is changed",
                           ctx->fix->name, name, now, want);
    return true;
}

/* What a setting, or an option that a service lacks, is in effect. */
static bool value_in_effect(const struct ensuring *e, const char *name, const char **ret_value)
{
    const struct doc *main_cf;
    const char *missing = NULL;
    if (!docs_get(e->ctx->docs, "main.cf", &main_cf, e->err))
        return false;
    *ret_value = facts_value(context_facts(e->ctx), main_cf, name, &missing);
    e->ctx->missing = missing;
    return *ret_value != NULL || context_missing(e->ctx, arena_printf(_("whether %s is less"), name), e->err);
}

/* *ret_due: the entry must get the wanted value. now NULL: it is not there. */
static bool is_due(const struct ensuring *e, const char *name, const char *now, const char *want,
                   bool *ret_due)
{
    *ret_due = now == NULL || !edit_same_value(now, want);
    if (!*ret_due || e->job->step->verb != EDIT_RAISE)
        return true;
    if ((now == NULL || strchr(now, '$') != NULL) && !value_in_effect(e, name, &now))
        return false;
    return edit_is_less(e->ctx, name, now, want, ret_due, e->err);
}

/* ---- ensure ---- */

/* The next entry of the literal goes behind this one. */
static void place_below(struct ensuring *e, const struct node *node)
{
    e->below = node->span.end;
    e->side = BEHIND_NODE;
}

static bool ensure_setting(struct ensuring *e, const struct node *want)
{
    struct job *job = e->job;
    const struct node *set = postfix_setting(job->doc, want->value);
    const char *value = postfix_joined_value(want);
    bool due;
    if (!is_due(e, want->value, set != NULL ? postfix_joined_value(set) : NULL, value, &due))
        return false;
    if (set != NULL)
        place_below(e, set);
    if (!due)
        return true;
    if (set == NULL)
        return add_entry(e, want);
    struct row row = {.doc = job->doc, .node = set, .bytes = place_value_bytes(set)};
    edit_value(job, &row, value);
    return true;
}

/* The part of a service behind which a new option goes: the last option, or the command with the options that
 * are none of name and value ("-v"). */
static const struct node *last_option(const struct node *service)
{
    const struct node *last = node_child(service, "command");
    for (size_t i = 0; i < service->n_child; i++) {
        const struct node *part = &service->child[i];
        if (strcmp(part->label, "option") == 0)
            last = part;
        if (strcmp(part->label, "arg") == 0 && part->value[0] != '-')
            break;
        if (strcmp(part->label, "arg") == 0)
            last = part;
    }
    return last;
}

/* The blanks in front of an option that begins a line; NULL: something of its service stands before it. */
static const char *indent_of(const char *text, size_t at)
{
    size_t start = at;
    while (strchr(" \t", text[start - 1]) != NULL)
        start--;
    return text[start - 1] == '\n' ? arena_copy(text + start, at - start) : NULL;
}

static const char *option_indent(const struct doc *doc, const struct node *service)
{
    const char *indent = NULL;
    for (size_t i = service->n_child; i > 0 && indent == NULL; i--)
        if (strcmp(service->child[i - 1].label, "option") == 0)
            indent = indent_of(doc->text, service->child[i - 1].span.start);
    return indent;
}

static void add_option(struct ensuring *e, const struct node *service, const struct node *option)
{
    const struct doc *doc = e->job->doc;
    struct touch *touch = edit_touch(e->job, service);
    const struct node *behind = last_option(service);
    const char *indent = option_indent(doc, service);
    if (indent == NULL)
        indent = indent_of(e->text, option->span.start);
    const char *bytes =
        arena_printf("\n%s%.*s", indent != NULL ? indent : "  ", (int)(option->span.end - option->span.start),
                     e->text + option->span.start);
    edit_add(e->job, behind->span.end, behind->span.end, bytes)->kind = MEANT;
    struct new_option added = {behind, option};
    touch->option = arena_append(touch->option, &touch->n_option, sizeof(added), &added);
}

/* The last option of that name in a service: the one that counts. */
static const struct node *option_of(const struct node *service, const char *name)
{
    for (size_t i = service->n_child; i > 0; i--)
        if (strcmp(service->child[i - 1].label, "option") == 0 &&
            strcmp(service->child[i - 1].value, name) == 0)
            return &service->child[i - 1];
    return NULL;
}

/* The service keeps its columns; each option of the literal counts as an entry. */
static bool ensure_options(struct ensuring *e, const struct node *service, const struct node *want)
{
    for (size_t i = 0; i < want->n_child; i++) {
        const struct node *option = &want->child[i];
        if (strcmp(option->label, "option") != 0)
            continue;
        const struct node *set = option_of(service, option->value);
        const char *value = postfix_joined_value(option);
        bool due;
        if (!is_due(e, option->value, set != NULL ? postfix_joined_value(set) : NULL, value, &due))
            return false;
        if (!due)
            continue;
        if (set == NULL) {
            add_option(e, service, option);
            continue;
        }
        struct row row = {.doc = e->job->doc, .node = service, .part = set, .bytes = place_value_bytes(set)};
        edit_value(e->job, &row, value);
    }
    return true;
}

static bool ensure_service(struct ensuring *e, const struct node *want)
{
    const struct node *service = find_entry(e->job->doc, "service", want);
    if (service == NULL)
        return add_entry(e, want);
    place_below(e, service);
    return ensure_options(e, service, want);
}

/* An alias, an entry of a map: in the first file that has it, else in the first. */
static bool ensure_entry(struct ensuring *e, const struct doc *first, const struct node *want)
{
    const struct doc *in = first;
    const struct node *set = edit_index_entry(e->index, want->value, &in);
    const char *value = postfix_joined_value(want);
    struct job *before = e->job;
    e->job = edit_job_of(e->jobs, in);
    if (e->job != before)
        e->below = NOWHERE;
    if (set == NULL)
        return add_entry(e, want);
    place_below(e, set);
    if (edit_same_value(postfix_joined_value(set), value))
        return true;
    struct row row = {.doc = in, .node = set, .bytes = place_value_bytes(set)};
    edit_value(e->job, &row, value);
    return true;
}

bool edit_ensure_entries(struct jobs *jobs, struct context *ctx, const struct edit_index *index,
                         const struct doc *const *doc, const char *text, const struct node *want, size_t n,
                         struct err *err)
{
    struct ensuring e = {
        .jobs = jobs, .ctx = ctx, .index = index, .text = text, .below = NOWHERE, .err = err};
    for (size_t i = 0; i < n; i++)
        if (!ensure_entry(&e, doc[0], &want[i]))
            return false;
    return true;
}

static bool ensure_table(struct jobs *jobs, struct context *ctx, const char *text, const struct node *want,
                         size_t n, struct err *err)
{
    const struct doc *const *doc;
    struct strings keys = {0};
    size_t n_doc;
    for (size_t i = 0; i < n; i++)
        strings_add(&keys, want[i].value);
    return docs_files(ctx->docs, context_text(ctx, jobs->step->document), &keys, &doc, &n_doc, err) &&
           edit_ensure_entries(jobs, ctx, edit_index_of(doc, n_doc), doc, text, want, n, err);
}

bool edit_ensure(struct jobs *jobs, struct context *ctx, struct err *err)
{
    struct ensuring e = {.jobs = jobs, .ctx = ctx, .below = NOWHERE, .err = err};
    const char *id = jobs->step->document;
    const struct doc *doc;
    struct node *want;
    size_t n;
    if (!literal_read(ctx, jobs->step, &e.text, &want, &n, err))
        return false;
    if (doc_is_nested(id))
        return edit_ensure_dovecot(jobs, ctx, e.text, want, n, err);
    if (doc_can_be_absent(id))
        return ensure_table(jobs, ctx, e.text, want, n, err);
    if (!docs_get(ctx->docs, id, &doc, err))
        return false;
    e.job = edit_job_of(jobs, doc);
    for (size_t i = 0; i < n; i++)
        if (!(strcmp(want[i].label, "setting") == 0 ? ensure_setting : ensure_service)(&e, &want[i]))
            return false;
    return true;
}
