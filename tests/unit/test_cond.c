/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whether: every condition on small documents and facts, with its three answers; unknown is not false.
 */
#include "cond.h"
#include "unit.h"
#include "words.h"

static const char MAIN[] = "a = 1\na = 2\nb = 3\n"
                           "smtpd_tls_session_cache_database = btree:/etc/postfix/scache\n"
                           "smtp_tls_session_cache_database = btree:${data_directory}/scache\n"
                           "lmtp_tls_session_cache_database = btree:/run/other\n";
static const char MASTER[] = "smtp inet n - y - - smtpd\n";
static const char FACTS[] = "postfix.version = 3.7.11\npostfix.table-types = btree hash\n"
                            "postfix.default.data_directory = /var/lib/postfix\n";

static struct cond cond_of(const char *text)
{
    struct cond cond;
    struct err err;
    struct fix *fix = arena_alloc(sizeof(*fix));
    *fix = (struct fix){.file = "x.fix", .text = text, .len = strlen(text)};
    assert_ok(words_cond(fix, NULL, text, 0, &cond, &err), err);
    return cond;
}

static enum verdict eval(struct context *ctx, const char *text, struct evidence *evidence)
{
    struct cond cond = cond_of(text);
    enum verdict verdict;
    struct err err;
    ctx->missing = NULL;
    ctx->asked_live = false;
    assert_ok(cond_eval(ctx, &cond, evidence, &verdict, &err), err);
    return verdict;
}

static enum verdict opposite(enum verdict v)
{
    return v == HOLDS ? FAILS : v == FAILS ? HOLDS : CANNOT_TELL;
}

static void test_answers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum verdict with, without; /* the facts */
        const char *missing;        /* when there are none */
    } cases[] = {
        {"some main.cf setting a", HOLDS, HOLDS, NULL},
        {"some main.cf setting z", FAILS, FAILS, NULL},
        {"none main.cf setting z", HOLDS, HOLDS, NULL},
        {"none main.cf setting a b", FAILS, FAILS, NULL},
        {"at-most-one main.cf setting a", HOLDS, HOLDS, NULL},
        {"at-most-one main.cf setting a b", FAILS, FAILS, NULL},
        {"some main.cf table with fit=no", FAILS, CANNOT_TELL, "postfix.table-types"},
        {"none main.cf table with fit=no", HOLDS, CANNOT_TELL, "postfix.table-types"},
        {"at-most-one main.cf table with fit=no", HOLDS, CANNOT_TELL, "postfix.table-types"},
        {"distinct value of main.cf setting a b", HOLDS, HOLDS, NULL},
        {"distinct type of main.cf table", FAILS, FAILS, NULL},
        {"postfix < 3.7.11", FAILS, CANNOT_TELL, "postfix.version"},
        {"postfix <= 3.7.11", HOLDS, CANNOT_TELL, "postfix.version"},
        {"postfix = 3.7.11", HOLDS, CANNOT_TELL, "postfix.version"},
        {"postfix = 3.7", FAILS, CANNOT_TELL, "postfix.version"},
        {"postfix >= 3.7.2", HOLDS, CANNOT_TELL, "postfix.version"},
        {"postfix > 3.7.11", FAILS, CANNOT_TELL, "postfix.version"},
        {"postfix > 3.7.2", HOLDS, CANNOT_TELL, "postfix.version"},
        {"postfix < 3.10", HOLDS, CANNOT_TELL, "postfix.version"},
        {"dovecot >= 2.0", CANNOT_TELL, CANNOT_TELL, "dovecot.version"},
        {"table-type btree", HOLDS, CANNOT_TELL, "postfix.table-types"},
        {"table-type lmdb", FAILS, CANNOT_TELL, "postfix.table-types"},
        {"table-type {kind}", HOLDS, CANNOT_TELL, "postfix.table-types"},
        {"parameter data_directory", HOLDS, CANNOT_TELL, "postfix.version"},
        {"parameter default_cache_db_type", FAILS, CANNOT_TELL, "postfix.version"}, /* since 3.11 */
        {"parameter maillog_file", HOLDS, CANNOT_TELL, "postfix.version"},
        {"parameter of_nobody", FAILS, CANNOT_TELL, "postfix.version"},
        {"{kind} is btree", HOLDS, HOLDS, NULL},
        {"{kind} is lmdb hash", FAILS, FAILS, NULL},
        {"{many} is y z", HOLDS, HOLDS, NULL},
        {"{many} is z", FAILS, FAILS, NULL},
    };
    for (int known = 1; known >= 0; known--) {
        /* The cdb cache that never fits is not in these texts: only facts decide. */
        struct world *w = unit_world(MAIN, MASTER, known ? FACTS : "", NULL);
        unit_bind(&w->ctx, "kind", "btree");
        unit_bind(&w->ctx, "many", "x y");
        for (size_t i = 0; i < COUNT(cases); i++) {
            enum verdict want = known ? cases[i].with : cases[i].without;
            enum verdict got = eval(&w->ctx, cases[i].text, NULL);
            if (got != want)
                fail_msg("%s: %d%s", cases[i].text, (int)got, known ? "" : " without facts");
            if (got == CANNOT_TELL)
                assert_string_equal(w->ctx.missing, cases[i].missing);
            got = eval(&w->ctx, arena_printf("not %s", cases[i].text), NULL);
            if (got != opposite(want))
                fail_msg("not %s: %d", cases[i].text, (int)got);
        }
        close(w->root.fd);
    }
}

