/* test_worker_verify.c - does the work loop live? Who answers, what, and when. */
#include "worker_script.h"

#define VERIFY REQUEST_TOPIC "verify"
#define NOBODY "\"progress\":null,\"progress_age_ms\":null,\"inflight\":null}}\n"

static void ask_of(struct script *s, const char *reply_to, const char *nonce, uint32_t expiry_s)
{
    char payload[128];
    snprintf(payload, sizeof payload, "{\"nonce\":\"%s\"}", nonce);
    feed(s, (struct input){ .kind = INPUT_MESSAGE,
                            .message = &(struct message){ .topic = TEXT(VERIFY),
                                                          .payload = text_of(payload),
                                                          .expiry_s = expiry_s,
                                                          .response_topic = text_of(reply_to),
                                                          .correlation = text_of(nonce) } });
}

static void ask_within(struct script *s, const char *nonce, uint32_t expiry_s)
{
    ask_of(s, REPLY_TOPIC, nonce, expiry_s);
}

static void found(struct script *s, enum skep_work work, uint64_t up_to_id)
{
    take(s, (struct worker_input){ .found = true, .work = work, .up_to_id = up_to_id });
}

static void progress(struct script *s)
{
    facts_progress(&s->facts, s->now);
    tell(s);
}

static struct worker_view view(const struct script *s)
{
    struct worker_view view;
    worker_view_fill(s->worker, &view);
    return view;
}

static void test_the_work_loop_answers(void **state)
{
    static const struct {
        const char *why;
        enum skep_work work;
        const char *expected;
    } rows[] = {
        { "it works", SKEP_WORK_OK, "to " REPLY_TOPIC " n1 {\"result\":{\"nonce\":\"n1\",\"work\":\"ok\"," NOBODY },
        { "it says that it stands still", SKEP_WORK_STALLED,
          "to " REPLY_TOPIC " n1 {\"result\":{\"nonce\":\"n1\",\"work\":\"stalled\"," NOBODY },
        { "it cannot tell", SKEP_WORK_UNKNOWN,
          "to " REPLY_TOPIC " n1 {\"result\":{\"nonce\":\"n1\",\"work\":\"unknown\"," NOBODY },
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct script s;
        script_online(&s, 30000);
        assert_int_equal(view(&s).verification, 0);
        ask_within(&s, "n1", 0);
        expect(&s, "");
        assert_int_equal(view(&s).verification, 1);
        assert_int_equal(view(&s).answer_by, s.now + 4500);
        s.now += 100;
        found(&s, rows[i].work, 1);
        if (strcmp(buf_str(&s.trace), rows[i].expected) != 0)
            fail_msg("%s: %s", rows[i].why, buf_str(&s.trace));
        assert_int_equal(view(&s).verification, 0);
        found(&s, rows[i].work, 1);
        expect(&s, ""); /* once */
        script_clear(&s);
    }
}

static void test_progress_is_an_answer(void **state)
{
    struct script s;
    (void)state;

    script_online(&s, 30000);
    progress(&s);
    ask_within(&s, "n0", 1);
    tell(&s);
    expect(&s, ""); /* made before the request, if in the same millisecond */
    s.now += 1000;
    tick(&s);
    facts_progress(&s.facts, s.now - 1); /* made before the request, heard of after it */
    ask_within(&s, "n1", 0);
    tell(&s);
    expect(&s, "");
    s.now += 500;
    assert_int_equal(facts_set_number(&s.facts, "inflight", 2, s.now, NULL), OK);
    tell(&s);
    expect(&s, ""); /* taking up work is no step of it */
    assert_int_equal(facts_set_progress(&s.facts, NAN, s.now, NULL), OK);
    assert_int_equal(facts_set_progress(&s.facts, 40, s.now, NULL), OK);
    tell(&s);
    expect(&s, ""); /* nor is a count that begins to be watched */
    s.now += 500;
    facts_progress(&s.facts, s.now);
    s.now += 20;
    tell(&s);
    expect(&s, "to " REPLY_TOPIC " n1 {\"result\":{\"nonce\":\"n1\",\"work\":\"ok\",\"progress\":41,"
               "\"progress_age_ms\":20,\"inflight\":2}}\n");
    script_clear(&s);
}

static void test_nobody_answers(void **state)
{
    static const struct {
        const char *why;
        double inflight;
        bool stalled;
        const char *work;
    } rows[] = {
        { "nothing is known of its work", NAN, false, "\"work\":\"unknown\"" },
        { "it has nothing to do", 0, false, "\"work\":\"unknown\"" },
        { "it has something to do", 1, false, "\"work\":\"stalled\"" },
        { "the program knows that work stands still", NAN, true, "\"work\":\"stalled\"" },
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct script s;
        script_online(&s, 3600000);
        assert_int_equal(facts_set_number(&s.facts, "inflight", rows[i].inflight, s.now, NULL), OK);
        facts_set_stalled(&s.facts, rows[i].stalled, s.now);
        tell(&s);
        ask_within(&s, "n1", 0);
        assert_int_equal(pass(&s), 4500);
        if (!strstr(buf_str(&s.trace), rows[i].work))
            fail_msg("%s: %s", rows[i].why, buf_str(&s.trace));
        progress(&s);
        expect(&s, ""); /* too late, it is answered */
        script_clear(&s);
    }
}

