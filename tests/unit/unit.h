/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the unit tests share: a fresh arena for each test, a temporary directory that serves as a root, and
 * the small world that the words of a fix are held against (two files, facts, a fix).
 */
#pragma once

#include "context.h"
#include "tree.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static inline void unit_exhausted(void)
{
    fputs("the arena is used up\n", stderr);
    abort();
}

/* Each test begins with an arena of its own: rounds of thousands of edits would use one up. */
static inline int unit_fresh(void **state)
{
    struct err err;
    (void)state;
    tree_set_lens_dir(SOURCE_LENSES);
    return arena_open(unit_exhausted, &err) ? 0 : -1;
}

#define fresh_test(f) cmocka_unit_test_setup(f, unit_fresh)

/* ---- a temporary directory ---- */

#ifndef UNIT_WHERE
#define UNIT_WHERE "/tmp"
#endif
static char unit_top[] = UNIT_WHERE "/mailfix-unit.XXXXXX";

static inline int unit_begin(void **state)
{
    (void)state;
    umask(022);
    return mkdtemp(unit_top) != NULL ? unit_fresh(state) : -1;
}

static inline int unit_end(void **state)
{
    (void)state;
    tree_close();
    return system(arena_printf("rm -rf %s", unit_top)) == 0 ? 0 : -1;
}

static inline bool unit_empty_dir(void)
{
    return system(arena_printf("find %s -mindepth 1 -delete", unit_top)) == 0;
}

static inline int unit_empty(void **state)
{
    return unit_fresh(state) == 0 && unit_empty_dir() ? 0 : -1;
}

#define dir_test(f) cmocka_unit_test_setup(f, unit_empty)

static inline const char *unit_path(const char *below)
{
    return arena_printf("%s/%s", unit_top, below);
}

static inline void unit_dirs(const char *below)
{
    char *whole = arena_string(unit_path(below));
    for (char *slash = whole + strlen(unit_top) + 1; (slash = strchr(slash, '/')) != NULL; *slash++ = '/') {
        *slash = '\0';
        mkdir(whole, 0755);
    }
    mkdir(whole, 0755);
}

static inline void unit_bytes(const char *below, const char *bytes, size_t len)
{
    FILE *f = fopen(unit_path(below), "w");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
}

static inline void unit_file(const char *below, const char *text)
{
    unit_bytes(below, text, strlen(text));
}

/* ---- errors ---- */

#define assert_ok(call, err)                                                                                 \
    do {                                                                                                     \
        if (!(call))                                                                                         \
            fail_msg("%s: %s", #call, (err).text);                                                           \
    } while (0)

#define assert_says(err, piece)                                                                              \
    do {                                                                                                     \
        if (strstr((err).text, piece) == NULL)                                                               \
            fail_msg("expected '%s' in: %s", piece, (err).text);                                             \
    } while (0)

/* ---- a world for a fix ---- */

struct world {
    struct root root;
    struct facts *facts;
    struct docs docs;
    struct context ctx;
};

/* A root with the two files of Postfix and what a facts file says. fix may be NULL. */
static inline struct world *unit_world(const char *main_cf, const char *master_cf, const char *facts,
                                       const struct fix *fix)
{
    static const struct fix none = {.file = "none.fix", .text = "", .name = "none"};
    struct world *w = arena_alloc(sizeof(*w));
    struct err err;
    unit_dirs("etc/postfix");
    unit_file("etc/postfix/main.cf", main_cf);
    unit_file("etc/postfix/master.cf", master_cf);
    unit_file("facts", facts);
    assert_ok(root_open(unit_top, &w->root, &err), err);
    assert_ok(facts_open(&w->root, unit_path("facts"), &w->facts, &err), err);
    w->docs.facts = w->facts;
    w->ctx = (struct context){.fix = fix != NULL ? fix : &none, .docs = &w->docs};
    return w;
}

static inline struct fix *unit_fix(const char *text)
{
    struct fix *fix = NULL;
    struct err err;
    assert_ok(fix_parse("/x/x.fix", text, strlen(text), &fix, &err), err);
    return fix;
}

static inline void unit_bind(struct context *ctx, const char *name, const char *values)
{
    context_bind(ctx, name, strings_split(values, " "));
}

/* A generator of its own, so that a seed means the same rounds everywhere. */
static inline unsigned unit_random(uint64_t *seed, unsigned below)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(*seed >> 33) % below;
}

static inline bool unit_valgrind(void)
{
    const char *preloaded = getenv("LD_PRELOAD");
    return preloaded != NULL && strstr(preloaded, "vgpreload") != NULL;
}

/* How often something random is tried: less where every step takes five or thirty times as long. */
static inline unsigned unit_rounds(unsigned plain)
{
#if defined(__SANITIZE_ADDRESS__)
    return plain / 5;
#else
    return unit_valgrind() ? plain / 20 : plain;
#endif
}
