/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whole transactions in which each call of the system, and each allocation of the record, fails or comes
 * short (faults.h): apply as apply_commit.c does it, rollback as rollback.c does it, recover from each
 * half-way state. Whatever came: the next recover brings all files to the one state or the other, nothing of
 * ours is beside them, and what was said to be done is.
 *
 * The index is one that the test writes: Postfix's programs are not run here (tests/hosts has them).
 */
#define UNIT_WHERE "/dev/shm" /* thousands of small trees */
#include "faults.h"
#include "journal.h"
#include "maps.h"
#include "prune.h"
#include "store_check.h"
#include "unit_txn.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>

#define INDEX "etc/postfix/transport.lmdb"
#define INDEX_OLD "old index\n"
#define INDEX_NEW "new index\n"

/* ---- an index ---- */

bool __wrap_maps_build(const struct root *root, int dir, const char *path, const struct plan *plan,
                       struct built **ret_built, size_t *ret_n, struct err *err);
bool __wrap_maps_build(const struct root *root, int dir, const char *path, const struct plan *plan,
                       struct built **ret_built, size_t *ret_n, struct err *err)
{
    struct built built = {.name = "transport.lmdb", .target = {.document = RECORD_INDEX, .path = "/" INDEX}};
    (void)root;
    (void)path;
    (void)plan;
    digest_hex(INDEX_OLD, strlen(INDEX_OLD), built.target.before);
    digest_hex(INDEX_NEW, strlen(INDEX_NEW), built.target.after);
    if (!file_private_dir(dir, "index-0", &built.dir, err))
        return false;
    *ret_built = arena_append(*ret_built, ret_n, sizeof(built), &built);
    return file_write_new(built.dir, built.name, INDEX_NEW, strlen(INDEX_NEW), err);
}

/* The log of this machine is not ours. */
void __wrap_journal_event(const struct root *root, enum event event, const struct record *record,
                          const char *who, const char *reason, const char *detail);
void __wrap_journal_event(const struct root *root, enum event event, const struct record *record,
                          const char *who, const char *reason, const char *detail)
{
    (void)root;
    (void)event;
    (void)record;
    (void)who;
    (void)reason;
    (void)detail;
}

/* ---- what must hold afterwards ---- */

static enum { MAY_FAIL, MUST_SUCCEED } expected;

static const char *names_in(const char *below)
{
    struct strings names = {0};
    DIR *dir = opendir(unit_path(below));
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            strings_add(&names, arena_string(entry->d_name));
    closedir(dir);
    strings_sort(&names);
    return strings_join(&names, " ");
}

static void assert_sound_store(struct site *s)
{
    struct record *record;
    size_t n;
    struct strings damaged = {0}, problems = {0};
    struct err err;
    assert_ok(record_list(&s->store, &record, &n, &damaged, &err), err);
    if (damaged.n > 0)
        fail_msg("damaged: %s", damaged.item[0]);
    store_check(&s->store, record, n, &problems);
    if (problems.n > 0)
        fail_msg("the store: %s", problems.item[0]);
    for (size_t i = 0; i < n; i++)
        assert_true(record[i].state == TXN_KEPT || record[i].state == TXN_UNDONE);
}

/* The next run: one recover that nothing disturbs brings it to rest. */
static void recover(struct site *s)
{
    struct err err;
    size_t finished;
    store_close(&s->store);
    assert_ok(store_open(&s->root, &s->store, &err), err);
    assert_ok(undo_unfinished(&s->store, &finished, &err), err);
    assert_ok(undo_unfinished(&s->store, &finished, &err), err);
    assert_int_equal(finished, 0);
    assert_sound_store(s);
}

static bool is_new(void)
{
    const char *text = text_of("etc/postfix/main.cf");
    if (text == NULL || (strcmp(text, OLD) != 0 && strcmp(text, NEW) != 0))
        fail_msg("main.cf: %s", text != NULL ? text : "no file");
    return strcmp(text, NEW) == 0;
}

static void assert_all(bool new, bool with_index)
{
    assert_text("etc/postfix/main.cf", new ? NEW : OLD);
    assert_text("etc/postfix/master.cf", new ? MADE : NULL);
    assert_text(INDEX, !with_index ? NULL : new ? INDEX_NEW : INDEX_OLD);
    assert_string_equal(names_in("etc/postfix"), arena_printf("main.cf%s%s", new ? " master.cf" : "",
                                                              with_index ? " transport.lmdb" : ""));
}

