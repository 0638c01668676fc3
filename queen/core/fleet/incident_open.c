#include "incident_open.h"

static const struct text nobody;

static bool is_going_on(const struct incidents *incidents, enum incident_kind kind)
{
    return incident_book_find(&incidents->book, kind, nobody, nobody);
}

static bool is_known_exit(enum cause cause)
{
    return cause == CAUSE_PROCESS_EXITED || cause == CAUSE_START_FAILED;
}

/* Of whom an earlier process has announced it is not known whether a storm held it. */
static bool is_inside(const struct incidents *incidents, const struct record *record, bool is_restored)
{
    return !record_is_hive(record) && (record->in_storm || is_restored) && is_going_on(incidents, INCIDENT_STORM) &&
           !is_known_exit(record->announced_cause);
}

static const enum incident_end ends[STATE_COUNT] = {
    [STATE_NONE] = INCIDENT_FORGOTTEN,
    [STATE_ONLINE] = INCIDENT_ONLINE,
    [STATE_OFFLINE] = INCIDENT_OFFLINE,
    [STATE_UNREACHABLE] = INCIDENT_HIVE_DOWN, /* it is part of that one */
};

/* Of what is announced of the record: of whom it was, and since when. */
static enum err take(struct incidents *incidents, const struct record *record, const struct incident_row *row,
                     bool is_restored)
{
    struct text hive = text_of(record_hive(record)), worker = text_of(record_worker(record));
    enum incident_end end = ends[row->state];
    if (row->state == STATE_STALE || row->state == STATE_ZOMBIE)
        return is_inside(incidents, record, is_restored) &&
                       !incident_book_find(&incidents->book, row->kind, hive, worker)
                   ? OK
                   : incident_book_add(&incidents->book, hive, worker, row);
    if (end != INCIDENT_NOT_ENDED)
        (void)incident_book_end(&incidents->book, row->kind, hive, worker, end, row->opened);
    return OK;
}

static struct incident_row row_of(const struct record *record, uint64_t session, uint32_t connection, ms_t since)
{
    return (struct incident_row){ .id = record->event_id,
                                  .kind = record_is_hive(record) ? INCIDENT_HIVE : INCIDENT_WORKER,
                                  .class = record->announced == STATE_ZOMBIE ? INCIDENT_STALLED : INCIDENT_LOST,
                                  .state = record->announced,
                                  .cause = record->announced_cause,
                                  .session = session,
                                  .connection = connection,
                                  .opened = since,
                                  .ended = TIME_ABSENT };
}

enum err incident_announced(struct incidents *incidents, const struct record *record)
{
    struct incident_row row =
        row_of(record, record->incarnation.session, record->incarnation.connection, record->since_wall);
    return take(incidents, record, &row, false);
}

enum err incident_restored(struct incidents *incidents, const struct record *record, const struct record_row *restored)
{
    struct incident_row row = row_of(record, restored->session, restored->connection, restored->since_wall);
    return take(incidents, record, &row, true);
}

static enum err open_of_fleet(struct incidents *incidents, enum incident_kind kind, enum incident_class class,
                              uint64_t id, ms_t since)
{
    return incident_book_add(
        &incidents->book, nobody, nobody,
        &(struct incident_row){ .id = id, .kind = kind, .class = class, .opened = since, .ended = TIME_ABSENT });
}

enum err incident_storm(struct incidents *incidents, uint64_t event_id, ms_t wall)
{
    return open_of_fleet(incidents, INCIDENT_STORM, INCIDENT_LOST, event_id, wall);
}

bool incident_storm_is_open(const struct incidents *incidents)
{
    return is_going_on(incidents, INCIDENT_STORM);
}

void incident_storm_ended(struct incidents *incidents, ms_t wall)
{
    (void)incident_book_end(&incidents->book, INCIDENT_STORM, nobody, nobody, INCIDENT_OVER, wall);
}

void incident_blind(struct incidents *incidents, uint64_t event_id, ms_t now)
{
    incidents->blind_due = now + INCIDENT_BLIND_MS;
    incidents->blind_event = event_id;
}

enum err incident_tick(struct incidents *incidents, ms_t now, ms_t wall, uint64_t unused_id)
{
    if (now < incidents->blind_due)
        return OK;
    incidents->blind_due = MS_NEVER;
    return open_of_fleet(incidents, INCIDENT_BLIND, INCIDENT_UNSEEN,
                         incidents->blind_event ? incidents->blind_event : unused_id, wall - INCIDENT_BLIND_MS);
}

void incident_seeing(struct incidents *incidents, ms_t wall)
{
    incidents->blind_due = MS_NEVER;
    (void)incident_book_end(&incidents->book, INCIDENT_BLIND, nobody, nobody, INCIDENT_OVER, wall);
}

const struct incident *incident_unchecked(struct incidents *incidents)
{
    const struct incident *incident = incident_book_after(&incidents->book, incidents->checked);
    if (incident)
        incidents->checked = incident->number;
    return incident;
}

/* Of whom nothing was announced yet something will be. */
void incident_check(struct incidents *incidents, const struct incident *incident, const struct record *subject,
                    ms_t wall)
{
    bool is_unannounced = subject && subject->announced == STATE_NONE;
    enum incident_end end = ends[subject ? subject->announced : STATE_NONE];
    if (incident->is.ended == TIME_ABSENT && incident->hive[0] && !is_unannounced && end != INCIDENT_NOT_ENDED)
        (void)incident_book_end(&incidents->book, incident->is.kind, text_of(incident->hive), text_of(incident->worker),
                                end, wall);
}

static bool is_time(ms_t wall)
{
    return wall > -(1LL << 52) && wall < 1LL << 52;
}

static bool is_name(struct text name)
{
    return name.len == 0 || text_is_id(name);
}

static bool is_possible(const struct store_row *row)
{
    const struct incident_row *incident = &row->incident;
    bool of_worker = incident->kind == INCIDENT_WORKER, of_hive = of_worker || incident->kind == INCIDENT_HIVE;
    return incident->kind < INCIDENT_KIND_COUNT && incident->class < INCIDENT_CLASS_COUNT &&
           incident->cause < CAUSE_COUNT && is_name(row->hive) && is_name(row->worker) &&
           (row->hive.len > 0) == of_hive && (row->worker.len > 0) == of_worker && is_time(incident->opened) &&
           (incident->ended == TIME_ABSENT || is_time(incident->ended)) && incident->id > 0;
}

enum err incident_restore(struct incidents *incidents, const struct store_row *row)
{
    if (!is_possible(row))
        return ERR_RANGE;
    return incident_book_restore(&incidents->book, row->hive, row->worker, &row->incident);
}

bool incident_next_row(struct incidents *incidents, struct store_row *ret)
{
    const struct incident *incident = incident_book_next_unsaved(&incidents->book);
    if (!incident)
        return false;
    *ret = (struct store_row){ .kind = STORE_INCIDENT,
                               .hive = text_of(incident->hive),
                               .worker = text_of(incident->worker),
                               .incident = incident->is };
    return true;
}
