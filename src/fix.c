/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Fix files; see fix.h and mailfix-fix(5).
 *
 * The lens holds which stanzas there are and which keys each takes; this file reads what the values say, and
 * words.c the small languages in them. First every stanza becomes a value, then the whole is checked: what
 * must be there, and that every placeholder can be filled.
 *
 * Limits: a word of the format that no shipped fix needs yet is refused like any other unknown word.
 */
#include "fix.h"

#include "edit_literal.h"
#include "language.h"
#include "service.h"
#include "stanza.h"
#include "tree.h"
#include "value.h"
#include "words.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char *const EFFECTS[] = {"stops-mail", "harms-mail", "risk", "noise"};

const char *effect_name(enum effect effect)
{
    return EFFECTS[effect];
}

bool fix_is_advice(const struct fix *fix)
{
    return fix->n_step == 0 && fix->n_after == 0;
}

const char *fix_after_sentence(const struct after *after)
{
    if (after->kind == AFTER_REBUILD)
        return arena_printf("rebuild %s", after->place.written);
    return arena_printf("%s %s", after->kind == AFTER_FLUSH ? "flush" : service_verb[after->verb],
                        after->daemon);
}

const char *fix_probe_sentence(const struct probe *probe, const char *text)
{
    if (probe->kind == PROBE_SESSION)
        return arena_printf("%s%s%s", text, probe->talk.starttls ? _(" with STARTTLS") : "",
                            probe->talk.times > 1 ? arena_printf(_(", %d times"), probe->talk.times) : "");
    if (probe->kind == PROBE_COND && probe->cond.kind == COND_QUIET)
        return arena_printf(_("the fault stays out of the mail log for %s"), probe->cond.words.item[0]);
    return text;
}

const char *fix_param_field(const struct param *param, const char *name, const char *value)
{
    size_t len = strlen(param->name);
    if (strcmp(param->name, name) == 0)
        return value != NULL ? value : name;
    if (param->type == NULL || strncmp(param->name, name, len) != 0 || name[len] != '.')
        return NULL;
    return value_field(param->type, value, name + len + 1);
}

bool fix_error(const struct fix *fix, size_t at, struct err *err, const char *fmt, ...)
{
    char sentence[600];
    va_list ap;
    va_start(ap, fmt);
    text_vprint(sentence, sizeof(sentence), gettext(fmt), ap);
    va_end(ap);
    struct position p = text_position(fix->text, fix->len, at);
    return err_set(err, "%s:%zu:%zu: %s\n%s", fix->file, p.line, p.column, sentence,
                   language_caret(p.start, p.len, p.column));
}

/* ---- the whole ---- */

static bool check_name(struct fix *fix, const struct node *first, struct err *err)
{
    const char *slash = strrchr(fix->file, '/');
    const char *base = slash != NULL ? slash + 1 : fix->file;
    fix->name = stanza_value(first);
    if (strcmp(base, arena_printf("%s.fix", fix->name)) != 0)
        return fix_error(fix, first->text.start, err, "the fix calls itself '%s', so its file must be %s.fix",
                         fix->name, fix->name);
    return true;
}

/* The name in "{name}" or "{name.field}" can be filled: a parameter, a column of the rows that the stanza's
 * own `for` names, a field of the rows of the edit, a fact. */
static bool fillable(const struct fix *fix, const char *loop, const struct step *step, const char *name)
{
    static const char *const facts[] = {"postfix.version",
                                        "postfix.config-directory",
                                        "postfix.queue-directory",
                                        "postfix.data-directory",
                                        "postfix.default-table-type",
                                        "dovecot.version",
                                        "dovecot.config-file",
                                        "host.name",
                                        "host.ipv6"};
    for (size_t i = 0; i < COUNT(facts); i++)
        if (strcmp(facts[i], name) == 0)
            return true;
    for (size_t i = 0; i < fix->n_param; i++)
        if (fix_param_field(&fix->param[i], name, NULL) != NULL)
            return true;
    const char *noun = step != NULL && step->has_each ? words_noun(step->each.noun) : "";
    size_t noun_len = strlen(noun);
    if (noun_len > 0 && strncmp(noun, name, noun_len) == 0 && name[noun_len] == '.' &&
        words_noun_has(step->each.noun, name + noun_len + 1))
        return true;
    for (size_t i = 0; i < fix->n_rows; i++) {
        size_t len = strlen(fix->rows[i].name);
        if (strcmp(fix->rows[i].name, loop) == 0 && strncmp(loop, name, len) == 0 && name[len] == '.' &&
            strings_have(&fix->rows[i].columns, name + len + 1))
            return true;
    }
    return false;
}

