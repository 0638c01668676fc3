#include "msg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

static void states_and_causes_have_names(void **state)
{
    static const char *const states[] = { "online", "stale", "offline", NULL };
    static const char *const causes[] = { "connection_lost", "process_exited", "goodbye", NULL };

    (void)state;
    for (int i = 0; i <= PRESENCE_STATE_COUNT; i++) {
        if (states[i])
            assert_string_equal(presence_state_name(i), states[i]);
        else
            assert_null(presence_state_name(i));
    }
    for (int i = 0; i <= DEATH_CAUSE_COUNT; i++) {
        if (causes[i])
            assert_string_equal(death_cause_name(i), causes[i]);
        else
            assert_null(death_cause_name(i));
    }
    assert_null(presence_state_name(-1));
    assert_null(death_cause_name(-1));
}

#define IS_ABSENT_ID(value) ((value) == NULL)
#define IS_ABSENT_TOKEN(value) ((value) == NULL)
#define IS_ABSENT_TEXT(value) ((value) == NULL)
#define IS_ABSENT_HEX64(value) ((value) == 0)
#define IS_ABSENT_TIME(value) ((value) == TIME_ABSENT)
#define IS_ABSENT_INT(value) ((value) == INT_ABSENT)
#define IS_ABSENT_NUMBER(value) isnan(value)
#define IS_ABSENT_BOOL(value) ((value) == -1)
#define IS_ABSENT_PRESENCE(value) ((value) == -1)
#define IS_ABSENT_DEATH(value) ((value) == -1)
#define IS_ABSENT_GAUGES(value) ((value) == NULL)
#define IS_ABSENT_LABELS(value) ((value) == NULL)
#define IS_ABSENT_EXIT(value) (!(value).known && (value).code == INT_ABSENT && !(value).signal && (value).oom == -1)
#define X(type, name, low, high, required, doc) \
    if (!IS_ABSENT_##type(message.name))        \
        fail_msg("%s is not absent at first", #name);

static void every_member_is_absent_at_first(void **state)
{
    (void)state;
    {
        struct heartbeat message;
        memset(&message, 0x5A, sizeof message);
        heartbeat_init(&message);
        HEARTBEAT_FIELDS(X)
    }
    {
        struct presence message;
        memset(&message, 0x5A, sizeof message);
        presence_init(&message);
        PRESENCE_FIELDS(X)
    }
    {
        struct verdict_notice message;
        memset(&message, 0x5A, sizeof message);
        verdict_notice_init(&message);
        VERDICT_NOTICE_FIELDS(X)
    }
    {
        struct exit_info message;
        memset(&message, 0x5A, sizeof message);
        exit_info_init(&message);
        assert_true(IS_ABSENT_EXIT(message));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_and_causes_have_names),
        cmocka_unit_test(every_member_is_absent_at_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
