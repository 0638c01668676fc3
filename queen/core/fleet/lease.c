#include "lease.h"

#define GRACE_INTERVAL_MAX 60000 /* ms: a longer interval does not lengthen the grace */

static ms_t interval_counted(int64_t interval_ms)
{
    return ms_max(interval_ms, LEASE_INTERVAL_MIN);
}

static ms_t silence_allowed(int64_t interval_ms, int64_t lease_ms, ms_t stale_after)
{
    if (lease_ms >= LEASE_ENDLESS)
        return LEASE_NEVER_MS;
    if (lease_ms > 0)
        return ms_max(lease_ms, 3 * LEASE_INTERVAL_MIN);
    if (interval_ms > 0)
        return 3 * interval_counted(interval_ms);
    return stale_after;
}

struct lease lease_of(int64_t interval_ms, int64_t lease_ms, ms_t stale_after)
{
    ms_t stale = silence_allowed(interval_ms, lease_ms, stale_after);
    return (struct lease){ .suspect_after = stale * 11 / 15, /* 2.2 / 3 */ .stale_after = stale };
}

ms_t lease_grace(int64_t interval_ms, ms_t return_grace)
{
    return ms_max(ms_min(interval_counted(interval_ms), GRACE_INTERVAL_MAX), return_grace);
}
