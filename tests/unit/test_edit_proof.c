/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The proof of an edit, held against edits that are wrong: what the splices make of the text is one thing,
 * and what the step says that it means another. No fix leads there, so the jobs are made by hand.
 */
#include "edit_private.h"
#include "unit.h"

/* What a job says besides its bytes. NULL and zero: nothing. */
struct meaning {
    const char *part; /* the touched part of the entry, by its value: an option's name; "": the entry */
    const char *name, *value, *items;
    bool gone, section_gone;
    const char *behind, *option; /* a new option that comes behind a part */
    const char *added;           /* an entry in front of everything */
    bool added_behind, revived;
};

struct proof_case {
    const char *document, *before;
    const char *old, *new; /* one splice; NULL: none */
    int kind;
    bool untouched;
    struct meaning meaning;
    const char *after;   /* NULL: what the splice makes of before */
    const char *refused; /* NULL: it holds */
};

static const struct doc *doc_of(const char *id, const char *text)
{
    struct doc *doc = arena_alloc(sizeof(*doc));
    struct err err;
    enum lens lens;
    doc->id = id;
    doc->path = doc->real = arena_printf("/etc/%s", id);
    doc->text = arena_string(text);
    doc->len = strlen(text);
    assert_true(tree_lens_of_document(id, &lens));
    assert_ok(tree_parse(lens, doc->path, doc->text, doc->len, &doc->node, &doc->n_node, &err), err);
    return doc;
}

/* The innermost node that holds an offset and is an entry, and the part of it that has this value. */
static const struct node *node_at(const struct node *node, size_t n, size_t at)
{
    for (size_t i = 0; i < n; i++)
        if (node[i].span.start <= at && at < node[i].span.end) {
            const struct node *below =
                strcmp(node[i].label, "section") == 0 ? node_at(node[i].child, node[i].n_child, at) : NULL;
            return below != NULL ? below : &node[i];
        }
    return NULL;
}

static const struct node *part_of(const struct node *node, const char *value)
{
    for (size_t i = 0; i < node->n_child; i++)
        if (node->child[i].value != NULL && strcmp(node->child[i].value, value) == 0)
            return &node->child[i];
    return node;
}

static const char *splice_once(const char *text, const char *old, const char *new)
{
    const char *at = strstr(text, old);
    assert_non_null(at);
    return arena_printf("%.*s%s%s", (int)(at - text), text, new, at + strlen(old));
}

static void add_meaning(struct job *job, const struct proof_case *c, size_t at)
{
    const struct meaning *m = &c->meaning;
    const struct node *node = node_at(job->doc->node, job->doc->n_node, at);
    assert_non_null(node);
    if (!c->untouched)
        edit_touch(job, node)->gone = m->gone;
    if (m->section_gone)
        edit_touch(job, &job->doc->node[0])->gone = true;
    if (m->part != NULL) {
        struct part_touch *part = edit_part(job, node, part_of(node, m->part));
        part->name = m->name;
        part->value = m->value;
        part->gone = m->name == NULL && m->value == NULL && m->items == NULL;
        part->has_items = m->items != NULL;
        if (m->items != NULL)
            part->items = strings_split(m->items, " ");
    }
    if (m->behind != NULL) {
        const struct doc *like =
            doc_of(c->document, arena_printf("x inet n - y - - smtpd\n  -o %s\n", m->option));
        struct new_option option = {part_of(node, m->behind),
                                    &like->node[0].child[like->node[0].n_child - 1]};
        struct touch *touch = edit_touch(job, node);
        touch->option = arena_append(touch->option, &touch->n_option, sizeof(option), &option);
    }
    if (m->added != NULL) {
        const struct doc *like = doc_of(c->document, m->added);
        struct added added = {.at = m->added_behind ? job->doc->len : 0,
                              .like = like->node,
                              .revived = m->revived,
                              .n = like->n_node};
        job->added = arena_append(job->added, &job->n_added, sizeof(added), &added);
    }
}

static void prove(const struct proof_case *c, size_t number)
{
    struct jobs jobs = {0};
    struct err err = {0};
    const struct doc *before = doc_of(c->document, c->before);
    struct job *job = edit_job_of(&jobs, before);
    size_t at = 0;
    const char *after = c->before;
    if (c->old != NULL) {
        at = (size_t)(strstr(c->before, c->old) - c->before);
        after = splice_once(c->before, c->old, c->new);
        edit_add(job, at, at + strlen(c->old), c->new)->kind = c->kind;
    }
    add_meaning(job, c, at);
    const struct doc *now = doc_of(c->document, c->after != NULL ? c->after : after);
    bool ok = (strcmp(c->document, "dovecot.conf") == 0 ? edit_prove_nested : edit_prove)(job, now, &err);
    if (ok != (c->refused == NULL))
        fail_msg("case %zu: %s", number, ok ? "it holds" : err.text);
    if (!ok && strstr(err.text, c->refused) == NULL)
        fail_msg("case %zu: wanted %s: %s", number, c->refused, err.text);
}

