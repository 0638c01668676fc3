/* remember.h - R17: what the queen gives to the store, and takes from it at its start.
 *
 * The core only marks what differs from what was given, and is asked for it: so ten changes of a record are one row, a
 * heartbeat is none, and a store that takes nothing costs nothing. */
#ifndef SKEP_REMEMBER_H
#define SKEP_REMEMBER_H

#include "queen_state.h"

/* Before the first step. ERR_RANGE: no queen has written that; ERR_FULL, ERR_NOMEM. */
enum err remember_restore(struct queen *queen, const struct store_row *row);

/* The next row of a round: how far this process is, what was removed, what is new. Borrowed until the next call. False:
 * that was all; the round after it begins anew. */
bool remember_next(struct queen *queen, struct store_row *ret);

/* Rows that were given are not kept: all are given again. */
void remember_lost(struct queen *queen);

void remember_clear(struct queen *queen);

#endif
