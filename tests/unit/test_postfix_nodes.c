/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * main.cf, master.cf and tables read without their lenses: what is taken, the lens takes too and sees the
 * same; what people write is taken; and that the lens sees something else is found out.
 *
 * test_postfix_nodes FILE...   the same for files; one with "master", "aliases" or "transport" in its path is
 *                              of that kind
 */
#include "file.h"
#include "postfix_nodes.h"
#include "unit.h"

#define ROUNDS_MAIN 3000
#define ROUNDS_MASTER 400

static void assert_same(const char *text, const struct node *a, size_t n_a, const struct node *b, size_t n_b)
{
    for (size_t i = 0; i < n_a && i < n_b; i++) {
        bool same_value = a[i].value == NULL ? b[i].value == NULL
                                             : b[i].value != NULL && strcmp(a[i].value, b[i].value) == 0;
        bool same_text =
            a[i].value == NULL || (a[i].text.start == b[i].text.start && a[i].text.end == b[i].text.end);
        if (strcmp(a[i].label, b[i].label) != 0 || !same_value || !same_text ||
            a[i].span.start != b[i].span.start || a[i].span.end != b[i].span.end)
            fail_msg("%s = %s [%zu, %zu), to the lens %s = %s [%zu, %zu) in\n%s", a[i].label, a[i].value,
                     a[i].span.start, a[i].span.end, b[i].label, b[i].value, b[i].span.start, b[i].span.end,
                     text);
        assert_same(text, a[i].child, a[i].n_child, b[i].child, b[i].n_child);
    }
    if (n_a != n_b)
        fail_msg("%zu nodes, to the lens %zu, in\n%s", n_a, n_b, text);
}

static bool read_one(enum lens lens, const char *text, size_t len, struct node **ret_node, size_t *ret_n)
{
    if (lens == LENS_TRANSPORT || lens == LENS_ALIASES)
        return postfix_nodes_table(lens == LENS_ALIASES, text, len, ret_node, ret_n);
    return (lens == LENS_MASTER ? postfix_nodes_master : postfix_nodes_main)(text, len, ret_node, ret_n);
}

static size_t read_both(enum lens lens, const char *text)
{
    struct node *node, *seen;
    size_t n, n_seen, len = strlen(text);
    struct err err;
    if (!read_one(lens, text, len, &node, &n))
        return 0;
    if (!tree_parse(lens, "/t", text, len, &seen, &n_seen, &err))
        fail_msg("the lens refuses what was taken: %s\nin\n%s", err.text, text);
    assert_same(text, node, n, seen, n_seen);
    if (!tree_agrees(lens, text, node, n))
        fail_msg("the lens does not agree in\n%s", text);
    return 1;
}

static const char *random_text(const char *const *piece, unsigned n_piece, uint64_t *seed, unsigned most)
{
    struct buf text = {0};
    for (unsigned n = unit_random(seed, most); n > 0; n--)
        buf_puts(&text, piece[unit_random(seed, n_piece)]);
    if (text.len > 0 && unit_random(seed, 8) > 0)
        buf_puts(&text, "\n");
    return buf_text(&text);
}

static void test_main_cf(void **state)
{
    (void)state;
    static const char *const pieces[] = {"a = b\n",
                                         "a=b, c\n",
                                         "a =\n",
                                         "a = # b\n",
                                         "\tc = d \t\n",
                                         "  # e\n",
                                         "#f\n",
                                         "# g = h \n",
                                         "#g_1=\n",
                                         "\n",
                                         " \t\n",
                                         "\f\n",
                                         "a.b-c\t= d\r\n",
                                         "##a = b\n",
                                         "#\v a\f=\v b\n",
                                         "  #a=b\n",
                                         "# \xe9=b\n",
                                         "\xe9 = \xe9\n",
                                         "[a]=b\n",
                                         "a#b = c = d\n",
                                         "#a b = c\n",
                                         "  {b}\n",
                                         " \n",
                                         "#\r\n",
                                         "a = ${b?{c}}",
                                         "= ",
                                         "a",
                                         " ",
                                         "#",
                                         "\n#",
                                         "\n ",
                                         "b =",
                                         "\t",
                                         "a=\v\n",
                                         "c = d\n",
                                         "# x\n",
                                         "  y\n",
                                         "e = f\n"};
    uint64_t seed = 1;
    size_t taken = 0;
    for (int i = 0; i < (int)unit_rounds(ROUNDS_MAIN); i++)
        taken += read_both(LENS_MAIN, random_text(pieces, COUNT(pieces), &seed, 12));
    assert_in_range(taken, unit_rounds(ROUNDS_MAIN) / 10, unit_rounds(ROUNDS_MAIN) * 9 / 10);
}

