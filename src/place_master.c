/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The nouns of master.cf: services, their columns, their -o options.
 */
#include "place_private.h"
#include "postfix.h"

#include <string.h>

const char *place_service_id(const struct node *node)
{
    return arena_printf("%s/%s", node->value, node_child_value(node, "type"));
}

/* "smtp/inet" also finds "127.0.0.1:smtp/inet". */
static bool service_wanted(const struct strings *names, const struct node *node)
{
    const char *id = place_service_id(node), *colon = strrchr(node->value, ':');
    if (place_wanted(names, id))
        return true;
    return colon != NULL && place_wanted(names, id + (colon + 1 - node->value));
}

/* Of several services with one name and type master uses the last one. */
static const struct node *last_service(const struct doc *doc, const struct node *same)
{
    const struct node *last = NULL;
    for (size_t i = 0; i < doc->n_node; i++)
        if (strcmp(doc->node[i].label, "service") == 0 && strcmp(doc->node[i].value, same->value) == 0 &&
            strcmp(node_child_value(&doc->node[i], "type"), node_child_value(same, "type")) == 0)
            last = &doc->node[i];
    return last;
}

void place_services(struct finder *f, const struct doc *doc)
{
    for (size_t i = 0; i < doc->n_node; i++) {
        const struct node *node = &doc->node[i];
        if (strcmp(node->label, f->place->commented ? "commented" : "service") != 0 ||
            !service_wanted(&f->names, node))
            continue;
        const struct node *last = f->place->commented ? node : last_service(doc, node);
        if ((last == node) == f->place->shadowed)
            continue;
        struct row row = place_row(doc, node);
        if (last != node)
            row.note = place_counts(doc, last->text.start);
        row.value = node_child_value(node, "command");
        place_field(&row, "id", place_service_id(node));
        place_field(&row, "type", node_child_value(node, "type"));
        place_field(&row, "chroot", node_child_value(node, "chroot"));
        place_field(&row, "command", node_child_value(node, "command"));
        place_offer(f, &row);
    }
}

/* Of several -o with one name the last one counts. */
static const struct node *last_option(const struct node *service, const char *name)
{
    const struct node *last = NULL;
    for (size_t i = 0; i < service->n_child; i++)
        if (strcmp(service->child[i].label, "option") == 0 && strcmp(service->child[i].value, name) == 0)
            last = &service->child[i];
    return last;
}

void place_each_option(struct finder *f, const struct doc *doc, const struct strings *services,
                       void (*see)(struct finder *f, const struct row *base, const struct node *option))
{
    for (size_t i = 0; i < doc->n_node; i++) {
        const struct node *node = &doc->node[i];
        if (strcmp(node->label, f->place->commented ? "commented" : "service") != 0 ||
            !service_wanted(services, node))
            continue;
        for (size_t k = 0; k < node->n_child; k++) {
            const struct node *option = &node->child[k];
            if (strcmp(option->label, "option") != 0 ||
                (!f->place->commented && (last_option(node, option->value) == option) == f->place->shadowed))
                continue;
            struct row base = place_row(doc, node);
            base.part = option;
            base.at = option->text.start;
            see(f, &base, option);
        }
    }
}

static void see_option(struct finder *f, const struct row *base, const struct node *option)
{
    if (!place_wanted(&f->names, option->value))
        return;
    struct row row = *base;
    row.name = option->value;
    row.value = postfix_joined_value(option);
    row.bytes = place_value_bytes(option);
    place_field(&row, "service", place_service_id(base->node));
    if (f->place->shadowed)
        row.note = place_counts(base->doc, last_option(base->node, option->value)->text.start);
    place_known(f, &row);
    place_offer(f, &row);
}

void place_options(struct finder *f, const struct doc *doc)
{
    place_each_option(f, doc, &f->in, see_option);
}

void place_columns(struct finder *f, const struct doc *doc)
{
    for (size_t i = 0; i < doc->n_node; i++) {
        const struct node *node = &doc->node[i];
        if (strcmp(node->label, "service") != 0 || !service_wanted(&f->in, node))
            continue;
        for (size_t k = 0; k < node->n_child; k++) {
            const struct node *column = &node->child[k];
            if (!strings_have(&f->names, column->label))
                continue;
            struct row row = place_row(doc, node);
            row.part = column;
            row.name = column->label;
            row.value = column->value;
            row.bytes = column->text;
            row.at = column->text.start;
            place_field(&row, "service", place_service_id(node));
            place_offer(f, &row);
        }
    }
}
