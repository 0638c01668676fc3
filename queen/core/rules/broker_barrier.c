#include "broker_barrier.h"

#include <utlist.h>

bool barrier_is_due(const struct queen *queen)
{
    return queen->barriers.passed || queen->barriers.lost;
}

static void send_probe(struct queen *queen)
{
    struct barriers *barriers = &queen->barriers;
    if (barriers->token || barrier_is_due(queen) || !barriers->waiting || !queen->member.linked)
        return;
    barriers->sent++;
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
    if (record->barrier != 0)
        return;
    record->barrier = queen->barriers.sent + 1;
    DL_APPEND(queen->barriers.waiting, record);
    registry_touch(&queen->registry, record);
    send_probe(queen);
}

void barrier_withdraw(struct queen *queen, struct record *record)
{
    if (record->barrier == 0)
        return;
    DL_DELETE(queen->barriers.waiting, record);
    record->barrier = 0;
    registry_touch(&queen->registry, record);
}

void barrier_acked(struct queen *queen, uint64_t token)
{
    if (token != queen->barriers.token)
        return;
    queen->barriers.token = 0;
    queen->barriers.passed = true;
}

void barrier_link_lost(struct queen *queen)
{
    queen->barriers.token = 0;
    queen->barriers.passed = false;
    queen->barriers.lost = true;
}

struct record *barrier_take(struct queen *queen, bool *ret_passed)
{
    struct barriers *barriers = &queen->barriers;
    struct record *record = barriers->waiting;
    if (!barrier_is_due(queen))
        return NULL;
    *ret_passed = barriers->passed;
    if (record && (barriers->lost || record->barrier <= barriers->sent)) {
        barrier_withdraw(queen, record);
        return record;
    }
    barriers->passed = barriers->lost = false;
    send_probe(queen);
    return NULL;
}
