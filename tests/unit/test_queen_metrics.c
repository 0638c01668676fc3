/* GET /metrics as a whole: what is in it, and what is not. */
#include "queen_script.h"

#include "metrics.h"

#define OPEN "application/openmetrics-text;version=1.0.0"

static struct http_response get(struct scene *scene, const char *query, const char *accept)
{
    struct http_response response = scene_http(
        scene,
        &(struct http_request){ .method = "GET", .path = "/metrics", .query = text_of(query), .accept = accept });
    assert_int_equal(response.status, 200);
    return response;
}

static void init(struct scene *scene, int64_t max_series)
{
    struct queen_options options = scene_options;
    options.max_series = max_series;
    scene_init_with(scene, &options);
}

/* Steps with `;` between; the answer has each line of `wanted`, and none of `unwanted`. */
static void assert_has(struct scene *scene, const char *query, const char *const *wanted, const char *unwanted)
{
    struct http_response response = get(scene, query, NULL);
    const char *body = buf_str(&response.body);
    for (; *wanted; wanted++) {
        char line[256];
        snprintf(line, sizeof line, "\n%s\n", *wanted);
        if (!strstr(body, line))
            fail_msg("%s is missing in\n%s", *wanted, body);
    }
    if (unwanted && strstr(body, unwanted))
        fail_msg("%s is in\n%s", unwanted, body);
    buf_clear(&response.body);
}

static bool ends(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);
    return len > end_len && strcmp(text + len - end_len, end) == 0;
}

static void the_table_follows_the_rules_of_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        const struct metric *metric = &metrics[i];
        char unit[32];
        assert_non_null(metric->name);
        assert_true(strncmp(metric->name, "skep_", 5) == 0 || strncmp(metric->name, "process_", 8) == 0);
        assert_int_equal(strspn(metric->name, "abcdefghijklmnopqrstuvwxyz_"), strlen(metric->name));
        assert_int_equal(ends(metric->name, "_total"), metric->type == METRIC_COUNTER);
        assert_true(metric->help && metric->help[0] && !strpbrk(metric->help, "\\\n\"|"));
        snprintf(unit, sizeof unit, "_%s%s", metric->unit ? metric->unit : "",
                 metric->type == METRIC_COUNTER ? "_total" : "");
        assert_true(!metric->unit || ends(metric->name, unit));
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(metrics[j].name, metric->name);
        assert_int_equal((metric->of_queen != NULL) + (metric->of_group != NULL) + (metric->of_record != NULL),
                         metric->type != METRIC_HISTOGRAM && metric->scope != METRIC_OF_ANSWER);
    }
}

static void the_queen_counts_what_she_sees(void **state)
{
    static const char *const wanted[] = {
        "skep_build_info{version=\"1.2.3\"} 1",
        "skep_view_live 1",
        "skep_broker_connected 1",
        "skep_workers{state=\"online\"} 2",
        "skep_workers{state=\"offline\"} 1",
        "skep_workers{state=\"zombie\"} 0",
        "skep_hives{state=\"starting\"} 1",
        "skep_snapshot_workers_read 3",
        "skep_messages_received_total{kind=\"presence\"} 4",
        "skep_messages_received_total{kind=\"heartbeat\"} 2",
        "skep_messages_received_total{kind=\"hive_presence\"} 1",
        "skep_messages_received_total{kind=\"posted\"} 1",
        "skep_messages_rejected_total{reason=\"syntax\"} 1",
        "skep_messages_ignored_total{reason=\"old_seq\"} 1",
        "skep_transitions_total{subject=\"worker\",cause=\"birth\"} 2",
        "skep_transitions_total{subject=\"worker\",cause=\"goodbye\"} 1",
        "skep_transitions_total{subject=\"hive\",cause=\"birth\"} 1",
        "skep_transitions_refused_total 0",
        "skep_verifications_total{result=\"ok\"} 1",
        "skep_verifications_total{result=\"stalled\"} 0",
        "skep_metrics_truncated 0",
        "skep_hive_state_code{hive=\"h1\"} 1",
        "skep_hive_workers{hive=\"h1\",state=\"offline\"} 1",
        "skep_hive_workers{hive=\"default\",state=\"online\"} 1",
        NULL,
    };
    struct scene scene;
    (void)state;
    init(&scene, 1000);
    scene_run(&scene, "up; birth 1.1; beat 1.1.5; beat 1.1.5; birth 2.1 @h1/w2; bye 2.1 @h1/w2; birth 1.1 @h1/");
    scene_message(&scene, "skep/v1/hive/h1/worker/w3/presence", TEXT("{"));
    scene_run(&scene, "post 9.1.1 @h9/w9; demand; wait 0; vack 0; answer ok");
    assert_has(&scene, NULL, wanted, "\nprocess_");
    scene_clear(&scene);
}

