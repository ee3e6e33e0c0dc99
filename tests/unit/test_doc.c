/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which files a document is, and in which order: alias tables, maps, Dovecot's includes.
 */
#include "doc.h"
#include "dovecot.h"
#include "unit.h"

static const char facts[] = "postfix.version = 3.7.11\npostfix.table-types = hash regexp texthash\n";

/* The paths of a document's files, an absent one with '-' before it; or the error. */
static const char *files(struct docs *docs, const char *id)
{
    const struct doc *const *doc;
    struct strings paths = {0};
    struct err err;
    size_t n;
    if (!docs_files(docs, id, NULL, &doc, &n, &err))
        return arena_string(err.text);
    for (size_t i = 0; i < n; i++)
        strings_add(&paths, arena_printf("%s%s", doc[i]->absent ? "-" : "", doc[i]->path));
    return strings_join(&paths, " ");
}

static void test_tables(void **state)
{
    (void)state;
    struct world *w =
        unit_world("d = /etc/postfix\nalias_maps = regexp:/etc/r, hash:/etc/aliases ldap:x hash:$d/b\n"
                   "transport_maps = static:x texthash:$d/t hash:$d/u\nrelocated_maps = static:x\n",
                   "", facts, NULL);
    unit_file("etc/aliases", "root: anna\n");
    assert_string_equal(files(&w->docs, "aliases"), "/etc/aliases -/etc/postfix/b");
    assert_string_equal(files(&w->docs, "map transport_maps"), "-/etc/postfix/t");
    assert_non_null(strstr(files(&w->docs, "map relocated_maps"), "names no table that is made from a text"));
    assert_non_null(strstr(files(&w->docs, "nonsense"), "there is no document nonsense"));
    assert_true(doc_id_known("map x") && !doc_id_known("map ") && !doc_id_known("/etc/aliases"));
}

/* A map follows the planned main.cf, and an edited text is what the next step finds; a copy goes its own way.
 */
static void test_edited(void **state)
{
    (void)state;
    struct world *w = unit_world("transport_maps = hash:/etc/postfix/t\n", "", facts, NULL);
    struct docs copy;
    const struct doc *main_cf;
    struct doc *edited;
    const struct doc *const *doc;
    struct err err;
    size_t n;
    unit_file("etc/postfix/t", "a smtp:b\n");
    unit_file("etc/postfix/u", "c smtp:d\n");
    assert_ok(docs_files(&w->docs, "map transport_maps", NULL, &doc, &n, &err), err);
    copy = w->docs;
    const struct hunk entries = {.old_len = 9, .bytes = "x smtp:y\nz smtp:y\n", .len = 18};
    assert_ok(doc_edited(doc[0], &entries, 1, &edited, &err), err);
    docs_put(&copy, edited);
    assert_ok(docs_files(&copy, "map transport_maps", NULL, &doc, &n, &err), err);
    assert_int_equal(doc[0]->n_node, 2);
    assert_ok(docs_files(&w->docs, "map transport_maps", NULL, &doc, &n, &err), err);
    assert_int_equal(doc[0]->n_node, 1);
    assert_ok(docs_get(&copy, "main.cf", &main_cf, &err), err);
    const struct hunk name = {.at = 35, .old_len = 1, .bytes = "u", .len = 1};
    assert_ok(doc_edited(main_cf, &name, 1, &edited, &err), err);
    docs_put(&copy, edited);
    assert_string_equal(files(&copy, "map transport_maps"), "/etc/postfix/u");
}

static struct world *dovecot(const char *conf)
{
    struct world *w = unit_world("", "", facts, NULL);
    unit_dirs("etc/dovecot/conf.d");
    unit_file("etc/dovecot/dovecot.conf", conf);
    return w;
}

