/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Sessions against a fake: a child on a port of 127.0.0.1 that plays one script and hands back what it was
 * told. It knows no TLS; sessions over TLS with real servers are held by the tests in tests/hosts.
 */
#include "session.h"

#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define SILENT NULL

/* What the fake says: the greeting, then for each line whose command (after an IMAP tag) it knows, the
 * answer. A tag in the answer is written as %s. No answer: it hangs up, as with an empty greeting. */
struct script {
    const char *greeting;
    struct {
        const char *command, *reply;
    } talk[6];
};

struct fake {
    pid_t pid;
    int port;
    int heard; /* all lines that it was told */
};

static void play(const struct script *script, FILE *in, int out, int heard)
{
    char line[512], tag[32], first[32], second[32];
    dprintf(out, "%s", script->greeting);
    while (fgets(line, sizeof(line), in) != NULL) {
        dprintf(heard, "%s", line);
        second[0] = '\0';
        bool tagged = sscanf(line, "%31s %31s", first, second) == 2 && first[0] == 'A' && first[1] == '0';
        snprintf(tag, sizeof(tag), "%s", first);
        const char *command = tagged ? second : first;
        const char *reply = NULL;
        for (size_t i = 0; i < COUNT(script->talk) && script->talk[i].command != NULL; i++)
            if (strcmp(script->talk[i].command, command) == 0)
                reply = script->talk[i].reply;
        if (reply == NULL)
            return;
        const char *place = strstr(reply, "%s");
        if (place != NULL)
            dprintf(out, "%.*s%s%s", (int)(place - reply), reply, tag, place + 2);
        else
            dprintf(out, "%s", reply);
        if (strcmp(command, "QUIT") == 0)
            return;
    }
}

static int listen_somewhere(int *ret_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(fd, 4), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    *ret_port = ntohs(address.sin_port);
    return fd;
}

static struct fake fake_start(const struct script *script)
{
    struct fake fake;
    int heard[2];
    int listener = listen_somewhere(&fake.port);
    assert_int_equal(pipe(heard), 0);
    fake.pid = fork();
    if (fake.pid == 0) {
        close(heard[0]);
        int fd = accept(listener, NULL, NULL);
        if (script->greeting == SILENT)
            pause();
        if (script->greeting[0] != '\0')
            play(script, fdopen(fd, "r"), fd, heard[1]);
        _exit(0);
    }
    close(listener);
    close(heard[1]);
    fake.heard = heard[0];
    return fake;
}

static const char *fake_end(struct fake *fake, bool is_silent)
{
    struct buf all = {0};
    char some[256];
    ssize_t n;
    if (is_silent)
        kill(fake->pid, SIGKILL);
    while ((n = read(fake->heard, some, sizeof(some))) > 0)
        buf_add(&all, some, (size_t)n);
    close(fake->heard);
    waitpid(fake->pid, NULL, 0);
    return buf_text(&all);
}

static const struct script smtp = {
    "220 mail.example.org ESMTP Postfix\r\n",
    {{"EHLO", "250-mail.example.org\r\n250-PIPELINING\r\n250 8BITMIME\r\n"},
     {"NOOP", "250 2.0.0 Ok\r\n"},
     {"QUIT", "221 2.0.0 Bye\r\n"}},
};
static const struct script smtp_lines = {
    "220-mail.example.org says\r\n220 hello\r\n",
    {{"EHLO", "250 mail.example.org\r\n"}, {"NOOP", "250 2.0.0 Ok\r\n"}},
};
static const struct script smtp_refuses_tls = {
    "220 mail.example.org ESMTP Postfix\r\n",
    {{"EHLO", "250-mail.example.org\r\n250 STARTTLS\r\n"},
     {"STARTTLS", "454 4.7.0 TLS not available due to local problem\r\n"},
     {"QUIT", "221 2.0.0 Bye\r\n"}},
};
static const struct script smtp_full = {"421 4.3.2 All server ports are busy\r\n", {{"QUIT", "221 Bye\r\n"}}};
static const struct script smtp_dies = {"220 mail.example.org ESMTP Postfix\r\n", {{0}}};
static const struct script closes = {"", {{0}}};
static const struct script silent = {SILENT, {{0}}};
static const struct script imap = {
    "* OK [CAPABILITY IMAP4rev1 LOGIN-REFERRALS] Dovecot ready.\r\n",
    {{"CAPABILITY", "* CAPABILITY IMAP4rev1 AUTH=PLAIN AUTH=EXTERNAL\r\n%s OK done.\r\n"},
     {"NOOP", "%s OK NOOP completed.\r\n"},
     {"LOGOUT", "* BYE Logging out\r\n%s OK Logout completed.\r\n"}},
};
static const struct script pop3 = {
    "+OK Dovecot ready.\r\n",
    {{"CAPA", "+OK\r\nCAPA\r\nTOP\r\nUIDL\r\nSASL PLAIN\r\nUSER\r\n.\r\n"}, {"QUIT", "+OK Logging out\r\n"}},
};
static const struct script pop3_old = {"+OK ready\r\n",
                                       {{"CAPA", "-ERR unknown\r\n"}, {"QUIT", "+OK bye\r\n"}}};

