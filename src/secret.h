/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What looks like a secret in a configuration file, so that it is not shown where others may read it.
 *
 * A guess by names: of settings (smtp_sasl_password_maps = static:...), and of tables each entry of which
 * holds one (/etc/postfix/sasl_passwd). It hides rather too much than too little.
 */
#pragma once

#include "base.h"

enum secrecy {
    SECRETS_SHOWN,  /* every byte as it is */
    SECRETS_HIDDEN, /* values of settings that look like secrets are *** */
    SECRETS_ALL     /* the same, and every entry is one: of a line its first word is shown */
};

/* SECRETS_HIDDEN, or SECRETS_ALL for a file that is such a table: by its document ("map
 * smtp_sasl_password_maps") or its path. */
enum secrecy secret_file(const char *document, const char *path);

/* Whether the value of a setting looks like one: by its name, unless it only says where to find it
 * (hash:/etc/x), or because it holds one itself (static:user:word). */
bool secret_setting(const char *name, const char *value);

/* The line that begins at start and ends before end (with its newline, if it has one) as it may be shown,
 * ending in a newline; NULL: as it is. text is the whole file, or a piece of it that begins with a whole
 * entry. */
const char *secret_line(const char *text, size_t start, size_t end, enum secrecy secrecy);

/* Whether one of the lines that bytes of text stand in is hidden; no bytes stand in none. */
bool secret_hides(const char *text, size_t text_len, size_t at, size_t len, enum secrecy secrecy);
