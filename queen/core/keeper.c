#include "keeper.h"

#define SETTLE_MS 200

void keeper_init(struct keeper *keeper, struct queen *queen)
{
    uint64_t last = queen_last_event(queen);
    *keeper = (struct keeper){ .queen = queen, .given = last, .kept = last };
}

ms_t keeper_wait(const struct keeper *keeper, uint64_t commanded)
{
    uint64_t last = queen_last_event(keeper->queen);
    return queen_acked(keeper->queen) >= last && commanded >= last ? 0 : SETTLE_MS;
}

void keeper_turn(struct keeper *keeper, bool takes, bool has_lost)
{
    if (has_lost) {
        queen_rows_lost(keeper->queen);
        keeper->given = keeper->kept;
    } else if (takes && !keeper->is_full) {
        keeper->kept = keeper->given;
    }
    keeper->next = takes ? queen_event_after(keeper->queen, keeper->given) : NULL;
}

/* Those that are lost are one, before the first that is left. */
static bool next_event(struct keeper *keeper, struct store_row *ret)
{
    const struct event *event = keeper->next;
    struct id_range lost;
    if (!event)
        return false;
    lost = event_missed(event, keeper->given);
    if (lost.first) {
        events_lost_write(lost, keeper->lost);
        *ret = (struct store_row){ .kind = STORE_EVENT, .event = { lost.last, text_of(keeper->lost) } };
        keeper->missed += lost.last - lost.first + 1;
    } else {
        *ret = (struct store_row){ .kind = STORE_EVENT,
                                   .hive = text_of(event->hive),
                                   .event = { event->id, event->json } };
        keeper->next = queen_event_next(event);
    }
    keeper->given = ret->event.id;
    return true;
}

bool keeper_next(struct keeper *keeper, uint64_t commanded, struct store_row *ret)
{
    if (next_event(keeper, ret))
        return true;
    if (!queen_next_row(keeper->queen, ret))
        return false;
    if (ret->kind == STORE_LIFE)
        ret->life.commanded = commanded;
    return true;
}

void keeper_filled(struct keeper *keeper, bool is_full)
{
    keeper->is_full = is_full;
}
