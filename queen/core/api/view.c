#include "view.h"

#include "verdict_write.h"
#include "verify.h"

static void put_age(struct json_write *w, const char *key, ms_t since, ms_t now)
{
    json_add_int_if(w, key, since != MS_NEVER, now - since);
}

static void put_state(const struct queen *queen, const struct record *record, struct json_write *w)
{
    json_add_str(w, "state", record_state_name(record, record->state));
    json_add_str(w, "cause", cause_name(record->cause));
    if (record->cause == CAUSE_RESTORED && record->announced != STATE_NONE)
        json_add_str(w, "was", record_state_name(record, record->announced));
    json_add_time(w, "since", record->since_wall);
    put_age(w, "since_ms_ago", record->since_mono, queen->now);
    put_age(w, "last_seen_ms_ago", record->received_mono, queen->now);
    json_add_int_if(w, "clock_skew_ms", record->skew != TIME_ABSENT, record->skew);
    flags_write(record, queen->now, w);
    json_add_hex64(w, "session", record->incarnation.session);
    json_add_int_if(w, "connection", record->incarnation.connection > 0, record->incarnation.connection);
    json_add_raw(w, "heartbeat", document_text(record->document));
}

static void put_incident(const struct incident *incident, struct json_write *w)
{
    const struct incident_row *is = &incident->is;
    bool is_hive = is->kind == INCIDENT_HIVE;
    json_open(w, '{');
    json_add_int(w, "id", (int64_t)is->id);
    json_add_str(w, "kind", incident_kind_name(is->kind));
    json_add_str(w, "hive_id", incident->hive[0] ? incident->hive : NULL);
    json_add_str(w, "worker_id", incident->worker[0] ? incident->worker : NULL);
    json_add_str(w, "class", incident_class_name(is->class));
    json_add_hex64(w, "fingerprint", incident_fingerprint(incident));
    json_add_str(w, "state", is->state == STATE_NONE ? NULL : (is_hive ? state_name_of_hive : state_name)(is->state));
    json_add_str(w, "cause", is->state == STATE_NONE ? NULL : cause_name(is->cause));
    json_add_hex64(w, "session", is->session);
    json_add_int_if(w, "connection", is->connection > 0, is->connection);
    json_add_time(w, "opened_at", is->opened);
    json_add_time(w, "ended_at", is->ended);
    json_add_str(w, "ended_by", incident_end_name(is->end));
    json_close(w, '}');
}

/* Its own, or that of its hive. */
static const struct incident *incident_of(const struct queen *queen, const struct record *record)
{
    bool is_own = !record_is_hive(record) && record->state != STATE_UNREACHABLE;
    return incident_book_find(&queen->incidents.book, is_own ? INCIDENT_WORKER : INCIDENT_HIVE,
                              text_of(record_hive(record)), text_of(is_own ? record_worker(record) : ""));
}

static void put_reason(const struct queen *queen, const struct record *record, struct json_write *w)
{
    const struct incident *incident = incident_of(queen, record);
    incident_write(record, w);
    json_key(w, "open_incident");
    if (incident)
        put_incident(incident, w);
    else
        json_put_raw(w, (struct text){ 0 });
    evidence_write(record, w);
}

void view_worker(const struct queen *queen, const struct record *record, bool whole, struct json_write *w)
{
    json_open(w, '{');
    json_add_str(w, "worker_id", record_worker(record));
    json_add_str(w, "hive_id", record_hive(record));
    put_state(queen, record, w);
    json_add_raw(w, "witness", document_text(record->witness));
    json_key(w, "verification");
    verification_write(verify_latest(record), w);
    if (whole)
        put_reason(queen, record, w);
    json_close(w, '}');
}

void view_put_view(const struct queen *queen, struct json_write *w)
{
    json_add_str(w, "view", queen_sees(queen) ? "live" : "blind");
}

void view_events(const struct queen *queen, uint64_t after, size_t limit, struct json_write *w)
{
    const struct event *event = event_ring_after(&queen->events, after);
    json_open(w, '{');
    json_open_member(w, "events", '[');
    for (; limit > 0 && event; event = event_ring_next(event), limit--) {
        json_put_raw(w, event->json);
        after = event->id;
    }
    json_close(w, ']');
    json_add_int(w, "last", (int64_t)after);
    view_put_view(queen, w);
    json_close(w, '}');
}

#define INCIDENT_LOOKS 5000 /* in one answer: about 0.3 ms */

static bool is_wanted(const struct incident *incident, enum view_incidents which)
{
    return which == INCIDENTS_ALL || (incident->is.ended == TIME_ABSENT) == (which == INCIDENTS_OPEN);
}

static size_t count_of(const struct incident_book *book, enum view_incidents which)
{
    size_t all = book->queue.count, open = book->open_count;
    return which == INCIDENTS_ALL ? all : which == INCIDENTS_OPEN ? open : all - open;
}

/* The first one behind the cursor that may be wanted. */
static const struct incident *first_of(const struct incident_book *book, enum view_incidents which, uint64_t cursor)
{
    const struct incident *open = which == INCIDENTS_OPEN ? incident_book_oldest_open(book) : NULL;
    if (which == INCIDENTS_OPEN && !open)
        return NULL;
    return open && open->number > cursor ? open : incident_book_after(book, cursor);
}

void view_incidents(const struct queen *queen, enum view_incidents which, uint64_t cursor, size_t limit,
                    struct json_write *w)
{
    const struct incident *incident = first_of(&queen->incidents.book, which, cursor);
    json_open(w, '{');
    json_open_member(w, "incidents", '[');
    for (size_t looks = 0; incident && looks < INCIDENT_LOOKS; incident = incident_book_next(incident), looks++) {
        bool wanted = is_wanted(incident, which);
        if (wanted && limit-- == 0)
            break;
        if (wanted)
            put_incident(incident, w);
        cursor = incident->number;
    }
    json_close(w, ']');
    json_add_int(w, "total", (int64_t)count_of(&queen->incidents.book, which));
    json_add_int_if(w, "next", incident != NULL, (int64_t)cursor);
    view_put_view(queen, w);
    json_close(w, '}');
}

static void put_workers(const struct queen *queen, const struct record *hive, struct json_write *w)
{
    const struct share *share = share_find(&queen->registry.shares, text_of(record_hive(hive)));
    json_open_member(w, "workers", '{');
    json_add_int(w, "total", share ? (int64_t)(share->has[RATION_WORKERS] + share->has[RATION_EXPECTED]) : 0);
    for (int state = STATE_NONE + 1; state < STATE_COUNT; state++)
        json_add_int(w, state_name(state), share ? share->states[state] : 0);
    json_close(w, '}');
}

void view_hive(const struct queen *queen, const struct record *record, bool whole, struct json_write *w)
{
    json_open(w, '{');
    json_add_str(w, "hive_id", record_hive(record));
    put_state(queen, record, w);
    put_workers(queen, record, w);
    if (whole)
        put_reason(queen, record, w);
    json_close(w, '}');
}
