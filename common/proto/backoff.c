#include "backoff.h"

#define QUICK_JITTER 20 /* per cent */

static ms_t cap_timeout(const struct backoff *backoff, ms_t cap)
{
    return ms_min(cap, backoff->max);
}

void backoff_init(struct backoff *backoff, ms_t max)
{
    *backoff = (struct backoff){ .max = ms_max(max, 0) };
    backoff->cap = cap_timeout(backoff, BACKOFF_CAP_FIRST);
}

void backoff_lost(struct backoff *backoff, ms_t lived)
{
    if (lived < BACKOFF_LIVED)
        return;
    backoff->quick = BACKOFF_QUICK_TRIES;
    backoff->cap = cap_timeout(backoff, BACKOFF_CAP_FIRST);
}

ms_t backoff_next(struct backoff *backoff, struct rng *rng)
{
    if (backoff->quick > 0) {
        bool at_once = backoff->quick-- == BACKOFF_QUICK_TRIES;
        return at_once ? 0 : rng_jitter(rng, BACKOFF_QUICK_STEP, QUICK_JITTER);
    }
    ms_t delay = rng_between(rng, 0, backoff->cap);
    backoff->cap = cap_timeout(backoff, backoff->cap * 2);
    return delay;
}
