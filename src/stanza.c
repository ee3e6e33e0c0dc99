/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One stanza of a fix file; see stanza.h.
 *
 * The lens has seen to it that only keys stand here that the stanza can take; what they say, how often they
 * may stand and which belong together is read here. The small languages in the values are words.c's.
 *
 * Limits: a word of the format that no shipped fix needs yet is refused like any other unknown word.
 */
#include "stanza.h"

#include "language.h"
#include "service.h"
#include "source.h"
#include "value.h"
#include "words.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ---- reading one stanza ---- */

struct stanza {
    struct fix *fix;
    const struct node *node;
    struct err *err;
};

static const char *key_value(const struct stanza *s, const char *key)
{
    const struct node *node = node_child(s->node, key);
    return node != NULL ? stanza_value(node) : NULL;
}

/* A text for people: its twin in the user's language where there is one. */
static const char *text_value(const struct stanza *s, const char *key)
{
    const char *twin = key_value(s, arena_printf("%s.%s", key, language_code()));
    return twin != NULL ? twin : key_value(s, key);
}

bool stanza_refuse(const struct fix *fix, const struct node *node, const char *sentence, struct err *err)
{
    return fix_error(fix, node->value != NULL ? node->text.start : node->span.start, err, "%s", _(sentence));
}

bool stanza_once(const struct fix *fix, const struct node *stanza, const char *key, struct err *err)
{
    const struct node *first = node_child(stanza, key);
    for (size_t i = 0; i < stanza->n_child; i++)
        if (stanza_is(&stanza->child[i], key) && &stanza->child[i] != first)
            return stanza_refuse(fix, &stanza->child[i], N_("this key can stand only once in a stanza"), err);
    return true;
}

static bool refuse(const struct stanza *s, const struct node *node, const char *sentence)
{
    return stanza_refuse(s->fix, node, sentence, s->err);
}

static bool check_once(const struct stanza *s, const char *key)
{
    return stanza_once(s->fix, s->node, key, s->err);
}

static const char *literal_of(const struct node *node)
{
    struct buf text = {0};
    for (size_t i = 0; i < node->n_child; i++)
        if (stanza_is(&node->child[i], "text")) {
            buf_puts(&text, stanza_value(&node->child[i]));
            buf_puts(&text, "\n");
        }
    return buf_text(&text);
}

static bool read_whens(const struct stanza *s, const char *document, struct cond **ret_when, size_t *ret_n)
{
    for (size_t i = 0; i < s->node->n_child; i++) {
        const struct node *key = &s->node->child[i];
        struct cond cond;
        if (!stanza_is(key, "when"))
            continue;
        if (!words_cond(s->fix, document, stanza_value(key), key->text.start, &cond, s->err))
            return false;
        *ret_when = arena_append(*ret_when, ret_n, sizeof(cond), &cond);
    }
    return true;
}

/* ---- params and rows ---- */

static bool read_rows(const struct stanza *s)
{
    struct rows rows = {.columns = strings_split(stanza_value(s->node), " \t")};
    if (rows.columns.n < 2)
        return refuse(s, s->node, "expected: rows NAME COLUMN...");
    rows.name = rows.columns.item[0];
    rows.columns.item++;
    rows.columns.n--;
    for (size_t i = 0; i < s->node->n_child; i++) {
        const struct node *line = &s->node->child[i];
        if (!stanza_is(line, "text"))
            continue;
        struct strings row = strings_split(stanza_value(line), " \t");
        if (row.n > rows.columns.n) { /* the last column runs to the end of the line */
            const char *last = stanza_value(line);
            for (size_t k = 1; k < rows.columns.n; k++) {
                last += strspn(last, " \t");
                last += strcspn(last, " \t");
            }
            last += strspn(last, " \t");
            size_t len = strlen(last);
            while (strchr(" \t", last[len - 1]) != NULL)
                len--;
            row.item[rows.columns.n - 1] = arena_copy(last, len);
            row.n = rows.columns.n;
        }
        if (row.n != rows.columns.n)
            return refuse(s, line, "this row does not have one word for each column");
        rows.row = arena_append(rows.row, &rows.n, sizeof(row), &row);
    }
    s->fix->rows = arena_append(s->fix->rows, &s->fix->n_rows, sizeof(rows), &rows);
    return true;
}

