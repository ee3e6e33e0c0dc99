/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Literals of patterns; see pattern_literal.h.
 *
 * Protocol: a run of characters, of groups whose alternatives are characters only, and of what may be there
 * or not is a piece: the texts that it can match. So is a group that is more than characters: the literals of
 * its alternatives. Of the pieces that stand one behind the other in a pattern the one is chosen whose
 * shortest text is the longest; of two the later, which says more in a log line.
 *
 * Limits: a form of PCRE2 that is not known here (options, \Q, \x, conditions, verbs) makes that nothing is
 * said of the whole pattern. What may be there any number of times, and what stands in a look-around or in
 * (?i:...), counts for nothing. A run ends where it could match more than PRODUCT texts.
 */
#include "pattern_literal.h"

#include <string.h>

#define PRODUCT 16

struct reading {
    const char *p;
    bool unknown; /* a form that is not known: nothing is said */
};

/* Of a part of a pattern: each text that it matches holds one of the literals, or, whole, is one of them. Of
 * a part that is whole one may be empty. */
struct said {
    struct strings literals;
    bool whole;
};

/* The best piece so far, and the one that is being read: one of the starts, then the tail. whole: nothing
 * stood before it. */
struct choice {
    struct strings best, starts;
    struct buf tail;
    bool whole;
};

static const struct strings nothing = {.item = (const char *[]){""}, .n = 1};

static size_t shortest(const struct strings *literals)
{
    size_t least = literals->n == 0 ? 0 : SIZE_MAX;
    for (size_t i = 0; i < literals->n; i++)
        if (strlen(literals->item[i]) < least)
            least = strlen(literals->item[i]);
    return least;
}

static void offer(struct choice *choice, const struct strings *literals)
{
    size_t least = shortest(literals);
    if (least > 0 && least >= shortest(&choice->best))
        choice->best = *literals;
}

/* The tail becomes the end of each start. */
static void join_tail(struct choice *choice)
{
    struct strings joined = {0};
    for (size_t i = 0; i < choice->starts.n && choice->tail.len > 0; i++)
        strings_add(&joined, arena_printf("%s%s", choice->starts.item[i], buf_text(&choice->tail)));
    if (choice->tail.len > 0)
        choice->starts = joined;
    choice->tail = (struct buf){0};
}

/* What comes next in the text is not known. */
static void end_run(struct choice *choice)
{
    join_tail(choice);
    offer(choice, &choice->starts);
    choice->starts = nothing;
    choice->whole = false;
}

/* One of those comes next in the text, or when perhaps is set none of them. */
static void extend_run(struct choice *choice, const struct strings *literals, bool perhaps)
{
    struct strings next = {0}, joined = {0};
    for (size_t i = 0; i < literals->n; i++)
        strings_add(&next, literals->item[i]);
    if (perhaps)
        strings_add(&next, "");
    join_tail(choice);
    if (choice->starts.n * next.n > PRODUCT)
        end_run(choice);
    for (size_t i = 0; i < choice->starts.n; i++)
        for (size_t k = 0; k < next.n; k++)
            strings_add(&joined, arena_printf("%s%s", choice->starts.item[i], next.item[k]));
    choice->starts = joined;
}

/* What a quantifier does to what stands before it. */
enum times { ONCE, PERHAPS, SOME, ANY };

static enum times read_quantifier(struct reading *r)
{
    enum times times = ONCE;
    size_t braces = 0;
    if (*r->p == '{' && r->p[1 + strspn(r->p + 1, "0123456789,")] == '}')
        braces = strspn(r->p + 1, "0123456789,") + 2;
    if (braces > 0 || *r->p == '*')
        times = ANY;
    else if (*r->p == '?')
        times = PERHAPS;
    else if (*r->p == '+')
        times = SOME;
    r->p += braces > 0 ? braces : times != ONCE;
    if (times != ONCE && (*r->p == '?' || *r->p == '+'))
        r->p++;
    return times;
}

static void skip_class(struct reading *r)
{
    r->p += r->p[1] == '^' ? 2 : 1;
    if (*r->p == ']')
        r->p++;
    while (*r->p != ']' && *r->p != '\0') {
        r->unknown |= r->p[0] == '\\' && r->p[1] == 'Q';
        if (r->p[0] == '[' && r->p[1] == ':') {
            const char *end = strstr(r->p, ":]");
            r->p = end != NULL ? end + 2 : r->p + 1;
        } else {
            r->p += r->p[0] == '\\' && r->p[1] != '\0' ? 2 : 1;
        }
    }
    r->p += *r->p == ']';
}

