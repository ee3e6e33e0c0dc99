/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What mailfix did, in the system's log: one event for each transaction that changed something, with a fixed
 * message id. It goes to the systemd journal with fields of its own (libsystemd is loaded when it is needed),
 * else to syslog(3). Only the running host's own log: nothing is logged of a tree below --root.
 *
 * An event is written after the state of the transaction is on disk, and that it could not be written changes
 * nothing.
 */
#pragma once

#include "record.h"

/* In mailfix.catalog and mailfix(8), too; never to be changed. */
#define EVENT_ID_APPLIED "92b5619459b34c889e2b5873c717d007"
#define EVENT_ID_PUT_BACK "5b4b429e6fa94781a1cb91072b9f7fd4"
#define EVENT_ID_ROLLED_BACK "67efb2560c0a4b2aaa8edec6aeb1528e"
#define EVENT_ID_NEEDS_PERSON "f3f5f368ca12482dbeb2b7a34cd0f524"

enum event { EVENT_APPLIED, EVENT_PUT_BACK, EVENT_ROLLED_BACK, EVENT_NEEDS_PERSON };

/* Logs it. who and reason: of this event (a rollback's are not those of the apply); detail: why it was put
 * back, or what a person must look at. reason and detail may be NULL. */
void journal_event(const struct root *root, enum event event, const struct record *record, const char *who,
                   const char *reason, const char *detail);

/* The event's fields as NAME=VALUE, for journal_event and its test. */
struct strings journal_fields(enum event event, const struct record *record, const char *who,
                              const char *reason, const char *detail);
