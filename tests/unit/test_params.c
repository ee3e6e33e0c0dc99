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
        {"root", ACCOUNT_SYSTEM, ACCOUNT_SYSTEM},    {"daemon", ACCOUNT_SYSTEM, ACCOUNT_SYSTEM},
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
    for (int low = 0; low < 2; low++) {
        if (low)
            unit_file("etc/login.defs", "# UID_MIN 1\nUID_MIN\t\t  500\nUID_MAX 60000\n");
        unit_file("etc/passwd", PASSWD); /* another one than before, so that all is read again */
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

/* ---- sources ---- */

static struct strings logged, asked_for, answers;
static bool unreadable;

static enum verdict heard(struct context *ctx, const char *capture, struct strings *ret_values)
{
    (void)ctx;
    assert_string_equal(capture, "c");
    *ret_values = logged;
    return unreadable ? CANNOT_TELL : HOLDS;
}

static const char *owner(const char *port)
{
    return strcmp(port, "25") == 0 ? "sendmail" : NULL;
}

static const char *ask(struct context *ctx, const struct param *param, const struct strings *offered,
                       int again)
{
    (void)ctx, (void)again;
    strings_add(&asked_for, arena_printf("%s(%s)", param->name, strings_join(offered, " ")));
    return asked_for.n <= answers.n ? answers.item[asked_for.n - 1] : NULL;
}

static const char *read_secret(const char *path, struct err *err)
{
    if (strcmp(path, "/file") == 0)
        return "hush hush";
    err_outcome(err, USAGE, "%s: there is none", path);
    return NULL;
}

static const struct outside all = {.heard = heard, .owner = owner, .ask = ask, .read_secret = read_secret};
static const char LOG[] = "symptom log\n  program p\n  level error\n  matching ^(?<c>.)\n";
static const char TEXT[] = "a = 20\na = 30\nb = 40\nbig = 9\nempty =\nbad = x y\n"
                           "alias_maps = hash:/etc/aliases, btree:/etc/more\n";

struct bound {
    const char *used, *error;
    struct context ctx;
};

static struct bound bind_with(const char *text, const char *words, const struct outside *outside)
{
    struct bound bound = {0};
    struct fix *fix = unit_fix(arena_printf("%s%s\n%s", HEAD, text, LOG));
    struct world *w = unit_world(TEXT, "", "postfix.version = 3.7\n", fix);
    struct strings assignments = strings_split(words, " "), used = {0};
    struct err err = {.text = ""};
    unit_file("etc/passwd", PASSWD);
    asked_for = (struct strings){0};
    w->ctx.outside = outside;
    if (params_bind(&w->ctx, &assignments, &used, &err))
        bound.used = strings_join(&used, " ");
    else
        bound.error = arena_string(err.text);
    bound.ctx = w->ctx;
    close(w->root.fd);
    return bound;
}

static void test_sources(void **state)
{
    (void)state;
    static const struct {
        const char *lines, *used; /* NULL: none was found */
    } cases[] = {
        {"type number\n  from main.cf setting a", "p=30"}, /* the one in effect */
        {"type number\n  from main.cf setting a b", "p=40"},
        {"type number\n  several\n  from main.cf setting a b", "p=30 p=40"},
        {"type number\n  from twice main.cf setting a b big", "p=80"},
        {"type size\n  from twice main.cf setting big", "p=18M"},
        {"type word\n  from name of main.cf setting big", "p=big"},
        {"type word\n  several\n  from type of main.cf table with parameter=alias_maps", "p=hash p=btree"},
        {"type word\n  from line of main.cf setting b", "p=3"},
        {"type number\n  from main.cf setting gone\n  from main.cf setting b", "p=40"},
        {"type number\n  from main.cf setting gone\n  default 7", "p=7"},
        {"type number\n  default 7\n  from main.cf setting b", "p=7"},
        {"type number\n  default 7 when postfix < 3.0\n  from main.cf setting b when postfix >= 3.0", "p=40"},
        {"type number\n  from main.cf setting b when dovecot >= 2.0\n  default 1", "p=1"}, /* not known */
        {"type word\n  from main.cf setting bad\n  default fine", "p=fine"}, /* not of the type */
        {"type word\n  from main.cf setting empty\n  default fine", "p=fine"},
        {"type number\n  from name of main.cf setting a", NULL},
        {"one-of 30 31\n  from main.cf setting a", "p=30"},
        {"one-of 31 32\n  from main.cf setting a", NULL},
        {"type localuser\n  several\n  from accounts", "p=anna p=bert"},
        {"type daemon\n  from port 25", "p=sendmail"},
        {"type daemon\n  from port 26", NULL},
        {"type word\n  from log c", "p=new"}, /* the newest line's */
        {"type word\n  several\n  from log c", "p=old p=new"},
        {"type number\n  from log c\n  default 3", "p=3"},
    };
    logged = strings_split("old new", " ");
    answers = (struct strings){0};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bound b = bind_with(arena_printf("param p\n  %s\n", cases[i].lines), "", &all);
        if ((b.used == NULL) != (cases[i].used == NULL) ||
            (b.used != NULL && strcmp(b.used, cases[i].used) != 0))
            fail_msg("%s: %s%s", cases[i].lines, b.used != NULL ? b.used : "",
                     b.error != NULL ? b.error : "");
    }
    /* A log that cannot be read, or nobody to ask: nothing. */
    unreadable = true;
    logged = (struct strings){0};
    assert_string_equal(bind_with("param p\n  type word\n  from log c\n  default d\n", "", &all).used, "p=d");
    unreadable = false;
    assert_null(bind_with("param p\n  type daemon\n  from port 25\n", "", NULL).used);
    /* What was given wins; auto is as if it was not given. */
    assert_string_equal(bind_with("param p\n  type number\n  from main.cf setting b\n", "p=1", &all).used,
                        "p=1");
    assert_string_equal(bind_with("param p\n  type number\n  from main.cf setting b\n", "p=auto", &all).used,
                        "p=40");
}

