/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * dovecot.conf with the files that it includes, as Dovecot reads them; see doc.h.
 *
 * Limits: of the files that an !include matches the first in the alphabet is read first, as Dovecot does
 * today (early 2.x read the last one first; 1.x takes the pattern for a name). Sections are opened and closed
 * in one file, and a line that goes on does so in the same file.
 */
#include "doc_private.h"
#include "dovecot.h"

#include <fnmatch.h>
#include <limits.h>
#include <string.h>

/* A file counts each time; without an end to it, files that include two others each would take for ever. */
#define MOST_READS 1000

static bool is_listed(const struct reading *r, const char *real)
{
    for (size_t i = 0; i < r->n; i++)
        if (strcmp(r->doc[i]->real, real) == 0)
            return true;
    return false;
}

/* ---- patterns ---- */

/* Behind the '}' of the '{' at open, and the commas between; NULL: nothing closes it. */
static const char *brace_end(const char *open, struct strings *ret_items)
{
    const char *item = open + 1;
    int depth = 0;
    for (const char *at = open; *at != '\0'; at++) {
        depth += *at == '{';
        if (depth == 1 && (*at == ',' || *at == '}')) {
            strings_add(ret_items, arena_copy(item, (size_t)(at - item)));
            item = at + 1;
        }
        depth -= *at == '}';
        if (depth == 0)
            return at + 1;
    }
    return NULL;
}

/* "{a,b}.conf" becomes a.conf and b.conf, as GLOB_BRACE has it; braces that nothing closes, and "{}", stand
 * for themselves. */
static void expand_braces(const char *before, const char *pattern, struct strings *ret_patterns)
{
    const char *open = pattern, *end = NULL;
    struct strings items = {0};
    while ((open = strchr(open, '{')) != NULL) {
        items = (struct strings){0};
        end = open[1] != '}' ? brace_end(open, &items) : NULL;
        if (end != NULL)
            break;
        open++;
    }
    if (open == NULL) {
        strings_add(ret_patterns, arena_printf("%s%s", before, pattern));
        return;
    }
    before = arena_printf("%s%.*s", before, (int)(open - pattern), pattern);
    for (size_t i = 0; i < items.n && ret_patterns->n <= MOST_READS; i++)
        expand_braces(before, arena_printf("%s%s", items.item[i], end), ret_patterns);
}

/* The files that a pattern without braces stands for, sorted as glob(3) does in the C locale. */
static bool expand_stars(struct reading *r, const char *pattern, struct strings *ret_paths)
{
    struct strings parts = strings_split(pattern, "/"), paths = {0}, there = {0};
    const struct root *root = facts_root(r->docs->facts);
    strings_add(&paths, "");
    for (size_t i = 0; i < parts.n; i++) {
        struct strings longer = {0};
        for (size_t k = 0; k < paths.n; k++) {
            struct strings names = {0};
            bool glob = strpbrk(parts.item[i], "*?[") != NULL;
            if (!glob)
                strings_add(&names, parts.item[i]);
            else if (!file_list(root, paths.item[k][0] != '\0' ? paths.item[k] : "/", false, &names, r->err))
                return false;
            for (size_t m = 0; m < names.n; m++)
                if (!glob || fnmatch(parts.item[i], names.item[m], FNM_PERIOD) == 0)
                    strings_add(&longer, arena_printf("%s/%s", paths.item[k], names.item[m]));
        }
        paths = longer;
    }
    for (size_t i = 0; i < paths.n; i++)
        if (file_exists(root, paths.item[i]))
            strings_add(&there, paths.item[i]);
    strings_sort(&there);
    for (size_t i = 0; i < there.n; i++)
        strings_add(ret_paths, there.item[i]);
    return true;
}

static bool expand_pattern(struct reading *r, const char *pattern, struct strings *ret_paths)
{
    struct strings patterns = {0};
    if (strlen(pattern) >= PATH_MAX)
        return true;
    expand_braces("", pattern, &patterns);
    if (patterns.n > MOST_READS)
        return err_set(r->err, "more than %d files are included", MOST_READS);
    for (size_t i = 0; i < patterns.n; i++)
        if (!expand_stars(r, patterns.item[i], ret_paths))
            return false;
    return true;
}

/* ---- reading ---- */

/* The files on the way to the one that is being read. */
struct includer {
    const struct doc *doc;
    const struct includer *up;
};

/* Where in the nest of sections a line stands. */
struct within {
    const char *path; /* "": at the top */
    const struct node *alone;
};

static bool read_text(struct reading *r, const struct doc *doc, const struct includer *up, struct within in);

