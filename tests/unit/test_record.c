/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * plan.json: what is written comes back, whatever bytes are in it; what is damaged or was made by somebody
 * else is refused; and the store, its lock and its list.
 */
#include "record.h"
#include "unit.h"

#include <fcntl.h>

static void add_hunk(struct target *target, size_t at, const char *old, size_t old_len, const char *new,
                     size_t len)
{
    struct hunk hunk = {at, old_len, arena_copy(new, len), len};
    const char *copy = arena_copy(old, old_len);
    size_t n = target->n_hunk;
    target->old = arena_append(target->old, &n, sizeof(copy), &copy);
    target->hunk = arena_append(target->hunk, &target->n_hunk, sizeof(hunk), &hunk);
}

static struct record sample(void)
{
    char every[255];
    struct record record = {.time = 1726531200, .who = "root"};
    struct target target = {.document = "main.cf", .path = "/etc/postfix/main.cf"};
    for (size_t i = 0; i < sizeof(every); i++)
        every[i] = (char)(i + 1);
    digest_hex("a", 1, target.before);
    digest_hex("b", 1, target.after);
    add_hunk(&target, 7, "old", 3, "new \"quoted\" \\ \n", 15);
    add_hunk(&target, 100, every, sizeof(every), "", 0);
    add_hunk(&target, 1000, "", 0, every, sizeof(every));
    record.target = arena_append(record.target, &record.n_target, sizeof(target), &target);
    target.document = "master.cf";
    target.path = "/etc/p\xf6stfix/master.cf";
    record.target = arena_append(record.target, &record.n_target, sizeof(target), &target);
    struct service_state state = {.daemon = "postfix", .active = YES, .enabled = UNKNOWN};
    record.service = arena_append(record.service, &record.n_service, sizeof(state), &state);
    static const enum verb verbs[] = {DO_RELOAD, DO_RESTART, DO_START, DO_STOP, DO_ENABLE, DO_DISABLE};
    for (size_t i = 0; i < COUNT(verbs); i++) {
        struct action action = {verbs[i], "dovecot"};
        record.action = arena_append(record.action, &record.n_action, sizeof(action), &action);
    }
    record.fixes = strings_split("sdbm-cache other", " ");
    record.params = strings_split("type=lmdb word=\xff\x80", " ");
    record.byproduct = strings_split("/var/lib/postfix/smtpd_scache.lmdb", " ");
    return record;
}

static void assert_same_strings(struct strings a, struct strings b)
{
    assert_string_equal(strings_join(&a, "\n"), strings_join(&b, "\n"));
    assert_int_equal(a.n, b.n);
}

static void test_round_trip(void **state)
{
    (void)state;
    struct record before = sample(), after = {0};
    struct err err;
    size_t len;
    const char *text = record_format(&before, &len);
    assert_int_equal(strlen(text), len);
    assert_ok(record_parse(text, len, &after, &err), err);
    assert_int_equal(after.time, before.time);
    assert_string_equal(after.who, before.who);
    assert_same_strings(after.fixes, before.fixes);
    assert_same_strings(after.params, before.params);
    assert_same_strings(after.byproduct, before.byproduct);
    assert_int_equal(after.n_target, before.n_target);
    for (size_t i = 0; i < before.n_target; i++) {
        const struct target *x = &before.target[i], *y = &after.target[i];
        assert_string_equal(x->document, y->document);
        assert_string_equal(x->path, y->path);
        assert_string_equal(x->before, y->before);
        assert_string_equal(x->after, y->after);
        assert_int_equal(x->n_hunk, y->n_hunk);
        for (size_t k = 0; k < x->n_hunk; k++) {
            assert_int_equal(x->hunk[k].at, y->hunk[k].at);
            assert_int_equal(x->hunk[k].old_len, y->hunk[k].old_len);
            assert_int_equal(x->hunk[k].len, y->hunk[k].len);
            assert_memory_equal(x->hunk[k].bytes, y->hunk[k].bytes, x->hunk[k].len + 1);
            assert_memory_equal(x->old[k], y->old[k], x->hunk[k].old_len + 1);
        }
    }
    assert_int_equal(after.n_service, 1);
    assert_string_equal(after.service[0].daemon, "postfix");
    assert_int_equal(after.service[0].active, YES);
    assert_int_equal(after.service[0].enabled, UNKNOWN);
    assert_int_equal(after.n_action, before.n_action);
    for (size_t i = 0; i < before.n_action; i++) {
        assert_int_equal(after.action[i].verb, before.action[i].verb);
        assert_string_equal(after.action[i].daemon, "dovecot");
    }
    /* Once more: the same text. */
    size_t again_len;
    assert_string_equal(record_format(&after, &again_len), text);
}

