#include "fair_queue.h"

#include <stddef.h>
#include <stdlib.h>
#include <utlist.h>

#include "keyed_hash.h"

struct fair_owner {
    UT_hash_handle hh;
    struct heap_item weight; /* at -cost */
    struct fair_owner *prev, *next;
    struct fair_item *items; /* oldest first */
    size_t cost;
    bool is_held;
    char name[];
};

static void end_owner(struct fair_queue *queue, struct fair_owner *owner)
{
    heap_remove(&queue->heaviest, &owner->weight);
    HASH_DELETE(hh, queue->owners, owner);
    free(owner);
}

void fair_queue_clear(struct fair_queue *queue)
{
    while (queue->owners)
        end_owner(queue, queue->owners);
    heap_clear(&queue->heaviest);
    *queue = (struct fair_queue){ 0 };
}

static struct fair_owner *owner_new(struct fair_queue *queue, struct text name)
{
    struct fair_owner *owner = calloc(1, sizeof *owner + name.len);
    if (!owner || heap_put(&queue->heaviest, &owner->weight, 0) != OK) {
        free(owner);
        return NULL;
    }
    if (name.len > 0)
        memcpy(owner->name, name.at, name.len);
    HASH_ADD_KEYPTR(hh, queue->owners, owner->name, name.len, owner);
    if (owner->hh.tbl)
        return owner;
    heap_remove(&queue->heaviest, &owner->weight);
    free(owner);
    return NULL;
}

static void weigh(struct fair_queue *queue, struct fair_owner *owner)
{
    (void)heap_put(&queue->heaviest, &owner->weight, -(ms_t)owner->cost); /* it is in there */
}

static struct fair_owner *find(struct fair_queue *queue, struct text name)
{
    struct fair_owner *owner;
    const char *key = name.len > 0 ? name.at : "";
    HASH_FIND(hh, queue->owners, key, name.len, owner);
    return owner ? owner : owner_new(queue, name);
}

static void count(struct fair_queue *queue, struct fair_owner *owner, struct fair_item *item, size_t cost)
{
    item->owner = owner;
    item->cost = cost;
    queue->count++;
    queue->cost += cost;
    owner->cost += cost;
    weigh(queue, owner);
}

enum err fair_queue_add(struct fair_queue *queue, struct text name, struct fair_item *item, size_t cost)
{
    struct fair_owner *owner = find(queue, name);
    if (!owner)
        return ERR_NOMEM;
    if (!owner->items && !owner->is_held)
        DL_APPEND(queue->turns, owner);
    DL_APPEND(queue->items, item);
    DL_APPEND2(owner->items, item, own_prev, own_next);
    count(queue, owner, item, cost);
    return OK;
}

enum err fair_queue_put_back(struct fair_queue *queue, struct text name, struct fair_item *item, size_t cost)
{
    struct fair_owner *owner = find(queue, name);
    if (!owner)
        return ERR_NOMEM;
    if (owner->items && !owner->is_held)
        DL_DELETE(queue->turns, owner);
    if (!owner->is_held)
        DL_PREPEND(queue->turns, owner);
    DL_PREPEND(queue->items, item);
    DL_PREPEND2(owner->items, item, own_prev, own_next);
    count(queue, owner, item, cost);
    return OK;
}

void fair_queue_remove(struct fair_queue *queue, struct fair_item *item)
{
    struct fair_owner *owner = item->owner;
    DL_DELETE(queue->items, item);
    DL_DELETE2(owner->items, item, own_prev, own_next);
    queue->count--;
    queue->cost -= item->cost;
    owner->cost -= item->cost;
    weigh(queue, owner);
    if (owner->items || owner->is_held)
        return;
    DL_DELETE(queue->turns, owner);
    end_owner(queue, owner);
}

struct fair_item *fair_queue_yielding(const struct fair_queue *queue)
{
    const struct heap_item *top = heap_top(&queue->heaviest);
    return top ? CONTAINER_OF(top, struct fair_owner, weight)->items : NULL;
}

struct fair_owner *fair_queue_turn(struct fair_queue *queue)
{
    struct fair_owner *owner = queue->turns;
    if (!owner)
        return NULL;
    DL_DELETE(queue->turns, owner);
    DL_APPEND(queue->turns, owner);
    return owner;
}

struct fair_item *fair_owner_oldest(const struct fair_owner *owner)
{
    return owner->items;
}

void fair_owner_hold(struct fair_queue *queue, struct fair_owner *owner)
{
    owner->is_held = true;
    DL_DELETE(queue->turns, owner);
}

void fair_owner_release(struct fair_queue *queue, struct fair_owner *owner)
{
    owner->is_held = false;
    if (owner->items)
        DL_APPEND(queue->turns, owner);
    else
        end_owner(queue, owner);
}
