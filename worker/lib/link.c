#include "link.h"

#include <errno.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "attempt.h"
#include "link_setup.h"
#include "tls_fault.h"
#include "tls_verdict.h"

#define CONNECT_TIMEOUT 5000 /* ms from the start until CONNACK */
#define MISC_EVERY 500       /* ms: keep alive is looked after in libmosquitto's own seconds */
#define BURST_MAX 256        /* packets read before others have their turn */
#define DISCONNECT_TRIES 10
#define DISCONNECT_TRY_MS 20
#define TOKENS_MAX 16

enum link_state { LINK_IDLE, LINK_STARTING, LINK_GREETING, LINK_OPEN };

struct link {
    const struct link_options *options;
    const struct link_events *events;
    void *user;
    enum link_state state;
    struct attempt *attempt; /* LINK_STARTING */
    struct mosquitto *mosq;  /* LINK_GREETING, LINK_OPEN */
    ms_t give_up_at;         /* before LINK_OPEN */
    ms_t misc_at;
    size_t current;       /* of the brokers, for the next attempt */
    bool greeted, broken; /* set by callbacks and failed calls, looked at after them */
    struct errbuf logged; /* before LINK_OPEN: the first error that libmosquitto logged */
    bool cut_off;         /* TLS was, without a word */
    struct errbuf why;
    struct {
        int mid;
        uint64_t token;
    } tokens[TOKENS_MAX]; /* messages whose acknowledgement is to be told; token 0 = free */
};

static const struct address *current_broker(const struct link *link)
{
    return &link->options->brokers.at[link->current];
}

/* A fault of the handshake surfaces as a lost connection and the like: what was logged says more. */
static void link_break(struct link *link, const char *why)
{
    const struct address *broker = current_broker(link);

    if (!link->broken && link->state != LINK_OPEN && link->options->brokers.tls &&
        (link->logged.text[0] || link->cut_off))
        (void)err_set(&link->why, ERR_REFUSED, "TLS with %s:%d failed: %s", broker->host, broker->port,
                      tls_fault_text(link->logged.text));
    else if (!link->broken)
        (void)err_set(&link->why, ERR_IO, "%s", why);
    link->broken = true;
}

static void link_check(struct link *link, int rc)
{
    if (rc != MOSQ_ERR_SUCCESS)
        link_break(link, rc == MOSQ_ERR_ERRNO ? strerror(errno) : mosquitto_strerror(rc));
}

static void token_put(struct link *link, int mid, uint64_t token)
{
    for (size_t i = 0; token != 0 && i < TOKENS_MAX; i++) {
        if (link->tokens[i].token == 0) {
            link->tokens[i].mid = mid;
            link->tokens[i].token = token;
            return;
        }
    }
}

static uint64_t token_take(struct link *link, int mid)
{
    for (size_t i = 0; i < TOKENS_MAX; i++) {
        uint64_t token = link->tokens[i].token;
        if (token != 0 && link->tokens[i].mid == mid) {
            link->tokens[i].token = 0;
            return token;
        }
    }
    return 0;
}

static void on_connect(struct mosquitto *mosq, void *user, int rc, int flags, const mosquitto_property *properties)
{
    struct link *link = user;

    (void)mosq, (void)flags, (void)properties;
    if (rc == 0)
        link->greeted = true;
    else
        link_break(link, mosquitto_reason_string(rc));
}

static void on_disconnect(struct mosquitto *mosq, void *user, int rc, const mosquitto_property *properties)
{
    (void)mosq, (void)properties;
    link_break(user, rc >= 0x80 ? mosquitto_reason_string(rc) : mosquitto_strerror(rc));
}

static void on_message(struct mosquitto *mosq, void *user, const struct mosquitto_message *got,
                       const mosquitto_property *properties)
{
    struct link *link = user;
    struct message message = { .topic = text_of(got->topic),
                               .payload = { got->payload, (size_t)got->payloadlen },
                               .retain = got->retain };
    char *response = NULL;
    void *correlation = NULL;
    uint16_t len = 0;

    (void)mosq;
    if (mosquitto_property_read_string(properties, MQTT_PROP_RESPONSE_TOPIC, &response, false))
        message.response_topic = text_of(response);
    if (mosquitto_property_read_binary(properties, MQTT_PROP_CORRELATION_DATA, &correlation, &len, false))
        message.correlation = (struct text){ correlation, len };
    message.has_expiry =
        mosquitto_property_read_int32(properties, MQTT_PROP_MESSAGE_EXPIRY_INTERVAL, &message.expiry_s, false);
    link->events->message(link->user, &message);
    free(response);
    free(correlation);
}

