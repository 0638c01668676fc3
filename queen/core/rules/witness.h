/* witness.h - R11: what a hive saw of a worker's process. */
#ifndef SKEP_WITNESS_H
#define SKEP_WITNESS_H

#include "change.h"

/* A witness, live or stored, with its document as received. A process of the current session that ended unasked makes
 * the worker stale at once; a stored one does not count against a worker heard live on this connection. ERR_FULL,
 * ERR_NOMEM: the document could not be kept, what it says counts. */
enum err witness_take(struct queen *queen, struct record *record, const struct witness *witness, struct text document,
                      bool stored);

/* Holds the witness that is kept against the record's present session, which has just become known or is in doubt. */
void witness_review(struct queen *queen, struct record *record);

#endif
