/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is marked in a master.cf for its lens, and what the lens makes of it: any depth of braces, over lines,
 * too.
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

int main(void)
{
    const struct CMUnitTest tests[] = {fresh_test(marks_what_no_lens_can_find),
                                       fresh_test(values_are_those_of_the_text)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
