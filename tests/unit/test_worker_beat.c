/* test_worker_beat.c - when a heartbeat is published, and what is answered. */
#include "beat_demand.h"
#include "worker_script.h"

static void test_regular_beats(void **state)
{
    struct script s;
    (void)state;

    script_online(&s, 1000);
    assert_in_range(pass(&s), 500, 1000); /* spread, so that a fleet does not beat in step after a restart */
    expect(&s, "beat 1 c1 starting\n");
    ack(&s, HEARTBEAT, 0);
    for (int i = 2; i < 20; i++) {
        assert_in_range(pass(&s), 950, 1050);
        ack(&s, HEARTBEAT, 0);
    }
    script_clear(&s);
}

static void test_what_the_broker_does_not_take_is_left_out(void **state)
{
    static const struct {
        uint32_t packet_max;
        const char *want;
    } rows[] = {
        { 0, "starting whole\n" },
        { 100000, "starting whole\n" },
        { 2000, "starting truncated labels\n" },
        { 600, "starting truncated\n" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct link_facts facts = { .packet_max = rows[i].packet_max };
        struct script s;
        script_online(&s, 30000);
        for (int k = 0; k < 64; k++) {
            char name[40];
            snprintf(name, sizeof name, "a_metric_with_a_name_%d", k);
            assert_int_equal(facts_set_metric(&s.facts, text_of(name), k, NULL), OK);
        }
        for (int k = 0; k < 16; k++) {
            char name[40];
            snprintf(name, sizeof name, "a_label_with_a_name_%d", k);
            assert_int_equal(facts_set_label(&s.facts, text_of(name), TEXT("and a value"), NULL), OK);
        }
        down(&s, INPUT_LINK_DOWN);
        (void)pass(&s);
        tell(&s);
        buf_reset(&s.trace);
        feed(&s, (struct input){ .kind = INPUT_LINK_UP, .facts = &facts });
        if (!strstr(buf_str(&s.trace), rows[i].want) ||
            !strstr(buf_str(&s.trace), "is larger than the broker accepts") != !strstr(rows[i].want, "truncated"))
            fail_msg("%u: %s", (unsigned)rows[i].packet_max, buf_str(&s.trace));
        buf_reset(&s.trace);
        s.now += 1000;
        set_status(&s, "idle"); /* said once */
        assert_null(strstr(buf_str(&s.trace), "notice"));
        for (const struct effect *effect = s.outbox.first; effect && rows[i].packet_max; effect = effect->next)
            assert_true(effect->kind != EFFECT_PUBLISH || publish_packet_size(&effect->publish) <= facts.packet_max);
        script_clear(&s);
    }
}

static void test_change_at_once(void **state)
{
    struct script s;
    (void)state;

    script_online(&s, 30000);
    s.now += 51;
    set_status(&s, "idle");
    expect(&s, "beat 1 c1 idle\n");
    set_status(&s, "idle"); /* no change */
    assert_in_range(worker_deadline(s.worker) - s.now, 28500, 31500);
    script_clear(&s);
}

static void test_burst_is_merged(void **state)
{
    struct script s;
    (void)state;

    script_online(&s, 30000);
    s.now += 1000;
    set_status(&s, "busy");
    expect(&s, "beat 1 c1 busy\n");
    s.now += 10;
    set_status(&s, "idle");
    expect(&s, "");
    s.now += 10;
    set_status(&s, "error");
    expect(&s, "");
    assert_int_equal(pass(&s), 30); /* 50 ms after the last heartbeat */
    expect(&s, "beat 2 c1 error\n");
    s.now += 10;
    take(&s, (struct worker_input){ .beat = true });
    expect(&s, "");
    assert_int_equal(pass(&s), 40);
    expect(&s, "beat 3 c1 error\n");
    script_clear(&s);
}

static void test_stall_is_told_when_it_is_reached(void **state)
{
    struct script s;
    (void)state;

    script_online(&s, 30000);
    assert_int_equal(facts_set_number(&s.facts, "stall_ms", 400, s.now, NULL), OK);
    assert_int_equal(facts_set_number(&s.facts, "inflight", 1, s.now, NULL), OK);
    facts_progress(&s.facts, s.now);
    tell(&s);
    expect(&s, "");
    assert_int_equal(pass(&s), 400);
    expect(&s, "beat 1 c1 starting\n");
    assert_true(worker_deadline(s.worker) > s.now + 20000); /* told once */

    facts_progress(&s.facts, s.now);
    facts_set_stalled(&s.facts, true, s.now);
    assert_int_equal(facts_set_number(&s.facts, "inflight", 0, s.now, NULL), OK);
    tell(&s);
    assert_int_equal(pass(&s), 400);
    expect(&s, "beat 2 c1 starting\n");
    script_clear(&s);
}

static void test_unacknowledged_beats_do_not_pile_up(void **state)
{
    struct script s;
    (void)state;

    script_online(&s, 100);
    for (int i = 0; i < WORKER_UNACKED_MAX; i++)
        pass(&s);
    assert_true(worker_deadline(s.worker) > s.now + 1000000); /* the birth, which expires */
    s.now += 5000;
    set_status(&s, "idle");
    expect(&s, "");
    ack(&s, HEARTBEAT, 0);
    expect(&s, "beat 9 c1 idle\n"); /* one, with the newest state */
    script_clear(&s);
}

static void test_beats_that_are_too_large_are_reported_once_per_link(void **state)
{
    struct script s;
    (void)state;

    script_online(&s, 1000);
    ack(&s, HEARTBEAT, MQTT_TOO_LARGE);
    expect(&s, "notice a message is larger than the broker accepts: not sent (see max_packet_size)\n");
    pass(&s);
    buf_reset(&s.trace);
    ack(&s, HEARTBEAT, MQTT_TOO_LARGE);
    expect(&s, "");
    script_clear(&s);
}

static void test_expiry_covers_four_intervals(void **state)
{
    static const struct {
        ms_t interval;
        int64_t expected;
    } rows[] = { { 30000, 86400 }, { 86400000, 4 * 86400 } };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct script s;
        struct heartbeat heartbeat;
        script_online(&s, rows[i].interval);
        s.now += 1000;
        set_status(&s, "idle");
        assert_int_equal(s.outbox.first->publish.expiry_s, rows[i].expected);
        assert_int_equal(heartbeat_decode(&s.outbox.arena, s.outbox.first->publish.payload, &heartbeat, NULL), OK);
        assert_int_equal(heartbeat.retain_s, rows[i].expected);
        assert_int_equal(heartbeat.lease_ms, 3 * rows[i].interval);
        script_clear(&s);
    }
}

