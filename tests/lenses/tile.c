/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tile LENSDIR MODULE FILE...
 *
 * Parses each FILE with lens MODULE.lns and proves what the splicer relies on: the spans of the top-level
 * nodes tile the text from its first byte to its last, children lie inside their parents and in order, a value
 * and what has a '#' in its label have none, every stored value is the text at its value span, and what no span
 * of a value or key covers is separators: white space, line ends, '=', ':', '#', '!', '\\', braces, '|' and
 * "-o". Prints a line per file; exit 1 if one of them fails.
 *
 * Like the program it adds a newline to a text that lacks one, and gives the lenses of Dovecot, master.cf and tables the text
 * with the program's marks in it. A text with a NUL byte fails.
 */
#include "dovecot.h"
#include "postfix_mask.h"

#include <augeas.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct text {
    char *bytes;
    char *stored;               /* 1 for each byte that the tree holds */
    size_t len;
};

struct place {
    unsigned label_start, label_end, value_start, value_end, start, end;
};

static bool read_text(const char *path, struct text *ret_text)
{
    FILE *file = fopen(path, "rb");
    size_t room = 1 << 16, len = 0, got;
    char *bytes = file != NULL ? malloc(room) : NULL;

    while (bytes != NULL && (got = fread(bytes + len, 1, room - len - 2, file)) > 0) {
        len += got;
        if (room - len < 3) {
            char *more = realloc(bytes, room *= 2);
            if (more == NULL)
                free(bytes);
            bytes = more;
        }
    }
    if (bytes == NULL || ferror(file)) {
        perror(path);
        free(bytes);
        if (file != NULL)
            fclose(file);
        return false;
    }
    fclose(file);
    if (len > 0 && bytes[len - 1] != '\n')
        bytes[len++] = '\n';
    bytes[len] = '\0';
    *ret_text = (struct text){ bytes, calloc(len + 1, 1), len };
    return ret_text->stored != NULL;
}

static bool refuse(const char *file, const char *node, const char *why)
{
    printf("%s: %s: %s\n", file, node, why);
    return false;
}

static bool span_of(augeas *aug, const char *node, struct place *ret_span)
{
    char *name = NULL;
    int found = aug_span(aug, node, &name, &ret_span->label_start, &ret_span->label_end,
                         &ret_span->value_start, &ret_span->value_end, &ret_span->start, &ret_span->end);

    free(name);
    return found == 0;
}

/* Every value is the text at its value span, and children follow each other inside their parent. */
static bool check_node(augeas *aug, const char *file, const struct text *text, const char *node,
                       struct place *ret_span)
{
    const char *value = NULL;
    char *pattern = NULL, **children = NULL;
    struct place span;
    bool ok = true;

    if (!span_of(aug, node, &span) || span.start > span.end || span.end > text->len)
        return refuse(file, node, "no span inside the text");
    aug_get(aug, node, &value);
    if (value != NULL
        && (span.value_start < span.start || span.value_end > span.end
            || strlen(value) != span.value_end - span.value_start
            || memcmp(value, text->bytes + span.value_start, strlen(value)) != 0))
        return refuse(file, node, "value differs from the text at its span");
    memset(text->stored + span.label_start, 1, span.label_end - span.label_start);
    if (value != NULL)
        memset(text->stored + span.value_start, 1, span.value_end - span.value_start);

    if (asprintf(&pattern, "%s/*", node) < 0)
        return refuse(file, node, "out of memory");
    int count = aug_match(aug, pattern, &children);
    unsigned at = span.start;
    const char *label = strrchr(node, '/') + 1;
    if (count > 0 && (label[0] == '#' || strncmp(label, "value", 5) == 0))
        ok = refuse(file, node, "has children, which the program does not look for there");
    for (int i = 0; i < count; i++) {
        struct place child;
        if (ok && (ok = check_node(aug, file, text, children[i], &child))) {
            if (child.start < at || child.end > span.end)
                ok = refuse(file, children[i], "span outside its parent or over its neighbour");
            at = child.end;
        }
        free(children[i]);
    }
    free(children);
    free(pattern);
    *ret_span = span;
    return ok;
}

