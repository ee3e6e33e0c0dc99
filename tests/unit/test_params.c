/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The values that parameters get, and the accounts that some of them name.
 */
#include "accounts.h"
#include "params.h"
#include "unit.h"

#define HEAD "fix x\ntitle t\neffect noise\n\n"

static const char PASSWD[] = "root:x:0:0:root:/root:/bin/bash\n"
                             "daemon:x:1:1::/:/usr/sbin/nologin\n"
                             "postfix:x:101:106::/var/spool/postfix:/bin/false\n"
                             "sync:x:4:65534:sync:/bin:/bin/sync\n"
                             "old:x:500:500::/home/old:/bin/sh\n"
                             "anna:x:1000:1000:Anna,,,:/home/anna:/bin/bash\n"
                             "build:x:1001:1001::/home/build:/usr/sbin/nologin\n"
                             "bert:x:1002:1002::/home/bert:\n"
                             "nobody:x:65534:65534::/:/bin/sh\n"
                             "+nis::::::\nbroken\n";

/* Binds with the words of a command line; the parameters used, or the error. */
static const char *bind(const char *text, const char *words, enum outcome *ret_outcome)
{
    struct fix *fix = unit_fix(arena_printf("%s%s", HEAD, text));
    struct world *w = unit_world("a = 1\n", "", "", fix);
    struct strings assignments = strings_split(words, " "), used = {0};
    struct err err = {.text = ""};
    bool ok = params_bind(&w->ctx, &assignments, &used, &err);
    close(w->root.fd);
    *ret_outcome = ok ? DONE : err.outcome;
    return ok ? strings_join(&used, " ") : arena_string(err.text);
}

static void test_accounts(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum account kind, kind_500; /* where UID_MIN is 500 */
    } cases[] = {
        {"root", ACCOUNT_LOGIN, ACCOUNT_LOGIN},      {"daemon", ACCOUNT_SYSTEM, ACCOUNT_SYSTEM},
        {"postfix", ACCOUNT_SYSTEM, ACCOUNT_SYSTEM}, {"sync", ACCOUNT_SYSTEM, ACCOUNT_SYSTEM},
        {"old", ACCOUNT_SYSTEM, ACCOUNT_LOGIN},      {"anna", ACCOUNT_LOGIN, ACCOUNT_LOGIN},
        {"build", ACCOUNT_SYSTEM, ACCOUNT_SYSTEM},   {"bert", ACCOUNT_LOGIN, ACCOUNT_LOGIN},
        {"nobody", ACCOUNT_SYSTEM, ACCOUNT_SYSTEM},  {"zoe", ACCOUNT_NONE, ACCOUNT_NONE},
        {"+nis", ACCOUNT_NONE, ACCOUNT_NONE},        {"broken", ACCOUNT_NONE, ACCOUNT_NONE},
        {"ann", ACCOUNT_NONE, ACCOUNT_NONE},         {"", ACCOUNT_NONE, ACCOUNT_NONE},
    };
    struct root root;
    struct err err;
    struct strings people;
    enum account kind;
    unit_dirs("etc");
    assert_ok(root_open(unit_top, &root, &err), err);
    assert_false(account_kind(&root, "root", &kind, &err));
    unit_file("etc/passwd", PASSWD);
    for (int low = 0; low < 2; low++) {
        if (low)
            unit_file("etc/login.defs", "# UID_MIN 1\nUID_MIN\t\t  500\nUID_MAX 60000\n");
        for (size_t i = 0; i < COUNT(cases); i++) {
            assert_ok(account_kind(&root, cases[i].name, &kind, &err), err);
            if (kind != (low ? cases[i].kind_500 : cases[i].kind))
                fail_msg("%s is %s", cases[i].name, account_word[kind]);
        }
        assert_ok(account_people(&root, &people, &err), err);
        assert_string_equal(strings_join(&people, " "), low ? "old anna bert" : "anna bert");
    }
    close(root.fd);
}

static void test_there(void **state)
{
    (void)state;
    static const struct {
        const char *type, *value;
        bool taken;
    } cases[] = {
        {"localuser", "anna", true}, {"localuser", "postfix", true},         {"localuser", "zoe", false},
        {"recipient", "anna", true}, {"recipient", "zoe@example.org", true}, {"recipient", "zoe", false},
        {"alias", "whatever", true},
    };
    unit_dirs("etc");
    unit_file("etc/passwd", PASSWD);
    for (size_t i = 0; i < COUNT(cases); i++) {
        enum outcome outcome;
        const char *said = bind(arena_printf("param p\n  type %s\n", cases[i].type),
                                arena_printf("p=%s", cases[i].value), &outcome);
        if ((outcome == DONE) != cases[i].taken)
            fail_msg("%s %s: %s", cases[i].type, cases[i].value, said);
        if (outcome != DONE) {
            assert_int_equal(outcome, USAGE);
            assert_non_null(strstr(said, "of this host"));
        }
    }
}

static void test_fields_fill(void **state)
{
    (void)state;
    struct fix *fix =
        unit_fix(HEAD "param relay\n  type hostport\nparam size\n  type size\n  several\n\n"
                      "edit main.cf\n  each setting a\n  value {relay.host} {relay.port} {size.mb}\n");
    struct world *w = unit_world("a = 1\n", "", "", fix);
    struct strings words = strings_split("relay=[mx.example.org]:587 size=1G size=3", " "), used = {0};
    struct err err;
    assert_ok(params_bind(&w->ctx, &words, &used, &err), err);
    assert_string_equal(context_text(&w->ctx, "{relay} {relay.host}:{relay.port} {size} {size.mb}"),
                        "[mx.example.org]:587 mx.example.org:587 1G, 3M 1024, 3");
    struct context item = context_loop_item(&w->ctx, "size", 1);
    assert_string_equal(context_text(&item, "{size.mb}"), "3");
    close(w->root.fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {dir_test(test_accounts), dir_test(test_there),
                                       dir_test(test_fields_fill)};
    return cmocka_run_group_tests(tests, unit_begin, unit_end);
}