#define OTHER "would have changed something else than it says"
#define ADDED "would have added an entry"
#define NOT_REVIVED "cannot be brought to life"
#define MAIN "a = 1\nb = 2\n"
#define SERVICE "s inet n - y - - smtpd\n  -o a=1\n  -o b=2\n"

static void test_flat(void **state)
{
    static const struct proof_case cases[] = {
        /* Nothing is meant, and something is changed. */
        {"main.cf", MAIN, .untouched = true},
        {"main.cf", MAIN, .untouched = true, .after = "# a = 1\na = 1\nb = 2\n"},
        {"main.cf", MAIN, .untouched = true, .after = "a = 1\nb = 3\n",
         .refused = "main.cf:2: the edit " OTHER},
        {"main.cf", MAIN, .untouched = true, .after = "a = 1\nb = 22\n", .refused = OTHER},
        {"main.cf", MAIN, .untouched = true, .after = "a = 1\n", .refused = OTHER},
        {"main.cf", MAIN, .untouched = true, .after = "a = 1\n# b = 2\n", .refused = OTHER},
        {"main.cf", MAIN, .untouched = true, .after = MAIN "c = 3\n", .refused = ADDED},
        {"main.cf", MAIN, .untouched = true, .after = "b = 2\na = 1\n", .refused = OTHER},
        /* A value. */
        {"main.cf", MAIN, "1", "7", .refused = NULL},
        {"main.cf", MAIN, "1", "7", .meaning = {.part = "", .value = "7"}},
        {"main.cf", MAIN, "1", "7", .meaning = {.part = "", .value = "8"}, .refused = OTHER},
        {"main.cf", MAIN, "1", "7", .meaning = {.part = "", .name = "c"}, .refused = OTHER},
        {"main.cf", MAIN, "1", "7, 8", .meaning = {.part = "", .items = "7 8"}},
        {"main.cf", MAIN, "1", "7, 8", .meaning = {.part = "", .items = "7"}, .refused = OTHER},
        {"main.cf", MAIN, "1", "7", .meaning = {.gone = true}, .refused = OTHER},
        {"main.cf", MAIN, "1", "7", .untouched = true, .refused = OTHER},
        {"main.cf", MAIN, "1", "7", .after = "a = 8\nb = 2\n", .refused = OTHER},
        {"main.cf", MAIN, "1", "7", .after = "b = 2\n", .refused = OTHER},
        {"main.cf", MAIN, "1", "7\nc = 3", .refused = OTHER},
        {"main.cf", MAIN, "a", "c", .refused = OTHER},
        {"main.cf", MAIN, "1", "7\n# not a value", .refused = OTHER},
        /* An entry that is added. */
        {"main.cf", MAIN, .untouched = true, .meaning = {.added = "c = 3\n"}, .after = "c = 3\n" MAIN},
        {"main.cf", MAIN, .untouched = true, .meaning = {.added = "c = 3\n"}, .after = "c = 4\n" MAIN,
         .refused = OTHER},
        {"main.cf", MAIN, .untouched = true, .meaning = {.added = "c = 3\n"}, .after = "d = 3\n" MAIN,
         .refused = OTHER},
        {"main.cf", MAIN, .untouched = true, .meaning = {.added = "c = 3\n"}, .after = "", .refused = OTHER},
        {"main.cf", MAIN, .untouched = true, .meaning = {.added = "c = 3\n", .added_behind = true},
         .after = MAIN, .refused = OTHER},
        {"main.cf", MAIN, .untouched = true, .meaning = {.added = "c = 3\n", .added_behind = true},
         .after = MAIN "c = 3\n"},
        {"main.cf", MAIN, .untouched = true, .meaning = {.added = "c = 3\n", .revived = true},
         .after = "c = 4\n" MAIN, .refused = NOT_REVIVED},
        {"main.cf", MAIN, .untouched = true, .meaning = {.added = "c = 3\n", .revived = true}, .after = "",
         .refused = NOT_REVIVED},
        {"master.cf", SERVICE, .untouched = true, .meaning = {.added = "t unix - - n - - x\n  -o c=3\n"},
         .after = "t unix - - n - - x\n  -o c=3\n" SERVICE},
        {"master.cf", SERVICE, .untouched = true, .meaning = {.added = "t unix - - n - - x\n  -o c=3\n"},
         .after = "t unix - - n - - x\n" SERVICE, .refused = OTHER},
        {"master.cf", SERVICE, .untouched = true, .meaning = {.added = "t unix - - n - - x\n"},
         .after = "t unix - - n - - x\n  -o c=3\n" SERVICE, .refused = OTHER},
        {"master.cf", SERVICE, .untouched = true, .meaning = {.added = "t unix - - n - - x\n  -o c=3\n"},
         .after = "t unix - - n - - x\n  -o c=4\n" SERVICE, .refused = OTHER},
        {"master.cf", SERVICE, .untouched = true, .meaning = {.added = "t unix - - n - - x\n  -o c=3\n"},
         .after = "t unix - - n - - x\n  -o d=3\n" SERVICE, .refused = OTHER},
        {"master.cf", SERVICE, .untouched = true, .meaning = {.added = "t unix - - n - - x\n  -o c=3\n"},
         .after = "t unix - - n - - x\n  -v\n" SERVICE, .refused = OTHER},
        {"master.cf", SERVICE, .untouched = true, .meaning = {.added = "t unix - - n - - x\n  -o c=3\n"},
         .after = "t inet - - n - - x\n  -o c=3\n" SERVICE, .refused = OTHER},
        /* Parts of a service. */
        {"master.cf", SERVICE, "a=1", "a=7", .refused = OTHER},
        {"master.cf", SERVICE, "1", "7", .meaning = {.part = "a", .value = "7"}},
        {"master.cf", SERVICE, "1", "7", .meaning = {.part = "a", .value = "8"}, .refused = OTHER},
        {"master.cf", SERVICE, "a=", "c=", .kind = MEANT, .meaning = {.part = "a", .name = "c"}},
        {"master.cf", SERVICE, "a=", "d=", .kind = MEANT, .meaning = {.part = "a", .name = "c"},
         .refused = OTHER},
        {"master.cf", SERVICE, "1", "7", .meaning = {.part = "a", .items = "7"}},
        {"master.cf", SERVICE, "1", "7", .meaning = {.part = "a", .items = "8"}, .refused = OTHER},
        {"master.cf", SERVICE, "  -o a=1\n", "", .kind = MEANT, .meaning = {.part = "a"}},
        {"master.cf", SERVICE, "  -o b=2\n", "", .kind = MEANT, .refused = OTHER},
        {"master.cf", SERVICE, "  -o a=1\n", "", .kind = MEANT, .refused = OTHER},
        {"master.cf", SERVICE, "1", "7", .meaning = {.part = "a"}, .refused = OTHER},
        {"master.cf", SERVICE, "a=1\n", "a=1\n  -o c=3\n", .kind = MEANT,
         .meaning = {.behind = "a", .option = "c=3"}},
        {"master.cf", SERVICE, "a=1\n", "a=1\n  -o c=3\n", .kind = MEANT,
         .meaning = {.behind = "a", .option = "c=4"}, .refused = OTHER},
        {"master.cf", SERVICE, "a=1\n", "a=1\n  -o c=3\n", .kind = MEANT,
         .meaning = {.behind = "b", .option = "c=3"}, .refused = OTHER},
        {"master.cf", SERVICE, "a=1\n", "a=1\n", .kind = MEANT, .meaning = {.behind = "b", .option = "c=3"},
         .refused = OTHER},
        {"master.cf", SERVICE, "b=2\n", "b=2\n  -o c=3\n", .kind = MEANT, .refused = OTHER},
        {"master.cf", SERVICE, "smtpd", "qmqpd", .kind = MEANT, .refused = OTHER},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        prove(&cases[i], i);
}

#define HEREDOC "dovecot_config_version = 2.4.0\na = <<X\nfoo\nX\n"
#define NESTED "protocol imap {\n  a = 1\n}\nb = 2\n"

static void test_nested(void **state)
{
    static const struct proof_case cases[] = {
        {"dovecot.conf", NESTED, .untouched = true},
        {"dovecot.conf", NESTED, .untouched = true, .after = "protocol imap {\n  a = 7\n}\nb = 2\n",
         .refused = OTHER},
        {"dovecot.conf", NESTED, .untouched = true, .after = "protocol pop3 {\n  a = 1\n}\nb = 2\n",
         .refused = OTHER},
        {"dovecot.conf", NESTED, .untouched = true, .after = "protocol imap {\n}\na = 1\nb = 2\n",
         .refused = OTHER},
        {"dovecot.conf", NESTED, .untouched = true, .after = "protocol imap {\n  a = 1\n}\n",
         .refused = OTHER},
        {"dovecot.conf", NESTED, .untouched = true, .after = NESTED "c = 3\n", .refused = OTHER},
        {"dovecot.conf", HEREDOC, "<<X", "<<X",
         .refused = OTHER}, /* its lines are no part of what is meant */
        {"dovecot.conf", NESTED, .untouched = true, .after = "!include x\n" NESTED, .refused = OTHER},
        {"dovecot.conf", "!include x\n", .untouched = true, .after = "!include y\n", .refused = OTHER},
        {"dovecot.conf", NESTED, "1", "7", .refused = NULL},
        {"dovecot.conf", NESTED, "1", "7", .meaning = {.part = "", .value = "7"}},
        {"dovecot.conf", NESTED, "1", "7", .meaning = {.part = "", .value = "8"}, .refused = OTHER},
        {"dovecot.conf", NESTED, "1", "7", .meaning = {.part = "", .name = "c"}, .refused = OTHER},
        {"dovecot.conf", NESTED, "1", "7 8", .meaning = {.part = "", .items = "7 8"}},
        {"dovecot.conf", NESTED, "1", "7 8", .meaning = {.part = "", .items = "7"}, .refused = OTHER},
        {"dovecot.conf", NESTED, .meaning = {.gone = false}}, /* a section that is touched stays one */
        {"dovecot.conf", NESTED, .meaning = {.gone = true}, .after = "b = 2\n"},
        {"dovecot.conf", NESTED, .meaning = {.gone = true}, .after = NESTED, .refused = OTHER},
        {"dovecot.conf", NESTED, .untouched = true, .meaning = {.added = "c = 3\n"},
         .after = "c = 3\n" NESTED},
        {"dovecot.conf", NESTED, .untouched = true, .meaning = {.added = "c = 3\n"},
         .after = "c = 4\n" NESTED, .refused = OTHER},
        {"dovecot.conf", NESTED, .untouched = true, .meaning = {.added = "c = 3\n", .added_behind = true},
         .after = NESTED, .refused = OTHER},
        {"dovecot.conf", NESTED, .untouched = true, .meaning = {.added = "c = 3\n", .revived = true},
         .after = "c = 4\n" NESTED, .refused = NOT_REVIVED},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        prove(&cases[i], i);
}

/* The same bytes, read as something else, or without what they had: no lens does so. */
static void test_other_reading(void **state)
{
    (void)state;
    for (int what = 0; what < 4; what++) {
        struct jobs jobs = {0};
        struct err err;
        const struct doc *before = doc_of("main.cf", MAIN);
        struct job *job = edit_job_of(&jobs, before);
        struct doc *after = (struct doc *)doc_of("main.cf", MAIN);
        if (what % 2 == 0)
            edit_touch(job, &before->node[0]);
        if (what < 2)
            after->node[0].label = "service";
        else if (what == 2)
            after->node[0].value = NULL;
        else
            continue;
        assert_false(edit_prove(job, after, &err));
        assert_says(err, OTHER);
    }
    for (int none = 0; none < 4; none++) {
        struct jobs jobs = {0};
        struct err err;
        struct job *job = edit_job_of(&jobs, doc_of("main.cf", ""));
        const struct doc *like = doc_of("main.cf", "a = 1\n");
        struct doc *after = (struct doc *)doc_of("main.cf", "a = 1\n");
        if (none & 1)
            like->node[0].value = NULL;
        if (none & 2)
            after->node[0].value = NULL;
        struct added added = {.like = like->node, .n = 1};
        job->added = arena_append(job->added, &job->n_added, sizeof(added), &added);
        assert_int_equal(edit_prove(job, after, &err), none == 0 || none == 3);
    }
}

/* Blanks do not count, but that there are some between words does. */
static void test_same_value(void **state)
{
    static const struct {
        const char *a, *b;
        bool same;
    } cases[] = {{"a b", "a  b ", true}, {"a", "a ", true}, {"a,b", "a , b", true},
                 {"a,b", "a b", false},  {" a", "a", true}, {"a\n  b", "a b", true},
                 {"ab", "a b", false},   {"", " ", true},   {"a", "ab", false},
                 {"a", "", false}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        if (edit_same_value(cases[i].a, cases[i].b) != cases[i].same ||
            edit_same_value(cases[i].b, cases[i].a) != cases[i].same)
            fail_msg("'%s' and '%s'", cases[i].a, cases[i].b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {fresh_test(test_flat), fresh_test(test_nested),
                                       fresh_test(test_other_reading), fresh_test(test_same_value)};
    return cmocka_run_group_tests(tests, unit_begin, unit_end);
}
