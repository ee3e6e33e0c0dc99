/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From requests to a plan; see plan.h. The order is that of mailfix-fix(5): parameters, requirements, steps,
 * the verify stanzas that are about files, asked of the new text, actions (plan_action.c); then what the
 * steps came to becomes changes (plan_change.c).
 */
#include "plan.h"

#include "params.h"
#include "plan_action.h"
#include "plan_change.h"
#include "plan_index.h"

#include "postfix_table.h"
#include "service.h"

#include <ctype.h>
#include <string.h>

/* ---- stanzas with `when` and `for` ---- */

bool plan_probe(struct context *ctx, const struct probe *probe, bool any, struct evidence *evidence,
                enum verdict *ret_verdict, struct err *err)
{
    enum verdict result = any ? FAILS : HOLDS;
    for (size_t i = 0; i < context_loop_count(ctx, probe->loop); i++) {
        struct context item = context_loop_item(ctx, probe->loop, i);
        struct evidence found = {0};
        enum verdict verdict;
        if (!cond_all(&item, probe->when, probe->n_when, &verdict, err))
            return false;
        bool asked = verdict == HOLDS;
        if (asked && !cond_eval(&item, &probe->cond, &found, &verdict, err))
            return false;
        ctx->missing = item.missing;
        ctx->asked_live |= item.asked_live;
        if (!asked && verdict == FAILS)
            continue; /* the stanza is not for this case */
        bool decides = any ? verdict == HOLDS : verdict == FAILS;
        if (decides || verdict == CANNOT_TELL) {
            result = verdict;
            if (evidence != NULL)
                *evidence = found;
            if (evidence != NULL && probe->otherwise != NULL)
                evidence->otherwise = context_text(&item, probe->otherwise);
        }
        if (decides)
            break;
    }
    *ret_verdict = result;
    return true;
}

static const char *evidence_text(const struct evidence *evidence)
{
    struct buf text = {0};
    for (size_t i = 0; i < evidence->n_row; i++)
        buf_printf(&text, "\n    %s", row_describe(&evidence->row[i]));
    if (evidence->sentence != NULL)
        buf_printf(&text, "\n    %s", evidence->sentence);
    return buf_text(&text);
}

/* ---- one request ---- */

struct maker {
    struct planning *out;
    struct docs *docs; /* with the planned texts */
    struct drafts drafts;
    struct err *err;
};

static bool check_requirements(struct maker *m, struct context *ctx)
{
    for (size_t i = 0; i < ctx->fix->n_require; i++) {
        const struct probe *require = &ctx->fix->require[i];
        struct evidence found = {0};
        enum verdict verdict;
        ctx->missing = NULL;
        if (!plan_probe(ctx, require, false, &found, &verdict, m->err))
            return false;
        if (verdict == FAILS)
            return err_outcome(m->err, NOT_APPLICABLE, "%s does not apply: %s%s", ctx->fix->name,
                               found.otherwise, evidence_text(&found));
        if (verdict == CANNOT_TELL && ctx->missing != NULL)
            return context_missing(ctx, "whether it applies", m->err);
        if (verdict == CANNOT_TELL && found.to_look_at) {
            strings_add(
                &m->out->plan.left_to_do,
                arena_printf(_("check: %s%s"), context_text(ctx, require->written), evidence_text(&found)));
            continue;
        }
        if (verdict == CANNOT_TELL && facts_root(context_facts(ctx))->live)
            return err_outcome(m->err, NOT_APPLICABLE, "%s: it cannot be told here whether this holds: %s",
                               ctx->fix->name, context_text(ctx, require->written));
        if (verdict == CANNOT_TELL)
            strings_add(&m->out->plan.left_to_do, arena_printf(_("check on the running host: %s"),
                                                               context_text(ctx, require->written)));
    }
    return true;
}

static bool run_steps(struct maker *m, struct context *ctx, bool *ret_changed)
{
    *ret_changed = false;
    for (size_t i = 0; i < ctx->fix->n_step; i++) {
        bool changed;
        if (!edit_loop(ctx, &ctx->fix->step[i], &m->drafts, &changed, m->err))
            return false;
        *ret_changed |= changed;
    }
    return true;
}

enum verdict plan_pending(struct context *ctx)
{
    struct planning ignored = {0};
    struct docs docs = *ctx->docs;
    struct err err;
    struct maker m = {.out = &ignored, .docs = &docs, .err = &err};
    struct context inner = *ctx;
    bool changed;
    inner.docs = &docs;
    inner.pending = NULL;
    if (run_steps(&m, &inner, &changed))
        return changed ? HOLDS : FAILS;
    ctx->missing = inner.missing;
    return CANNOT_TELL;
}

