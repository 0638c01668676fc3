#include "agent.h"

#include "log.h"

void agent_end(struct agent *agent, const struct exit_status *exit_status)
{
    if (exit_status)
        agent->exit_status = *exit_status;
    loop_stop(agent->loop);
}

void agent_set_stalled(struct agent *agent, bool is_stalled, const char *why)
{
    if (agent->is_stalled == is_stalled)
        return;
    agent->is_stalled = is_stalled;
    log_at(is_stalled ? LOG_WARNING : LOG_INFO, is_stalled ? "work is stalled" : "work resumed", "why",
           is_stalled ? why : NULL, NULL);
    skep_worker_set_stalled(agent->worker, is_stalled);
    skep_worker_beat(agent->worker);
}

ms_t agent_feed_timeout(const struct agent *agent, ms_t given)
{
    return given > 0 ? given : 3 * ms_max(agent->conf->settings.interval, 1000);
}
