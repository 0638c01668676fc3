#include "packet.h"

#include <stdio.h>
#include <stdlib.h>

void *sim_alloc(struct arena *arena, size_t size)
{
    void *at = arena_zalloc(arena, size);
    if (!at) {
        fputs("simulation: out of memory\n", stderr);
        abort();
    }
    return at;
}

static struct text copy_text(struct arena *arena, struct text text)
{
    char *at;
    if (!text.at)
        return text;
    at = sim_alloc(arena, text.len + 1);
    memcpy(at, text.at, text.len);
    return (struct text){ at, text.len };
}

const char *sim_copy(struct arena *arena, const char *text)
{
    return copy_text(arena, text_of(text)).at;
}

struct packet *packet_copy(struct arena *arena, const struct packet *packet)
{
    struct packet *copy = sim_alloc(arena, sizeof *copy);
    *copy = *packet;
    copy->client_id = sim_copy(arena, packet->client_id);
    copy->publish.topic = sim_copy(arena, packet->publish.topic);
    copy->publish.payload = copy_text(arena, packet->publish.payload);
    copy->publish.content_type = sim_copy(arena, packet->publish.content_type);
    copy->publish.response_topic = sim_copy(arena, packet->publish.response_topic);
    copy->publish.correlation = copy_text(arena, packet->publish.correlation);
    copy->subscribe.filter = sim_copy(arena, packet->subscribe.filter);
    return copy;
}

struct message packet_message(const struct publish *publish)
{
    return (struct message){ .topic = text_of(publish->topic),
                             .payload = publish->payload,
                             .retain = publish->retain,
                             .has_expiry = publish->expiry_s > 0,
                             .expiry_s = publish->expiry_s,
                             .response_topic = text_of(publish->response_topic),
                             .correlation = publish->correlation };
}
