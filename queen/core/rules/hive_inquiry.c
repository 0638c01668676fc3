#include "hive_inquiry.h"

#include "ask.h"
#include "change.h"

#define REPLY_MS 1500
#define LATE_MS 30000 /* for how long a late answer is still taken: as long as somebody may wait (loss.c) */

static ms_t reply_timeout(const struct record *hive)
{
    return REPLY_MS + 2 * (ms_t)hive->connect_ms;
}

void hive_inquiry_end(struct queen *queen, struct hive_watch *watch)
{
    requester_cancel(&queen->asking[ASKING_INQUIRY], &watch->question);
    inquiry_end(&watch->inquiry);
    if (watch->inquiry.waits)
        hive_watch_mark(&queen->hives, watch);
}

void hive_inquiry_send(struct queen *queen, struct hive_watch *watch)
{
    const struct record *hive = watch->record;
    if (!inquiry_wants_question(&watch->inquiry) || hive->state != STATE_ONLINE || !queen->member.linked ||
        requester_is_waiting(&watch->question))
        return;
    if (hive->rpc && ask(queen, ASKING_INQUIRY, &watch->question, hive, "beat",
                         (struct question){ .deadline = MS_NEVER,
                                            .reply_timeout = reply_timeout(hive),
                                            .retry = true,
                                            .retry_after = queen_confirm_wait(queen, hive),
                                            .late = LATE_MS }))
        watch->inquiry.sent++;
    else
        hive_inquiry_end(queen, watch);
}

/* A heartbeat that came behind the broker's acknowledgement of the question shows as much as a reply. */
static bool has_beaten(const struct queen *queen, const struct record *hive, enum answer_kind kind)
{
    ms_t waited = kind == ANSWER_NO_REPLY ? reply_timeout(hive) : queen_confirm_wait(queen, hive);
    return hive->received_at > queen->watch.time - waited;
}

static void suspect(struct queen *queen, struct record *hive, enum answer_kind kind)
{
    enum evidence_result result = kind == ANSWER_NO_REPLY ? RESULT_UNANSWERED : RESULT_UNSUBSCRIBED;
    change_state(queen, hive, STATE_SUSPECT, CAUSE_NO_REPLY, evidence_now(queen, hive, PATH_MQTT, result));
}

/* Where the broker does not let the queen ask, workers are judged by themselves. */
struct record *hive_inquiry_answered(struct queen *queen, const struct answer *answer)
{
    struct hive_watch *watch = answer->subject;
    struct record *hive = watch->record;
    bool is_refused = answer->kind == ANSWER_REFUSED;
    bool is_silent = answer->kind == ANSWER_NO_SUBSCRIBER || answer->kind == ANSWER_NO_REPLY;
    if ((is_silent || is_refused) && hive->state != STATE_ONLINE) /* it is judged otherwise */
        return NULL;
    if (is_silent && !has_beaten(queen, hive, answer->kind)) {
        suspect(queen, hive, answer->kind);
        return NULL;
    }
    inquiry_answer(&watch->inquiry);
    hive_watch_mark(&queen->hives, watch);
    if (is_silent || is_refused)
        return NULL;
    requester_cancel(&queen->asking[ASKING_INQUIRY], &watch->question);
    return hive;
}

void hive_inquiry_link_lost(struct queen *queen)
{
    struct answer answer;
    while (requester_lost(&queen->asking[ASKING_INQUIRY], queen->now, &answer))
        continue;
}
