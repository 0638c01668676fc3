#include "mqtt_link_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "mqtt_connect.h"
#include "mqtt_properties.h"

void mqtt_link_end(struct mqtt_link *link, const char *why)
{
    if (link->ended)
        return;
    link->ended = true;
    link->up = false;
    (void)err_set(&link->why, OK, "%s", why);
    if (link->watch)
        loop_fd_want(link->watch, 0);
    link->owner.ended(link->owner.owner);
}

void mqtt_link_end_by_fault(struct mqtt_link *link, int fault, int number)
{
    const struct address *address = mqtt_target_address(link->target);
    const char *what = mosquitto_strerror(fault);
    struct errbuf why = { 0 };

    if (fault == MOSQ_ERR_ERRNO && strerrordesc_np(number))
        what = strerrordesc_np(number);
    if (fault == MOSQ_ERR_CONN_LOST)
        what = "closed by the other side";
    if (fault == MOSQ_ERR_KEEPALIVE)
        what = "nothing was received for a keep alive";
    if (link->was_up)
        (void)err_set(&why, OK, "connection to %s:%d lost: %s", address->host, address->port, what);
    else if (link->target->brokers.tls && link->logged.text[0])
        (void)mqtt_connect_tls_fault(link->target, &link->logged, &why);
    else
        (void)err_set(&why, OK, "no MQTT connection to %s:%d: %s", address->host, address->port, what);
    mqtt_link_end(link, why.text);
}

void mqtt_link_set_interests(struct mqtt_link *link)
{
    int readable = link->resting ? 0 : LOOP_READABLE;

    if (link->watch && !link->ended)
        loop_fd_want(link->watch, readable | (mosquitto_want_write(link->mosquitto) ? LOOP_WRITABLE : 0));
}

static void on_ready(void *user, int events);

/* After a burst that was cut the rest may be decrypted already: the socket would not show it. */
static void on_rested(void *user)
{
    struct mqtt_link *link = user;

    link->resting = false;
    if (link->cut && !link->ended)
        on_ready(link, LOOP_READABLE);
    else
        mqtt_link_set_interests(link);
}

/* Whoever is so busy that a burst has an end only by its limit has no time to rest. */
static void rest_if_busy(struct mqtt_link *link)
{
    if (link->ended || link->handed < MQTT_BUSY)
        return;
    link->resting = !link->cut;
    loop_timer_in(link->rest, link->cut ? 0 : MQTT_REST_MS);
}

static void on_ready(void *user, int events)
{
    struct mqtt_link *link = user;

    if (events & LOOP_READABLE) {
        mqtt_link_read(link);
        rest_if_busy(link);
    }
    mqtt_link_write(link);
    mqtt_link_set_interests(link);
}

bool mqtt_link_drain(struct mqtt_link *link)
{
    on_ready(link, LOOP_READABLE);
    return !link->cut;
}

static enum err watch_socket(struct mqtt_link *link)
{
    enum err err;

    link->fd = fcntl(mosquitto_socket(link->mosquitto), F_DUPFD_CLOEXEC, 0);
    if (link->fd < 0)
        return err_set(&link->connect_why, ERR_IO, "cannot duplicate a socket: %s", strerrordesc_np(errno));
    err = loop_timer_new(link->loop, on_rested, link, &link->rest);
    if (!err)
        err = loop_fd_new(link->loop, link->fd, on_ready, link, &link->watch);
    if (err)
        return err_set(&link->connect_why, err, "cannot watch a socket: %s", err_name(err));
    mqtt_link_set_interests(link);
    return OK;
}

static void connect_work(void *user)
{
    struct mqtt_link *link = user;

    link->fault = mqtt_connect(link->target, link->mosquitto, &link->logged, &link->connect_why);
}

static void connect_done(void *user)
{
    struct mqtt_link *link = user;

    link->connecting = false;
    link->target->attempts--;
    if (link->abandoned) {
        mqtt_link_free(link);
        return;
    }
    if (link->ended)
        return;
    if (!link->fault)
        link->fault = watch_socket(link);
    if (link->fault)
        mqtt_link_end(link, link->connect_why.text);
}

static enum err set_will(struct mqtt_link *link)
{
    mosquitto_property *properties = NULL;
    struct publish will = { 0 };
    enum err err;
    int fault;

    if (!link->owner.events->will || !link->owner.events->will(link->owner.user, &will))
        return OK;
    err = mqtt_properties_write(&will, &properties);
    if (err)
        return err;
    fault = mosquitto_will_set_v5(link->mosquitto, will.topic, (int)will.payload.len, will.payload.at, will.qos,
                                  will.retain, properties); /* takes the properties, unless it fails */
    if (fault)
        mosquitto_property_free_all(&properties);
    return mqtt_link_error(fault);
}

static bool create_client(struct mqtt_link *link)
{
    link->mosquitto = mosquitto_new(link->target->client_id, true, link);
    if (!link->mosquitto)
        return false;
    mosquitto_int_option(link->mosquitto, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5);
    mosquitto_int_option(link->mosquitto, MOSQ_OPT_TCP_NODELAY, 1);
    mqtt_link_hear(link);
    return true;
}

static enum err start(struct mqtt_link *link)
{
    enum err err = create_client(link) ? set_will(link) : ERR_NOMEM;

    if (!err)
        err = loop_work(link->loop, connect_work, connect_done, link);
    if (err)
        return err;
    link->connecting = true;
    link->target->attempts++;
    return OK;
}

enum err mqtt_link_new(struct loop *loop, struct mqtt_target *target, const struct mqtt_link_owner *owner,
                       struct mqtt_link **ret, struct errbuf *e)
{
    struct mqtt_link *link = calloc(1, sizeof *link);
    enum err err;

    if (!link)
        return err_set(e, ERR_NOMEM, "MQTT connection: out of memory");
    link->fd = -1;
    link->loop = loop;
    link->owner = *owner;
    link->target = mqtt_target_ref(target);
    err = start(link);
    if (err) {
        mqtt_link_free(link);
        return err_set(e, err, "cannot begin to connect: %s", err_name(err));
    }
    *ret = link;
    return OK;
}

void mqtt_link_free(struct mqtt_link *link)
{
    if (!link)
        return;
    link->ended = true; /* no more events */
    link->abandoned = true;
    if (link->connecting)
        return;
    loop_fd_free(link->watch);
    loop_timer_free(link->rest);
    if (link->mosquitto && !link->was_up)
        mosquitto_disconnect_v5(link->mosquitto, MQTT_RC_NORMAL_DISCONNECTION, NULL);
    mosquitto_destroy(link->mosquitto);
    if (link->fd >= 0)
        close(link->fd);
    mqtt_target_unref(link->target);
    free(link);
}

bool mqtt_link_is_up(const struct mqtt_link *link)
{
    return link->up;
}

bool mqtt_link_has_ended(const struct mqtt_link *link)
{
    return link->ended;
}

const char *mqtt_link_why(const struct mqtt_link *link)
{
    return link->why.text;
}

void mqtt_link_tick(struct mqtt_link *link)
{
    int fault;

    if (!link->up)
        return;
    fault = mosquitto_loop_misc(link->mosquitto);
    if (fault)
        mqtt_link_end_by_fault(link, fault, errno);
    mqtt_link_set_interests(link);
}
