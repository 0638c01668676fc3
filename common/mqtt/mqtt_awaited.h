/* mqtt_awaited.h - what the broker has not acknowledged yet: the token of whoever sent it, and how many bytes are held
 * for it meanwhile, by the id of its packet. Pure. Part of mqtt_session. */
#ifndef SKEP_MQTT_AWAITED_H
#define SKEP_MQTT_AWAITED_H

#include "base.h"

#define MQTT_AWAITED_MAX 256 /* acknowledgements; send_queue has 20 out at most */

/* Zero-initialised nothing is awaited. */
struct mqtt_awaited {
    size_t count, bytes;
    struct {
        int packet_id;
        uint64_t token;
        size_t bytes;
    } packets[MQTT_AWAITED_MAX];
};

static inline bool mqtt_awaited_is_full(const struct mqtt_awaited *awaited)
{
    return awaited->count == MQTT_AWAITED_MAX;
}

/* Not when it is full. */
void mqtt_awaited_add(struct mqtt_awaited *awaited, int packet_id, uint64_t token, size_t bytes);

/* It is acknowledged: its token; 0: it has none, or nothing is awaited for it. */
uint64_t mqtt_awaited_take(struct mqtt_awaited *awaited, int packet_id);

#endif
