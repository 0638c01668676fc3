/* share.h - what each hive has of what all share, and who has most of it.
 *
 * One share for each hive name that has something: workers, documents, words, tombstones. The records of all hives
 * themselves belong to the share of the name "". When something is full, the share that has most of it gives up
 * something: it is found in O(log n). */
#ifndef SKEP_SHARE_H
#define SKEP_SHARE_H

#include "heap.h"
#include "keyed_hash.h"
#include "name.h"
#include "rations.h"

/* What is counted by hive: each is a number, and a heap of those who have any. */
enum ration {
    RATION_HIVES,      /* records of hives: of the share "" only */
    RATION_WORKERS,    /* records of workers that may be evicted: all but the expected */
    RATION_WEAK,       /* ... that are hardly alive */
    RATION_EXPECTED,   /* ... that may not */
    RATION_BYTES,      /* of documents */
    RATION_WORDS,      /* statuses and models that it brought in */
    RATION_TOMBSTONES, /* of workers that were forgotten */
    RATION_COUNT
};

/* Of one hive. It ends when it has nothing any more. */
struct share {
    UT_hash_handle hh; /* by name */
    size_t has[RATION_COUNT];
    struct heap_item rank[RATION_COUNT];
    uint8_t name_len;
    char name[]; /* terminated; "" = the hives' own records */
};

/* Zero-initialised there are none. */
struct shares {
    struct share *by_name; /* uthash */
    struct heap greatest[RATION_COUNT];
};

void shares_clear(struct shares *shares); /* frees them, whatever they have */

/* That of the hive of this name (absent: of the hives themselves), made if need be. ERR_NOMEM. Who makes one and then
 * adds nothing to it calls share_end. */
enum err share_open(struct shares *shares, struct text name, struct share **ret);
void share_end(struct shares *shares, struct share *share); /* if it has nothing */

/* NULL: nobody has anything of that name. */
struct share *share_find(const struct shares *shares, struct text name);

/* It has `count` more, or less: then it may end with that, and is not valid any more. */
void share_add(struct shares *shares, struct share *share, enum ration ration, size_t count);
void share_remove(struct shares *shares, struct share *share, enum ration ration, size_t count);

/* The one that has most of it; NULL: nobody has any. */
struct share *share_greatest(const struct shares *shares, enum ration ration);

/* How many there are. */
static inline size_t share_count(const struct shares *shares)
{
    return HASH_CNT(hh, shares->by_name);
}

#endif
