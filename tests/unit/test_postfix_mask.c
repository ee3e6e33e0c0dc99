/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is marked for their lenses in a master.cf and in tables, and what the lenses make of it: any depth of
 * braces and notes, over lines, too.
 */
#include "postfix_mask.h"
#include "tree.h"
#include "unit.h"

#define SERVICE "s unix - n - - - d"

/* '_' for a byte of a group, '^' for a brace that opens no option, any other as it is. */
static const char *marks(const char *text)
{
    char *masked = arena_string(postfix_masked_master(text, strlen(text)));
    for (size_t i = 0; masked[i] != '\0'; i++)
        masked[i] = masked[i] == MASTER_INSIDE ? '_' : masked[i] == MASTER_BRACE ? '^' : masked[i];
    return masked;
}

static void marks_what_no_lens_can_find(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {" -o a={b}c{d {e} }f}", " -o a=__}c_______}f}"},
        {" -oa={b", " -oa=_}"},
        {" -o a={ \n\tb c\n# {\n\n } -o {", " -o a=_ \n\t___\n# {\n\n } -o {"},
        {" -o { a = {b} {{c}} }", " -o { a = _b_ __c__ }"},
        {" -o\n#}\n {\n# }\n a{ = }\n }", " -o\n#}\n {\n# }\n a_ = _\n }"},
        {" -o { a = {\n {b\n }\n } }", " -o { a = _\n _b\n _\n _ }"},
        {" -o {a b} -o {=c} {d e}", " -o ^a_b} -o ^=c} {d e}"},
        {" -o {a\n b} -o c={d}", " -o ^a\n ?? -o c=__}"},
        {" -o { a = b }c -o { d = {e}", " -o { a = b }c -o { d = {e}"},
        {" -v{a -o b=c} -o{d e=f} -o g{h i}=j", " -v{a_-o_b=c} -o{d_e=f} -o g{h_i}=j"},
        {" -- -o a={b}", " -- -o a={b}"},
        {" x -o { a = {b} }", " x -o { a = {b} }"},
        {" -o #={a} -o b#={c}", " -o #={a} -o b#=__}"},
        {" -o\a\b={a}", " -o?\?=__}"},
        {"\n# -o a={b}\nt unix - {n\n -o c={d} -} - e -o f={g}",
         "\n# -o a={b}\nt unix - {n\n -o c={d} -} - e -o f={g}"},
        {"\nt unix - {n -} - - {e -o f={g}", "\nt unix - {n -} - - {e -o f=__}"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *text = arena_printf(SERVICE "%s\n", cases[i][0]);
        const char *want = arena_printf(SERVICE "%s\n", cases[i][1]);
        if (strcmp(marks(text), want) != 0)
            fail_msg("'%s': %s instead of %s", text, marks(text), want);
    }
    const char *plain = SERVICE " -o a=b }\n";
    assert_ptr_equal(postfix_masked_master(plain, strlen(plain)), plain);
}

/* The nodes of the service behind its columns, as "label value", a child behind its parent in brackets. */
static const char *words(const char *text)
{
    struct node *node;
    struct err err;
    struct buf out = {0};
    size_t n;
    if (!tree_parse(LENS_MASTER, "/t", text, strlen(text), &node, &n, &err))
        return arena_string(err.text);
    for (size_t i = 7; i < node[0].n_child; i++) {
        const struct node *one = &node[0].child[i];
        buf_puts(&out, arena_printf("%s%s %s", i > 7 ? ", " : "", one->label, one->value));
        for (size_t j = 0; j < one->n_child; j++)
            buf_puts(&out, arena_printf(" [%s %s]", one->child[j].label,
                                        one->child[j].value != NULL ? one->child[j].value : ""));
    }
    return buf_text(&out);
}

static void values_are_those_of_the_text(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {" -o a={{{{{{b c}}}}}}", "option a [value {{{{{{b c}}}}}}]"},
        {" -o { a = {{{{{{ b }}}}}} }", "option a [#braces ] [value {{{{{{ b }}}}}}]"},
        {" -oa=${b?{c\n# d\n  { e\n }}}f g",
         "option a [value ${b?{c] [#comment # d] [value { e] [value }}}f], arg g"},
        {" -o {\n# a\n b{}\n# c\n =\n d {\n { e\n }\n } }",
         "option b{} [#braces ] [#above # a] [#before # c] [value d {] [value { e] [value }] [value }]"},
        {" -o {a b} -oc=d", "arg -o, arg {a b}, option c [value d]"},
        {" -o a={b\n c -o d=e", "option a [value {b] [value c -o d=e]"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *text = arena_printf(SERVICE "%s\n", cases[i][0]);
        if (strcmp(words(text), cases[i][1]) != 0)
            fail_msg("'%s': %s instead of %s", text, words(text), cases[i][1]);
    }
}

/* ---- tables ---- */

/* '_' for a byte of a key, '^' for one that Postfix drops, any other as it is. */
static const char *table_marks(bool alias, const char *text)
{
    char *masked = arena_string(postfix_masked_table(alias, text, strlen(text)));
    for (size_t i = 0; masked[i] != '\0'; i++)
        masked[i] = masked[i] == TABLE_KEY ? '_' : masked[i] == TABLE_DROPPED ? '^' : masked[i];
    return masked;
}