/* From 2.5 on Postfix puts a cache into data_directory wherever it is said to be: then two names are one
 * file. */
static void test_distinct_caches(void **state)
{
    (void)state;
    static const char text[] = "distinct name of main.cf table with use=cache";
    struct world *w = unit_world(MAIN, MASTER, FACTS, NULL);
    assert_int_equal(eval(&w->ctx, text, NULL), FAILS);
    close(w->root.fd);
    w = unit_world(
        "smtpd_tls_session_cache_database = btree:/a/s\nsmtp_tls_session_cache_database = btree:/b/s\n",
        MASTER, "postfix.version = 2.4.0\n", NULL);
    assert_int_equal(eval(&w->ctx, text, NULL), HOLDS);
    close(w->root.fd);
    w = unit_world("d = /a\nsmtpd_tls_session_cache_database = btree:$d/s\nsmtp_tls_session_cache_database = "
                   "btree:/a/s\n",
                   MASTER, "postfix.version = 2.4.0\n", NULL);
    assert_int_equal(eval(&w->ctx, text, NULL), FAILS);
    close(w->root.fd);
}

/* ---- live, pending, several ---- */

static enum verdict live_answer;

static enum verdict live(struct context *ctx, const struct cond *cond, struct evidence *ret_evidence)
{
    (void)ctx;
    ret_evidence->sentence = arena_printf("asked: %s", cond->written);
    return live_answer;
}

static const struct outside running = {.live = live};

static enum verdict is_pending(struct context *ctx)
{
    (void)ctx;
    return HOLDS;
}

static void test_live(void **state)
{
    (void)state;
    static const char *const texts[] = {"daemon postfix running",
                                        "port 25 open",
                                        "port 25 owner postfix nobody",
                                        "check postfix",
                                        "check dovecot",
                                        "lookup transport_maps a gives b",
                                        "quiet 10s"};
    struct world *w = unit_world(MAIN, MASTER, FACTS, NULL);
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct evidence evidence = {0};
        struct cond cond = cond_of(texts[i]);
        assert_true(cond_is_live(&cond));
        w->ctx.outside = NULL;
        assert_int_equal(eval(&w->ctx, texts[i], NULL), CANNOT_TELL);
        assert_true(w->ctx.asked_live);
        w->ctx.outside = &running;
        for (int answer = FAILS; answer <= CANNOT_TELL; answer++) {
            live_answer = (enum verdict)answer;
            assert_int_equal(eval(&w->ctx, texts[i], &evidence), answer);
            assert_string_equal(evidence.sentence, arena_printf("asked: %s", texts[i]));
            assert_int_equal(w->ctx.asked_live, answer == CANNOT_TELL);
        }
    }
    struct cond cond = cond_of("some main.cf setting a");
    assert_false(cond_is_live(&cond));
    assert_int_equal(eval(&w->ctx, "pending", NULL), CANNOT_TELL);
    w->ctx.pending = is_pending;
    assert_int_equal(eval(&w->ctx, "pending", NULL), HOLDS);
    assert_int_equal(eval(&w->ctx, "not pending", NULL), FAILS);
    struct evidence evidence = {0};
    eval(&w->ctx, "some main.cf setting a b", &evidence);
    assert_int_equal(evidence.n_row, 2);
    close(w->root.fd);
}

