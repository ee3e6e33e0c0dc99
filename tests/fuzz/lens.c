/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One target of libFuzzer a lens: -DFUZZ_LENS says which, -DSOURCE_LENSES where they are.
 *
 * Whatever the bytes are: the lens takes the text or refuses it with place and sentence; the spans of what it
 * took tile the text, children lie in order inside their parents, each value is the bytes at its span, and
 * hunks of an edit without steps lead to the same bytes. libFuzzer's own options hold time and memory.
 *
 * Limits: a text with a NUL byte never reaches a lens (file.h), and none does here. Augeas is the system's
 * and tells libFuzzer nothing of its coverage; what leads it is mailfix's own code.
 */
#include "hunk.h"
#include "tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ARENA_SIZE ((size_t)256 << 20) /* as in base.c */

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len);

static void die(const char *why)
{
    fprintf(stderr, "lens: %s\n", why);
    abort();
}

static void exhausted(void)
{
    die("the arena is used up");
}

static void check_nodes(const char *text, const struct node *node, size_t n, struct span inside)
{
    size_t at = inside.start;
    for (size_t i = 0; i < n; i++) {
        const struct node *one = &node[i];
        if (one->span.start < at || one->span.end < one->span.start || one->span.end > inside.end)
            die("a span outside its parent or over its neighbour");
        at = one->span.end;
        if (one->value != NULL && (strlen(one->value) != one->text.end - one->text.start ||
                                   memcmp(one->value, text + one->text.start, strlen(one->value)) != 0))
            die("a value that is not the bytes at its span");
        check_nodes(text, one->child, one->n_child, one->span);
    }
}

static void check(const char *text, size_t len)
{
    struct node *node;
    struct err err = {0};
    size_t n, n_same, at = 0;
    if (!tree_parse(FUZZ_LENS, "file", text, len, &node, &n, &err)) {
        /* A refusal has a line; a fault of the lens has none. */
        if (strncmp(err.text, "file:", 5) != 0 || err.text[5] < '1' || err.text[5] > '9')
            die(err.text);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        if (node[i].span.start != at)
            die("spans that do not tile");
        at = node[i].span.end;
    }
    if (at != len)
        die("text behind the last span");
    check_nodes(text, node, n, (struct span){0, len});
    const char *same = hunk_splice(text, len, NULL, 0, &n_same);
    if (n_same != len || memcmp(same, text, len) != 0)
        die("an edit without steps changes bytes");
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
    struct err err;
    if (memchr(bytes, '\0', len) != NULL)
        return 0;
    if (!arena_open(exhausted, &err))
        die(err.text);
    void *arena = arena_alloc(0);
    tree_set_lens_dir(SOURCE_LENSES);
    check(arena_copy((const char *)bytes, len), len);
    munmap(arena, ARENA_SIZE);
    return 0;
}
