/* No source but the companion of --feed: all that is known of the worker is what that reports. */
#include "feed_lines.h"
#include "source.h"

static enum err feed_prepare(struct agent *agent, struct errbuf *e)
{
    (void)e;
    agent->source_state = agent;
    return OK;
}

static void feed_start_nothing(void *state)
{
    (void)state; /* the agent starts its feed */
}

static enum skep_work feed_verify(void *state, bool is_first, uint32_t left_ms)
{
    (void)is_first;
    return feed_lines_verify(state, left_ms);
}

const struct source source_feed = {
    .first_status = "starting",
    .prepare = feed_prepare,
    .start = feed_start_nothing,
    .verify = feed_verify,
};