static struct back sample_back(void)
{
    struct back back = {.order = 3};
    struct back_target target = {.edited = true};
    struct rebased later = {.number = 9, .target.path = "/etc/p\xf6stfix/main.cf"};
    digest_hex("a", 1, target.from);
    digest_hex("b", 1, target.to);
    back.target = arena_append(back.target, &back.n_target, sizeof(target), &target);
    target.edited = false;
    back.target = arena_append(back.target, &back.n_target, sizeof(target), &target);
    digest_hex("c", 1, later.target.before);
    digest_hex("d", 1, later.target.after);
    add_hunk(&later.target, 7, "old\xff", 4, "new\n", 4);
    back.later = arena_append(back.later, &back.n_later, sizeof(later), &later);
    return back;
}

static void test_back(void **state)
{
    (void)state;
    struct record record = sample();
    struct back before = sample_back(), *after;
    struct err err;
    size_t len;
    const char *text = record_format_back(&before, &len);
    assert_ok(record_parse_back(text, len, &record, &after, &err), err);
    assert_int_equal(after->order, 3);
    assert_int_equal(after->n_target, 2);
    assert_string_equal(after->target[0].from, before.target[0].from);
    assert_string_equal(after->target[1].to, before.target[1].to);
    assert_true(after->target[0].edited && !after->target[1].edited);
    assert_int_equal(after->n_later, 1);
    assert_int_equal(after->later[0].number, 9);
    assert_string_equal(after->later[0].target.path, before.later[0].target.path);
    assert_string_equal(after->later[0].target.after, before.later[0].target.after);
    assert_string_equal(after->later[0].target.old[0], "old\xff");
    assert_int_equal(after->later[0].target.hunk[0].at, 7);
    for (size_t cut = 0; cut + 1 < len; cut += 7)
        assert_false(record_parse_back(text, cut, &record, &after, &err));
    record.n_target = 1; /* not as many as the record has */
    assert_false(record_parse_back(text, len, &record, &after, &err));
}

/* A log-in name is what the environment says; it may be any bytes. */
static void test_who(void **state)
{
    (void)state;
    static const char *const names[] = {"", "a b", "\xff\xfe", "j\xc3\xb6rg", "\"\\\n"};
    for (size_t i = 0; i < COUNT(names); i++) {
        struct record before = sample(), after = {0};
        struct err err;
        size_t len;
        before.who = names[i];
        const char *text = record_format(&before, &len);
        assert_ok(record_parse(text, len, &after, &err), err);
        assert_string_equal(after.who, names[i]);
    }
}

/* One place of a good text changed. */
static const char *with(const char *text, const char *old, const char *new)
{
    const char *at = strstr(text, old);
    if (at == NULL)
        fail_msg("no '%s' in: %s", old, text);
    return arena_printf("%.*s%s%s", (int)(at - text), text, new, at + strlen(old));
}

/* As the first mailfix wrote it: only then what it says is what is refused. */
static const char *without_sum(const char *text)
{
    const char *const before = ",\n  \"sum\": \"", *sum = strstr(text, before);
    assert_non_null(sum);
    return with(text, arena_copy(sum, strlen(before) + DIGEST_HEX + 1), "");
}

