/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where a text is cut for its lens; see tree_cut.h.
 *
 * A part has about 100 lines, or one unit that has more: a logical line of Postfix's with the comments in it,
 * a stanza of a fix, a section of Dovecot's. A unit of more than 500 lines is read in parts itself. Comments
 * of a master.cf stay together up to a blank line, because a commented-out service has its options there.
 *
 * Limits: of a block of more than 100 comments in a master.cf, a commented-out service begins a new part, and
 * a block of 200 ends one: options behind that are plain comments. So is a comment of more than 500 words
 * there. Refused are a service of more than 500 words, a stanza, a setting of Dovecot's and a run of
 * comments inside a value of more than 500 lines, and sections more than MOST_OPEN deep.
 */
#include "tree_cut.h"

#include "dovecot.h"

#include <string.h>

#define PART_LINES 100
#define UNIT_LINES 500
#define UNIT_WORDS 500
#define BLOCK_LINES 500
#define LENS_DEPTH 3 /* sections in one another that the lens of Dovecot reads */

#define WHITE " \t\v\f\r"

/* ---- lines ---- */

static size_t line_len(const char *text, size_t len)
{
    const char *end = memchr(text, '\n', len);
    return end != NULL ? (size_t)(end + 1 - text) : len;
}

static size_t margin_len(const char *white, const char *line, size_t len)
{
    size_t margin = 0;
    while (margin < len && strchr(white, line[margin]) != NULL)
        margin++;
    return margin;
}

static char first_of(const char *line, size_t len)
{
    size_t margin = margin_len(WHITE, line, len);
    return margin < len ? line[margin] : '\n';
}

static bool is_calm(const char *line, size_t len)
{
    return strchr("#\n", first_of(line, len)) != NULL;
}

static bool starts_logical_line(char c)
{
    return strchr(WHITE "\n#", c) == NULL;
}

/* Text behind white space: before the first logical line it continues nothing, and Postfix drops it. */
static bool is_stray(const char *line, size_t len)
{
    return strchr(WHITE, line[0]) != NULL && !is_calm(line, len);
}

static size_t count_words(const char *text, size_t len)
{
    size_t words = 0;
    for (size_t i = 0; i < len; i++)
        words += strchr(WHITE "\n", text[i]) == NULL && (i == 0 || strchr(WHITE "\n", text[i - 1]) != NULL);
    return words;
}

/* ---- units ---- */

struct unit {
    size_t len, lines, words;
    size_t calm;    /* the lines of the longest run of comments in it */
    size_t calm_at; /* and where that begins */
};

/* Adds lines that continue a logical line, and the comments before them, until there are at least so many. */
static void continue_unit(struct unit *unit, const char *text, size_t len, size_t least)
{
    size_t run = 0, run_at = unit->len;
    for (size_t at = unit->len; at < len && !starts_logical_line(text[at]) && unit->lines < least;) {
        size_t n = line_len(text + at, len - at);
        char first = first_of(text + at, n);
        at += n;
        run += first == '#';
        if (strchr("#\n", first) != NULL)
            continue;
        if (run > unit->calm) {
            unit->calm = run;
            unit->calm_at = run_at;
        }
        unit->lines += run + 1;
        unit->words += count_words(text + at - n, n);
        unit->len = run_at = at;
        run = 0;
    }
}

static struct unit logical_line(const char *text, size_t len, size_t least)
{
    struct unit unit = {.len = line_len(text, len), .lines = 1};
    unit.words = count_words(text, unit.len);
    continue_unit(&unit, text, len, least);
    return unit;
}

/* The second word is a type of service. */
static bool may_be_service(const char *line, size_t len)
{
    static const char *const types[] = {"inet", "unix", "fifo", "pass", "unix-dgram"};
    size_t at = margin_len(WHITE "#", line, len);
    while (at < len && strchr(WHITE "\n", line[at]) == NULL)
        at++;
    at += margin_len(WHITE, line + at, len - at);
    for (size_t i = 0; i < COUNT(types); i++) {
        size_t n = strlen(types[i]);
        if (n < len - at && memcmp(line + at, types[i], n) == 0 && strchr(WHITE, line[at + n]) != NULL)
            return true;
    }
    return false;
}