/* What starts at boot is told by the links of a tree that does not run. */
static void test_enabled(void **state)
{
    (void)state;
    static const char none[] = "[Unit]\nDescription=x\n", install[] = "[Unit]\n\n[Install]\nWantedBy=x\n";
    static const struct {
        const char *init, *file[5], *unit; /* unit: the text of the first file */
        enum verdict postfix;
    } cases[] = {
        {"sysv", {"etc/init.d/postfix", "etc/rc2.d/S20postfix"}, NULL, HOLDS},
        {"sysv", {"etc/rc.d/init.d/postfix", "etc/rc5.d/S80postfix"}, NULL, HOLDS},
        {"sysv", {"etc/init.d/postfix", "etc/rc2.d/K20postfix", "etc/rc1.d/S20postfix"}, NULL, FAILS},
        {"sysv", {"etc/init.d/postfix", "etc/rc2.d/S20postfix-policyd"}, NULL, FAILS},
        {"sysv", {"etc/init.d/postfix"}, NULL, CANNOT_TELL},
        {"sysv", {"etc/rc2.d/S20postfix"}, NULL, CANNOT_TELL},
        {"openrc", {"etc/init.d/postfix", "etc/runlevels/default/postfix"}, NULL, HOLDS},
        {"openrc", {"etc/init.d/postfix", "etc/runlevels/boot/postfix"}, NULL, HOLDS},
        {"openrc", {"etc/init.d/postfix", "etc/runlevels/default/sshd", "etc/rc2.d/S20postfix"}, NULL, FAILS},
        {"openrc", {"etc/init.d/postfix", "etc/rc2.d/S20postfix"}, NULL, CANNOT_TELL},
        {"systemd",
         {"lib/systemd/system/postfix.service", "etc/systemd/system/multi-user.target.wants/postfix.service"},
         install,
         HOLDS},
        {"systemd",
         {"usr/lib/systemd/system/postfix.service", "etc/systemd/system/multi-user.target.wants/x.service",
          "etc/systemd/system/other.service", "etc/rc2.d/S20postfix", "etc/init.d/postfix"},
         install,
         FAILS},
        {"systemd",
         {"lib/systemd/system/postfix.service", "etc/systemd/system/x.wants/y"},
         none,
         CANNOT_TELL},
        {"systemd",
         {"lib/systemd/system/postfix.service", "etc/systemd/system/x.wants/postfix.service",
          "etc/systemd/system/postfix.service > /dev/null"},
         install,
         FAILS},
        {"systemd", {"etc/rc.d/init.d/postfix", "etc/rc3.d/S80postfix"}, NULL, HOLDS},
        {"systemd", {"etc/systemd/system/x.wants/postfix.service"}, NULL, CANNOT_TELL},
        {"none", {"etc/init.d/postfix", "etc/rc2.d/S20postfix"}, NULL, CANNOT_TELL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct world *w = unit_world(MAIN, MASTER, arena_printf("init = %s\n", cases[i].init), NULL);
        for (size_t f = 0; f < COUNT(cases[i].file) && cases[i].file[f] != NULL; f++) {
            const char *path = cases[i].file[f], *target = strstr(path, " > ");
            path = arena_copy(path, target != NULL ? (size_t)(target - path) : strlen(path));
            unit_dirs(arena_copy(path, (size_t)(strrchr(path, '/') - path)));
            if (target != NULL)
                assert_int_equal(symlink(target + 3, unit_path(path)), 0);
            else
                unit_file(path, f == 0 && cases[i].unit != NULL ? cases[i].unit : "");
        }
        if (eval(&w->ctx, "daemon postfix enabled", NULL) != cases[i].postfix)
            fail_msg("%zu: %s, %s", i, cases[i].init, cases[i].file[0]);
        assert_int_equal(eval(&w->ctx, "not daemon postfix enabled", NULL), opposite(cases[i].postfix));
        assert_int_equal(w->ctx.asked_live, cases[i].postfix == CANNOT_TELL);
        assert_null(w->ctx.missing);
        close(w->root.fd);
        unit_empty(NULL);
    }
    struct world *w = unit_world(MAIN, MASTER, FACTS, NULL);
    assert_int_equal(eval(&w->ctx, "daemon postfix enabled", NULL), CANNOT_TELL);
    assert_string_equal(w->ctx.missing, "init");
    close(w->root.fd);
}

static struct strings heard_values;
static enum verdict heard_verdict;

static enum verdict heard(struct context *ctx, const char *capture, struct strings *ret_values)
{
    (void)ctx;
    assert_string_equal(capture, "name");
    *ret_values = heard_values;
    return heard_verdict;
}

/* What the log showed; a log that cannot be read is not one without the line. */
static void test_seen(void **state)
{
    (void)state;
    static const struct outside listening = {.heard = heard};
    struct world *w = unit_world(MAIN, MASTER, FACTS, NULL);
    struct cond cond = cond_of("seen name a b");
    assert_true(cond_is_live(&cond));
    assert_int_equal(eval(&w->ctx, "seen name a b", NULL), CANNOT_TELL);
    assert_true(w->ctx.asked_live);
    w->ctx.outside = &listening;
    heard_values = strings_split("x b", " ");
    heard_verdict = HOLDS;
    unit_bind(&w->ctx, "many", "a x");
    assert_int_equal(eval(&w->ctx, "seen name a b", NULL), HOLDS);
    assert_int_equal(eval(&w->ctx, "seen name {many}", NULL), HOLDS);
    assert_int_equal(eval(&w->ctx, "seen name a c", NULL), FAILS);
    assert_int_equal(eval(&w->ctx, "not seen name a c", NULL), HOLDS);
    heard_verdict = CANNOT_TELL;
    assert_int_equal(eval(&w->ctx, "not seen name a c", NULL), CANNOT_TELL);
    close(w->root.fd);
}

static void test_account(void **state)
{
    (void)state;
    struct world *w = unit_world(MAIN, MASTER, FACTS, NULL);
    assert_int_equal(eval(&w->ctx, "account postfix", NULL), CANNOT_TELL);
    assert_string_equal(w->ctx.missing, "etc/passwd");
    unit_file("etc/passwd", "root:x:0:0::/root:/bin/sh\npostfix:x:99:99::/:/bin/false\n");
    assert_int_equal(eval(&w->ctx, "account postfix", NULL), HOLDS);
    assert_int_equal(eval(&w->ctx, "account post", NULL), FAILS);
    assert_int_equal(eval(&w->ctx, "not account post", NULL), HOLDS);
    unit_bind(&w->ctx, "who", "root");
    assert_int_equal(eval(&w->ctx, "account {who}", NULL), HOLDS);
    close(w->root.fd);
}

/* The text of a look-up runs to the end of the line. */
static void test_lookup_words(void **state)
{
    (void)state;
    struct cond cond = cond_of("lookup alias_maps root gives anna,  bert");
    assert_int_equal(cond.words.n, 3);
    assert_string_equal(cond.words.item[2], "anna, bert");
    cond = cond_of("not lookup alias_maps root");
    assert_int_equal(cond.words.n, 2);
    assert_true(cond.negated);
}

static void test_all(void **state)
{
    (void)state;
    static const char yes[] = "some main.cf setting a", no[] = "some main.cf setting z",
                      unknown[] = "dovecot > 1";
    static const struct {
        const char *text[3];
        enum verdict verdict;
    } cases[] = {
        {{NULL}, HOLDS},        {{yes}, HOLDS},           {{yes, yes}, HOLDS},
        {{yes, no}, FAILS},     {{unknown}, CANNOT_TELL}, {{unknown, yes}, CANNOT_TELL},
        {{unknown, no}, FAILS}, {{no, unknown}, FAILS},   {{yes, unknown, yes}, CANNOT_TELL},
    };
    struct world *w = unit_world(MAIN, MASTER, FACTS, NULL);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct cond cond[3];
        size_t n = 0;
        enum verdict verdict;
        struct err err;
        while (n < 3 && cases[i].text[n] != NULL) {
            cond[n] = cond_of(cases[i].text[n]);
            n++;
        }
        assert_ok(cond_all(&w->ctx, cond, n, &verdict, &err), err);
        assert_int_equal(verdict, cases[i].verdict);
    }
    close(w->root.fd);
}

static void test_unreadable(void **state)
{
    (void)state;
    struct world *w = unit_world("= x\n", MASTER, FACTS, NULL);
    struct cond cond = cond_of("some main.cf setting a");
    enum verdict verdict;
    struct err err;
    assert_false(cond_eval(&w->ctx, &cond, NULL, &verdict, &err));
    assert_false(cond_all(&w->ctx, &cond, 1, &verdict, &err));
    assert_says(err, "/etc/postfix/main.cf:1:1: ");
    close(w->root.fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dir_test(test_answers), dir_test(test_distinct_caches), dir_test(test_live),
        dir_test(test_all),     dir_test(test_unreadable),      dir_test(test_seen),
        dir_test(test_account), dir_test(test_lookup_words),    dir_test(test_enabled),
    };
    return cmocka_run_group_tests(tests, unit_begin, unit_end);
}
