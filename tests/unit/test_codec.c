#include "codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include <cjson/cJSON.h>

#include "json.h"
#include "json_write.h"

static struct arena arena;
static struct buf buf;

static int set_up(void **state)
{
    (void)state;
    arena = (struct arena){ 0 };
    buf = BUF_INIT;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_clear(&arena);
    buf_clear(&buf);
    return 0;
}

static const char full_heartbeat[] =
    "{\"worker_id\":\"w1\",\"status\":\"busy\",\"gpu_utilization\":0.45,\"model_loaded\":\"m/x\",\"queue_depth\":3,"
    "\"last_inference_ms\":12.5,\"timestamp\":\"2025-10-23T20:00:00.000Z\",\"hive_id\":\"h1\","
    "\"session\":\"00000000000000ab\",\"connection\":2,\"seq\":7,\"interval_ms\":30000,\"lease_ms\":90000,"
    "\"retain_s\":86400,\"progress\":41,\"progress_age_ms\":5,\"inflight\":1,\"oldest_request_ms\":6,\"stall_ms\":"
    "60000,"
    "\"stalled_ms\":0,\"endpoint\":\"http://h:1/\",\"pid\":77,\"host\":\"h\",\"version\":\"1\","
    "\"metrics\":{\"a\":1,\"b\":-0.5},\"labels\":{\"zone\":\"eu\"}}";

static const char full_presence[] =
    "{\"worker_id\":\"w1\",\"hive_id\":\"h1\",\"presence\":\"stale\",\"cause\":\"process_exited\","
    "\"session\":\"00000000000000ab\",\"connection\":2,\"interval_ms\":30000,\"retain_s\":null,\"rpc\":true,\"connect_"
    "ms\":null,"
    "\"exit\":{\"code\":139,\"signal\":\"SIGSEGV\",\"oom\":false},\"pid\":77,\"host\":\"h\",\"version\":\"1\","
    "\"endpoint\":\"http://h:1/\",\"timestamp\":\"2025-10-23T20:00:00.000Z\"}";

static void the_original_seven_fields_are_a_heartbeat(void **state)
{
    struct heartbeat h;
    (void)state;
    assert_int_equal(
        heartbeat_decode(
            &arena,
            TEXT("{\"worker_id\":\"worker-123\",\"status\":\"idle\",\"gpu_utilization\":0.45,\"model_loaded\":"
                 "\"meta-llama/Llama-3-8b\",\"queue_depth\":0,\"last_inference_ms\":1234,\"timestamp\":"
                 "\"2025-10-23T20:00:00Z\"}"),
            &h, NULL),
        OK);
    assert_string_equal(h.worker_id, "worker-123");
    assert_string_equal(h.status, "idle");
    assert_true(h.gpu_utilization == 0.45);
    assert_string_equal(h.model_loaded, "meta-llama/Llama-3-8b");
    assert_int_equal(h.queue_depth, 0);
    assert_true(h.last_inference_ms == 1234);
    assert_int_equal(h.timestamp, 1761249600000);
    assert_null(h.hive_id);
    assert_int_equal(h.session, 0);
    assert_int_equal(h.seq, INT_ABSENT);
}

static void a_status_alone_is_a_heartbeat(void **state)
{
    struct heartbeat h;
    (void)state;
    assert_int_equal(heartbeat_decode(&arena, TEXT("{\"status\":\"idle\"}"), &h, NULL), OK);
    assert_string_equal(h.status, "idle");
    heartbeat_encode(&h, &buf);
    assert_string_equal(buf_str(&buf), "{\"status\":\"idle\"}");
}

static void every_member_of_a_heartbeat_is_read(void **state)
{
    struct heartbeat h;
    (void)state;
    assert_int_equal(heartbeat_decode(&arena, TEXT(full_heartbeat), &h, NULL), OK);
    assert_string_equal(h.worker_id, "w1");
    assert_string_equal(h.status, "busy");
    assert_true(h.gpu_utilization == 0.45);
    assert_string_equal(h.model_loaded, "m/x");
    assert_int_equal(h.queue_depth, 3);
    assert_true(h.last_inference_ms == 12.5);
    assert_int_equal(h.timestamp, 1761249600000);
    assert_string_equal(h.hive_id, "h1");
    assert_int_equal(h.session, 0xAB);
    assert_int_equal(h.connection, 2);
    assert_int_equal(h.seq, 7);
    assert_int_equal(h.interval_ms, 30000);
    assert_int_equal(h.lease_ms, 90000);
    assert_int_equal(h.retain_s, 86400);
    assert_int_equal(h.progress, 41);
    assert_int_equal(h.progress_age_ms, 5);
    assert_int_equal(h.inflight, 1);
    assert_int_equal(h.oldest_request_ms, 6);
    assert_int_equal(h.stall_ms, 60000);
    assert_int_equal(h.stalled_ms, 0);
    assert_string_equal(h.endpoint, "http://h:1/");
    assert_int_equal(h.pid, 77);
    assert_string_equal(h.host, "h");
    assert_string_equal(h.version, "1");
    assert_true(json_value_member(h.metrics, "b")->number == -0.5);
    assert_string_equal(json_value_member(h.labels, "zone")->string.at, "eu");
}

