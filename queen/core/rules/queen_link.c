#include "queen_link.h"

#include "change.h"
#include "codec.h"
#include "json_write.h"
#include "restore.h"

#define READ_TIMEOUT_MS 2000 /* without a stored copy, SUBACK or marker; a broker's full queue drops any of them */
#define READ_ATTEMPTS 3
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

/* What the queen has published itself first, for an earlier process may have known more (R17). Then the fleet: hives,
 * which are known by their presence; then workers, heartbeats first, for where stored copies contradict each other the
 * heartbeat's session is current (R15). Named leaves only. */
static const enum topic_kind passes[] = { TOPIC_QUEEN_SINCE,     TOPIC_HIVE_VERDICT,   TOPIC_VERDICT,
                                          TOPIC_HIVE_PRESENCE,   TOPIC_HIVE_HEARTBEAT, TOPIC_WORKER_HEARTBEAT,
                                          TOPIC_WORKER_PRESENCE, TOPIC_WORKER_WITNESS };
#define OWN_PASSES 3

static enum err pass_filter(const struct queen *queen, size_t which, char ret[TOPIC_SIZE])
{
    struct topic topic = {
        .kind = passes[which], .queen = text_of(queen->options.id), .hive = TEXT("+"), .worker = TEXT("+")
    };
    return topic_build(queen->options.root, &topic, ret);
}

/* The same filter again replaces the subscription, so that nothing live is missed or comes twice. */
static void subscribe(struct queen *queen, size_t which, uint8_t retain_handling)
{
    char filter[TOPIC_SIZE];
    if (pass_filter(queen, which, filter) != OK) /* a checked root fits */
        return;
    queen->snapshot.pending++;
    outbox_subscribe(queen->out, &(struct subscribe){ .filter = filter,
                                                      .no_local = which >= OWN_PASSES, /* stored ones are ours, too */
                                                      .retain_handling = retain_handling,
                                                      .token = queen_token(queen, TOKEN_SUBSCRIBE) });
}

/* Requests once more what the phase waits for: the subscriptions, then a marker when all are acknowledged. One filter
 * at a time is read: mosquitto 2.0.11 lets what a second SUBSCRIBE finds stored wait behind a full socket, and with
 * max_queued_bytes it then drops everything else, for good. */
static void request(struct queen *queen)
{
    struct snapshot *snapshot = &queen->snapshot;
    snapshot->pending = 0;
    snapshot->progress_at = queen->now;
    snapshot->attempts++;
    if (snapshot->phase == SNAPSHOT_READING) {
        subscribe(queen, snapshot->pass, RETAIN_ALWAYS);
        return;
    }
    for (size_t i = OWN_PASSES; i < ARRAY_LEN(passes); i++)
        subscribe(queen, i, RETAIN_NEVER);
}

/* Anew, a marker stays the same: it is sent behind a SUBACK only, so whichever comes back first ends the phase. */
static void begin(struct queen *queen, enum snapshot_phase phase, size_t pass)
{
    queen->snapshot.phase = phase;
    queen->snapshot.pass = pass;
    queen->snapshot.attempts = 0;
    queen->snapshot.marker = queen_token(queen, TOKEN_MARKER);
    request(queen);
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
    queen->snapshot = (struct snapshot){ 0 };
    begin(queen, SNAPSHOT_SUBSCRIBING, 0);
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
    queen->write_at = MS_NEVER;
    queen->snapshot = (struct snapshot){ .phase = SNAPSHOT_NONE };
    if (was_live)
        fleet_event(queen, "blind");
}

static void send_marker(struct queen *queen)
{
    queen->snapshot.progress_at = queen->now;
    outbox_publish(queen->out, &(struct publish){ .topic = queen->member.reply_topic,
                                                  .payload = TEXT("{}"),
                                                  .qos = 1,
                                                  .urgent = true,
                                                  .correlation = text_of(HEX64_TEXT(queen->snapshot.marker)),
                                                  .token = queen->snapshot.marker });
}

static void fleet_subscribed(struct queen *queen, uint8_t reason)
{
    if (reason >= MQTT_FAILED && queen->snapshot.phase == SNAPSHOT_SUBSCRIBING) {
        queen->snapshot.refused++;
        outbox_notice(queen->out,
                      "the broker refuses a subscription below %s/hive/ (reason 0x%02x): workers are not seen",
                      queen->options.root, reason);
    }
    if (queen->snapshot.pending > 0 && --queen->snapshot.pending == 0)
        send_marker(queen);
}

/* No grace is longer. */
static ms_t since_lasts(const struct queen *queen)
{
    return 2 * lease_grace(MSG_INTERVAL_MAX, queen->options.return_grace);
}

