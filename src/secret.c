/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What looks like a secret; see secret.h.
 *
 * Limits: a secret in a place whose name says nothing is not recognised.
 */
#include "secret.h"

#include <string.h>

static bool has_word(const char *text, size_t len, const char *const words[], size_t n)
{
    for (size_t w = 0; w < n; w++)
        for (size_t at = 0; at + strlen(words[w]) <= len; at++)
            if (strncasecmp(text + at, words[w], strlen(words[w])) == 0)
                return true;
    return false;
}

static bool is_name(const char *text, size_t len)
{
    static const char *const NAMES[] = {"password",   "passwd",  "secret", "credential",
                                        "passphrase", "bind_pw", "dnpass"};
    return has_word(text, len, NAMES, COUNT(NAMES));
}

/* Where static:USER:WORD begins; NULL: nowhere. static:all is none. */
static const char *find_login(const char *text, size_t len)
{
    static const char STATIC[] = "static:";
    const size_t n = strlen(STATIC);
    for (size_t at = 0; at + n <= len; at++) {
        if (strncasecmp(text + at, STATIC, n) != 0)
            continue;
        for (size_t i = at + n; i < len && strchr(" \t\r\n,", text[i]) == NULL; i++)
            if (text[i] == ':')
                return text + at;
    }
    return NULL;
}

bool secret_setting(const char *name, const char *value)
{
    bool leads = value[0] == '/' || value[0] == '$' || value[0] == '<' || strstr(value, ":/") != NULL ||
                 strstr(value, ":$") != NULL;
    if (find_login(value, strlen(value)) != NULL)
        return true;
    return is_name(name, strlen(name)) && value[0] != '\0' && (!leads || strstr(value, "inline:") != NULL);
}

enum secrecy secret_file(const char *document, const char *path)
{
    static const char *const FILES[] = {"passw", "secret", "credential", "sasl"};
    if (!starts_with(document, "map "))
        return SECRETS_HIDDEN;
    return is_name(document, strlen(document)) || has_word(path, strlen(path), FILES, COUNT(FILES))
               ? SECRETS_ALL
               : SECRETS_HIDDEN;
}

static size_t skip_blanks(const char *text, size_t start, size_t end)
{
    while (start < end && text_is_blank(text[start]))
        start++;
    return start;
}

/* Where the value of a setting begins in its line, if that looks like a secret; else 0. */
static size_t secret_value(const char *text, size_t start, size_t end)
{
    const char *equals = memchr(text + start, '=', end - start);
    const char *login = find_login(text + start, end - start);
    if (equals == NULL && login != NULL)
        return (size_t)(login - text);
    bool secret = login != NULL || is_name(text + start, end - start);
    return equals != NULL && secret ? (size_t)(equals - text) + 1 : 0;
}

/* The line goes on with the value of a setting that looks like one. */
static bool continues_secret(const char *text, size_t start)
{
    while (start > 0 && (text_is_blank(text[start]) || text[start] == '#')) {
        size_t end = start;
        start = text_line_start(text, start - 1);
        if (!text_is_blank(text[start]) && text[start] != '#')
            return secret_value(text, start, end) > 0;
    }
    return false;
}

/* How much of the line is shown; SIZE_MAX: all of it. */
static size_t shown_until(const char *text, size_t start, size_t end, enum secrecy secrecy)
{
    size_t first = skip_blanks(text, start, end), value;
    if (secrecy == SECRETS_SHOWN || first == end || text[first] == '\n')
        return SIZE_MAX;
    if (secrecy == SECRETS_ALL) {
        size_t word = first;
        if (first > start)
            return first; /* it goes on with an entry */
        while (word < end && (text[word] == '#' || text_is_blank(text[word])))
            word++;
        while (word < end && !text_is_blank(text[word]) && text[word] != '\n')
            word++;
        size_t rest = skip_blanks(text, word, end);
        return rest == end || text[rest] == '\n' ? SIZE_MAX : word;
    }
    value = secret_value(text, start, end);
    if (value > 0)
        return value;
    return first > start && continues_secret(text, start) ? first : SIZE_MAX;
}

const char *secret_line(const char *text, size_t start, size_t end, enum secrecy secrecy)
{
    size_t until = shown_until(text, start, end, secrecy);
    if (until == SIZE_MAX)
        return NULL;
    bool blank = until > start && text_is_blank(text[until - 1]);
    return arena_printf("%.*s%s***\n", (int)(until - start), text + start, blank ? "" : " ");
}

bool secret_hides(const char *text, size_t text_len, size_t at, size_t len, enum secrecy secrecy)
{
    for (size_t start = text_line_start(text, at), stop; len > 0 && start < at + len; start = stop) {
        stop = text_line_end(text, text_len, start);
        if (shown_until(text, start, stop, secrecy) != SIZE_MAX)
            return true;
    }
    return false;
}
