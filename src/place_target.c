/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What an alias leads to, as local(8) reads it: names, lists (:include:), files, commands; see
 * place_private.h. Sources: tok822, alias.c and include.c of Postfix's local.
 *
 * Limits: of a table that is too large to be read whole only the names that its own text has are followed.
 */
#include "place_private.h"

#include "postfix_list.h"
#include "records.h"
#include "table_file.h"

#include <string.h>

static const char *unquoted(const char *text)
{
    size_t len = strlen(text);
    return len > 1 && text[0] == '"' && text[len - 1] == '"' ? arena_copy(text + 1, len - 2) : text;
}

struct strings place_local_targets(const char *key, const char *value)
{
    struct strings all = postfix_alias_targets(value), out = {0};
    for (size_t i = 0; i < all.n; i++) {
        const char *name = records_name(all.item[i]);
        bool final = name[0] == '\\';
        if (strchr("|/:", name[final]) != NULL || strpbrk(name, "@(<") != NULL)
            continue;
        strings_add(&out, strcmp(name, key) == 0 ? arena_printf("\\%s", name) : name);
    }
    return out;
}

const char *place_target_path(const char *target)
{
    const char *text = unquoted(target);
    if (starts_with(text, ":include:/"))
        return text + strlen(":include:");
    if (starts_with(text, "/dev/")) /* of a tree that does not run it is empty */
        return NULL;
    if (text[0] == '/') {
        const char *slash = strrchr(text, '/');
        return slash == text || slash[1] == '\0' ? text : arena_copy(text, (size_t)(slash - text));
    }
    if (text[0] != '|')
        return NULL;
    text += 1 + strspn(text + 1, " \t\"");
    const char *program = arena_copy(text, strcspn(text, " \t\""));
    bool plain = program[0] == '/' && strpbrk(program, "$`\\'*?[;&|<>()") == NULL;
    return plain ? program : NULL;
}

/* The lists that mail goes on to may name lists; one that was read before is left out, as local(8) does. */
#define MOST_LISTS 50

static const char *list_file(const char *target)
{
    const char *path = place_target_path(target);
    return path != NULL && starts_with(unquoted(target), ":include:") ? path : NULL;
}

static void add_targets(struct finder *f, const char *key, const char *value, const char *file,
                        struct place_targets *ret)
{
    struct strings names = place_local_targets(key, value), all = postfix_alias_targets(value);
    for (size_t i = 0; i < names.n; i++) {
        strings_add(&ret->name, names.item[i]);
        strings_add(&ret->file, file);
    }
    for (size_t i = 0; i < all.n; i++) {
        const char *path = list_file(all.item[i]);
        if (path == NULL || ret->lists.n >= MOST_LISTS || strings_have(&ret->lists, path))
            continue;
        strings_add(&ret->lists, path);
        struct strings line = table_file_lines(context_facts(f->ctx), path);
        for (size_t k = 0; k < line.n; k++)
            if (line.item[k][0] != '#')
                add_targets(f, key, line.item[k], path, ret);
    }
}

struct place_targets place_targets(struct finder *f, const char *key, const char *value)
{
    struct place_targets targets = {0};
    add_targets(f, key, value, NULL, &targets);
    return targets;
}
