/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tables by records: the cuts are where the lens begins an entry, also across blocks; edits of an extract
 * are, to the byte, those of the same text read whole; bad lines elsewhere stop nothing and are counted; a
 * record has the key that the lens gives its entry.
 */
#include "records.h"
#include "edit.h"
#include "extract.h"
#include "hunk.h"
#include "unit_table.h"

#include <fcntl.h>

#define ROUNDS 1500

/* ---- the cuts ---- */

static bool begins_entry(const struct node *node)
{
    return node->label[0] != '#' && strcmp(node->label, "commented") != 0;
}

static void assert_cut_as_parsed(const struct language *l, const char *text)
{
    size_t len = strlen(text), n, lines, line = 1, cut = 0, k = 0;
    struct node *node;
    struct err err;
    if (!tree_parse(l->lens, "/t", text, len, &node, &n, &err))
        return; /* what the lens refuses has no nodes */
    for (bool first = true; cut < len; first = false) {
        assert_true(k < n && node[k].span.start == cut);
        assert_int_equal(line, text_position(text, len, cut).line);
        if (!first && !begins_entry(&node[k]))
            fail_msg("a record begins at %zu with %s in\n%s", cut, node[k].label, text);
        size_t next = cut + records_first(text + cut, len - cut, true, &lines);
        for (k++; k < n && node[k].span.start < next; k++)
            if (begins_entry(&node[k]))
                fail_msg("no record begins at %zu in\n%s", node[k].span.start, text);
        cut = next;
        line += lines;
    }
}

static void test_cuts(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (unsigned i = 0; i < unit_rounds(ROUNDS); i++)
        assert_cut_as_parsed(&LANGUAGES[i % 2], random_table(&LANGUAGES[i % 2], &seed, 12));
}

/* A text of more than a block, with a record that is longer than one. */
static void test_blocks(void **state)
{
    (void)state;
    struct buf text = {0};
    struct records records;
    struct cut cut;
    const char *bytes;
    bool end;
    struct err err;
    uint64_t seed = 2;
    while (text.len < 700000)
        buf_puts(&text, LINES[unit_random(&seed, COUNT(LINES))]);
    buf_puts(&text, "long: a");
    for (int i = 0; i < 40000; i++)
        buf_puts(&text, ",\n  target");
    buf_puts(&text, "\nlast: one");
    unit_file("t", text.text);
    int fd = open(unit_path("t"), O_RDONLY);
    records_open(&records, fd, "/t");
    size_t at = 0, line = 1, lines;
    for (;;) {
        assert_ok(records_next(&records, &cut, &bytes, &end, &err), err);
        if (end)
            break;
        assert_int_equal(cut.at, at);
        assert_int_equal(cut.line, line);
        assert_int_equal(cut.len, records_first(text.text + at, text.len - at, true, &lines));
        assert_int_equal(cut.lines, lines);
        assert_memory_equal(bytes, text.text + at, cut.len);
        at += cut.len;
        line += lines;
    }
    assert_int_equal(at, text.len);
    close(fd);
    unit_bytes("t", "a: b\nc: d\n  e\0f\n", 17);
    fd = open(unit_path("t"), O_RDONLY);
    records_open(&records, fd, "/t");
    assert_false(records_next(&records, &cut, &bytes, &end, &err));
    assert_says(err, "/t:3:4: a NUL byte");
    close(fd);
}

/* The digest of an extract is that of the file, of a small one and of one for which OpenSSL is loaded. */
static void test_digest(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 100, 9 << 20};
    struct root root;
    struct at at;
    struct err err;
    assert_ok(root_open(unit_top, &root, &err), err);
    for (size_t i = 0; i < COUNT(sizes); i++) {
        const struct wanted last = {.alias = true};
        struct extract extract;
        char digest[DIGEST_HEX + 1], after[DIGEST_HEX + 1];
        char *text = arena_alloc(sizes[i] + 1);
        for (size_t k = 0; k < sizes[i]; k++)
            text[k] = "ab: c,\n d\n"[k % 10];
        unit_bytes("t", text, sizes[i]);
        assert_ok(file_resolve(&root, "/t", &at, &err), err);
        assert_ok(extract_read(&at, &last, &extract, &err), err);
        digest_hex(text, sizes[i], digest);
        assert_string_equal(extract.digest, digest);
        size_t len;
        const struct hunk hunk = {.at = sizes[i] / 2, .old_len = sizes[i] / 3, .bytes = "new", .len = 3};
        const struct file_edit edit = {at.dir, at.name, &extract.identity, &hunk, 1};
        assert_ok(file_edit_digest(&edit, after, &err), err);
        const char *spliced = hunk_splice(text, sizes[i], &hunk, 1, &len);
        digest_hex(spliced, len, digest);
        assert_string_equal(after, digest);
        assert_ok(file_edit_write(&edit, at.dir, "new", &err), err);
        assert_ok(file_digest(at.dir, "new", after, &err), err);
        assert_string_equal(after, digest);
        assert_int_equal(unlink(unit_path("new")), 0);
        unit_bytes("t", text, sizes[i] / 4); /* somebody else writes it */
        if (sizes[i] > 0) {
            assert_false(file_edit_write(&edit, at.dir, "new", &err));
            assert_says(err, "was changed by somebody else");
            assert_false(file_is_there(at.dir, "new"));
        }
        close(at.dir);
    }
    close(root.fd);
}

