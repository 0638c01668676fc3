#include "worker.h"

#include <stdlib.h>

#include "worker_private.h"

static bool topics_build(struct worker *worker)
{
    struct topic topic = { .kind = TOPIC_WORKER_HEARTBEAT,
                           .hive = text_of(worker->hive),
                           .worker = text_of(worker->name) };

    if (topic_build(worker->root, &topic, worker->heartbeat_topic) != OK)
        return false;
    topic.kind = TOPIC_WORKER_PRESENCE;
    return topic_build(worker->root, &topic, worker->presence_topic) == OK;
}

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

enum err worker_new(const struct worker_options *options, const struct facts *facts, struct worker **ret)
{
    struct worker *worker = calloc(1, sizeof *worker);

    if (!worker)
        return ERR_NOMEM;
    copy_text(worker->root, sizeof worker->root, options->root);
    copy_text(worker->hive, sizeof worker->hive, options->hive);
    copy_text(worker->name, sizeof worker->name, options->worker);
    if (!topics_build(worker)) {
        free(worker);
        return ERR_TOPIC;
    }
    worker->interval = options->interval;
    worker->lease = ms_max(options->lease, 3 * options->interval);
    worker->retain_s = retention(options);
    identity_init(&worker->identity, options->session);
    backoff_init(&worker->backoff, options->reconnect_max);
    worker->rng.state = options->seed;
    worker->facts = *facts;
    worker->connect_at = INT64_MIN;
    worker->rpc = true;
    worker->beat_at = worker->next_at = worker->soon_at = worker->told_at = worker->heal_at = MS_NEVER;
    *ret = worker;
    return OK;
}

void worker_free(struct worker *worker)
{
    free(worker);
}

/* DISCONNECT takes the will back. It arrives only if the farewell did, so it is right also without acknowledgement, but
 * not where the farewell was refused: then the will must speak. */
static void end(struct worker *worker, bool refused, bool acknowledged, struct outbox *outbox)
{
    if (worker->link == LINK_UP && !refused)
        outbox_disconnect(outbox);
    worker->link = LINK_ENDED;
    worker->online = false;
    outbox_exit(outbox, acknowledged ? 0 : 1, acknowledged ? "left" : "the broker did not acknowledge the goodbye");
}

/* The broker's session lives as long as the link, so everything starts anew with each. */
static void connect(struct worker *worker, struct outbox *outbox)
{
    identity_connect(&worker->identity);
    worker->link = LINK_CONNECTING;
    worker->rpc = true;
    worker->unacked = 0;
    worker->beat_at = worker->next_at = worker->soon_at = worker->heal_at = MS_NEVER;
    worker_will(worker, worker->wall, outbox);
}

/* Right after CONNACK, back to back, before the birth. No Local is not set: it would hide the will of our own last
 * connection, which has the same client id. */
static const struct subscription {
    struct topic filter;
    uint8_t retain_handling;
    uint64_t token;
} subscriptions[] = {
    { { .kind = TOPIC_WORKER_PRESENCE }, 0, TOKEN_OTHER },
    { { .kind = TOPIC_WORKER_REQUEST, .method = { "+", 1 } }, 2, TOKEN_REQUESTS },
    { { .kind = TOPIC_VERDICT, .queen = { "+", 1 } }, 2, TOKEN_OTHER },
};

static bool filter_build(const struct worker *worker, const struct subscription *subscription, char ret[TOPIC_SIZE])
{
    struct topic filter = subscription->filter;

    filter.hive = text_of(worker->hive);
    filter.worker = text_of(worker->name);
    return topic_build(worker->root, &filter, ret) == OK;
}

static void subscribe_all(const struct worker *worker, struct outbox *outbox)
{
    char filter[TOPIC_SIZE];

    for (size_t i = 0; i < ARRAY_LEN(subscriptions); i++) {
        if (filter_build(worker, &subscriptions[i], filter))
            outbox_subscribe(outbox, &(struct subscribe){ .filter = filter,
                                                          .qos = 1,
                                                          .retain_handling = subscriptions[i].retain_handling,
                                                          .token = subscriptions[i].token });
        else
            outbox->failed = true;
    }
}

