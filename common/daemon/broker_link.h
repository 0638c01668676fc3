/* broker_link.h - a core's link to the broker: carries out the effects that concern it, and tells what comes of them.
 *
 * Between the core and the MQTT client stands the send queue: what is published while the link is down, or faster than
 * the broker acknowledges, waits there. All calls and callbacks on the loop's thread. */
#ifndef SKEP_BROKER_LINK_H
#define SKEP_BROKER_LINK_H

#include "mqtt.h"
#include "outbox.h"
#include "service.h"

struct broker_link;

/* None may be NULL, but where it says so. */
struct broker_link_events {
    void (*connecting)(void *user); /* answered, before it returns, by carrying out one EFFECT_CONNECT */
    void (*up)(void *user);
    void (*down)(void *user);
    void (*failed)(void *user); /* an attempt to connect failed; may be NULL */
    void (*packet)(void *user); /* as in mqtt.h; may be NULL */
    void (*message)(void *user, const struct message *message);
    void (*acked)(void *user, uint64_t token, uint8_t reason); /* tokens of the core's own */
    void (*subscribed)(void *user, uint64_t token, uint8_t reason);
    void (*left)(void *user); /* EFFECT_DISCONNECT was carried out */
};

/* Connects nothing yet. `conf`, `events` and `user` are borrowed for good, `client_id` is copied. */
enum err broker_link_new(struct loop *loop, const struct service_conf *conf, const char *client_id, ms_t keep_alive,
                         const struct broker_link_events *events, void *user, struct broker_link **ret,
                         struct errbuf *e);
void broker_link_free(struct broker_link *link);
DEFINE_AUTO_FREE(broker_link)

void broker_link_start(struct broker_link *link);

/* CONNECT, DISCONNECT, SUBSCRIBE, UNSUBSCRIBE and PUBLISH; false for an effect of another kind. ERR_NOMEM in *ret_err
 * when a message could not be kept: the world no longer matches the core. */
bool broker_link_carry_out(struct broker_link *link, const struct effect *effect, enum err *ret_err);

/* As mqtt_drain and mqtt_is_blocking. */
bool broker_link_drain(struct broker_link *link);
bool broker_link_is_blocking(const struct broker_link *link);

#endif
