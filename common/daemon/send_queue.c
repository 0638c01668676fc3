#include "send_queue.h"

#include <limits.h>
#include <stdlib.h>
#include <utlist.h>

#define PURPOSE_SHIFT 56
#define SPREAD 0x9E3779B1U /* any odd number with many bits */

static struct queued *queued_new(const struct publish *publish)
{
    size_t size = sizeof(struct queued) + publish_size(publish);
    struct queued *queued = calloc(1, size);
    if (queued) {
        queued->publish = publish_copy(publish, queued->bytes);
        queued->size = size;
    }
    return queued;
}

/* NULL: it is an event, and in a list. */
static struct fair_queue *lane_of(struct send_queue *queue, const struct queued *queued)
{
    if (publish_is_reply(&queued->publish))
        return &queue->replies;
    if (queued->publish.urgent)
        return &queue->urgent;
    return queued->publish.retain ? &queue->states : NULL;
}

static struct queued *queued_of(struct fair_item *item)
{
    return CONTAINER_OF(item, struct queued, turn);
}

/* In many tables, since one that grows touches all that is in it: 15 ms where 100,000 verdicts wait. By the upper bits:
 * the lower ones choose the bucket. */
static struct queued **table_of(struct send_queue *queue, unsigned hash)
{
    return &queue->retained[hash / (UINT_MAX / SEND_QUEUE_TABLES + 1)];
}

static void unpair(struct queued *queued)
{
    if (queued->pair)
        queued->pair->pair = NULL;
    queued->pair = NULL;
}

/* An older verdict may name the same event. */
static void pair(struct queued *event, struct queued *follower)
{
    unpair(event);
    unpair(follower);
    event->pair = follower;
    follower->pair = event;
}

static void queued_free(struct queued *queued)
{
    if (queued)
        unpair(queued);
    free(queued);
}

/* Of what follows an event: before that is sent nobody may read it. */
static bool is_behind_event(const struct queued *state)
{
    return state->pair && !state->pair->is_out;
}

/* A newer message of the topic stands for the older one, also behind its event. */
static void follow_for(struct queued *newer, struct queued *older)
{
    struct queued *event = older->pair;
    unpair(older);
    if (event && !newer->pair)
        pair(event, newer);
}

/* Takes the entry out of where it waits; what is linked to its being queued goes with it. */
static void unqueue(struct send_queue *queue, struct queued *queued)
{
    if (queued->hh.tbl)
        HASH_DELETE(hh, *table_of(queue, queued->hh.hashv), queued);
    queued->hh.tbl = NULL;
    if (queue->follower == queued)
        queue->follower = NULL;
    if (lane_of(queue, queued)) {
        fair_queue_remove(lane_of(queue, queued), &queued->turn);
        return;
    }
    DL_DELETE(queue->events, queued);
    queue->event_bytes -= queued->size;
    queue->event_count--;
}

/* Of its topic only the newest counts; of requests, of those for one purpose, which their tokens begin with. */
static bool is_replaced(const struct publish *publish)
{
    return publish->urgent ? publish->response_topic != NULL : publish->retain;
}

static unsigned hash_of(const struct publish *publish)
{
    unsigned purpose = publish->urgent ? (unsigned)(publish->token >> PURPOSE_SHIFT) : 0;
    return keyed_hash(publish->topic, strlen(publish->topic)) + purpose * SPREAD;
}

static struct queued *find_older(struct send_queue *queue, const struct publish *publish)
{
    unsigned hash = hash_of(publish);
    struct queued *found;
    HASH_FIND_BYHASHVALUE(hh, *table_of(queue, hash), publish->topic, strlen(publish->topic), hash, found);
    return found;
}

static void drop(struct send_queue *queue, struct queued *queued)
{
    unqueue(queue, queued);
    queued_free(queued);
}

static enum err enqueue_event(struct send_queue *queue, struct queued *queued, bool in_front)
{
    if (in_front)
        DL_PREPEND(queue->events, queued);
    else
        DL_APPEND(queue->events, queued);
    queue->event_bytes += queued->size;
    queue->event_count++;
    return OK;
}

