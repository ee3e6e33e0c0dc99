/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From a request to a plan: parameters, requirements, what is already so, what is not finished, the checks of
 * the new text, the actions, several fixes at once.
 */
#include "fixes.h"
#include "params.h"
#include "plan.h"
#include "service.h"
#include "unit.h"

#define HEAD "fix x\ntitle t\neffect noise\n\n"
#define PARAMS                                                                                               \
    "param kind\n  one-of lmdb btree none\n  default lmdb when table-type lmdb\n  default btree when "       \
    "table-type btree\n"                                                                                     \
    "  default none\n\n"                                                                                     \
    "param names\n  type word\n  several\n  default one\n\n"                                                 \
    "param asked\n  type number\n  ask How many?\n\n"                                                        \
    "param flag\n  type bool\n  when {kind} is btree\n  default yes\n\n"

static const struct fix_dirs shipped = {SOURCE_FIXES, NULL};
static const char FACTS[] = "postfix.version = 3.7.11\npostfix.table-types = btree hash\n"
                            "postfix.default.data_directory = /var/lib/postfix\n";
static const char MASTER[] = "smtp inet n - y - - smtpd\n";

static struct planning planning;
static struct err err;

/* Plans one fix with the words of its command line, separated by blanks. */
static bool make(struct world *w, const char *text, const char *words, const struct outside *outside)
{
    struct request request = {.fix = unit_fix(text), .assignments = strings_split(words, " ")};
    memset(&planning, 0, sizeof(planning));
    return plan_make(&request, 1, &w->docs, outside, &planning, &err);
}

static bool make_on(const char *main_cf, const char *text, const char *words)
{
    struct world *w = unit_world(main_cf, MASTER, FACTS, NULL);
    bool ok = make(w, text, words, NULL);
    close(w->root.fd);
    return ok;
}

/* ---- parameters ---- */

static void test_parameters(void **state)
{
    (void)state;
    static const struct {
        const char *words, *used, *sentence; /* sentence: refused with USAGE */
    } cases[] = {
        {"asked=3", "kind=btree names=one asked=3 flag=yes", NULL},
        {"asked=3 kind=auto", "kind=btree names=one asked=3 flag=yes", NULL},
        {"asked=auto", NULL, "x needs asked=VALUE: How many?"},
        {"", NULL, "x needs asked=VALUE: How many?"},
        {"asked=3 kind=none", "kind=none names=one asked=3", NULL}, /* then there is no flag */
        {"asked=3 kind=sdbm", NULL, "x: 'sdbm' is not a value of kind; expected: lmdb|btree|none"},
        {"asked=3 kind=", NULL, "'' is not a value of kind"},
        {"asked=3 kind=none kind=lmdb", NULL, "kind can be given only once"},
        {"asked=3 names=a names=b", "kind=btree names=a names=b asked=3 flag=yes", NULL},
        {"asked=3 names=#a", NULL, "expected: one word that does not begin with #"},
        {"asked=3 names=a=b", "kind=btree names=a=b asked=3 flag=yes", NULL},
        {"asked=x", NULL, "'x' is not a value of asked; expected: a number"},
        {"asked=-1", NULL, "expected: a number"},
        {"asked=", NULL, "expected: a number"},
        {"asked=3 flag=maybe", NULL, "expected: yes or no"},
        {"asked=3 flag=no", "kind=btree names=one asked=3 flag=no", NULL},
        {"asked=3 colour=red", NULL, "x has no parameter 'colour'; it has: kind, names, asked, flag"},
        {"asked=3 kin=lmdb", NULL, "x has no parameter 'kin'"},
    };
    struct fix *fix = unit_fix(HEAD PARAMS "after restart postfix\n");
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct world *w = unit_world("", MASTER, FACTS, fix);
        struct strings words = strings_split(cases[i].words, " "), used = {0};
        bool ok = params_bind(&w->ctx, &words, &used, &err);
        if (ok != (cases[i].used != NULL))
            fail_msg("%s: %s", cases[i].words, ok ? strings_join(&used, " ") : err.text);
        if (ok) {
            assert_string_equal(strings_join(&used, " "), cases[i].used);
        } else {
            assert_int_equal(err.outcome, USAGE);
            assert_says(err, cases[i].sentence);
        }
        close(w->root.fd);
    }
    struct world *w = unit_world("", MASTER, FACTS, fix);
    struct strings words = {0}, used = {0};
    strings_add(&words, "names=a\nb");
    assert_false(params_bind(&w->ctx, &words, &used, &err));
    assert_says(err, "a value without control characters");
    close(w->root.fd);
}

