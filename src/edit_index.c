/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The entries of the texts of a table by their names; see edit_private.h.
 */
#include "edit_private.h"
#include "postfix_list.h"
#include "records.h"

#include <stdlib.h>
#include <string.h>

struct named {
    const char *name;
    const struct doc *doc;
    const struct node *node;
    size_t order;
};

struct edit_index {
    struct named *entry, *commented; /* by name, and then in reading order */
    size_t n_entry, n_commented;
};

static int by_name(const void *a, const void *b)
{
    const struct named *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order != 0 ? order : x->order < y->order ? -1 : 1;
}

static void sort(struct named *named, size_t n)
{
    if (n > 1)
        qsort(named, n, sizeof(*named), by_name);
}

struct edit_index *edit_index_of(const struct doc *const *doc, size_t n)
{
    struct edit_index *index = arena_alloc(sizeof(*index));
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < doc[i]->n_node; k++) {
            const struct node *node = &doc[i]->node[k];
            struct named named = {node->value, doc[i], node, index->n_entry + index->n_commented};
            if (strcmp(node->label, "commented") == 0) {
                index->commented = arena_append(index->commented, &index->n_commented, sizeof(named), &named);
            } else if (postfix_is_map_entry(node) && node_child(node, "value") != NULL) {
                named.name = records_name(node->value);
                index->entry = arena_append(index->entry, &index->n_entry, sizeof(named), &named);
            }
        }
    sort(index->entry, index->n_entry);
    sort(index->commented, index->n_commented);
    return index;
}

/* The first of them that has the name; NULL: none has. */
static const struct named *first_of(const struct named *named, size_t n, const char *name)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (strcmp(named[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < n && strcmp(named[low].name, name) == 0 ? &named[low] : NULL;
}

const struct node *edit_index_entry(const struct edit_index *index, const char *key,
                                    const struct doc **ret_doc)
{
    const struct named *found = first_of(index->entry, index->n_entry, records_name(key));
    if (found == NULL)
        return NULL;
    *ret_doc = found->doc;
    return found->node;
}

const struct node *edit_index_commented(const struct edit_index *index, const struct doc *doc,
                                        const char *key)
{
    const struct node *last = NULL;
    const struct named *end = index->commented + index->n_commented;
    for (const struct named *one = first_of(index->commented, index->n_commented, key);
         one != NULL && one < end && strcmp(one->name, key) == 0; one++)
        if (one->doc == doc)
            last = one->node;
    return last;
}