/* Before the farewell: its echo and the verdict that follows would be unread when the socket is closed, and closing a
 * socket with unread bytes resets the connection instead of ending it. */
static void unsubscribe_all(const struct worker *worker, struct outbox *outbox)
{
    char filter[TOPIC_SIZE];

    for (size_t i = 0; i < ARRAY_LEN(subscriptions); i++)
        if (filter_build(worker, &subscriptions[i], filter))
            outbox_unsubscribe(outbox, filter);
}

/* Nothing follows a farewell, so what is still to be told goes before it: also of a program that ended sooner than the
 * link was up. */
static void farewell(struct worker *worker, struct outbox *outbox)
{
    if (worker->seq == 0 || worker->soon_at != MS_NEVER)
        worker_beat(worker, worker->now, worker->wall, outbox);
    worker_farewell(worker, worker->wall, outbox);
}

/* A farewell counts only for the current incarnation, so even one who leaves is born first. */
static void on_up(struct worker *worker, struct outbox *outbox)
{
    worker->link = LINK_UP;
    worker->up_at = worker->now;
    worker->outage_told = false;
    if (!worker->leaving)
        subscribe_all(worker, outbox);
    worker_birth(worker, worker->wall, outbox);
    if (worker->leaving)
        farewell(worker, outbox);
    else
        worker_beat(worker, worker->now, worker->wall, outbox);
}

/* Somebody who shares our identity throws us out with each CONNECT of theirs: give way. */
static ms_t yield_for(struct worker *worker)
{
    ms_t yield = identity_yield(&worker->identity);

    return yield > 0 ? rng_between(&worker->rng, yield, yield + yield / 4) : 0;
}

static void on_down(struct worker *worker, const char *why, struct outbox *outbox)
{
    bool was_up = worker->link == LINK_UP;

    if (worker->link != LINK_UP && worker->link != LINK_CONNECTING)
        return;
    if (!worker->outage_told)
        outbox_notice(outbox, "%s: %s", was_up ? "lost the broker" : "cannot reach the broker", why);
    worker->outage_told = true;
    worker->online = false;
    worker_verify_forget(worker);
    if (was_up)
        backoff_lost(&worker->backoff, worker->now - worker->up_at);
    worker->link = LINK_WAITING;
    worker->connect_at = worker->now + ms_max(backoff_next(&worker->backoff, &worker->rng), yield_for(worker));
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
    worker_verify_facts(worker, worker->now, outbox);
    if (news)
        worker_beat_soon(worker, worker->now);
}

static void on_acked(struct worker *worker, const struct input *input, struct outbox *outbox)
{
    bool fine = input->reason < MQTT_FAILED;

    if (worker->link != LINK_UP)
        return;
    if (!fine)
        outbox_notice(outbox, "the broker refused a message (reason 0x%02x)", input->reason);
    if (input->token == TOKEN_HEARTBEAT && worker->unacked > 0)
        worker->unacked--;
    if (input->token == TOKEN_BIRTH)
        worker->online = fine;
    if (input->token == TOKEN_FAREWELL && worker->leaving)
        end(worker, !fine, fine, outbox);
}

/* Who cannot be asked must say so, or silence on a request would count against it. */
static void on_subscribed(struct worker *worker, const struct input *input, struct outbox *outbox)
{
    if (input->reason < MQTT_FAILED || worker->link != LINK_UP)
        return;
    outbox_notice(outbox, "the broker refused a subscription (reason 0x%02x)", input->reason);
    if (input->token == TOKEN_REQUESTS && worker->rpc && !worker->leaving) {
        worker->rpc = false;
        worker_birth(worker, worker->wall, outbox);
    }
}

static void on_leave(struct worker *worker, const struct exit_info *exit, ms_t within, struct outbox *outbox)
{
    if (worker->leaving)
        return;
    worker->leaving = true;
    worker_verify_forget(worker);
    worker->leave_by = worker->now + ms_min(within, WORKER_FAREWELL_MS);
    worker->crashed = exit != NULL;
    if (exit) {
        worker->exit = *exit;
        copy_text(worker->exit_signal, sizeof worker->exit_signal, exit->signal ? exit->signal : "");
        worker->exit.signal = exit->signal ? worker->exit_signal : NULL;
    }
    if (worker->link != LINK_UP)
        return;
    unsubscribe_all(worker, outbox);
    farewell(worker, outbox);
}

