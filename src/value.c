/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The types of parameters; see value.h. One function a type, one table.
 *
 * Limits: domains are ASCII (an internationalised one in its xn-- form). A size above a tebibyte is taken for
 * a count of bytes that lost its unit and is refused.
 */
#include "value.h"

#include "service.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
#define SIZE_MOST ((uint64_t)1 << 40)

static bool only(const char *text, const char *allowed)
{
    return text[0] != '\0' && text[strspn(text, allowed)] == '\0';
}

static bool is_word(const char *text)
{
    return text[0] != '\0' && text[0] != '#' && strpbrk(text, " \t") == NULL;
}

static bool is_bool(const char *text)
{
    return strcmp(text, "yes") == 0 || strcmp(text, "no") == 0;
}

/* Also dotted, as compatibility_level is: "3.6". */
static bool is_number(const char *text)
{
    size_t digits = strspn(text, DIGITS);
    return digits > 0 && digits <= 15 &&
           (text[digits] == '\0' || (text[digits] == '.' && is_number(text + digits + 1)));
}

/* Bytes; 0: no size. */
static uint64_t size_bytes(const char *text)
{
    size_t digits = strspn(text, DIGITS);
    if (digits == 0 || digits > 12 || (text[digits] != '\0' && text[digits + 1] != '\0'))
        return 0;
    uint64_t number = strtoull(text, NULL, 10);
    switch (toupper((unsigned char)text[digits])) {
    case 'K':
        number <<= 10;
        break;
    case 'M':
    case '\0':
        number <<= 20;
        break;
    case 'G':
        number <<= 30;
        break;
    default:
        return 0;
    }
    return number <= SIZE_MOST ? number : 0;
}

static bool is_size(const char *text)
{
    return size_bytes(text) > 0;
}

static bool is_domain(const char *text)
{
    if (strlen(text) > 253 || !only(text, LETTERS DIGITS "-._"))
        return false;
    for (const char *label = text;; label++) {
        size_t len = strcspn(label, ".");
        if (len == 0 || len > 63 || label[0] == '-' || label[len - 1] == '-')
            return false;
        label += len;
        if (*label == '\0')
            return true;
    }
}

static bool is_host(const char *text)
{
    struct in6_addr address;
    const char *v6 = strncasecmp(text, "ipv6:", 5) == 0 ? text + 5 : text;
    return is_domain(text) || inet_pton(AF_INET6, v6, &address) == 1;
}

/* host, host:port, [host], [host]:port; an IPv6 address stands in brackets. */
static bool split_hostport(const char *text, const char **ret_host, const char **ret_port)
{
    const char *after;
    if (text[0] == '[') {
        const char *close = strchr(text, ']');
        if (close == NULL)
            return false;
        *ret_host = arena_copy(text + 1, (size_t)(close - text) - 1);
        after = close + 1;
    } else {
        size_t len = strcspn(text, ":");
        *ret_host = arena_copy(text, len);
        after = text + len;
    }
    *ret_port = after[0] == ':' ? after + 1 : "25"; /* Postfix's own when it is left out */
    if (after[0] != '\0' && after[0] != ':')
        return false;
    return is_host(*ret_host) && only(*ret_port, DIGITS) && strlen(*ret_port) <= 5 && atoi(*ret_port) >= 1 &&
           atoi(*ret_port) <= 65535;
}

static bool is_hostport(const char *text)
{
    const char *host, *port;
    return split_hostport(text, &host, &port);
}

/* What local(8) takes as one: no blank, no character that means something in a list of addresses. */
static bool is_local(const char *text)
{
    return is_word(text) && text[0] != '-' && strpbrk(text, ",:;()<>[]\\\"|/@{}") == NULL;
}

static bool is_recipient(const char *text)
{
    const char *at = strrchr(text, '@');
    if (at == NULL)
        return is_local(text);
    return is_local(arena_copy(text, (size_t)(at - text))) && is_domain(at + 1);
}

static bool is_parameter(const char *text)
{
    return only(text, LETTERS DIGITS "_");
}