static void test_deadlines(void **state)
{
    static const struct {
        const char *why;
        uint32_t expiry_s;
        ms_t expected;
    } rows[] = {
        { "none", 0, 4500 },
        { "the shortest", 1, 500 },
        { "longer than the default", 30, 29500 },
        { "longer than anybody waits", 4294967295u, 59500 },
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct script s;
        ms_t waited;
        script_online(&s, 3600000);
        ask_within(&s, "n1", rows[i].expiry_s);
        waited = pass(&s);
        if (waited != rows[i].expected || !strstr(buf_str(&s.trace), "\"work\":\"unknown\""))
            fail_msg("%s: %lld ms, %s", rows[i].why, (long long)waited, buf_str(&s.trace));
        script_clear(&s);
    }
}

static void test_nonces(void **state)
{
#define NONCE64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    static const struct {
        const char *why, *payload;
        bool fine;
    } rows[] = {
        { "none", "", false },
        { "no member", "{}", false },
        { "null", "{\"nonce\":null}", false },
        { "a number", "{\"nonce\":7}", false },
        { "one byte more than allowed", "{\"nonce\":\"" NONCE64 "x\"}", false },
        { "as long as allowed", "{\"nonce\":\"" NONCE64 "\"}", true },
        { "an empty one", "{\"nonce\":\"\"}", true },
        { "with what JSON must escape", "{\"nonce\":\"\\\"\\n\"}", true },
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct script s;
        char echoed[128] = "{\"result\":";
        script_online(&s, 30000);
        message(&s, VERIFY, rows[i].payload, false);
        if ((strstr(buf_str(&s.trace), "\"code\":\"bad_params\"") == NULL) != rows[i].fine)
            fail_msg("%s: %s", rows[i].why, buf_str(&s.trace));
        found(&s, SKEP_WORK_OK, 1);
        strncat(echoed, rows[i].payload, strlen(rows[i].payload) ? strlen(rows[i].payload) - 1 : 0);
        if ((strstr(buf_str(&s.trace), echoed) != NULL) != rows[i].fine)
            fail_msg("%s: %s", rows[i].why, buf_str(&s.trace));
        script_clear(&s);
    }
}

static void test_several_at_once(void **state)
{
    struct script s;
    (void)state;

    script_online(&s, 3600000);
    for (int i = 0; i < WORKER_VERIFY_MAX; i++) {
        char nonce[8];
        snprintf(nonce, sizeof nonce, "n%d", i);
        ask_within(&s, nonce, (uint32_t)(10 - i));
        expect(&s, "");
    }
    ask_within(&s, "late", 0);
    assert_non_null(strstr(buf_str(&s.trace), "\"code\":\"busy\""));
    assert_int_equal(view(&s).verification, WORKER_VERIFY_MAX);
    assert_int_equal(pass(&s), 2500); /* the last one has 3 s */
    assert_non_null(strstr(buf_str(&s.trace), "\"nonce\":\"n7\",\"work\":\"unknown\""));
    found(&s, SKEP_WORK_OK, 2);
    assert_non_null(strstr(buf_str(&s.trace), "to " REPLY_TOPIC " n0 {\"result\":{\"nonce\":\"n0\",\"work\":\"ok\""));
    assert_non_null(strstr(buf_str(&s.trace), "to " REPLY_TOPIC " n1 {\"result\":{\"nonce\":\"n1\",\"work\":\"ok\""));
    assert_null(strstr(buf_str(&s.trace), "\"n2\"")); /* it came after what was looked at */
    ask_within(&s, "again", 0);                       /* takes a free place, after all the others */
    assert_int_equal(view(&s).verification, WORKER_VERIFY_MAX + 1);
    progress(&s);
    assert_non_null(strstr(buf_str(&s.trace), "\"nonce\":\"n2\",\"work\":\"ok\""));
    assert_non_null(strstr(buf_str(&s.trace), "\"nonce\":\"again\",\"work\":\"ok\""));
    assert_int_equal(view(&s).verification, 0);
    script_clear(&s);
}

#define REPLIES "skep/v1-rpc/reply/"

static void fill(struct script *s, const char *reply_to)
{
    script_online(s, 3600000);
    for (int i = 0; i < WORKER_VERIFY_MAX; i++)
        ask_of(s, reply_to, "n", 60);
    expect(s, "");
}

