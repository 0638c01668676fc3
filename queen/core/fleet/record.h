/* record.h - one worker or hive as the queen knows it: facts, and the verdict that was drawn from them. A hive is
 * judged by the same rules, so it has a record too: one without a worker's name.
 *
 * Owned by the registry. Three times appear, each in ms: watch time and loop time (watch.h) for judging, monotonic time
 * for the ages that are shown, wall time for the dates that are shown. */
#ifndef SKEP_RECORD_H
#define SKEP_RECORD_H

#include <math.h>

#include "evidence.h"
#include "heap.h"
#include "msg.h"
#include "turns.h"
#include "vocabulary.h"

#define ANSWERS_WITHOUT_BEAT 3 /* so many, and answers alone no longer make it online (R6) */
#define RECORD_CHANGES 5       /* announced changes that are remembered, for `flapping` */

#define RECORD_CONNECT_MAX 60000

#define INCARNATION_REMEMBERED 4

/* What its messages are held against (incarnation.h). Zero-initialised: none was received yet. */
struct incarnation {
    uint64_t session;    /* 0: the current sender declares none */
    uint32_t connection; /* 0: none declared */
    bool known;          /* somebody is current */
    bool has_seq;
    uint64_t seq;      /* of the last accepted heartbeat; valid if has_seq */
    uint64_t *retired; /* INCARNATION_REMEMBERED sessions, newest first; 0 = empty; NULL: none was, its own */
};

struct loss;
struct owed;
struct share;
struct verification;
struct hive_watch;

/* What records are found by, and the links of the indexes by each (name_index.h). */
enum name_part { NAME_OF_PAIR, NAME_OF_WORKER, NAME_OF_HIVE, NAME_PARTS };
struct name_link {
    struct record *next, **at;
};

/* What heartbeats say of the work itself (R7), and work_... in the record; times as in `received_at`, in 32 bits, which
 * wrap. */
struct work {
    int64_t progress;     /* as last declared; INT_ABSENT */
    uint32_t since;       /* when it was first seen at that value */
    uint32_t limit_start; /* an answer of the work loop then started the limit anew, if work_restarted */
};

/* What the last heartbeat says of the load: what lists filter and sort by, so that none of them reads documents. */
struct load {
    struct load_numbers {
        float queue_depth, inflight, gpu_utilization, last_inference_ms; /* NAN = not said */
    } numbers;
    const char *status, *model, *version; /* NULL = not said */
};
#define LOAD_NONE ((struct load){ { NAN, NAN, NAN, NAN }, NULL, NULL, NULL })

/* A document as received. */
struct document {
    uint32_t len, size; /* of the text; of what there is room for */
    char text[];        /* terminated */
};

enum record_document { RECORD_HEARTBEAT = 1, RECORD_WITNESS = 2 };

struct record {
    struct share *share;                          /* of its hive; a hive's own: the one of all hives (share.h) */
    struct name_link named[NAME_PARTS];           /* in the indexes of the registry; a hive's by the pair only */
    struct record *tenant_prev, *tenant_next;     /* in its share's list of that tenure */
    struct record *yield_prev, *yield_next;       /* in that of all who are hardly alive or lost */
    struct record *document_prev, *document_next; /* in its share's list of those that have documents */
    struct turns_item barrier_turn;               /* among those that wait for a proof (broker_barrier.h) */
    struct record *next_touched;                  /* in the list of those that the step has touched (registry.h) */
    struct heap_item due;                         /* its next check */
    struct loss *loss;                            /* only while it is being judged lost (loss.h) */
    struct owed *owed;                            /* while a change waits to be announced (announcing.h) */

    union {
        struct verification *verification; /* a worker's; NULL before the first one (verify.h) */
        struct hive_watch *watch;          /* a hive's (hive_watch.h) */
    };

    struct document *document; /* the last heartbeat; NULL = none */
    struct document *witness;  /* what its hive saw last of the process; NULL = none */
    struct work work;

    struct incarnation incarnation;
    int32_t interval_ms; /* as declared; INT_ABSENT */
    int32_t lease_ms;    /* as declared; INT_ABSENT */
    uint16_t connect_ms; /* as declared by its birth, RECORD_CONNECT_MAX at most; 0 = not */
    uint16_t shown;      /* the link on which stored copies last showed it, and which (completeness.h); 0 = none */
    uint32_t retain_s;   /* message expiry that its heartbeats declare; 0 = none */
    ms_t received_at;    /* watch time (loop time if over_http) when its lease started */
    ms_t not_before;     /* watch time before which a stored copy's lease does not end; 0 = does not apply */
    ms_t received_mono;  /* monotonic time when last heard live, or the stored copy's age says; MS_NEVER = never */
    ms_t requested_at;   /* watch time of the last of `asks` */
    ms_t skew;           /* sender's clock minus ours; TIME_ABSENT = unknown */

    ms_t since_wall, since_mono; /* of the present state */
    uint64_t event_id;           /* of the last announced change; 0 = none */
    uint64_t incident;           /* event id of the verdict that its hive went down, if lost in it; a down hive's own */
    uint32_t revision;
    uint32_t unannounced;             /* changes since the last announced one */
    uint32_t changes[RECORD_CHANGES]; /* seconds of monotonic time + 1, a ring; 0 = empty */
    uint32_t conflict;                /* the same of the last message of a second process; 0 = none */
    uint32_t place;                   /* where it stands in the order of first sight, with its load (roll.h) */
    uint32_t barrier;                 /* the number of the probe that it waits for; 0 = none (broker_barrier.h) */
    uint32_t received_epoch;          /* the link (queen.epoch) on which it was last heard live; 0 = never */
    uint32_t lost_on;                 /* the link on which it counts as a loss (storm_watch.h); 0 = it does not */
    uint32_t received_first;          /* monotonic time when it was first heard live, which wraps; 0 = never */
    struct evidence evidence;

