#include "beat_demand.h"

void beat_demand_add(struct beat_demand *demand, const struct call *call)
{
    if (demand->count == BEAT_DEMAND_MAX)
        reply_error(call->asker, call->outbox, REQUEST_BUSY, "%d wait for a heartbeat already", BEAT_DEMAND_MAX);
    else
        demand->askers[demand->count++] = *call->asker;
}

ms_t beat_demand_due(const struct beat_demand *demand)
{
    return demand->count > 0 ? demand->next_at : MS_NEVER;
}

void beat_demand_answer(struct beat_demand *demand, uint64_t seq, ms_t now, struct outbox *outbox)
{
    auto_clear(buf) result = BUF_INIT;
    if (demand->count == 0)
        return;
    buf_printf(&result, "{\"seq\":%llu}", (unsigned long long)seq);
    for (size_t i = 0; i < demand->count; i++)
        reply_result(&demand->askers[i], &result, outbox);
    demand->count = 0;
    demand->next_at = now + BEAT_DEMAND_EVERY_MS;
}
