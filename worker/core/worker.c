#include "worker.h"

#include <stdio.h>
#include <stdlib.h>

#include "codec.h"
#include "worker_private.h"

/* What the presence shows of the program. */
static void present(struct worker *worker)
{
    struct presence *self = &worker->member.self;
    const struct facts *facts = &worker->facts;
    self->pid = facts->pid > 0 ? (int64_t)facts->pid : INT_ABSENT;
    self->host = facts->host[0] ? facts->host : NULL;
    self->version = facts->version[0] ? facts->version : NULL;
    self->endpoint = facts->endpoint[0] ? facts->endpoint : NULL;
}

static enum err join(struct worker *worker, uint64_t session)
{
    struct topic heartbeat = { .kind = TOPIC_WORKER_HEARTBEAT,
                               .hive = text_of(worker->hive),
                               .worker = text_of(worker->name) };
    struct member_options options = { .role = MEMBER_WORKER,
                                      .root = worker->root,
                                      .hive = worker->hive,
                                      .worker = worker->name,
                                      .session = session,
                                      .retain_s = worker->retain_s };
    enum err err = member_init(&worker->member, &options);
    worker->member.self.interval_ms = worker->interval;
    present(worker);
    return err == OK ? topic_build(worker->root, &heartbeat, worker->heartbeat_topic) : err;
}

enum err worker_new(const struct skep_worker_options *options, uint64_t seed, const struct facts *facts,
                    struct worker **ret)
{
    auto_free(worker) worker = calloc(1, sizeof *worker);
    enum err err;
    if (!worker)
        return ERR_NOMEM;
    snprintf(worker->root, sizeof worker->root, "%s", options->root);
    snprintf(worker->hive, sizeof worker->hive, "%s", options->hive);
    snprintf(worker->name, sizeof worker->name, "%s", options->worker);
    worker->interval = options->interval_ms;
    worker->lease = ms_max(options->lease_ms, 3 * worker->interval);
    /* Brokers drop what outlives its expiry, and three missed heartbeats must not look like that. */
    worker->retain_s = ms_max(options->retain_s, (4 * worker->interval + 999) / 1000);
    backoff_init(&worker->backoff, options->reconnect_max_ms);
    worker->rng.state = seed;
    worker->facts = *facts;
    worker->connect_at = INT64_MIN;
    worker->beat_at = worker->next_at = worker->soon_at = worker->published_at = MS_NEVER;
    if ((err = join(worker, options->session)) != OK)
        return err;
    *ret = HAND_OVER(worker);
    return OK;
}

void worker_free(struct worker *worker)
{
    if (!worker)
        return;
    member_clear(&worker->member);
    free(worker);
}

/* DISCONNECT takes the will back. It arrives only if the goodbye did, so it is right also without acknowledgement, but
 * not where the goodbye was refused: then the will must speak. */
static void end(struct worker *worker, struct outbox *outbox)
{
    bool acked = worker->member.goodbye_acked;
    if (worker->link == LINK_UP && !worker->member.goodbye_refused)
        outbox_disconnect(outbox);
    worker->link = LINK_ENDED;
    worker->member.is_online = false;
    outbox_exit(outbox, acked ? 0 : 1, acked ? "left" : "the broker did not acknowledge the goodbye");
}

/* The broker's session lives as long as the link, so everything starts anew with each. */
static void connect(struct worker *worker, struct outbox *outbox)
{
    worker->link = LINK_CONNECTING;
    worker->demand.count = 0;
    worker->beat_at = worker->next_at = worker->soon_at = MS_NEVER;
    (void)member_step(&worker->member, &(struct input){ .kind = INPUT_CONNECTING, .wall = worker->wall }, outbox);
}

static enum err heartbeat_fill(const struct worker *worker, struct arena *arena, struct heartbeat *ret)
{
    heartbeat_init(ret);
    ret->worker_id = worker->name;
    ret->hive_id = worker->hive;
    ret->timestamp = worker->wall;
    ret->session = worker->member.self.session;
    ret->connection = worker->member.self.connection;
    ret->seq = (int64_t)worker->seq;
    ret->interval_ms = worker->interval;
    ret->lease_ms = worker->lease;
    ret->retain_s = worker->retain_s;
    return facts_to_heartbeat(&worker->facts, worker->now, arena, ret);
}

static struct publish heartbeat_make(const struct worker *worker, const struct heartbeat *heartbeat, struct buf *json)
{
    buf_reset(json);
    heartbeat_encode(heartbeat, json);
    return (struct publish){ .topic = worker->heartbeat_topic,
                             .payload = buf_text(json),
                             .qos = 1,
                             .retain = true,
                             .content_type = "application/json",
                             .expiry_s = (uint32_t)worker->retain_s,
                             .token = member_token(MEMBER_TOKEN_BEAT) };
}

