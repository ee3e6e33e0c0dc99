/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where, in documents of several files: aliases, the text of a map, dovecot.conf with what it includes.
 */
#include "unit_place.h"

#define ROUNDS 40

static const char MAIN[] = "alias_maps = hash:/etc/aliases, regexp:/etc/r, hash:/etc/more\n"
                           "transport_maps = static:x hash:/etc/postfix/transport hash:/etc/other\n"
                           "recipient_delimiter = +\n";
static const char FACTS[] = "postfix.version = 3.7.11\npostfix.table-types = hash regexp\n"
                            "dovecot.value.service/imap/vsz_limit = 18446744073709551615 B\n"
                            "dovecot.value.default_vsz_limit = 256 M\ndovecot.value.listen = *, ::\n";
static const char ALIASES[] = "postmaster: root\n"                   /* 1 */
                              "Root: anna\n"                         /* 2 */
                              "root: late\n"                         /* 3 */
                              "empty:\n"                             /* 4 */
                              "empty: anna\n"                        /* 5 */
                              "#support: anna\n"                     /* 6 */
                              "a: b, x@example.org\n"                /* 7 */
                              "b:\n"                                 /* 8 */
                              "  \"c\", |/bin/true, /dev/null\n"     /* 9 */
                              "c: A\n"                               /* 10 */
                              "self: self, \\self, nobody-here\n"    /* 11 */
                              "into: a\n"                            /* 12 */
                              "list: :include:/etc/list, anna+box\n" /* 13 */
                              "daemon: \"|prog a, b\"\n"             /* 14 */
                              "back: \\anna\n";                      /* 15 */
static const char TRANSPORT[] = "example.org\tsmtp:[a]\n"
                                "Example.ORG smtp:[b]\n"
                                ".example.org\n"
                                "  relay:[c]\n"
                                "#old.example smtp:[d]\n"
                                "lonely\n";
static const char DOVECOT[] = "protocols = imap\n"               /* 1 */
                              "!include conf.d/*.conf\n"         /* 2 */
                              "protocols = imap pop3\n"          /* 3 */
                              "#listen = *\n"                    /* 4 */
                              "passdb {\n  driver = pam\n}\n"    /* 5 */
                              "passdb {\n  driver = passwd\n}\n" /* 8 */
                              "!include_try local.conf\n"        /* 11 */
                              "namespace {\n mailbox D {\n  auto = no\n }\n}\n"
                              "namespace {\n mailbox D {\n  auto = yes\n }\n}\n";
static const char MASTER[] = "service imap-login {\n"
                             "  inet_listener imap {\n"
                             "    #port = 143\n"
                             "    port = 144\n"
                             "  }\n"
                             "  vsz_limit = 64 M\n"
                             "}\n"
                             "service \"imap\" {\n"
                             "}\n";
static const char LOCAL[] =
    "service imap-login {\n  vsz_limit = $default_vsz_limit\n}\nprotocol imap {\n  vsz_limit = 1\n}\n";

static struct world *host(void)
{
    unit_dirs("etc/dovecot/conf.d");
    unit_file("etc/passwd", "root:x:0:0::/root:/bin/sh\ndaemon:x:1:1::/:/usr/sbin/nologin\n"
                            "into:x:1001:1001::/:/bin/sh\n"
                            "anna:x:1000:1000::/home/anna:/bin/sh\n");
    unit_file("etc/aliases", ALIASES);
    unit_file("etc/more", "postmaster: other\nonly: anna\n");
    unit_dirs("etc/postfix");
    unit_file("etc/postfix/transport", TRANSPORT);
    unit_file("etc/dovecot/dovecot.conf", DOVECOT);
    unit_file("etc/dovecot/conf.d/10-master.conf", MASTER);
    unit_file("etc/dovecot/local.conf", LOCAL);
    return unit_world(MAIN, "", FACTS, NULL);
}

/* As "file:line name=value; ...", with " ?" when not all is known. */
static const char *rows_of(struct world *w, const char *written)
{
    struct place place = place_of(written);
    struct row *row;
    struct err err;
    struct buf out = {0};
    size_t n;
    bool unknown;
    assert_ok(place_find(&w->ctx, &place, &row, &n, &unknown, &err), err);
    for (size_t k = 0; k < n; k++) {
        const char *file = row[k].doc != NULL ? strrchr(row[k].doc->path, '/') + 1 : "none";
        buf_printf(&out, "%s%s:%zu %s=%s", k > 0 ? "; " : "", file, row[k].line, row[k].name, row[k].value);
    }
    buf_puts(&out, unknown ? " ?" : "");
    return buf_text(&out);
}