    uint8_t state, cause; /* enum state, enum cause */
    uint8_t announced;    /* enum state: what the verdict topic says; STATE_NONE = nothing */
    uint8_t announced_cause;
    uint8_t answers;     /* to verifications, since the last heartbeat */
    uint8_t asks;        /* verifications begun since it became suspect, or unverified */
    uint8_t previous;    /* enum state: announced before */
    uint8_t change_next; /* position in `changes` */
    uint8_t tenure;      /* enum tenure */
    uint8_t dropped;     /* bits of those of its documents that could not be kept (document_store.h) */
    bool over_http : 1;  /* last heard by HTTP POST */
    bool rpc : 1;        /* the current incarnation's presence said that it answers requests */
    bool expected : 1;   /* listed by --expect: never forgotten */
    bool established : 1;
    bool closed : 1;      /* the current (session, connection) said goodbye */
    bool will_closed : 1; /* ... or its will came: its heartbeats are late */
    bool flapping : 1;
    bool silent : 1;          /* its state, or its end, is not to be announced (change_silently) */
    bool revising : 1;        /* later evidence is to be published for what was announced */
    bool gone : 1;            /* its hive saw the process of the current session end unasked */
    bool on_watch : 1;        /* `due` is in the heap of watch time, else in that of loop time */
    bool touched : 1;         /* it is in that list */
    bool endpoint : 1;        /* its last heartbeat named one */
    bool feed_lost : 1;       /* ... showed that whoever reports its work is */
    bool unsubscribed : 1;    /* since it was heard last two requests found no subscriber (R6) */
    bool ask_refused : 1;     /* too many of its hive waited for their verification */
    bool ready_confirmed : 1; /* a hive's: its present process has answered that it is ready */
    bool ended : 1;           /* forgotten: it only waits for its end to be announced (registry_end) */
    uint8_t seen : 2;         /* ... enum forget_seen */
    bool was_zombie : 1;      /* restored as `unverified`: a sign of life makes it one again */
    uint8_t written : 4;      /* the link (queen_link_number) on which its verdict is known to be stored; 0 = none */
    bool work_seen : 1;       /* a heartbeat of this session was */
    bool work_stuck : 1;      /* the last heartbeat gives reason to think that work stands still */
    bool work_reason : 1;     /* ... or would if it lasted: work in flight, or its agent's word */
    bool work_advanced : 1;   /* progress changed since the worker was judged a zombie */
    bool work_restarted : 1;  /* the limit was, at work.limit_start */
    bool in_storm : 1;        /* one has held it since it was heard of (storm.h) */
    bool behind_hive : 1;     /* it is received only through its hive (device_intake.h) */

    uint16_t version; /* word of the registry's (intern.h), of its last heartbeat */
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

/* Of whom nothing is known but the names, an empty `worker` being a hive's. NULL: no memory. */
struct record *record_new(struct text hive, struct text worker);

/* With all that it owns; it is in no index any more. NULL is fine. */
void record_free(struct record *record);

static inline bool record_is_hive(const struct record *record)
{
    return record->worker_len == 0;
}

static inline const char *record_state_name(const struct record *record, enum state state)
{
    return record_is_hive(record) ? state_name_of_hive(state) : state_name(state);
}

/* What a sign of life makes of it, if nothing else speaks against that. A hive must have been asked first; that a
 * zombie lives is no news (R8). */
static inline enum state record_state_alive(const struct record *record)
{
    if (record->was_zombie)
        return STATE_ZOMBIE;
    return record_is_hive(record) && !record->ready_confirmed ? STATE_UNVERIFIED : STATE_ONLINE;
}

/* It was not heard of for so long, or did not answer (R5, R10). */
static inline bool record_is_suspect_by_silence(const struct record *record)
{
    return record->state == STATE_SUSPECT &&
           (record->cause == CAUSE_MISSED_HEARTBEATS || record->cause == CAUSE_NO_REPLY);
}

static inline size_t document_size(const struct document *document)
{
    return document ? document->size : 0;
}

/* Absent for NULL. */
static inline struct text document_text(const struct document *document)
{
    return document ? (struct text){ document->text, document->len } : (struct text){ 0 };
}

/* Flags beside the state, at monotonic time `now`, in steps of a second. */
#define RECORD_CONFLICT_MS (10 * 60 * 1000)
bool record_in_conflict(const struct record *record, ms_t now);
bool record_is_flapping(const struct record *record, ms_t now);

/* A message of a second process came at `now`. */
void record_note_conflict(struct record *record, ms_t now);

/* Any flag of its verdict stands. */
bool record_has_flags(const struct record *record, ms_t now);

/* When the next of those two ends, monotonic; MS_NEVER: none stands. And forgets those that have ended; true: one has.
 */
ms_t record_flags_end(const struct record *record);
bool record_end_flags(struct record *record, ms_t now);

/* An announced change at `now`: sets `flapping` at five within 10 min. */
void record_count_change(struct record *record, ms_t now);

/* When the oldest of the last RECORD_CHANGES was; 0: there were fewer. */
ms_t record_oldest_change(const struct record *record);

#endif
