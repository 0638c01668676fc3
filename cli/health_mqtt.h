/* health_mqtt.h - health requests over MQTT, one at a time, over a connection that is kept between them. Its owner
 * polls the descriptor and the deadline of `client` (mqtt_client.h). */
#ifndef SKEP_CLI_HEALTH_MQTT_H
#define SKEP_CLI_HEALTH_MQTT_H

#include "health_answer.h"
#include "health_target.h"
#include "mqtt_client.h"
#include "requester.h"

/* Lies where it is until it is cleared. Zeroed, it may be cleared, too. */
struct health_mqtt {
    struct mqtt_client *client; /* NULL: not set up */
    bool is_up;                 /* connected */
    enum err result; /* of the request. ERR_STATE: it has not ended yet; ERR_UNREACHABLE: there is no answer */
    struct health_answer answer; /* of OK */
    struct errbuf why;           /* of ERR_UNREACHABLE */

    /* private */
    struct errbuf link_why; /* why it is not up; "" = not known yet */
    struct requester requester;
    struct pending pending; /* open: the request is sent */
    struct outbox outbox;
    struct arena arena;
    const struct health_target *target;
    char topic[TOPIC_SIZE], reply_topic[TOPIC_SIZE];
    ms_t until;
    bool blocks; /* SIGPIPE, which was not blocked before */
};

/* Connects as a client of its own; SIGPIPE is blocked in this thread until it is cleared. `target` is borrowed for the
 * life of the requests, `options` (but for the client id, which is made here) and `root` during the call. ERR_SYNTAX
 * for a root that is too long, and the errors of mqtt_client_new; each with a sentence, and the struct to be cleared
 * all the same. */
enum err health_mqtt_init(struct health_mqtt *health, const struct mqtt_options *options, const char *root,
                          const struct health_target *target, struct errbuf *e);
void health_mqtt_clear(struct health_mqtt *health);

/* Begins a request that ends at `until`, by clock_mono, at the latest. */
void health_mqtt_request(struct health_mqtt *health, ms_t until);

bool health_mqtt_is_connecting(const struct health_mqtt *health); /* for the first time */

/* What is to be done when the descriptor is ready, and at the deadline. */
void health_mqtt_turn(struct health_mqtt *health);

#endif
