/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Literals of patterns; see pattern_literal.h.
 *
 * Protocol: of what stands one behind the other in a pattern one piece is chosen: the run of characters, or
 * the group with the literals of its alternatives, whose shortest literal is the longest; of two the later,
 * which says more in a log line.
 *
 * Limits: a form of PCRE2 that is not known here (options, \Q, \x, conditions, verbs) makes that nothing is
 * said of the whole pattern. What may be there or not, and what stands in a look-around or in (?i:...),
 * counts for nothing.
 */
#include "pattern_literal.h"

#include <string.h>

struct reading {
    const char *p;
    bool unknown; /* a form that is not known: nothing is said */
};

/* The best piece so far, and the run of characters that is being read. */
struct choice {
    struct strings best;
    struct buf run;
};

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
    if (literals->n > 0 && shortest(literals) >= shortest(&choice->best))
        choice->best = *literals;
}

static void end_run(struct choice *choice)
{
    struct strings one = {0};
    if (choice->run.len > 0)
        strings_add(&one, buf_text(&choice->run));
    offer(choice, &one);
    choice->run = (struct buf){0};
}

/* What a quantifier does to what stands before it. */
enum times { ONCE, SOME, PERHAPS };

static enum times read_quantifier(struct reading *r)
{
    enum times times = ONCE;
    size_t braces = 0;
    if (*r->p == '{' && r->p[1 + strspn(r->p + 1, "0123456789,")] == '}')
        braces = strspn(r->p + 1, "0123456789,") + 2;
    if (braces > 0 || *r->p == '?' || *r->p == '*')
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

static struct strings read_alternatives(struct reading *r);

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

static struct strings read_group(struct reading *r)
{
    r->p++;
    bool taken = read_opening(r);
    struct strings literals = read_alternatives(r);
    r->unknown |= *r->p != ')';
    r->p += *r->p == ')';
    return taken ? literals : (struct strings){0};
}

/* One character or what is no character, with its quantifier. */
static void read_one(struct reading *r, struct choice *choice)
{
    char c = *r->p;
    if (c == '\\')
        c = read_escape(r);
    else if (c == '[')
        skip_class(r), c = '\0';
    else
        r->p++, c = strchr(".^$", c) != NULL ? '\0' : c;
    enum times times = read_quantifier(r);
    if (c != '\0' && times != PERHAPS)
        buf_add(&choice->run, &c, 1);
    if (c == '\0' || times != ONCE)
        end_run(choice);
}

static struct strings read_sequence(struct reading *r)
{
    struct choice choice = {0};
    while (*r->p != '\0' && *r->p != '|' && *r->p != ')' && !r->unknown) {
        if (*r->p != '(') {
            read_one(r, &choice);
            continue;
        }
        end_run(&choice);
        struct strings literals = read_group(r);
        if (read_quantifier(r) != PERHAPS)
            offer(&choice, &literals);
    }
    end_run(&choice);
    return choice.best;
}

/* What each alternative brings, or nothing when one brings nothing. */
static struct strings read_alternatives(struct reading *r)
{
    struct strings all = {0};
    bool each = true;
    for (bool more = true; more && !r->unknown; r->p += more) {
        struct strings literals = read_sequence(r);
        each &= literals.n > 0;
        for (size_t i = 0; i < literals.n; i++)
            strings_add(&all, literals.item[i]);
        more = *r->p == '|';
    }
    return each ? all : (struct strings){0};
}

struct strings pattern_literals(const char *re)
{
    struct reading r = {.p = re};
    struct strings literals = read_alternatives(&r);
    return r.unknown || *r.p != '\0' ? (struct strings){0} : literals;
}