/* The comments of a commented-out service stay together. */
static struct unit block(const char *text, size_t len)
{
    struct unit unit = {0};
    while (unit.len < len && first_of(text + unit.len, len - unit.len) == '#' && unit.lines < BLOCK_LINES) {
        size_t n = line_len(text + unit.len, len - unit.len);
        size_t words = n > UNIT_WORDS ? count_words(text + unit.len, n) : 0;
        if (unit.lines > 0 &&
            (words > UNIT_WORDS || (unit.lines >= PART_LINES && may_be_service(text + unit.len, n))))
            break;
        unit.len += n;
        unit.lines++;
        if ((unit.words = words) > UNIT_WORDS)
            break;
    }
    return unit;
}

/* What begins at the margin, with the lines behind white space below it. */
static struct unit stanza(const char *text, size_t len)
{
    struct unit unit = {.len = line_len(text, len), .lines = 1};
    while (unit.len < len && strchr(" \t", text[unit.len]) != NULL) {
        size_t n = line_len(text + unit.len, len - unit.len);
        if (text[unit.len + margin_len(" \t", text + unit.len, n)] == '\n')
            break;
        unit.len += n;
        unit.lines++;
    }
    return unit;
}

static struct unit first_unit(enum lens lens, const char *text, size_t len)
{
    if (lens == LENS_FIX)
        return stanza(text, len);
    if (!is_calm(text, len))
        return logical_line(text, len, len);
    if (lens == LENS_MASTER && first_of(text, len) == '#')
        return block(text, len);
    return (struct unit){.len = line_len(text, len), .lines = 1};
}

/* ---- a unit that is too long for the lens ---- */

/* A logical line that a value's next lines can follow, and its nodes. */
static const char *stand_in(enum lens lens, size_t *ret_n)
{
    static const char *const lines[N_LENS] = {
        [LENS_MAIN] = "a = b\n", [LENS_TRANSPORT] = "a b\n", [LENS_ALIASES] = "a: b\n"};
    *ret_n = 1;
    return lines[lens];
}

static struct part refuse(size_t at, const char *why)
{
    return (struct part){.len = at, .refused = true, .why = why};
}

/* The next lines of the value that is read in parts. */
static struct part more_of_value(struct cutter *c)
{
    struct unit unit = {0};
    continue_unit(&unit, c->read + c->at, c->value_end - c->at, PART_LINES);
    struct part part = {.len = unit.len, .closes = c->at + unit.len == c->value_end};
    part.head = stand_in(c->lens, &part.n_head);
    if (part.closes)
        c->value_end = 0;
    return part;
}

static struct part long_unit(struct cutter *c, const struct unit *unit)
{
    size_t n;
    if (c->lens == LENS_FIX)
        return refuse(0, N_("expected a stanza of at most 500 lines"));
    if (c->lens == LENS_MASTER)
        return refuse(0,
                      N_("expected a service of at most 500 words and 500 lines; parameters that it shares "
                         "with others can be set in main.cf"));
    if (stand_in(c->lens, &n) == NULL || unit->calm > UNIT_LINES)
        return refuse(
            unit->calm_at,
            N_("expected at most 500 comments in a row inside a value; those at the margin in front of "
               "the value can be as many as you like"));
    struct part part = {.len = logical_line(c->read + c->at, unit->len, PART_LINES).len};
    part.opens = part.len < unit->len;
    c->value_end = part.opens ? c->at + unit->len : 0;
    return part;
}

/* ---- parts ---- */

static struct part next_of_lines(struct cutter *c)
{
    struct part part = {0};
    const char *text = c->read + c->at;
    size_t left = c->len - c->at, lines = 0;
    if (c->value_end > 0)
        return more_of_value(c);
    if (!c->started && is_stray(text, left))
        return (struct part){.len = line_len(text, left), .plain = true};
    while (part.len < left && lines < PART_LINES) {
        const char *from = text + part.len;
        if (!c->started && is_stray(from, left - part.len))
            break;
        struct unit unit = first_unit(c->lens, from, left - part.len);
        bool calm = is_calm(from, left - part.len);
        bool is_long = unit.lines > UNIT_LINES || (c->lens == LENS_MASTER && unit.words > UNIT_WORDS);
        if (part.len > 0 && (is_long || lines + unit.lines > PART_LINES))
            break;
        c->started |= !calm;
        if (is_long)
            return calm && c->lens == LENS_MASTER ? (struct part){.len = unit.len, .plain = true}
                                                  : long_unit(c, &unit);
        part.len += unit.len;
        lines += unit.lines;
    }
    return part;
}

