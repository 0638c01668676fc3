#include "mqtt_session.h"

#include <errno.h>
#include <fcntl.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "mqtt_greeting.h"
#include "mqtt_properties.h"
#include "mqtt_reading.h"
#include "mqtt_socket.h"
#include "mqtt_tls.h"

struct mqtt_session {
    struct mosquitto *mosquitto;
    struct mqtt_session_owner owner;
    char broker[ADDRESS_TEXT_SIZE], numeric[ADDRESS_TEXT_SIZE]; /* as it was configured; the address of it */
    enum mqtt_stage stage;
    bool ended;
    bool in_burst; /* `packet` was called */
    bool behind;   /* the latest whole burst was cut */
    bool greeted;  /* something was read: what answers is known */
    struct mqtt_reading reading;
    struct mqtt_sending sending;
    ms_t keep_alive;
    struct errbuf logged; /* the first error that libmosquitto logged, until it is up */
    struct errbuf why;
};

void mqtt_session_end(struct mqtt_session *session, const char *format, ...)
{
    va_list args;
    if (session->ended)
        return;
    session->ended = true;
    va_start(args, format);
    vsnprintf(session->why.text, sizeof session->why.text, format, args);
    va_end(args);
}

void mqtt_session_time_out(struct mqtt_session *session, ms_t after)
{
    mqtt_session_end(session, "no answer from %s in %d s", session->broker, (int)(after / 1000));
}

static void starve(const struct mqtt_session *session)
{
    if (session->owner.events->starved)
        session->owner.events->starved(session->owner.user);
}

/* `number` is the errno that goes with MOSQ_ERR_ERRNO. */
static void end_by_fault(struct mqtt_session *session, int fault, int number)
{
    struct errbuf why = { 0 };
    if (mqtt_fault_err(fault) == ERR_NOMEM)
        starve(session);
    mqtt_fault_describe(&(struct mqtt_fault){ .stage = session->stage,
                                              .tls = session->reading.tls,
                                              .broker = session->broker,
                                              .logged = session->logged.text,
                                              .fault = fault,
                                              .number = number },
                        &why);
    mqtt_session_end(session, "%s", why.text);
}

static void begin_burst(struct mqtt_session *session)
{
    if (session->in_burst || session->ended)
        return;
    session->in_burst = true;
    if (session->owner.events->packet)
        session->owner.events->packet(session->owner.user);
}

/* Notes that libmosquitto had something. False: it has ended and nothing is handed over any more. */
static bool hand_over(struct mqtt_session *session)
{
    session->reading.handed++;
    begin_burst(session);
    return !session->ended;
}

static void on_message(struct mosquitto *mosquitto, void *user, const struct mosquitto_message *received,
                       const mosquitto_property *properties)
{
    struct mqtt_session *session = user;
    struct mqtt_copies copies = { 0 };
    struct message message = {
        .topic = text_of(received->topic),
        .payload = { received->payload ? received->payload : "", (size_t)received->payloadlen },
        .retain = received->retain,
    };
    (void)mosquitto;
    if (!hand_over(session) || !session->owner.events->message)
        return;
    if (!properties || mqtt_properties_read(properties, &message, &copies))
        session->owner.events->message(session->owner.user, &message);
    else
        end_by_fault(session, MOSQ_ERR_NOMEM, 0);
    mqtt_copies_clear(&copies);
    mqtt_reading_weigh(&session->reading, message.topic.len + message_cost(&message));
}

/* Also comes, from within mosquitto_publish, when a QoS 0 publish is written: that has no token. */
static void on_publish(struct mosquitto *mosquitto, void *user, int packet_id, int reason,
                       const mosquitto_property *properties)
{
    struct mqtt_session *session = user;
    uint64_t token = mqtt_awaited_take(&session->sending.awaited, packet_id);
    (void)mosquitto, (void)properties;
    if (!token)
        session->reading.handed++;
    else if (hand_over(session) && session->owner.events->acked)
        session->owner.events->acked(session->owner.user, token, (uint8_t)reason);
}

static void on_subscribe(struct mosquitto *mosquitto, void *user, int packet_id, int count, const int *granted,
                         const mosquitto_property *properties)
{
    struct mqtt_session *session = user;
    uint64_t token = mqtt_awaited_take(&session->sending.awaited, packet_id);
    uint8_t reason = count > 0 ? (uint8_t)granted[0] : MQTT_FAILED;
    (void)mosquitto, (void)properties;
    if (hand_over(session) && token && session->owner.events->subscribed)
        session->owner.events->subscribed(session->owner.user, token, reason);
}

/* A retained will alone is reason enough: the next attempt has none. */
static void refuse(struct mqtt_session *session, int reason)
{
    session->sending.no_retain |= reason == MQTT_RC_RETAIN_NOT_SUPPORTED;
    mqtt_session_end(session, "the broker refused the connection: %s",
                     reason < MQTT_FAILED ? mosquitto_connack_string(reason) : mosquitto_reason_string(reason));
}

