/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What Postfix knows about itself; see postfix.h.
 *
 * Limits: relational expressions (${{a} == {b} ? ...}) are not evaluated and count as unknown. The tables of
 * defaults and versions hold what the shipped fixes ask about, not all of postconf(5); where postconf can be
 * asked, facts.c asks it first.
 */
#include "postfix.h"

#include <ctype.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

/* ---- $name expansion ---- */

struct expansion {
    postfix_lookup *lookup;
    void *arg;
    const char *unknown;
    int depth;
    unsigned references; /* a name that leads to itself twice would double them at each depth */
};

static void expand_into(struct expansion *x, struct buf *out, const char *text, size_t len);

static bool is_name_char(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* The length of "{...}" or "(...)" with its brackets, 0 when it is not closed. */
static size_t bracket_len(const char *text, size_t len)
{
    char open = text[0], close = open == '(' ? ')' : '}';
    size_t level = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == open)
            level++;
        else if (text[i] == close && --level == 0)
            return i + 1;
    }
    return 0;
}

static void trim(const char **text, size_t *len)
{
    while (*len > 0 && isspace((unsigned char)(*text)[0])) {
        (*text)++;
        (*len)--;
    }
    while (*len > 0 && isspace((unsigned char)(*text)[*len - 1]))
        (*len)--;
}

/* Takes one alternative of a conditional: "{text}" with blanks around it, or everything up to the end. */
static void take_text(const char **rest, size_t *rest_len, const char **ret, size_t *ret_len)
{
    const char *text = *rest;
    size_t len = *rest_len;
    trim(&text, &len);
    size_t braced = len > 0 && text[0] == '{' ? bracket_len(text, len) : 0;
    if (braced > 0) {
        *ret = text + 1;
        *ret_len = braced - 2;
        *rest_len -= (size_t)(text + braced - *rest);
        *rest = text + braced;
        trim(rest, rest_len);
        return;
    }
    *ret = *rest;
    *ret_len = *rest_len;
    *rest += *rest_len;
    *rest_len = 0;
}

static void expand_conditional(struct expansion *x, struct buf *out, const char *value, const char *rest,
                               size_t len)
{
    const char *first, *second = "";
    size_t first_len, second_len = 0;
    bool wants_set = rest[0] == '?';
    rest++;
    len--;
    take_text(&rest, &len, &first, &first_len);
    if (wants_set && len > 0 && rest[0] == ':') {
        rest++;
        len--;
        take_text(&rest, &len, &second, &second_len);
    }
    bool set = value[0] != '\0';
    if (set == wants_set)
        expand_into(x, out, first, first_len);
    else
        expand_into(x, out, second, second_len);
}

/* Expands one reference that starts at text[0] == '$'; returns how many bytes it took. */
static size_t expand_one(struct expansion *x, struct buf *out, const char *text, size_t len)
{
    if (len > 1 && text[1] == '$') {
        buf_puts(out, "$");
        return 2;
    }
    bool bracketed = len > 1 && (text[1] == '{' || text[1] == '(');
    size_t taken = bracketed ? bracket_len(text + 1, len - 1) + 1 : 1;
    const char *name = text + (bracketed ? 2 : 1);
    size_t room = bracketed ? (taken > 2 ? taken - 3 : 0) : len - 1, name_len = 0;
    while (name_len < room && is_name_char(name[name_len]))
        name_len++;
    if (!bracketed)
        taken = 1 + name_len;
    const char *key = arena_copy(name, name_len);
    bool follow = name_len > 0 && x->depth < 20 && x->references++ < 10000;
    const char *value = follow ? x->lookup(x->arg, key) : NULL;
    bool conditional = name_len < room && (name[name_len] == '?' || name[name_len] == ':');
    if (value == NULL || (bracketed && name_len < room && !conditional)) {
        x->unknown = name_len > 0 ? key : "a relational expression";
        buf_add(out, text, taken > 0 ? taken : 1);
        return taken > 0 ? taken : 1;
    }
    if (bracketed && conditional)
        expand_conditional(x, out, value, name + name_len, room - name_len);
    else
        expand_into(x, out, value, strlen(value));
    return taken;
}

static void expand_into(struct expansion *x, struct buf *out, const char *text, size_t len)
{
    x->depth++;
    for (size_t i = 0; i < len;) {
        if (text[i] == '$') {
            i += expand_one(x, out, text + i, len - i);
        } else {
            buf_add(out, text + i, 1);
            i++;
        }
    }
    x->depth--;
}

const char *postfix_expand(const char *text, postfix_lookup *lookup, void *arg, const char **ret_unknown)
{
    struct expansion x = {.lookup = lookup, .arg = arg};
    struct buf out = {0};
    expand_into(&x, &out, text, strlen(text));
    if (ret_unknown != NULL && x.unknown != NULL)
        *ret_unknown = x.unknown;
    return buf_text(&out);
}

/* ---- parameters ---- */

const struct node *postfix_setting(const struct doc *main_cf, const char *name)
{
    for (size_t i = main_cf->n_node; i > 0; i--) {
        const struct node *node = &main_cf->node[i - 1];
        if (strcmp(node->label, "setting") == 0 && strcmp(node->value, name) == 0)
            return node;
    }
    return NULL;
}

bool postfix_in_effect(const struct doc *main_cf, const struct node *setting)
{
    return postfix_setting(main_cf, setting->value) == setting;
}

const char *postfix_joined_value(const struct node *node)
{
    struct buf joined = {0};
    for (size_t i = 0; i < node->n_child; i++) {
        if (strcmp(node->child[i].label, "value") != 0)
            continue;
        if (joined.len > 0)
            buf_puts(&joined, " ");
        buf_puts(&joined, node->child[i].value);
    }
    return buf_text(&joined);
}

