/* tombstones.h - who was forgotten, so that stored copies do not bring them back (R16). */
#ifndef SKEP_TOMBSTONES_H
#define SKEP_TOMBSTONES_H

#include "share.h"

#define TOMBSTONE_MS (30LL * 24 * 3600 * 1000)
#define TOMBSTONES_MAX 100000 /* beyond it the oldest one ends early of the hive that has most */

struct tombstone;

struct tombstones {
    struct tombstone *by_key; /* uthash; its list is the order of time */
    struct shares *shares;    /* set it before anything is added */
};

void tombstones_clear(struct tombstones *tombstones);

/* For (hive, worker) with its last session (0 = none) at monotonic time `now`, in link `epoch`; replaces an older
 * one. ERR_NOMEM: there is none then, and stored copies may bring the worker back. */
enum err tombstones_add(struct tombstones *tombstones, struct text hive, struct text worker, uint64_t session, ms_t now,
                        uint32_t epoch);

/* True if a stored copy that declares `session` is of the removed process: its session; or, where that had none, a copy
 * without one that is read in the link of the removal or the next. */
bool tombstones_hold(const struct tombstones *tombstones, struct text hive, struct text worker, uint64_t session,
                     uint32_t epoch);

/* Heard live: the tombstone ends. */
void tombstones_remove(struct tombstones *tombstones, struct text hive, struct text worker);

/* Ends those that are TOMBSTONE_MS old, 1,000 at a time; when to call next (MS_NEVER: none is left). */
ms_t tombstones_expire(struct tombstones *tombstones, ms_t now);

#endif