static void test_sum(void **state)
{
    (void)state;
    struct record record = sample(), read = {0};
    struct back back = sample_back(), *read_back;
    struct err err;
    size_t len;
    const char *plan = record_format(&record, &len),
               *text = with(plan, "\"who\": \"root\"", "\"who\": \"ruut\"");
    assert_false(record_parse(text, strlen(text), &read, &err));
    assert_non_null(strstr(err.text, "checksum"));
    text = without_sum(text);
    assert_ok(record_parse(text, strlen(text), &read, &err), err);
    plan = record_format_back(&back, &len);
    text = with(plan, "\"order\": 3", "\"order\": 4");
    assert_false(record_parse_back(text, strlen(text), &record, &read_back, &err));
    assert_non_null(strstr(err.text, "checksum"));
    text = without_sum(text);
    assert_ok(record_parse_back(text, strlen(text), &record, &read_back, &err), err);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *old, *new;
    } cases[] = {
        {"\"version\": 1", "\"version\": 2"},
        {"\"version\": 1", "\"version\": \"1\""},
        {"\"version\": 1,", ""},
        {"\"who\": \"root\"", "\"who\": 7"},
        {"\"document\": \"main.cf\"", "\"document\": \"shadow\""},
        {"\"document\": \"main.cf\"", "\"document\": \"../main.cf\""},
        {"\"document\": \"main.cf\"", "\"document\": null"},
        {"\"path\": \"/etc/postfix/main.cf\"", "\"path\": \"etc/postfix/main.cf\""},
        {"\"path\": \"/etc/postfix/main.cf\"", "\"path\": \"\""},
        {"\"path\": \"/etc/postfix/main.cf\"", "\"path\": []"},
        {"\"path\": \"/etc/postfix/main.cf\"", "\"path\": \"/etc/\\u0100main.cf\""}, /* not a byte */
        {"\"path\": \"/etc/postfix/main.cf\"", "\"path\": \"/etc/\\u3042main.cf\""},
        {"\"before\": \"ca", "\"before\": \"CA"},
        {"\"before\": \"ca", "\"before\": \"c"},
        {"\"after\": \"3e", "\"after\": \"/e"},
        {"\"daemon\": \"postfix\"", "\"daemon\": \"sshd\""},
        {"\"daemon\": \"dovecot\"", "\"daemon\": \"dovecot; x\""},
        {"\"active\": \"yes\"", "\"active\": \"maybe\""},
        {"\"verb\": \"reload\"", "\"verb\": \"remove\""},
        {"\"at\": 7", "\"at\": -7"},
        {"\"at\": 7", "\"at\": \"7\""},
        {"\"old\": \"old\"", "\"old\": 7"},
        {"\"new\": \"new", "\"new\": \"\\u0000new"},
        {"\"hunks\": [", "\"hunks\": {\"x\": ["},
        {"\"new\": \"new", "\"new\": 7, \"was\": \"new"},
        {"\"hunks\": [", "\"huncs\": ["},
        {"\"before\": \"ca", "\"before\": 7, \"was\": \"ca"},
        {"\"after\": \"3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d\"",
         "\"after\": \"absent\""},
        {"\"at\": 7,", ""},
        {"\"active\": \"yes\"", "\"active\": 7"},
        {"\"enabled\": \"unknown\"", "\"enabled\": \"maybe\""},
        {"\"daemon\": \"postfix\"", "\"daemon\": 7"},
        {"\"daemon\": \"dovecot\"", "\"daemon\": 7"},
        {"\"verb\": \"reload\"", "\"verb\": 7"},
        {"\"fixes\": [", "\"fixes\": [7, "},
        {"\"fixes\": [", "\"fixes\": 7, \"were\": ["},
        {"\"fixes\": [", "\"fixen\": ["},
        {"\"params\": [", "\"params\": [7, "},
        {"\"targets\": [", "\"targets\": 7, \"were\": ["},
        {"\"targets\": [", "\"targetz\": ["},
        {"\"byproducts\": [", "\"byproducts\": [7, "},
    };
    struct record record = sample();
    size_t len;
    const char *good = without_sum(record_format(&record, &len));
    len = strlen(good);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct record read = {0};
        struct err err;
        const char *text = with(good, cases[i].old, cases[i].new);
        if (record_parse(text, strlen(text), &read, &err))
            print_error("taken: %s instead of %s\n", cases[i].new, cases[i].old);
        assert_false(record_parse(text, strlen(text), &read, &err));
        assert_true(starts_with(err.text, "plan.json"));
        assert_null(strstr(err.text, "checksum"));
    }
    /* Cut off anywhere, it is not taken. */
    for (size_t cut = 0; cut + 1 < len; cut += 13) {
        struct record read = {0};
        struct err err;
        assert_false(record_parse(good, cut, &read, &err));
    }
    static const char *const others[] = {"", "null", "[]", "{}", "7", "\xff", "{\"version\": 1}"};
    for (size_t i = 0; i < COUNT(others); i++) {
        struct record read = {0};
        struct err err;
        assert_false(record_parse(others[i], strlen(others[i]), &read, &err));
    }
}

