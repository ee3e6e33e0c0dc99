/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Files of tables; see table_file.h.
 *
 * Limits: a key is the first word of a line; keys in quotes, as aliases(5) has them, are not looked into.
 */
#include "table_file.h"

#include "postfix_list.h"
#include "records.h"

#include <string.h>
#include <strings.h>
#include <unistd.h>

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

/* An empty line and a continuation line have no key. In aliases a colon ends it. */
static bool line_has(const char *line, size_t len, const char *key)
{
    size_t word = 0, name;
    while (word < len && strchr(" \t\r\v\f\n", line[word]) == NULL)
        word++;
    const char *colon = memchr(line, ':', word);
    name = colon != NULL ? (size_t)(colon - line) : word;
    return line[0] != '#' && (key_fits(line, word, key) || key_fits(line, name, key));
}

struct strings table_file_lines(struct facts *facts, const char *path)
{
    const char *text;
    size_t len;
    struct err ignored;
    if (!file_read_path(facts_root(facts), path, ANY_OWNER, &text, &len, &ignored))
        return (struct strings){0};
    return strings_split(text, "\n");
}

enum verdict table_file_has(struct facts *facts, const char *type, const char *name, const char *key)
{
    struct at at;
    struct err ignored;
    struct records records;
    struct cut cut;
    struct identity identity;
    const char *bytes;
    int fd;
    bool end = false, found = false;
    if (has_patterns(type) || !file_resolve(facts_root(facts), name, &at, &ignored))
        return CANNOT_TELL;
    bool ok = file_open_text(&at, &fd, &identity, &ignored);
    close(at.dir);
    if (!ok)
        return CANNOT_TELL;
    records_open(&records, fd, name);
    while (ok && !end && !found) {
        ok = records_next(&records, &cut, &bytes, &end, &ignored);
        found = ok && !end && line_has(bytes, cut.len, key);
    }
    close(fd);
    return found ? HOLDS : ok ? FAILS : CANNOT_TELL;
}
