#include "unacked.h"

#include "change.h"
#include "restore.h"

#define DOCUMENT_MAX (64 * 1024) /* no event is that large */

static bool is_possible(const struct queen *queen, const struct event_row *row)
{
    return row->id > queen->events.last && row->id <= EVENT_ID_MAX && row->document.len > 0 &&
           row->document.len <= DOCUMENT_MAX && !memchr(row->document.at, '\n', row->document.len);
}

enum err unacked_restore(struct queen *queen, const struct store_row *row)
{
    char hive[NAME_SIZE];
    struct event event = { row->event.id, hive, row->event.document, "", 0 };
    if (!is_possible(queen, &row->event))
        return ERR_RANGE;
    text_to_printable(row->hive, hive, sizeof hive);
    restore_event_id(queen, event.id);
    if (event.id > queen->remembering.acked)
        queen->events.limit = SIZE_MAX; /* all of these: the store has no more than a queue for the broker */
    return event_ring_add(&queen->events, &event);
}

bool unacked_publish(struct queen *queen, unsigned limit)
{
    struct remembering *remembering = &queen->remembering;
    const struct event *event = event_ring_after(&queen->events, remembering->republished);
    for (; limit > 0 && event; limit--, event = event_ring_next(event)) {
        change_send_event(queen, event);
        remembering->republished = event->id;
    }
    if (!event)
        queen->events.limit = EVENT_RING_BYTES;
    return !event;
}