static void on_log(struct mosquitto *mosq, void *user, int level, const char *line)
{
    struct link *link = user;

    if (level == MOSQ_LOG_ERR && !link->logged.text[0])
        (void)err_set(&link->logged, OK, "%s", tls_verdict(mosq, line));
}

static void on_publish(struct mosquitto *mosq, void *user, int mid, int reason, const mosquitto_property *properties)
{
    struct link *link = user;
    uint64_t token = token_take(link, mid);

    (void)mosq, (void)properties;
    if (token != 0)
        link->events->acked(link->user, token, (uint8_t)reason);
}

static void on_subscribe(struct mosquitto *mosq, void *user, int mid, int count, const int *granted,
                         const mosquitto_property *properties)
{
    struct link *link = user;
    uint64_t token = token_take(link, mid);

    (void)mosq, (void)properties;
    if (token != 0 && count > 0)
        link->events->subscribed(link->user, token, (uint8_t)granted[0]);
}

struct link *link_new(const struct link_options *options, const struct link_events *events, void *user)
{
    struct link *link = calloc(1, sizeof *link);

    if (!link)
        return NULL;
    link->options = options;
    link->events = events;
    link->user = user;
    return link;
}

void link_drop(struct link *link)
{
    if (link->attempt)
        attempt_abandon(link->attempt);
    if (link->mosq)
        mosquitto_destroy(link->mosq);
    link->attempt = NULL;
    link->mosq = NULL;
    link->state = LINK_IDLE;
    link->greeted = link->broken = link->cut_off = false;
    link->logged = (struct errbuf){ 0 };
    memset(link->tokens, 0, sizeof link->tokens);
}

void link_free(struct link *link)
{
    if (!link)
        return;
    link_drop(link);
    free(link);
}

static void set_callbacks(struct mosquitto *mosq)
{
    mosquitto_connect_v5_callback_set(mosq, on_connect);
    mosquitto_disconnect_v5_callback_set(mosq, on_disconnect);
    mosquitto_message_v5_callback_set(mosq, on_message);
    mosquitto_publish_v5_callback_set(mosq, on_publish);
    mosquitto_subscribe_v5_callback_set(mosq, on_subscribe);
}

void link_connect(struct link *link, const struct publish *will, ms_t now)
{
    struct errbuf e = { 0 };
    struct mosquitto *mosq;

    link_drop(link);
    link->state = LINK_STARTING;
    link->give_up_at = now + CONNECT_TIMEOUT;
    if (link_setup(link->options, will, link, &mosq, &e) != OK) {
        link_break(link, e.text);
        return;
    }
    set_callbacks(mosq);
    link->attempt = attempt_start(mosq, current_broker(link), link->options->keep_alive_s, link->options->wake_fd);
    if (!link->attempt) {
        mosquitto_destroy(mosq);
        link_break(link, "no memory or thread for the connect");
    }
}

void link_publish(struct link *link, const struct publish *publish)
{
    mosquitto_property *properties = NULL;
    int mid = 0, rc;

    if (link->state != LINK_OPEN || link->broken)
        return;
    rc = link_properties(publish, &properties);
    if (rc == MOSQ_ERR_SUCCESS)
        rc = mosquitto_publish_v5(link->mosq, &mid, publish->topic, (int)publish->payload.len, publish->payload.at,
                                  publish->qos, publish->retain, properties);
    mosquitto_property_free_all(&properties);
    if (rc == MOSQ_ERR_SUCCESS)
        token_put(link, mid, publish->token);
    link_check(link, rc);
}

void link_subscribe(struct link *link, const struct subscribe *subscribe)
{
    int options = subscribe->retain_handling << 4 | (subscribe->no_local ? MQTT_SUB_OPT_NO_LOCAL : 0);
    int mid = 0, rc;

    if (link->state != LINK_OPEN || link->broken)
        return;
    rc = mosquitto_subscribe_v5(link->mosq, &mid, subscribe->filter, subscribe->qos, options, NULL);
    if (rc == MOSQ_ERR_SUCCESS)
        token_put(link, mid, subscribe->token);
    link_check(link, rc);
}

