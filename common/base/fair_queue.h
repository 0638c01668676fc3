/* fair_queue.h - what waits of many owners, so that none of them crowds the others out: taken in turns, and where there
 * is no more room, the owner that has most of it gives up its oldest. Pure.
 *
 * Everything is O(1), or O(log owners). Items are the caller's, and so is their memory; owners come with their first
 * item and go with their last one. */
#ifndef SKEP_FAIR_QUEUE_H
#define SKEP_FAIR_QUEUE_H

#include "heap.h"
#include "text.h"

struct fair_owner;

/* Embed it. */
struct fair_item {
    struct fair_owner *owner;
    struct fair_item *prev, *next;         /* in the queue, utlist */
    struct fair_item *own_prev, *own_next; /* among those of its owner, utlist */
    size_t cost;
};

/* Zero-initialise it. */
struct fair_queue {
    struct fair_item *items;   /* oldest first */
    struct fair_owner *owners; /* uthash by name */
    struct fair_owner *turns;  /* utlist: those that wait for their turn */
    struct heap heaviest;
    size_t count, cost; /* of the items */
};

/* Empty by now, but for owners that are held. */
void fair_queue_clear(struct fair_queue *queue);

/* Behind the others, counting `cost` (bytes, or 1). The name is copied, and may be absent. ERR_NOMEM: nothing changed.
 */
enum err fair_queue_add(struct fair_queue *queue, struct text owner, struct fair_item *item, size_t cost);

/* The same, ahead of the others: its turn is next. */
enum err fair_queue_put_back(struct fair_queue *queue, struct text owner, struct fair_item *item, size_t cost);

void fair_queue_remove(struct fair_queue *queue, struct fair_item *item);

/* The oldest of the owner with the highest cost: who makes room. NULL when empty. */
struct fair_item *fair_queue_yielding(const struct fair_queue *queue);

/* The owner whose turn it is, and has something; it gets the last turn. NULL: none. */
struct fair_owner *fair_queue_turn(struct fair_queue *queue);

/* Its oldest item, or NULL. */
struct fair_item *fair_owner_oldest(const struct fair_owner *owner);

/* A held owner gets no turn, and does not end, until it is released. */
void fair_owner_hold(struct fair_queue *queue, struct fair_owner *owner);
void fair_owner_release(struct fair_queue *queue, struct fair_owner *owner);

#endif
