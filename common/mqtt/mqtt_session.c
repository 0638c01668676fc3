#include "mqtt_session.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "mqtt_properties.h"
#include "mqtt_tls.h"
#include "tls_fault.h"

/* A turn reads no more packets and no longer than this, so that nothing else starves: in CPU time, for where others
 * run, too, no less shall be read; and by the clock, for who takes the packets may sleep. Both are looked at now and
 * then: per packet it would cost more than small packets do. */
#define BURST_MAX 2000
#define BURST_CPU_US 5000
#define BURST_MS 50
#define BURST_CLOCK_EVERY 8 /* calls; each reads as many packets as messages of ours await their acknowledgement */

/* To be woken costs as much as to read a packet. A link is busy if a wake brought a few packets, or if many have come
 * without a pause: it is read again a little later, when there are more of them, until there were none. At 3,333
 * heartbeats a second that saves a third of the CPU time; a message waits 0.5 to 1 ms longer (bench_ingest). After a
 * publish of ours nothing waits: the answer to it may come. */
#define BUSY_BURST 4         /* packets */
#define BUSY_STREAK 16       /* packets */
#define STREAK_PAUSE_MS 3    /* a longer pause ends a streak, and a conversation */
#define READ_COALESCE_MS 1   /* in which what the kernel buffers does not fill up */
#define KEEP_COALESCING_MS 2 /* after a wait that brought something */
#define COALESCE_BYTES 32768 /* wake it nevertheless */

/* UNSUBSCRIBE with it changes nothing, and every broker answers it. */
#define FILTER_OF_NOBODY "$skep/keep-alive"

#define AWAITED_MAX 256            /* acknowledgements; send_queue has 20 out at most */
#define AWAITED_OVERHEAD_BYTES 512 /* what libmosquitto keeps of a message besides its bytes */

struct awaited {
    int packet_id;
    uint64_t token;
    size_t bytes;
};

