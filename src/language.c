/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The user's language; see language.h.
 *
 * Limits: widths are those of the C library's wcwidth in C.UTF-8; a terminal that draws ambiguous characters
 * double is off by them.
 */
#include "language.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define CARET_LIMIT 160

static const char *code = "en";
static locale_t utf8; /* (locale_t)0: there is none, every byte counts as a column */

/* The catalogue's own header names its language; without a catalogue gettext gives the empty text back. */
static const char *catalogue_code(void)
{
    static const char field[] = "\nLanguage: ";
    const char *header = gettext("");
    const char *at = strstr(header, field);
    if (at == NULL)
        return "en";
    at += sizeof(field) - 1;
    return arena_copy(at, strcspn(at, "_\n"));
}

static bool speaks_utf8(void)
{
    locale_t user = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
    if (user == (locale_t)0)
        return false;
    bool yes = strcmp(nl_langinfo_l(CODESET, user), "UTF-8") == 0;
    freelocale(user);
    return yes;
}

void language_open(const char *dir)
{
    if (utf8 == (locale_t)0)
        utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    if (!speaks_utf8() || setlocale(LC_MESSAGES, "") == NULL)
        return;
    bindtextdomain("mailfix", dir);
    bind_textdomain_codeset("mailfix", "UTF-8");
    bind_textdomain_codeset("libc", "UTF-8"); /* strerror speaks the same language */
    textdomain("mailfix");
    code = catalogue_code();
}

const char *language_code(void)
{
    return code;
}

/* One character's columns; *ret_len is how many bytes it has. */
static size_t character_width(const char *text, size_t len, size_t *ret_len)
{
    mbstate_t state = {0};
    wchar_t wide;
    size_t used = mbrtowc(&wide, text, len, &state);
    *ret_len = 1;
    if (used == 0 || used > len)
        return 1;
    *ret_len = used;
    int columns = wcwidth(wide);
    return columns < 0 ? 1 : (size_t)columns;
}

size_t language_width(const char *text, size_t len)
{
    if (utf8 == (locale_t)0)
        return len;
    locale_t before = uselocale(utf8);
    size_t width = 0;
    for (size_t at = 0, used; at < len; at += used)
        width += character_width(text + at, len - at, &used);
    uselocale(before);
    return width;
}

void language_column(FILE *stream, const char *text, size_t width)
{
    size_t has = language_width(text, strlen(text));
    out_printf(stream, "%s%*s", text, (int)(has < width ? width - has : 0) + 2, "");
}

const char *language_caret(const char *line, size_t len, size_t column)
{
    size_t shown = len < CARET_LIMIT ? len : CARET_LIMIT;
    size_t before = column - 1 < shown ? column - 1 : shown;
    struct buf blanks = {0};
    /* A tab stays a tab, so that the caret stands where the terminal put the character. */
    for (size_t at = 0, start = 0; at <= before; at++) {
        if (at < before && line[at] != '\t')
            continue;
        buf_printf(&blanks, "%*s%s", (int)language_width(line + start, at - start), "",
                   at < before ? "\t" : "");
        start = at + 1;
    }
    return arena_printf("    %.*s\n    %s^", (int)shown, line, buf_text(&blanks));
}
