#include "verdict_write.h"

#include <stdio.h>

#include "codec.h"
#include "json_scan.h"

/* The hive's own reason, where it has one. */
static const char *reason_of(const struct record *record, struct arena *arena)
{
    const struct json_value *witness = NULL, *reason = NULL;
    if (record->evidence.result == RESULT_START_FAILED && record->witness &&
        json_scan(arena, document_text(record->witness), &witness, NULL) == OK)
        reason = json_value_member(witness, "reason");
    return reason && reason->type == JSON_STRING ? reason->string.at : evidence_sentence(record->evidence.result);
}

void evidence_write(const struct record *record, struct json_write *w)
{
    const struct evidence *evidence = &record->evidence;
    struct exit_info info = { .known = evidence->has_exit,
                              .code = evidence->code,
                              .signal = evidence->signal[0] ? evidence->signal : NULL,
                              .oom = evidence->oom };
    struct arena arena = { 0 };
    json_open_member(w, "evidence", '{');
    json_add_str(w, "path", evidence_path_name(evidence->path));
    json_add_str(w, "result", evidence_result_name(evidence->result));
    json_add_time(w, "due_at", evidence->seen_at - evidence->took);
    json_add_time(w, "seen_at", evidence->seen_at);
    json_add_int_if(w, "last_seen_ms_ago", evidence->last_seen_ago != EVIDENCE_NEVER, evidence->last_seen_ago);
    json_add_int(w, "took_ms", evidence->took);
    json_key(w, "exit");
    exit_encode(&info, w);
    json_add_str(w, "text", reason_of(record, &arena));
    json_close(w, '}');
    arena_clear(&arena);
}

void flags_write(const struct record *record, ms_t now, struct json_write *w)
{
    json_open_member(w, "flags", '[');
    if (record_in_conflict(record, now))
        json_put_str(w, "conflict");
    if (record_is_flapping(record, now))
        json_put_str(w, "flapping");
    if (record->dropped)
        json_put_str(w, "document_dropped");
    if (record->feed_lost)
        json_put_str(w, "feed_lost");
    json_close(w, ']');
}

static void put_state(const struct record *record, struct json_write *w, const char *key, enum state state)
{
    json_add_str(w, key, state == STATE_NONE ? NULL : record_state_name(record, state));
}

void incident_write(const struct record *record, struct json_write *w)
{
    char incident[NAME_SIZE + 32];
    bool part = record->state == (record_is_hive(record) ? STATE_STALE : STATE_UNREACHABLE);
    snprintf(incident, sizeof incident, "hive:%s:%llu", record_hive(record), (unsigned long long)record->incident);
    json_add_str(w, "incident", part ? incident : NULL);
}

void verdict_write(const struct record *record, const char *queen_id, ms_t now, struct json_write *w)
{
    json_open(w, '{');
    if (!record_is_hive(record))
        json_add_str(w, "worker_id", record_worker(record));
    json_add_str(w, "hive_id", record_hive(record));
    put_state(record, w, "state", record->announced);
    put_state(record, w, "previous", record->previous);
    json_add_str(w, "cause", cause_name(record->announced == STATE_NONE ? record->cause : record->announced_cause));
    json_add_time(w, "since", record->since_wall);
    json_add_int(w, "event_id", (int64_t)record->event_id);
    json_add_int(w, "revision", record->revision);
    if (record->unannounced > 1)
        json_add_int(w, "changes", record->unannounced);
    json_add_str(w, "queen_id", queen_id);
    json_add_hex64(w, "session", record->incarnation.session);
    json_add_int_if(w, "connection", record->incarnation.connection > 0, record->incarnation.connection);
    if (record->over_http) { /* else the broker has its heartbeat */
        json_add_int_if(w, "interval_ms", record->interval_ms != INT_ABSENT, record->interval_ms);
        json_add_int_if(w, "lease_ms", record->lease_ms != INT_ABSENT, record->lease_ms);
    }
    incident_write(record, w);
    flags_write(record, now, w);
    evidence_write(record, w);
    json_close(w, '}');
}
