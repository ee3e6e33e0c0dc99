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
    struct table_file file = {.text = index != NULL, .index_path = index};
    struct timespec source_time = {0}, index_time = {0};
    if (index == NULL)
        return file;
    file.source = file_mtime(facts_root(facts), name, &source_time);
    file.source_time = source_time.tv_sec;
    if (index[0] == '\0') {
        file.index = file.fresh = file.source;
        return file;
    }
    file.index = file_mtime(facts_root(facts), index, &index_time);
    file.index_time = index_time.tv_sec;
    file.fresh = file.index && !(file.source && file.index_time < file.source_time);
    return file;
}

bool table_file_there(struct facts *facts, const char *path)
{
    return file_exists(facts_root(facts), path);
}

static bool has_patterns(const char *type)
{
    return strcmp(type, "regexp") == 0 || strcmp(type, "pcre") == 0 || strcmp(type, "cidr") == 0;
}

/* The key of a line against the wanted one; ".domain" wants any name below it. An address is no such name. */
static bool key_fits(const char *key, size_t len, const char *wanted)
{
    size_t wanted_len = strlen(wanted);
    bool below = wanted[0] == '.' && memchr(key, '@', len) == NULL;
    return (len == wanted_len || (below && len > wanted_len)) &&
           strncasecmp(key + len - wanted_len, wanted, wanted_len) == 0;
}

enum verdict table_file_has(struct facts *facts, const char *type, const char *name, const char *key)
{
    const char *text;
    size_t len;
    struct err ignored;
    if (has_patterns(type) || !file_read_path(facts_root(facts), name, ANY_OWNER, &text, &len, &ignored))
        return CANNOT_TELL;
    for (const char *line = text; line != NULL;
         line = (line = strchr(line, '\n')) != NULL ? line + 1 : NULL) {
        /* An empty line and a continuation line have no key. In aliases a colon ends it. */
        if (line[0] != '#' && (key_fits(line, strcspn(line, " \t\r\v\f\n"), key) ||
                               key_fits(line, strcspn(line, " \t\r\v\f\n:"), key)))
            return HOLDS;
    }
    return FAILS;
}
