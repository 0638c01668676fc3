/* facts.h - what a program says about itself: the part of its heartbeat that the worker's core does not know. Pure, of
 * fixed size and without pointers, so that a copy is a plain assignment and a setter cannot run out of memory.
 *
 * Errors: ERR_UNKNOWN no such field, ERR_RANGE out of its range, ERR_TYPE, ERR_UTF8, ERR_FULL too many entries; on
 * failure nothing changed. The errbuf may be NULL. */
#ifndef SKEP_FACTS_H
#define SKEP_FACTS_H

#include "arena.h"
#include "msg.h"

#define FACT_STALL_MS 60000 /* while the program declares none */

struct fact_metric {
    char name[MSG_KEY_MAX + 1];
    double value;
};

struct fact_label {
    char name[MSG_KEY_MAX + 1];
    char value[MSG_LABEL_MAX + 1];
};

/* Members of the types of msg_fields.h; "" and NAN = absent. */
#define FACT_TEXT(name, max) char name[(max) + 1];
#define FACT_TOKEN FACT_TEXT
#define FACT_INT(name, max) double name;
#define FACT_NUMBER FACT_INT
#define FACT_GAUGES(name, max)    \
    struct fact_metric name[max]; \
    size_t name##_count;
#define FACT_LABELS(name, max)   \
    struct fact_label name[max]; \
    size_t name##_count;

struct facts {
#define X(type, name, low, high, required, doc) FACT_##type(name, high)
    HEARTBEAT_SETTABLE_FIELDS(X)
#undef X
    uint64_t progress;  /* steps counted so far */
    ms_t progressed_at; /* the latest of: a step, work taken up after none was in flight; MS_NEVER = no step yet */
    ms_t stepped_at;    /* the latest step; MS_NEVER = none yet */
    bool feed_lost;     /* whoever reports the work is */
    ms_t stalled_at;    /* since when the program knows that its work is stalled; MS_NEVER = it does not */
};

/* Everything absent, status `starting`. */
void facts_init(struct facts *facts);

/* One field by its heartbeat name; absent text and NAN remove it (a status cannot be removed). `now` is when the work
 * was taken up if this raises inflight from nothing: then nothing has stood still yet. */
enum err facts_set_text(struct facts *facts, const char *field, struct text value, struct errbuf *e);
enum err facts_set_number(struct facts *facts, const char *field, double value, ms_t now, struct errbuf *e);

/* One entry; NAN or absent text removes it, which is fine if there is none. */
enum err facts_set_metric(struct facts *facts, struct text name, double value, struct errbuf *e);
enum err facts_set_label(struct facts *facts, struct text name, struct text value, struct errbuf *e);

/* Several at once: a JSON object of the fields above and `progress`, `stalled` excepted, with `metrics` and `labels`
 * merged entry by entry. null: absent. All or nothing. Also the errors of json_scan. */
enum err facts_merge(struct facts *facts, struct text json, ms_t now, struct errbuf *e);

void facts_progress(struct facts *facts, ms_t now); /* one step of the work loop */

/* A count that somebody else keeps: each change, also downwards, is a step; the first value only begins to be watched.
 * NAN: nothing is known of the work. ERR_RANGE for a value that the field cannot have. */
enum err facts_set_progress(struct facts *facts, double count, ms_t now, struct errbuf *e);
void facts_set_stalled(struct facts *facts, bool stalled, ms_t now);

/* True when what a heartbeat tells at once is the same: status and model, and whether the feed is lost. */
bool facts_same_headline(const struct facts *a, const struct facts *b);

/* What is said of it in messages; INT_ABSENT = nothing. */
int64_t facts_progress_count(const struct facts *facts);
int64_t facts_progress_age(const struct facts *facts, ms_t now); /* ms */
int64_t facts_inflight(const struct facts *facts);

/* When work that stands still must be told, if nothing changes: the first moment at which progress_age_ms (with
 * something in flight) or stalled_ms reaches stall_ms and that is later than `reported`; MS_NEVER = not by itself. */
ms_t facts_stall_due(const struct facts *facts, ms_t reported);
bool facts_is_stalled(const struct facts *facts, ms_t now);

/* Fills the program's part of `ret`; texts are borrowed from `facts`, maps live in `arena`. ERR_NOMEM. */
enum err facts_to_heartbeat(const struct facts *facts, ms_t now, struct arena *arena, struct heartbeat *ret);

#endif
