/* simulate.h - a made-up load for demonstrations: an inference worker that loads a model, idles and has rushes. Pure
 * and deterministic: the same id, the same story. */
#ifndef SKEP_SIMULATE_H
#define SKEP_SIMULATE_H

#include "json_write.h"
#include "rng.h"

/* X(symbol, status, shortest, longest ms) */
#define SIMULATE_PHASES(X)            \
    X(LOADING, "loading", 1000, 4000) \
    X(IDLE, "idle", 4000, 20000)      \
    X(BUSY, "busy", 8000, 40000)
#define X(symbol, status, shortest, longest) SIMULATE_##symbol,
enum simulate_phase { SIMULATE_PHASES(X) SIMULATE_PHASE_COUNT };
#undef X

struct simulate {
    struct rng rng;
    enum simulate_phase phase;
    ms_t left;               /* of the phase */
    const char *model;       /* static */
    int64_t base_latency_ms; /* of this worker's model */
    int64_t queue_depth, inflight;
    double gpu_utilization, last_inference_ms;
    bool advanced; /* this step finished some work */
};

void simulate_init(struct simulate *simulate, const char *id);

/* Moves on by `elapsed` ms. */
void simulate_step(struct simulate *simulate, ms_t elapsed);

/* The fields of a heartbeat as one JSON object, with labels.simulated. */
void simulate_write(const struct simulate *simulate, struct json_write *w);

#endif
