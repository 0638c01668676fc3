/* test_verify.c - does the work loop live? Programs with one that does, that hangs, and that cannot tell. */
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "scene.h"

#define LONG 60 /* s, so that no answer in a test comes from the deadline */

static void verify(const char *nonce, unsigned within_s)
{
    char payload[64];
    snprintf(payload, sizeof payload, "{\"nonce\":\"%s\"}", nonce);
    watcher_request_within(watcher, REQUESTS "verify", payload, REPLIES, within_s);
}

static void expect_reply(const char *nonce, const char *holds)
{
    char text[64];
    snprintf(text, sizeof text, "\"nonce\":\"%s\"", nonce);
    AWAIT_MESSAGE(watcher, REPLIES, text, holds);
}

static bool is_asked(void *worker)
{
    struct pollfd fd = { .fd = skep_worker_serve_fd(worker), .events = POLLIN };
    return poll(&fd, 1, 0) == 1;
}

static void test_serving_is_proof(void **state)
{
    struct skep_worker *worker = online_at(broker_uri(broker));
    (void)state;

    assert_int_equal(skep_worker_serve(worker), 0); /* nobody has asked */
    verify("n1", LONG);
    assert_true(await(is_asked, worker, AWAIT_LIMIT));
    assert_int_equal(skep_worker_serve(worker), 0);
    assert_false(is_asked(worker));
    expect_reply("n1", "\"work\":\"ok\"");
    assert_int_equal(skep_worker_close(worker, NULL, 1000), SKEP_OK);
}

struct answer {
    enum skep_work work;
    int calls;
    uint32_t left_ms;
};

static enum skep_work give_answer(void *user, uint32_t left_ms)
{
    struct answer *answer = user;
    answer->calls++;
    answer->left_ms = left_ms;
    return answer->work;
}

static void test_the_callback_answers(void **state)
{
    static const struct {
        const char *nonce, *expected;
        enum skep_work work;
    } rows[] = {
        { "fine", "\"work\":\"ok\"", SKEP_WORK_OK },
        { "stands", "\"work\":\"stalled\"", SKEP_WORK_STALLED },
        { "who-knows", "\"work\":\"unknown\"", SKEP_WORK_UNKNOWN },
        { "no-such-answer", "\"work\":\"unknown\"", (enum skep_work)77 },
    };
    struct skep_worker *worker = online_at(broker_uri(broker));
    struct answer answer = { SKEP_WORK_LATER, 0, 0 };
    (void)state;

    skep_worker_on_verify(worker, give_answer, &answer);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        answer = (struct answer){ SKEP_WORK_LATER, 0, 0 };
        verify(rows[i].nonce, LONG);
        assert_true(await(is_asked, worker, AWAIT_LIMIT));
        assert_int_equal(skep_worker_serve(worker), 1);
        assert_int_equal(skep_worker_serve(worker), 1);
        answer.work = rows[i].work;
        assert_int_equal(skep_worker_serve(worker), 0);
        assert_int_equal(skep_worker_serve(worker), 0); /* not asked again */
        assert_int_equal(answer.calls, 3);
        assert_in_range(answer.left_ms, 1, (LONG * 1000) - 500);
        expect_reply(rows[i].nonce, rows[i].expected);
    }
    assert_int_equal(skep_worker_close(worker, NULL, 1000), SKEP_OK);
}

static void test_progress_is_proof(void **state)
{
    struct skep_worker *worker = online_at(broker_uri(broker));
    (void)state;

    skep_worker_progress(worker);
    verify("n1", LONG);
    assert_true(await(is_asked, worker, AWAIT_LIMIT));
    skep_worker_progress(worker);
    expect_reply("n1", "\"work\":\"ok\",\"progress\":2,");
    assert_int_equal(skep_worker_serve(worker), 0);
    assert_false(is_asked(worker));
    assert_int_equal(skep_worker_close(worker, NULL, 1000), SKEP_OK);
}

/* The shortest deadline there is: an answer comes 500 ms after the request. */
static void test_a_loop_that_hangs(void **state)
{
    struct skep_worker *worker = online_at(broker_uri(broker));
    (void)state;

    verify("idle", 1);
    expect_reply("idle", "\"work\":\"unknown\",\"progress\":null,\"progress_age_ms\":null,\"inflight\":null");
    skep_worker_progress(worker);
    assert_int_equal(skep_worker_set_number(worker, "inflight", 1), SKEP_OK);
    verify("busy", 1);
    expect_reply("busy", "\"work\":\"stalled\",\"progress\":1,");
    assert_int_equal(skep_worker_set_number(worker, "inflight", 0), SKEP_OK);
    skep_worker_set_stalled(worker, 1);
    verify("declared", 1);
    expect_reply("declared", "\"work\":\"stalled\"");
    assert_int_equal(skep_worker_close(worker, NULL, 1000), SKEP_OK);
}