/* R14: so many at once that verdicts wait. */
static void a_storm_is_counted_and_who_waits_in_it(void **state)
{
    static const char *const before[] = { "skep_storms_total 0", "skep_storm_active 0", "skep_storm_held 0", NULL };
    static const char *const in_it[] = { "skep_storms_total 1", "skep_storm_active 1", "skep_storm_held 12",
                                         "skep_workers{state=\"suspect\"} 12", NULL };
    struct scene scene;
    char step[64];
    (void)state;
    init(&scene, 1000);
    scene_run(&scene, "up");
    for (int i = 0; i < 12; i++) {
        snprintf(step, sizeof step, "birth 1.1 @h%d/w", i);
        scene_run(&scene, step);
    }
    scene_run(&scene, "listen 12000");
    assert_has(&scene, NULL, before, NULL);
    for (int i = 0; i < 12; i++) {
        snprintf(step, sizeof step, "will 1.1 @h%d/w", i);
        scene_run(&scene, step);
    }
    for (int asked = 0; asked < 2; asked++) { /* twice nobody subscribes */
        while (scene.asked_count > 0)
            scene_run(&scene, "ack 10");
        scene_run(&scene, "wait 300");
    }
    scene_run(&scene, "listen 2000");
    assert_has(&scene, NULL, in_it, NULL);
    scene_clear(&scene);
}

/* What is given up or refused is counted in many places. */
static void each_count_has_its_name(void **state)
{
    static const char *const wanted[] = { "skep_evicted_total{kind=\"workers\"} 1",
                                          "skep_refused_total{kind=\"workers\"} 2",
                                          "skep_evicted_total{kind=\"hives\"} 3",
                                          "skep_refused_total{kind=\"hives\"} 4",
                                          "skep_evicted_total{kind=\"documents\"} 5",
                                          "skep_refused_total{kind=\"documents\"} 6",
                                          "skep_evicted_total{kind=\"messages\"} 7",
                                          "skep_refused_total{kind=\"messages\"} 8",
                                          "skep_refused_total{kind=\"requests\"} 9",
                                          "skep_refused_total{kind=\"verifications\"} 10",
                                          "skep_refused_total{kind=\"clears\"} 11",
                                          "skep_messages_dropped_total 12",
                                          "skep_messages_late_seconds 1.5",
                                          "skep_events_unsent 14",
                                          "skep_events_rationed 1",
                                          "skep_store_failing 1",
                                          "skep_verifications_running 15",
                                          NULL };
    struct scene scene;
    struct queen *queen;
    (void)state;
    init(&scene, 1000);
    queen = scene.queen;
    for (int kind = 0; kind < PRESSURE_COUNT; kind++) {
        queen->registry.pressure[kind].evicted = 2 * (uint64_t)kind + 1;
        queen->registry.pressure[kind].refused = 2 * (uint64_t)kind + 2;
    }
    queen->requests.refused = 9;
    queen->verifying.refusals.count = 10;
    queen->unclear.count = 11;
    queen->unsendable = 12;
    queen->behind = 1500;
    queen->announcing.unsent = 14;
    queen->announcing.rationed_until = scene.now + 1;
    queen->verifying.running = 15;
    queen_set_store_fault(queen, "full");
    assert_has(&scene, NULL, wanted, NULL);
    queen->verifying.running = 0;
    scene_clear(&scene);
}

