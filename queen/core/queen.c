#include "queen.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "ask.h"
#include "broker_barrier.h"
#include "completeness.h"
#include "device_intake.h"
#include "expect.h"
#include "forget.h"
#include "hive_inquiry.h"
#include "hive_poll.h"
#include "hive_review.h"
#include "intake.h"
#include "judge.h"
#include "loss.h"
#include "neighbour_inquiry.h"
#include "queen_link.h"
#include "remember.h"
#include "requests.h"
#include "restore.h"
#include "silence.h"
#include "step.h"
#include "storm_news.h"
#include "verify_outcome.h"
#include "verify_wait.h"

#define MESSAGE_ARENA_LIMIT (1024 * 1024)

static void set_limits(struct queen *queen)
{
    struct queen_limits *limits = &queen->options.limits;
    limits->records = limits->records ? limits->records : STEP_RECORDS;
    limits->verifying = limits->verifying ? limits->verifying : VERIFY_RUNNING;
    queen->announcing.unsent_max = limits->unsent ? limits->unsent : ANNOUNCING_UNSENT;
}

static void set_up(struct queen *queen, const struct queen_options *options, ms_t now, ms_t wall)
{
    queen->options = *options;
    set_limits(queen);
    queen->now = now;
    queen->wall = wall;
    queen->next_event = (uint64_t)ms_max(wall, 0) * 1000 + 1;
    queen->arena.limit = queen->scan.limit = MESSAGE_ARENA_LIMIT;
    queen->events.limit = EVENT_RING_BYTES;
    queen->announcing.next = queen->write_at = queen->storm.exceeds_since = MS_NEVER;
    queen->announcing.held = true; /* until what earlier processes announced is known (R17) */
    incident_blind(&queen->incidents, 0, now);
    watch_turn(&queen->watch, now, 0);
    registry_init(&queen->registry, (size_t)options->max_workers, (size_t)options->max_document_bytes);
    queen->tombstones.shares = &queen->registry.shares;
    queen->tombstones.removals = &queen->registry.removals;
    queen->remembering.life = 1;
}

enum err queen_new(const struct queen_options *options, ms_t now, ms_t wall, struct queen **ret, struct errbuf *e)
{
    auto_free(queen) queen = calloc(1, sizeof *queen);
    enum err err;
    if (!queen)
        return err_set(e, ERR_NOMEM, "out of memory");
    set_up(queen, options, now, wall);
    if ((err = link_init(queen)) != OK)
        return err_set(e, err, "--root %s: topics below it get too long", options->root);
    ask_init(queen);
    if ((err = expect_list(queen, options->expect, e)) != OK)
        return err;
    *ret = HAND_OVER(queen);
    return OK;
}

void queen_free(struct queen *queen)
{
    if (!queen)
        return;
    ask_clear(queen);
    requests_clear(queen);
    verify_wait_clear(queen);
    heap_clear(&queen->hives.first);
    heap_clear(&queen->hives.again);
    announce_clear(&queen->announcing);
    member_clear(&queen->member);
    tombstones_clear(&queen->tombstones);
    remember_clear(queen);
    registry_clear(&queen->registry);
    event_ring_clear(&queen->events);
    incident_book_clear(&queen->incidents.book);
    arena_clear(&queen->arena);
    arena_clear(&queen->scan);
    buf_clear(&queen->scratch);
    free(queen);
}

static void take_barriers(struct queen *queen, unsigned *left)
{
    struct record *record;
    bool passed;
    for (; *left > 0 && (record = barrier_take(queen, &passed)); --*left)
        if (passed)
            silence_confirmed(queen, record);
}

static void lose_link(struct queen *queen, const struct input *input)
{
    unsigned left = queen->options.limits.records;
    storm_link_lost(queen);
    link_step(queen, input);
    verify_link_lost(queen);
    hive_poll_link_lost(queen);
    hive_inquiry_link_lost(queen);
    neighbour_inquiry_link_lost(queen);
    barrier_link_lost(queen);
    take_barriers(queen, &left);
    loss_link_lost(queen, &left);
}

static void answered(struct queen *queen, enum asking asking, const struct answer *answer)
{
    enum evidence_result missing;
    struct record *record;
    if (asking == ASKING_LOSS)
        loss_answered(queen, answer);
    else if (asking == ASKING_NEIGHBOUR && (record = neighbour_inquiry_answered(queen, answer, &missing)))
        loss_doubt(queen, record, missing);
    else if (asking == ASKING_NEIGHBOUR)
        return;
    else if (asking == ASKING_VERIFY)
        verify_outcome_apply(queen, verify_answered(queen, answer));
    else if ((record = (asking == ASKING_INQUIRY ? hive_inquiry_answered : hive_poll_answered)(queen, answer)))
        judge_ready(queen, record, PATH_MQTT);
}

