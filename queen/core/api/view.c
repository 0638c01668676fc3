#include "view.h"

#include "change.h"
#include "verify.h"

static void put_str(struct json_write *w, const char *key, const char *value)
{
    json_key(w, key);
    json_put_str(w, value);
}

static void put_age(struct json_write *w, const char *key, ms_t since, ms_t now)
{
    json_key(w, key);
    if (since == MS_NEVER)
        json_put_null(w);
    else
        json_put_int(w, now - since);
}

static void put_identity(const struct record *record, struct json_write *w)
{
    json_key(w, "session");
    json_put_hex64(w, record->incarnation.session);
    json_key(w, "connection");
    if (record->incarnation.connection)
        json_put_int(w, record->incarnation.connection);
    else
        json_put_null(w);
}

static void put_skew(const struct record *record, struct json_write *w)
{
    json_key(w, "clock_skew_ms");
    if (record->skew == TIME_ABSENT)
        json_put_null(w);
    else
        json_put_int(w, record->skew);
}

void view_put_standing(const struct queen *queen, const struct record *record, struct json_write *w)
{
    put_str(w, "state", record_state_name(record, record->state));
    put_str(w, "cause", cause_name(record->cause));
    json_key(w, "since");
    json_put_time(w, record->since_wall);
    put_age(w, "since_ms_ago", record->since_mono, queen->now);
    put_age(w, "last_seen_ms_ago", record->heard_mono, queen->now);
    put_skew(record, w);
    json_key(w, "flags");
    flags_write(queen, record, w);
    put_identity(record, w);
    json_key(w, "heartbeat");
    json_put_raw(w, record_document(record));
}

void view_put_reason(const struct record *record, struct json_write *w)
{
    incident_write(record, w);
    json_key(w, "evidence");
    evidence_write(record, w);
}

void view_worker(const struct queen *queen, const struct record *record, bool whole, struct json_write *w)
{
    json_open(w, '{');
    put_str(w, "worker_id", record_worker(record));
    put_str(w, "hive_id", record_hive(record));
    view_put_standing(queen, record, w);
    json_key(w, "witness");
    json_put_raw(w, record_witness(record));
    json_key(w, "verification");
    verification_write(verify_latest(record), w);
    if (whole)
        view_put_reason(record, w);
    json_close(w, '}');
}

void view_put_view(const struct queen *queen, struct json_write *w)
{
    put_str(w, "view", queen_sees(queen) ? "live" : "blind");
}

void view_events(const struct queen *queen, uint64_t after, size_t limit, struct json_write *w)
{
    const struct event *event;
    json_open(w, '{');
    json_key(w, "events");
    json_open(w, '[');
    for (; limit > 0 && (event = event_ring_after(&queen->events, after)); limit--) {
        json_put_raw(w, (struct text){ event->json, event->len });
        after = event->id;
    }
    json_close(w, ']');
    json_key(w, "last");
    json_put_int(w, (int64_t)after);
    view_put_view(queen, w);
    json_close(w, '}');
}
