/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What Postfix would load, against the files of tests/certificates; and a host without libcrypto.
 */
#include "certificate.h"
#include "unit.h"

static bool no_library;

/* The linker puts it before library_load of base.c. */
bool __real_library_load(const char *soname, const char *const names[], void **functions, size_t n,
                         struct err *err);
bool __wrap_library_load(const char *soname, const char *const names[], void **functions, size_t n,
                         struct err *err);

bool __wrap_library_load(const char *soname, const char *const names[], void **functions, size_t n,
                         struct err *err)
{
    return no_library ? err_set(err, "cannot load %s", soname)
                      : __real_library_load(soname, names, functions, n, err);
}

/* Every file of tests/certificates lies in /c, and a directory and a text without PEM. */
static struct certificate look(const char *main_cf, const char *facts)
{
    struct world *w = unit_world(main_cf, "", facts, NULL);
    struct certificate found;
    const struct doc *doc;
    struct err err;
    unit_dirs("c/dir");
    unit_dirs("var/spool/postfix");
    assert_int_equal(system(arena_printf("cp %s/* %s && echo none >%s", SOURCE_CERTIFICATES, unit_path("c"),
                                         unit_path("c/text"))),
                     0);
    assert_int_equal(system(arena_printf("cp %s/mx.pem %s", SOURCE_CERTIFICATES,
                                         unit_path("var/spool/postfix/relative.pem"))),
                     0);
    assert_ok(docs_get(&w->docs, "main.cf", &doc, &err), err);
    certificate_postfix(w->facts, doc, &found);
    return found;
}

#define CERT "smtpd_tls_cert_file = "
#define KEY "smtpd_tls_key_file = "
#define CHAIN "smtpd_tls_chain_files = "

