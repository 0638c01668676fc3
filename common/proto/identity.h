/* identity.h - what a process reads on its own presence topic, and what follows. For workers, hives and queens. Pure.
 *
 * A death that is not of the present connection, or an empty message, while the process lives: announce again
 * (healing). A foreign session, on a second or later connection and unless it is an older one already known: somebody
 * else uses the same identity. CONNECTs that failed do not make a connection a later one: the first is that on which
 * the first message was read. */
#ifndef SKEP_IDENTITY_H
#define SKEP_IDENTITY_H

#include "msg.h"

#define IDENTITY_KNOWN 4
#define IDENTITY_HEAL_EVERY 1000   /* ms between two healings at the least */
#define IDENTITY_YIELD_FIRST 20000 /* ms to wait before a reconnect when somebody shares the identity */
#define IDENTITY_YIELD_MAX 300000  /* ms */

enum identity_action {
    IDENTITY_NOTHING,
    IDENTITY_HEAL,  /* publish the birth again, when identity_heal_in allows it */
    IDENTITY_SHARED /* the same identity is in use elsewhere; if this was a death, heal as well */
};

struct identity {
    uint64_t session;
    uint32_t connection;            /* of the present CONNECT, 1 for the first */
    uint32_t first;                 /* connection on which the first message was read: what it shows is the past */
    uint64_t known[IDENTITY_KNOWN]; /* foreign sessions seen on the first connection */
    unsigned sights;                /* on how many connections the identity was seen shared */
    uint32_t sighted;               /* the last of them */
    ms_t healed;                    /* when the last healing was; MS_NEVER = never */
};

void identity_init(struct identity *identity, uint64_t session);

/* A CONNECT is about to be made: counts it and returns its number. */
uint32_t identity_connect(struct identity *identity);

/* A message on one's own presence topic, stored or live. `presence` is NULL for an empty message. */
enum identity_action identity_observe(struct identity *identity, const struct presence *presence);

/* How long to wait before a healing is allowed: 0 = now (and it is counted as done). */
ms_t identity_heal_in(struct identity *identity, ms_t now);

/* How long a worker waits before its next reconnect after the latest sight: 20 s doubling to 5 min; 0 if never shared.
 * The caller adds jitter upwards. */
ms_t identity_yield(const struct identity *identity);

#endif
