/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The stanza `edit` of a fix file; see stanza.h. One table says which verb can stand with what.
 */
#include "stanza.h"
#include "doc.h"
#include "words.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *key;
    enum edit_verb verb;
    bool each;         /* needs rows */
    const char *nouns; /* that a row can be; "": the verb takes no rows */
} VERBS[] = {
    {"replace", EDIT_REPLACE, true, "setting item table option column alias entry"},
    {"value", EDIT_VALUE, true, "setting item table option column alias entry"},
    {"rename", EDIT_VALUE, true, "setting option alias entry"},
    {"append", EDIT_APPEND, true, "setting option alias"},
    {"prepend", EDIT_PREPEND, true, "setting option alias"},
    {"comment", EDIT_COMMENT, true, "setting service alias entry section"},
    {"delete", EDIT_DELETE, true, "setting service item option alias entry section"},
    {"uncomment", EDIT_UNCOMMENT, false, ""},
    {"ensure", EDIT_ENSURE, false, "setting service item table option column alias entry section"},
    {"raise", EDIT_RAISE, false, "setting service item table option column alias entry section"},
};

struct reading {
    struct fix *fix;
    const struct node *node;
    struct step *step;
    struct err *err;
};

static const struct node *key_of(const struct reading *r, const char *key)
{
    return node_child(r->node, key);
}

static bool refuse(const struct reading *r, const struct node *node, const char *sentence)
{
    return stanza_refuse(r->fix, node, sentence, r->err);
}

static const char *verb_names(void)
{
    struct strings names = {0};
    for (size_t i = 0; i < COUNT(VERBS); i++)
        strings_add(&names, VERBS[i].key);
    return strings_join(&names, " ");
}

/* Exactly one; rename goes together with value or replace. */
static bool read_verb(const struct reading *r, size_t *ret_index)
{
    size_t found = 0;
    for (size_t i = 0; i < COUNT(VERBS); i++) {
        if (key_of(r, VERBS[i].key) == NULL)
            continue;
        bool pair = strcmp(VERBS[i].key, "rename") == 0 &&
                    (key_of(r, "value") != NULL || key_of(r, "replace") != NULL);
        found += !pair;
        *ret_index = pair ? *ret_index : i;
    }
    r->step->verb = VERBS[*ret_index].verb;
    if (found == 1)
        return true;
    return refuse(r, r->node, arena_printf(_("an edit has exactly one verb; there are: %s"), verb_names()));
}

static bool check_once(const struct reading *r)
{
    static const char *const keys[] = {"each", "replace", "with",  "value",  "rename", "append",
                                       "keep", "prepend", "after", "before", "ensure", "raise"};
    for (size_t i = 0; i < COUNT(keys); i++)
        if (!stanza_once(r->fix, r->node, keys[i], r->err))
            return false;
    return true;
}

/* ---- each, uncomment, after, before ---- */

static bool read_place(const struct reading *r, const char *key, struct place *ret_place, bool *ret_has)
{
    const struct node *node = key_of(r, key);
    *ret_has = node != NULL;
    if (node == NULL)
        return true;
    if (!words_place(r->fix, r->step->document, stanza_value(node), node->text.start, ret_place, r->err))
        return false;
    return strcmp(ret_place->document, r->step->document) == 0 ||
           refuse(r, node, "this place cannot be edited here");
}

static bool read_each(const struct reading *r, size_t verb)
{
    struct step *step = r->step;
    const struct node *each = key_of(r, "each");
    if (!read_place(r, "each", &step->each, &step->has_each))
        return false;
    if (each == NULL)
        return !VERBS[verb].each || refuse(r, r->node, "this verb needs 'each PLACE'");
    struct strings nouns = strings_split(VERBS[verb].nouns, " ");
    const char *noun = words_noun(step->each.noun);
    if (!words_noun_editable(step->each.noun))
        return refuse(r, each, "this place cannot be edited here");
    if (!strings_have(&nouns, noun))
        return refuse(r, each,
                      nouns.n == 0 ? arena_printf(_("'%s' takes no rows"), VERBS[verb].key)
                                   : arena_printf(_("'%s' cannot be done to a %s, but to these: %s"),
                                                  VERBS[verb].key, noun, VERBS[verb].nouns));
    return true;
}

