/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Allocations that must not fail; see memory.h.
 *
 * The program's own malloc, calloc and realloc stand before those of libc, for the libraries too, and ask the
 * next ones: libc's, or those of a tool that was preloaded. What else allocates (strdup, asprintf, regcomp)
 * goes through these three; memory of a special alignment does not, and libaugeas asks for none.
 *
 * Limits: one thread. Until memory_open was called, and with a sanitizer, whose allocations never fail, it is
 * not looked at.
 */
#include "memory.h"

#include <dlfcn.h>
#include <stddef.h>
#include <stdlib.h>

static void (*when_exhausted)(void);
static bool must;

void memory_open(void (*exhausted)(void))
{
    when_exhausted = exhausted;
}

bool memory_must(bool on)
{
    bool before = must;
    must = on;
    return before;
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#if !defined(__SANITIZE_ADDRESS__)

static void *looked_at(void *p)
{
    if (p == NULL && must && when_exhausted != NULL)
        when_exhausted();
    return p;
}

void *malloc(size_t size)
{
    static void *(*next)(size_t);
    if (next == NULL)
        next = (void *(*)(size_t))dlsym(RTLD_NEXT, "malloc");
    return looked_at(next(size));
}

void *calloc(size_t n, size_t size)
{
    static void *(*next)(size_t, size_t);
    if (next == NULL)
        next = (void *(*)(size_t, size_t))dlsym(RTLD_NEXT, "calloc");
    return looked_at(next(n, size));
}

void *realloc(void *p, size_t size)
{
    static void *(*next)(void *, size_t);
    if (next == NULL)
        next = (void *(*)(void *, size_t))dlsym(RTLD_NEXT, "realloc");
    void *moved = next(p, size);
    return size > 0 ? looked_at(moved) : moved;
}

#endif