/* Or refused: then it will be the next time, too. */
static void event_acked(struct queen *queen, uint64_t token)
{
    uint64_t id = token & ((1ULL << TOKEN_KIND_SHIFT) - 1);
    if (id > queen->remembering.acked)
        queen->remembering.acked = id;
}

static void acked(struct queen *queen, const struct input *input)
{
    unsigned left = queen->options.limits.records;
    struct answer answer;
    if (token_kind(input->token) == TOKEN_EVENT) {
        event_acked(queen, input->token);
        return;
    }
    if (token_kind(input->token) == TOKEN_BARRIER) {
        barrier_acked(queen, input->token);
        take_barriers(queen, &left);
    }
    for (size_t asking = 0; asking < ASKING_COUNT; asking++)
        if (requester_acked(&queen->asking[asking], input->token, input->reason, ask_time(queen, asking), &answer))
            answered(queen, asking, &answer);
    link_step(queen, input);
}

static void take_due(struct queen *queen, enum asking asking, unsigned *left)
{
    struct answer answer;
    for (; *left > 0 && requester_due(&queen->asking[asking], ask_time(queen, asking), queen->out, &answer); --*left)
        if (answer.pending)
            answered(queen, asking, &answer);
}

static void answered_over_http(struct queen *queen, const struct input *input)
{
    const struct http_ask *ask = ask_http_take(queen, input->token);
    struct record *record;
    if (ask && token_kind(input->token) == TOKEN_VERIFY)
        verify_outcome_apply(queen, verify_http_answered(queen, ask->subject, input->answer));
    else if (ask && (record = hive_poll_http_answered(queen, ask->subject, input->answer)))
        judge_ready(queen, record, PATH_HTTP);
}

/* Ours are markers and replies to requests; anybody may write here, so only a correlation that was handed out counts.
 */
static void take_reply(struct queen *queen, const struct input *input)
{
    const struct message *message = input->message;
    struct answer answer;
    for (size_t asking = 0; asking < ASKING_COUNT; asking++)
        if (requester_reply(&queen->asking[asking], message->correlation, message->payload, ask_time(queen, asking),
                            &queen->arena, &answer))
            answered(queen, asking, &answer);
    link_reply(queen, input);
}

static void run_due(struct queen *queen, bool on_watch, ms_t time, unsigned *left)
{
    struct record *record;
    for (; *left > 0 && (record = registry_take_due(&queen->registry, on_watch, time)); --*left) {
        registry_touch(&queen->registry, record);
        if (!silence_due(queen, record))
            forget_record(queen, record, FORGET_SEEN_NONE);
    }
}

/* What earlier processes have left open. */
static void check_incidents(struct queen *queen, unsigned *left)
{
    const struct incident *incident;
    if (!queen_sees(queen) || queen->snapshot.completeness.verdict != SNAPSHOT_COMPLETE)
        return;
    for (; *left > 0 && (incident = incident_unchecked(&queen->incidents)); --*left)
        incident_check(&queen->incidents, incident,
                       registry_find(&queen->registry, text_of(incident->hive), text_of(incident->worker)),
                       queen->wall);
}

static void tick(struct queen *queen, const struct input *input)
{
    struct record *record;
    unsigned half = queen->options.limits.records / 2, left = half, all = UINT_MAX;
    take_due(queen, ASKING_VERIFY, &all);
    while ((record = verify_next(queen))) /* before the checks, which may begin new ones */
        verify_outcome_apply(queen, record);
    verify_wait_expire(queen);
    requests_tick(queen);
    take_due(queen, ASKING_HIVE, &all);
    hive_poll_tick(queen);
    if (queen->watch.going && !queen->holding) { /* else nothing is due: there is no broker to prove a silence */
        take_due(queen, ASKING_LOSS, &left);
        take_due(queen, ASKING_INQUIRY, &left);
        take_due(queen, ASKING_NEIGHBOUR, &left);
        run_due(queen, true, queen->watch.time, &left);
    }
    run_due(queen, false, queen->watch.loop_time, &left);
    left += half; /* that none of the two starves the other */
    take_barriers(queen, &left);
    loss_hold_all(queen, &left);
    hive_review_tick(queen, &left);
    check_incidents(queen, &left);
    forget_go_on(queen, &left);
    restore_write(queen);
    link_step(queen, input);
    (void)tombstones_expire(&queen->tombstones, queen->now);
}

