#include "queen_script.h"

#include "change.h"
#include "verify.h"
#include "verify_wait.h"

#define ONLINE "unknown -> online (birth)"
#define SILENT ", online -> suspect (missed_heartbeats), verify"
#define BEGIN "up; birth 1.1; wait 66000"

static void r6_silence_is_verified(void **state)
{
    static const struct row rows[] = {
        { "asked when it becomes suspect", BEGIN, ONLINE SILENT " | suspect" },
        { "its work goes on", BEGIN "; vack 0; answer ok", ONLINE SILENT ", suspect -> online (verified) | online" },
        { "it lives, nothing is known of its work", BEGIN "; answer unknown",
          ONLINE SILENT ", suspect -> online (verified) | online" },
        { "its work is stalled", BEGIN "; answer stalled", ONLINE SILENT ", suspect -> zombie (stalled) | zombie" },
        { "nobody listens, twice: by silence alone that is noted", BEGIN "; vack 10; wait 250; vack 10",
          ONLINE SILENT ", verify | suspect" },
        { "... and counts at the stale limit", BEGIN "; vack 10; wait 250; vack 10; wait 23750; ack 0",
          ONLINE SILENT ", verify, verify, verify, verify, probe, suspect -> stale (no_subscriber) | stale" },
        { "... unless it was seen in between", BEGIN "; vack 10; wait 250; vack 10; beat 1.1.0; wait 90000; ack 0",
          ONLINE SILENT ", verify, suspect -> online (heartbeat)" SILENT
                        ", verify, verify, verify, probe, suspect -> stale (missed_heartbeats) | stale" },
        { "after its will it is lost", "up; birth 1.1; demand; wait 0; vack 10; will 1.1; wait 250; vack 10",
          ONLINE ", verify, ask, verify, online -> stale (no_subscriber) | stale" },
        { "nobody listened, then it answers", BEGIN "; vack 10; wait 250; vack 0; answer ok",
          ONLINE SILENT ", verify, suspect -> online (verified) | online" },
        { "the second request waits", BEGIN "; vack 10; wait 249", ONLINE SILENT " | suspect" },
        { "no answer: silence goes on, four requests in all", BEGIN "; wait 23999",
          ONLINE SILENT ", verify, verify, verify | suspect" },
        { "an answer of its hive's is as good", BEGIN "; witness 1",
          ONLINE SILENT ", suspect -> stale (process_exited) | stale" },
        { "a late answer counts", BEGIN "; wait 24000; ack 0; answer ok",
          ONLINE SILENT ", verify, verify, verify, probe, suspect -> stale (missed_heartbeats), "
                        "stale -> online (verified) | online" },
        { "R12: not before the snapshot of the next link is read",
          BEGIN "; down; connect; wait 0; vack 10; wait 250; vack 10", ONLINE SILENT " | suspect" },
        { "a late `stalled` is a sign of life as well", BEGIN "; wait 24000; ack 0; answer stalled; wait 100",
          ONLINE SILENT
          ", verify, verify, verify, probe, suspect -> stale (missed_heartbeats), stale -> zombie (stalled) | "
          "zombie" },
        { "who answers no requests is not asked", "up; mute_birth 1.1; wait 66000",
          ONLINE ", online -> suspect (missed_heartbeats) | suspect" },
    };
    (void)state;
    rows_check(rows, ARRAY_LEN(rows));
}

static void r15_stored_copies_are_verified_once(void **state)
{
    static const struct row rows[] = {
        { "one grace after the snapshot", "connect; stored birth 1.1; read; wait 34999", "| unverified" },
        { "... then it is asked", "connect; stored birth 1.1; read; wait 35000", "verify | unverified" },
        { "... and answers", "connect; stored birth 1.1; read; wait 35000; answer unknown",
          "verify, unknown -> online (verified) | online" },
        { "nobody subscribed: its lease decides",
          "connect; stored birth 1.1; read; wait 35000; vack 10; wait 250; vack 10; wait 54749",
          "verify, verify | unverified" },
        { "... at its end",
          "connect; stored birth 1.1; read; wait 35000; vack 10; wait 250; vack 10; wait 54750; ack 0",
          "verify, verify, probe, unknown -> stale (no_subscriber) | stale" },
    };
    (void)state;
    rows_check(rows, ARRAY_LEN(rows));
}

