#include "worker.h"

#include <stdlib.h>

#include "worker_private.h"

static void copy_text(char *ret, size_t size, const char *text)
{
    size_t len = strlen(text) < size ? strlen(text) : size - 1;
    memcpy(ret, text, len);
    ret[len] = '\0';
}

/* Brokers drop what outlives its expiry, and three missed heartbeats must not look like that. */
static int64_t retention(const struct worker_options *options)
{
    return ms_max(options->retain_s, (4 * options->interval + 999) / 1000);
}

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
    struct member_options options = {
        .role = MEMBER_WORKER, .root = worker->root, .hive = worker->hive, .worker = worker->name, .session = session
    };
    enum err err = member_init(&worker->member, &options);
    worker->member.self.interval_ms = worker->interval;
    present(worker);
    return err == OK ? topic_build(worker->root, &heartbeat, worker->heartbeat_topic) : err;
}

enum err worker_new(const struct worker_options *options, const struct facts *facts, struct worker **ret)
{
    auto_free(worker) worker = calloc(1, sizeof *worker);
    enum err err;

    if (!worker)
        return ERR_NOMEM;
    copy_text(worker->root, sizeof worker->root, options->root);
    copy_text(worker->hive, sizeof worker->hive, options->hive);
    copy_text(worker->name, sizeof worker->name, options->worker);
    worker->interval = options->interval;
    worker->lease = ms_max(options->lease, 3 * options->interval);
    worker->retain_s = retention(options);
    backoff_init(&worker->backoff, options->reconnect_max);
    worker->rng.state = options->seed;
    worker->facts = *facts;
    worker->connect_at = INT64_MIN;
    worker->beat_at = worker->next_at = worker->soon_at = worker->told_at = MS_NEVER;
    if ((err = join(worker, options->session)) != OK)
        return err;
    *ret = worker;
    worker = NULL;
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
    worker->unacked = 0;
    worker->beat_at = worker->next_at = worker->soon_at = MS_NEVER;
    (void)member_step(&worker->member, &(struct input){ .kind = INPUT_CONNECTING, .wall = worker->wall }, outbox);
}

/* Nothing follows a goodbye, so what is still to be published goes before it: also of a program that ended sooner than
 * the link was up. */
static void say_goodbye(struct worker *worker, ms_t until, struct outbox *outbox)
{
    struct input input = { .now = worker->now, .wall = worker->wall };
    if (worker->link == LINK_UP && (worker->seq == 0 || worker->soon_at != MS_NEVER))
        worker_beat(worker, worker->now, worker->wall, outbox);
    member_leave(&worker->member, worker->crashed ? &worker->exit : NULL, until, &input, outbox);
}

static void on_up(struct worker *worker, const struct input *input, struct outbox *outbox)
{
    worker->link = LINK_UP;
    worker->up_at = worker->now;
    worker->outage_told = false;
    (void)member_step(&worker->member, input, outbox); /* it is born */
    if (worker->leaving)
        say_goodbye(worker, worker->member.leave_by, outbox);
    else
        worker_beat(worker, worker->now, worker->wall, outbox);
}

static void on_down(struct worker *worker, const struct input *input, struct outbox *outbox)
{
    bool was_up = worker->link == LINK_UP;
    if (worker->link != LINK_UP && worker->link != LINK_CONNECTING)
        return;
    if (!worker->outage_told)
        outbox_notice(outbox, "%s: %s", was_up ? "lost the broker" : "cannot reach the broker", input->why);
    worker->outage_told = true;
    (void)member_step(&worker->member, input, outbox);
    worker_verify_forget(worker);
    if (was_up)
        backoff_lost(&worker->backoff, worker->now - worker->up_at);
    worker->link = LINK_WAITING;
    worker->connect_at = worker->now + backoff_next(&worker->backoff, &worker->rng);
}

void worker_beat_soon(struct worker *worker, ms_t now)
{
    ms_t at = worker->beat_at == MS_NEVER ? now : ms_max(now, worker->beat_at + WORKER_MERGE_MS);
    worker->soon_at = ms_min(worker->soon_at, at);
}

static void on_facts(struct worker *worker, const struct facts *facts, struct outbox *outbox)
{
    bool news = !facts_same_headline(&worker->facts, facts);
    worker->facts = *facts;
    present(worker);
    worker_verify_facts(worker, worker->now, outbox);
    if (news)
        worker_beat_soon(worker, worker->now);
}

