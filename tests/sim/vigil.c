#include "vigil.h"

#include <stdlib.h>

#include "json.h"

#define RAISING_AGE_S 2

void vigil_clock_turn(struct vigil_clock *clock, const struct node *queen, ms_t now)
{
    bool linked = queen && queen->running && queen->client.phase == CLIENT_UP;
    bool paused = queen && queen->paused;
    if (clock->linked && !clock->paused)
        clock->pending += now - clock->turned;
    else if (clock->linked &&
             !paused) /* what lies in her socket proves that turn, also if the end of the link is last */
        clock->time += VIGIL_TURN_MAX;
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

/* A stored copy is no sign of life. That of a later process or connection, of one that was not heard on this link,
 * declares its lease, and that may be over one grace after the snapshot (R12, R15). */
static void take_stored(struct vigil *vigil, const struct vigil_clock *clock, const struct vigil *copy)
{
    if (!vigil->lost_since || (copy->session == vigil->session && copy->connection <= vigil->connection))
        return;
    vigil->copied_at = vigil_now(clock);
    vigil->session = copy->session;
    vigil->connection = copy->connection;
    if (copy->lease > 0) {
        vigil->lease = ms_min(vigil->lease, copy->lease);
        vigil->grace = ms_min(vigil->grace, copy->grace);
    }
}

static void take(struct vigil *vigil, const struct vigil_clock *clock, const struct cJSON *document, bool stored)
{
    double interval = 0, lease = 0, connection = 0;
    struct vigil declared;
    const char *presence = json_string(json_member(document, "presence"));
    if (presence && strcmp(presence, "online") != 0)
        return;
    if (json_number(json_member(document, "interval_ms"), &interval))
        lease = 3 * interval;
    (void)json_number(json_member(document, "lease_ms"), &lease);
    (void)json_number(json_member(document, "connection"), &connection);
    declared = (struct vigil){ .received_at = vigil_now(clock),
                               .copied_at = MS_NEVER,
                               .lease = (ms_t)lease,
                               .grace = ms_max((ms_t)interval, VIGIL_GRACE),
                               .session = session_of(document),
                               .connection = connection,
                               .seq = vigil->seq,
                               .seq_session = vigil->seq_session };
    if (stored)
        take_stored(vigil, clock, &declared);
    else
        *vigil = declared;
}

/* R1: a stored copy that a bridge has sent as a live message is no sign of life. */
static bool is_old(const struct cJSON *document, const struct message *message)
{
    double retain_s = 0;
    return message->has_expiry && json_number(json_member(document, "retain_s"), &retain_s) &&
           retain_s - message->expiry_s > RAISING_AGE_S;
}

/* R2: ... nor is one that was read before. Notes what is read. */
static bool is_repeated(struct vigil *vigil, const struct cJSON *document)
{
    uint64_t session = session_of(document);
    double seq;
    bool is_repeated;
    if (!json_number(json_member(document, "seq"), &seq))
        return false;
    is_repeated = session == vigil->seq_session && seq <= vigil->seq;
    if (!is_repeated) {
        vigil->seq_session = session;
        vigil->seq = seq;
    }
    return is_repeated;
}

void vigil_message(struct vigil *vigil, const struct vigil_clock *clock, const struct message *message)
{
    struct arena arena;
    struct cJSON *document;
    arena = (struct arena){ 0 };
    if (json_parse(&arena, message->payload, &document, NULL) == OK) {
        bool is_void = is_repeated(vigil, document) || is_old(document, message);
        if (message->retain || !is_void)
            take(vigil, clock, document, message->retain);
    }
    arena_clear(&arena);
}

void vigil_answered(struct vigil *vigil, const struct vigil_clock *clock)
{
    vigil->received_at = vigil_now(clock);
    vigil->copied_at = MS_NEVER;
    vigil->lost_since = false;
}

void vigil_link_lost(struct vigil *vigil)
{
    vigil->lost_since = true;
}

ms_t vigil_missing(const struct vigil *vigil, const struct vigil_clock *clock)
{
    ms_t until;
    if (vigil->received_at == MS_NEVER)
        return 0;
    until = vigil->received_at + vigil->lease + (vigil->lost_since ? vigil->grace : 0);
    if (vigil->copied_at != MS_NEVER)
        until = ms_min(until, vigil->copied_at + vigil->grace);
    return until - vigil_now(clock);
}
