/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Edits of documents of several files: which file changes, where a new entry goes, what is left alone, what a
 * value must not become.
 */
#include "edit.h"
#include "unit.h"

#define HEAD "fix x\ntitle t\neffect noise\n\nparam word\n  type word\n  default new\n\n"
#define FACTS                                                                                                \
    "postfix.version = 3.7.11\npostfix.table-types = hash\ndovecot.value.default_vsz_limit = 256 M\n"        \
    "dovecot.value.service/imap/vsz_limit = 18446744073709551615 B\n"

static const char *const PATHS[] = {"etc/aliases",
                                    "etc/more",
                                    "etc/postfix/transport",
                                    "etc/dovecot/dovecot.conf",
                                    "etc/dovecot/conf.d/10-master.conf",
                                    "etc/dovecot/local.conf"};
enum { ALIASES, MORE, TRANSPORT, DOVECOT, MASTER, LOCAL };

struct text_case {
    int file; /* that is there before, with this text; the others as in host() */
    const char *before, *stanza;
    int changed; /* the one that changes */
    const char *after;
};

static struct world *host(const struct text_case *c, const struct fix *fix)
{
    static const char *const usual[] = {
        "postmaster: root\nroot: anna\n",
        "extra: anna\n",
        NULL,
        "!include conf.d/*.conf\n!include_try local.conf\n",
        "service imap-login {\n  inet_listener imap {\n    port = 143\n  }\n}\n",
        NULL};
    unit_dirs("etc/dovecot/conf.d");
    unit_dirs("etc/postfix");
    unit_dirs("usr/share/dovecot");
    unit_file("usr/share/dovecot/x.p", "a = 1\n#b = 1\nservice imap {\n}\n");
    for (size_t i = 0; i < COUNT(PATHS); i++) {
        const char *text = c->file == (int)i ? c->before : usual[i];
        if (text != NULL)
            unit_file(PATHS[i], text);
        else
            unlink(unit_path(PATHS[i]));
    }
    return unit_world("alias_maps = hash:/etc/aliases, hash:/etc/more\n"
                      "transport_maps = hash:/etc/postfix/transport\n",
                      "", FACTS, fix);
}

static bool run(struct world *w, const struct fix *fix, struct drafts *drafts, bool *ret_changed,
                struct err *err)
{
    *ret_changed = false;
    for (size_t i = 0; i < fix->n_step; i++) {
        bool changed;
        if (!edit_step(&w->ctx, &fix->step[i], drafts, &changed, err))
            return false;
        *ret_changed |= changed;
    }
    return true;
}

static void check_case(const struct text_case *c)
{
    struct fix *fix = unit_fix(arena_printf("%s%s", HEAD, c->stanza));
    struct world *w = host(c, fix);
    struct drafts drafts = {0};
    struct strings word = {0};
    struct err err;
    bool changed;
    strings_add(&word, "new");
    context_bind(&w->ctx, "word", word);
    if (!run(w, fix, &drafts, &changed, &err))
        fail_msg("%s: %s", c->stanza, err.text);
    for (size_t i = 0; i < drafts.n; i++) {
        const struct draft *d = &drafts.draft[i];
        if (c->after == NULL || strcmp(d->before->path + 1, PATHS[c->changed]) != 0)
            fail_msg("%s:\n%s changes:\n%s", c->stanza, d->before->path, d->now->text);
        if (strcmp(d->now->text, c->after) != 0)
            fail_msg("%s:\n%s\ninstead of\n%s", c->stanza, d->now->text, c->after);
    }
    if (drafts.n == 0 && c->after != NULL)
        fail_msg("%s: nothing changes", c->stanza);
    assert_int_equal(changed, c->after != NULL);
    assert_ok(run(w, fix, &drafts, &changed, &err), err);
    if (changed)
        fail_msg("%s: run again it changes\n%s", c->stanza, drafts.draft[0].now->text);
    close(w->root.fd);
}

