/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Steps of edits while the files that they look into cannot be read: an error, and nothing of the step is
 * used; or the text that comes of it without a fault.
 */
#define UNIT_WHERE "/dev/shm"
#include "faults.h"

#include "edit.h"

#include <errno.h>

#define HEAD "fix x\ntitle t\neffect noise\n\n"
#define FACTS "postfix.version = 3.7.11\npostfix.table-types = hash\n"

struct host {
    struct world *w;
    struct fix *fix;
    struct drafts drafts;
};

static const char *stanza;
static char text[4096]; /* what the step makes of it without a fault */

static void *begin(void)
{
    struct host *h = arena_alloc(sizeof(*h));
    unit_dirs("etc/dovecot/conf.d");
    unit_file("etc/aliases", "root: anna\n");
    unit_file("etc/dovecot/dovecot.conf", "!include conf.d/*.conf\n");
    unit_file("etc/dovecot/conf.d/10-x.conf", "#b = 1\nservice x {\n  a = 1\n}\nb_size = 1\n");
    h->fix = unit_fix(arena_printf("%s%s", HEAD, stanza));
    h->w = unit_world("alias_maps = hash:/etc/aliases\na = root\nb_size = 1\n", "s inet n - y - - smtpd\n",
                      FACTS, h->fix);
    return h;
}

static bool work(void *site, struct err *err)
{
    struct host *h = site;
    bool changed;
    return edit_step(&h->w->ctx, &h->fix->step[0], &h->drafts, &changed, err);
}

static void check(void *site, bool ok, const struct err *err)
{
    struct host *h = site;
    (void)err;
    for (size_t i = 0; !ok && i < h->drafts.n; i++)
        assert_ptr_equal(h->drafts.draft[i].now, h->drafts.draft[i].before);
    if (ok) {
        assert_int_equal(h->drafts.n, strstr(stanza, "nosuch") == NULL);
        if (h->drafts.n > 0 && text[0] == '\0')
            snprintf(text, sizeof(text), "%s", h->drafts.draft[0].now->text);
        if (h->drafts.n > 0)
            assert_string_equal(h->drafts.draft[0].now->text, text);
    }
    close(h->w->root.fd);
}

static void test_files(void **state)
{
    static const char *const stanzas[] = {
        "edit main.cf\n  raise\n    |b_size = 2\n",
        "edit main.cf\n  after setting a\n  ensure\n    |n = 2\n",
        "edit master.cf\n  after service s/inet\n  ensure\n    |t inet n - y - - smtpd\n",
        "edit master.cf\n  raise\n    |s inet n - y - - smtpd\n    |  -o b_size=2\n",
        "edit aliases\n  ensure\n    |n: x\n",
        "edit aliases\n  after alias root\n  ensure\n    |n: x\n",
        "edit aliases\n  each alias root\n  value x\n",
        "edit dovecot.conf\n  uncomment setting b\n",
        "edit main.cf\n  uncomment setting nosuch\n",
        "edit dovecot.conf\n  ensure\n    |service x {\n    |  a = 2\n    |}\n    |n = 3\n",
        "edit dovecot.conf\n  after setting b_size\n  ensure\n    |n = 3\n",
    };
    static const struct scenario scenario = {"edit", begin, work, check};
    static const struct fault none = {.call = "none"}, fault = {.error = EIO},
                              from_there = {.error = EIO, .lasting = true};
    (void)state;
    for (size_t i = 0; i < COUNT(stanzas); i++) {
        stanza = stanzas[i];
        text[0] = '\0';
        if (strstr(stanza, "nosuch") == NULL)
            faults_sweep(&scenario, &none, NULL);
        faults_sweep(&scenario, &fault, NULL);
        faults_sweep(&scenario, &from_there, NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {faults_test(test_files)};
    return cmocka_run_group_tests_name("edit_faults", tests, unit_begin, unit_end);
}
