/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What Postfix knows about itself: expansion of $names as mac_expand(3) does it, references to tables in
 * every place where they can stand, addresses of services, defaults and versions.
 */
#include "postfix.h"
#include "postfix_names.h"
#include "postfix_table.h"
#include "unit.h"

/* ---- expansion ---- */

static const char *lookup(void *arg, const char *name)
{
    static const char *const values[][2] = {
        {"set", "S"},
        {"empty", ""},
        {"dir", "/var/lib/postfix"},
        {"chain", "<$set>"},
        {"both", "$set$empty"},
        {"loop", "$loop"},
        {"wide", "$wide $wide $wide $wide"},
        {"ring_a", "$ring_b"},
        {"ring_b", "$ring_a"},
        {"broken", "$nobody"},
    };
    size_t *count = arg;
    *count += 1;
    for (size_t i = 0; i < COUNT(values); i++)
        if (strcmp(values[i][0], name) == 0)
            return values[i][1];
    return NULL;
}

static void test_expand(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expanded, *unknown;
    } cases[] = {
        {"", "", NULL},
        {"plain", "plain", NULL},
        {"$set", "S", NULL},
        {"${set}", "S", NULL},
        {"$(set)", "S", NULL},
        {"a$set,b", "aS,b", NULL},
        {"$set.x/$(set)y${set}z", "S.x/SySz", NULL},
        {"$$set", "$set", NULL},
        {"a$$", "a$", NULL},
        {"$empty", "", NULL},
        {"$chain", "<S>", NULL},
        {"$both", "S", NULL},
        {"btree:${dir}/smtpd_scache", "btree:/var/lib/postfix/smtpd_scache", NULL},
        /* ?: the text if the value is not empty, ":" if it is */
        {"${set?yes}", "yes", NULL},
        {"${empty?yes}", "", NULL},
        {"${set:no}", "", NULL},
        {"${empty:no}", "no", NULL},
        {"$(empty:no)", "no", NULL},
        {"${set?{yes}:{no}}", "yes", NULL},
        {"${empty?{yes}:{no}}", "no", NULL},
        {"${set?{yes}}", "yes", NULL},
        {"${empty:{no}}", "no", NULL},
        {"${set? {yes} : {no} }", "yes", NULL},
        {"${empty? {yes} : {no} }", "no", NULL},
        {"${set?{$set-$dir}:{$nobody}}", "S-/var/lib/postfix", NULL},
        {"${empty?{$nobody}:{${set?{in}:{out}}}}", "in", NULL},
        {"${set?$set and more}", "S and more", NULL},
        {"${set?a:b}", "a:b", NULL}, /* without braces all of it is the one text */
        {"${set?{}:{x}}", "", NULL},
        /* what nobody can tell stays as written */
        {"$nobody", "$nobody", "nobody"},
        {"a ${nobody} b", "a ${nobody} b", "nobody"},
        {"${nobody?{x}:{y}}", "${nobody?{x}:{y}}", "nobody"},
        {"$broken", "$nobody", "nobody"},
        {"$nobody$set", "$nobodyS", "nobody"},
        {"${{$set} == {S} ? {a} : {b}}", "${{$set} == {S} ? {a} : {b}}", "a relational expression"},
        {"${set+x}", "${set+x}", "set"},
        {"$", "$", "a relational expression"},
        {"${", "${", "a relational expression"},
        {"${set", "${set", "a relational expression"},
        {"$ x", "$ x", "a relational expression"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *unknown = NULL;
        size_t count = 0;
        const char *got = postfix_expand(cases[i].text, lookup, &count, &unknown);
        if (strcmp(got, cases[i].expanded) != 0 || (unknown == NULL) != (cases[i].unknown == NULL) ||
            (unknown != NULL && strcmp(unknown, cases[i].unknown) != 0))
            fail_msg("%s: %s, unknown %s", cases[i].text, got, unknown != NULL ? unknown : "none");
    }
    size_t count = 0;
    assert_string_equal(postfix_expand("$nobody", lookup, &count, NULL), "$nobody");
}