static void run_all(const struct text_case *c, size_t n)
{
    for (size_t i = 0; i < n; i++)
        check_case(&c[i]);
}

#define E_ALIASES "edit aliases\n"
#define E_MAP "edit map transport_maps\n"

static void test_aliases(void **state)
{
    (void)state;
    static const struct text_case cases[] = {
        {ALIASES, "root: anna\n", E_ALIASES "  ensure\n    |root: {word}\n", ALIASES, "root: new\n"},
        {ALIASES, "Root:\tanna\n", E_ALIASES "  ensure\n    |root: anna, {word}\n", ALIASES,
         "Root:\tanna, new\n"},
        {ALIASES, "root: anna\n", E_ALIASES "  ensure\n    |root: anna\n", ALIASES, NULL},
        {ALIASES, "a: b,\n  c\nroot: anna\n", E_ALIASES "  ensure\n    |a: b, c\n", ALIASES, NULL},
        {ALIASES, "root: anna\n", E_ALIASES "  ensure\n    |extra: bob\n", MORE, "extra: bob\n"},
        {ALIASES, "root: anna\n#abuse:\troot\na: b\n", E_ALIASES "  ensure\n    |abuse: root\n", ALIASES,
         "root: anna\n#abuse:\troot\nabuse:\troot\na: b\n"},
        {ALIASES, "root: anna\na: b\n", E_ALIASES "  ensure\n    |root: anna\n    |n: x\n", ALIASES,
         "root: anna\nn: x\na: b\n"},
        /* what is commented out in another file is no place for it */
        {MORE, "#abuse: x\nextra: anna\n", E_ALIASES "  ensure\n    |abuse: root\n", ALIASES,
         "postmaster: root\nroot: anna\nabuse: root\n"},
        /* nor is what stands before it in the literal, when another file has that */
        {ALIASES, "root: anna\n", E_ALIASES "  ensure\n    |n: x\n    |extra: anna\n    |m: y\n", ALIASES,
         "root: anna\nn: x\nm: y\n"},
        {ALIASES, "root: anna", E_ALIASES "  ensure\n    |n: x\n", ALIASES, "root: anna\nn: x\n"},
        {ALIASES, "root: anna\n", E_ALIASES "  keep comment\n  ensure\n    |root: bob\n", ALIASES,
         "#root: anna\nroot: bob\n"},
        {ALIASES, "root: anna\nb:\n  c\n", E_ALIASES "  each alias b\n  comment\n", ALIASES,
         "root: anna\n#b:\n#  c\n"},
        {ALIASES, "root: anna\nb: c\nd: e\n", E_ALIASES "  each alias B\n  delete\n", ALIASES,
         "root: anna\nd: e\n"},
        {ALIASES, "b: \"|prog x\"\n", E_ALIASES "  each alias b\n  append {word}\n", ALIASES,
         "b: \"|prog x\", new\n"},
        {ALIASES, "b: c,d\n", E_ALIASES "  each alias b\n  prepend {word}\n", ALIASES, "b: new, c,d\n"},
        {ALIASES, "b: c, d\n", E_ALIASES "  each alias b\n  rename {word}\n", ALIASES, "new: c, d\n"},
        {ALIASES, "b: c, d\n", E_ALIASES "  each alias b\n  replace d$\n  with {word}\n", ALIASES,
         "b: c, new\n"},
        {ALIASES, "b: c\n#root:  anna\n", E_ALIASES "  uncomment alias root\n", ALIASES,
         "b: c\nroot:  anna\n"},
        {ALIASES, "#extra: x\n", E_ALIASES "  uncomment alias extra\n", ALIASES,
         NULL}, /* another file has it */
    };
    run_all(cases, COUNT(cases));
}

