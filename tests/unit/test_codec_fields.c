#include "codec.h"
#include "codec_fields.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define ID64 "a234567890123456789012345678901234567890123456789012345678901234"

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

/* Each row is a heartbeat whose status is fine, with one field more. */
static const struct {
    const char *why, *field;
    enum err want;
} heartbeat_rows[] = {
    { "an unknown field", "\"mood\":\"good\"", OK },
    { "an unknown object, as deep as allowed", "\"x\":{\"x\":{\"x\":{\"x\":{\"x\":{\"x\":{\"x\":{}}}}}}}", OK },
    { "a level deeper", "\"x\":{\"x\":{\"x\":{\"x\":{\"x\":{\"x\":{\"x\":{\"x\":{}}}}}}}}", ERR_DEPTH },
    { "names are matched with their case", "\"Seq\":\"x\"", OK },
    { "a field given twice", "\"status\":\"busy\"", ERR_DUPLICATE },
    { "null is absent", "\"seq\":null", OK },

    { "an id", "\"worker_id\":\"gpu-0.a_b\"", OK },
    { "an id of 64 bytes", "\"worker_id\":\"" ID64 "\"", OK },
    { "an id of 65 bytes", "\"worker_id\":\"" ID64 "x\"", ERR_ID },
    { "an id with a slash", "\"worker_id\":\"a/b\"", ERR_ID },
    { "an empty id", "\"hive_id\":\"\"", ERR_ID },
    { "an id that is a number", "\"hive_id\":7", ERR_TYPE },

    { "no use at all", "\"gpu_utilization\":0", OK },
    { "full use", "\"gpu_utilization\":1", OK },
    { "per cent", "\"gpu_utilization\":45", ERR_RANGE },
    { "a little too much", "\"gpu_utilization\":1.0000001", ERR_RANGE },
    { "-1 for absent", "\"gpu_utilization\":-1", ERR_RANGE },
    { "a number in quotes", "\"gpu_utilization\":\"0.5\"", ERR_TYPE },
    { "a truth value for a number", "\"gpu_utilization\":true", ERR_TYPE },

    { "no model", "\"model_loaded\":\"\"", OK },
    { "a model that is no text", "\"model_loaded\":[]", ERR_TYPE },

    { "whole, written as a fraction", "\"queue_depth\":3.0", OK },
    { "whole, written with an exponent", "\"queue_depth\":3e2", OK },
    { "not whole", "\"queue_depth\":3.5", ERR_TYPE },
    { "-1 for absent, integer", "\"queue_depth\":-1", ERR_RANGE },
    { "an integer in quotes", "\"queue_depth\":\"3\"", ERR_TYPE },
    { "the largest exact integer", "\"queue_depth\":9007199254740992", OK },
    { "beyond it", "\"queue_depth\":9007199254740994", ERR_RANGE },
    { "an integer that is an object", "\"queue_depth\":{}", ERR_TYPE },

    { "no time at all", "\"last_inference_ms\":0", OK },
    { "a fraction of a millisecond", "\"last_inference_ms\":0.25", OK },
    { "negative time", "\"last_inference_ms\":-0.1", ERR_RANGE },
    { "absurdly long", "\"last_inference_ms\":1.1e15", ERR_RANGE },

    { "a time with an offset", "\"timestamp\":\"2025-10-23T22:00:00.5+02:00\"", OK },
    { "a time without a zone", "\"timestamp\":\"2025-10-23T20:00:00\"", ERR_TYPE },
    { "unix seconds", "\"timestamp\":1761249600", ERR_TYPE },
    { "a day that does not exist", "\"timestamp\":\"2025-02-30T20:00:00Z\"", ERR_TYPE },

    { "a session", "\"session\":\"00f3A9c2b1d4e5f6\"", OK },
    { "a session of 15 digits", "\"session\":\"0f3a9c2b1d4e5f6\"", ERR_TYPE },
    { "a session of 17 digits", "\"session\":\"000f3a9c2b1d4e5f6\"", ERR_TYPE },
    { "a session of nothing but 0", "\"session\":\"0000000000000000\"", ERR_TYPE },
    { "a session with another letter", "\"session\":\"00f3a9c2b1d4e5fg\"", ERR_TYPE },
    { "a session that is a number", "\"session\":12", ERR_TYPE },

    { "the first connection", "\"connection\":1", OK },
    { "connections count from 1", "\"connection\":0", ERR_RANGE },
    { "the last connection", "\"connection\":4294967295", OK },
    { "one connection more", "\"connection\":4294967296", ERR_RANGE },
    { "the first heartbeat", "\"seq\":0", OK },
    { "before the first heartbeat", "\"seq\":-1", ERR_RANGE },

    { "the shortest interval", "\"interval_ms\":50", OK },
    { "shorter", "\"interval_ms\":49", ERR_RANGE },
    { "the longest interval", "\"interval_ms\":86400000", OK },
    { "longer", "\"interval_ms\":86400001", ERR_RANGE },
    { "the shortest lease", "\"lease_ms\":150", OK },
    { "a shorter lease", "\"lease_ms\":149", ERR_RANGE },
    { "a lease of 3 intervals", "\"interval_ms\":1000,\"lease_ms\":3000", OK },
    { "a lease a little shorter", "\"interval_ms\":1000,\"lease_ms\":2999", ERR_RANGE },
    { "the same in the other order", "\"lease_ms\":2999,\"interval_ms\":1000", ERR_RANGE },
    { "kept for a second", "\"retain_s\":1", OK },
    { "not kept at all", "\"retain_s\":0", ERR_RANGE },
    { "kept as long as MQTT can say", "\"retain_s\":4294967295", OK },
    { "kept longer", "\"retain_s\":4294967296", ERR_RANGE },
    { "stalls at once", "\"stall_ms\":0", ERR_RANGE },
    { "the shortest stall limit", "\"stall_ms\":1", OK },
    { "a process", "\"pid\":1", OK },
    { "no process", "\"pid\":0", ERR_RANGE },

    { "no metrics", "\"metrics\":{}", OK },
    { "metrics that are a list", "\"metrics\":[1]", ERR_TYPE },
    { "a metric that is a text", "\"metrics\":{\"a\":\"1\"}", ERR_TYPE },
    { "a metric that is null", "\"metrics\":{\"a\":null}", ERR_TYPE },
    { "a metric that is an object", "\"metrics\":{\"a\":{}}", ERR_TYPE },
    { "a metric without a name", "\"metrics\":{\"\":1}", ERR_TOO_LARGE },
    { "a metric's name of 64 bytes", "\"metrics\":{\"" ID64 "\":1}", OK },
    { "a metric's name of 65 bytes", "\"metrics\":{\"" ID64 "x\":1}", ERR_TOO_LARGE },
    { "an infinite metric", "\"metrics\":{\"a\":1e999}", ERR_RANGE },
    { "no labels", "\"labels\":{}", OK },
    { "labels that are a text", "\"labels\":\"a\"", ERR_TYPE },
    { "a label that is a number", "\"labels\":{\"a\":1}", ERR_TYPE },
    { "an empty label", "\"labels\":{\"a\":\"\"}", OK },
    { "a label's name of 65 bytes", "\"labels\":{\"" ID64 "x\":\"a\"}", ERR_TOO_LARGE },
    { "a label of 256 bytes", "\"labels\":{\"a\":\"" ID64 ID64 ID64 ID64 "\"}", OK },
    { "a label of 257 bytes", "\"labels\":{\"a\":\"" ID64 ID64 ID64 ID64 "x\"}", ERR_TYPE },
};