/* The steps once more on their own result: a fix that is not finished then would grow the file with each
 * apply. */
static bool check_again(struct maker *m, struct context *ctx)
{
    if (plan_pending(ctx) != HOLDS)
        return true;
    return err_set(
        m->err,
        "%s: run again, its edits would change their own result; nothing is used of it. This is a fault of "
        "the fix file %s",
        ctx->fix->name, ctx->fix->file);
}

/* Nobody needs to write that the fault must be gone: a symptom that is about files must not hold any more. */
static bool check_cured(struct maker *m, struct context *ctx)
{
    for (size_t i = 0; i < ctx->fix->n_symptom; i++) {
        const struct probe *symptom = &ctx->fix->symptom[i];
        struct evidence found = {0};
        enum verdict verdict;
        if (symptom->kind != PROBE_COND || cond_is_live(&symptom->cond))
            continue;
        if (!plan_probe(ctx, symptom, true, &found, &verdict, m->err))
            return false;
        if (verdict == HOLDS)
            return err_set(m->err, "%s would not cure it; \"%s\" would still hold. In the planned text:%s",
                           ctx->fix->name, symptom->written, evidence_text(&found));
    }
    return true;
}

/* Verify stanzas about files are asked of the new text, before anything is written. */
static bool check_new_text(struct maker *m, struct context *ctx)
{
    for (size_t i = 0; i < ctx->fix->n_verify; i++) {
        const struct probe *verify = &ctx->fix->verify[i];
        struct evidence found = {0};
        enum verdict verdict;
        if (verify->kind != PROBE_COND || cond_is_live(&verify->cond))
            continue;
        if (!plan_probe(ctx, verify, false, &found, &verdict, m->err))
            return false;
        if (verdict == FAILS)
            return err_set(m->err, "%s: the result would not be right: %s In the planned text:%s",
                           ctx->fix->name,
                           found.otherwise != NULL ? found.otherwise
                                                   : arena_printf(_("%s does not hold."), verify->written),
                           evidence_text(&found));
        if (verdict == CANNOT_TELL)
            strings_add(&m->out->plan.left_to_do,
                        arena_printf(_("check: %s"), context_text(ctx, verify->written)));
    }
    return true;
}

static bool note_risks(struct maker *m, struct context *ctx)
{
    for (size_t i = 0; i < ctx->fix->n_risk; i++) {
        const struct probe *risk = &ctx->fix->risk[i];
        enum verdict verdict;
        struct evidence found = {0};
        struct err ignored;
        if (!cond_all(ctx, risk->when, risk->n_when, &verdict, &ignored) || verdict != HOLDS)
            continue;
        if (risk->n_when > 0 && !cond_eval(ctx, &risk->when[0], &found, &verdict, &ignored))
            continue;
        strings_add(&m->out->notices,
                    arena_printf("%s%s", context_text(ctx, risk->otherwise), evidence_text(&found)));
    }
    return true;
}

/* A fault that is there now, whatever the files say: then the actions are what helps. */
static bool note_due(struct maker *m, struct context *ctx)
{
    for (size_t i = 0; i < ctx->fix->n_symptom && ctx->fix->n_after > 0 && !m->out->due; i++) {
        const struct probe *symptom = &ctx->fix->symptom[i];
        enum verdict verdict;
        if (symptom->kind != PROBE_COND || !cond_is_live(&symptom->cond))
            continue;
        if (!plan_probe(ctx, symptom, true, &m->out->evidence, &verdict, m->err))
            return false;
        m->out->due = verdict == HOLDS;
        if (m->out->due && m->out->evidence.sentence != NULL)
            strings_add(&m->out->notices, m->out->evidence.sentence);
    }
    return true;
}

static bool plan_request(struct maker *m, const struct request *request, const struct outside *outside)
{
    struct planned planned = {.fix = request->fix};
    struct strings used = {0};
    planned.ctx =
        (struct context){.fix = request->fix, .docs = m->docs, .outside = outside, .pending = plan_pending};
    struct context *ctx = &planned.ctx;
    if (fix_is_advice(request->fix))
        return err_outcome(m->err, NOT_APPLICABLE,
                           "%s only advises; there is nothing that mailfix can change for it",
                           request->fix->name);
    if (!params_bind(ctx, &request->assignments, &used, m->err) || !check_requirements(m, ctx) ||
        !note_risks(m, ctx) || !run_steps(m, ctx, &planned.changes) || !check_again(m, ctx) ||
        !check_new_text(m, ctx) || !check_cured(m, ctx) || !note_due(m, ctx) ||
        !plan_actions(ctx, &m->out->plan, m->err))
        return false;
    struct strings secrets = params_secrets(ctx);
    for (size_t i = 0; i < secrets.n; i++)
        strings_add(&m->out->plan.secrets, secrets.item[i]);
    strings_add(&m->out->plan.fixes, request->fix->name);
    for (size_t i = 0; i < used.n; i++)
        strings_add(&m->out->plan.params, used.item[i]);
    m->out->planned = arena_append(m->out->planned, &m->out->n_planned, sizeof(planned), &planned);
    return true;
}