/* Answers alone keep it from being stale, but after three of them no longer make it online. */
static void r6_who_answers_but_does_not_beat_stays_suspect(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up; birth 1.1");
    for (int answer = 0; answer < 2; answer++)
        scene_run(&scene, "wait 66000; answer unknown");
    assert_int_equal(scene_record(&scene)->state, STATE_ONLINE);
    scene_run(&scene, "wait 66000; answer unknown");
    assert_int_equal(scene_record(&scene)->state, STATE_SUSPECT);
    scene_run(&scene, "wait 9999");
    assert_false(verify_is_going_on(scene_record(&scene)));
    scene_run(&scene, "wait 1");
    assert_true(verify_is_going_on(scene_record(&scene)));
    scene_run(&scene, "answer unknown; wait 19999");
    assert_false(verify_is_going_on(scene_record(&scene)));
    scene_run(&scene, "wait 1; answer unknown; beat 1.1.0");
    assert_int_equal(scene_record(&scene)->state, STATE_ONLINE);
    for (int answer = 0; answer < 2; answer++) /* the beat starts the count anew */
        scene_run(&scene, "wait 66000; answer unknown");
    assert_int_equal(scene_record(&scene)->state, STATE_ONLINE);
    scene_clear(&scene);
}

static void answer_only(struct scene *scene)
{
    scene_init(scene);
    scene_run(scene, "up; birth 1.1");
    for (int answer = 0; answer < 7; answer++) {
        while (!verify_is_going_on(scene_record(scene)))
            scene_run(scene, "wait 1000");
        scene_run(scene, "answer unknown");
    }
    buf_reset(&scene->trace);
}

/* After so many answers the next request comes later than its lease ends. */
static void r6_who_answers_only_is_stale_when_an_answer_is_missing(void **state)
{
    static const struct {
        const char *script, *want;
    } rows[] = {
        { "wait 159999", "" },
        { "wait 160000; wait 4999", "verify" },
        { "wait 160000; wait 5000; ack 0", "verify, probe, suspect -> stale (missed_heartbeats)" },
        { "listen 160000; down; up; wait 39999", "verify, verify" }, /* R12: one grace more */
        { "listen 160000; down; up; wait 40000; ack 0", "verify, verify, probe, suspect -> stale (missed_heartbeats)" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene scene;
        answer_only(&scene);
        scene_run(&scene, rows[i].script);
        assert_string_equal(buf_str(&scene.trace), rows[i].want);
        scene_clear(&scene);
    }
}

static const char *const works[] = { "ok", "unknown", "stalled" };

static void r6_an_answer_must_be_to_the_question(void **state)
{
    static const char *const replies[] = {
        "",
        "[]",
        "{}",
        "{\"result\":{}}",
        "{\"result\":{\"nonce\":\"0000000000000001\",\"work\":\"ok\"}}",
        "{\"result\":1}",
        "{\"result\":{\"nonce\":7,\"work\":\"ok\"}}",
    };
    struct scene scene;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(replies); i++) {
        scene_init(&scene);
        scene_run(&scene, BEGIN);
        scene_reply(&scene, scene.verify.correlation, replies[i]);
        scene_reply(&scene, "0700000000000001", "{\"error\":{\"code\":\"no_method\"}}");
        assert_int_equal(scene_record(&scene)->state, STATE_SUSPECT);
        scene_reply(&scene, scene.verify.correlation, "{\"error\":{\"code\":\"no_method\"}}"); /* it lives */
        assert_int_equal(scene_record(&scene)->state, STATE_ONLINE);
        scene_clear(&scene);
    }
}

enum err __real_requester_send(struct requester *requester, struct pending *pending, const struct question *question,
                               ms_t now, struct outbox *outbox);
enum err __wrap_requester_send(struct requester *requester, struct pending *pending, const struct question *question,
                               ms_t now, struct outbox *outbox);

static bool has_no_memory;

enum err __wrap_requester_send(struct requester *requester, struct pending *pending, const struct question *question,
                               ms_t now, struct outbox *outbox)
{
    return has_no_memory ? ERR_NOMEM : __real_requester_send(requester, pending, question, now, outbox);
}

static void without_memory_for_the_request_nothing_is_found(void **state)
{
    struct scene scene;
    struct evidence evidence = { 0 };
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up; birth 1.1");
    scene.queen->out = &scene.outbox;
    change_state(scene.queen, scene_record(&scene), STATE_SUSPECT, CAUSE_STALLED, evidence);
    assert_int_equal(verify_begin(scene.queen, scene_record(&scene), VERIFY_BY_HAND), OK);
    has_no_memory = true;
    scene_run(&scene, "wait 100");
    has_no_memory = false;
    assert_null(verify_latest(scene_record(&scene)));
    assert_int_equal(scene.queen->verifying.running, 0);
    assert_int_equal(scene_record(&scene)->state, STATE_SUSPECT);
    scene_run(&scene, "wait 2000; answer ok");
    assert_int_equal(verify_latest(scene_record(&scene))->result, VERIFY_OK);
    scene_clear(&scene);
}