static void heartbeat_fields_are_checked(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(heartbeat_rows); i++) {
        struct heartbeat h = { .status = "untouched" };
        struct errbuf e = { 0 };
        char *json = arena_printf(&arena, "{\"status\":\"idle\",%s}", heartbeat_rows[i].field);
        enum err err = heartbeat_decode(&arena, text_of(json), &h, &e);
        if (err != heartbeat_rows[i].want)
            fail_msg("%s: %s (%s)", heartbeat_rows[i].why, err_name(err), e.text);
        if (strcmp(h.status, err != OK ? "untouched" : "idle") != 0)
            fail_msg("%s: ret does not fit the result", heartbeat_rows[i].why);
        arena_reset(&arena);
    }
}

static void documents_that_are_no_heartbeat(void **state)
{
    static const struct {
        const char *why, *json;
        enum err want;
        const char *sentence;
    } rows[] = {
        { "no status", "{\"worker_id\":\"w\"}", ERR_MISSING, "status: is required" },
        { "an empty object", "{}", ERR_MISSING, "status: is required" },
        { "a status that is null", "{\"status\":null}", ERR_MISSING, "status: is required" },
        { "a status of two words", "{\"status\":\"very busy\"}", ERR_ID, "status \"very busy\": must be" },
        { "another status passes through", "{\"status\":\"warming-up\"}", OK, "" },
        { "a list", "[1]", ERR_TYPE, "JSON: must be an object" },
        { "a lonely text", "\"idle\"", ERR_TYPE, "JSON: must be an object" },
        { "no JSON", "idle", ERR_SYNTAX, "JSON, byte 0" },
        { "nothing", "", ERR_SYNTAX, "JSON, byte 0" },
        { "the range is told", "{\"status\":\"idle\",\"interval_ms\":5}", ERR_RANGE,
          "interval_ms: must be 50 to 86400000" },
        { "the type is told", "{\"status\":\"idle\",\"seq\":1.5}", ERR_TYPE, "seq: must be a whole number" },
        { "the lease's rule is told", "{\"status\":\"idle\",\"interval_ms\":1000,\"lease_ms\":150}", ERR_RANGE,
          "lease_ms: must be at least 3 times interval_ms" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct heartbeat h;
        struct errbuf e = { 0 };
        enum err err = heartbeat_decode(&arena, text_of(rows[i].json), &h, &e);
        if (err != rows[i].want || strncmp(e.text, rows[i].sentence, strlen(rows[i].sentence)) != 0)
            fail_msg("%s: %s (%s)", rows[i].why, err_name(err), e.text);
    }
}

static void text_lengths_are_limited_from_both_sides(void **state)
{
    static const struct {
        const char *field;
        size_t most;
    } rows[] = { { "model_loaded", 256 }, { "endpoint", 512 }, { "host", 255 }, { "version", 64 } };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        for (size_t more = 0; more <= 1; more++) {
            char text[600] = { 0 };
            struct heartbeat h;
            memset(text, 'x', rows[i].most + more);
            char *json = arena_printf(&arena, "{\"status\":\"idle\",\"%s\":\"%s\"}", rows[i].field, text);
            enum err err = heartbeat_decode(&arena, text_of(json), &h, NULL);
            if (err != (more ? ERR_TOO_LARGE : OK))
                fail_msg("%s of %zu bytes: %s", rows[i].field, strlen(text), err_name(err));
        }
    }
}

