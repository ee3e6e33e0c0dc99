/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The types of parameters: what each takes and refuses, its fields, and that what a type refuses could have
 * done harm in a file.
 */
#include "unit.h"
#include "value.h"

static const struct {
    const char *type, *taken, *refused; /* separated by | */
} types[] = {
    {"domain", "example.org|a|mail-1.example.org|xn--bcher-kva.example",
     "|.|example..org|-a.org|a-.org|.example.org|example.org.|a b|a/b|a:b|ex\xc3\xa4mple.org|"
     "a123456789a123456789a123456789a123456789a123456789a123456789a1234.org"},
    {"hostport",
     "relay.example.org|[relay.example.org]|[relay.example.org]:587|relay.example.org:587|192.0.2.1|[192.0.2."
     "1]:25|"
     "[2001:db8::1]:465|[ipv6:2001:db8::1]",
     "|:25|[]|[a|[a]x|[a]:|[a]:0|[a]:65536|[a]:1x|a:b:c|2001:db8::1|a b|[a b]|a, b|[a]:25 x"},
    {"localuser", "root|anna.b|www-data", "|a b|a,b|a@b.c|-a|#a|a:b|b\\c|a\"b"},
    {"recipient", "anna|anna@example.org|anna+x@example.org",
     "|@example.org|anna@|anna@b@c|anna@exa mple|a,b@c.d|x:y@c.d|/var/mail|"},
    {"alias", "postmaster|mailer-daemon|list-request", "|a:|a b|a,b|\"a\"|:include|#x"},
    {"size", "1|512K|512k|300M|2G|1024G", "|0|0M|M|-1|1.5G|1 G|1T|10MB|1025G|268435456|99999999999999"},
    {"number", "0|25|100000|3.6|1.2.3", "|-1|1.|.5|1..2|1k|0x1|1234567890123456| 1"},
    {"bool", "yes|no", "|y|true|YES|1"},
    {"word", "a|a#b|{x}|ü", "|#a|a b|a\tb"},
    {"parameter", "myhostname|a_1", "|a b|a-b|a=b|a.b|$a"},
    {"daemon", "postfix|dovecot", "|sshd|Postfix|postfix dovecot"},
    {"secret", "a|a b|#x|p:w,\"", "| a|a |\t"},
};

static const char *const *split(const char *text, size_t *ret_n)
{
    const char **item = NULL;
    *ret_n = 0;
    for (const char *at = text;; at++) {
        const char *one = arena_copy(at, strcspn(at, "|"));
        item = arena_append(item, ret_n, sizeof(one), &one);
        at += strlen(one);
        if (*at == '\0')
            return item;
    }
}

static void test_types(void **state)
{
    (void)state;
    const char *value, *expected;
    struct strings all = value_types();
    assert_int_equal(all.n, COUNT(types));
    for (size_t i = 0; i < COUNT(types); i++) {
        size_t n;
        assert_true(strings_have(&all, types[i].type));
        const char *const *word = split(types[i].taken, &n);
        for (size_t k = 0; k < n; k++)
            if (!value_read(types[i].type, word[k], &value, &expected))
                fail_msg("%s refuses '%s': %s", types[i].type, word[k], expected);
        word = split(types[i].refused, &n);
        for (size_t k = 0; k < n; k++)
            if (value_read(types[i].type, word[k], &value, &expected))
                fail_msg("%s takes '%s'", types[i].type, word[k]);
        /* A value never brings a line of its own. */
        static const char *const controls[] = {"a\nb", "1\n", "yes\r", "a\x1b[2J", "postfix\n", "a@b.c\n"};
        for (size_t k = 0; k < COUNT(controls); k++)
            assert_false(value_read(types[i].type, controls[k], &value, &expected));
    }
    assert_false(value_type_known("colour"));
}

static void test_sizes(void **state)
{
    (void)state;
    const char *value, *expected;
    assert_true(value_read("size", "256", &value, &expected));
    assert_string_equal(value, "256M"); /* a bare number would be bytes in Dovecot */
    assert_string_equal(value_field("size", "256M", "mb"), "256");
    assert_string_equal(value_field("size", "2G", "mb"), "2048");
    assert_string_equal(value_field("size", "1536k", "mb"), "2"); /* never less than what was asked for */
    assert_string_equal(value_twice("size", "300M"), "600M");
    assert_string_equal(value_twice("number", "512"), "1024");
    assert_null(value_twice("size", "1024G"));
    assert_null(value_twice("size", "unlimited"));
    assert_true(value_compare("size", "1G", "900M") > 0);
    assert_true(value_compare("size", "1G", "1024M") == 0);
    assert_true(value_compare("number", "9", "10") < 0);
    assert_true(value_compare("number", "3.6", "3.10") < 0);
    assert_null(value_twice("number", "3.6"));
}

static void test_fields(void **state)
{
    (void)state;
    static const struct {
        const char *value, *host, *port;
    } cases[] = {
        {"relay.example.org", "relay.example.org", "25"},
        {"[relay.example.org]", "relay.example.org", "25"},
        {"[relay.example.org]:587", "relay.example.org", "587"},
        {"[2001:db8::1]:465", "2001:db8::1", "465"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_string_equal(value_field("hostport", cases[i].value, "host"), cases[i].host);
        assert_string_equal(value_field("hostport", cases[i].value, "port"), cases[i].port);
    }
    assert_non_null(value_field("hostport", NULL, "host"));
    assert_null(value_field("hostport", NULL, "mb"));
    assert_null(value_field("word", NULL, "host"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {fresh_test(test_types), fresh_test(test_sizes),
                                       fresh_test(test_fields)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