static void test_rows(void **state)
{
    (void)state;
    /* Found as "file:line name=value", one after the other. */
    static const struct {
        const char *place, *rows;
    } cases[] = {
        {"aliases alias root", "aliases:2 Root=anna"},
        {"aliases alias ROOT", "aliases:2 Root=anna"},
        {"aliases shadowed alias root", "aliases:3 root=late"},
        {"aliases alias postmaster only", "aliases:1 postmaster=root; more:2 only=anna"},
        {"aliases shadowed alias postmaster", "more:1 postmaster=other"},
        {"aliases alias ro\\ot", "aliases:2 Root=anna"},
        {"aliases alias empty", "aliases:5 empty=anna"}, /* postalias drops the one without targets */
        {"aliases commented alias", "aliases:6 support=anna"},
        {"aliases alias b", "aliases:8 b=\"c\", |/bin/true, /dev/null"},
        {"aliases alias * with account=system", "aliases:2 Root=anna; aliases:14 daemon=\"|prog a, b\""},
        {"aliases alias * with account=login", "aliases:12 into=a"}, /* root is nobody's own name */
        {"aliases alias * matching late", ""},
        {"aliases loop", "aliases:7 a=b -> c -> a; aliases:8 b=c -> a -> b; aliases:10 c=a -> b -> c"},
        {"aliases loop self into", ""},
        {"aliases loop c", "aliases:10 c=a -> b -> c"},
        {"aliases dangling",
         "aliases:8 b=|/bin/true; aliases:13 list=:include:/etc/list; aliases:11 self=self; "
         "aliases:11 self=self; aliases:11 self=nobody-here"},
        {"aliases dangling list", "aliases:13 list=:include:/etc/list"},
        {"map transport_maps entry example.org", "transport:1 example.org=smtp:[a]"},
        {"map transport_maps shadowed entry", "transport:2 Example.ORG=smtp:[b]; transport:6 lonely="},
        {"map transport_maps entry .example.org", "transport:3 .example.org=relay:[c]"},
        {"map transport_maps commented entry", "transport:5 old.example=smtp:[d]"},
        {"map transport_maps entry lonely", ""},
        {"dovecot.conf setting protocols", "dovecot.conf:3 protocols=imap pop3"},
        {"dovecot.conf shadowed setting protocols", "dovecot.conf:1 protocols=imap"},
        {"dovecot.conf commented setting", "10-master.conf:3 service/imap-login/inet_listener/imap/port=143; "
                                           "dovecot.conf:4 listen=*"},
        {"dovecot.conf setting service/imap-login/vsz_limit",
         "local.conf:2 service/imap-login/vsz_limit=$default_vsz_limit"},
        {"dovecot.conf shadowed setting service/*", "10-master.conf:6 service/imap-login/vsz_limit=64 M"},
        {"dovecot.conf setting *vsz_limit", "local.conf:2 service/imap-login/vsz_limit=$default_vsz_limit; "
                                            "local.conf:5 protocol/imap/vsz_limit=1"},
        {"dovecot.conf setting passdb/driver",
         "dovecot.conf:6 passdb/driver=pam; dovecot.conf:9 passdb/driver=passwd"},
        {"dovecot.conf setting namespace/*",
         "dovecot.conf:14 namespace/mailbox/D/auto=no; dovecot.conf:19 namespace/mailbox/D/auto=yes"},
        {"dovecot.conf section service/*", "10-master.conf:1 service/imap-login=; 10-master.conf:2 "
                                           "service/imap-login/inet_listener/imap=; 10-master.conf:8 "
                                           "service/imap=; local.conf:1 service/imap-login="},
        {"dovecot.conf effective protocols listen",
         "dovecot.conf:3 protocols=imap pop3; none:0 listen=*, ::"},
        /* 2^64 - 1 means: what default_vsz_limit says */
        {"dovecot.conf effective service/imap/vsz_limit", "none:0 service/imap/vsz_limit=256 M"},
        {"dovecot.conf effective service/imap-login/vsz_limit", " ?"},
        {"dovecot.conf effective nosuch", " ?"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct world *w = host();
        const char *rows = rows_of(w, cases[i].place);
        if (strcmp(rows, cases[i].rows) != 0)
            fail_msg("%s:\n%s\ninstead of\n%s", cases[i].place, rows, cases[i].rows);
        close(w->root.fd);
    }
}

/* What local(8) reads of a list counts as the alias's own words; a list that names itself is read once. */
static void test_lists(void **state)
{
    (void)state;
    static const struct {
        const char *place, *rows;
    } cases[] = {
        {"aliases loop", "aliases:2 all=staff -> all; aliases:1 staff=all -> staff"},
        {"aliases loop all", "aliases:2 all=staff -> all"},
        {"aliases dangling", "aliases:2 all=ghost; aliases:3 gone=:include:/etc/gone; aliases:4 own=own"},
    };
    host();
    unit_dirs("etc/lists");
    unit_file("etc/aliases", "staff: :include:/etc/lists/staff\nall: anna, \":include:/etc/lists/all\"\n"
                             "gone: :include:/etc/gone\nown: :include:/etc/lists/own\n");
    unit_file("etc/lists/staff", "# nobody\n:include:/etc/lists/staff\nanna,\n all, jo@example.org\n");
    unit_file("etc/lists/all", "Staff\nghost\nanna\n");
    unit_file("etc/lists/own", "own\n");
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct world *w = unit_world("alias_maps = hash:/etc/aliases\n", "", FACTS, NULL);
        const char *rows = rows_of(w, cases[i].place);
        if (strcmp(rows, cases[i].rows) != 0)
            fail_msg("%s:\n%s\ninstead of\n%s", cases[i].place, rows, cases[i].rows);
        close(w->root.fd);
    }
}