static void test_master_cf(void **state)
{
    (void)state;
    static const char *const pieces[] = {"smtp inet n - y - - smtpd\n",
                                         "a unix - n n 9? 1 pipe\n",
                                         "  -o a=b\n",
                                         "\t-o c=\n",
                                         "  -oa=b -v -o d=e=f\n",
                                         "  -o\n  a=b\n",
                                         "  flags=R argv=/x ${y}\n",
                                         "# note\n",
                                         "#  -o a=b\n",
                                         "#  -o c = d\n",
                                         "# -oe= \n",
                                         "#smtps inet n - y - - smtpd\n",
                                         "#b unix - n n - - lmtp x -o y\n",
                                         "# c inet n - - 1\n",
                                         "# d inet is\n",
                                         "\n",
                                         " \t\n",
                                         "#-o\n",
                                         "# -o =x\n",
                                         "##e inet n y - - - x\n",
                                         "  # f inet n - - - - x\n",
                                         "  # -o a=b\n",
                                         "g inet n\n",
                                         "  - n - -\n",
                                         "  smtpd\n",
                                         "  -o a={b}\n",
                                         "  -o { a = b }\n",
                                         "  -v{a -o b=c}\n",
                                         "  -o a={b\n",
                                         "  c} -k\n",
                                         "  -- -o a=b\n",
                                         "  - x # y\n",
                                         "  -o a\n",
                                         "  -o #a=b\n",
                                         "\xe9 unix - - - - - x\r\n",
                                         "h a b c d e f g -o x=y -k\n",
                                         "  -#\n",
                                         "# -o a  b\n",
                                         "#- inet n - - - - x\n",
                                         "#-x inet n - - - - x\n"};
    uint64_t seed = 1;
    size_t taken = 0;
    for (int i = 0; i < (int)unit_rounds(ROUNDS_MASTER); i++)
        taken += read_both(LENS_MASTER, random_text(pieces, COUNT(pieces), &seed, 9));
    assert_in_range(taken, unit_rounds(ROUNDS_MASTER) / 10, unit_rounds(ROUNDS_MASTER) * 9 / 10);
}

static void test_tables(void **state)
{
    (void)state;
    static const char *const pieces[] = {"a: b\n",     "a b\n",          "a:b, c\n",     "a smtp:[b]:587\n",
                                         "a\t:x \r\n", "a :\n",          "a:\n",         "a\n",
                                         "\tc\n",      "  c: d, \n",     "  # e\n",      "#f\n",
                                         "# f: g\n",   "#f: g\n",        "#f g\n",       "# f g\n",
                                         "##f g\n",    "#\v f\f:\v g\n", "  #f g \n",    "\n",
                                         " \t\n",      "\f\n",           "\"a b\" c\n",  "\"a b\": c\n",
                                         "a\\ b c\n",  "a b: c\n",       "a#b # c\n",    "a # c\n",
                                         "a: # c\n",   "@a b\n",         "a@b c\n",      "a(b): c\n",
                                         "[a]: b\n",   "[::1] b\n",      "a%b: c\n",     "a:b:c d\n",
                                         ": a\n",      "\xe9: \xe9\n",   "#\"a: b\n",    "#\"a b\n",
                                         "#a\n",       "#a:\n",          "# :a\n",       "a\\\n",
                                         "*\tb\n",     ".a\tb\n",        "# x\n\n# y\n", "a: |\"b c\"\n",
                                         "a\r\n"};
    uint64_t seed = 1;
    size_t taken = 0;
    for (int i = 0; i < (int)unit_rounds(ROUNDS_MAIN); i++)
        taken += read_both(i % 2 == 0 ? LENS_ALIASES : LENS_TRANSPORT,
                           random_text(pieces, COUNT(pieces), &seed, 5));
    assert_in_range(taken, unit_rounds(ROUNDS_MAIN) / 10, unit_rounds(ROUNDS_MAIN) * 9 / 10);
}