/* What does not fit goes without metrics, then without labels. */
static void heartbeat_publish(struct worker *worker, struct heartbeat *heartbeat, struct outbox *outbox)
{
    auto_clear(buf) json = BUF_INIT;
    struct publish publish = heartbeat_make(worker, heartbeat, &json);
    const struct json_value **parts[] = { &heartbeat->metrics, &heartbeat->labels };
    size_t whole = publish_packet_size(&publish), left_out;
    for (left_out = 0; left_out < ARRAY_LEN(parts) && !outbox_fits(outbox, &publish); left_out++) {
        *parts[left_out] = NULL;
        heartbeat->truncated = true;
        publish = heartbeat_make(worker, heartbeat, &json);
    }
    if (left_out > 0 && !worker->truncated_reported)
        outbox_notice(outbox, "a heartbeat of %zu bytes is larger than the broker accepts (%u): sent without %s", whole,
                      (unsigned)outbox->packet_max, left_out == 1 ? "metrics" : "metrics and labels");
    worker->truncated_reported |= left_out > 0;
    outbox->failed |= !buf_ok(&json);
    outbox_publish(outbox, &publish);
}

static void beat(struct worker *worker, struct outbox *outbox)
{
    bool first = worker->beat_at == MS_NEVER;
    struct heartbeat heartbeat;
    if (heartbeat_fill(worker, &outbox->arena, &heartbeat) == OK)
        heartbeat_publish(worker, &heartbeat, outbox);
    else
        outbox->failed = true;
    beat_demand_answer(&worker->demand, worker->seq, worker->now, outbox);
    worker->seq++;
    member_beat(&worker->member, worker->now);
    worker->beat_at = worker->now;
    worker->soon_at = MS_NEVER;
    worker->next_at = worker->now + rng_interval(&worker->rng, worker->interval, first);
}

/* Nothing follows a goodbye, so what is still to be published goes before it: also of a program that ended sooner than
 * the link was up. */
static void publish_goodbye(struct worker *worker, ms_t until, struct outbox *outbox)
{
    struct input input = { .now = worker->now, .wall = worker->wall };
    if (worker->link == LINK_UP && (worker->seq == 0 || worker->soon_at != MS_NEVER))
        beat(worker, outbox);
    member_leave(&worker->member, worker->exit.known ? &worker->exit : NULL, until, &input, outbox);
}

static void on_up(struct worker *worker, const struct input *input, struct outbox *outbox)
{
    worker->link = LINK_UP;
    worker->up_at = worker->now;
    worker->outage_reported = worker->too_large_reported = worker->truncated_reported = false;
    (void)member_step(&worker->member, input, outbox); /* it is born */
    if (worker->leaving)
        publish_goodbye(worker, worker->member.leave_by, outbox);
    else
        beat(worker, outbox);
}

static void on_down(struct worker *worker, const struct input *input, struct outbox *outbox)
{
    bool was_up = worker->link == LINK_UP;
    if (worker->link != LINK_UP && worker->link != LINK_CONNECTING)
        return;
    if (!worker->outage_reported)
        outbox_notice(outbox, "%s: %s", was_up ? "lost the broker" : "cannot reach the broker", input->why);
    worker->outage_reported = true;
    (void)member_step(&worker->member, input, outbox);
    worker->verification_count = 0;
    if (was_up)
        backoff_lost(&worker->backoff, worker->now - worker->up_at);
    worker->link = LINK_WAITING;
    worker->connect_at = worker->now + backoff_next(&worker->backoff, &worker->rng);
}

/* A heartbeat as soon as the merging of bursts allows. */
static void beat_soon(struct worker *worker)
{
    ms_t at = worker->beat_at == MS_NEVER ? worker->now : ms_max(worker->now, worker->beat_at + WORKER_MERGE_MS);
    worker->soon_at = ms_min(worker->soon_at, at);
}

static void on_facts(struct worker *worker, const struct facts *facts, struct outbox *outbox)
{
    bool news = !facts_same_headline(&worker->facts, facts);
    worker->facts = *facts;
    present(worker);
    worker_verify_review(worker, NULL, outbox);
    if (news)
        beat_soon(worker);
}

static void notice_refused(const struct worker *worker, uint8_t reason, struct outbox *outbox)
{
    if (reason == MQTT_NOT_AUTHORIZED)
        outbox_notice(outbox,
                      "the broker refused a message (reason 0x87, not authorized): its ACL must let this user write "
                      "%s/hive/%s/worker/%s/+ and %s-rpc/reply/+, see broker-config/README.md",
                      worker->root, worker->hive, worker->name, worker->root);
    else
        outbox_notice(outbox, "the broker refused a message (reason 0x%02x): its log may have more", reason);
}

static void on_acked(struct worker *worker, const struct input *input, struct outbox *outbox)
{
    if (input->reason == MQTT_TOO_LARGE && !worker->too_large_reported) {
        outbox_notice(outbox, "a message is larger than the broker accepts: not sent (see max_packet_size)");
        worker->too_large_reported = true;
    } else if (input->reason >= MQTT_FAILED && input->reason != MQTT_TOO_LARGE) {
        notice_refused(worker, input->reason, outbox);
    }
    if (member_step(&worker->member, input, outbox) == MEMBER_LEFT)
        end(worker, outbox);
}

