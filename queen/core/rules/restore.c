#include "restore.h"

#include "change.h"

#define EVENT_ID_MAX (1ULL << 52) /* a damaged one would end all counting */
#define EVENT_ID_STEP 1000000     /* more than were announced behind the last one whose verdict is stored */
#define WRITE_LOOKS 2000          /* records in one step: about 0.2 ms */
#define WRITE_EVERY_MS 10
#define SINCE_MAX_MS (12LL * 3600 * 1000) /* by a wall clock, which may be wrong: half of the shortest retention */

static struct evidence evidence_of(const struct queen *queen, const struct verdict_evidence *from)
{
    struct evidence evidence = {
        .path = (uint8_t)evidence_path_of_name(from->path),
        .result = (uint8_t)evidence_result_of_name(from->result),
        .took = from->took_ms == INT_ABSENT ? 0 : (uint32_t)from->took_ms,
        .seen_at = from->seen_at < 0 ? queen->wall : from->seen_at,
        .last_seen_ago = from->last_seen_ms_ago,
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
static void go_on_behind(struct queen *queen, uint64_t event_id)
{
    if (queen->announcing.held && event_id <= EVENT_ID_MAX && queen->next_event < event_id + EVENT_ID_STEP)
        queen->next_event = event_id + EVENT_ID_STEP;
}

static void take_announced(struct queen *queen, struct record *record, const struct record_row *row)
{
    record->announced = (uint8_t)row->announced;
    record->announced_cause = (uint8_t)row->announced_cause;
    record->previous = (uint8_t)row->previous;
    record->event_id = row->event_id;
    record->revision = row->revision;
    record->incident = row->incident;
    registry_establish(&queen->registry, record);
}

static bool is_unknown(const struct record *record)
{
    return record->state == STATE_NONE || record->cause == CAUSE_NEVER_SEEN;
}

static void take_incarnation(struct record *record, const struct record_row *row)
{
    bool was_heard = row->session != 0 || (row->cause != CAUSE_NEVER_SEEN && row->cause != CAUSE_START_FAILED);
    if (was_heard)
        incarnation_adopt(&record->incarnation, (struct incarnation_claim){ row->session, row->connection, -1 });
    record->closed = row->state == STATE_OFFLINE && row->session != 0;
}

static bool was_alive(enum state state)
{
    return state == STATE_ONLINE || state == STATE_SUSPECT || state == STATE_ZOMBIE;
}

static void take_standing(struct queen *queen, struct record *record, const struct record_row *row)
{
    bool alive = was_alive(row->state);
    ms_t ago = ms_min(ms_max(queen->wall - row->since_wall, 0), SINCE_MAX_MS);
    change_restore(queen, record,
                   &(struct standing){ .state = alive ? STATE_UNVERIFIED : row->state,
                                       .cause = alive ? CAUSE_RESTORED : row->cause,
                                       .since_wall = row->since_wall,
                                       .since_mono = queen->now - ago,
                                       .evidence = row->evidence,
                                       .silent = alive });
    record->was_zombie = record->work.stuck = record->work.reason = row->state == STATE_ZOMBIE;
    record->interval_ms = (int32_t)row->interval_ms;
    record->lease_ms = row->lease_ms;
    if (row->evidence.last_seen_ago >= 0)
        record->received_mono =
            queen->now - ms_max(queen->wall - row->evidence.seen_at + row->evidence.last_seen_ago, 0);
    change_lease_from(queen, record, 0);
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

void restore_row(struct queen *queen, struct record *record, const struct record_row *row)
{
    go_on_behind(queen, row->event_id);
    if (record->announced == STATE_NONE) {
        take_announced(queen, record, row);
        if (is_unknown(record)) {
            take_incarnation(record, row);
            take_standing(queen, record, row);
        }
        settle(queen, record);
    }
    record->written =
        record->event_id == row->event_id && record->revision == row->revision && record->announced == row->announced
            ? queen_link_number(queen)
            : 0;
}

/* NULL: that was the last one, or it has gone. */
static struct record *next_record(struct queen *queen)
{
    const struct roll *roll = &queen->registry.roll;
    size_t place = roll_after(roll, queen->write_next);
    if (place >= roll->count) {
        queen->write_at = MS_NEVER;
        return NULL;
    }
    queen->write_next = roll->entries[place].number;
    return roll->entries[place].record;
}

static void write_some(struct queen *queen)
{
    queen->write_at = queen->now + WRITE_EVERY_MS;
    for (unsigned looks = 0; looks < WRITE_LOOKS && queen->write_at != MS_NEVER; looks++) {
        struct record *record;
        if (!announce_has_room(&queen->announcing))
            return;
        record = next_record(queen);
        if (record && record->announced != STATE_NONE && record->written != queen_link_number(queen)) {
            change_write_again(queen, record);
            queen->announcing.unsent_states++;
        }
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
