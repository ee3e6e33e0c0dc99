/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The documents of one host; see doc.h.
 *
 * Limits: one instance of each server, files of at most FILE_LIMIT bytes each. A table whose name is no
 * absolute path is passed over. Braces in the pattern of an
 * !include are not expanded; of the files that it matches the first in the alphabet is read first, as Dovecot
 * does today (1.x and early 2.x read the last one first).
 */
#include "doc.h"

#include "dovecot.h"
#include "postfix.h"
#include "postfix_list.h"
#include "tree.h"

#include <fnmatch.h>
#include <string.h>
#include <unistd.h>

#define MAP "map "

const char *const DOC_IDS[N_DOCS] = {"main.cf", "master.cf"};

const char *doc_path(struct facts *facts, const char *id)
{
    const char *dir = facts_get(facts, "postfix.config-directory");
    return arena_printf("%s/%s", dir != NULL ? dir : postfix_default("config_directory"), id);
}

/* The lens of a document: that of its name, or of the texts of maps. */
static bool lens_of(const char *id, enum lens *ret_lens)
{
    return tree_lens_of(starts_with(id, MAP) ? "transport" : id, ret_lens);
}

static bool parse(struct doc *doc, struct err *err)
{
    enum lens lens;
    if (!lens_of(doc->id, &lens))
        return err_set(err, "there is no lens for %s", doc->id);
    return tree_parse(lens, doc->path, doc->text, doc->len, &doc->node, &doc->n_node, err);
}

static bool load(const struct root *root, struct doc *doc, bool may_be_absent, struct err *err)
{
    struct at at;
    if (!file_resolve(root, doc->path, &at, err))
        return false;
    doc->real = at.path;
    doc->absent = may_be_absent && !file_is_there(at.dir, at.name);
    doc->text = "";
    bool ok = doc->absent || file_read(&at, ANY_OWNER, &doc->text, &doc->len, &doc->identity, err);
    close(at.dir);
    if (!ok)
        return strcmp(doc->path, doc->real) == 0
                   ? false
                   : err_prefix(err, "%s is a symbolic link to %s", doc->path, doc->real);
    if (!doc->absent)
        digest_hex(doc->text, doc->len, doc->digest);
    return true;
}

bool doc_load(struct facts *facts, const char *id, bool lens, struct doc **ret_doc, struct err *err)
{
    struct doc *doc = arena_alloc(sizeof(*doc));
    doc->id = id;
    doc->path = doc_path(facts, id);
    if (!load(facts_root(facts), doc, false, err))
        return doc->real != NULL ? false : err_prefix(err, "Postfix's %s is expected at %s", id, doc->path);
    if (lens && !parse(doc, err))
        return false;
    *ret_doc = doc;
    return true;
}

bool doc_reparse(const struct doc *doc, const char *text, size_t len, const struct doc **ret_doc,
                 struct err *err)
{
    struct doc *edited = arena_alloc(sizeof(*edited));
    *edited = *doc;
    edited->text = text;
    edited->len = len;
    edited->node = NULL;
    edited->n_node = 0;
    digest_hex(text, len, edited->digest);
    if (!parse(edited, err))
        return false;
    *ret_doc = edited;
    return true;
}

bool docs_get(struct docs *docs, const char *id, const struct doc **ret_doc, struct err *err)
{
    for (size_t i = 0; i < N_DOCS; i++) {
        if (strcmp(DOC_IDS[i], id) != 0)
            continue;
        if (!docs->tried[i]) {
            struct doc *doc;
            docs->tried[i] = true;
            if (doc_load(docs->facts, DOC_IDS[i], true, &doc, &docs->failure[i]))
                docs->doc[i] = doc;
        }
        *ret_doc = docs->doc[i];
        if (docs->doc[i] == NULL)
            *err = docs->failure[i];
        return docs->doc[i] != NULL;
    }
    return err_set(err, "there is no document %s", id);
}

static void keep_file(struct docs *docs, const struct doc *doc)
{
    struct doc_file *file = arena_alloc(sizeof(*file));
    *file = (struct doc_file){doc, docs->file};
    docs->file = file;
}

void docs_put(struct docs *docs, const struct doc *doc)
{
    for (size_t i = 0; i < N_DOCS; i++)
        if (strcmp(DOC_IDS[i], doc->id) == 0) {
            docs->doc[i] = doc;
            docs->tried[i] = true;
            return;
        }
    keep_file(docs, doc);
}

size_t doc_line(const struct doc *doc, size_t offset)
{
    return text_position(doc->text, doc->len, offset).line;
}

/* ---- documents of several files ---- */

struct reading {
    struct docs *docs;
    const char *id;
    const struct doc **doc; /* found so far */
    size_t n;
    struct err *err;
};

/* One file of the document: as edited, as read before, or as it is on disk. */
static bool read_file(struct reading *r, const char *path, bool may_be_absent, const struct doc **ret_doc)
{
    enum lens lens, other;
    bool known = lens_of(r->id, &lens);
    for (const struct doc_file *file = r->docs->file; file != NULL && known; file = file->next)
        if (strcmp(file->doc->path, path) == 0 && lens_of(file->doc->id, &other) && other == lens) {
            *ret_doc = file->doc;
            return true;
        }
    struct doc *doc = arena_alloc(sizeof(*doc));
    doc->id = r->id;
    doc->path = path;
    if (!load(facts_root(r->docs->facts), doc, may_be_absent, r->err) ||
        (!doc->absent && !parse(doc, r->err)))
        return false;
    keep_file(r->docs, doc);
    *ret_doc = doc;
    return true;
}

