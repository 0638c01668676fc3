#include "broker_link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backoff.h"
#include "log.h"
#include "send_queue.h"
#include "topic.h"

#define WHY_SIZE 128
#define DROPPED_EVERY_MS 10000

/* Its failed acknowledgement is due. */
struct unsendable {
    uint64_t number; /* in flight, of the send queue */
    uint8_t reason;
};

struct broker_link {
    struct broker_link_options options;
    const struct mqtt_ops *ops;
    struct mqtt *mqtt;
    struct send_queue queue;
    struct backoff backoff;
    struct outbox kept; /* the latest EFFECT_CONNECT */
    bool has_will;      /* of the present link, or attempt */
    bool is_renewed;    /* EFFECT_RECONNECT: the link ends because it shall */
    char why[WHY_SIZE]; /* the latest attempt failed or the link was lost, as logged; empty: it works */
    struct log_limit refused, dropped, unsent;
    uint64_t dropped_seen; /* of queue.dropped */
    struct unsendable unsendable[SEND_QUEUE_INFLIGHT];
    unsigned unsendable_count;
};

static void input(const struct broker_link *link, struct input input)
{
    link->options.input(link->options.user, &input);
}

static ms_t on_retry_in(void *user, ms_t lived)
{
    struct broker_link *link = user;
    if (link->is_renewed)
        return 0;
    if (lived >= 0)
        backoff_lost(&link->backoff, lived);
    return backoff_next(&link->backoff, link->options.rng);
}

static bool on_will(void *user, struct publish *ret)
{
    struct broker_link *link = user;
    outbox_reset(&link->kept);
    input(link, (struct input){ .kind = INPUT_CONNECTING });
    link->has_will = link->kept.first && link->kept.first->publish.topic;
    if (link->has_will)
        *ret = link->kept.first->publish;
    return link->has_will;
}

/* It would be refused again on this link. Its core learns of that in the next turn, since it may be in a step. */
static void note_unsendable(struct broker_link *link, const struct queued *queued, uint8_t reason)
{
    link->unsendable[link->unsendable_count++] = (struct unsendable){ queued->number, reason };
}

static void on_starved(void *user)
{
    struct broker_link *link = user;
    link->options.starved(link->options.user);
}

static void give_up_link(struct broker_link *link, const struct queued *queued, enum err err)
{
    if (err == ERR_NOMEM)
        on_starved(link);
    send_queue_unsent(&link->queue, queued->number);
    link->ops->drop(link->mqtt, err == ERR_REFUSED ? "the broker refused a message: QoS not supported (it must offer "
                                                     "QoS 1: see max_qos in broker-config/README.md)"
                                                   : "cannot publish");
}

/* Hands over what may be sent. */
static void pump(struct broker_link *link)
{
    const struct queued *queued;
    while (link->ops->is_up(link->mqtt) && (queued = send_queue_next(&link->queue))) {
        struct publish publish = queued->publish;
        enum err err;
        publish.token = queued->number;
        err = link->ops->publish(link->mqtt, &publish);
        if (err != OK && err != ERR_REFUSED)
            (void)log_limited(&link->unsent, LOG_ERROR, "cannot publish", "topic", publish.topic, "error",
                              err_name(err), NULL);
        if (mqtt_client_unsendable(err))
            note_unsendable(link, queued, mqtt_client_unsendable(err));
        else if (err != OK)
            give_up_link(link, queued, err);
    }
}

/* Nothing else reports that a verdict, an event or a presence did not get through. */
static void log_refused(struct broker_link *link, const struct publish *publish, uint8_t reason)
{
    char code[8];
    snprintf(code, sizeof code, "0x%02x", reason);
    if (publish)
        (void)log_limited(&link->refused, LOG_ERROR,
                          "the broker refused a message: check its ACL, see broker-config/README.md", "topic",
                          publish->topic, "reason", code, NULL);
}

/* Once a turn, and with the next one what the limit held back. */
static void log_dropped(struct broker_link *link)
{
    link->dropped.skipped = 0; /* they are counted here */
    if (link->queue.dropped != link->dropped_seen &&
        log_limited(&link->dropped, LOG_WARNING, "send queue full: dropping the oldest messages", "dropped",
                    INT_TEXT(link->queue.dropped - link->dropped_seen), NULL))
        link->dropped_seen = link->queue.dropped;
}

static void on_up(void *user, const char *broker, const struct link_facts *facts)
{
    struct broker_link *link = user;
    if (link->has_will)
        log_at(LOG_INFO, "connected to the broker", "broker", link->options.broker, "address", broker, NULL);
    input(link, (struct input){ .kind = INPUT_LINK_UP, .facts = facts });
    pump(link);
}

/* Once per change of the reason is enough: it tries for ever. */
static bool is_news(struct broker_link *link, const char *why)
{
    if (strncmp(link->why, why, WHY_SIZE - 1) == 0)
        return false;
    snprintf(link->why, sizeof link->why, "%s", why);
    return true;
}

static void on_down(void *user, const char *why)
{
    struct broker_link *link = user;
    if (!link->is_renewed && is_news(link, why))
        log_at(LOG_WARNING, "lost the connection to the broker; reconnecting", "broker", link->options.broker, "why",
               why, NULL);
    link->is_renewed = false;
    send_queue_link_lost(&link->queue);
    link->unsendable_count = 0;
    input(link, (struct input){ .kind = INPUT_LINK_DOWN, .why = why });
}