struct mqtt_session {
    struct mosquitto *mosquitto;
    struct mqtt_session_owner owner;
    bool tls;
    char broker[ADDRESS_TEXT_SIZE], numeric[ADDRESS_TEXT_SIZE]; /* as it was configured; the address of it */
    enum mqtt_stage stage;
    bool ended;
    bool in_burst;       /* `packet` was called */
    bool cut;            /* the latest burst ended at its limit: more may be there */
    bool readable;       /* as its owner's poll said */
    unsigned handed;     /* callbacks since the burst began */
    unsigned streak;     /* ... and in the bursts before it, while none was followed by a pause */
    ms_t read_at;        /* the latest burst that brought something */
    ms_t coalesce_until; /* not read until then */
    ms_t keep_alive;
    ms_t received_at;     /* the latest packet but for PINGRESP */
    ms_t sent_at;         /* the latest packet of ours but for acknowledgements and PINGREQ */
    struct errbuf logged; /* the first error that libmosquitto logged, until it is up */
    struct errbuf why;
    size_t awaited_count, awaited_bytes;
    struct awaited awaited[AWAITED_MAX];
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

static const char *fault_text(int fault, int number)
{
    if (fault == MOSQ_ERR_CONN_LOST)
        return "closed by the other side";
    if (fault == MOSQ_ERR_KEEPALIVE)
        return "no answer to a ping for a keep alive";
    if (fault != MOSQ_ERR_ERRNO)
        return mosquitto_strerror(fault);
    return number != 0 && strerrordesc_np(number) ? strerrordesc_np(number) : "no MQTT broker answers there";
}

/* A broker that refuses our certificate closes at once: its reason may be lost on the way, and what is left is the end
 * of the stream, a reset, or EPROTO where CONNECT could not be written. */
static bool is_tls_fault(const struct mqtt_session *session, int fault, int number)
{
    bool is_cut_off =
        session->stage == MQTT_AWAITING_CONNACK && (fault == MOSQ_ERR_CONN_LOST || fault == MOSQ_ERR_ERRNO);
    return session->tls && (session->logged.text[0] != '\0' || fault == MOSQ_ERR_TLS || is_cut_off ||
                            (fault == MOSQ_ERR_ERRNO && number == EPROTO));
}

/* `number` is the errno that goes with MOSQ_ERR_ERRNO. */
static void end_by_fault(struct mqtt_session *session, int fault, int number)
{
    const char *text = fault_text(fault, number);
    if (session->stage == MQTT_UP)
        mqtt_session_end(session, "connection to %s lost: %s", session->broker, text);
    else if (is_tls_fault(session, fault, number))
        mqtt_session_end(session, "TLS with %s failed: %s", session->broker, tls_fault_text(session->logged.text));
    else if (session->stage == MQTT_CONNECTING)
        mqtt_session_end(session, "cannot connect to %s: %s", session->broker, text);
    else
        mqtt_session_end(session, "no MQTT connection to %s: %s", session->broker, text);
}

static void await_ack(struct mqtt_session *session, struct awaited awaited)
{
    session->awaited[session->awaited_count++] = awaited;
    session->awaited_bytes += awaited.bytes;
}

/* The token; 0: none, or nothing is awaited for it. */
static uint64_t take_awaited(struct mqtt_session *session, int packet_id)
{
    for (size_t i = 0; i < session->awaited_count; i++) {
        struct awaited awaited = session->awaited[i];
        if (awaited.packet_id != packet_id)
            continue;
        session->awaited[i] = session->awaited[--session->awaited_count];
        session->awaited_bytes -= awaited.bytes;
        return awaited.token;
    }
    return 0;
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
    session->handed++;
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
        mqtt_session_end(session, "out of memory for a message received");
    mqtt_copies_clear(&copies);
}

/* Also comes, from within mosquitto_publish, when a QoS 0 publish is written: that has no token. */
static void on_publish(struct mosquitto *mosquitto, void *user, int packet_id, int reason,
                       const mosquitto_property *properties)
{
    struct mqtt_session *session = user;
    uint64_t token = take_awaited(session, packet_id);
    (void)mosquitto, (void)properties;
    if (!token)
        session->handed++;
    else if (hand_over(session) && session->owner.events->acked)
        session->owner.events->acked(session->owner.user, token, (uint8_t)reason);
}

static void on_subscribe(struct mosquitto *mosquitto, void *user, int packet_id, int count, const int *granted,
                         const mosquitto_property *properties)
{
    struct mqtt_session *session = user;
    uint64_t token = take_awaited(session, packet_id);
    uint8_t reason = count > 0 ? (uint8_t)granted[0] : MQTT_FAILED;
    (void)mosquitto, (void)properties;
    if (hand_over(session) && token && session->owner.events->subscribed)
        session->owner.events->subscribed(session->owner.user, token, reason);
}

/* The broker's counts, for libmosquitto too. */
static void take_keep_alive(struct mqtt_session *session, const mosquitto_property *properties)
{
    uint16_t seconds;
    if (mosquitto_property_read_int16(properties, MQTT_PROP_SERVER_KEEP_ALIVE, &seconds, false))
        session->keep_alive = seconds * (ms_t)1000;
}

static void on_connect(struct mosquitto *mosquitto, void *user, int reason, int flags,
                       const mosquitto_property *properties)
{
    struct mqtt_session *session = user;
    (void)flags;
    session->handed++;
    if (session->ended)
        return;
    if (reason) {
        mqtt_session_end(session, "the broker refused the connection: %s",
                         reason < MQTT_FAILED ? mosquitto_connack_string(reason) : mosquitto_reason_string(reason));
        return;
    }
    mosquitto_log_callback_set(mosquitto, NULL); /* it formats a line for every packet */
    take_keep_alive(session, properties);
    session->stage = MQTT_UP;
    session->owner.up(session->owner.owner, session->numeric);
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

/* TCP is connected, or has failed, when the socket is writable. libmosquitto begins TLS before that: it may have taken
 * the fault of a connection that fails at once, or have sent, and the other side have closed, which reading tells: only
 * one that was connected is reset. */
static void check_connected(struct mqtt_session *session)
{
    struct pollfd fd = { .fd = mosquitto_socket(session->mosquitto), .events = POLLOUT };
    socklen_t len = sizeof(int), peer_len = sizeof(struct sockaddr_storage);
    struct sockaddr_storage peer;
    int number = 0;
    if (poll(&fd, 1, 0) != 1)
        return;
    if (getsockopt(fd.fd, SOL_SOCKET, SO_ERROR, &number, &len) != 0)
        number = errno;
    else if (number == 0 && getpeername(fd.fd, (struct sockaddr *)&peer, &peer_len) != 0)
        number = ECONNREFUSED;
    if (number != 0 && number != ECONNRESET && !mqtt_tls_has_sent(session->mosquitto))
        end_by_fault(session, MOSQ_ERR_ERRNO, number);
    else
        session->stage = MQTT_AWAITING_CONNACK;
}

static void connect_to(struct mqtt_session *session, const struct mqtt_options *options, const struct mqtt_peer *peer)
{
    int fault;
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
    check_connected(session); /* else CONNECT could have been sent already by one that only connects */
}

struct mqtt_session *mqtt_session_new(const struct mqtt_options *options, const struct mqtt_peer *peer,
                                      const struct mqtt_session_owner *owner)
{
    struct mqtt_session *session = calloc(1, sizeof *session);
    struct publish will = { 0 };
    struct errbuf why = { 0 };
    bool has_will;
    if (!session)
        return NULL;
    session->owner = *owner;
    session->tls = peer->tls;
    address_print(peer->broker->host, peer->broker->port, session->broker);
    address_print(peer->numeric, peer->broker->port, session->numeric);
    session->coalesce_until = INT64_MIN;
    session->keep_alive = options->keep_alive_s * (ms_t)1000;
    session->received_at = session->sent_at = clock_mono();
    has_will = owner->events->will && owner->events->will(owner->user, &will);
    if (mqtt_setup(options, peer, has_will ? &will : NULL, session, &session->mosquitto, &why) == OK)
        connect_to(session, options, peer);
    else
        mqtt_session_end(session, "%s", why.text);
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
    if (session->ended || session->cut)
        return INT64_MIN;
    return session->coalesce_until == INT64_MIN ? MS_NEVER : session->coalesce_until;
}

/* While TLS shakes hands, libmosquitto takes the end of the stream for "call me again". */
static void end_if_closed(struct mqtt_session *session)
{
    char byte;
    ssize_t got = recv(mosquitto_socket(session->mosquitto), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (got == 0)
        end_by_fault(session, MOSQ_ERR_CONN_LOST, 0);
    else if (got < 0 && errno != EAGAIN && errno != EINTR)
        end_by_fault(session, MOSQ_ERR_ERRNO, errno);
}

/* Each call of libmosquitto handles about one packet. One that brings nothing ends the burst: the rest shows as a
 * readable socket, but for what TLS has decrypted already. */
static void read_burst(struct mqtt_session *session)
{
    unsigned idle_max = session->tls ? 2 : 1;
    unsigned idle = 0, calls = 0, before;
    int64_t began_us = clock_thread_us();
    ms_t began = clock_mono();
    session->handed = 0;
    do {
        int fault;
        before = session->handed;
        errno = 0; /* libmosquitto reads it also when nothing failed */
        fault = mosquitto_loop_read(session->mosquitto, 1);
        if (fault != MOSQ_ERR_SUCCESS)
            end_by_fault(session, fault, errno);
        idle = session->handed == before ? idle + 1 : 0;
        session->cut = session->handed >= BURST_MAX ||
                       (++calls % BURST_CLOCK_EVERY == 0 &&
                        (clock_thread_us() - began_us >= BURST_CPU_US || clock_mono() - began >= BURST_MS));
    } while (!session->ended && idle < idle_max && !session->cut);
    if (session->handed > 0)
        session->received_at = clock_mono();
    if (session->stage == MQTT_UP && (session->handed > 0 || session->readable))
        begin_burst(session); /* e.g. PINGRESP */
    session->in_burst = session->readable = false;
    if (!session->ended && session->stage == MQTT_AWAITING_CONNACK && session->handed == 0)
        end_if_closed(session);
}

/* A broker that leaves Nagle's algorithm on holds a packet back until the one before is acknowledged, and the kernel
 * delays that by 40 ms. The kernel forgets this wish as it goes, hence every turn. */
static void acknowledge_quickly(struct mqtt_session *session)
{
    int on = 1;
    setsockopt(mosquitto_socket(session->mosquitto), IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

static bool is_readable(struct mqtt_session *session)
{
    struct pollfd fd = { .fd = mosquitto_socket(session->mosquitto), .events = POLLIN };
    bool writes;
    session->readable = session->readable || (!session->cut && poll(&fd, 1, 0) == 1);
    return session->cut || session->readable || mqtt_tls_is_in_handshake(session->mosquitto, &writes);
}

static bool is_busy(struct mqtt_session *session, bool has_waited, ms_t now)
{
    session->streak = now - session->read_at <= STREAK_PAUSE_MS ? session->streak + session->handed : session->handed;
    session->read_at = now;
    if (session->handed == 0 || now - session->sent_at <= STREAK_PAUSE_MS)
        return false;
    return has_waited || session->handed >= BUSY_BURST || session->streak >= BUSY_STREAK;
}

/* The watch of the socket stays as it is: the kernel calls it readable when it has enough. INT64_MIN: anything. */
static void coalesce(struct mqtt_session *session, ms_t until)
{
    int enough = until == INT64_MIN ? 1 : COALESCE_BYTES;
    if ((until == INT64_MIN) != (session->coalesce_until == INT64_MIN))
        setsockopt(mosquitto_socket(session->mosquitto), SOL_SOCKET, SO_RCVLOWAT, &enough, sizeof enough);
    session->coalesce_until = until;
}

/* After a wait it reads without asking. One that brought nothing is not acknowledged: what the broker sends would come
 * in smaller pieces from then on. */
static void read_what_came(struct mqtt_session *session)
{
    bool has_waited = session->coalesce_until != INT64_MIN, busy;
    ms_t now;
    if (!has_waited && !is_readable(session))
        return;
    read_burst(session);
    if (session->ended)
        return;
    now = clock_mono();
    busy = is_busy(session, has_waited, now);
    coalesce(session, busy && !session->cut ? now + (has_waited ? KEEP_COALESCING_MS : READ_COALESCE_MS) : INT64_MIN);
    if (!busy && (session->handed > 0 || !has_waited))
        acknowledge_quickly(session);
}

static void write_what_waits(struct mqtt_session *session)
{
    int fault;
    errno = 0;
    if (session->ended || !mosquitto_want_write(session->mosquitto))
        return;
    fault = mosquitto_loop_write(session->mosquitto, 1);
    if (fault != MOSQ_ERR_SUCCESS)
        end_by_fault(session, fault, errno);
}

void mqtt_session_readable(struct mqtt_session *session)
{
    session->readable = true;
}

void mqtt_session_turn(struct mqtt_session *session, ms_t now)
{
    if (!session->ended && session->stage == MQTT_CONNECTING)
        check_connected(session);
    if (session->ended || session->stage == MQTT_CONNECTING)
        return;
    if (session->readable || now >= session->coalesce_until)
        read_what_came(session);
    write_what_waits(session);
}

bool mqtt_session_drain(struct mqtt_session *session)
{
    mqtt_session_turn(session, INT64_MAX);
    return session->ended || !session->cut;
}

/* The broker must receive something within 1.5 keep alives. */
static int prove_life(struct mqtt_session *session, ms_t now)
{
    if (now - session->sent_at < session->keep_alive * 3 / 4)
        return MOSQ_ERR_SUCCESS;
    session->sent_at = now;
    return mosquitto_unsubscribe_v5(session->mosquitto, NULL, FILTER_OF_NOBODY, NULL);
}

/* libmosquitto's keep alive ends a link whose PINGRESP does not come, also when it is only behind much else: it judges
 * no link on which packets arrive. */
void mqtt_session_tick(struct mqtt_session *session)
{
    ms_t now = clock_mono();
    int fault;
    if (session->ended)
        return;
    fault = now - session->received_at < session->keep_alive ? prove_life(session, now)
                                                             : mosquitto_loop_misc(session->mosquitto);
    if (fault != MOSQ_ERR_SUCCESS)
        end_by_fault(session, fault, errno);
}

void mqtt_session_disconnect(struct mqtt_session *session)
{
    if (!session->ended && mosquitto_disconnect_v5(session->mosquitto, MQTT_RC_NORMAL_DISCONNECTION, NULL))
        mqtt_session_end(session, "disconnected");
}

enum err mqtt_session_publish(struct mqtt_session *session, const struct publish *publish)
{
    mosquitto_property *properties = NULL;
    int packet_id = 0, fault;
    enum err err;
    if (publish->payload.len > INT_MAX)
        return ERR_TOO_LARGE;
    if (publish->qos > 0 && session->awaited_count == AWAITED_MAX)
        return ERR_FULL;
    if ((err = mqtt_properties_write(publish, &properties)) != OK)
        return err;
    fault = mosquitto_publish_v5(session->mosquitto, &packet_id, publish->topic, (int)publish->payload.len,
                                 publish->payload.at, publish->qos, publish->retain, properties);
    mosquitto_property_free_all(&properties);
    if (fault == MOSQ_ERR_SUCCESS)
        session->sent_at = clock_mono();
    if (fault == MOSQ_ERR_SUCCESS && publish->qos > 0)
        await_ack(session,
                  (struct awaited){ packet_id, publish->token, publish_size(publish) + AWAITED_OVERHEAD_BYTES });
    return mqtt_fault_err(fault);
}

size_t mqtt_session_awaited(const struct mqtt_session *session)
{
    return session->awaited_bytes;
}

enum err mqtt_session_subscribe(struct mqtt_session *session, const struct subscribe *subscribe)
{
    int options = (subscribe->no_local ? MQTT_SUB_OPT_NO_LOCAL : 0) | subscribe->retain_handling << 4;
    int packet_id = 0, fault;
    if (subscribe->token && session->awaited_count == AWAITED_MAX)
        return ERR_FULL;
    fault = mosquitto_subscribe_v5(session->mosquitto, &packet_id, subscribe->filter, subscribe->qos, options, NULL);
    if (fault == MOSQ_ERR_SUCCESS && subscribe->token)
        await_ack(session, (struct awaited){ packet_id, subscribe->token, 0 });
    return mqtt_fault_err(fault);
}

enum err mqtt_session_unsubscribe(struct mqtt_session *session, const char *filter)
{
    return mqtt_fault_err(mosquitto_unsubscribe_v5(session->mosquitto, NULL, filter, NULL));
}