static bool is_listed(const struct reading *r, const char *real)
{
    for (size_t i = 0; i < r->n; i++)
        if (strcmp(r->doc[i]->real, real) == 0)
            return true;
    return false;
}

/* The text files of the tables that a parameter names; those of patterns have no keys. */
static bool table_texts(struct reading *r, const char *parameter, struct strings *ret_paths)
{
    const struct doc *main_cf;
    const char *missing = NULL;
    struct strings types = facts_table_types(r->docs->facts),
                   patterns = strings_split("regexp pcre cidr", " ");
    struct table_ref *ref;
    size_t n;
    if (!docs_get(r->docs, "main.cf", &main_cf, r->err))
        return false;
    const char *value = facts_value(r->docs->facts, main_cf, parameter, &missing);
    if (value == NULL && missing != NULL)
        return err_set(r->err, "nobody can tell what %s is; main.cf or the fact %s must say so", parameter,
                       missing);
    postfix_tables(parameter, value != NULL ? value : "", &types, &ref, &n);
    for (size_t i = 0; i < n; i++)
        if (postfix_text_index(ref[i].type, ref[i].name) != NULL && ref[i].name[0] == '/' &&
            !strings_have(&patterns, ref[i].type) && !strings_have(ret_paths, ref[i].name))
            strings_add(ret_paths, ref[i].name);
    return true;
}

static bool read_tables(struct reading *r, const struct strings *paths)
{
    for (size_t i = 0; i < paths->n; i++) {
        const struct doc *doc;
        if (!read_file(r, paths->item[i], true, &doc))
            return false;
        r->doc = arena_append(r->doc, &r->n, sizeof(struct doc *), &doc);
    }
    return true;
}

static bool read_aliases(struct reading *r)
{
    struct strings paths = {0};
    struct err ignored;
    struct reading quiet = *r;
    quiet.err = &ignored;
    /* Without Postfix, sendmail's place. */
    if (!table_texts(&quiet, "alias_maps", &paths))
        strings_add(&paths, "/etc/aliases");
    return read_tables(r, &paths);
}

static bool read_map(struct reading *r, const char *parameter)
{
    struct strings paths = {0};
    if (!table_texts(r, parameter, &paths))
        return false;
    if (paths.n == 0)
        return err_set(r->err, "%s names no table that is made from a text file", parameter);
    paths.n = 1;
    return read_tables(r, &paths);
}

/* ---- Dovecot ---- */

/* The files that a pattern stands for, sorted as glob(3) does. */
static bool expand_pattern(struct reading *r, const char *pattern, struct strings *ret_paths)
{
    struct strings parts = strings_split(pattern, "/"), paths = {0};
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
            strings_add(ret_paths, paths.item[i]);
    return true;
}

/* The files on the way to the one that is being read. */
struct includer {
    const struct doc *doc;
    const struct includer *up;
};

static bool read_dovecot(struct reading *r, const struct doc *doc, const struct includer *up);

static bool read_include(struct reading *r, const struct includer *by, const struct node *node)
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
        if (!read_file(r, paths.item[i], false, &next))
            return false;
        for (const struct includer *in = by; in != NULL; in = in->up)
            if (strcmp(in->doc->real, next->real) == 0)
                return err_set(r->err, "%s:%zu: %s includes itself", doc->path, line, next->real);
        if (!is_listed(r, next->real) && !read_dovecot(r, next, by))
            return false;
    }
    return true;
}

static bool read_includes(struct reading *r, const struct includer *by, const struct node *node, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((dovecot_include(by->doc->path, &node[i]) != NULL && !read_include(r, by, &node[i])) ||
            !read_includes(r, by, node[i].child, node[i].n_child))
            return false;
    return true;
}

static bool read_dovecot(struct reading *r, const struct doc *doc, const struct includer *up)
{
    struct includer here = {doc, up};
    r->doc = arena_append(r->doc, &r->n, sizeof(struct doc *), &doc);
    return read_includes(r, &here, doc->node, doc->n_node);
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

bool doc_id_known(const char *id)
{
    return strcmp(id, "main.cf") == 0 || strcmp(id, "master.cf") == 0 || strcmp(id, "aliases") == 0 ||
           strcmp(id, "dovecot.conf") == 0 || (starts_with(id, MAP) && id[strlen(MAP)] != '\0');
}

bool docs_files(struct docs *docs, const char *id, const struct doc *const **ret_doc, size_t *ret_n,
                struct err *err)
{
    struct reading r = {.docs = docs, .id = id, .err = err};
    const struct doc *single;
    bool ok;
    if (strcmp(id, "aliases") == 0)
        ok = read_aliases(&r);
    else if (starts_with(id, MAP))
        ok = read_map(&r, id + strlen(MAP));
    else if (strcmp(id, "dovecot.conf") == 0)
        ok = read_file(&r, dovecot_path(docs->facts), false, &single) && read_dovecot(&r, single, NULL);
    else if ((ok = docs_get(docs, id, &single, err)))
        r.doc = arena_append(r.doc, &r.n, sizeof(struct doc *), &single);
    *ret_doc = r.doc;
    *ret_n = r.n;
    return ok;
}
