#include "events.h"

#include <stdio.h>

/* By the event before it: the ids of two processes do not follow each other. */
struct id_range events_missed(const struct subscriber *subscriber, const struct event *event)
{
    bool some = subscriber->cursor && event->previous > subscriber->cursor;
    return some ? (struct id_range){ subscriber->cursor + 1, event->previous } : (struct id_range){ 0 };
}

void events_lost_write(struct id_range lost, char ret[EVENTS_LOST_SIZE])
{
    snprintf(ret, EVENTS_LOST_SIZE, "{\"fleet\":\"events_lost\",\"from\":%llu,\"to\":%llu}",
             (unsigned long long)lost.first, (unsigned long long)lost.last);
}

static void log_missed(struct subscriber *subscriber, const struct event *event)
{
    struct id_range missed = events_missed(subscriber, event);
    if (missed.first)
        subscriber->missed += missed.last - missed.first + 1;
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
        log_missed(subscriber, event);
        subscriber->cursor = event->id;
    }
}

void events_hand_out(const struct queen *queen, struct subscriber *subscribers)
{
    for (; subscribers; subscribers = subscribers->next)
        hand_out(queen, subscribers);
}
