/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tables; see postfix_table.h.
 */
#include "postfix_table.h"

#include <ctype.h>
#include <string.h>

/* What DATABASE_README lists, and sdbm of the TLS patches. unix: is left out: it is a transport's name, too.
 */
static const char *const TABLE_TYPES[] = {
    "btree",    "cdb",    "cidr",  "dbm",      "environ",  "fail",   "hash",    "inline",
    "internal", "ldap",   "lmdb",  "memcache", "mongodb",  "mysql",  "netinfo", "nis",
    "nisplus",  "pcre",   "pgsql", "pipemap",  "randmap",  "regexp", "sdbm",    "socketmap",
    "sqlite",   "static", "tcp",   "texthash", "unionmap",
};

static const char *const CACHES[] = {
    "smtpd_tls_session_cache_database",
    "smtp_tls_session_cache_database",
    "lmtp_tls_session_cache_database",
    "address_verify_map",
    "postscreen_cache_map",
};

/* dict_cache(3) and tls_scache(3) need lookup, update, delete and sequence; memcache has its own expiry
 * instead. */
static const struct {
    const char *type, *suffix;
} CACHE_TYPES[] = {{"lmdb", ".lmdb"}, {"btree", ".db"},   {"hash", ".db"},   {"sdbm", NULL},
                   {"dbm", NULL},     {"internal", NULL}, {"memcache", NULL}};

static bool is_table_type(const char *type, const struct strings *types)
{
    for (size_t i = 0; i < COUNT(TABLE_TYPES); i++)
        if (strcmp(TABLE_TYPES[i], type) == 0)
            return true;
    return strings_have(types, type) && strcmp(type, "unix") != 0 && strcmp(type, "proxy") != 0;
}

enum table_use postfix_table_use(const char *parameter)
{
    for (size_t i = 0; i < COUNT(CACHES); i++)
        if (strcmp(CACHES[i], parameter) == 0)
            return USE_CACHE;
    if (strcmp(parameter, "alias_maps") == 0 || strcmp(parameter, "alias_database") == 0)
        return USE_ALIAS;
    return USE_LOOKUP;
}

const char *postfix_table_use_name(enum table_use use)
{
    static const char *const name[] = {[USE_LOOKUP] = "lookup", [USE_ALIAS] = "alias", [USE_CACHE] = "cache"};
    return name[use];
}

bool postfix_can_cache(const char *type)
{
    for (size_t i = 0; i < COUNT(CACHE_TYPES); i++)
        if (strcmp(CACHE_TYPES[i].type, type) == 0)
            return true;
    return false;
}

const char *postfix_cache_file(const char *type, const char *name)
{
    for (size_t i = 0; i < COUNT(CACHE_TYPES); i++)
        if (strcmp(CACHE_TYPES[i].type, type) == 0 && CACHE_TYPES[i].suffix != NULL)
            return arena_printf("%s%s", name, CACHE_TYPES[i].suffix);
    return NULL;
}

/* The files of an index, by type. */
static const struct {
    const char *type, *suffix[2];
} INDEXES[] = {{"hash", {".db", NULL}}, {"btree", {".db", NULL}},  {"lmdb", {".lmdb", NULL}},
               {"cdb", {".cdb", NULL}}, {"dbm", {".dir", ".pag"}}, {"sdbm", {".dir", ".pag"}}};

size_t postfix_index_suffixes(const char *type, const char *ret_suffix[2])
{
    for (size_t i = 0; i < COUNT(INDEXES); i++)
        if (strcmp(INDEXES[i].type, type) == 0) {
            ret_suffix[0] = INDEXES[i].suffix[0];
            ret_suffix[1] = INDEXES[i].suffix[1];
            return ret_suffix[1] != NULL ? 2 : 1;
        }
    return 0;
}

bool postfix_is_index_name(const char *path)
{
    for (size_t i = 0; i < COUNT(INDEXES); i++)
        for (size_t k = 0; k < COUNT(INDEXES[i].suffix) && INDEXES[i].suffix[k] != NULL; k++)
            if (ends_with(path, INDEXES[i].suffix[k]))
                return true;
    return false;
}

/* word: len bytes of a value, of which the next one is looked at, too. */
static bool take_type(const char *word, size_t len, const char **ret_type)
{
    size_t n = 0;
    while (n < len && (islower((unsigned char)word[n]) || isdigit((unsigned char)word[n]) || word[n] == '_'))
        n++;
    bool braces = n + 1 == len && word[len] == '{'; /* unionmap:{...} */
    if (n == 0 || word[n] != ':' || (n + 1 >= len && !braces))
        return false;
    *ret_type = arena_copy(word, n);
    return true;
}

