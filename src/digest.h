/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * SHA-256 of what comes in pieces.
 */
#pragma once

#include "base.h"

#include <sha2.h>

struct digest {
    SHA2_CTX small;
    void *fast; /* NULL: small is used */
};

/* size: about how much will come; much of it is worth the loading of a faster library. */
void digest_begin(struct digest *d, size_t size);
void digest_add(struct digest *d, const char *bytes, size_t len);
void digest_end(struct digest *d, char ret_hex[DIGEST_HEX + 1]);
