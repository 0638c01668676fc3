#include "driver_parts.h"

#include <stdio.h>

#define NOTICES_BURST 10
#define NOTICES_EVERY_MS 10000

static void log_notice(struct driver *driver, struct text notice)
{
    unsigned skipped;
    char count[16];
    if (!log_allowed(&driver->notices, NOTICES_BURST, NOTICES_EVERY_MS, &skipped))
        return;
    snprintf(count, sizeof count, "%u", skipped);
    log_at(LOG_WARNING, notice.at, "not_shown", skipped ? count : NULL, NULL);
}

void driver_pump(struct driver *driver)
{
    const struct queued *queued;
    while (mqtt_is_up(driver->mqtt) && (queued = send_queue_next(&driver->queue))) {
        const struct publish *p = &queued->publish;
        struct mqtt_publish publish = { .topic = p->topic,
                                        .payload = p->payload,
                                        .qos = p->qos,
                                        .retain = p->retain,
                                        .content_type = p->content_type,
                                        .expiry_s = p->expiry_s,
                                        .response_topic = p->response_topic,
                                        .correlation = p->correlation,
                                        .token = queued->number };
        enum err err = mqtt_publish(driver->mqtt, &publish);
        if (err == OK)
            continue;
        log_at(LOG_ERROR, "cannot publish", "topic", p->topic, "error", err_name(err), NULL);
        if (err == ERR_TOO_LARGE || err == ERR_REFUSED || err == ERR_TOPIC) {
            (void)send_queue_acked(&driver->queue, queued->number); /* it would be refused again */
            continue;
        }
        send_queue_unsent(&driver->queue, queued->number);
        mqtt_drop(driver->mqtt, "cannot publish"); /* the link is made anew, and the message sent again */
        return;
    }
}

static void take_will(struct driver *driver, const struct publish *will)
{
    if (!driver->will)
        return;
    buf_reset(&driver->will_payload);
    buf_add_text(&driver->will_payload, will->payload);
    snprintf(driver->will_topic, sizeof driver->will_topic, "%s", will->topic);
    *driver->will = (struct mqtt_publish){ .topic = driver->will_topic,
                                           .payload = buf_text(&driver->will_payload),
                                           .qos = will->qos,
                                           .retain = will->retain,
                                           .content_type = will->content_type };
}

static void end(struct driver *driver, int code)
{
    driver->exit_code = code;
    loop_stop(driver->loop);
}

static void left(void *user)
{
    struct driver *driver = user;
    loop_stop(driver->loop);
}

static void subscribe(struct driver *driver, const struct subscribe *subscribe)
{
    enum err err = mqtt_subscribe(driver->mqtt, subscribe->filter, subscribe->qos, subscribe->no_local,
                                  subscribe->retain_handling, subscribe->token);
    if (err == OK)
        return;
    log_at(LOG_ERROR, "cannot subscribe", "filter", subscribe->filter, "error", err_name(err), NULL);
    mqtt_drop(driver->mqtt, "cannot subscribe");
}

static void carry_out(struct driver *driver, const struct effect *effect)
{
    switch (effect->kind) {
    case EFFECT_CONNECT:
        take_will(driver, &effect->publish);
        break;
    case EFFECT_DISCONNECT:
        mqtt_stop(driver->mqtt, left);
        break;
    case EFFECT_SUBSCRIBE:
        subscribe(driver, &effect->subscribe);
        break;
    case EFFECT_UNSUBSCRIBE:
        (void)mqtt_unsubscribe(driver->mqtt, effect->subscribe.filter); /* a link that is gone has no subscriptions */
        break;
    case EFFECT_PUBLISH:
        if (send_queue_add(&driver->queue, &effect->publish) != OK)
            driver->outbox.failed = true;
        driver_pump(driver);
        break;
    case EFFECT_EVENT:
        log_at(LOG_INFO, effect->line.at, NULL);
        if (driver->on_event)
            on_event_add(driver->on_event, effect->text);
        break;
    case EFFECT_NOTICE:
        log_notice(driver, effect->text);
        break;
    case EFFECT_EXIT:
        log_at(LOG_ERROR, effect->text.at, NULL);
        end(driver, effect->code);
        break;
    }
}

static void wake_waiters(struct driver *driver)
{
    uint64_t last = queen_news(driver->queen);
    if (last == driver->seen_news)
        return;
    driver->seen_news = last;
    if (driver->httpd)
        httpd_wake(driver->httpd);
}

void driver_carry_out(struct driver *driver)
{
    if (!driver->outbox.first && !driver->outbox.failed)
        return;
    for (const struct effect *effect = driver->outbox.first; effect; effect = effect->next)
        carry_out(driver, effect);
    if (driver->outbox.failed) {
        log_at(LOG_ERROR, "out of memory: what was decided could not be told; ending", NULL);
        end(driver, EXIT_FAILED);
    }
    outbox_reset(&driver->outbox);
    wake_waiters(driver);
}
