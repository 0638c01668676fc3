#include "events.h"

#include <utlist.h>

#include "log.h"

void events_subscribe(struct events *events, struct subscriber *subscriber)
{
    LL_APPEND(events->subscribers, subscriber);
}

static void log_missed(const struct subscriber *subscriber, uint64_t count)
{
    log_at(LOG_WARNING, "events came faster than a subscriber takes them, and it missed some", "subscriber",
           subscriber->name, "missed", INT_TEXT(count), NULL);
}

/* Ids have no gaps. */
static void hand_out(const struct queen *queen, struct subscriber *subscriber)
{
    const struct event *event;
    while ((event = queen_event_after(queen, subscriber->cursor))) {
        if (!subscriber->take(subscriber->user, event))
            return;
        if (subscriber->cursor && event->id > subscriber->cursor + 1)
            log_missed(subscriber, event->id - subscriber->cursor - 1);
        subscriber->cursor = event->id;
    }
}

void events_hand_out(struct events *events)
{
    struct subscriber *subscriber;
    LL_FOREACH(events->subscribers, subscriber)
    {
        hand_out(events->queen, subscriber);
    }
}
