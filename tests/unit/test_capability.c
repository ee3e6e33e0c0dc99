/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Capabilities as servers list them.
 */
#include "capability.h"
#include "unit.h"

#define EHLO                                                                                                 \
    "250-auth.example.org\r\n250-SIZE 10240000\r\n250-AUTH=LOGIN\r\n250-auth PLAIN LOGIN\r\n250 "            \
    "8BITMIME\r\n"
#define CAPABILITY                                                                                           \
    "* CAPABILITY IMAP4rev1 ID LOGINDISABLED AUTH=PLAIN\r\nA001 OK Pre-login STARTTLS listed.\r\n"
#define CAPA "+OK\r\nCAPA\r\nSASL PLAIN LOGIN\r\nUIDL\r\n.\r\n"

static void test_offered(void **state)
{
    (void)state;
    static const struct {
        enum protocol protocol;
        const char *answer, *word;
        bool offered;
    } cases[] = {
        {SMTP, EHLO, "AUTH", true},
        {SMTPS, EHLO, "size", true},
        {SMTP, EHLO, "8BITMIME", true},
        {SMTP, EHLO, "8BIT", false},
        {SMTP, EHLO, "STARTTLS", false},
        {SMTP, EHLO, "PLAIN", false},            /* an argument */
        {SMTP, EHLO, "auth.example.org", false}, /* the server's name */
        {SMTP, "250 AUTH\r\n", "AUTH", false},   /* so is this */
        {SMTP, "502 5.5.1 no\r\n502 AUTH\r\n", "AUTH", false},
        {SMTP, "", "AUTH", false},
        {IMAP, CAPABILITY, "AUTH", true},
        {IMAP, CAPABILITY, "AUTH=PLAIN", true},
        {IMAP, CAPABILITY, "AUTH=LOGIN", false},
        {IMAPS, CAPABILITY, "logindisabled", true},
        {IMAP, CAPABILITY, "STARTTLS", false}, /* only in the text of the answer */
        {IMAP, CAPABILITY, "CAPABILITY", false},
        {POP3, CAPA, "SASL", true},
        {POP3, CAPA, "UIDL", true},
        {POP3S, CAPA, "STLS", false},
        {POP3, CAPA, "PLAIN", false},
        {POP3, "-ERR unknown\r\n", "STLS", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        if (capability_offered(cases[i].protocol, cases[i].answer, cases[i].word) != cases[i].offered)
            fail_msg("%zu: %s", i, cases[i].word);
}

int main(void)
{
    const struct CMUnitTest tests[] = {fresh_test(test_offered)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