/* ---- requirements ---- */

static enum verdict answer;

static enum verdict live(struct context *ctx, const struct cond *cond, struct evidence *ret_evidence)
{
    (void)ctx;
    ret_evidence->sentence = arena_printf("%s?", cond->written);
    return answer;
}

static const struct outside running = {.live = live};

static void test_requirements(void **state)
{
    (void)state;
    static const char edit[] = "edit main.cf\n  each setting a\n  value x\n\n";
    struct world *w = unit_world("a = 1\n", MASTER, FACTS, NULL);
    assert_false(make(
        w,
        arena_printf("%srequire none main.cf setting a\n  else because {postfix.version}\n\n%s", HEAD, edit),
        "", NULL));
    assert_int_equal(err.outcome, NOT_APPLICABLE);
    assert_says(err, "x does not apply: because 3.7.11");
    assert_says(err, "/etc/postfix/main.cf:1: a = 1"); /* and what was found */
    assert_false(make(w, arena_printf("%srequire dovecot > 2\n  else e\n\n%s", HEAD, edit), "", NULL));
    assert_int_equal(err.outcome, NOT_APPLICABLE);
    assert_says(err, "the fact dovecot.version is missing");
    /* A `when` that does not hold leaves the requirement out. */
    assert_true(make(
        w, arena_printf("%srequire none main.cf setting a\n  when postfix < 2\n  else e\n\n%s", HEAD, edit),
        "", NULL));
    const char *port = arena_printf("%srequire port 25 open\n  else nobody listens\n\n%s", HEAD, edit);
    assert_true(make(w, port, "", NULL)); /* below a root it is left to do */
    assert_int_equal(planning.plan.left_to_do.n, 1);
    assert_string_equal(planning.plan.left_to_do.item[0], "check on the running host: port 25 open");
    answer = FAILS;
    assert_false(make(w, port, "", &running));
    assert_says(err, "x does not apply: nobody listens");
    assert_says(err, "port 25 open?");
    answer = HOLDS;
    assert_true(make(w, port, "", &running));
    assert_int_equal(planning.plan.left_to_do.n, 0);
    assert_false(make(w, HEAD "symptom pending\n", "", NULL));
    assert_int_equal(err.outcome, NOT_APPLICABLE);
    assert_says(err, "only advises");
    close(w->root.fd);
}

/* ---- edits ---- */

static void test_edits(void **state)
{
    (void)state;
    static const char text[] =
        HEAD "param v\n  type word\n\nedit main.cf\n  each setting a\n  keep comment\n  value {v}\n\n"
             "edit master.cf\n  when {v} is two\n  each service smtp/inet\n  comment\n";
    assert_ok(make_on("a = 1\n", text, "v=x"), err);
    assert_int_equal(planning.plan.n_change, 1);
    assert_string_equal(planning.plan.change[0].after, "#a = 1\na = x\n");
    assert_string_equal(planning.plan.change[0].doc->text, "a = 1\n");
    char digest[DIGEST_HEX + 1];
    digest_hex("#a = 1\na = x\n", 13, digest);
    assert_string_equal(planning.plan.change[0].after_digest, digest);
    assert_true(planning.planned[0].changes);
    assert_string_equal(strings_join(&planning.plan.fixes, " "), "x");
    assert_string_equal(strings_join(&planning.plan.params, " "), "v=x");

    assert_ok(make_on("a = 1\n", text, "v=1"), err); /* already so */
    assert_int_equal(planning.plan.n_change, 0);
    assert_false(planning.planned[0].changes);

    assert_ok(make_on("a = 1\n", text, "v=two"), err); /* the order of the swap: master.cf first */
    assert_int_equal(planning.plan.n_change, 2);
    assert_string_equal(planning.plan.change[0].doc->id, "master.cf");
    assert_string_equal(planning.plan.change[1].doc->id, "main.cf");

    assert_false(make_on("= broken\n", text, "v=x"));
    assert_says(err, "/etc/postfix/main.cf:1:1: ");
}

