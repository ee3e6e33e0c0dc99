/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Postfix's lists of networks (mynetworks). Source: postconf(5), match_list(3).
 */
#pragma once

#include "base.h"

/* Whether a numeric address is in an expanded list; the first item that fits decides. CANNOT_TELL where a
 * file or a table is asked first. */
enum verdict networks_have(const char *list, const char *address);