/* ---- edits ---- */

static const char *stanza(const struct language *l, uint64_t *seed)
{
    bool alias = l->lens == LENS_ALIASES;
    const char *noun = alias ? "alias" : "entry", *colon = alias ? ":" : "";
    unsigned which = unit_random(seed, 10);
    char letter[] = {(char)('a' + (int)unit_random(seed, 14)), '\0'};
    bool odd = unit_random(seed, 8) == 0; /* one of those that go over lines */
    const char *key = odd ? "\"q r\"" : letter;
    const char *head = arena_printf("edit %s\n", l->document);
    switch (which) {
    case 0:
    case 1:
    case 2:
        return arena_printf("%s%s    |%s%s %snew\n", head,
                            which == 2 ? "  keep comment\n  ensure\n" : "  ensure\n", key, colon,
                            which == 1 ? "smtp:" : "");
    case 6:
        return arena_printf("%s  each shadowed %s %s\n  delete\n", head, noun, letter);
    case 7:
        return arena_printf("%s  uncomment %s %s\n", head, noun, letter);
    case 9:
        return arena_printf("%s  after %s %s\n  ensure\n    |zz%s new\n", head, noun, letter, colon);
    default:
        return arena_printf("%s  each %s %s\n  %s\n", head, noun, letter,
                            which == 3   ? "delete"
                            : which == 4 ? "comment"
                            : which == 5 ? "value new"
                                         : "rename z");
    }
}

/* What the file becomes; or the error. */
static const char *edited(const struct language *l, const char *text, const char *stanzas, bool whole,
                          bool *ret_ok)
{
    struct fix *fix = unit_fix(arena_printf("fix x\ntitle t\neffect noise\n\n%s", stanzas));
    struct world *w =
        unit_world("alias_maps = hash:/etc/aliases\ntransport_maps = hash:/etc/postfix/transport\n", "",
                   "postfix.version = 3.7.11\npostfix.table-types = hash\n", fix);
    const struct doc *const *doc;
    struct drafts drafts = {0};
    struct hunk *in_file;
    struct err err;
    size_t n;
    bool changed;
    *ret_ok = !whole || docs_files(&w->docs, l->document, NULL, &doc, &n, &err);
    for (size_t i = 0; *ret_ok && i < fix->n_step; i++)
        *ret_ok = edit_step(&w->ctx, &fix->step[i], &drafts, &changed, &err);
    close(w->root.fd);
    if (!*ret_ok)
        return arena_string(err.text);
    if (drafts.n == 0)
        return text;
    const struct draft *d = &drafts.draft[0];
    assert_int_equal(whole, d->before->all);
    if (!extract_to_file(d->before->piece, d->before->n_piece, d->hunk, d->n_hunk, &in_file))
        fail_msg("%s\non\n%s\nedits a seam", stanzas, text);
    for (size_t i = 0; i < d->now->n_piece; i++) { /* lines are those of the file */
        const struct piece *p = &d->now->piece[i];
        const char *after = hunk_splice(text, strlen(text), in_file, d->n_hunk, &n);
        assert_int_equal(p->line, text_position(after, n, p->from).line);
        assert_memory_equal(after + p->from, d->now->text + p->at, p->len);
    }
    return hunk_splice(text, strlen(text), in_file, d->n_hunk, &n);
}

/* More in a row than the lens reads in a value. */
static const char *many_comments(void)
{
    struct buf text = {0};
    for (int i = 0; i < 501; i++)
        buf_puts(&text, "#\n");
    return buf_text(&text);
}