/* ---- scenarios ---- */

/* Which site, and how far it is when the work begins. */
static struct {
    bool index;                                                  /* a live root, with an index to build */
    enum { BEGUN, SWAPPED, GOING_BACK, GONE_BACK, LITTER } left; /* for recover */
    bool boot;
    bool edited, other_text; /* for rollback */
} variant;

static void *make(void)
{
    static const struct index index = {.type = "lmdb", .name = "/etc/postfix/transport"};
    struct site *s = make_site();
    if (variant.index) {
        unit_file(INDEX, INDEX_OLD);
        s->root.live = true;
        s->plan.index = (struct index *)&index;
        s->plan.n_index = 1;
    }
    return s;
}

/* What could not be kept goes back, or says that it did not. */
static void put_back(struct site *s)
{
    const struct swap *stuck = NULL;
    struct err why;
    bool files = txn_put_back(&s->txn, &stuck, &why);
    assert_null(stuck);
    txn_unlock_edit(&s->txn);
    if (files && txn_finish(&s->txn, TXN_UNDONE, &why)) {
        assert_false(is_new());
        assert_int_not_equal(access(unit_path("etc/postfix/.main.cf.mailfix"), F_OK), 0);
        assert_int_not_equal(access(unit_path("etc/postfix/.master.cf.mailfix"), F_OK), 0);
    }
}

static bool apply(void *site, struct err *err)
{
    struct site *s = site;
    if (!txn_begin(&s->store, &s->plan, NULL, 0, &s->txn, err))
        return false;
    bool ok = txn_swap(&s->txn, err);
    if (ok) {
        txn_unlock_edit(&s->txn);
        ok = txn_keep(&s->txn, err);
    }
    if (!ok)
        put_back(s);
    txn_close(&s->txn);
    return ok;
}

static void *make_swapped(void)
{
    struct site *s = make();
    struct err err;
    begin(s);
    assert_ok(txn_swap(&s->txn, &err), err);
    txn_unlock_edit(&s->txn);
    return s;
}

static bool keep_or_back(void *site, struct err *err)
{
    struct site *s = site;
    bool ok = txn_keep(&s->txn, err);
    if (!ok)
        put_back(s);
    txn_close(&s->txn);
    return ok;
}

static void check_apply(void *site, bool ok, const struct err *err)
{
    struct site *s = site;
    if (expected == MUST_SUCCEED && !ok)
        fail_msg("%s", err->text);
    recover(s);
    assert_all(ok || is_new(), variant.index);
    close_site(s);
}

static void *make_kept(void)
{
    struct site *s = make();
    keep(s);
    return s;
}

static bool roll_back(void *site, struct err *err)
{
    struct site *s = site;
    struct txn_text text[3] = {{.text = ""}, {.text = ""}, {.text = ""}};
    struct record record = {0};
    const struct swap *stuck = NULL;
    struct record *all;
    struct strings damaged = {0};
    size_t n;
    if (!record_list(&s->store, &all, &n, &damaged, err))
        return false;
    assert_int_equal(damaged.n, 0);
    record = all[0];
    struct back *back = back_of(&record);
    size_t last = record.n_target - 1;
    back->target[last].edited = variant.edited;
    if (variant.other_text) {
        static const struct rebased later = {
            .number = 2, .text = "b = 1\n", .len = 6, .target = {.path = "/x"}};
        back->later = arena_append(back->later, &back->n_later, sizeof(later), &later);
        text[last] = (struct txn_text){.text = "a = 3\n", .len = 6};
        digest_hex("a = 3\n", 6, back->target[last].to);
    }
    if (!txn_open(&s->store, &record, &s->txn, err))
        return false;
    bool ok = txn_rollback_prepare(&s->txn, back, text, err) && txn_rollback_begin(&s->txn, err) &&
              txn_rollback_swap(&s->txn, &stuck, err) && txn_finish(&s->txn, TXN_UNDONE, err);
    assert_null(stuck);
    txn_close(&s->txn);
    return ok;
}

