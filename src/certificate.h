/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The certificates that Postfix's server loads: what main.cf names, read below the root as Postfix would read
 * it.
 */
#pragma once

#include "facts.h"

struct certificate {
    enum verdict loads;  /* Postfix can use all that main.cf names, and that is at least one */
    enum verdict valid;  /* they load, and now lies between their dates */
    const char *why;     /* the file and what is wrong with it, or why it cannot be told; NULL: nothing */
    const char *missing; /* what cannot be told for want of this fact, else NULL */
};

/* One fault is enough for Postfix to go without TLS, so the first one found is the answer. */
void certificate_postfix(struct facts *facts, const struct doc *main_cf, struct certificate *ret);
