#include "forget.h"

#include "hive_poll.h"
#include "hive_review.h"
#include "loss.h"
#include "neighbour_inquiry.h"
#include "rations.h"
#include "verify.h"
#include "verify_wait.h"

/* Of a worker, or of a hive. */
static void clear_leaf(struct queen *queen, const struct record *record, enum topic_kind of_worker,
                       enum topic_kind of_hive)
{
    struct topic topic = { .kind = record_is_hive(record) ? of_hive : of_worker,
                           .hive = text_of(record_hive(record)),
                           .worker = text_of(record_worker(record)) };
    change_publish(queen, &topic, TEXT(""), true);
}

static void add_tombstone(struct queen *queen, const struct record *record)
{
    if (tombstones_add(&queen->tombstones, text_of(record_hive(record)), text_of(record_worker(record)),
                       record->incarnation.session, queen->now, queen->epoch) != OK)
        outbox_notice(queen->out, "out of memory: stored copies may bring %s/%s back", record_hive(record),
                      record_worker(record));
}

/* Whatever is going on about it ends. */
static void stop(struct queen *queen, struct record *record)
{
    announce_withdraw(&queen->announcing, record);
    loss_drop(queen, record);
    if (record_is_hive(record)) {
        hive_review_forgotten(queen, record);
        hive_poll_stop(queen, record);
        hive_watch_remove(&queen->hives, record);
    } else {
        neighbour_inquiry_forget(queen, record);
        verify_drop(queen, record);
        verify_wait_over(queen, record, NULL);
    }
}

void forget_announce(struct queen *queen, struct record *record)
{
    if (!(record->seen & FORGET_SEEN_HEARTBEAT))
        clear_leaf(queen, record, TOPIC_WORKER_HEARTBEAT, TOPIC_HIVE_HEARTBEAT);
    if (!(record->seen & FORGET_SEEN_PRESENCE))
        clear_leaf(queen, record, TOPIC_WORKER_PRESENCE, TOPIC_HIVE_PRESENCE);
    if (!record_is_hive(record) && record->seen != FORGET_SEEN_ALL)
        clear_leaf(queen, record, TOPIC_WORKER_WITNESS, TOPIC_WORKER_WITNESS);
    change_announce_end(queen, record);
    registry_remove(&queen->registry, record);
}

static bool owe_end(struct queen *queen, struct record *record)
{
    return registry_end(&queen->registry, record) == OK && announce_end_later(&queen->announcing, record) == OK;
}

/* Of whom nothing was announced, what its own hive has cleared is not worth a place to wait in: or it could fill that
 * without end. The tombstone is. */
static void end(struct queen *queen, struct record *record, enum forget_seen seen, enum evidence_result result)
{
    bool was_announced = record->announced != STATE_NONE, now;
    change_end(queen, record, result);
    stop(queen, record);
    now = (was_announced || seen != FORGET_SEEN_ALL) && announce_end(&queen->announcing, record);
    record->seen = (uint8_t)seen;
    if (!now && !was_announced && seen != FORGET_SEEN_NONE)
        registry_remove(&queen->registry, record);
    else if (now || !owe_end(queen, record))
        forget_announce(queen, record);
}

void forget_record(struct queen *queen, struct record *record, enum forget_seen seen)
{
    add_tombstone(queen, record);
    end(queen, record, seen, RESULT_REMOVED);
}

void forget_restored(struct queen *queen, struct record *record)
{
    change_end(queen, record, RESULT_REMOVED);
    stop(queen, record);
    if (!owe_end(queen, record))
        registry_remove(&queen->registry, record);
}

void forget_evicted(struct queen *queen, struct record *record)
{
    if (record->ended) {
        announce_withdraw(&queen->announcing, record);
        forget_announce(queen, record);
    } else {
        end(queen, record, FORGET_SEEN_ALL, RESULT_EVICTED);
    }
}

void forget_returned(struct queen *queen, struct record *record)
{
    struct record *ended =
        registry_find_ended(&queen->registry, text_of(record_hive(record)), text_of(record_worker(record)));
    if (!ended)
        return;
    change_inherit(record, ended);
    announce_withdraw(&queen->announcing, ended);
    registry_remove(&queen->registry, ended);
}

static enum err add(struct queen *queen, struct text hive, struct text worker, struct record **ret)
{
    struct record *record, *victim;
    enum err err;
    for (int takes = 0; takes < 2 && registry_is_full(&queen->registry, worker.len == 0) &&
                        (victim = registry_victim(&queen->registry, hive, worker, queen->now));
         takes++)
        forget_evicted(queen, victim);
    if ((err = change_begin(queen, hive, worker, &record)) != OK)
        return err;
    forget_returned(queen, record);
    *ret = record;
    return OK;
}

enum err forget_open(struct queen *queen, struct text hive, struct text worker, bool live, struct record **ret)
{
    struct record *record = registry_find(&queen->registry, hive, worker);
    enum err err;
    if (!record && (err = add(queen, hive, worker, &record)) != OK)
        return err;
    if (live)
        tombstones_remove(&queen->tombstones, hive, worker);
    registry_touch(&queen->registry, record);
    *ret = record;
    return OK;
}

void forget_hive(struct queen *queen, struct text hive, struct record *record)
{
    registry_walk(&queen->registry, hive, WALK_FORGET);
    if (record)
        forget_record(queen, record, FORGET_SEEN_NONE);
}

void forget_go_on(struct queen *queen, unsigned *left)
{
    struct record *record;
    for (; *left > 0 && (record = registry_walk_take(&queen->registry, WALK_FORGET)); --*left)
        if (!record->expected)
            forget_record(queen, record, FORGET_SEEN_NONE);
}

void forget_cleared(struct queen *queen, struct text hive, struct text worker, enum forget_seen seen)
{
    struct record *record = registry_find(&queen->registry, hive, worker);
    if (!record || record->expected)
        return;
    if (record->state == STATE_ONLINE && record->incarnation.session != 0)
        return;
    forget_record(queen, record, seen);
}

bool forget_again(struct queen *queen, const struct topic *topic, uint64_t session, bool is_stored)
{
    struct share *share = tombstones_hold(&queen->tombstones, topic->hive, topic->worker, session, queen->epoch);
    if (!share)
        return false;
    if (is_stored ||
        bucket_take(&share->clears, (struct bucket_size){ RATION_CLEARS, RATION_CLEARS_PER_S }, queen->now))
        change_publish(queen, topic, TEXT(""), true);
    else
        queen_refuse(queen, &queen->unclear, topic->hive);
    return true;
}
