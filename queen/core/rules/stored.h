/* stored.h - R15, R12: what stored copies say, also those that a bridge sends as live messages (R1). They never count
 * against a worker heard live on this connection, never retire a session, never set `conflict`. */
#ifndef SKEP_STORED_H
#define SKEP_STORED_H

#include "judge.h"

/* A stored heartbeat, of a worker or a hive; `age` is how old it is as far as its expiry tells, else 0. One of a later
 * process or connection voids what was known (R12); a later one of who is thought to live counts as received `age` ago.
 * ERR_FULL, ERR_NOMEM: its document could not be kept. */
enum err stored_heartbeat(struct queen *queen, struct record *record, const struct sign *sign, struct text document,
                          ms_t age);

void stored_presence(struct queen *queen, struct record *record, const struct presence *presence, ms_t age);

/* Its hive speaks of it, and nothing else is known yet. Known already: nothing happens. */
void stored_sight(struct queen *queen, struct record *record);

/* An id that is expected to exist and of which nothing is known. */
void stored_expect(struct queen *queen, struct record *record);

#endif
