/* test_worker_link.c - connecting, losing the link, leaving. */
#include "worker_script.h"

static void test_first_connection(void **state)
{
    struct script s;
    (void)state;

    script_init(&s, 30000);
    tick(&s);
    expect(&s, "connect, will stale c1 connection_lost\n");
    tick(&s);
    expect(&s, "");
    up(&s);
    expect(&s, "subscribe skep/v1/hive/h/worker/w/presence rh0\n"
               "subscribe skep/v1-rpc/hive/h/worker/w/+ rh2\n"
               "subscribe skep/v1/queen/+/verdict/h/w rh2\n"
               "online c1\n"
               "beat 0 c1 starting\n");
    assert_false(script_view(&s).online);
    ack(&s, BIRTH, 0x10);
    assert_true(script_view(&s).online);
    script_clear(&s);
}

static void test_reconnect_schedule(void **state)
{
    struct script s;
    (void)state;

    script_online(&s, 30000);
    s.now += 1000;
    down(&s, INPUT_LINK_DOWN);
    expect(&s, "notice lost the broker: reset\nconnect, will stale c2 connection_lost\n");
    assert_false(script_view(&s).online);
    for (int i = 0; i < 3; i++) {
        down(&s, INPUT_LINK_FAILED);
        expect(&s, "");
        assert_in_range(pass(&s), 48, 72);
    }
    expect(&s, "connect, will stale c5 connection_lost\n");
    down(&s, INPUT_LINK_FAILED);
    assert_in_range(worker_deadline(s.worker) - s.now, 0, 500);
    script_clear(&s);
}

static void test_offline_changes_become_one_heartbeat(void **state)
{
    struct script s;
    (void)state;

    script_online(&s, 1000);
    s.now += 500;
    down(&s, INPUT_LINK_DOWN);
    down(&s, INPUT_LINK_FAILED);
    set_status(&s, "idle");
    expect(&s, "");
    s.now += 60000;
    tick(&s);
    expect(&s, "connect, will stale c3 connection_lost\n");
    set_status(&s, "busy");
    expect(&s, "");
    up(&s);
    assert_non_null(strstr(buf_str(&s.trace), "online c3\nbeat 1 c3 busy\n"));
    script_clear(&s);
}

static void test_identity_a_second_process_is_flagged_and_neither_gives_way(void **state)
{
    struct script s;
    (void)state;

    script_online(&s, 30000);
    message(&s, PRESENCE_TOPIC, "{\"presence\":\"online\",\"session\":\"1111111111111111\",\"connection\":1}", false);
    s.now += 1000;
    down(&s, INPUT_LINK_DOWN);
    up(&s);
    message(&s, PRESENCE_TOPIC,
            "{\"presence\":\"online\",\"session\":\"2222222222222222\",\"connection\":1,\"host\":\"other\",\"pid\":42}",
            false);
    expect(&s, "notice another process uses the id h/w: host other, pid 42\n");
    s.now += 1000;
    down(&s, INPUT_LINK_DOWN);
    expect(&s, "notice lost the broker: reset\nconnect, will stale c3 connection_lost\n");
    script_clear(&s);
}

static void test_goodbye(void **state)
{
    struct script s;
    (void)state;

    script_online(&s, 30000);
    leave(&s, NULL, 5000);
    expect(&s, "unsubscribe skep/v1/hive/h/worker/w/presence\n"
               "unsubscribe skep/v1-rpc/hive/h/worker/w/+\n"
               "unsubscribe skep/v1/queen/+/verdict/h/w\n"
               "offline c1 goodbye\n");
    set_status(&s, "idle");
    expect(&s, ""); /* the farewell is the last word */
    ack(&s, FAREWELL, 0x10);
    expect(&s, "disconnect\nexit 0\n");
    assert_true(worker_has_ended(s.worker));
    assert_true(worker_deadline(s.worker) == MS_NEVER);
    script_clear(&s);
}

static void test_process_exited(void **state)
{
    struct script s;
    struct exit_info exit;
    char signal[] = "SIGSEGV";
    (void)state;

    exit_info_init(&exit);
    exit.known = true;
    exit.code = 139;
    exit.signal = signal;
    script_online(&s, 30000);
    leave(&s, &exit, 5000);
    assert_non_null(strstr(buf_str(&s.trace), "stale c1 process_exited 139 SIGSEGV\n"));
    script_clear(&s);

    script_init(&s, 30000); /* the same while the first connect is under way: it is born, then says why it died */
    tick(&s);
    leave(&s, &exit, 5000);
    expect(&s, "");
    signal[0] = '\0'; /* copied */
    up(&s);
    expect(&s, "online c1\nbeat 0 c1 starting\nstale c1 process_exited 139 SIGSEGV\n");
    ack(&s, FAREWELL, 0);
    expect(&s, "disconnect\nexit 0\n");
    script_clear(&s);
}

