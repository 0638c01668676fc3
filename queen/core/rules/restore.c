#include "restore.h"

#include <stdlib.h>

#include "change.h"

#define EVENT_ID_STEP 1000000 /* more than were announced behind the last one whose verdict is stored */
#define WRITE_SCANNED 2000    /* records in one step: about 0.2 ms */
#define WRITE_EVERY_MS 10
#define SINCE_MAX_MS (12LL * 3600 * 1000) /* by a wall clock, which may be wrong: half of the shortest retention */

static struct evidence evidence_of(const struct queen *queen, const struct verdict_evidence *from)
{
    struct evidence evidence = {
        .path = (uint8_t)evidence_path_of_name(from->path),
        .result = (uint8_t)evidence_result_of_name(from->result),
        .took = from->took_ms == INT_ABSENT ? 0 : (uint32_t)from->took_ms,
        .seen_at = from->seen_at < 0 ? queen->wall : from->seen_at,
        .last_seen_ago = (uint32_t)ms_min(from->last_seen_ms_ago, EVIDENCE_AGO_MAX), /* absent: never */
    };
    evidence_set_exit(&evidence, &from->exit);
    return evidence;
}

static uint64_t event_of(const char *incident)
{
    const char *event = incident ? strrchr(incident, ':') : NULL;
    int64_t id = 0;
    return event && text_to_int(text_of(event + 1), &id) == OK && id > 0 ? (uint64_t)id : 0;
}

enum err restore_read(const struct queen *queen, const struct verdict *verdict, bool is_hive, struct record_row *ret,
                      struct errbuf *e)
{
    enum state (*state_of)(const char *) = is_hive ? state_of_hive_name : state_of_name;
    enum state state = state_of(verdict->state);
    enum cause cause = cause_of_name(verdict->cause) % CAUSE_COUNT;
    if (state == STATE_NONE)
        return err_set(e, ERR_UNKNOWN, "state: %s", verdict->state);
    *ret = (struct record_row){
        .state = state,
        .announced = state,
        .previous = state_of(verdict->previous),
        .cause = cause,
        .announced_cause = cause,
        .established = true,
        .since_wall = verdict->since < 0 ? queen->wall : verdict->since,
        .event_id = (uint64_t)verdict->event_id,
        .incident = is_hive ? (uint64_t)verdict->event_id : event_of(verdict->incident),
        .session = verdict->session,
        .connection = verdict->connection == INT_ABSENT ? 0 : (uint32_t)verdict->connection,
        .revision = verdict->revision == INT_ABSENT ? 1 : (uint32_t)verdict->revision,
        .interval_ms = verdict->interval_ms,
        .lease_ms = verdict->lease_ms,
        .evidence = evidence_of(queen, &verdict->evidence),
    };
    return OK;
}

/* Within a run they are consecutive. */
void restore_event_id(struct queen *queen, uint64_t event_id)
{
    if (queen->announcing.held && event_id <= EVENT_ID_MAX && queen->next_event < event_id + EVENT_ID_STEP)
        queen->next_event = event_id + EVENT_ID_STEP;
}

static void take_announced(struct queen *queen, struct record *record, const struct record_row *row)
{
    record->announced = (uint8_t)row->announced;
    roll_mark(&queen->registry.roll, record);
    record->announced_cause = (uint8_t)row->announced_cause;
    record->previous = (uint8_t)row->previous;
    record->event_id = row->event_id;
    record->revision = row->revision;
    record->incident = row->incident;
    if (row->established)
        registry_establish(&queen->registry, record);
}

/* The store has the incidents of what it has. */
static void take_incident(struct queen *queen, const struct record *record, const struct record_row *row)
{
    if (!row->is_of_store)
        queen->out->failed |= incident_restored(&queen->incidents, record, row) != OK;
}

