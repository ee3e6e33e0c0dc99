/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * PLACE; see words.h.
 *
 * A value is cut into words at blanks; `matching` takes the rest of the line as it stands. What contains a
 * placeholder is not checked against the vocabulary: its value is known only later.
 */
#include "words_private.h"

#include "tree.h"

#include <string.h>

/* ---- vocabulary ---- */

static const struct {
    const char *word;
    const char *documents; /* where it can stand */
    bool editable, named, in_service;
    const char *fields;
    const char *states; /* which of shadowed and commented it can be asked for */
} NOUNS[N_NOUN] = {
    [NOUN_SETTING] = {"setting", "main.cf", true, true, false, "name value known file line",
                      "shadowed commented"},
    [NOUN_ITEM] = {"item", "main.cf", true, true, false, "name value means file line", ""},
    [NOUN_EFFECTIVE] = {"effective", "main.cf", false, true, false, "name value file line", ""},
    [NOUN_TABLE] = {"table", "main.cf master.cf postfix", true, false, false,
                    "name value type parameter service use fit text source index file line", "shadowed"},
    [NOUN_SERVICE] = {"service", "master.cf", true, true, false,
                      "name value id type chroot command file line", "shadowed commented"},
    [NOUN_OPTION] = {"option", "master.cf", true, true, true, "name value known service file line",
                     "shadowed commented"},
    [NOUN_COLUMN] = {"column", "master.cf", true, true, true, "name value service file line", ""},
    [NOUN_ALIAS] = {"alias", "aliases", true, true, false, "name value account file line",
                    "shadowed commented"},
    [NOUN_LOOP] = {"loop", "aliases", false, true, false, "name value file line", ""},
    [NOUN_DANGLING] = {"dangling", "aliases", false, true, false, "name value file line", ""},
    [NOUN_ENTRY] = {"entry", "map", true, true, false, "name value nexthop file line", "shadowed commented"},
    [NOUN_DOVECOT_SETTING] = {"setting", "dovecot.conf", true, true, false, "name value file line",
                              "shadowed commented"},
    [NOUN_SECTION] = {"section", "dovecot.conf", true, true, false, "name value file line", ""},
    [NOUN_DOVECOT_EFFECTIVE] = {"effective", "dovecot.conf", false, true, false, "name value file line", ""},
};

/* ---- PLACE ---- */

static const char *peek_word(struct reader *r)
{
    const char *here = r->here;
    const char *word = next_word(r, NULL);
    r->here = here;
    return word;
}

static bool read_with(struct reader *r, struct place *place)
{
    const char *start, *word = next_word(r, &start);
    const char *equals = word != NULL ? strchr(word, '=') : NULL;
    if (equals == NULL || equals[1] == '\0')
        return fix_error(r->fix, offset_of(r, start), r->err,
                         "after 'with' comes FIELD=VALUE or FIELD=VALUE,VALUE");
    struct field_filter filter = {.field = arena_copy(word, (size_t)(equals - word)),
                                  .values = strings_split(equals + 1, ",")};
    if (!in_list(NOUNS[place->noun].fields, filter.field))
        return fix_error(r->fix, offset_of(r, start), r->err, "a %s has no field '%s'; it has: %s",
                         NOUNS[place->noun].word, filter.field, NOUNS[place->noun].fields);
    place->with = arena_append(place->with, &place->n_with, sizeof(filter), &filter);
    return true;
}

static bool read_matching(struct reader *r, struct place *place)
{
    skip_blanks(r);
    const char *start = r->here;
    size_t offset = 0;
    struct err why;
    place->matching = arena_string(r->here);
    r->here += strlen(r->here);
    if (start[0] == '\0')
        return fix_error(r->fix, offset_of(r, start), r->err, "after 'matching' comes a pattern");
    if (!has_placeholder(start) && pattern_compile(start, &offset, &why) == NULL)
        return fix_error(r->fix, offset_of(r, start) + offset, r->err, "this pattern does not compile: %s",
                         why.text);
    return true;
}

static bool read_listing(struct reader *r, struct place *place)
{
    const char *start;
    place->listing = next_word(r, &start);
    return place->listing != NULL || fix_error(r->fix, offset_of(r, start), r->err,
                                               "after 'listing' comes the word that the list holds");
}

/* A column has a name out of few, and must have one. */
static bool check_columns(struct reader *r, const struct place *place, const char *start)
{
    static const char columns[] = "private unpriv chroot wakeup maxproc";
    bool known = place->names.n > 0;
    for (size_t i = 0; i < place->names.n; i++)
        known &= has_placeholder(place->names.item[i]) || in_list(columns, place->names.item[i]);
    return known || place->noun != NOUN_COLUMN ||
           fix_error(r->fix, offset_of(r, start), r->err, "a column is one of: %s", columns);
}