/* Keys that go over lines, or that no lens can read by itself, are keys like any other. */
static void test_odd_keys(void **state)
{
    (void)state;
#define ODD "a: b\nfoo\n# x: y\n\n\tBAR :\n  c,\n  d\ne: f\n"
#define NOTES "(((n))) foo: c\ne: f\n"
#define KEYED "\"foo\n# x y\n\n bar\" b\n c\ne f\n"
    static const struct text_case cases[] = {
        {ALIASES, ODD, E_ALIASES "  ensure\n    |foo bar: {word}\n", ALIASES,
         "a: b\nfoo\n# x: y\n\n\tBAR :\n  new\ne: f\n"},
        {ALIASES, ODD, E_ALIASES "  ensure\n    |\"foo bar\": c, d\n", ALIASES, NULL},
        {ALIASES, ODD, E_ALIASES "  each alias foo*bar\n  append {word}\n", ALIASES,
         "a: b\nfoo\n# x: y\n\n\tBAR :\n  c,\n  d, new\ne: f\n"},
        {ALIASES, ODD, E_ALIASES "  each alias foo*bar\n  comment\n", ALIASES,
         "a: b\n#foo\n# x: y\n\n#\tBAR :\n#  c,\n#  d\ne: f\n"},
        {ALIASES, ODD, E_ALIASES "  each alias foo*bar\n  delete\n", ALIASES, "a: b\ne: f\n"},
        {ALIASES, ODD, E_ALIASES "  each alias foo*bar\n  rename {word}\n", ALIASES,
         "a: b\nnew :\n  c,\n  d\ne: f\n"},
        {ALIASES, ODD, E_ALIASES "  keep comment\n  ensure\n    |foo bar: c\n", ALIASES,
         "a: b\n#foo\n# x: y\n\n#\tBAR :\n#  c,\n#  d\nfoo\n# x: y\n\n\tBAR :\n  c\ne: f\n"},
        {ALIASES, ODD, E_ALIASES "  after alias foo*bar\n  ensure\n    |n: x\n", ALIASES,
         "a: b\nfoo\n# x: y\n\n\tBAR :\n  c,\n  d\nn: x\ne: f\n"},
        {ALIASES, "foo\n bar: b\nFoo  Bar: c\n", E_ALIASES "  each shadowed alias *\n  delete\n", ALIASES,
         "foo\n bar: b\n"},
        {ALIASES, "foo\n bar:\ne: f\n", E_ALIASES "  each shadowed alias *\n  value {word}\n", ALIASES,
         "foo\n bar: new\ne: f\n"},
        {ALIASES, NOTES, E_ALIASES "  each alias *foo\n  value {word}\n", ALIASES,
         "(((n))) foo: new\ne: f\n"},
        {ALIASES, NOTES, E_ALIASES "  each alias *foo\n  comment\n", ALIASES, "#(((n))) foo: c\ne: f\n"},
        {ALIASES, NOTES, E_ALIASES "  ensure\n    |e: g\n", ALIASES, "(((n))) foo: c\ne: g\n"},
        {TRANSPORT, KEYED, E_MAP "  ensure\n    |\"foo bar\" {word}\n", TRANSPORT,
         "\"foo\n# x y\n\n bar\" new\ne f\n"},
        {TRANSPORT, KEYED, E_MAP "  each entry foo*bar\n  comment\n", TRANSPORT,
         "#\"foo\n# x y\n\n# bar\" b\n# c\ne f\n"},
        {TRANSPORT, KEYED, E_MAP "  each entry foo*bar\n  delete\n", TRANSPORT, "e f\n"},
        {TRANSPORT, KEYED, E_MAP "  each entry foo*bar\n  rename {word}\n", TRANSPORT, "new b\n c\ne f\n"},
        {TRANSPORT, "a\\\n b c\n\"A b\" d\n", E_MAP "  each shadowed entry *\n  delete\n", TRANSPORT,
         "a\\\n b c\n"},
    };
    run_all(cases, COUNT(cases));
}

