/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where: the rows that a PLACE finds in two small documents, in their order, with their fields.
 */
#include "unit_place.h"

#include <fcntl.h>

static const char MAIN[] = "mydestination = old.example\n"              /* 1 */
                           "alias_maps = hash:/etc/aliases, nis:mail\n" /* 2 */
                           "  proxy:ldap:/etc/l.cf\n"                   /* 3 */
                           "#relayhost = [r.example]\n"                 /* 4 */
                           "smtpd_tls_session_cache_database =\n"       /* 5 */
                           "# why = here\n"                             /* 6 */
                           "    sdbm:${data_directory}/s\n"             /* 7 */
                           "smtp_tls_session_cache_database = cdb:/x\n" /* 8 */
                           "mydestination = $myhostname, two.example\n" /* 9 */
                           "empty =\n"                                  /* 10 */
                           "myhostname = h.example\n";                  /* 11 */
static const char MASTER[] = "smtp inet n - y - - smtpd\n"              /* 1 */
                             "127.0.0.1:smtp inet n - n - - smtpd\n"    /* 2 */
                             "  -o a=1 -o b=2\n"                        /* 3 */
                             "  -o a=3\n"                               /* 4 */
                             "  -o virtual_alias_maps=sdbm:/v\n"        /* 5 */
                             "#submission inet n - y - - smtpd\n"       /* 6 */
                             "relay unix - - n - - smtp\n"              /* 7 */
                             "    -o b=4\n";                            /* 8 */
static const char FACTS[] = "postfix.version = 3.7.11\n"
                            "postfix.table-types = btree cdb hash ldap lmdb proxy\n"
                            "postfix.value.from_facts = f\n"
                            "postfix.default.known = k\n";