/* ERR_NOMEM: it is not queued. Without memory for the index of topics it is: an older one is then sent before it. */
static enum err enqueue(struct send_queue *queue, struct queued *queued, bool in_front)
{
    struct text party = { (const char *)&queued->publish.party, sizeof queued->publish.party };
    struct fair_queue *lane = lane_of(queue, queued);
    const char *topic = queued->publish.topic;
    unsigned hash = hash_of(&queued->publish);
    enum err err;
    if (!lane)
        return enqueue_event(queue, queued, in_front);
    err = (in_front ? fair_queue_put_back : fair_queue_add)(lane, party, &queued->turn, queued->size);
    if (err == OK && is_replaced(&queued->publish))
        HASH_ADD_KEYPTR_BYHASHVALUE(hh, *table_of(queue, hash), topic, strlen(topic), hash, queued);
    return err;
}

static void drop_what_is_too_much(struct send_queue *queue)
{
    for (; queue->event_bytes > SEND_QUEUE_EVENT_BYTES; queue->dropped++) {
        id_range_add(&queue->lost, queue->events->publish.event);
        drop(queue, queue->events);
    }
    for (; queue->states.cost > SEND_QUEUE_STATE_BYTES; queue->dropped++)
        drop(queue, queued_of(fair_queue_yielding(&queue->states)));
    for (; queue->replies.cost > SEND_QUEUE_REPLY_BYTES || queue->replies.count > SEND_QUEUE_REPLIES; queue->dropped++)
        drop(queue, queued_of(fair_queue_yielding(&queue->replies)));
}

static struct queued *last_of(struct queued *list)
{
    return list ? list->prev : NULL; /* utlist: the head's prev is the tail */
}

static void pair_with_event(struct send_queue *queue, struct queued *queued)
{
    struct queued *event = last_of(queue->events);
    if (queued->publish.retain && event && event->publish.event != 0 && event->publish.event == queued->publish.event)
        pair(event, queued);
}

enum err send_queue_add(struct send_queue *queue, const struct publish *publish)
{
    struct queued *queued = queued_new(publish), *older;
    if (!queued)
        return ERR_NOMEM;
    queued->number = ++queue->next_number;
    pair_with_event(queue, queued);
    if (is_replaced(publish) && (older = find_older(queue, publish))) {
        follow_for(queued, older);
        drop(queue, older);
    }
    if (enqueue(queue, queued, false) != OK) {
        queued_free(queued);
        return ERR_NOMEM;
    }
    drop_what_is_too_much(queue);
    return OK;
}

static struct queued *turn_of(struct fair_queue *lane)
{
    return queued_of(fair_owner_oldest(fair_queue_turn(lane)));
}

/* Of states and events the older one, or in turns: an event does not wait until all the states before it are sent. */
static bool is_state_next(const struct send_queue *queue)
{
    if (queue->states.count == 0 || !queue->events)
        return queue->states.count > 0;
    if (queue->states.count > SEND_QUEUE_INFLIGHT)
        return !queue->state_was_last;
    return queued_of(queue->states.items)->number < queue->events->number;
}

static struct queued *choose_own(struct send_queue *queue)
{
    struct queued *state;
    if (queue->follower)
        return queue->follower;
    queue->state_was_last = is_state_next(queue);
    state = queue->state_was_last ? turn_of(&queue->states) : NULL;
    return state && !is_behind_event(state) ? state : queue->events;
}

static bool has_own(const struct send_queue *queue)
{
    return queue->states.count > 0 || queue->events;
}

static struct queued *choose_other(struct send_queue *queue)
{
    struct queued *own, *reply;
    if (queue->replies.count == 0 || !has_own(queue))
        queue->replies_ahead = 0;
    if (queue->replies.count == 0)
        return choose_own(queue);
    if (queue->replies_ahead > 0) {
        own = choose_own(queue);
        queue->replies_ahead -= (int64_t)own->size;
        return own;
    }
    reply = turn_of(&queue->replies);
    queue->replies_ahead += has_own(queue) ? (int64_t)reply->size : 0;
    return reply;
}

