/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Findings; see finding.h.
 *
 * Limits: a value that a log tells is used only if it is plain ASCII and one of the parameter's type.
 */
#include "finding.h"

#include "value.h"

#include <stdlib.h>
#include <string.h>

/* Whether what stands in a log may stand in a command line that we offer. */
static bool usable(const struct param *param, const char *text, const char **ret_value)
{
    const char *ignored;
    for (const char *p = text; *p != '\0'; p++)
        if (*p <= ' ' || *p >= 0x7f)
            return false;
    *ret_value = text;
    return param->one_of.n > 0 ? strings_have(&param->one_of, text)
                               : value_read(param->type, text, ret_value, &ignored);
}

/* The values of one capture for one parameter: the newest, or all. */
static void give(const struct param *param, const char *capture, const struct seen *seen,
                 struct strings *given)
{
    const char *start = arena_printf("%s=", capture), *newest = NULL;
    for (size_t i = 0; i < seen->captures.n; i++) {
        const char *value;
        if (!starts_with(seen->captures.item[i], start) ||
            !usable(param, seen->captures.item[i] + strlen(start), &value))
            continue;
        newest = arena_printf("%s=%s", param->name, value);
        if (param->several)
            strings_add(given, newest);
    }
    if (!param->several && newest != NULL)
        strings_add(given, newest);
}

static struct strings given_by(const struct fix *fix, const struct seen *seen)
{
    struct strings given = {0};
    for (size_t i = 0; i < fix->n_param; i++)
        for (size_t k = 0; k < fix->param[i].n_choice; k++) {
            const struct choice *choice = &fix->param[i].choice[k];
            if (choice->sourced && choice->source.kind == SOURCE_LOG) {
                give(&fix->param[i], choice->source.word, seen, &given);
                break;
            }
        }
    return given;
}

/* The fix knows by what the fault shows besides the log, and that is not here. */
static bool is_denied(const struct finding *f)
{
    bool known = false;
    for (size_t i = 0; i < f->fix->n_symptom; i++)
        known |= f->fix->symptom[i].kind != PROBE_LOG;
    return known && f->judgement.fault == FAILS;
}

static enum standing standing_of(const struct finding *f, struct docs *docs, struct since present)
{
    if (f->judgement.fault == HOLDS)
        return STANDS;
    if (f->fix->n_still > 0) {
        enum verdict still = judge_still(f->fix, docs);
        return still == HOLDS ? STANDS : still == FAILS ? STANDS_NOT : STOOD;
    }
    if (is_denied(f))
        return STOOD;
    time_t since = heard_of_dovecot(f->fix) ? present.dovecot : present.postfix;
    return since > 0 && f->seen->symptom.last_time >= since ? STANDS : STOOD;
}

bool finding_make(struct fix *fix, struct docs *docs, const struct seen *seen, struct since present,
                  struct finding *ret_finding)
{
    struct finding f = {.fix = fix};
    if (seen != NULL && seen->symptom.count > 0)
        f.seen = seen;
    if (f.seen != NULL)
        f.given = given_by(fix, seen);
    judge_fix(fix, docs, &f.given, &f.judgement);
    if (f.given.n > 0 && !f.judgement.would_go && f.judgement.outcome == USAGE &&
        f.judgement.n_lacking == 0) {
        /* A parameter that does not exist for what is installed here, or a value that is nothing here. */
        f.given.n = 0;
        judge_fix(fix, docs, &f.given, &f.judgement);
    }
    bool found = f.judgement.fault == HOLDS || f.seen != NULL;
    if (found)
        f.standing = standing_of(&f, docs, present);
    *ret_finding = f;
    return found;
}

static int before(const void *a, const void *b)
{
    const struct finding *f = a, *g = b;
    if (f->fix->effect != g->fix->effect)
        return f->fix->effect < g->fix->effect ? -1 : 1;
    if (f->standing != g->standing)
        return f->standing < g->standing ? -1 : 1;
    return strcmp(f->fix->name, g->fix->name);
}

void finding_sort(struct finding finding[], size_t n)
{
    if (n > 1)
        qsort(finding, n, sizeof(*finding), before);
}

const char *finding_shell_word(const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:@%,";
    struct buf quoted = {0};
    if (word[0] != '\0' && word[strspn(word, plain)] == '\0')
        return word;
    buf_puts(&quoted, "'");
    for (const char *p = word; *p != '\0'; p++)
        if (*p == '\'')
            buf_puts(&quoted, "'\\''");
        else
            buf_add(&quoted, p, 1);
    buf_puts(&quoted, "'");
    return buf_text(&quoted);
}

const char *finding_time(time_t time)
{
    struct tm tm;
    char text[64] = "";
    if (time == 0 || localtime_r(&time, &tm) == NULL ||
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S%z", &tm) == 0)
        return NULL;
    /* RFC 3339 has a colon in the zone. */
    size_t len = strlen(text);
    return arena_printf("%.*s:%s", (int)len - 2, text, text + len - 2);
}
