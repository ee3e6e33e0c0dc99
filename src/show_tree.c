/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * mailfix tree DOC|FILE [--as DOC] [PATH]: what a lens sees, a line a node: START-END<TAB>PATH<TAB>VALUE.
 *
 * Offsets are bytes of the file. Control bytes in values are shown as \xNN, also to a pipe, because a value
 * must stay one field of one line.
 */
#include "doc.h"
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

static void print_nodes(const struct node *node, size_t n, const char *parent, const char *wanted)
{
    for (size_t i = 0; i < n; i++) {
        const char *path = arena_printf("%s/%s[%zu]", parent, node[i].label, index_of(node, i));
        size_t len = wanted != NULL ? strlen(wanted) : 0;
        bool below = len == 0 || (strncmp(path, wanted, len) == 0 &&
                                  (path[len] == '\0' || strchr("/[", path[len]) != NULL));
        if (below) {
            printf("%zu-%zu\t%s\t", node[i].span.start, node[i].span.end, path);
            print_value(node[i].value != NULL ? node[i].value : "");
            putchar('\n');
            struct json_t *item = report_add(report_top(), "nodes");
            report_number(item, "start", (long long)node[i].span.start);
            report_number(item, "end", (long long)node[i].span.end);
            report_text(item, "path", path);
            report_text(item, "value", node[i].value);
        }
        print_nodes(node[i].child, node[i].n_child, path, wanted);
    }
}

static bool read_named(struct options *o, struct facts *facts, const char *name, const char **ret_path,
                       const char **ret_text, size_t *ret_len, struct err *err)
{
    struct root host;
    char cwd[4096];
    *ret_path = name;
    for (size_t i = 0; i < N_DOCS; i++)
        if (strcmp(DOC_IDS[i], name) == 0) {
            *ret_path = doc_path(facts, name);
            return file_read_path(&o->root, *ret_path, ANY_OWNER, ret_text, ret_len, err);
        }
    if (name[0] != '/' && getcwd(cwd, sizeof(cwd)) != NULL)
        name = arena_printf("%s/%s", cwd, name);
    if (!root_open("/", &host, err))
        return false;
    bool ok = file_read_path(&host, name, ANY_OWNER, ret_text, ret_len, err);
    close(host.fd);
    return ok;
}

enum outcome verb_tree(struct options *o, struct err *err)
{
    struct facts *facts;
    enum lens lens;
    struct node *node;
    size_t n, len;
    const char *path, *text;
    struct strings lenses = tree_lens_names();
    if (o->words.n < 1 || o->words.n > 2)
        return err_outcome(err, USAGE, "tree takes a document or a file, and perhaps a path in its tree"),
               USAGE;
    const char *name = o->words.item[0], *slash = strrchr(name, '/');
    const char *as = o->as != NULL ? o->as : slash != NULL ? slash + 1 : name;
    if (o->as == NULL && ends_with(as, ".fix"))
        as = "fix";
    if (!tree_lens_of(as, &lens))
        return err_outcome(err, USAGE, "which lens shall read %s? Add --as with one of: %s", name,
                           strings_join(&lenses, " ")),
               USAGE;
    if (!facts_open(&o->root, o->facts_file, &facts, err) ||
        !read_named(o, facts, name, &path, &text, &len, err) ||
        !tree_parse(lens, path, text, len, &node, &n, err))
        return err->outcome;
    print_nodes(node, n, "", o->words.n > 1 ? o->words.item[1] : NULL);
    return DONE;
}
