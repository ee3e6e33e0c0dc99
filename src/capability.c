/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Capabilities; see capability.h. SMTP (RFC 5321, 4.1.1.1) and POP3 (RFC 2449) have one a line, with
 * arguments behind it; the first line of SMTP's answer is the server's name. IMAP (RFC 9051, 7.2.2) has all
 * in one line that begins "* CAPABILITY".
 */
#include "capability.h"

#include <string.h>

/* The word itself, or the word and "=". */
static bool is_word(const char *text, const char *word)
{
    size_t len = strlen(word);
    return strncasecmp(text, word, len) == 0 && (text[len] == '\0' || text[len] == '=');
}

static bool in_line(enum protocol protocol, const char *line, bool first, const char *word)
{
    bool smtp = protocol == SMTP || protocol == SMTPS, imap = protocol == IMAP || protocol == IMAPS;
    if (smtp && (first || strncmp(line, "250", 3) != 0 || line[3] == '\0'))
        return false;
    struct strings words = strings_split(smtp ? line + 4 : line, " \t");
    if (!imap)
        return words.n > 0 && is_word(words.item[0], word);
    bool answer =
        words.n > 2 && strcmp(words.item[0], "*") == 0 && strcasecmp(words.item[1], "CAPABILITY") == 0;
    for (size_t i = 2; i < words.n && answer; i++)
        if (is_word(words.item[i], word))
            return true;
    return false;
}

bool capability_offered(enum protocol protocol, const char *answer, const char *word)
{
    struct strings lines = strings_split(answer, "\r\n");
    for (size_t i = 0; i < lines.n; i++)
        if (in_line(protocol, lines.item[i], i == 0, word))
            return true;
    return false;
}
