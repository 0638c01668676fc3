/* mqtt.h - an MQTT 5 client as a guest of the loop, over libmosquitto. Moves bytes, knows no messages.
 *
 * Reads the socket in bursts until nothing more came, a busy one about once a millisecond; connects on the thread pool
 * (DNS and TCP block there, not here); reconnects by itself, by the schedule that the driver's retry_in gives; asks for
 * the will anew before every CONNECT. While offline nothing is queued: mqtt_publish says ERR_UNREACHABLE. All calls and
 * callbacks on the loop's thread; callbacks may call mqtt_* but not mqtt_free. */
#ifndef SKEP_MQTT_H
#define SKEP_MQTT_H

#include "broker_login.h"
#include "loop.h"
#include "wire.h"

struct mqtt;

struct mqtt_options {
    struct broker_login login;
    const char *client_id;
    int keep_alive_s;
};

/* The largest packet that the broker may send, in bytes; it drops larger ones. Bounds what a hostile sender costs. */
#define MQTT_RECEIVE_MAX (4 * 1024 * 1024)

struct mqtt_events {
    /* A link ended after it had been up for `lived` ms, or an attempt failed (-1): returns the delay until the next
     * attempt, in ms. Asked once for each loss or failure, before `down` or `failed`. Required; the others may be NULL.
     */
    ms_t (*retry_in)(void *user, ms_t lived);
    /* Fill in the will of the CONNECT that is about to be made; false = none. Pointers must live until it returns. */
    bool (*will)(void *user, struct publish *ret);
    void (*up)(void *user);                                         /* CONNACK was fine */
    void (*down)(void *user, const char *why);                      /* an established link ended */
    void (*failed)(void *user, const char *why);                    /* an attempt failed; the next one is scheduled */
    void (*message)(void *user, const struct message *message);     /* borrowed during the call */
    void (*acked)(void *user, uint64_t token, uint8_t reason);      /* PUBACK of a QoS 1 publish with a token */
    void (*subscribed)(void *user, uint64_t token, uint8_t reason); /* SUBACK; reason >= MQTT_FAILED = refused */
    void (*packet)(void *user);  /* something was received: the link is proven. Once per burst, before its messages */
    void (*drained)(void *user); /* the burst was handed over */
};

/* Reads no file, connects nothing. `options` is copied. ERR_RANGE for an id or a keep alive that cannot be, or the
 * errors of broker_login_check, with a sentence. */
enum err mqtt_new(struct loop *loop, const struct mqtt_options *options, const struct mqtt_events *events, void *user,
                  struct mqtt **ret, struct errbuf *e);
/* Closes without DISCONNECT: the broker publishes the will. Fine at any time but in a callback. A connect that blocks
 * on the thread pool ends by itself later; loop_free waits for it, a process that exits need not. */
void mqtt_free(struct mqtt *mqtt);
DEFINE_AUTO_FREE(mqtt)

void mqtt_start(struct mqtt *mqtt); /* begins to connect, and keeps at it; an attempt has 10 s until CONNACK */
bool mqtt_is_up(const struct mqtt *mqtt);

/* An attempt still blocks on the thread pool (DNS, TCP): loop_free would wait for it, for minutes in the worst case, so
 * a process that wants to end just ends. */
bool mqtt_is_blocking(const struct mqtt *mqtt);

/* Reads what has arrived and hands it over, as the loop would: for a driver that must not judge before. Not from within
 * a callback. True: nothing is left (or there is no link); false: more lies there, and the loop will go on reading it.
 */
bool mqtt_drain(struct mqtt *mqtt);

/* Drops the link at once (no DISCONNECT) and connects again by the schedule. */
void mqtt_drop(struct mqtt *mqtt, const char *why);

/* ERR_UNREACHABLE while offline, ERR_NOMEM, ERR_IO, ERR_TOPIC for a bad topic or filter, ERR_TOO_LARGE beyond what the
 * broker accepts, ERR_REFUSED for a QoS that it does not offer. */
enum err mqtt_publish(struct mqtt *mqtt, const struct publish *publish);
enum err mqtt_subscribe(struct mqtt *mqtt, const struct subscribe *subscribe);
enum err mqtt_unsubscribe(struct mqtt *mqtt, const char *filter);

/* Sends DISCONNECT and makes no new connection; `done` is called once, when the socket is closed or after 1 s. Publish
 * and await its acknowledgement before. */
void mqtt_stop(struct mqtt *mqtt, void (*done)(void *user));

/* The same as a table, for those who take another transport, too. */
struct mqtt_ops {
    void (*start)(struct mqtt *mqtt);
    void (*stop)(struct mqtt *mqtt, void (*done)(void *user));
    void (*drop)(struct mqtt *mqtt, const char *why);
    bool (*drain)(struct mqtt *mqtt);
    bool (*is_up)(const struct mqtt *mqtt);
    enum err (*publish)(struct mqtt *mqtt, const struct publish *publish);
    enum err (*subscribe)(struct mqtt *mqtt, const struct subscribe *subscribe);
    enum err (*unsubscribe)(struct mqtt *mqtt, const char *filter);
    void (*free)(struct mqtt *mqtt);
};

extern const struct mqtt_ops mqtt_ops;

#endif
