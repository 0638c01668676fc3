#include "tombstones.h"

#include <stdlib.h>
#include <utlist.h>

#include "keyed_hash.h"
#include "name_index.h"

#define TOMBSTONES_AT_ONCE 1000

struct tombstone {
    UT_hash_handle hh;
    struct share *share;           /* of the hive */
    struct tombstone *prev, *next; /* of the share's; utlist */
    uint64_t session;
    ms_t added_at;
    uint32_t epoch;
    size_t key_len;
    char key[]; /* hive NUL worker */
};

static struct tombstone *find(const struct tombstones *tombstones, struct text hive, struct text worker)
{
    char key[NAME_PAIR_SIZE];
    size_t len = name_pair(key, hive, worker);
    struct tombstone *found;
    HASH_FIND(hh, tombstones->by_key, key, len, found);
    return found;
}

static struct text hive_of(const struct tombstone *tombstone)
{
    return text_of(tombstone->key);
}

static struct text worker_of(const struct tombstone *tombstone)
{
    size_t before = strlen(tombstone->key) + 1;
    return (struct text){ tombstone->key + before, tombstone->key_len - before };
}

static void drop(struct tombstones *tombstones, struct tombstone *tombstone)
{
    removals_note(tombstones->removals, STORE_TOMBSTONE, hive_of(tombstone), worker_of(tombstone));
    if (tombstones->saved == tombstone)
        tombstones->saved = tombstone->hh.prev;
    HASH_DELETE(hh, tombstones->by_key, tombstone);
    DL_DELETE(tombstone->share->tombstones, tombstone);
    share_remove(tombstones->shares, tombstone->share, RATION_TOMBSTONES, 1);
    free(tombstone);
}

void tombstones_clear(struct tombstones *tombstones)
{
    struct tombstone *tombstone, *after;
    HASH_ITER(hh, tombstones->by_key, tombstone, after)
    {
        drop(tombstones, tombstone);
    }
}

static struct tombstone *tombstone_new(struct tombstones *tombstones, struct text hive, size_t key_len)
{
    struct share *share;
    struct tombstone *tombstone;
    if (share_open(tombstones->shares, hive, &share) != OK)
        return NULL;
    if (!(tombstone = calloc(1, sizeof *tombstone + key_len))) {
        share_end(tombstones->shares, share);
        return NULL;
    }
    tombstone->share = share;
    return tombstone;
}

enum err tombstones_add(struct tombstones *tombstones, struct text hive, struct text worker, uint64_t session, ms_t now,
                        uint32_t epoch)
{
    char key[NAME_PAIR_SIZE];
    size_t len = name_pair(key, hive, worker);
    struct tombstone *tombstone;
    tombstones_remove(tombstones, hive, worker);
    if (HASH_CNT(hh, tombstones->by_key) >= TOMBSTONES_MAX)
        drop(tombstones, share_greatest(tombstones->shares, RATION_TOMBSTONES)->tombstones);
    if (!(tombstone = tombstone_new(tombstones, hive, len)))
        return ERR_NOMEM;
    tombstone->session = session;
    tombstone->added_at = now;
    tombstone->epoch = epoch;
    tombstone->key_len = len;
    memcpy(tombstone->key, key, len);
    HASH_ADD_KEYPTR(hh, tombstones->by_key, tombstone->key, len, tombstone);
    if (!tombstone->hh.tbl) {
        share_end(tombstones->shares, tombstone->share);
        free(tombstone);
        return ERR_NOMEM;
    }
    DL_APPEND(tombstone->share->tombstones, tombstone);
    share_add(tombstones->shares, tombstone->share, RATION_TOMBSTONES, 1);
    return OK;
}

struct share *tombstones_hold(const struct tombstones *tombstones, struct text hive, struct text worker,
                              uint64_t session, uint32_t epoch)
{
    const struct tombstone *tombstone = find(tombstones, hive, worker);
    if (!tombstone || tombstone->session != session)
        return NULL;
    return session != 0 || epoch <= tombstone->epoch + 1 ? tombstone->share : NULL;
}

void tombstones_remove(struct tombstones *tombstones, struct text hive, struct text worker)
{
    struct tombstone *tombstone;
    if (tombstones->by_key && (tombstone = find(tombstones, hive, worker)))
        drop(tombstones, tombstone);
}

ms_t tombstones_expire(struct tombstones *tombstones, ms_t now)
{
    unsigned left = TOMBSTONES_AT_ONCE;
    while (left-- > 0 && tombstones->by_key && now - tombstones->by_key->added_at >= TOMBSTONE_MS)
        drop(tombstones, tombstones->by_key);
    return tombstones->by_key ? tombstones->by_key->added_at + TOMBSTONE_MS : MS_NEVER;
}

bool tombstones_next_unsaved(struct tombstones *tombstones, struct store_row *ret)
{
    struct tombstone *next = tombstones->saved ? tombstones->saved->hh.next : tombstones->by_key;
    if (!next)
        return false;
    tombstones->saved = next;
    *ret = (struct store_row){ .kind = STORE_TOMBSTONE,
                               .hive = hive_of(next),
                               .worker = worker_of(next),
                               .tombstone = { next->session, next->added_at, next->epoch } };
    return true;
}

void tombstones_set_saved(struct tombstones *tombstones, bool all)
{
    struct tombstone *last =
        all && tombstones->by_key ? ELMT_FROM_HH(tombstones->by_key->hh.tbl, tombstones->by_key->hh.tbl->tail) : NULL;
    tombstones->saved = last;
}