static void on_acked(struct worker *worker, const struct input *input, struct outbox *outbox)
{
    if (input->reason >= MQTT_FAILED)
        outbox_notice(outbox, "the broker refused a message (reason 0x%02x)", input->reason);
    if (input->token == TOKEN_HEARTBEAT && worker->unacked > 0)
        worker->unacked--;
    if (member_step(&worker->member, input, outbox) == MEMBER_LEFT)
        end(worker, outbox);
}

static void on_leave(struct worker *worker, const struct exit_info *exit, ms_t within, struct outbox *outbox)
{
    if (worker->leaving)
        return;
    worker->leaving = true;
    worker_verify_forget(worker);
    worker->crashed = exit != NULL;
    if (exit) {
        worker->exit = *exit;
        copy_text(worker->exit_signal, sizeof worker->exit_signal, exit->signal ? exit->signal : "");
        worker->exit.signal = exit->signal ? worker->exit_signal : NULL;
    }
    if (worker->link == LINK_UP)
        member_unsubscribe(&worker->member, outbox);
    say_goodbye(worker, worker->now + within, outbox);
}

/* When the next heartbeat is due. */
static ms_t beat_due(const struct worker *worker)
{
    ms_t stall = worker->beat_at == MS_NEVER ? MS_NEVER : facts_stall_due(&worker->facts, worker->beat_at);
    if (worker->unacked >= WORKER_UNACKED_MAX)
        return MS_NEVER;
    return ms_min(worker->next_at, ms_min(worker->soon_at, stall));
}

static void turn_up(struct worker *worker, struct outbox *outbox)
{
    if (worker->leaving)
        return;
    worker_verify_turn(worker, worker->now, outbox);
    if (beat_due(worker) <= worker->now)
        worker_beat(worker, worker->now, worker->wall, outbox);
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
        worker_beat_soon(worker, worker->now);
    if (worker->link == LINK_WAITING && worker->now >= worker->connect_at)
        connect(worker, outbox);
    else if (worker->link == LINK_UP)
        turn_up(worker, outbox);
}

static void handle(struct worker *worker, const struct input *input, struct outbox *outbox)
{
    switch (input->kind) {
    case INPUT_LINK_UP:
        if (worker->link == LINK_CONNECTING)
            on_up(worker, input, outbox);
        break;
    case INPUT_LINK_DOWN:
    case INPUT_LINK_FAILED:
        on_down(worker, input, outbox);
        break;
    case INPUT_MESSAGE:
        if (worker->link == LINK_UP && !worker->leaving)
            worker_hear(worker, input, outbox);
        break;
    case INPUT_ACKED:
        if (worker->link == LINK_UP)
            on_acked(worker, input, outbox);
        break;
    case INPUT_SUBSCRIBED:
        if (worker->link == LINK_UP)
            (void)member_step(&worker->member, input, outbox);
        break;
    case INPUT_STOP:
        on_leave(worker, NULL, MEMBER_GOODBYE_MS, outbox);
        break;
    case INPUT_TICK:
    case INPUT_CONNECTING:
    case INPUT_PACKET:
    case INPUT_HTTP_ANSWERED:
        break;
    }
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
    switch (input->kind) {
    case WORKER_FACTS:
        on_facts(worker, input->facts, outbox);
        break;
    case WORKER_BEAT:
        worker_beat_soon(worker, input->now);
        break;
    case WORKER_FOUND:
        worker_verify_found(worker, input, outbox);
        break;
    case WORKER_LEAVE:
        on_leave(worker, input->leave.exit, input->leave.within, outbox);
        break;
    }
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

bool worker_is_online(const struct worker *worker)
{
    return worker->member.is_online;
}

uint64_t worker_ignored(const struct worker *worker)
{
    return worker->ignored + worker->member.ignored;
}

uint32_t worker_connection(const struct worker *worker)
{
    return (uint32_t)worker->member.self.connection;
}

void worker_look(const struct worker *worker, struct worker_view *ret)
{
    *ret = (struct worker_view){ .hive = worker->hive,
                                 .name = worker->name,
                                 .online = worker->member.is_online,
                                 .connection = worker_connection(worker),
                                 .seq = worker->seq,
                                 .ignored = worker_ignored(worker),
                                 .verification = worker_verify_latest(worker),
                                 .answer_by = worker_verify_due(worker) };
}
