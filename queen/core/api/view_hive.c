/* Hives as JSON. */
#include "hive_watch.h"
#include "view.h"

static void put_workers(const struct queen *queen, const struct record *hive, struct json_write *w)
{
    const struct registry *registry = &queen->registry;
    size_t counts[STATE_COUNT] = { 0 }, total = 0;
    const struct record *worker = registry_first_of_hive(registry, text_of(record_hive(hive)));
    for (; worker; worker = registry_next_of_hive(registry, worker), total++)
        counts[worker->state]++;
    json_open(w, '{');
    json_add_int(w, "total", (int64_t)total);
    for (int state = STATE_NONE + 1; state < STATE_COUNT; state++)
        json_add_int(w, state_name(state), (int64_t)counts[state]);
    json_close(w, '}');
}

void view_hive(const struct queen *queen, const struct record *record, bool whole, struct json_write *w)
{
    json_open(w, '{');
    json_add_str(w, "hive_id", record_hive(record));
    view_put_standing(queen, record, w);
    json_key(w, "workers");
    put_workers(queen, record, w);
    if (whole)
        view_put_reason(record, w);
    json_close(w, '}');
}
