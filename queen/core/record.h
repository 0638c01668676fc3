/* record.h - one worker as the queen knows it: facts, and the verdict that was drawn from them.
 *
 * Owned by the registry. Three times appear, each in ms: watch time and loop time (watch.h) for judging, monotonic time
 * for the ages that are shown, wall time for the dates that are shown. */
#ifndef SKEP_RECORD_H
#define SKEP_RECORD_H

#include "heap.h"
#include "incarnation.h"
#include "keyed_hash.h"
#include "lease.h"
#include "msg.h"
#include "state.h"

#define RECORD_CHANGES 5 /* announced changes that are remembered, for `flapping` */

/* How the present verdict came about. */
struct evidence {
    uint8_t path;   /* enum evidence_path */
    uint8_t result; /* enum evidence_result */
    bool has_exit;
    int8_t oom;         /* as in struct exit_info */
    int16_t code;       /* -1 = none */
    char signal[18];    /* "" = none */
    uint32_t took;      /* ms from the first sign to the verdict */
    ms_t due_at;        /* wall: when it was due */
    ms_t seen_at;       /* wall: when it was seen */
    ms_t last_seen_ago; /* ms before seen_at; -1 = never seen */
};

struct confirm;

enum proof_wait { PROOF_NONE, PROOF_WAITING, PROOF_ASKED };

struct record {
    UT_hash_handle by_key;  /* (hive, worker) */
    UT_hash_handle by_name; /* only of the first record of its name; the others hang on same_name */
    struct record *same_name;
    struct record *prev, *next; /* in the list of those that wait for a proof (proof.h) */
    struct heap_item due;       /* the next look at it */
    struct confirm *confirm;    /* only while suspect by a will (confirm.h) */

    char *document; /* the last heartbeat as received, or NULL */
    uint32_t document_len, document_size;

    struct incarnation incarnation;
    int64_t lease_ms;     /* as declared; INT_ABSENT */
    int32_t interval_ms;  /* as declared; INT_ABSENT */
    uint32_t heard_epoch; /* the link (queen.epoch) on which it was last heard live; 0 = never */
    ms_t heard;           /* watch time (loop time if over_http) when its lease started */
    ms_t not_before;      /* watch time before which a stored copy's lease does not end; 0 = does not apply */
    ms_t heard_mono;      /* monotonic time when last heard live, or the stored copy's age says; MS_NEVER = never */
    ms_t skew;            /* sender's clock minus ours; TIME_ABSENT = unknown */

    ms_t since_wall, since_mono; /* of the present state */
    uint64_t event_id;           /* of the last announced change; 0 = none */
    uint32_t revision;
    uint32_t changes[RECORD_CHANGES]; /* seconds of monotonic time + 1, a ring; 0 = empty */
    ms_t conflict_at;                 /* monotonic: last message of the second process; MS_NEVER = none */
    struct evidence evidence;

    uint8_t state, cause; /* enum state, enum cause */
    uint8_t announced;    /* enum state: what the verdict topic says; STATE_NONE = nothing */
    uint8_t announced_cause;
    uint8_t previous;    /* enum state: announced before */
    uint8_t change_next; /* position in `changes` */
    bool over_http : 1;  /* last heard by HTTP POST */
    bool rpc : 1;        /* the current incarnation's presence said that it answers requests */
    bool expected : 1;   /* listed by --expect: never forgotten */
    bool closed : 1;     /* the current (session, connection) said goodbye */
    bool flapping : 1;
    uint8_t proof : 2; /* enum proof_wait */
    bool on_watch : 1; /* `due` is in the heap of watch time, else in that of loop time */

    uint32_t number; /* order of first sight */
    uint8_t hive_len, worker_len;
    char names[]; /* hive NUL worker NUL */
};

static inline const char *record_hive(const struct record *record)
{
    return record->names;
}

static inline const char *record_worker(const struct record *record)
{
    return record->names + record->hive_len + 1;
}

static inline struct text record_document(const struct record *record)
{
    return (struct text){ record->document, record->document_len };
}

static inline struct record *record_of_due(struct heap_item *item)
{
    return (struct record *)((char *)item - offsetof(struct record, due));
}

/* Flags beside the state, at monotonic time `now`. */
#define RECORD_CONFLICT_MS (10 * 60 * 1000)
bool record_in_conflict(const struct record *record, ms_t now);
bool record_is_flapping(const struct record *record, ms_t now);

/* An announced change at `now`: sets `flapping` at five within 10 min. */
void record_count_change(struct record *record, ms_t now);

#endif
