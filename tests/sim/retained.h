/* retained.h - the retained messages of the fake broker, and topic filters. */
#ifndef SIM_RETAINED_H
#define SIM_RETAINED_H

#include <uthash.h>

#include "packet.h"

struct retained {
    UT_hash_handle hh;     /* by topic; the hash's list is the order of the first store */
    struct packet *packet; /* which the message lies in */
    struct publish publish;
    ms_t expires_at; /* MS_NEVER = does not */
};

/* Zero-initialise it, but for the packets. */
struct retained_store {
    struct packet_pool *packets;
    struct retained *by_topic;
};

void retained_clear(struct retained_store *store);

/* An empty payload removes. `expires_at` counts if the message has an expiry. */
void retained_put(struct retained_store *store, const struct publish *publish, ms_t expires_at);

/* The stored copy, or NULL when there is none or it has expired by `now`. */
const struct retained *retained_find(const struct retained_store *store, const char *topic, ms_t now);

/* `ret` (which must be empty) becomes the same set. */
void retained_copy(const struct retained_store *store, struct retained_store *ret);

/* True if the filter with its + and # takes the topic. */
bool filter_matches(const char *filter, const char *topic);

#endif