static void test_edits(void **state)
{
    (void)state;
    uint64_t seed = 3;
    unsigned changes = 0, parted = 0;
    for (unsigned i = 0; i < unit_rounds(ROUNDS); i++) {
        const struct language *l = &LANGUAGES[i % 2];
        if (i % 50 == 0)
            unit_fresh(state);
        unit_dirs("etc/postfix");
        const char *text = random_table(l, &seed, 40);
        if (i % 32 == 0) /* an alias that the lens does not read */
            text = arena_printf("%s\no:\n%s p\n", text, many_comments());
        struct buf stanzas = {0};
        for (unsigned k = unit_random(&seed, 3) + 1; k > 0; k--)
            buf_printf(&stanzas, "%s\n", stanza(l, &seed));
        unit_file(l->path, text);
        bool whole_ok, ok;
        const char *whole = edited(l, text, buf_text(&stanzas), true, &whole_ok);
        const char *part = edited(l, text, buf_text(&stanzas), false, &ok);
        if (!whole_ok && strstr(whole, "expected at most") != NULL) /* a bad line elsewhere */
            parted += ok;
        else if (whole_ok != ok || strcmp(whole, part) != 0)
            fail_msg("%s\non\n%s\ngives\n%s\ninstead of\n%s", buf_text(&stanzas), text, part, whole);
        changes += ok && strcmp(part, text) != 0;
    }
    assert_true(changes > unit_rounds(ROUNDS) / 3);
    assert_true(parted > 0);
}

/* ---- bad lines ---- */

static void test_bad_lines(void **state)
{
    (void)state;
    static const struct {
        const char *document, *path, *text;
        size_t n, line;
    } cases[] = {
        {"aliases", "etc/aliases", "a: b\nc: d\n", 0, 0},
        {"aliases", "etc/aliases", "# c\n  stray\na: b\n\nno colon\nc: d\nnone\n", 2, 5},
        {"aliases", "etc/aliases", ": b\n", 1, 1},
        {"aliases", "etc/aliases", "a\n  : b\n", 0, 0},
        {"aliases", "etc/aliases", "a\n# c: d\n  b: c\n\"d\n : e\n", 1, 4},
        {"aliases", "etc/aliases", "a@b: c\nd, e: f\n\"g@h\": i\n(((j))) k\\@ : l\n", 2, 1},
        {"aliases", "etc/aliases", "a\n  b\n# c: d\n", 1, 1},
        {"map transport_maps", "etc/postfix/transport", "a b\nc\nd\n  e\n", 1, 2},
        {"map transport_maps", "etc/postfix/transport", "\"a\n b\" c\n\"d\n e\n f\n", 1, 3},
        {"map transport_maps", "etc/postfix/transport", "a\\\n b\nc\\\n d e\n", 1, 1},
        {"map transport_maps", "etc/postfix/transport", "a\n# text\n\nb c\n\"d e\"\n", 2, 1},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct world *w = unit_world("alias_maps = hash:/etc/aliases\n"
                                     "transport_maps = hash:/etc/postfix/transport\n",
                                     "", "postfix.version = 3.7.11\npostfix.table-types = hash\n", NULL);
        const struct strings none = {0};
        const struct doc *const *doc;
        struct err err;
        size_t n;
        unit_file(cases[i].path, cases[i].text);
        assert_ok(docs_files(&w->docs, cases[i].document, &none, &doc, &n, &err), err);
        if (doc[0]->n_bad != cases[i].n || doc[0]->bad_line != cases[i].line)
            fail_msg("%zu bad lines, the first %zu, in\n%s", doc[0]->n_bad, doc[0]->bad_line, cases[i].text);
        close(w->root.fd);
    }
}