/* Behind a backslash: the character that it means, or 0: a kind of character, a place. */
static char read_escape(struct reading *r)
{
    char c = r->p[1];
    bool word = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    r->unknown |= c == '\0' || (word && strchr("dDwWsSbBAzZhHvVRtnrfae", c) == NULL);
    r->p += c != '\0' ? 2 : 1;
    return word ? '\0' : c;
}

static struct said read_alternatives(struct reading *r);

/* Behind "(": what opens it. True: a group whose text is part of the match. */
static bool read_opening(struct reading *r)
{
    static const char *const plain[] = {"?:", "?>", "?|"}, *const around[] = {"?=", "?!", "?<=", "?<!",
                                                                              "?i:"};
    for (size_t i = 0; i < COUNT(around); i++)
        if (starts_with(r->p, around[i])) {
            r->p += strlen(around[i]);
            return false;
        }
    for (size_t i = 0; i < COUNT(plain); i++)
        if (starts_with(r->p, plain[i])) {
            r->p += strlen(plain[i]);
            return true;
        }
    bool named = starts_with(r->p, "?<") || starts_with(r->p, "?P<");
    const char *end = named ? strchr(r->p, '>') : r->p - 1;
    r->unknown |= end == NULL || (!named && (*r->p == '?' || *r->p == '*'));
    r->p = end != NULL ? end + 1 : r->p;
    return true;
}

static struct said read_group(struct reading *r)
{
    r->p++;
    bool taken = read_opening(r);
    struct said said = read_alternatives(r);
    r->unknown |= *r->p != ')';
    r->p += *r->p == ')';
    return taken ? said : (struct said){0};
}

/* A character of the text; 0: what is none, a kind of character or a place. */
static char read_one(struct reading *r)
{
    char c = *r->p;
    if (c == '\\')
        return read_escape(r);
    if (c == '[') {
        skip_class(r);
        return '\0';
    }
    r->p++;
    return strchr(".^$", c) != NULL ? '\0' : c;
}

static struct said one_character(char c)
{
    struct said said = {.whole = c != '\0'};
    if (said.whole)
        strings_add(&said.literals, arena_copy(&c, 1));
    return said;
}

static struct said read_sequence(struct reading *r)
{
    struct choice choice = {.starts = nothing, .whole = true};
    while (*r->p != '\0' && *r->p != '|' && *r->p != ')' && !r->unknown) {
        bool group = *r->p == '(';
        struct said said = group ? read_group(r) : (struct said){0};
        char c = group ? '\0' : read_one(r);
        enum times times = read_quantifier(r);
        if (c != '\0' && times == ONCE) {
            buf_add(&choice.tail, &c, 1);
            continue;
        }
        if (!group)
            said = one_character(c);
        if (said.whole && times != ANY)
            extend_run(&choice, &said.literals, times == PERHAPS);
        if (said.whole && (times == ONCE || times == PERHAPS))
            continue;
        end_run(&choice);
        if (times == ONCE || times == SOME)
            offer(&choice, &said.literals);
    }
    if (choice.whole) {
        join_tail(&choice);
        return (struct said){choice.starts, true};
    }
    end_run(&choice);
    return (struct said){choice.best, false};
}

/* What each alternative brings, or nothing when one brings nothing. */
static struct said read_alternatives(struct reading *r)
{
    struct said all = {.whole = true};
    bool each = true;
    for (bool more = true; more && !r->unknown; r->p += more) {
        struct said said = read_sequence(r);
        each &= said.literals.n > 0;
        all.whole &= said.whole;
        for (size_t i = 0; i < said.literals.n; i++)
            strings_add(&all.literals, said.literals.item[i]);
        more = *r->p == '|';
    }
    return each ? all : (struct said){0};
}

struct strings pattern_literals(const char *re)
{
    struct reading r = {.p = re};
    struct said said = read_alternatives(&r);
    bool known = !r.unknown && *r.p == '\0' && shortest(&said.literals) > 0;
    return known ? said.literals : (struct strings){0};
}