static struct queued *choose(struct send_queue *queue)
{
    bool others = queue->replies.count > 0 || has_own(queue), many = queue->urgent.count > SEND_QUEUE_INFLIGHT;
    queue->urgent_was_last = queue->urgent.count > 0 && !(others && many && queue->urgent_was_last);
    return queue->urgent_was_last ? turn_of(&queue->urgent) : choose_other(queue);
}

/* An event and what follows it go together, so that a process that is killed hardly ever leaves one without the other.
 */
static bool is_room(const struct send_queue *queue)
{
    bool are_two = queue->events && queue->events->pair && !queue->follower;
    bool is_own = queue->urgent.count == 0 && queue->replies.count == 0;
    return queue->inflight_count + (are_two && is_own) < SEND_QUEUE_INFLIGHT;
}

const struct queued *send_queue_next(struct send_queue *queue)
{
    struct queued *queued = is_room(queue) ? choose(queue) : NULL;
    if (!queued)
        return NULL;
    unqueue(queue, queued);
    if (!lane_of(queue, queued) && queued->pair && !queued->pair->is_out)
        queue->follower = queued->pair;
    DL_APPEND(queue->inflight, queued);
    queued->is_out = true;
    queue->inflight_count++;
    return queued;
}

static struct queued *find_inflight(const struct send_queue *queue, uint64_t number)
{
    struct queued *queued;
    DL_FOREACH(queue->inflight, queued)
    {
        if (queued->number == number)
            break;
    }
    return queued;
}

const struct publish *send_queue_inflight(const struct send_queue *queue, uint64_t number)
{
    const struct queued *queued = find_inflight(queue, number);
    return queued ? &queued->publish : NULL;
}

static struct queued *take_inflight(struct send_queue *queue, uint64_t number)
{
    struct queued *queued = find_inflight(queue, number);
    if (!queued)
        return NULL;
    DL_DELETE(queue->inflight, queued);
    queue->inflight_count--;
    return queued;
}

/* Back to the front; if a newer message of its topic is queued meanwhile, that one stands for it. What is urgent is
 * void with the link. Without memory it is lost, which is counted. */
static void put_back(struct send_queue *queue, struct queued *queued)
{
    struct queued *newer = queued->publish.retain ? find_older(queue, &queued->publish) : NULL;
    queued->is_out = false;
    if (queue->follower == queued->pair)
        queue->follower = NULL;
    if (newer)
        follow_for(newer, queued);
    if (newer || queued->publish.urgent) {
        queued_free(queued);
    } else if (enqueue(queue, queued, true) != OK) {
        queue->dropped++;
        queued_free(queued);
    }
}

void send_queue_unsent(struct send_queue *queue, uint64_t number)
{
    struct queued *queued = take_inflight(queue, number);
    if (queued)
        put_back(queue, queued);
}

uint64_t send_queue_acked(struct send_queue *queue, uint64_t number)
{
    struct queued *queued = take_inflight(queue, number);
    uint64_t token = queued ? queued->publish.token : 0;
    queued_free(queued);
    return token;
}

static void lane_clear(struct send_queue *queue, struct fair_queue *lane)
{
    while (lane->items)
        drop(queue, queued_of(lane->items));
    fair_queue_clear(lane);
}

void send_queue_link_lost(struct send_queue *queue)
{
    struct queued *queued;
    while ((queued = last_of(queue->inflight))) {
        DL_DELETE(queue->inflight, queued);
        put_back(queue, queued);
    }
    queue->inflight_count = 0;
    queue->follower = NULL;
    queue->state_was_last = queue->urgent_was_last = false;
    lane_clear(queue, &queue->urgent);
    lane_clear(queue, &queue->replies);
}

void send_queue_clear(struct send_queue *queue)
{
    send_queue_link_lost(queue);
    lane_clear(queue, &queue->states);
    while (queue->events)
        drop(queue, queue->events);
}
