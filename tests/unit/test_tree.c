/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the lenses see: the spans tile any text, long files that are read in pieces give the same names and
 * values as a reader of this test's own, and a refused text is refused at its line and column. Each odd form
 * of the syntax has its own test in tests/lenses.
 */
#include "tree.h"
#include "unit.h"

#include <ctype.h>

struct tree {
    struct node *node;
    size_t n;
};

static struct tree parse(enum lens lens, const char *text)
{
    struct tree tree;
    struct err err;
    if (!tree_parse(lens, "/t", text, strlen(text), &tree.node, &tree.n, &err))
        fail_msg("%s\nin: %s", err.text, text);
    return tree;
}

static void test_names(void **state)
{
    (void)state;
    enum lens lens;
    assert_true(tree_lens_of("main.cf", &lens) && lens == LENS_MAIN);
    assert_true(tree_lens_of("master.cf", &lens) && lens == LENS_MASTER);
    assert_true(tree_lens_of("fix", &lens) && lens == LENS_FIX);
    assert_false(tree_lens_of("Main.cf", &lens));
    struct strings names = tree_lens_names();
    assert_int_equal(names.n, N_LENS);
}

/* ---- spans ---- */

static void assert_inside(const struct node *node, const char *text, size_t start, size_t end)
{
    assert_true(start <= node->span.start && node->span.start <= node->span.end && node->span.end <= end);
    if (node->value != NULL && node->label[0] != '#') {
        assert_int_equal(node->text.end - node->text.start, strlen(node->value));
        assert_memory_equal(text + node->text.start, node->value, strlen(node->value));
    }
    for (size_t i = 0; i < node->n_child; i++)
        assert_inside(&node->child[i], text, node->span.start, node->span.end);
}

static void assert_tiles(enum lens lens, const char *text)
{
    struct tree tree = parse(lens, text);
    size_t at = 0;
    for (size_t i = 0; i < tree.n; i++) {
        assert_int_equal(tree.node[i].span.start, at);
        assert_inside(&tree.node[i], text, at, strlen(text));
        at = tree.node[i].span.end;
        assert_true(at == strlen(text) || text[at - 1] == '\n');
    }
    assert_int_equal(at, strlen(text));
}

