/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of `mailfix apply` share.
 */
#pragma once

#include "fixes.h"
#include "probe.h"
#include "service.h"
#include "undo.h"
#include "verbs.h"

struct apply {
    struct options *o;
    struct facts *facts;
    struct docs docs; /* as on disk */
    struct outside outside;
    struct planning planning;
    struct store store;
    struct service_state *service; /* before */
    size_t n_service;
    struct strings ran; /* daemons that ran before, or were started */
    struct health health;
    struct heard_marks mark;
    bool staged;  /* the mail programs took the planned files */
    bool swapped; /* all files were exchanged: services may have seen them */
    struct err *err;
};

/* apply_commit.c: stages, exchanges, acts and proves; keeps the change or puts everything back. The closing
 * line is set. */
enum outcome apply_commit(struct apply *a);
/* What is left for a person to do on the host, into left_to_do. */
void apply_leave_actions(struct apply *a);