static void on_connect(struct mosquitto *mosquitto, void *user, int reason, int flags,
                       const mosquitto_property *properties)
{
    struct mqtt_session *session = user;
    struct link_facts facts = mqtt_properties_facts(properties);
    (void)flags;
    session->reading.handed++;
    if (session->ended)
        return;
    if (reason) {
        refuse(session, reason);
        return;
    }
    mosquitto_log_callback_set(mosquitto, NULL); /* it formats a line for every packet */
    mqtt_properties_keep_alive(properties, &session->keep_alive);
    session->stage = MQTT_UP;
    session->sending.no_retain = facts.no_retain;
    session->owner.up(session->owner.owner, session->numeric, &facts);
}

/* A DISCONNECT of the broker gives its reason here, everything else a fault of libmosquitto; the ranges are apart. */
static void on_disconnect(struct mosquitto *mosquitto, void *user, int fault, const mosquitto_property *properties)
{
    int number = errno;
    struct mqtt_session *session = user;
    (void)mosquitto, (void)properties;
    if (fault > 0 && fault < MQTT_FAILED)
        end_by_fault(session, fault, number);
    else if (fault)
        mqtt_session_end(session, "disconnected by the broker: %s", mosquitto_reason_string(fault));
    else
        mqtt_session_end(session, "disconnected");
}

static void on_log(struct mosquitto *mosquitto, void *user, int level, const char *line)
{
    struct mqtt_session *session = user;
    if (level == MOSQ_LOG_ERR && !session->logged.text[0])
        (void)err_set(&session->logged, OK, "%s", mqtt_tls_reason(mosquitto, line));
}

/* libmosquitto begins TLS before TCP is connected: it may have sent, and the other side have closed, which reading
 * tells: only one that was connected is reset. */
static void check_connected(struct mqtt_session *session)
{
    int number;
    if (!mqtt_socket_has_connected(mosquitto_socket(session->mosquitto), &number))
        return;
    if (number != 0 && number != ECONNRESET && !mqtt_tls_has_sent(session->mosquitto))
        end_by_fault(session, MOSQ_ERR_ERRNO, number);
    else
        session->stage = MQTT_AWAITING_CONNACK;
}

static void connect_to(struct mqtt_session *session, const struct mqtt_options *options, const struct mqtt_peer *peer)
{
    int fault;
    session->reading.mosquitto = session->sending.mosquitto = session->mosquitto;
    mosquitto_connect_v5_callback_set(session->mosquitto, on_connect);
    mosquitto_disconnect_v5_callback_set(session->mosquitto, on_disconnect);
    mosquitto_message_v5_callback_set(session->mosquitto, on_message);
    mosquitto_publish_v5_callback_set(session->mosquitto, on_publish);
    mosquitto_subscribe_v5_callback_set(session->mosquitto, on_subscribe);
    mosquitto_log_callback_set(session->mosquitto, on_log);
    errno = 0;
    fault = mosquitto_connect_async(session->mosquitto, peer->numeric, peer->broker->port, options->keep_alive_s);
    if (fault != MOSQ_ERR_SUCCESS) {
        end_by_fault(session, fault, errno);
        return;
    }
    /* a program that holds the socket keeps the broker from seeing that this one has died */
    (void)fcntl(mosquitto_socket(session->mosquitto), F_SETFD, FD_CLOEXEC);
    mqtt_socket_widen(mosquitto_socket(session->mosquitto));
    check_connected(session); /* else CONNECT could have been sent already by one that only connects */
}

struct mqtt_session *mqtt_session_new(const struct mqtt_options *options, const struct mqtt_peer *peer,
                                      const struct mqtt_session_owner *owner)
{
    struct mqtt_session *session = calloc(1, sizeof *session);
    struct publish will = { 0 };
    struct errbuf why = { 0 };
    bool has_will;
    enum err err;
    if (!session)
        return NULL;
    session->owner = *owner;
    session->reading.tls = peer->tls;
    session->sending.no_retain = peer->no_retain;
    address_print(peer->broker->host, peer->broker->port, session->broker);
    address_print(peer->numeric, peer->broker->port, session->numeric);
    session->reading.pace.until = MQTT_PACE_AT_ONCE;
    session->keep_alive = options->keep_alive_s * (ms_t)1000;
    session->reading.received_at = session->sending.sent_at = clock_mono();
    has_will = owner->events->will && owner->events->will(owner->user, &will);
    will.retain = will.retain && !peer->no_retain;
    err = mqtt_setup(options, peer, has_will ? &will : NULL, session, &session->mosquitto, &why);
    if (err == OK)
        connect_to(session, options, peer);
    else
        mqtt_session_end(session, "%s", why.text);
    if (err == ERR_NOMEM)
        starve(session);
    return session;
}

void mqtt_session_free(struct mqtt_session *session)
{
    if (!session)
        return;
    session->ended = true; /* no more events */
    if (session->mosquitto && session->stage == MQTT_AWAITING_CONNACK)
        mosquitto_disconnect_v5(session->mosquitto, MQTT_RC_NORMAL_DISCONNECTION, NULL);
    mosquitto_destroy(session->mosquitto);
    free(session);
}

