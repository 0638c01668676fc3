/* Every allocation of a small life may fail, each in turn: the queen goes on, and says what it could not do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "device_table.h"
#include "failing_memory.h"
#include "queen_state.h"
#include "routes.h"

#define SESSION(n) "\"session\":\"000000000000000" #n "\",\"connection\":1"

struct step {
    const char *topic, *payload; /* a message, below the root or with '/' at the beginning ... */
    const char *method, *path;   /* ... or a request */
    bool stored;
};

static const struct step steps[] = {
    { "hive/h1/presence", "{\"presence\":\"online\",\"rpc\":true," SESSION(8) "}" },
    { "hive/h1/heartbeat", "{\"status\":\"ready\"," SESSION(8) "}" },
    { "hive/h3/presence", "{\"presence\":\"stale\"," SESSION(9) "}", .stored = true },
    { "hive/h1/worker/w1/heartbeat", "{\"status\":\"idle\"," SESSION(1) "}", .stored = true },
    { "hive/h1/worker/w2/presence", "{\"presence\":\"stale\"," SESSION(2) "}", .stored = true },
    { "hive/h1/worker/w1/presence", "{\"presence\":\"online\",\"rpc\":true," SESSION(1) "}" },
    { "hive/h1/worker/w1/heartbeat", "{\"status\":\"idle\",\"queue_depth\":3," SESSION(1) ",\"seq\":1}" },
    { "hive/h1/worker/w1/presence", "{\"presence\":\"stale\",\"cause\":\"connection_lost\"," SESSION(1) "}" },
    { "hive/h2/worker/w1/heartbeat", "{\"status\":\"idle\"," SESSION(3) "}" },
    { "hive/h1/worker/w1/presence", "{\"presence\":\"offline\",\"cause\":\"goodbye\"," SESSION(1) "}" },
    { "hive/h1/worker/w1/heartbeat", "{" },
    { .method = "POST", .path = "/v1/worker/heartbeat", .payload = "{\"status\":\"idle\",\"worker_id\":\"w3\"}" },
    { .method = "GET", .path = "/v1/workers" },
    { .method = "GET", .path = "/v1/workers/w1" },
    { .method = "GET", .path = "/v1/hives" },
    { .method = "GET", .path = "/metrics" },
    { .method = "GET", .path = "/v1/fleet" },
    { .method = "GET", .path = "/v1/sd" },
    { "hive/h1/presence", "{\"presence\":\"offline\"," SESSION(8) "}" },
    { .method = "DELETE", .path = "/v1/hives/h1" },
    { .method = "GET", .path = "/health" },
    { .method = "DELETE", .path = "/v1/hives/h1/workers/w1" },
    { "hive/h1/worker/w1/presence", "{\"presence\":\"offline\"," SESSION(1) "}", .stored = true },
    { "/zigbee2mqtt/bridge/state", "{\"state\":\"online\"}", .stored = true },
    { "/zigbee2mqtt/lamp/availability", "{\"state\":\"online\"}", .stored = true },
    { "/zigbee2mqtt/plug/availability", "{\"state\":\"online\"}" },
    { "/zigbee2mqtt/plug/availability", "{\"state\":\"offline\"}" },
    { "/zigbee2mqtt/lamp", "{}" },
    { "/zigbee2mqtt/bridge/state", "offline" },
    { "/zigbee2mqtt/lamp/availability", "" },
};

static const char devices_ini[] = "[device \"z\"]\npreset = zigbee2mqtt\n";
static struct devices devices;

static void ask(struct queen *queen, const struct step *step, struct outbox *outbox)
{
    struct http_request request = { .method = step->method,
                                    .path = step->path,
                                    .query = strcmp(step->path, "/v1/workers") == 0 ? TEXT("sort=queue_depth")
                                                                                    : (struct text){ 0 },
                                    .body = text_of(step->payload),
                                    .content_type = "application/json" };
    struct http_response response = { 0 };
    (void)queen_http(queen, &request, 2000, 2000, &response, outbox);
    while (response.listing &&
           queen_listing_next(queen, response.listing, ms_max(2000, queen_listing_wait(response.listing)), 2000,
                              &response.body))
        continue;
    queen_listing_free(response.listing);
    assert_in_range(response.status, 200, 503);
    buf_clear(&response.body);
}

static void tell(struct queen *queen, const struct step *step, struct outbox *outbox)
{
    char topic[128] = "skep/v1/";
    strncat(topic, step->topic, sizeof topic - sizeof "skep/v1/");
    if (step->topic[0] == '/')
        snprintf(topic, sizeof topic, "%s", step->topic + 1);
    queen_step(queen,
               &(struct input){ .kind = INPUT_MESSAGE,
                                .now = 1000,
                                .wall = 1000,
                                .message = &(struct message){ .topic = text_of(topic),
                                                              .payload = text_of(step->payload),
                                                              .retain = step->stored } },
               outbox);
}

