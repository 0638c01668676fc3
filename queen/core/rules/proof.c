#include "proof.h"

#include <utlist.h>

static void send_probe(struct queen *queen)
{
    struct proofs *proofs = &queen->proofs;
    struct record *record;
    if (proofs->token || !proofs->waiting || !queen->member.linked)
        return;
    proofs->asked = proofs->waiting;
    proofs->waiting = NULL;
    DL_FOREACH(proofs->asked, record)
    {
        record->proof = PROOF_ASKED;
    }
    proofs->token = queen_token(queen, TOKEN_PROOF);
    outbox_publish(queen->out, &(struct publish){ .topic = queen->member.reply_topic,
                                                  .payload = TEXT("{}"),
                                                  .qos = 1,
                                                  .urgent = true,
                                                  .expiry_s = 1,
                                                  .token = proofs->token });
}

void proof_ask(struct queen *queen, struct record *record)
{
    if (record->proof != PROOF_NONE)
        return;
    record->proof = PROOF_WAITING;
    registry_touch(&queen->registry, record);
    DL_APPEND(queen->proofs.waiting, record);
    send_probe(queen);
}

void proof_withdraw(struct queen *queen, struct record *record)
{
    if (record->proof == PROOF_NONE)
        return;
    registry_touch(&queen->registry, record);
    if (record->proof == PROOF_ASKED)
        DL_DELETE(queen->proofs.asked, record);
    else
        DL_DELETE(queen->proofs.waiting, record);
    record->proof = PROOF_NONE;
}

static struct record *take(struct queen *queen, struct record **list)
{
    struct record *record = *list;
    if (!record)
        return NULL;
    DL_DELETE(*list, record);
    record->proof = PROOF_NONE;
    registry_touch(&queen->registry, record);
    return record;
}

struct record *proof_next(struct queen *queen, uint64_t token)
{
    struct record *record;
    if (token != queen->proofs.token)
        return NULL;
    record = take(queen, &queen->proofs.asked);
    if (!record) {
        queen->proofs.token = 0;
        send_probe(queen);
    }
    return record;
}

struct record *proof_lost(struct queen *queen)
{
    queen->proofs.token = 0;
    struct record *record = take(queen, &queen->proofs.asked);
    return record ? record : take(queen, &queen->proofs.waiting);
}
