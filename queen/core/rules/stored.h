/* stored.h - R15: what stored copies say. They never count against a worker heard live on this connection, never retire
 * a session, never set `conflict`. */
#ifndef SKEP_STORED_H
#define SKEP_STORED_H

#include "judge.h"

/* A stored heartbeat, of a worker or a hive; `age` is how old it is as far as its expiry tells, else 0. ERR_FULL,
 * ERR_NOMEM: its document could not be kept. */
enum err stored_heartbeat(struct queen *queen, struct record *record, const struct sign *sign, struct text document,
                          ms_t age);

void stored_presence(struct queen *queen, struct record *record, const struct presence *presence);

/* Its hive speaks of it, and nothing else is known yet. Known already: nothing happens. */
void stored_sight(struct queen *queen, struct record *record);

/* An id that is expected to exist and of which nothing is known. */
void stored_expect(struct queen *queen, struct record *record);

#endif
