/* broker_link.h - a core's link to the broker: carries out the effects that concern it, and reports what comes of them
 * as inputs.
 *
 * Between the core and the MQTT client stands the send queue: what is published while the link is down, or faster than
 * the broker acknowledges, waits there. The client is whatever has struct mqtt_ops, so that the simulated fleet runs
 * the same link. All calls and callbacks on one thread. */
#ifndef SKEP_BROKER_LINK_H
#define SKEP_BROKER_LINK_H

#include "input.h"
#include "mqtt.h"
#include "outbox.h"
#include "rng.h"

struct broker_link;

/* Borrowed for good. */
struct broker_link_options {
    const char *broker; /* shown in the log */
    struct rng *rng;    /* of the delays between attempts */
    ms_t reconnect_max;
    /* INPUT_CONNECTING, which is answered, before it returns, by carrying out one EFFECT_CONNECT; LINK_UP, LINK_DOWN,
     * LINK_FAILED, PACKET, SUBSCRIBED, ACKED (tokens of the core's own), MESSAGE. Without the time. */
    void (*input)(void *user, struct input *input);
    void (*left)(void *user);    /* EFFECT_DISCONNECT was carried out */
    void (*starved)(void *user); /* out of memory: it may be without a link for good */
    void *user;
};

/* ERR_NOMEM. */
enum err broker_link_new(const struct broker_link_options *options, struct broker_link **ret);
void broker_link_free(struct broker_link *link); /* its client, too */

/* The client, which was made with these events and the link as their user; taken. Before everything below. */
extern const struct mqtt_events broker_link_events;
void broker_link_attach(struct broker_link *link, const struct mqtt_ops *ops, struct mqtt *mqtt);

void broker_link_start(struct broker_link *link);

/* CONNECT, RECONNECT, DISCONNECT, SUBSCRIBE, UNSUBSCRIBE and PUBLISH; nothing for an effect of another kind. ERR_NOMEM
 * when a message could not be kept: the world no longer matches the core. */
enum err broker_link_carry_out(struct broker_link *link, const struct effect *effect);

/* Reports, as INPUT_ACKED with a reason from MQTT_FAILED on, what the client could not send, which frees its place; not
 * from within an input. What has no QoS 1 to offer is not used: the link is dropped and tried again. False: that made
 * more to report. */
bool broker_link_settle(struct broker_link *link);

/* Says what was not handed over yet, events (neither urgent nor retained) and what is retained, and what never will be:
 * of which events, once. */
void broker_link_unsent(struct broker_link *link, struct input *ret);

/* As mqtt_client_is_behind. */
bool broker_link_is_behind(const struct broker_link *link);

/* As mqtt_drain. */
bool broker_link_drain(struct broker_link *link);

#endif