static void test_map(void **state)
{
    (void)state;
    static const struct text_case cases[] = {
        {TRANSPORT, "a smtp:b\n", E_MAP "  ensure\n    |a smtp:c\n", TRANSPORT, "a smtp:c\n"},
        {TRANSPORT, "a smtp:b\n", E_MAP "  ensure\n    |A smtp:b\n", TRANSPORT, NULL},
        {TRANSPORT, "a smtp:b\na smtp:d\n", E_MAP "  ensure\n    |a smtp:c\n", TRANSPORT,
         "a smtp:c\na smtp:d\n"},
        {TRANSPORT, "a\n", E_MAP "  ensure\n    |a smtp:c\n", TRANSPORT, "a\na smtp:c\n"},
        /* created when missing */
        {TRANSPORT, NULL, E_MAP "  mode 0600\n  ensure\n    |{word} smtp:c\n    |b\tsmtp:d\n", TRANSPORT,
         "new smtp:c\nb\tsmtp:d\n"},
        {TRANSPORT, "# text\n#a\tsmtp:x\n", E_MAP "  ensure\n    |a smtp:c\n", TRANSPORT,
         "# text\n#a\tsmtp:x\na\tsmtp:c\n"},
        {TRANSPORT, "a smtp:b\nc smtp:d\n", E_MAP "  each entry * matching d\n  value smtp:{word}\n",
         TRANSPORT, "a smtp:b\nc smtp:new\n"},
        {TRANSPORT, "a smtp:b\na smtp:d\n", E_MAP "  each shadowed entry a\n  delete\n", TRANSPORT,
         "a smtp:b\n"},
    };
    run_all(cases, COUNT(cases));
}

#define E_DOVECOT "edit dovecot.conf\n"
#define LOGIN(limit) "    |service imap-login {\n    |  vsz_limit = " limit "\n    |}\n"

