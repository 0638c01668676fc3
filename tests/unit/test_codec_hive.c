#include "codec.h"
#include "json_write.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

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

static const char full_witness[] =
    "{\"worker_id\":\"w1\",\"hive_id\":\"h1\",\"session\":\"00000000000000ab\",\"pid\":77,\"state\":\"backoff\","
    "\"reason\":\"/bin/no: no such file\",\"restarts\":3,\"restart_in_ms\":4000,"
    "\"started_at\":\"2025-10-23T20:00:00.000Z\",\"last_exit\":{\"code\":139,\"signal\":\"SIGSEGV\",\"oom\":false,"
    "\"session\":\"00000000000000aa\",\"pid\":76,\"at\":\"2025-10-23T19:59:59.250Z\",\"asked_for\":true},"
    "\"timestamp\":\"2025-10-23T20:00:01.000Z\"}";

static const char full_hive_heartbeat[] =
    "{\"hive_id\":\"h1\",\"status\":\"ready\",\"session\":\"00000000000000ab\",\"connection\":2,\"seq\":7,"
    "\"interval_ms\":10000,\"load1\":1.25,\"cpus\":2,\"memory_total_bytes\":8589934592,"
    "\"memory_available_bytes\":4294967296,\"workers\":{\"total\":6,\"running\":3,\"exited\":2,\"failed\":1},"
    "\"endpoint\":\"http://h:1/\",\"version\":\"1\",\"timestamp\":\"2025-10-23T20:00:00.000Z\"}";

static const char full_gpus[] =
    "{\"status\":\"ready\",\"gpus\":[{\"index\":0,\"uuid\":\"GPU-1\",\"name\":\"H100\",\"utilization\":0.5,"
    "\"memory_used_bytes\":1,\"memory_total_bytes\":2,\"temperature_c\":41.5,\"errors\":3},"
    "{\"index\":63,\"uuid\":null,\"name\":null,\"utilization\":null,\"memory_used_bytes\":null,"
    "\"memory_total_bytes\":null,\"temperature_c\":null,\"errors\":null}]}";

static void gpus_are_read_and_written_the_same(void **state)
{
    struct hive_heartbeat h;
    (void)state;
    assert_int_equal(hive_heartbeat_decode(&arena, TEXT(full_gpus), &h, NULL), OK);
    assert_int_equal(h.gpus.count, 2);
    assert_int_equal(h.gpus.at[0].index, 0);
    assert_string_equal(h.gpus.at[0].uuid, "GPU-1");
    assert_string_equal(h.gpus.at[0].name, "H100");
    assert_true(h.gpus.at[0].utilization == 0.5 && h.gpus.at[0].temperature_c == 41.5);
    assert_int_equal(h.gpus.at[0].memory_used_bytes, 1);
    assert_int_equal(h.gpus.at[0].memory_total_bytes, 2);
    assert_int_equal(h.gpus.at[0].errors, 3);
    assert_int_equal(h.gpus.at[1].index, 63);
    assert_null(h.gpus.at[1].uuid);
    assert_int_equal(h.gpus.at[1].errors, INT_ABSENT);
    hive_heartbeat_encode(&h, &buf);
    assert_string_equal(buf_str(&buf), full_gpus);
}

static void add_gpus(size_t count)
{
    buf_reset(&buf);
    buf_add_str(&buf, "{\"status\":\"ready\",\"gpus\":[");
    for (size_t i = 0; i < count; i++)
        buf_printf(&buf, "%s{\"index\":%zu}", i ? "," : "", i % MSG_GPUS_MAX);
    buf_add_str(&buf, "]}");
}

static void gpus_are_64_at_most(void **state)
{
    struct hive_heartbeat h;
    struct errbuf e = { 0 };
    (void)state;
    add_gpus(MSG_GPUS_MAX);
    assert_int_equal(hive_heartbeat_decode(&arena, buf_text(&buf), &h, NULL), OK);
    assert_int_equal(h.gpus.count, MSG_GPUS_MAX);
    assert_int_equal(h.gpus.at[MSG_GPUS_MAX - 1].index, MSG_GPUS_MAX - 1);
    add_gpus(MSG_GPUS_MAX + 1);
    assert_int_equal(hive_heartbeat_decode(&arena, buf_text(&buf), &h, &e), ERR_TOO_LARGE);
    assert_string_equal(e.text, "gpus: at most 64 entries");
}