/* A name that leads to itself ends, is unknown, and does not take the time or memory of all its branches. */
static void test_expand_loops(void **state)
{
    (void)state;
    static const char *const texts[] = {"$loop", "$ring_a", "x $ring_b y", "$wide"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        const char *unknown = NULL;
        size_t count = 0;
        postfix_expand(texts[i], lookup, &count, &unknown);
        assert_non_null(unknown);
        assert_true(count < 100000);
    }
}

/* ---- tables ---- */

static void test_tables(void **state)
{
    (void)state;
    /* Found as "type name @offset", one after the other. */
    static const struct {
        const char *parameter, *value, *types, *found;
    } cases[] = {
        {"alias_maps", "hash:/etc/aliases", "", "hash /etc/aliases @0"},
        {"alias_maps", "", "", ""},
        {"alias_maps", "hash:/etc/aliases, nis:mail.aliases", "",
         "hash /etc/aliases @0; nis mail.aliases @19"},
        {"alias_maps", "hash:/a,hash:/b\thash:/c", "", "hash /a @0; hash /b @8; hash /c @16"},
        {"virtual_alias_maps", "$virtual_maps proxy:mysql:/etc/v.cf", "", "mysql /etc/v.cf @20"},
        {"x_maps", "proxy:proxy:hash:/a", "", "hash /a @12"},
        {"x_maps", "debug:proxy:hash:/a debug:unionmap:{hash:/b}", "",
         "hash /a @12; unionmap  @26; hash /b @36"},
        {"transport_maps", "unionmap:{hash:/a, proxy:ldap:/b}", "", "unionmap  @0; hash /a @10; ldap /b @25"},
        {"transport_maps", "pipemap:{static:x,hash:/a}", "", "pipemap  @0; static x @9; hash /a @18"},
        {"transport_maps", "randmap:{smtp:[a.example], smtp:[b.example]} hash:/a", "",
         "randmap  @0; hash /a @45"},
        {"virtual_alias_maps", "inline:{ {a = hash:b}, c=texthash:/d } hash:/e", "",
         "inline  @0; hash /e @39"},
        {"smtpd_relay_restrictions", "check_client_access static:{reject hash:x} reject", "", "static  @20"},
        {"smtpd_relay_restrictions", "check_client_access hsah:/a, check_policy_service inet:127.0.0.1:12",
         "", "hsah /a @20"},
        {"smtpd_tls_session_cache_database", "btree:${data_directory}/smtpd_scache", "",
         "btree ${data_directory}/smtpd_scache @0"},
        {"smtpd_tls_session_cache_database", "btree:$data_directory/smtpd_scache", "",
         "btree $data_directory/smtpd_scache @0"},
        {"smtpd_recipient_restrictions",
         "permit_mynetworks, check_recipient_access hash:/etc/postfix/access, reject", "",
         "hash /etc/postfix/access @42"},
        {"smtpd_client_restrictions", "check_client_access cidr:/a check_client_access pcre:/b", "",
         "cidr /a @20; pcre /b @48"},
        {"header_checks", "regexp:/etc/postfix/header_checks", "", "regexp /etc/postfix/header_checks @0"},
        {"local_recipient_maps", "proxy:unix:passwd.byname $alias_maps", "", "unix passwd.byname @6"},
        {"mynetworks", "127.0.0.0/8 [::1]/128 hash:/etc/postfix/networks", "",
         "hash /etc/postfix/networks @22"},
        /* types that are gone, mistyped, or known to this host alone */
        {"smtp_tls_session_cache_database", "sdbm:/var/lib/x", "", "sdbm /var/lib/x @0"},
        {"alias_maps", "hsah:/etc/aliases", "", "hsah /etc/aliases @0"},
        {"mydestination", "hsah:/etc/aliases", "", "hsah /etc/aliases @0"}, /* to Postfix it is one */
        {"mydestination", "hsah:x", "", ""},
        {"mynetworks", "10.0.0.0/8 fe80::/10 [2001:db8::]/32 gone:/a", "", "gone /a @37"},
        /* both values of a condition */
        {"x_maps", "${stress?{hash:/a}:{cdb:/b}} hash:/c", "", "hash /a @10; cdb /b @20; hash /c @29"},
        {"x_maps", "${stress?hash:/a}", "", "hash /a @9"},
        {"x_maps", "${stress:hash:${d}/a}", "", "hash ${d}/a @9"},
        {"mydestination", "newtype:/etc/x", "hash newtype", "newtype /etc/x @0"},
        /* what is no table */
        {"relayhost", "[mail.example.org]:587", "", ""},
        {"mailbox_transport", "lmtp:unix:private/lmtp", "hash unix", ""},
        {"default_transport", "smtp:[127.0.0.1]:25", "hash", ""},
        {"smtpd_milters", "inet:localhost:8891 unix:/run/m", "unix proxy", ""},
        {"content_filter", "smtp-amavis:[127.0.0.1]:10024", "", ""},
        {"tls_random_source", "dev:/dev/urandom", "", ""},
        {"alias_maps", "hash:", "", ""},
        {"alias_maps", ":x", "", ""},
        {"alias_maps", "/etc/aliases", "", ""},
        {"x_maps", "proxy:", "", ""},
        {"x_maps", "Hash:/a", "", ""},
        {"x_maps", "${x", "", ""},
        {"x_maps", "hash:${x", "", "hash $ @0"},
        {"indexed", "hash:$config_directory/", "", ""},
        {"x_maps", "inline:{a=b, c=hash}", "", "inline  @0"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct strings types = strings_split(cases[i].types, " ");
        struct table_ref *ref;
        size_t n;
        struct buf found = {0};
        postfix_tables(cases[i].parameter, cases[i].value, &types, &ref, &n);
        for (size_t k = 0; k < n; k++) {
            buf_printf(&found, "%s%s %s @%zu", k > 0 ? "; " : "", ref[k].type, ref[k].name, ref[k].offset);
            assert_string_equal(ref[k].text, arena_printf("%s:%s", ref[k].type, ref[k].name));
            assert_true(starts_with(cases[i].value + ref[k].offset, ref[k].text));
        }
        if (strcmp(buf_text(&found), cases[i].found) != 0)
            fail_msg("%s = %s: %s", cases[i].parameter, cases[i].value, buf_text(&found));
    }
}

static void test_uses(void **state)
{
    (void)state;
    static const struct {
        const char *parameter, *use;
    } uses[] = {
        {"smtpd_tls_session_cache_database", "cache"},
        {"lmtp_tls_session_cache_database", "cache"},
        {"address_verify_map", "cache"},
        {"postscreen_cache_map", "cache"},
        {"alias_maps", "alias"},
        {"alias_database", "alias"},
        {"virtual_alias_maps", "lookup"},
        {"smtpd_recipient_restrictions", "lookup"},
    };
    for (size_t i = 0; i < COUNT(uses); i++)
        assert_string_equal(postfix_table_use_name(postfix_table_use(uses[i].parameter)), uses[i].use);
    static const char *const can[] = {"btree", "lmdb", "hash", "internal"};
    static const char *const cannot[] = {"cdb", "texthash", "static", "pcre", "", "lmdb2"};
    for (size_t i = 0; i < COUNT(can); i++)
        assert_true(postfix_can_cache(can[i]));
    for (size_t i = 0; i < COUNT(cannot); i++)
        assert_false(postfix_can_cache(cannot[i]));
    assert_string_equal(postfix_cache_file("btree", "/x/y"), "/x/y.db");
    assert_string_equal(postfix_cache_file("lmdb", "/x/y"), "/x/y.lmdb");
    assert_null(postfix_cache_file("memcache", "/x/y"));
    assert_null(postfix_cache_file("nothing", "/x/y"));
}

/* ---- services ---- */

static void test_service_address(void **state)
{
    (void)state;
    static const struct {
        const char *service, *host;
        int port; /* 0: refused */
    } cases[] = {
        {"smtp", "", 25},
        {"25", "", 25},
        {"smtps", "", 465},
        {"submissions", "", 465},
        {"submission", "", 587},
        {"lmtp", "", 24},
        {"127.0.0.1:10025", "127.0.0.1", 10025},
        {"127.0.0.1:smtp", "127.0.0.1", 25},
        {"[::1]:submission", "::1", 587},
        {"[2001:db8::1]:25", "2001:db8::1", 25},
        {"localhost:10026", "localhost", 10026},
        {":25", "", 25},
        {"65535", "", 65535},
        {"65536", "", 0},
        {"0", "", 0},
        {"99999999999", "", 0},
        {"25x", "", 0},
        {"", "", 0},
        {"127.0.0.1:", "", 0},
        {"no-such-service-name", "", 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *host = NULL;
        int port = 0;
        bool ok = postfix_service_address(cases[i].service, &host, &port);
        if (ok != (cases[i].port != 0) || (ok && (port != cases[i].port || strcmp(host, cases[i].host) != 0)))
            fail_msg("'%s': %s:%d", cases[i].service, ok ? host : "refused", port);
    }
}

/* ---- documents, defaults ---- */

static void test_settings(void **state)
{
    (void)state;
    static const char text[] = "a = 1\nb = 2\n  3\n# c\n  4\na = 5\n#a = 6\n";
    struct doc doc = {.id = "main.cf", .text = text, .len = strlen(text)};
    struct err err;
    assert_ok(tree_parse(LENS_MAIN, "/t", text, strlen(text), &doc.node, &doc.n_node, &err), err);
    const struct node *a = postfix_setting(&doc, "a");
    assert_string_equal(postfix_joined_value(a), "5");
    assert_true(postfix_in_effect(&doc, a));
    assert_false(postfix_in_effect(&doc, &doc.node[0]));
    assert_string_equal(postfix_joined_value(postfix_setting(&doc, "b")), "2 3 4");
    assert_null(postfix_setting(&doc, "c"));
}

static void test_defaults(void **state)
{
    (void)state;
    assert_string_equal(postfix_default("queue_directory"), "/var/spool/postfix");
    assert_null(postfix_default("no_such_parameter"));
}

static void test_names(void **state)
{
    (void)state;
    assert_int_equal(postfix_names_have("data_directory", "2.4.6"), FAILS);
    assert_int_equal(postfix_names_have("data_directory", "2.5"), HOLDS);
    assert_int_equal(postfix_names_have("data_directory", NULL), CANNOT_TELL);
    assert_int_equal(postfix_names_have("smtp_tls_CAfile", "3.7.11"), HOLDS);
    assert_int_equal(postfix_names_have("tls_legacy_public_key_fingerprints", "3.10.5"), HOLDS);
    assert_int_equal(postfix_names_have("tls_legacy_public_key_fingerprints", "3.11.0"), FAILS);
    assert_int_equal(postfix_names_have("fallback_relay", "3.7.11"), HOLDS); /* a default still reads it */
    assert_int_equal(postfix_names_have("relay", "3.7.11"), FAILS);
    assert_int_equal(postfix_names_have("relay", "4.0"), CANNOT_TELL);
    assert_true(postfix_names_any("maillog_file"));
    assert_false(postfix_names_any("log_file"));
    struct strings old = postfix_names_of("2.2.0"), all = postfix_names_of(NULL);
    assert_true(strings_have(&old, "mydestination"));
    assert_false(strings_have(&old, "maillog_file"));
    assert_true(strings_have(&all, "maillog_file"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fresh_test(test_expand),   fresh_test(test_expand_loops),    fresh_test(test_tables),
        fresh_test(test_uses),     fresh_test(test_service_address), fresh_test(test_settings),
        fresh_test(test_defaults), fresh_test(test_names),
    };
    return cmocka_run_group_tests(tests, unit_begin, unit_end);
}
