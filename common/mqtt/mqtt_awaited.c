#include "mqtt_awaited.h"

void mqtt_awaited_add(struct mqtt_awaited *awaited, int packet_id, uint64_t token, size_t bytes)
{
    size_t at = awaited->count++;
    awaited->packets[at].packet_id = packet_id;
    awaited->packets[at].token = token;
    awaited->packets[at].bytes = bytes;
    awaited->bytes += bytes;
}

uint64_t mqtt_awaited_take(struct mqtt_awaited *awaited, int packet_id)
{
    for (size_t i = 0; i < awaited->count; i++) {
        uint64_t token = awaited->packets[i].token;
        if (awaited->packets[i].packet_id != packet_id)
            continue;
        awaited->bytes -= awaited->packets[i].bytes;
        awaited->packets[i] = awaited->packets[--awaited->count];
        return token;
    }
    return 0;
}