static void test_tiles(void **state)
{
    (void)state;
    static const struct {
        enum lens lens;
        const char *text;
    } cases[] = {
        {LENS_MAIN, ""},
        {LENS_MAIN, "\n"},
        {LENS_MAIN, "a=b"},
        {LENS_MAIN, "a = b\n"},
        {LENS_MAIN, "a ="},
        {LENS_MAIN, "a =\n"},
        {LENS_MAIN, "# only a comment"},
        {LENS_MAIN, "   \t \n\n#\n"},
        {LENS_MAIN, "  continues nothing\na = b\n"},
        {LENS_MAIN, "a = b\r\nc = d\r\n"},
        {LENS_MAIN, "a = b \t \n c\n\td\n"},
        {LENS_MAIN, "a = b\n# comment inside\n c\n"},
        {LENS_MAIN, "a =\n# old = x\n\n  b\n"},
        {LENS_MAIN, "a = b\n# after\n\nc = d"},
        {LENS_MAIN, "#a = b\n#  c=d\n# prose with = sign, and more\n"},
        {LENS_MAIN, "a.b-c = {x = 1}, ${y?{z}:{w}}\n"},
        {LENS_MAIN, "a = b\n c"},
        {LENS_MAIN, "\xc3\xa4 = \xff\xfe\n"},
        {LENS_MAIN, "a = b = c\n"},
        {LENS_MAIN, "a = #not a comment\n"},
        {LENS_MAIN, "a\n = b\n"},
        {LENS_MASTER, ""},
        {LENS_MASTER, "smtp inet n - y - - smtpd"},
        {LENS_MASTER, "smtp inet n - y - - smtpd\n  -o a=b\n# c\n\n  -o { d = e f }\n"},
        {LENS_MASTER, "smtp inet n - y - -\n  smtpd -v\n"},
        {LENS_MASTER, "#smtp inet n - y - - smtpd\n#  -o a=b\n# prose\n\nsmtp inet n - y - - smtpd\n"},
        {LENS_MASTER, "x unix - n n - - pipe\n  flags=R user=v argv=/bin/x ${sender} {a b}\n"},
        {LENS_MASTER, "[::1]:smtp\tinet\tn\t-\ty\t-\t-\tsmtpd -o a= -ob=c\r\n"},
        {LENS_TRANSPORT, ""},
        {LENS_TRANSPORT, "example.org\tsmtp:[a]:25"},
        {LENS_TRANSPORT, "# text\n\nkey\n#old smtp:x\n  \nlong\n\tsmtp:a\n# inside\n  b\n"},
        {LENS_TRANSPORT, "  continues nothing\n\"a b\"@x y\r\na\\ b c\n* :\n"},
        {LENS_ALIASES, ""},
        {LENS_ALIASES, "root: anna"},
        {LENS_ALIASES, "#support: a\n\"a b\" : c, \"|p q\",\n\t:include:/x\n# inside\n  d\nempty:\n"},
        {LENS_ALIASES, "  continues nothing\nroot:anna\r\n"},
        {LENS_DOVECOT, ""},
        {LENS_DOVECOT, "protocols = imap"},
        {LENS_DOVECOT,
         "a=b # c\n!include conf.d/*.conf\n!include_try x\nservice \"imap\" { # open\n  a {\n    b = \n"
         "    #c = d\n  }\n\n} # close\n"},
        {LENS_DOVECOT, "a = \"x # y\" \\\n  z\npassdb {\r\n  driver = pam\r\n}\r\nkey = </etc/k\n"},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_tiles(cases[i].lens, cases[i].text);
}

static const char *lines(const char *line, size_t n, const char *before, const char *behind)
{
    struct buf text = {0};
    buf_puts(&text, before);
    for (size_t i = 0; i < n; i++)
        buf_puts(&text, line);
    buf_puts(&text, behind);
    return buf_text(&text);
}

/* Where a text is cut does not show: comments belong to the setting that goes on behind them, and options to
 * the service that is commented out above them, however many there are. */
static void test_many_comments(void **state)
{
    (void)state;
    struct tree inside = parse(LENS_MAIN, lines("# c\n", 350, "a = b\n", "  d\nz = y\n"));
    assert_int_equal(inside.n, 2);
    assert_int_equal(inside.node[0].n_child, 352);
    struct tree behind = parse(LENS_MAIN, lines("# c\n\n", 350, "a = b\n", "z = y\n"));
    assert_int_equal(behind.n, 702);
    struct tree options =
        parse(LENS_MASTER, lines("#  -o a=b\n", 350, "# head\n#smtp inet n - y - - smtpd\n", "\n# c\n"));
    assert_int_equal(options.n, 4);
    assert_string_equal(options.node[1].label, "commented");
    struct tree late =
        parse(LENS_MASTER,
              lines("#  -o a=b\n", 350, "a unix - - - - - x\n#smtp inet n - y - - smtpd\n", "\n# c\n"));
    assert_int_equal(late.n, 4);
    assert_tiles(LENS_ALIASES, lines(" \n# c\n", 350, "a: b\n", " c\n"));
}

/* Without its final newline a text has the same nodes, and the last one ends where the text ends. */
/* What continues nothing is a node of its own, also where a comment or the end of the text follows. */
static void test_stray_lines(void **state)
{
    (void)state;
    static const enum lens lenses[] = {LENS_MAIN, LENS_MASTER, LENS_TRANSPORT, LENS_ALIASES};
    for (size_t i = 0; i < COUNT(lenses); i++) {
        assert_tiles(lenses[i], "\v a \r\n# c\n \n\tb");
        struct tree tree = parse(lenses[i], "\v a \r\n# c\n  # d\n \n\tb");
        static const char *const want[] = {TREE_STRAY, "#comment", "#comment", "#blank", TREE_STRAY};
        assert_int_equal(tree.n, COUNT(want));
        for (size_t k = 0; k < tree.n; k++)
            assert_string_equal(tree.node[k].label, want[k]);
        assert_string_equal(tree.node[0].value, "a");
        assert_string_equal(tree.node[4].value, "b");
    }
    struct tree tree = parse(LENS_MAIN, " a\nb =\n c\n");
    assert_int_equal(tree.n, 2);
    assert_string_equal(tree.node[1].child[0].value, "c");
}

static void test_no_final_newline(void **state)
{
    (void)state;
    static const char text[] = "a = b\n c\n# d\ne = f\n";
    struct tree with = parse(LENS_MAIN, text);
    struct tree without = parse(LENS_MAIN, arena_copy(text, strlen(text) - 1));
    assert_int_equal(with.n, 3);
    assert_int_equal(without.n, 3);
    assert_int_equal(with.node[2].span.end, strlen(text));
    assert_int_equal(without.node[2].span.end, strlen(text) - 1);
    assert_string_equal(without.node[2].child[0].value, "f");
}

/* ---- long files ---- */

struct setting {
    const char *name, *value;
};

static const char *trimmed(const char *start, const char *end)
{
    while (start < end && isspace((unsigned char)*start))
        start++;
    while (end > start && isspace((unsigned char)end[-1]))
        end--;
    return arena_copy(start, (size_t)(end - start));
}

/* The reader to compare with: physical lines to logical lines as postconf(5) words it, then name and value.
 */
static struct setting *read_settings(const char *text, size_t *ret_n)
{
    struct setting *list = NULL;
    *ret_n = 0;
    for (const char *line = text; *line != '\0';) {
        const char *end = strchr(line, '\n'), *next = end != NULL ? end + 1 : line + strlen(line);
        const char *word = trimmed(line, next), *equals;
        if (word[0] != '\0' && word[0] != '#') {
            if (isspace((unsigned char)line[0])) {
                struct setting *last = &list[*ret_n - 1];
                last->value = last->value[0] != '\0' ? arena_printf("%s %s", last->value, word) : word;
            } else {
                assert_non_null(equals = strchr(word, '='));
                struct setting one = {trimmed(word, equals), trimmed(equals + 1, word + strlen(word))};
                list = arena_append(list, ret_n, sizeof(one), &one);
            }
        }
        line = next;
    }
    return list;
}

static const char *joined(const struct node *node)
{
    struct strings parts = {0};
    for (size_t i = 0; i < node->n_child; i++)
        if (strcmp(node->child[i].label, "value") == 0)
            strings_add(&parts, node->child[i].value);
    return strings_join(&parts, " ");
}

/* 350 parameters with comments, blank lines, folds and comments in folds, so that the pieces of about 100
 * lines begin and end beside each of these forms, for many lengths of what stands above. */
static void test_pieces(void **state)
{
    (void)state;
    static const char *const forms[] = {
        "p%d = v%d\n",
        "p%d = v%d,\n  more\n\tand more\n",
        "p%d =\n   v%d\n# inside = 1\n   last\n",
        "# p%d = %d before\n#\n\n",
        "p%d = v%d\n\n# between\n   \n  goes on\n",
        "p%d=\n#p = %d\n",
        "p%d = a%d\n#one\n#two\n\n\n#three\n b\n",
    };
    for (int shift = 0; shift < 8; shift++) {
        struct buf text = {0};
        uint64_t seed = 7 + (uint64_t)shift;
        for (int i = 0; i < shift; i++)
            buf_puts(&text, "# above\n");
        for (int i = 0; i < 350; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
            buf_printf(&text, forms[i == 0 ? 0 : unit_random(&seed, COUNT(forms))], i, i);
#pragma GCC diagnostic pop
        }
        size_t n, seen = 0;
        struct setting *want = read_settings(buf_text(&text), &n);
        struct tree tree = parse(LENS_MAIN, buf_text(&text));
        assert_tiles(LENS_MAIN, buf_text(&text));
        for (size_t i = 0; i < tree.n; i++) {
            if (strcmp(tree.node[i].label, "setting") != 0)
                continue;
            assert_true(seen < n);
            assert_string_equal(tree.node[i].value, want[seen].name);
            assert_string_equal(joined(&tree.node[i]), want[seen].value);
            seen++;
        }
        assert_int_equal(seen, n);
    }
}

static void test_pieces_of_master(void **state)
{
    (void)state;
    struct buf text = {0};
    for (int i = 0; i < 200; i++)
        buf_printf(&text, "s%d unix - - n - - cmd%d\n  -o a=%d\n# c\n\n  -o b=%d\n%s", i, i, i, i,
                   i % 3 == 0 ? "#x inet n - n - - y\n#  -o z=1\n" : "");
    struct tree tree = parse(LENS_MASTER, buf_text(&text));
    assert_tiles(LENS_MASTER, buf_text(&text));
    int seen = 0, commented = 0;
    for (size_t i = 0; i < tree.n; i++) {
        const struct node *node = &tree.node[i];
        commented += strcmp(node->label, "commented") == 0;
        if (strcmp(node->label, "service") != 0)
            continue;
        assert_string_equal(node->value, arena_printf("s%d", seen));
        struct strings options = {0};
        for (size_t k = 0; k < node->n_child; k++)
            if (strcmp(node->child[k].label, "option") == 0)
                strings_add(&options, arena_printf("%s=%s", node->child[k].value, joined(&node->child[k])));
        assert_string_equal(strings_join(&options, " "), arena_printf("a=%d b=%d", seen, seen));
        seen++;
    }
    assert_int_equal(seen, 200);
    assert_int_equal(commented, 67);
}

/* ---- what is read in several parts ---- */

static struct span last_child(const struct tree *tree)
{
    const struct node *node = &tree->node[tree->n - 1];
    return node->child[node->n_child - 1].text;
}

static void test_long_values(void **state)
{
    (void)state;
    static const struct {
        enum lens lens;
        const char *head, *more, *tail;
    } cases[] = {
        {LENS_MAIN, "z = y\n\na =\n", "  b,\n#c\n\n  d\n", "   e\n"},
        {LENS_TRANSPORT, "z y\n# c\na\n", "  b,\n#c\n\n  d\n", "   e\n"},
        {LENS_ALIASES, "z: y\n\n\na:\n", "  b,\n#c\n\n  d\n", "   e\n"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *text = lines(cases[i].more, 1500, cases[i].head, cases[i].tail);
        struct tree tree = parse(cases[i].lens, text);
        assert_tiles(cases[i].lens, text);
        const struct node *node = &tree.node[tree.n - 1];
        assert_string_equal(node->value, "a");
        assert_int_equal(node->n_child, 3 * 1500 + 1);
        for (size_t k = 0; k < node->n_child - 1; k++)
            assert_string_equal(node->child[k].value, k % 3 == 0 ? "b," : k % 3 == 1 ? "#c" : "d");
        assert_int_equal(last_child(&tree).end, strlen(text) - 1);
        assert_string_equal(node->child[node->n_child - 1].value, "e");
    }
}

static void test_long_sections(void **state)
{
    (void)state;
    const char *text =
        lines("  b = c\n  d {\n    e = f\n  }\n", 1500, "# h\na \"n\" { # o\n", "} # p\ng = h\n");
    struct tree tree = parse(LENS_DOVECOT, text);
    assert_tiles(LENS_DOVECOT, text);
    assert_int_equal(tree.n, 3);
    const struct node *a = &tree.node[1];
    assert_int_equal(a->n_child, 2 + 2 * 1500 + 1);
    assert_string_equal(a->child[0].value, "\"n\"");
    assert_string_equal(a->child[1].label, "#open");
    assert_string_equal(a->child[2].value, "b");
    assert_string_equal(a->child[3 + 2 * 1499].child[0].value, "e");
    assert_string_equal(a->child[a->n_child - 1].label, "#close");
    assert_string_equal(a->child[a->n_child - 1].value, "# p");
}

static void test_deep_sections(void **state)
{
    (void)state;
    const char *text = lines("}\n", 12, lines("a {\n", 12, "", "b = c\n"), "d = e\n");
    struct tree tree = parse(LENS_DOVECOT, text);
    assert_tiles(LENS_DOVECOT, text);
    const struct node *node = &tree.node[0];
    for (int i = 0; i < 12; i++, node = node->child)
        assert_string_equal(node->value, "a");
    assert_string_equal(node->value, "b");
    assert_int_equal(tree.node[0].span.end, strlen(text) - strlen("d = e\n"));

    /* A backslash leads on to the first of them; each level has one before it. */
    text = lines("}\n", 12, lines("\\\na {\n", 12, "", "b = c\n"), "");
    tree = parse(LENS_DOVECOT, text);
    assert_tiles(LENS_DOVECOT, text);
    assert_int_equal(tree.n, 2);
    assert_string_equal(tree.node[1].value, "a");
}

/* 1.x takes "NAME {}" for the beginning of a section, and none need end before the file does; 2.x refuses
 * both. */
static void test_sections_of_1x(void **state)
{
    (void)state;
    const char *text =
        "protocol imap {} # p\nauth default {\n  a = b\n  passdb pam { x }\n  }\nplugin {}\n# end\n";
    struct tree tree = parse(LENS_DOVECOT, text);
    assert_tiles(LENS_DOVECOT, text);
    assert_int_equal(tree.n, 1);
    const struct node *auth = &tree.node[0].child[3], *passdb = &auth->child[2];
    assert_string_equal(node_child(&tree.node[0], "#ignored")->value, "}");
    assert_string_equal(node_child(&tree.node[0], "#open")->value, "# p");
    assert_string_equal(auth->value, "auth");
    assert_string_equal(node_child(passdb, "#ignored")->value, "x }");
    assert_string_equal(auth->child[3].value, "plugin");
    assert_string_equal(auth->child[3].child[1].value, "# end");
    assert_int_equal(auth->child[3].span.end, strlen(text));

    text = lines("  b = c\n", 1500, "auth x {\n d {}\n", "e {\n}");
    tree = parse(LENS_DOVECOT, text);
    assert_tiles(LENS_DOVECOT, text);
    assert_int_equal(tree.node[0].n_child, 2);
    assert_int_equal(tree.node[0].child[1].n_child, 1 + 1500 + 1);
    assert_int_equal(tree.node[0].span.end, strlen(text));

    static const char *const refused[] = {"auth x {\n}\n}\n", "service x {\n", "service x {}\nb = c\n}\n"};
    for (size_t i = 0; i < COUNT(refused); i++) {
        struct err err;
        assert_false(
            tree_parse(LENS_DOVECOT, "/t", refused[i], strlen(refused[i]), &tree.node, &tree.n, &err));
    }
}

/* Neither a comment of more words than the lens of master.cf reads in one, nor blank lines. */
static void test_lines_without_a_lens(void **state)
{
    (void)state;
    const char *text = lines(" x", 1200, lines(" \t\n", 150, "#a unix - - - - - x\n", "#b"), "\n#-o c=d\n");
    struct tree tree = parse(LENS_MASTER, text);
    assert_tiles(LENS_MASTER, text);
    assert_int_equal(tree.n, 153);
    assert_string_equal(tree.node[0].label, "commented");
    assert_string_equal(tree.node[1].label, "#blank");
    assert_null(tree.node[1].value);
    assert_string_equal(tree.node[151].label, "#comment");
    assert_int_equal(tree.node[151].text.end + 1, tree.node[151].span.end);
    assert_string_equal(tree.node[152].label, "#comment");
}

/* ---- refused texts ---- */

static void test_errors(void **state)
{
    (void)state;
    static const struct {
        enum lens lens;
        int above; /* lines of "a = b" */
        const char *text, *sentence;
    } cases[] = {
        {LENS_MAIN, 0, "a = b\nno equals sign\nc = d\n", "/t:2:"},
        {LENS_MAIN, 0, "= value\n", "/t:1:1: expected a parameter"},
        {LENS_MAIN, 0, "a = b\n= c\n", "/t:2:1: "},
        {LENS_MAIN, 0, "name only", "/t:1:"},
        {LENS_MAIN, 250, "= c\n", "/t:251:1: "},
        {LENS_MAIN, 99, "= c\n", "/t:100:1: "},
        {LENS_MAIN, 100, "= c\n", "/t:101:1: "},
        {LENS_MAIN, 101, "= c\nd = e\n", "/t:102:1: "},
        {LENS_MASTER, 0, "smtp inet n - y\n", "/t:1:"},
        {LENS_MASTER, 0, "smtp inet n - y - - smtpd\nsmtp\n", "/t:2:"},
        {LENS_FIX, 0, "fix x\nnonsense y\n", "/t:2:1: expected a stanza"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buf text = {0};
        struct tree tree;
        struct err err;
        for (int k = 0; k < cases[i].above; k++)
            buf_puts(&text, "a = b\n");
        buf_puts(&text, cases[i].text);
        if (tree_parse(cases[i].lens, "/t", text.text, text.len, &tree.node, &tree.n, &err))
            fail_msg("taken: %s", cases[i].text);
        assert_says(err, cases[i].sentence);
        assert_non_null(strchr(err.text, '^'));
    }
}

static void test_too_long(void **state)
{
    (void)state;
    const struct {
        enum lens lens;
        const char *text, *sentence;
    } cases[] = {
        {LENS_MAIN, lines("#c\n", 501, "z = y\na =\n  b\n", "  d\n"),
         "/t:4:1: expected at most 500 comments"},
        {LENS_MAIN, lines("  b\n", 1500, "a =\n", "= c\n"), "/t:1502:1: expected a parameter"},
        {LENS_MASTER, lines(" x", 501, "#c\na unix - - - - - x", "\n"),
         "/t:2:1: expected a service of at most"},
        {LENS_FIX, lines("  |x\n", 501, "fix a\nabout\n", ""), "/t:2:1: expected a stanza of at most"},
        {LENS_DOVECOT, lines("b \\\n", 501, "z = y\na = \\\n", "c\n"),
         "/t:2:1: expected a setting of at most"},
        {LENS_DOVECOT, lines("  b = c\n", 1500, "a {\n", "}\n}\n"), "/t:1503:1: expected a setting"},
        {LENS_DOVECOT, lines("  b = c\n", 1500, "z = y\n a {\n", ""), "/t:2:1: expected a setting"},
        {LENS_DOVECOT, lines("  b = c\n", 1500, "a {\n", "d\n}\n"), "/t:1502:2: expected a setting"},
        {LENS_DOVECOT, lines("a {\n", 30, "", lines("}\n", 30, "", "")), "/t:17:1: expected at most 16"},
        {LENS_MAIN, lines("#0123456789abcdefghijklmnopqrstu\n", TREE_LIMIT / 33 + 1, "", ""),
         "/t has 1048608 bytes; mailfix reads such a file"},
        {LENS_DOVECOT, lines("#\n", TREE_PARTS + 1, "", ""),
         "/t has 24577 lines; mailfix reads such a file of at most 24576"},
        {LENS_MASTER, lines("a\t b{ \n", TREE_PARTS / 4 + 1, "", ""),
         "/t has 24580 words, lines and braces; mailfix reads such a file of at most 24576"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct tree tree;
        struct err err;
        if (tree_parse(cases[i].lens, "/t", cases[i].text, strlen(cases[i].text), &tree.node, &tree.n, &err))
            fail_msg("taken: %.80s", cases[i].text);
        assert_says(err, cases[i].sentence);
    }
}

static void test_lens_dir(void **state)
{
    (void)state;
    struct tree tree;
    struct err err;
    tree_close();
    tree_set_lens_dir("/no/such/directory");
    assert_false(tree_parse(LENS_MAIN, "/t", "a = b\n", 6, &tree.node, &tree.n, &err));
    assert_says(err, "/t: the lens Mf_Main.lns cannot be used");
    tree_close();
    tree_set_lens_dir(SOURCE_LENSES);
    setenv("AUGEAS_LENS_LIB", "/no/such/directory", 1);
    assert_int_equal(parse(LENS_MAIN, "a = b\n").n, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fresh_test(test_names),
        fresh_test(test_tiles),
        fresh_test(test_many_comments),
        fresh_test(test_stray_lines),
        fresh_test(test_no_final_newline),
        fresh_test(test_pieces),
        fresh_test(test_pieces_of_master),
        fresh_test(test_long_values),
        fresh_test(test_long_sections),
        fresh_test(test_deep_sections),
        fresh_test(test_sections_of_1x),
        fresh_test(test_lines_without_a_lens),
        fresh_test(test_errors),
        fresh_test(test_too_long),
        fresh_test(test_lens_dir),
    };
    return cmocka_run_group_tests(tests, unit_begin, unit_end);
}