static void test_back_refused(void **state)
{
    (void)state;
    static const struct {
        const char *old, *new;
    } cases[] = {
        {"\"version\": 1", "\"version\": 2"},
        {"\"order\": 3", "\"order\": 0"},
        {"\"order\": 3", "\"order\": \"3\""},
        {"\"targets\": [", "\"targets\": [7, "},
        {"\"targets\": [", "\"targets\": 7, \"were\": ["},
        {"\"targets\": [", "\"targetz\": ["},
        {"\"from\": \"", "\"from\": \"x"},
        {"\"to\": \"", "\"to\": \"x"},
        {"\"later\": [", "\"later\": 7, \"was\": ["},
        {"\"later\": [", "\"latter\": ["},
        {"\"transaction\": 9", "\"transaction\": \"9\""},
        {"\"transaction\": 9,", ""},
        {"\"path\": \"", "\"path\": 7, \"was\": \""},
        {"\"before\": \"", "\"before\": \"x"},
        {"\"after\": \"", "\"after\": \"x"},
        {"\"hunks\": [", "\"hunks\": 7, \"were\": ["},
    };
    struct record record = sample();
    struct back back = sample_back(), *read;
    struct err err;
    size_t len;
    const char *good = without_sum(record_format_back(&back, &len));
    assert_ok(record_parse_back(good, strlen(good), &record, &read, &err), err);
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *text = with(good, cases[i].old, cases[i].new);
        if (record_parse_back(text, strlen(text), &record, &read, &err))
            fail_msg("taken: %s instead of %s", cases[i].new, cases[i].old);
        assert_says(err, "back.json is not of a form");
    }
    /* Of before rollbacks said whether the file was edited. */
    const char *text = with(good, "\"edited\": true", "\"edeted\": true");
    assert_ok(record_parse_back(text, strlen(text), &record, &read, &err), err);
    assert_false(read->target[0].edited);
}

/* The text after is computed only when the hunks are those of this text, and lead to the one that is named.
 */
static void test_after(void **state)
{
    (void)state;
    struct target target = {.document = "main.cf", .path = "/x"};
    size_t len;
    add_hunk(&target, 2, "b", 1, "BB", 2);
    digest_hex("a BB c", 6, target.after);
    assert_string_equal(record_after(&target, "a b c", 5, &len), "a BB c");
    assert_int_equal(len, 6);
    static const char *const others[] = {"a x c", "a", "a "};
    for (size_t i = 0; i < COUNT(others); i++)
        assert_null(record_after(&target, others[i], strlen(others[i]), &len));
    digest_hex("another", 7, target.after);
    assert_null(record_after(&target, "a b c", 5, &len));
    digest_hex("a BB c", 6, target.after);
    target.hunk[0].at = 4; /* the bytes are the ones, but not all of them are there */
    target.hunk[0].old_len = 3;
    assert_null(record_after(&target, "a b c", 5, &len));
    add_hunk(&target, 1, " ", 1, "", 0); /* before the first one */
    target.hunk[0].at = 2;
    target.hunk[0].old_len = 1;
    assert_null(record_after(&target, "a b c", 5, &len));
}

static void test_state_bytes(void **state)
{
    (void)state;
    for (int i = TXN_APPLYING; i <= TXN_STUCK; i++) {
        char bytes[STATE_LEN + 1];
        record_state_bytes((enum txn_state)i, bytes);
        assert_int_equal(strlen(bytes), STATE_LEN);
        assert_true(starts_with(bytes, txn_state_name((enum txn_state)i)));
        assert_true(bytes[STATE_LEN - 1] == '\n');
    }
}

/* ---- the store ---- */

static void put_record(const char *id, enum txn_state txn_state, const char *text)
{
    char bytes[STATE_LEN + 1];
    record_state_bytes(txn_state, bytes);
    unit_dirs(arena_printf("var/lib/mailfix/txn/%s", id));
    unit_file(arena_printf("var/lib/mailfix/txn/%s/state", id), bytes);
    unit_file(arena_printf("var/lib/mailfix/txn/%s/plan.json", id), text);
}

