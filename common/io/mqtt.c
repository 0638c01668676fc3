#include "mqtt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "fd.h"

struct mqtt {
    struct loop *loop;
    struct mqtt_client *client;
    struct loop_timer *timer;
    ms_t armed;            /* what the timer is set to; INT64_MIN: it fires in this turn of the loop */
    struct loop_fd *watch; /* of `fd`; NULL = none */
    int fd;                /* a duplicate: libmosquitto closes its own before it reports that */
    unsigned epoch;        /* of the descriptor that is watched */
    bool in_turn;
};

static void unwatch(struct mqtt *mqtt)
{
    loop_fd_free(mqtt->watch);
    fd_close(mqtt->fd);
    mqtt->watch = NULL;
    mqtt->fd = -1;
}

static void on_ready(void *user, int events);

static void watch(struct mqtt *mqtt, int fd)
{
    mqtt->epoch = mqtt_client_epoch(mqtt->client);
    mqtt->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (mqtt->fd < 0 || loop_fd_new(mqtt->loop, mqtt->fd, on_ready, mqtt, &mqtt->watch) != OK) {
        unwatch(mqtt);
        mqtt_client_drop(mqtt->client, "out of descriptors or memory to watch the connection");
    }
}

/* After everything that may have changed what the client waits for. */
static void rearm(struct mqtt *mqtt)
{
    short events = 0;
    int fd = mqtt_client_fd(mqtt->client, &events);
    ms_t deadline, now;
    if (mqtt->watch && (fd < 0 || mqtt->epoch != mqtt_client_epoch(mqtt->client)))
        unwatch(mqtt);
    if (!mqtt->watch && fd >= 0)
        watch(mqtt, fd);
    if (mqtt->watch)
        loop_fd_want(mqtt->watch, (events & POLLIN ? LOOP_READABLE : 0) | (events & POLLOUT ? LOOP_WRITABLE : 0));
    deadline = mqtt_client_deadline(mqtt->client);
    if (deadline == mqtt->armed)
        return;
    mqtt->armed = deadline;
    now = clock_mono();
    loop_timer_in(mqtt->timer, deadline == MS_NEVER ? MS_NEVER : deadline <= now ? 0 : deadline - now);
}

static void turn(struct mqtt *mqtt)
{
    mqtt->in_turn = true;
    mqtt_client_turn(mqtt->client, clock_mono());
    mqtt->in_turn = false;
    rearm(mqtt);
}

static void on_ready(void *user, int events)
{
    struct mqtt *mqtt = user;
    if (events & LOOP_READABLE)
        mqtt_client_readable(mqtt->client);
    turn(mqtt);
}

static void on_timer(void *user)
{
    struct mqtt *mqtt = user;
    mqtt->armed = MS_NEVER;
    turn(mqtt);
}

enum err mqtt_new(struct loop *loop, const struct mqtt_options *options, const struct mqtt_events *events, void *user,
                  struct mqtt **ret, struct errbuf *e)
{
    auto_free(mqtt) mqtt = calloc(1, sizeof *mqtt);
    enum err err;

    if (!mqtt)
        return err_set(e, ERR_NOMEM, "MQTT client: out of memory");
    mqtt->loop = loop;
    mqtt->fd = -1;
    mqtt->armed = MS_NEVER;
    if (loop_timer_new(loop, on_timer, mqtt, &mqtt->timer) != OK)
        return err_set(e, ERR_NOMEM, "MQTT client: out of memory");
    if ((err = mqtt_client_new(options, events, user, &mqtt->client, e)) != OK)
        return err;
    *ret = HAND_OVER(mqtt);
    return OK;
}

void mqtt_free(struct mqtt *mqtt)
{
    if (!mqtt)
        return;
    unwatch(mqtt);
    mqtt_client_free(mqtt->client);
    loop_timer_free(mqtt->timer);
    free(mqtt);
}

/* For calls that may come from an event: then the turn ends with rearm. */
static void rearm_outside(struct mqtt *mqtt)
{
    if (!mqtt->in_turn)
        rearm(mqtt);
}

static void mqtt_start(struct mqtt *mqtt)
{
    mqtt_client_connect(mqtt->client);
    rearm_outside(mqtt);
}

static bool mqtt_is_up(const struct mqtt *mqtt)
{
    return mqtt_client_is_up(mqtt->client);
}

static bool mqtt_is_behind(const struct mqtt *mqtt)
{
    return mqtt_client_is_behind(mqtt->client);
}

static bool mqtt_drain(struct mqtt *mqtt)
{
    bool is_all;
    mqtt->in_turn = true;
    is_all = mqtt_client_drain(mqtt->client);
    mqtt->in_turn = false;
    rearm(mqtt);
    return is_all;
}

static void mqtt_drop(struct mqtt *mqtt, const char *why)
{
    mqtt_client_drop(mqtt->client, why);
    rearm_outside(mqtt);
}

static void mqtt_renew(struct mqtt *mqtt)
{
    mqtt_client_renew(mqtt->client);
    rearm_outside(mqtt);
}

static enum err mqtt_publish(struct mqtt *mqtt, const struct publish *publish)
{
    enum err err = mqtt_client_publish(mqtt->client, publish);
    rearm_outside(mqtt);
    return err;
}

static enum err mqtt_subscribe(struct mqtt *mqtt, const struct subscribe *subscribe)
{
    enum err err = mqtt_client_subscribe(mqtt->client, subscribe);
    rearm_outside(mqtt);
    return err;
}

static enum err mqtt_unsubscribe(struct mqtt *mqtt, const char *filter)
{
    enum err err = mqtt_client_unsubscribe(mqtt->client, filter);
    rearm_outside(mqtt);
    return err;
}

static void mqtt_stop(struct mqtt *mqtt, void (*done)(void *user))
{
    mqtt_client_stop(mqtt->client, done);
    rearm_outside(mqtt);
}

const struct mqtt_ops mqtt_ops = {
    .start = mqtt_start,
    .stop = mqtt_stop,
    .drop = mqtt_drop,
    .renew = mqtt_renew,
    .drain = mqtt_drain,
    .is_up = mqtt_is_up,
    .is_behind = mqtt_is_behind,
    .publish = mqtt_publish,
    .subscribe = mqtt_subscribe,
    .unsubscribe = mqtt_unsubscribe,
    .free = mqtt_free,
};
