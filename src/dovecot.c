/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Dovecot's configuration; see dovecot.h.
 */
#include "dovecot.h"

#include <string.h>

bool dovecot_may_miss(const struct node *node)
{
    return strcmp(node->label, "include_try") == 0;
}

const char *dovecot_include(const char *file, const struct node *node)
{
    if ((strcmp(node->label, "include") != 0 && !dovecot_may_miss(node)) || node->value == NULL)
        return NULL;
    if (node->value[0] == '/')
        return node->value;
    const char *slash = strrchr(file, '/');
    return arena_printf("%.*s/%s", slash != NULL ? (int)(slash - file) : 0, file, node->value);
}