/* Two rollbacks from below the same later transaction: the second one saw what the first one made of it. */
static void test_rebase(void **state)
{
    (void)state;
    struct root root;
    struct store store;
    struct err err;
    struct record good = sample(), *list;
    struct back back = sample_back();
    struct strings damaged = {0};
    size_t len, n;
    unit_dirs("var/lib");
    assert_ok(root_open(unit_top, &root, &err), err);
    assert_ok(store_open(&root, &store, &err), err);
    good.target[0].path = back.later[0].target.path = "/etc/postfix/main.cf";
    good.n_target = 1;
    const char *text = record_format(&good, &len);
    put_record("0001-a", TXN_UNDONE, text);
    put_record("0002-b", TXN_UNDONE, text);
    put_record("0009-c", TXN_KEPT, text);
    back.n_target = 1;
    unit_file("var/lib/mailfix/txn/0001-a/back.json", record_format_back(&back, &len));
    back.order = 2;
    digest_hex("x", 1, back.later[0].target.after);
    unit_file("var/lib/mailfix/txn/0002-b/back.json", record_format_back(&back, &len));
    assert_ok(record_list(&store, &list, &n, &damaged, &err), err);
    assert_int_equal(n, 3);
    assert_non_null(list[0].back);
    const struct target *t = &list[2].target[0];
    digest_hex("d", 1, back.later[0].target.after);
    assert_string_equal(t->after, back.later[0].target.after);
    assert_int_equal(t->n_hunk, 1);
    assert_string_equal(t->document, "main.cf");
    assert_string_equal(t->written->after, good.target[0].after); /* as it was applied */
    assert_int_equal(t->written->n_hunk, good.target[0].n_hunk);
    /* In the order of the rollbacks, and not of the transactions. */
    back.order = 1;
    unit_file("var/lib/mailfix/txn/0002-b/back.json", record_format_back(&back, &len));
    back.order = 2;
    digest_hex("last", 4, back.later[0].target.after);
    unit_file("var/lib/mailfix/txn/0001-a/back.json", record_format_back(&back, &len));
    assert_ok(record_list(&store, &list, &n, &damaged, &err), err);
    assert_string_equal(list[2].target[0].after, back.later[0].target.after);
    /* What a rollback prepared and did not begin says nothing. */
    put_record("0001-a", TXN_KEPT, text);
    put_record("0002-b", TXN_KEPT, text);
    assert_ok(record_list(&store, &list, &n, &damaged, &err), err);
    assert_null(list[2].target[0].written);
    /* One that is needed and cannot be read is a damaged record. */
    put_record("0002-b", TXN_UNDOING, text);
    unit_file("var/lib/mailfix/txn/0002-b/back.json", "{");
    assert_ok(record_list(&store, &list, &n, &damaged, &err), err);
    assert_int_equal(n, 2);
    assert_int_equal(damaged.n, 1);
    store_close(&store);
    close(root.fd);
}

/* Below --root a record may lead to documents only, under their own names or where Postfix's link leads. */
static void test_targets_of_others(void **state)
{
    (void)state;
    static const struct {
        const char *document, *path;
        bool taken;
    } cases[] = {
        {"main.cf", "/etc/postfix/main.cf", true},
        {"main.cf", "/srv/main.cf", true},
        {"main.cf", "/etc/shadow", false},
        {"main.cf", "/etc/elsewhere.cf", true}, /* there is such a link */
        {"master.cf", "/etc/elsewhere.cf", false},
        {RECORD_INDEX, "/etc/aliases.db", true},
        {RECORD_INDEX, "/etc/shadow", false},
        {"aliases", "/etc/anything", true}, /* main.cf says where it is */
    };
    for (int with_postfix = 0; with_postfix < 2; with_postfix++)
        for (size_t i = 0; i < COUNT(cases); i++) {
            struct root root;
            struct store store;
            struct err err;
            struct record good = sample(), *list;
            struct strings damaged = {0};
            size_t len, n;
            assert_int_equal(unit_empty(state), 0);
            unit_dirs("var/lib");
            unit_dirs("etc");
            if (with_postfix) {
                unit_dirs("etc/postfix");
                assert_int_equal(symlink("/etc/elsewhere.cf", unit_path("etc/postfix/main.cf")), 0);
            }
            assert_ok(root_open(unit_top, &root, &err), err);
            assert_ok(store_open(&root, &store, &err), err);
            good.target[0].document = cases[i].document;
            good.target[0].path = cases[i].path;
            good.n_target = 1;
            put_record("0001-a", TXN_KEPT, record_format(&good, &len));
            assert_ok(record_list(&store, &list, &n, &damaged, &err), err);
            bool taken = cases[i].taken && (with_postfix || strcmp(cases[i].path, "/etc/elsewhere.cf") != 0);
            if ((n == 1) != taken)
                fail_msg("%s at %s: %zu", cases[i].document, cases[i].path, n);
            assert_int_equal(damaged.n, !taken);
            if (!taken)
                assert_non_null(strstr(damaged.item[0], "it says that"));
            store_close(&store);
            close(root.fd);
        }
}

