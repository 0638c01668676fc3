/* forget.h - R16: removing a worker or a hive everywhere, and keeping it removed. */
#ifndef SKEP_FORGET_H
#define SKEP_FORGET_H

#include "change.h"

/* Which of its retained topics somebody has cleared already. */
enum forget_seen { FORGET_SEEN_NONE, FORGET_SEEN_HEARTBEAT, FORGET_SEEN_PRESENCE, FORGET_SEEN_ALL };

/* By request or because its retention is over: the record is gone afterwards, and a tombstone keeps stored copies from
 * bringing it back. That its retained topics are cleared, and the event, wait for their turn where the broker is slow
 * (announcing.h). */
void forget_record(struct queen *queen, struct record *record, enum forget_seen seen);

/* It was, and its end was not announced by the process that knew it before (R17): its end is owed. */
void forget_restored(struct queen *queen, struct record *record);

/* It makes room for another one: the record is gone afterwards, and nothing else is, since nobody asked for that. If it
 * is heard again, or read again, it comes back. What was announced of it ends like a forgotten one's. One that has
 * ended already is announced as such at once. */
void forget_evicted(struct queen *queen, struct record *record);

/* The turn of one that was forgotten has come: all that is left of it is told, cleared, and freed. */
void forget_announce(struct queen *queen, struct record *record);

/* One that was forgotten, but is not announced as such yet, has come back as a new record: so it need not be. */
void forget_returned(struct queen *queen, struct record *record);

/* The record of (hive, worker), or of the hive if the worker is absent, made if need be: where there is no room others
 * are evicted (tenants.h). A live message (`live`) ends its tombstone. ERR_FULL, ERR_NOMEM. */
enum err forget_open(struct queen *queen, struct text hive, struct text worker, bool live, struct record **ret);

/* All workers of the hive that are known now, but for the expected, and the hive itself (NULL: it has no record): in
 * slices with the ticks, at most *left of them in each. */
void forget_hive(struct queen *queen, struct text hive, struct record *record);
void forget_go_on(struct queen *queen, unsigned *left);

/* A zero-length message on a worker's topic, or a hive's (`worker` absent): forgets it unless it is online with a
 * session (such a one heals itself) or expected. */
void forget_cleared(struct queen *queen, struct text hive, struct text worker, enum forget_seen seen);

/* A stored copy of a removed one was read from `topic`: clears it again and returns true. One that was published anew,
 * which is not `is_stored`, is cleared as often as its hive may (rations.h). */
bool forget_again(struct queen *queen, const struct topic *topic, uint64_t session, bool is_stored);

#endif
