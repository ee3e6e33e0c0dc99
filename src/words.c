/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * PLACE and COND; see words.h.
 *
 * A value is cut into words at blanks; `matching` takes the rest of the line as it stands. What contains a
 * placeholder is not checked against the vocabulary: its value is known only later.
 */
#include "words.h"

#include "service.h"
#include "tree.h"

#include <ctype.h>
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
                      "name value id type chroot command file line", "commented"},
    [NOUN_OPTION] = {"option", "master.cf", true, true, true, "name value service file line",
                     "shadowed commented"},
    [NOUN_COLUMN] = {"column", "master.cf", true, true, true, "name value service file line", ""},
    [NOUN_ALIAS] = {"alias", "aliases", true, true, false, "name value account file line",
                    "shadowed commented"},
    [NOUN_LOOP] = {"loop", "aliases", false, true, false, "name value file line", ""},
    [NOUN_DANGLING] = {"dangling", "aliases", false, true, false, "name value file line", ""},
    [NOUN_ENTRY] = {"entry", "map", true, true, false, "name value file line", "shadowed commented"},
    [NOUN_DOVECOT_SETTING] = {"setting", "dovecot.conf", true, true, false, "name value file line",
                              "shadowed commented"},
    [NOUN_SECTION] = {"section", "dovecot.conf", true, true, false, "name value file line", ""},
    [NOUN_DOVECOT_EFFECTIVE] = {"effective", "dovecot.conf", false, true, false, "name value file line", ""},
};

static const struct {
    const char *word;
    enum condition kind;
    int words; /* that follow; -1: a form of its own, at least two; -2: a PLACE; -3: field of PLACE */
    const char *form;
} CONDITIONS[] = {
    {"some", COND_SOME, -2, "some PLACE"},
    {"none", COND_NONE, -2, "none PLACE"},
    {"at-most-one", COND_AT_MOST_ONE, -2, "at-most-one PLACE"},
    {"distinct", COND_DISTINCT, -3, "distinct FIELD of PLACE"},
    {"postfix", COND_VERSION, 2, "postfix < <= = >= > VERSION"},
    {"dovecot", COND_VERSION, 2, "dovecot < <= = >= > VERSION"},
    {"table-type", COND_TABLE_TYPE, 1, "table-type TYPE"},
    {"parameter", COND_PARAMETER, 1, "parameter NAME"},
    {"daemon", COND_DAEMON, 2, "daemon NAME running|installed"},
    {"port", COND_PORT, 2, "port NUMBER open|mute"},
    {"check", COND_CHECK, 1, "check postfix|dovecot"},
    {"seen", COND_SEEN, -1, "seen CAPTURE VALUE..."},
    {"account", COND_ACCOUNT, 1, "account NAME"},
    {"lookup", COND_LOOKUP, -1, "lookup PARAMETER KEY [gives TEXT]"},
    {"quiet", COND_QUIET, 1, "quiet SECONDSs"},
    {"pending", COND_PENDING, 0, "pending"},
};

/* ---- words of a value ---- */

struct reader {
    const struct fix *fix;
    const char *text, *here;
    size_t at; /* offset of text in the file */
    struct err *err;
};

static size_t offset_of(const struct reader *r, const char *where)
{
    return r->at + (size_t)(where - r->text);
}

static void skip_blanks(struct reader *r)
{
    r->here += strspn(r->here, " \t");
}

/* The next word, NULL at the end; *ret_start is where it begins. */
static const char *next_word(struct reader *r, const char **ret_start)
{
    skip_blanks(r);
    size_t len = strcspn(r->here, " \t");
    if (ret_start != NULL)
        *ret_start = r->here;
    if (len == 0)
        return NULL;
    const char *word = arena_copy(r->here, len);
    r->here += len;
    return word;
}

static const char *peek_word(struct reader *r)
{
    const char *here = r->here;
    const char *word = next_word(r, NULL);
    r->here = here;
    return word;
}

static bool in_list(const char *list, const char *word)
{
    struct strings words = strings_split(list, " ");
    return strings_have(&words, word);
}

static bool has_placeholder(const char *text)
{
    return strchr(text, '{') != NULL;
}

/* ---- PLACE ---- */

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
static bool read_place_of(struct reader *r, const char *document, struct place *ret_place)
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
    return read_place_of(&r, document, ret_place);
}

/* ---- COND ---- */

static bool known_condition(struct reader *r, const char *start, const char *word, size_t *ret_index)
{
    struct strings known = {0};
    for (size_t i = 0; i < COUNT(CONDITIONS); i++) {
        if (strcmp(CONDITIONS[i].word, word) == 0) {
            *ret_index = i;
            return true;
        }
        strings_add(&known, CONDITIONS[i].word);
    }
    return fix_error(r->fix, offset_of(r, start), r->err,
                     "'%s' is no condition; there are: %s, and {PARAMETER} is VALUE...", word,
                     strings_join(&known, " "));
}