/* True if all went well: no step had to be given up, and nothing was refused for want of memory. */
static bool live(struct queen *queen)
{
    static const enum input_kind link[] = { INPUT_CONNECTING, INPUT_LINK_UP, INPUT_TICK };
    struct outbox outbox;
    bool whole = true;
    outbox = (struct outbox){ 0 };
    for (size_t i = 0; i < ARRAY_LEN(link); i++)
        queen_step(queen, &(struct input){ .kind = link[i], .now = 1000, .wall = 1000 }, &outbox);
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        if (steps[i].method)
            ask(queen, &steps[i], &outbox);
        else
            tell(queen, &steps[i], &outbox);
        whole = whole && !outbox.failed;
        outbox_reset(&outbox);
    }
    outbox_clear(&outbox);
    return whole && queen->counters.rejected[ERR_NOMEM] == 0;
}

static struct queen *make(void)
{
    static const struct queen_options options = { .root = "skep/v1",
                                                  .id = "queen",
                                                  .session = 1,
                                                  .stale_after = 90000,
                                                  .max_workers = 10,
                                                  .max_document_bytes = 4096,
                                                  .devices = &devices,
                                                  .expect = { "w9\n", 3 } };
    struct queen *queen = NULL;
    struct errbuf e = { 0 };
    enum err err = queen_new(&options, 0, 0, &queen, &e);
    assert_true(err == OK ? queen != NULL : err == ERR_NOMEM && queen == NULL && e.text[0]);
    return queen;
}

static unsigned count_allocations(void)
{
    struct queen *queen;
    memory_fail(0);
    queen = make();
    assert_true(live(queen));
    queen_free(queen);
    return memory_fail(0);
}

static void assert_counts_agree(const struct registry *registry)
{
    size_t states = 0, hives = 0, documents = 0;
    for (int i = 0; i < STATE_COUNT; i++)
        states += registry->counts[i];
    for (int i = 0; i < STATE_COUNT; i++)
        hives += registry->hive_counts[i];
    for (size_t i = 0; i < registry->roll.count; i++) {
        const struct record *record = registry->roll.entries[i].record;
        documents += record && record->document ? record->document->size : 0;
    }
    assert_int_equal(states, registry->count);
    assert_int_equal(hives, registry->hive_count);
    assert_int_equal(documents, registry->document_bytes);
}

static void each_allocation_of_a_table_of_devices_may_fail(void **state)
{
    enum err err = ERR_NOMEM;
    (void)state;
    for (unsigned which = 1; err == ERR_NOMEM; which++) {
        struct errbuf e = { 0 };
        memory_fail(which);
        err = device_table_read(devices_ini, "skep/v1", &devices, &e);
        memory_fail(0);
        assert_true(err == OK || (err == ERR_NOMEM && e.text[0]));
        assert_true(err == OK || which < 100);
        devices_clear(&devices);
    }
}

static void each_allocation_may_fail(void **state)
{
    unsigned count, noticed = 0;
    (void)state;
    assert_int_equal(device_table_read(devices_ini, "skep/v1", &devices, NULL), OK);
    count = count_allocations();
    assert_true(count > 30);
    for (unsigned which = 1; which <= count; which++) {
        struct queen *queen;
        memory_fail(which);
        queen = make();
        if (!queen || !live(queen))
            noticed++;
        memory_fail(0);
        if (queen)
            assert_counts_agree(&queen->registry);
        queen_free(queen);
    }
    devices_clear(&devices);
    assert_true(noticed > count / 3); /* the others are index tables and answers over HTTP, which go on without */
}

/* What is owed of it cannot be announced instead: nothing is before the first end marker, and this is no step. */
static void r17_each_allocation_for_a_restored_row_may_fail(void **state)
{
    static const struct store_row row = { .kind = STORE_RECORD,
                                          .hive = { "h1", 2 },
                                          .worker = { "w1", 2 },
                                          .record = { .state = STATE_STALE,
                                                      .announced = STATE_ONLINE,
                                                      .cause = CAUSE_LAST_WILL,
                                                      .announced_cause = CAUSE_BIRTH,
                                                      .is_of_store = true,
                                                      .event_id = 5,
                                                      .revision = 1,
                                                      .unannounced = 1,
                                                      .interval_ms = INT_ABSENT,
                                                      .lease_ms = INT_ABSENT,
                                                      .received_wall = TIME_ABSENT,
                                                      .seq = INT_ABSENT,
                                                      .progress = INT_ABSENT,
                                                      .known = true } };
    bool is_whole = false;
    unsigned which = 0;
    (void)state;
    for (; !is_whole; which++) {
        struct queen *queen = make();
        const struct record *record;
        enum err err;
        memory_fail(which + 1);
        err = queen_restore(queen, &row);
        memory_fail(0);
        record = registry_find(&queen->registry, TEXT("h1"), TEXT("w1"));
        assert_true(err == OK ? record != NULL && record->announced == STATE_ONLINE : err == ERR_NOMEM && !record);
        assert_null(queen_event_after(queen, 0));
        assert_counts_agree(&queen->registry);
        is_whole = err == OK && record->owed;
        queen_free(queen);
    }
    assert_true(which > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(each_allocation_of_a_table_of_devices_may_fail),
                                        cmocka_unit_test(each_allocation_may_fail),
                                        cmocka_unit_test(r17_each_allocation_for_a_restored_row_may_fail) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
