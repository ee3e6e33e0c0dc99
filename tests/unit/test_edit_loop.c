/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Loops of a step: items that go together make of a table what they make of it one after the other, to the
 * byte, be the table read whole or by records; and thousands of them fit into the memory of a run.
 */
#include "cond.h"
#include "edit.h"
#include "extract.h"
#include "hunk.h"
#include "unit_table.h"

#define ROUNDS 500
#define MANY 3000

static const char *const KEYS[] = {"a", "B", "b", "c", "d", "e",       "f",     "g",  "h",
                                   "i", "j", "k", "l", "m", "\"q r\"", "Q\\ r", "n1", "n2"};

/* Rows, so that a key may come twice with different values. */
static const char *rows(uint64_t *seed)
{
    struct buf text = {0};
    buf_puts(&text, "rows list key value\n");
    for (unsigned n = 2 + unit_random(seed, 9); n > 0; n--)
        buf_printf(&text, "  |%s v%u\n", KEYS[unit_random(seed, COUNT(KEYS))], unit_random(seed, 3));
    return buf_text(&text);
}

static const char *stanza(const struct language *l, uint64_t *seed)
{
    static const char *const literals[][2] = {
        {"{list.key}: {list.value}", NULL},      {"{list.key}: {list.value}", ".{list.key}: {list.value}"},
        {"x{list.value}: y", "{list.key}: new"}, {"{list.key}: a, {list.key}", "{list.value}: {list.value}"},
        {"{list.value}: {list.key}", NULL},      {"z: {list.key}", "{list.key}: z"}};
    struct buf text = {0};
    const char *const *literal = literals[unit_random(seed, COUNT(literals))];
    buf_printf(&text, "edit %s\n  for list\n", l->document);
    if (unit_random(seed, 5) == 0)
        buf_puts(&text, "  when {list.value} is v0 v1\n");
    if (unit_random(seed, 2) == 0)
        buf_puts(&text, "  keep comment\n");
    if (unit_random(seed, 12) == 0)
        buf_printf(&text, "  after %s a\n", l->lens == LENS_ALIASES ? "alias" : "entry");
    if (unit_random(seed, 12) == 0)
        buf_printf(&text, "  when none %s %s {list.value}\n", l->document,
                   l->lens == LENS_ALIASES ? "alias" : "entry");
    buf_puts(&text, "  ensure\n");
    for (size_t i = 0; i < 2 && literal[i] != NULL; i++) {
        buf_puts(&text, "    |");
        for (const char *c = literal[i]; *c != '\0'; c++) /* in maps nothing ends a key but a blank */
            if (*c != ':' || l->lens == LENS_ALIASES)
                buf_add(&text, c, 1);
        buf_puts(&text, "\n");
    }
    return buf_text(&text);
}

static bool one_by_one(struct context *ctx, const struct step *step, struct drafts *drafts, struct err *err)
{
    for (size_t i = 0; i < context_loop_count(ctx, step->loop); i++) {
        struct context item = context_loop_item(ctx, step->loop, i);
        enum verdict verdict;
        bool changed;
        if (!cond_all(&item, step->when, step->n_when, &verdict, err))
            return false;
        assert_int_not_equal(verdict, CANNOT_TELL);
        if (verdict == HOLDS && !edit_step(&item, step, drafts, &changed, err))
            return false;
    }
    return true;
}

static struct world *world_of(const char *fix)
{
    return unit_world("alias_maps = hash:/etc/aliases\ntransport_maps = hash:/etc/postfix/transport\n", "",
                      "postfix.version = 3.7.11\npostfix.table-types = hash\n",
                      unit_fix(arena_printf("fix x\ntitle t\neffect noise\n\n%s", fix)));
}

static struct strings hosts; /* of the parameter of that name */

/* What the file becomes; or the error. */
static const char *edited(const struct language *l, const char *text, const char *fix, bool whole, bool loop,
                          bool *ret_ok)
{
    struct world *w = world_of(fix);
    context_bind(&w->ctx, "host", hosts);
    const struct doc *const *doc;
    struct drafts drafts = {0};
    struct hunk *in_file;
    struct err err;
    size_t n, len;
    bool changed, any = false;
    *ret_ok = !whole || docs_files(&w->docs, l->document, NULL, &doc, &n, &err);
    for (size_t i = 0; *ret_ok && i < w->ctx.fix->n_step; i++) {
        const struct step *step = &w->ctx.fix->step[i];
        *ret_ok = loop ? edit_loop(&w->ctx, step, &drafts, &changed, &err)
                       : one_by_one(&w->ctx, step, &drafts, &err);
        any |= *ret_ok && loop && changed;
    }
    close(w->root.fd);
    if (!*ret_ok)
        return arena_string(err.text);
    if (loop)
        assert_int_equal(any, drafts.n > 0);
    if (drafts.n == 0)
        return text;
    const struct draft *d = &drafts.draft[0];
    const char *now = hunk_splice(d->before->text, d->before->len, d->hunk, d->n_hunk, &len);
    assert_int_equal(len, d->now->len);
    assert_memory_equal(now, d->now->text, len);
    if (d->before->n_piece == 0)
        return now;
    if (!extract_to_file(d->before->piece, d->before->n_piece, d->hunk, d->n_hunk, &in_file))
        fail_msg("%s\non\n%s\nedits a seam", fix, text);
    return hunk_splice(text, strlen(text), in_file, d->n_hunk, &n);
}