static void test_rows(void **state)
{
    (void)state;
    /* Found as "file:line name=value", one after the other. */
    static const struct {
        const char *place, *rows;
    } cases[] = {
        {"main.cf setting mydestination", "main.cf:9 mydestination=$myhostname, two.example"},
        {"main.cf shadowed setting mydestination", "main.cf:1 mydestination=old.example"},
        {"main.cf shadowed setting", "main.cf:1 mydestination=old.example"},
        {"main.cf commented setting", "main.cf:4 relayhost=[r.example]"},
        {"main.cf setting relayhost", ""},
        {"main.cf setting my*",
         "main.cf:9 mydestination=$myhostname, two.example; main.cf:11 myhostname=h.example"},
        {"main.cf setting empty myhostname", "main.cf:10 empty=; main.cf:11 myhostname=h.example"},
        {"main.cf setting my* matching ^h", "main.cf:11 myhostname=h.example"},
        {"main.cf setting matching {v}", "main.cf:9 mydestination=$myhostname, two.example"},
        {"main.cf setting {names}", "main.cf:10 empty=; main.cf:11 myhostname=h.example"},
        {"main.cf setting alias_maps",
         "main.cf:2 alias_maps=hash:/etc/aliases, nis:mail proxy:ldap:/etc/l.cf"},
        {"main.cf effective mydestination", "main.cf:9 mydestination=h.example, two.example"},
        {"main.cf effective from_facts known no_such_name", "none:0 from_facts=f; none:0 known=k ?"},
        {"main.cf effective queue_directory", "none:0 queue_directory=/var/spool/postfix"},
        {"main.cf table", "main.cf:2 /etc/aliases=hash:/etc/aliases; main.cf:2 mail=nis:mail; main.cf:3 "
                          "/etc/l.cf=ldap:/etc/l.cf; "
                          "main.cf:7 ${data_directory}/s=sdbm:${data_directory}/s; main.cf:8 /x=cdb:/x"},
        {"main.cf table with use=alias", "main.cf:2 /etc/aliases=hash:/etc/aliases; main.cf:2 mail=nis:mail; "
                                         "main.cf:3 /etc/l.cf=ldap:/etc/l.cf"},
        {"main.cf table with use=alias fit=no", "main.cf:2 mail=nis:mail"},
        /* cdb is here, but no daemon can update it */
        {"postfix table with fit=no",
         "main.cf:2 mail=nis:mail; main.cf:7 ${data_directory}/s=sdbm:${data_directory}/s; "
         "main.cf:8 /x=cdb:/x; master.cf:5 /v=sdbm:/v"},
        {"postfix table with type=sdbm",
         "main.cf:7 ${data_directory}/s=sdbm:${data_directory}/s; master.cf:5 /v=sdbm:/v"},
        {"postfix table with type=nis,ldap matching /", "main.cf:3 /etc/l.cf=ldap:/etc/l.cf"},
        {"master.cf table with service=127.0.0.1:smtp/inet", "master.cf:5 /v=sdbm:/v"},
        {"main.cf table with parameter=smtp_tls_session_cache_database", "main.cf:8 /x=cdb:/x"},
        {"master.cf service smtp/inet", "master.cf:1 smtp=smtpd; master.cf:2 127.0.0.1:smtp=smtpd"},
        {"master.cf service 127.0.0.1:smtp/inet", "master.cf:2 127.0.0.1:smtp=smtpd"},
        {"master.cf service smtp/inet with chroot=y", "master.cf:1 smtp=smtpd"},
        {"master.cf service */unix", "master.cf:7 relay=smtp"},
        {"master.cf commented service submission/inet", "master.cf:6 submission=smtpd"},
        {"master.cf service",
         "master.cf:1 smtp=smtpd; master.cf:2 127.0.0.1:smtp=smtpd; master.cf:7 relay=smtp"},
        {"master.cf option a", "master.cf:4 a=3"},
        {"master.cf shadowed option a", "master.cf:3 a=1"},
        {"master.cf option b", "master.cf:3 b=2; master.cf:8 b=4"},
        {"master.cf option b in relay/unix", "master.cf:8 b=4"},
        {"master.cf option in smtp/inet matching ^2", "master.cf:3 b=2"},
        {"master.cf option * with service=relay/unix", "master.cf:8 b=4"},
        {"main.cf item mydestination",
         "main.cf:9 mydestination=$myhostname; main.cf:9 mydestination=two.example"},
        {"main.cf item my* with means=h.example",
         "main.cf:9 mydestination=$myhostname; main.cf:11 myhostname=h.example"},
        {"main.cf item mydestination matching ^{v}$", "main.cf:9 mydestination=two.example"},
        {"main.cf item alias_maps matching ldap", "main.cf:3 alias_maps=proxy:ldap:/etc/l.cf"},
        {"main.cf item empty", ""},
        {"main.cf setting my* listing {v}", "main.cf:9 mydestination=$myhostname, two.example"},
        {"main.cf setting my* listing h.EXAMPLE",
         "main.cf:9 mydestination=$myhostname, two.example; main.cf:11 myhostname=h.example"},
        {"main.cf effective mydestination listing h.example",
         "main.cf:9 mydestination=h.example, two.example"},
        {"master.cf column chroot in smtp/inet", "master.cf:1 chroot=y; master.cf:2 chroot=n"},
        {"master.cf column chroot unpriv in relay/unix", "master.cf:7 unpriv=-; master.cf:7 chroot=n"},
        {"master.cf column chroot with service=smtp/inet matching ^[y-]$", "master.cf:1 chroot=y"},
        {"master.cf column maxproc with service=none/inet", ""},
        {"master.cf commented option smtpd_x", ""},
    };
    struct world *w = unit_world(MAIN, MASTER, FACTS, NULL);
    unit_bind(&w->ctx, "names", "empty myhostname");
    unit_bind(&w->ctx, "v", "two.example");
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct place place = place_of(cases[i].place);
        struct row *row;
        size_t n;
        bool unknown;
        struct err err;
        struct buf found = {0};
        assert_ok(place_find(&w->ctx, &place, &row, &n, &unknown, &err), err);
        for (size_t k = 0; k < n; k++)
            buf_printf(&found, "%s%s:%zu %s=%s", k > 0 ? "; " : "",
                       row[k].doc != NULL ? row[k].doc->id : "none", row[k].line, row[k].name, row[k].value);
        if (unknown)
            buf_puts(&found, " ?");
        if (strcmp(buf_text(&found), cases[i].rows) != 0)
            fail_msg("%s: %s", cases[i].place, buf_text(&found));
        for (size_t k = 0; k < n; k++) /* the bytes of a value of one line are the value */
            if (row[k].bytes.end > 0 && row[k].doc != NULL && place.noun != NOUN_EFFECTIVE &&
                memchr(row[k].doc->text + row[k].bytes.start, '\n', row[k].bytes.end - row[k].bytes.start) ==
                    NULL)
                assert_memory_equal(row[k].doc->text + row[k].bytes.start, row[k].value,
                                    strlen(row[k].value));
    }
    close(w->root.fd);
}

