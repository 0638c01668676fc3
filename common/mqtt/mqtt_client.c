#include "mqtt_client.h"

#include <poll.h>
#include <stdlib.h>

#include "arena.h"
#include "clock.h"
#include "mqtt_options.h"
#include "mqtt_round.h"
#include "mqtt_session.h"

#define CONNECT_TIMEOUT_MS 2000 /* TCP, each address */
#define TICK_MS 500             /* libmosquitto looks after keep alive in whole seconds */
#define STOP_TIMEOUT_MS 1000    /* to get DISCONNECT written */
#define SHORT_LIFE_MS 5000      /* of a connection that was perhaps taken over */
#define SHORT_LIVES 3

/*            connect            resolved              CONNACK
 *   IDLE ------------+  +--> RESOLVING --> ATTEMPT ------------> UP
 *                    v  |       ^  next host |  next address    | |
 *                  WAITING      +------------+                  | |
 *                       ^        all failed  |                  | |
 *                       +--------------------+      lost        | |
 *                       +-----------------------------------------+
 *   any -------- stop --------> STOPPING (DISCONNECT) <-----+  ----> STOPPED
 */
enum phase { PHASE_IDLE, PHASE_WAITING, PHASE_RESOLVING, PHASE_ATTEMPT, PHASE_UP, PHASE_STOPPING, PHASE_STOPPED };

struct mqtt_client {
    enum phase phase;
    ms_t due;        /* what it means depends on the phase */
    ms_t since;      /* the attempt began, or the connection was up */
    bool is_renewed; /* UP, and the next round begins with the same address */
    bool no_retain;  /* the latest broker offers no retained messages: published without */
    struct mqtt_round round;
    struct mqtt_session *session; /* while ATTEMPT and UP, and STOPPING from there */
    unsigned epoch;               /* counts descriptors */
    unsigned short_lives;         /* of connections, in a row */
    struct errbuf why;            /* what the latest attempt failed of: a round ends with the one that got furthest */
    struct mqtt_options options;  /* text in `arena` */
    struct mqtt_events events;
    void *user;
    void (*stopped)(void *user);
    struct arena arena;
};

static void set_phase(struct mqtt_client *client, enum phase phase, ms_t due)
{
    client->phase = phase;
    client->due = due;
}

enum err mqtt_client_new(const struct mqtt_options *options, const struct mqtt_events *events, void *user,
                         struct mqtt_client **ret, struct errbuf *e)
{
    auto_free(mqtt_client) client = calloc(1, sizeof *client);
    enum err err;

    if (!client)
        return err_set(e, ERR_NOMEM, "MQTT client: out of memory");
    if ((err = mqtt_options_take(options, &client->arena, &client->options, &client->round.brokers, e)) != OK)
        return err;
    client->events = *events;
    client->user = user;
    set_phase(client, PHASE_IDLE, MS_NEVER);
    *ret = HAND_OVER(client);
    return OK;
}

/* After a connection was up, the next round begins with the first address. */
static void end_attempt(struct mqtt_client *client)
{
    if (client->is_renewed)
        mqtt_round_put_back(&client->round);
    else if (client->phase == PHASE_UP || client->phase == PHASE_STOPPING)
        mqtt_round_restart(&client->round);
    client->is_renewed = false;
    mqtt_round_stop(&client->round);
    if (client->session)
        client->no_retain = mqtt_session_sending(client->session)->no_retain;
    mqtt_session_free(client->session);
    client->session = NULL;
    client->epoch++;
}

void mqtt_client_free(struct mqtt_client *client)
{
    if (!client)
        return;
    end_attempt(client);
    arena_clear(&client->arena);
    free(client);
}

/* After a connection was lost (`lived` ms old) or a round has failed (-1). */
static void retry(struct mqtt_client *client, ms_t lived, ms_t now)
{
    ms_t delay;
    end_attempt(client);
    set_phase(client, PHASE_IDLE, MS_NEVER);
    if (!client->events.retry_in)
        return;
    delay = client->events.retry_in(client->user, lived);
    if (client->phase == PHASE_IDLE) /* the owner may have stopped it */
        set_phase(client, PHASE_WAITING, now + ms_max(0, delay));
}

static void fail_round(struct mqtt_client *client, ms_t now)
{
    retry(client, -1, now);
    if (client->events.failed)
        client->events.failed(client->user, client->why.text);
}