static void marks_keys(void **state)
{
    (void)state;
    static const struct {
        bool alias;
        const char *text, *want; /* NULL: it needs no marks */
    } cases[] = {
        {true, "a: b\n\"c:\" (d:) [e:]\\: : f\n# (((g: h\n\n i (((\n", NULL},
        {true, "a\n# b\n\n : c\n \n", NULL},
        {true, "  \"a\n : (b\nc: \"d\n  e\n\"f\" : g", NULL},
        {true, "(((a))) b : c\n", "_________ : c\n"},
        {true, "a(b(c)): d(e(f))\n", "_______: d(e(f))\n"},
        {true, "((a\\)) : b)\\: : c\n", "_____________ : c\n"},
        {true, "a\n b \n# c: d\n\n \t: e\nf: g\n", "____ \n# c: d\n\n \t: e\nf: g\n"},
        {true, "\"a\n# \"b:\n\n :c\" : d\n", "______________ : d\n"},
        {true, "a\\\n# b\n : c\n", "________: c\n"},
        {true, "a\\: b\n", "^^^^^\n"},
        {true, "a b \t\n# c: d\n e\nf: g", "^^^ \t\n# c: d\n e\nf: g"},
        {true, "\"a: b\n c: d\n:\n", "^^^^^\n c: d\n^\n"},
        {true, "a@b: c\nd\n ,e: f\n(@) %g: h\n\"@\"\\,[%]: i\n",
         "^^^^^^\n^\n ,e: f\n^^^^^^^^^\n\"@\"\\,[%]: i\n"},
        {true, "((a) : b\n) : c\n", "^^^^^^^^\n) : c\n"},
        {true, "a\b: c\bd\n", "a?: c?d\n"},
        {true, "a", "^"},
        {false, "a b\n\"c d\"e\\ f g \"h\n# \"i\n\n \"j\nk\n", NULL},
        {false, " \"a\n\\ b c\n\\\\ \"d", NULL},
        {false, "\"a\n b\"c d\n", "_______ d\n"},
        {false, "a\"b\n# \"c\n\n \"\n d\nf g\n", "____________\n d\nf g\n"},
        {false, "a\\\n b c\n", "_____ c\n"},
        {false, "a\\\n# b\n c d\n", "_________ d\n"},
        {false, "\"a b\n c d\n\"\n", "^^^^\n c d\n^\n"},
        {false, "a\\\nb\\ \nc\\\n \n", "^^\nb\\ \n^^\n \n"},
        {false, "\"a\\\"b \n c\n", "^^^^^ \n c\n"},
        {false, "a\bb c\b\n", "a?b c?\n"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *text = cases[i].text, *want = cases[i].want != NULL ? cases[i].want : text;
        if (strcmp(table_marks(cases[i].alias, text), want) != 0)
            fail_msg("'%s': '%s' instead of '%s'", text, table_marks(cases[i].alias, text), want);
        if (cases[i].want == NULL)
            assert_ptr_equal(postfix_masked_table(cases[i].alias, text, strlen(text)), text);
    }
}

/* The nodes at the top, as "label value", with what stands in them in brackets. */
static const char *nodes(enum lens lens, const char *text)
{
    struct node *node;
    struct err err;
    struct buf out = {0};
    size_t n;
    if (!tree_parse(lens, "/t", text, strlen(text), &node, &n, &err))
        return arena_string(err.text);
    for (size_t i = 0; i < n; i++) {
        buf_printf(&out, "%s%s %s", i > 0 ? ", " : "", node[i].label,
                   node[i].value != NULL ? node[i].value : "");
        for (size_t k = 0; k < node[i].n_child; k++)
            buf_printf(&out, " [%s %s]", node[i].child[k].label, node[i].child[k].value);
    }
    return buf_text(&out);
}

static void keys_are_logical_lines(void **state)
{
    (void)state;
    static const struct {
        enum lens lens;
        const char *text, *want;
    } cases[] = {
        {LENS_ALIASES, "foo \n# c: d\n\n  bar : x,\n#y\n z\n",
         "alias foo   bar [value x,] [#comment #y] [value z]"},
        {LENS_ALIASES, "(((n))) d\\: e: f\n", "alias (((n))) d\\: e [value f]"},
        {LENS_ALIASES, "\"a\n# b\n\n : \" \n# c\n : d\n", "alias \"a : \" [#before # c] [value d]"},
        {LENS_ALIASES, "a\\\n : b\n", "alias a\\  [value b]"},
        {LENS_ALIASES, "(a\n (b : c\n d@e: f\ng@h\n : i\n",
         "unread (a [value (b : c] [value d@e: f], unread g@h [value : i]"},
        {LENS_ALIASES, "a\b\n \a: c\n", "alias a\b \a [value c]"},
        {LENS_TRANSPORT, "\"a\n# b\n\n\tc\" d\n e\n", "entry \"a\tc\" [value d] [value e]"},
        {LENS_TRANSPORT, "a\\\n b\n# c\n d\n", "entry a\\ b [#comment # c] [value d]"},
        {LENS_TRANSPORT, "\"a\n \"\n\"b \b\n c\n", "entry \"a \", unread \"b \b [value c]"},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        if (strcmp(nodes(cases[i].lens, cases[i].text), cases[i].want) != 0)
            fail_msg("'%s': %s instead of %s", cases[i].text, nodes(cases[i].lens, cases[i].text),
                     cases[i].want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {fresh_test(marks_what_no_lens_can_find),
                                       fresh_test(values_are_those_of_the_text), fresh_test(marks_keys),
                                       fresh_test(keys_are_logical_lines)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
