/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Files of tables; see table_file.h.
 *
 * Limits: a key is the first word of a line; keys in quotes, as aliases(5) has them, are not looked into.
 */
#include "table_file.h"

#include "postfix_list.h"

#include <string.h>
#include <strings.h>

struct table_file table_file_look(struct facts *facts, const char *type, const char *name)
{
    const char *index = postfix_text_index(type, name);
    struct table_file file = {.text = index != NULL};
    struct timespec source_time, index_time;
    if (index == NULL)
        return file;
    file.source = file_mtime(facts_root(facts), name, &source_time);
    if (index[0] == '\0') {
        file.index = file.fresh = file.source;
        return file;
    }
    file.index = file_mtime(facts_root(facts), index, &index_time);
    file.fresh = file.index && !(file.source && index_time.tv_sec < source_time.tv_sec);
    return file;
}

static bool has_patterns(const char *type)
{
    return strcmp(type, "regexp") == 0 || strcmp(type, "pcre") == 0 || strcmp(type, "cidr") == 0;
}

enum verdict table_file_has(struct facts *facts, const char *type, const char *name, const char *key)
{
    static const char blanks[] = " \t\r\v\f";
    const char *text;
    size_t len, key_len = strlen(key);
    struct err ignored;
    if (has_patterns(type) || !file_read_path(facts_root(facts), name, ANY_OWNER, &text, &len, &ignored))
        return CANNOT_TELL;
    for (const char *line = text; line != NULL;
         line = (line = strchr(line, '\n')) != NULL ? line + 1 : NULL) {
        /* An empty line, a comment and a continuation line do not fit a key. */
        if (strncasecmp(line, key, key_len) != 0)
            continue;
        char after = line[key_len];
        if (after == '\0' || after == '\n' || after == ':' || strchr(blanks, after) != NULL)
            return HOLDS;
    }
    return FAILS;
}