static void on_session_up(void *owner, const char *broker, struct link_facts *facts)
{
    struct mqtt_client *client = owner;
    facts->connect_ms = clock_mono() - client->since;
    if (client->phase != PHASE_ATTEMPT)
        return;
    client->since += facts->connect_ms;
    set_phase(client, PHASE_UP, client->since + TICK_MS);
    if (client->events.up)
        client->events.up(client->user, broker, facts);
}

static void start_attempt(struct mqtt_client *client, ms_t now)
{
    struct mqtt_peer peer = mqtt_round_take(&client->round);
    struct mqtt_session_owner owner = { &client->events, client->user, on_session_up, client };
    peer.no_retain = client->no_retain;
    client->since = now;
    set_phase(client, PHASE_ATTEMPT, now);
    client->session = mqtt_session_new(&client->options, &peer, &owner);
    if (client->session)
        return;
    (void)err_set(&client->why, OK, "MQTT connection: out of memory");
    if (client->events.starved)
        client->events.starved(client->user);
    fail_round(client, now);
}

static void try_next(struct mqtt_client *client, ms_t now)
{
    end_attempt(client);
    switch (mqtt_round_next(&client->round, &client->why)) {
    case MQTT_ROUND_ADDRESS:
        start_attempt(client, now);
        break;
    case MQTT_ROUND_RESOLVE:
        set_phase(client, PHASE_RESOLVING, now + MQTT_RESOLVE_TIMEOUT_MS);
        break;
    case MQTT_ROUND_OVER:
        fail_round(client, now);
        break;
    }
}

static void begin_round(struct mqtt_client *client, ms_t now)
{
    if (!mqtt_client_has_more(client))
        mqtt_round_restart(&client->round);
    try_next(client, now);
}

static void turn_resolving(struct mqtt_client *client, ms_t now)
{
    if (mqtt_round_resolve(&client->round, now >= client->due, &client->why))
        try_next(client, now);
}

static ms_t attempt_timeout(const struct mqtt_client *client)
{
    return mqtt_session_stage(client->session) == MQTT_CONNECTING ? CONNECT_TIMEOUT_MS
                                                                  : client->options.connack_timeout;
}

/* True: the session has ended. */
static bool keep_why(struct mqtt_client *client)
{
    const char *why = mqtt_session_why(client->session);
    if (why)
        (void)err_set(&client->why, OK, "%s", why);
    return why;
}

static void turn_attempt(struct mqtt_client *client, ms_t now)
{
    mqtt_session_turn(client->session, now);
    if (client->phase != PHASE_ATTEMPT)
        return;
    if (now - client->since >= attempt_timeout(client))
        mqtt_session_time_out(client->session, attempt_timeout(client));
    if (!keep_why(client))
        return;
    if (mqtt_session_stage(client->session) == MQTT_CONNECTING)
        try_next(client, now);
    else
        fail_round(client, now); /* CONNECT may have been sent: the next one has a will of its own */
}

/* Every client has an id of its own, so nobody takes its connection over, unless the broker gives the ids. */
static void note_life(struct mqtt_client *client, ms_t lived)
{
    client->short_lives = lived < SHORT_LIFE_MS ? client->short_lives + 1 : 0;
    if (client->short_lives >= SHORT_LIVES)
        (void)err_set(&client->why, OK,
                      "%s; the last %u connections lasted less than %d s each: if the broker assigns client ids "
                      "(mosquitto: use_username_as_clientid), clients with one user name end each other's connections",
                      client->why.text, client->short_lives, SHORT_LIFE_MS / 1000);
}

static void turn_up(struct mqtt_client *client, ms_t now)
{
    mqtt_session_turn(client->session, now);
    if (client->phase != PHASE_UP)
        return;
    if (now >= client->due) {
        mqtt_session_tick(client->session);
        client->due = now + TICK_MS;
    }
    if (!keep_why(client))
        return;
    note_life(client, now - client->since);
    retry(client, now - client->since, now);
    if (client->events.down)
        client->events.down(client->user, client->why.text);
}

static void turn_stopping(struct mqtt_client *client, ms_t now)
{
    if (client->session && now < client->due) {
        mqtt_session_turn(client->session, now);
        if (!mqtt_session_why(client->session))
            return;
    }
    end_attempt(client);
    set_phase(client, PHASE_STOPPED, MS_NEVER);
    if (client->stopped)
        client->stopped(client->user);
}

