/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Log stanzas against a log; see scan.h.
 *
 * Protocol: all memory is taken before the first line, so that a log of any size costs the same. The last
 * causes of each fix are remembered; a consequence is a line that has alike what its stanza says, and comes
 * in time, behind one of them.
 *
 * Limits: 16 causes of a fix, 8 captures of a cause and 255 bytes of a capture are remembered; of each
 * capture the newest SCAN_VALUES values are kept. A line without a time is in time.
 */
#include "scan_private.h"

#include "pattern_literal.h"

#include <string.h>

/* ---- memory ---- */

static void keep_names(struct watch *w, const struct strings *names)
{
    for (size_t i = 0; i < names->n; i++) {
        bool known = false;
        for (size_t k = 0; k < w->n_kept; k++)
            known |= strcmp(w->kept[k].name, names->item[i]) == 0;
        struct kept kept = {.name = names->item[i]};
        if (!known)
            w->kept = arena_append(w->kept, &w->n_kept, sizeof(kept), &kept);
    }
}

/* Notes what a line must hold to be that stanza's; false: it may be any line. */
static bool add_literals(struct scan *scan, const struct heard *heard, struct owner owner)
{
    struct strings literals = pattern_literals(pattern_text(heard->matching));
    bool any = literals.n == 0;
    for (size_t i = 0; i < literals.n; i++)
        any |= strlen(literals.item[i]) < SIEVE_SHORTEST;
    for (size_t i = 0; i < literals.n && !any; i++) {
        strings_add(&scan->literals, literals.item[i]);
        scan->owner = arena_append(scan->owner, &scan->n_owner, sizeof(owner), &owner);
    }
    return !any;
}

/* What makes lines candidates. A stanza that says of no literal that its lines hold it makes all of them. */
static void begin_sieve(struct scan *scan)
{
    bool all = true;
    for (size_t i = 0; i < scan->n; i++) {
        struct watch *w = &scan->watch[i];
        for (size_t k = 0; k < w->fix->n_symptom; k++)
            if (w->fix->symptom[k].kind == PROBE_LOG)
                all &= add_literals(scan, &w->fix->symptom[k].heard, (struct owner){w, &w->symptom_held[k]});
        for (size_t k = 0; k < w->fix->n_consequence; k++)
            all &=
                add_literals(scan, &w->fix->consequence[k].heard, (struct owner){w, &w->consequence_held[k]});
    }
    strings_add(&scan->literals, MAILLOG_REPEATED);
    scan->sieve = all ? sieve_new(&scan->literals) : NULL;
}

struct scan *scan_begin(struct fix *const fix[], size_t n)
{
    struct scan *scan = arena_alloc(sizeof(*scan));
    *scan = (struct scan){.watch = arena_alloc(n * sizeof(*scan->watch)), .n = n};
    for (size_t i = 0; i < n; i++)
        scan->n_held += fix[i]->n_symptom + fix[i]->n_consequence;
    bool *held = scan->held = arena_alloc(scan->n_held * sizeof(bool));
    for (size_t i = 0; i < n; i++) {
        struct watch *w = &scan->watch[i];
        *w = (struct watch){.fix = fix[i], .symptom_held = held};
        w->consequence_held = held + fix[i]->n_symptom;
        held += fix[i]->n_symptom + fix[i]->n_consequence;
        if (!heard_any(fix[i]))
            continue;
        w->consequence = arena_alloc(fix[i]->n_consequence * sizeof(*w->consequence));
        w->cause = fix[i]->n_consequence > 0 ? arena_alloc(CAUSES * sizeof(*w->cause)) : NULL;
        for (size_t k = 0; k < fix[i]->n_symptom; k++)
            if (fix[i]->symptom[k].kind == PROBE_LOG)
                keep_names(w, pattern_names(fix[i]->symptom[k].heard.matching));
    }
    begin_sieve(scan);
    return scan;
}

const struct sieve *scan_sieve(const struct scan *scan)
{
    return scan->sieve;
}

/* A piece of a text, cut to what is remembered. */
static void put_piece(char piece[PIECE], const char *text, size_t len)
{
    if (len > PIECE - 1)
        len = PIECE - 1;
    memcpy(piece, text, len);
    piece[len] = '\0';
}

static void put_group(char piece[PIECE], const char *text, struct span group)
{
    bool took_part = group.start <= group.end;
    put_piece(piece, took_part ? text + group.start : "", took_part ? group.end - group.start : 0);
}

/* ---- what a line tells ---- */

static void note(struct slot *slot, const struct log_line *line, time_t time)
{
    if (slot->count == 0) {
        strcpy(slot->first, line->raw);
        slot->first_time = time;
    }
    slot->count += line->repeats;
    slot->last_time = time;
    strcpy(slot->last, line->raw);
}

static void keep(struct kept *kept, const char *text, struct span group)
{
    char value[PIECE];
    size_t left = 0;
    if (group.start >= group.end || group.end - group.start >= PIECE)
        return;
    put_group(value, text, group);
    for (size_t i = 0; i < kept->n; i++)
        if (strcmp(kept->value[i], value) != 0)
            memmove(kept->value[left++], kept->value[i], PIECE);
    if (left == SCAN_VALUES)
        memmove(kept->value[0], kept->value[1], --left * PIECE);
    memcpy(kept->value[left], value, PIECE);
    kept->n = left + 1;
}

static void keep_groups(struct watch *w, const struct heard *heard, const char *text,
                        const struct span *group)
{
    const struct strings *names = pattern_names(heard->matching);
    for (size_t i = 0; i < names->n; i++)
        for (size_t k = 0; k < w->n_kept; k++)
            if (strcmp(w->kept[k].name, names->item[i]) == 0)
                keep(&w->kept[k], text, group[i]);
}

