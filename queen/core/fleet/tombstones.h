/* tombstones.h - who was forgotten, so that stored copies do not bring them back (R16). */
#ifndef SKEP_TOMBSTONES_H
#define SKEP_TOMBSTONES_H

#include "removals.h"
#include "share.h"

#define TOMBSTONE_MS (30LL * 24 * 3600 * 1000)
#define TOMBSTONES_MAX 100000 /* beyond it the oldest one ends early of the hive that has most */

struct tombstone;

struct tombstones {
    struct tombstone *by_key;  /* uthash; its list is the order of time */
    struct tombstone *saved;   /* the last one that the store has, and all before it; NULL = none */
    struct shares *shares;     /* set it and ... */
    struct removals *removals; /* ... this before anything is added */
};

void tombstones_clear(struct tombstones *tombstones);

/* For (hive, worker) with its last session (0 = none) at monotonic time `now`, in link `epoch`; replaces an older
 * one. ERR_NOMEM: there is none then, and stored copies may bring the worker back. */
enum err tombstones_add(struct tombstones *tombstones, struct text hive, struct text worker, uint64_t session, ms_t now,
                        uint32_t epoch);

/* The share of its hive if a stored copy that declares `session` is of the removed process: its session; or, where that
 * had none, a copy without one that is read in the link of the removal or the next. NULL: it is not. */
struct share *tombstones_hold(const struct tombstones *tombstones, struct text hive, struct text worker,
                              uint64_t session, uint32_t epoch);

/* Heard live: the tombstone ends. */
void tombstones_remove(struct tombstones *tombstones, struct text hive, struct text worker);

/* The next one that the store has not, which has it from now on; times are monotonic. False: it has all. */
bool tombstones_next_unsaved(struct tombstones *tombstones, struct store_row *ret);

/* The store has all that there are, or none. */
void tombstones_set_saved(struct tombstones *tombstones, bool all);

/* Ends those that are TOMBSTONE_MS old, 1,000 at a time; when to call next (MS_NEVER: none is left). */
ms_t tombstones_expire(struct tombstones *tombstones, ms_t now);

#endif