static bool read_target(const struct reading *r)
{
    struct step *step = r->step;
    const struct node *node = key_of(r, "uncomment");
    bool there;
    if (!read_place(r, "uncomment", &step->target, &there) || !there)
        return !there;
    const struct place *place = &step->target;
    static const char entries[] = "setting service alias entry";
    struct strings nouns = strings_split(entries, " ");
    bool entry = strings_have(&nouns, words_noun(place->noun));
    bool plain = !place->shadowed && !place->commented && place->n_with == 0 && place->matching == NULL &&
                 place->listing == NULL && place->names.n > 0;
    for (size_t i = 0; i < place->names.n; i++)
        plain &= strchr(place->names.item[i], '*') == NULL;
    return (entry && plain) ||
           refuse(r, node, "uncomment takes a setting, a service, an alias or an entry, and its exact name");
}

static bool read_room(const struct reading *r)
{
    struct step *step = r->step;
    if (!read_place(r, "after", &step->after, &step->has_after) ||
        !read_place(r, "before", &step->before, &step->has_before))
        return false;
    const struct node *node = key_of(r, step->has_after ? "after" : "before");
    bool ensures = step->verb == EDIT_ENSURE || step->verb == EDIT_RAISE;
    return node == NULL || ensures || refuse(r, node, "only a new entry of ensure or raise has a place");
}

/* ---- texts ---- */

static bool read_replace(const struct reading *r)
{
    const struct node *re = key_of(r, "replace"), *with = key_of(r, "with");
    size_t offset = 0;
    struct err why;
    if (re == NULL)
        return with == NULL || refuse(r, with, "'with' belongs to replace");
    if (with == NULL)
        return refuse(r, re, "replace needs 'with', the text that takes the place of the match");
    r->step->pattern = stanza_value(re);
    r->step->text = stanza_value(with);
    return strchr(r->step->pattern, '{') != NULL ||
           pattern_compile(r->step->pattern, &offset, &why) != NULL ||
           fix_error(r->fix, re->text.start + offset, r->err, "this pattern does not compile: %s", why.text);
}

static bool read_texts(const struct reading *r)
{
    static const char *const words[] = {"append", "prepend", "rename"};
    const struct node *value = key_of(r, "value"), *rename = key_of(r, "rename");
    if (value != NULL)
        r->step->text = value->value != NULL ? stanza_value(value) : "";
    if (rename != NULL)
        r->step->rename = stanza_value(rename);
    for (size_t i = 0; i < COUNT(words); i++) {
        const struct node *node = key_of(r, words[i]);
        if (node == NULL)
            continue;
        if (strpbrk(stanza_value(node), " \t,") != NULL)
            return refuse(r, node, "this takes one word");
        if (node != rename)
            r->step->text = stanza_value(node);
    }
    enum noun noun = r->step->each.noun;
    bool item =
        r->step->has_each && noun != NOUN_SETTING && noun != NOUN_OPTION && noun != NOUN_DOVECOT_SETTING;
    if (value != NULL && r->step->text[0] == '\0' && item)
        return refuse(r, value, "only the value of a setting or an option can be empty");
    return true;
}

static void read_literal(const struct reading *r)
{
    struct step *step = r->step;
    const struct node *block = key_of(r, step->verb == EDIT_RAISE ? "raise" : "ensure");
    struct buf text = {0};
    for (size_t i = 0; block != NULL && i < block->n_child; i++) {
        const struct node *line = &block->child[i];
        if (!stanza_is(line, "text"))
            continue;
        buf_printf(&text, "%s\n", stanza_value(line));
        step->literal_at =
            arena_append(step->literal_at, &step->n_literal, sizeof(size_t), &line->text.start);
    }
    step->literal = buf_text(&text);
}

