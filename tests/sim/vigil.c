#include "vigil.h"

#include "json.h"

void vigil_clock_turn(struct vigil_clock *clock, const struct node *queen, ms_t now)
{
    bool linked = queen && queen->running && queen->client.phase == CLIENT_UP;
    bool paused = queen && queen->paused;
    if (clock->linked && !clock->paused)
        clock->pending += now - clock->turned;
    else if (clock->linked &&
             !paused) /* what lies in her socket proves that turn, also if the end of the link is last */
        clock->time += VIGIL_TURN_MAX;
    if (!queen || !queen->client.cut)
        clock->time += clock->pending;
    if (!queen || !queen->client.cut || !linked)
        clock->pending = 0;
    clock->turned = now;
    clock->linked = linked;
    clock->paused = paused;
}

static void take(struct vigil *vigil, const struct vigil_clock *clock, const struct cJSON *document)
{
    double interval = 0, lease = 0;
    const char *presence = json_string(json_member(document, "presence"));
    if (presence && strcmp(presence, "online") != 0)
        return;
    if (json_number(json_member(document, "interval_ms"), &interval))
        lease = 3 * interval;
    (void)json_number(json_member(document, "lease_ms"), &lease);
    *vigil = (struct vigil){ .received_at = vigil_now(clock),
                             .lease = (ms_t)lease,
                             .grace = ms_max((ms_t)interval, VIGIL_GRACE) };
}

void vigil_message(struct vigil *vigil, const struct vigil_clock *clock, const struct message *message)
{
    struct arena arena;
    struct cJSON *document;
    arena = (struct arena){ 0 };
    if (!message->retain && json_parse(&arena, message->payload, &document, NULL) == OK)
        take(vigil, clock, document);
    arena_clear(&arena);
}

void vigil_answered(struct vigil *vigil, const struct vigil_clock *clock)
{
    vigil->received_at = vigil_now(clock);
    vigil->lost_since = false;
}

void vigil_link_lost(struct vigil *vigil)
{
    vigil->lost_since = true;
}

ms_t vigil_missing(const struct vigil *vigil, const struct vigil_clock *clock)
{
    if (vigil->received_at == MS_NEVER)
        return 0;
    return vigil->received_at + vigil->lease + (vigil->lost_since ? vigil->grace : 0) - vigil_now(clock);
}
