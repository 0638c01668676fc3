#include "broker_barrier.h"

#include <utlist.h>

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
    turns_add(&barriers->waiting, &record->share->barriers, &record->barrier_turn);
    registry_touch(&queen->registry, record);
    send_probe(queen);
}

void barrier_withdraw(struct queen *queen, struct record *record)
{
    if (record->barrier == 0)
        return;
    turns_remove(&queen->barriers.waiting, &record->barrier_turn);
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

static struct record *first_of(const struct turns_party *party)
{
    return CONTAINER_OF(party->items, struct record, barrier_turn);
}

/* Whose oldest one may be taken; NULL = nobody's. */
static struct turns_party *next_party(const struct barriers *barriers)
{
    struct turns_party *party;
    DL_FOREACH(barriers->waiting.first, party)
    {
        if (barriers->lost || first_of(party)->barrier <= barriers->acked)
            break;
    }
    return party;
}

struct record *barrier_take(struct queen *queen, bool *ret_passed)
{
    struct barriers *barriers = &queen->barriers;
    struct turns_party *party = barrier_is_due(queen) ? next_party(barriers) : NULL;
    struct record *record;
    *ret_passed = !barriers->lost;
    if (party) {
        record = first_of(party);
        (void)turns_take(&barriers->waiting, party);
        record->barrier = 0;
        registry_touch(&queen->registry, record);
        return record;
    }
    barriers->passed = barriers->lost = false;
    send_probe(queen);
    return NULL;
}