/* A heartbeat with `count` entries in a map. */
static enum err map_decode(const char *map, const char *value, int count)
{
    struct heartbeat h;
    buf_reset(&buf);
    buf_printf(&buf, "{\"status\":\"idle\",\"%s\":{", map);
    for (int i = 0; i < count; i++)
        buf_printf(&buf, "%s\"k%d\":%s", i ? "," : "", i, value);
    buf_add_str(&buf, "}}");
    return heartbeat_decode(&arena, buf_text(&buf), &h, NULL);
}

static void maps_are_limited(void **state)
{
    (void)state;
    assert_int_equal(map_decode("metrics", "0.5", 64), OK);
    assert_int_equal(map_decode("metrics", "0.5", 65), ERR_TOO_LARGE);
    assert_int_equal(map_decode("labels", "\"x\"", 16), OK);
    assert_int_equal(map_decode("labels", "\"x\"", 17), ERR_TOO_LARGE);
}

static void presence_fields_are_checked(void **state)
{
    static const struct {
        const char *why, *json;
        enum err want;
    } rows[] = {
        { "online", "{\"presence\":\"online\"}", OK },
        { "stale", "{\"presence\":\"stale\",\"cause\":\"connection_lost\"}", OK },
        { "offline", "{\"presence\":\"offline\",\"cause\":\"goodbye\"}", OK },
        { "no presence", "{\"worker_id\":\"w\"}", ERR_MISSING },
        { "a presence that does not exist", "{\"presence\":\"dead\"}", ERR_UNKNOWN },
        { "a presence in capitals", "{\"presence\":\"Online\"}", ERR_UNKNOWN },
        { "a presence that is a truth value", "{\"presence\":true}", ERR_TYPE },
        { "a cause that does not exist", "{\"presence\":\"stale\",\"cause\":\"boredom\"}", ERR_UNKNOWN },
        { "a cause that is a number", "{\"presence\":\"stale\",\"cause\":3}", ERR_TYPE },
        { "rpc is a truth value", "{\"presence\":\"online\",\"rpc\":1}", ERR_TYPE },
        { "rpc in quotes", "{\"presence\":\"online\",\"rpc\":\"true\"}", ERR_TYPE },
        { "an exit of nothing known", "{\"presence\":\"stale\",\"exit\":{}}", OK },
        { "no exit", "{\"presence\":\"stale\",\"exit\":null}", OK },
        { "an exit with unknown members", "{\"presence\":\"stale\",\"exit\":{\"core\":true}}", OK },
        { "an exit that is a number", "{\"presence\":\"stale\",\"exit\":139}", ERR_TYPE },
        { "the highest exit code", "{\"presence\":\"stale\",\"exit\":{\"code\":255}}", OK },
        { "a higher one", "{\"presence\":\"stale\",\"exit\":{\"code\":256}}", ERR_RANGE },
        { "a negative one", "{\"presence\":\"stale\",\"exit\":{\"code\":-1}}", ERR_RANGE },
        { "a signal of 16 bytes", "{\"presence\":\"stale\",\"exit\":{\"signal\":\"SIGRTMIN+1234567\"}}", OK },
        { "a signal of 17 bytes", "{\"presence\":\"stale\",\"exit\":{\"signal\":\"SIGRTMIN+12345678\"}}",
          ERR_TOO_LARGE },
        { "a signal that is a number", "{\"presence\":\"stale\",\"exit\":{\"signal\":11}}", ERR_TYPE },
        { "cannot tell", "{\"presence\":\"stale\",\"exit\":{\"oom\":null}}", OK },
        { "the connection counts from 1", "{\"presence\":\"online\",\"connection\":0}", ERR_RANGE },
        { "a bad id", "{\"presence\":\"online\",\"queen_id\":\"q/1\"}", ERR_ID },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct presence p = { .pid = 4711 };
        struct errbuf e = { 0 };
        enum err err = presence_decode(&arena, text_of(rows[i].json), &p, &e);
        if (err != rows[i].want)
            fail_msg("%s: %s (%s)", rows[i].why, err_name(err), e.text);
        if ((p.pid == 4711) != (err != OK))
            fail_msg("%s: ret does not fit the result", rows[i].why);
    }
}