static const struct {
    const char *main_cf;
    enum verdict loads, valid;
    const char *why; /* a piece of it; NULL: nothing to say */
} cases[] = {
    {CERT "/c/mx.crt\n" KEY "/c/mx.key\n", HOLDS, HOLDS, NULL},
    {CERT "/c/mx.pem\n", HOLDS, HOLDS, NULL},
    {CERT "/c/chain.pem\n", HOLDS, HOLDS, NULL},
    {CERT "relative.pem\n", HOLDS, HOLDS, NULL},
    {"where = /c\n" CERT "$where/mx.pem\n", HOLDS, HOLDS, NULL},
    {CERT "$nobody/mx.pem\n", CANNOT_TELL, CANNOT_TELL, NULL},
    {"", FAILS, FAILS, "names no certificate"},
    {CERT "None\n", FAILS, FAILS, "names no certificate"},
    {CERT "none\nsmtpd_tls_eccert_file = /c/mx.pem\n", HOLDS, HOLDS, NULL},
    {CERT "/c/absent\n", FAILS, FAILS, "/c/absent is not there"},
    {CERT "/c/dir\n", FAILS, FAILS, "/c/dir is a directory"},
    {CERT "/c/text\n", FAILS, FAILS, "/c/text holds no certificate"},
    {CERT "/c/mx.key\n", FAILS, FAILS, "/c/mx.key holds no certificate"},
    {CERT "/c/mx.crt\n", FAILS, FAILS, "/c/mx.crt holds no private key"},
    {CERT "/c/mx.crt\n" KEY "\n", FAILS, FAILS, "smtpd_tls_key_file is empty"},
    {CERT "/c/mx.crt\n" KEY "/c/other.key\n", FAILS, FAILS,
     "key in /c/other.key does not belong to the certificate in /c/mx.crt"},
    {CERT "/c/mx.crt\n" KEY "/c/encrypted.key\n", FAILS, FAILS, "/c/encrypted.key is encrypted"},
    {CERT "/c/mx.crt\n" KEY "/c/encrypted-old.key\n", FAILS, FAILS, "/c/encrypted-old.key is encrypted"},
    {CERT "/c/cut.crt\n" KEY "/c/mx.key\n", FAILS, FAILS, "/c/cut.crt is damaged"},
    {CERT "/c/expired.pem\n", HOLDS, FAILS, "/c/expired.pem: the certificate expired on 2021-01-01"},
    {CERT "/c/early.crt\n" KEY "/c/mx.key\n", HOLDS, FAILS,
     "/c/early.crt: the certificate holds only from 2100-01-01"},
    {CERT "/c/mx.pem\nsmtpd_tls_dcert_file = /c/mx.crt\nsmtpd_tls_dkey_file = /c/other.key\n", FAILS, FAILS,
     "does not belong"},
    {CHAIN "/c/chain.pem\n" CERT "/c/absent\n", HOLDS, HOLDS, NULL},
    {CHAIN "/c/mx.key, /c/mx.crt\n", HOLDS, HOLDS, NULL},
    {CHAIN "/c/mx.key /c/expired.crt /c/mx.crt\n", HOLDS, FAILS, "/c/expired.crt: the certificate expired"},
    {CHAIN "/c/mx.key /c/mx.crt /c/expired.crt\n", HOLDS, HOLDS, NULL},
    {CHAIN "/c/mx.crt /c/mx.key\n", FAILS, FAILS, "/c/mx.crt: a certificate stands before its private key"},
    {CHAIN "/c/chain.pem /c/other.key\n", FAILS, FAILS,
     "no certificate follows the private key in /c/other.key"},
    {CHAIN "/c/mx.key /c/other.key /c/mx.crt\n", FAILS, FAILS,
     "no certificate follows the private key in /c/mx.key"},
    {CHAIN "/c/other.key /c/mx.crt\n", FAILS, FAILS, "does not belong"},
    {CHAIN "/c/text\n", FAILS, FAILS, "/c/text holds no private key"},
    {CHAIN "/c/absent\n" CERT "/c/mx.pem\n", FAILS, FAILS, "/c/absent is not there"},
};

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct certificate found = look(cases[i].main_cf, "postfix.version = 3.7.11\n");
        if (found.loads != cases[i].loads || found.valid != cases[i].valid)
            fail_msg("%s%d %d: %s", cases[i].main_cf, found.loads, found.valid, found.why);
        if (cases[i].why == NULL ? found.why != NULL
                                 : found.why == NULL || strstr(found.why, cases[i].why) == NULL)
            fail_msg("%s%s", cases[i].main_cf, found.why);
    }
}

/* What cannot be told for want of a fact names it; what Postfix does not know yet, it does not read. */
static void test_facts(void **state)
{
    (void)state;
    assert_string_equal(look(CERT "$nobody/mx.pem\n", "").missing, "postfix.value.nobody");
    assert_int_equal(look(CHAIN "/c/absent\n" CERT "/c/mx.pem\n", "postfix.version = 3.3.0\n").loads, HOLDS);
    assert_int_equal(look(CHAIN "/c/absent\n" CERT "/c/mx.pem\n", "postfix.version = 3.4.0\n").loads, FAILS);
}

/* A file that is missing needs no library to be seen; the rest is left to a person. */
static void test_no_library(void **state)
{
    (void)state;
    no_library = true;
    struct certificate found = look(CERT "/c/mx.crt\n" KEY "/c/other.key\n", "");
    assert_int_equal(found.loads, CANNOT_TELL);
    assert_int_equal(found.valid, CANNOT_TELL);
    assert_string_equal(found.why, "cannot load libcrypto.so.3");
    assert_null(found.missing);
    assert_int_equal(look(CERT "/c/absent\n", "").loads, FAILS);
    no_library = false;
}

int main(void)
{
    /* Without the library first: what is loaded stays loaded. */
    const struct CMUnitTest tests[] = {dir_test(test_no_library), dir_test(test_cases), dir_test(test_facts)};
    return cmocka_run_group_tests(tests, unit_begin, unit_end);
}
