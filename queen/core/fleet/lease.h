/* lease.h - how long silence may last. Pure: same lease, same now, same answer. */
#ifndef SKEP_LEASE_H
#define SKEP_LEASE_H

#include "base.h"

#define LEASE_INTERVAL_MIN 1000 /* an interval counts as one second at least */

/* Declared leases, in ms, that mean something else: one that is as long, or longer (24.8 days), never ends, which is in
 * so long that sums do not overflow; and one that is shorter than anybody may declare is of who is known to be gone. */
#define LEASE_ENDLESS INT32_MAX
#define LEASE_NEVER_MS (1LL << 50)
#define LEASE_ENDED 1

/* Limits in ms of silence; they move in proportion. */
struct lease {
    ms_t suspect_after; /* 2.2 intervals, or 2.2/3 of a declared lease */
    ms_t stale_after;   /* 3 intervals, or the declared lease */
};

/* interval_ms and lease_ms as declared, INT_ABSENT (-1) if not. Without both, `stale_after` of the configuration
 * counts. A declared lease shorter than 3 x LEASE_INTERVAL_MIN counts as that. */
struct lease lease_of(int64_t interval_ms, int64_t lease_ms, ms_t stale_after);

/* The extra wait after the link was lost: max(min(interval, 60 s), return_grace). */
ms_t lease_grace(int64_t interval_ms, ms_t return_grace);

#endif