static void test_names(void **state)
{
    (void)state;
    /* What postalias makes of them is one name, or is not. */
    const struct {
        const char *a, *b;
        bool same;
    } cases[] = {
        {"joe", "\"joe\"", true},
        {"joe", "j\\oe", true},
        {"joe", "\"j\\oe\"", true},
        {"JOE", "joe", true},
        {"\"a b\"", "a  b", true},
        {"a\\ b", "a b", true},
        {"\"a\".\"b\"", "a.b", true},
        {"a", "b", false},
        {"a", "ab", false},
        {"ab", "a b", false},
        {"\"a\\\"b\"", "ab", false},
        {"", "a", false},
        {"\"22\\\\\"", "22", false},
        {"a\n b", "A  b", true},
        {"a\n# c\n\n\tb", "\"a b\"", true},
        {"\"a\\\n# c\n \"b", "a b", true},
        {"a\n#b", "a", true},
        {"a\n b", "ab", false},
        {"a\\\n b\n c", "a b c", true},
        {"\"a\"\n \"b\"", "a b", true},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct key a = {cases[i].a, strlen(cases[i].a)}, b = {cases[i].b, strlen(cases[i].b)};
        bool same_text = strcmp(records_name(cases[i].a), records_name(cases[i].b)) == 0;
        if (records_same_name(a, b) != cases[i].same || same_text != cases[i].same)
            fail_msg("%s and %s", cases[i].a, cases[i].b);
    }
}

/* ---- keys ---- */

static const char *const ALIAS_BITS[] = {"a",   "b",   "\"", "\"", "(",   "(",  ")", ")",
                                         "[",   "]",   "\\", ":",  ":",   ",",  "@", " ",
                                         "\n ", "\n ", "\n", "#",  "\n#", "\r", "\t"};
static const char *const MAP_BITS[] = {"a",   "b",  "\"", "\"",  "\\", " ",  "\n ",
                                       "\n ", "\n", "#",  "\n#", "\r", "\t", "x y"};

/* Behind the ':' of an alias, which may stand behind comments; else behind the key. */
static const char *behind_key(const char *text, const struct node *node, bool alias)
{
    size_t at = node->text.end;
    for (size_t i = 0; i < node->n_child; i++)
        if (strcmp(node->child[i].label, "#before") == 0)
            at = node->child[i].span.end;
    return alias ? strchr(text + at, ':') + 1 : text + at;
}

/* The entry that the lens sees at the beginning of the record has the key that the record has; else it has
 * none. */
static void assert_key_as_parsed(enum lens lens, const char *text, const struct node *node)
{
    bool alias = lens == LENS_ALIASES;
    struct key key = records_key(text + node->span.start, strlen(text + node->span.start), alias);
    bool entry = strcmp(node->label, alias ? "alias" : "entry") == 0;
    const char *value = records_value(text + node->span.start, strlen(text + node->span.start), key, alias);
    if (entry != (value != NULL))
        fail_msg("%s, but for its records, at %zu of\n%s", node->label, node->span.start, text);
    if (entry && strcmp(records_name(arena_copy(key.bytes, key.len)), records_name(node->value)) != 0)
        fail_msg("'%.*s' instead of '%s' at %zu of\n%s", (int)key.len, key.bytes, node->value,
                 node->span.start, text);
    if (entry && value != behind_key(text, node, alias))
        fail_msg("the value at %td instead of %td of\n%s", value - text, behind_key(text, node, alias) - text,
                 text);
}

static void test_keys(void **state)
{
    (void)state;
    uint64_t seed = 4;
    unsigned over_lines = 0, dropped = 0;
    for (unsigned i = 0; i < unit_rounds(ROUNDS * 4); i++) {
        bool alias = i % 2 == 0;
        enum lens lens = alias ? LENS_ALIASES : LENS_TRANSPORT;
        struct buf bits = {0};
        struct node *node;
        struct err err;
        size_t n;
        for (unsigned k = unit_random(&seed, 30) + 1; k > 0; k--)
            buf_puts(&bits, alias ? ALIAS_BITS[unit_random(&seed, COUNT(ALIAS_BITS))]
                                  : MAP_BITS[unit_random(&seed, COUNT(MAP_BITS))]);
        assert_ok(tree_parse(lens, "/t", bits.text, bits.len, &node, &n, &err), err);
        for (size_t k = 0; k < n; k++) {
            if (!records_begins(bits.text + node[k].span.start, bits.len - node[k].span.start))
                continue;
            assert_key_as_parsed(lens, bits.text, &node[k]);
            dropped += strcmp(node[k].label, "unread") == 0;
            over_lines += strlen(node[k].value) < node[k].text.end - node[k].text.start;
        }
    }
    assert_true(over_lines > unit_rounds(ROUNDS) / 20);
    assert_true(dropped > unit_rounds(ROUNDS) / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dir_test(test_cuts),      dir_test(test_blocks),        dir_test(test_digest), dir_test(test_edits),
        dir_test(test_bad_lines), cmocka_unit_test(test_names), fresh_test(test_keys),
    };
    return cmocka_run_group_tests(tests, unit_begin, unit_end);
}
