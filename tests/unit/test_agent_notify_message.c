#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "notify_message.h"

static void datagrams(void **state)
{
    static const struct {
        const char *reason, *datagram;
        struct notify_message want; /* of `fields` none */
        const char *status;
        size_t fields;
    } rows[] = {
#define NEVER .watchdog_limit = MS_NEVER
        { "ready", "READY=1", { NOTIFY_READY, NEVER }, NULL, 0 },
        { "several lines, the last one ended", "READY=1\nSTATUS=serving\n", { NOTIFY_READY, NEVER }, "serving", 0 },
        { "READY=0 says nothing", "READY=0", { NEVER }, NULL, 0 },
        { "stopping", "STOPPING=1", { NOTIFY_STOPPING, NEVER }, NULL, 0 },
        { "reloading", "RELOADING=1\nMONOTONIC_USEC=7", { NOTIFY_RELOADING, NEVER }, NULL, 0 },
        { "the last phase counts", "STOPPING=1\nREADY=1", { NOTIFY_READY, NEVER }, NULL, 0 },
        { "watchdog", "WATCHDOG=1", { NEVER, .watchdog = true }, NULL, 0 },
        { "a trigger is not progress", "WATCHDOG=trigger", { NEVER, .trigger = true }, NULL, 0 },
        { "a limit, rounded up", "WATCHDOG_USEC=1500001", { .watchdog_limit = 1501 }, NULL, 0 },
        { "no limit any more", "WATCHDOG_USEC=0", { .watchdog_limit = 0 }, NULL, 0 },
        { "more time, rounded up", "EXTEND_TIMEOUT_USEC=2000001", { NEVER, .more_time = 2001 }, NULL, 0 },
        { "the main process", "MAINPID=4711", { NEVER, .main_pid = 4711 }, NULL, 0 },
        { "no process", "MAINPID=0", { NEVER, .skipped = 1 }, NULL, 0 },
        { "more than a process id", "MAINPID=4294967297", { NEVER, .skipped = 1 }, NULL, 0 },
        { "an empty status clears", "STATUS=", { NEVER }, "", 0 },
        { "a status with =", "STATUS=a=b", { NEVER }, "a=b", 0 },
        { "the last one counts", "STATUS=a\nSTATUS=b", { NEVER }, "b", 0 },
        { "fields", "X_SKEP_STATUS=busy\nX_SKEP_QUEUE_DEPTH=3", { NEVER }, NULL, 2 },
        { "names that mean nothing here", "BARRIER=1\nFDSTORE=1\nERRNO=2\nX_OTHER=1", { NEVER }, NULL, 0 },
        { "the prefix alone is no field", "X_SKEP_=1", { NEVER }, NULL, 0 },
        { "nothing", "", { NEVER }, NULL, 0 },
        { "empty lines", "\n\nREADY=1\n\n", { NOTIFY_READY, NEVER }, NULL, 0 },
        { "no assignment", "READY", { NEVER, .skipped = 1 }, NULL, 0 },
        { "no name", "=1", { NEVER, .skipped = 1 }, NULL, 0 },
        { "not UTF-8", "STATUS=\xff", { NEVER, .skipped = 1 }, NULL, 0 },
        { "no number", "WATCHDOG_USEC=soon\nWATCHDOG_USEC=-5", { NEVER, .skipped = 2 }, NULL, 0 },
        { "bad lines cost the others nothing",
          "WATCHDOG_USEC=\nREADY=1\nSTATUS=pr\xeat\nWATCHDOG=1\nx",
          { NOTIFY_READY, NEVER, .watchdog = true, .skipped = 3 },
          NULL,
          0 },
#undef NEVER
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct notify_message *want = &rows[i].want;
        struct notify_message message;
        struct errbuf e = { 0 };
        print_message("%s\n", rows[i].reason);
        notify_message_parse(text_of(rows[i].datagram), &message, &e);
        assert_int_equal(message.phase, want->phase);
        assert_int_equal(message.watchdog, want->watchdog);
        assert_int_equal(message.trigger, want->trigger);
        assert_int_equal(message.watchdog_limit, want->watchdog_limit);
        assert_int_equal(message.more_time, want->more_time);
        assert_int_equal(message.main_pid, want->main_pid);
        assert_int_equal(message.skipped, want->skipped);
        assert_int_equal(e.text[0] != 0, want->skipped > 0);
        assert_int_equal(message.status.at == NULL, rows[i].status == NULL);
        assert_true(text_is(message.status, rows[i].status));
        assert_int_equal(message.field_count, rows[i].fields);
    }
}

static void nul_bytes(void **state)
{
    struct notify_message message;
    (void)state;
    notify_message_parse(TEXT("STATUS=a\0b\nREADY=1"), &message, NULL);
    assert_null(message.status.at);
    assert_int_equal(message.phase, NOTIFY_READY);
    assert_int_equal(message.skipped, 1);
    notify_message_parse(TEXT("READY=1\0"), &message, NULL); /* with the end of its string */
    assert_int_equal(message.phase, NOTIFY_READY);
    assert_int_equal(message.skipped, 0);
}

static void too_many_fields(void **state)
{
    struct notify_message message;
    struct buf datagram = BUF_INIT;
    (void)state;
    for (int i = 0; i < NOTIFY_FIELDS_MAX; i++)
        buf_add_str(&datagram, "X_SKEP_PID=1\n");
    notify_message_parse(buf_text(&datagram), &message, NULL);
    assert_int_equal(message.field_count, NOTIFY_FIELDS_MAX);
    assert_int_equal(message.skipped, 0);
    buf_add_str(&datagram, "X_SKEP_PID=1\nREADY=1");
    notify_message_parse(buf_text(&datagram), &message, NULL);
    assert_int_equal(message.field_count, NOTIFY_FIELDS_MAX);
    assert_int_equal(message.phase, NOTIFY_READY);
    assert_int_equal(message.skipped, 1);
    buf_clear(&datagram);
}