/* Nodes that are not those of the lens, in a text of several parts. */
static void test_disagrees(void **state)
{
    (void)state;
    struct buf text = {0};
    struct node *node;
    size_t n;
    for (unsigned i = 0; i < 150; i++)
        buf_printf(&text, "k%u v%u\n  more\n#c%u d\n", i, i, i);
    assert_true(postfix_nodes_table(false, text.text, text.len, &node, &n));
    assert_int_equal(n, 300);
    assert_true(tree_agrees(LENS_TRANSPORT, text.text, node, n));
    assert_false(tree_agrees(LENS_ALIASES, text.text, node, n));
    struct node *const last = &node[298], right = *last;
    last->value = "x";
    assert_false(tree_agrees(LENS_TRANSPORT, text.text, node, n));
    *last = right;
    last->label = "x";
    assert_false(tree_agrees(LENS_TRANSPORT, text.text, node, n));
    *last = right;
    last->n_child = 1;
    assert_false(tree_agrees(LENS_TRANSPORT, text.text, node, n));
    *last = right;
    last->child[1].value = "mor";
    assert_false(tree_agrees(LENS_TRANSPORT, text.text, node, n));
    last->child[1].value = "more";
    last->span.end += strlen("#c149 d\n");
    assert_false(tree_agrees(LENS_TRANSPORT, text.text, node, n));
    *last = right;
    assert_true(tree_agrees(LENS_TRANSPORT, text.text, node, n));
}

/* What Debian ships is not left to the lens. */
static void test_taken(void **state)
{
    (void)state;
    static const char main_cf[] =
        "# See /usr/share/postfix/main.cf.dist\n\nsmtpd_banner = $myhostname ESMTP\nbiff = no\n\n"
        "#delay_warning_time = 4h\nmydestination = $myhostname,\n\n  # ours\n  localhost\nrelayhost =\n";
    static const char master_cf[] =
        "# service type  private unpriv  chroot  wakeup  maxproc command + args\n"
        "smtp      inet  n       -       y       -       -       smtpd\n#submission inet n - y - - smtpd\n"
        "#  -o syslog_name=postfix/submission\n# Choose one: enable submission for loopback clients only.\n"
        "#  -o smtpd_tls_security_level=encrypt\n#628       inet  n       -       y       -       -       "
        "qmqpd\n"
        "relay     unix  -       -       y       -       -       smtp\n        -o "
        "syslog_name=postfix/$service_name\n"
        "# ====\n#\nmaildrop  unix  -       n       n       -       -       pipe\n"
        "  flags=DRXhu user=vmail argv=/usr/bin/maildrop -d ${recipient}\n";
    assert_int_equal(read_both(LENS_MAIN, main_cf), 1);
    static const char transport[] = "# See transport(5)\n\n.example.com\tsmtp:[relay.example.net]:587\n"
                                    "#old.example\t:[x]\n*\t:\n";
    static const char aliases[] =
        "# See man 5 aliases for format\npostmaster:    root\nroot: linux,\n  anna\n";
    assert_int_equal(read_both(LENS_MASTER, master_cf), 1);
    assert_int_equal(read_both(LENS_TRANSPORT, transport), 1);
    assert_int_equal(read_both(LENS_ALIASES, aliases), 1);
}

static enum lens lens_of(const char *path)
{
    return strstr(path, "master") != NULL      ? LENS_MASTER
           : strstr(path, "aliases") != NULL   ? LENS_ALIASES
           : strstr(path, "transport") != NULL ? LENS_TRANSPORT
                                               : LENS_MAIN;
}

static int read_files(int argc, char **argv)
{
    struct root host;
    struct err err;
    int taken = 0;
    if (!root_open("/", &host, &err))
        return 1;
    for (int i = 1; i < argc; i++) {
        const char *text;
        size_t len;
        if (!file_read_path(&host, argv[i], ANY_OWNER, &text, &len, &err) || strlen(text) != len)
            continue;
        size_t one = read_both(lens_of(argv[i]), text);
        taken += (int)one;
        if (one == 0)
            printf("left to the lens: %s\n", argv[i]);
    }
    printf("%d of %d files taken\n", taken, argc - 1);
    close(host.fd);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return unit_fresh(NULL) == 0 ? read_files(argc, argv) : 1;
    const struct CMUnitTest tests[] = {fresh_test(test_main_cf), fresh_test(test_master_cf),
                                       fresh_test(test_tables), fresh_test(test_disagrees),
                                       fresh_test(test_taken)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