/* The word "when" in a value, with blanks on both sides; NULL: none. */
static const char *find_when(const char *value)
{
    for (const char *at = value; (at = strstr(at, "when")) != NULL; at++)
        if (at > value && strchr(" \t", at[-1]) != NULL && at[4] != '\0' && strchr(" \t", at[4]) != NULL)
            return at;
    return NULL;
}

/* default VALUE [when COND], from SOURCE [when COND] */
static bool read_choice(const struct stanza *s, const struct node *key, struct param *param)
{
    struct choice choice = {.value = stanza_value(key), .sourced = stanza_is(key, "from")};
    const char *value, *expected;
    const char *when = find_when(choice.value);
    if (when != NULL) {
        size_t offset = (size_t)(when - choice.value) + strlen("when");
        choice.conditional = true;
        if (!words_cond(s->fix, NULL, choice.value + offset, key->text.start + offset, &choice.cond, s->err))
            return false;
        while (when > choice.value && strchr(" \t", when[-1]) != NULL)
            when--;
        choice.value = arena_copy(choice.value, (size_t)(when - choice.value));
    }
    if (choice.sourced) {
        if (!source_read(s->fix, choice.value, key->text.start, &choice.source, s->err))
            return false;
        param->choice = arena_append(param->choice, &param->n_choice, sizeof(choice), &choice);
        return true;
    }
    if (param->one_of.n > 0 && !strings_have(&param->one_of, choice.value))
        return refuse(s, key, "this default is none of the values of one-of");
    if (param->type != NULL && strchr(choice.value, '{') == NULL &&
        !value_read(param->type, choice.value, &value, &expected))
        return refuse(s, key, arena_printf(_("this default is no %s: expected %s"), param->type, expected));
    param->choice = arena_append(param->choice, &param->n_choice, sizeof(choice), &choice);
    return true;
}

static bool read_param(const struct stanza *s)
{
    struct param param = {
        .name = stanza_value(s->node), .ask = text_value(s, "ask"), .type = key_value(s, "type")};
    const char *one_of = key_value(s, "one-of");
    if (!check_once(s, "type") || !check_once(s, "one-of"))
        return false;
    if ((param.type == NULL) == (one_of == NULL))
        return refuse(s, s->node, "a param has either a type or one-of");
    if (one_of != NULL)
        param.one_of = strings_split(one_of, " \t");
    struct strings types = value_types();
    if (param.type != NULL && !value_type_known(param.type))
        return refuse(s, node_child(s->node, "type"),
                      arena_printf(_("unknown type; there are: %s"), strings_join(&types, " ")));
    param.several = node_child(s->node, "several") != NULL;
    for (size_t i = 0; i < s->node->n_child; i++) {
        const struct node *key = &s->node->child[i];
        struct source offer;
        bool choice = stanza_is(key, "default") || stanza_is(key, "from");
        if (choice && !read_choice(s, key, &param))
            return false;
        if (!stanza_is(key, "offer"))
            continue;
        if (!source_read(s->fix, stanza_value(key), key->text.start, &offer, s->err))
            return false;
        param.offer = arena_append(param.offer, &param.n_offer, sizeof(offer), &offer);
    }
    if (!read_whens(s, NULL, &param.when, &param.n_when))
        return false;
    s->fix->param = arena_append(s->fix->param, &s->fix->n_param, sizeof(param), &param);
    return true;
}

/* ---- probes ---- */

