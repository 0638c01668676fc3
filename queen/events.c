#include "events.h"

/* Ids have no gaps. */
static void log_missed(struct subscriber *subscriber, uint64_t id)
{
    if (subscriber->cursor)
        subscriber->missed += id - subscriber->cursor - 1;
    if (subscriber->missed && log_limited(&subscriber->missing, LOG_WARNING,
                                          "events came faster than a subscriber takes them, and it missed some",
                                          "subscriber", subscriber->name, "missed", INT_TEXT(subscriber->missed), NULL))
        subscriber->missed = 0;
}

static void hand_out(const struct queen *queen, struct subscriber *subscriber)
{
    const struct event *event;
    while ((event = queen_event_after(queen, subscriber->cursor))) {
        if (!subscriber->take(subscriber->user, event))
            return;
        log_missed(subscriber, event->id);
        subscriber->cursor = event->id;
    }
}

void events_hand_out(const struct queen *queen, struct subscriber *subscribers)
{
    for (; subscribers; subscribers = subscribers->next)
        hand_out(queen, subscribers);
}
