#include "broker_barrier.h"

#define MOVES 8 /* for each that is taken */

bool barrier_is_due(const struct queen *queen)
{
    return queen->barriers.passed || queen->barriers.lost;
}

static void send_probe(struct queen *queen)
{
    struct barriers *barriers = &queen->barriers;
    if (barriers->token || barriers->lost || !barriers->wanted || !barriers->waiting.first || !queen->member.linked)
        return;
    barriers->sent++;
    barriers->wanted = false;
    barriers->token = queen_token(queen, TOKEN_BARRIER);
    outbox_publish(queen->out, &(struct publish){ .topic = queen->member.reply_topic,
                                                  .payload = TEXT("{}"),
                                                  .qos = 1,
                                                  .urgent = true,
                                                  .expiry_s = 1,
                                                  .token = barriers->token });
}

void barrier_request(struct queen *queen, struct record *record)
{
    struct barriers *barriers = &queen->barriers;
    if (record->barrier != 0)
        return;
    record->barrier = barriers->sent + 1;
    barriers->wanted = true;
    turns_add(&barriers->waiting, &barriers->all, &record->barrier_turn);
    registry_touch(&queen->registry, record);
    send_probe(queen);
}

void barrier_withdraw(struct queen *queen, struct record *record)
{
    struct barriers *barriers = &queen->barriers;
    bool waits = record->barrier_turn.party == &barriers->all;
    if (record->barrier == 0)
        return;
    turns_remove(waits ? &barriers->waiting : &barriers->over, &record->barrier_turn);
    record->barrier = 0;
    registry_touch(&queen->registry, record);
}

void barrier_acked(struct queen *queen, uint64_t token)
{
    struct barriers *barriers = &queen->barriers;
    if (token != barriers->token)
        return;
    barriers->token = 0;
    barriers->acked = barriers->sent;
    barriers->passed = true;
    send_probe(queen);
}

void barrier_link_lost(struct queen *queen)
{
    queen->barriers.token = 0;
    queen->barriers.passed = false;
    queen->barriers.lost = true;
}

static struct record *record_of(struct turns_item *item)
{
    return item ? CONTAINER_OF(item, struct record, barrier_turn) : NULL;
}

/* Those whose wait is over take turns by hive. */
static void sort_out(struct barriers *barriers)
{
    struct record *record;
    for (unsigned moved = 0; (record = record_of(turns_next(&barriers->waiting))) && moved < MOVES; moved++) {
        if (!barriers->lost && record->barrier > barriers->acked)
            break;
        turns_remove(&barriers->waiting, &record->barrier_turn);
        turns_add(&barriers->over, &record->share->barriers, &record->barrier_turn);
    }
}

struct record *barrier_take(struct queen *queen, bool *ret_passed)
{
    struct barriers *barriers = &queen->barriers;
    struct record *record;
    *ret_passed = !barriers->lost;
    if (!barrier_is_due(queen))
        return NULL;
    sort_out(barriers);
    if ((record = record_of(turns_next(&barriers->over)))) {
        (void)turns_take(&barriers->over, record->barrier_turn.party);
        record->barrier = 0;
        registry_touch(&queen->registry, record);
        return record;
    }
    barriers->passed = barriers->lost = false;
    send_probe(queen);
    return NULL;
}