static void the_gpus_of_a_witness_are_numbers(void **state)
{
    static const char full[] = "\"gpus\":[0,7,63]";
    struct witness w;
    (void)state;
    assert_int_equal(witness_decode(&arena, TEXT("{\"state\":\"running\"}"), &w, NULL), OK);
    assert_false(w.gpus.known);
    assert_int_equal(witness_decode(&arena, TEXT("{\"state\":\"running\",\"gpus\":[]}"), &w, NULL), OK);
    assert_true(w.gpus.known && w.gpus.bits == 0);
    witness_put(&w, &(struct json_write){ .buf = &buf });
    assert_non_null(strstr(buf_str(&buf), "\"gpus\":[],"));
    assert_int_equal(witness_decode(&arena, TEXT("{\"state\":\"running\",\"gpus\":[63,0,7,7]}"), &w, NULL), OK);
    assert_true(w.gpus.known && w.gpus.bits == (UINT64_C(1) << 63 | 1 << 7 | 1));
    buf_reset(&buf);
    witness_put(&w, &(struct json_write){ .buf = &buf });
    assert_non_null(strstr(buf_str(&buf), full));
}

static void every_member_of_a_witness_is_read(void **state)
{
    struct witness w;
    (void)state;
    assert_int_equal(witness_decode(&arena, TEXT(full_witness), &w, NULL), OK);
    assert_string_equal(w.worker_id, "w1");
    assert_string_equal(w.hive_id, "h1");
    assert_int_equal(w.session, 0xAB);
    assert_int_equal(w.pid, 77);
    assert_int_equal(w.state, WITNESS_BACKOFF);
    assert_string_equal(w.reason, "/bin/no: no such file");
    assert_int_equal(w.restarts, 3);
    assert_int_equal(w.restart_in_ms, 4000);
    assert_int_equal(w.started_at, 1761249600000);
    assert_true(w.last_exit.known);
    assert_int_equal(w.last_exit.code, 139);
    assert_string_equal(w.last_exit.signal, "SIGSEGV");
    assert_int_equal(w.last_exit.oom, 0);
    assert_int_equal(w.last_exit.session, 0xAA);
    assert_int_equal(w.last_exit.pid, 76);
    assert_int_equal(w.last_exit.at, 1761249599250);
    assert_int_equal(w.last_exit.asked_for, 1);
    assert_int_equal(w.timestamp, 1761249601000);
}

static void every_member_of_a_hives_heartbeat_is_read(void **state)
{
    struct hive_heartbeat h;
    (void)state;
    assert_int_equal(hive_heartbeat_decode(&arena, TEXT(full_hive_heartbeat), &h, NULL), OK);
    assert_string_equal(h.hive_id, "h1");
    assert_int_equal(h.status, HIVE_READY);
    assert_int_equal(h.session, 0xAB);
    assert_int_equal(h.connection, 2);
    assert_int_equal(h.seq, 7);
    assert_int_equal(h.interval_ms, 10000);
    assert_true(h.load1 == 1.25);
    assert_int_equal(h.cpus, 2);
    assert_int_equal(h.memory_total_bytes, 8589934592);
    assert_int_equal(h.memory_available_bytes, 4294967296);
    assert_true(h.workers.known);
    assert_int_equal(h.workers.total, 6);
    assert_int_equal(h.workers.running, 3);
    assert_int_equal(h.workers.exited, 2);
    assert_int_equal(h.workers.failed, 1);
    assert_string_equal(h.endpoint, "http://h:1/");
    assert_string_equal(h.version, "1");
    assert_int_equal(h.timestamp, 1761249600000);
}

