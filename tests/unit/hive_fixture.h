/* hive_fixture.h - a hive's core between a fake driver and a fake broker: what it wants done is noted in a trace.
 *
 * The driver carries orders out as told: START gives a process with the next pid, SWEEP is done at once. */
#ifndef TEST_HIVE_FIXTURE_H
#define TEST_HIVE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "hive.h"
#include "problem.h"
#include "topic.h"

#define SCENE_SESSION 0x1111222233334444
#define SCENE_WALL 1700000000000
#define OWN_TOPIC "skep/v1/hive/hive-a/"

struct scene {
    struct hive *hive;
    struct outbox outbox;
    struct roster roster;
    ms_t now;
    int64_t pid;                /* of the latest process */
    bool cannot_start;          /* START fails */
    bool cannot_record;         /* ... since the start cannot be recorded */
    enum restart_policy policy; /* of what the roster lists next */
    bool cannot_sweep;          /* SWEEP is not done */
    struct buf trace;           /* short: "TERM w1; publish presence; exit 6" */
    struct buf told;            /* payloads as they were published, a line each */
    struct buf will;
    uint64_t goodbye;     /* token of the latest publish that had one */
    uint64_t subscribing; /* token of the subscription to requests */
    char correlation[64]; /* of the latest request */
    bool is_known;        /* who holds the id */
};

void scene_start(struct scene *scene, const char *worker);
void scene_take(struct scene *scene, struct hive_input input);
void scene_step(struct scene *scene, struct input input);
void scene_init_before_link(struct scene *scene);

/* The broker cannot be reached, for which workers do not wait. */
void scene_init(struct scene *scene);

void scene_clear(struct scene *scene);

/* "w1 w2=7 w3": names, and fingerprints that are not 1. */
void scene_roster(struct scene *scene, const char *list);

/* The first link finds out that nobody else holds the id; what it publishes is not noted. */
void scene_check(struct scene *scene);

void scene_up(struct scene *scene);
void scene_down(struct scene *scene);

/* The loop runs: it sleeps until the hive's deadline, and not longer. */
void scene_wait(struct scene *scene, ms_t left);

void scene_exit(struct scene *scene, const char *worker, int signal_number);
void scene_hear(struct scene *scene, const char *topic, const char *payload, bool stored);

/* The reply to a request. */
const char *scene_ask(struct scene *scene, const char *method, const char *parameters);

/* Compares what was done since the last call, and forgets it. */
void scene_expect(struct scene *scene, const char *why, const char *want);

void scene_forget(struct scene *scene);
bool scene_told(const struct scene *scene, const char *part);

#endif
