#include "claim.h"

#include <stdio.h>

#include <cjson/cJSON.h>

#include "json.h"

#define REPLY_MS 1000  /* for the holder's answer, after the broker has taken the request */
#define RETRY_MS 1000  /* between two requests that had no subscriber, where a holder may be on its way back */
#define BROKER_MS 6000 /* by which a broker notices a silent client later than 1.5 keep alives; measured */
#define TRIES 2
#define SAME_MS 1000  /* born within this time of each other: the session decides */
#define ROUNDING_MS 2 /* of four instants, two of either clock */
#define HOLDER_NAME_SIZE 128

void claim_init(struct claim *claim, const struct claim_options *options)
{
    *claim = (struct claim){ .own = *options,
                             .hold = options->keep_alive * 3 / 2 + BROKER_MS,
                             .holder = { .pid = INT_ABSENT },
                             .next_at = MS_NEVER,
                             .held_since = MS_NEVER };
    requester_init(&claim->requester, options->reply_topic, options->key, options->tag);
}

void claim_clear(struct claim *claim)
{
    requester_clear(&claim->requester);
}

ms_t claim_held(const struct claim *claim, ms_t now)
{
    return claim->held_since == MS_NEVER ? 0 : ms_max(now - claim->held_since, 0);
}

/* A reply is still taken while a silent holder may be one whose path is slow. */
static void ask(struct claim *claim, ms_t now, struct outbox *outbox)
{
    struct question question = {
        .topic = claim->own.health_topic, .deadline = MS_NEVER, .reply_timeout = REPLY_MS, .late = claim->hold
    };
    claim->tries++;
    claim->silent = claim->reborn = false;
    claim->next_at = MS_NEVER;
    claim->requested_held = claim_held(claim, now);
    if (requester_send(&claim->requester, &claim->pending, &question, now, outbox) != OK)
        outbox->failed = true;
}

void claim_check(struct claim *claim, ms_t now, struct outbox *outbox)
{
    claim->checking = true;
    claim->tries = 0;
    claim->holder = (struct holder){ .pid = INT_ABSENT };
    ask(claim, now, outbox);
}

static void holder_set(struct holder *holder, const struct presence *presence)
{
    holder->online = presence->presence == PRESENCE_ONLINE;
    holder->session = presence->session;
    holder->connection = presence->connection;
    holder->pid = presence->pid;
    text_to_printable(text_of(presence->host ? presence->host : ""), holder->host, sizeof holder->host);
}

/* A live birth while one checks: the holder is back, and must be requested anew before the id may be taken. */
static void check_reborn(struct claim *claim, ms_t now, struct outbox *outbox)
{
    claim->reborn = requester_is_waiting(&claim->pending);
    claim->tries = 0;
    if (claim->next_at != MS_NEVER)
        ask(claim, now, outbox);
}

/* It has lost its link, and with it its own doubt: both compare anew, for the waits of the two belong together. */
static bool is_reborn(const struct claim *claim, const struct presence *presence)
{
    return presence->presence == PRESENCE_ONLINE && presence->session == claim->doubted &&
           presence->connection != claim->holder.connection;
}

void claim_seen(struct claim *claim, const struct presence *presence, bool stored, ms_t now, struct outbox *outbox)
{
    if (presence && presence->session == claim->own.session)
        return;
    if (presence && is_reborn(claim, presence))
        claim->doubted = 0;
    if (presence)
        holder_set(&claim->holder, presence);
    else
        claim->holder.online = false;
    if (claim->silent && !claim->holder.online) { /* the broker has noticed; the holder may be on its way back */
        claim->silent = false;
        claim->next_at = now + RETRY_MS;
    }
    if (claim->checking && claim->holder.online && !stored)
        check_reborn(claim, now, outbox);
    if (!claim->checking && claim->holder.online && claim->holder.session && claim->holder.session != claim->doubted &&
        !requester_is_waiting(&claim->pending))
        ask(claim, now, outbox);
}

static void holder_name(const struct holder *holder, char ret[HOLDER_NAME_SIZE])
{
    snprintf(ret, HOLDER_NAME_SIZE, "(host %s, pid %s)", holder->host[0] ? holder->host : "unknown",
             holder->pid != INT_ABSENT ? INT_TEXT(holder->pid) : "unknown");
}

/* To a sentence `cause: stop that one ...`, with the way out where the holder may be dead. */
static enum claim_verdict lose(struct claim *claim, const char *cause, bool may_be_dead)
{
    char holder[HOLDER_NAME_SIZE];
    holder_name(&claim->holder, holder);
    snprintf(claim->why, sizeof claim->why,
             "another %s holds the id %s %s%s: stop that one, or give this one another --id%s%s", claim->own.noun,
             claim->own.id, holder, cause,
             may_be_dead ? "; if it is gone, clear its retained presence: mosquitto_pub -r -n -t " : "",
             may_be_dead ? claim->own.presence_topic : "");
    requester_cancel(&claim->requester, &claim->pending);
    claim->next_at = MS_NEVER;
    return CLAIM_LOST;
}

static enum claim_verdict set_free(struct claim *claim)
{
    requester_cancel(&claim->requester, &claim->pending);
    claim->checking = claim->silent = false;
    claim->next_at = MS_NEVER;
    return CLAIM_FREE;
}

enum claim_verdict claim_refused(struct claim *claim, uint8_t reason, struct outbox *outbox)
{
    if (claim->checking && claim->holder.online)
        return lose(claim, ", and the broker does not let this one request its health", true);
    outbox_notice(outbox,
                  "the broker does not let this %s request the health of another that uses its id (reason 0x%02x): "
                  "see broker-config/README.md",
                  claim->own.noun, reason);
    return claim->checking ? set_free(claim) : CLAIM_OPEN;
}

