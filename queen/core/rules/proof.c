#include "proof.h"

#include <utlist.h>

bool proof_is_due(const struct queen *queen)
{
    return queen->proofs.proved || queen->proofs.lost;
}

static void send_probe(struct queen *queen)
{
    struct proofs *proofs = &queen->proofs;
    if (proofs->token || proof_is_due(queen) || !proofs->waiting || !queen->member.linked)
        return;
    proofs->sent++;
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
    if (record->proof != 0)
        return;
    record->proof = queen->proofs.sent + 1;
    DL_APPEND(queen->proofs.waiting, record);
    registry_touch(&queen->registry, record);
    send_probe(queen);
}

void proof_withdraw(struct queen *queen, struct record *record)
{
    if (record->proof == 0)
        return;
    DL_DELETE(queen->proofs.waiting, record);
    record->proof = 0;
    registry_touch(&queen->registry, record);
}

void proof_acked(struct queen *queen, uint64_t token)
{
    if (token != queen->proofs.token)
        return;
    queen->proofs.token = 0;
    queen->proofs.proved = true;
}

void proof_link_lost(struct queen *queen)
{
    queen->proofs.token = 0;
    queen->proofs.proved = false;
    queen->proofs.lost = true;
}

struct record *proof_take(struct queen *queen, bool *ret_proved)
{
    struct proofs *proofs = &queen->proofs;
    struct record *record = proofs->waiting;
    if (!proof_is_due(queen))
        return NULL;
    *ret_proved = proofs->proved;
    if (record && (proofs->lost || record->proof <= proofs->sent)) {
        proof_withdraw(queen, record);
        return record;
    }
    proofs->proved = proofs->lost = false;
    send_probe(queen);
    return NULL;
}