static void test_dovecot(void **state)
{
    (void)state;
    static const struct text_case cases[] = {
        /* in effect: the value, in the file that holds it */
        {MASTER, "service imap-login {\n  vsz_limit = 64M # c\n}\n", E_DOVECOT "  ensure\n" LOGIN("512M"),
         MASTER, "service imap-login {\n  vsz_limit = 512M # c\n}\n"},
        {MASTER, "service imap-login {\n  vsz_limit = 512M\n}\n", E_DOVECOT "  ensure\n" LOGIN("512M"),
         MASTER, NULL},
        {LOCAL, "service imap-login {\n  vsz_limit = 1G\n}\n", E_DOVECOT "  ensure\n" LOGIN("512M"), LOCAL,
         "service imap-login {\n  vsz_limit = 512M\n}\n"},
        /* not there: into the last section of the name */
        {MASTER, "service imap-login {\n    x = 1\n  inet_listener imap {\n  }\n}\n\nservice a {\n}\n",
         E_DOVECOT "  ensure\n" LOGIN("512M"), MASTER,
         "service imap-login {\n    x = 1\n  inet_listener imap {\n  }\n  vsz_limit = 512M\n}\n\nservice a "
         "{\n}\n"},
        {MASTER, "service imap-login {\n}\n", E_DOVECOT "  ensure\n" LOGIN("512M"), MASTER,
         "service imap-login {\n  vsz_limit = 512M\n}\n"},
        /* below the commented-out one, written like it */
        {MASTER, "service imap-login {\n  #vsz_limit   = 64M\n  x = 1\n}\n",
         E_DOVECOT "  ensure\n" LOGIN("512M"), MASTER,
         "service imap-login {\n  #vsz_limit   = 64M\n  vsz_limit   = 512M\n  x = 1\n}\n"},
        /* no section: at the end */
        {MASTER, "a = 1", E_DOVECOT "  ensure\n" LOGIN("512M"), DOVECOT,
         "!include conf.d/*.conf\n!include_try local.conf\nservice imap-login {\n  vsz_limit = 512M\n}\n"},
        /* a file of a package gets nothing new where a local one is included */
        {LOCAL, "a = 1\n", E_DOVECOT "  ensure\n" LOGIN("512M"), LOCAL,
         "a = 1\nservice imap-login {\n  vsz_limit = 512M\n}\n"},
        {LOCAL, "",
         E_DOVECOT "  ensure\n    |service a {\n    |  x = 1\n    |  unix_listener b {\n    |    mode = "
                   "0660\n    |  }\n    |}\n    |y = {word}\n",
         LOCAL, "service a {\n  x = 1\n  unix_listener b {\n    mode = 0660\n  }\n}\ny = new\n"},
        /* sections are entered */
        {MASTER, "service auth {\n  unix_listener /p/auth {\n    mode = 0600\n    user = u\n  }\n}\n",
         E_DOVECOT "  ensure\n    |service auth {\n    |  unix_listener /p/auth {\n    |    mode = 0660\n    "
                   "|    group "
                   "= g\n    |  }\n    |}\n",
         MASTER,
         "service auth {\n  unix_listener /p/auth {\n    mode = 0660\n    group = g\n    user = u\n  }\n}\n"},
        /* one of 1.x that nothing closes: in it behind its last line, above it what stands at the top */
        {LOCAL, "auth a {\n}\nservice imap-login {}\n  x = 1", E_DOVECOT "  ensure\n" LOGIN("512M"), LOCAL,
         "auth a {\n}\nservice imap-login {}\n  x = 1\n  vsz_limit = 512M\n"},
        {LOCAL, "auth a {\n}\nservice imap-login {}\n", E_DOVECOT "  ensure\n" LOGIN("512M"), LOCAL,
         "auth a {\n}\nservice imap-login {}\n  vsz_limit = 512M\n"},
        {LOCAL, "auth a {\n}\nservice imap-login {}\nb {}\n", E_DOVECOT "  ensure\n" LOGIN("512M"), LOCAL,
         "auth a {\n}\nservice imap-login {}\nvsz_limit = 512M\nb {}\n"},
        {LOCAL, "auth a {\n  b {}\n", E_DOVECOT "  ensure\n    |y = {word}\n", LOCAL,
         "y = new\nauth a {\n  b {}\n"},
        /* a section that does not merge */
        {MASTER, "passdb {\n  driver = pam\n}\n",
         E_DOVECOT "  ensure\n    |passdb {\n    |  driver = pam\n    |}\n", MASTER, NULL},
        {MASTER, "passdb {\n  driver = pam\n}\n",
         E_DOVECOT "  ensure\n    |passdb {\n    |  driver = passwd-file\n    |  args = /x\n    |}\n",
         DOVECOT,
         "!include conf.d/*.conf\n!include_try local.conf\npassdb {\n  driver = passwd-file\n  args = "
         "/x\n}\n"},
        {MASTER, "a = 1\nb = 2\n", E_DOVECOT "  after setting a\n  ensure\n    |n = 3\n", MASTER,
         "a = 1\nn = 3\nb = 2\n"},
        {MASTER, "a = 1\nb = 2\n", E_DOVECOT "  before setting b\n  ensure\n    |n = 3\n", MASTER,
         "a = 1\nn = 3\nb = 2\n"},
        {MASTER, "a = 1\n", E_DOVECOT "  after setting nosuch\n  ensure\n    |n = 3\n", DOVECOT,
         "!include conf.d/*.conf\n!include_try local.conf\nn = 3\n"},
        {MASTER, "a = 1\nb = 2", E_DOVECOT "  ensure\n    |b = 2\n    |n = 3\n", MASTER,
         "a = 1\nb = 2\nn = 3\n"},
        {MASTER, "a = 1\nb = 2\n", E_DOVECOT "  ensure\n    |a = 1\n    |n = 3\n", MASTER,
         "a = 1\nn = 3\nb = 2\n"},
        {MASTER, "#n  = 1\nb = 2\n", E_DOVECOT "  ensure\n    |n = 3\n", MASTER, "#n  = 1\nn  = 3\nb = 2\n"},
        {MASTER, "passdb {\n  driver = pam\n}\n",
         E_DOVECOT "  ensure\n    |passdb {\n    |  # c\n    |  driver = pam\n    |}\n", MASTER, NULL},
        {MASTER, "userdb {\n  driver = pam\n}\npassdb {\n}\n",
         E_DOVECOT "  ensure\n    |passdb {\n    |  driver = pam\n    |}\n", DOVECOT,
         "!include conf.d/*.conf\n!include_try local.conf\npassdb {\n  driver = pam\n}\n"},
        /* what a package brings is read and never written */
        {DOVECOT, "!include_try /usr/share/dovecot/*.p\n",
         E_DOVECOT "  ensure\n    |a = 1\n    |b = 2\n    |service imap {\n    |  x = 1\n    |}\n", DOVECOT,
         "!include_try /usr/share/dovecot/*.p\nb = 2\nservice imap {\n  x = 1\n}\n"},
        {DOVECOT, "!include_try /usr/share/dovecot/*.p\n", E_DOVECOT "  ensure\n    |a = 2\n", DOVECOT,
         "!include_try /usr/share/dovecot/*.p\na = 2\n"},
        /* beside a setting that is there, but not in a shipped file when there is an own one */
        {LOCAL, "z = 1\n",
         E_DOVECOT "  ensure\n    |service imap-login {\n    |  inet_listener imap {\n    |    port = 143\n  "
                   "  |    ssl = no\n    |  }\n    |}\n",
         LOCAL, "z = 1\nservice imap-login {\n  inet_listener imap {\n    ssl = no\n  }\n}\n"},
        {MASTER, "a = \"x y\"\n", E_DOVECOT "  each setting a\n  append {word}\n", MASTER,
         "a = \"x y new\"\n"},
        {DOVECOT, "dovecot_config_version = 2.4.0\na = <<X\nfoo\nX\nb = 1\n",
         E_DOVECOT "  each setting b\n  value 2\n", DOVECOT,
         "dovecot_config_version = 2.4.0\na = <<X\nfoo\nX\nb = 2\n"},
        {MASTER, "#x = 1\n#x = 2\n", E_DOVECOT "  uncomment setting x\n", MASTER, "x = 1\n#x = 2\n"},
        {MASTER, "#x = 1\n", E_DOVECOT "  uncomment setting y\n", MASTER, NULL},
        {MASTER, "a = 1\n", E_DOVECOT "  each setting a\n  rename a\n", MASTER, NULL},
        /* raise: never lowered, and 2^64 - 1 stands for default_vsz_limit */
        {MASTER, "service imap-login {\n  vsz_limit = 64 M\n}\n", E_DOVECOT "  raise\n" LOGIN("512M"), MASTER,
         "service imap-login {\n  vsz_limit = 512M\n}\n"},
        {MASTER, "service imap-login {\n  vsz_limit = 1G\n}\n", E_DOVECOT "  raise\n" LOGIN("512M"), MASTER,
         NULL},
        {MASTER, "service imap-login {\n  vsz_limit = 0\n}\n", E_DOVECOT "  raise\n" LOGIN("512M"), MASTER,
         NULL},
        {MASTER, "service imap {\n}\n",
         E_DOVECOT "  raise\n    |service imap {\n    |  vsz_limit = 200M\n    |}\n", MASTER, NULL},
        {MASTER, "service imap {\n}\n",
         E_DOVECOT "  raise\n    |service imap {\n    |  vsz_limit = 300M\n    |}\n", MASTER,
         "service imap {\n  vsz_limit = 300M\n}\n"},
        /* verbs on rows */
        {MASTER, "service a {\n  x = 1\n  y = 2\n}\n", E_DOVECOT "  each setting service/a/x\n  delete\n",
         MASTER, "service a {\n  y = 2\n}\n"},
        {MASTER, "service a {\n  x = 1\n}\nb = 2\n", E_DOVECOT "  each section service/a\n  comment\n",
         MASTER, "#service a {\n#  x = 1\n#}\nb = 2\n"},
        {MASTER, "service a {\n  x = 1\n}\nb = 2\n", E_DOVECOT "  each section service/a\n  delete\n", MASTER,
         "b = 2\n"},
        {MASTER, "protocols = imap pop3\n", E_DOVECOT "  each setting protocols\n  append {word}\n", MASTER,
         "protocols = imap pop3 new\n"},
        {MASTER, "protocols = imap\n", E_DOVECOT "  each setting protocols\n  prepend {word}\n", MASTER,
         "protocols = new imap\n"},
        {MASTER, "a {\n  ssl_cert_file = /c\n}\n",
         E_DOVECOT
         "  each setting a/ssl_cert_file\n  keep comment\n  rename ssl_cert\n  replace ^(?!<)\n  with <\n",
         MASTER, "a {\n#  ssl_cert_file = /c\n  ssl_cert = </c\n}\n"},
        {MASTER, "a = x \\\n  y\n", E_DOVECOT "  each setting a\n  replace y\n  with {word}\n", MASTER,
         "a = x \\\n  new\n"},
        {MASTER, "service a {\n  #x = 1\n  y = 2\n}\n", E_DOVECOT "  uncomment setting service/a/x\n", MASTER,
         "service a {\n  x = 1\n  y = 2\n}\n"},
        {MASTER, "a = 1\n", E_DOVECOT "  each setting a\n  value\n", MASTER, "a =\n"},
    };
    run_all(cases, COUNT(cases));
}