/* A source may name a parameter before it. */
static void test_source_of_param(void **state)
{
    (void)state;
    static const char text[] = "param which\n  type word\n  several\n"
                               "param p\n  type number\n  from twice main.cf setting {which}\n";
    assert_string_equal(bind_with(text, "which=a", &all).used, "which=a p=60");
    assert_string_equal(bind_with(text, "which=a which=b", &all).used, "which=a which=b p=80");
}

static void test_asked(void **state)
{
    (void)state;
    static const char text[] = "param p\n  type localuser\n  offer accounts\n  ask Who?\n";
    answers = strings_split("zoe anna", " ");
    struct bound b = bind_with(text, "", &all);
    assert_string_equal(b.used, "p=anna"); /* zoe is nobody: asked again */
    assert_string_equal(strings_join(&asked_for, " "), "p(anna bert) p(anna bert)");
    answers = strings_split("zoe zoe zoe anna", " ");
    b = bind_with(text, "", &all);
    assert_null(b.used);
    assert_int_equal(asked_for.n, 3);
    b = bind_with(text, "", NULL);
    assert_string_equal(b.error, "x needs p=VALUE: Who? (found here: anna, bert)\n"
                                 "    for example: mailfix apply x p=anna");
    answers = (struct strings){0};
    strings_add(&answers, "anna bert");
    b = bind_with("param p\n  type localuser\n  several\n", "", &all);
    assert_string_equal(b.used, "p=anna p=bert");
}

static void test_secret(void **state)
{
    (void)state;
    static const char text[] = "param p\n  type secret\n  ask Which password?\n";
    struct bound b = bind_with(text, "p=@/file", &all);
    assert_string_equal(b.used, "p=***");
    assert_string_equal(context_text(&b.ctx, "{p}"), "hush hush");
    struct strings secrets = params_secrets(&b.ctx);
    assert_string_equal(strings_join(&secrets, "|"), "hush hush");
    b = bind_with(text, "p=hush", &all);
    assert_non_null(strstr(b.error, "is not given on the command line"));
    assert_null(strstr(b.error, "hush"));
    assert_non_null(strstr(bind_with(text, "p=@/gone", &all).error, "/gone: there is none"));
    answers = strings_split("whisper", " ");
    assert_string_equal(bind_with(text, "", &all).used, "p=***");
    assert_string_equal(bind_with(text, "", NULL).error, "x needs p=@FILE: Which password?\n"
                                                         "    for example: mailfix apply x p=@FILE");
    const char *two = "param q\n  type word\nparam p\n  type secret\n";
    assert_null(strstr(bind_with(two, "p=hush", NULL).error, "hush")); /* q is missed first */
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
    const struct CMUnitTest tests[] = {dir_test(test_accounts),        dir_test(test_there),
                                       dir_test(test_fields_fill),     dir_test(test_sources),
                                       dir_test(test_source_of_param), dir_test(test_asked),
                                       dir_test(test_secret)};
    return cmocka_run_group_tests(tests, unit_begin, unit_end);
}
