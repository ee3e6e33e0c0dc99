/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The staged check: the mail programs read the planned texts before the live ones are touched.
 *
 * A child in a mount namespace of its own binds each planned text over its real path, with a file system in
 * memory for them and an overlay over Postfix's queue directory, and runs `postconf -n` and `postfix check`
 * there, for Dovecot's files `doveconf -n` (`dovecot -n` of 1.x). So $config_directory, absolute includes and
 * the daemons' own paths mean what they will mean, and nothing that the programs write or create reaches the
 * disk. Everything vanishes with the child.
 */
#pragma once

#include "run.h"

/* HOLDS; FAILS with what the program said in *ret_why; CANNOT_TELL when no such namespace can be made here or
 * there is no program to ask, with the reason. queue_directory may be NULL. */
enum verdict stage_check(const struct plan *plan, const char *queue_directory, const char **ret_why);

/* The programs that it asks, for messages: "postconf -n and postfix check". */
const char *stage_programs(const struct plan *plan);

/* Runs a program in a mount namespace where path is empty: what it answers without a configuration that it
 * cannot read. */
bool stage_run_without(const char *path, const char *const argv[], struct run_result *ret_result,
                       struct err *err) MUST_CHECK;
