/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The accounts of a host, from etc/passwd below its root; never from a directory service, so that an image
 * and the running host are asked alike.
 */
#pragma once

#include "file.h"

enum account { ACCOUNT_NONE, ACCOUNT_SYSTEM, ACCOUNT_LOGIN };
extern const char *const account_word[ACCOUNT_LOGIN + 1]; /* "none" "system" "login" */

/* A log-in is root, or a person: a user id from UID_MIN of etc/login.defs on (1000 where it does not say;
 * CentOS and Fedora began at 500) and a shell that lets somebody in. False when there is no etc/passwd that
 * can be read. */
bool account_kind(const struct root *root, const char *name, enum account *ret_kind,
                  struct err *err) MUST_CHECK;

/* All names. */
bool account_names(const struct root *root, struct strings *ret_names, struct err *err) MUST_CHECK;

/* The names of the people, in the order of the file: all log-ins but root. */
bool account_people(const struct root *root, struct strings *ret_names, struct err *err) MUST_CHECK;