static void test_requests(void **state)
{
    static const struct {
        const char *why, *method, *payload, *expected;
    } rows[] = {
        { "beat", "beat", "", "beat 1 c1 starting\nto " REPLY_TOPIC " c1 {\"result\":{\"seq\":1}}\n" },
        { "beat with an object", "beat", "{}", "beat 1 c1 starting\nto " REPLY_TOPIC " c1 {\"result\":{\"seq\":1}}\n" },
        { "parameters that are no object", "beat", "[]",
          "to " REPLY_TOPIC " c1 {\"error\":{\"code\":\"bad_params\",\"message\":\"the parameters must be one JSON "
          "object, or nothing\"}}\n" },
        { "parameters that are no JSON", "health", "{",
          "to " REPLY_TOPIC
          " c1 {\"error\":{\"code\":\"bad_params\",\"message\":\"JSON, byte 1: expected a string\"}}\n" },
        { "a method that a worker does not have", "worker.list", "",
          "to " REPLY_TOPIC
          " c1 {\"error\":{\"code\":\"no_method\",\"message\":\"no such method; known are health, beat, verify\"}}\n" },
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct script s;
        char topic[128];
        script_online(&s, 30000);
        snprintf(topic, sizeof topic, REQUEST_TOPIC "%s", rows[i].method);
        message(&s, topic, rows[i].payload, false);
        if (strcmp(buf_str(&s.trace), rows[i].expected) != 0)
            fail_msg("%s: %s", rows[i].why, buf_str(&s.trace));
        script_clear(&s);
    }
}

static size_t count_of(const struct script *s, const char *text)
{
    size_t count = 0;
    for (const char *at = buf_str(&s->trace); (at = strstr(at, text)); at++)
        count++;
    return count;
}