static void test_loops(void **state)
{
    (void)state;
    uint64_t seed = 5;
    unsigned changes = 0;
    for (unsigned i = 0; i < unit_rounds(ROUNDS); i++) {
        const struct language *l = &LANGUAGES[i % 2];
        if (i % 50 == 0)
            unit_fresh(state);
        unit_dirs("etc/postfix");
        const char *text = random_table(l, &seed, 40);
        struct buf fix = {0};
        buf_printf(&fix, "%s\n", rows(&seed));
        for (unsigned k = unit_random(&seed, 2) + 1; k > 0; k--)
            buf_printf(&fix, "%s\n", stanza(l, &seed));
        if (unit_random(&seed, 30) == 0)
            unlink(unit_path(l->path)), text = "";
        else
            unit_file(l->path, text);
        bool whole = unit_random(&seed, 2) == 0, ok, together_ok;
        const char *one = edited(l, text, buf_text(&fix), whole, false, &ok);
        const char *together = edited(l, text, buf_text(&fix), whole, true, &together_ok);
        if (ok != together_ok || strcmp(one, together) != 0)
            fail_msg("%s\non\n%s\ngives together\n%s\ninstead of\n%s", buf_text(&fix), text, together, one);
        changes += ok && strcmp(one, text) != 0;
    }
    assert_true(changes > unit_rounds(ROUNDS) / 3);
}

/* Items that depend on each other by more than a name of theirs. */
static void test_dependent(void **state)
{
    (void)state;
    static const struct {
        unsigned language;
        const char *before, *fix, *after;
    } cases[] = {
        /* what is kept as a comment is the commented-out entry of another name */
        {0, "a: x\n  # b: y\n  more\nc: d\n",
         "rows list key\n  |a\n  |b\n\nedit aliases\n  for list\n  keep comment\n  ensure\n    |{list.key}: "
         "new\n",
         "#a: x\n  # b: y\nb: new\n#  more\na: new\nc: d\n"},
        {1, "a x\n  #b y\n  more\n",
         "rows list key\n  |a\n  |b\n\nedit map transport_maps\n  for list\n  keep comment\n  ensure\n    "
         "|{list.key} "
         "new\n",
         "#a x\n  #b y\nb new\n#  more\na new\n"},
        /* another item comes between an entry and the comment that stands above it */
        {0, "#a: x,\n#  more: z\na: x,\n  more: z\n",
         "rows list key\n  |more\n  |a\n\nedit aliases\n  for list\n  keep comment\n  ensure\n    "
         "|{list.key}: new\n",
         "#a: x,\n#  more: z\nmore: new\n#a: x,\n#  more: z\na: new\n"},
        /* the same item does so: for it they stand above it */
        {0, "#a: x,\n#  more: z\na: x,\n  more: z\n",
         "rows list key second\n  |more a\n  |z y\n\nedit aliases\n  for list\n  keep comment\n  ensure\n    "
         "|{list.key}: new\n    |{list.second}: new\n",
         "#a: x,\n#  more: z\nmore: new\na: new\nz: new\ny: new\n"},
        /* an empty comment in what is kept as one names nothing */
        {1, "a x\n\n#\n  more\nc d\n",
         "rows list key\n  |a\n  |b\n\nedit map transport_maps\n  for list\n  keep comment\n  ensure\n    "
         "|{list.key} new\n",
         "#a x\n\n#\n#  more\na new\nc d\nb new\n"},
        /* what another item put there is the place */
        {1, "a x\nz x\n",
         "rows list key place\n  |c z\n  |b c\n\nedit map transport_maps\n  for list\n  before entry "
         "{list.place}\n  ensure\n    |{list.key} new\n",
         "a x\nb new\nc new\nz x\n"},
        /* or the answer */
        {1, "",
         "rows list key map\n  |a transport_maps\n  |b transport_maps\n\nedit map transport_maps\n  for "
         "list\n  "
         "when none map {list.map} entry a\n  ensure\n    |{list.key} new\n",
         "a new\n"},
        /* one entry goes to the end, the next one behind what was the last entry */
        {1, "e y\nlast y\n",
         "rows list key mid tail\n  |n e t\n  |p last z\n\nedit map transport_maps\n  for list\n  ensure\n   "
         " "
         "|{list.key} new\n    |{list.mid} y\n    |{list.tail} new\n",
         "e y\nt new\nlast y\nz new\nn new\np new\n"},
        /* the same place from both sides */
        {1, "a x\nb x\n",
         "rows list key\n  |b\n  |a\n\nedit map transport_maps\n  for list\n  keep comment\n  ensure\n    "
         "|{list.key} "
         "new\n    |.{list.key} new\n",
         "#a x\na new\n.a new\n#b x\nb new\n.b new\n"},
        /* no newline at the end */
        {1, "a x",
         "rows list key\n  |b\n  |c\n  |a\n\nedit map transport_maps\n  for list\n  ensure\n    |{list.key} "
         "new\n    "
         "|.{list.key} new\n",
         "a new\n.a new\nb new\n.b new\nc new\n.c new\n"},
    };
    unit_dirs("etc/postfix");
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct language *l = &LANGUAGES[cases[i].language];
        bool ok;
        unit_file(l->path, cases[i].before);
        assert_string_equal(edited(l, cases[i].before, cases[i].fix, false, false, &ok), cases[i].after);
        assert_string_equal(edited(l, cases[i].before, cases[i].fix, false, true, &ok), cases[i].after);
    }
}