static ms_t ask(struct scene *scene, ms_t since, struct http_response *ret)
{
    struct http_request request = { .method = "POST", .path = "/v1/workers/w1/verify", .received_at = since };
    ms_t wait;
    *ret = (struct http_response){ .status = -1 };
    wait = queen_http(scene->queen, &request, scene->now, scene->wall, ret, &scene->outbox);
    scene_run(scene, "wait 0");
    return wait;
}

static void on_demand_the_answer_is_waited_for(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(works); i++) {
        struct scene scene;
        struct http_response response;
        char answer[32], want[32];
        ms_t since;
        scene_init(&scene);
        scene_run(&scene, "up; birth 1.1; wait 10");
        since = scene.now;
        assert_true(ask(&scene, since, &response) > 5000);
        scene_run(&scene, "wait 100");
        assert_true(ask(&scene, since, &response) > 4000); /* somebody else's news */
        snprintf(answer, sizeof answer, "answer %s", works[i]);
        scene_run(&scene, answer);
        assert_int_equal(ask(&scene, since, &response), 0);
        assert_int_equal(response.status, 200);
        snprintf(want, sizeof want, "\"result\":\"%s\"", works[i]);
        assert_non_null(strstr(buf_str(&response.body), want));
        assert_non_null(strstr(buf_str(&response.body), "\"path\":\"mqtt\",\"took_ms\":100"));
        buf_clear(&response.body);
        scene_clear(&scene);
    }
}

static bool list_next(struct scene *scene, struct listing *listing, struct buf *body)
{
    bool more = queen_listing_next(scene->queen, listing, scene->now, scene->wall, body);
    scene_run(scene, "wait 0");
    return more;
}

/* As many are verified as the page has places; who is refuted is replaced by the next in order. */
static void a_list_of_the_verified_fills_its_page(void **state)
{
    struct http_request request = { .method = "GET", .path = "/v1/workers", .query = TEXT("verified=true&limit=1") };
    struct http_response response = { 0 };
    struct listing *listing;
    struct scene scene;
    struct buf body = BUF_INIT;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up; birth 1.1 @w1; birth 1.1 @w2; birth 1.1 @w3; wait 10");
    request.received_at = scene.now;
    assert_int_equal(queen_http(scene.queen, &request, scene.now, scene.wall, &response, &scene.outbox), 0);
    assert_int_equal(response.wakes_on, QUEEN_CHANGED_VERIFIED);
    assert_non_null(listing = response.listing);
    assert_int_equal(queen_listing_wait(listing), 0);
    assert_true(list_next(&scene, listing, &body));
    assert_true(queen_listing_wait(listing) > scene.now + VERIFY_WAIT_EXTRA_MS);
    assert_true(list_next(&scene, listing, &body)); /* somebody else's news */
    assert_int_equal(scene.queen->verifying.running, 1);
    scene_run(&scene, "vack 10; wait 250; vack 10");
    assert_true(list_next(&scene, listing, &body));
    assert_int_equal(scene.queen->verifying.running, 1);
    assert_true(verify_is_going_on(registry_find_name(&scene.queen->registry, TEXT("w2"))));
    scene_run(&scene, "answer ok @w2");
    assert_int_equal(body.len, 0);
    assert_false(list_next(&scene, listing, &body));
    assert_non_null(strstr(buf_str(&body), "{\"workers\":[{\"worker_id\":\"w2\""));
    assert_non_null(strstr(buf_str(&body), "\"total\":1,\"next\":null"));
    assert_null(registry_find_name(&scene.queen->registry, TEXT("w3"))->verification); /* not needed */
    queen_listing_free(listing);
    buf_clear(&body);
    scene_clear(&scene);
}

/* Without an order the cursor is the number of a worker: it says nothing of how many stand on the pages before. */
static void a_page_of_the_verified_goes_on_behind_a_worker(void **state)
{
    struct http_request request = { .method = "GET",
                                    .path = "/v1/workers",
                                    .query = TEXT("verified=true&limit=1&cursor=2") };
    struct http_response response = { 0 };
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up; birth 1.1 @w1; birth 1.1 @w2; birth 1.1 @w3; wait 10");
    request.received_at = scene.now;
    assert_int_equal(queen_http(scene.queen, &request, scene.now, scene.wall, &response, &scene.outbox), 0);
    assert_true(list_next(&scene, response.listing, &response.body));
    scene_run(&scene, "answer ok @w3");
    assert_false(list_next(&scene, response.listing, &response.body));
    assert_non_null(strstr(buf_str(&response.body), "{\"workers\":[{\"worker_id\":\"w3\""));
    assert_non_null(strstr(buf_str(&response.body), "\"total\":1,\"next\":null"));
    queen_listing_free(response.listing);
    buf_clear(&response.body);
    scene_clear(&scene);
}