static void test_describe(void **state)
{
    (void)state;
    static const struct {
        const char *place, *text;
    } cases[] = {
        {"main.cf setting myhostname", "/etc/postfix/main.cf:11: myhostname = h.example"},
        {"main.cf effective queue_directory", "queue_directory = /var/spool/postfix (default)"},
        {"main.cf table with type=cdb", "/etc/postfix/main.cf:8: smtp_tls_session_cache_database = cdb:/x"},
        {"master.cf option a", "/etc/postfix/master.cf:4: 127.0.0.1:smtp/inet: -o a = 3"},
        {"master.cf table", "/etc/postfix/master.cf:5: 127.0.0.1:smtp/inet: -o virtual_alias_maps = sdbm:/v "
                            "(there is neither /v nor /v.pag)"},
    };
    struct world *w = unit_world(MAIN, MASTER, FACTS, NULL);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct place place = place_of(cases[i].place);
        struct row *row;
        size_t n;
        bool unknown;
        struct err err;
        assert_ok(place_find(&w->ctx, &place, &row, &n, &unknown, &err), err);
        assert_int_equal(n, 1);
        assert_string_equal(row_describe(&row[0]), cases[i].text);
    }
    close(w->root.fd);
}

/* Each table's text and index are looked at below the root; their times tell which is newer. */
static void test_table_files(void **state)
{
    (void)state;
    static const char main_cf[] = "fresh_maps = hash:/t/fresh\nstale_maps = lmdb:/t/stale\n"
                                  "alone_maps = cdb:/t/alone\nlost_maps = btree:/t/lost\n"
                                  "read_maps = texthash:/t/alone, pcre:/t/none\n"
                                  "sql_maps = mysql:/t/alone\ndir = /t\nwhere_maps = hash:${dir}/fresh\n"
                                  "what_maps = hash:$unheard/x\n"
                                  "smtp_tls_session_cache_database = btree:/t/fresh\n";
    static const struct {
        const char *place, *parameters;
        bool unknown;
    } cases[] = {
        {"main.cf table with index=fresh", "fresh_maps lost_maps read_maps where_maps", true},
        {"main.cf table with index=stale", "stale_maps", true},
        {"main.cf table with index=missing", "alone_maps read_maps", true},
        {"main.cf table with source=missing", "lost_maps read_maps", true},
        {"main.cf table with source=missing type=btree", "lost_maps", false},
        {"main.cf table with text=no", "sql_maps smtp_tls_session_cache_database", false},
    };
    struct world *w = unit_world(main_cf, MASTER, FACTS, NULL);
    struct timespec now[2] = {{.tv_sec = 2000}, {.tv_sec = 2000}},
                    old[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    unit_dirs("t");
    unit_file("t/fresh", "k v\n");
    unit_file("t/fresh.db", "x");
    unit_file("t/stale", "k v\n");
    unit_file("t/stale.lmdb", "x");
    unit_file("t/alone", "k v\n");
    unit_file("t/lost.db", "x");
    assert_int_equal(utimensat(AT_FDCWD, unit_path("t/stale"), now, 0), 0);
    assert_int_equal(utimensat(AT_FDCWD, unit_path("t/stale.lmdb"), old, 0), 0);
    assert_int_equal(utimensat(AT_FDCWD, unit_path("t/fresh"), old, 0), 0);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct place place = place_of(cases[i].place);
        struct row *row;
        size_t n;
        bool unknown;
        struct err err;
        struct strings found = {0};
        assert_ok(place_find(&w->ctx, &place, &row, &n, &unknown, &err), err);
        for (size_t k = 0; k < n; k++)
            strings_add(&found, row_field(&row[k], "parameter"));
        if (strcmp(strings_join(&found, " "), cases[i].parameters) != 0 || unknown != cases[i].unknown)
            fail_msg("%s: %s, %s", cases[i].place, strings_join(&found, " "), unknown ? "unknown" : "known");
    }
    assert_string_equal(w->ctx.missing, "postfix.value.unheard");
    close(w->root.fd);
}