/* A circle of many aliases, a chain that leads into it, and one far longer than a walk should take time for.
 */
static void test_long_circle(void **state)
{
    (void)state;
    struct buf text = {0};
    struct place place = place_of("aliases loop");
    struct row *row;
    struct err err;
    size_t n;
    bool unknown;
    host();
    for (int i = 0; i < 300; i++)
        buf_printf(&text, "c%d: c%d\nd%d: c%d, d%d\n", i, (i + 1) % 300, i, i, i + 1);
    unit_file("etc/aliases", buf_text(&text));
    struct world *w = unit_world("alias_maps = hash:/etc/aliases\n", "", FACTS, NULL);
    assert_ok(place_find(&w->ctx, &place, &row, &n, &unknown, &err), err);
    assert_int_equal(n, 300);
    assert_true(ends_with(row[0].value, "c299 -> c0"));
}

/* Records that have no part in what is asked make the text too large to be read whole, and change no answer.
 */
static void test_large_aliases(void **state)
{
    static const char *const line[] = {
        "a: b\n",
        "b: c, d\n",
        "c:\n  a\n",
        "d: d\n",
        "e: \\f, f\n",
        "f: \"a\"\n",
        "G: h\n",
        "h: g, anna\n",
        "b: e\n",
        "i: nobody-here\n",
        "j: anna+box, nobody+box\n",
        "k: :include:/etc/list\n",
        "l: |/bin/none\n",
        "m: x@example.org\n",
        "n:\n",
        "o: n\n",
        "# a: o\n",
        "p: anna, # no comment\n  b\n",
        "stray\n",
        "\"q r\": a, i\n",
        "g: Q\n",
        "root: p\n",
        "c\n # inside\n  : f\n",
    };
    static const char *const asked[] = {"aliases loop",
                                        "aliases dangling",
                                        "aliases alias g*",
                                        "aliases alias matching ^[^@]*$",
                                        "aliases shadowed alias matching ^[^@]*$",
                                        "aliases alias * with account=login,system"};
    struct buf padding = {0};
    uint64_t seed = 11;
    unsigned found = 0;
    for (int i = 0; padding.len <= FILE_LIMIT; i++)
        buf_printf(&padding, "padding%d: padding%d@example.net\n", i, i);
    for (unsigned round = 0; round < unit_rounds(ROUNDS); round++) {
        char *answer[2][COUNT(asked)];
        struct buf text = {0};
        for (unsigned n = unit_random(&seed, 14) + 1; n > 0; n--)
            buf_puts(&text, line[unit_random(&seed, COUNT(line))]);
        for (size_t large = 0; large < 2; large++) {
            size_t mark = arena_mark();
            assert_int_equal(unit_empty(state), 0);
            host();
            if (large)
                buf_add(&text, padding.text, padding.len);
            unit_file("etc/aliases", buf_text(&text));
            struct world *w =
                unit_world("alias_maps = hash:/etc/aliases\nrecipient_delimiter = +\n", "", FACTS, NULL);
            for (size_t i = 0; i < COUNT(asked); i++)
                answer[large][i] = strdup(rows_of(w, asked[i]));
            close(w->root.fd);
            if (large)
                arena_release(mark);
        }
        for (size_t i = 0; i < COUNT(asked); i++) {
            found += answer[0][i][0] != '\0';
            if (strcmp(answer[0][i], answer[1][i]) != 0)
                fail_msg("%s of\n%.400s\n%s\ninstead of\n%s", asked[i], buf_text(&text), answer[1][i],
                         answer[0][i]);
            free(answer[0][i]);
            free(answer[1][i]);
        }
    }
    assert_true(found > unit_rounds(ROUNDS) / 2);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {dir_test(test_rows), dir_test(test_lists),
                                              dir_test(test_long_circle), dir_test(test_large_aliases)};
    return cmocka_run_group_tests(tests, unit_begin, unit_end);
}