/* A message that breaks a rule changes nothing, is counted by reason and said (the driver limits how often). */
static void reject(struct queen *queen, const struct message *message, enum err err, const struct errbuf *e)
{
    char topic[128];
    text_to_printable(message->topic, topic, sizeof topic);
    outbox_notice(queen->out, "ignored a message on %s: %s%s%s", topic, err_name(err), e->text[0] ? ": " : "", e->text);
}

static void take_message(struct queen *queen, const struct input *input)
{
    const struct message *message = input->message;
    struct errbuf e = { 0 };
    struct topic topic;
    struct text count = message->topic;
    enum err err;
    if (text_skip(&count, TEXT(SYS_MESSAGES))) {
        completeness_sys(queen, count, message);
        return;
    }
    err = topic_parse(queen->options.root, message->topic, &topic);
    if (err == OK)
        queen->counters.received[topic.kind]++;
    if (err == OK && topic.kind == TOPIC_QUEEN_REQUEST)
        err = requests_answer(queen, topic.method, message, &e);
    else if (err == OK && topic.kind == TOPIC_REPLY)
        take_reply(queen, input);
    else if (err == OK && topic.kind == TOPIC_QUEEN_PRESENCE)
        link_presence(queen, topic.queen, input);
    else if (err == OK && topic.kind == TOPIC_QUEEN_SINCE)
        link_since(queen, topic.queen, message);
    else if (err == OK)
        err = intake_message(queen, &topic, message, &e);
    else if (err == ERR_TOPIC)
        err = device_intake_message(queen, message, &e);
    intake_count(queen, err);
    if (err != OK && err != ERR_RATIONED)
        reject(queen, message, err, &e);
}

static void take_packet(struct queen *queen, const struct input *input)
{
    (void)input;
    watch_prove(&queen->watch);
}

static void (*const handlers[])(struct queen *queen, const struct input *input) = {
    [INPUT_TICK] = tick,
    [INPUT_CONNECTING] = link_step,
    [INPUT_LINK_UP] = link_step,
    [INPUT_LINK_DOWN] = lose_link,
    [INPUT_LINK_FAILED] = link_step,
    [INPUT_PACKET] = take_packet,
    [INPUT_SUBSCRIBED] = link_step,
    [INPUT_ACKED] = acked,
    [INPUT_MESSAGE] = take_message,
    [INPUT_HTTP_ANSWERED] = answered_over_http,
    [INPUT_STOP] = link_step,
};

void queen_step(struct queen *queen, const struct input *input, struct outbox *outbox)
{
    queen->behind = input->behind;
    queen_enter(queen, input->now, input->wall, outbox);
    queen->announcing.unsent = input->unsent;
    queen->announcing.unsent_states = input->unsent_states;
    if (input->dropped != queen->unsendable)
        queen->unsendable_at = input->now;
    queen->unsendable = input->dropped;
    id_range_add(&queen->lost, input->lost.first);
    id_range_add(&queen->lost, input->lost.last);
    handlers[input->kind](queen, input);
    queen_leave(queen);
}

enum err queen_restore(struct queen *queen, const struct store_row *row)
{
    return remember_restore(queen, row);
}

bool queen_next_row(struct queen *queen, struct store_row *ret)
{
    return remember_next(queen, ret);
}

void queen_rows_lost(struct queen *queen)
{
    remember_lost(queen);
}

void queen_set_token(struct queen *queen, const char *token)
{
    queen->options.token = token;
}

void queen_set_process(struct queen *queen, const struct queen_process *process)
{
    queen->process = *process;
}

void queen_set_devices(struct queen *queen, const struct devices *devices, ms_t now, ms_t wall, struct outbox *outbox)
{
    queen_enter(queen, now, wall, outbox);
    link_set_devices(queen, devices);
    queen_leave(queen);
}

void queen_set_store_fault(struct queen *queen, const char *fault)
{
    snprintf(queen->remembering.fault, sizeof queen->remembering.fault, "%s", fault ? fault : "");
}

const struct event *queen_event_after(const struct queen *queen, uint64_t after)
{
    return event_ring_after(&queen->events, after);
}

const struct event *queen_event_next(const struct event *event)
{
    return event_ring_next(event);
}

uint64_t queen_last_event(const struct queen *queen)
{
    return queen->events.last;
}

uint64_t queen_acked(const struct queen *queen)
{
    return queen->remembering.acked;
}

uint64_t queen_verified_count(const struct queen *queen)
{
    return queen->verifying.finished;
}