static void check_rollback(void *site, bool ok, const struct err *err)
{
    struct site *s = site;
    if (expected == MUST_SUCCEED && !ok)
        fail_msg("%s", err->text);
    recover(s);
    const char *main_cf = text_of("etc/postfix/main.cf");
    if (variant.other_text && main_cf != NULL && strcmp(main_cf, "a = 3\n") == 0) {
        assert_text("etc/postfix/master.cf", NULL);
        assert_text(INDEX, variant.index ? INDEX_OLD : NULL);
    } else {
        assert_all(is_new(), variant.index);
        assert_true(is_new() || !variant.other_text);
        assert_false(ok && is_new());
    }
    close_site(s);
}

static void *make_left(void)
{
    struct site *s = make();
    struct err err;
    const struct swap *stuck;
    if (variant.left == BEGUN || variant.left == SWAPPED) {
        begin(s);
        if (variant.left == SWAPPED)
            assert_ok(txn_swap(&s->txn, &err), err);
    } else {
        keep(s);
        if (variant.left == LITTER) {
            unit_file("etc/postfix/.main.cf.mailfix", "left over\n");
            unit_file("etc/postfix/.master.cf.mailfix-new", "left over\n");
            unit_file("etc/postfix/main.cf.tmp", "");
            chmod(unit_path("etc/postfix/main.cf.tmp"), 0600);
            unit_dirs("var/lib/mailfix/txn/.new-0007/before");
            unit_file("var/lib/mailfix/txn/.new-0007/plan.json", "{}");
            unit_file(arena_printf("var/lib/mailfix/txn/%s/" RECORD_MARK, s->txn.record.id), "");
            return s;
        }
        open_rollback(s);
        assert_ok(txn_rollback_begin(&s->txn, &err), err);
        if (variant.left == GONE_BACK)
            assert_ok(txn_rollback_swap(&s->txn, &stuck, &err), err);
    }
    /* A run that is killed keeps no lock and no descriptor. */
    for (size_t i = 0; i < s->txn.n_swap; i++) {
        if (s->txn.swap[i].edit_lock >= 0)
            close(s->txn.swap[i].edit_lock);
        s->txn.swap[i].edit_lock = -1;
    }
    txn_close(&s->txn);
    return s;
}

static bool recover_once(void *site, struct err *err)
{
    struct site *s = site;
    size_t n;
    return (variant.boot ? undo_at_boot : undo_unfinished)(&s->store, &n, err);
}

static void check_recover(void *site, bool ok, const struct err *err)
{
    struct site *s = site;
    if (expected == MUST_SUCCEED && !ok)
        fail_msg("%s", err->text);
    recover(s);
    assert_all(variant.left == LITTER, variant.index);
    close_site(s);
}

static const struct scenario APPLY = {"apply", make, apply, check_apply},
                             ROLLBACK = {"rollback", make_kept, roll_back, check_rollback},
                             RECOVER = {"recover", make_left, recover_once, check_recover};

/* ---- scenarios of the store alone ---- */

static void *make_two(void)
{
    struct site *s = make_kept();
    static const struct rebased later = {.number = 2, .text = "b = 1\n", .len = 6, .target = {.path = "/x"}};
    struct record record = the_record(s);
    struct back *back = back_of(&record);
    size_t len;
    back->later = arena_append(back->later, &back->n_later, sizeof(later), &later);
    char state[STATE_LEN + 1];
    record_state_bytes(TXN_UNDONE, state);
    unit_file("var/lib/mailfix/txn/0001-made/state", state);
    unit_file("var/lib/mailfix/txn/0001-made/back.json", record_format_back(back, &len));
    chmod(unit_path("var/lib/mailfix/txn/0001-made/state"), 0600);
    chmod(unit_path("var/lib/mailfix/txn/0001-made/back.json"), 0600);
    return s;
}

static void *make_undone(void)
{
    struct site *s = make_swapped();
    put_back(s);
    txn_close(&s->txn);
    return s;
}

/* A disk that fails damages no record: it may be the one that is half-way. */
static bool list(void *site, struct err *err)
{
    struct site *s = site;
    struct record *record;
    size_t n;
    struct strings damaged = {0};
    if (!record_list(&s->store, &record, &n, &damaged, err))
        return false;
    assert_int_equal(damaged.n, 0);
    assert_int_equal(n, 1);
    assert_non_null(record[0].back);
    return true;
}

