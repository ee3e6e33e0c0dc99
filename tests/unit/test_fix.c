/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Fix files: the shipped ones are read as they are meant, and what is wrong in a file is refused with its
 * line, its column and a sentence that says what may stand there.
 */
#include "fixes.h"
#include "language.h"
#include "unit.h"

/* ---- the shipped fixes ---- */

static const struct fix_dirs shipped = {SOURCE_FIXES, NULL};

static void assert_same_nodes(const struct node *a, const struct node *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        assert_string_equal(a[i].label, b[i].label);
        assert_string_equal(a[i].value != NULL ? a[i].value : "(none)",
                            b[i].value != NULL ? b[i].value : "(none)");
        assert_int_equal(a[i].span.start, b[i].span.start);
        assert_int_equal(a[i].span.end, b[i].span.end);
        assert_int_equal(a[i].text.end - a[i].text.start, b[i].text.end - b[i].text.start);
        if (a[i].text.end > a[i].text.start)
            assert_int_equal(a[i].text.start, b[i].text.start);
        assert_int_equal(a[i].n_child, b[i].n_child);
        assert_same_nodes(a[i].child, b[i].child, a[i].n_child);
    }
}

/* Reads a text without its lens: 1 when it is taken, and then the lens takes it, too, and sees the same. */
static size_t read_both(const char *text, size_t len)
{
    struct fix_text read = {.text = text, .len = len};
    struct node *node;
    size_t n;
    struct err err;
    if (!fix_nodes(&read))
        return 0;
    if (!tree_parse(LENS_FIX, "/t", text, len, &node, &n, &err))
        fail_msg("the lens refuses what was read without it: %s\n%s", err.text, text);
    assert_int_equal(n, read.n);
    assert_same_nodes(read.node, node, n);
    return 1;
}

static void test_nodes_of_shipped(void **state)
{
    (void)state;
    struct err err = {.text = ""};
    struct strings names = fixes_names(&shipped, &err);
    for (size_t i = 0; i < names.n; i++) {
        struct fix *fix;
        assert_ok(fixes_load(&shipped, names.item[i], &fix, &err), err);
        if (read_both(fix->text, fix->len) != 1)
            fail_msg("%s cannot be read without its lens", names.item[i]);
    }
}

/* A text with all forms, each of its lines spoilt in turn: what the lens refuses is not taken. */
static void test_nodes_of_spoilt(void **state)
{
    (void)state;
    static const char whole[] =
        "fix  a-1 b\t\n#x \ntitle  no, |t  \nabout\n  |\n  | b  \n\t|c\n   \neffect risk\n"
        "rows  a b2\n  # r\n  |1 2\n\nrisk\n  # r\n  says x\n  when y\nparam p\n  several\n"
        "  ask.ja q\nedit m\n  ensure  \n    |a = b\n    |\n  delete\n  value\n  value  v\n"
        "  raise\n    |c\n  # r \nverify session\n\tstarttls\n  times 2 \nconsequence log\n"
        "  # r\n  within 3s\nindependent b\n";
    static const char *const put[] = {
        "",           "  x\n",    "  |x\n",       "  # x\n",     "#x\n",       "\n",
        "  when y\n", "x\n",      "  x",          "\r\n",        "about\n",    "  several\n",
        "  ensure\n", "fix A\n",  "effect ris\n", "effect\n",    "title\n",    "title |x\n",
        "fix ~\n",    "fix a~\n", "fix a\303\n",  "  says |x\n", "  ask |x\n", "fix 9\n"};
    size_t taken = 0, tried = 0;
    for (const char *line = whole; *line != '\0'; line = strchr(line, '\n') + 1) {
        const char *next = strchr(line, '\n') + 1;
        for (size_t i = 0; i < COUNT(put) * 2; i++) {
            bool replaced = i % 2 == 0;
            struct buf text = {0};
            buf_add(&text, whole, (size_t)(line - whole));
            buf_puts(&text, put[i / 2]);
            buf_puts(&text, replaced ? next : line);
            taken += read_both(buf_text(&text), text.len);
            tried++;
        }
    }
    assert_in_range(taken, tried / 10, tried * 9 / 10);
}

/* Every text has its twin in Japanese. */
static void assert_twins(const struct node *node, size_t n)
{
    static const char *const texts[] = {"title", "about", "advice", "ask", "else", "says"};
    for (size_t i = 0; i < n; i++) {
        for (size_t t = 0; t < COUNT(texts); t++) {
            if (strcmp(node[i].label, texts[t]) != 0)
                continue;
            bool twin = false;
            for (size_t k = 0; k < n; k++)
                twin |= strcmp(node[k].label, arena_printf("%s.ja", texts[t])) == 0;
            if (!twin)
                fail_msg("no %s.ja", texts[t]);
        }
        assert_twins(node[i].child, node[i].n_child);
    }
}

