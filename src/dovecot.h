/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What Dovecot knows about its configuration files: knowledge only, nothing here looks at the machine.
 * Source: settings_include(), config_parse_line() and fix_relative_path() of src/config/config-parser.c, 1.x
 * to 2.4.
 */
#pragma once

#include "base.h"

/* The absolute pattern of an !include or !include_try line of a file, which is relative to the directory of
 * that file; NULL when the node is neither. */
const char *dovecot_include(const char *file, const struct node *node);
/* It is !include_try: nothing need be there. */
bool dovecot_may_miss(const struct node *node);
/* What a setting, a section or a commented-out setting is called in a path: "vsz_limit",
 * "service/imap-login"; NULL: it is none of them. */
const char *dovecot_name(const struct node *node);
/* The same for 2.4.0 and 2.4.1, which leave the backslashes in a quoted one. */
const char *dovecot_name_with_backslashes(const struct node *node);
/* What a setting is set to, as Dovecot reads it: its lines joined, the quotes around it and the backslashes
 * in them taken away, a heredoc's lines. */
const char *dovecot_value(const struct node *setting);
/* The value stands in quotes that Dovecot takes away. */
bool dovecot_is_quoted(const struct node *setting);
/* The value is that text: it neither names a file to be read nor holds a $variable. */
bool dovecot_is_literal(const struct node *setting);
/* A section without a name of which there can be several: each is read for itself, none merges with another
 * (passdb, userdb, namespace). */
bool dovecot_stands_alone(const struct node *node);
/* A section of that text that no line closes, as 1.x allows at the end of a file. */
bool dovecot_stays_open(const char *text, const struct node *section);
/* Whether a package brings a file of that path, as Debian's, Fedora's and upstream's own examples do: what an
 * administrator wants to keep goes into another one where there is one. */
bool dovecot_is_shipped(const char *path);
/* The setting that decides where the one of that path is not set, although doveconf prints a number for it:
 * default_vsz_limit for service/NAME/vsz_limit; NULL: none. */
const char *dovecot_default_of(const char *path);
/* What doveconf prints for a size that is not set: 2^64 - 1 bytes. */
bool dovecot_is_unset(const char *value);

/* A copy of a text for the lens, byte for byte as long, with lines that no lens can find marked: those of a
 * heredoc with its end, and those that Dovecot 2.x drops because a blank line or a comment follows a
 * backslash; and, marked like a heredoc, what 1.x drops behind the '{' of a section. The newlines inside are
 * marked, too; the last one stays. */
#define DOVECOT_HEREDOC '\a'
#define DOVECOT_VOID '\b'
char *dovecot_masked(const char *text, size_t len);
/* The first part of a marked text that stands by itself: a line with those that continue it and its heredoc,
 * or a section with all that is in it. */
struct dovecot_unit {
    size_t len, lines;
    size_t opening; /* bytes of its first line; of a section that is the one that opens it */
    int deepest;    /* so many sections in one another; 0: it is none */
    int left_open;  /* so many are open at the end of the text */
    bool closes;    /* it closes a section that was opened before the text */
};
struct dovecot_unit dovecot_unit(const char *masked, size_t len);
/* Whether a text, marked or not, is one of 1.x, where sections may stay open at the end of the file: it has a
 * section "auth NAME". */
bool dovecot_is_1x(const char *text, size_t len);