static void a_list_of_the_verified_waits_no_longer_than_it_may(void **state)
{
    struct http_request request = { .method = "GET", .path = "/v1/workers", .query = TEXT("verified=true") };
    struct http_response response = { 0 };
    struct scene scene;
    ms_t until;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up; birth 1.1; wait 10; down"); /* nothing can be verified */
    request.received_at = scene.now;
    assert_int_equal(queen_http(scene.queen, &request, scene.now, scene.wall, &response, &scene.outbox), 0);
    assert_true(queen_listing_next(scene.queen, response.listing, scene.now, scene.wall, &response.body));
    until = queen_listing_wait(response.listing);
    assert_true(queen_listing_next(scene.queen, response.listing, until - 1, scene.wall, &response.body));
    assert_int_equal(queen_listing_wait(response.listing), until);
    assert_false(queen_listing_next(scene.queen, response.listing, until, scene.wall, &response.body));
    assert_non_null(strstr(buf_str(&response.body), "{\"workers\":[],\"total\":0,\"next\":null"));
    queen_listing_free(response.listing);
    buf_clear(&response.body);
    scene_clear(&scene);
}

static void verifications_have_a_budget_and_demand_goes_first(void **state)
{
    const struct roll *roll;
    struct scene scene;
    char step[64];
    unsigned asked = 0;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up");
    for (int i = 0; i < 100; i++) {
        snprintf(step, sizeof step, "birth 1.1 @w%d", i);
        scene_run(&scene, step);
    }
    roll = &scene.queen->registry.roll;
    scene.queen->out = &scene.outbox;
    for (size_t i = 0; i < roll->count; i++)
        assert_int_equal(verify_begin(scene.queen, roll->entries[i].record, VERIFY_AUTOMATIC), OK);
    scene_run(&scene, "wait 1");
    for (size_t i = 0; i < roll->count; i++)
        asked += scene.queen->verifying.running > 0 && roll->entries[i].record->verification != NULL;
    assert_int_equal(asked, 100);
    assert_int_equal(scene.queen->verifying.running, VERIFY_PER_SECOND);
    scene.queen->out = &scene.outbox;
    assert_int_equal(verify_begin(scene.queen, registry_find_name(&scene.queen->registry, TEXT("w99")), VERIFY_BY_HAND),
                     OK);
    scene_run(&scene, "wait 20");
    assert_int_equal(scene.queen->verifying.running, VERIFY_PER_SECOND + 1);
    assert_int_equal(scene.queen->verifying.queued[VERIFY_BY_HAND].count, 0); /* it went first */
    scene_run(&scene, "wait 500");
    assert_int_equal(scene.queen->verifying.running, VERIFY_PER_SECOND + 1 + VERIFY_PER_SECOND / 2);
    scene_run(&scene, "wait 9000");
    assert_int_equal(scene.queen->verifying.running, 0); /* all were given up */
    assert_int_equal(scene.queen->verifying.finished, 100);
    scene_clear(&scene);
}

static void a_lost_link_asks_again_on_the_next(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, BEGIN "; down");
    assert_int_equal(scene.queen->verifying.running, 0);
    assert_true(verify_is_going_on(scene_record(&scene)));
    scene_run(&scene, "up; wait 0; answer ok");
    assert_int_equal(verify_latest(scene_record(&scene))->result, VERIFY_OK);
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r6_silence_is_verified),
        cmocka_unit_test(r15_stored_copies_are_verified_once),
        cmocka_unit_test(r6_who_answers_but_does_not_beat_stays_suspect),
        cmocka_unit_test(r6_who_answers_only_is_stale_when_an_answer_is_missing),
        cmocka_unit_test(r6_an_answer_must_be_to_the_question),
        cmocka_unit_test(without_memory_for_the_request_nothing_is_found),
        cmocka_unit_test(on_demand_the_answer_is_waited_for),
        cmocka_unit_test(a_list_of_the_verified_fills_its_page),
        cmocka_unit_test(a_page_of_the_verified_goes_on_behind_a_worker),
        cmocka_unit_test(a_list_of_the_verified_waits_no_longer_than_it_may),
        cmocka_unit_test(verifications_have_a_budget_and_demand_goes_first),
        cmocka_unit_test(a_lost_link_asks_again_on_the_next),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