static void test_what_is_still_to_be_told_goes_before_the_farewell(void **state)
{
    struct script s;
    (void)state;

    script_init(&s, 30000); /* over before the link was up */
    tick(&s);
    set_status(&s, "draining");
    leave(&s, NULL, 5000);
    up(&s);
    expect(&s, "online c1\nbeat 0 c1 draining\noffline c1 goodbye\n");
    script_clear(&s);

    script_online(&s, 30000); /* in the middle of a burst */
    set_status(&s, "draining");
    expect(&s, "");
    leave(&s, NULL, 5000);
    assert_non_null(strstr(buf_str(&s.trace), "\nbeat 1 c1 draining\noffline c1 goodbye\n"));
    script_clear(&s);
}

static void test_farewell_is_not_awaited_for_ever(void **state)
{
    static const struct {
        const char *why;
        ms_t timeout, expected;
    } rows[] = {
        { "at most a second", 5000, 1000 },
        { "less if the caller has less", 200, 200 },
        { "no time at all", 0, 0 },
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct script s;
        ms_t since;
        script_online(&s, 30000);
        since = s.now;
        leave(&s, NULL, rows[i].timeout);
        if (rows[i].timeout > 0)
            pass(&s);
        if (s.now - since != rows[i].expected || !strstr(buf_str(&s.trace), "disconnect\nexit 1\n"))
            fail_msg("%s: %s", rows[i].why, buf_str(&s.trace));
        script_clear(&s);
    }
}

static void test_leaving_offline(void **state)
{
    struct script s;
    (void)state;

    script_init(&s, 30000);
    tick(&s);
    down(&s, INPUT_LINK_FAILED);
    leave(&s, NULL, 300);
    while (!worker_has_ended(s.worker))
        if (pass(&s) == 0 || strstr(buf_str(&s.trace), "connect"))
            down(&s, INPUT_LINK_FAILED); /* it keeps trying meanwhile */
    assert_int_equal(s.now, 100300);
    script_clear(&s);
}

static void test_refused_farewell_leaves_it_to_the_will(void **state)
{
    struct script s;
    (void)state;

    script_online(&s, 30000);
    leave(&s, NULL, 1000);
    ack(&s, FAREWELL, 0x87);
    expect(&s, "notice the broker refused a message (reason 0x87, not authorized): its ACL must let this user write "
               "skep/v1/hive/h/worker/w/+ and skep/v1-rpc/reply/+, see broker-config/README.md\nexit 1\n");
    script_clear(&s);
}

static void test_refused_requests_are_declared(void **state)
{
    struct script s;
    (void)state;

    script_online(&s, 30000);
    feed(&s, (struct input){ .kind = INPUT_SUBSCRIBED, .token = REQUESTS, .reason = 0x87 });
    expect(&s, "notice the broker refuses this worker's subscription to its requests (reason 0x87): it receives none\n"
               "online c1 no-rpc\n");
    script_clear(&s);
}

static void test_stray_inputs_change_nothing(void **state)
{
    struct script s;
    (void)state;

    script_online(&s, 30000);
    up(&s);
    expect(&s, "");
    ack(&s, FAREWELL, 0);
    expect(&s, "");
    script_clear(&s);

    script_init(&s, 30000);
    down(&s, INPUT_LINK_DOWN); /* before anything was begun: only the first connect follows */
    expect(&s, "connect, will stale c1 connection_lost\n");
    message(&s, PRESENCE_TOPIC, "", false);
    expect(&s, "");
    script_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_connection),
        cmocka_unit_test(test_reconnect_schedule),
        cmocka_unit_test(test_offline_changes_become_one_heartbeat),
        cmocka_unit_test(test_identity_a_second_process_is_flagged_and_neither_gives_way),
        cmocka_unit_test(test_goodbye),
        cmocka_unit_test(test_process_exited),
        cmocka_unit_test(test_what_is_still_to_be_told_goes_before_the_farewell),
        cmocka_unit_test(test_farewell_is_not_awaited_for_ever),
        cmocka_unit_test(test_leaving_offline),
        cmocka_unit_test(test_refused_farewell_leaves_it_to_the_will),
        cmocka_unit_test(test_refused_requests_are_declared),
        cmocka_unit_test(test_stray_inputs_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