static bool read_noun(struct reader *r, struct place *place)
{
    const char *start, *word = next_word(r, &start);
    struct strings known = {0};
    const char *document = starts_with(place->document, TREE_MAP) ? "map" : place->document;
    for (int i = 0; i < N_NOUN; i++) {
        if (!in_list(NOUNS[i].documents, document))
            continue;
        strings_add(&known, NOUNS[i].word);
        if (word != NULL && strcmp(NOUNS[i].word, word) == 0) {
            place->noun = (enum noun)i;
            return true;
        }
    }
    return fix_error(r->fix, offset_of(r, start), r->err, "%s%s%s is nothing that %s has; it has: %s",
                     word != NULL ? "'" : "", word != NULL ? word : _("the end of the line"),
                     word != NULL ? "'" : "", place->document, strings_join(&known, " "));
}

static bool read_place(struct reader *r, const char *document, struct place *ret_place)
{
    struct place place = {.document = document, .written = arena_string(r->text)};
    const char *word = peek_word(r), *start, *at_state = NULL;
    if (word != NULL && (strcmp(word, "shadowed") == 0 || strcmp(word, "commented") == 0)) {
        place.shadowed = word[0] == 's';
        place.commented = word[0] == 'c';
        next_word(r, &at_state);
    }
    skip_blanks(r);
    const char *at_noun = r->here;
    if (!read_noun(r, &place))
        return false;
    if (at_state != NULL && !in_list(NOUNS[place.noun].states, word))
        return fix_error(r->fix, offset_of(r, at_state), r->err, "a %s cannot be %s", NOUNS[place.noun].word,
                         word);
    struct strings *into = &place.names;
    bool in_with = false; /* FIELD=VALUE may be repeated without another "with" */
    while ((word = next_word(r, &start)) != NULL) {
        if (strcmp(word, "in") == 0 && NOUNS[place.noun].in_service) {
            into = &place.in;
        } else if (strcmp(word, "with") == 0 || (in_with && strchr(word, '=') != NULL)) {
            if (strcmp(word, "with") != 0)
                r->here = start;
            in_with = true;
            if (!read_with(r, &place))
                return false;
        } else if (strcmp(word, "matching") == 0) {
            if (!read_matching(r, &place))
                return false;
        } else if (strcmp(word, "listing") == 0) {
            if (!read_listing(r, &place))
                return false;
        } else if (in_with || (into == &place.names && !NOUNS[place.noun].named)) {
            return fix_error(
                r->fix, offset_of(r, start), r->err,
                "'%s' cannot stand here; a %s takes%s%s with FIELD=VALUE, listing WORD, matching RE", word,
                NOUNS[place.noun].word, NOUNS[place.noun].named ? _(" names,") : "",
                NOUNS[place.noun].in_service ? _(" in SERVICE,") : "");
        } else {
            strings_add(into, word);
        }
    }
    if (!check_columns(r, &place, at_noun))
        return false;
    *ret_place = place;
    return true;
}

static const char DOCUMENTS[] = "main.cf master.cf postfix aliases map dovecot.conf";

bool words_document(const struct fix *fix, const char *text, size_t at, const char **ret_document,
                    const char **ret_rest, struct err *err)
{
    struct reader r = {.fix = fix, .text = text, .here = text, .at = at, .err = err};
    const char *start, *word = next_word(&r, &start);
    if (word == NULL || !in_list(DOCUMENTS, word))
        return fix_error(fix, offset_of(&r, start), err,
                         "'%s' is no document; there are: main.cf master.cf postfix (both) aliases "
                         "map PARAMETER dovecot.conf",
                         word != NULL ? word : "");
    if (strcmp(word, "map") == 0) {
        const char *parameter = next_word(&r, &start);
        if (parameter == NULL)
            return fix_error(fix, offset_of(&r, start), err,
                             "after 'map' comes the parameter that names the map, such as transport_maps");
        word = arena_printf(TREE_MAP "%s", parameter);
    }
    *ret_document = word;
    *ret_rest = r.here;
    return true;
}

/* With document NULL the first word must be one; an edit's own may leave it out. */
bool words_read_place(struct reader *r, const char *document, struct place *ret_place)
{
    const char *word = peek_word(r);
    if ((document == NULL || (word != NULL && in_list(DOCUMENTS, word))) &&
        !words_document(r->fix, r->here, offset_of(r, r->here), &document, &r->here, r->err))
        return false;
    return read_place(r, document, ret_place);
}

bool words_place(const struct fix *fix, const char *document, const char *text, size_t at,
                 struct place *ret_place, struct err *err)
{
    struct reader r = {.fix = fix, .text = text, .here = text, .at = at, .err = err};
    return words_read_place(&r, document, ret_place);
}

const char *words_noun(enum noun noun)
{
    return NOUNS[noun].word;
}

const char *words_noun_fields(enum noun noun)
{
    return NOUNS[noun].fields;
}

bool words_noun_editable(enum noun noun)
{
    return NOUNS[noun].editable;
}

bool words_noun_has(enum noun noun, const char *field)
{
    return in_list(NOUNS[noun].fields, field);
}
