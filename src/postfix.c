/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What Postfix knows about itself; see postfix.h.
 *
 * Limits: relational expressions (${{a} == {b} ? ...}) are not evaluated and count as unknown. The tables of
 * defaults and versions hold what the shipped fixes ask about, not all of postconf(5); where postconf can be
 * asked, facts.c asks it first.
 */
#include "postfix.h"

#include "memory.h"

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
    bool before = memory_must(true);
    const struct servent *entry = getservbyname(port, "tcp");
    memory_must(before);
    if (entry == NULL)
        return false;
    *ret_port = (entry->s_port & 0xff) << 8 | (entry->s_port >> 8 & 0xff); /* network byte order */
    return true;
}

/* ---- defaults ---- */

static const struct {
    const char *name, *value;
} PARAMETERS[] = {
    {"address_verify_map", "btree:$data_directory/verify_cache"},
    {"alias_database", "hash:/etc/aliases"},
    {"alias_maps", "hash:/etc/aliases"},
    {"config_directory", "/etc/postfix"},
    {"daemon_directory", "/usr/libexec/postfix"},
    {"data_directory", "/var/lib/postfix"},
    {"inet_interfaces", "all"},
    {"lmtp_tls_session_cache_database", ""},
    {"maillog_file", ""},
    {"mydestination", "$myhostname, localhost.$mydomain, localhost"},
    {"postscreen_cache_map", "btree:$data_directory/postscreen_cache"},
    {"queue_directory", "/var/spool/postfix"},
    {"smtp_tls_session_cache_database", ""},
    {"smtpd_tls_chain_files", ""},
    {"smtpd_tls_security_level", ""},
    {"smtpd_tls_session_cache_database", ""},
    {"smtpd_use_tls", "no"},
    {"transport_maps", ""},
    {"virtual_alias_domains", "$virtual_alias_maps"},
    {"virtual_alias_maps", "$virtual_maps"},
    {"virtual_mailbox_domains", "$virtual_mailbox_maps"},
    {"virtual_mailbox_maps", ""},
    {"virtual_maps", ""},
};

const char *postfix_default(const char *name)
{
    for (size_t i = 0; i < COUNT(PARAMETERS); i++)
        if (strcmp(PARAMETERS[i].name, name) == 0)
            return PARAMETERS[i].value;
    return NULL;
}