/* GET /health says the same numbers. */
static void health_has_the_same_numbers(void **state)
{
    static const struct {
        const char *check;
        enum metric_id id;
        unsigned index; /* of its sample */
    } rows[] = {
        { "workers:online", METRIC_WORKERS, STATE_ONLINE },
        { "hives:starting", METRIC_HIVES, STATE_UNVERIFIED },
        { "messages:accepted", METRIC_MESSAGES_ACCEPTED, 0 },
        { "messages:rejected:syntax", METRIC_MESSAGES_REJECTED, ERR_SYNTAX },
        { "events:total", METRIC_EVENTS, 0 },
        { "workers:documents", METRIC_DOCUMENTS_BYTES, 0 },
    };
    struct scene scene;
    (void)state;
    init(&scene, 1000);
    scene_run(&scene, "up; birth 1.1; beat 1.1.5; birth 1.1 @h1/");
    scene_message(&scene, "skep/v1/hive/h1/worker/w3/presence", TEXT("{"));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct metric_sample sample;
        unsigned index = rows[i].index;
        char wanted[128];
        assert_true(metric_next(scene.queen, rows[i].id, &index, &sample));
        assert_true(sample.value > 0);
        snprintf(wanted, sizeof wanted, "\"%s\":[{\"observedValue\":%.0f,", rows[i].check, sample.value);
        scene_check_health(&scene, wanted);
    }
    scene_clear(&scene);
}

static void workers_are_shown_on_request(void **state)
{
    static const char *const wanted[] = {
        "skep_worker_state_code{hive=\"h1\",worker=\"w1\"} 2",
        "skep_worker_last_heartbeat_timestamp_seconds{hive=\"h1\",worker=\"w1\"} 1700000000",
        "skep_worker_queue_depth{hive=\"h1\",worker=\"w1\"} 7",
        "skep_worker_gpu_utilization_ratio{hive=\"h1\",worker=\"w1\"} 0.45",
        "skep_worker_last_inference_seconds{hive=\"h1\",worker=\"w1\"} 1.2345",
        "skep_worker_clock_skew_seconds{hive=\"h1\",worker=\"w1\"} -1.5",
        "skep_worker_progress_age_seconds{hive=\"h1\",worker=\"w1\"} 2.25",
        "skep_worker_state_code{hive=\"h1\",worker=\"w2\"} 6",
        "skep_model_workers{model=\"llama\",state=\"online\"} 1",
        "skep_model_queue_depth{model=\"llama\"} 7",
        NULL,
    };
    struct scene scene;
    (void)state;
    init(&scene, 1000);
    scene_run(&scene, "up");
    scene_message(&scene, "skep/v1/hive/h1/worker/w1/heartbeat",
                  TEXT("{\"status\":\"busy\",\"queue_depth\":7,\"gpu_utilization\":0.45,\"last_inference_ms\":1234.5,"
                       "\"model_loaded\":\"llama\",\"timestamp\":\"2023-11-14T22:13:18.500Z\",\"progress\":3,"
                       "\"progress_age_ms\":2250,\"inflight\":1}"));
    scene_run(&scene, "birth 1.1 @h1/w2; bye 1.1 @h1/w2");
    assert_has(&scene, "workers=1", wanted, "queue_depth{hive=\"h1\",worker=\"w2\"}"); /* it has said none */
    assert_has(&scene, "workers=0", (const char *const[]){ NULL }, "skep_worker_");
    scene_clear(&scene);
}

static void nothing_is_left_of_the_forgotten(void **state)
{
    static const char *const wanted[] = { "skep_workers{state=\"online\"} 0",
                                          "skep_transitions_total{subject=\"worker\",cause=\"forgotten\"} 1", NULL };
    struct scene scene;
    (void)state;
    init(&scene, 1000);
    scene_run(&scene, "up; say \"model_loaded\":\"llama\",\"version\":\"9\"; beat 1.1.0 @h7/w7");
    assert_has(&scene, "workers=1",
               (const char *const[]){ "skep_worker_state_code{hive=\"h7\",worker=\"w7\"} 2",
                                      "skep_model_workers{model=\"llama\",state=\"online\"} 1", NULL },
               NULL);
    scene_run(&scene, "delete force @h7/w7");
    assert_has(&scene, "workers=1", wanted, "w7");
    assert_has(&scene, "workers=1", wanted, "h7");
    assert_has(&scene, "workers=1", wanted, "llama");
    scene_clear(&scene);
}

