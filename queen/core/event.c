#include "event.h"

#include <stdio.h>

/* By the event before it: the ids of two processes do not follow each other. */
struct id_range event_missed(const struct event *event, uint64_t taken)
{
    bool some = taken && event->previous > taken;
    return some ? (struct id_range){ taken + 1, event->previous } : (struct id_range){ 0 };
}

void events_lost_write(struct id_range lost, char ret[EVENTS_LOST_SIZE])
{
    snprintf(ret, EVENTS_LOST_SIZE, "{\"fleet\":\"events_lost\",\"from\":%llu,\"to\":%llu}",
             (unsigned long long)lost.first, (unsigned long long)lost.last);
}
