/* swarm_stage.h - what the processes of a swarm share. Each fleet, flood and observer is a process of its own, so that
 * none delays another; all tell the oracle through one pipe what they did and saw, with the time of the monotonic
 * clock. */
#ifndef SWARM_STAGE_H
#define SWARM_STAGE_H

#include <stdatomic.h>

#include "swarm_script.h"

/* X(channel, its column) */
#define CHANNELS(X)                     \
    X(CHANNEL_SUBSCRIBER, "subscriber") \
    X(CHANNEL_VERDICT, "verdict")       \
    X(CHANNEL_EVENT, "event")           \
    X(CHANNEL_RING, "ring")             \
    X(CHANNEL_COMMAND, "command")

#define CHANNEL_NAME(channel, name) channel,
enum channel { CHANNELS(CHANNEL_NAME) CHANNEL_COUNT };
#undef CHANNEL_NAME

struct options {
    int broker, http; /* ports on 127.0.0.1 */
    const char *root, *queen, *logins, *observer, *command_file;
    int64_t confirm_us; /* the queen's --confirm-wait, by which a death by will may come later */
    int64_t limit_us;   /* a channel may be that much later than twice the subscriber; 0: it is not judged */
    int64_t until_us;   /* how long floods may go on, and the oracle waits, until everything is told */
};

enum report_kind {
    REPORT_READY, /* an actor has connected; for a fleet its workers were born */
    REPORT_DID,
    REPORT_TOLD,
    REPORT_STORED, /* a retained verdict, read at the end */
    REPORT_SENT    /* a flood is over: `value` of `wanted` messages; `action` is its own */
};

/* Shorter than PIPE_BUF, so that nothing comes between its bytes. */
struct report {
    enum report_kind kind;
    enum channel channel;
    enum verb verb;
    unsigned action, worker; /* the fleet's action, and the worker's place in it */
    int64_t at_us, due_us;   /* due: when the queen may know at the earliest */
    int64_t event_id, revision, value, wanted;
    char state[16], cause[24];
};

struct stage {
    struct options options;
    struct script script;
    int reports[2];
    struct {
        _Atomic int64_t start_us; /* time 0 of the script; 0: not yet */
        atomic_bool over;         /* everything is told: floods end */
    } * shared;
};

int64_t now_us(void);
void sleep_us(int64_t us);

void stage_report(const struct stage *stage, const struct report *report);

/* Tells that the caller is ready, and waits for time 0. */
void stage_await_start(const struct stage *stage);

/* Microseconds since time 0. */
int64_t stage_time(const struct stage *stage);

/* Runs `play` in a process of its own that ends with its parent. Returns its pid. */
int stage_fork(const struct stage *stage, void (*play)(const struct stage *stage, unsigned number), unsigned number);

#endif
