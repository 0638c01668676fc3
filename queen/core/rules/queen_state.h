/* queen_state.h - what the parts of the queen's core share: one struct, and the small facts about it. */
#ifndef SKEP_QUEEN_STATE_H
#define SKEP_QUEEN_STATE_H

#include "announcing.h"
#include "bucket.h"
#include "buf.h"
#include "devices.h"
#include "event_ring.h"
#include "hive_watch.h"
#include "incarnation.h"
#include "incident_open.h"
#include "lease.h"
#include "member.h"
#include "neighbours.h"
#include "queen.h"
#include "registry.h"
#include "request_limit.h"
#include "storm_watch.h"
#include "tombstones.h"
#include "topic.h"

/* Tokens name what an acknowledgement is for: the kind above, a running number below. */
enum token_kind {
    TOKEN_NONE,
    TOKEN_LOSS,
    TOKEN_BARRIER,
    TOKEN_MARKER,
    TOKEN_SUBSCRIBE,
    TOKEN_VERIFY,
    TOKEN_HIVE,
    TOKEN_HIVE_HTTP,
    TOKEN_INQUIRY,
    TOKEN_FIT,
    TOKEN_NEIGHBOUR,
    TOKEN_EVENT /* below it is the event's id */
};
#define TOKEN_KIND_SHIFT 56
#define EVENT_ID_MAX (1ULL << 52) /* none above it is believed: a damaged one would end all counting */

/* What members are asked for over MQTT (ask.h). Each has a requester, since the correlations of different purposes
 * share nothing. */
enum asking { ASKING_LOSS, ASKING_INQUIRY, ASKING_NEIGHBOUR, ASKING_VERIFY, ASKING_HIVE, ASKING_COUNT };

/* Records that one step takes of what many may wait for at once; the rest is due again at once. A record that changes
 * its state costs 4 us here, and three effects. */
#define STEP_RECORDS 200

/* The snapshot of retained state, read anew on every connection, behind the live subscriptions (snapshot.h). */
enum snapshot_phase { SNAPSHOT_NONE, SNAPSHOT_SUBSCRIBING, SNAPSHOT_READING, SNAPSHOT_READ };

/* What is read, one after the other; the view is live behind those of SNAPSHOT_DEVICES. From SNAPSHOT_HIVES on it is
 * read again until it is known to be complete. */
enum snapshot_stage {
    SNAPSHOT_LIVE,    /* nothing: what is published from now on */
    SNAPSHOT_OWN,     /* what this queen has published */
    SNAPSHOT_HIVES,   /* hives */
    SNAPSHOT_KNOWN,   /* the workers of each hive that is known */
    SNAPSHOT_ALL,     /* those of all hives */
    SNAPSHOT_FOUND,   /* again of each, of hives that were not known before */
    SNAPSHOT_DEVICES, /* the availability of other systems' devices */
    SNAPSHOT_COUNT,   /* nothing: who is missing is counted */
    SNAPSHOT_IDLE
};

#define SNAPSHOT_FILTERS 32
#define SNAPSHOT_BURST 1000 /* copies that a broker lets wait for one subscriber: mosquitto's max_queued_messages */

struct snapshot_filter {
    enum topic_kind kind;
    char hive[NAME_SIZE]; /* or "+" */
    const char *device;   /* it is this one, of another system's devices (devices.h); NULL = that of kind and hive */
};

