#include "feed_fields.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "msg.h"

static enum err note(struct feed_fields *fields, const char *line)
{
    struct errbuf e = { 0 };
    return feed_fields_note(fields, text_of(line), &e);
}

static void what_was_set_is_withdrawn(void **state)
{
    static const struct {
        const char *lines[3], *withdrawn;
    } rows[] = {
        { { "{}" }, "{\"metrics\":{},\"labels\":{}}" },
        { { "{\"status\":\"busy\"}" }, "{\"status\":\"unknown\",\"metrics\":{},\"labels\":{}}" },
        { { "{\"queue_depth\":3}", "{\"queue_depth\":4,\"progress\":1}" },
          "{\"queue_depth\":null,\"progress\":null,\"metrics\":{},\"labels\":{}}" },
        { { "{\"queue_depth\":3,\"inflight\":1}", "{\"queue_depth\":null}" },
          "{\"inflight\":null,\"metrics\":{},\"labels\":{}}" },
        { { "{\"metrics\":{\"a\":1,\"b\":2},\"labels\":{\"a\":\"x\"}}", "{\"metrics\":{\"a\":null}}" },
          "{\"metrics\":{\"b\":null},\"labels\":{\"a\":null}}" },
        { { "{\"metrics\":{\"a\":1},\"labels\":{\"b\":\"x\"},\"pid\":7}", "{\"metrics\":null}" },
          "{\"pid\":null,\"metrics\":{},\"labels\":{\"b\":null}}" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        auto_clear(buf) first = BUF_INIT, again = BUF_INIT;
        struct feed_fields fields = { 0 };
        for (size_t k = 0; k < 3 && rows[i].lines[k]; k++)
            assert_int_equal(note(&fields, rows[i].lines[k]), OK);
        feed_fields_withdraw(&fields, &first);
        assert_string_equal(buf_str(&first), rows[i].withdrawn);
        feed_fields_withdraw(&fields, &again);
        assert_string_equal(buf_str(&again), "{\"metrics\":{},\"labels\":{}}");
    }
}

static void a_goodbye_is_the_last_status(void **state)
{
    struct feed_fields fields = { 0 };
    (void)state;
    assert_int_equal(note(&fields, "{\"status\":\"draining\"}"), OK);
    assert_true(fields.is_draining);
    assert_int_equal(note(&fields, "{\"queue_depth\":1}"), OK);
    assert_true(fields.is_draining);
    assert_int_equal(note(&fields, "{\"status\":\"busy\"}"), OK);
    assert_false(fields.is_draining);
}

static void what_is_no_line_is_refused(void **state)
{
    char long_name[MSG_KEY_MAX + 32];
    struct feed_fields fields = { 0 };
    (void)state;
    snprintf(long_name, sizeof long_name, "{\"%0*d\":1}", MSG_KEY_MAX + 1, 0);
    assert_int_equal(note(&fields, "[1]"), ERR_TYPE);
    assert_int_equal(note(&fields, "{\"queue_depth\":"), ERR_SYNTAX);
    assert_int_equal(note(&fields, long_name), ERR_RANGE);
    assert_int_equal(fields.count, 0);
}

/* As many names as a heartbeat has room for, and not one more. */
static void there_is_room_for_all_that_a_heartbeat_takes(void **state)
{
    static const char *const plain[] = {
#define X(type, name, low, high, required, doc) #name,
        HEARTBEAT_SETTABLE_FIELDS(X)
#undef X
    };
    struct feed_fields fields = { 0 };
    char line[64];
    size_t room = ARRAY_LEN(fields.names);
    (void)state;
    assert_true(ARRAY_LEN(plain) < FEED_PLAIN_MAX);
    for (size_t i = 0; i < room; i++) {
        snprintf(line, sizeof line, "{\"metrics\":{\"m%zu\":1}}", i);
        assert_int_equal(note(&fields, line), OK);
    }
    assert_int_equal(note(&fields, "{\"metrics\":{\"one_more\":1}}"), ERR_FULL);
    assert_int_equal(note(&fields, "{\"metrics\":{\"m0\":2}}"), OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_set_is_withdrawn),
        cmocka_unit_test(a_goodbye_is_the_last_status),
        cmocka_unit_test(what_is_no_line_is_refused),
        cmocka_unit_test(there_is_room_for_all_that_a_heartbeat_takes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
