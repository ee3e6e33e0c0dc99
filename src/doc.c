/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The documents of one host; see doc.h.
 *
 * Limits: one instance of each server, files of at most FILE_LIMIT bytes each. A table whose name is no
 * absolute path is passed over.
 */
#include "doc_private.h"

#include "postfix.h"
#include "postfix_table.h"
#include "postfix_list.h"
#include "tree.h"

#include <string.h>
#include <unistd.h>

const char *const DOC_IDS[N_DOCS] = {"main.cf", "master.cf"};

static const char *path_of(struct facts *facts, const char *id)
{
    const char *dir = facts_get(facts, "postfix.config-directory");
    return arena_printf("%s/%s", dir != NULL ? dir : postfix_default("config_directory"), id);
}

static bool parse(struct doc *doc, struct err *err)
{
    enum lens lens;
    if (!tree_lens_of_document(doc->id, &lens))
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

/* One of the two files of Postfix as it is on disk, below the configuration directory that Postfix reports;
 * NULL: err says why. */
static const struct doc *load_postfix(struct facts *facts, const char *id, struct err *err)
{
    struct doc *doc = arena_alloc(sizeof(*doc));
    doc->id = id;
    doc->path = path_of(facts, id);
    if (load(facts_root(facts), doc, false, err))
        return parse(doc, err) ? doc : NULL;
    if (doc->real == NULL)
        err_prefix(err, "Postfix's %s is expected at %s", id, doc->path);
    return NULL;
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
            docs->tried[i] = true;
            docs->doc[i] = load_postfix(docs->facts, DOC_IDS[i], &docs->failure[i]);
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

bool doc_read_file(struct reading *r, const char *path, bool may_be_absent, const struct doc **ret_doc)
{
    enum lens lens, other;
    bool known = tree_lens_of_document(r->id, &lens);
    for (const struct doc_file *file = r->docs->file; file != NULL && known; file = file->next)
        if (strcmp(file->doc->path, path) == 0 && tree_lens_of_document(file->doc->id, &other) &&
            other == lens) {
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
        if (!doc_read_file(r, paths->item[i], true, &doc))
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

/* ---- any document ---- */

bool doc_is_packages(const struct doc *doc)
{
    const char *path = doc->real != NULL ? doc->real : doc->path;
    return starts_with(path, "/usr/share/") || starts_with(path, "/usr/lib");
}

bool doc_is_nested(const char *id)
{
    return strcmp(id, DOC_DOVECOT) == 0;
}

bool doc_can_be_absent(const char *id)
{
    return starts_with(id, TREE_MAP) || strcmp(id, "aliases") == 0;
}

bool doc_id_known(const char *id)
{
    enum lens lens;
    return tree_lens_of_document(id, &lens);
}

bool docs_files(struct docs *docs, const char *id, const struct doc *const **ret_doc, size_t *ret_n,
                struct err *err)
{
    struct reading r = {.docs = docs, .id = id, .err = err};
    const struct doc *single;
    bool ok;
    if (strcmp(id, "aliases") == 0)
        ok = read_aliases(&r);
    else if (starts_with(id, TREE_MAP))
        ok = read_map(&r, id + strlen(TREE_MAP));
    else if (doc_is_nested(id))
        ok = doc_read_dovecot(&r);
    else if ((ok = docs_get(docs, id, &single, err)))
        r.doc = arena_append(r.doc, &r.n, sizeof(struct doc *), &single);
    *ret_doc = r.doc;
    *ret_n = r.n;
    return ok;
}
