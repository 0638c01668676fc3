#include "hive_link.h"

#include <utlist.h>

#include "codec.h"
#include "exit_status.h"
#include "hive_api.h"
#include "hive_publish.h"

#define EXIT_FAILED_CODE 1
#define VERDICT_BEAT_EVERY_MS 1000 /* between two heartbeats because of a verdict, at the least */

enum err hive_link_init(struct hive *hive)
{
    struct presence *self = &hive->member.self;
    enum err err = member_init(&hive->member, &(struct member_options){
                                                  .role = MEMBER_HIVE,
                                                  .root = hive->options.root,
                                                  .hive = hive->options.id,
                                                  .session = hive->options.session,
                                                  .key = siphash_derive(&hive->options.secret, "claim"),
                                                  .keep_alive = hive->options.keep_alive,
                                              });
    self->interval_ms = HIVE_INTERVAL_MS;
    self->pid = hive->options.pid;
    self->host = hive->options.host;
    self->version = hive->options.version;
    self->endpoint = hive->options.endpoint;
    return err;
}

/* The stored witnesses show which of them belong to workers that are no longer in the roster. */
static void born(struct hive *hive)
{
    struct topic witnesses = { .kind = TOPIC_WORKER_WITNESS, .hive = text_of(hive->options.id), .worker = TEXT("+") };
    char filter[TOPIC_SIZE];
    if (topic_build(hive->options.root, &witnesses, filter) == OK)
        outbox_subscribe(hive->out, &(struct subscribe){ .filter = filter, .no_local = true });
    else
        hive->out->failed = true;
    hive->may_start_at = hive->now;
    publish_heartbeat(hive);
    publish_all_again(hive);
}

/* The goodbye was acknowledged, or need not be. */
static void leave(struct hive *hive)
{
    hive->member.leave_by = MS_NEVER;
    if (!hive->is_refused)
        outbox_disconnect(hive->out);
    if (hive->is_refused)
        outbox_exit(hive->out, EXIT_REFUSED, "%s", hive->member.claim.why);
    else if (hive->is_unclean)
        outbox_exit(hive->out, EXIT_FAILED_CODE, "workers are left that do not end");
    else
        outbox_exit(hive->out, 0, "%s", "");
}

static bool has_processes(const struct hive *hive)
{
    WORKERS_EACH(worker, hive)
    {
        if (worker->process.pid != INT_ABSENT || worker->process.has_leftovers)
            return true;
    }
    return false;
}

/* False: another hive holds the id, and this one must end. */
static bool take_event(struct hive *hive, enum member_event event)
{
    switch (event) {
    case MEMBER_BORN:
        born(hive);
        break;
    case MEMBER_LEFT:
        leave(hive);
        break;
    case MEMBER_REFUSED:
        if (has_processes(hive)) /* else the sentence is that of the exit */
            outbox_notice(hive->out, "%s; stopping the workers", hive->member.claim.why);
        hive->is_refused = true;
        hive->beat_at = MS_NEVER;
        return false;
    case MEMBER_NOTHING:
    case MEMBER_HEALED:
        break;
    }
    return true;
}

bool hive_link_step(struct hive *hive, const struct input *input)
{
    bool leaves = hive->member.leave_by != MS_NEVER;
    enum member_event event = member_step(&hive->member, input, hive->out);
    if (input->kind == INPUT_LINK_FAILED) /* no broker: it is not known, and the workers do not wait for it */
        hive->may_start_at = hive->now;
    if (input->kind == INPUT_LINK_DOWN) {
        hive->beat_at = MS_NEVER;
        hive->demand.count = 0;
        if (leaves)
            leave(hive);
    }
    if (ms_min(hive->beat_at, beat_demand_due(&hive->demand)) <= hive->now)
        publish_heartbeat(hive);
    return take_event(hive, event);
}

static void receive_verdict(struct hive *hive, struct text payload)
{
    struct verdict_notice notice;
    if (payload.len == 0)
        return;
    if (verdict_notice_decode(&hive->arena, payload, &notice, NULL) != OK) {
        hive->ignored++;
        return;
    }
    if (notice.session != hive->options.session || strcmp(notice.state, "down") != 0)
        return;
    if (hive->verdict_beat_at != MS_NEVER && hive->now - hive->verdict_beat_at < VERDICT_BEAT_EVERY_MS)
        return;
    hive->verdict_beat_at = hive->now;
    publish_heartbeat(hive);
}

void hive_link_goodbye(struct hive *hive)
{
    if (hive->member.linked)
        member_leave(&hive->member, NULL, MS_NEVER, &(struct input){ .now = hive->now, .wall = hive->wall }, hive->out);
    else
        leave(hive);
}

/* What a predecessor, or a broker that was rolled back, has kept of a worker that is not in the roster. */
static void receive_witness(struct hive *hive, const struct message *message, const struct topic *topic)
{
    char name[NAME_SIZE];
    if (!message->retain || message->payload.len == 0)
        return;
    memcpy(name, topic->worker.at, topic->worker.len);
    name[topic->worker.len] = '\0';
    if (!hive_find(hive, name))
        publish_removed(hive, topic->worker);
}

static void receive_request(struct hive *hive, const struct message *message, const struct topic *topic)
{
    const struct request request = { hive->options.root, topic->method, message, hive->now };
    if (!responder_answer(&hive_responder, hive, &hive->requests, &request, hive->out))
        hive->ignored++;
}

/* Replies are to the one request that a hive ever makes: who holds its id. */
bool hive_link_receive(struct hive *hive, const struct input *input)
{
    const struct message *message = input->message;
    struct topic topic;
    bool known = topic_parse(hive->options.root, message->topic, &topic) == OK;
    if (known && topic.kind == TOPIC_REPLY)
        return take_event(hive, member_reply(&hive->member, input, &hive->arena, hive->out));
    if (!known || !text_is(topic.hive, hive->options.id)) {
        hive->ignored++;
        return true;
    }
    if (topic.kind == TOPIC_HIVE_REQUEST)
        receive_request(hive, message, &topic);
    else if (topic.kind == TOPIC_HIVE_VERDICT)
        receive_verdict(hive, message->payload);
    else if (topic.kind == TOPIC_WORKER_WITNESS)
        receive_witness(hive, message, &topic);
    else if (topic.kind != TOPIC_HIVE_PRESENCE)
        hive->ignored++;
    else if (hive->status != HIVE_STOPPING)
        member_presence(&hive->member, input, &hive->arena, hive->out);
    return true;
}
