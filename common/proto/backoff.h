/* backoff.h - when to try again. Pure: randomness comes from the caller's generator. */
#ifndef SKEP_BACKOFF_H
#define SKEP_BACKOFF_H

#include "rng.h"

/* Reconnect delays of docs/protocol.md: after a link that had lived, attempts 0, 60, 120 and 180 ms (+-20 %) after the
 * loss; then, and after a link that never lived, full jitter: uniform in [0, cap], cap 500 ms doubling up to `max`. */
#define BACKOFF_QUICK_TRIES 4
#define BACKOFF_QUICK_STEP 60 /* ms */
#define BACKOFF_CAP_FIRST 500 /* ms */
#define BACKOFF_LIVED 100     /* ms that a link must have been up to count as one that had lived */

struct backoff {
    ms_t max;       /* --reconnect-max */
    unsigned quick; /* quick tries left */
    ms_t cap;       /* of the next full-jitter delay */
};

void backoff_init(struct backoff *backoff, ms_t max);

/* A link was lost; `lived` ms it had been up. Re-arms the quick tries if it had lived long enough. */
void backoff_lost(struct backoff *backoff, ms_t lived);

/* Delay from the end of the last attempt (or the loss) until the next one. Never negative. */
ms_t backoff_next(struct backoff *backoff, struct rng *rng);

#endif
