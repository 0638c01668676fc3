#include "mqtt.h"

#include <stdlib.h>

#include "clock.h"
#include "mqtt_link.h"

#define ATTEMPT_LIMIT 10000 /* ms from the start of an attempt until CONNACK */
#define ATTEMPTS_MAX 2      /* on the thread pool at once: DNS and TCP may block there for minutes */
#define TICK 1000           /* ms; libmosquitto's clock has whole seconds */
#define STOP_LIMIT 1000     /* ms to get DISCONNECT written */

/*            start            attempt           CONNACK
 *   IDLE ------------+  +--------------- CONNECTING ------> UP
 *                    v  v  failed, retry_in  |            | |
 *                  WAITING <-----------------+            | |
 *                       ^      lost or dropped, retry_in  | |
 *                       +---------------------------------+ |
 *   any -------- stop --------> STOPPING (DISCONNECT) <-----+  ----> STOPPED
 */
enum phase { PHASE_IDLE, PHASE_WAITING, PHASE_CONNECTING, PHASE_UP, PHASE_STOPPING, PHASE_STOPPED };

struct mqtt {
    enum phase phase;
    struct mqtt_link *link;   /* while CONNECTING and UP, and STOPPING from there */
    struct loop_timer *timer; /* what it means depends on the phase */
    ms_t up_since;            /* while UP */
    struct loop *loop;
    struct mqtt_target *target;
    struct mqtt_events events;
    void *user;
    void (*stopped)(void *user);
};

static void phase_set(struct mqtt *mqtt, enum phase phase, ms_t timer)
{
    mqtt->phase = phase;
    loop_timer_in(mqtt->timer, timer);
}

static void link_drop(struct mqtt *mqtt)
{
    mqtt_link_free(mqtt->link);
    mqtt->link = NULL;
}

static void retry(struct mqtt *mqtt, ms_t lived)
{
    ms_t delay = mqtt->events.retry_in(mqtt->user, lived);

    if (mqtt->phase != PHASE_STOPPING) /* the driver may have had enough */
        phase_set(mqtt, PHASE_WAITING, ms_max(0, delay));
}

static void attempt_failed(struct mqtt *mqtt, const char *why)
{
    mqtt->target->current = (mqtt->target->current + 1) % mqtt->target->brokers.count;
    retry(mqtt, -1);
    if (mqtt->events.failed)
        mqtt->events.failed(mqtt->user, why);
}

static void link_up(void *user)
{
    struct mqtt *mqtt = user;

    if (mqtt->phase != PHASE_CONNECTING)
        return;
    mqtt->up_since = clock_mono();
    phase_set(mqtt, PHASE_UP, TICK);
    if (mqtt->events.up)
        mqtt->events.up(mqtt->user);
}

static void link_ended(void *user)
{
    struct mqtt *mqtt = user;

    loop_timer_in(mqtt->timer, 0); /* this may come from within libmosquitto: look at it later in this turn */
}

static void attempt(struct mqtt *mqtt)
{
    struct mqtt_link_owner owner = { link_up, link_ended, mqtt, &mqtt->events, mqtt->user };
    struct errbuf e = { 0 };

    phase_set(mqtt, PHASE_CONNECTING, ATTEMPT_LIMIT);
    if (mqtt_link_new(mqtt->loop, mqtt->target, &owner, &mqtt->link, &e) && mqtt->phase == PHASE_CONNECTING)
        attempt_failed(mqtt, e.text);
}

/* The attempt has ended, or its time is over. */
static void attempt_judge(struct mqtt *mqtt)
{
    const struct address *address = mqtt_target_address(mqtt->target);
    struct errbuf why = { 0 };

    if (mqtt_link_has_ended(mqtt->link)) {
        (void)err_set(&why, OK, "%s", mqtt_link_why(mqtt->link));
    } else if (mqtt->target->attempts > ATTEMPTS_MAX) {
        loop_timer_in(mqtt->timer, ATTEMPT_LIMIT);
        return;
    } else {
        (void)err_set(&why, OK, "no answer from %s:%d in %d s", address->host, address->port, ATTEMPT_LIMIT / 1000);
    }
    link_drop(mqtt);
    attempt_failed(mqtt, why.text);
}

static void link_lost(struct mqtt *mqtt)
{
    ms_t lived = clock_mono() - mqtt->up_since;
    struct errbuf why = { 0 };

    mqtt->target->current = 0;
    (void)err_set(&why, OK, "%s", mqtt_link_why(mqtt->link));
    link_drop(mqtt);
    retry(mqtt, lived);
    if (mqtt->events.down)
        mqtt->events.down(mqtt->user, why.text);
}

