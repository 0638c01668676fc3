/* registry.h - every worker that the queen has heard of, by (hive, worker), by name and by hive; and every hive, whose
 * key is (hive, ""): absent text.
 *
 * Owns the records. Limits: how many workers and how many hives, and how many bytes of documents. Whose hive has most
 * makes room for others (tenants.h). */
#ifndef SKEP_REGISTRY_H
#define SKEP_REGISTRY_H

#include "intern.h"
#include "name_index.h"
#include "removals.h"
#include "roll.h"
#include "tenants.h"

/* What is full, so that something was given up or refused. */
enum pressure_kind { PRESSURE_WORKERS, PRESSURE_HIVES, PRESSURE_DOCUMENTS, PRESSURE_MESSAGES, PRESSURE_COUNT };
struct pressure {
    uint64_t evicted, refused;
    bool is_new;          /* it was since step.c looked */
    ms_t until;           /* monotonic: health warns so long; 0 = never yet */
    char hive[NAME_SIZE]; /* that had most then; "" = the hives themselves */
};

struct registry {
    struct shares shares;           /* of each hive, of what is bounded */
    struct walk *walks[WALK_COUNT]; /* queues; utlist */
    struct pressure pressure[PRESSURE_COUNT];
    struct name_index by[NAME_PARTS];      /* workers by each part, hives by the pair */
    struct name_index ended;               /* by the pair: records that registry_end took out */
    struct removals removals;              /* of records, and of tombstones */
    struct roll roll;                      /* workers and hives, in the order of first sight */
    struct intern words;                   /* of the loads */
    struct heap due[2];                    /* checks by `on_watch`: in loop time, in watch time */
    struct record *touched, **touched_end; /* singly linked, oldest first */
    size_t count, hive_count, max_count;   /* of workers; of hives; of each at most */
    size_t ended_count, ended_hive_count;  /* of those that registry_end took out */
    size_t document_bytes, max_document_bytes;
    size_t counts[STATE_COUNT], hive_counts[STATE_COUNT]; /* workers, and hives, per state */
};

void registry_init(struct registry *registry, size_t max_count, size_t max_document_bytes);
void registry_clear(struct registry *registry);

/* NULL when unknown. Borrowed until it is removed. */
struct record *registry_find(const struct registry *registry, struct text hive, struct text worker);

/* One of the workers of that name; NULL when unknown. The others: name_index_next by NAME_OF_WORKER. */
struct record *registry_find_name(const struct registry *registry, struct text worker);

/* What a request names: (hive, worker), or without a hive the only worker of that name. ERR_MISSING: unknown (*ret is
 * NULL); ERR_CONFLICT: several hives have one, *ret is the first. */
enum err registry_find_one(const struct registry *registry, struct text hive, struct text worker, struct record **ret);

/* The hive of a worker; NULL: it never announced itself. */
struct record *registry_hive_of(const struct registry *registry, const struct record *worker);

/* A new record in STATE_NONE that nobody was heard of. ERR_FULL, ERR_NOMEM. The names must be valid;
 * that of the worker absent for a hive. */
enum err registry_add(struct registry *registry, struct text hive, struct text worker, struct record **ret);
void registry_remove(struct registry *registry, struct record *record);

/* It is known to nobody any more and counts as nothing but an end of its hive's, and keeps its names, its incarnation
 * and its verdict until it is removed: for its end to be announced. ERR_NOMEM. */
enum err registry_end(struct registry *registry, struct record *record);
struct record *registry_find_ended(const struct registry *registry, struct text hive, struct text worker);

/* There is no room for another one: as many live as may, or with them too many have ended. */
bool registry_is_full(const struct registry *registry, bool of_hives);

/* Who makes room where there is none, twice at most: one that has ended, or one that is to be evicted. NULL: nobody, it
 * is refused. Counted as pressure. */
struct record *registry_victim(struct registry *registry, struct text hive, struct text worker, ms_t now);

/* Something was evicted, or refused, and this hive has most of it (absent: nobody). */
void registry_note_pressure(struct registry *registry, enum pressure_kind kind, struct text hive, bool evicted);

/* It is expected from now on; is established as if it had been heard for long; and was heard live. */
void registry_expect(struct registry *registry, struct record *record);
void registry_establish(struct registry *registry, struct record *record);
void registry_received(struct registry *registry, struct record *record, ms_t now);

/* Goes through the workers of a hive in slices, from the beginning, whoever comes and goes in between: who comes later
 * is left out. The next worker, of each hive in turn; NULL: all are through. */
void registry_walk(struct registry *registry, struct text hive, enum walk_kind kind);
struct record *registry_walk_take(struct registry *registry, enum walk_kind kind);

/* Puts `by` (taken; NULL: none) in the place of a document of the record, which is freed, and counts it; drops all that
 * it has. Who stores one: document_store.h. */
void registry_set_document(struct registry *registry, struct record *record, struct document **document,
                           struct document *by);
void registry_drop_documents(struct registry *registry, struct record *record);

/* What its heartbeat says of the load, in the roll; words are copied, and count whose they are (struct word_use). */
void registry_set_load(struct registry *registry, struct record *record, const struct load *load);

/* Assigns the state and keeps the counts: called by the one setter (change.h) only. */
void registry_set_state(struct registry *registry, struct record *record, enum state state);

/* Something that decides when the record is checked next has changed. It is handed out once, in order: NULL when there
 * is none left. */
void registry_touch(struct registry *registry, struct record *record);
struct record *registry_take_touched(struct registry *registry);

/* When to check the record next, in watch time or loop time. MS_NEVER: not at all. A check that is already due
 * earlier stays, and finds nothing to do: so a heartbeat costs no move in the heap. */
void registry_schedule(struct registry *registry, struct record *record, bool on_watch, ms_t at);

/* The record whose check is due by then (it is unscheduled), or NULL. */
struct record *registry_take_due(struct registry *registry, bool on_watch, ms_t now);
ms_t registry_next_due(const struct registry *registry, bool on_watch);

#endif