/* Parts are left out as a whole: that of the workers first. Here are one hive (1 and 7), a model (8), two workers (14).
 */
static void what_is_too_much_is_left_out_whole(void **state)
{
    static const struct {
        int64_t max;
        const char *query;
        bool groups, workers, truncated;
    } rows[] = {
        { 1000, "", true, false, false },        { 16, "", true, false, false },
        { 15, "", false, false, true },          { 0, "", false, false, true },
        { 30, "workers=1", true, true, false },  { 29, "workers=1", true, false, true },
        { 15, "workers=1", false, false, true },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene scene;
        struct http_response response;
        init(&scene, rows[i].max);
        scene_run(&scene, "up; birth 1.1 @h1/; say \"model_loaded\":\"llama\"; beat 1.1.0 @h1/w1; beat 1.1.0 @h1/w2");
        response = get(&scene, rows[i].query, NULL);
        assert_int_equal(strstr(buf_str(&response.body), "skep_hive_state_code") != NULL, rows[i].groups);
        assert_int_equal(strstr(buf_str(&response.body), "skep_hive_workers") != NULL, rows[i].groups);
        assert_int_equal(strstr(buf_str(&response.body), "skep_model_queue_depth") != NULL, rows[i].groups);
        assert_int_equal(strstr(buf_str(&response.body), "skep_worker_state_code") != NULL, rows[i].workers);
        assert_non_null(strstr(buf_str(&response.body),
                               rows[i].truncated ? "\nskep_metrics_truncated 1\n" : "\nskep_metrics_truncated 0\n"));
        buf_clear(&response.body);
        scene_clear(&scene);
    }
}

static void its_process_is_shown_as_the_driver_measures_it(void **state)
{
    struct histogram turns = { .buckets = { 5, 3, [HISTOGRAM_BOUNDS] = 1 }, .sum = 1500000 };
    struct queen_process process = { .cpu_us = 2500000,
                                     .resident_bytes = 4096,
                                     .descriptors = 9,
                                     .descriptors_max = 1024,
                                     .started = 1700000000123,
                                     .turns = &turns };
    static const char *const wanted[] = { "process_cpu_seconds_total 2.5",
                                          "process_resident_memory_bytes 4096",
                                          "process_open_fds 9",
                                          "process_max_fds 1024",
                                          "process_start_time_seconds 1700000000.123",
                                          "skep_loop_turn_seconds_bucket{le=\"0.00005\"} 5",
                                          "skep_loop_turn_seconds_bucket{le=\"0.0001\"} 8",
                                          "skep_loop_turn_seconds_bucket{le=\"0.02\"} 8",
                                          "skep_loop_turn_seconds_bucket{le=\"+Inf\"} 9",
                                          "skep_loop_turn_seconds_sum 1.5",
                                          "skep_loop_turn_seconds_count 9",
                                          NULL };
    struct scene scene;
    (void)state;
    init(&scene, 1000);
    assert_true(queen_http_needs_process(&(struct http_request){ .path = "/metrics" }));
    assert_false(queen_http_needs_process(&(struct http_request){ .path = "/health" }));
    queen_set_process(scene.queen, &process);
    assert_has(&scene, NULL, wanted, NULL);
    scene_clear(&scene);
}

static void openmetrics_is_written_where_it_is_wanted(void **state)
{
    struct scene scene;
    struct http_response response;
    const char *body;
    (void)state;
    init(&scene, 1000);
    scene_run(&scene, "up; birth 1.1");
    response = get(&scene, NULL, OPEN);
    body = buf_str(&response.body);
    assert_string_equal(response.content_type, "application/openmetrics-text; version=1.0.0; charset=utf-8");
    assert_true(ends(body, "\n# EOF\n"));
    assert_non_null(strstr(body, "\n# TYPE skep_events counter\nskep_events_total 2\n"));
    assert_non_null(strstr(body, "\n# TYPE skep_documents_bytes gauge\n# UNIT skep_documents_bytes bytes\n"));
    assert_null(strstr(body, "_total counter"));
    buf_clear(&response.body);
    response = get(&scene, NULL, "text/plain");
    body = buf_str(&response.body);
    assert_string_equal(response.content_type, "text/plain; version=0.0.4; charset=utf-8");
    assert_null(strstr(body, "# EOF"));
    assert_null(strstr(body, "# UNIT"));
    assert_non_null(strstr(body, "\n# TYPE skep_events_total counter\nskep_events_total 2\n"));
    buf_clear(&response.body);
    scene_clear(&scene);
}