static void test_shipped(void **state)
{
    (void)state;
    struct err err = {.text = ""};
    struct strings names = fixes_names(&shipped, &err);
    assert_true(names.n >= 2);
    for (size_t i = 0; i < names.n; i++) {
        struct fix *fix;
        struct node *node;
        size_t n;
        assert_ok(fixes_load(&shipped, names.item[i], &fix, &err), err);
        assert_ok(fix_parse(fix->file, fix->text, fix->len, &fix, &err), err);
        assert_string_equal(fix->name, names.item[i]);
        assert_ok(tree_parse(LENS_FIX, fix->file, fix->text, fix->len, &node, &n, &err), err);
        assert_twins(node, n);
        /* What no file and no log can tell is a wish; then a person says what it shall be. */
        assert_true(fix->n_symptom > 0 || fix->n_param > 0);
        assert_true(!fix_is_advice(fix) || fix->advice != NULL);
    }
    struct fix *fix;
    assert_false(fixes_load(&shipped, "no-such-fix", &fix, &err));
    assert_int_equal(err.outcome, USAGE);
    assert_says(err, "there is no fix 'no-such-fix'; there are: ");
    assert_false(fixes_load(&shipped, "../fixes/sdbm-cache", &fix, &err));
}

static void test_sdbm_cache(void **state)
{
    (void)state;
    struct fix *fix;
    struct err err;
    assert_ok(fixes_load(&shipped, "sdbm-cache", &fix, &err), err);
    assert_int_equal(fix->effect, HARMS_MAIL);
    assert_true(starts_with(fix->about, "tlsmgr cannot open the cache"));
    assert_int_equal(fix->n_rows, 1);
    assert_string_equal(fix->rows[0].name, "cache");
    assert_string_equal(strings_join(&fix->rows[0].columns, " "), "parameter file");
    assert_int_equal(fix->rows[0].n, 5);
    assert_string_equal(fix->rows[0].row[4].item[1], "postscreen_cache");
    assert_int_equal(fix->n_param, 2);
    assert_string_equal(strings_join(&fix->param[0].one_of, " "), "lmdb btree none");
    assert_int_equal(fix->param[0].n_choice, 3);
    assert_string_equal(fix->param[0].choice[0].value, "lmdb");
    assert_true(fix->param[0].choice[0].conditional);
    assert_int_equal(fix->param[0].choice[0].cond.kind, COND_TABLE_TYPE);
    assert_false(fix->param[0].choice[2].conditional);
    assert_int_equal(fix->n_symptom, 6);
    assert_int_equal(fix->symptom[0].kind, PROBE_LOG);
    assert_true(fix->symptom[0].heard.levels[LEVEL_FATAL]);
    assert_false(fix->symptom[0].heard.levels[LEVEL_WARNING]);
    assert_int_equal(fix->symptom[5].kind, PROBE_COND);
    assert_int_equal(fix->symptom[5].cond.place.noun, NOUN_TABLE);
    assert_int_equal(fix->symptom[5].cond.place.n_with, 2);
    assert_int_equal(fix->n_step, 3);
    assert_string_equal(fix->step[0].loop, "cache");
    assert_int_equal(fix->step[0].n_when, 2);
    assert_int_equal(fix->step[0].verb, EDIT_VALUE);
    assert_string_equal(fix->step[0].text, "{type}:${data_directory}/{cache.file}");
    assert_true(fix->step[0].keep_comment);
    assert_int_equal(fix->step[1].verb, EDIT_REPLACE);
    assert_string_equal(fix->step[1].pattern, "^[a-z]+:");
    assert_int_equal(fix->n_after, 1);
    assert_int_equal(fix->after[0].verb, DO_RESTART);
    assert_string_equal(fix->after[0].daemon, "postfix");
    assert_int_equal(fix->n_verify, 3);
    assert_int_equal(fix->verify[0].cond.kind, COND_DISTINCT);
    assert_int_equal(fix->verify[1].kind, PROBE_SESSION);
    assert_int_equal(fix->verify[1].talk.times, 2);
    assert_true(fix->verify[1].talk.starttls);
    assert_int_equal(fix->verify[2].cond.kind, COND_QUIET);
}

/* ---- values ---- */

#define HEAD "fix x\ntitle t\neffect noise\n\n" /* what follows begins on line 5 */

/* A log line of any level, where the stanza names none. */
static void test_levels(void **state)
{
    (void)state;
    struct fix *any = unit_fix(HEAD "symptom log\n  program p\n  matching ^a\n");
    struct fix *some = unit_fix(HEAD "symptom log\n  program p\n  level error panic\n  matching ^a\n");
    for (int level = LEVEL_INFO; level <= LEVEL_PANIC; level++) {
        assert_true(any->symptom[0].heard.levels[level]);
        assert_true(some->symptom[0].heard.levels[level] == (level == LEVEL_ERROR || level == LEVEL_PANIC));
    }
}