/* A `when` that names a field of the row is asked for each row. */
static bool read_whens(const struct reading *r)
{
    struct step *step = r->step;
    const char *of_row = step->has_each ? arena_printf("{%s.", words_noun(step->each.noun)) : NULL;
    for (size_t i = 0; i < r->node->n_child; i++) {
        const struct node *key = &r->node->child[i];
        struct cond cond;
        if (!stanza_is(key, "when"))
            continue;
        if (!words_cond(r->fix, step->document, stanza_value(key), key->text.start, &cond, r->err))
            return false;
        if (of_row != NULL && strstr(stanza_value(key), of_row) != NULL)
            step->row_when = arena_append(step->row_when, &step->n_row_when, sizeof(cond), &cond);
        else
            step->when = arena_append(step->when, &step->n_when, sizeof(cond), &cond);
    }
    return true;
}

static bool read_keep(const struct reading *r)
{
    const struct node *keep = key_of(r, "keep");
    r->step->keep_comment = keep != NULL;
    if (keep != NULL &&
        (strcmp(stanza_value(keep), "comment") != 0 || strcmp(r->step->document, "master.cf") == 0 ||
         strcmp(r->step->document, "postfix") == 0))
        return refuse(r, keep, "only 'keep comment', and not in master.cf");
    bool entry =
        r->step->verb == EDIT_COMMENT || (r->step->verb == EDIT_DELETE && r->step->each.noun != NOUN_ITEM);
    return keep == NULL || (!entry && r->step->verb != EDIT_UNCOMMENT) ||
           refuse(r, keep, "keep goes with verbs that change an entry, not with those that take or bring it");
}

/* A map or an alias table may have to be created; the others are there. */
static bool read_mode(const struct reading *r)
{
    const struct node *mode = key_of(r, "mode");
    bool table = doc_can_be_absent(r->step->document);
    const char *digits = mode != NULL ? stanza_value(mode) : "0644";
    bool octal = strlen(digits) == 4 && digits[0] == '0' && digits[strspn(digits, "01234567")] == '\0';
    r->step->mode = (mode_t)strtoul(digits, NULL, 8);
    if (mode != NULL && (!table || r->step->verb != EDIT_ENSURE))
        return refuse(r, mode, "a mode is for a map or an alias table that ensure creates");
    return (octal && (r->step->mode & 0133) == 0) ||
           refuse(r, mode, "a mode is four octal digits that let nobody else write, such as 0600 or 0644");
}

/* What can be done to a document as a whole. */
static bool check_document(const struct reading *r, const char *verb)
{
    const struct step *step = r->step;
    bool literal = step->verb == EDIT_ENSURE || step->verb == EDIT_RAISE;
    bool tables = step->has_each && step->each.noun == NOUN_TABLE && strcmp(verb, "ensure") != 0;
    if (strcmp(step->document, "postfix") == 0 && !tables)
        return refuse(r, r->node, "an edit of postfix changes tables: each table, and replace or value");
    if (step->verb == EDIT_RAISE && doc_can_be_absent(step->document))
        return refuse(r, r->node, "only settings can be raised");
    return !literal || step->n_literal > 0 ||
           refuse(r, r->node, "ensure and raise need the lines of an entry");
}

bool stanza_edit(struct fix *fix, const struct node *node, struct err *err)
{
    const struct node *loop = node_child(node, "for");
    struct step step = {.loop = loop != NULL ? stanza_value(loop) : NULL, .at = node->text.start};
    struct reading r = {fix, node, &step, err};
    const char *rest;
    size_t verb = 0;
    if (!words_document(fix, stanza_value(node), node->text.start, &step.document, &rest, err))
        return false;
    if (rest[strspn(rest, " \t")] != '\0')
        return refuse(&r, node, "after 'edit' comes one document and nothing else");
    if (!read_verb(&r, &verb) || !check_once(&r) || !read_each(&r, verb) || !read_target(&r) ||
        !read_room(&r) || !read_replace(&r) || !read_texts(&r) || !read_keep(&r) || !read_mode(&r) ||
        !read_whens(&r))
        return false;
    read_literal(&r);
    if (!check_document(&r, VERBS[verb].key))
        return false;
    fix->step = arena_append(fix->step, &fix->n_step, sizeof(step), &step);
    return true;
}
