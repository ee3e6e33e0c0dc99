/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Lists and mentions; see postfix_list.h.
 *
 * Limits: a $name in the text of a table (pcre, ldap) is not seen.
 */
#include "postfix_list.h"

#include "postfix.h"
#include "postfix_table.h"

#include <ctype.h>
#include <string.h>

static const char SEPARATORS[] = " \t\r\n\v\f,";

bool postfix_next_item(const char *value, size_t *start, size_t *ret_end)
{
    *start += strspn(value + *start, SEPARATORS);
    size_t end = *start, depth = 0;
    for (; value[end] != '\0' && (depth > 0 || strchr(SEPARATORS, value[end]) == NULL); end++) {
        if (value[end] == '{')
            depth++;
        else if (value[end] == '}' && depth > 0)
            depth--;
    }
    *ret_end = end;
    return end > *start;
}

struct strings postfix_items(const char *value)
{
    struct strings items = {0};
    for (size_t start = 0, end; postfix_next_item(value, &start, &end); start = end)
        strings_add(&items, arena_copy(value + start, end - start));
    return items;
}

const char *postfix_text_index(const char *type, const char *name)
{
    static const char *const read[] = {"texthash", "regexp", "pcre", "cidr"};
    const char *suffix[2];
    size_t n = postfix_index_suffixes(type, suffix);
    if (n > 0)
        return arena_printf("%s%s", name, suffix[n - 1]); /* of dbm and sdbm the one with the data */
    for (size_t i = 0; i < COUNT(read); i++)
        if (strcmp(read[i], type) == 0)
            return "";
    return NULL;
}

bool postfix_is_defined_by_file(const char *type)
{
    static const char *const types[] = {"ldap", "memcache", "mongodb", "mysql", "pgsql", "sqlite"};
    for (size_t i = 0; i < COUNT(types); i++)
        if (strcmp(types[i], type) == 0)
            return true;
    return false;
}

/* $name, ${name or $(name, and no longer name. */
static bool expands(const char *value, const char *name)
{
    size_t len = strlen(name);
    for (const char *at = value; (at = strchr(at, '$')) != NULL; at++) {
        const char *word = at + 1 + (at[1] == '{' || at[1] == '(');
        if (strncmp(word, name, len) == 0 && !isalnum((unsigned char)word[len]) && word[len] != '_')
            return true;
    }
    return false;
}

/* "relay_destination_recipient_limit" of a service "relay". */
static bool of_transport(const char *name, const char *transport)
{
    static const char *const suffixes[] = {
        "_delivery_slot_cost",
        "_delivery_slot_discount",
        "_delivery_slot_loan",
        "_destination_concurrency_failed_cohort_limit",
        "_destination_concurrency_limit",
        "_destination_concurrency_negative_feedback",
        "_destination_concurrency_positive_feedback",
        "_destination_rate_delay",
        "_destination_recipient_limit",
        "_extra_recipient_limit",
        "_initial_destination_concurrency",
        "_minimum_delivery_slots",
        "_recipient_limit",
        "_recipient_refill_delay",
        "_recipient_refill_limit",
        "_time_limit",
        "_transport_rate_delay",
    };
    size_t len = strlen(transport);
    for (size_t i = 0; i < COUNT(suffixes) && strncmp(name, transport, len) == 0; i++)
        if (strcmp(name + len, suffixes[i]) == 0)
            return true;
    return false;
}

/* In one value: a reference, or a table whose parameters begin with its name ("ldap:people" has
 * people_server_host). */
static bool value_mentions(const char *parameter, const char *value, const char *name)
{
    static const struct strings types;
    struct table_ref *ref;
    size_t n;
    if (expands(value, name))
        return true;
    if (strcmp(parameter, "smtpd_restriction_classes") == 0) {
        struct strings items = postfix_items(value);
        return strings_have(&items, name);
    }
    if (strchr(value, ':') == NULL)
        return false;
    postfix_tables(parameter, value, &types, &ref, &n);
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(ref[i].name);
        if (strchr(ref[i].name, '/') == NULL && strncmp(name, ref[i].name, len) == 0 && name[len] == '_')
            return true;
    }
    return false;
}

static bool service_mentions(const struct node *service, const char *name)
{
    if (of_transport(name, service->value))
        return true;
    for (size_t i = 0; i < service->n_child; i++) {
        const struct node *child = &service->child[i];
        bool option = strcmp(child->label, "option") == 0;
        if (option && value_mentions(child->value, postfix_joined_value(child), name))
            return true;
        if (!option && child->value != NULL && expands(child->value, name))
            return true;
    }
    return false;
}

bool postfix_mentions(const struct doc *main_cf, const struct doc *master_cf, const char *name)
{
    for (size_t i = 0; i < main_cf->n_node; i++) {
        const struct node *node = &main_cf->node[i];
        if (strcmp(node->label, "setting") == 0 &&
            value_mentions(node->value, postfix_joined_value(node), name))
            return true;
    }
    for (size_t i = 0; master_cf != NULL && i < master_cf->n_node; i++)
        if (strcmp(master_cf->node[i].label, "service") == 0 && service_mentions(&master_cf->node[i], name))
            return true;
    return false;
}

bool postfix_is_map_entry(const struct node *node)
{
    return strcmp(node->label, "entry") == 0 || strcmp(node->label, "alias") == 0;
}

struct strings postfix_alias_targets(const char *value)
{
    struct strings targets = {0};
    for (const char *at = value; at[0] != '\0';) {
        bool quoted = false;
        at += strspn(at, SEPARATORS);
        const char *end = at;
        for (; end[0] != '\0' && (quoted || end[0] != ','); end++) {
            if (end[0] == '"')
                quoted = !quoted;
            else if (end[0] == '\\' && end[1] != '\0')
                end++;
        }
        size_t len = (size_t)(end - at);
        while (len > 0 && strchr(SEPARATORS, at[len - 1]) != NULL)
            len--;
        if (len > 0)
            strings_add(&targets, arena_copy(at, len));
        at = end;
    }
    return targets;
}
