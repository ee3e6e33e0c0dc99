/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One target of libFuzzer a lens: -DFUZZ_LENS says which, -DSOURCE_LENSES where they are.
 *
 * Whatever the bytes are: the lens takes the text or refuses it with place and sentence; the spans of what it
 * took tile the text, children lie in order inside their parents, each value is the bytes at its span (of a
 * key that goes over lines what Postfix sees of them), and hunks of an edit without steps lead to the same
 * bytes. What is read by hand where it is taken without a doubt (postfix_nodes.h, fix_nodes.h) is taken by
 * the lens, too, and is the same to the node. libFuzzer's own options hold time and memory.
 *
 * Limits: a text with a NUL byte never reaches a lens (file.h), and none does here. Augeas is the system's
 * and tells libFuzzer nothing of its coverage; what leads it is mailfix's own code.
 */
#include "fix_nodes.h"
#include "hunk.h"
#include "postfix_nodes.h"
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

/* Whether a key is its bytes without newlines, comments and blank lines: what is left of each line. */
static bool is_key_over_lines(const char *value, const char *bytes, size_t len)
{
    for (size_t at = 0, end; at < len; at = end + 1) {
        const char *newline = memchr(bytes + at, '\n', len - at);
        end = newline != NULL ? (size_t)(newline - bytes) : len;
        size_t first = at;
        while (first < end && strchr(" \t\v\f\r", bytes[first]) != NULL)
            first++;
        if (at > 0 && (first == end ? newline != NULL : bytes[first] == '#'))
            continue;
        if (strncmp(value, bytes + at, end - at) != 0)
            return false;
        value += end - at;
    }
    return value[0] == '\0';
}

static bool is_its_bytes(const struct node *node, const char *text)
{
    const char *bytes = text + node->text.start;
    size_t len = node->text.end - node->text.start;
    bool table = FUZZ_LENS == LENS_ALIASES || FUZZ_LENS == LENS_TRANSPORT;
    if (table && memchr(bytes, '\n', len) != NULL)
        return is_key_over_lines(node->value, bytes, len);
    return strlen(node->value) == len && memcmp(node->value, bytes, len) == 0;
}

static void check_nodes(const char *text, const struct node *node, size_t n, struct span inside)
{
    size_t at = inside.start;
    for (size_t i = 0; i < n; i++) {
        const struct node *one = &node[i];
        if (one->span.start < at || one->span.end < one->span.start || one->span.end > inside.end)
            die("a span outside its parent or over its neighbour");
        at = one->span.end;
        if (one->value != NULL && !is_its_bytes(one, text))
            die("a value that is not the bytes at its span");
        check_nodes(text, one->child, one->n_child, one->span);
    }
}

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool same_nodes(const struct node *a, size_t n_a, const struct node *b, size_t n_b)
{
    for (size_t i = 0; n_a == n_b && i < n_a; i++)
        if (strcmp(a[i].label, b[i].label) != 0 || !same_text(a[i].value, b[i].value) ||
            a[i].span.start != b[i].span.start || a[i].span.end != b[i].span.end ||
            (a[i].value != NULL && (a[i].text.start != b[i].text.start || a[i].text.end != b[i].text.end)) ||
            !same_nodes(a[i].child, a[i].n_child, b[i].child, b[i].n_child))
            return false;
    return n_a == n_b;
}

/* False: it is left to the lens. */
static bool read_by_hand(const char *text, size_t len, struct node **ret_node, size_t *ret_n)
{
    struct fix_text fix = {.text = text, .len = len};
    if (FUZZ_LENS == LENS_MAIN)
        return postfix_nodes_main(text, len, ret_node, ret_n);
    if (FUZZ_LENS == LENS_MASTER)
        return postfix_nodes_master(text, len, ret_node, ret_n);
    if (FUZZ_LENS == LENS_ALIASES || FUZZ_LENS == LENS_TRANSPORT)
        return postfix_nodes_table(FUZZ_LENS == LENS_ALIASES, text, len, ret_node, ret_n);
    if (FUZZ_LENS != LENS_FIX || !fix_nodes(&fix))
        return false;
    *ret_node = fix.node;
    *ret_n = fix.n;
    return true;
}

static void check(const char *text, size_t len)
{
    struct node *node, *by_hand;
    struct err err = {0};
    size_t n, n_by_hand, n_same, at = 0;
    bool taken =
        tree_fits(FUZZ_LENS, "file", text, len, &err) && read_by_hand(text, len, &by_hand, &n_by_hand);
    if (!tree_parse(FUZZ_LENS, "file", text, len, &node, &n, &err)) {
        /* A refusal has a line; a fault of the lens has none. */
        if (strncmp(err.text, "file:", 5) != 0 || err.text[5] < '1' || err.text[5] > '9')
            die(err.text);
        if (taken)
            die("read by hand, and refused by the lens");
        return;
    }
    if (taken && !same_nodes(by_hand, n_by_hand, node, n))
        die("read by hand, it is not what the lens sees");
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