/* ---- the whole ---- */

/* The files of the caches in the planned text; apply keeps those that are not there yet. */
static bool add_byproducts(struct maker *m, struct docs *disk, const struct context *like)
{
    struct place caches = {.document = "main.cf", .noun = NOUN_TABLE, .written = "table with use=cache"};
    struct field_filter filter = {.field = "use"};
    strings_add(&filter.values, "cache");
    caches.with = &filter;
    caches.n_with = 1;
    struct row *row;
    size_t n;
    bool unknown;
    struct context ctx = *like;
    const struct doc *main_cf;
    ctx.docs = m->docs;
    if (!place_find(&ctx, &caches, &row, &n, &unknown, m->err) ||
        !docs_get(m->docs, "main.cf", &main_cf, m->err))
        return false;
    for (size_t i = 0; i < n; i++) {
        const char *missing = NULL;
        const char *name = facts_expand(disk->facts, main_cf, row[i].name, &missing);
        const char *dir = facts_value(disk->facts, main_cf, "data_directory", &missing);
        const char *slash = strrchr(name, '/');
        if (slash != NULL && dir != NULL && facts_parameter(disk->facts, "data_directory") == HOLDS)
            name = arena_printf("%s%s", dir, slash);
        const char *file = postfix_cache_file(row_field(&row[i], "type"), name);
        if (missing == NULL && file != NULL && file[0] == '/')
            strings_add(&m->out->plan.byproduct, file);
    }
    return true;
}

/* What is Dovecot's alone needs no Postfix on the host. */
static bool is_all_dovecot(const struct plan *plan)
{
    for (size_t i = 0; i < plan->n_change; i++)
        if (!doc_is_nested(plan->change[i].doc->id))
            return false;
    return true;
}

/* Of fixes that want different things the last one would win, and the others would be gone unsaid. */
static bool check_together(struct maker *m)
{
    for (size_t i = 0; i + 1 < m->out->n_planned; i++)
        if (plan_pending(&m->out->planned[i].ctx) == HOLDS)
            return err_outcome(m->err, NOT_APPLICABLE,
                               "a fix that comes after %s would undo it; they cannot be applied together",
                               m->out->planned[i].fix->name);
    return true;
}

/* Aliases are there without Postfix, too; their index and the proof are Postfix's. */
static bool has_main_cf(struct maker *m)
{
    const struct doc *main_cf;
    if (docs_get(m->docs, "main.cf", &main_cf, m->err))
        return true;
    for (size_t i = 0; i < m->out->plan.n_change; i++)
        if (strcmp(m->out->plan.change[i].doc->id, "aliases") == 0) {
            m->err->outcome = NOT_APPLICABLE;
            return err_prefix(m->err,
                              "aliases are changed for Postfix only (for another mail server edit %s by hand "
                              "and run newaliases)",
                              m->out->plan.change[i].doc->path);
        }
    return false;
}

bool plan_make(const struct request *request, size_t n, struct docs *disk, const struct outside *outside,
               struct planning *ret_planning, struct err *err)
{
    struct planning out = {0};
    struct docs *docs = arena_alloc(sizeof(*docs));
    *docs = *disk;
    struct maker m = {.out = &out, .docs = docs, .err = err};
    for (size_t i = 0; i < n; i++)
        if (!plan_request(&m, &request[i], outside))
            return false;
    if (!check_together(&m))
        return false;
    if (!plan_changes(&m.drafts, docs, &out.plan, &out.notices, err))
        return false;
    if (!is_all_dovecot(&out.plan)) {
        struct context ctx = out.planned[0].ctx;
        ctx.docs = docs;
        if (!has_main_cf(&m) || !add_byproducts(&m, disk, &ctx) || !plan_indexes(&ctx, disk, &out.plan, err))
            return false;
    }
    plan_renew_readers(&out.plan);
    *ret_planning = out;
    return true;
}