static bool read_levels(const struct stanza *s, struct heard *heard)
{
    const struct node *key = node_child(s->node, "level");
    struct strings words = strings_split(key != NULL ? stanza_value(key) : "", " \t");
    for (int level = LEVEL_INFO; key == NULL && level <= LEVEL_PANIC; level++)
        heard->levels[level] = true; /* any */
    for (size_t i = 0; i < words.n; i++) {
        bool known = false;
        for (int level = LEVEL_INFO; level <= LEVEL_PANIC; level++)
            if (strcmp(maillog_level_name((enum level)level), words.item[i]) == 0)
                known = heard->levels[level] = true;
        if (!known)
            return refuse(s, key, "unknown level; there are: panic fatal error warning info");
    }
    return true;
}

static bool read_heard(const struct stanza *s, struct heard *heard)
{
    static const char *const needed[] = {"program", "matching"};
    if (!check_once(s, "level"))
        return false;
    for (size_t i = 0; i < COUNT(needed); i++) {
        if (node_child(s->node, needed[i]) == NULL)
            return refuse(s, s->node, "a log stanza needs program and matching");
        if (!check_once(s, needed[i]))
            return false;
    }
    const struct node *matching = node_child(s->node, "matching");
    size_t offset = 0;
    struct err why;
    heard->programs = strings_split(key_value(s, "program"), " \t");
    if (stanza_value(matching)[0] != '^')
        return refuse(s, matching, "a log pattern begins with ^, so that quoted text cannot match");
    heard->matching = pattern_compile(stanza_value(matching), &offset, &why);
    if (heard->matching == NULL)
        return fix_error(s->fix, matching->text.start + offset, s->err, "this pattern does not compile: %s",
                         why.text);
    return read_levels(s, heard);
}

/* offers, hides and refuses, in the order of the talk. */
static bool read_wishes(const struct stanza *s, struct talk *talk)
{
    bool smtp = talk->protocol == SMTP || talk->protocol == SMTPS, over_tls = false;
    for (size_t i = 0; i < s->node->n_child; i++) {
        const struct node *key = &s->node->child[i];
        struct wish wish = {.word = stanza_value(key), .over_tls = over_tls};
        over_tls |= stanza_is(key, "starttls");
        if (stanza_is(key, "offers"))
            wish.kind = OFFERS;
        else if (stanza_is(key, "hides"))
            wish.kind = HIDES;
        else if (stanza_is(key, "refuses"))
            wish.kind = REFUSES_RELAY;
        else
            continue;
        if (wish.kind == REFUSES_RELAY && (!smtp || strcmp(wish.word, "relay") != 0))
            return refuse(s, key, "expected: refuses relay, in a session of smtp or smtps");
        if (wish.kind == REFUSES_RELAY && talk->starttls && !over_tls)
            return refuse(s, key, "'refuses relay' comes behind 'starttls': it ends the session");
        if (strpbrk(wish.word, " \t") != NULL)
            return refuse(s, key, "expected one word, such as AUTH");
        talk->wish = arena_append(talk->wish, &talk->n_wish, sizeof(wish), &wish);
    }
    return true;
}

static bool read_talk(const struct stanza *s, struct talk *talk)
{
    struct strings words = strings_split(stanza_value(s->node), " \t");
    const struct node *greets = node_child(s->node, "greets"), *times = node_child(s->node, "times");
    struct err why;
    size_t offset = 0;
    if (words.n != 3 || !protocol_named(words.item[1], &talk->protocol))
        return refuse(s, s->node, "expected: session smtp|smtps|imap|imaps|pop3|pop3s PORT");
    talk->port = words.item[2];
    talk->starttls = node_child(s->node, "starttls") != NULL;
    talk->times = times != NULL ? atoi(stanza_value(times)) : 1;
    if (talk->times < 1 || talk->times > 20)
        return refuse(s, times, "expected a number of sessions from 1 to 20");
    if (!read_wishes(s, talk))
        return false;
    if (greets == NULL)
        return true;
    talk->greets = stanza_value(greets);
    if (pattern_compile(talk->greets, &offset, &why) == NULL)
        return fix_error(s->fix, greets->text.start + offset, s->err, "this pattern does not compile: %s",
                         why.text);
    return true;
}