static void test_includes(void **state)
{
    (void)state;
    struct world *w = dovecot("a = 1\n!include conf.d/*.conf\n!include_try local.conf\n"
                              "s {\n  !include /etc/dovecot/in\n}\n!include_try conf.d/10-b.conf\n");
    unit_file("etc/dovecot/conf.d/20-a.conf", "!include_try ../local.d/*\n");
    unit_file("etc/dovecot/conf.d/10-b.conf", "!include ../in2\n");
    unit_file("etc/dovecot/conf.d/.hidden.conf", "{\n");
    unit_file("etc/dovecot/conf.d/10-b.conf.dpkg-old", "{\n");
    unit_file("etc/dovecot/in", "b = 1\n");
    unit_file("etc/dovecot/in2", "b = 2\n");
    assert_string_equal(files(&w->docs, "dovecot.conf"),
                        "/etc/dovecot/dovecot.conf /etc/dovecot/conf.d/10-b.conf "
                        "/etc/dovecot/conf.d/../in2 /etc/dovecot/conf.d/20-a.conf /etc/dovecot/in");
}

static void test_bad_includes(void **state)
{
    (void)state;
    static const struct {
        const char *conf, *other, *says;
    } cases[] = {
        {"\n!include conf.d/*.cf\n", "", "/etc/dovecot/dovecot.conf:2: it includes conf.d/*.cf, and no such"},
        {"!include conf.d/x\n", "!include x\n",
         "/etc/dovecot/conf.d/x:1: /etc/dovecot/conf.d/x includes itself"},
        {"!include conf.d/x\n", "!include /etc/dovecot/dovecot.conf\n",
         "/etc/dovecot/dovecot.conf includes itself"},
        {"!include conf.d/x\n", "a = 1\n}\n", "/etc/dovecot/conf.d/x:2:"},
        {"a = 1\n!include conf.d/*\n", "b = 1\ns {\n  c d\n}\n",
         "/etc/dovecot/conf.d/x:3:5: expected a setting"},
        {"!include conf.d/{y,x}\n", "s {\n  c d\n}\n", "  c d\n"},
        {"!include conf.d/x\n", "!include {a,b}.cf\n",
         "/etc/dovecot/conf.d/x:1: it includes {a,b}.cf, and no such"},
        {"!include conf.d/../dovecot.conf\n", "",
         "/etc/dovecot/dovecot.conf:1: /etc/dovecot/dovecot.conf includes itself"},
        {"!include conf.d\n", "", "conf.d"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct world *w = dovecot(cases[i].conf);
        unit_file("etc/dovecot/conf.d/x", cases[i].other);
        const char *said = files(&w->docs, "dovecot.conf");
        if (strstr(said, cases[i].says) == NULL)
            fail_msg("expected '%s' in: %s", cases[i].says, said);
    }
}

/* Where the configuration file is: as the host says, else where 2.x or 1.x have it. */
static void test_config_file(void **state)
{
    (void)state;
    struct world *w = unit_world("", "", facts, NULL);
    unit_file("etc/dovecot.conf", "protocols = imap\n");
    assert_string_equal(files(&w->docs, "dovecot.conf"), "/etc/dovecot.conf");
    w = dovecot("");
    assert_string_equal(files(&w->docs, "dovecot.conf"), "/etc/dovecot/dovecot.conf");
    unit_file("etc/d.conf", "");
    w = unit_world("", "", "dovecot.config-file = /etc/d.conf\n", NULL);
    assert_string_equal(files(&w->docs, "dovecot.conf"), "/etc/d.conf");
}

/* A link leads to a file below the root, whatever is outside. */
static void test_inside_the_root(void **state)
{
    (void)state;
    struct world *w = dovecot("!include conf.d/x\n");
    assert_int_equal(symlink("/../../etc/inside", unit_path("etc/dovecot/conf.d/x")), 0);
    unit_file("etc/inside", "a = 1\n");
    const struct doc *const *doc;
    struct err err;
    size_t n;
    assert_ok(docs_files(&w->docs, "dovecot.conf", NULL, &doc, &n, &err), err);
    assert_int_equal(n, 2);
    assert_string_equal(doc[1]->real, "/etc/inside");
}

int main(void)
{
    const struct CMUnitTest tests[] = {dir_test(test_tables),      dir_test(test_edited),
                                       dir_test(test_includes),    dir_test(test_bad_includes),
                                       dir_test(test_config_file), dir_test(test_inside_the_root)};
    return cmocka_run_group_tests(tests, unit_begin, unit_end);
}
