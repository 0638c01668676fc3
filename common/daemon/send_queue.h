/* send_queue.h - what a daemon publishes at QoS 1, until it is acknowledged. No I/O.
 *
 * Urgent messages (requests, probes, births) go ahead, and every other time while many of them wait. Behind them
 * replies to requests of others, and what is published of itself, have half of what is sent each, in bytes, if both
 * wait. All but events take turns by their party: a thousand requests to one hive, replies to one asker, or verdicts on
 * one hive's workers, do not hold up those of another. Events keep their order, and go every other time while many
 * retained messages wait. A retained message that names the event before it follows that event, and nothing of its own
 * goes between: whoever reads it takes the event for published. No more than SEND_QUEUE_INFLIGHT are out at once, which
 * is what brokers grant.
 *
 * A retained message replaces an older one of its topic that is still queued, and so does a request: nobody waits for
 * what comes of the older one (requester.h). When the link is lost urgent messages and
 * replies are void, the others are sent again on the next one.
 *
 * What waits is bounded. Of events (neither retained nor urgent) the oldest is dropped and counted, of retained
 * messages and replies the oldest of the party that has most bytes waiting. Urgent ones are bounded by whom there is to
 * ask. */
#ifndef SKEP_SEND_QUEUE_H
#define SKEP_SEND_QUEUE_H

#include "fair_queue.h"
#include "id_range.h"
#include "keyed_hash.h"
#include "outbox.h"

#define SEND_QUEUE_INFLIGHT 20
#define SEND_QUEUE_EVENT_BYTES (64u * 1024 * 1024) /* about 60,000 events, of all hives (R18) */
#define SEND_QUEUE_STATE_BYTES (32u * 1024 * 1024) /* about 32,000 verdicts */
#define SEND_QUEUE_REPLY_BYTES (8u * 1024 * 1024)  /* eight of the largest */
#define SEND_QUEUE_REPLIES 1000
#define SEND_QUEUE_TABLES 64

struct queued {
    struct publish publish; /* all it points to is owned by the entry */
    uint64_t number;        /* names it towards send_queue_acked */
    size_t size;            /* of the entry with all that it points to */
    bool is_out;            /* in flight */
    struct queued *pair;    /* of an event the retained message that follows it, and of that the event; or NULL */
    struct queued *prev, *next;
    struct fair_item turn; /* in a lane; of an event, in none */
    UT_hash_handle hh;     /* in `retained`; hh.tbl is NULL outside of it */
    char bytes[];
};

/* Zero-initialise it. */
struct send_queue {
    struct fair_queue urgent, replies, states;  /* lanes: by party; `states` are retained */
    struct queued *events, *inflight;           /* utlist, oldest first */
    struct queued *follower;                    /* a retained message whose event was sent last; NULL = none waits */
    struct queued *retained[SEND_QUEUE_TABLES]; /* uthash: topic -> entry in `states`, or request */
    unsigned inflight_count, event_count;
    size_t event_bytes;
    int64_t replies_ahead; /* by so many bytes, since both they and others have been waiting */
    uint64_t next_number;
    bool state_was_last;  /* ... of states and events, while many of the former were waiting */
    bool urgent_was_last; /* ... of urgent ones and others, likewise */
    uint64_t dropped;     /* messages, ever */
    struct id_range lost; /* the events among them, until the owner takes it back */
};

void send_queue_clear(struct send_queue *queue);

/* Copies the message. ERR_NOMEM. */
enum err send_queue_add(struct send_queue *queue, const struct publish *publish);

/* The next message to send, now in flight; NULL when there is none or enough are. Borrowed until it is acknowledged. */
const struct queued *send_queue_next(struct send_queue *queue);

/* It could not be handed over: back to the front of its queue. */
void send_queue_unsent(struct send_queue *queue, uint64_t number);

/* What is in flight under this number, borrowed until it is acknowledged; NULL for an unknown one. */
const struct publish *send_queue_inflight(const struct send_queue *queue, uint64_t number);

/* PUBACK: frees the entry; its own token (0 = none), or 0 for an unknown number. */
uint64_t send_queue_acked(struct send_queue *queue, uint64_t number);

void send_queue_link_lost(struct send_queue *queue);

#endif