/* Who has all places loses one to another; a queen loses none to who is none. */
static void test_who_asks_much_makes_room(void **state)
{
    static const struct {
        const char *why, *many, *one, *busy;
    } rows[] = {
        { "an asker to another", REPLIES "me", REPLIES "you", REPLIES "me" },
        { "an asker to a queen", REPLIES "me", REPLIES "skep:q:q1", REPLIES "me" },
        { "nobody to itself", REPLIES "me", REPLIES "me", REPLIES "me" },
        { "a queen to a queen", REPLIES "skep:q:q1", REPLIES "skep:q:q2", REPLIES "skep:q:q1" },
        { "no queen to an asker", REPLIES "skep:q:q1", REPLIES "me", REPLIES "me" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct script s;
        char want[128];
        fill(&s, rows[i].many);
        ask_of(&s, rows[i].one, "one", 60);
        snprintf(want, sizeof want, "to %s ", rows[i].busy);
        if (!strstr(buf_str(&s.trace), want) || !strstr(buf_str(&s.trace), "\"busy\""))
            fail_msg("%s: %s", rows[i].why, buf_str(&s.trace));
        found(&s, SKEP_WORK_OK, 1000);
        snprintf(want, sizeof want, "to %s one ", rows[i].one);
        if ((strstr(buf_str(&s.trace), want) != NULL) == (strcmp(rows[i].one, rows[i].busy) == 0))
            fail_msg("%s: %s", rows[i].why, buf_str(&s.trace));
        script_clear(&s);
    }
}

/* Eight askers, of whom none has more than another: who comes later waits, but for a queen. */
static void test_a_queen_has_a_place(void **state)
{
    struct script s;
    (void)state;
    script_online(&s, 3600000);
    for (int i = 0; i < WORKER_VERIFY_MAX; i++) {
        char reply_to[64];
        snprintf(reply_to, sizeof reply_to, REPLIES "a%d", i);
        ask_of(&s, reply_to, "n", 60);
    }
    ask_of(&s, REPLIES "a9", "n", 60);
    assert_non_null(strstr(buf_str(&s.trace), "to " REPLIES "a9 n {\"error\":{\"code\":\"busy\""));
    ask_of(&s, REPLIES "skep:q:q1", "q", 60);
    assert_non_null(strstr(buf_str(&s.trace), "to " REPLIES "a7 n {\"error\":{\"code\":\"busy\""));
    found(&s, SKEP_WORK_OK, 1000);
    assert_non_null(strstr(buf_str(&s.trace), "to " REPLIES "skep:q:q1 q {\"result\""));
    script_clear(&s);
}

static void test_who_has_gone_answers_nothing(void **state)
{
    struct script s;
    (void)state;

    script_online(&s, 30000);
    s.now += 1000;
    ask_within(&s, "n1", 0);
    down(&s, INPUT_LINK_DOWN);
    assert_int_equal(view(&s).verification, 0);
    up(&s);
    found(&s, SKEP_WORK_OK, 1);
    expect(&s, ""); /* the request belonged to the link */
    ask_within(&s, "n2", 0);
    leave(&s, NULL, 1000);
    assert_non_null(strstr(buf_str(&s.trace), "offline c2 goodbye\n"));
    found(&s, SKEP_WORK_OK, 2);
    expect(&s, ""); /* the farewell is the last word */
    script_clear(&s);
}

static void test_health_document(void **state)
{
    static const struct {
        const char *why, *status;
        bool online, stalled;
        int code;
        const char *starts, *holds;
    } rows[] = {
        { "all is well", "idle", true, false, 200, "{\"status\":\"pass\"", "\"serviceId\":\"worker/h/w\"" },
        { "no broker", "idle", false, false, 200, "{\"status\":\"warn\"",
          "\"broker:connection\":[{\"observedValue\":1,\"status\":\"warn\"}]" },
        { "it says so itself", "error", true, false, 200, "{\"status\":\"warn\"",
          "\"worker:status\":[{\"observedValue\":\"error\",\"status\":\"warn\"}]" },
        { "work is stalled", "busy", true, true, 503, "{\"status\":\"fail\"", "\"work:progress_age\"" },
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct worker_view worker = { .hive = "h", .name = "w", .online = rows[i].online, .connection = 1 };
        struct buf json = BUF_INIT;
        struct facts facts;
        int code;
        facts_init(&facts);
        assert_int_equal(facts_set_text(&facts, "status", text_of(rows[i].status), NULL), OK);
        facts_progress(&facts, 1000);
        facts_set_stalled(&facts, rows[i].stalled, 1000);
        code = worker_health(&worker, &facts, 1000 + FACT_STALL_MS, &json);
        if (code != rows[i].code || strstr(buf_str(&json), rows[i].starts) != buf_str(&json) ||
            !strstr(buf_str(&json), rows[i].holds))
            fail_msg("%s: %d %s", rows[i].why, code, buf_str(&json));
        buf_clear(&json);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_work_loop_answers),
        cmocka_unit_test(test_progress_is_an_answer),
        cmocka_unit_test(test_nobody_answers),
        cmocka_unit_test(test_deadlines),
        cmocka_unit_test(test_nonces),
        cmocka_unit_test(test_several_at_once),
        cmocka_unit_test(test_who_asks_much_makes_room),
        cmocka_unit_test(test_a_queen_has_a_place),
        cmocka_unit_test(test_who_has_gone_answers_nothing),
        cmocka_unit_test(test_health_document),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