static void test_a_ninth_must_wait(void **state)
{
    struct skep_worker *worker = online_at(broker_uri(broker));
    char nonce[8];
    (void)state;

    for (int i = 0; i < 8; i++) {
        snprintf(nonce, sizeof nonce, "n%d", i);
        verify(nonce, LONG);
    }
    verify("n8", LONG);
    AWAIT_MESSAGE(watcher, REPLIES, "\"code\":\"busy\"");
    assert_int_equal(skep_worker_serve(worker), 0);
    for (int i = 0; i < 8; i++) {
        snprintf(nonce, sizeof nonce, "n%d", i);
        expect_reply(nonce, "\"work\":\"ok\"");
    }
    verify("", LONG);
    assert_true(await(is_asked, worker, AWAIT_LIMIT));
    skep_worker_serve(worker);
    expect_reply("", "\"work\":\"ok\"");
    assert_int_equal(skep_worker_close(worker, NULL, 1000), SKEP_OK);
}

static atomic_bool threads_end;
static atomic_int threads_calls;

static enum skep_work count_call(void *user, uint32_t left_ms)
{
    (void)left_ms;
    skep_worker_set_number(user, "queue_depth", 1); /* may be called from here */
    return atomic_fetch_add(&threads_calls, 1) % 2 ? SKEP_WORK_LATER : SKEP_WORK_OK;
}

static void *serve_all_the_time(void *worker)
{
    char health[SKEP_WORKER_HEALTH_SIZE];
    while (!atomic_load(&threads_end)) {
        struct pollfd fd = { .fd = skep_worker_serve_fd(worker), .events = POLLIN };
        poll(&fd, 1, 1);
        skep_worker_on_verify(worker, count_call, worker);
        skep_worker_serve(worker);
        skep_worker_health(worker, health, sizeof health);
    }
    return NULL;
}

static void test_many_threads_serve(void **state)
{
    struct skep_worker *worker = online_at(broker_uri(broker));
    pthread_t threads[4];
    char nonce[16];
    (void)state;

    atomic_store(&threads_end, false);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, serve_all_the_time, worker), 0);
    for (int i = 0; i < 50; i++) {
        snprintf(nonce, sizeof nonce, "many-%d-", i);
        verify(nonce, LONG);
        expect_reply(nonce, "\"work\":\"ok\"");
    }
    atomic_store(&threads_end, true);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_true(atomic_load(&threads_calls) >= 50);
    assert_int_equal(watcher_count(watcher, REPLIES, "\"many-"), 50); /* each once */
    assert_int_equal(skep_worker_close(worker, NULL, 1000), SKEP_OK);
}

static void test_health(void **state)
{
    struct skep_worker_options options = SKEP_WORKER_OPTIONS_INIT;
    char health[SKEP_WORKER_HEALTH_SIZE] = "", version[65];
    struct skep_worker *worker;
    (void)state;

    memset(version, '"', 64);
    version[64] = 0;
    options.version = version;
    worker = open_at(broker_uri(broker), options);
    assert_true(await(is_online, worker, AWAIT_LIMIT));
    assert_int_equal(skep_worker_set_number(worker, "stall_ms", 1), SKEP_OK);
    assert_int_equal(skep_worker_health(worker, health, sizeof health), 200);
    assert_non_null(strstr(health, "{\"status\":\"pass\""));
    assert_non_null(strstr(health, "\"serviceId\":\"worker/default/w\""));
    assert_int_equal(skep_worker_health(worker, health, strlen(health)), 0);
    assert_int_equal(skep_worker_health(worker, NULL, 0), 0);
    assert_int_equal(skep_worker_set_status(worker, "error"), SKEP_OK);
    assert_int_equal(skep_worker_health(worker, health, sizeof health), 200);
    assert_non_null(strstr(health, "{\"status\":\"warn\""));
    skep_worker_set_stalled(worker, 1);
    AWAIT_MESSAGE(watcher, HEARTBEAT, "\"stalled_ms\":"); /* at once when it has lasted stall_ms */
    assert_int_equal(skep_worker_health(worker, health, sizeof health), 503);
    assert_non_null(strstr(health, "{\"status\":\"fail\""));
    assert_int_equal(skep_worker_close(worker, NULL, 1000), SKEP_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_serving_is_proof, scene_open, scene_close),
        cmocka_unit_test_setup_teardown(test_the_callback_answers, scene_open, scene_close),
        cmocka_unit_test_setup_teardown(test_progress_is_proof, scene_open, scene_close),
        cmocka_unit_test_setup_teardown(test_a_loop_that_hangs, scene_open, scene_close),
        cmocka_unit_test_setup_teardown(test_a_ninth_must_wait, scene_open, scene_close),
        cmocka_unit_test_setup_teardown(test_many_threads_serve, scene_open, scene_close),
        cmocka_unit_test_setup_teardown(test_health, scene_open, scene_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