/* What is a link or a file in the place of a directory is damaged, also when it became one this moment. */
static bool list_or_damaged(void *site, struct err *err)
{
    struct site *s = site;
    struct record *record;
    size_t n;
    struct strings damaged = {0};
    if (!record_list(&s->store, &record, &n, &damaged, err))
        return false;
    assert_int_equal(n + damaged.n, 1);
    return true;
}

static bool look(void *site, struct err *err)
{
    struct site *s = site;
    struct store store = {.dir = -1, .txn = -1, .lock = -1};
    bool there = false;
    if (!store_look(&s->root, &store, &there, err))
        return false;
    assert_true(there);
    store_close(&store);
    return true;
}

static bool open_again(void *site, struct err *err)
{
    struct site *s = site;
    store_close(&s->store);
    return store_open(&s->root, &s->store, err);
}

/* A host without a store, whose directories are synced before the first record. */
static void *make_none(void)
{
    struct site *s = arena_alloc(sizeof(*s));
    struct err err;
    unit_dirs("var/lib");
    s->store = (struct store){.dir = -1, .txn = -1, .lock = -1};
    assert_ok(root_open(unit_top, &s->root, &err), err);
    return s;
}

static bool set_aside(void *site, struct err *err)
{
    struct site *s = site;
    const char *where;
    if (!store_set_aside(&s->store, "0001-made", &where, err))
        return false;
    assert_int_equal(access(unit_path("var/lib/mailfix/damaged/0001-made/plan.json"), F_OK), 0);
    return true;
}

static bool prune(void *site, struct err *err)
{
    struct site *s = site;
    struct record record = {.id = "0001-made", .number = 1};
    if (!prune_remove(&s->store, &record, err))
        return false;
    assert_int_not_equal(access(unit_path("var/lib/mailfix/txn/0001-made"), F_OK), 0);
    return true;
}

/* What cannot be looked at is a problem, or not seen; it changes nothing. */
static bool look_at_store(void *site, struct err *err)
{
    struct site *s = site;
    struct record *record;
    size_t n;
    struct strings damaged = {0}, problems = {0};
    if (!record_list(&s->store, &record, &n, &damaged, err))
        return false;
    store_check(&s->store, record, n, &problems);
    return problems.n == 0 || err_set(err, "%s", problems.item[0]);
}

/* Moved or removed, or still there: never half of it as a record. */
static void check_moved(void *site, bool ok, const struct err *err)
{
    struct site *s = site;
    (void)ok;
    (void)err;
    recover(s);
    close_site(s);
}

static void check_unchanged(void *site, bool ok, const struct err *err)
{
    struct site *s = site;
    struct err why;
    (void)err;
    assert_true(ok || expected == MAY_FAIL);
    if (s->store.dir < 0)
        assert_ok(store_open(&s->root, &s->store, &why), why);
    assert_sound_store(s);
    close_site(s);
}

static const struct scenario STORES[] = {
    {"list", make_two, list, check_unchanged},
    {"look", make_two, look, check_unchanged},
    {"open", make_two, open_again, check_unchanged},
    {"open the first", make_none, open_again, check_unchanged},
    {"look at the store", make_two, look_at_store, check_unchanged},
    {"look at an undone one", make_undone, look_at_store, check_unchanged},
    {"set aside", make_two, set_aside, check_moved},
    {"prune", make_two, prune, check_moved},
};

/* ---- somebody else is faster ---- */

static const char *their_path;

static void write_theirs(void)
{
    char path[300], temp[300];
    snprintf(path, sizeof(path), "%s/%s", unit_top, their_path);
    snprintf(temp, sizeof(temp), "%s/theirs", unit_top);
    FILE *f = fopen(temp, "w");
    fputs("theirs\n", f);
    fclose(f);
    rename(temp, path);
}

static void remove_theirs(void)
{
    char path[300];
    snprintf(path, sizeof(path), "%s/%s", unit_top, their_path);
    unlink(path);
}

