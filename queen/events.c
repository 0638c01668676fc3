#include "events.h"

#include "log.h"

/* Ids have no gaps. */
static void hand_out(const struct queen *queen, struct subscriber *subscriber)
{
    const struct event *event;
    while ((event = queen_event_after(queen, subscriber->cursor))) {
        if (!subscriber->take(subscriber->user, event))
            return;
        if (subscriber->cursor && event->id > subscriber->cursor + 1)
            log_at(LOG_WARNING, "events came faster than a subscriber takes them, and it missed some", "subscriber",
                   subscriber->name, "missed", INT_TEXT(event->id - subscriber->cursor - 1), NULL);
        subscriber->cursor = event->id;
    }
}

void events_hand_out(const struct queen *queen, struct subscriber *subscribers)
{
    for (; subscribers; subscribers = subscribers->next)
        hand_out(queen, subscribers);
}
