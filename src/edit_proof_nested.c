/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The proof for dovecot.conf and what it includes: the settings, sections and includes of the text after the
 * edit, in their order, are those before it with exactly what was meant done to them; see edit_private.h.
 *
 * Comments are no entries; blanks do not count in a value that was touched.
 */
#include "edit_private.h"

#include "dovecot.h"
#include "postfix.h"

#include <string.h>

/* One thing that Dovecot reads. */
struct event {
    enum { SETS, OPENS, CLOSES, INCLUDES } kind;
    const char *name;  /* of a section with its type; of an include its label */
    const char *value; /* NULL: none */
    const struct node *node;
    size_t at;
    const struct strings *items; /* the value is a list of these, instead */
    bool touched;
    bool revived; /* came to life: how its value is cut into lines does not count */
};

struct events {
    struct event *item;
    size_t n;
};

static void add_event(struct events *events, struct event event)
{
    events->item = arena_append(events->item, &events->n, sizeof(event), &event);
}

/* As it is written, with the lines of a heredoc. */
static const char *written_value(const struct node *setting)
{
    const struct node *heredoc = node_child(setting, "heredoc");
    const char *value = postfix_joined_value(setting);
    return heredoc != NULL ? arena_printf("%s\n%s", value, heredoc->value) : value;
}

/* text: that of the nodes; NULL: it is a literal, in which every section is closed. */
static void add_nodes(struct events *events, const char *text, const struct node *node, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct node *at = &node[i];
        bool section = strcmp(at->label, "section") == 0;
        struct event event = {.node = at, .at = at->span.start, .name = dovecot_name(at)};
        if (strcmp(at->label, "setting") == 0) {
            event.value = written_value(at);
        } else if (section) {
            event.kind = OPENS;
        } else if (starts_with(at->label, "include")) {
            event.kind = INCLUDES;
            event.name = at->label;
            event.value = at->value;
        } else {
            continue;
        }
        add_event(events, event);
        if (!section)
            continue;
        add_nodes(events, text, at->child, at->n_child);
        bool closed = text == NULL || !dovecot_stays_open(text, at);
        add_event(events, (struct event){.kind = CLOSES, .node = at, .at = at->span.end - closed});
    }
}

/* ---- what was meant ---- */

/* The value that the splices inside its lines lead to. */
static const char *spliced_value(const struct job *job, const struct node *node)
{
    struct buf out = {0};
    for (size_t i = 0; i < node->n_child; i++) {
        const struct node *line = &node->child[i];
        size_t at = line->text.start;
        if (strcmp(line->label, "value") != 0)
            continue;
        if (out.len > 0)
            buf_puts(&out, " ");
        for (size_t k = 0; k < job->n_splice; k++) {
            const struct splice *s = &job->splice[k];
            if (s->kind == ENTRY || s->start < at || s->end > line->text.end)
                continue;
            buf_add(&out, job->doc->text + at, s->start - at);
            buf_add(&out, s->bytes, s->len);
            at = s->end;
        }
        buf_add(&out, job->doc->text + at, line->text.end - at);
    }
    return buf_text(&out);
}

static struct event as_meant(const struct job *job, const struct touch *touch, struct event event)
{
    const struct part_touch *part = edit_part_touch_of(touch, event.node);
    event.touched = true;
    if (part != NULL && part->name != NULL)
        event.name = part->name;
    if (part != NULL && part->has_items)
        event.items = &part->items;
    else
        event.value = part != NULL && part->value != NULL ? part->value : spliced_value(job, event.node);
    return event;
}

static void add_new(const struct job *job, size_t before, size_t *added, struct events *events)
{
    for (; *added < job->n_added && job->added[*added].at <= before; (*added)++) {
        const struct added *a = &job->added[*added];
        if (a->revived)
            add_event(events, (struct event){.name = a->like->value,
                                             .value = written_value(a->like),
                                             .node = a->like,
                                             .at = a->at,
                                             .touched = true,
                                             .revived = true});
        else
            add_nodes(events, NULL, a->like, a->n);
    }
}

static struct events expected(const struct job *job)
{
    struct events before = {0}, want = {0};
    size_t added = 0;
    const struct node *gone = NULL;
    add_nodes(&before, job->doc->text, job->doc->node, job->doc->n_node);
    for (size_t i = 0; i < before.n; i++) {
        const struct event *event = &before.item[i];
        const struct touch *touch = edit_touch_of(job, event->node);
        add_new(job, event->at, &added, &want);
        if (gone == NULL && touch != NULL && touch->gone && event->kind == OPENS)
            gone = event->node;
        bool stays = gone == NULL && (touch == NULL || !touch->gone);
        if (event->kind == CLOSES && event->node == gone)
            gone = NULL;
        if (stays)
            add_event(&want, touch != NULL && event->kind == SETS ? as_meant(job, touch, *event) : *event);
    }
    add_new(job, job->doc->len, &added, &want);
    return want;
}

/* ---- comparing ---- */

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool is_as_meant(const struct event *want, const struct event *now)
{
    if (want->kind != now->kind || !same_text(want->name, now->name))
        return false;
    if (want->items != NULL)
        return edit_same_items(want->items, dovecot_value(now->node));
    return want->touched ? edit_same_value(want->value, now->value) : same_text(want->value, now->value);
}

bool edit_prove_nested(const struct job *job, const struct doc *after, struct err *err)
{
    struct events want = expected(job), now = {0};
    add_nodes(&now, after->text, after->node, after->n_node);
    for (size_t i = 0; i < want.n; i++)
        if (i >= now.n || !is_as_meant(&want.item[i], &now.item[i]))
            return want.item[i].revived ? edit_not_revived(job, want.item[i].at, err)
                                        : edit_other_change(job, want.item[i].at, err);
    return now.n == want.n || edit_other_change(job, job->doc->len, err);
}
