#include "queen_link.h"

#include "change.h"
#include "codec.h"

#define MARKER_REPEAT_MS 2000
#define MARKERS_BEFORE_NOTICE 3
#define GOODBYE_WAIT_MS 1000
#define KEEP_SHARED_SIGHTS 2 /* the second sight of a shared identity ends the process */
#define EXIT_REFUSED_CODE 6

static struct presence own_presence(const struct queen *queen, enum presence_state state, int cause)
{
    struct presence presence;
    presence_init(&presence);
    presence.queen_id = queen->options.id;
    presence.presence = (int8_t)state;
    presence.cause = (int8_t)cause;
    presence.session = queen->options.session;
    presence.connection = queen->identity.connection;
    presence.rpc = queen->rpc;
    presence.pid = queen->options.pid;
    presence.host = queen->options.host;
    presence.version = queen->options.version;
    presence.timestamp = queen->wall;
    return presence;
}

static struct publish presence_publish(struct queen *queen, enum presence_state state, int cause,
                                       char topic[TOPIC_SIZE])
{
    struct topic own = { .kind = TOPIC_QUEEN_PRESENCE, .queen = text_of(queen->options.id) };
    struct presence presence = own_presence(queen, state, cause);
    buf_reset(&queen->scratch);
    presence_encode(&presence, &queen->scratch);
    if (topic_build(queen->options.root, &own, topic) != OK || !buf_ok(&queen->scratch))
        queen->out->failed = true;
    return (struct publish){ .topic = topic,
                             .payload = buf_text(&queen->scratch),
                             .qos = 1,
                             .retain = true,
                             .content_type = "application/json" };
}

void link_connecting(struct queen *queen)
{
    char topic[TOPIC_SIZE];
    struct publish will;
    identity_connect(&queen->identity);
    queen->rpc = true;
    will = presence_publish(queen, PRESENCE_STALE, DEATH_CONNECTION_LOST, topic);
    outbox_connect(queen->out, &will);
}

static void publish_birth(struct queen *queen)
{
    char topic[TOPIC_SIZE];
    struct publish birth = presence_publish(queen, PRESENCE_ONLINE, -1, topic);
    birth.urgent = true; /* before what an earlier connection has left to be sent */
    outbox_publish(queen->out, &birth);
}

static void subscribe(struct queen *queen, const struct topic *topic, bool counted)
{
    char filter[TOPIC_SIZE];
    struct subscribe subscribe = { .filter = filter };
    if (topic_build(queen->options.root, topic, filter) != OK)
        return;
    if (counted) {
        subscribe.no_local = true;
        subscribe.token = queen_token(queen, TOKEN_SUBSCRIBE);
        queen->snapshot.pending++;
    }
    outbox_subscribe(queen->out, &subscribe);
}

static void subscribe_to_requests(struct queen *queen)
{
    struct topic topic = { .kind = TOPIC_QUEEN_REQUEST, .queen = text_of(queen->options.id), .method = TEXT("+") };
    char filter[TOPIC_SIZE];
    struct subscribe subscribe = {
        .filter = filter, .qos = 1, .retain_handling = 2, .token = queen_token(queen, TOKEN_REQUESTS)
    };
    if (topic_build(queen->options.root, &topic, filter) == OK)
        outbox_subscribe(queen->out, &subscribe);
}

/* The queen's own leaves first, so that nothing said about her is missed; then the fleet's, named leaves only: hives,
 * which are known by their presence; then workers, heartbeats first, for where stored copies contradict each other the
 * heartbeat's session is current (R15). */
static void subscribe_all(struct queen *queen)
{
    struct topic own = { .kind = TOPIC_QUEEN_PRESENCE, .queen = text_of(queen->options.id) };
    struct topic reply = { .kind = TOPIC_REPLY, .client = text_of(queen->client_id) };
    struct topic hive_presences = { .kind = TOPIC_HIVE_PRESENCE, .hive = TEXT("+") };
    struct topic hive_heartbeats = { .kind = TOPIC_HIVE_HEARTBEAT, .hive = TEXT("+") };
    struct topic heartbeats = { .kind = TOPIC_WORKER_HEARTBEAT, .hive = TEXT("+"), .worker = TEXT("+") };
    struct topic witnesses = { .kind = TOPIC_WORKER_WITNESS, .hive = TEXT("+"), .worker = TEXT("+") };
    struct topic presences = { .kind = TOPIC_WORKER_PRESENCE, .hive = TEXT("+"), .worker = TEXT("+") };
    subscribe(queen, &own, false);
    subscribe(queen, &reply, false);
    subscribe_to_requests(queen);
    publish_birth(queen);
    subscribe(queen, &hive_presences, true);
    subscribe(queen, &hive_heartbeats, true);
    subscribe(queen, &heartbeats, true);
    subscribe(queen, &presences, true);
    subscribe(queen, &witnesses, true);
}

static void fleet_event(struct queen *queen, const char *what)
{
    struct json_write w = json_write_to(&queen->scratch);
    uint64_t id = queen->next_event++;
    buf_reset(&queen->scratch);
    json_open(&w, '{');
    json_add_str(&w, "fleet", what);
    json_add_time(&w, "since", queen->wall);
    json_add_int(&w, "event_id", (int64_t)id);
    json_add_str(&w, "queen_id", queen->options.id);
    json_close(&w, '}');
    change_publish_event(queen, id, buf_text(&queen->scratch), what);
}

static void publish_goodbye(struct queen *queen)
{
    char topic[TOPIC_SIZE];
    struct publish goodbye = presence_publish(queen, PRESENCE_OFFLINE, DEATH_GOODBYE, topic);
    goodbye.urgent = true;
    goodbye.token = queen_token(queen, TOKEN_GOODBYE);
    outbox_publish(queen->out, &goodbye);
}

