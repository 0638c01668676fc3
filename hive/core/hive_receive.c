#include "hive_receive.h"

#include "hive_link.h"
#include "hive_publish.h"
#include "hive_requests.h"

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
    if (!responder_answer(&hive_responder, hive, hive->options.root, topic->method, message, hive->out))
        hive->ignored++;
}

/* Replies are to the one question that a hive ever has: who holds its id. */
bool hive_receive(struct hive *hive, const struct input *input)
{
    const struct message *message = input->message;
    struct topic topic;
    bool known = topic_parse(hive->options.root, message->topic, &topic) == OK;
    if (known && topic.kind == TOPIC_REPLY)
        return hive_link_take(hive, member_reply(&hive->member, input, &hive->arena, hive->out));
    if (!known || !text_is(topic.hive, hive->options.id)) {
        hive->ignored++;
        return true;
    }
    switch (topic.kind) {
    case TOPIC_HIVE_REQUEST:
        receive_request(hive, message, &topic);
        break;
    case TOPIC_HIVE_PRESENCE:
        if (hive->status != HIVE_STOPPING)
            member_presence(&hive->member, input, &hive->arena, hive->out);
        break;
    case TOPIC_HIVE_VERDICT:
        hive_link_verdict(hive, message->payload);
        break;
    case TOPIC_WORKER_WITNESS:
        receive_witness(hive, message, &topic);
        break;
    default:
        hive->ignored++;
    }
    return true;
}