static void remember(struct watch *w, const struct heard *heard, const struct log_line *line, time_t time,
                     const struct span *group)
{
    struct cause *cause = &w->cause[w->n_cause++ % CAUSES];
    size_t n = pattern_names(heard->matching)->n;
    cause->heard = heard;
    cause->time = time;
    put_piece(cause->program, line->program, strlen(line->program));
    put_piece(cause->pid, line->pid, strlen(line->pid));
    put_piece(cause->host, line->host, strlen(line->host));
    for (size_t i = 0; i < n && i < CAUSE_GROUPS; i++)
        put_group(cause->group[i], line->text, group[i]);
}

/* ---- consequences ---- */

static const char *of_cause(const struct cause *cause, const char *name)
{
    const struct strings *names = pattern_names(cause->heard->matching);
    for (size_t i = 0; i < names->n && i < CAUSE_GROUPS; i++)
        if (strcmp(names->item[i], name) == 0)
            return cause->group[i];
    return strcmp(name, "pid") == 0       ? cause->pid
           : strcmp(name, "program") == 0 ? cause->program
           : strcmp(name, "host") == 0    ? cause->host
                                          : "";
}

static void of_line(const struct heard *heard, const struct log_line *line, const struct span *group,
                    const char *name, char ret_piece[PIECE])
{
    const struct strings *names = pattern_names(heard->matching);
    const char *own = strcmp(name, "pid") == 0       ? line->pid
                      : strcmp(name, "program") == 0 ? line->program
                      : strcmp(name, "host") == 0    ? line->host
                                                     : "";
    put_piece(ret_piece, own, strlen(own));
    for (size_t i = 0; i < names->n; i++)
        if (strcmp(names->item[i], name) == 0)
            put_group(ret_piece, line->text, group[i]);
}

static bool in_time(const struct heard *heard, const struct cause *cause, time_t time)
{
    if (heard->within == 0 || time == 0 || cause->time == 0)
        return true;
    return time >= cause->time && time - cause->time <= heard->within;
}

static bool follows(const struct watch *w, const struct heard *heard, const struct log_line *line,
                    time_t time, const struct span *group)
{
    for (size_t i = 0; i < w->n_cause && i < CAUSES; i++) {
        bool alike = in_time(heard, &w->cause[i], time);
        for (size_t k = 0; k < heard->same.n && alike; k++) {
            char piece[PIECE];
            of_line(heard, line, group, heard->same.item[k], piece);
            alike = piece[0] != '\0' && strcmp(piece, of_cause(&w->cause[i], heard->same.item[k])) == 0;
        }
        if (alike)
            return true;
    }
    return false;
}

static bool take_consequence(struct watch *w, const struct log_line *line)
{
    struct span group[PATTERN_GROUPS];
    for (size_t i = 0; i < w->fix->n_consequence && w->n_cause > 0; i++) {
        const struct heard *heard = &w->fix->consequence[i].heard;
        if (!w->consequence_held[i] || !heard_groups(heard, line, group))
            continue;
        time_t time = maillog_time(line);
        if (!follows(w, heard, line, time, group))
            continue;
        note(&w->consequence[i], line, time);
        return true;
    }
    return false;
}

/* ---- lines ---- */

static bool take_symptom(struct watch *w, const struct log_line *line)
{
    struct span group[PATTERN_GROUPS];
    for (size_t i = 0; i < w->fix->n_symptom; i++) {
        const struct probe *symptom = &w->fix->symptom[i];
        if (symptom->kind != PROBE_LOG || !w->symptom_held[i] || !heard_groups(&symptom->heard, line, group))
            continue;
        time_t time = maillog_time(line);
        note(&w->symptom, line, time);
        keep_groups(w, &symptom->heard, line->text, group);
        if (w->cause != NULL)
            remember(w, &symptom->heard, line, time, group);
        return true;
    }
    return false;
}

static bool independent(const struct fix *a, const struct fix *b)
{
    return strings_have(&a->independent, b->name) || strings_have(&b->independent, a->name);
}

void scan_since(struct scan *scan, struct since since)
{
    scan->since = since;
}

void scan_count(struct scan *scan, size_t lines)
{
    scan->lines += lines;
}

static void hold(void *arg, size_t literal)
{
    struct scan *scan = arg;
    if (literal < scan->n_owner)
        *scan->owner[literal].held = scan->owner[literal].watch->held = true;
}

/* Which stanzas a line may be of. */
static void sift(struct scan *scan, const char *text)
{
    bool all = scan->sieve == NULL;
    memset(scan->held, all, scan->n_held);
    for (size_t i = 0; i < scan->n; i++)
        scan->watch[i].held = all;
    if (!all)
        sieve_text(scan->sieve, text, strlen(text), hold, scan);
}

bool scan_line(void *arg, const struct log_line *line)
{
    struct scan *scan = arg;
    const struct watch *cause = NULL;
    time_t since = starts_with(line->program, "dovecot") ? scan->since.dovecot : scan->since.postfix;
    scan->mail = true;
    if (since > 0 && maillog_time(line) < since)
        return true;
    sift(scan, line->text);
    for (size_t i = 0; i < scan->n; i++)
        if (scan->watch[i].held && take_consequence(&scan->watch[i], line) && cause == NULL)
            cause = &scan->watch[i];
    for (size_t i = 0; i < scan->n; i++) {
        struct watch *w = &scan->watch[i];
        if (w->held && (cause == NULL || (w != cause && independent(cause->fix, w->fix))))
            take_symptom(w, line);
    }
    return true;
}