/* Putting back, too: a run that was cut off, or one that does not come to its end. */
static bool apply_and_back(void *site, struct err *err)
{
    struct site *s = site;
    const struct swap *stuck = NULL;
    struct err why;
    if (!txn_begin(&s->store, &s->plan, NULL, 0, &s->txn, err))
        return false;
    bool ok = txn_swap(&s->txn, err) || !txn_put_back(&s->txn, &stuck, &why);
    ok = ok && txn_put_back(&s->txn, &stuck, err);
    txn_close(&s->txn);
    return ok || err_set(err, "putting back");
}

static bool roll_back_or_stuck(void *site, struct err *err)
{
    struct site *s = site;
    static const struct txn_text none[3];
    const struct swap *stuck = NULL;
    struct record *all;
    struct strings damaged = {0};
    size_t n;
    if (!record_list(&s->store, &all, &n, &damaged, err))
        return false;
    struct record record = all[0];
    if (!txn_open(&s->store, &record, &s->txn, err))
        return false;
    bool ok = txn_rollback_prepare(&s->txn, back_of(&record), none, err) &&
              txn_rollback_begin(&s->txn, err) && txn_rollback_swap(&s->txn, &stuck, err);
    ok = ok && txn_finish(&s->txn, stuck != NULL ? TXN_STUCK : TXN_UNDONE, err);
    txn_close(&s->txn);
    return ok;
}

static bool theirs_found;

static int look_for_theirs(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    char text[8] = "";
    (void)where;
    FILE *f = kind == FTW_F && st->st_size == 7 ? fopen(path, "r") : NULL;
    if (f != NULL) {
        theirs_found |= fread(text, 1, 7, f) == 7 && strcmp(text, "theirs\n") == 0;
        fclose(f);
    }
    return 0;
}

/* Their text is never lost, whenever it came: it stands where they put it, or in the record. */
static void check_theirs(void *site, bool ok, const struct err *err)
{
    struct site *s = site;
    struct err why;
    size_t finished;
    (void)ok;
    (void)err;
    store_close(&s->store);
    assert_ok(store_open(&s->root, &s->store, &why), why);
    (void)!undo_unfinished(&s->store, &finished, &why); /* it may need a person, who is told */
    assert_ok(undo_unfinished(&s->store, &finished, &why), why);
    theirs_found = access(unit_path("came"), F_OK) != 0;
    assert_true(nftw(unit_path("etc"), look_for_theirs, 16, FTW_PHYS) == 0 &&
                nftw(unit_path("var"), look_for_theirs, 16, FTW_PHYS) == 0);
    if (!theirs_found)
        fail_msg("%s: their text is lost", their_path);
    const char *names = names_in("etc/postfix");
    if (strchr(names, '.') == names || strstr(names, " .") != NULL)
        fail_msg("something of ours is left: %s", names);
    close_site(s);
}

static void write_once(void)
{
    unit_file("came", "");
    write_theirs();
}

static void make_directory(void)
{
    mkdir(unit_path(their_path), 0755); /* not where a file has the name */
}

/* It is in nobody's way, unless its name is needed for a text to come back; then no longer than it is there.
 */
static void check_directory(void *site, bool ok, const struct err *err)
{
    struct site *s = site;
    struct err why;
    size_t finished;
    const char *main_cf = text_of("etc/postfix/main.cf");
    bool old = main_cf != NULL && strcmp(main_cf, OLD) == 0 && text_of("etc/postfix/master.cf") == NULL;
    (void)ok;
    (void)err;
    store_close(&s->store);
    assert_ok(store_open(&s->root, &s->store, &why), why);
    bool first = undo_unfinished(&s->store, &finished, &why);
    if (old && !first)
        fail_msg("%s is a directory: %s", their_path, why.text);
    rmdir(unit_path(their_path));
    assert_ok(undo_unfinished(&s->store, &finished, &why), why);
    const char *names = names_in("etc/postfix");
    if (strchr(names, '.') == names || strstr(names, " .") != NULL)
        fail_msg("something of ours is left: %s", names);
    close_site(s);
}

/* ---- faults ---- */

static const struct fault NO_EXCHANGE = {.call = "renameat2", .error = ENOSYS, .lasting = true, .nth = 1};

