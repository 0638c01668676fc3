#include "share.h"

#include <stdlib.h>

#include "keyed_hash.h"

#define SIZE_MIN 64
#define SIZE_LARGEST (1u << 24)

void shares_init(struct shares *shares, size_t expected)
{
    *shares = (struct shares){ .size = SIZE_MIN };
    while (shares->size < expected && shares->size < SIZE_LARGEST)
        shares->size *= 2;
}

void shares_clear(struct shares *shares)
{
    struct share *share;
    for (size_t i = 0; shares->buckets && i < shares->size; i++)
        while ((share = shares->buckets[i])) {
            shares->buckets[i] = share->next;
            free(share->neighbours);
            free(share);
        }
    free(shares->buckets);
    for (size_t i = 0; i < RATION_COUNT; i++)
        heap_clear(&shares->greatest[i]);
}

/* Where the share of that name is, or is to be: a link to NULL. */
static struct share **link_of(const struct shares *shares, struct text name)
{
    struct share **at = &shares->buckets[keyed_hash(name.at ? name.at : "", name.len) & (shares->size - 1)];
    while (*at && !text_equal(name, share_name(*at)))
        at = &(*at)->next;
    return at;
}

struct share *share_find(const struct shares *shares, struct text name)
{
    return shares->buckets ? *link_of(shares, name) : NULL;
}

/* So that counting cannot fail. */
static enum err reserve(struct shares *shares)
{
    for (size_t i = 0; i < RATION_COUNT; i++)
        if (heap_reserve(&shares->greatest[i], shares->count + 1) != OK)
            return ERR_NOMEM;
    if (!shares->buckets) {
        shares->size = shares->size ? shares->size : SIZE_MIN;
        shares->buckets = calloc(shares->size, sizeof(struct share *));
    }
    return shares->buckets ? OK : ERR_NOMEM;
}

enum err share_open(struct shares *shares, struct text name, struct share **ret)
{
    struct share *share = share_find(shares, name);
    if (!share) {
        if (reserve(shares) != OK || !(share = calloc(1, sizeof *share + name.len + 1)))
            return ERR_NOMEM;
        share->name_len = (uint8_t)name.len;
        if (name.len > 0)
            memcpy(share->name, name.at, name.len);
        *link_of(shares, name) = share;
        shares->count++;
    }
    *ret = share;
    return OK;
}

void share_end(struct shares *shares, struct share *share)
{
    for (size_t i = 0; i < RATION_COUNT; i++)
        if (share->has[i] > 0)
            return;
    *link_of(shares, share_name(share)) = share->next;
    shares->count--;
    free(share);
}

static void set(struct shares *shares, struct share *share, enum ration ration, size_t count)
{
    shares->total[ration] += count - share->has[ration];
    share->has[ration] = count;
    if (count == 0)
        heap_remove(&shares->greatest[ration], &share->rank[ration]);
    else /* cannot fail: share_open made room */
        (void)heap_put(&shares->greatest[ration], &share->rank[ration], -(ms_t)count);
}

void share_add(struct shares *shares, struct share *share, enum ration ration, size_t count)
{
    set(shares, share, ration, share->has[ration] + count);
}

void share_remove(struct shares *shares, struct share *share, enum ration ration, size_t count)
{
    set(shares, share, ration, share->has[ration] - count);
    share_end(shares, share);
}

void shares_forget(struct shares *shares, enum ration ration)
{
    struct heap *heap = &shares->greatest[ration];
    shares->total[ration] = 0;
    while (heap->len > 0) {
        struct heap_item *last = heap->items[--heap->len];
        struct share *share = CONTAINER_OF(last, struct share, rank[ration]);
        last->position = 0;
        share->has[ration] = 0;
        share_end(shares, share);
    }
}

struct share *share_greatest(const struct shares *shares, enum ration ration)
{
    struct heap_item *item = heap_top(&shares->greatest[ration]);
    return item ? CONTAINER_OF(item, struct share, rank[ration]) : NULL;
}

struct share *share_unread(const struct shares *shares, size_t *bucket, uint8_t read)
{
    for (; shares->buckets && *bucket < shares->size; ++*bucket)
        for (struct share *share = shares->buckets[*bucket]; share; share = share->next)
            if (share->name_len > 0 && share->read != read)
                return share;
    return NULL;
}
