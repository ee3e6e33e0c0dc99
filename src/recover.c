/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * mailfix recover: finishes what a crash left. Never asks. Every verb that writes does this first. With
 * --boot, before the mail services, it starts none.
 */
#include "show.h"
#include "undo.h"
#include "verbs.h"

enum outcome verb_recover(struct options *o, struct err *err)
{
    struct store store;
    size_t finished = 0;
    bool there;
    o->state = STATE_UNCHANGED;
    if (o->words.n > 0)
        return err_outcome(err, USAGE, "recover takes no argument"), USAGE;
    if (!store_look(&o->root, &store, &there, err))
        return err->outcome;
    store_close(&store);
    if (!there) {
        out_printf(stdout, "Nothing to recover: mailfix has changed nothing here yet.\n");
        return DONE;
    }
    if (!store_open(&o->root, &store, err))
        return err->outcome;
    signals_hold();
    signals_ignore(); /* a way back is not cut short */
    bool ok = (o->boot ? undo_at_boot : undo_unfinished)(&store, &finished, err);
    store_close(&store);
    report_number(report_top(), "finished", (long long)finished);
    if (!ok) {
        show_unfinished(o, err);
        return err->outcome;
    }
    if (finished == 0)
        out_printf(stdout, "Nothing to recover: every transaction is finished.\n");
    else
        o->state = STATE_PUT_BACK;
    return DONE;
}
