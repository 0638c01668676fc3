#include "mqtt_link_parts.h"

#include <errno.h>
#include <sys/socket.h>

#include "clock.h"
#include "mqtt_properties.h"
#include "mqtt_verdict.h"

static void burst_begin(struct mqtt_link *link)
{
    link->in_burst = true;
    if (link->owner.events->packet)
        link->owner.events->packet(link->owner.user);
}

static void burst_end(struct mqtt_link *link)
{
    link->in_burst = false;
    if (link->owner.events->drained)
        link->owner.events->drained(link->owner.user);
}

/* Notes that libmosquitto had something. False: the link has ended and nothing is handed over any more. */
static bool hand_over(struct mqtt_link *link)
{
    link->handed++;
    if (!link->ended && !link->in_burst)
        burst_begin(link);
    return !link->ended;
}

static void on_message(struct mosquitto *mosquitto, void *user, const struct mosquitto_message *received,
                       const mosquitto_property *properties)
{
    struct mqtt_link *link = user;
    struct mqtt_copies copies = { 0 };
    struct message message = {
        .topic = text_of(received->topic),
        .payload = { received->payload ? received->payload : "", (size_t)received->payloadlen },
        .retain = received->retain,
    };

    (void)mosquitto;
    if (!hand_over(link) || !link->owner.events->message)
        return;
    if (!properties) {
        link->owner.events->message(link->owner.user, &message);
        return;
    }
    if (mqtt_properties_read(properties, &message, &copies))
        link->owner.events->message(link->owner.user, &message);
    else
        mqtt_link_end(link, "out of memory for a message received");
    mqtt_copies_clear(&copies);
}

static uint64_t token_take(struct mqtt_link *link, int packet_id)
{
    uint64_t token = link->tokens[packet_id & UINT16_MAX];

    link->tokens[packet_id & UINT16_MAX] = 0;
    return token;
}

/* Also comes, from within mosquitto_publish, when a QoS 0 publish is written: that has no token. */
static void on_publish(struct mosquitto *mosquitto, void *user, int packet_id, int reason,
                       const mosquitto_property *properties)
{
    struct mqtt_link *link = user;
    uint64_t token = token_take(link, packet_id);

    (void)mosquitto;
    (void)properties;
    if (!token)
        link->handed++;
    else if (hand_over(link) && link->owner.events->acked)
        link->owner.events->acked(link->owner.user, token, (uint8_t)reason);
}

static void on_subscribe(struct mosquitto *mosquitto, void *user, int packet_id, int count, const int *granted,
                         const mosquitto_property *properties)
{
    struct mqtt_link *link = user;
    uint64_t token = token_take(link, packet_id);
    uint8_t reason = count > 0 ? (uint8_t)granted[0] : MQTT_FAILED;

    (void)mosquitto;
    (void)properties;
    if (hand_over(link) && token && link->owner.events->subscribed)
        link->owner.events->subscribed(link->owner.user, token, reason);
}

static void on_connect(struct mosquitto *mosquitto, void *user, int reason, int flags,
                       const mosquitto_property *properties)
{
    struct mqtt_link *link = user;
    struct errbuf why = { 0 };

    (void)flags;
    (void)properties;
    link->handed++;
    if (link->ended)
        return;
    if (reason) {
        (void)err_set(&why, OK, "the broker refused the connection: %s",
                      reason < MQTT_FAILED ? mosquitto_connack_string(reason) : mosquitto_reason_string(reason));
        mqtt_link_end(link, why.text);
        return;
    }
    mosquitto_log_callback_set(mosquitto, NULL); /* it formats a line for every packet */
    link->up = link->was_up = true;
    link->owner.up(link->owner.owner);
}

/* A DISCONNECT of the broker gives its reason here, everything else a fault of libmosquitto; the ranges are apart. */
static void on_disconnect(struct mosquitto *mosquitto, void *user, int fault, const mosquitto_property *properties)
{
    int number = errno;
    struct mqtt_link *link = user;
    struct errbuf why = { 0 };

    (void)mosquitto;
    (void)properties;
    if (fault > 0 && fault < MQTT_FAILED) {
        mqtt_link_end_by_fault(link, fault, number);
        return;
    }
    (void)err_set(&why, OK, "disconnected by the broker: %s", mosquitto_reason_string(fault));
    mqtt_link_end(link, fault ? why.text : "disconnected");
}

static void on_log(struct mosquitto *mosquitto, void *user, int level, const char *line)
{
    struct mqtt_link *link = user;

    if (level == MOSQ_LOG_ERR && !link->logged.text[0])
        (void)err_set(&link->logged, OK, "%s", mqtt_verdict(mosquitto, line));
}

void mqtt_link_hear(struct mqtt_link *link)
{
    mosquitto_connect_v5_callback_set(link->mosquitto, on_connect);
    mosquitto_disconnect_v5_callback_set(link->mosquitto, on_disconnect);
    mosquitto_message_v5_callback_set(link->mosquitto, on_message);
    mosquitto_publish_v5_callback_set(link->mosquitto, on_publish);
    mosquitto_subscribe_v5_callback_set(link->mosquitto, on_subscribe);
    mosquitto_log_callback_set(link->mosquitto, on_log);
}

/* While TLS shakes hands, libmosquitto takes the end of the stream for "call me again". */
static void end_if_closed(struct mqtt_link *link)
{
    char byte;
    ssize_t got = recv(link->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

    if (got == 0)
        mqtt_link_end_by_fault(link, MOSQ_ERR_CONN_LOST, 0);
    else if (got < 0 && errno != EAGAIN && errno != EINTR)
        mqtt_link_end_by_fault(link, MOSQ_ERR_ERRNO, errno);
}

static bool burst_is_long(const struct mqtt_link *link, unsigned calls, ms_t began)
{
    return link->handed >= MQTT_BURST_MAX || (calls % MQTT_BURST_LOOK == 0 && clock_mono() - began >= MQTT_BURST_MS);
}

/* Each call of libmosquitto handles about one packet. One that brings nothing ends the burst: the rest shows as a
 * readable socket, but for what TLS has decrypted already. */
void mqtt_link_read(struct mqtt_link *link)
{
    unsigned patience = link->target->brokers.tls ? 2 : 1;
    unsigned idle = 0, calls = 0, before;
    ms_t began = clock_mono();

    link->handed = 0;
    do {
        before = link->handed;
        errno = 0; /* libmosquitto looks at it also when nothing failed */
        int fault = mosquitto_loop_read(link->mosquitto, 1);
        if (fault)
            mqtt_link_end_by_fault(link, fault, errno);
        idle = link->handed == before ? idle + 1 : 0;
        link->cut = burst_is_long(link, ++calls, began);
    } while (!link->ended && idle < patience && !link->cut);
    if (link->up && !link->in_burst)
        burst_begin(link); /* e.g. PINGRESP */
    if (link->in_burst)
        burst_end(link);
    if (!link->ended && !link->up && link->handed == 0)
        end_if_closed(link);
}