static void what_was_read_is_written_the_same(void **state)
{
    struct heartbeat h;
    struct presence p;
    (void)state;
    assert_int_equal(heartbeat_decode(&arena, TEXT(full_heartbeat), &h, NULL), OK);
    heartbeat_encode(&h, &buf);
    assert_string_equal(buf_str(&buf), full_heartbeat);
    buf_reset(&buf);
    assert_int_equal(presence_decode(&arena, TEXT(full_presence), &p, NULL), OK);
    presence_encode(&p, &buf);
    assert_string_equal(buf_str(&buf), full_presence);
}

static void the_order_of_fields_does_not_matter(void **state)
{
    struct cJSON *tree;
    struct heartbeat h;
    (void)state;
    assert_int_equal(json_parse(&arena, TEXT(full_heartbeat), &tree, NULL), OK);
    const struct cJSON *member = tree->child;
    while (member->next)
        member = member->next;
    struct buf reversed = BUF_INIT;
    for (; member; member = member == tree->child ? NULL : member->prev) {
        char *value = cJSON_PrintUnformatted(member);
        buf_printf(&reversed, "%s\"%s\":%s", reversed.len ? "," : "{", member->string, value);
        cJSON_free(value);
    }
    buf_add_char(&reversed, '}');
    assert_int_equal(heartbeat_decode(&arena, buf_text(&reversed), &h, NULL), OK);
    heartbeat_encode(&h, &buf);
    assert_string_equal(buf_str(&buf), full_heartbeat);
    buf_clear(&reversed);
}

static void running_out_of_memory_is_an_error(void **state)
{
    struct heartbeat h = { .status = "untouched" };
    (void)state;
    arena.limit = 1;
    assert_int_equal(heartbeat_decode(&arena, TEXT("{\"status\":\"idle\"}"), &h, NULL), ERR_NOMEM);
    assert_string_equal(h.status, "untouched");
}

static void R20_a_senders_clock_moves_nothing_but_the_timestamp(void **state)
{
    static const char *const clocks[] = { "1970-01-01T00:00:00Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z",
                                          "2016-12-31T23:59:60Z", "2025-10-23T22:00:00+23:59" };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(clocks); i++) {
        struct heartbeat h;
        char *json = arena_printf(&arena, "{\"status\":\"idle\",\"seq\":7,\"interval_ms\":1000,\"timestamp\":\"%s\"}",
                                  clocks[i]);
        assert_int_equal(heartbeat_decode(&arena, text_of(json), &h, NULL), OK);
        assert_true(h.timestamp != TIME_ABSENT);
        h.timestamp = TIME_ABSENT;
        buf_reset(&buf);
        heartbeat_encode(&h, &buf);
        assert_string_equal(buf_str(&buf), "{\"status\":\"idle\",\"seq\":7,\"interval_ms\":1000}");
    }
}

static void every_member_of_a_presence_is_read(void **state)
{
    struct presence p;
    (void)state;
    assert_int_equal(presence_decode(&arena, TEXT(full_presence), &p, NULL), OK);
    assert_string_equal(p.worker_id, "w1");
    assert_string_equal(p.hive_id, "h1");
    assert_null(p.queen_id);
    assert_int_equal(p.presence, PRESENCE_STALE);
    assert_int_equal(p.cause, DEATH_PROCESS_EXITED);
    assert_int_equal(p.session, 0xAB);
    assert_int_equal(p.connection, 2);
    assert_int_equal(p.interval_ms, 30000);
    assert_int_equal(p.rpc, 1);
    assert_true(p.exit.known);
    assert_int_equal(p.exit.code, 139);
    assert_string_equal(p.exit.signal, "SIGSEGV");
    assert_int_equal(p.exit.oom, 0);
    assert_int_equal(p.pid, 77);
    assert_string_equal(p.host, "h");
    assert_string_equal(p.version, "1");
    assert_string_equal(p.endpoint, "http://h:1/");
    assert_int_equal(p.timestamp, 1761249600000);
}

