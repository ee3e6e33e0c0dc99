/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What txn.c and txn_back.c share. Nobody else includes this.
 */
#pragma once

#include "txn.h"

/* Programs of Postfix that read a main.cf younger than this sleep until it has "cooled down". We replace it
 * whole, so there is nothing to wait for, and the new file is dated back. */
#define TXN_COOL_SECONDS 3

/* Resolves a target and names its temporaries; index is its place in the record's before/. */
bool txn_open_swap(const struct root *root, const struct target *target, size_t index, struct swap *swap,
                   struct err *err) MUST_CHECK;
bool txn_open_swaps(struct txn *txn, struct err *err) MUST_CHECK;
/* The digests of the way back are those of record.back. */
void txn_use_back(struct txn *txn);
bool txn_lock_edit(struct txn *txn, struct err *err) MUST_CHECK;
/* What we leave is a file. A directory of that name is somebody else's, may have come this moment, and is in
 * nobody's way. [no memory] */
bool txn_remove_litter(int dir, const char *name, struct err *err) MUST_CHECK;
/* False: one is left over, which was said. */
bool txn_discard_temps(struct txn *txn);
bool txn_sync_dirs(const struct txn *txn, struct err *err) MUST_CHECK;
/* Makes a target that is from (a digest, or "": no file) what to says: exchanges it with its temporary, gives
 * the temporary its name, or takes it away to there; and looks at what came out. *ret_other: it was not from,
 * and is back in its place; what could not be brought back is the temporary, and recover tries again. */
bool txn_swap_one(const struct swap *s, const char *from, const char *to, bool *ret_other,
                  struct err *err) MUST_CHECK;
bool txn_write_state(const struct txn *txn, enum txn_state state, struct err *err) MUST_CHECK;