static void long_status(void **state)
{
    struct notify_message message;
    struct buf datagram = BUF_INIT;
    (void)state;
    buf_add_str(&datagram, "STATUS=x");
    for (int i = 0; i < NOTIFY_STATUS_MAX / 2; i++)
        buf_add_str(&datagram, "\xc3\xa4");
    notify_message_parse(buf_text(&datagram), &message, NULL);
    assert_int_equal(message.status.len, NOTIFY_STATUS_MAX - 1); /* not through the last letter */
    assert_true(text_is_utf8(message.status));
    buf_clear(&datagram);
}

static void fields(void **state)
{
    static const struct {
        const char *reason, *name, *value;
        enum err err;
        const char *json;
    } rows[] = {
        { "a token", "STATUS", "busy", OK, "{\"status\":\"busy\"}" },
        { "a text, quoted as JSON", "MODEL_LOADED", "a\"b", OK, "{\"model_loaded\":\"a\\\"b\"}" },
        { "an integer", "QUEUE_DEPTH", "3", OK, "{\"queue_depth\":3}" },
        { "a number", "GPU_UTILIZATION", "0.5", OK, "{\"gpu_utilization\":0.5}" },
        { "an empty value is absent", "QUEUE_DEPTH", "", OK, "{\"queue_depth\":null}" },
        { "small letters too", "queue_depth", "3", OK, "{\"queue_depth\":3}" },
        { "no number", "QUEUE_DEPTH", "many", ERR_TYPE, NULL },
        { "not finite", "QUEUE_DEPTH", "inf", ERR_TYPE, NULL },
        { "too large to be finite", "QUEUE_DEPTH", "1e999", ERR_TYPE, NULL },
        { "behind the number", "QUEUE_DEPTH", "3 ", ERR_TYPE, NULL },
        { "hexadecimal is no JSON", "QUEUE_DEPTH", "0x1g", ERR_TYPE, NULL },
        { "an object", "METRICS", "{}", ERR_TYPE, NULL },
        { "a metric", "METRIC_TOKENS_PER_S", "12.5", OK, "{\"metrics\":{\"tokens_per_s\":12.5}}" },
        { "no metric any more", "METRIC_TOKENS_PER_S", "", OK, "{\"metrics\":{\"tokens_per_s\":null}}" },
        { "a metric that is no number", "METRIC_TOKENS_PER_S", "many", ERR_TYPE, NULL },
        { "a label", "LABEL_ZONE", "12", OK, "{\"labels\":{\"zone\":\"12\"}}" },
        { "no label any more", "LABEL_ZONE", "", OK, "{\"labels\":{\"zone\":null}}" },
        { "a metric without a name", "METRIC_", "1", ERR_UNKNOWN, NULL },
        { "an unknown field", "QUEUE", "3", ERR_UNKNOWN, NULL },
        { "a name that no field can have",
          "METRIC_OF_A_NAME_THAT_IS_MUCH_LONGER_THAN_THAT_OF_ANY_FIELD_OR_METRIC_OR_LABEL_MAY_BE", "3", ERR_UNKNOWN,
          NULL },
        { "a number longer than any", "QUEUE_DEPTH",
          "0000000000000000000000000000000000000000000000000000000000000000000001", ERR_TYPE, NULL },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct notify_field field = { text_of(rows[i].name), text_of(rows[i].value) };
        struct buf json = BUF_INIT;
        struct errbuf e = { 0 };
        print_message("%s\n", rows[i].reason);
        assert_int_equal(notify_field_json(&field, &json, &e), rows[i].err);
        assert_int_equal(e.text[0] != 0, rows[i].err != OK);
        if (rows[i].json)
            assert_string_equal(buf_str(&json), rows[i].json);
        buf_clear(&json);
    }
}

static void statuses(void **state)
{
    static const struct {
        const char *reason, *current;
        bool was_ready;
        const char *datagram, *status;
    } rows[] = {
        { "a program that says what it does before it is ready", "idle", false, "STATUS=loading", "starting" },
        { "... and goes on to say so", "starting", false, "STATUS=still loading", NULL },
        { "... and is ready", "starting", false, "READY=1", "idle" },
        { "... or shows progress", "starting", false, "WATCHDOG=1", "idle" },
        { "ready and a text at once", "idle", false, "READY=1\nSTATUS=serving", NULL },
        { "a text later", "idle", true, "STATUS=serving", NULL },
        { "its own status is left alone", "busy", true, "READY=1", NULL },
        { "ready ends loading", "loading", false, "READY=1", "idle" },
        { "progress does not", "loading", false, "WATCHDOG=1", NULL },
        { "stopping", "busy", true, "STOPPING=1", "draining" },
        { "reloading", "busy", true, "RELOADING=1", "loading" },
        { "reloaded", "loading", true, "READY=1", "idle" },
        { "fields alone", "idle", false, "X_SKEP_QUEUE_DEPTH=1", NULL },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct notify_message message;
        const char *status;
        print_message("%s\n", rows[i].reason);
        notify_message_parse(text_of(rows[i].datagram), &message, NULL);
        status = notify_status(rows[i].current, rows[i].was_ready, &message);
        assert_int_equal(status == NULL, rows[i].status == NULL);
        if (status)
            assert_string_equal(status, rows[i].status);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(datagrams),   cmocka_unit_test(nul_bytes), cmocka_unit_test(too_many_fields),
        cmocka_unit_test(long_status), cmocka_unit_test(fields),    cmocka_unit_test(statuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