/* What a condition's words must be, beyond their number. */
static bool check_words(struct reader *r, const char *start, const struct cond *cond)
{
    const char *const *word = cond->words.item;
    const char *sentence = NULL;
    if (cond->kind == COND_VERSION && !in_list("< <= = >= >", word[1]))
        sentence = _("expected one of < <= = >= >");
    else if (cond->kind == COND_VERSION && !isdigit((unsigned char)word[2][0]) && !has_placeholder(word[2]))
        sentence = _("expected a version, such as 2.11");
    else if (cond->kind == COND_DAEMON && !has_placeholder(word[0]) && !service_known(word[0]))
        sentence = _("mailfix knows no such daemon");
    else if (cond->kind == COND_DAEMON && !in_list("running installed", word[1]))
        sentence = _("expected running or installed");
    else if (cond->kind == COND_PORT && !in_list("open mute", word[1]))
        sentence = _("expected open or mute");
    else if (cond->kind == COND_CHECK && !in_list("postfix dovecot", word[0]))
        sentence = _("expected postfix or dovecot");
    else if (cond->kind == COND_QUIET && (strspn(word[0], "0123456789") == 0 || !ends_with(word[0], "s")))
        sentence = _("expected seconds, such as 10s");
    return sentence == NULL ? true : fix_error(r->fix, offset_of(r, start), r->err, "%s", sentence);
}

/* PARAMETER KEY gives TEXT: the text is one, to the end of the line. */
static bool read_gives(struct strings *words)
{
    if (words->n == 2)
        return true;
    if (words->n < 4 || strcmp(words->item[2], "gives") != 0)
        return false;
    struct strings text = {words->item + 3, words->n - 3};
    words->item[2] = strings_join(&text, " ");
    words->n = 3;
    return true;
}

static bool read_is(struct reader *r, const char *first, struct cond *cond)
{
    const char *start, *word;
    cond->kind = COND_IS;
    strings_add(&cond->words, first);
    word = next_word(r, &start);
    if (word == NULL || strcmp(word, "is") != 0)
        return fix_error(r->fix, offset_of(r, start), r->err, "expected 'is' and the values: %s is VALUE...",
                         first);
    while ((word = next_word(r, NULL)) != NULL)
        strings_add(&cond->words, word);
    if (cond->words.n < 2)
        return fix_error(r->fix, offset_of(r, r->here), r->err, "expected at least one value after 'is'");
    return true;
}

static bool read_place_cond(struct reader *r, const char *document, size_t index, struct cond *cond)
{
    const char *start, *field = NULL, *word;
    if (CONDITIONS[index].words == -3) {
        field = next_word(r, &start);
        word = field != NULL ? next_word(r, NULL) : NULL;
        if (word == NULL || strcmp(word, "of") != 0)
            return fix_error(r->fix, offset_of(r, start), r->err, "expected: %s", CONDITIONS[index].form);
        strings_add(&cond->words, field);
    }
    if (!read_place_of(r, document, &cond->place))
        return false;
    if (field != NULL && !in_list(NOUNS[cond->place.noun].fields, field))
        return fix_error(r->fix, offset_of(r, start), r->err, "a %s has no field '%s'; it has: %s",
                         NOUNS[cond->place.noun].word, field, NOUNS[cond->place.noun].fields);
    return true;
}

bool words_cond(const struct fix *fix, const char *document, const char *text, size_t at,
                struct cond *ret_cond, struct err *err)
{
    struct reader r = {.fix = fix, .text = text, .here = text, .at = at, .err = err};
    struct cond cond = {.written = arena_string(text), .at = at};
    const char *start, *word = next_word(&r, &start);
    size_t index = 0;
    if (word != NULL && strcmp(word, "not") == 0) {
        cond.negated = true;
        word = next_word(&r, &start);
    }
    if (word == NULL)
        return fix_error(fix, offset_of(&r, start), err, "expected a condition");
    if (word[0] == '{') {
        if (!read_is(&r, word, &cond))
            return false;
        *ret_cond = cond;
        return true;
    }
    if (!known_condition(&r, start, word, &index))
        return false;
    cond.kind = CONDITIONS[index].kind;
    if (CONDITIONS[index].words <= -2) {
        if (!read_place_cond(&r, document, index, &cond))
            return false;
    } else {
        if (cond.kind == COND_VERSION)
            strings_add(&cond.words, word);
        size_t before = cond.words.n;
        while ((word = next_word(&r, NULL)) != NULL)
            strings_add(&cond.words, word);
        size_t given = cond.words.n - before;
        bool fits = CONDITIONS[index].words >= 0 ? given == (size_t)CONDITIONS[index].words : given >= 2;
        if (cond.kind == COND_LOOKUP && fits)
            fits = read_gives(&cond.words);
        if (!fits)
            return fix_error(fix, offset_of(&r, start), err, "expected: %s", CONDITIONS[index].form);
        if (!check_words(&r, start, &cond))
            return false;
    }
    *ret_cond = cond;
    return true;
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
