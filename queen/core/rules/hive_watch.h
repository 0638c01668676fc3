/* hive_watch.h - what the queen keeps of a hive beside its record. */
#ifndef SKEP_HIVE_WATCH_H
#define SKEP_HIVE_WATCH_H

#include "queen_state.h"
#include "startup_poll.h"

struct hive_watch {
    struct record *record;
    struct hive_watch *prev, *next;                 /* queen->hives.all, in the order of first sight; utlist */
    struct hive_watch *changed_prev, *changed_next; /* utlist */
    bool reviewing;                                 /* some of its workers were looked at since (incident.h) */
    struct record *review_next;                     /* the next one */
    size_t review_size;                             /* of the index of workers by hive when that began */
    bool changed;                 /* it is in queen->hives.changed: its state is another than when the step began */
    ms_t ready_at, ready_at_loop; /* watch time, and loop time, when it became ready */

    /* The start-up poll (hive_poll.h). */
    struct startup_poll poll;
    struct heap_item due;   /* the next attempt, monotonic */
    struct pending pending; /* the request over MQTT; its subject is this hive_watch */
    uint64_t http_token;    /* of the request over HTTP; 0 = none */
    bool polling;
    ms_t again_at; /* monotonic: the poll was used up, and does not begin again before */
};

/* For a new record of a hive. ERR_NOMEM. */
enum err hive_watch_add(struct queen *queen, struct record *record);

/* The record is about to be removed. */
void hive_watch_remove(struct queen *queen, struct record *record);

/* The setter of states (change.h) has changed the state of a hive: its workers are looked at when the step ends
 * (incident.h). */
void hive_watch_changed(struct queen *queen, struct record *record);

/* All its workers were looked at. */
void hive_watch_reviewed(struct queen *queen, struct hive_watch *watch);

#endif
