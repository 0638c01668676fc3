/* hive_state.h - the hive's state, shared by the files of its core. */
#ifndef SKEP_HIVE_STATE_H
#define SKEP_HIVE_STATE_H

#include "beat_demand.h"
#include "buf.h"
#include "hive.h"
#include "member.h"
#include "rng.h"
#include "topic.h"

struct hive_worker {
    char name[NAME_SIZE];
    uint64_t fingerprint; /* of how its process was, or would be, started */
    bool listed;          /* in the roster; else it goes as soon as its process is over */
    struct process process;
    struct hive_worker *prev, *next; /* by name */
};

struct hive {
    struct hive_options options;
    ms_t now, wall;
    struct outbox *out; /* of the step at hand */
    enum hive_status status;
    struct hive_host host;
    struct gpu_list gpus; /* texts in `gpu_texts` */
    struct arena gpu_texts;
    struct hive_worker *workers;

    struct member member;
    ms_t may_start_at; /* no process is started before: the id may be another's, and so its workers' */
    uint64_t seq;
    ms_t beat_at;         /* MS_NEVER while there is no link */
    ms_t verdict_beat_at; /* when a verdict last made it beat; MS_NEVER = never */
    struct request_limit requests;
    struct beat_demand demand;
    struct rng rng;

    ms_t stop_at;    /* the end of the wait for the workers; MS_NEVER = not stopping, or done */
    bool is_unclean; /* the wait was over before they were */
    bool is_refused; /* another hive holds the id */

    uint64_t refused_transitions; /* of processes: not legal */
    uint64_t ignored;             /* messages that were not understood or not for us */
    struct arena arena;
    struct buf scratch;
};

/* The loop needs braces. */
#define WORKERS_EACH(worker, hive) for (struct hive_worker *worker = (hive)->workers; worker; worker = worker->next)

struct hive_worker *hive_find(const struct hive *hive, const char *name); /* NULL = there is none */

/* Begins the end: no worker is wanted any more. */
void hive_stop(struct hive *hive);

#endif
