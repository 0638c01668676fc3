/* engine.h - which requests show how an inference engine does, and what its answers mean: one table each. */
#ifndef SKEP_PROBE_ENGINE_H
#define SKEP_PROBE_ENGINE_H

#include "buf.h"
#include "rule.h"

#define ENGINE_STEPS_MAX 4

enum answer_format { FORMAT_NONE, FORMAT_PROMETHEUS, FORMAT_JSON };

/* One request. */
struct engine_step {
    const char *path; /* behind the engine's URL */
    const char *body; /* of a POST; NULL = a GET */
    enum answer_format format;
    bool is_ready_check; /* whether the engine is there is judged by this one */
    bool is_seldom;      /* what it tells hardly changes */
    bool takes_model;    /* with ?model= of a router, and autoload=false: to look must load nothing */
    bool is_at_metrics;  /* at the port of metrics, where the engine has one of its own */
    const char *missing; /* what to do where there is no such path; NULL = nothing */
    const struct rule *rules;
    size_t rule_count;
};

struct engine {
    const char *name;
    const char *refused;                        /* status while nobody listens */
    const char *unavailable;                    /* ... while the ready check is 503 */
    unsigned metrics_port;                      /* 0 = that of the URL */
    struct engine_step steps[ENGINE_STEPS_MAX]; /* up to one without a path */
};

/* NULL: there is none of that name. */
const struct engine *engine_find(const char *name);

/* The names with commas between. */
void engine_names(struct buf *ret);

#endif
