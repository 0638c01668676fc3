#include "events.h"

void events_log_missed(const char *name, uint64_t *missed, struct log_limit *limit)
{
    if (*missed &&
        log_limited(limit, LOG_WARNING, "events came faster than a subscriber takes them, and it missed some",
                    "subscriber", name, "missed", INT_TEXT(*missed), NULL))
        *missed = 0;
}

static void note_missed(struct subscriber *subscriber, const struct event *event)
{
    struct id_range missed = event_missed(event, subscriber->cursor);
    if (missed.first)
        subscriber->missed += missed.last - missed.first + 1;
    events_log_missed(subscriber->name, &subscriber->missed, &subscriber->missing);
}

static void hand_out(const struct queen *queen, struct subscriber *subscriber)
{
    const struct event *event;
    while ((event = queen_event_after(queen, subscriber->cursor))) {
        if (!subscriber->take(subscriber->user, event))
            return;
        note_missed(subscriber, event);
        subscriber->cursor = event->id;
    }
}

void events_hand_out(const struct queen *queen, struct subscriber *subscribers)
{
    for (; subscribers; subscribers = subscribers->next)
        hand_out(queen, subscribers);
}
