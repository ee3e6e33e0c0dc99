/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The documents of one host; see doc.h.
 *
 * Limits: the two files of one Postfix instance, of at most FILE_LIMIT bytes each.
 */
#include "doc.h"

#include "postfix.h"
#include "tree.h"

#include <string.h>
#include <unistd.h>

const char *const DOC_IDS[N_DOCS] = {"main.cf", "master.cf"};

const char *doc_path(struct facts *facts, const char *id)
{
    const char *dir = facts_get(facts, "postfix.config-directory");
    return arena_printf("%s/%s", dir != NULL ? dir : postfix_default("config_directory"), id);
}

static bool parse(struct doc *doc, struct err *err)
{
    enum lens lens;
    if (!tree_lens_of(doc->id, &lens))
        return err_set(err, "there is no lens for %s", doc->id);
    return tree_parse(lens, doc->path, doc->text, doc->len, &doc->node, &doc->n_node, err);
}

bool doc_load(struct facts *facts, const char *id, bool lens, struct doc **ret_doc, struct err *err)
{
    struct doc *doc = arena_alloc(sizeof(*doc));
    struct at at;
    doc->id = id;
    doc->path = doc_path(facts, id);
    if (!file_resolve(facts_root(facts), doc->path, &at, err))
        return err_prefix(err, "Postfix's %s is expected at %s", id, doc->path);
    doc->real = at.path;
    bool ok = file_read(&at, ANY_OWNER, &doc->text, &doc->len, &doc->identity, err);
    close(at.dir);
    if (!ok)
        return strcmp(doc->path, doc->real) == 0
                   ? false
                   : err_prefix(err, "%s is a symbolic link to %s", doc->path, doc->real);
    digest_hex(doc->text, doc->len, doc->digest);
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

void docs_put(struct docs *docs, const struct doc *doc)
{
    for (size_t i = 0; i < N_DOCS; i++)
        if (strcmp(DOC_IDS[i], doc->id) == 0) {
            docs->doc[i] = doc;
            docs->tried[i] = true;
        }
}

size_t doc_line(const struct doc *doc, size_t offset)
{
    return text_position(doc->text, doc->len, offset).line;
}
