#include "startup_poll.h"

#include <math.h>

void startup_poll_init(struct startup_poll *poll, const struct startup_poll_options *options, uint64_t seed, ms_t now)
{
    *poll = (struct startup_poll){
        .options = *options, .rng = { seed }, .delay = (double)options->initial_delay, .next_at = now, .until = MS_NEVER
    };
}

bool startup_poll_begin(struct startup_poll *poll, ms_t now)
{
    if (poll->next_at > now)
        return false;
    poll->attempt++;
    poll->next_at = MS_NEVER;
    poll->until = now + poll->options.attempt_timeout;
    return true;
}

/* Whole milliseconds; what is cut off is added to a later delay, so that the sum stays right. */
static ms_t whole_delay(struct startup_poll *poll)
{
    double delay = fmin(poll->delay, (double)poll->options.max_delay) + poll->carry;
    double whole = floor(delay);
    poll->carry = delay - whole;
    poll->delay = fmin(poll->delay * poll->options.multiplier, (double)poll->options.max_delay);
    return (ms_t)whole;
}

ms_t startup_poll_failed(struct startup_poll *poll, ms_t now)
{
    poll->until = MS_NEVER;
    if (poll->attempt >= poll->options.attempts)
        return MS_NEVER;
    ms_t delay = rng_jitter(&poll->rng, whole_delay(poll), poll->options.jitter);
    poll->next_at = now + delay;
    return delay;
}