/* A `when` that cannot be told refuses the fix; it is not taken for false. */
static void test_unknown_when(void **state)
{
    (void)state;
    assert_false(
        make_on("a = 1\n", HEAD "edit main.cf\n  when dovecot > 2\n  each setting a\n  value x\n", ""));
    assert_int_equal(err.outcome, NOT_APPLICABLE);
    assert_says(err, "dovecot.version");
    assert_false(make_on("a = 1\n", HEAD "edit main.cf\n  each setting a\n  value {dovecot.version}\n", ""));
    assert_int_equal(err.outcome, NOT_APPLICABLE);
    assert_says(err, "dovecot.version");
}

/* Nor is an action dropped, or a parameter taken for absent, because its condition is unknown. */
static void test_unknown_action_and_param(void **state)
{
    (void)state;
    static const char edit[] = "edit main.cf\n  each setting a\n  value x\n\n";
    assert_false(
        make_on("a = 1\n", arena_printf("%s%safter restart postfix\n  when dovecot > 2\n", HEAD, edit), ""));
    assert_int_equal(err.outcome, NOT_APPLICABLE);
    assert_says(err, "dovecot.version");
    assert_ok(make_on("a = 1\n",
                      arena_printf("%s%safter restart postfix\n  when daemon postfix running\n", HEAD, edit),
                      ""),
              err);
    assert_int_equal(planning.plan.n_action, 0);
    assert_int_equal(planning.plan.left_to_do.n, 1);
    assert_string_equal(planning.plan.left_to_do.item[0], "restart postfix, when daemon postfix running");
    assert_false(make_on(
        "a = 1\n",
        arena_printf("%sparam later\n  type word\n  default x\n  when dovecot > 2\n\n%s", HEAD, edit), ""));
    assert_int_equal(err.outcome, NOT_APPLICABLE);
    assert_says(err, "dovecot.version");
}

/* Edits that would change their own result, so that each apply would add to the file. */
static void test_not_finished(void **state)
{
    (void)state;
    static const char *const edits[] = {
        "  each setting a\n  replace ^\n  with x\n",
        "  each setting a\n  replace 1\n  with 11\n",
        "  each setting a\n  keep comment\n  replace $\n  with y\n",
    };
    for (size_t i = 0; i < COUNT(edits); i++) {
        assert_false(make_on("a = 1\n", arena_printf("%sedit main.cf\n%s", HEAD, edits[i]), ""));
        assert_int_equal(err.outcome, FAILED);
        assert_says(err, "run again, its edits would change their own result");
    }
}

static void test_pending(void **state)
{
    (void)state;
    struct fix *fix = unit_fix(HEAD "edit main.cf\n  each setting a\n  value x\n");
    struct world *w = unit_world("a = 1\n", MASTER, FACTS, fix);
    assert_int_equal(plan_pending(&w->ctx), HOLDS);
    const struct doc *doc;
    assert_ok(docs_get(&w->docs, "main.cf", &doc, &err), err);
    assert_string_equal(doc->text, "a = 1\n"); /* nothing of it is used */
    close(w->root.fd);
    w = unit_world("a = x\n", MASTER, FACTS, fix);
    assert_int_equal(plan_pending(&w->ctx), FAILS);
    close(w->root.fd);
    w = unit_world("= broken\n", MASTER, FACTS, fix);
    assert_int_equal(plan_pending(&w->ctx), CANNOT_TELL);
    close(w->root.fd);
}

static void test_new_text(void **state)
{
    (void)state;
    static const char edit[] = "edit main.cf\n  each setting a\n  value x\n\n";
    assert_false(make_on(
        "a = 1\n",
        arena_printf("%s%sverify none main.cf setting a matching x\n  else x is wrong\n", HEAD, edit), ""));
    assert_int_equal(err.outcome, FAILED);
    assert_says(err, "the result would not be right: x is wrong");
    assert_says(err, "main.cf:1: a = x");
    assert_ok(
        make_on("a = 1\n", arena_printf("%s%sverify some main.cf setting a matching x\n", HEAD, edit), ""),
        err);
    assert_ok(make_on("a = 1\n", arena_printf("%s%sverify dovecot > 2\n", HEAD, edit), ""), err);
    assert_string_equal(planning.plan.left_to_do.item[0], "check: dovecot > 2");
    assert_ok(make_on("a = 1\n", arena_printf("%s%sverify port 25 open\n", HEAD, edit), ""),
              err); /* asked later */
    assert_ok(make_on("a = 1\n",
                      arena_printf("%s%srisk\n  when some main.cf setting a\n  says beware\n", HEAD, edit),
                      ""),
              err);
    assert_int_equal(planning.notices.n, 1);
    assert_true(starts_with(planning.notices.item[0], "beware\n    /etc/postfix/main.cf:1: a = "));
}

