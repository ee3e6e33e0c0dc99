/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * mailfix complete -- WORD...: what the last word of a command line can become, a candidate a line. For the
 * shells (src/completion/), so --help does not list it. A candidate that ends in '=' wants a value behind it.
 *
 * Limits: names of files are left to the shell. A fix file that cannot be read has no parameters to offer.
 */
#include "color.h"
#include "fixes.h"
#include "help.h"
#include "tree.h"
#include "undo.h"
#include "verbs.h"

#include <getopt.h>
#include <string.h>

struct completion {
    struct options *o;
    const char *word;   /* to be completed */
    const char *before; /* the word in front of it, or "" */
    const char *verb;   /* NULL: none yet */
    const char *fix;    /* of apply: the last one named, or NULL */
    const char *root;
};

static void offer(const struct completion *c, const char *candidate)
{
    if (starts_with(candidate, c->word))
        out_printf(stdout, "%s\n", candidate);
}

static void offer_all(const struct completion *c, struct strings candidates)
{
    for (size_t i = 0; i < candidates.n; i++)
        offer(c, candidates.item[i]);
}

static bool in_list(const char *list, const char *word)
{
    struct strings words = strings_split(list, " ");
    return strings_have(&words, word);
}

/* Whether a word of the command line is an option that takes the next word as its value. */
static bool wants_value(const struct options *o, const char *word)
{
    for (const struct option *option = o->table; option->name != NULL; option++) {
        bool named = starts_with(word, "--") && strcmp(word + 2, option->name) == 0;
        bool letter = word[0] == '-' && word[1] == option->val && word[1] != '\0' && word[2] == '\0';
        if (option->has_arg == required_argument && (named || letter))
            return true;
    }
    return false;
}

static void offer_options(const struct completion *c)
{
    for (const struct option *option = c->o->table; option->name != NULL; option++)
        offer(c, arena_printf("--%s", option->name));
}

/* What stands in front of the word: options with their values are passed over. */
static void read_words(struct completion *c)
{
    const struct strings *words = &c->o->words;
    c->word = words->n > 0 ? words->item[words->n - 1] : "";
    c->before = "";
    for (size_t i = 0; i + 1 < words->n; i++) {
        const char *word = words->item[i];
        bool value = wants_value(c->o, c->before);
        if (value && strcmp(c->before, "--root") == 0)
            c->root = word;
        if (!value && word[0] != '-' && c->verb == NULL)
            c->verb = word;
        else if (!value && word[0] != '-' && strchr(word, '=') == NULL)
            c->fix = word;
        c->before = word;
    }
}

static void offer_values(const struct completion *c, const struct param *param)
{
    struct strings values = param->one_of;
    if (param->type != NULL && strcmp(param->type, "bool") == 0)
        values = strings_split("yes no", " ");
    for (size_t i = 0; i < values.n; i++)
        offer(c, arena_printf("%s=%s", param->name, values.item[i]));
}

static void offer_parameters(const struct completion *c)
{
    struct fix *fix;
    struct err ignored;
    if (c->fix == NULL || !fixes_load(c->o->fix_dir, c->fix, &fix, &ignored))
        return;
    for (size_t i = 0; i < fix->n_param; i++) {
        const char *key = arena_printf("%s=", fix->param[i].name);
        if (starts_with(c->word, key))
            offer_values(c, &fix->param[i]);
        else
            offer(c, key);
    }
}

static void offer_transactions(const struct completion *c)
{
    struct root root;
    struct store store;
    struct record *record = NULL;
    size_t n = 0;
    struct strings damaged = {0};
    struct err ignored;
    bool there = false;
    if (!root_open(c->root, &root, &ignored) || !store_look(&root, &store, &there, &ignored) || !there)
        return;
    if (record_list(&store, &record, &n, &damaged, &ignored))
        for (size_t i = n; i > 0; i--)
            offer(c, record[i - 1].id);
    store_close(&store);
}

static void offer_for_verb(const struct completion *c)
{
    struct err ignored;
    if (in_list("apply explain diagnose", c->verb))
        offer_all(c, fixes_names(c->o->fix_dir, &ignored));
    if (strcmp(c->verb, "apply") == 0)
        offer_parameters(c);
    else if (in_list("rollback diff", c->verb))
        offer_transactions(c);
    else if (strcmp(c->verb, "tree") == 0)
        offer_all(c, tree_lens_names());
    else if (strcmp(c->verb, "help") == 0)
        offer_all(c, help_verbs());
}

enum outcome verb_complete(struct options *o, struct err *err)
{
    struct completion c = {.o = o, .root = "/"};
    (void)err;
    read_words(&c);
    if (strcmp(c.before, "--as") == 0)
        offer_all(&c, tree_lens_names());
    else if (strcmp(c.before, "--color") == 0)
        offer_all(&c, color_choices());
    else if (strcmp(c.before, "--since") == 0)
        offer_all(&c, strings_split("today yesterday postfix dovecot", " "));
    else if (wants_value(o, c.before))
        return DONE;
    else if (c.word[0] == '-')
        offer_options(&c);
    else if (c.verb == NULL)
        offer_all(&c, help_verbs());
    else
        offer_for_verb(&c);
    return DONE;
}
