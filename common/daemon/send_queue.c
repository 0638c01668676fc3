#include "send_queue.h"

#include <stdlib.h>
#include <utlist.h>

#include "keyed_hash.h"

struct retained_topic {
    UT_hash_handle hh;
    struct queued *queued;
};

struct entry {
    struct queued queued;
    struct retained_topic retained; /* linked while queued, if it is a retained message */
    char bytes[];                   /* topic NUL response topic NUL content type NUL payload NUL correlation */
};

static struct entry *entry_of(struct queued *queued)
{
    return (struct entry *)queued;
}

void send_queue_init(struct send_queue *queue)
{
    *queue = (struct send_queue){ 0 };
}

static size_t size_of(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

static const char *copy_str(char **at, const char *text)
{
    char *start = *at;
    if (!text)
        return NULL;
    *at = stpcpy(start, text) + 1;
    return start;
}

static struct text copy_bytes(char **at, struct text bytes)
{
    struct text copy = { bytes.at ? *at : NULL, bytes.len };
    if (bytes.len)
        memcpy(*at, bytes.at, bytes.len);
    *at += bytes.len;
    return copy;
}

static struct entry *entry_new(const struct publish *publish)
{
    struct entry *entry =
        calloc(1, sizeof *entry + size_of(publish->topic) + size_of(publish->response_topic) +
                      size_of(publish->content_type) + publish->payload.len + publish->correlation.len);
    char *at;
    if (!entry)
        return NULL;
    at = entry->bytes;
    entry->queued.publish = *publish;
    entry->queued.publish.topic = copy_str(&at, publish->topic);
    entry->queued.publish.response_topic = copy_str(&at, publish->response_topic);
    entry->queued.publish.content_type = copy_str(&at, publish->content_type);
    entry->queued.publish.payload = copy_bytes(&at, publish->payload);
    entry->queued.publish.correlation = copy_bytes(&at, publish->correlation);
    return entry;
}

static struct queued **list_of(struct send_queue *queue, const struct queued *queued)
{
    if (queued->publish.urgent)
        return &queue->urgent;
    return queued->publish.retain ? &queue->states : &queue->events;
}

/* It comes of somebody else's request, and how many of those there are is not ours to choose. */
static bool is_reply(const struct publish *publish)
{
    return publish->urgent && !publish->retain && publish->token == 0;
}

/* Takes the entry out of its list; what is linked to its being queued goes with it. */
static void unqueue(struct send_queue *queue, struct queued *queued)
{
    struct entry *entry = entry_of(queued);
    struct queued **list = list_of(queue, queued);
    DL_DELETE(*list, queued);
    queue->reply_count -= is_reply(&queued->publish);
    if (list == &queue->events)
        queue->event_count--;
    else if (entry->retained.queued)
        HASH_DELETE(hh, queue->retained, &entry->retained);
    entry->retained.queued = NULL;
}

static struct queued *find_retained(const struct send_queue *queue, const char *topic)
{
    struct retained_topic *found;
    HASH_FIND_STR(queue->retained, topic, found);
    return found ? found->queued : NULL;
}

/* Without memory for the index the message is queued all the same: an older one is then sent before it. */
static void index_retained(struct send_queue *queue, struct queued *queued)
{
    struct retained_topic *retained = &entry_of(queued)->retained;
    const char *topic = queued->publish.topic;
    HASH_ADD_KEYPTR(hh, queue->retained, topic, strlen(topic), retained);
    retained->queued = retained->hh.tbl ? queued : NULL;
}

static void drop(struct send_queue *queue, struct queued *queued)
{
    unqueue(queue, queued);
    free(entry_of(queued));
}

static void enqueue(struct send_queue *queue, struct queued *queued, bool in_front)
{
    struct queued **list = list_of(queue, queued);
    if (in_front)
        DL_PREPEND(*list, queued);
    else
        DL_APPEND(*list, queued);
    queue->reply_count += is_reply(&queued->publish);
    if (list == &queue->states)
        index_retained(queue, queued);
    else if (list == &queue->events)
        queue->event_count++;
}

enum err send_queue_add(struct send_queue *queue, const struct publish *publish)
{
    struct entry *entry;
    struct queued *older;
    if (is_reply(publish) && queue->reply_count >= SEND_QUEUE_REPLIES) {
        queue->dropped++;
        return OK;
    }
    if (!(entry = entry_new(publish)))
        return ERR_NOMEM;
    entry->queued.number = ++queue->next_number;
    if (publish->retain && !publish->urgent && (older = find_retained(queue, publish->topic)))
        drop(queue, older);
    enqueue(queue, &entry->queued, false);
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
        free(entry_of(queued));
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
    if (queued)
        free(entry_of(queued));
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