/* Keys of a dialogue or of a log line mean nothing in another kind of probe. */
static bool check_probe_keys(const struct stanza *s, enum probe_kind kind)
{
    static const struct {
        const char *key;
        enum probe_kind kind;
    } keys[] = {{"program", PROBE_LOG},    {"level", PROBE_LOG},        {"matching", PROBE_LOG},
                {"same", PROBE_LOG},       {"within", PROBE_LOG},       {"printed-by", PROBE_LOG},
                {"greets", PROBE_SESSION}, {"starttls", PROBE_SESSION}, {"times", PROBE_SESSION},
                {"offers", PROBE_SESSION}, {"hides", PROBE_SESSION},    {"refuses", PROBE_SESSION}};
    for (size_t i = 0; i < COUNT(keys); i++)
        if (keys[i].kind != kind && node_child(s->node, keys[i].key) != NULL)
            return refuse(s, node_child(s->node, keys[i].key),
                          "this key has no meaning in this kind of stanza");
    return true;
}

static bool read_probe(const struct stanza *s, struct probe **list, size_t *n)
{
    const char *head = stanza_value(s->node);
    struct probe probe = {.written = head,
                          .at = s->node->text.start,
                          .loop = key_value(s, "for"),
                          .otherwise = text_value(s, stanza_is(s->node, "risk") ? "says" : "else")};
    bool ok = true;
    if (stanza_is(s->node, "risk")) {
        probe.kind = PROBE_COND;
    } else if (strcmp(head, "log") == 0) {
        probe.kind = PROBE_LOG;
        ok = read_heard(s, &probe.heard);
    } else if (starts_with(head, "session ")) {
        probe.kind = PROBE_SESSION;
        ok = read_talk(s, &probe.talk);
    } else {
        probe.kind = PROBE_COND;
        ok = words_cond(s->fix, NULL, head, s->node->text.start, &probe.cond, s->err);
    }
    if (!ok || !check_probe_keys(s, probe.kind) || !read_whens(s, NULL, &probe.when, &probe.n_when))
        return false;
    if (stanza_is(s->node, "require") && probe.otherwise == NULL)
        return refuse(s, s->node,
                      "a require needs 'else' with the reason that is shown when it does not hold");
    if (stanza_is(s->node, "risk") && probe.otherwise == NULL)
        return refuse(s, s->node, "a risk needs 'says'");
    *list = arena_append(*list, n, sizeof(probe), &probe);
    return true;
}

/* ---- actions ---- */

/* after rebuild PLACE: tables only. */
static bool read_rebuild(const struct stanza *s, struct after *after)
{
    const char *value = stanza_value(s->node), *place = value + strlen("rebuild");
    after->kind = AFTER_REBUILD;
    if (!words_place(s->fix, NULL, place, s->node->text.start + (size_t)(place - value), &after->place,
                     s->err))
        return false;
    return after->place.noun == NOUN_TABLE
               ? true
               : refuse(s, s->node, "only tables can be rebuilt: rebuild DOCUMENT table ...");
}