struct dialogue {
    const struct script *script;
    enum protocol protocol;
    bool starttls;
    const char *greets;
    enum verdict verdict;
    const char *greeting;
    const char *why;   /* what follows the port; its start */
    const char *heard; /* the end of what the fake was told, or NULL */
};

static const struct dialogue dialogues[] = {
    {&smtp, SMTP, false, NULL, HOLDS, "220 mail.example.org ESMTP Postfix", "",
     "EHLO localhost\r\nNOOP\r\nQUIT\r\n"},
    {&smtp, SMTP, false, "^220 .*Postfix$", HOLDS, "220 mail.example.org ESMTP Postfix", "", NULL},
    {&smtp, SMTP, false, "^554 ", FAILS, "220 mail.example.org ESMTP Postfix",
     "greeted with \"220 mail.example.org ESMTP Postfix\"", NULL},
    {&smtp, SMTP, false, "(", CANNOT_TELL, "220 mail.example.org ESMTP Postfix", "position 2: ", NULL},
    {&smtp, SMTP, true, NULL, FAILS, "220 mail.example.org ESMTP Postfix", "STARTTLS is not offered",
     "EHLO localhost\r\n"},
    {&smtp, SMTPS, false, NULL, FAILS, "", "TLS failed: ", NULL},
    {&smtp_refuses_tls, SMTP, true, NULL, FAILS, "220 mail.example.org ESMTP Postfix",
     "STARTTLS is offered, but refused", "STARTTLS\r\n"},
    {&smtp_refuses_tls, SMTP, false, NULL, FAILS, "220 mail.example.org ESMTP Postfix",
     "greeted with \"220 mail.example.org ESMTP Postfix\", then: ", NULL},
    {&smtp_lines, SMTP, false, "^220-mail", HOLDS, "220-mail.example.org says", "", "NOOP\r\nQUIT\r\n"},
    {&smtp_full, SMTP, false, NULL, FAILS, "421 4.3.2 All server ports are busy",
     "greeted with \"421 4.3.2 All server ports are busy\", then: ", NULL},
    {&smtp_dies, SMTP, false, NULL, FAILS, "220 mail.example.org ESMTP Postfix",
     "greeted with \"220 mail.example.org ESMTP Postfix\", then: ", NULL},
    {&closes, SMTP, false, NULL, FAILS, "", "closed without a greeting", NULL},
    {&silent, SMTP, false, NULL, FAILS, "", "no greeting within 300 ms", NULL},
    {&silent, IMAP, false, NULL, FAILS, "", "no greeting within 300 ms", NULL},
    {&imap, IMAP, false, "^\\* (OK|PREAUTH)", HOLDS,
     "* OK [CAPABILITY IMAP4rev1 LOGIN-REFERRALS] Dovecot ready.", "", "LOGOUT\r\n"},
    {&imap, IMAP, true, NULL, FAILS, "* OK [CAPABILITY IMAP4rev1 LOGIN-REFERRALS] Dovecot ready.",
     "STARTTLS is not offered", NULL},
    {&pop3, POP3, false, "^\\+OK", HOLDS, "+OK Dovecot ready.", "", "CAPA\r\nQUIT\r\n"},
    {&pop3, POP3, true, NULL, FAILS, "+OK Dovecot ready.", "STARTTLS is not offered", NULL},
    {&pop3_old, POP3, false, NULL, HOLDS, "+OK ready", "", "CAPA\r\nQUIT\r\n"},
};