static void stop_finish(struct mqtt *mqtt)
{
    link_drop(mqtt);
    phase_set(mqtt, PHASE_STOPPED, MS_NEVER);
    if (mqtt->stopped)
        mqtt->stopped(mqtt->user);
}

static void link_tick(struct mqtt *mqtt)
{
    if (mqtt_link_has_ended(mqtt->link)) {
        link_lost(mqtt);
        return;
    }
    loop_timer_in(mqtt->timer, TICK);
    mqtt_link_tick(mqtt->link); /* may arm the timer anew */
}

static void on_timer(void *user)
{
    static void (*const handlers[])(struct mqtt *) = {
        [PHASE_WAITING] = attempt,
        [PHASE_CONNECTING] = attempt_judge,
        [PHASE_UP] = link_tick,
        [PHASE_STOPPING] = stop_finish,
    };
    struct mqtt *mqtt = user;

    handlers[mqtt->phase](mqtt); /* unarmed while IDLE and STOPPED */
}

enum err mqtt_new(struct loop *loop, const struct mqtt_options *options, const struct mqtt_events *events, void *user,
                  struct mqtt **ret, struct errbuf *e)
{
    struct mqtt_target *target;
    struct mqtt *mqtt;
    enum err err = mqtt_target_new(options, &target, e);

    if (err)
        return err;
    mqtt = calloc(1, sizeof *mqtt);
    if (!mqtt || loop_timer_new(loop, on_timer, mqtt, &mqtt->timer)) {
        mqtt_target_unref(target);
        free(mqtt);
        return err_set(e, ERR_NOMEM, "MQTT client: out of memory");
    }
    mqtt->loop = loop;
    mqtt->target = target;
    mqtt->events = *events;
    mqtt->user = user;
    *ret = mqtt;
    return OK;
}

void mqtt_free(struct mqtt *mqtt)
{
    if (!mqtt)
        return;
    mqtt_link_free(mqtt->link);
    loop_timer_free(mqtt->timer);
    mqtt_target_unref(mqtt->target);
    free(mqtt);
}

void mqtt_start(struct mqtt *mqtt)
{
    if (mqtt->phase == PHASE_IDLE)
        phase_set(mqtt, PHASE_WAITING, 0);
}

bool mqtt_is_up(const struct mqtt *mqtt)
{
    return mqtt->phase == PHASE_UP && mqtt_link_is_up(mqtt->link);
}

bool mqtt_is_blocking(const struct mqtt *mqtt)
{
    return mqtt->target->attempts > 0;
}

bool mqtt_drain(struct mqtt *mqtt)
{
    return mqtt->phase != PHASE_UP || mqtt_link_has_ended(mqtt->link) || mqtt_link_drain(mqtt->link);
}

void mqtt_drop(struct mqtt *mqtt, const char *why)
{
    if (mqtt->phase == PHASE_UP || (mqtt->phase == PHASE_CONNECTING && mqtt->link))
        mqtt_link_end(mqtt->link, why);
}

void mqtt_stop(struct mqtt *mqtt, void (*done)(void *user))
{
    bool up = mqtt_is_up(mqtt);

    if (mqtt->phase == PHASE_STOPPING || mqtt->phase == PHASE_STOPPED)
        return;
    mqtt->stopped = done;
    phase_set(mqtt, PHASE_STOPPING, up ? STOP_LIMIT : 0);
    if (up)
        mqtt_link_disconnect(mqtt->link);
}

enum err mqtt_publish(struct mqtt *mqtt, const struct publish *publish)
{
    return mqtt_is_up(mqtt) ? mqtt_link_publish(mqtt->link, publish) : ERR_UNREACHABLE;
}

enum err mqtt_subscribe(struct mqtt *mqtt, const struct subscribe *subscribe)
{
    return mqtt_is_up(mqtt) ? mqtt_link_subscribe(mqtt->link, subscribe) : ERR_UNREACHABLE;
}

enum err mqtt_unsubscribe(struct mqtt *mqtt, const char *filter)
{
    return mqtt_is_up(mqtt) ? mqtt_link_unsubscribe(mqtt->link, filter) : ERR_UNREACHABLE;
}

const struct mqtt_ops mqtt_ops = {
    .start = mqtt_start,
    .stop = mqtt_stop,
    .drop = mqtt_drop,
    .drain = mqtt_drain,
    .is_up = mqtt_is_up,
    .publish = mqtt_publish,
    .subscribe = mqtt_subscribe,
    .unsubscribe = mqtt_unsubscribe,
    .free = mqtt_free,
};