/* ---- actions ---- */

static void test_actions(void **state)
{
    (void)state;
    static const struct {
        const char *stanzas, *actions;
    } cases[] = {
        {"after reload postfix\n", "reload postfix"},
        {"after reload postfix\n\nafter reload postfix\n", "reload postfix"},
        {"after restart postfix\n\nafter reload postfix\n", "restart postfix"},
        {"after reload postfix\n\nafter restart postfix\n", "restart postfix"},
        {"after reload postfix\n\nafter restart dovecot\n\nafter restart postfix\n",
         "restart dovecot, restart postfix"},
        {"after restart postfix\n\nafter restart dovecot\n\nafter reload postfix\n",
         "restart dovecot, restart postfix"},
        {"after stop sendmail\n\nafter disable sendmail\n\nafter start postfix\n",
         "stop sendmail, disable sendmail, start postfix"},
        {"after reload postfix\n  when postfix < 2\n", ""},
        {"after reload postfix\n  when postfix > 2\n", "reload postfix"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct strings actions = {0};
        assert_ok(
            make_on("a = 1\n",
                    arena_printf("%sedit main.cf\n  each setting a\n  value x\n\n%s", HEAD, cases[i].stanzas),
                    ""),
            err);
        for (size_t k = 0; k < planning.plan.n_action; k++)
            strings_add(&actions, arena_printf("%s %s", service_verb[planning.plan.action[k].verb],
                                               planning.plan.action[k].daemon));
        assert_string_equal(strings_join(&actions, ", "), cases[i].actions);
    }
}

/* ---- several fixes, the shipped one ---- */

static void test_several(void **state)
{
    (void)state;
    struct world *w = unit_world("a = 1\nb = 2\n", MASTER, FACTS, NULL);
    struct request request[] = {
        {.fix = unit_fix(HEAD
                         "edit main.cf\n  each setting a matching ^1$\n  value x\n\nafter reload postfix\n")},
        {.fix = unit_fix(
             HEAD "edit main.cf\n  each setting a matching ^x$\n  value y\n\nedit main.cf\n  each setting b\n"
                  "  delete\n\nafter restart postfix\n")},
    };
    assert_ok(plan_make(request, 2, &w->docs, NULL, &planning, &err), err);
    assert_int_equal(planning.plan.n_change, 1);
    assert_string_equal(planning.plan.change[0].after, "a = y\n");
    assert_int_equal(planning.n_planned, 2);
    assert_int_equal(planning.plan.n_action, 1);
    assert_int_equal(planning.plan.action[0].verb, DO_RESTART);
    const struct doc *doc;
    assert_ok(docs_get(&w->docs, "main.cf", &doc, &err), err);
    assert_string_equal(doc->text, "a = 1\nb = 2\n"); /* disk stays as it is */
    /* What the second undoes would be gone unsaid. */
    request[0].fix = unit_fix(HEAD "edit main.cf\n  each setting a\n  value x\n");
    assert_false(plan_make(request, 2, &w->docs, NULL, &planning, &err));
    assert_int_equal(err.outcome, NOT_APPLICABLE);
    assert_says(err, "a fix that comes after x would undo it");
    close(w->root.fd);
}

static void test_sdbm_cache(void **state)
{
    (void)state;
    static const char before[] = "smtpd_tls_session_cache_database = sdbm:/etc/postfix/smtpd_scache\n"
                                 "smtp_tls_session_cache_database =\n  sdbm:/etc/postfix/smtp_scache\n";
    struct world *w = unit_world(before, MASTER, FACTS, NULL);
    struct request request = {0};
    assert_ok(fixes_load(&shipped, "sdbm-cache", &request.fix, &err), err);
    assert_ok(plan_make(&request, 1, &w->docs, NULL, &planning, &err), err);
    assert_string_equal(planning.plan.change[0].after,
                        "#smtpd_tls_session_cache_database = sdbm:/etc/postfix/smtpd_scache\n"
                        "smtpd_tls_session_cache_database = btree:${data_directory}/smtpd_scache\n"
                        "#smtp_tls_session_cache_database =\n#  sdbm:/etc/postfix/smtp_scache\n"
                        "smtp_tls_session_cache_database =\n  btree:${data_directory}/smtp_scache\n");
    assert_string_equal(strings_join(&planning.plan.params, " "), "type=btree path=data-directory");
    assert_string_equal(strings_join(&planning.plan.byproduct, " "),
                        "/var/lib/postfix/smtpd_scache.db /var/lib/postfix/smtp_scache.db");
    request.assignments = strings_split("type=lmdb", " ");
    assert_false(plan_make(&request, 1, &w->docs, NULL, &planning, &err));
    assert_int_equal(err.outcome, NOT_APPLICABLE);
    assert_says(err, "This Postfix has no lmdb tables");
    request.assignments = strings_split("type=none", " ");
    assert_ok(plan_make(&request, 1, &w->docs, NULL, &planning, &err), err);
    assert_non_null(strstr(planning.plan.change[0].after, "\nsmtpd_tls_session_cache_database =\n"));
    assert_non_null(strstr(planning.plan.change[0].after, "\nsmtp_tls_session_cache_database =\n"));
    close(w->root.fd);
}

/* ---- indexes ---- */

static const char *indexes(void)
{
    struct buf text = {0};
    for (size_t i = 0; i < planning.plan.n_index; i++)
        buf_printf(&text, "%s %s:%s\n", planning.plan.index[i].alias ? "postalias" : "postmap",
                   planning.plan.index[i].type, planning.plan.index[i].name);
    return buf_text(&text);
}

static void test_indexes(void **state)
{
    (void)state;
    static const char main_cf[] = "alias_maps = hash:/etc/aliases, nis:mail.aliases\n"
                                  "alias_database = hash:/etc/aliases\n"
                                  "transport_maps = hash:$config_directory/transport\n"
                                  "address_verify_map = btree:$data_directory/verify\n"
                                  "header_checks = pcre:/etc/postfix/header_checks\n"
                                  "config_directory = /etc/postfix\nx = y\n";
    static const struct {
        const char *fix, *wanted;
        bool reload;
    } cases[] = {
        {HEAD "edit main.cf\n  each setting x\n  value z\n", "", false},
        {HEAD "edit main.cf\n  each table with type=hash\n  replace ^hash\n  with lmdb\n",
         "postalias lmdb:/etc/aliases\npostmap lmdb:/etc/postfix/transport\n", true},
        {HEAD "edit main.cf\n  each table with use=cache\n  replace btree\n  with lmdb\n", "", false},
        {HEAD "edit main.cf\n  each table with type=pcre\n  replace header\n  with body\n", "", false},
        {HEAD "edit main.cf\n  each setting transport_maps\n  value hash:/etc/other\n",
         "postmap hash:/etc/other\n", true},
        {HEAD "edit main.cf\n  each setting x\n  value z\n\nafter rebuild main.cf table with "
              "parameter=alias_maps\n"
              "after restart postfix\n",
         "postalias hash:/etc/aliases\n", false},
        /* daemons see by themselves that a table has a new index */
        {HEAD "after rebuild postfix table with use=lookup\n", "postmap hash:/etc/postfix/transport\n",
         false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        if (!make_on(main_cf, cases[i].fix, ""))
            fail_msg("case %zu: %s", i, err.text);
        if (strcmp(indexes(), cases[i].wanted) != 0)
            fail_msg("case %zu: wanted '%s', got '%s'", i, cases[i].wanted, indexes());
        bool reload = planning.plan.n_action > 0 && planning.plan.action[0].verb == DO_RELOAD;
        if (reload != cases[i].reload)
            fail_msg("case %zu: reload %d", i, reload);
    }
}

static void test_flush(void **state)
{
    (void)state;
    if (!make_on("x = y\n", HEAD "after restart postfix\nafter flush postfix\n\nafter flush postfix\n", ""))
        fail_msg("%s", err.text);
    assert_int_equal(planning.plan.n_action, 1);
    assert_int_equal(planning.plan.flush.n, 1);
    assert_string_equal(planning.plan.flush.item[0], "postfix");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dir_test(test_parameters),   dir_test(test_requirements),
        dir_test(test_edits),        dir_test(test_unknown_action_and_param),
        dir_test(test_unknown_when), dir_test(test_not_finished),
        dir_test(test_pending),      dir_test(test_new_text),
        dir_test(test_actions),      dir_test(test_several),
        dir_test(test_sdbm_cache),   dir_test(test_indexes),
        dir_test(test_flush),
    };
    return cmocka_run_group_tests(tests, unit_begin, unit_end);
}
