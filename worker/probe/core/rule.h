/* rule.h - where in an answer a field of the heartbeat is found, as a table. Pure. */
#ifndef SKEP_PROBE_RULE_H
#define SKEP_PROBE_RULE_H

#include "arena.h"

#define RULES_MAX 32

/* X(symbol, field): numbers of the heartbeat. */
#define RULE_NUMBERS(X)                          \
    X(TO_QUEUE_DEPTH, "queue_depth")             \
    X(TO_INFLIGHT, "inflight")                   \
    X(TO_PROGRESS, "progress")                   \
    X(TO_LAST_INFERENCE_MS, "last_inference_ms") \
    X(TO_OLDEST_REQUEST_MS, "oldest_request_ms") \
    X(TO_GPU_UTILIZATION, "gpu_utilization")

#define RULE_TEXTS(X)           \
    X(TO_STATUS, "status")      \
    X(TO_MODEL, "model_loaded") \
    X(TO_VERSION, "version")

#define X(symbol, field) symbol,
enum rule_target {
    RULE_NUMBERS(X) RULE_NUMBER_COUNT,
    RULE_BEFORE_TEXTS = RULE_NUMBER_COUNT - 1,
    RULE_TEXTS(X) TO_METRIC, /* an entry of `metrics` */
    TO_ASLEEP,
    TO_AWAKE, /* not 0: it is */
    TO_SECONDS,
    TO_COUNT /* of a histogram of latencies: what was added is the last inference's */
};
#undef X
#define RULE_TEXT_COUNT (TO_METRIC - RULE_NUMBER_COUNT)

struct rule {
    const char *source; /* a selector (prometheus.h) or a JSON pointer, by the step's format */
    enum rule_target target;
    const char *metric;  /* of TO_METRIC: its name */
    double factor;       /* 0 = 1 */
    bool takes_greatest; /* of several label sets, in place of their sum */
    bool is_rate;        /* its growth in a second */
    bool is_extra;       /* counts only beside another rule for the same target */
};

/* What one rule has found. */
struct found {
    double number;    /* NAN = none */
    struct text text; /* absent = none; borrowed from the answer or the arena */
};

/* Label sets are summed. */
void rules_read_prometheus(const struct rule *rules, size_t count, struct text body, struct found *ret);

/* true and false are 1 and 0; of an array or object its entries are counted. Values live in the arena. The errors of
 * json_scan_foreign; then nothing is found. */
enum err rules_read_json(const struct rule *rules, size_t count, struct text body, struct arena *arena,
                         struct found *ret, struct errbuf *e);

/* A rule from a person's FIELD=SOURCE, where FIELD is a field of the heartbeat or metrics.NAME. The texts live in the
 * arena. ERR_SYNTAX, ERR_UNKNOWN, ERR_NOMEM, with a sentence. */
enum err rule_parse(struct text word, bool is_json, struct arena *arena, struct rule *ret, struct errbuf *e);

#endif