static void hold(const struct dialogue *d, size_t number)
{
    struct fake fake = fake_start(d->script);
    struct session session = {.protocol = d->protocol,
                              .host = "127.0.0.1",
                              .port = fake.port,
                              .starttls = d->starttls,
                              .greets = d->greets,
                              .limit_ms = d->script->greeting == SILENT ? 300 : 5000};
    struct session_result result;
    session_hold(&session, &result);
    const char *heard = fake_end(&fake, d->script->greeting == SILENT);
    const char *why = d->why[0] == '\0' ? "" : arena_printf("127.0.0.1 port %d: %s", fake.port, d->why);
    bool right = result.verdict == d->verdict && strcmp(result.greeting, d->greeting) == 0 &&
                 starts_with(result.why, why) && (why[0] != '\0' || result.why[0] == '\0') &&
                 (d->heard == NULL || ends_with(heard, d->heard));
    if (!right)
        fail_msg("dialogue %zu: verdict %d, greeting %s, why %s, heard %s", number, (int)result.verdict,
                 result.greeting, result.why, heard);
}

static void test_dialogues(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(dialogues); i++)
        hold(&dialogues[i], i);
}

/* ---- what a dialogue is to find ---- */

#define SAYS_AUTH "250-mail.example.org\r\n250-AUTH PLAIN\r\n250 8BITMIME\r\n"
#define RELAY(mail, rcpt)                                                                                    \
    {                                                                                                        \
        "220 mail.example.org ESMTP\r\n",                                                                    \
        {                                                                                                    \
            {"EHLO", SAYS_AUTH}, {"NOOP", "250 Ok\r\n"}, {"MAIL", mail}, {"RCPT", rcpt},                     \
            {                                                                                                \
                "QUIT", "221 Bye\r\n"                                                                        \
            }                                                                                                \
        }                                                                                                    \
    }

static const struct script refuses_relay = RELAY("250 2.1.0 Ok\r\n", "554 5.7.1 Relay access denied\r\n");
static const struct script defers_relay = RELAY("250 2.1.0 Ok\r\n", "454 4.7.1 Relay access denied\r\n");
static const struct script wants_tls = RELAY("530 5.7.0 Must issue a STARTTLS command first\r\n", NULL);
static const struct script relays = RELAY("250 2.1.0 Ok\r\n", "250 2.1.5 Ok\r\n");
static const struct script dies_at_rcpt = RELAY("250 2.1.0 Ok\r\n", NULL);

static const struct {
    const struct script *script;
    enum protocol protocol;
    struct wish wish;
    enum verdict verdict;
    bool relays;
    const char *why, *heard;
} wishes[] = {
    {&refuses_relay, SMTP, {OFFERS, "AUTH", false}, HOLDS, false, "", "EHLO localhost\r\nNOOP\r\nQUIT\r\n"},
    {&refuses_relay, SMTP, {HIDES, "AUTH", false}, FAILS, false, "offers AUTH", NULL},
    {&refuses_relay, SMTP, {HIDES, "STARTTLS", false}, HOLDS, false, "", NULL},
    {&refuses_relay, SMTP, {OFFERS, "STARTTLS", false}, FAILS, false, "does not offer STARTTLS", NULL},
    {&imap, IMAP, {OFFERS, "AUTH=PLAIN", false}, HOLDS, false, "", NULL},
    {&imap, IMAP, {HIDES, "LOGIN-REFERRALS", false}, HOLDS, false, "", NULL}, /* the greeting is no answer */
    {&pop3, POP3, {OFFERS, "SASL", false}, HOLDS, false, "", NULL},
    {&pop3_old, POP3, {OFFERS, "STLS", false}, FAILS, false, "does not offer STLS", NULL},
    {&refuses_relay, SMTP, {REFUSES_RELAY, "relay", false}, HOLDS, false, "", NULL},
    {&defers_relay, SMTP, {REFUSES_RELAY, "relay", false}, HOLDS, false, "", NULL},
    {&wants_tls, SMTP, {REFUSES_RELAY, "relay", false}, HOLDS, false, "", NULL},
    {&relays,
     SMTP,
     {REFUSES_RELAY, "relay", false},
     FAILS,
     true,
     "a foreign recipient is accepted: \"250 2.1.5 Ok\"",
     "EHLO localhost\r\nNOOP\r\nMAIL FROM:<>\r\nRCPT TO:<mailfix@example.com>\r\nQUIT\r\n"}, /* no DATA */
    {&dies_at_rcpt,
     SMTP,
     {REFUSES_RELAY, "relay", false},
     CANNOT_TELL,
     false,
     "the session was not open any more",
     NULL},
};

