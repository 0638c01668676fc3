/* probe.h - what is known of one engine, look by look. Pure: answers and times go in, a line of JSON comes out.
 *
 *     probe_begin(&probe);
 *     while ((step = probe_next(&probe)))
 *         probe_take(&probe, &(struct probe_answer){ ... }, now);
 *     probe_write(&probe, &line); */
#ifndef SKEP_PROBE_H
#define SKEP_PROBE_H

#include "engine.h"
#include "msg_fields.h"

#define PROBE_SELDOM 12 /* looks from one to the next of what hardly changes */

enum probe_outcome {
    OUTCOME_ANSWERED,
    OUTCOME_TIMEOUT,     /* it was connected, and did not answer in time: it is busy */
    OUTCOME_UNREACHABLE, /* nobody listens, or who listens hangs up: a proxy before what is not there yet */
    OUTCOME_UNUSABLE     /* something else than an answer, or too much of it */
};

struct probe_answer {
    enum probe_outcome outcome;
    int status; /* HTTP; 0 where there is none: a connection was all that was wanted */
    struct text body;
    const char *fault; /* what the client has to say of it; NULL = nothing */
};

struct probe_metric {
    const char *name; /* borrowed */
    double value;     /* NAN = absent */
};

/* Lies where it is until it is cleared. */
struct probe {
    const struct engine *engine; /* borrowed */
    int wanted_status;           /* of the ready check; 0 = any success */
    ms_t stall_limit;            /* goes with each line; 0 = none */
    struct arena arena;          /* of one answer */
    struct errbuf note;          /* what keeps it from knowing more; "" = nothing */

    size_t step;
    bool is_over, was_ready, was_fetched[ENGINE_STEPS_MAX];
    unsigned looks;
    const char *status; /* that an outcome or an answer has decided; NULL = by what it works on */
    char reported_status[TEXT_ID_MAX + 1], model[256 + 1], version[64 + 1];
    double numbers[RULE_NUMBER_COUNT]; /* NAN = absent */
    bool has[TO_METRIC];               /* of the fields: the engine has a rule for it */
    struct probe_metric metrics[MSG_GAUGES_MAX];
    size_t metric_count;
    double asleep;         /* NAN = unknown */
    double seconds, count; /* of all inferences; NAN = unknown */
    ms_t unanswered_since; /* MS_NEVER = it answers */
    ms_t unanswered_for;
    double before[ENGINE_STEPS_MAX][RULES_MAX]; /* of rates */
    ms_t before_at[ENGINE_STEPS_MAX];
};

void probe_init(struct probe *probe, const struct engine *engine, int wanted_status, ms_t stall_limit);
void probe_clear(struct probe *probe);

void probe_begin(struct probe *probe);                           /* another look */
const struct engine_step *probe_next(const struct probe *probe); /* what to ask now; NULL: it is over */
void probe_take(struct probe *probe, const struct probe_answer *answer, ms_t now); /* to probe_next */

/* One JSON object without a line's end, of every field that the engine has: null is absent. The fields are those that
 * `skep-worker --stdin` takes. */
void probe_write(const struct probe *probe, struct buf *ret);

bool probe_is_ready(
    const struct probe *probe); /* idle, busy or what the engine itself says; not starting, loading, error */

#endif
