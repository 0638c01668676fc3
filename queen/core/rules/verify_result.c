#include "verify_result.h"

#include "json.h"

/* What the worker said of its work; that it answers at all, also with an error, shows that it lives. */
enum verify_result verify_reply_read(struct arena *arena, uint64_t token, struct text payload)
{
    const struct cJSON *result;
    const char *nonce, *work;
    struct cJSON *document;
    char expected[HEX64_SIZE];
    if (payload.len > MSG_MAX_BYTES || json_parse(arena, payload, &document, NULL) != OK)
        return VERIFY_NO_REPLY;
    result = json_member(document, "result");
    if (!result)
        return json_member(document, "error") ? VERIFY_UNKNOWN : VERIFY_NO_REPLY;
    hex64_to_text(token, expected);
    nonce = json_string(json_member(result, "nonce"));
    work = json_string(json_member(result, "work"));
    if (!nonce || !work || strcmp(nonce, expected) != 0)
        return VERIFY_NO_REPLY;
    return strcmp(work, "ok") == 0 ? VERIFY_OK : strcmp(work, "stalled") == 0 ? VERIFY_STALLED : VERIFY_UNKNOWN;
}

/* The witness is the word of the hive. */
static const char *path_name(enum evidence_path path)
{
    return path == PATH_WITNESS ? "hive" : evidence_path_name(path);
}

static void put_members(const struct verified *verified, struct json_write *w)
{
    json_add_str(w, "result", verify_result_name(verified->result));
    json_add_str(w, "path", path_name(verified->path));
    json_add_int(w, "took_ms", verified->took);
}

void verification_write(const struct verified *verified, struct json_write *w)
{
    if (!verified) {
        json_put_null(w);
        return;
    }
    json_open(w, '{');
    json_add_time(w, "at", verified->at_wall);
    put_members(verified, w);
    json_close(w, '}');
}

void verified_write(const struct record *record, const struct verified *verified, struct json_write *w)
{
    json_open(w, '{');
    json_add_str(w, "worker_id", record_worker(record));
    json_add_str(w, "hive_id", record_hive(record));
    put_members(verified, w);
    json_add_str(w, "state", state_name(record->state));
    json_close(w, '}');
}