static void what_was_read_is_written_the_same(void **state)
{
    struct witness w;
    struct hive_heartbeat h;
    (void)state;
    assert_int_equal(witness_decode(&arena, TEXT(full_witness), &w, NULL), OK);
    witness_put(&w, &(struct json_write){ .buf = &buf });
    assert_string_equal(buf_str(&buf), full_witness);

    buf_reset(&buf);
    assert_int_equal(hive_heartbeat_decode(&arena, TEXT(full_hive_heartbeat), &h, NULL), OK);
    hive_heartbeat_encode(&h, &buf);
    assert_string_equal(buf_str(&buf), full_hive_heartbeat);
}

static void a_witness_has_a_fixed_shape(void **state)
{
    struct witness w;
    (void)state;
    witness_init(&w);
    w.worker_id = "w1";
    w.state = WITNESS_STARTING;
    witness_put(&w, &(struct json_write){ .buf = &buf });
    assert_string_equal(buf_str(&buf), "{\"worker_id\":\"w1\",\"session\":null,\"pid\":null,\"state\":\"starting\","
                                       "\"reason\":null,\"restarts\":null,\"restart_in_ms\":null,\"started_at\":null,"
                                       "\"last_exit\":null,\"timestamp\":null}");

    buf_reset(&buf);
    last_exit_init(&w.last_exit);
    w.last_exit.known = true;
    w.last_exit.code = 0;
    witness_put(&w, &(struct json_write){ .buf = &buf });
    assert_non_null(strstr(buf_str(&buf), "\"last_exit\":{\"code\":0,\"signal\":null,\"oom\":null,\"session\":null,"
                                          "\"pid\":null,\"at\":null,\"asked_for\":null}"));
}

static void a_hives_heartbeat_leaves_out_what_is_absent(void **state)
{
    struct hive_heartbeat h;
    (void)state;
    assert_int_equal(hive_heartbeat_decode(&arena, TEXT("{\"status\":\"stopping\",\"workers\":null}"), &h, NULL), OK);
    assert_false(h.workers.known);
    hive_heartbeat_encode(&h, &buf);
    assert_string_equal(buf_str(&buf), "{\"status\":\"stopping\"}");

    buf_reset(&buf);
    h.workers.known = true;
    h.workers.total = 1;
    hive_heartbeat_encode(&h, &buf);
    assert_string_equal(buf_str(&buf), "{\"status\":\"stopping\",\"workers\":{\"total\":1}}");
}

static void an_exit_is_the_last_one_without_its_process(void **state)
{
    struct witness w;
    (void)state;
    assert_int_equal(witness_decode(&arena, TEXT(full_witness), &w, NULL), OK);
    struct exit_info exit = last_exit_info(&w.last_exit);
    assert_true(exit.known);
    assert_int_equal(exit.code, 139);
    assert_string_equal(exit.signal, "SIGSEGV");
    assert_int_equal(exit.oom, 0);

    witness_init(&w);
    assert_false(last_exit_info(&w.last_exit).known);
}

static void witness_fields_are_checked(void **state)
{
    static const struct {
        const char *why, *json;
        enum err want;
    } rows[] = {
        { "the state alone", "{\"state\":\"running\"}", OK },
        { "no state", "{\"worker_id\":\"w\"}", ERR_MISSING },
        { "a state that does not exist", "{\"state\":\"alive\"}", ERR_UNKNOWN },
        { "a state that is a number", "{\"state\":1}", ERR_TYPE },
        { "an id with a slash", "{\"state\":\"running\",\"worker_id\":\"a/b\"}", ERR_ID },
        { "no process has number 0", "{\"state\":\"running\",\"pid\":0}", ERR_RANGE },
        { "restarts count from 0", "{\"state\":\"running\",\"restarts\":-1}", ERR_RANGE },
        { "a reason that is no text", "{\"state\":\"failed\",\"reason\":2}", ERR_TYPE },
        { "no exit yet", "{\"state\":\"running\",\"last_exit\":null}", OK },
        { "an exit of which nothing is known", "{\"state\":\"exited\",\"last_exit\":{}}", OK },
        { "GPUs in an object", "{\"state\":\"running\",\"gpus\":{}}", ERR_TYPE },
        { "a GPU's name", "{\"state\":\"running\",\"gpus\":[\"0\"]}", ERR_TYPE },
        { "one GPU too many", "{\"state\":\"running\",\"gpus\":[64]}", ERR_RANGE },
        { "an exit that is a list", "{\"state\":\"exited\",\"last_exit\":[]}", ERR_TYPE },
        { "an exit of no session", "{\"state\":\"exited\",\"last_exit\":{\"session\":\"x\"}}", ERR_TYPE },
        { "an exit at no time", "{\"state\":\"exited\",\"last_exit\":{\"at\":\"yesterday\"}}", ERR_TYPE },
        { "an exit code too high", "{\"state\":\"exited\",\"last_exit\":{\"code\":256}}", ERR_RANGE },
        { "asked for, in quotes", "{\"state\":\"exited\",\"last_exit\":{\"asked_for\":\"no\"}}", ERR_TYPE },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct witness w = { .pid = 4711 };
        enum err err = witness_decode(&arena, text_of(rows[i].json), &w, NULL);
        if (err != rows[i].want)
            fail_msg("%s: %s", rows[i].why, err_name(err));
        if ((w.pid == 4711) != (err != OK))
            fail_msg("%s: ret does not fit the result", rows[i].why);
    }
}

