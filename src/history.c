/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * mailfix history: one line a transaction, oldest first; below it the reasons that were given
 * with -m.
 */
#include "undo.h"
#include "verbs.h"

static void print_record(const struct record *record)
{
    char when[32];
    struct tm tm;
    const struct back *back = record->state != TXN_KEPT ? record->back : NULL;
    localtime_r(&record->time, &tm);
    strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm);
    out_printf(stdout, "%04u  %s  %-8s  %-8s  %s%s%s\n", record->number, when, txn_state_name(record->state),
               record->who, strings_join(&record->fixes, " "), record->params.n > 0 ? "  " : "",
               strings_join(&record->params, " "));
    if (record->reason != NULL)
        out_printf(stdout, "      because: %s\n", record->reason);
    if (back != NULL && back->reason != NULL)
        out_printf(stdout, "      rolled back by %s because: %s\n", back->who != NULL ? back->who : "?",
                   back->reason);
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
    if (!store_look(&o->root, &store, &there, err))
        return err->outcome;
    if (there && !record_list(&store, &record, &n, &damaged, err)) {
        store_close(&store);
        return err->outcome;
    }
    for (size_t i = 0; i < n; i++) {
        print_record(&record[i]);
        report_transaction(&record[i]);
    }
    report_strings(report_top(), "damaged", &damaged);
    for (size_t i = 0; i < damaged.n; i++)
        warn("the record %s cannot be read", damaged.item[i]);
    if (n == 0)
        out_printf(stdout, "mailfix has changed nothing here yet.\n");
    store_close(&store);
    return DONE;
}