static bool check_placeholders(const struct fix *fix, const char *loop, const struct step *step,
                               const struct node *node, struct err *err)
{
    if (node->label[0] == '#' || stanza_is(node, "about") || stanza_is(node, "advice") ||
        stanza_is(node, "about.ja") || stanza_is(node, "advice.ja") || stanza_is(node, "matching") ||
        stanza_is(node, "see") || stanza_is(node, "rows") || stanza_is(node, "printed-by"))
        return true;
    const char *value = stanza_value(node);
    for (const char *open = strchr(value, '{'); open != NULL; open = strchr(open + 1, '{')) {
        const char *close = strchr(open, '}');
        bool postfix_own = open > value && open[-1] == '$';
        bool quantifier = isdigit((unsigned char)open[1]); /* of a pattern: a name begins with a letter */
        /* -o { name = value }, and the brace that opens a section at the end of a line. */
        bool group = stanza_is(node, "text") && (open[1] == '\0' || isspace((unsigned char)open[1]));
        if (postfix_own || quantifier || group)
            continue;
        if (close == NULL || !fillable(fix, loop, step, arena_copy(open + 1, (size_t)(close - open) - 1)))
            return fix_error(
                fix, node->text.start + (size_t)(open - value), err,
                "nothing fills this placeholder: it is no parameter of the fix, no column of the "
                "rows that 'for' names, no field of the rows of 'each' and no fact");
    }
    for (size_t i = 0; i < node->n_child; i++)
        if (!check_placeholders(fix, loop, step, &node->child[i], err))
            return false;
    return true;
}

/* The step that an edit stanza was read into; NULL: it is none. */
static const struct step *step_of(const struct fix *fix, const struct node *stanza)
{
    for (size_t i = 0; stanza_is(stanza, "edit") && i < fix->n_step; i++)
        if (fix->step[i].at == stanza->text.start)
            return &fix->step[i];
    return NULL;
}

bool fix_check_literals(const struct fix *fix, struct err *err)
{
    for (size_t i = 0; i < fix->n_step; i++)
        if (fix->step[i].n_literal > 0 && !literal_check(fix, &fix->step[i], err))
            return false;
    return true;
}

static bool captured(const struct fix *fix, const char *name)
{
    for (size_t i = 0; i < fix->n_symptom; i++)
        if (fix->symptom[i].kind == PROBE_LOG &&
            strings_have(pattern_names(fix->symptom[i].heard.matching), name))
            return true;
    return false;
}

/* `log NAME` of a source and `seen NAME` of a condition name what a log symptom captures. */
static bool check_captures(const struct fix *fix, const struct node *node, struct err *err)
{
    static const char *const heads[] = {"when", "default", "from", "symptom", "require", "still", "verify"};
    bool source = stanza_is(node, "from") || stanza_is(node, "offer"), cond = false;
    for (size_t i = 0; i < COUNT(heads); i++)
        cond |= stanza_is(node, heads[i]);
    struct strings words = strings_split(source || cond ? stanza_value(node) : "", " \t");
    for (size_t i = 0; i + 1 < words.n; i++) {
        const char *before = i > 0 ? words.item[i - 1] : "when";
        bool starts = strcmp(before, "when") == 0 || strcmp(before, "not") == 0;
        bool names = (i == 0 && source && strcmp(words.item[i], "log") == 0) ||
                     (starts && cond && strcmp(words.item[i], "seen") == 0);
        if (names && !captured(fix, words.item[i + 1]))
            return fix_error(fix, node->text.start, err, "no log symptom of this fix captures '%s'",
                             words.item[i + 1]);
    }
    for (size_t i = 0; i < node->n_child; i++)
        if (!check_captures(fix, &node->child[i], err))
            return false;
    return true;
}

