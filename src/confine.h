/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Work on hostile text in a process of its own that can do nothing but compute and answer: it runs as nobody,
 * gains no privileges, opens, creates and starts nothing, and has only the descriptors that it was given.
 *
 * Only the answer comes back, and the caller has to doubt it. Whatever becomes of the process, the caller
 * goes on.
 */
#pragma once

#include "base.h"

struct confined {
    /* Runs first, with the caller's rights, for what must be open by then; may be NULL. False: err says why,
     * and work is not begun. */
    bool (*open)(void *arg, struct err *err);
    /* Writes its answer to out; its first byte is not NUL. Calls confine_alive while it takes long. */
    void (*work)(void *arg, int out);
    void *arg;
    const int *keep; /* descriptors that stay open, besides those that open() makes */
    size_t n_keep;
    int still_ms; /* a process that neither answers nor lives that long is killed */
    size_t most;  /* bytes of an answer; one that is longer is none */
};

/* False, with the reason, when there is no whole answer. */
bool confine(const struct confined *confined, const char **ret_answer, size_t *ret_len,
             struct err *err) MUST_CHECK;

/* In the work: says, at most a few times a second, that it goes on. */
void confine_alive(int out);
/* In the work: writes the answer. */
void confine_answer(int out, const char *bytes, size_t len);