static const struct sweep {
    struct fault fault;
    const struct fault *mode;
    int what;
} SWEEPS[] = {
    {{.error = EIO}, NULL, MAY_FAIL},
    {{.error = EIO, .sample = true}, &NO_EXCHANGE, MAY_FAIL},
    {{.error = ENOSPC, .lasting = true, .sample = true}, NULL, MAY_FAIL},
    {{.error = ENOMEM, .call = "malloc", .sample = true}, NULL, MAY_FAIL},
    {{.error = ENOMEM, .call = "malloc", .lasting = true, .sample = true}, NULL, MAY_FAIL},
    {{.error = EINTR, .sample = true}, NULL, MUST_SUCCEED},
    {{.error = FAULT_SHORT, .lasting = true, .sample = true}, NULL, MUST_SUCCEED},
};

static void sweep(const struct scenario *scenario, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        expected = SWEEPS[i].what;
        faults_sweep(scenario, &SWEEPS[i].fault, SWEEPS[i].mode);
    }
}

static void set_variant(bool index)
{
    memset(&variant, 0, sizeof(variant));
    variant.index = index;
}

static void test_apply(void **state)
{
    (void)state;
    set_variant(true);
    sweep(&APPLY, COUNT(SWEEPS));
    /* What was begun cannot be taken back either: the first time that is set is that of the old index in
     * before/, the second one that of a file that is staged. */
    static const struct fault stage = {.call = "futimens", .error = EIO, .lasting = true, .nth = 2},
                              back[] = {{.call = "renameat", .error = EIO, .each = true},
                                        {.call = "unlinkat", .error = EIO, .each = true},
                                        {.call = "fsync", .error = EIO, .each = true}};
    expected = MAY_FAIL;
    for (size_t i = 0; i < COUNT(back); i++)
        faults_sweep(&APPLY, &back[i], &stage);
    set_variant(false);
    sweep(&APPLY, 1);
}

static void test_rollback(void **state)
{
    (void)state;
    set_variant(true);
    variant.edited = variant.other_text = true;
    sweep(&ROLLBACK, COUNT(SWEEPS));
    set_variant(false);
    sweep(&ROLLBACK, 2);
}

static void test_recover(void **state)
{
    (void)state;
    for (int left = BEGUN; left <= LITTER; left++) {
        set_variant(true);
        variant.left = left;
        variant.boot = left % 2 == 0;
        sweep(&RECOVER, COUNT(SWEEPS));
    }
}

static void test_stores(void **state)
{
    static const struct fault other[] = {{.error = ELOOP}, {.error = ENOTDIR}};
    static const struct scenario damaged = {"list", make_two, list_or_damaged, check_unchanged};
    (void)state;
    set_variant(false);
    for (size_t i = 0; i < COUNT(STORES); i++)
        sweep(&STORES[i], COUNT(SWEEPS));
    expected = MAY_FAIL;
    for (size_t i = 0; i < COUNT(other); i++)
        faults_sweep(&damaged, &other[i], NULL);
}

static void test_somebody_is_faster(void **state)
{
    static const char *const paths[] = {"etc/postfix/main.cf", "etc/postfix/master.cf", INDEX};
    static const struct scenario scenarios[] = {
        {"apply", make, apply_and_back, check_theirs},
        {"rollback", make_kept, roll_back_or_stuck, check_theirs},
        {"recover", make_left, recover_once, check_theirs},
    };
    static const struct fault writes = {.before = write_once, .sample = true},
                              removes = {.before = remove_theirs, .sample = true};
    (void)state;
    expected = MAY_FAIL;
    set_variant(true);
    for (variant.left = BEGUN; variant.left <= GONE_BACK; variant.left++)
        for (size_t i = variant.left == BEGUN ? 0 : 2; i < COUNT(scenarios); i++)
            for (size_t k = 0; k < COUNT(paths); k++) {
                their_path = paths[k];
                faults_sweep(&scenarios[i], &writes, NULL);
                faults_sweep(&scenarios[i], &removes, NULL);
            }
    /* And the disk fails while their text is brought back. */
    static const struct fault fails = {.error = EIO};
    static const struct {
        const char *call, *path;
        size_t nth, scenario;
    } modes[] = {{"renameat2", "etc/postfix/main.cf", 2, 0},
                 {"renameat", "etc/postfix/master.cf", 1, 1},
                 {"renameat", "etc/postfix/master.cf", 2, 1},
                 {"renameat2", "etc/postfix/main.cf", 1, 1}};
    set_variant(false);
    for (size_t i = 0; i < COUNT(modes); i++) {
        const struct fault mode = {.call = modes[i].call, .nth = modes[i].nth, .before = write_once};
        their_path = modes[i].path;
        faults_sweep(&scenarios[modes[i].scenario], &fails, &mode);
    }
}

