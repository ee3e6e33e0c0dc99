/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * mailfix tree DOC|FILE [--as DOC] [PATH]: what a lens sees, a line a node: START-END<TAB>PATH<TAB>VALUE.
 *
 * A document of several files has a line "# FILE" before the nodes of each.
 *
 * Offsets are bytes of the file. Control bytes in values are shown as \xNN, also to a pipe, because a value
 * must stay one field of one line. On a terminal and in a report values that look like secrets are ***.
 */
#include "doc.h"
#include "show.h"
#include "tree.h"
#include "verbs.h"

#include <string.h>
#include <unistd.h>

static void print_value(const char *value)
{
    for (const char *at = value; *at != '\0'; at++) {
        unsigned char c = (unsigned char)*at;
        if (c < 0x20 || c == 0x7f)
            printf("\\x%02x", c);
        else
            putchar(c);
    }
}

/* The position of a node among its siblings of the same label, from 1. */
static size_t index_of(const struct node *node, size_t at)
{
    size_t index = 1;
    for (size_t i = 0; i < at; i++)
        index += strcmp(node[i].label, node[at].label) == 0;
    return index;
}

/* What print_nodes is about: the file for --json, and the path that is wanted, NULL: all. */
struct printing {
    const char *file, *wanted;
    enum secrecy secrecy;
    bool masked;
};

static bool is_value(const struct node *node)
{
    return strcmp(node->label, "value") == 0;
}

/* A setting whose name, or the value of which, looks like a secret. */
static bool is_secret(const struct node *node, enum secrecy secrecy)
{
    bool secret = secrecy == SECRETS_ALL;
    for (size_t i = 0; i < node->n_child && node->value != NULL; i++)
        secret |= is_value(&node->child[i]) && node->child[i].value != NULL &&
                  secret_setting(node->value, node->child[i].value);
    return secrecy != SECRETS_SHOWN && secret;
}

/* A comment may be what such a setting was. */
static const char *comment(const struct printing *p, const char *text)
{
    size_t len = strlen(text);
    const char *shown = secret_line(text, 0, len, p->secrecy);
    return shown != NULL ? arena_copy(shown, strcspn(shown, "\n")) : text;
}

static const char *shown_value(struct printing *p, const struct node *node, bool secret)
{
    if (node->value == NULL)
        return NULL;
    const char *text = secret && is_value(node) && node->value[0] != '\0' ? "***"
                       : node->label[0] == '#'                            ? comment(p, node->value)
                                                                          : node->value;
    p->masked |= text != node->value;
    return text;
}

/* secret: what these nodes are part of looks like one. */
static void print_nodes(struct printing *p, const struct node *node, size_t n, const char *parent,
                        bool secret)
{
    for (size_t i = 0; i < n; i++) {
        const char *path = arena_printf("%s/%s[%zu]", parent, node[i].label, index_of(node, i));
        size_t len = p->wanted != NULL ? strlen(p->wanted) : 0;
        bool below = len == 0 || (strncmp(path, p->wanted, len) == 0 &&
                                  (path[len] == '\0' || strchr("/[", path[len]) != NULL));
        if (below) {
            printf("%zu-%zu\t%s\t", node[i].span.start, node[i].span.end, path);
            const char *value = shown_value(p, &node[i], secret);
            print_value(value != NULL ? value : "");
            putchar('\n');
            struct json_t *item = report_add(report_top(), "nodes");
            report_number(item, "start", (long long)node[i].span.start);
            report_number(item, "end", (long long)node[i].span.end);
            report_text(item, "file", p->file);
            report_text(item, "path", path);
            report_text(item, "value", value);
        }
        print_nodes(p, node[i].child, node[i].n_child, path, secret || is_secret(&node[i], p->secrecy));
    }
}

static void print_file(const char *path, enum secrecy secrecy, const char *wanted, const struct node *node,
                       size_t n)
{
    struct printing p = {.file = path, .wanted = wanted, .secrecy = secrecy};
    print_nodes(&p, node, n, "", false);
    if (p.masked)
        out_printf(stdout, SHOW_MASKED);
}

/* A document of this host. */
static bool print_document(struct facts *facts, const char *id, const char *wanted, struct err *err)
{
    struct docs docs = {.facts = facts};
    const struct doc *const *doc;
    size_t n;
    if (!docs_files(&docs, id, NULL, &doc, &n, err))
        return false;
    bool single = strcmp(id, "main.cf") == 0 || strcmp(id, "master.cf") == 0;
    for (size_t i = 0; i < n; i++) {
        if (!single)
            out_printf(stdout, doc[i]->absent ? "# %s (not there)\n" : "# %s\n", doc[i]->path);
        print_file(doc[i]->path, show_secrecy(id, doc[i]->path), wanted, doc[i]->node, doc[i]->n_node);
    }
    return true;
}

static bool print_named(const char *name, enum lens lens, const char *wanted, struct err *err)
{
    struct root host;
    char cwd[4096];
    struct node *node;
    const char *text, *path = name;
    size_t n, len;
    if (name[0] != '/' && getcwd(cwd, sizeof(cwd)) != NULL)
        path = arena_printf("%s/%s", cwd, name);
    if (!root_open("/", &host, err))
        return false;
    bool ok = file_read_path(&host, path, ANY_OWNER, &text, &len, err);
    close(host.fd);
    if (!ok || !tree_parse(lens, name, text, len, &node, &n, err))
        return false;
    print_file(path, show_secrecy(lens == LENS_TRANSPORT ? "map " : name, path), wanted, node, n);
    return true;
}

enum outcome verb_tree(struct options *o, struct err *err)
{
    struct facts *facts;
    enum lens lens;
    struct strings lenses = tree_lens_names(), words = o->words;
    /* "map PARAMETER" is one name in two words. */
    if (words.n > 1 && strcmp(words.item[0], "map") == 0) {
        words.item++;
        words.n--;
        words.item[0] = arena_printf("map %s", words.item[0]);
    }
    if (words.n < 1 || words.n > 2)
        return err_outcome(err, USAGE, "tree takes a document or a file, and perhaps a path in its tree"),
               USAGE;
    const char *name = words.item[0], *slash = strrchr(name, '/');
    const char *wanted = words.n > 1 ? words.item[1] : NULL;
    const char *as = o->as != NULL ? o->as : slash != NULL ? slash + 1 : name;
    bool document = doc_id_known(name) && (o->as == NULL || strcmp(o->as, name) == 0);
    if (o->as == NULL && ends_with(as, ".fix"))
        as = "fix";
    if (!document && !tree_lens_of(as, &lens))
        return err_outcome(err, USAGE, "which lens shall read %s? Add --as with one of: %s", name,
                           strings_join(&lenses, " ")),
               USAGE;
    if (!facts_open(&o->root, o->facts_file, &facts, err) ||
        !(document ? print_document(facts, name, wanted, err) : print_named(name, lens, wanted, err)))
        return err->outcome;
    return DONE;
}
