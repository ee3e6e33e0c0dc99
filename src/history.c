/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * mailfix history: one line a transaction, oldest first, below a line of headings; the reasons that were
 * given with -m stand below it.
 */
#include "language.h"
#include "undo.h"
#include "verbs.h"

#include <string.h>

enum { NUMBER, WHEN, STATE, WHO, N_COLUMNS }; /* fixes and parameters come last and need no width */

struct line {
    const char *cell[N_COLUMNS];
    const char *rest;
};

static struct line heading(void)
{
    return (struct line){{_("No."), _("When"), _("State"), _("By")}, _("Fixes and parameters")};
}

static struct line line_of(const struct record *record)
{
    char when[32];
    struct tm tm;
    localtime_r(&record->time, &tm);
    strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm);
    const char *gap = record->params.n > 0 ? "  " : "";
    return (struct line){
        {arena_printf("%04u", record->number), arena_string(when), _(txn_state_name(record->state)),
         record->who},
        arena_printf("%s%s%s", strings_join(&record->fixes, " "), gap, strings_join(&record->params, " "))};
}

static void widen(size_t width[N_COLUMNS], const struct line *line)
{
    for (size_t i = 0; i < N_COLUMNS; i++) {
        size_t columns = language_width(line->cell[i], strlen(line->cell[i]));
        width[i] = columns > width[i] ? columns : width[i];
    }
}

static void print_line(const size_t width[N_COLUMNS], const struct line *line)
{
    for (size_t i = 0; i < N_COLUMNS; i++)
        language_column(stdout, line->cell[i], width[i]);
    out_printf(stdout, "%s\n", line->rest);
}

static void print_reasons(const struct store *store, const struct record *record)
{
    const struct back *back = record->state != TXN_KEPT ? record->back : NULL;
    if (record->reason != NULL)
        out_printf(stdout, "      because: %s\n", record->reason);
    if (back != NULL && back->reason != NULL)
        out_printf(stdout, "      rolled back by %s because: %s\n", back->who != NULL ? back->who : "?",
                   back->reason);
    if (back != NULL)
        undo_say_put_aside(store, record);
}

static void print_table(const struct store *store, const struct record *record, size_t n)
{
    size_t width[N_COLUMNS] = {0};
    struct line top = heading(), *line = arena_alloc(n * sizeof(*line));
    widen(width, &top);
    for (size_t i = 0; i < n; i++) {
        line[i] = line_of(&record[i]);
        widen(width, &line[i]);
    }
    print_line(width, &top);
    for (size_t i = 0; i < n; i++) {
        print_line(width, &line[i]);
        print_reasons(store, &record[i]);
    }
}

static void report_transaction(const struct record *record)
{
    struct json_t *item = report_add(report_top(), "transactions");
    report_text(item, "id", record->id);
    report_number(item, "number", record->number);
    report_number(item, "time", record->time);
    report_text(item, "state", txn_state_name(record->state));
    report_text(item, "who", record->who);
    report_strings(item, "fixes", &record->fixes);
    report_strings(item, "parameters", &record->params);
    report_text(item, "reason", record->reason);
}

enum outcome verb_history(struct options *o, struct err *err)
{
    struct store store;
    struct record *record = NULL;
    size_t n = 0;
    struct strings damaged = {0};
    bool there;
    if (o->words.n > 0)
        return err_outcome(err, USAGE, "history takes no argument"), USAGE;
    if (o->prune != NULL)
        return history_prune(o, err);
    if (!store_look(&o->root, &store, &there, err))
        return err->outcome;
    if (there && !record_list(&store, &record, &n, &damaged, err)) {
        store_close(&store);
        return err->outcome;
    }
    for (size_t i = 0; i < n; i++)
        report_transaction(&record[i]);
    if (n > 0)
        print_table(&store, record, n);
    report_strings(report_top(), "damaged", &damaged);
    for (size_t i = 0; i < damaged.n; i++)
        warn("the record %s cannot be read", damaged.item[i]);
    if (n == 0)
        out_printf(stdout, "mailfix has changed nothing here yet.\n");
    store_close(&store);
    return DONE;
}
