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

static size_t size_of(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

const char *sim_copy(struct arena *arena, const char *text)
{
    return text ? memcpy(sim_alloc(arena, size_of(text)), text, size_of(text)) : NULL;
}

static const char *put(char **at, const char *text)
{
    size_t size = size_of(text);
    char *copy = *at;
    if (!text)
        return NULL;
    memcpy(copy, text, size);
    *at += size;
    return copy;
}

static uint8_t power_for(size_t bytes)
{
    uint8_t power = 0;
    while ((size_t)1 << power < bytes)
        power++;
    return power;
}

static struct packet *take_memory(struct packet_pool *pool, size_t bytes)
{
    uint8_t size = power_for(bytes);
    struct packet *packet = pool->free[size];
    if (packet)
        pool->free[size] = packet->next;
    else
        packet = sim_alloc(pool->arena, (size_t)1 << size);
    packet->size = size;
    return packet;
}

struct packet *packet_copy(struct packet_pool *pool, const struct packet *packet)
{
    struct packet *copy = take_memory(pool, sizeof *copy + size_of(packet->client_id) +
                                                size_of(packet->subscribe.filter) + publish_size(&packet->publish));
    char *at = (char *)(copy + 1);
    uint8_t size = copy->size;
    *copy = *packet;
    copy->size = size;
    copy->client_id = put(&at, packet->client_id);
    copy->subscribe.filter = put(&at, packet->subscribe.filter);
    copy->publish = publish_copy(&packet->publish, at);
    return copy;
}

void packet_free(struct packet_pool *pool, struct packet *packet)
{
    if (!packet)
        return;
    packet->next = pool->free[packet->size];
    pool->free[packet->size] = packet;
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
