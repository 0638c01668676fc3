/* queen_fixture.h - a queen between a fake broker and a fake clock, driven by a script. Its trace is what the world is
 * told, then what the worker is.
 *
 *     up; birth 1.1; will 1.1; ack 10; wait 250; ack 10
 *     -> unknown -> online (birth), ask, ask, online -> stale (last_will) | stale
 *
 * Numbers behind a verb are session.connection.seq; 0 = the message declares none. The worker is default/w1; `@w2` or
 * `@hive/w2` at the end of a step names another, `@hive/` the hive itself. */
#ifndef TEST_QUEEN_FIXTURE_H
#define TEST_QUEEN_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "queen_state.h"
#include "routes.h"

#define SUBSCRIPTIONS 5 /* of the fleet: of hives and workers */
#define SCENE_SUBSCRIBING_MAX 64
#define SCENE_START 5000000           /* monotonic */
#define SCENE_WALL 1700000000000      /* unix */
#define SCENE_SESSION 0xabc0000000000 /* plus the number in the script */
#define SCENE_TOKENS_MAX 64

struct scene_request {
    uint64_t token;
    char correlation[64];
};

struct scene {
    struct queen *queen;
    struct outbox outbox;
    ms_t now, wall;
    struct buf trace;
    struct buf extra; /* members that later messages say as well */
    char status[16];  /* of later heartbeats of workers; empty = idle */
    char hive[80], worker[80];
    bool stored;   /* the step's message is a stored copy */
    bool aged;     /* ... or one that a bridge sends as a live message */
    bool has_left; /* ... with this left of its expiry */
    uint32_t left;
    uint64_t asked[SCENE_TOKENS_MAX]; /* tokens that wait for their PUBACK, oldest first */
    size_t asked_count;
    struct scene_request beat, poll, verify;     /* the last of each; `poll`: of health */
    struct scene_request question;               /* the last to a hive whose workers are lost */
    struct scene_request marker, claim;          /* claim: who else holds its id? */
    bool is_known;                               /* ... was answered: nobody */
    char nonce[64];                              /* of the last verify request */
    uint64_t getting;                            /* of the last health request over HTTP */
    uint64_t subscribing[SCENE_SUBSCRIBING_MAX]; /* tokens that wait for their SUBACK */
    size_t subscribing_count;
    unsigned reads;                                 /* SUBSCRIBEs that request stored copies of the fleet */
    struct buf read_filter;                         /* of the last of them */
    struct buf filters;                             /* ... of all, below the root, with a space behind each */
    struct buf verdict, event, notice, birth, will; /* the last of each; `birth`: what she last said of herself */
    struct buf hive_verdict;
    struct buf replies; /* to requests of others, each as CORRELATION PAYLOAD and a newline */
    unsigned verdicts, events, births, markers, unsubscribed;
    unsigned clears;     /* of what the fleet has stored */
    uint64_t last_event; /* that was seen */
    uint64_t published;  /* the last event that was published */
};

extern const struct queen_options scene_options;

void scene_init_with(struct scene *scene, const struct queen_options *options);
void scene_init(struct scene *scene);
void scene_clear(struct scene *scene);
void scene_say(struct scene *scene, const char *word, const char *detail);
void keep(struct buf *buf, struct text text);
bool ends_with(const char *text, const char *end);
void scene_look(struct scene *scene);
void scene_step(struct scene *scene, struct input input);
void scene_message(struct scene *scene, const char *topic, struct text payload);
bool scene_is_of_hive(const struct scene *scene);

/* A message on one of the worker's topics, or the hive's. */
void scene_hear(struct scene *scene, const char *leaf, const char *payload);

struct record *scene_record(struct scene *scene);

/* What a request is answered with; the caller clears its body. -1 in `status`: it waits. */
struct http_response scene_http(struct scene *scene, const struct http_request *request);
void scene_check_health(struct scene *scene, const char *want); /* GET /health has it */

#endif