/* ---- tables ---- */

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

static bool take_type(const char *word, size_t len, const char **ret_type)
{
    size_t n = 0;
    while (n < len && (islower((unsigned char)word[n]) || isdigit((unsigned char)word[n]) || word[n] == '_'))
        n++;
    if (n == 0 || n + 1 >= len || word[n] != ':')
        return false;
    *ret_type = arena_copy(word, n);
    return true;
}

/* A parameter whose whole value names tables may use a type that nobody has listed (a gone one, or a typo).
 */
static bool names_only_tables(const char *parameter)
{
    return ends_with(parameter, "_maps") || ends_with(parameter, "_map") ||
           ends_with(parameter, "_database") || ends_with(parameter, "_checks");
}

/* The next word at or behind *start: lists are separated by blanks and commas, unionmap:{...} by its braces;
 * a brace of ${name} is part of the word. */
static bool next_word(const char *value, size_t *start, size_t *ret_end)
{
    static const char between[] = " \t\r\n\v\f,{}";
    *start += strspn(value + *start, between);
    size_t end = *start;
    while (value[end] != '\0' && strchr(between, value[end]) == NULL) {
        const char *close = value[end] == '$' && value[end + 1] == '{' ? strchr(value + end, '}') : NULL;
        end = close != NULL ? (size_t)(close - value) + 1 : end + 1;
    }
    *ret_end = end;
    return end > *start;
}

void postfix_tables(const char *parameter, const char *value, const struct strings *types,
                    struct table_ref **ret_ref, size_t *ret_n)
{
    bool only_tables = names_only_tables(parameter);
    *ret_ref = NULL;
    *ret_n = 0;
    for (size_t start = 0, end; next_word(value, &start, &end); start = end) {
        const char *type = NULL;
        while (starts_with(value + start, "proxy:") && start + 6 < end)
            start += 6;
        if (!take_type(value + start, end - start, &type))
            continue;
        if (!is_table_type(type, types) && !(only_tables && strcmp(type, "proxy") != 0))
            continue;
        const char *text = arena_copy(value + start, end - start);
        struct table_ref ref = {.type = type, .name = text + strlen(type) + 1, .text = text, .offset = start};
        *ret_ref = arena_append(*ret_ref, ret_n, sizeof(ref), &ref);
    }
}

/* ---- services ---- */

bool postfix_service_address(const char *service, const char **ret_host, int *ret_port)
{
    const char *port = service;
    *ret_host = "";
    const char *colon = strrchr(service, ':');
    if (colon != NULL) {
        size_t len = (size_t)(colon - service);
        if (len > 1 && service[0] == '[' && service[len - 1] == ']')
            *ret_host = arena_copy(service + 1, len - 2);
        else
            *ret_host = arena_copy(service, len);
        port = colon + 1;
    }
    if (isdigit((unsigned char)port[0])) {
        char *end;
        long number = strtol(port, &end, 10);
        if (*end != '\0' || number < 1 || number > 65535)
            return false;
        *ret_port = (int)number;
        return true;
    }
    /* known_tcp_ports of Postfix 3.6; before it, and for other names, services(5). */
    static const struct {
        const char *name;
        int port;
    } known[] = {{"smtp", 25}, {"smtps", 465}, {"submissions", 465}, {"submission", 587}, {"lmtp", 24}};
    for (size_t i = 0; i < COUNT(known); i++)
        if (strcmp(known[i].name, port) == 0) {
            *ret_port = known[i].port;
            return true;
        }
    const struct servent *entry = getservbyname(port, "tcp");
    if (entry == NULL)
        return false;
    *ret_port = (entry->s_port & 0xff) << 8 | (entry->s_port >> 8 & 0xff); /* network byte order */
    return true;
}

/* ---- defaults and versions ---- */

static const struct {
    const char *name, *since, *value;
} PARAMETERS[] = {
    {"address_verify_map", "2.1", "btree:$data_directory/verify_cache"},
    {"alias_database", "1.0", "hash:/etc/aliases"},
    {"alias_maps", "1.0", "hash:/etc/aliases"},
    {"config_directory", "1.0", "/etc/postfix"},
    {"daemon_directory", "1.0", "/usr/libexec/postfix"},
    {"data_directory", "2.5", "/var/lib/postfix"},
    {"default_cache_db_type", "3.11", NULL},
    {"default_database_type", "1.0", NULL},
    {"inet_interfaces", "1.0", "all"},
    {"lmtp_tls_session_cache_database", "2.3", ""},
    {"maillog_file", "3.4", ""},
    {"mydestination", "1.0", "$myhostname, localhost.$mydomain, localhost"},
    {"postscreen_cache_map", "2.8", "btree:$data_directory/postscreen_cache"},
    {"queue_directory", "1.0", "/var/spool/postfix"},
    {"smtp_tls_session_cache_database", "2.2", ""},
    {"smtpd_tls_security_level", "2.3", ""},
    {"smtpd_tls_session_cache_database", "2.2", ""},
    {"smtpd_use_tls", "2.2", "no"},
    {"transport_maps", "1.0", ""},
    {"virtual_alias_maps", "2.0", "$virtual_maps"},
};

const char *postfix_default(const char *name)
{
    for (size_t i = 0; i < COUNT(PARAMETERS); i++)
        if (strcmp(PARAMETERS[i].name, name) == 0)
            return PARAMETERS[i].value;
    return NULL;
}

const char *postfix_since(const char *name)
{
    for (size_t i = 0; i < COUNT(PARAMETERS); i++)
        if (strcmp(PARAMETERS[i].name, name) == 0)
            return PARAMETERS[i].since;
    return NULL;
}
