/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a mail server says that it can do: its answer to EHLO, CAPABILITY or CAPA.
 */
#pragma once

#include "session.h"

/* Whether the answer (lines as received) names the word, or the word with arguments: "AUTH" is in
 * "250-AUTH PLAIN", in "250-AUTH=PLAIN" and, as a capability of IMAP, in "AUTH=PLAIN". Case is ignored. */
bool capability_offered(enum protocol protocol, const char *answer, const char *word);
