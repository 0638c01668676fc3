/* mqtt_events.h - what the owner of an MQTT client sets, and what it is called for. */
#ifndef SKEP_MQTT_EVENTS_H
#define SKEP_MQTT_EVENTS_H

#include "broker_login.h"
#include "wire.h"

struct mqtt_options {
    struct broker_login login;
    const char *client_id;
    int keep_alive_s;
    ms_t connack_timeout; /* from the start of an attempt; 0 = 10 s */
    /* The largest packet that the broker may send, in bytes: it drops larger ones; 0 = 64 KiB. mosquitto
     * 2.0.11 sends nothing more once it has dropped 20 of QoS 1: what others may write is subscribed to at QoS 0. */
    uint32_t receive_max;
};

struct mqtt_events { /* each may be NULL */
    /* A connection ended after it had been up for `lived` ms, or a round failed (-1): returns the delay until the next
     * round, in ms. Called before `down` or `failed`. NULL: the next round begins with mqtt_client_connect. */
    ms_t (*retry_in)(void *user, ms_t lived);
    /* Fill in the will of the attempt that is about to be made; false = none. Pointers must live until it returns. */
    bool (*will)(void *user, struct publish *ret);
    void (*up)(void *user, const char *broker,
               const struct link_facts *facts);                 /* CONNACK was fine; the numeric address; borrowed */
    void (*down)(void *user, const char *why);                  /* an established connection ended */
    void (*failed)(void *user, const char *why);                /* a round failed */
    void (*message)(void *user, const struct message *message); /* borrowed during the call */
    void (*acked)(void *user, uint64_t token, uint8_t reason);  /* PUBACK of a QoS 1 publish with a token */
    void (*subscribed)(void *user, uint64_t token, uint8_t reason); /* SUBACK; reason >= MQTT_FAILED = refused */
    void (*starved)(void *user); /* out of memory: the attempt or the connection ends, and the next one may, too */
    void (*packet)(void *user);  /* something was received: the link is proven. Once per burst, before its messages */
};

#endif