static void a_presence_has_a_fixed_shape(void **state)
{
    struct presence p;
    (void)state;
    presence_init(&p);
    p.queen_id = "q1";
    p.presence = PRESENCE_ONLINE;
    p.rpc = 0;
    presence_encode(&p, &buf);
    assert_string_equal(
        buf_str(&buf),
        "{\"queen_id\":\"q1\",\"presence\":\"online\",\"cause\":null,\"session\":null,\"connection\":null,"
        "\"interval_ms\":null,\"retain_s\":null,\"rpc\":false,\"connect_ms\":null,\"exit\":null,\"pid\":null,\"host\":"
        "null,\"version\":"
        "null,"
        "\"endpoint\":null,\"timestamp\":null}");
    buf_reset(&buf);
    presence_init(&p);
    p.presence = PRESENCE_STALE;
    p.cause = DEATH_PROCESS_EXITED;
    p.exit.known = true;
    presence_encode(&p, &buf);
    assert_non_null(strstr(buf_str(&buf),
                           "\"rpc\":null,\"connect_ms\":null,\"exit\":{\"code\":null,\"signal\":null,\"oom\":null},"));
}

static void an_exit_stands_alone_too(void **state)
{
    struct exit_info exit;
    struct json_write w = json_write_to(&buf);
    (void)state;
    exit_info_init(&exit);
    json_open(&w, '[');
    exit_encode(&exit, &w);
    exit.known = true;
    exit.code = 137;
    exit.signal = "SIGKILL";
    exit.oom = 1;
    exit_encode(&exit, &w);
    json_close(&w, ']');
    assert_string_equal(buf_str(&buf), "[null,{\"code\":137,\"signal\":\"SIGKILL\",\"oom\":true}]");
}

static void a_queen_reads_its_own_verdicts(void **state)
{
    struct verdict verdict;
    (void)state;
    assert_int_equal(
        verdict_decode(&arena,
                       TEXT("{\"worker_id\":\"w1\",\"state\":\"stale\",\"previous\":\"online\",\"cause\":\"last_will\","
                            "\"since\":\"2023-11-14T22:13:20.000Z\",\"event_id\":1761249600000123,\"revision\":2,"
                            "\"incident\":null,\"flags\":[\"flapping\"],\"evidence\":{\"path\":\"will\","
                            "\"result\":\"no_subscriber\",\"seen_at\":\"2023-11-14T22:13:20.000Z\","
                            "\"last_seen_ms_ago\":1249,\"took_ms\":251,\"exit\":{\"code\":139,\"signal\":\"SIGSEGV\"},"
                            "\"text\":\"whatever\"}}"),
                       &verdict, NULL),
        OK);
    assert_string_equal(verdict.previous, "online");
    assert_int_equal(verdict.since, 1700000000000);
    assert_int_equal(verdict.event_id, 1761249600000123);
    assert_int_equal(verdict.revision, 2);
    assert_null(verdict.incident);
    assert_string_equal(verdict.evidence.result, "no_subscriber");
    assert_int_equal(verdict.evidence.last_seen_ms_ago, 1249);
    assert_int_equal(verdict.evidence.exit.code, 139);
    assert_int_equal(verdict.evidence.exit.oom, -1);

    assert_int_equal(
        verdict_decode(&arena, TEXT("{\"state\":\"stale\",\"event_id\":1,\"evidence\":{}}"), &verdict, NULL), OK);
    assert_null(verdict.evidence.path);
    assert_int_equal(verdict.evidence.last_seen_ms_ago, INT_ABSENT);
    assert_int_equal(verdict.since, TIME_ABSENT);
    assert_int_equal(verdict_decode(&arena, TEXT("{\"state\":\"stale\"}"), &verdict, NULL), ERR_MISSING);
    assert_int_equal(
        verdict_decode(&arena, TEXT("{\"state\":\"stale\",\"event_id\":9007199254740994}"), &verdict, NULL), ERR_RANGE);
}

