/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What looks like a secret: lines of settings and of tables, and settings by name and value.
 */
#include "secret.h"
#include "unit.h"

static void test_lines(void **state)
{
    (void)state;
    static const struct {
        const char *text; /* the line that counts is the last */
        enum secrecy secrecy;
        const char *shown; /* NULL: as it is */
    } cases[] = {
        {"smtp_sasl_password_maps = static:u:geheim\n", SECRETS_HIDDEN, "smtp_sasl_password_maps = ***\n"},
        {"smtp_sasl_password_maps = static:u:geheim\n", SECRETS_SHOWN, NULL},
        {"a=static:u:geheim", SECRETS_HIDDEN, "a= ***\n"},
        {"a=static:all\n", SECRETS_HIDDEN, NULL},
        {"# bind_pw = geheim\n", SECRETS_HIDDEN, "# bind_pw = ***\n"},
        {"  -o smtp_sasl_password_maps=static:u:geheim\n", SECRETS_HIDDEN,
         "  -o smtp_sasl_password_maps= ***\n"},
        {"smtp_sasl_password_maps =\n  static:u:geheim\n", SECRETS_HIDDEN, "  ***\n"},
        {"smtp_sasl_password_maps =\n# why\n\t{u:geheim}\n", SECRETS_HIDDEN, "\t***\n"},
        {"mynetworks =\n  127.0.0.0/8\n", SECRETS_HIDDEN, NULL},
        {"biff = no\n", SECRETS_HIDDEN, NULL},
        {"\n", SECRETS_ALL, NULL},
        {"[relay]:587 u:geheim\n", SECRETS_HIDDEN, NULL},
        {"[relay]:587 u:geheim\n", SECRETS_ALL, "[relay]:587 ***\n"},
        {"[relay]:587 u:geheim", SECRETS_ALL, "[relay]:587 ***\n"},
        {"# [relay]:587\tu:geheim\n", SECRETS_ALL, "# [relay]:587 ***\n"},
        {"#[relay]:587 u:geheim\n", SECRETS_ALL, "#[relay]:587 ***\n"},
        {"[relay]:587\n", SECRETS_ALL, NULL},
        {"[relay]:587\n   u:geheim\n", SECRETS_ALL, "   ***\n"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *text = cases[i].text;
        size_t len = strlen(text), start = len - 1;
        while (start > 0 && text[start - 1] != '\n')
            start--;
        const char *shown = secret_line(text, start, len, cases[i].secrecy);
        if (shown == NULL ? cases[i].shown != NULL
                          : cases[i].shown == NULL || strcmp(shown, cases[i].shown) != 0)
            fail_msg("%s shows %s", text, shown != NULL ? shown : "all of it");
        assert_int_equal(secret_hides(text, len, start, 1, cases[i].secrecy), shown != NULL);
        assert_false(secret_hides(text, len, start, 0, cases[i].secrecy));
    }
}

static void test_settings(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value;
        bool secret;
    } cases[] = {
        {"smtp_sasl_password_maps", "hash:/etc/postfix/sasl_passwd", false},
        {"smtp_sasl_password_maps", "inline:{x=u:geheim}, hash:/etc/x", true},
        {"smtp_sasl_password_maps", "hash:$config_directory/sasl_passwd", false},
        {"smtp_sasl_password_maps", "static:u:geheim", true},
        {"x_maps", "static:u:geheim", true},
        {"x_maps", "static:all", false},
        {"ldap_bind_pw", "geheim", true},
        {"ssl_key_password", "</etc/dovecot/key", false},
        {"ssl_key_password", "geheim", true},
        {"ssl_key_password", "", false},
        {"biff", "no", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        if (secret_setting(cases[i].name, cases[i].value) != cases[i].secret)
            fail_msg("%s = %s", cases[i].name, cases[i].value);
}

static void test_files(void **state)
{
    (void)state;
    assert_int_equal(secret_file("main.cf", "/etc/postfix/main.cf"), SECRETS_HIDDEN);
    assert_int_equal(secret_file("main.cf", "/root/secret/main.cf"), SECRETS_HIDDEN);
    assert_int_equal(secret_file("map transport_maps", "/etc/postfix/transport"), SECRETS_HIDDEN);
    assert_int_equal(secret_file("map smtp_sasl_password_maps", "/etc/postfix/relays"), SECRETS_ALL);
    assert_int_equal(secret_file("map transport_maps", "/etc/postfix/sasl_passwd"), SECRETS_ALL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {fresh_test(test_lines), fresh_test(test_settings),
                                       fresh_test(test_files)};
    return cmocka_run_group_tests(tests, unit_begin, unit_end);
}
