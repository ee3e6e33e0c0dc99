/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Indexes: which are fresh, and what the host's own postmap and postalias build: the text after the change,
 * owner and mode, their words when they refuse. Without the programs the second half is skipped, and says so.
 */
#include "maps.h"
#include "run.h"
#include "unit.h"

#include <fcntl.h>
#include <utime.h>

static void put_at(const char *below, const char *text, time_t time)
{
    struct utimbuf times = {time, time};
    unit_file(below, text);
    assert_int_equal(utime(unit_path(below), &times), 0);
}

static struct root open_root(void)
{
    struct root root;
    struct err err;
    unit_dirs("etc");
    assert_ok(root_open(unit_top, &root, &err), err);
    return root;
}

static void test_fresh(void **state)
{
    (void)state;
    static const struct {
        const char *type, *name;
        bool changed, dropped;
    } cases[] = {{"hash", "/etc/fresh", false, true},
                 {"hash", "/etc/stale", false, false},
                 {"lmdb", "/etc/fresh", false, false},
                 {"hash", "/etc/textless", false, false},
                 {"dbm", "/etc/half", false, false},
                 /* hash and btree share a name: what is there may be of the other type */
                 {"btree", "/etc/fresh", true, false}};
    struct root root = open_root();
    struct plan plan = {0};
    static const char *const texts[] = {"fresh", "stale", "half"};
    for (size_t i = 0; i < COUNT(texts); i++)
        put_at(arena_printf("etc/%s", texts[i]), "a b\n", 1000);
    put_at("etc/fresh.db", "", 1000);
    put_at("etc/stale.db", "", 999);
    put_at("etc/textless.db", "", 1000);
    put_at("etc/half.pag", "", 1000);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct index index = {.type = cases[i].type, .name = cases[i].name, .changed = cases[i].changed};
        plan.index = arena_append(NULL, &(size_t){0}, sizeof(index), &index);
        plan.n_index = 1;
        maps_drop_fresh(&root, &plan);
        if ((plan.n_index == 0) != cases[i].dropped)
            fail_msg("case %zu", i);
    }
    close(root.fd);
}

/* ---- with the real programs ---- */

struct place_for {
    struct root root;
    int dir;
    struct plan plan;
    struct built *built;
    size_t n;
    struct err err;
};

static bool build(struct place_for *p, const char *type, const char *name, bool alias)
{
    struct index index = {.type = type, .name = name, .alias = alias};
    p->root = open_root();
    mkdir(unit_path("rec"), 0700);
    p->dir = open(unit_path("rec"), O_RDONLY | O_DIRECTORY);
    p->plan.index = arena_append(NULL, &(size_t){0}, sizeof(index), &index);
    p->plan.n_index = 1;
    return maps_build(&p->root, p->dir, unit_path("rec"), &p->plan, &p->built, &p->n, &p->err);
}

static void done(struct place_for *p)
{
    assert_ok(maps_discard(p->dir, p->built, p->n, p->plan.n_index, &p->err), p->err);
    assert_int_not_equal(access(unit_path("rec/index-0"), F_OK), 0);
    close(p->dir);
    close(p->root.fd);
}

static const char *ask(const char *tool, const char *key, const char *table)
{
    const char *const argv[] = {tool, "-q", key, table, NULL};
    struct run_result result;
    struct err err;
    assert_ok(run_program(argv, 20000, &result, &err), err);
    return result.status == 0 ? result.output : NULL;
}

static void need(const char *tool)
{
    if (run_have(tool))
        return;
    print_message("SKIPPED: there is no %s here\n", tool);
    skip();
}

/* The text of the plan counts, not the one on disk; owner and mode are the text's. */
static void test_postmap(void **state)
{
    (void)state;
    need("postmap");
    struct place_for p = {0};
    struct stat st;
    struct doc doc = {.path = "/etc/transport",
                      .real = "/etc/transport",
                      .identity = {.uid = 1234, .gid = 4321, .mode = S_IFREG | 0640}};
    struct change change = {.doc = &doc, .after = "new.example smtp:[b]\n", .after_len = 21};
    p.plan.change = &change;
    p.plan.n_change = 1;
    unit_dirs("etc");
    unit_file("etc/transport", "old.example smtp:[a]\n");
    unit_file("etc/transport.db", "what stood there");
    assert_ok(build(&p, "hash", "/etc/transport", false), p.err);
    assert_int_equal(p.n, 1);
    assert_string_equal(p.built[0].name, "transport.db");
    assert_string_equal(p.built[0].target.path, "/etc/transport.db");
    char before[DIGEST_HEX + 1];
    digest_hex("what stood there", 16, before);
    assert_string_equal(p.built[0].target.before, before);
    assert_int_equal(stat(unit_path("rec/index-0/transport.db"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    assert_int_equal(st.st_uid, 1234);
    assert_int_equal(st.st_gid, 4321);
    const char *table = arena_printf("hash:%s", unit_path("rec/index-0/transport"));
    assert_string_equal(ask("postmap", "new.example", table), "smtp:[b]\n");
    assert_null(ask("postmap", "old.example", table));
    done(&p);
}

/* The syntax of aliases, and no index before. */
static void test_postalias(void **state)
{
    (void)state;
    need("postalias");
    struct place_for p = {0};
    unit_dirs("etc");
    unit_file("etc/aliases", "root: admin\n");
    assert_int_equal(chmod(unit_path("etc/aliases"), 0600), 0);
    assert_int_equal(chown(unit_path("etc/aliases"), 1234, 4321), 0);
    assert_ok(build(&p, "btree", "/etc/aliases", true), p.err);
    assert_string_equal(p.built[0].target.before, "");
    assert_string_equal(ask("postalias", "root", arena_printf("btree:%s", unit_path("rec/index-0/aliases"))),
                        "admin\n");
    struct stat st;
    assert_int_equal(stat(unit_path("rec/index-0/aliases.db"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(st.st_uid, 1234);
    done(&p);
}

static void test_refused(void **state)
{
    (void)state;
    need("postmap");
    struct place_for p = {0};
    unit_dirs("etc");
    assert_false(build(&p, "hash", "/etc/nothing", false));
    assert_says(p.err, "the index of hash:/etc/nothing cannot be built: there is no text file /etc/nothing");
    assert_int_equal(unit_empty(state), 0);
    unit_dirs("etc");
    unit_file("etc/transport", "a b\n");
    assert_false(build(&p, "sdbm", "/etc/transport", false));
    assert_says(p.err, "postmap refuses:");
    assert_says(p.err, "unsupported");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dir_test(test_fresh),
        dir_test(test_postmap),
        dir_test(test_postalias),
        dir_test(test_refused),
    };
    base_verbosity = -1;
    return cmocka_run_group_tests(tests, unit_begin, unit_end);
}
