/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * COND; see words.h. A daemon that contains a placeholder is not checked: its value is known only later.
 */
#include "words_private.h"

#include "service.h"

#include <ctype.h>

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
    {"daemon", COND_DAEMON, 2, "daemon NAME running|enabled|installed"},
    {"port", COND_PORT, -1, "port NUMBER open|mute, port NUMBER owner DAEMON..."},
    {"queue", COND_QUEUE, 2, "queue DAEMON empty"},
    {"certificate", COND_CERTIFICATE, 2, "certificate postfix loads|valid"},
    {"check", COND_CHECK, 1, "check postfix|dovecot"},
    {"seen", COND_SEEN, -1, "seen CAPTURE VALUE..."},
    {"account", COND_ACCOUNT, 1, "account NAME"},
    {"lookup", COND_LOOKUP, -1, "lookup PARAMETER KEY [gives TEXT]"},
    {"quiet", COND_QUIET, 1, "quiet SECONDSs"},
    {"pending", COND_PENDING, 0, "pending"},
};

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

static const char *port_fault(const struct strings *words)
{
    if (words->n == 2 && in_list("open mute", words->item[1]))
        return NULL;
    if (words->n == 2 || strcmp(words->item[1], "owner") != 0)
        return _("expected open or mute, or owner and daemons");
    for (size_t i = 2; i < words->n; i++)
        if (!has_placeholder(words->item[i]) && !service_known(words->item[i]) &&
            strcmp(words->item[i], "nobody") != 0)
            return _("mailfix knows no such daemon");
    return NULL;
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
    else if (cond->kind == COND_DAEMON && !in_list("running enabled installed", word[1]))
        sentence = _("expected running, enabled or installed");
    else if (cond->kind == COND_QUEUE && !has_placeholder(word[0]) && service_flush_command(word[0]) == NULL)
        sentence = _("mailfix knows no queue of that daemon");
    else if (cond->kind == COND_QUEUE && strcmp(word[1], "empty") != 0)
        sentence = _("expected empty");
    else if (cond->kind == COND_CERTIFICATE && strcmp(word[0], "postfix") != 0)
        sentence = _("expected postfix");
    else if (cond->kind == COND_CERTIFICATE && !in_list("loads valid", word[1]))
        sentence = _("expected loads or valid");
    else if (cond->kind == COND_PORT)
        sentence = port_fault(&cond->words);
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
    if (!words_read_place(r, document, &cond->place))
        return false;
    if (field != NULL && !in_list(words_noun_fields(cond->place.noun), field))
        return fix_error(r->fix, offset_of(r, start), r->err, "a %s has no field '%s'; it has: %s",
                         words_noun(cond->place.noun), field, words_noun_fields(cond->place.noun));
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
