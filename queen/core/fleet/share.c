#include "share.h"

#include <stdlib.h>

void shares_clear(struct shares *shares)
{
    struct share *share, *after;
    HASH_ITER(hh, shares->by_name, share, after)
    {
        HASH_DELETE(hh, shares->by_name, share);
        free(share);
    }
    for (size_t i = 0; i < RATION_COUNT; i++)
        heap_clear(&shares->greatest[i]);
}

struct share *share_find(const struct shares *shares, struct text name)
{
    struct share *share;
    HASH_FIND(hh, shares->by_name, name.at ? name.at : "", name.len, share);
    return share;
}

/* So that counting cannot fail. */
static enum err reserve(struct shares *shares)
{
    for (size_t i = 0; i < RATION_COUNT; i++)
        if (heap_reserve(&shares->greatest[i], share_count(shares) + 1) != OK)
            return ERR_NOMEM;
    return OK;
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
        HASH_ADD_KEYPTR(hh, shares->by_name, share->name, name.len, share);
        if (!share->hh.tbl) {
            free(share);
            return ERR_NOMEM;
        }
    }
    *ret = share;
    return OK;
}

void share_end(struct shares *shares, struct share *share)
{
    for (size_t i = 0; i < RATION_COUNT; i++)
        if (share->has[i] > 0)
            return;
    HASH_DELETE(hh, shares->by_name, share);
    free(share);
}

static void set(struct shares *shares, struct share *share, enum ration ration, size_t count)
{
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

struct share *share_greatest(const struct shares *shares, enum ration ration)
{
    struct heap_item *item = heap_top(&shares->greatest[ration]);
    return item ? CONTAINER_OF(item, struct share, rank[ration]) : NULL;
}