static void test_directory_in_the_way(void **state)
{
    static const char *const names[] = {"etc/postfix/.main.cf.mailfix", "etc/postfix/.main.cf.mailfix-new"};
    static const struct scenario apply = {"apply", make, apply_and_back, check_directory};
    static const struct fault makes = {.before = make_directory, .each = true};
    (void)state;
    set_variant(false);
    for (size_t i = 0; i < COUNT(names); i++) {
        their_path = names[i];
        assert_true(faults_sweep(&apply, &makes, NULL) >= (unit_valgrind() ? 7 : 50)); /* it has calls */
    }
}

/* ---- records on another file system ---- */

static bool before_text_is_beside;

static void look_beside(void)
{
    const char *text = text_of("etc/postfix/.main.cf.mailfix");
    before_text_is_beside = text != NULL && strcmp(text, OLD) == 0;
}

/* Where "kept" is written the displaced file is still beside its target, so that the way back needs no room.
 */
static void test_records_apart(void **state)
{
    static const struct {
        struct fault apart, then;
        const char *beside;
        bool marked;
    } cases[] = {
        {{.call = "renameat", .error = EXDEV, .nth = 1},
         {.call = "pwrite", .before = look_beside, .nth = 1},
         "main.cf master.cf",
         false},
        {{.call = "renameat", .error = EXDEV, .nth = 1},
         {.call = "unlinkat", .error = EIO, .nth = 3, .lasting = true},
         ".main.cf.mailfix main.cf master.cf",
         true},
        {{.call = "renameat", .error = EXDEV, .nth = 1},
         {.call = "fsync", .error = EIO, .nth = 4},
         "main.cf master.cf",
         true},
    };
    static const struct scenario keeps = {"keep", make_swapped, keep_or_back, check_apply};
    static const struct fault fails = {.error = EIO}, lasting = {.error = EIO, .lasting = true};
    (void)state;
    set_variant(false);
    expected = MAY_FAIL;
    const size_t least = unit_valgrind() ? 2 : 10; /* it has calls */
    assert_true(faults_sweep(&keeps, &fails, &cases[0].apart) >= least);
    assert_true(faults_sweep(&keeps, &lasting, &cases[0].apart) >= least);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct err err;
        unit_empty(NULL);
        struct site *s = make();
        begin(s);
        assert_ok(txn_swap(&s->txn, &err), err);
        txn_unlock_edit(&s->txn);
        before_text_is_beside = false;
        const struct fault faults[] = {cases[i].apart, cases[i].then};
        faults_arm(faults, 2);
        bool ok = txn_keep(&s->txn, &err);
        assert_true(faults_disarm());
        assert_ok(ok, err);
        assert_true(before_text_is_beside || i > 0);
        assert_string_equal(names_in("etc/postfix"), cases[i].beside);
        assert_int_equal(record_is_marked(&s->store, s->txn.record.id), cases[i].marked);
        txn_close(&s->txn);
        recover(s);
        assert_all(true, false);
        close_site(s);
    }
}

static void test_who(void **state)
{
    (void)state;
    const struct fault nobody = {.call = "getpwuid", .error = ENOENT, .nth = 1};
    unsetenv("SUDO_USER");
    faults_arm(&nobody, 1);
    const char *who = txn_who();
    assert_true(faults_disarm());
    assert_string_equal(who, arena_printf("user %u", (unsigned)getuid()));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        faults_test(test_apply),
        faults_test(test_rollback),
        faults_test(test_recover),
        faults_test(test_stores),
        faults_test(test_records_apart),
        faults_test(test_who),
        faults_test(test_somebody_is_faster),
        faults_test(test_directory_in_the_way),
    };
    base_verbosity = -1;
    return cmocka_run_group_tests(tests, unit_begin, unit_end);
}