/* Whether all that is stored was shown (completeness.h). */
struct completeness {
    enum { SNAPSHOT_CHECKING, SNAPSHOT_INCOMPLETE, SNAPSHOT_COMPLETE } verdict;
    size_t by_hive, over_all; /* stored copies that the passes of each hive, and those over all, have brought */
    size_t largest;           /* ... one of them */
    size_t distinct;          /* ... on this link, each counted once */
    size_t added;             /* records that nothing but these was known of */
    unsigned cut;             /* passes that were given up */
    bool limited;             /* one brought a number that is a common limit */
    unsigned idle;            /* times it was read again, in a row, and showed nobody new */
    size_t missing, absent;   /* workers that are known and were not shown; that hives have and are not known */
    size_t lacking;           /* copies that the broker has dropped, and no other pass has brought */
    size_t unstored;          /* that were missing or absent for so long that they are not stored */
    bool counts_drops;        /* the broker counts the messages that it drops, and publishes that every so often */
    bool knows_before;        /* ... how many before it was read */
    uint64_t dropped_before, dropped;
    unsigned spans;      /* times that all was read since it did */
    uint32_t count_next; /* the record that was looked at last */
    ms_t check_until;    /* monotonic */
};

struct snapshot {
    enum snapshot_phase phase;
    enum snapshot_stage stage;
    struct snapshot_filter filters[SNAPSHOT_FILTERS]; /* the passes at hand */
    unsigned count, first, last; /* how many; those from `first` to `last` are being read, up to one marker */
    size_t copies;               /* that they have brought */
    size_t expected;             /* ... in all, as far as is known */
    size_t workers;              /* that are known; of passes of each hive: when they begin */
    unsigned step;               /* what comes next of the stage */
    uint32_t hive_next;          /* by its number (roll.h), and then ... */
    size_t share_next;           /* ... by its bucket (share.h), the hive whose workers come next */
    char hive[NAME_SIZE];        /* whose do; "" = none */
    size_t burst;                /* copies that one marker may stand behind */
    bool alone;                  /* one filter at a time, for something was lost */
    bool unacknowledged;         /* SUBACKs of the live subscriptions have not come */
    bool own_is_large;           /* the queen's own verdicts are read by hive, too */
    uint8_t cycle;               /* of those from SNAPSHOT_HIVES on; never 0 */
    unsigned attempts;           /* at these passes */
    unsigned given_up;           /* in a row */
    uint32_t requests;           /* counts those for several passes */
    unsigned pending;            /* SUBACKs that are due */
    uint64_t marker;             /* the nonce that ends the passes */
    ms_t progress_at;            /* monotonic: the latest request, SUBACK or stored copy */
    ms_t live_at;                /* monotonic: since when the view is live; MS_NEVER = it is not yet */
    ms_t again_at, again_wait;   /* monotonic: when it is read again, and how long after the last time */
    ms_t read_at;                /* watch time of the last end marker, less `granted` */
    ms_t granted;                /* so much of the grace has passed already, before this process (R17) */
    bool since_found;
    bool since_of_storm; /* it was published since there is a storm */
    struct completeness completeness;
};

/* What the broker can do (broker_fit.h). Zero: nothing is known of it. */
struct broker_fit {
    struct link_facts facts;         /* of the present link, or the one before */
    unsigned granted, refused;       /* live subscriptions */
    char refused_filter[TOPIC_SIZE]; /* the first one */
    unsigned probes;                 /* whether stored messages are sent to wildcards, on the present link */
    ms_t probe_due;                  /* monotonic: the answer to the latest; MS_NEVER = none is due */
    bool is_undelivered;             /* ... they are not */
    unsigned logged;                 /* a bit for each lack */
    char why[ERRBUF_SIZE];           /* there is no link; "" = not known */
};

/* Probes for `silent while the broker answers` (broker_barrier.h). */
struct barriers {
    struct turns_party all;
    struct turns waiting; /* of `all`: in the order of the probes that they wait for */
    struct turns over;    /* in turns of hives (share.h): their wait is */
    uint32_t sent, acked; /* the numbers of the last probe, and of the last that came back */
    uint64_t token;       /* of the probe in flight; 0 = none */
    bool wanted;          /* somebody waits for the next probe */
    bool passed;          /* some that one was for may be left to be taken */
    bool lost;            /* the link is: all are being taken */
};

