/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How much an edit may change: what the proof of the entries does not see, because it is comments. No verb
 * makes such an edit, so the splices are the test's own.
 */
#include "unit_edit.h"

#include "edit_private.h"

/* One replacement: the bytes from the first place of `from` up to the first place of `to` behind it. NULL:
 * the end of the text. */
struct change_here {
    const char *from, *to, *bytes;
    bool entry;
};

static struct job *job_on(const struct doc *doc, const char *touched, const struct change_here *change,
                          size_t n)
{
    struct jobs jobs = {0};
    struct job *job = edit_job_of(&jobs, doc);
    for (size_t i = 0; i < doc->n_node; i++)
        if (edit_is_entry(&doc->node[i]) && strcmp(doc->node[i].value, touched) == 0)
            edit_touch(job, &doc->node[i]);
    for (size_t i = 0; i < n; i++) {
        const char *from = doc->text + doc->len, *to = from;
        if (change[i].from != NULL) {
            from = strstr(doc->text, change[i].from);
            to = strstr(from, change[i].to);
        }
        edit_add(job, (size_t)(from - doc->text), (size_t)(to - doc->text), change[i].bytes)->kind =
            change[i].entry ? ENTRY : IN_VALUE;
    }
    return job;
}

#define PAGE "# 1\n# 2\n# 3\n"
#define MAIN PAGE "biff = no\n" PAGE "b = x,\n  y\n# end\n"
#define UNENDED MAIN "last = 1"

static void test_bound(void **state)
{
    (void)state;
    static const struct {
        const char *touched;
        struct change_here change[3];
        size_t n;
        bool fine;
    } cases[] = {
        {"biff", {{"no", "\n", "yes", false}}, 1, true},
        {"biff", {{"biff", "biff", "#biff = no\n", true}, {"no", "\n", "yes", false}}, 2, true},
        {"biff", {{"biff", "# 1", "", true}}, 1, true}, /* the entry goes */
        {"biff", {{"# 2", "# 3", "", true}, {"no", "\n", "yes", false}}, 2, true},
        {"biff", {{"# 1", "biff", "", true}, {"no", "\n", "yes", false}}, 2, false}, /* a page goes with it */
        {"biff", {{"biff", "biff", PAGE, true}, {"no", "\n", "yes", false}}, 2, false}, /* a page comes */
        {"biff", {{"biff", "biff", "c = 1\n", true}, {"no", "\n", "yes", false}}, 2, true},
        {"b", {{"b =", "b =", "#b = x,\n#  y\n", true}, {"y", "\n", "z", false}}, 2, true},
        {"b", {{"b =", "b =", "#b\n#b\n#b\n#b\n", true}, {"y", "\n", "z", false}}, 2, false},
        {"", {{"# 1", "# 2", "", true}}, 1, false}, /* nothing is meant */
        {"", {{"# end", "# end", "c = 1\n", true}}, 1, true},
        {"", {{"# end", "# end", "# c\n# c\n# c\nc = 1\n", true}}, 1, false},
        /* behind a last line without a newline, which gets one */
        {"", {{NULL, NULL, "\nc = 1\n", true}}, 1, true},
        {"", {{NULL, NULL, "\nc = 1", true}}, 1, true},
        {"", {{NULL, NULL, "\n# c\n# c\nc = 1\n", true}}, 1, false},
        {"", {{NULL, NULL, "", true}}, 1, false},
        {"last", {{NULL, NULL, "0", false}}, 1, true},
        /* whole lines by a part of one */
        {"biff", {{"biff", "# 1", "b", false}}, 1, true},
        /* two on one line count that line once */
        {"biff", {{"biff", " =", "buff", false}, {"no", "\n", "yes", false}}, 2, true},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct world *w =
            unit_world(UNENDED, "", FACTS, unit_fix(HEAD "edit main.cf\n  each setting a\n  value 1\n"));
        const struct doc *doc;
        struct err err;
        assert_ok(docs_get(&w->docs, "main.cf", &doc, &err), err);
        struct job *job = job_on(doc, cases[i].touched, cases[i].change, cases[i].n);
        bool fine = edit_is_bounded(job, &err);
        if (fine != cases[i].fine)
            fail_msg("case %zu: %s", i, fine ? "passes" : err.text);
        if (!fine)
            assert_says(err, "/etc/postfix/main.cf: the edit would have replaced ");
        close(w->root.fd);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {dir_test(test_bound)};
    return cmocka_run_group_tests_name("edit_bound", tests, unit_begin, unit_end);
}
