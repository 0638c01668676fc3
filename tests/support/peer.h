/* peer.h - an MQTT client of ours that writes down all it is told, and the scene for two of them: a mosquitto and a
 * loop. Failures fail the running cmocka test. */
#ifndef TEST_PEER_H
#define TEST_PEER_H

#include "broker.h"
#include "mqtt.h"

#define PEER_TEXT_SIZE 512

/* A client and all that it was told. */
struct peer {
    struct loop *loop;
    struct mqtt *mqtt;
    unsigned ups, downs, fails, packets, messages, wills, stops;
    unsigned want;                 /* messages (or packets) to wait for */
    unsigned burst, longest_burst; /* messages */
    unsigned slow_ms;              /* that a message takes */
    unsigned answers;              /* publishes to `answer` in the event of a message */
    ms_t retry, lived;
    unsigned retries;
    char why[ERRBUF_SIZE], broker[ADDRESS_TEXT_SIZE];
    struct link_facts facts;
    bool gives_will, retains_will, drop_in_message, stop_in_ack;
    char will_payload[32];
    uint64_t acked_token, subscribed_token;
    uint8_t reason;
    char topic[PEER_TEXT_SIZE], payload[PEER_TEXT_SIZE], response_topic[PEER_TEXT_SIZE], correlation[PEER_TEXT_SIZE];
    bool retain, has_expiry;
    uint32_t expiry_s;
};

extern const struct mqtt_events peer_events; /* `user` is the struct peer */

/* Creates the client and starts it. */
void peer_start(struct peer *peer, struct loop *loop, const char *uri, const char *id);
void peer_start_with(struct peer *peer, struct loop *loop, const struct mqtt_options *options);

/* Runs the loop until the condition holds. */
void peer_await(struct peer *peer, bool (*condition)(void *peer));
bool peer_is_up(void *peer);
bool peer_is_down(void *peer);
bool peer_has_begun(void *peer); /* to connect; gives_will only */
bool peer_has_failed(void *peer);
bool peer_has_messages(void *peer);
bool peer_has_packets(void *peer);
bool peer_is_acked(void *peer);
bool peer_is_subscribed(void *peer);
bool peer_is_stopped(void *peer);
bool peer_is_up_again(void *peer);

void peer_subscribe(struct peer *peer, const char *filter, uint8_t qos); /* and awaits SUBACK */
void peer_publish(struct peer *peer, const char *topic, const char *payload, uint8_t qos);
void peer_on_stopped(void *peer); /* for mqtt_stop */

struct scene {
    struct broker *broker;
    struct loop *loop;
    struct peer a, b;
};

void scene_init(struct scene *scene, const char *config); /* of the broker */
void scene_init_offline(struct scene *scene);             /* without a broker */
void scene_connect(struct scene *scene);                  /* both peers */
void scene_clear(struct scene *scene);

#endif
