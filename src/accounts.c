/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Accounts; see accounts.h. A line is NAME:PASSWORD:UID:GID:GECOS:HOME:SHELL; what has another form (a NIS
 * "+" line) is nobody's.
 *
 * Limits: etc/passwd of at most FILE_LIMIT bytes.
 */
#include "accounts.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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

/* ---- one name of many ---- */

struct known {
    const char *name;
    enum account kind;
    size_t order;
};

/* The file as it was read last: tables of a million aliases ask for each of their names. */
static struct {
    struct stat file;   /* which one that was, also where a link leads to it */
    struct known *item; /* by name */
    size_t n;
} known;

static int by_name(const void *a, const void *b)
{
    const struct known *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order != 0 ? order : x->order < y->order ? -1 : 1;
}

static bool know(const struct root *root, struct err *err)
{
    struct stat now;
    struct strings lines;
    bool there = fstatat(root->fd, "etc/passwd", &now, 0) == 0;
    if (there && known.item != NULL && file_same(&known.file, &now) && known.file.st_size == now.st_size &&
        known.file.st_mtim.tv_sec == now.st_mtim.tv_sec && known.file.st_mtim.tv_nsec == now.st_mtim.tv_nsec)
        return true;
    if (!read_lines(root, &lines, err))
        return false;
    unsigned long uid_min = first_uid(root);
    known.item = NULL;
    known.n = 0;
    for (size_t i = 0; i < lines.n; i++) {
        struct known one = {field(lines.item[i], 0), kind_of(lines.item[i], uid_min), i};
        known.item = arena_append(known.item, &known.n, sizeof(one), &one);
    }
    if (known.n > 1)
        qsort(known.item, known.n, sizeof(*known.item), by_name);
    known.file = there ? now : (struct stat){0};
    return true;
}

bool account_kind(const struct root *root, const char *name, enum account *ret_kind, struct err *err)
{
    if (!know(root, err))
        return false;
    size_t low = 0, high = known.n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (strcmp(known.item[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_kind = ACCOUNT_NONE;
    for (; low < known.n && *ret_kind == ACCOUNT_NONE && strcmp(known.item[low].name, name) == 0; low++)
        *ret_kind = known.item[low].kind;
    return true;
}

bool account_names(const struct root *root, struct strings *ret_names, struct err *err)
{
    if (!know(root, err))
        return false;
    *ret_names = (struct strings){0};
    for (size_t i = 0; i < known.n; i++)
        if (known.item[i].kind != ACCOUNT_NONE)
            strings_add(ret_names, known.item[i].name);
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
