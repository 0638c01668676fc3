#include "queen_link.h"

#include "change.h"
#include "json_write.h"

#define MARKER_REPEAT_MS 2000
#define MARKERS_BEFORE_NOTICE 3
#define EXIT_REFUSED_CODE 6

enum err link_init(struct queen *queen)
{
    struct presence *self = &queen->member.self;
    enum err err = member_init(&queen->member, &(struct member_options){
                                                   .role = MEMBER_QUEEN,
                                                   .root = queen->options.root,
                                                   .queen = queen->options.id,
                                                   .session = queen->options.session,
                                                   .key = siphash_derive(&queen->options.secret, "claim"),
                                                   .keep_alive = queen->options.keep_alive,
                                               });
    self->pid = queen->options.pid;
    self->host = queen->options.host;
    self->version = queen->options.version;
    return err;
}

/* Hives first, which are known by their presence; then workers, heartbeats first, for where stored copies contradict
 * each other the heartbeat's session is current (R15). Named leaves only. */
static const enum topic_kind fleet[] = { TOPIC_HIVE_PRESENCE, TOPIC_HIVE_HEARTBEAT, TOPIC_WORKER_HEARTBEAT,
                                         TOPIC_WORKER_PRESENCE, TOPIC_WORKER_WITNESS };

/* Counted, for the snapshot is read when all are granted. */
static void subscribe_to_fleet(struct queen *queen)
{
    char filter[TOPIC_SIZE];
    for (size_t i = 0; i < ARRAY_LEN(fleet); i++) {
        struct topic topic = { .kind = fleet[i], .hive = TEXT("+"), .worker = TEXT("+") };
        uint64_t token = queen_token(queen, TOKEN_SUBSCRIBE);
        if (topic_build(queen->options.root, &topic, filter) != OK) /* a checked root fits */
            continue;
        queen->snapshot.pending++;
        outbox_subscribe(queen->out, &(struct subscribe){ .filter = filter, .no_local = true, .token = token });
    }
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
    change_publish_event(queen, &(struct event){ id, "", buf_text(&queen->scratch), what });
}

static void publish_goodbye(struct queen *queen, ms_t until)
{
    member_leave(&queen->member, NULL, until, &(struct input){ .now = queen->now, .wall = queen->wall }, queen->out);
}

static void born(struct queen *queen)
{
    queen->epoch++;
    if (queen->stopping) { /* the link was lost before the goodbye was acknowledged */
        publish_goodbye(queen, queen->member.leave_by);
        return;
    }
    queen->snapshot = (struct snapshot){ .phase = SNAPSHOT_SUBSCRIBING };
    subscribe_to_fleet(queen);
}

static void leave(struct queen *queen)
{
    outbox_disconnect(queen->out);
    outbox_exit(queen->out, 0, "%s", "");
}

static void take(struct queen *queen, enum member_event event)
{
    if (event == MEMBER_BORN)
        born(queen);
    else if (event == MEMBER_LEFT)
        leave(queen);
    else if (event == MEMBER_REFUSED)
        outbox_exit(queen->out, EXIT_REFUSED_CODE, "%s", queen->member.claim.why);
}

static void link_down(struct queen *queen)
{
    bool was_live = queen->snapshot.phase == SNAPSHOT_READ;
    watch_stop(&queen->watch);
    queen->snapshot = (struct snapshot){ .phase = SNAPSHOT_NONE };
    if (was_live)
        fleet_event(queen, "blind");
}

static void send_marker(struct queen *queen)
{
    queen->snapshot.phase = SNAPSHOT_READING;
    if (!queen->snapshot.marker) /* repeated, it stays the same: whichever comes back first ends the snapshot */
        queen->snapshot.marker = queen_token(queen, TOKEN_MARKER);
    queen->snapshot.marker_sent = queen->now;
    if (++queen->snapshot.markers == MARKERS_BEFORE_NOTICE)
        outbox_notice(queen->out,
                      "what this queen publishes on %s is not received back, so it stays blind: the broker must "
                      "let it write and read there",
                      queen->member.reply_topic);
    outbox_publish(queen->out, &(struct publish){ .topic = queen->member.reply_topic,
                                                  .payload = TEXT("{}"),
                                                  .qos = 1,
                                                  .urgent = true,
                                                  .correlation = text_of(HEX64_TEXT(queen->snapshot.marker)),
                                                  .token = queen->snapshot.marker });
}

static void fleet_subscribed(struct queen *queen, uint8_t reason)
{
    if (reason >= MQTT_FAILED) {
        queen->snapshot.refused++;
        outbox_notice(queen->out,
                      "the broker refuses a subscription below %s/hive/ (reason 0x%02x): workers are not seen",
                      queen->options.root, reason);
    }
    if (--queen->snapshot.pending == 0)
        send_marker(queen);
}

/* The end marker came back: the snapshot is read. */
static void marked(struct queen *queen)
{
    watch_go(&queen->watch);
    queen->snapshot.phase = SNAPSHOT_READ;
    queen->snapshot.read_at = queen->watch.time;
    fleet_event(queen, "live");
}

void link_presence(struct queen *queen, struct text id, const struct input *input)
{
    if (text_is(id, queen->options.id))
        member_presence(&queen->member, input, &queen->arena, queen->out);
}

void link_reply(struct queen *queen, const struct input *input)
{
    uint64_t token;
    take(queen, member_reply(&queen->member, input, &queen->arena, queen->out));
    if (queen->snapshot.phase == SNAPSHOT_READING && text_to_hex64(input->message->correlation, &token) == OK &&
        token == queen->snapshot.marker)
        marked(queen);
}

static void stop(struct queen *queen)
{
    if (queen->stopping)
        return;
    queen->stopping = true;
    if (queen->member.linked)
        publish_goodbye(queen, MS_NEVER);
    else
        leave(queen);
}

static ms_t marker_due(const struct queen *queen)
{
    return queen->snapshot.phase == SNAPSHOT_READING ? queen->snapshot.marker_sent + MARKER_REPEAT_MS : MS_NEVER;
}

void link_step(struct queen *queen, const struct input *input)
{
    if (input->kind == INPUT_LINK_DOWN)
        link_down(queen);
    else if (input->kind == INPUT_STOP)
        stop(queen);
    else if (input->kind == INPUT_SUBSCRIBED && token_kind(input->token) == TOKEN_SUBSCRIBE &&
             queen->snapshot.phase == SNAPSHOT_SUBSCRIBING)
        fleet_subscribed(queen, input->reason);
    else if (input->kind == INPUT_TICK && marker_due(queen) <= queen->now)
        send_marker(queen);
    take(queen, member_step(&queen->member, input, queen->out));
}

ms_t link_deadline(const struct queen *queen)
{
    return ms_min(marker_due(queen), member_deadline(&queen->member));
}
