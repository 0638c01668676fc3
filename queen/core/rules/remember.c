#include "remember.h"

#include <stdlib.h>

#include "completeness.h"
#include "forget.h"
#include "restore.h"
#include "unacked.h"

/* Stamps of loop time are monotonic ones in the core, for which it goes on as fast. */
static ms_t to_loop(const struct queen *queen, ms_t mono)
{
    return queen->watch.loop_time - (queen->now - mono);
}

static ms_t from_loop(const struct queen *queen, ms_t loop)
{
    return queen->now - (queen->watch.loop_time - loop);
}

static ms_t grace_from(const struct queen *queen)
{
    if (queen_sees(queen))
        return queen->snapshot.read_at;
    return queen->announcing.held && queen->remembering.granted > 0 ? queen->watch.time - queen->remembering.granted
                                                                    : MS_NEVER;
}

static struct store_row life_row(const struct queen *queen)
{
    return (struct store_row){ .kind = STORE_LIFE,
                               .life = { .life = queen->remembering.life,
                                         .epoch = queen->epoch,
                                         .watch = queen->watch.last_packet_at,
                                         .loop = queen->watch.loop_time,
                                         .wall = queen->wall,
                                         .grace_from = grace_from(queen),
                                         .last_event = queen->next_event - 1,
                                         .acked = queen->remembering.acked } };
}

/* It is received all the time, as far as is known. */
static bool is_beating(const struct queen *queen, const struct record *record)
{
    return (record->state == STATE_ONLINE || record->state == STATE_ZOMBIE) &&
           roll_entry_of(&queen->registry.roll, record)->received;
}

static struct record_row record_row(const struct queen *queen, const struct record *record)
{
    const struct incarnation *incarnation = &record->incarnation;
    struct record_row row = {
        .state = record->state,
        .announced = record->announced,
        .previous = record->previous,
        .cause = record->cause,
        .announced_cause = record->announced_cause,
        .is_of_store = true,
        .since_wall = record->since_wall,
        .since_loop = to_loop(queen, record->since_mono),
        .event_id = record->event_id,
        .incident = record->incident,
        .session = incarnation->session,
        .revision = record->revision,
        .connection = incarnation->connection,
        .unannounced = record->unannounced,
        .interval_ms = record->interval_ms,
        .lease_ms = record->lease_ms,
        .evidence = record->evidence,
        .life = is_beating(queen, record) ? queen->remembering.life : 0,
        .epoch = record->received_epoch,
        .received_at = record->received_at,
        .received_wall =
            record->received_mono == MS_NEVER ? TIME_ABSENT : queen->wall - (queen->now - record->received_mono),
        .not_before = record->not_before,
        .seq = incarnation->has_seq ? (int64_t)incarnation->seq : INT_ABSENT,
        .progress = record->work.progress,
        .connect_ms = record->connect_ms,
        .retain_s = completeness_kept_s(record),
        .known = incarnation->known,
        .over_http = record->over_http,
        .rpc = record->rpc,
        .closed = record->closed,
        .will_closed = record->will_closed,
        .established = record->established,
        .silent = record->silent,
        .was_zombie = record->was_zombie,
    };
    if (incarnation->retired)
        memcpy(row.retired, incarnation->retired, sizeof row.retired);
    return row;
}

static bool next_removal(struct queen *queen, struct store_row *ret)
{
    struct remembering *remembering = &queen->remembering;
    free(remembering->given);
    if (!(remembering->given = removals_take(&queen->registry.removals)))
        return false;
    *ret = (struct store_row){ .kind = remembering->given->kind,
                               .removed = true,
                               .hive = remembering->given->hive,
                               .worker = remembering->given->worker };
    return true;
}

static bool next_tombstone(struct queen *queen, struct store_row *ret)
{
    if (!tombstones_next_unsaved(&queen->tombstones, ret))
        return false;
    ret->tombstone.added_at = to_loop(queen, ret->tombstone.added_at);
    return true;
}

static bool next_record(struct queen *queen, struct store_row *ret)
{
    struct roll *roll = &queen->registry.roll;
    const struct record *record = roll_next_marked(roll, queen->remembering.number);
    if (!record && !(record = roll_next_marked(roll, 0))) /* some have changed since they were given */
        return false;
    queen->remembering.number = roll_entry_of(roll, record)->number;
    roll_unmark(roll, record);
    *ret = (struct store_row){ .kind = STORE_RECORD,
                               .hive = { record_hive(record), record->hive_len },
                               .worker = { record_worker(record), record->worker_len },
                               .record = record_row(queen, record) };
    return true;
}

bool remember_next(struct queen *queen, struct store_row *ret)
{
    struct remembering *remembering = &queen->remembering;
    queen->registry.removals.wanted = true;
    if (!remembering->begun) {
        remembering->begun = true;
        remembering->number = 0;
        *ret = life_row(queen);
        return true;
    }
    return next_removal(queen, ret) || next_tombstone(queen, ret) || incident_next_row(&queen->incidents, ret) ||
           next_record(queen, ret) || (remembering->begun = false);
}

