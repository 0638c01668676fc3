/* restore.h - R17: what an earlier process of this queen knew, taken over silently; and what it has published, written
 * again where a broker has lost it.
 *
 * A row is what is remembered of a worker or hive. Rows come from the store, before the first step (remember.h); and
 * from the queen's own retained verdicts, which are read back on every connection before all else. */
#ifndef SKEP_RESTORE_H
#define SKEP_RESTORE_H

#include "queen_state.h"
#include "store_row.h"

/* The row that a verdict stands for. ERR_UNKNOWN: no such state. */
enum err restore_read(const struct queen *queen, const struct verdict *verdict, bool is_hive, struct record_row *ret,
                      struct errbuf *e);

/* Event ids go on behind the row's. If nothing was announced of the record yet, or something older, what was announced
 * stands; if this process has received nothing of it, it is as it was: but who was alive is `unverified`, for nobody
 * has received anything of it since. Makes no event; what was owed is owed again. */
void restore_row(struct queen *queen, struct record *record, const struct record_row *row);

/* No event id is given again that is not above this one. */
void restore_event_id(struct queen *queen, uint64_t event_id);

/* The snapshot is read. Goes through all records in slices, at queen->write_at, and publishes the verdicts that the
 * present link has not shown to be stored as they are: at the pace of the broker. */
void restore_begin_writing(struct queen *queen);
void restore_write(struct queen *queen);

#endif
