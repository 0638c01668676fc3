/* store_row.h - what a queen remembers over its restarts, a row each. Plain data; text is borrowed during the call.
 *
 * Watch time and loop time go on over the lives (processes) of a queen, so that ages are kept without a clock that
 * could be set. A row replaces the earlier one with the same key: a life's number, the id of an event or incident, or
 * hive and worker.
 */
#ifndef SKEP_STORE_ROW_H
#define SKEP_STORE_ROW_H

#include "evidence.h"
#include "text.h"
#include "vocabulary.h"

#define STORE_LIVES 64 /* the last ones are kept */
/* So many events: those of the death of a whole site (100,000 workers); and as many bytes of their documents as may
 * wait for the broker (send_queue.h), so that none is gone before it was sent. */
#define STORE_EVENTS 100000
#define STORE_EVENT_BYTES 67108864  /* 64 MiB; part of a statement in SQL */
#define STORE_INCIDENTS 100000      /* at least the last ones are kept; */
#define STORE_INCIDENTS_OPEN 200000 /* ... of those that are open, so many, since one hive may have most */
#define STORE_RETIRED 4             /* as many as are remembered of a record (record.h) */

/* In this order they are restored. */
enum store_kind { STORE_LIFE, STORE_TOMBSTONE, STORE_INCIDENT, STORE_RECORD, STORE_EVENT, STORE_KIND_COUNT };

/* How far a process has come. A worker that its row calls online was received in that process to the end, or for little
 * longer than its interval it was not: so nothing is written for a heartbeat. */
struct life_row {
    uint32_t life, epoch; /* counts processes; counts links */
    ms_t watch, loop;     /* watch time of the last packet; loop time */
    ms_t wall;
    ms_t grace_from;     /* watch time at which the present grace began; MS_NEVER = there was no link */
    uint64_t last_event; /* no event has a higher id */
    uint64_t acked;      /* the highest that the broker has acknowledged */
    uint64_t commanded;  /* no event up to this one waits for the command of --on-event */
};

struct tombstone_row {
    uint64_t session; /* 0 = none */
    ms_t added_at;    /* loop time */
    uint32_t epoch;
};

/* Of a worker, or a hive. Values as in struct record where nothing else is said. */
struct record_row {
    enum state state, announced, previous;
    enum cause cause, announced_cause;
    bool has_flags;   /* a verdict's; the store has none */
    bool is_of_store; /* all below is known; else only what a verdict says of it */
    ms_t since_wall, since_loop;
    uint64_t event_id, incident, session; /* 0 = none */
    uint32_t revision, connection, unannounced;
    int64_t interval_ms, lease_ms; /* INT_ABSENT */
    struct evidence evidence;

    uint32_t life;    /* it was received in that process to the end; 0 = `received_at` and `received_wall` say when */
    uint32_t epoch;   /* the link on which it was received last; 0 = never */
    ms_t received_at; /* watch time, loop time if over_http */
    ms_t received_wall, not_before;
    uint64_t retired[STORE_RETIRED];
    int64_t seq, progress, connect_ms; /* INT_ABSENT */
    uint32_t retain_s;                 /* so long the broker keeps its heartbeat; 0 = it need not, or it is not known */
    bool known, over_http, rpc, closed, will_closed, established, silent, was_zombie;
};

/* Of the row's hive and worker, where it has such. Ids are those of the events that opened them. */
struct incident_row {
    uint64_t id, session; /* session: 0 = none */
    enum incident_kind kind;
    enum incident_class class;
    enum state state; /* as it was announced; STATE_NONE: it is of nobody */
    enum cause cause;
    uint32_t connection;
    ms_t opened, ended; /* wall; TIME_ABSENT: it is open */
    enum incident_end end;
};

/* Of the row's hive. Rows are given in the order of their ids. */
struct event_row {
    uint64_t id;
    struct text document;
};

struct store_row {
    enum store_kind kind;
    bool removed;             /* only the key counts: there is none any more */
    struct text hive, worker; /* worker absent: the hive's own */
    union {
        struct life_row life;
        struct tombstone_row tombstone;
        struct record_row record;
        struct event_row event;
        struct incident_row incident;
    };
};

#endif
