#include "send_queue.h"

#include <limits.h>
#include <stdlib.h>
#include <utlist.h>

static struct queued *queued_new(const struct publish *publish)
{
    struct queued *queued = calloc(1, sizeof *queued + publish_size(publish));
    if (queued)
        queued->publish = publish_copy(publish, queued->bytes);
    return queued;
}

static struct queued **list_of(struct send_queue *queue, const struct queued *queued)
{
    if (queued->publish.urgent)
        return &queue->urgent;
    return queued->publish.retain ? &queue->states : &queue->events;
}

/* In many tables, since one that grows touches all that is in it: 15 ms where 100,000 verdicts wait. By the upper bits:
 * the lower ones choose the bucket. */
static struct queued **table_of(struct send_queue *queue, unsigned hash)
{
    return &queue->retained[hash / (UINT_MAX / SEND_QUEUE_TABLES + 1)];
}

/* Takes the entry out of its list; what is linked to its being queued goes with it. */
static void unqueue(struct send_queue *queue, struct queued *queued)
{
    struct queued **list = list_of(queue, queued);
    DL_DELETE(*list, queued);
    queue->reply_count -= publish_is_reply(&queued->publish);
    if (list == &queue->events)
        queue->event_count--;
    else if (queued->hh.tbl)
        HASH_DELETE(hh, *table_of(queue, queued->hh.hashv), queued);
    queued->hh.tbl = NULL;
}

static struct queued *find_retained(struct send_queue *queue, const char *topic)
{
    unsigned hash = keyed_hash(topic, strlen(topic));
    struct queued *found;
    HASH_FIND_BYHASHVALUE(hh, *table_of(queue, hash), topic, strlen(topic), hash, found);
    return found;
}

static void drop(struct send_queue *queue, struct queued *queued)
{
    unqueue(queue, queued);
    free(queued);
}

/* Without memory for the index the message is queued all the same: an older one is then sent before it. */
static void enqueue(struct send_queue *queue, struct queued *queued, bool in_front)
{
    struct queued **list = list_of(queue, queued);
    const char *topic = queued->publish.topic;
    unsigned hash = keyed_hash(topic, strlen(topic));
    if (in_front)
        DL_PREPEND(*list, queued);
    else
        DL_APPEND(*list, queued);
    queue->reply_count += publish_is_reply(&queued->publish);
    if (list == &queue->states)
        HASH_ADD_KEYPTR_BYHASHVALUE(hh, *table_of(queue, hash), topic, strlen(topic), hash, queued);
    else if (list == &queue->events)
        queue->event_count++;
}

enum err send_queue_add(struct send_queue *queue, const struct publish *publish)
{
    struct queued *queued, *older;
    if (publish_is_reply(publish) && queue->reply_count >= SEND_QUEUE_REPLIES) {
        queue->dropped++;
        return OK;
    }
    if (!(queued = queued_new(publish)))
        return ERR_NOMEM;
    queued->number = ++queue->next_number;
    if (publish->retain && !publish->urgent && (older = find_retained(queue, publish->topic)))
        drop(queue, older);
    enqueue(queue, queued, false);
    if (queue->event_count > SEND_QUEUE_EVENTS) {
        drop(queue, queue->events);
        queue->dropped++;
    }
    return OK;
}

/* The older one; NULL only if both are. */
static struct queued *earlier(struct queued *a, struct queued *b)
{
    return !b || (a && a->number < b->number) ? a : b;
}

const struct queued *send_queue_next(struct send_queue *queue)
{
    struct queued *queued = queue->urgent ? queue->urgent : earlier(queue->states, queue->events);
    if (!queued || queue->inflight_count >= SEND_QUEUE_INFLIGHT)
        return NULL;
    unqueue(queue, queued);
    DL_APPEND(queue->inflight, queued);
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

/* Back to the front; if a newer message of its topic is queued meanwhile, that one stands for it. */
static void put_back(struct send_queue *queue, struct queued *queued)
{
    if (queued->publish.retain && !queued->publish.urgent && find_retained(queue, queued->publish.topic))
        free(queued);
    else
        enqueue(queue, queued, true);
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
    free(queued);
    return token;
}

static struct queued *last_of(struct queued *list)
{
    return list ? list->prev : NULL; /* utlist: the head's prev is the tail */
}

void send_queue_link_lost(struct send_queue *queue)
{
    struct queued *queued;
    while ((queued = last_of(queue->inflight))) {
        DL_DELETE(queue->inflight, queued);
        put_back(queue, queued);
    }
    queue->inflight_count = 0;
    while (queue->urgent)
        drop(queue, queue->urgent);
}

void send_queue_clear(struct send_queue *queue)
{
    send_queue_link_lost(queue);
    while (queue->states)
        drop(queue, queue->states);
    while (queue->events)
        drop(queue, queue->events);
}