static void hive_heartbeat_fields_are_checked(void **state)
{
    static const struct {
        const char *why, *json;
        enum err want;
    } rows[] = {
        { "the status alone", "{\"status\":\"starting\"}", OK },
        { "no status", "{}", ERR_MISSING },
        { "a worker's status", "{\"status\":\"idle\"}", ERR_UNKNOWN },
        { "no load", "{\"status\":\"ready\",\"load1\":0}", OK },
        { "a negative load", "{\"status\":\"ready\",\"load1\":-0.5}", ERR_RANGE },
        { "a host without a processor", "{\"status\":\"ready\",\"cpus\":0}", ERR_RANGE },
        { "half a byte", "{\"status\":\"ready\",\"memory_total_bytes\":0.5}", ERR_TYPE },
        { "GPUs that are not known", "{\"status\":\"ready\",\"gpus\":null}", OK },
        { "GPUs that are none", "{\"status\":\"ready\",\"gpus\":[]}", OK },
        { "GPUs in an object", "{\"status\":\"ready\",\"gpus\":{}}", ERR_TYPE },
        { "a GPU that is none", "{\"status\":\"ready\",\"gpus\":[null]}", ERR_TYPE },
        { "a GPU without its number", "{\"status\":\"ready\",\"gpus\":[{\"name\":\"H100\"}]}", ERR_MISSING },
        { "a GPU in percent", "{\"status\":\"ready\",\"gpus\":[{\"index\":0,\"utilization\":50}]}", ERR_RANGE },
        { "below the absolute zero", "{\"status\":\"ready\",\"gpus\":[{\"index\":0,\"temperature_c\":-274}]}",
          ERR_RANGE },
        { "workers in a list", "{\"status\":\"ready\",\"workers\":[]}", ERR_TYPE },
        { "fewer than no workers", "{\"status\":\"ready\",\"workers\":{\"total\":-1}}", ERR_RANGE },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct hive_heartbeat h = { .seq = 4711 };
        enum err err = hive_heartbeat_decode(&arena, text_of(rows[i].json), &h, NULL);
        if (err != rows[i].want)
            fail_msg("%s: %s", rows[i].why, err_name(err));
        if ((h.seq == 4711) != (err != OK))
            fail_msg("%s: ret does not fit the result", rows[i].why);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_member_of_a_witness_is_read),
        TEST(every_member_of_a_hives_heartbeat_is_read),
        TEST(what_was_read_is_written_the_same),
        TEST(gpus_are_read_and_written_the_same),
        TEST(gpus_are_64_at_most),
        TEST(the_gpus_of_a_witness_are_numbers),
        TEST(a_witness_has_a_fixed_shape),
        TEST(a_hives_heartbeat_leaves_out_what_is_absent),
        TEST(an_exit_is_the_last_one_without_its_process),
        TEST(witness_fields_are_checked),
        TEST(hive_heartbeat_fields_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