enum mqtt_stage mqtt_session_stage(const struct mqtt_session *session)
{
    return session->stage;
}

const char *mqtt_session_why(const struct mqtt_session *session)
{
    return session->ended ? session->why.text : NULL;
}

int mqtt_session_fd(const struct mqtt_session *session, short *ret_events)
{
    bool writes;
    if (!session->mosquitto || session->ended)
        return -1;
    if (session->stage == MQTT_CONNECTING)
        *ret_events = POLLOUT;
    else if (mqtt_tls_is_in_handshake(session->mosquitto, &writes))
        *ret_events = writes ? POLLOUT : POLLIN;
    else
        *ret_events = (short)(POLLIN | (mosquitto_want_write(session->mosquitto) ? POLLOUT : 0));
    return mosquitto_socket(session->mosquitto);
}

ms_t mqtt_session_deadline(const struct mqtt_session *session)
{
    if (session->ended || session->reading.cut)
        return INT64_MIN;
    return mqtt_pace_waits(&session->reading.pace) ? session->reading.pace.until : MS_NEVER;
}

/* While TLS shakes hands, libmosquitto takes the end of the stream for "call me again". */
static void end_if_closed(struct mqtt_session *session)
{
    int number;
    if (mqtt_socket_has_ended(mosquitto_socket(session->mosquitto), &number))
        end_by_fault(session, number == 0 ? MOSQ_ERR_CONN_LOST : MOSQ_ERR_ERRNO, number);
}

/* libmosquitto only says that it makes no sense of it. */
static void check_greeting(struct mqtt_session *session)
{
    char first[MQTT_GREETING_SIZE];
    struct text greeting = { first, mqtt_socket_peek(mosquitto_socket(session->mosquitto), first, sizeof first) };
    const char *fault = mqtt_greeting_fault(greeting, session->reading.tls);
    session->greeted = greeting.len > 0;
    if (fault)
        mqtt_session_end(session, "no MQTT connection to %s: %s", session->broker, fault);
}

static void read_what_came(struct mqtt_session *session)
{
    struct mqtt_reading *reading = &session->reading;
    int fault, number;
    if (!mqtt_reading_is_due(reading))
        return;
    if (!session->greeted)
        check_greeting(session);
    if (session->ended)
        return;
    fault = mqtt_reading_burst(reading, &session->ended, &number);
    if (fault != MOSQ_ERR_SUCCESS)
        end_by_fault(session, fault, number);
    if (session->stage == MQTT_UP && (reading->handed > 0 || reading->readable))
        begin_burst(session); /* e.g. PINGRESP */
    session->behind = reading->cut;
    session->in_burst = reading->readable = false;
    if (!session->ended && session->stage == MQTT_AWAITING_CONNACK && reading->handed == 0)
        end_if_closed(session);
    if (!session->ended)
        mqtt_reading_pace(reading, session->sending.sent_at);
}

static void write_what_waits(struct mqtt_session *session)
{
    int fault = session->ended ? MOSQ_ERR_SUCCESS : mqtt_sending_write(&session->sending);
    if (fault != MOSQ_ERR_SUCCESS)
        end_by_fault(session, fault, errno);
}

void mqtt_session_readable(struct mqtt_session *session)
{
    session->reading.readable = true;
}

void mqtt_session_turn(struct mqtt_session *session, ms_t now)
{
    if (!session->ended && session->stage == MQTT_CONNECTING)
        check_connected(session);
    if (session->ended || session->stage == MQTT_CONNECTING)
        return;
    if (session->reading.readable || now >= session->reading.pace.until)
        read_what_came(session);
    write_what_waits(session);
}

bool mqtt_session_is_behind(const struct mqtt_session *session)
{
    return session->behind;
}

bool mqtt_session_drain(struct mqtt_session *session)
{
    mqtt_session_turn(session, INT64_MAX);
    return session->ended || !session->reading.cut;
}

/* libmosquitto's keep alive ends a link whose PINGRESP does not come, also when it is only behind much else: it judges
 * no link on which packets arrive. */
void mqtt_session_tick(struct mqtt_session *session)
{
    ms_t now = clock_mono();
    int fault;
    if (session->ended)
        return;
    fault = now - session->reading.received_at < session->keep_alive
                ? mqtt_sending_prove_life(&session->sending, now, session->keep_alive)
                : mosquitto_loop_misc(session->mosquitto);
    if (fault != MOSQ_ERR_SUCCESS)
        end_by_fault(session, fault, errno);
}

void mqtt_session_disconnect(struct mqtt_session *session)
{
    if (!session->ended && mosquitto_disconnect_v5(session->mosquitto, MQTT_RC_NORMAL_DISCONNECTION, NULL))
        mqtt_session_end(session, "disconnected");
}

struct mqtt_sending *mqtt_session_sending(struct mqtt_session *session)
{
    return &session->sending;
}
