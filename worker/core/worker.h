/* worker.h - what a worker does, decided: when to connect, what to publish, what to answer. Pure: an input that carries
 * the time goes in, effects come out (outbox.h), and worker_deadline says when the next tick is due.
 *
 * The driver carries the effects out in order and reports what becomes of them. EFFECT_CONNECT is answered by
 * INPUT_LINK_UP or INPUT_LINK_FAILED, a link that was up ends with INPUT_LINK_DOWN (also after EFFECT_DISCONNECT, where
 * it changes nothing). The worker connects by itself: INPUT_CONNECTING does nothing, and INPUT_STOP is a goodbye.
 * EFFECT_EXIT comes once, last: code 0 if the farewell was acknowledged, else 1. */
#ifndef SKEP_WORKER_CORE_H
#define SKEP_WORKER_CORE_H

#include "buf.h"
#include "facts.h"
#include "input.h"
#include "outbox.h"
#include "skep/worker.h"

#define WORKER_MERGE_MS 50          /* changes within this time become one heartbeat */
#define WORKER_REPUBLISH_EVERY 1000 /* ms between two heartbeats because of a verdict, at the least */
#define WORKER_UNACKED_MAX 8        /* heartbeats under way; more wait, as one, for an acknowledgement */

#define WORKER_VERIFY_MAX 8         /* verifications that wait; one more takes the place of another, or is refused */
#define WORKER_VERIFY_MARGIN 500    /* ms before its deadline, one is answered without the work loop */
#define WORKER_VERIFY_DEADLINE 5000 /* ms, of one that has none */
#define WORKER_VERIFY_LONGEST 60000 /* ms; nobody waits longer */
#define WORKER_NONCE_MAX 64         /* bytes */

struct worker;

/* What the program wants, all of it together; what concerns the link and the time are inputs as every core has them. */
struct worker_input {
    ms_t now;                  /* monotonic; never goes back */
    ms_t wall;                 /* unix time, only shown */
    const struct facts *facts; /* what the program says now, copied; NULL = as before */
    bool beat;                 /* it wants a heartbeat now */

    bool found; /* the work loop's answer to verifications: `work` goes for those up to `up_to_id` */
    enum skep_work work;
    uint64_t up_to_id;

    bool leave;                   /* say farewell, and end */
    const struct exit_info *exit; /* NULL: goodbye; else the watched program crashed. Copied */
    ms_t timeout;                 /* how long the farewell may take */
};

/* `options` are those of the library, checked and without defaults to be filled in, of which the core takes names and
 * root (copied), session and times; `seed` is that of the jitter. ERR_NOMEM. Connects with the first tick. */
enum err worker_new(const struct skep_worker_options *options, uint64_t seed, const struct facts *facts,
                    struct worker **ret);
void worker_free(struct worker *worker);
DEFINE_AUTO_FREE(worker)

void worker_step(struct worker *worker, const struct input *input, struct outbox *outbox);
void worker_take(struct worker *worker, const struct worker_input *input, struct outbox *outbox);

/* When the next INPUT_TICK is due, on the clock of `now`; MS_NEVER = not by itself. A tick too early does no harm. */
ms_t worker_deadline(const struct worker *worker);

bool worker_has_ended(const struct worker *worker); /* nothing more will happen */

/* What the program's own threads may want to know, copied. */
struct worker_view {
    const char *hive, *name; /* borrowed as long as the worker lives; they never change */
    bool online;             /* the link is up and the birth was acknowledged */
    uint32_t connection;     /* number of the latest CONNECT; 0 = none yet */
    uint64_t seq;
    uint64_t ignored;      /* messages that were refused or not understood */
    uint64_t verification; /* number of the latest one that waits for the work loop; 0 = none waits */
    ms_t answer_by;        /* when the first of them is answered without it */
};

void worker_view_fill(const struct worker *worker, struct worker_view *ret);

/* Appends the health document and returns the HTTP status that goes with it. */
int worker_health(const struct worker_view *view, const struct facts *facts, ms_t now, struct buf *ret);

#endif
