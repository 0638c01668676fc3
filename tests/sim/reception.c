#include "reception.h"

#include <stdlib.h>

#include "json.h"

#define RAISING_AGE_S 2

void reception_clock_turn(struct reception_clock *clock, const struct node *queen, ms_t now)
{
    bool linked = queen && queen->running && queen->client.phase == CLIENT_UP;
    bool paused = queen && queen->paused;
    if (clock->linked && !clock->paused)
        clock->pending += now - clock->turned;
    else if (clock->linked &&
             !paused) /* what lies in her socket proves that turn, also if the end of the link is last */
        clock->time += RECEPTION_TURN_MAX;
    if (!queen || !queen->client.cuts[SIDE_CLIENT])
        clock->time += clock->pending;
    if (!queen || !queen->client.cuts[SIDE_CLIENT] || !linked)
        clock->pending = 0;
    clock->turned = now;
    clock->linked = linked;
    clock->paused = paused;
}

static uint64_t session_of(const struct cJSON *document)
{
    const char *session = json_string(json_member(document, "session"));
    return session ? strtoull(session, NULL, 16) : 0;
}

/* A stored copy is no sign of life. That of a later process or connection, of one that was not heard on this link, is
 * its word on its lease, which may be over one grace later (R15). */
static void take_stored(struct reception *reception, const struct reception_clock *clock, const struct reception *copy)
{
    if (!reception->lost_since || (copy->session == reception->session && copy->connection <= reception->connection))
        return;
    reception->copied_until = reception_now(clock) + copy->grace;
    reception->session = copy->session;
    reception->connection = copy->connection;
    reception->closed = false;
}

static void take(struct reception *reception, const struct reception_clock *clock, const struct cJSON *document,
                 bool stored)
{
    double interval = 0, lease = 0, connection = 0;
    struct reception declared;
    const char *presence = json_string(json_member(document, "presence"));
    bool is_own;
    (void)json_number(json_member(document, "connection"), &connection);
    is_own = session_of(document) == reception->session && connection == reception->connection;
    if (presence && strcmp(presence, "online") != 0)
        reception->closed |= is_own;
    if ((presence && strcmp(presence, "online") != 0) || (!presence && is_own && reception->closed))
        return;
    if (json_number(json_member(document, "interval_ms"), &interval))
        lease = 3 * interval;
    (void)json_number(json_member(document, "lease_ms"), &lease);
    declared = (struct reception){ .received_at = reception_now(clock),
                                   .copied_until = MS_NEVER,
                                   .lease = (ms_t)lease,
                                   .grace = ms_max((ms_t)interval, RECEPTION_GRACE),
                                   .session = session_of(document),
                                   .connection = connection,
                                   .seq = reception->seq,
                                   .seq_session = reception->seq_session };
    if (stored)
        take_stored(reception, clock, &declared);
    else
        *reception = declared;
}

/* R1: a stored copy that a bridge has sent as a live message is no sign of life. */
static bool is_old(const struct cJSON *document, const struct message *message)
{
    double retain_s = 0;
    return message->has_expiry && json_number(json_member(document, "retain_s"), &retain_s) &&
           retain_s - message->expiry_s > RAISING_AGE_S;
}

/* R2: ... nor is one that was read before. Notes what is read. */
static bool is_repeated(struct reception *reception, const struct cJSON *document)
{
    uint64_t session = session_of(document);
    double seq;
    bool is_repeated;
    if (!json_number(json_member(document, "seq"), &seq))
        return false;
    is_repeated = session == reception->seq_session && seq <= reception->seq;
    if (!is_repeated) {
        reception->seq_session = session;
        reception->seq = seq;
    }
    return is_repeated;
}

void reception_message(struct reception *reception, const struct reception_clock *clock, const struct message *message)
{
    struct arena arena;
    struct cJSON *document;
    arena = (struct arena){ 0 };
    if (json_parse(&arena, message->payload, &document, NULL) == OK) {
        bool repeated = is_repeated(reception, document), stored = message->retain || is_old(document, message);
        if (message->retain || !repeated)
            take(reception, clock, document, stored);
    }
    arena_clear(&arena);
}

void reception_answered(struct reception *reception, const struct reception_clock *clock)
{
    reception->received_at = reception_now(clock);
    reception->copied_until = MS_NEVER;
    reception->lost_since = reception->closed = false;
}

void reception_link_lost(struct reception *reception)
{
    reception->lost_since = true;
}

ms_t reception_missing(const struct reception *reception, const struct reception_clock *clock)
{
    ms_t until;
    if (reception->received_at == MS_NEVER)
        return 0;
    until = reception->received_at + reception->lease + (reception->lost_since ? reception->grace : 0);
    return ms_min(until, reception->copied_until) - reception_now(clock);
}
