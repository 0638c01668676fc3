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

static void put_reason(const struct record *record, struct json_write *w)
{
    incident_write(record, w);
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
        put_reason(record, w);
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
        put_reason(record, w);
    json_close(w, '}');
}