/* The last column runs to the end of the line, whatever stands in the columns before it. */
static void test_rows(void **state)
{
    (void)state;
    static const struct {
        const char *line, *first, *last;
    } cases[] = {
        {"a b", "a", "b"},
        {"  a   b  ", "a", "b"},
        {"a b c", "a", "b c"},
        {"a  b,  c\td", "a", "b,  c\td"},
        {"bb b c", "bb", "b c"},
        {"x x x", "x", "x x"},
        {"smtpd smtp old style", "smtpd", "smtp old style"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct fix *fix = unit_fix(arena_printf("%srows r one two\n  |%s\n", HEAD, cases[i].line));
        assert_string_equal(fix->rows[0].row[0].item[0], cases[i].first);
        assert_string_equal(fix->rows[0].row[0].item[1], cases[i].last);
    }
}

/* A stanza has an end: the lens takes no more lines of one, whatever they are. */
static void test_many_lines(void **state)
{
    (void)state;
    for (int lines = 399; lines <= 401; lines++) {
        struct buf text = {0};
        buf_puts(&text, HEAD "rows r a\n");
        for (int i = 0; i < lines; i++)
            buf_printf(&text, "  |%d\n", i);
        assert_int_equal(read_both(buf_text(&text), text.len), lines <= 400);
    }
}

/* What the administrator is told of a fix, besides its own texts. */
static void test_sentences(void **state)
{
    (void)state;
    const struct fix *fix = unit_fix(HEAD "param p\n  type daemon\n  default postfix\n\n"
                                          "edit main.cf\n  each setting a\n  delete\n\n"
                                          "after restart postfix\n\nafter flush postfix\n\n"
                                          "verify quiet 10s\n\nverify pending\n");
    assert_string_equal(fix_after_sentence(&fix->after[0]), "restart postfix");
    assert_string_equal(fix_after_sentence(&fix->after[1]), "flush postfix");
    const struct after rebuild = {.kind = AFTER_REBUILD, .place.written = "map a"};
    assert_string_equal(fix_after_sentence(&rebuild), "rebuild map a");
    assert_string_equal(fix_probe_sentence(&fix->verify[0], "x"),
                        "the fault stays out of the mail log for 10s");
    assert_string_equal(fix_probe_sentence(&fix->verify[1], "x"), "x");
    const struct probe heard = {.kind = PROBE_LOG};
    assert_string_equal(fix_probe_sentence(&heard, "x"), "x");
    const struct param *param = &fix->param[0];
    assert_string_equal(fix_param_field(param, "p", NULL), "p");
    assert_string_equal(fix_param_field(param, "p", "dovecot"), "dovecot");
    assert_null(fix_param_field(param, "px", "dovecot"));
    assert_null(fix_param_field(param, "q.x", "dovecot"));
    assert_null(fix_param_field(param, "p.nosuch", "dovecot"));
    /* A file without a directory. */
    struct fix *read;
    struct err err;
    assert_ok(fix_parse("x.fix", HEAD, strlen(HEAD), &read, &err), err);
    assert_false(fix_parse("y.fix", HEAD, strlen(HEAD), &read, &err));
    assert_says(err, "the fix calls itself 'x', so its file must be x.fix");
}

/* What a name in braces, a loop, or a captured name must lead to. */
static void test_names(void **state)
{
    static const struct {
        const char *stanzas, *says; /* NULL: it is right */
    } cases[] = {
        {"rows list name\n  |a\n\nedit main.cf\n  for list\n  each setting {list.name}\n  delete\n", NULL},
        {"rows list name\n  |a\n\nedit main.cf\n  for list\n  each setting {list.nosuch}\n  delete\n",
         "list.nosuch"},
        {"rows list name\n  |a\n\nedit main.cf\n  for list\n  each setting {listname}\n  delete\n",
         "listname"},
        {"rows list name\n  |a\n\nedit main.cf\n  for list\n  each setting {last.name}\n  delete\n",
         "last.name"},
        {"rows other name\n  |a\n\nrows list name\n  |a\n\nedit main.cf\n  for list\n  each setting "
         "{list.name}\n  delete\n",
         NULL},
        {"rows list name\n  |a\n\nedit main.cf\n  for lost\n  each setting a\n  delete\n", "lost"},
        {"param p\n  type word\n\nparam q\n  type word\n  several\n\nedit main.cf\n  for q\n  each setting "
         "{q}\n  delete\n",
         NULL},
        {"param p\n  type word\n  several\n\nedit main.cf\n  for q\n  each setting a\n  delete\n", "q"},
        {"edit main.cf\n  each setting a\n  value {setting.name}\n", NULL},
        {"edit main.cf\n  each setting a\n  value {settings.name}\n", "settings.name"},
        {"edit main.cf\n  each setting a\n  value {setting.nosuch}\n", "setting.nosuch"},
        {"symptom log\n  program p\n  matching ^a\n\nsymptom log\n  program p\n  matching ^(?<v>b)\n\nparam "
         "p\n  type word\n  from log v\n",
         NULL},
        {"symptom log\n  program p\n  matching ^(?<v>b)\n\nparam p\n  type word\n  from log w\n",
         "captures 'w'"},
        {"symptom pending\n\nparam p\n  type word\n  from log w\n", "captures 'w'"},
        {"param o\n  one-of a b\n\nparam p\n  type daemon\n\nedit main.cf\n  each setting a\n  "
         "delete\n\nafter restart {p}\n",
         NULL},
        {"param p\n  type daemon\n  several\n\nedit main.cf\n  each setting a\n  delete\n\nafter restart "
         "{p}\n",
         "a parameter of type daemon"},
        {"param p\n  type word\n\nedit main.cf\n  each setting a\n  delete\n\nafter restart {p}\n",
         "a parameter of type daemon"},
        {"edit dovecot.conf\n  ensure\n    |service a {\n    |  !include x\n    |}\n    |b = 1\n",
         "are not only settings"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *text = arena_printf("%s%s", HEAD, cases[i].stanzas);
        struct fix *fix;
        struct err err = {0};
        bool ok = fix_parse("/x/x.fix", text, strlen(text), &fix, &err) && fix_check_literals(fix, &err);
        if (ok != (cases[i].says == NULL))
            fail_msg("%s%s", cases[i].stanzas, ok ? "is taken" : err.text);
        if (!ok)
            assert_says(err, cases[i].says);
    }
}

static void test_defaults(void **state)
{
    (void)state;
    static const char *const spaces[] = {" ", "   ", "\t"};
    for (size_t i = 0; i < COUNT(spaces); i++) {
        struct fix *fix = unit_fix(
            arena_printf("%sparam p\n  one-of a b\n  default a%swhen%stable-type lmdb\n  default b\n", HEAD,
                         spaces[i], spaces[i]));
        assert_string_equal(fix->param[0].choice[0].value, "a");
        assert_true(fix->param[0].choice[0].conditional);
        assert_string_equal(fix->param[0].choice[1].value, "b");
    }
}

/* What is asked before STARTTLS and what behind it is told by the order of the keys. */
static void test_talk(void **state)
{
    (void)state;
    struct fix *fix = unit_fix(HEAD "verify session smtp 587\n  offers STARTTLS\n  hides AUTH\n  starttls\n"
                                    "  offers AUTH\n  refuses relay\n");
    const struct talk *talk = &fix->verify[0].talk;
    assert_true(talk->starttls);
    assert_int_equal(talk->n_wish, 4);
    static const struct wish wanted[] = {{OFFERS, "STARTTLS", false},
                                         {HIDES, "AUTH", false},
                                         {OFFERS, "AUTH", true},
                                         {REFUSES_RELAY, "relay", true}};
    for (size_t i = 0; i < COUNT(wanted); i++) {
        assert_int_equal(talk->wish[i].kind, wanted[i].kind);
        assert_string_equal(talk->wish[i].word, wanted[i].word);
        assert_int_equal(talk->wish[i].over_tls, wanted[i].over_tls);
    }
}

/* A catalogue in Japanese that translates nothing: its header is what makes messages Japanese. */
static void speak_japanese(void)
{
    static const char header[] = "Content-Type: text/plain; charset=UTF-8\nLanguage: ja\n";
    struct {
        uint32_t magic, revision, n, originals, translations, hash_size, hash;
        uint32_t original[2], translation[2];
        char empty[4], header[sizeof(header)];
    } mo = {0x950412de, 0, 1, 28, 36, 0, 0, {0, 44}, {sizeof(header) - 1, 48}, "", ""};
    memcpy(mo.header, header, sizeof(header));
    unit_dirs("ja/LC_MESSAGES");
    unit_bytes("ja/LC_MESSAGES/mailfix.mo", (const char *)&mo, 48 + sizeof(header));
    setenv("LC_ALL", "C.UTF-8", 1);
    setenv("LANGUAGE", "ja", 1);
    language_open(unit_top);
    assert_string_equal(language_code(), "ja");
}

static void speak_english(void)
{
    setenv("LANGUAGE", "en", 1);
    language_open(unit_top);
    assert_string_equal(language_code(), "en");
}

/* The twins are read where messages are in Japanese; a text without one stays as it is. */
static void test_japanese(void **state)
{
    (void)state;
    static const char text[] =
        "fix x\ntitle.ja 題\ntitle t\neffect noise\nabout\n  |a\nabout.ja\n  |説明 {x}\n"
        "advice\n  |b\n\nparam p\n  type word\n  ask q\n  ask.ja 問\n\n"
        "require pending\n  else.ja 否 {p}\n  else e\n"
        "risk\n  says s\n  says.ja 危\n\nverify pending\n  else f\n";
    for (int ja = 0; ja < 2; ja++) {
        if (ja)
            speak_japanese();
        struct fix *fix = unit_fix(text);
        assert_string_equal(fix->title, ja ? "題" : "t");
        assert_string_equal(fix->about, ja ? "説明 {x}\n" : "a\n");
        assert_string_equal(fix->advice, "b\n");
        assert_string_equal(fix->param[0].ask, ja ? "問" : "q");
        assert_string_equal(fix->require[0].otherwise, ja ? "否 {p}" : "e");
        assert_string_equal(fix->risk[0].otherwise, ja ? "危" : "s");
        assert_string_equal(fix->verify[0].otherwise, "f");
    }
    speak_english();
    assert_string_equal(unit_fix(text)->title, "t");
}

static void test_forms(void **state)
{
    (void)state;
    /* Each of these is right. */
    static const char *const stanzas[] = {
        "param p\n  type word\n  several\n\nedit main.cf\n  for p\n  each setting {p}\n  delete\n",
        "param p\n  type bool\n  default yes\n",
        "param p\n  type number\n  when postfix >= 2.0\n",
        "symptom not some main.cf setting a b* matching ^x{2}$\n",
        "symptom none postfix table with type=sdbm,hash use=cache\n",
        "symptom at-most-one main.cf effective a\n",
        "symptom distinct value of master.cf option x_maps in smtp/inet\n",
        "symptom some master.cf service smtp/inet with chroot=y\n",
        "symptom some main.cf shadowed setting a\n",
        "symptom some main.cf commented setting a\n",
        "symptom daemon postfix running\n",
        "symptom port 25 mute\n",
        "symptom daemon dovecot enabled\n",
        "symptom not port 25 owner postfix exim4 nobody\n",
        "symptom check postfix\n",
        "symptom pending\n",
        "symptom session smtps 465\n  greets ^220\n",
        "require dovecot < 2.3.19\n  else e\n",
        "risk\n  when some main.cf setting a\n  says s\n",
        "edit main.cf\n  each setting a\n  value\n",
        "edit main.cf\n  each setting a\n  value ${x} {postfix.version}\n",
        "edit master.cf\n  each option a in b/inet c/unix\n  replace a{1,2}\n  with b\n",
        "edit master.cf\n  each option a\n  when none option b in {option.service}\n  rename "
        "{option.name}x\n",
        "edit master.cf\n  after service a/inet\n  ensure\n    |x inet n - - - - smtpd\n    |  -o { a = b "
        "}\n",
        "edit postfix\n  each table with type=hash\n  value lmdb:{table.name}\n",
        "after stop sendmail\n  when daemon sendmail running\n",
        "after rebuild main.cf table with parameter=alias_database\n  when postfix >= 2.0\n",
        "after flush postfix\n",
        "after flush {d}\n\nafter stop {d}\n\nparam d\n  type daemon\n  ask a\n",
        "symptom not queue sendmail empty\n",
        "verify quiet 10s\n",
        "# a remark\n\nsymptom pending\n  # inside\n",
    };
    for (size_t i = 0; i < COUNT(stanzas); i++)
        unit_fix(arena_printf("%s%s", HEAD, stanzas[i]));
}

/* ---- what is refused ---- */

static const struct {
    const char *place, *sentence, *text;
} wrong[] = {
    /* the whole */
    {"1:1", "a fix file begins with: fix NAME", ""},
    {"1:1", "a fix file begins with: fix NAME", "title t\n"},
    {"1:5", "its file must be y.fix", "fix y\ntitle t\neffect noise\n"},
    {"1:1", "needs a title and an effect", "fix x\ntitle t\n"},
    {"1:1", "needs a title and an effect", "fix x\neffect noise\n"},
    {"1:1", "needs a title and an effect", "fix x\ntitle.ja t\neffect noise\n"},
    {"5:5", "one fix", HEAD "fix x\n"},
    /* the shape */
    {"5:1", "expected a stanza", HEAD "sympton pending\n"},
    {"3:8", "expected a stanza", "fix x\ntitle t\neffect terrible\n"},
    {"6:1", "expected a stanza", HEAD "symptom pending\n  nonsense y\n"},
    {"6:1", "expected a stanza", HEAD "edit main.cf\n  says x\n"},
    /* conditions */
    {"5:9", "'nonsense' is no condition; there are: some none", HEAD "symptom nonsense\n"},
    {"5:13", "'nonsense' is no condition", HEAD "symptom not nonsense\n"},
    {"5:12", "expected a condition", HEAD "symptom not\n"},
    {"5:9", "expected: postfix < <= = >= > VERSION", HEAD "symptom postfix 2.0\n"},
    {"5:9", "expected one of < <= = >= >", HEAD "symptom postfix == 2.0\n"},
    {"5:9", "expected a version", HEAD "symptom postfix < new\n"},
    {"5:9", "expected: table-type TYPE", HEAD "symptom table-type\n"},
    {"5:9", "no such daemon", HEAD "symptom daemon sshd running\n"},
    {"5:9", "expected running, enabled or installed", HEAD "symptom daemon postfix ready\n"},
    {"5:9", "expected open or mute, or owner and daemons", HEAD "symptom port 25 closed\n"},
    {"5:9", "expected open or mute, or owner and daemons", HEAD "symptom port 25 owner\n"},
    {"5:9", "expected open or mute, or owner and daemons", HEAD "symptom port 25 open mute\n"},
    {"5:9", "no such daemon", HEAD "symptom port 25 owner postfix sshd\n"},
    {"5:9", "expected: port NUMBER open|mute, port NUMBER owner DAEMON...", HEAD "symptom port 25\n"},
    {"5:9", "expected postfix or dovecot", HEAD "symptom check exim\n"},
    {"5:8", "expected seconds", HEAD "verify quiet soon\n"},
    {"5:9", "expected: pending", HEAD "symptom pending now\n"},
    {"6:12", "'is'", HEAD "risk\n  when {x} was y\n  says s\n"},
    {"5:9", "expected: lookup PARAMETER KEY [gives TEXT]", HEAD "symptom lookup alias_maps\n"},
    {"5:9", "expected: lookup PARAMETER KEY [gives TEXT]", HEAD "symptom lookup alias_maps a is b\n"},
    {"5:9", "expected: lookup PARAMETER KEY [gives TEXT]", HEAD "symptom lookup alias_maps a gives\n"},
    {"5:9", "expected: account NAME", HEAD "symptom account\n"},
    {"5:9", "expected: seen CAPTURE VALUE...", HEAD "symptom seen x\n"},
    {"5:9", "no log symptom of this fix captures 'x'", HEAD "symptom seen x y\n"},
    {"6:8", "no log symptom of this fix captures 'x'", HEAD "risk\n  when not seen x y\n  says s\n"},
    /* places */
    {"5:14",
     "'sendmail.cf' is no document; there are: main.cf master.cf postfix (both) aliases map PARAMETER",
     HEAD "symptom some sendmail.cf setting a\n"},
    {"5:17", "after 'map' comes the parameter", HEAD "symptom some map\n"},
    {"5:22", "'setting' is nothing that aliases has; it has: alias loop dangling",
     HEAD "symptom some aliases setting a\n"},
    {"5:27", "it has: setting section effective", HEAD "symptom some dovecot.conf item a\n"},
    {"5:33", "it has: entry", HEAD "symptom some map transport_maps alias a\n"},
    {"5:22", "'service' is nothing that main.cf has; it has: setting item effective table",
     HEAD "symptom some main.cf service a\n"},
    {"5:21", "the end of the line is nothing that main.cf has", HEAD "symptom some main.cf\n"},
    {"5:33", "a table has no field 'size'; it has: name value type",
     HEAD "symptom some main.cf table with size=1\n"},
    {"5:33", "FIELD=VALUE", HEAD "symptom some main.cf table with type\n"},
    {"5:28", "'a' cannot stand here; a table takes", HEAD "symptom some main.cf table a\n"},
    {"5:45", "does not compile", HEAD "symptom some main.cf setting a matching ab(c\n"},
    {"5:18", "a setting has no field 'use'", HEAD "symptom distinct use of main.cf setting a\n"},
    {"5:18", "expected: distinct FIELD of PLACE", HEAD "symptom distinct name in main.cf setting a\n"},
    {"5:24", "a column is one of: private", HEAD "symptom some master.cf column\n"},
    {"5:24", "a column is one of: private", HEAD "symptom some master.cf column type in a/inet\n"},
    {"5:39", "after 'listing' comes", HEAD "symptom some main.cf setting a listing\n"},
    {"5:22", "commented", HEAD "symptom some main.cf commented table\n"},
    {"5:24", "shadowed", HEAD "symptom some master.cf shadowed column chroot\n"},
    /* log lines and dialogues */
    {"5:9", "needs program and matching", HEAD "symptom log\n  program p\n  level error\n"},
    {"8:12", "begins with ^", HEAD "symptom log\n  program p\n  level error\n  matching x\n"},
    {"8:16", "does not compile", HEAD "symptom log\n  program p\n  level error\n  matching ^a(b\n"},
    {"7:9", "level", HEAD "symptom log\n  program p\n  level loud\n  matching ^x\n"},
    {"5:8", "expected: session smtp|", HEAD "verify session http 80\n"},
    {"5:8", "expected: session smtp|", HEAD "verify session smtp\n"},
    {"6:9", "from 1 to 20", HEAD "verify session smtp 25\n  times 0\n"},
    {"6:12", "does not compile", HEAD "verify session smtp 25\n  greets a[\n"},
    {"6:10", "expected one word, such as AUTH", HEAD "verify session smtp 25\n  offers X Y\n"},
    {"6:11", "expected: refuses relay", HEAD "verify session smtp 25\n  refuses mail\n"},
    {"6:11", "in a session of smtp or smtps", HEAD "verify session imap 143\n  refuses relay\n"},
    {"6:11", "comes behind 'starttls'", HEAD "verify session smtp 25\n  refuses relay\n  starttls\n"},
    {"6:9", "no meaning", HEAD "verify pending\n  hides X\n"},
    {"6:10", "no meaning", HEAD "verify pending\n  greets ^220\n"},
    {"5:9", "needs 'else'", HEAD "require pending\n"},
    {"5:", "needs 'says'", HEAD "risk\n  when pending\n"},
    /* parameters and rows */
    {"5:7", "either a type or one-of", HEAD "param p\n"},
    {"5:7", "either a type or one-of", HEAD "param p\n  type word\n  one-of a\n"},
    {"6:8", "unknown type; there are: domain hostport", HEAD "param p\n  type colour\n"},
    {"7:11", "none of the values of one-of", HEAD "param p\n  one-of a b\n  default c\n"},
    {"7:11", "this default is no size: expected a size with K, M or G",
     HEAD "param p\n  type size\n  default 1T\n"},
    {"8:9", "nothing fills this placeholder",
     HEAD "param p\n  type size\nedit main.cf\n  value {p.host}\n  each setting a\n"},
    {"7:18", "is no condition", HEAD "param p\n  one-of a b\n  default a when nonsense\n"},
    {"7:8", "no log symptom of this fix captures 'x'", HEAD "param p\n  type word\n  from log x\n"},
    {"7:9", "no log symptom of this fix captures 'x'", HEAD "param p\n  type word\n  offer log x\n"},
    {"7:8", "expected: log CAPTURE, port NUMBER, accounts,", HEAD "param p\n  type word\n  from log\n"},
    {"7:8", "is no document", HEAD "param p\n  type word\n  from nowhere\n"},
    {"7:8", "no field 'size' in such a place",
     HEAD "param p\n  type word\n  from size of main.cf setting a\n"},
    {"7:30", "'x' is nothing that main.cf has",
     HEAD "param p\n  type size\n  from twice name of main.cf x\n"},
    {"7:8", "has no 'matching'", HEAD "param p\n  type word\n  from main.cf setting a matching x\n"},
    {"7:22", "is no condition", HEAD "param p\n  type word\n  from accounts when nonsense\n"},
    {"7:8", "only once", HEAD "param p\n  type word\n  type word\n"},
    {"5:6", "expected: rows NAME COLUMN...", HEAD "rows r\n  |a\n"},
    {"7:4", "one word for each column", HEAD "rows r a b\n  |a b\n  |a\n"},
    /* edits and actions */
    {"5:6", "exactly one verb", HEAD "edit main.cf\n  each setting a\n"},
    {"5:6", "exactly one verb", HEAD "edit main.cf\n  each setting a\n  value x\n  delete\n"},
    {"5:6", "needs 'each PLACE'", HEAD "edit main.cf\n  delete\n"},
    {"6:8", "cannot be edited here", HEAD "edit main.cf\n  each effective a\n  value x\n"},
    {"6:8", "cannot be edited here", HEAD "edit main.cf\n  each master.cf option a\n  value x\n"},
    {"6:8", "'delete' cannot be done to a table, but to these: setting service item",
     HEAD "edit main.cf\n  each table\n  delete\n"},
    {"7:11", "needs 'with'", HEAD "edit main.cf\n  each setting a\n  replace b\n"},
    {"7:13", "does not compile", HEAD "edit main.cf\n  each setting a\n  replace b(\n  with c\n"},
    {"7:8", "belongs to replace", HEAD "edit main.cf\n  each setting a\n  with c\n  value d\n"},
    {"7:8", "only 'keep comment'", HEAD "edit main.cf\n  each setting a\n  keep nothing\n  value x\n"},
    {"7:8", "not in master.cf", HEAD "edit master.cf\n  each option a\n  keep comment\n  value x\n"},
    {"7:10", "takes one word", HEAD "edit main.cf\n  each setting a\n  append b c\n"},
    {"6:8", "cannot be done to a item, but to these: setting option",
     HEAD "edit main.cf\n  each item a\n  append b\n"},
    {"6:8", "cannot be done to a option", HEAD "edit master.cf\n  each option a\n  comment\n"},
    {"7:1", "can be empty", HEAD "edit main.cf\n  each item a\n  value\n"},
    {"5:6", "exactly one verb", HEAD "edit main.cf\n  each setting a\n  rename b\n  delete\n"},
    {"6:13", "its exact name", HEAD "edit main.cf\n  uncomment setting a*\n"},
    {"6:13", "its exact name", HEAD "edit main.cf\n  uncomment table\n"},
    {"6:8", "takes no rows", HEAD "edit main.cf\n  each setting a\n  uncomment setting b\n"},
    {"6:9", "has a place", HEAD "edit main.cf\n  after setting a\n  uncomment setting b\n"},
    {"6:9", "cannot be edited here",
     HEAD "edit main.cf\n  after master.cf service a\n  ensure\n    |a = 1\n"},
    {"6:8", "for a map or an alias table", HEAD "edit main.cf\n  mode 0600\n  ensure\n    |a = 1\n"},
    {"6:8", "let nobody else write", HEAD "edit map transport_maps\n  mode 0666\n  ensure\n    |a smtp:b\n"},
    {"6:8", "let nobody else write", HEAD "edit map transport_maps\n  mode 644\n  ensure\n    |a smtp:b\n"},
    {"5:6", "nothing else", HEAD "edit aliases hash:/etc/aliases\n  ensure\n    |a: b\n"},
    {"5:6", "only settings can be raised", HEAD "edit aliases\n  raise\n    |a: 1\n"},
    {"7:6", "no entry of aliases; it takes NAME: TARGET", HEAD "edit aliases\n  ensure\n    |a b\n"},
    {"7:6", "no entry of map transport_maps; it takes KEY VALUE",
     HEAD "edit map transport_maps\n  ensure\n    |# a b\n"},
    {"7:6", "no entries of dovecot.conf", HEAD "edit dovecot.conf\n  ensure\n    |service x {\n"},
    {"7:6", "not only settings", HEAD "edit dovecot.conf\n  ensure\n    |!include x\n"},
    {"6:8", "cannot be edited here", HEAD "edit aliases\n  each dangling\n  comment\n"},
    {"6:8", "cannot be edited here", HEAD "edit dovecot.conf\n  each effective a\n  value b\n"},
    {"6:8", "'append' cannot be done to a entry", HEAD "edit map x\n  each entry a\n  append b\n"},
    {"8:6", "no entry of main.cf; it takes NAME", HEAD "edit main.cf\n  ensure\n    |a = 1\n    |b\n"},
    {"7:6", "no entry of main.cf", HEAD "edit main.cf\n  ensure\n    |# a = 1\n"},
    {"7:6", "no entry of master.cf; it takes a service", HEAD "edit master.cf\n  ensure\n    |a inet n\n"},
    {"7:6", "nothing fills", HEAD "edit main.cf\n  ensure\n    |{a} = 1\n"},
    {"5:6", "changes tables", HEAD "edit postfix\n  ensure\n    |a = 1\n"},
    {"8:9", "nothing fills", HEAD "edit main.cf\n  each setting a\n  keep comment\n  value {option.name}\n"},
    {"7:9", "nothing fills", HEAD "edit main.cf\n  each setting a\n  value {setting.chroot}\n"},
    {"7:8", "only once", HEAD "edit main.cf\n  each setting a\n  each setting b\n  delete\n"},
    {"5:7", "expected: after reload|restart", HEAD "after kick postfix\n"},
    {"5:7", "unknown daemon; there are: postfix", HEAD "after restart sshd\n"},
    {"5:7", "unknown daemon; there are: postfix", HEAD "after flush sshd\n"},
    {"5:7", "mailfix knows no queue of that daemon", HEAD "after flush dovecot\n"},
    {"5:7", "is a parameter of type daemon", HEAD "after stop {d}\n\nparam d\n  type word\n  ask a\n"},
    {"5:7", "is a parameter of type daemon",
     HEAD "after flush {d}\n\nparam d\n  type daemon\n  several\n  ask a\n"},
    {"5:7", "is a parameter of type daemon", HEAD "after stop {d}mail\n\nparam d\n  type daemon\n  ask a\n"},
    {"5:9", "mailfix knows no queue of that daemon", HEAD "symptom queue dovecot empty\n"},
    {"5:9", "expected empty", HEAD "symptom queue postfix full\n"},
    {"5:9", "expected postfix", HEAD "symptom certificate dovecot loads\n"},
    {"5:9", "expected loads or valid", HEAD "symptom certificate postfix opens\n"},
    {"5:9", "expected: certificate postfix loads|valid", HEAD "symptom certificate loads\n"},
    {"5:7", "only tables can be rebuilt", HEAD "after rebuild main.cf setting x\n"},
    {"5:15", "nosuch", HEAD "after rebuild nosuch table\n"},
    /* placeholders and loops */
    {"7:9", "nothing fills this placeholder", HEAD "edit main.cf\n  each setting a\n  value {unknown}\n"},
    {"7:11", "nothing fills this placeholder", HEAD "edit main.cf\n  each setting a\n  value b {\n"},
    {"9:16", "nothing fills this placeholder",
     HEAD "rows r a b\n  |1 2\n\nedit main.cf\n  each setting {r.c}\n  delete\n"},
    {"11:9", "nothing fills this placeholder", /* the rows are not what this stanza loops over */
     HEAD "rows r a b\n  |1 2\n\nedit main.cf\n  each setting s\n  keep comment\n  value {r.a}\n"},
    {"6:7", "'for' takes the name of rows", HEAD "edit main.cf\n  for nothing\n  each setting a\n  delete\n"},
    {"9:7", "'for' takes the name of rows",
     HEAD "param p\n  type word\n\nedit main.cf\n  for p\n  each setting a\n  delete\n"},
};

/* All of them, so that one run shows every one that is taken or says another thing. */
static void test_refused(void **state)
{
    (void)state;
    int failures = 0;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct fix *fix;
        struct err err;
        const char *start = arena_printf("/x/x.fix:%s", wrong[i].place);
        if (fix_parse("/x/x.fix", wrong[i].text, strlen(wrong[i].text), &fix, &err)) {
            print_error("taken:\n%s\n", wrong[i].text);
            failures++;
        } else if (!starts_with(err.text, start) || strstr(err.text, wrong[i].sentence) == NULL ||
                   strchr(err.text, '^') == NULL) {
            print_error("%s '%s', not: %s\n", wrong[i].place, wrong[i].sentence, err.text);
            failures++;
        }
    }
    assert_int_equal(failures, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fresh_test(test_shipped),
        fresh_test(test_nodes_of_shipped),
        fresh_test(test_nodes_of_spoilt),
        fresh_test(test_sdbm_cache),
        fresh_test(test_rows),
        fresh_test(test_levels),
        fresh_test(test_many_lines),
        fresh_test(test_sentences),
        fresh_test(test_names),
        fresh_test(test_defaults),
        fresh_test(test_talk),
        fresh_test(test_japanese),
        fresh_test(test_forms),
        fresh_test(test_refused),
    };
    return cmocka_run_group_tests(tests, unit_begin, unit_end);
}