/* Each item has a table of its own. */
static void test_tables(void **state)
{
    (void)state;
    static const char *const paths[] = {"/etc/postfix/transport", "/etc/postfix/canonical"};
    const struct fix *fix = unit_fix(
        "fix x\ntitle t\neffect noise\n\nrows list key map\n  |a transport_maps\n  |b canonical_maps\n"
        "\nedit map {list.map}\n  for list\n  ensure\n    |{list.key} new\n");
    struct world *w = unit_world(
        "transport_maps = hash:/etc/postfix/transport\ncanonical_maps = hash:/etc/postfix/canonical\n", "",
        "postfix.version = 3.7.11\npostfix.table-types = hash\n", fix);
    struct drafts drafts = {0};
    struct err err;
    bool changed;
    assert_ok(edit_loop(&w->ctx, &fix->step[0], &drafts, &changed, &err), err);
    assert_true(changed);
    assert_int_equal(drafts.n, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(drafts.draft[i].before->path, paths[i]);
        assert_string_equal(drafts.draft[i].now->text, i == 0 ? "a new\n" : "b new\n");
    }
    close(w->root.fd);
}

/* What cannot be told or read: an error, and no item's edit is used. */
static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *maps, *facts, *edit, *says;
    } cases[] = {
        {"transport_maps = hash:/etc/postfix/transport\n", "postfix.table-types = hash\n",
         "edit map transport_maps\n  for list\n  when postfix >= 3.5\n  ensure\n    "
         "|{list.key} new\n",
         "what to change is not known here: the fact postfix.version is missing"},
        {"transport_maps = hash:/etc/postfix/transport\n", "postfix.table-types = hash\n",
         "edit map transport_maps\n  for list\n  when daemon postfix running\n  ensure\n    |{list.key} "
         "new\n",
         "the fact that a running host would tell is missing"},
        {"transport_maps = hash:/etc/directory\n", "postfix.table-types = hash\n",
         "edit map transport_maps\n  for list\n  ensure\n    |{list.key} new\n", "is a directory"},
        {"alias_maps = nis:mail.aliases\n", "postfix.table-types = hash nis\n",
         "edit aliases\n  for list\n  ensure\n    |{list.key}: new\n",
         "names no table that is made from a text file"},
    };
    unit_dirs("etc/directory");
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct fix *fix = unit_fix(
            arena_printf("fix x\ntitle t\neffect noise\n\nrows list key\n  |a\n  |b\n\n%s", cases[i].edit));
        struct world *w = unit_world(cases[i].maps, "", cases[i].facts, fix);
        struct drafts drafts = {0};
        struct err err = {0};
        bool changed;
        if (edit_loop(&w->ctx, &fix->step[0], &drafts, &changed, &err))
            fail_msg("case %zu: it is done", i);
        assert_says(err, cases[i].says);
        assert_int_equal(drafts.n, 0);
        close(w->root.fd);
    }
}

/* One after the other they would use up the arena. */
static void test_many(void **state)
{
    (void)state;
    struct buf text = {0}, fix = {0}, wanted = {0};
    const struct language *l = &LANGUAGES[1];
    bool ok;
    unit_dirs("etc/postfix");
    for (unsigned i = 0; i < 3 * MANY; i++) {
        const char *old = arena_printf("host%u\told\n", i);
        buf_puts(&text, old);
        if (i % 3 == 0)
            strings_add(&hosts, arena_printf("host%u", i));
        buf_printf(&wanted, i % 3 > 0 ? "%s" : "#%shost%u\tnew\n.host%u new\n", old, i, i);
    }
    buf_printf(
        &fix,
        "param host\n  type domain\n  several\n\nedit %s\n  for host\n  keep comment\n  ensure\n    |{host} "
        "new\n    |.{host} new\n",
        l->document);
    unit_file(l->path, text.text);
    assert_string_equal(edited(l, text.text, buf_text(&fix), false, true, &ok), wanted.text);
    assert_true(ok);
    hosts = (struct strings){0};
}

int main(void)
{
    const struct CMUnitTest tests[] = {dir_test(test_dependent), dir_test(test_tables),
                                       dir_test(test_refused), dir_test(test_loops), dir_test(test_many)};
    return cmocka_run_group_tests(tests, unit_begin, unit_end);
}