/* What was announced after the store was given the last row. */
static bool is_newer(const struct queen *queen, const struct record *record, const struct record_row *row)
{
    return queen->announcing.held && row->event_id <= EVENT_ID_MAX &&
           (row->event_id > record->event_id ||
            (row->event_id == record->event_id && row->revision > record->revision));
}

static bool is_unknown(const struct record *record)
{
    return record->state == STATE_NONE || record->cause == CAUSE_NEVER_SEEN;
}

static bool is_as_restored(const struct queen *queen, const struct record *record)
{
    return queen->announcing.held && !roll_entry_of(&queen->registry.roll, record)->received && !record->loss;
}

static void take_incarnation(struct record *record, const struct record_row *row)
{
    if (row->is_of_store) {
        free(record->incarnation.retired);
        record->incarnation = (struct incarnation){ .session = row->session,
                                                    .connection = row->connection,
                                                    .known = row->known,
                                                    .has_seq = row->seq != INT_ABSENT,
                                                    .seq = (uint64_t)row->seq };
        if (row->retired[0] != 0 && (record->incarnation.retired = malloc(sizeof row->retired)))
            memcpy(record->incarnation.retired, row->retired, sizeof row->retired);
        record->closed = row->closed;
        record->will_closed = row->will_closed;
    } else if (row->session != 0 || (row->cause != CAUSE_NEVER_SEEN && row->cause != CAUSE_START_FAILED)) {
        /* Nothing is closed, whatever the store has of an earlier process: the goodbye itself is stored, and a verdict
         * that was written again may name a later one. */
        record->closed = record->will_closed = false;
        incarnation_adopt(&record->incarnation, (struct incarnation_claim){ row->session, row->connection, -1 });
    }
}

static bool was_alive(enum state state)
{
    return state == STATE_ONLINE || state == STATE_SUSPECT || state == STATE_ZOMBIE;
}

static ms_t wall_ago(const struct queen *queen, ms_t wall)
{
    return ms_max(queen->wall - wall, 0);
}

/* How far the process had come in which it was received to the end; of one too long ago the last one: that is too
 * young. */
static struct life_row end_of_life(const struct queen *queen, uint32_t life)
{
    const struct life_row *end = &queen->remembering.lives[life % STORE_LIVES];
    return end->life == life ? *end : (struct life_row){ .watch = queen->watch.time, .loop = queen->watch.loop_time };
}

/* Over HTTP links do not count, but a restart does: it may have been what the sender could not reach. */
static ms_t not_before(const struct queen *queen, const struct record *record, const struct record_row *row)
{
    ms_t grace = queen_grace(queen, record);
    if (row->over_http)
        return record->received_at + grace +
               lease_of(row->interval_ms, row->lease_ms, queen->options.stale_after).stale_after;
    return row->epoch == 0 ? row->not_before : queen->watch.time - queen->remembering.granted + grace;
}

/* Its lease goes on where it was. */
static void take_clocks(struct queen *queen, struct record *record, const struct record_row *row)
{
    struct life_row end = end_of_life(queen, row->life);
    ms_t at = row->life == 0 ? row->received_at : row->over_http ? end.loop : end.watch;
    ms_t wall = row->life == 0 || end.life == 0 ? row->received_wall : end.wall;
    record->over_http = row->over_http;
    record->received_at = ms_min(at, queen_time_for(queen, record));
    record->received_epoch = row->over_http ? 0 : row->epoch;
    record->received_mono = wall == TIME_ABSENT ? MS_NEVER : queen->now - wall_ago(queen, wall);
    record->not_before = not_before(queen, record, row);
    record->connect_ms = (uint16_t)row->connect_ms;
    record->rpc = row->rpc;
    registry_touch(&queen->registry, record);
}

static void take_ages(struct queen *queen, struct record *record, const struct record_row *row)
{
    if (row->evidence.last_seen_ago != EVIDENCE_NEVER)
        record->received_mono =
            queen->now - ms_max(queen->wall - row->evidence.seen_at + row->evidence.last_seen_ago, 0);
    change_lease_from(queen, record, 0);
}