static void on_leave(struct worker *worker, const struct exit_info *exit, ms_t timeout, struct outbox *outbox)
{
    if (worker->leaving)
        return;
    worker->leaving = true;
    worker->verification_count = 0;
    if (exit) {
        worker->exit = *exit;
        snprintf(worker->exit_signal, sizeof worker->exit_signal, "%s", exit->signal ? exit->signal : "");
        worker->exit.signal = exit->signal ? worker->exit_signal : NULL;
    }
    if (worker->link == LINK_UP)
        member_unsubscribe(&worker->member, outbox);
    publish_goodbye(worker, worker->now + timeout, outbox);
}

/* When the next heartbeat is due. */
static ms_t beat_due(const struct worker *worker)
{
    ms_t stall = worker->beat_at == MS_NEVER ? MS_NEVER : facts_stall_due(&worker->facts, worker->beat_at);
    if (worker->member.unacked >= WORKER_UNACKED_MAX)
        return MS_NEVER;
    return ms_min(ms_min(worker->next_at, beat_demand_due(&worker->demand)), ms_min(worker->soon_at, stall));
}

static void turn_up(struct worker *worker, struct outbox *outbox)
{
    if (worker->leaving)
        return;
    worker_verify_review(worker, NULL, outbox);
    if (beat_due(worker) <= worker->now)
        beat(worker, outbox);
}

/* What time alone brings about. */
static void turn(struct worker *worker, struct outbox *outbox)
{
    struct input input = { .now = worker->now, .wall = worker->wall };
    enum member_event event =
        worker->link == LINK_ENDED ? MEMBER_NOTHING : member_tick(&worker->member, &input, outbox);
    if (event == MEMBER_LEFT)
        end(worker, outbox);
    else if (event == MEMBER_HEALED) /* who cleared the presence has most likely cleared the heartbeat too */
        beat_soon(worker);
    if (worker->link == LINK_WAITING && worker->now >= worker->connect_at)
        connect(worker, outbox);
    else if (worker->link == LINK_UP)
        turn_up(worker, outbox);
}

static void handle(struct worker *worker, const struct input *input, struct outbox *outbox)
{
    bool is_up = worker->link == LINK_UP;
    if (input->kind == INPUT_LINK_UP && worker->link == LINK_CONNECTING)
        on_up(worker, input, outbox);
    else if (input->kind == INPUT_LINK_DOWN || input->kind == INPUT_LINK_FAILED)
        on_down(worker, input, outbox);
    else if (input->kind == INPUT_MESSAGE && is_up && !worker->leaving)
        worker_receive(worker, input, outbox);
    else if (input->kind == INPUT_ACKED && is_up)
        on_acked(worker, input, outbox);
    else if (input->kind == INPUT_SUBSCRIBED && is_up)
        (void)member_step(&worker->member, input, outbox);
    else if (input->kind == INPUT_STOP)
        on_leave(worker, NULL, MEMBER_GOODBYE_MS, outbox);
}

void worker_step(struct worker *worker, const struct input *input, struct outbox *outbox)
{
    worker->now = input->now;
    worker->wall = input->wall;
    handle(worker, input, outbox);
    turn(worker, outbox);
}

void worker_take(struct worker *worker, const struct worker_input *input, struct outbox *outbox)
{
    worker->now = input->now;
    worker->wall = input->wall;
    if (input->facts)
        on_facts(worker, input->facts, outbox);
    if (input->beat)
        beat_soon(worker);
    turn(worker, outbox);
    if (input->found) /* behind the beat, so that the asker has received what it says */
        worker_verify_review(worker, input, outbox);
    if (input->leave)
        on_leave(worker, input->exit, input->timeout, outbox);
    turn(worker, outbox);
}

ms_t worker_deadline(const struct worker *worker)
{
    ms_t at = member_deadline(&worker->member);
    if (worker->link == LINK_ENDED)
        return MS_NEVER;
    if (worker->link == LINK_WAITING)
        at = ms_min(at, worker->connect_at);
    if (worker->link == LINK_UP && !worker->leaving)
        at = ms_min(at, ms_min(beat_due(worker), worker_verify_due(worker)));
    return at;
}

bool worker_has_ended(const struct worker *worker)
{
    return worker->link == LINK_ENDED;
}

void worker_view_fill(const struct worker *worker, struct worker_view *ret)
{
    size_t waiting = worker->verification_count;
    uint64_t latest = waiting > 0 ? worker->verifications[waiting - 1].number : 0;
    *ret = (struct worker_view){ .hive = worker->hive,
                                 .name = worker->name,
                                 .online = worker->member.is_online,
                                 .connection = (uint32_t)worker->member.self.connection,
                                 .seq = worker->seq,
                                 .ignored = worker->ignored + worker->member.ignored,
                                 .verification = latest,
                                 .answer_by = worker_verify_due(worker) };
}