/* One heartbeat answers all that came since the one before, and there are ten a second. */
static void test_beats_on_request_are_merged(void **state)
{
    struct script s;
    (void)state;

    script_online(&s, 30000);
    message(&s, REQUEST_TOPIC "beat", "", false);
    expect(&s, "beat 1 c1 starting\nto " REPLY_TOPIC " c1 {\"result\":{\"seq\":1}}\n");
    buf_reset(&s.trace);
    s.now += 10;
    for (int i = 0; i < 3; i++) {
        message(&s, REQUEST_TOPIC "beat", "", false);
        expect(&s, "");
    }
    assert_int_equal(pass(&s), BEAT_DEMAND_EVERY_MS - 10);
    assert_int_equal(count_of(&s, "beat 2 c1 starting"), 1);
    assert_int_equal(count_of(&s, "{\"result\":{\"seq\":2}}"), 3);
    buf_reset(&s.trace);
    for (int i = 0; i < BEAT_DEMAND_MAX + 1; i++)
        message(&s, REQUEST_TOPIC "beat", "", false);
    assert_int_equal(count_of(&s, "\"busy\""), 1); /* the last one */
    down(&s, INPUT_LINK_DOWN);
    up(&s);
    assert_int_equal(count_of(&s, "{\"result\""), 0); /* nobody waits on the next link */
    script_clear(&s);
}

/* 100,000 requests in ten seconds, of whoever it may be. */
static void test_a_flood_of_beat_requests_makes_ten_heartbeats_a_second(void **state)
{
    struct script s;
    size_t beats = 0, replies = 0;
    (void)state;

    script_online(&s, 30000);
    for (int i = 0; i < 100000; i++) {
        s.now += i % 10 == 0;
        message(&s, REQUEST_TOPIC "beat", "", false);
        beats += count_of(&s, " c1 starting\n");
        replies += count_of(&s, "\"result\"");
        if (count_of(&s, " c1 starting\n") > 0)
            ack(&s, HEARTBEAT, 0);
        buf_reset(&s.trace);
    }
    assert_in_range(beats, 90, 101);
    assert_in_range(replies, REQUEST_LIMIT_OF_ASKER.capacity,
                    REQUEST_LIMIT_OF_ASKER.capacity + 10 * REQUEST_LIMIT_OF_ASKER.per_second);
    script_clear(&s);
}

static void test_health(void **state)
{
    struct script s;
    (void)state;

    script_online(&s, 30000);
    message(&s, REQUEST_TOPIC "health", "", false);
    assert_non_null(strstr(buf_str(&s.trace), "{\"result\":{\"status\":\"pass\""));
    s.now += 1000;
    set_status(&s, "error");
    message(&s, REQUEST_TOPIC "health", "", false);
    assert_non_null(strstr(buf_str(&s.trace), "{\"result\":{\"status\":\"warn\""));
    facts_set_stalled(&s.facts, true, s.now - FACT_STALL_MS);
    tell(&s);
    message(&s, REQUEST_TOPIC "health", "", false);
    assert_non_null(strstr(buf_str(&s.trace), "{\"result\":{\"status\":\"fail\""));
    script_clear(&s);
}

static void test_only_reply_topics_are_answered(void **state)
{
    static const struct {
        const char *why, *response;
        bool retain;
    } rows[] = {
        { "none", NULL, false },
        { "somewhere else", "skep/v1/hive/h/worker/w/heartbeat", false },
        { "a wildcard", "skep/v1-rpc/reply/+", false },
        { "the request tree", "skep/v1-rpc/hive/h/worker/w/beat", false },
        { "a stored request", REPLY_TOPIC, true },
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct script s;
        script_online(&s, 30000);
        feed(&s, (struct input){ .kind = INPUT_MESSAGE,
                                 .message = &(struct message){ .topic = TEXT(REQUEST_TOPIC "beat"),
                                                               .retain = rows[i].retain,
                                                               .response_topic = text_of(rows[i].response) } });
        if (buf_str(&s.trace)[0] || script_view(&s).ignored != 1)
            fail_msg("%s: %s", rows[i].why, buf_str(&s.trace));
        script_clear(&s);
    }
}