static bool is_secret(const char *text)
{
    return text[0] != '\0' && strchr(" \t", text[0]) == NULL && strchr(" \t", text[strlen(text) - 1]) == NULL;
}

static const struct {
    const char *name;
    bool (*fits)(const char *text);
    const char *expected;
    const char *fields[3];
} TYPES[] = {
    {"domain", is_domain, N_("a domain, such as example.org"), {NULL}},
    {"hostport", is_hostport, N_("host, [host] or [host]:587"), {"host", "port"}},
    {"localuser", is_local, N_("an account of this host"), {NULL}},
    {"recipient", is_recipient, N_("an address with @, or an account or alias of this host"), {NULL}},
    {"alias", is_local, N_("the name of an alias"), {NULL}},
    {"size", is_size, N_("a size with K, M or G, at most 1024G; without a unit it is in megabytes"), {"mb"}},
    {"number", is_number, N_("a number"), {NULL}},
    {"bool", is_bool, N_("yes or no"), {NULL}},
    {"word", is_word, N_("one word that does not begin with #"), {NULL}},
    {"parameter", is_parameter, N_("the name of a Postfix parameter"), {NULL}},
    {"daemon", service_known, NULL, {NULL}},
    {"secret", is_secret, N_("a secret that neither begins nor ends with a blank"), {NULL}},
};

static size_t index_of(const char *type)
{
    size_t i = 0;
    while (i < COUNT(TYPES) && strcmp(TYPES[i].name, type) != 0)
        i++;
    return i;
}

struct strings value_types(void)
{
    struct strings names = {0};
    for (size_t i = 0; i < COUNT(TYPES); i++)
        strings_add(&names, TYPES[i].name);
    return names;
}

bool value_type_known(const char *type)
{
    return index_of(type) < COUNT(TYPES);
}

bool value_read(const char *type, const char *text, const char **ret_value, const char **ret_expected)
{
    size_t i = index_of(type);
    struct strings daemons = service_names();
    *ret_expected = TYPES[i].expected != NULL ? _(TYPES[i].expected) : strings_join(&daemons, "|");
    for (const char *at = text; *at != '\0'; at++)
        if (iscntrl((unsigned char)*at)) {
            *ret_expected = _("a value without control characters");
            return false;
        }
    if (!TYPES[i].fits(text))
        return false;
    bool bare = strcmp(type, "size") == 0 && only(text, DIGITS);
    *ret_value = bare ? arena_printf("%sM", text) : text;
    return true;
}

const char *value_field(const char *type, const char *value, const char *field)
{
    size_t i = index_of(type), k = 0;
    const char *host, *port;
    while (k < COUNT(TYPES[i].fields) && TYPES[i].fields[k] != NULL && strcmp(TYPES[i].fields[k], field) != 0)
        k++;
    if (k == COUNT(TYPES[i].fields) || TYPES[i].fields[k] == NULL)
        return NULL;
    if (value == NULL)
        return field;
    if (strcmp(field, "mb") == 0)
        return arena_printf("%llu", (unsigned long long)((size_bytes(value) + (1 << 20) - 1) >> 20));
    if (!split_hostport(value, &host, &port))
        return NULL;
    return strcmp(field, "host") == 0 ? host : port;
}

const char *value_twice(const char *type, const char *value)
{
    const char *twice, *expected;
    size_t digits = strspn(value, DIGITS);
    if (value[digits] == '.')
        return NULL;
    twice = arena_printf("%llu%s", 2 * strtoull(value, NULL, 10), value + digits);
    return value_read(type, twice, &twice, &expected) ? twice : NULL;
}

static uint64_t amount(const char *type, const char *value)
{
    return strcmp(type, "size") == 0 ? size_bytes(value) : strtoull(value, NULL, 10);
}

int value_compare(const char *type, const char *a, const char *b)
{
    uint64_t x = amount(type, a), y = amount(type, b);
    if (strcmp(type, "number") == 0)
        return version_compare(a, b);
    return x < y ? -1 : x > y;
}