void remember_lost(struct queen *queen)
{
    roll_mark_all(&queen->registry.roll);
    tombstones_set_saved(&queen->tombstones, false);
    incident_book_lost(&queen->incidents.book);
}

void remember_clear(struct queen *queen)
{
    free(queen->remembering.given);
}

#define TIME_LIMIT (1LL << 52) /* no sum of a few overflows */

static bool is_time(ms_t time)
{
    return time > -TIME_LIMIT && time < TIME_LIMIT;
}

static bool is_duration(int64_t ms)
{
    return ms >= INT_ABSENT && ms <= INT32_MAX;
}

/* Of who is expected nothing is known yet but that: its lease begins with this process, and not with the clocks. */
static void take_expected_along(struct queen *queen, ms_t passed)
{
    const struct roll *roll = &queen->registry.roll;
    for (size_t place = 0; place < roll->count; place++) {
        struct record *record = roll->entries[place].record;
        if (!record || record->cause != CAUSE_NEVER_SEEN)
            continue;
        record->received_at += passed;
        record->not_before += passed;
        registry_touch(&queen->registry, record);
    }
}

/* The last one of several is the one before this process. */
static enum err restore_life(struct queen *queen, const struct life_row *row)
{
    struct remembering *remembering = &queen->remembering;
    bool has_grace = row->grace_from != MS_NEVER;
    if (row->acked > EVENT_ID_MAX || row->commanded > EVENT_ID_MAX || row->life < remembering->life ||
        row->life == UINT32_MAX || !is_time(row->watch) || !is_time(row->loop) || !is_time(row->wall) ||
        (has_grace && !is_time(row->grace_from)))
        return ERR_RANGE;
    remembering->lives[row->life % STORE_LIVES] = *row;
    remembering->life = row->life + 1;
    remembering->granted = has_grace ? ms_max(row->watch - row->grace_from, 0) : 0;
    remembering->acked = remembering->republished = row->acked;
    queen->epoch = row->epoch;
    take_expected_along(queen, row->watch - queen->watch.time);
    watch_restore(&queen->watch, row->watch, row->loop);
    restore_event_id(queen, row->last_event);
    return OK;
}

static enum err restore_tombstone(struct queen *queen, const struct store_row *row)
{
    enum err err;
    if (!is_time(row->tombstone.added_at))
        return ERR_RANGE;
    err = tombstones_add(&queen->tombstones, row->hive, row->worker, row->tombstone.session,
                         from_loop(queen, row->tombstone.added_at), row->tombstone.epoch);
    tombstones_set_saved(&queen->tombstones, true);
    return err;
}

static bool may_be(enum state state, bool is_hive)
{
    return state == STATE_NONE || (is_hive ? state_name_of_hive(state) != NULL : state < STATE_COUNT);
}

static bool is_possible(const struct record_row *row, bool is_hive)
{
    return row->state != STATE_NONE && may_be(row->state, is_hive) && may_be(row->announced, is_hive) &&
           may_be(row->previous, is_hive) && !(is_hive && row->was_zombie) && row->cause < CAUSE_COUNT &&
           row->announced_cause < CAUSE_COUNT && is_time(row->since_loop) && is_time(row->since_wall) &&
           is_time(row->received_at) && (row->received_wall == TIME_ABSENT || is_time(row->received_wall)) &&
           is_time(row->not_before) && is_duration(row->interval_ms) && is_duration(row->lease_ms) &&
           row->connect_ms >= 0 && row->connect_ms <= RECORD_CONNECT_MAX && is_time(row->evidence.seen_at);
}

static enum err restore_record(struct queen *queen, const struct store_row *row)
{
    struct record *record = registry_find(&queen->registry, row->hive, row->worker);
    enum err err = OK;
    if (!is_possible(&row->record, row->worker.len == 0))
        return ERR_RANGE;
    if (!record && (err = change_begin(queen, row->hive, row->worker, &record)) != OK)
        return err;
    restore_row(queen, record, &row->record);
    roll_unmark(&queen->registry.roll, record);
    if (tombstones_hold(&queen->tombstones, row->hive, row->worker, row->record.session, queen->epoch))
        forget_restored(queen, record);
    return OK;
}

enum err remember_restore(struct queen *queen, const struct store_row *row)
{
    bool has_key = text_is_id(row->hive) && (row->worker.len == 0 || text_is_id(row->worker));
    queen->registry.removals.wanted = true;
    if (row->kind == STORE_LIFE)
        return restore_life(queen, &row->life);
    if (row->kind == STORE_EVENT)
        return unacked_restore(queen, row);
    if (row->kind == STORE_INCIDENT)
        return incident_restore(&queen->incidents, row);
    if (!has_key)
        return ERR_ID;
    return row->kind == STORE_TOMBSTONE ? restore_tombstone(queen, row) : restore_record(queen, row);
}
