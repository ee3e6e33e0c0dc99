/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dovecot_dump LENSDIR FACTS ROOT...
 *
 * FACTS is a file for --facts. For each root its name, and what mailfix takes to be in effect in dovecot.conf and what it includes there,
 * a line a setting: FILE:LINE, ALONE, PATH, LITERAL and VALUE with tabs between them. ALONE is the number,
 * from 1, among those of its type, of the section around it that merges with no other, 0: none; LITERAL is 0
 * where Dovecot expands the value. A root whose configuration mailfix refuses has a line "refused" and the
 * message. In names and values backslash, tab and newline are written \\, \t and \n.
 */
#include "doc.h"
#include "dovecot.h"
#include "place_private.h"
#include "tree.h"

#include <stdlib.h>
#include <string.h>

static void print_escaped(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\n')
            printf("\\n");
        else if (*text == '\t')
            printf("\\t");
        else if (*text == '\\')
            printf("\\\\");
        else
            putchar(*text);
    }
}

/* The number of the section among those of its type that merge with no other. */
static int number_of(const struct dovecot_entry *entry, const struct node *alone)
{
    int number = alone != NULL;
    for (; alone != NULL && entry->node != alone; entry++)
        number += dovecot_stands_alone(entry->node) && strcmp(entry->node->value, alone->value) == 0;
    return number;
}

static void dump(const char *facts, const char *dir)
{
    struct root root;
    struct err err;
    struct docs docs = {0};
    struct dovecot_conf conf;
    printf("root\t%s\n", dir);
    if (!root_open(dir, &root, &err) || !facts_open(&root, facts, &docs.facts, &err) ||
        !docs_dovecot(&docs, &conf, &err)) {
        printf("refused\t");
        print_escaped(err.text);
        printf("\n");
        return;
    }
    for (size_t i = 0; i < conf.n; i++) {
        const struct dovecot_entry *e = &conf.entry[i];
        if (strcmp(e->node->label, "setting") != 0 || place_dovecot_setting(conf.entry, conf.n, e->path, e->alone) != e)
            continue;
        printf("%s:%zu\t%d\t", e->doc->path, doc_line(e->doc, e->node->span.start),
               number_of(conf.entry, e->alone));
        print_escaped(e->path);
        printf("\t%d\t", dovecot_is_literal(e->node));
        print_escaped(dovecot_value(e->node));
        printf("\n");
    }
}

static void exhausted(void)
{
    fprintf(stderr, "dovecot_dump: out of memory\n");
    exit(1);
}

int main(int argc, char **argv)
{
    struct err err;
    if (argc < 4 || !arena_open(exhausted, &err))
        return 2;
    tree_set_lens_dir(argv[1]);
    for (int i = 3; i < argc; i++)
        dump(argv[2], argv[i]);
    tree_close();
    return 0;
}