void link_unsubscribe(struct link *link, const char *filter)
{
    if (link->state == LINK_OPEN && !link->broken)
        link_check(link, mosquitto_unsubscribe(link->mosq, NULL, filter));
}

/* libmosquitto closes the socket once DISCONNECT is written, which is at once unless the socket is full. */
void link_disconnect(struct link *link)
{
    if (link->state == LINK_OPEN && !link->broken) {
        struct pollfd fd = { .fd = mosquitto_socket(link->mosq), .events = POLLOUT };

        mosquitto_disconnect_v5(link->mosq, 0, NULL);
        for (int i = 0; i < DISCONNECT_TRIES && !link->broken; i++) {
            poll(&fd, 1, DISCONNECT_TRY_MS);
            mosquitto_loop_write(link->mosq, 1);
        }
    }
    link_drop(link);
}

int link_poll_fd(const struct link *link, short *ret_events)
{
    if (!link->mosq)
        return -1;
    *ret_events = mosquitto_want_write(link->mosq) ? POLLIN | POLLOUT : POLLIN;
    return mosquitto_socket(link->mosq);
}

ms_t link_deadline(const struct link *link)
{
    if (link->broken)
        return INT64_MIN;
    switch (link->state) {
    case LINK_STARTING:
        return link->give_up_at;
    case LINK_GREETING:
        return ms_min(link->give_up_at, link->misc_at);
    case LINK_OPEN:
        return link->misc_at;
    default:
        return MS_NEVER;
    }
}

static void turn_starting(struct link *link, ms_t now)
{
    struct attempt_result result;

    if (!link->attempt || !attempt_is_over(link->attempt))
        return;
    link->mosq = attempt_finish(link->attempt, &result);
    link->attempt = NULL;
    link->logged = result.logged;
    link->cut_off = result.rc == MOSQ_ERR_ERRNO && result.os_error == EPROTO;
    mosquitto_user_data_set(link->mosq, link);
    mosquitto_log_callback_set(link->mosq, on_log);
    link->state = LINK_GREETING;
    link->misc_at = now;
    errno = result.os_error;
    link_check(link, result.rc);
}

/* Reads until nothing more came. poll cannot tell: with TLS, bytes may wait inside the library. */
static void read_burst(struct link *link)
{
    for (int i = 0; i < BURST_MAX && !link->broken; i++) {
        errno = 0;
        link_check(link, mosquitto_loop_read(link->mosq, 1));
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            return;
    }
}

/* A broker that leaves Nagle's algorithm on holds an answer back until the one before is acknowledged, and
 * the kernel delays that by 40 ms. The kernel forgets this wish as it goes, hence every turn. */
static void acknowledge_quickly(const struct link *link)
{
    int on = 1;

    setsockopt(mosquitto_socket(link->mosq), IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

static void turn_running(struct link *link, ms_t now)
{
    acknowledge_quickly(link);
    read_burst(link);
    if (!link->broken && mosquitto_want_write(link->mosq))
        link_check(link, mosquitto_loop_write(link->mosq, 1));
    if (!link->broken && now >= link->misc_at) {
        link_check(link, mosquitto_loop_misc(link->mosq));
        link->misc_at = now + MISC_EVERY;
    }
}

static void report_end(struct link *link)
{
    bool was_open = link->state == LINK_OPEN;
    struct errbuf why = link->why;

    link_drop(link);
    link->current = was_open ? 0 : (link->current + 1) % link->options->brokers.count;
    if (was_open)
        link->events->down(link->user, why.text);
    else
        link->events->failed(link->user, why.text);
}

void link_turn(struct link *link, ms_t now)
{
    if (link->state == LINK_STARTING)
        turn_starting(link, now);
    if (link->mosq && !link->broken)
        turn_running(link, now);
    if (link->state == LINK_GREETING && link->greeted) {
        mosquitto_log_callback_set(link->mosq, NULL); /* it formats a line for every packet */
        link->state = LINK_OPEN;
        link->events->up(link->user);
    }
    if ((link->state == LINK_STARTING || link->state == LINK_GREETING) && now >= link->give_up_at)
        link_break(link, "no answer from the broker in time");
    if (link->broken)
        report_end(link);
}