static void parameters_are_checked(void **state)
{
    static const char *const queries[] = { "workers=2", "workers=yes", "workers", "hives=1" };
    struct scene scene;
    (void)state;
    init(&scene, 1000);
    for (size_t i = 0; i < ARRAY_LEN(queries); i++) {
        struct http_response response = scene_http(
            &scene, &(struct http_request){ .method = "GET", .path = "/metrics", .query = text_of(queries[i]) });
        assert_int_equal(response.status, 400);
        assert_non_null(strstr(buf_str(&response.body), "known is workers=1"));
        buf_clear(&response.body);
    }
    scene_clear(&scene);
}

#define FLEET 3000

/* However many there are: each slice is short, all of a metric stand together, and each worker has each once. */
static void workers_come_in_slices(void **state)
{
    struct queen_options options = scene_options;
    struct scene scene;
    struct http_request request = { .method = "GET", .path = "/metrics", .query = TEXT("workers=1") };
    struct http_response response = { 0 };
    struct buf whole = BUF_INIT, slice = BUF_INIT;
    const char *head, *next;
    size_t slices = 0, samples = 0;
    bool more = true;
    (void)state;
    options.max_series = 100000;
    options.max_workers = 2 * FLEET;
    options.max_document_bytes = 16 << 20;
    scene_init_with(&scene, &options);
    scene_run(&scene, "up");
    for (int i = 0; i < FLEET; i++) {
        char topic[96];
        snprintf(topic, sizeof topic, "skep/v1/hive/h%d/worker/w%04d/heartbeat", i % 500, i);
        scene_message(&scene, topic, TEXT("{\"status\":\"idle\",\"queue_depth\":1}"));
    }
    assert_int_equal(queen_http(scene.queen, &request, scene.now, scene.wall, &response, &scene.outbox), 0);
    for (; more; slices++) {
        buf_reset(&slice);
        more = queen_listing_next(scene.queen, response.listing, scene.now, scene.wall, &slice);
        assert_true(slice.len < 72 * 1024);
        assert_int_equal(queen_listing_wait(response.listing), 0);
        buf_add_text(&whole, buf_text(&slice));
    }
    assert_true(slices > 8); /* 3,000 times 50 bytes, three times, and 500 hives */
    assert_non_null(head = strstr(buf_str(&whole), "# TYPE skep_worker_queue_depth gauge\n"));
    assert_non_null(next = strstr(head, "# HELP"));
    for (const char *at = head; (at = strchr(at, '\n') + 1) < next; samples++)
        assert_memory_equal(at, "skep_worker_queue_depth{", strlen("skep_worker_queue_depth{"));
    assert_int_equal(samples, FLEET);
    assert_non_null(strstr(buf_str(&whole), "skep_hive_workers{hive=\"h499\",state=\"online\"} 6\n"));
    queen_listing_free(response.listing);
    buf_clear(&whole);
    buf_clear(&slice);
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_follows_the_rules_of_names),
        cmocka_unit_test(the_queen_counts_what_she_sees),
        cmocka_unit_test(a_storm_is_counted_and_who_waits_in_it),
        cmocka_unit_test(each_count_has_its_name),
        cmocka_unit_test(health_has_the_same_numbers),
        cmocka_unit_test(workers_are_shown_on_request),
        cmocka_unit_test(nothing_is_left_of_the_forgotten),
        cmocka_unit_test(what_is_too_much_is_left_out_whole),
        cmocka_unit_test(its_process_is_shown_as_the_driver_measures_it),
        cmocka_unit_test(openmetrics_is_written_where_it_is_wanted),
        cmocka_unit_test(parameters_are_checked),
        cmocka_unit_test(workers_come_in_slices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