/* A list holds a word directly, as a key of the text of a table, or in a file that it names. With a leading
 * dot the word is any name below the domain. */
static void test_listing(void **state)
{
    (void)state;
    static const char main_cf[] = "plain = a.example b.example\nout = !a.example, b.example\n"
                                  "in_table = hash:/t/map\nin_file = /t/list\n"
                                  "unreadable = hash:/t/none\nforeign = ldap:/t/map\nbrace = ${plain}\n"
                                  "below = !x.below.example, Sub.BELOW.example\n";
    static const struct {
        const char *word, *parameters;
    } cases[] = {
        {"a.example", "plain brace ?"},
        {"b.example", "plain out brace ?"},
        {"key.example", "in_table ?"},
        {"KEY.example", "in_table ?"},
        {"key", "?"},
        {"value", "?"},
        {"line.example", "in_file ?"},
        {"more.example", "?"},
        {".below.example", "in_table in_file below ?"},
        {"below.example", "?"},
        {".user.example", "?"},
        {".comment.example", "?"},
        {".dot.example", "in_table ?"},
    };
    struct world *w = unit_world(main_cf, MASTER, FACTS, NULL);
    unit_dirs("t");
    unit_file("t/map", "# key\nkey.example value\n  more.example\nin.below.example x\n"
                       "a@in.user.example x\n#in.comment.example x\n.Dot.example x\n");
    unit_file("t/list", "line.example\nin.below.example\n");
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct place place = place_of(arena_printf("main.cf setting * listing %s", cases[i].word));
        struct row *row;
        size_t n;
        bool unknown;
        struct err err;
        struct strings found = {0};
        assert_ok(place_find(&w->ctx, &place, &row, &n, &unknown, &err), err);
        for (size_t k = 0; k < n; k++)
            strings_add(&found, row[k].name);
        if (unknown)
            strings_add(&found, "?");
        assert_string_equal(strings_join(&found, " "), cases[i].parameters);
    }
    close(w->root.fd);
}

static enum verdict only_foreign(struct context *ctx, const struct cond *cond, struct evidence *ret_evidence)
{
    (void)ctx;
    (void)ret_evidence;
    assert_int_equal(cond->kind, COND_LOOKUP);
    assert_string_equal(cond->words.item[1], "a.example");
    return strcmp(cond->words.item[0], "foreign") == 0 ? HOLDS : FAILS;
}

/* A table without a text is asked where the host runs; not for what is below a domain, nor for a file. */
static void test_listing_live(void **state)
{
    (void)state;
    static const char main_cf[] =
        "foreign = ldap:/t/map\nother = ldap:/t/other\nfile = /t/none, ldap:/t/map\n";
    static const struct outside outside = {.live = only_foreign};
    static const struct {
        const char *place;
        size_t n;
        bool unknown;
    } cases[] = {
        {"main.cf setting foreign listing a.example", 1, false},
        {"main.cf setting other listing a.example", 0, false},
        {"main.cf setting file listing a.example", 0, true},
        {"main.cf setting foreign listing .a.example", 0, true},
    };
    struct world *w = unit_world(main_cf, MASTER, FACTS, NULL);
    w->ctx.outside = &outside;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct place place = place_of(cases[i].place);
        struct row *row;
        size_t n;
        bool unknown;
        struct err err;
        assert_ok(place_find(&w->ctx, &place, &row, &n, &unknown, &err), err);
        if (n != cases[i].n || unknown != cases[i].unknown)
            fail_msg("%s: %zu rows, %s", cases[i].place, n, unknown ? "unknown" : "known");
    }
    close(w->root.fd);
}

