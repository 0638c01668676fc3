#include "broker_link.h"

#include <stdio.h>
#include <stdlib.h>

#include "backoff.h"
#include "entropy.h"
#include "log.h"
#include "send_queue.h"
#include "topic.h"

#define RECONNECT_MAX_MS 30000
#define WHY_SIZE 128
#define COMPLAINTS_BURST 5
#define COMPLAINTS_EVERY_MS 60000

struct broker_link {
    const struct service_conf *conf;
    const struct broker_link_events *events;
    void *user;
    struct mqtt *mqtt;
    struct send_queue queue;
    struct backoff backoff;
    struct rng rng;
    struct publish *will; /* where EFFECT_CONNECT puts the will, during the callback */
    bool has_will;        /* of the present link, or attempt */
    bool is_renewed;      /* EFFECT_RECONNECT: the link ends because it shall */
    char will_topic[TOPIC_SIZE];
    struct buf will_payload;
    char why[WHY_SIZE]; /* the latest attempt failed, as it was said */
    struct log_limit refused, dropped;
    uint64_t dropped_seen; /* of queue.dropped */
};

static ms_t on_retry_in(void *user, ms_t lived)
{
    struct broker_link *link = user;
    if (link->is_renewed)
        return 0;
    if (lived >= 0)
        backoff_lost(&link->backoff, lived);
    return backoff_next(&link->backoff, &link->rng);
}

static bool on_will(void *user, struct publish *ret)
{
    struct broker_link *link = user;
    link->will = ret;
    link->has_will = false;
    link->events->connecting(link->user);
    link->will = NULL;
    return link->has_will;
}

/* Hands over what may be sent. */
static void pump(struct broker_link *link)
{
    const struct queued *queued;
    while (mqtt_is_up(link->mqtt) && (queued = send_queue_next(&link->queue))) {
        struct publish publish = queued->publish;
        enum err err;
        publish.token = queued->number;
        err = mqtt_publish(link->mqtt, &publish);
        if (err == OK)
            continue;
        log_at(LOG_ERROR, "cannot publish", "topic", publish.topic, "error", err_name(err), NULL);
        if (err == ERR_TOO_LARGE || err == ERR_REFUSED || err == ERR_TOPIC) {
            (void)send_queue_acked(&link->queue, queued->number); /* it would be refused again */
            continue;
        }
        send_queue_unsent(&link->queue, queued->number);
        mqtt_drop(link->mqtt, "cannot publish"); /* reconnecting, and the message sent again */
        return;
    }
}

/* Nobody else learns that a verdict, an event or a presence did not get through. */
static void say_refused(struct broker_link *link, const struct publish *publish, uint8_t reason)
{
    unsigned skipped;
    char code[8], count[16];
    if (!publish || !log_allowed(&link->refused, COMPLAINTS_BURST, COMPLAINTS_EVERY_MS, &skipped))
        return;
    snprintf(code, sizeof code, "0x%02x", reason);
    snprintf(count, sizeof count, "%u", skipped);
    log_at(LOG_ERROR, "the broker refused a message: check its ACL, see broker-config/README.md", "topic",
           publish->topic, "reason", code, "not_shown", skipped ? count : NULL, NULL);
}

static void say_dropped(struct broker_link *link)
{
    unsigned skipped;
    char count[24];
    if (link->queue.dropped == link->dropped_seen || !log_allowed(&link->dropped, 1, COMPLAINTS_EVERY_MS, &skipped))
        return;
    snprintf(count, sizeof count, "%llu", (unsigned long long)(link->queue.dropped - link->dropped_seen));
    link->dropped_seen = link->queue.dropped;
    log_at(LOG_WARNING, "send queue full: dropping oldest events and newest replies", "dropped", count, NULL);
}

static void on_up(void *user)
{
    struct broker_link *link = user;
    if (link->has_will)
        log_at(LOG_INFO, "connected to the broker", "broker", link->conf->login.broker, NULL);
    say_dropped(link); /* what the limit held back meanwhile */
    link->why[0] = '\0';
    link->events->up(link->user);
    pump(link);
}

static void on_down(void *user, const char *why)
{
    struct broker_link *link = user;
    if (!link->is_renewed)
        log_at(LOG_WARNING, "lost the broker; trying again", "broker", link->conf->login.broker, "why", why, NULL);
    link->is_renewed = false;
    send_queue_link_lost(&link->queue);
    link->events->down(link->user);
}

/* Once per change of the reason is enough: it tries for ever. */
static void on_failed(void *user, const char *why)
{
    struct broker_link *link = user;
    if (link->events->failed)
        link->events->failed(link->user);
    if (strncmp(link->why, why, WHY_SIZE - 1) == 0)
        return;
    snprintf(link->why, sizeof link->why, "%s", why);
    log_at(LOG_WARNING, "cannot reach the broker; retrying", "broker", link->conf->login.broker, "why", why, NULL);
}

static void on_message(void *user, const struct message *message)
{
    struct broker_link *link = user;
    link->events->message(link->user, message);
}

