#include "proof.h"

#include <utlist.h>

static struct record **list_of(struct queen *queen, const struct record *record)
{
    return &queen->proofs.lists[record->proof - PROOF_LIST_A];
}

bool proof_is_due(const struct queen *queen)
{
    return queen->proofs.proved || queen->proofs.lost;
}

static void send_probe(struct queen *queen)
{
    struct proofs *proofs = &queen->proofs;
    if (proofs->token || proof_is_due(queen) || !proofs->lists[!proofs->asked] || !queen->member.linked)
        return;
    proofs->asked = !proofs->asked;
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
    record->proof = queen->proofs.asked ? PROOF_LIST_A : PROOF_LIST_B;
    DL_APPEND(*list_of(queen, record), record);
    registry_touch(&queen->registry, record);
    send_probe(queen);
}

void proof_withdraw(struct queen *queen, struct record *record)
{
    if (record->proof == PROOF_NONE)
        return;
    DL_DELETE(*list_of(queen, record), record);
    record->proof = PROOF_NONE;
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
    struct record *record = NULL;
    if (!proof_is_due(queen))
        return NULL;
    *ret_proved = proofs->proved;
    record = proofs->lists[proofs->asked];
    if (!record && proofs->lost)
        record = proofs->lists[!proofs->asked];
    if (record) {
        proof_withdraw(queen, record);
        return record;
    }
    proofs->proved = proofs->lost = false;
    send_probe(queen);
    return NULL;
}