void link_up(struct queen *queen)
{
    queen->linked = true;
    queen->epoch++;
    if (queen->stopping) { /* the link was lost before the goodbye was acknowledged */
        publish_goodbye(queen);
        return;
    }
    queen->snapshot = (struct snapshot){ .phase = SNAPSHOT_SUBSCRIBING };
    subscribe_all(queen);
}

void link_down(struct queen *queen)
{
    bool was_live = queen->snapshot.phase == SNAPSHOT_READ;
    watch_stop(&queen->watch);
    queen->linked = false;
    queen->snapshot = (struct snapshot){ .phase = SNAPSHOT_NONE };
    if (was_live)
        fleet_event(queen, "blind");
}

static void send_marker(struct queen *queen)
{
    char correlation[HEX64_SIZE];
    queen->snapshot.phase = SNAPSHOT_READING;
    if (!queen->snapshot.marker) /* repeated, it stays the same: whichever comes back first ends the snapshot */
        queen->snapshot.marker = queen_token(queen, TOKEN_MARKER);
    queen->snapshot.marker_sent = queen->now;
    if (++queen->snapshot.markers == MARKERS_BEFORE_NOTICE)
        outbox_notice(queen->out,
                      "what this queen publishes on %s is not received back, so it stays blind: the broker must "
                      "let it write and read there",
                      queen->reply_topic);
    hex64_to_text(queen->snapshot.marker, correlation);
    outbox_publish(queen->out, &(struct publish){ .topic = queen->reply_topic,
                                                  .payload = TEXT("{}"),
                                                  .qos = 1,
                                                  .urgent = true,
                                                  .correlation = text_of(correlation),
                                                  .token = queen->snapshot.marker });
}

static void requests_refused(struct queen *queen, uint8_t reason)
{
    outbox_notice(
        queen->out,
        "the broker refuses the subscription to requests (reason 0x%02x): this queen receives no requests over MQTT",
        reason);
    queen->rpc = false;
    publish_birth(queen);
}

void link_subscribed(struct queen *queen, uint64_t token, uint8_t reason)
{
    if (token_kind(token) == TOKEN_REQUESTS && reason >= MQTT_FAILED)
        requests_refused(queen, reason);
    if (token_kind(token) != TOKEN_SUBSCRIBE || queen->snapshot.phase != SNAPSHOT_SUBSCRIBING)
        return;
    if (reason >= MQTT_FAILED) {
        queen->snapshot.refused++;
        outbox_notice(queen->out,
                      "the broker refuses a subscription below %s/hive/ (reason 0x%02x): workers are not seen",
                      queen->options.root, reason);
    }
    if (--queen->snapshot.pending == 0)
        send_marker(queen);
}

bool link_marked(struct queen *queen, uint64_t token)
{
    if (queen->snapshot.phase != SNAPSHOT_READING || token != queen->snapshot.marker)
        return false;
    watch_go(&queen->watch);
    queen->snapshot.phase = SNAPSHOT_READ;
    queen->snapshot.read_at = queen->watch.time;
    fleet_event(queen, "live");
    return true;
}

static void name_rival(struct queen *queen, const struct presence *rival)
{
    char host[64];
    text_to_printable(text_of(rival->host ? rival->host : "unknown"), host, sizeof host);
    outbox_exit(queen->out, EXIT_REFUSED_CODE,
                "another queen uses the id %s (host %s, pid %lld): give one of them another --id", queen->options.id,
                host, (long long)rival->pid);
}

static void heal(struct queen *queen)
{
    if (queen->heal_at == MS_NEVER)
        queen->heal_at = queen->now + identity_heal_in(&queen->identity, queen->now);
}

void link_own_presence(struct queen *queen, struct text payload)
{
    struct presence presence;
    bool empty = payload.len == 0;
    if (queen->stopping)
        return;
    presence_init(&presence);
    if (!empty && presence_decode(&queen->arena, payload, &presence, NULL) != OK)
        return;
    switch (identity_observe(&queen->identity, empty ? NULL : &presence)) {
    case IDENTITY_HEAL:
        heal(queen);
        break;
    case IDENTITY_SHARED:
        if (presence.presence != PRESENCE_ONLINE)
            heal(queen);
        if (queen->identity.sights >= KEEP_SHARED_SIGHTS)
            name_rival(queen, &presence);
        break;
    case IDENTITY_NOTHING:
        break;
    }
}

void link_stop(struct queen *queen)
{
    if (queen->stopping)
        return;
    queen->stopping = true;
    if (!queen->linked) {
        outbox_disconnect(queen->out);
        return;
    }
    publish_goodbye(queen);
    queen->stop_at = queen->now + GOODBYE_WAIT_MS;
}

void link_goodbye_acked(struct queen *queen)
{
    if (queen->stop_at == MS_NEVER)
        return;
    queen->stop_at = MS_NEVER;
    outbox_disconnect(queen->out);
}

static ms_t marker_due(const struct queen *queen)
{
    return queen->snapshot.phase == SNAPSHOT_READING ? queen->snapshot.marker_sent + MARKER_REPEAT_MS : MS_NEVER;
}

void link_tick(struct queen *queen)
{
    if (marker_due(queen) <= queen->now)
        send_marker(queen);
    if (queen->heal_at <= queen->now) {
        queen->heal_at = MS_NEVER;
        if (queen->linked && !queen->stopping)
            publish_birth(queen);
    }
    if (queen->stop_at <= queen->now)
        link_goodbye_acked(queen);
}

ms_t link_deadline(const struct queen *queen)
{
    return ms_min(marker_due(queen), ms_min(queen->heal_at, queen->stop_at));
}