static void test_presence_heals(void **state)
{
    struct script s;
    (void)state;

    script_online(&s, 30000);
    message(&s, PRESENCE_TOPIC, "{\"presence\":\"online\",\"session\":\"1111111111111111\",\"connection\":1}", false);
    expect(&s, ""); /* the own birth */
    s.now += 1000;
    message(&s, PRESENCE_TOPIC, "{\"presence\":\"stale\",\"session\":\"2222222222222222\"}", true);
    expect(&s, ""); /* stored before the birth, which has replaced it by now */
    message(&s, PRESENCE_TOPIC, "", false);
    expect(&s, "online c1\nbeat 1 c1 starting\n");
    message(&s, PRESENCE_TOPIC, "{\"presence\":\"offline\",\"session\":\"2222222222222222\"}", false);
    expect(&s, ""); /* not twice within a second */
    message(&s, PRESENCE_TOPIC, "", false);
    assert_int_equal(pass(&s), 1000);
    assert_non_null(strstr(buf_str(&s.trace), "online c1\n"));
    message(&s, PRESENCE_TOPIC, "nonsense", false);
    expect(&s, "");
    assert_int_equal(script_view(&s).ignored, 1);
    script_clear(&s);
}

static void test_verdicts(void **state)
{
    static const struct {
        const char *why, *payload;
        bool beats;
    } rows[] = {
        { "called stale", "{\"state\":\"stale\",\"session\":\"1111111111111111\"}", true },
        { "called a zombie", "{\"state\":\"zombie\",\"session\":\"1111111111111111\"}", true },
        { "called online", "{\"state\":\"online\",\"session\":\"1111111111111111\"}", false },
        { "another process was meant", "{\"state\":\"stale\",\"session\":\"2222222222222222\"}", false },
        { "nobody was named", "{\"state\":\"stale\",\"session\":null}", false },
        { "cleared", "", false },
        { "not JSON", "stale", false },
        { "no state", "{\"session\":\"1111111111111111\"}", false },
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct script s;
        script_online(&s, 30000);
        s.now += 200;
        message(&s, "skep/v1/queen/q/verdict/h/w", rows[i].payload, false);
        if (strcmp(buf_str(&s.trace), rows[i].beats ? "beat 1 c1 starting\n" : "") != 0)
            fail_msg("%s: %s", rows[i].why, buf_str(&s.trace));
        script_clear(&s);
    }
}

static void test_verdicts_are_answered_once_a_second(void **state)
{
    const char *verdict = "{\"state\":\"stale\",\"session\":\"1111111111111111\"}";
    struct script s;
    (void)state;

    script_online(&s, 30000);
    s.now += 200;
    message(&s, "skep/v1/queen/q/verdict/h/w", verdict, false);
    expect(&s, "beat 1 c1 starting\n");
    s.now += 100;
    message(&s, "skep/v1/queen/q/verdict/h/w", verdict, false);
    expect(&s, "");
    message(&s, "skep/v1/queen/r/verdict/h/w", verdict, false);
    assert_int_equal(pass(&s), 900);
    expect(&s, "beat 2 c1 starting\n");
    script_clear(&s);
}

static void test_strange_messages_are_counted(void **state)
{
    static const char *const topics[] = { "skep/v1/hive/h/worker/other/presence", "else/where",
                                          "skep/v1/hive/h/presence", HEARTBEAT_TOPIC };
    struct script s;
    (void)state;

    script_online(&s, 30000);
    for (size_t i = 0; i < ARRAY_LEN(topics); i++) {
        message(&s, topics[i], "{}", false);
        expect(&s, "");
        assert_int_equal(script_view(&s).ignored, i + 1);
    }
    script_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_regular_beats),
        cmocka_unit_test(test_what_the_broker_does_not_take_is_left_out),
        cmocka_unit_test(test_change_at_once),
        cmocka_unit_test(test_burst_is_merged),
        cmocka_unit_test(test_stall_is_told_when_it_is_reached),
        cmocka_unit_test(test_unacknowledged_beats_do_not_pile_up),
        cmocka_unit_test(test_beats_that_are_too_large_are_reported_once_per_link),
        cmocka_unit_test(test_expiry_covers_four_intervals),
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_beats_on_request_are_merged),
        cmocka_unit_test(test_a_flood_of_beat_requests_makes_ten_heartbeats_a_second),
        cmocka_unit_test(test_health),
        cmocka_unit_test(test_only_reply_topics_are_answered),
        cmocka_unit_test(test_presence_heals),
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_verdicts_are_answered_once_a_second),
        cmocka_unit_test(test_strange_messages_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