static struct part close_section(struct cutter *c, size_t len)
{
    c->n_open--;
    return (struct part){.len = len, .head = "a {\n", .closes = true};
}

/* What closes the sections that 1.x lets stay open at the end of the text, of those that one part may have.
 */
static const char *missing_ends(const struct cutter *c, int open)
{
    static const char ends[] = "}\n}\n}\n";
    _Static_assert(sizeof ends == 2 * LENS_DEPTH + 1, "two bytes a section");
    return open > 0 && open <= LENS_DEPTH && dovecot_is_1x(c->read, c->len) ? ends + 2 * (LENS_DEPTH - open)
                                                                            : NULL;
}

static struct part long_section(struct cutter *c, const struct dovecot_unit *unit)
{
    if (unit->deepest == 0)
        return refuse(0, N_("expected a setting of at most 500 lines"));
    if (c->n_open == MOST_OPEN)
        return refuse(0, N_("expected at most 16 sections in one another"));
    c->open[c->n_open++] = c->at;
    return (struct part){.len = unit->opening, .tail = "}\n", .opens = true};
}

static struct part next_of_sections(struct cutter *c)
{
    struct part part = {0};
    size_t left = c->len - c->at, lines = 0;
    while (part.len < left && lines < PART_LINES) {
        struct dovecot_unit unit = dovecot_unit(c->read + c->at + part.len, left - part.len);
        bool closes = unit.closes && c->n_open > 0;
        bool is_long = unit.lines > UNIT_LINES || unit.deepest > LENS_DEPTH;
        if (part.len > 0 && (closes || is_long || lines + unit.lines > PART_LINES))
            break;
        if (closes)
            return close_section(c, unit.len);
        if (is_long)
            return long_section(c, &unit);
        part.len += unit.len;
        lines += unit.lines;
        part.tail = missing_ends(c, unit.left_open);
    }
    return part;
}

/* The text ends inside a section that is read in parts. */
static struct part end_of_text(struct cutter *c)
{
    const char *end = missing_ends(c, 1);
    if (end == NULL) {
        c->at = c->open[c->n_open - 1];
        return refuse(0, NULL);
    }
    struct part part = close_section(c, 0);
    part.tail = end;
    return part;
}

/* Blank, or a comment of a master.cf that is neither a service nor an option. */
static bool is_plain(enum lens lens, const char *line, size_t len)
{
    size_t margin = margin_len(lens == LENS_FIX ? " \t" : WHITE, line, len);
    if (margin == len || line[margin] == '\n')
        return true;
    if (lens != LENS_MASTER || line[margin] != '#' || may_be_service(line, len))
        return false;
    margin += margin_len(WHITE "#", line + margin, len - margin);
    return len - margin < 2 || memcmp(line + margin, "-o", 2) != 0;
}

/* The plain lines that a text begins with, when they are more than a part has. */
static size_t plain_lines(enum lens lens, const char *text, size_t len)
{
    size_t at = 0, lines = 0;
    for (; at < len; lines++) {
        size_t n = line_len(text + at, len - at);
        if (!is_plain(lens, text + at, n))
            break;
        at += n;
    }
    return lines > PART_LINES ? at : 0;
}

bool cut_next(struct cutter *c, struct part *ret_part)
{
    if (c->at >= c->len && c->n_open == 0)
        return false;
    if (c->at >= c->len) {
        *ret_part = end_of_text(c);
        return true;
    }
    size_t plain = c->value_end > 0 ? 0 : plain_lines(c->lens, c->read + c->at, c->len - c->at);
    if (plain > 0)
        *ret_part = (struct part){.len = plain, .plain = true};
    else
        *ret_part = c->lens == LENS_DOVECOT ? next_of_sections(c) : next_of_lines(c);
    if (!ret_part->refused)
        c->at += ret_part->len;
    return true;
}