static void a_worker_reads_the_verdict_on_itself(void **state)
{
    struct verdict_notice notice;
    (void)state;
    assert_int_equal(verdict_notice_decode(
                         &arena,
                         TEXT("{\"worker_id\":\"w1\",\"hive_id\":\"h1\",\"state\":\"zombie\",\"previous\":\"online\","
                              "\"event_id\":1761249600000123,\"session\":\"00000000000000ab\",\"connection\":2,"
                              "\"flags\":[],\"evidence\":{\"path\":\"progress\",\"exit\":null}}"),
                         &notice, NULL),
                     OK);
    assert_string_equal(notice.state, "zombie");
    assert_int_equal(notice.session, 0xAB);
    assert_int_equal(notice.connection, 2);

    assert_int_equal(verdict_notice_decode(&arena, TEXT("{\"state\":\"stale\",\"session\":null}"), &notice, NULL), OK);
    assert_int_equal(notice.session, 0);
    assert_int_equal(notice.connection, INT_ABSENT);
    assert_int_equal(verdict_notice_decode(&arena, TEXT("{\"session\":null}"), &notice, NULL), ERR_MISSING);
    assert_int_equal(verdict_notice_decode(&arena, TEXT("{\"state\":1}"), &notice, NULL), ERR_TYPE);
    assert_string_equal(notice.state, "stale");
}

static void numbers_are_set_by_name(void **state)
{
    static const struct {
        const char *why, *field;
        double number;
        enum err want;
    } rows[] = {
        { "a number", "gpu_utilization", 0.5, OK },
        { "out of its range", "gpu_utilization", 1.5, ERR_RANGE },
        { "absent", "gpu_utilization", NAN, OK },
        { "infinite", "last_inference_ms", INFINITY, ERR_RANGE },
        { "an integer", "queue_depth", 3, OK },
        { "a fraction in an integer", "queue_depth", 3.5, ERR_TYPE },
        { "a negative integer", "queue_depth", -1, ERR_RANGE },
        { "an infinite integer", "queue_depth", INFINITY, ERR_RANGE },
        { "an absent integer", "queue_depth", NAN, OK },
        { "a text", "model_loaded", 1, ERR_UNKNOWN },
        { "a session is no number", "session", 1, ERR_UNKNOWN },
        { "no such field", "mood", 1, ERR_UNKNOWN },
        { "no field at all", "", 1, ERR_UNKNOWN },
    };
    struct heartbeat h;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct errbuf e = { 0 };
        heartbeat_init(&h);
        h.gpu_utilization = 0.25;
        h.queue_depth = 9;
        enum err err = heartbeat_set_number(&h, rows[i].field, rows[i].number, &e);
        if (err != rows[i].want || (err != OK) != (e.text[0] != '\0'))
            fail_msg("%s: %s (%s)", rows[i].why, err_name(err), e.text);
        buf_reset(&buf);
        heartbeat_encode(&h, &buf);
        if (text_is(buf_text(&buf), "{\"gpu_utilization\":0.25,\"queue_depth\":9}") != (err != OK))
            fail_msg("%s: became %s", rows[i].why, buf_str(&buf));
    }
    heartbeat_set_number(&h, "queue_depth", 12, NULL);
    heartbeat_set_number(&h, "gpu_utilization", 0.75, NULL);
    assert_int_equal(h.queue_depth, 12);
    assert_true(h.gpu_utilization == 0.75);
    heartbeat_set_number(&h, "queue_depth", NAN, NULL);
    heartbeat_set_number(&h, "gpu_utilization", NAN, NULL);
    assert_int_equal(h.queue_depth, INT_ABSENT);
    assert_true(isnan(h.gpu_utilization));
}

static void ids_must_not_contradict_the_topic(void **state)
{
    struct errbuf e = { 0 };
    (void)state;
    assert_int_equal(ids_match("w1", TEXT("w1"), "worker_id", &e), OK);
    assert_int_equal(ids_match(NULL, TEXT("w1"), "worker_id", &e), OK);
    assert_string_equal(e.text, "");
    assert_int_equal(ids_match("w10", TEXT("w1"), "worker_id", &e), ERR_MISMATCH);
    assert_string_equal(e.text, "worker_id: w10 in the document, w1 in the topic");
    assert_int_equal(ids_match("w", TEXT("w1"), "worker_id", NULL), ERR_MISMATCH);
}

static void info_check(const struct field_info *info, size_t want)
{
    size_t count = 0;
    for (; info[count].name; count++) {
        assert_true(info[count].type[0] && info[count].doc[0]);
        assert_true(info[count].low <= info[count].high);
        for (size_t i = 0; i < count; i++)
            assert_string_not_equal(info[i].name, info[count].name);
    }
    assert_int_equal(count, want);
}