static bool read_include(struct reading *r, const struct includer *by, const struct node *node,
                         struct within in)
{
    struct strings paths = {0};
    const struct doc *doc = by->doc;
    size_t line = doc_line(doc, node->span.start);
    if (!expand_pattern(r, dovecot_include(doc->path, node), &paths))
        return err_prefix(r->err, "%s:%zu", doc->path, line);
    if (paths.n == 0 && !dovecot_may_miss(node))
        return err_set(r->err, "%s:%zu: it includes %s, and no such file is there", doc->path, line,
                       node->value);
    for (size_t i = 0; i < paths.n; i++) {
        const struct doc *next;
        if (!doc_read_file(r, paths.item[i], false, &next))
            return false;
        for (const struct includer *open = by; open != NULL; open = open->up)
            if (strcmp(open->doc->real, next->real) == 0)
                return err_set(r->err, "%s:%zu: %s includes itself", doc->path, line, next->real);
        if (++r->n_read > MOST_READS)
            return err_set(r->err, "%s:%zu: more than %d files are included", doc->path, line, MOST_READS);
        if (!read_text(r, next, by, in))
            return false;
    }
    return true;
}

static const char *joined_path(const char *path, const char *name)
{
    return path[0] != '\0' ? arena_printf("%s/%s", path, name) : name;
}

static void add_entry(struct reading *r, const struct doc *doc, const struct node *node, const char *name,
                      struct within in)
{
    struct dovecot_entry entry = {doc, node, joined_path(in.path, name), in.alone};
    r->dovecot.entry = arena_append(r->dovecot.entry, &r->dovecot.n, sizeof(entry), &entry);
}

/* Which Dovecot it is, is asked only where that makes a difference. */
static const char *name_for(struct reading *r, const struct node *node)
{
    const char *name = dovecot_name(node), *with = dovecot_name_with_backslashes(node);
    if (name == NULL || strcmp(name, with) == 0)
        return name;
    const char *version = facts_get(r->docs->facts, "dovecot.version");
    bool keeps = version != NULL && strspn(version, "0123456789.") == strlen("2.4.x") &&
                 (starts_with(version, "2.4.0") || starts_with(version, "2.4.1"));
    return keeps ? with : name;
}

static bool read_nodes(struct reading *r, const struct includer *by, const struct node *node, size_t n,
                       struct within in)
{
    for (size_t i = 0; i < n; i++) {
        const char *name = name_for(r, &node[i]);
        if (dovecot_include(by->doc->path, &node[i]) != NULL && !read_include(r, by, &node[i], in))
            return false;
        if (name == NULL)
            continue;
        add_entry(r, by->doc, &node[i], name, in);
        struct within inner = {joined_path(in.path, name),
                               dovecot_stands_alone(&node[i]) ? &node[i] : in.alone};
        if (!read_nodes(r, by, node[i].child, strcmp(node[i].label, "section") == 0 ? node[i].n_child : 0,
                        inner))
            return false;
    }
    return true;
}

static bool read_text(struct reading *r, const struct doc *doc, const struct includer *up, struct within in)
{
    struct includer here = {doc, up};
    if (!is_listed(r, doc->real))
        r->doc = arena_append(r->doc, &r->n, sizeof(struct doc *), &doc);
    if (up == NULL)
        r->dovecot.first = doc;
    if (in.path[0] == '\0' && !doc_is_packages(doc) && !dovecot_is_shipped(doc->path))
        r->dovecot.own = doc;
    return read_nodes(r, &here, doc->node, doc->n_node, in);
}

static const char *dovecot_path(struct facts *facts)
{
    const char *path = facts_get(facts, "dovecot.config-file");
    if (path != NULL)
        return path;
    /* 1.x had it one level higher. */
    const char *old = "/etc/dovecot.conf", *usual = "/etc/dovecot/dovecot.conf";
    return !file_exists(facts_root(facts), usual) && file_exists(facts_root(facts), old) ? old : usual;
}

bool doc_read_dovecot(struct reading *r)
{
    const struct doc *doc;
    return doc_read_file(r, dovecot_path(r->docs->facts), false, &doc) &&
           read_text(r, doc, NULL, (struct within){"", NULL});
}

bool docs_dovecot(struct docs *docs, struct dovecot_conf *ret_conf, struct err *err)
{
    struct reading r = {.docs = docs, .id = DOC_DOVECOT, .err = err};
    bool ok = doc_read_dovecot(&r);
    *ret_conf = r.dovecot;
    return ok;
}
