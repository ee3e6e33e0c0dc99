/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * mailfix list: the catalogue, a line a fix: name, effect, how it stands here, title.
 *
 * How it stands: "needed" (its fault is here), "not needed", "refused" (the fault is here, apply would not
 * go; explain says why), "advice" (its fault is here, and a person must act), "not known". A site fix says
 * where it comes from.
 */
#include "color.h"
#include "fixes.h"
#include "judge.h"
#include "language.h"
#include "verbs.h"

#include <string.h>

static const char *standing(const struct fix *fix, const struct judgement *j)
{
    if (j->fault == CANNOT_TELL)
        return N_("not known");
    if (j->fault == FAILS)
        return N_("not needed");
    if (fix_is_advice(fix))
        return N_("advice");
    return j->would_go ? N_("needed") : N_("refused");
}

static enum tone tone_of(const struct fix *fix, const struct judgement *j)
{
    if (j->fault == CANNOT_TELL)
        return TONE_WARN;
    if (j->fault == FAILS)
        return TONE_GOOD;
    return fix_is_advice(fix) ? TONE_WARN : TONE_BAD;
}

enum outcome verb_list(struct options *o, struct err *err)
{
    struct facts *facts;
    struct fix **fix;
    size_t n, width = 0;
    if (o->words.n > 0)
        return err_outcome(err, USAGE, "list takes no argument"), USAGE;
    if (!facts_open(&o->root, o->facts_file, &facts, err) ||
        !fixes_load_all(o->fix_dir, &o->words, &fix, &n, err))
        return err->outcome;
    struct docs docs = {.facts = facts};
    for (size_t i = 0; i < n; i++)
        width = strlen(fix[i]->name) > width ? strlen(fix[i]->name) : width;
    for (size_t i = 0; i < n; i++) {
        struct judgement j;
        judge_fix(fix[i], &docs, &(struct strings){0}, &j);
        struct json_t *item = report_add(report_top(), "fixes");
        report_text(item, "name", fix[i]->name);
        report_text(item, "title", fix[i]->title);
        report_text(item, "effect", effect_name(fix[i]->effect));
        report_text(item, "standing", standing(fix[i], &j));
        report_text(item, "site", fix[i]->site ? fix[i]->file : NULL);
        out_printf(stdout, "%-*s  %-10s  ", (int)width, fix[i]->name, effect_name(fix[i]->effect));
        color_tone(tone_of(fix[i], &j));
        language_column(stdout, _(standing(fix[i], &j)), 10);
        color_tone(TONE_NONE);
        out_printf(stdout, "%s%s\n", fix[i]->title,
                   fix[i]->site ? arena_printf(_(" (of this site: %s)"), fix[i]->file) : "");
    }
    return DONE;
}