/* The most bytes that a document of these fields can have: each byte of a text as an escape. GPUs are as many as fit.
 */
static size_t longest(const struct field_info *info)
{
    static const struct {
        const char *type;
        const struct field_info *fields;
    } objects[] = { { "EXIT", exit_info_field_info },
                    { "LASTEXIT", last_exit_field_info },
                    { "TALLY", worker_tally_field_info },
                    { "EVIDENCE", verdict_evidence_field_info } };
    size_t bytes = 2;
    for (; info->name; info++) {
        size_t value = 40; /* a number, a time, a word */
        if (strcmp(info->type, "TEXT") == 0)
            value = 6 * (size_t)info->high;
        else if (strcmp(info->type, "ID") == 0 || strcmp(info->type, "TOKEN") == 0)
            value = (size_t)info->high;
        else if (strcmp(info->type, "INDEXES") == 0)
            value = 3 * MSG_GPUS_MAX;
        for (size_t i = 0; i < ARRAY_LEN(objects); i++)
            if (strcmp(info->type, objects[i].type) == 0)
                value = longest(objects[i].fields);
        bytes += strlen(info->name) + strlen("\"\":\"\",") + value;
    }
    return bytes;
}

static void every_document_of_known_fields_fits(void **state)
{
    const struct field_info *const fixed[] = { presence_field_info,       witness_field_info, hive_heartbeat_field_info,
                                               verdict_notice_field_info, verdict_field_info, since_field_info };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
        assert_in_range(longest(fixed[i]), 1, MSG_MAX_FIXED);
}

static void add_filled(const char *begin, size_t bytes)
{
    buf_reset(&buf);
    buf_add_str(&buf, begin);
    while (buf.len < bytes - 1)
        buf_add_char(&buf, ' ');
    buf_add_char(&buf, '}');
}

/* What a message costs to be read is bounded by its kind. */
static void each_kind_has_its_most_bytes(void **state)
{
    struct heartbeat heartbeat;
    struct presence presence;
    struct witness witness;
    struct hive_heartbeat hive;
    (void)state;
    for (size_t more = 0; more < 2; more++) {
        enum err want = more ? ERR_TOO_LARGE : OK;
        add_filled("{\"presence\":\"online\"", MSG_MAX_FIXED + more);
        assert_int_equal(presence_decode(&arena, buf_text(&buf), &presence, NULL), want);
        add_filled("{\"state\":\"running\"", MSG_MAX_FIXED + more);
        assert_int_equal(witness_decode(&arena, buf_text(&buf), &witness, NULL), want);
        add_filled("{\"status\":\"ready\"", MSG_MAX_FIXED + more);
        assert_int_equal(hive_heartbeat_decode(&arena, buf_text(&buf), &hive, NULL), want);
        add_filled("{\"status\":\"idle\"", MSG_MAX_BYTES + more);
        assert_int_equal(heartbeat_decode(&arena, buf_text(&buf), &heartbeat, NULL), want);
    }
}

static void tables_can_be_read_by_documentation(void **state)
{
    (void)state;
    info_check(heartbeat_field_info, 28);
    info_check(presence_field_info, 17);
    info_check(exit_info_field_info, 3);
    assert_string_equal(heartbeat_field_info[1].name, "status");
    assert_string_equal(heartbeat_field_info[1].type, "TOKEN");
    assert_true(heartbeat_field_info[1].required);
    assert_true(heartbeat_field_info[2].high == 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_original_seven_fields_are_a_heartbeat),
        TEST(a_status_alone_is_a_heartbeat),
        TEST(every_member_of_a_heartbeat_is_read),
        TEST(what_was_read_is_written_the_same),
        TEST(the_order_of_fields_does_not_matter),
        TEST(running_out_of_memory_is_an_error),
        TEST(R20_a_senders_clock_moves_nothing_but_the_timestamp),
        TEST(every_member_of_a_presence_is_read),
        TEST(a_presence_has_a_fixed_shape),
        TEST(an_exit_stands_alone_too),
        TEST(a_worker_reads_the_verdict_on_itself),
        TEST(a_queen_reads_its_own_verdicts),
        TEST(numbers_are_set_by_name),
        TEST(ids_must_not_contradict_the_topic),
        TEST(every_document_of_known_fields_fits),
        TEST(each_kind_has_its_most_bytes),
        TEST(tables_can_be_read_by_documentation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