/* What the store is given, from where it was left (remember.h). */
struct remembering {
    struct life_row lives[STORE_LIVES]; /* by number */
    uint32_t life;                      /* this one's number */
    ms_t granted;                       /* so much of the grace had passed when the last one ended */
    uint64_t acked;                     /* the highest event id that the broker has acknowledged */
    uint64_t republished;               /* ... that was published, of those of earlier processes (unacked.h) */
    bool begun;                         /* this one's row was given: records follow, behind the number ... */
    uint32_t number;
    struct removal *given;   /* its names are borrowed */
    char fault[ERRBUF_SIZE]; /* why the store does not keep what it is given; "" = it does */
};

/* What was over the ration of a hive. */
struct refusals {
    uint64_t count;
    ms_t at; /* the latest; monotonic */
    char hive[NAME_SIZE];
};

/* Verifications (verify.h). */
struct verifying {
    struct turns queued[VERIFY_CLASS_COUNT]; /* in turns of hives (share.h) */
    unsigned running;
    struct bucket budget, storm_budget; /* of all; of those of a storm, among them */
    uint64_t started, finished;         /* ever */
    struct refusals refusals;           /* ... since too many of the hive's waited */

    struct verify_wait *waits; /* those who asked over MQTT (verify_wait.h); utlist */
    size_t wait_count;
};

/* R14 (storm.h). */
struct storm {
    struct storm_watch watch;
    ms_t exceeds_since; /* watch time: since then the limit is exceeded; MS_NEVER = it is not */
    bool lasts;         /* it was, for a second, since nobody was held */
    bool announced;     /* `storm_begins` was published */
    ms_t again_at;      /* ... and is not again before; watch time */
    size_t held, most;  /* records that are held; at most at once, since nobody was */
    uint64_t in_all;    /* ... that were since then */
    uint64_t returned;  /* ... and gave a sign of life */

    /* That became suspect last: of those that were not for long, and of those that were. */
    struct suspected_hive {
        uint32_t number; /* (roll.h); 0 = none did */
        ms_t at;         /* watch time */
    } last_hive[2];
};

struct queen_counters {
    uint64_t received[TOPIC_KIND_COUNT];         /* messages on topics of the protocol */
    uint64_t posted;                             /* heartbeats over HTTP */
    uint64_t accepted;                           /* messages that took effect or repeated what is known */
    uint64_t rejected[ERR_COUNT];                /* broke a rule of the protocol, by reason */
    uint64_t ignored[INCARNATION_VERDICT_COUNT]; /* well-formed, but fenced off */
    uint64_t events;
    uint64_t transitions[2][CAUSE_COUNT]; /* that were announced: of workers, of hives */
    uint64_t refused_transitions;         /* not legal, so that they did not happen (change.h) */
    uint64_t verifications[VERIFY_RESULT_COUNT];
    uint64_t storms; /* that were announced */
};

struct queen {
    struct queen_options options;
    struct registry registry;
    struct tombstones tombstones;
    struct event_ring events;
    struct incidents incidents;
    struct watch watch;
    struct member member;
    struct snapshot snapshot;
    struct broker_fit fit;
    struct barriers barriers;
    struct verifying verifying;
    struct announcing announcing;
    struct storm storm;
    struct remembering remembering;
    struct refusals unclear; /* topics that live copies of forgotten workers do not make it clear again (forget.h) */
    uint64_t unsendable;     /* messages that were dropped since too many waited for the broker, ever */
    ms_t unsendable_at;      /* the latest; monotonic */
    struct id_range lost;    /* events among them that nobody was told of yet */
    struct hives hives;
    struct neighbours *neighbours; /* that are marked; utlist */
    struct request_limit requests;
    struct list_wait *lists; /* over MQTT, that take more than one step (requests.h); utlist */
    size_t list_count;
    struct loss *losses;  /* utlist */
    struct loss *holding; /* the next one to be held, since the link was lost (loss.h) */
    struct requester asking[ASKING_COUNT];
    struct http_ask *over_http; /* uthash by token (ask.h) */
    struct arena arena;         /* of the message at hand */
    struct arena scan;          /* of the stored document being read */
    struct buf scratch;         /* of the document being written */
    struct outbox *out;         /* of the step at hand */
    struct queen_counters counters;
    struct queen_process process;
    ms_t now, wall; /* of the step at hand */
    ms_t behind;    /* ... for so long more has arrived than was read */
    uint64_t next_token;
    uint64_t next_event;
    uint32_t write_next; /* the number of the record whose verdict was looked at last (restore.h), while ... */
    ms_t write_at;       /* ... verdicts are written again; monotonic; MS_NEVER = all were looked at */
    uint32_t epoch;      /* counts links; a worker heard live has the link's number */
    bool stopping;
};