static void on_failed(void *user, const char *why)
{
    struct broker_link *link = user;
    input(link, (struct input){ .kind = INPUT_LINK_FAILED, .why = why });
    if (is_news(link, why))
        log_at(LOG_WARNING, "cannot reach the broker; retrying", "broker", link->options.broker, "why", why, NULL);
}

static void on_message(void *user, const struct message *message)
{
    input(user, (struct input){ .kind = INPUT_MESSAGE, .message = message });
}

static void acknowledge(struct broker_link *link, uint64_t number, uint8_t reason)
{
    uint64_t token = send_queue_acked(&link->queue, number);
    if (token)
        input(link, (struct input){ .kind = INPUT_ACKED, .token = token, .reason = reason });
    pump(link);
}

static void on_acked(void *user, uint64_t number, uint8_t reason)
{
    struct broker_link *link = user;
    link->why[0] = '\0';
    if (reason >= MQTT_FAILED)
        log_refused(link, send_queue_inflight(&link->queue, number), reason);
    acknowledge(link, number, reason);
}

static void on_subscribed(void *user, uint64_t token, uint8_t reason)
{
    input(user, (struct input){ .kind = INPUT_SUBSCRIBED, .token = token, .reason = reason });
}

static void on_packet(void *user)
{
    input(user, (struct input){ .kind = INPUT_PACKET });
}

const struct mqtt_events broker_link_events = { .retry_in = on_retry_in,
                                                .will = on_will,
                                                .up = on_up,
                                                .down = on_down,
                                                .failed = on_failed,
                                                .message = on_message,
                                                .acked = on_acked,
                                                .subscribed = on_subscribed,
                                                .starved = on_starved,
                                                .packet = on_packet };

void broker_link_unsent(struct broker_link *link, struct input *ret)
{
    ret->unsent = link->queue.event_count;
    ret->unsent_states = link->queue.states.count;
    ret->dropped = link->queue.dropped;
    ret->lost = link->queue.lost;
    link->queue.lost = (struct id_range){ 0 };
}

enum err broker_link_new(const struct broker_link_options *options, struct broker_link **ret)
{
    struct broker_link *link = calloc(1, sizeof *link);
    if (!link)
        return ERR_NOMEM;
    link->options = *options;
    link->dropped.burst = 1;
    link->dropped.every = DROPPED_EVERY_MS;
    backoff_init(&link->backoff, options->reconnect_max);
    *ret = link;
    return OK;
}

void broker_link_attach(struct broker_link *link, const struct mqtt_ops *ops, struct mqtt *mqtt)
{
    link->ops = ops;
    link->mqtt = mqtt;
}

void broker_link_free(struct broker_link *link)
{
    if (!link)
        return;
    if (link->mqtt)
        link->ops->free(link->mqtt);
    send_queue_clear(&link->queue);
    outbox_clear(&link->kept);
    free(link);
}

void broker_link_start(struct broker_link *link)
{
    link->ops->start(link->mqtt);
}

bool broker_link_settle(struct broker_link *link)
{
    struct unsendable due[SEND_QUEUE_INFLIGHT];
    unsigned count = link->unsendable_count;
    memcpy(due, link->unsendable, count * sizeof due[0]);
    link->unsendable_count = 0;
    for (unsigned i = 0; i < count; i++)
        acknowledge(link, due[i].number, due[i].reason);
    log_dropped(link); /* what the limit held back, too */
    return link->unsendable_count == 0;
}

bool broker_link_is_behind(const struct broker_link *link)
{
    return link->ops->is_behind(link->mqtt);
}

bool broker_link_drain(struct broker_link *link)
{
    return link->ops->drain(link->mqtt);
}

static void subscribe(struct broker_link *link, const struct subscribe *subscribe)
{
    enum err err = link->ops->subscribe(link->mqtt, subscribe);
    if (err == OK)
        return;
    if (err == ERR_NOMEM)
        on_starved(link);
    log_at(LOG_ERROR, "cannot subscribe", "filter", subscribe->filter, "error", err_name(err), NULL);
    link->ops->drop(link->mqtt, "cannot subscribe");
}

static enum err publish(struct broker_link *link, const struct publish *publish)
{
    enum err err = send_queue_add(&link->queue, publish);
    pump(link);
    return err;
}

static void on_left(void *user)
{
    struct broker_link *link = user;
    link->options.left(link->options.user);
}

enum err broker_link_carry_out(struct broker_link *link, const struct effect *effect)
{
    if (effect->kind == EFFECT_PUBLISH)
        return publish(link, &effect->publish);
    if (effect->kind == EFFECT_CONNECT) {
        outbox_connect(&link->kept, &effect->publish);
        return link->kept.failed ? ERR_NOMEM : OK;
    }
    if (effect->kind == EFFECT_RECONNECT) {
        link->is_renewed = true;
        link->ops->renew(link->mqtt);
    } else if (effect->kind == EFFECT_DISCONNECT) {
        link->ops->stop(link->mqtt, on_left);
    } else if (effect->kind == EFFECT_SUBSCRIBE) {
        subscribe(link, &effect->subscribe);
    } else if (effect->kind == EFFECT_UNSUBSCRIBE) { /* a link that is gone has no subscriptions */
        (void)link->ops->unsubscribe(link->mqtt, effect->subscribe.filter);
    }
    return OK;
}