static void a_message_has_16_KiB_at_most(void **state)
{
    struct errbuf e = { 0 };
    struct heartbeat h;
    (void)state;
    buf_add_str(&buf, "{\"status\":\"idle\"}");
    while (buf.len < 16 * 1024)
        buf_add_char(&buf, ' ');
    assert_int_equal(heartbeat_decode(&arena, buf_text(&buf), &h, NULL), OK);
    buf_add_char(&buf, ' ');
    assert_int_equal(heartbeat_decode(&arena, buf_text(&buf), &h, &e), ERR_TOO_LARGE);
    assert_string_equal(e.text, "16385 bytes: at most 16384 are allowed");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static void an_id_that_is_refused_is_not_taken(void **state)
{
    static const char *const ids[] = { "\"a/b\"", "\"\"", "7" };
    const struct field field = { .name = "worker_id", .name_len = 9, .type = &field_type_ID };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        const struct json_value *value;
        const char *member = "untouched";
        assert_int_equal(json_scan(&arena, text_of(ids[i]), &value, NULL), OK);
        assert_int_not_equal(field.type->read(&field, value, &member, NULL), OK);
        assert_string_equal(member, "untouched");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(heartbeat_fields_are_checked),
        TEST(documents_that_are_no_heartbeat),
        TEST(text_lengths_are_limited_from_both_sides),
        TEST(maps_are_limited),
        TEST(presence_fields_are_checked),
        TEST(a_message_has_16_KiB_at_most),
        TEST(an_id_that_is_refused_is_not_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