static void test_wishes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(wishes); i++) {
        struct fake fake = fake_start(wishes[i].script);
        struct session session = {.protocol = wishes[i].protocol,
                                  .host = "127.0.0.1",
                                  .port = fake.port,
                                  .limit_ms = 5000,
                                  .wish = &wishes[i].wish,
                                  .n_wish = 1};
        struct session_result result;
        session_hold(&session, &result);
        const char *heard = fake_end(&fake, false);
        if (result.verdict != wishes[i].verdict || result.relays != wishes[i].relays ||
            strstr(result.why, wishes[i].why) == NULL || strstr(heard, "DATA") != NULL ||
            (wishes[i].heard != NULL && strcmp(heard, wishes[i].heard) != 0))
            fail_msg("wish %zu: verdict %d, why %s, heard %s", i, (int)result.verdict, result.why, heard);
    }
}

static void test_addresses(void **state)
{
    (void)state;
    struct strings own = session_addresses();
    assert_true(own.n == 0 || strings_have(&own, "127.0.0.1"));
}

/* Neither may lead the dialogue elsewhere. */
static void test_environment(void **state)
{
    (void)state;
    setenv("all_proxy", "socks5://127.0.0.1:1", 1);
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    hold(&dialogues[0], 0);
    unsetenv("all_proxy");
    unsetenv("http_proxy");
}

static void test_refused(void **state)
{
    (void)state;
    int port;
    close(listen_somewhere(&port));
    struct session session = {.protocol = SMTP, .host = "127.0.0.1", .port = port, .limit_ms = 2000};
    struct session_result result;
    session_hold(&session, &result);
    assert_int_equal(result.verdict, FAILS);
    assert_string_equal(result.greeting, "");
    assert_string_equal(result.why, arena_printf("127.0.0.1 port %d: connection refused", port));
}

static void test_interrupted(void **state)
{
    (void)state;
    struct fake fake = fake_start(&silent);
    struct session session = {.protocol = SMTP, .host = "127.0.0.1", .port = fake.port, .limit_ms = 20000};
    struct session_result result;
    signals_hold();
    raise(SIGINT);
    int64_t before = now_ms();
    session_hold(&session, &result);
    assert_true(now_ms() - before < 5000);
    assert_int_equal(result.verdict, CANNOT_TELL);
    assert_string_equal(result.why, arena_printf("127.0.0.1 port %d: interrupted", fake.port));
    fake_end(&fake, true);
    sigset_t set;
    int number;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigwait(&set, &number);
    sigset_t held;
    sigfillset(&held);
    sigprocmask(SIG_UNBLOCK, &held, NULL);
}

static void test_port_open(void **state)
{
    (void)state;
    int port;
    int listener = listen_somewhere(&port);
    assert_true(session_port_open("127.0.0.1", port, 1000));
    assert_false(session_port_open("::1", port, 1000));
    assert_false(session_port_open("localhost", port, 1000));
    close(listener);
    assert_false(session_port_open("127.0.0.1", port, 1000));
}

static void test_names(void **state)
{
    (void)state;
    enum protocol protocol = IMAP;
    assert_true(protocol_named("pop3s", &protocol));
    assert_int_equal(protocol, POP3S);
    assert_true(protocol_named("smtp", &protocol));
    assert_int_equal(protocol, SMTP);
    assert_false(protocol_named("smt", &protocol));
    assert_false(protocol_named("SMTP", &protocol));
}

static void exhausted(void)
{
    abort();
}

int main(void)
{
    struct err err;
    if (!arena_open(exhausted, &err))
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dialogues), cmocka_unit_test(test_environment),
        cmocka_unit_test(test_refused),   cmocka_unit_test(test_interrupted),
        cmocka_unit_test(test_port_open), cmocka_unit_test(test_wishes),
        cmocka_unit_test(test_addresses), cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