/* A parameter whose whole value names tables may use a type that nobody has listed (a gone one, or a typo),
 * and so may a restriction that looks into one. */
static bool names_only_tables(const char *parameter)
{
    return ends_with(parameter, "_maps") || ends_with(parameter, "_map") ||
           ends_with(parameter, "_database") || ends_with(parameter, "_checks");
}

/* Lists that hold hosts, networks, domains or addresses may hold tables, too: there a type that nobody has
 * listed is known by the path behind it. */
static bool may_name_tables(const char *parameter)
{
    static const char *const ends[] = {"mynetworks", "mydestination", "_domains",    "_networks", "_clients",
                                       "_hosts",     "_destinations", "_exceptions", "_list",     "_users"};
    for (size_t i = 0; i < COUNT(ends); i++)
        if (ends_with(parameter, ends[i]))
            return true;
    return false;
}

/* The length of "${name?" or "${name:" at p, behind which stands what may be the value; 0: it is none. */
static size_t condition(const char *p)
{
    size_t name = p[0] == '$' && p[1] == '{' ? strcspn(p + 2, "?:{}() \t") : 0;
    return name > 0 && (p[2 + name] == '?' || p[2 + name] == ':') ? name + 3 : 0;
}

/* The next word at or behind *start: lists are separated by blanks and commas, unionmap:{...} and the two
 * values of
 * ${name?{a}:{b}} by their braces; a brace of ${name} is part of the word. */
static bool next_word(const char *value, size_t *start, size_t *ret_end)
{
    static const char between[] = " \t\r\n\v\f,{}";
    size_t skip;
    do {
        *start += strspn(value + *start, between);
        skip = condition(value + *start);
        *start += skip;
    } while (skip > 0);
    size_t end = *start;
    while (value[end] != '\0' && strchr(between, value[end]) == NULL && condition(value + end) == 0) {
        const char *close = value[end] == '$' && value[end + 1] == '{' ? strchr(value + end, '}') : NULL;
        end = close != NULL ? (size_t)(close - value) + 1 : end + 1;
    }
    *ret_end = end;
    return end > *start;
}

/* "check_client_access" is followed by a table. */
static bool announces_table(const char *word, size_t len)
{
    const char *name = arena_copy(word, len);
    return starts_with(name, "check_") && ends_with(name, "_access");
}

/* The end of what stands in braces, for the types that have no tables there. */
static size_t behind_text(const char *value, size_t end, const char *type)
{
    static const char *const types[] = {"inline", "randmap", "static"};
    bool text = false;
    for (size_t i = 0; i < COUNT(types); i++)
        text |= strcmp(types[i], type) == 0;
    if (!text || value[end] != '{')
        return end;
    for (size_t depth = 0; value[end] != '\0'; end++) {
        depth += value[end] == '{';
        depth -= value[end] == '}';
        if (depth == 0)
            return end;
    }
    return end;
}

void postfix_tables(const char *parameter, const char *value, const struct strings *types,
                    struct table_ref **ret_ref, size_t *ret_n)
{
    bool only_tables = names_only_tables(parameter), lists = may_name_tables(parameter), announced = false;
    *ret_ref = NULL;
    *ret_n = 0;
    for (size_t start = 0, end; next_word(value, &start, &end); start = end) {
        const char *type = NULL;
        bool any_type = only_tables || announced;
        announced = announces_table(value + start, end - start);
        while ((starts_with(value + start, "proxy:") || starts_with(value + start, "debug:")) &&
               start + 6 < end)
            start += 6;
        if (!take_type(value + start, end - start, &type))
            continue;
        bool by_path = lists && strcmp(type, "unix") != 0 && value[start + strlen(type) + 1] == '/';
        if (!is_table_type(type, types) && !((any_type || by_path) && strcmp(type, "proxy") != 0))
            continue;
        if (value[end - 1] == '/') /* the start of names, for $indexed and the like */
            continue;
        const char *text = arena_copy(value + start, end - start);
        struct table_ref ref = {.type = type, .name = text + strlen(type) + 1, .text = text, .offset = start};
        *ret_ref = arena_append(*ret_ref, ret_n, sizeof(ref), &ref);
        end = behind_text(value, end, type);
    }
}