static void on_acked(void *user, uint64_t number, uint8_t reason)
{
    struct broker_link *link = user;
    uint64_t token;
    if (reason >= MQTT_FAILED)
        say_refused(link, send_queue_inflight(&link->queue, number), reason);
    token = send_queue_acked(&link->queue, number);
    if (token)
        link->events->acked(link->user, token, reason);
    pump(link);
}

static void on_subscribed(void *user, uint64_t token, uint8_t reason)
{
    struct broker_link *link = user;
    link->events->subscribed(link->user, token, reason);
}

static void on_packet(void *user)
{
    struct broker_link *link = user;
    if (link->events->packet)
        link->events->packet(link->user);
}

static const struct mqtt_events mqtt_events = {
    .retry_in = on_retry_in,
    .will = on_will,
    .up = on_up,
    .down = on_down,
    .failed = on_failed,
    .message = on_message,
    .acked = on_acked,
    .subscribed = on_subscribed,
    .packet = on_packet,
};

enum err broker_link_new(struct loop *loop, const struct service_conf *conf, const char *client_id, ms_t keep_alive,
                         const struct broker_link_events *events, void *user, struct broker_link **ret,
                         struct errbuf *e)
{
    struct mqtt_options options = { .login = conf->login,
                                    .client_id = client_id,
                                    .keep_alive_s = (int)(keep_alive / 1000) };
    auto_free(broker_link) link = calloc(1, sizeof *link);
    enum err err;
    if (!link)
        return err_set(e, ERR_NOMEM, "out of memory");
    link->conf = conf;
    link->events = events;
    link->user = user;
    send_queue_init(&link->queue);
    backoff_init(&link->backoff, RECONNECT_MAX_MS);
    entropy_need(&link->rng.state, sizeof link->rng.state);
    if ((err = mqtt_new(loop, &options, &mqtt_events, link, &link->mqtt, e)) != OK)
        return err;
    *ret = link;
    link = NULL;
    return OK;
}

void broker_link_free(struct broker_link *link)
{
    if (!link)
        return;
    mqtt_free(link->mqtt);
    send_queue_clear(&link->queue);
    buf_clear(&link->will_payload);
    free(link);
}

void broker_link_start(struct broker_link *link)
{
    mqtt_start(link->mqtt);
}

bool broker_link_drain(struct broker_link *link)
{
    return mqtt_drain(link->mqtt);
}

bool broker_link_is_blocking(const struct broker_link *link)
{
    return mqtt_is_blocking(link->mqtt);
}

static enum err take_will(struct broker_link *link, const struct publish *will)
{
    if (!link->will || !will->topic)
        return OK;
    link->has_will = true;
    buf_reset(&link->will_payload);
    buf_add_text(&link->will_payload, will->payload);
    snprintf(link->will_topic, sizeof link->will_topic, "%s", will->topic);
    *link->will = (struct publish){ .topic = link->will_topic,
                                    .payload = buf_text(&link->will_payload),
                                    .qos = will->qos,
                                    .retain = will->retain,
                                    .content_type = will->content_type };
    return buf_ok(&link->will_payload) ? OK : ERR_NOMEM;
}

static void subscribe(struct broker_link *link, const struct subscribe *subscribe)
{
    enum err err = mqtt_subscribe(link->mqtt, subscribe);
    if (err == OK)
        return;
    log_at(LOG_ERROR, "cannot subscribe", "filter", subscribe->filter, "error", err_name(err), NULL);
    mqtt_drop(link->mqtt, "cannot subscribe");
}

static enum err publish(struct broker_link *link, const struct publish *publish)
{
    enum err err = send_queue_add(&link->queue, publish);
    say_dropped(link);
    pump(link);
    return err;
}

static void on_left(void *user)
{
    struct broker_link *link = user;
    link->events->left(link->user);
}

bool broker_link_carry_out(struct broker_link *link, const struct effect *effect, enum err *ret_err)
{
    *ret_err = OK;
    switch (effect->kind) {
    case EFFECT_CONNECT:
        *ret_err = take_will(link, &effect->publish);
        return true;
    case EFFECT_RECONNECT:
        link->is_renewed = true;
        mqtt_drop(link->mqtt, "to be made anew");
        return true;
    case EFFECT_DISCONNECT:
        mqtt_stop(link->mqtt, on_left);
        return true;
    case EFFECT_SUBSCRIBE:
        subscribe(link, &effect->subscribe);
        return true;
    case EFFECT_UNSUBSCRIBE:
        (void)mqtt_unsubscribe(link->mqtt, effect->subscribe.filter); /* a link that is gone has no subscriptions */
        return true;
    case EFFECT_PUBLISH:
        *ret_err = publish(link, &effect->publish);
        return true;
    case EFFECT_EVENT:
    case EFFECT_NOTICE:
    case EFFECT_HTTP_GET:
    case EFFECT_EXIT:
        break;
    }
    return false;
}
