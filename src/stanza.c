/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One stanza of a fix file; see stanza.h.
 *
 * The lens has seen to it that only keys stand here that the stanza can take; what they say, how often they
 * may stand and which belong together is read here. The small languages in the values are words.c's.
 *
 * Limits: a word of the format that no shipped fix needs yet is refused like any other unknown word.
 */
#include "stanza_private.h"

#include "language.h"
#include "service.h"
#include "words.h"

#include <stdlib.h>
#include <string.h>

/* ---- reading one stanza ---- */

const char *stanza_key(const struct stanza *s, const char *key)
{
    const struct node *node = node_child(s->node, key);
    return node != NULL ? stanza_value(node) : NULL;
}

const char *stanza_text(const struct stanza *s, const char *key)
{
    const char *twin = stanza_key(s, arena_printf("%s.%s", key, language_code()));
    return twin != NULL ? twin : stanza_key(s, key);
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

bool stanza_whens(const struct stanza *s, const char *document, struct cond **ret_when, size_t *ret_n)
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

/* 10s, 5m, 2h: seconds; 0: it is no time. */
static int seconds_of(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    int unit = text[digits] == 's' ? 1 : text[digits] == 'm' ? 60 : text[digits] == 'h' ? 3600 : 0;
    return digits < 1 || digits > 4 || unit == 0 || text[digits + 1] != '\0' ? 0 : atoi(text) * unit;
}

/* What ties a consequence to its cause. */
static bool read_tie(const struct stanza *s, struct heard *heard)
{
    const struct node *same = node_child(s->node, "same"), *within = node_child(s->node, "within");
    const struct strings *names = pattern_names(heard->matching);
    if (!check_once(s, "same") || !check_once(s, "within"))
        return false;
    if (!stanza_is(s->node, "consequence") && (same != NULL || within != NULL))
        return refuse(s, same != NULL ? same : within, "only a consequence has this key");
    heard->within = within != NULL ? seconds_of(stanza_value(within)) : 0;
    if (within != NULL && heard->within == 0)
        return refuse(s, within, "expected a time, such as 60s, 5m or 1h");
    heard->same = strings_split(same != NULL ? stanza_value(same) : "", " \t");
    for (size_t i = 0; i < heard->same.n; i++) {
        const char *name = heard->same.item[i];
        if (strcmp(name, "pid") != 0 && strcmp(name, "program") != 0 && strcmp(name, "host") != 0 &&
            !strings_have(names, name))
            return refuse(s, same, "expected pid, program, host, or what this line captures");
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
    heard->programs = strings_split(stanza_key(s, "program"), " \t");
    if (stanza_value(matching)[0] != '^')
        return refuse(s, matching, "a log pattern begins with ^, so that quoted text cannot match");
    heard->matching = pattern_compile(stanza_value(matching), &offset, &why);
    if (heard->matching == NULL)
        return fix_error(s->fix, matching->text.start + offset, s->err, "this pattern does not compile: %s",
                         why.text);
    return read_levels(s, heard) && read_tie(s, heard);
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
                          .loop = stanza_key(s, "for"),
                          .otherwise = stanza_text(s, stanza_is(s->node, "risk") ? "says" : "else")};
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
    if (!ok || !check_probe_keys(s, probe.kind) || !stanza_whens(s, NULL, &probe.when, &probe.n_when))
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
    if (after->daemon[0] == '{')
        return true; /* fix.c looks at the parameter, which may stand further down */
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
    struct after after = {.loop = stanza_key(s, "for"), .at = s->node->text.start};
    if (!read_after_words(s, &after) || !stanza_whens(s, NULL, &after.when, &after.n_when))
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
        return stanza_rows(s);
    else if (stanza_is(node, "param"))
        return stanza_param(s);
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
