/* hive_watch.h - what is kept of a hive besides its record. */
#ifndef SKEP_HIVE_WATCH_H
#define SKEP_HIVE_WATCH_H

#include "inquiry.h"
#include "record.h"
#include "requester.h"
#include "startup_poll.h"
#include "watch.h"

/* A request over HTTP (ask.h); zero-initialised it is not out. */
struct http_ask {
    UT_hash_handle hh; /* by token */
    uint64_t token;    /* 0 = not out */
    void *subject;     /* the user's */
};

struct hive_watch {
    struct record *record;
    struct hive_watch *prev, *next;               /* hives->all, in the order of first sight; utlist */
    struct hive_watch *marked_prev, *marked_next; /* utlist */
    bool marked;                                  /* it is in hives->marked */
    bool changed;                                 /* ... since its state is another than when the step began */
    ms_t ready_at, ready_at_loop;                 /* watch time, and loop time, when it became ready */
    ms_t silent_since;     /* watch time: it is suspect by silence, and was heard then; MS_NEVER = it is not */
    ms_t suspected_at;     /* watch time: it became suspect last; MS_NEVER = it never did */
    struct share *lost_in; /* of which it is a loss now (storm.h) */
    ms_t settled_at;       /* watch time: so long after its return its workers may return, too (loss.c) */

    /* The start-up poll (hive_poll.h). */
    struct startup_poll poll;
    struct heap_item due;   /* the next attempt, monotonic */
    struct pending pending; /* the request over MQTT; its subject is this hive_watch */
    struct http_ask http;   /* the request over HTTP; its subject, too */
    bool polling;
    ms_t again_at; /* monotonic: the poll was used up, and does not begin again before */

    /* R10: is it there, now that workers of it are lost? (hive_inquiry.h) */
    struct inquiry inquiry;
    struct pending question; /* its subject is this hive_watch */

    uint32_t
        storm_epoch; /* the link (queen.epoch) on which it and its workers are losses like others (storm.h); 0 = none */
    uint32_t workers; /* that it says it has, + 1; 0 = it does not say */
    uint8_t read;     /* when what is stored of them was last read by itself (snapshot.cycle); 0 = never */
};

struct hives {
    struct hive_watch *all, *marked; /* utlist; marked: to be reviewed when the step ends (hive_review.h) */
    struct heap first, again;        /* attempts of start-up polls that are due: a poll's first, and further ones */
    unsigned running, running_again; /* ... that are out; and further ones among them */
};

/* The share of which it is a loss (storm_watch.h), if it is one. */
static inline struct share *record_lost_in(const struct record *record)
{
    return record_is_hive(record) ? record->watch->lost_in : record->share;
}

/* For a new record of a hive, the `count`th. ERR_NOMEM. */
enum err hive_watch_add(struct hives *hives, struct record *record, size_t count);

/* The record is about to be removed, its poll and its inquiry were stopped. */
void hive_watch_remove(struct hives *hives, struct record *record);

/* Something that its workers wait for may have come. */
void hive_watch_mark(struct hives *hives, struct hive_watch *watch);
void hive_watch_unmark(struct hives *hives, struct hive_watch *watch);

/* The setter of states (change.h) has changed the state of a hive, which is marked. */
void hive_watch_changed(struct hives *hives, struct record *record, const struct watch *watch);

#endif
