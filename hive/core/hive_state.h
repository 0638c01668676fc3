/* hive_state.h - the hive's state, shared by the files of its core. */
#ifndef SKEP_HIVE_STATE_H
#define SKEP_HIVE_STATE_H

#include "buf.h"
#include "hive.h"
#include "identity.h"
#include "rng.h"
#include "topic.h"

/* What comes back with acknowledgements. */
enum hive_token { HIVE_TOKEN_REQUESTS = 1, HIVE_TOKEN_GOODBYE };

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
    struct hive_worker *workers;

    struct identity identity;
    bool linked;
    bool rpc;      /* as the presence says it: not refused yet */
    bool is_heard; /* the broker hands requests on to this hive */
    ms_t heal_at;  /* MS_NEVER = nothing to heal */
    uint64_t seq;
    ms_t beat_at; /* MS_NEVER while there is no link */
    bool beat_was_first;
    ms_t told_at; /* when a verdict last made it beat; MS_NEVER = never */
    struct rng rng;

    ms_t stop_at;    /* the end of the wait for the workers; MS_NEVER = not stopping, or done */
    bool is_unclean; /* the wait was over before they were */
    ms_t goodbye_at; /* the end of the wait for the goodbye's acknowledgement */
    bool refused;    /* somebody else uses the identity */
    char refusal[256];

    uint64_t refused_transitions; /* of processes: not legal */
    uint64_t ignored;             /* messages that were not understood or not for us */
    struct arena arena;
    struct buf scratch;
};

struct hive_worker *hive_find(const struct hive *hive, const char *name); /* NULL = there is none */

/* Begins the end: no worker is wanted any more. */
void hive_stop(struct hive *hive);

#endif