static void wait_for_silent(struct claim *claim, ms_t now, struct outbox *outbox)
{
    char holder[HOLDER_NAME_SIZE];
    holder_name(&claim->holder, holder);
    claim->next_at = now + claim->hold - REPLY_MS;
    outbox_notice(outbox, "the id %s is another %s's %s, which does not answer: waiting %lld s for it or its will",
                  claim->own.id, claim->own.noun, holder, (long long)(claim->hold / 1000));
}

/* Where no holder's birth is stored, nothing speaks for one. */
static enum claim_verdict unanswered(struct claim *claim, enum answer_kind kind, ms_t now, struct outbox *outbox)
{
    if (!claim->holder.online || (kind == ANSWER_NO_SUBSCRIBER && claim->tries >= TRIES))
        return set_free(claim);
    claim->silent = kind != ANSWER_NO_SUBSCRIBER;
    if (claim->silent && claim->reborn)
        ask(claim, now, outbox);
    else if (claim->silent)
        wait_for_silent(claim, now, outbox);
    else
        claim->next_at = now + RETRY_MS;
    return CLAIM_OPEN;
}

static enum claim_verdict answered(struct claim *claim, const struct answer *answer, ms_t now, struct outbox *outbox)
{
    claim->doubted = 0;
    if (answer->kind == ANSWER_REFUSED)
        return claim_refused(claim, answer->reason, outbox);
    return claim->checking ? unanswered(claim, answer->kind, now, outbox) : CLAIM_OPEN;
}

enum claim_verdict claim_acked(struct claim *claim, uint64_t token, uint8_t reason, ms_t now, struct outbox *outbox)
{
    struct answer answer;
    if (!requester_acked(&claim->requester, token, reason, now, &answer))
        return CLAIM_OPEN;
    return answered(claim, &answer, now, outbox);
}

/* What a health document says of the process that wrote it. An older version says neither. */
struct rival {
    uint64_t session; /* 0 = not said */
    ms_t held;        /* MS_NEVER = not said */
};

static struct rival rival_of(const struct cJSON *result)
{
    struct rival rival = { .held = MS_NEVER };
    double held;
    (void)text_to_hex64(text_of(json_string(json_member(result, "session"))), &rival.session);
    if (json_number(json_member(result, "held_ms"), &held) && held >= 0 && held < MSG_INT_MAX)
        rival.held = (ms_t)held;
    return rival;
}

/* The first answer leaves it open: the one that yields requests again, and ends if it still cannot tell. The other one
 * waits until that has happened: if then somebody answers, that one has made sure that it stays. */
static enum claim_verdict doubt(struct claim *claim, const struct rival *rival, bool yields, ms_t now)
{
    ms_t took = claim_held(claim, now) - claim->requested_held;
    requester_cancel(&claim->requester, &claim->pending);
    claim->doubted = rival->session;
    claim->next_at = now + (RETRY_MS + 2 * took) * (yields ? 1 : 3);
    return CLAIM_OPEN;
}

/* The other one's time was taken at some instant between the request and now, so by how much longer this one has held
 * the id lies between two limits. Both compare with the same edge, and either ends only if its whole range is on the
 * losing side: never both. */
static enum claim_verdict compare(struct claim *claim, const struct rival *rival, ms_t now)
{
    bool yields = claim->own.session > rival->session;
    ms_t edge = yields ? SAME_MS + 1 : -SAME_MS;
    ms_t low, high;
    if (rival->held == MS_NEVER)
        return lose(claim, " and has held it for longer", false);
    low = claim->requested_held - rival->held - ROUNDING_MS;
    high = claim_held(claim, now) - rival->held + ROUNDING_MS;
    if (low < edge && high >= edge && claim->doubted != rival->session)
        return doubt(claim, rival, yields, now);
    claim->doubted = 0;
    if (low < edge)
        return lose(claim, high < -SAME_MS ? " and has held it for longer" : " since the same second", false);
    requester_cancel(&claim->requester, &claim->pending);
    return CLAIM_KEPT;
}

enum claim_verdict claim_replied(struct claim *claim, const struct message *message, ms_t now, struct arena *arena)
{
    struct answer answer;
    struct rival rival;
    if (!requester_reply(&claim->requester, message->correlation, message->payload, now, arena, &answer) ||
        answer.kind == ANSWER_GARBLED || (answer.kind == ANSWER_RESULT && !cJSON_IsObject(answer.result)))
        return CLAIM_OPEN;
    rival = rival_of(answer.result);
    if (rival.session == claim->own.session)
        return CLAIM_OPEN;
    return claim->checking ? lose(claim, "", false) : compare(claim, &rival, now);
}

enum claim_verdict claim_tick(struct claim *claim, ms_t now, struct outbox *outbox)
{
    struct answer answer;
    if (requester_due(&claim->requester, now, outbox, &answer) && answer.pending)
        return answered(claim, &answer, now, outbox);
    if (claim->next_at > now)
        return CLAIM_OPEN;
    if (claim->silent)
        return set_free(claim);
    ask(claim, now, outbox);
    return CLAIM_OPEN;
}

ms_t claim_deadline(const struct claim *claim)
{
    return ms_min(claim->next_at, requester_deadline(&claim->requester));
}

bool claim_is_open(const struct claim *claim)
{
    return claim->checking || requester_is_waiting(&claim->pending) || claim_deadline(claim) != MS_NEVER;
}

void claim_link_lost(struct claim *claim)
{
    claim->doubted = 0;
    claim->silent = false;
    requester_cancel(&claim->requester, &claim->pending);
    claim->next_at = MS_NEVER;
}