/* When the next heartbeat is due. */
static ms_t beat_due(const struct worker *worker)
{
    ms_t stall = worker->beat_at == MS_NEVER ? MS_NEVER : facts_stall_due(&worker->facts, worker->beat_at);

    if (worker->unacked >= WORKER_UNACKED_MAX)
        return MS_NEVER;
    return ms_min(worker->next_at, ms_min(worker->soon_at, stall));
}

/* Whoever cleared the presence has most likely cleared the heartbeat too. */
static void heal(struct worker *worker, struct outbox *outbox)
{
    ms_t wait = identity_heal_in(&worker->identity, worker->now);

    worker->heal_at = wait > 0 ? worker->now + wait : MS_NEVER;
    if (wait > 0)
        return;
    worker_birth(worker, worker->wall, outbox);
    worker_beat_soon(worker, worker->now);
}

static void turn_up(struct worker *worker, struct outbox *outbox)
{
    if (worker->leaving)
        return;
    if (worker->heal_at <= worker->now)
        heal(worker, outbox);
    worker_verify_turn(worker, worker->now, outbox);
    if (beat_due(worker) <= worker->now)
        worker_beat(worker, worker->now, worker->wall, outbox);
}

/* What time alone brings about. */
static void turn(struct worker *worker, struct outbox *outbox)
{
    if (worker->link == LINK_ENDED)
        return;
    if (worker->leaving && worker->now >= worker->leave_by)
        end(worker, false, false, outbox);
    else if (worker->link == LINK_WAITING && worker->now >= worker->connect_at)
        connect(worker, outbox);
    else if (worker->link == LINK_UP)
        turn_up(worker, outbox);
}

static void handle(struct worker *worker, const struct input *input, struct outbox *outbox)
{
    switch (input->kind) {
    case INPUT_LINK_UP:
        if (worker->link == LINK_CONNECTING)
            on_up(worker, outbox);
        break;
    case INPUT_LINK_DOWN:
    case INPUT_LINK_FAILED:
        on_down(worker, input->why, outbox);
        break;
    case INPUT_MESSAGE:
        if (worker->link == LINK_UP && !worker->leaving)
            worker_hear(worker, input, outbox);
        break;
    case INPUT_ACKED:
        on_acked(worker, input, outbox);
        break;
    case INPUT_SUBSCRIBED:
        on_subscribed(worker, input, outbox);
        break;
    case INPUT_STOP:
        on_leave(worker, NULL, WORKER_FAREWELL_MS, outbox);
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
    ms_t at = worker->leaving ? worker->leave_by : MS_NEVER;

    if (worker->link == LINK_ENDED)
        return MS_NEVER;
    if (worker->link == LINK_WAITING)
        at = ms_min(at, worker->connect_at);
    if (worker->link == LINK_UP && !worker->leaving)
        at = ms_min(at, ms_min(worker->heal_at, ms_min(beat_due(worker), worker_verify_due(worker))));
    return at;
}

bool worker_has_ended(const struct worker *worker)
{
    return worker->link == LINK_ENDED;
}

bool worker_is_online(const struct worker *worker)
{
    return worker->online;
}

uint64_t worker_ignored(const struct worker *worker)
{
    return worker->ignored;
}

uint32_t worker_connection(const struct worker *worker)
{
    return worker->identity.connection;
}

void worker_look(const struct worker *worker, struct worker_view *ret)
{
    *ret = (struct worker_view){ .hive = worker->hive,
                                 .name = worker->name,
                                 .online = worker->online,
                                 .connection = worker->identity.connection,
                                 .seq = worker->seq,
                                 .ignored = worker->ignored,
                                 .verification = worker_verify_latest(worker),
                                 .answer_by = worker_verify_due(worker) };
}