static bool read_after_words(const struct stanza *s, struct after *after)
{
    struct strings words = strings_split(stanza_value(s->node), " \t");
    bool known = false;
    if (words.n > 1 && strcmp(words.item[0], "rebuild") == 0)
        return read_rebuild(s, after);
    for (int i = DO_RELOAD; i <= DO_DISABLE && words.n == 2; i++)
        if (strcmp(service_verb[(enum verb)i], words.item[0]) == 0) {
            after->verb = (enum verb)i;
            known = true;
        }
    if (words.n == 2 && strcmp(words.item[0], "flush") == 0) {
        after->kind = AFTER_FLUSH;
        known = true;
    }
    if (!known)
        return refuse(
            s, s->node,
            "expected: after reload|restart|start|stop|enable|disable|flush DAEMON, or after rebuild PLACE");
    after->daemon = words.item[1];
    if (after->kind == AFTER_FLUSH && service_known(after->daemon) &&
        service_flush_command(after->daemon) == NULL)
        return refuse(s, s->node, "mailfix knows no queue of that daemon");
    if (service_known(after->daemon))
        return true;
    struct strings names = service_names();
    return refuse(s, s->node, arena_printf(_("unknown daemon; there are: %s"), strings_join(&names, " ")));
}

static bool read_after(const struct stanza *s)
{
    struct after after = {.loop = key_value(s, "for"), .at = s->node->text.start};
    if (!read_after_words(s, &after) || !read_whens(s, NULL, &after.when, &after.n_when))
        return false;
    s->fix->after = arena_append(s->fix->after, &s->fix->n_after, sizeof(after), &after);
    return true;
}

/* ---- any ---- */

static bool read_effect(const struct stanza *s)
{
    for (int i = STOPS_MAIL; i <= NOISE; i++)
        if (strcmp(effect_name((enum effect)i), stanza_value(s->node)) == 0)
            s->fix->effect = (enum effect)i;
    return true;
}

/* title, about and advice are stanzas of their own, and so are their twins, in any order. */
static bool read_text(const struct stanza *s)
{
    const struct {
        const char *label;
        const char **slot;
        bool literal;
    } texts[] = {
        {"title", &s->fix->title, false}, {"about", &s->fix->about, true}, {"advice", &s->fix->advice, true}};
    bool twin = ends_with(s->node->label, ".ja"), wanted = strcmp(language_code(), "ja") == 0;
    for (size_t i = 0; i < COUNT(texts); i++) {
        if (!stanza_is(s->node, texts[i].label) && !stanza_is(s->node, arena_printf("%s.ja", texts[i].label)))
            continue;
        if (twin ? wanted : !wanted || *texts[i].slot == NULL)
            *texts[i].slot = texts[i].literal ? literal_of(s->node) : stanza_value(s->node);
        return true;
    }
    return false;
}

static bool read_any(const struct stanza *s)
{
    struct fix *fix = s->fix;
    const struct node *node = s->node;
    if (read_text(s))
        return true;
    if (stanza_is(node, "effect"))
        return read_effect(s);
    else if (stanza_is(node, "see"))
        strings_add(&fix->see, stanza_value(node));
    else if (stanza_is(node, "independent"))
        fix->independent = strings_split(stanza_value(node), " \t");
    else if (stanza_is(node, "rows"))
        return read_rows(s);
    else if (stanza_is(node, "param"))
        return read_param(s);
    else if (stanza_is(node, "symptom"))
        return read_probe(s, &fix->symptom, &fix->n_symptom);
    else if (stanza_is(node, "still"))
        return read_probe(s, &fix->still, &fix->n_still);
    else if (stanza_is(node, "consequence"))
        return read_probe(s, &fix->consequence, &fix->n_consequence);
    else if (stanza_is(node, "require"))
        return read_probe(s, &fix->require, &fix->n_require);
    else if (stanza_is(node, "risk"))
        return read_probe(s, &fix->risk, &fix->n_risk);
    else if (stanza_is(node, "verify"))
        return read_probe(s, &fix->verify, &fix->n_verify);
    else if (stanza_is(node, "edit"))
        return stanza_edit(fix, node, s->err);
    else if (stanza_is(node, "after"))
        return read_after(s);
    return true; /* remarks, blank lines */
}

bool stanza_read(struct fix *fix, const struct node *node, struct err *err)
{
    struct stanza s = {fix, node, err};
    return read_any(&s);
}
