#include "snapshot.h"

#include "broker_fit.h"

#define READ_TIMEOUT_MS 2000 /* without a stored copy, SUBACK or marker; a broker's full queue drops any of them */
#define READ_ATTEMPTS 3

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
                                                      .token = (uint64_t)TOKEN_SUBSCRIBE << TOKEN_KIND_SHIFT | which });
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

static bool is_reading(const struct queen *queen)
{
    return queen->snapshot.phase == SNAPSHOT_SUBSCRIBING || queen->snapshot.phase == SNAPSHOT_READING;
}

void snapshot_subscribed(struct queen *queen, uint64_t token, uint8_t reason)
{
    char filter[TOPIC_SIZE];
    if (!is_reading(queen))
        return;
    if (queen->snapshot.phase == SNAPSHOT_SUBSCRIBING && pass_filter(queen, token & 0xFF, filter) == OK)
        broker_fit_subscribed(queen, filter, reason);
    if (queen->snapshot.pending > 0 && --queen->snapshot.pending == 0)
        send_marker(queen);
}

static void end_pass(struct queen *queen)
{
    char filter[TOPIC_SIZE];
    if (queen->snapshot.phase == SNAPSHOT_READING && queen->snapshot.pass < OWN_PASSES &&
        pass_filter(queen, queen->snapshot.pass, filter) == OK)
        outbox_unsubscribe(queen->out, filter);
}

/* True: that was the last one. */
static bool next_pass(struct queen *queen)
{
    size_t next = queen->snapshot.phase == SNAPSHOT_READING ? queen->snapshot.pass + 1 : 0;
    end_pass(queen);
    if (next < ARRAY_LEN(passes))
        begin(queen, SNAPSHOT_READING, next);
    else
        queen->snapshot.phase = SNAPSHOT_READ;
    return queen_sees(queen);
}

static bool give_up_pass(struct queen *queen)
{
    char filter[TOPIC_SIZE] = "";
    (void)pass_filter(queen, queen->snapshot.pass, filter);
    queen->snapshot.cut++;
    outbox_notice(queen->out,
                  "the broker dropped part of what it has stored on %s, %d times: workers may be missing until they "
                  "are received live; its max_queued_messages or max_queued_bytes is too small for this fleet",
                  filter, READ_ATTEMPTS);
    return next_pass(queen);
}

/* Nothing more comes, and the marker did not: something was lost, and perhaps stored copies with it. Without live
 * subscriptions nothing would ever be seen, so those have no last attempt. */
static bool read_again(struct queen *queen)
{
    if (queen->snapshot.phase == SNAPSHOT_READING && queen->snapshot.attempts >= READ_ATTEMPTS)
        return give_up_pass(queen);
    if (queen->snapshot.attempts == READ_ATTEMPTS)
        outbox_notice(queen->out,
                      "what this queen publishes on %s is not received back, so it stays blind: the broker must "
                      "let it write and read there",
                      queen->member.reply_topic);
    request(queen);
    return false;
}

void snapshot_begin(struct queen *queen)
{
    queen->snapshot = (struct snapshot){ 0 };
    begin(queen, SNAPSHOT_SUBSCRIBING, 0);
}

bool snapshot_marker(struct queen *queen, struct text correlation)
{
    uint64_t token;
    return is_reading(queen) && text_to_hex64(correlation, &token) == OK && token == queen->snapshot.marker &&
           next_pass(queen);
}

ms_t snapshot_deadline(const struct queen *queen)
{
    return is_reading(queen) ? queen->snapshot.progress_at + READ_TIMEOUT_MS : MS_NEVER;
}

bool snapshot_tick(struct queen *queen)
{
    return snapshot_deadline(queen) <= queen->now && read_again(queen);
}
