#include "neighbour_inquiry.h"

#include <utlist.h>

#include "ask.h"
#include "rations.h"
#include "storm.h"

#define REPLY_MS 1000

static bool may_be_asked(const struct record *record)
{
    return record->state == STATE_ONLINE && record->rpc && !record->over_http && !record->loss;
}

static bool ask_one(struct queen *queen, struct neighbour *neighbour, struct record *record)
{
    ms_t connect = 2 * (ms_t)record->connect_ms;
    if (!ask(queen, ASKING_NEIGHBOUR, &neighbour->pending, record, "beat",
             (struct question){ .deadline = MS_NEVER,
                                .reply_timeout = REPLY_MS + connect,
                                .retry = true,
                                .retry_after = queen_confirm_wait(queen, record) }))
        return false;
    neighbour->record = record;
    neighbour->of->out++;
    return true;
}

/* Whoever was silent for longest goes first. */
static void ask_some(struct queen *queen, struct neighbours *neighbours, unsigned count)
{
    static const enum tenure tenures[] = { TENURE_LIVE, TENURE_EXPECTED, TENURE_WEAK };
    unsigned left = RATION_SCANNED;
    struct record *record;
    neighbours->out = 0;
    for (size_t i = 0; i < ARRAY_LEN(tenures); i++)
        for (record = neighbours->share->tenants[tenures[i]]; record && left > 0 && neighbours->out < count;
             record = record->tenant_next, left--)
            if (may_be_asked(record) && !ask_one(queen, &neighbours->asked[neighbours->out], record))
                return;
}

/* The last question is over, unless nobody answered and there are others. */
static void end_question(struct queen *queen, struct neighbours *neighbours)
{
    if (!neighbours->stands && !storm_is_on_of(queen, neighbours->share))
        ask_some(queen, neighbours, NEIGHBOURS_MORE);
    if (neighbours->out > 0)
        return;
    neighbours->asking = false;
    inquiry_answer(&neighbours->inquiry);
}

static void send_question(struct queen *queen, struct neighbours *neighbours)
{
    if (neighbours->asking || !queen->member.linked || !inquiry_wants_question(&neighbours->inquiry))
        return;
    neighbours->inquiry.sent++;
    neighbours->asking = true;
    neighbours->stands = false;
    ask_some(queen, neighbours, NEIGHBOURS_FIRST);
    if (neighbours->out > 0)
        return;
    neighbours->stands = true; /* there is nobody */
    neighbours_mark(&queen->neighbours, neighbours);
}

struct record *neighbour_inquiry_take(struct queen *queen)
{
    struct neighbours *neighbours;
    struct record *record;
    while ((neighbours = queen->neighbours)) {
        if (neighbours->asking && neighbours->out == 0)
            end_question(queen, neighbours);
        if ((record = inquiry_take(&neighbours->inquiry)))
            return record;
        neighbours_unmark(&queen->neighbours, neighbours);
        send_question(queen, neighbours);
        neighbours_close(&queen->neighbours, neighbours);
    }
    return NULL;
}

/* It is not waited for any more. */
static void end_one(struct queen *queen, struct neighbour *neighbour)
{
    neighbour->record = NULL;
    if (--neighbour->of->out == 0)
        neighbours_mark(&queen->neighbours, neighbour->of);
}

struct record *neighbour_inquiry_answered(struct queen *queen, const struct answer *answer,
                                          enum evidence_result *ret_result)
{
    struct neighbour *neighbour = answer->subject;
    struct record *record = neighbour->record;
    bool is_missing = answer->kind == ANSWER_NO_SUBSCRIBER || answer->kind == ANSWER_NO_REPLY;
    bool has_beaten = record->received_at > queen->watch.time - answer->took;
    requester_cancel(&queen->asking[ASKING_NEIGHBOUR], &neighbour->pending);
    end_one(queen, neighbour);
    if (!is_missing || has_beaten) {
        neighbour->of->stands = true;
        return NULL;
    }
    *ret_result = answer->kind == ANSWER_NO_SUBSCRIBER ? RESULT_UNSUBSCRIBED : RESULT_UNANSWERED;
    return record;
}

void neighbour_inquiry_forget(struct queen *queen, struct record *record)
{
    struct neighbours *neighbours = record->share->neighbours;
    for (size_t i = 0; neighbours && i < NEIGHBOURS_MORE; i++)
        if (neighbours->asked[i].record == record) {
            requester_cancel(&queen->asking[ASKING_NEIGHBOUR], &neighbours->asked[i].pending);
            end_one(queen, &neighbours->asked[i]);
        }
    if (neighbours)
        neighbours_close(&queen->neighbours, neighbours);
}

void neighbour_inquiry_link_lost(struct queen *queen)
{
    struct answer answer;
    while (requester_lost(&queen->asking[ASKING_NEIGHBOUR], queen->now, &answer)) {
        struct neighbour *neighbour = answer.subject;
        neighbour->of->asking = false;
        end_one(queen, neighbour);
    }
}
