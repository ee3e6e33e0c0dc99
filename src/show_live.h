/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What runs, for people and for programs.
 */
#pragma once

struct live; /* live.h */

void show_live(const struct live *live);        /* a table on standard output */
void show_report_live(const struct live *live); /* in the report */