/* Nothing that a person typed is missing from the tree. */
static bool check_stored(const char *file, const struct text *text)
{
    for (size_t i = 0; i < text->len; i++) {
        const char *at = text->bytes + i;
        if (text->stored[i] || strchr(" \t\v\f\r\n=:#!\\{}|", *at) != NULL)
            continue;
        if (at[0] == '-' && at[1] == 'o' && !text->stored[i + 1]) {
            i++;
            continue;
        }
        printf("%s: byte %zu, '%c', is not in the tree\n", file, i, *at);
        return false;
    }
    return true;
}

static bool check_tiling(augeas *aug, const char *file, const struct text *text)
{
    int count = aug_match(aug, "/tree/*", NULL);
    unsigned at = 0;

    for (int i = 1; i <= count; i++) {
        char node[40];
        struct place span;
        snprintf(node, sizeof node, "/tree/*[%d]", i);
        if (!check_node(aug, file, text, node, &span))
            return false;
        if (span.start != at)
            return refuse(file, node, "does not begin where the node before it ends");
        at = span.end;
        if (at == 0 || text->bytes[at - 1] != '\n')
            return refuse(file, node, "does not end with a newline");
    }
    if (at != text->len)
        return refuse(file, "/tree", "text behind the last node");
    return check_stored(file, text);
}

static bool report_error(augeas *aug, const char *file)
{
    const char *message = NULL, *line = "?", *column = "?";

    if (aug_error(aug) != AUG_NOERROR)
        return refuse(file, aug_error_message(aug), aug_error_details(aug) ? aug_error_details(aug) : "");
    aug_get(aug, "/augeas/text/tree/error/message", &message);
    aug_get(aug, "/augeas/text/tree/error/line", &line);
    aug_get(aug, "/augeas/text/tree/error/char", &column);
    printf("%s:%s:%s: %s\n", file, line, column, message != NULL ? message : "refused");
    return false;
}

static bool check_file(augeas *aug, const char *module, const char *file)
{
    char lens[80];
    struct text text;
    bool ok;

    if (!read_text(file, &text))
        return false;
    const char *read = text.bytes;
    snprintf(lens, sizeof lens, "%s.lns", module);
    aug_rm(aug, "/tree");
    aug_rm(aug, "/augeas/text");
    if (strcmp(module, "Mf_Master") == 0)
        read = postfix_masked_master(text.bytes, text.len);
    else if (strcmp(module, "Mf_Transport") == 0 || strcmp(module, "Mf_Aliases") == 0)
        read = postfix_masked_table(strcmp(module, "Mf_Aliases") == 0, text.bytes, text.len);
    else if (strcmp(module, "Mf_Dovecot") == 0)
        read = dovecot_masked(text.bytes, text.len);
    memmove(text.bytes, read, text.len);
    if (strlen(text.bytes) != text.len)
        ok = refuse(file, module, "holds a NUL byte");
    else if (aug_set(aug, "/text", text.bytes) < 0 || aug_text_store(aug, lens, "/text", "/tree") < 0)
        ok = report_error(aug, file);
    else
        ok = check_tiling(aug, file, &text);
    if (ok)
        printf("%s: ok\n", file);
    free(text.bytes);
    free(text.stored);
    return ok;
}

static void exhausted(void)
{
    fprintf(stderr, "tile: the arena is used up\n");
    abort();
}

int main(int argc, char **argv)
{
    struct err err;
    if (argc < 4) {
        fprintf(stderr, "usage: tile LENSDIR MODULE FILE...\n");
        return 2;
    }
    if (!arena_open(exhausted, &err)) {
        fprintf(stderr, "tile: %s\n", err.text);
        return 1;
    }
    unsetenv("AUGEAS_LENS_LIB");
    augeas *aug = aug_init(NULL, argv[1],
                           AUG_NO_STDINC | AUG_NO_LOAD | AUG_NO_MODL_AUTOLOAD | AUG_ENABLE_SPAN
                               | AUG_NO_ERR_CLOSE);
    if (aug == NULL || aug_error(aug) != AUG_NOERROR) {
        fprintf(stderr, "tile: Augeas does not start\n");
        return 1;
    }
    bool ok = true;
    for (int i = 3; i < argc; i++)
        ok &= check_file(aug, argv[2], argv[i]);
    aug_close(aug);
    return ok ? 0 : 1;
}