/* Names that only the two files make known. */
static void test_known(void **state)
{
    (void)state;
    static const char main_cf[] =
        "mine = 1\nuses = ${mine?x}\nsmtpd_restriction_classes = strict\nstrict = reject\n"
        "relay_destination_recipient_limit = 1\nnone_destination_recipient_limit = 1\n"
        "x_maps = ldap:people\npeople_server_host = h\nminer = 1\nin_master = 1\n";
    struct world *w = unit_world(main_cf, "relay unix - - n - - smtp\n  -o a=$in_master\n",
                                 "postfix.default.uses = 1\n", NULL);
    struct place place = place_of("main.cf setting * with known=yes");
    struct row *row;
    size_t n;
    bool unknown;
    struct err err;
    struct strings found = {0};
    assert_ok(place_find(&w->ctx, &place, &row, &n, &unknown, &err), err);
    for (size_t k = 0; k < n; k++)
        strings_add(&found, row[k].name);
    assert_string_equal(strings_join(&found, " "), "mine uses smtpd_restriction_classes strict "
                                                   "relay_destination_recipient_limit people_server_host "
                                                   "in_master");
    assert_true(unknown); /* of the others nobody can tell here */
    assert_string_equal(w->ctx.missing, "postfix.default.miner");
    close(w->root.fd);
}

/* Without the table types `fit` is unknown; that concerns only rows that the other filters leave. */
static void test_unknown(void **state)
{
    (void)state;
    static const struct {
        const char *place;
        size_t n;
        bool unknown;
    } cases[] = {
        {"main.cf table with fit=no", 0, true},
        {"main.cf table with fit=yes", 0, true},
        {"main.cf table with type=cdb fit=no", 0, true},
        {"main.cf table with type=none fit=no", 0, false},
        {"main.cf table with fit=no type=none", 0, false},
        {"main.cf table with fit=no matching ^none", 0, false},
        {"main.cf table with use=alias", 3, false},
    };
    struct world *w = unit_world(MAIN, MASTER, "", NULL);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct place place = place_of(cases[i].place);
        struct row *row;
        size_t n;
        bool unknown;
        struct err err;
        w->ctx.missing = NULL;
        assert_ok(place_find(&w->ctx, &place, &row, &n, &unknown, &err), err);
        if (n != cases[i].n || unknown != cases[i].unknown)
            fail_msg("%s: %zu rows, %s", cases[i].place, n, unknown ? "unknown" : "known");
        if (unknown)
            assert_string_equal(w->ctx.missing, "postfix.table-types");
    }
    close(w->root.fd);
}

static void test_unreadable(void **state)
{
    (void)state;
    struct world *w = unit_world("= nothing\n", MASTER, FACTS, NULL);
    struct place place = place_of("postfix table");
    struct row *row;
    size_t n;
    bool unknown;
    struct err err;
    assert_false(place_find(&w->ctx, &place, &row, &n, &unknown, &err));
    assert_says(err, "/etc/postfix/main.cf:1:1: ");
    assert_false(place_find(&w->ctx, &place, &row, &n, &unknown, &err)); /* asked again: the same */
    assert_says(err, "/etc/postfix/main.cf:1:1: ");
    place = place_of("master.cf option a");
    assert_ok(place_find(&w->ctx, &place, &row, &n, &unknown, &err), err);
    unit_bind(&w->ctx, "v", "x");
    place = place_of("master.cf option a matching {v}(");
    assert_false(place_find(&w->ctx, &place, &row, &n, &unknown, &err));
    assert_says(err, "the pattern of 'master.cf option a matching");
    close(w->root.fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dir_test(test_rows),    dir_test(test_describe),     dir_test(test_table_files),
        dir_test(test_listing), dir_test(test_listing_live), dir_test(test_known),
        dir_test(test_unknown), dir_test(test_unreadable),
    };
    return cmocka_run_group_tests(tests, unit_begin, unit_end);
}
