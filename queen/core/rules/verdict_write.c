/* The verdict's document: docs/protocol.md, "Presence, witness, hive, verdict, event". */
#include "change.h"

#include <stdio.h>

#include "codec.h"

static void put_named(struct json_write *w, const char *key, const char *name)
{
    json_key(w, key);
    json_put_str(w, name);
}

static void put_age(struct json_write *w, const char *key, ms_t age)
{
    json_key(w, key);
    if (age < 0)
        json_put_null(w);
    else
        json_put_int(w, age);
}

static struct exit_info exit_of(const struct evidence *evidence)
{
    struct exit_info info;
    exit_info_init(&info);
    info.known = evidence->has_exit;
    info.code = evidence->code;
    info.signal = evidence->signal[0] ? evidence->signal : NULL;
    info.oom = evidence->oom;
    return info;
}

void evidence_write(const struct record *record, struct json_write *w)
{
    const struct evidence *evidence = &record->evidence;
    struct exit_info info = exit_of(evidence);
    json_open(w, '{');
    put_named(w, "path", evidence_path_name(evidence->path));
    put_named(w, "result", evidence_result_name(evidence->result));
    json_key(w, "due_at");
    json_put_time(w, evidence->seen_at - evidence->took);
    json_key(w, "seen_at");
    json_put_time(w, evidence->seen_at);
    put_age(w, "last_seen_ms_ago", evidence->last_seen_ago);
    put_age(w, "took_ms", evidence->took);
    json_key(w, "exit");
    exit_encode(&info, w);
    put_named(w, "text", evidence_sentence(evidence->result));
    json_close(w, '}');
}

void flags_write(const struct queen *queen, const struct record *record, struct json_write *w)
{
    json_open(w, '[');
    if (record_in_conflict(record, queen->now))
        json_put_str(w, "conflict");
    if (record_is_flapping(record, queen->now))
        json_put_str(w, "flapping");
    json_close(w, ']');
}

static void put_state(const struct record *record, struct json_write *w, const char *key, enum state state)
{
    put_named(w, key, state == STATE_NONE ? NULL : record_state_name(record, state));
}

void incident_write(const struct record *record, struct json_write *w)
{
    char incident[NAME_SIZE + 32];
    bool part = record->state == (record_is_hive(record) ? STATE_STALE : STATE_UNREACHABLE);
    snprintf(incident, sizeof incident, "hive:%s:%llu", record_hive(record), (unsigned long long)record->incident);
    put_named(w, "incident", part ? incident : NULL);
}

void verdict_write(const struct queen *queen, const struct record *record, struct json_write *w)
{
    json_open(w, '{');
    if (!record_is_hive(record))
        put_named(w, "worker_id", record_worker(record));
    put_named(w, "hive_id", record_hive(record));
    put_state(record, w, "state", record->announced);
    put_state(record, w, "previous", record->previous);
    put_named(w, "cause", cause_name(record->cause));
    json_key(w, "since");
    json_put_time(w, record->since_wall);
    json_key(w, "event_id");
    json_put_int(w, (int64_t)record->event_id);
    json_key(w, "revision");
    json_put_int(w, record->revision);
    put_named(w, "queen_id", queen->options.id);
    json_key(w, "session");
    json_put_hex64(w, record->incarnation.session);
    json_key(w, "connection");
    if (record->incarnation.connection)
        json_put_int(w, record->incarnation.connection);
    else
        json_put_null(w);
    incident_write(record, w);
    json_key(w, "flags");
    flags_write(queen, record, w);
    json_key(w, "evidence");
    evidence_write(record, w);
    json_close(w, '}');
}