/* Each rollback is seen, in their order: what the first one left of another file, too. */
static void test_rebase_in_order(void **state)
{
    (void)state;
    static const char *const path[] = {"/etc/postfix/main.cf", "/etc/postfix/master.cf"};
    struct root root;
    struct store store;
    struct err err;
    struct record good = sample(), *list;
    struct strings damaged = {0};
    size_t len, n;
    unit_dirs("var/lib");
    assert_ok(root_open(unit_top, &root, &err), err);
    assert_ok(store_open(&root, &store, &err), err);
    for (size_t i = 0; i < 2; i++)
        good.target[i].path = path[i];
    const char *text = record_format(&good, &len);
    put_record("0009-c", TXN_KEPT, text);
    for (size_t i = 0; i < 2; i++) {
        const char *id = i == 0 ? "0001-a" : "0002-b";
        struct back back = sample_back();
        back.order = i == 0 ? 2 : 1;
        back.later[0].target.path = path[i];
        put_record(id, TXN_UNDONE, text);
        unit_file(arena_printf("var/lib/mailfix/txn/%s/back.json", id), record_format_back(&back, &len));
    }
    assert_ok(record_list(&store, &list, &n, &damaged, &err), err);
    assert_int_equal(n, 3);
    for (size_t i = 0; i < 2; i++)
        assert_non_null(list[2].target[i].written);
    store_close(&store);
    close(root.fd);
}

static void test_store(void **state)
{
    (void)state;
    struct root root;
    struct store store, second;
    struct err err;
    bool there = true;
    struct stat st;
    assert_ok(root_open(unit_top, &root, &err), err);
    assert_ok(store_look(&root, &second, &there, &err), err);
    assert_false(there);
    assert_false(store_open(&root, &store, &err)); /* there is no var/lib to put it in */
    unit_dirs("var/lib");
    assert_ok(store_open(&root, &store, &err), err);
    assert_int_equal(stat(unit_path("var/lib/mailfix"), &st), 0);
    assert_int_equal(st.st_mode, S_IFDIR | 0700);
    assert_false(store_open(&root, &second, &err));
    assert_int_equal(err.outcome, BUSY);
    assert_ok(store_look(&root, &second, &there, &err), err); /* looking takes no lock */
    assert_true(there);
    store_close(&second);

    struct record good = sample(), *list;
    size_t len, n;
    struct strings damaged = {0};
    const char *text = record_format(&good, &len);
    put_record("0002-b", TXN_UNDONE, text);
    put_record("0001-a", TXN_KEPT, text);
    put_record("0003-c", TXN_APPLYING, "{}");
    put_record(".new-0004", TXN_APPLYING, text);
    assert_ok(record_list(&store, &list, &n, &damaged, &err), err);
    assert_int_equal(n, 2);
    assert_string_equal(list[0].id, "0001-a");
    assert_int_equal(list[0].number, 1);
    assert_int_equal(list[0].state, TXN_KEPT);
    assert_int_equal(list[1].state, TXN_UNDONE);
    assert_int_equal(damaged.n, 1);
    assert_true(starts_with(damaged.item[0], "0003-c: "));
    /* One that others can write is not read. */
    chmod(unit_path("var/lib/mailfix/txn/0001-a/plan.json"), 0666);
    damaged = (struct strings){0};
    assert_ok(record_list(&store, &list, &n, &damaged, &err), err);
    assert_int_equal(n, 1);
    assert_int_equal(damaged.n, 2);
    unit_file("var/lib/mailfix/txn/0002-b/state", "keptish  \n");
    damaged = (struct strings){0};
    assert_ok(record_list(&store, &list, &n, &damaged, &err), err);
    assert_int_equal(n, 0);
    store_close(&store);
    assert_ok(store_open(&root, &store, &err), err);
    store_close(&store);
    store_close(&store);
    close(root.fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fresh_test(test_round_trip),
        fresh_test(test_who),
        fresh_test(test_refused),
        fresh_test(test_sum),
        fresh_test(test_back_refused),
        fresh_test(test_after),
        dir_test(test_targets_of_others),
        fresh_test(test_state_bytes),
        dir_test(test_store),
        fresh_test(test_back),
        dir_test(test_rebase),
        dir_test(test_rebase_in_order),
    };
    return cmocka_run_group_tests(tests, unit_begin, unit_end);
}