/* In a text of many lines, which is read in parts: what is in the last section was made after the row of all
 * top entries had its place. */
static void test_section_behind(void **state)
{
    (void)state;
    struct buf before = {0}, after = {0};
    for (unsigned i = 0; i < 101; i++)
        buf_printf(&before, "s%u = 1\n", i);
    buf_puts(&after, buf_text(&before));
    buf_puts(&before, "service a {\n  x = 1\n  y = 1\n}\n");
    buf_puts(&after, "service a {\n#  x = 1\n  x = 2\n#  y = 1\n  y = 2\n}\n");
    const struct text_case one = {
        MASTER, buf_text(&before),
        E_DOVECOT "  keep comment\n  ensure\n    |service a {\n    |  x = 2\n    |  y = 2\n    |}\n", MASTER,
        buf_text(&after)};
    check_case(&one);
}

/* Of a file that is included twice each line has two rows. */
static void test_included_twice(void **state)
{
    (void)state;
    static const struct text_case twice = {
        .file = DOVECOT, .before = "!include conf.d/*.conf\n!include conf.d/10-master.conf\n"};
    static const char *const verb[] = {"delete", "comment"}, *const after[] = {"b = 1\n",
                                                                               "#a = 1\n#a = 2\nb = 1\n"};
    for (size_t i = 0; i < COUNT(verb); i++) {
        struct fix *fix =
            unit_fix(arena_printf("%s" E_DOVECOT "  each shadowed setting a\n  %s\n", HEAD, verb[i]));
        struct world *w = host(&twice, fix);
        struct drafts drafts = {0};
        struct err err;
        bool changed;
        unit_file(PATHS[MASTER], "a = 1\na = 2\nb = 1\n");
        assert_ok(run(w, fix, &drafts, &changed, &err), err);
        assert_int_equal(drafts.n, 1);
        assert_string_equal(drafts.draft[0].now->text, after[i]);
        close(w->root.fd);
    }
}

