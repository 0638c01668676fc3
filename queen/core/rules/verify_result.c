#include "verify_result.h"

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