/* From now on a grace is granted, as a process that takes this one's place can tell by what is left of the expiry. */
static void publish_since(struct queen *queen)
{
    struct topic topic = { .kind = TOPIC_QUEEN_SINCE, .queen = text_of(queen->options.id) };
    uint32_t retain_s = (uint32_t)((since_lasts(queen) + 999) / 1000);
    struct json_write w = json_write_to(&queen->scratch);
    char text[TOPIC_SIZE];
    if (topic_build(queen->options.root, &topic, text) != OK)
        return;
    buf_reset(&queen->scratch);
    json_open(&w, '{');
    json_add_str(&w, "queen_id", queen->options.id);
    json_add_time(&w, "since", queen->wall);
    json_add_int(&w, "retain_s", retain_s);
    json_close(&w, '}');
    outbox_publish(queen->out, &(struct publish){ .topic = text,
                                                  .payload = buf_text(&queen->scratch),
                                                  .qos = 1,
                                                  .retain = true,
                                                  .expiry_s = retain_s,
                                                  .content_type = "application/json" });
}

/* Only of an earlier process: after a loss of this one's link all have another grace. */
void link_since(struct queen *queen, struct text id, const struct message *message)
{
    struct snapshot *snapshot = &queen->snapshot;
    struct since since;
    snapshot->progress_at = queen->now;
    if (!text_is(id, queen->options.id) || !message->retain || !message->has_expiry || !queen->announcing.held ||
        since_decode(&queen->arena, message->payload, &since, NULL) != OK || since.retain_s < message->expiry_s)
        return;
    snapshot->since_found = true;
    snapshot->granted = ms_min((since.retain_s - message->expiry_s) * 1000, since_lasts(queen));
}

/* The snapshot is read, or as much of it as the broker lets through. */
static void live(struct queen *queen)
{
    watch_go(&queen->watch);
    queen->snapshot.phase = SNAPSHOT_READ;
    queen->snapshot.read_at = queen->watch.time - queen->snapshot.granted;
    if (!queen->snapshot.since_found)
        publish_since(queen);
    queen->announcing.held = false;
    queen->announcing.next = queen->now;
    restore_begin_writing(queen);
    fleet_event(queen, "live");
}

static void end_pass(struct queen *queen)
{
    char filter[TOPIC_SIZE];
    if (queen->snapshot.phase == SNAPSHOT_READING && queen->snapshot.pass < OWN_PASSES &&
        pass_filter(queen, queen->snapshot.pass, filter) == OK)
        outbox_unsubscribe(queen->out, filter);
}

static void next_pass(struct queen *queen)
{
    size_t next = queen->snapshot.phase == SNAPSHOT_READING ? queen->snapshot.pass + 1 : 0;
    end_pass(queen);
    if (next < ARRAY_LEN(passes))
        begin(queen, SNAPSHOT_READING, next);
    else
        live(queen);
}

static void give_up_pass(struct queen *queen)
{
    char filter[TOPIC_SIZE] = "";
    (void)pass_filter(queen, queen->snapshot.pass, filter);
    queen->snapshot.cut++;
    outbox_notice(queen->out,
                  "the broker dropped part of what it has stored on %s, %d times: workers may be missing until they "
                  "are received live; its max_queued_messages or max_queued_bytes is too small for this fleet",
                  filter, READ_ATTEMPTS);
    next_pass(queen);
}

/* Nothing more comes, and the marker did not: something was lost, and perhaps stored copies with it. Without live
 * subscriptions nothing would ever be seen, so those have no last attempt. */
static void read_again(struct queen *queen)
{
    if (queen->snapshot.phase == SNAPSHOT_READING && queen->snapshot.attempts >= READ_ATTEMPTS) {
        give_up_pass(queen);
        return;
    }
    if (queen->snapshot.attempts == READ_ATTEMPTS)
        outbox_notice(queen->out,
                      "what this queen publishes on %s is not received back, so it stays blind: the broker must "
                      "let it write and read there",
                      queen->member.reply_topic);
    request(queen);
}

void link_presence(struct queen *queen, struct text id, const struct input *input)
{
    if (text_is(id, queen->options.id))
        member_presence(&queen->member, input, &queen->arena, queen->out);
}

static bool is_reading(const struct queen *queen)
{
    return queen->snapshot.phase == SNAPSHOT_SUBSCRIBING || queen->snapshot.phase == SNAPSHOT_READING;
}

void link_reply(struct queen *queen, const struct input *input)
{
    uint64_t token;
    take(queen, member_reply(&queen->member, input, &queen->arena, queen->out));
    if (is_reading(queen) && text_to_hex64(input->message->correlation, &token) == OK &&
        token == queen->snapshot.marker)
        next_pass(queen);
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

static ms_t read_due(const struct queen *queen)
{
    return is_reading(queen) ? queen->snapshot.progress_at + READ_TIMEOUT_MS : MS_NEVER;
}

void link_step(struct queen *queen, const struct input *input)
{
    if (input->kind == INPUT_LINK_DOWN)
        link_down(queen);
    else if (input->kind == INPUT_STOP)
        stop(queen);
    else if (input->kind == INPUT_SUBSCRIBED && token_kind(input->token) == TOKEN_SUBSCRIBE && is_reading(queen))
        fleet_subscribed(queen, input->reason);
    else if (input->kind == INPUT_TICK && read_due(queen) <= queen->now)
        read_again(queen);
    take(queen, member_step(&queen->member, input, queen->out));
}

ms_t link_deadline(const struct queen *queen)
{
    return ms_min(read_due(queen), member_deadline(&queen->member));
}
