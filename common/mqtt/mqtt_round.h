/* mqtt_round.h - which address of which broker is tried next. Part of mqtt_client.
 *
 * A round goes through every address of every broker of the list in order; it may be left where it is, and gone on with
 * later. */
#ifndef SKEP_MQTT_ROUND_H
#define SKEP_MQTT_ROUND_H

#include "mqtt_setup.h"
#include "resolver.h"

#define MQTT_RESOLVE_TIMEOUT_MS 5000

struct mqtt_round {
    struct broker_list brokers;
    size_t broker;             /* the next of the list to be resolved */
    struct resolved resolved;  /* of the one before */
    size_t address;            /* the next of `resolved` to be tried */
    struct resolver *resolver; /* while a name is looked up */
};

enum mqtt_round_step {
    MQTT_ROUND_ADDRESS, /* there is one: mqtt_round_take */
    MQTT_ROUND_RESOLVE, /* a look-up has begun: mqtt_round_resolve */
    MQTT_ROUND_OVER,    /* none is left */
};

/* Goes on with the first address. */
void mqtt_round_restart(struct mqtt_round *round);

/* Gives up the look-up, if there is one. */
void mqtt_round_stop(struct mqtt_round *round);

/* An address is left, as far as is known. */
bool mqtt_round_has_more(const struct mqtt_round *round);

/* Not while a name is looked up. The sentence is of the latest host of which no look-up could begin. */
enum mqtt_round_step mqtt_round_next(struct mqtt_round *round, struct errbuf *e);

/* False: the look-up goes on. True: it is over, and mqtt_round_stop is to follow; the sentence says why there is no
 * address. `late`: it has had MQTT_RESOLVE_TIMEOUT_MS. */
bool mqtt_round_resolve(struct mqtt_round *round, bool late, struct errbuf *e);

/* The address of MQTT_ROUND_ADDRESS, which is tried with it. Borrowed until the next look-up begins. */
struct mqtt_peer mqtt_round_take(struct mqtt_round *round);

/* The latest that was taken is the next one again. */
void mqtt_round_put_back(struct mqtt_round *round);

#endif