/* What a value must not become, and what cannot be told: nothing of it is used. */
static void test_refused(void **state)
{
    (void)state;
    static const struct {
        struct text_case c;
        const char *value, *says;
    } cases[] = {
        {{MASTER, "a = 1\n", E_DOVECOT "  ensure\n    |x = {word}\n", 0, NULL},
         "1 # c",
         "would be other entries"},
        {{MASTER, "a = 1\n", E_DOVECOT "  ensure\n    |{word} = 1\n", 0, NULL},
         "b {",
         "would be other entries"},
        {{MASTER, "a = 1\n", E_DOVECOT "  each setting a\n  value {word}\n", 0, NULL},
         "1 # c",
         "something else than it says"},
        {{MASTER, "a {\n  b = 1\n}\n", E_DOVECOT "  each setting a/b\n  value {word}\n", 0, NULL},
         "1\n}",
         "after the edit"},
        {{MASTER, "a {\n  b = 1\n}\n", E_DOVECOT "  each setting a/b\n  value {word}\n", 0, NULL},
         "1\nc = 2",
         "something else than it says"},
        {{MASTER, "a {\n  b = 1\n}\n", E_DOVECOT "  each setting a/b\n  replace $\n  with {word}\n", 0, NULL},
         "\nc = 2",
         "something else than it says"},
        {{MASTER, "a = 1\n", E_DOVECOT "  raise\n    |x_limit = 3\n", 0, NULL},
         "new",
         "dovecot.value.x_limit"},
        {{MASTER, "x = y\n", E_DOVECOT "  raise\n    |x = 3\n", 0, NULL}, "new", "cannot be compared"},
        {{MASTER, "a = 1\n", E_DOVECOT "  after effective setting nosuch\n  ensure\n    |n = 3\n", 0, NULL},
         "new",
         "dovecot.value.nosuch"},
        {{MASTER, "service x {\n}\n", E_DOVECOT "  raise\n    |service x {\n    |  y_limit = 3\n    |}\n", 0,
          NULL},
         "new",
         "dovecot.value.service/x/y_limit"},
        {{ALIASES, "a: b\n", E_ALIASES "  ensure\n    |x: {word}\n", 0, NULL},
         "y\nz: v",
         "would be other entries"},
        {{ALIASES, "a: b\n", E_ALIASES "  each alias a\n  value {word}\n", 0, NULL},
         "y\nz: v",
         "something else than it says"},
        {{TRANSPORT, "a b\n", E_MAP "  each entry a\n  value {word}\n", 0, NULL},
         "y\nz v",
         "something else than it says"},
        {{DOVECOT, "!include_try /usr/share/dovecot/*.p\n", E_DOVECOT "  each setting a\n  value {word}\n", 0,
          NULL},
         "2",
         "belongs to a package"},
        {{DOVECOT, "a = 1\n!include nosuch\n", E_DOVECOT "  each setting a\n  value {word}\n", 0, NULL},
         "2",
         "no such file"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct fix *fix = unit_fix(arena_printf("%s%s", HEAD, cases[i].c.stanza));
        struct world *w = host(&cases[i].c, fix);
        struct drafts drafts = {0};
        struct strings word = {0};
        struct err err;
        bool changed;
        strings_add(&word, cases[i].value);
        context_bind(&w->ctx, "word", word);
        if (run(w, fix, &drafts, &changed, &err))
            fail_msg("%s: taken, and gives\n%s", cases[i].c.stanza,
                     drafts.n > 0 ? drafts.draft[0].now->text : "nothing");
        assert_says(err, cases[i].says);
        close(w->root.fd);
    }
}

/* A file that is created has the mode that the step says. */
static void test_mode(void **state)
{
    (void)state;
    static const struct text_case c = {TRANSPORT, NULL, E_MAP "  mode 0600\n  ensure\n    |a smtp:b\n",
                                       TRANSPORT, ""};
    struct fix *fix = unit_fix(arena_printf("%s%s", HEAD, c.stanza));
    struct world *w = host(&c, fix);
    struct drafts drafts = {0};
    struct err err;
    bool changed;
    assert_ok(run(w, fix, &drafts, &changed, &err), err);
    assert_int_equal(drafts.n, 1);
    assert_int_equal(drafts.draft[0].mode, 0600);
    assert_true(drafts.draft[0].before->absent);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {dir_test(test_aliases),
                                              dir_test(test_odd_keys),
                                              dir_test(test_map),
                                              dir_test(test_dovecot),
                                              dir_test(test_included_twice),
                                              dir_test(test_section_behind),
                                              dir_test(test_refused),
                                              dir_test(test_mode)};
    return cmocka_run_group_tests(tests, unit_begin, unit_end);
}