void mqtt_client_turn(struct mqtt_client *client, ms_t now)
{
    switch (client->phase) {
    case PHASE_IDLE:
    case PHASE_STOPPED:
        break;
    case PHASE_WAITING:
        if (now >= client->due)
            begin_round(client, now);
        break;
    case PHASE_RESOLVING:
        turn_resolving(client, now);
        break;
    case PHASE_ATTEMPT:
        turn_attempt(client, now);
        break;
    case PHASE_UP:
        turn_up(client, now);
        break;
    case PHASE_STOPPING:
        turn_stopping(client, now);
        break;
    }
}

void mqtt_client_readable(struct mqtt_client *client)
{
    if (client->session)
        mqtt_session_readable(client->session);
}

void mqtt_client_connect(struct mqtt_client *client)
{
    if (client->phase == PHASE_IDLE || client->phase == PHASE_WAITING || client->phase == PHASE_STOPPED)
        set_phase(client, PHASE_WAITING, INT64_MIN);
}

int mqtt_client_fd(const struct mqtt_client *client, short *ret_events)
{
    *ret_events = POLLIN;
    if (client->round.resolver)
        return resolver_fd(client->round.resolver);
    return client->session ? mqtt_session_fd(client->session, ret_events) : -1;
}

unsigned mqtt_client_epoch(const struct mqtt_client *client)
{
    return client->epoch;
}

ms_t mqtt_client_deadline(const struct mqtt_client *client)
{
    ms_t due = client->phase == PHASE_ATTEMPT ? client->since + attempt_timeout(client) : client->due;
    return client->session ? ms_min(due, mqtt_session_deadline(client->session)) : due;
}

bool mqtt_client_has_more(const struct mqtt_client *client)
{
    return mqtt_round_has_more(&client->round);
}

bool mqtt_client_is_up(const struct mqtt_client *client)
{
    return client->phase == PHASE_UP && !mqtt_session_why(client->session);
}

bool mqtt_client_is_behind(const struct mqtt_client *client)
{
    return mqtt_client_is_up(client) && mqtt_session_is_behind(client->session);
}

bool mqtt_client_drain(struct mqtt_client *client)
{
    return !mqtt_client_is_up(client) || mqtt_session_drain(client->session);
}

void mqtt_client_drop(struct mqtt_client *client, const char *why)
{
    if (client->session)
        mqtt_session_end(client->session, "%s", why);
}

void mqtt_client_renew(struct mqtt_client *client)
{
    client->is_renewed = client->phase == PHASE_UP;
    mqtt_client_drop(client, "to be made anew");
}

void mqtt_client_close(struct mqtt_client *client)
{
    end_attempt(client);
    set_phase(client, PHASE_IDLE, MS_NEVER);
}

void mqtt_client_stop(struct mqtt_client *client, void (*done)(void *user))
{
    bool up = mqtt_client_is_up(client);
    if (client->phase == PHASE_STOPPING || client->phase == PHASE_STOPPED)
        return;
    client->stopped = done;
    set_phase(client, PHASE_STOPPING, up ? clock_mono() + STOP_TIMEOUT_MS : INT64_MIN);
    if (up)
        mqtt_session_disconnect(client->session);
}

bool mqtt_client_is_stopped(const struct mqtt_client *client)
{
    return client->phase == PHASE_STOPPED;
}

enum err mqtt_client_publish(struct mqtt_client *client, const struct publish *publish)
{
    return mqtt_client_is_up(client) ? mqtt_sending_publish(mqtt_session_sending(client->session), publish)
                                     : ERR_UNREACHABLE;
}

size_t mqtt_client_awaited(const struct mqtt_client *client)
{
    return client->session ? mqtt_session_sending(client->session)->awaited.bytes : 0;
}

uint8_t mqtt_client_unsendable(enum err err)
{
    return err == ERR_TOO_LARGE ? MQTT_TOO_LARGE : err == ERR_TOPIC ? MQTT_BAD_TOPIC : 0;
}

enum err mqtt_client_subscribe(struct mqtt_client *client, const struct subscribe *subscribe)
{
    return mqtt_client_is_up(client) ? mqtt_sending_subscribe(mqtt_session_sending(client->session), subscribe)
                                     : ERR_UNREACHABLE;
}

enum err mqtt_client_unsubscribe(struct mqtt_client *client, const char *filter)
{
    return mqtt_client_is_up(client) ? mqtt_sending_unsubscribe(mqtt_session_sending(client->session), filter)
                                     : ERR_UNREACHABLE;
}
