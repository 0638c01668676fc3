/* share.h - what each hive has of what all share, and who has most of it.
 *
 * One share for each hive name that has something: workers, documents, words, tombstones. The records of all hives
 * themselves belong to the share of the name "". When something is full, the share that has most of it gives up
 * something: it is found in O(log n). */
#ifndef SKEP_SHARE_H
#define SKEP_SHARE_H

#include "bucket.h"
#include "heap.h"
#include "name.h"
#include "turns.h"
#include "vocabulary.h"

/* How sure it is that a worker or a hive is there, the least sure first: in this order they make room for others.
 * Hardly alive is who was not yet heard live for as long as RATION_ESTABLISHED_MS says. */
enum tenure {
    TENURE_GONE, /* hardly alive, and suspect or lost */
    TENURE_LOST, /* established, and offline, stale or unreachable; of hives only offline: that one is down is news */
    TENURE_WEAK, /* hardly alive */
    TENURE_LIVE,
    TENURE_EXPECTED, /* listed by --expect: never evicted */
    TENURE_ENDED,    /* forgotten: it only waits for its end to be announced (registry_end) */
    TENURE_COUNT
};

/* What is counted by hive: each is a number, and a heap of those who have any. */
enum ration {
    RATION_HIVES,      /* records of hives: of the share "" only */
    RATION_WORKERS,    /* records of workers that may be evicted: all but the expected */
    RATION_WEAK,       /* ... that are hardly alive */
    RATION_LOST,       /* ... that are established and lost */
    RATION_EXPECTED,   /* ... that may not */
    RATION_ENDS,       /* ... that have ended, and are none of those any more */
    RATION_BYTES,      /* of documents */
    RATION_WORDS,      /* statuses and models that it brought in */
    RATION_TOMBSTONES, /* of workers that were forgotten */
    RATION_LOSSES,     /* records that were lost lately (storm_watch.h) */
    RATION_COUNT
};

/* Why the workers of a hive are gone through. */
enum walk_kind {
    WALK_REVIEW, /* what the state of their hive means for them (hive_review.h) */
    WALK_FORGET, /* all are being forgotten (forget.h) */
    WALK_COUNT
};

/* Such a walk, in slices. Those of one kind stand in a queue (registry.h). */
struct walk {
    struct walk *prev, *next; /* utlist */
    struct record *at;        /* the next worker; NULL = none is going on */
};

/* Why a worker is verified (verify.h), which decides who goes first. */
enum verify_class { VERIFY_BY_HAND, VERIFY_FOR_LIST, VERIFY_AUTOMATIC, VERIFY_STORM, VERIFY_CLASS_COUNT };

/* What its heartbeats show of the expiry that the broker grants (beat_age.h). Zero-initialised: nothing. */
struct beat_age {
    uint64_t session; /* of the heartbeat whose successor may show a cap; 0 = none */
    int64_t seq;
    ms_t at;
    int64_t lacks, left; /* s */
    int64_t cap;         /* s; 0 = none is known */
};

/* What it may still have read, while the queen is behind (read_ration.h). */
struct reading {
    struct bucket bytes;
    ms_t rationed_until; /* ... and for so long after it was; 0 = it is not */
};

struct neighbours;

/* Of one hive. It ends when it has nothing any more. */
struct share {
    struct share *next; /* in its bucket */
    size_t has[RATION_COUNT];
    struct turns_party verifications[VERIFY_CLASS_COUNT]; /* that are queued */
    unsigned verifying;                                   /* ... that run */
    struct turns_party barriers; /* records whose wait for a proof is over (broker_barrier.h) */
    struct heap_item rank[RATION_COUNT];
    struct record *tenants[TENURE_COUNT]; /* its records: who was silent, or is lost, for longest is first */
    struct record *documents;             /* those that have any: the living last */
    struct tombstone *tombstones;         /* oldest first */
    struct walk walks[WALK_COUNT];
    uint32_t states[STATE_COUNT]; /* its workers by state */
    struct bucket news[2];        /* of changes that are announced: by whether established (announcing.h) */
    struct bucket clears;         /* of topics that are cleared again because of live copies (forget.h) */
    struct reading reading;
    struct beat_age age;
    ms_t storm_until;              /* watch time: whoever of it is lost before is held (storm_watch.h), ... */
    uint32_t storm_on;             /* ... on the link of that number */
    struct neighbours *neighbours; /* while workers of it are asked since another one was lost (neighbours.h) */
    uint8_t read;                  /* as of a hive (hive_watch.h), for names that are no hive's */
    uint8_t name_len;
    char name[]; /* terminated; "" = the hives' own records */
};

/* Found by name in as many buckets as are expected, so that no step has to hash all of them anew. */
struct shares {
    struct share **buckets; /* NULL until there is one */
    size_t size, count;     /* of buckets, a power of two; of shares */
    struct heap greatest[RATION_COUNT];
    struct record *yielding[TENURE_LIVE]; /* all workers of those tenures, in the same order */
    size_t total[RATION_COUNT];
    struct reading strangers; /* of all hives that have none */
    ms_t rationed_until;      /* the latest of theirs, ever */
};

/* With buckets for so many; zero-initialised they are few. */
void shares_init(struct shares *shares, size_t expected);
void shares_clear(struct shares *shares); /* frees them, whatever they have */

/* That of the hive of this name (absent: of the hives themselves), made if need be. ERR_NOMEM. Who makes one and then
 * adds nothing to it calls share_end. */
enum err share_open(struct shares *shares, struct text name, struct share **ret);
void share_end(struct shares *shares, struct share *share); /* if it has nothing */

/* NULL: nobody has anything of that name. */
struct share *share_find(const struct shares *shares, struct text name);

/* Absent for NULL. */
static inline struct text share_name(const struct share *share)
{
    return share ? (struct text){ share->name, share->name_len } : (struct text){ 0 };
}

/* It has `count` more, or less: then it may end with that, and is not valid any more. */
void share_add(struct shares *shares, struct share *share, enum ration ration, size_t count);
void share_remove(struct shares *shares, struct share *share, enum ration ration, size_t count);

/* Workers that are not hardly alive. */
static inline size_t share_established(const struct share *share)
{
    return share->has[RATION_WORKERS] - share->has[RATION_WEAK] + share->has[RATION_EXPECTED];
}

/* Workers of it. */
static inline size_t share_workers(const struct share *share)
{
    return share->has[RATION_WORKERS] + share->has[RATION_EXPECTED];
}

/* A hive's share whose `read` is another number, in that bucket or one behind it, which *bucket then is. NULL: none. */
struct share *share_unread(const struct shares *shares, size_t *bucket, uint8_t read);

/* Nobody has any of it any more; those that had nothing else end. */
void shares_forget(struct shares *shares, enum ration ration);

/* The one that has most of it; NULL: nobody has any. */
struct share *share_greatest(const struct shares *shares, enum ration ration);

#endif
