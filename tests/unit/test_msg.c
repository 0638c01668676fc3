#include "msg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

/* `names` are those of 0 and up, then NULL. */
static void names_are(const char *(*name_of)(int), const char *const *names)
{
    int i = 0;
    for (; names[i]; i++)
        assert_string_equal(name_of(i), names[i]);
    assert_null(name_of(i));
    assert_null(name_of(-1));
}

static void states_and_causes_have_names(void **state)
{
    (void)state;
    names_are(presence_state_name, (const char *const[]){ "online", "stale", "offline", NULL });
    names_are(death_cause_name, (const char *const[]){ "connection_lost", "process_exited", "goodbye", NULL });
    names_are(witness_state_name, (const char *const[]){ "starting", "running", "stopping", "stopped", "exited",
                                                         "backoff", "failed", NULL });
    names_are(hive_status_name, (const char *const[]){ "starting", "ready", "stopping", NULL });
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
#define IS_ABSENT_WITNESS(value) ((value) == -1)
#define IS_ABSENT_HIVE(value) ((value) == -1)
#define IS_ABSENT_GAUGES(value) ((value) == NULL)
#define IS_ABSENT_LABELS(value) ((value) == NULL)
#define IS_ABSENT_EXIT(value) (!(value).known && (value).code == INT_ABSENT && !(value).signal && (value).oom == -1)
#define IS_ABSENT_LASTEXIT(value) (!(value).known && !(value).session && (value).at == TIME_ABSENT)
#define IS_ABSENT_TALLY(value) (!(value).known && (value).total == INT_ABSENT)
#define IS_ABSENT_GPUS(value) ((value).count == 0)
#define IS_ABSENT_INDEXES(value) (!(value).known && (value).bits == 0)
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
        struct witness message;
        memset(&message, 0x5A, sizeof message);
        witness_init(&message);
        WITNESS_FIELDS(X)
    }
    {
        struct hive_heartbeat message;
        memset(&message, 0x5A, sizeof message);
        hive_heartbeat_init(&message);
        HIVE_HEARTBEAT_FIELDS(X)
    }
    {
        struct verdict_notice message;
        memset(&message, 0x5A, sizeof message);
        verdict_notice_init(&message);
        VERDICT_NOTICE_FIELDS(X)
    }
    {
        struct gpu message;
        memset(&message, 0x5A, sizeof message);
        gpu_init(&message);
        GPU_FIELDS(X)
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