/* A daemon that stands for a parameter is one of type daemon; what it is filled with is checked by then. */
static bool check_after_daemons(const struct fix *fix, struct err *err)
{
    for (size_t i = 0; i < fix->n_after; i++) {
        const char *daemon = fix->after[i].daemon;
        bool fits = daemon == NULL || daemon[0] != '{';
        for (size_t k = 0; k < fix->n_param && !fits; k++)
            fits = fix->param[k].type != NULL && strcmp(fix->param[k].type, "daemon") == 0 &&
                   !fix->param[k].several && strcmp(daemon, arena_printf("{%s}", fix->param[k].name)) == 0;
        if (!fits)
            return fix_error(fix, fix->after[i].at, err,
                             "what stands for a daemon here is a parameter of type daemon, with one value");
    }
    return true;
}

static bool known_loop(const struct fix *fix, const char *loop)
{
    for (size_t i = 0; i < fix->n_rows; i++)
        if (strcmp(fix->rows[i].name, loop) == 0)
            return true;
    for (size_t i = 0; i < fix->n_param; i++)
        if (fix->param[i].several && strcmp(fix->param[i].name, loop) == 0)
            return true;
    return false;
}

static bool check_loops(const struct fix *fix, const struct node *node, size_t n, struct err *err)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < node[i].n_child; k++)
            if (stanza_is(&node[i].child[k], "for") && !known_loop(fix, stanza_value(&node[i].child[k])))
                return fix_error(
                    fix, node[i].child[k].text.start, err,
                    "'for' takes the name of rows, or of a parameter that can be given several times");
    return true;
}

bool fix_parse(const char *file, const char *text, size_t len, struct fix **ret_fix, struct err *err)
{
    struct fix_text parsed = {.text = text, .len = len};
    return tree_parse(LENS_FIX, file, text, len, &parsed.node, &parsed.n, err) &&
           fix_read(file, &parsed, ret_fix, err) && fix_check_literals(*ret_fix, err);
}

bool fix_read(const char *file, const struct fix_text *text, struct fix **ret_fix, struct err *err)
{
    struct fix *fix = arena_alloc(sizeof(*fix));
    const struct node *node = text->node;
    size_t n = text->n, first = 0;
    bool has_effect = false, has_title = false;
    fix->file = file;
    fix->text = text->text;
    fix->len = text->len;
    while (first < n && node[first].label[0] == '#')
        first++;
    if (first == n || !stanza_is(&node[first], "fix"))
        return fix_error(fix, first < n ? node[first].span.start : 0, err,
                         "a fix file begins with: fix NAME");
    if (!check_name(fix, &node[first], err))
        return false;
    for (size_t i = first + 1; i < n; i++) {
        has_effect |= stanza_is(&node[i], "effect");
        has_title |= stanza_is(&node[i], "title");
        if (stanza_is(&node[i], "fix"))
            return fix_error(fix, node[i].text.start, err, "a file holds one fix");
        if (!stanza_read(fix, &node[i], err))
            return false;
    }
    if (!has_title || !has_effect)
        return fix_error(fix, node[first].span.start, err, "a fix needs a title and an effect");
    for (size_t i = 0; i < n; i++) {
        const struct node *loop = node_child(&node[i], "for");
        if (!check_placeholders(fix, loop != NULL ? stanza_value(loop) : "", step_of(fix, &node[i]), &node[i],
                                err) ||
            !check_captures(fix, &node[i], err))
            return false;
    }
    if (!check_loops(fix, node, n, err) || !check_after_daemons(fix, err))
        return false;
    *ret_fix = fix;
    return true;
}