static void take_standing(struct queen *queen, struct record *record, const struct record_row *row)
{
    bool alive = was_alive(row->state), was_zombie = row->state == STATE_ZOMBIE || row->was_zombie;
    ms_t ago = row->is_of_store ? queen->watch.loop_time - row->since_loop
                                : ms_min(wall_ago(queen, row->since_wall), SINCE_MAX_MS);
    record->interval_ms = (int32_t)row->interval_ms;
    record->lease_ms = (int32_t)ms_min(row->lease_ms, LEASE_ENDLESS);
    record->unannounced = row->unannounced;
    change_restore(queen, record,
                   &(struct standing){ .state = alive ? STATE_UNVERIFIED : row->state,
                                       .cause = alive ? CAUSE_RESTORED : row->cause,
                                       .since_wall = row->since_wall,
                                       .since_mono = queen->now - ago,
                                       .evidence = row->evidence,
                                       .silent = alive || row->silent });
    record->was_zombie = record->work_stuck = record->work_reason = was_zombie;
    if (row->is_of_store) {
        record->work.progress = row->progress;
        record->retain_s = row->retain_s;
        take_clocks(queen, record, row);
    } else {
        take_ages(queen, record, row);
    }
}

/* It was heard before what was announced was known, and is as it was announced: that was not to be told. */
static void settle(struct queen *queen, struct record *record)
{
    if (record->announced != record->state)
        return;
    announce_withdraw(&queen->announcing, record);
    record->cause = record->announced_cause;
    record->unannounced = 0;
}

/* A verdict follows its event, and events keep their order (send_queue.h): the broker had that one, and those before
 * it.
 */
static void note_told(struct queen *queen, uint64_t event_id)
{
    struct remembering *remembering = &queen->remembering;
    uint64_t acked = event_id < queen->events.last ? event_id : queen->events.last;
    if (queen->announcing.held && acked > remembering->republished)
        remembering->acked = remembering->republished = acked;
}

void restore_row(struct queen *queen, struct record *record, const struct record_row *row)
{
    if (!row->is_of_store)
        note_told(queen, row->event_id);
    restore_event_id(queen, row->event_id);
    if (record->announced == STATE_NONE || is_newer(queen, record, row)) {
        bool takes = is_unknown(record) || is_as_restored(queen, record);
        take_announced(queen, record, row);
        if (takes) {
            take_incarnation(record, row);
            take_standing(queen, record, row);
        }
        take_incident(queen, record, row);
        settle(queen, record);
    }
    record->written = record->event_id == row->event_id && record->revision == row->revision &&
                              record->announced == row->announced &&
                              row->has_flags == record_has_flags(record, queen->now)
                          ? queen_link_number(queen)
                          : 0;
}

/* It may have gone. */
static bool is_to_be_written(const struct queen *queen, const struct record *record)
{
    return record && record->announced != STATE_NONE && record->written != queen_link_number(queen);
}

/* A verdict may overtake events that are not its own. */
static void write_some(struct queen *queen)
{
    const struct roll *roll = &queen->registry.roll;
    queen->write_at = queen->now + WRITE_EVERY_MS;
    if (queen_has_unacked(queen))
        return;
    for (unsigned scanned = 0; scanned < WRITE_SCANNED; scanned++) {
        size_t place = roll_after(roll, queen->write_next);
        struct record *record = place < roll->count ? roll->entries[place].record : NULL;
        if (place >= roll->count) {
            queen->write_at = MS_NEVER;
            return;
        }
        if (is_to_be_written(queen, record)) {
            if (!announce_state(&queen->announcing))
                return;
            change_write_again(queen, record);
        }
        queen->write_next = roll->entries[place].number;
    }
}

void restore_begin_writing(struct queen *queen)
{
    queen->write_next = 0;
    write_some(queen);
}

void restore_write(struct queen *queen)
{
    if (queen->write_at <= queen->now)
        write_some(queen);
}