/* Not to be guessed: who could guess one might answer for another. Each kind has its own key, so that one who is asked
 * for one thing learns nothing of what is asked elsewhere. */
static inline uint64_t queen_token(struct queen *queen, enum token_kind kind)
{
    char purpose[] = { 't', 'o', 'k', 'e', 'n', ' ', (char)('0' + kind), '\0' };
    struct siphash_key key = siphash_derive(&queen->options.secret, purpose);
    uint64_t number = ++queen->next_token;
    uint64_t random = siphash(&key, &number, sizeof number);
    return (uint64_t)kind << TOKEN_KIND_SHIFT | random >> (64 - TOKEN_KIND_SHIFT);
}

static inline enum token_kind token_kind(uint64_t token)
{
    return (enum token_kind)(token >> TOKEN_KIND_SHIFT);
}

/* The clock by which this record is judged: watch time, or loop time for one heard over HTTP. */
static inline ms_t queen_time_for(const struct queen *queen, const struct record *record)
{
    return record->over_http ? queen->watch.loop_time : queen->watch.time;
}

/* Of the present link, in 4 bits; never 0. */
static inline uint8_t queen_link_number(const struct queen *queen)
{
    return queen->epoch % 15 + 1;
}

static inline void queen_refuse(struct queen *queen, struct refusals *refusals, struct text hive)
{
    refusals->count++;
    refusals->at = queen->now;
    text_to_printable(hive, refusals->hive, sizeof refusals->hive);
}

/* The snapshot of the present connection is read: what is known is live. */
static inline bool queen_sees(const struct queen *queen)
{
    return queen->snapshot.phase == SNAPSHOT_READ;
}

/* What was read is all that the broker has stored, as far as is known (R19). */
static inline bool queen_sees_all(const struct queen *queen)
{
    return queen->snapshot.completeness.verdict == SNAPSHOT_COMPLETE && !queen->snapshot.unacknowledged;
}

static inline ms_t queen_grace(const struct queen *queen, const struct record *record)
{
    return lease_grace(record->interval_ms, queen->options.return_grace);
}

/* R4: how long one whose will came has to be back, which takes it a connect and a birth: on a slow link that is long.
 */
#define CONFIRM_WAIT_MAX_MS 4000
static inline ms_t queen_confirm_wait(const struct queen *queen, const struct record *record)
{
    ms_t wait = queen->options.confirm_wait;
    return ms_max(wait, ms_min(wait + 2 * (ms_t)record->connect_ms, CONFIRM_WAIT_MAX_MS));
}

/* Events of earlier processes are on their way to the broker. A verdict that it has stored shows that it has its event,
 * and those before it (R17): so one that names no new event waits for them. */
static inline bool queen_has_unacked(const struct queen *queen)
{
    return queen->remembering.acked < queen->remembering.republished;
}

/* Heard live on the present connection (or over HTTP, where connections do not count). */
static inline bool queen_received_live(const struct queen *queen, const struct record *record)
{
    return record->received_epoch != 0 && (record->over_http || record->received_epoch == queen->epoch);
}

#endif
