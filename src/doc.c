/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The documents of one host; see doc.h. The texts of tables are read by doc_table.c.
 *
 * Limits: one instance of each server, files of at most FILE_LIMIT bytes each, but for the texts of tables. A
 * table whose name is no absolute path is passed over.
 */
#include "doc_private.h"

#include "extract.h"
#include "hunk.h"
#include "postfix.h"
#include "postfix_nodes.h"
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

static bool parse_by_hand(struct doc *doc)
{
    return (strcmp(doc->id, "main.cf") == 0 &&
            postfix_nodes_main(doc->text, doc->len, &doc->node, &doc->n_node)) ||
           (strcmp(doc->id, "master.cf") == 0 &&
            postfix_nodes_master(doc->text, doc->len, &doc->node, &doc->n_node));
}

/* Without the lens where that sees the same. */
static bool parse_as_read(struct doc *doc, struct err *err)
{
    enum lens lens = strcmp(doc->id, "master.cf") == 0 ? LENS_MASTER : LENS_MAIN;
    return tree_fits(lens, doc->path, doc->text, doc->len, err) && (parse_by_hand(doc) || parse(doc, err));
}

/* What an edit makes of a file is for the lens, always: so each node that an edit leaves alone has been read
 * in both ways. */
static bool parse_edited(struct doc *doc, struct err *err)
{
    enum lens lens = strcmp(doc->id, "master.cf") == 0 ? LENS_MASTER : LENS_MAIN;
    if (parse_by_hand(doc) && tree_fits(lens, doc->path, doc->text, doc->len, err) &&
        tree_agrees(lens, doc->text, doc->node, doc->n_node))
        return true;
    doc->node = NULL;
    doc->n_node = 0;
    return parse(doc, err);
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
 * NULL: err says why; where not even the directory is there, there is no Postfix. */
static const struct doc *load_postfix(struct facts *facts, const char *id, struct err *err)
{
    struct doc *doc = arena_alloc(sizeof(*doc));
    doc->id = id;
    doc->path = path_of(facts, id);
    if (load(facts_root(facts), doc, false, err))
        return parse_as_read(doc, err) ? doc : NULL;
    if (doc->real == NULL)
        err_prefix(err, "Postfix's %s is expected at %s", id, doc->path);
    if (facts_installed(facts, "postfix") != HOLDS &&
        !file_exists(facts_root(facts), arena_copy(doc->path, (size_t)(strrchr(doc->path, '/') - doc->path))))
        err->outcome = NOT_APPLICABLE;
    return NULL;
}

bool doc_edited(const struct doc *doc, const struct hunk *hunk, size_t n, struct doc **ret_doc,
                struct err *err)
{
    struct doc *edited = arena_alloc(sizeof(*edited));
    *edited = *doc;
    edited->text = hunk_splice(doc->text, doc->len, hunk, n, &edited->len);
    edited->node = NULL;
    edited->n_node = 0;
    if (doc->n_piece > 0)
        edited->piece = extract_moved(doc->piece, doc->n_piece, doc->text, hunk, n);
    else
        digest_hex(edited->text, edited->len, edited->digest);
    if (!(doc->n_piece > 0 ? doc_parse_edited(edited, doc, hunk, n, err) : parse_edited(edited, err)))
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

void docs_keep_file(struct docs *docs, const struct doc *doc)
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
    docs_keep_file(docs, doc);
}

size_t doc_line(const struct doc *doc, size_t offset)
{
    if (doc->n_piece > 0)
        return extract_line(doc->piece, doc->n_piece, doc->text, offset, false);
    return text_position(doc->text, doc->len, offset).line;
}

/* ---- documents of several files ---- */

const struct doc *docs_file(const struct docs *docs, const char *id, const char *path)
{
    enum lens lens, other;
    bool known = tree_lens_of_document(id, &lens);
    for (const struct doc_file *file = docs->file; file != NULL && known; file = file->next)
        if (strcmp(file->doc->path, path) == 0 && tree_lens_of_document(file->doc->id, &other) &&
            other == lens)
            return file->doc;
    return NULL;
}

bool doc_read_file(struct reading *r, const char *path, bool may_be_absent, const struct doc **ret_doc)
{
    if ((*ret_doc = docs_file(r->docs, r->id, path)) != NULL)
        return true;
    struct doc *doc = arena_alloc(sizeof(*doc));
    doc->id = r->id;
    doc->path = path;
    if (!load(facts_root(r->docs->facts), doc, may_be_absent, r->err) ||
        (!doc->absent && !parse(doc, r->err)))
        return false;
    docs_keep_file(r->docs, doc);
    *ret_doc = doc;
    return true;
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

bool docs_files(struct docs *docs, const char *id, const struct strings *keys,
                const struct doc *const **ret_doc, size_t *ret_n, struct err *err)
{
    struct reading r = {.docs = docs, .id = id, .keys = keys, .err = err};
    const struct doc *single;
    bool ok;
    if (strcmp(id, "aliases") == 0)
        ok = doc_read_aliases(&r);
    else if (starts_with(id, TREE_MAP))
        ok = doc_read_map(&r, id + strlen(TREE_MAP));
    else if (doc_is_nested(id))
        ok = doc_read_dovecot(&r);
    else if ((ok = docs_get(docs, id, &single, err)))
        r.doc = arena_append(r.doc, &r.n, sizeof(struct doc *), &single);
    *ret_doc = r.doc;
    *ret_n = r.n;
    return ok;
}
