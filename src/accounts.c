/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Accounts; see accounts.h. A line is NAME:PASSWORD:UID:GID:GECOS:HOME:SHELL; what has another form (a NIS
 * "+" line) is nobody's.
 *
 * Limits: etc/passwd of at most FILE_LIMIT bytes; read anew for each question.
 */
#include "accounts.h"

#include <stdlib.h>
#include <string.h>

#define UID_NOBODY 65534

const char *const account_word[ACCOUNT_LOGIN + 1] = {"none", "system", "login"};

static unsigned long first_uid(const struct root *root)
{
    const char *text;
    size_t len;
    struct err ignored;
    if (!file_read_path(root, "/etc/login.defs", ANY_OWNER, &text, &len, &ignored))
        return 1000;
    struct strings lines = strings_split(text, "\n");
    for (size_t i = 0; i < lines.n; i++) {
        struct strings words = strings_split(lines.item[i], " \t");
        if (words.n >= 2 && strcmp(words.item[0], "UID_MIN") == 0)
            return strtoul(words.item[1], NULL, 10);
    }
    return 1000;
}

static bool lets_in(const char *shell)
{
    return !ends_with(shell, "/nologin") && !ends_with(shell, "/false") && !ends_with(shell, "/sync") &&
           !ends_with(shell, "/shutdown") && !ends_with(shell, "/halt");
}

/* Field number (from 0) of a line, up to the next colon. */
static const char *field(const char *line, size_t number)
{
    for (; number > 0 && line != NULL; number--)
        line = (line = strchr(line, ':')) != NULL ? line + 1 : NULL;
    return line != NULL ? arena_copy(line, strcspn(line, ":")) : NULL;
}

static enum account kind_of(const char *line, unsigned long uid_min)
{
    const char *uid_field = field(line, 2), *shell = field(line, 6);
    if (shell == NULL || uid_field[0] == '\0' || uid_field[strspn(uid_field, "0123456789")] != '\0')
        return ACCOUNT_NONE;
    unsigned long uid = strtoul(uid_field, NULL, 10);
    return uid >= uid_min && uid < UID_NOBODY && lets_in(shell) ? ACCOUNT_LOGIN : ACCOUNT_SYSTEM;
}

static bool read_lines(const struct root *root, struct strings *ret_lines, struct err *err)
{
    const char *text;
    size_t len;
    if (!file_read_path(root, "/etc/passwd", ANY_OWNER, &text, &len, err))
        return false;
    *ret_lines = strings_split(text, "\n");
    return true;
}

bool account_kind(const struct root *root, const char *name, enum account *ret_kind, struct err *err)
{
    struct strings lines;
    if (!read_lines(root, &lines, err))
        return false;
    *ret_kind = ACCOUNT_NONE;
    for (size_t i = 0; i < lines.n && *ret_kind == ACCOUNT_NONE; i++)
        if (strcmp(field(lines.item[i], 0), name) == 0)
            *ret_kind = kind_of(lines.item[i], first_uid(root));
    return true;
}

bool account_people(const struct root *root, struct strings *ret_names, struct err *err)
{
    struct strings lines;
    if (!read_lines(root, &lines, err))
        return false;
    unsigned long uid_min = first_uid(root);
    *ret_names = (struct strings){0};
    for (size_t i = 0; i < lines.n; i++) {
        const char *name = field(lines.item[i], 0);
        if (kind_of(lines.item[i], uid_min) == ACCOUNT_LOGIN)
            strings_add(ret_names, name);
    }
    return true;
}
