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
        enum err err;
        bool ready, stopping, watchdog;
        const char *status;
        ms_t limit;
        size_t fields;
    } rows[] = {
        { "ready", "READY=1", OK, true, false, false, NULL, MS_NEVER, 0 },
        { "several lines, the last one ended", "READY=1\nSTATUS=serving\n", OK, true, false, false, "serving", MS_NEVER,
          0 },
        { "READY=0 says nothing", "READY=0", OK, false, false, false, NULL, MS_NEVER, 0 },
        { "stopping", "STOPPING=1", OK, false, true, false, NULL, MS_NEVER, 0 },
        { "watchdog", "WATCHDOG=1", OK, false, false, true, NULL, MS_NEVER, 0 },
        { "a trigger is not progress", "WATCHDOG=trigger", OK, false, false, false, NULL, MS_NEVER, 0 },
        { "a limit, rounded up", "WATCHDOG_USEC=1500001", OK, false, false, false, NULL, 1501, 0 },
        { "no limit any more", "WATCHDOG_USEC=0", OK, false, false, false, NULL, 0, 0 },
        { "an empty status clears", "STATUS=", OK, false, false, false, "", MS_NEVER, 0 },
        { "a status with =", "STATUS=a=b", OK, false, false, false, "a=b", MS_NEVER, 0 },
        { "the last one counts", "STATUS=a\nSTATUS=b", OK, false, false, false, "b", MS_NEVER, 0 },
        { "fields", "X_SKEP_STATUS=busy\nX_SKEP_QUEUE_DEPTH=3", OK, false, false, false, NULL, MS_NEVER, 2 },
        { "the manager's own names", "MAINPID=12\nBARRIER=1\nFDSTORE=1\nX_OTHER=1", OK, false, false, false, NULL,
          MS_NEVER, 0 },
        { "the prefix alone is no field", "X_SKEP_=1", OK, false, false, false, NULL, MS_NEVER, 0 },
        { "nothing", "", OK, false, false, false, NULL, MS_NEVER, 0 },
        { "no assignment", "READY", ERR_SYNTAX, false, false, false, NULL, 0, 0 },
        { "no name", "=1", ERR_SYNTAX, false, false, false, NULL, 0, 0 },
        { "not UTF-8", "STATUS=\xff", ERR_UTF8, false, false, false, NULL, 0, 0 },
        { "no number", "WATCHDOG_USEC=soon", ERR_SYNTAX, false, false, false, NULL, 0, 0 },
        { "a negative number", "WATCHDOG_USEC=-5", ERR_SYNTAX, false, false, false, NULL, 0, 0 },
        { "one bad line spoils the datagram", "READY=1\nWATCHDOG_USEC=", ERR_SYNTAX, false, false, false, NULL, 0, 0 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct notify_message message = { 0 };
        struct errbuf e = { 0 };
        print_message("%s\n", rows[i].reason);
        assert_int_equal(notify_message_parse(text_of(rows[i].datagram), &message, &e), rows[i].err);
        assert_int_equal(e.text[0] != 0, rows[i].err != OK);
        assert_int_equal(message.ready, rows[i].ready);
        assert_int_equal(message.stopping, rows[i].stopping);
        assert_int_equal(message.watchdog, rows[i].watchdog);
        assert_int_equal(message.status.at == NULL, rows[i].status == NULL);
        assert_true(text_is(message.status, rows[i].status));
        assert_int_equal(message.watchdog_limit, rows[i].limit);
        assert_int_equal(message.field_count, rows[i].fields);
    }
}

static void nul_byte(void **state)
{
    struct notify_message message;
    (void)state;
    assert_int_equal(notify_message_parse(TEXT("STATUS=a\0b"), &message, NULL), ERR_SYNTAX);
}

static void too_many_fields(void **state)
{
    struct notify_message message;
    struct buf datagram = BUF_INIT;
    (void)state;
    for (int i = 0; i < NOTIFY_FIELDS_MAX; i++)
        buf_add_str(&datagram, "X_SKEP_PID=1\n");
    assert_int_equal(notify_message_parse(buf_text(&datagram), &message, NULL), OK);
    assert_int_equal(message.field_count, NOTIFY_FIELDS_MAX);
    buf_add_str(&datagram, "X_SKEP_PID=1\n");
    assert_int_equal(notify_message_parse(buf_text(&datagram), &message, NULL), ERR_FULL);
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
    assert_int_equal(notify_message_parse(buf_text(&datagram), &message, NULL), OK);
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
        { "an unknown field", "QUEUE", "3", ERR_UNKNOWN, NULL },
        { "a name that no field can have", "A_NAME_THAT_IS_MUCH_LONGER_THAN_ANY_FIELD", "3", ERR_UNKNOWN, NULL },
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
        { "fields alone", "idle", false, "X_SKEP_QUEUE_DEPTH=1", NULL },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct notify_message message;
        const char *status;
        print_message("%s\n", rows[i].reason);
        assert_int_equal(notify_message_parse(text_of(rows[i].datagram), &message, NULL), OK);
        status = notify_status(rows[i].current, rows[i].was_ready, &message);
        assert_int_equal(status == NULL, rows[i].status == NULL);
        if (status)
            assert_string_equal(status, rows[i].status);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(datagrams),   cmocka_unit_test(nul_byte), cmocka_unit_test(too_many_fields),
        cmocka_unit_test(long_status), cmocka_unit_test(fields),   cmocka_unit_test(statuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
