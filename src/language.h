/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The user's language: which one messages and fix files speak, and how many columns a text takes.
 *
 * Messages go through gettext, chosen by LC_ALL, LC_MESSAGES, LANG and LANGUAGE; the texts of fix files speak
 * whatever language messages really come out in. Only LC_MESSAGES is set:
 * characters are classified as in the C locale everywhere else, so that no locale changes how a file is read.
 * Output is UTF-8; in a locale of another character set messages stay English.
 */
#pragma once

#include "base.h"

/* Catalogues are DIR/LANG/LC_MESSAGES/mailfix.mo. Call once, before the first message. */
void language_open(const char *dir);

/* The language that messages come out in, and texts of fix files that have a twin in it: "ja", or "en" where
 * the user's locale is not installed, or has no catalogue. */
const char *language_code(void);

/* Columns of a terminal: characters of East Asia take two, combining ones none; bytes that are no UTF-8 one.
 */
size_t language_width(const char *text, size_t len);
/* Prints text and blanks up to width columns, and two blanks more. */
void language_column(FILE *stream, const char *text, size_t width);
/* A line and a caret below its byte number column (from 1), both indented by four: for error messages. Of a
 * long line the first 160 bytes are shown. */
const char *language_caret(const char *line, size_t len, size_t column);
