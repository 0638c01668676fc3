#include "queen_script.h"

#include "requests.h"
#include "verify_wait.h"

#define REPLY_TO "skep/v1-rpc/reply/me"

static const char two_hives[] = "up; beat 1.1.0; beat 2.1.0 @b/w1; beat 3.1.0 @b/w2";

/* A step, and what the queen replies to `me` in it, which must be one message. False: there is none. */
static bool step(struct scene *scene, enum input_kind kind, const struct message *message, struct buf *ret)
{
    struct outbox outbox = { 0 };
    bool answered = false;
    queen_step(scene->queen,
               &(struct input){ .kind = kind, .now = scene->now, .wall = scene->wall, .message = message }, &outbox);
    assert_false(outbox.failed);
    for (const struct effect *effect = outbox.first; effect; effect = effect->next) {
        if (effect->kind != EFFECT_PUBLISH)
            continue;
        assert_false(answered);
        assert_string_equal(effect->publish.topic, REPLY_TO);
        assert_true(text_equal(effect->publish.correlation, message->correlation));
        buf_reset(ret);
        buf_add_text(ret, effect->publish.payload);
        answered = true;
    }
    outbox_clear(&outbox);
    return answered;
}

/* Asks. Lists are made by the ticks: many requests may come in one burst. */
static bool ask(struct scene *scene, const struct message *message, struct buf *ret)
{
    if (step(scene, INPUT_MESSAGE, message, ret)) {
        assert_null(strstr(buf_str(ret), "\"workers\""));
        return true;
    }
    while (scene->queen->lists)
        if (step(scene, INPUT_TICK, message, ret))
            return true;
    return false;
}

static bool ask_for(struct scene *scene, const char *method, const char *params, struct buf *ret)
{
    char topic[TOPIC_SIZE];
    snprintf(topic, sizeof topic, "skep/v1-rpc/queen/queen/%s", method);
    return ask(scene,
               &(struct message){ .topic = text_of(topic),
                                  .payload = text_of(params),
                                  .response_topic = TEXT(REPLY_TO),
                                  .correlation = TEXT("c") },
               ret);
}

static struct http_response get(struct scene *scene, const char *path, const char *query)
{
    return scene_http(scene, &(struct http_request){ .method = "GET", .path = path, .query = text_of(query) });
}

/* The result of a request is the body of the same question over HTTP. */
static void a_result_is_the_body_over_http(void **state)
{
    static const struct {
        const char *why, *method, *params, *path, *query;
    } rows[] = {
        { "health", "health", "", "/health", NULL },
        { "one worker, by both names", "worker.get", "{\"worker_id\":\"w1\",\"hive_id\":\"b\"}",
          "/v1/hives/b/workers/w1", NULL },
        { "one worker, by a name that is unique", "worker.get", "{\"worker_id\":\"w2\"}", "/v1/workers/w2", NULL },
        { "all workers", "worker.list", "", "/v1/workers", NULL },
        { "filters", "worker.list", "{\"hive\":\"b\",\"state\":\"online\",\"sort\":\"-queue_depth\"}", "/v1/workers",
          "hive=b&state=online&sort=-queue_depth" },
        { "a number", "worker.list", "{\"limit\":1}", "/v1/workers", "limit=1" },
        { "the same as a text", "worker.list", "{\"limit\":\"1\"}", "/v1/workers", "limit=1" },
        { "null is absent", "worker.list", "{\"limit\":null,\"hive\":null}", "/v1/workers", NULL },
        { "a filter that nobody passes", "worker.list", "{\"label.zone\":\"eu\"}", "/v1/workers", "label.zone=eu" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene scene;
        struct buf reply = BUF_INIT, want = BUF_INIT;
        struct http_response response;
        scene_init(&scene);
        scene_run(&scene, two_hives);
        response = get(&scene, rows[i].path, rows[i].query);
        assert_int_equal(response.status, 200);
        buf_printf(&want, "{\"result\":%s}", buf_str(&response.body));
        if (!ask_for(&scene, rows[i].method, rows[i].params, &reply) || strcmp(buf_str(&reply), buf_str(&want)) != 0)
            fail_msg("%s:\n%s\n%s", rows[i].why, buf_str(&reply), buf_str(&want));
        buf_clear(&response.body);
        buf_clear(&reply);
        buf_clear(&want);
        scene_clear(&scene);
    }
}

static void what_cannot_be_answered_is_an_error(void **state)
{
    static const struct {
        const char *why, *method, *params, *want;
    } rows[] = {
        { "no such worker", "worker.get", "{\"worker_id\":\"w9\"}", "\"not_found\"" },
        { "no such worker in that hive", "worker.get", "{\"worker_id\":\"w2\",\"hive_id\":\"default\"}",
          "\"not_found\"" },
        { "a name in two hives", "worker.get", "{\"worker_id\":\"w1\"}",
          "{\"error\":{\"code\":\"ambiguous\",\"message\":\"ambiguous: set hive_id to one of b/w1, "
          "default/w1\"}}" },
        { "no name", "worker.get", "{}", "\"bad_params\",\"message\":\"worker_id: is required\"" },
        { "no name at all", "worker.get", "", "\"bad_params\",\"message\":\"worker_id: is required\"" },
        { "a name that is none", "worker.get", "{\"worker_id\":\"a b\"}", "\"bad_params\"" },
        { "a hive that is none", "worker.get", "{\"worker_id\":\"w2\",\"hive_id\":3}", "\"bad_params\"" },
        { "a filter that does not exist", "worker.list", "{\"mood\":\"good\"}", "\"bad_params\"" },
        { "a filter of the wrong type", "worker.list", "{\"hive\":[\"b\"]}", "\"bad_params\"" },
        { "half a worker", "worker.list", "{\"limit\":2.5}", "\"bad_params\"" },
        { "more than go into one message", "worker.list", "{\"limit\":1001}",
          "\"bad_params\",\"message\":\"limit: at most 1000 over MQTT\"" },
        { "nobody to verify", "worker.verify", "{\"worker_id\":\"w9\"}", "\"not_found\"" },
        { "which one to verify", "worker.verify", "{\"worker_id\":\"w1\"}",
          "\"ambiguous\",\"message\":\"ambiguous: set hive_id to one of b/w1, default/w1\"" },
        { "verify whom", "worker.verify", "", "\"bad_params\",\"message\":\"worker_id: is required\"" },
        { "no object", "health", "[]", "\"bad_params\"" },
        { "no method", "fly", "",
          "\"no_method\",\"message\":\"no such method; known are health, worker.get, worker.list, worker.verify\"" },
    };
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, two_hives);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf reply = BUF_INIT;
        if (!ask_for(&scene, rows[i].method, rows[i].params, &reply) || !strstr(buf_str(&reply), rows[i].want))
            fail_msg("%s: %s", rows[i].why, buf_str(&reply));
        buf_clear(&reply);
    }
    scene_clear(&scene);
}

static void a_list_is_short_unless_more_are_asked_for(void **state)
{
    struct queen_options options = scene_options;
    struct scene scene;
    struct buf reply = BUF_INIT;
    (void)state;
    options.max_workers = 2 * REQUESTS_LIST_DEFAULT;
    scene_init_with(&scene, &options);
    scene_run(&scene, "up");
    for (int i = 0; i < REQUESTS_LIST_DEFAULT + 1; i++) {
        char topic[TOPIC_SIZE];
        snprintf(topic, sizeof topic, "skep/v1/hive/default/worker/n%d/heartbeat", i);
        scene_message(&scene, topic, TEXT("{\"status\":\"idle\"}"));
    }
    assert_true(ask_for(&scene, "worker.list", "", &reply));
    assert_non_null(strstr(buf_str(&reply), "\"worker_id\":\"n99\""));
    assert_null(strstr(buf_str(&reply), "\"worker_id\":\"n100\""));
    assert_null(strstr(buf_str(&reply), "\"next\":null"));
    assert_true(ask_for(&scene, "worker.list", "{\"limit\":1000}", &reply));
    assert_non_null(strstr(buf_str(&reply), "\"worker_id\":\"n100\""));
    buf_clear(&reply);
    scene_clear(&scene);
}

static void what_is_not_answered_is_counted(void **state)
{
    static const struct {
        const char *why;
        struct message message;
    } rows[] = {
        { "no response topic", { .retain = false } },
        { "a response topic among the workers", { .response_topic = { "skep/v1/hive/h/worker/w/heartbeat", 33 } } },
        { "a stored request", { .retain = true, .response_topic = { REPLY_TO, sizeof REPLY_TO - 1 } } },
    };
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct message message = rows[i].message;
        struct buf reply = BUF_INIT;
        message.topic = TEXT("skep/v1-rpc/queen/queen/health");
        if (ask(&scene, &message, &reply))
            fail_msg("%s: was answered", rows[i].why);
        assert_int_equal(scene.queen->counters.rejected[ERR_REFUSED], i + 1);
    }
    scene_clear(&scene);
}

static void health_warns_of_too_many_requests(void **state)
{
    struct scene scene;
    struct buf reply = BUF_INIT;
    struct http_response health;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up");
    for (int i = 0; i < REQUEST_LIMIT_OF_ASKER.capacity + 7; i++)
        (void)ask_for(&scene, "worker.get", "{}", &reply);
    health = get(&scene, "/health", NULL);
    assert_non_null(strstr(buf_str(&health.body), "{\"status\":\"warn\""));
    assert_non_null(strstr(buf_str(&health.body), "\"requests:refused\":[{\"observedValue\":7"));
    buf_clear(&health.body);
    buf_clear(&reply);
    scene_clear(&scene);
}

static void a_broker_that_refuses_requests(void **state)
{
    struct scene scene;
    uint64_t token = 0;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "check; free");
    queen_step(scene.queen, &(struct input){ .kind = INPUT_CONNECTING, .now = scene.now }, &scene.outbox);
    queen_step(scene.queen, &(struct input){ .kind = INPUT_LINK_UP, .now = scene.now }, &scene.outbox);
    for (const struct effect *effect = scene.outbox.first; effect; effect = effect->next)
        if (effect->kind == EFFECT_SUBSCRIBE && strstr(effect->subscribe.filter, "-rpc/queen/"))
            token = effect->subscribe.token;
    scene_look(&scene);
    assert_non_null(strstr(buf_str(&scene.birth), "\"rpc\":true"));
    scene_step(&scene, (struct input){ .kind = INPUT_SUBSCRIBED, .token = token, .reason = 1 });
    assert_int_equal(scene.births, 1);
    scene_step(&scene, (struct input){ .kind = INPUT_SUBSCRIBED, .token = token, .reason = 0x87 });
    assert_int_equal(scene.births, 2);
    assert_non_null(strstr(buf_str(&scene.birth), "\"rpc\":false"));
    assert_non_null(strstr(buf_str(&scene.notice), "subscription to its requests (reason 0x87): it receives none"));
    scene_clear(&scene);
}

/* Asks for a verification of w1, and lets it begin. */
static void ask_to_verify(struct scene *scene, const char *correlation)
{
    scene_step(scene,
               (struct input){ .kind = INPUT_MESSAGE,
                               .message = &(struct message){ .topic = TEXT("skep/v1-rpc/queen/queen/worker.verify"),
                                                             .payload = TEXT("{\"worker_id\":\"w1\"}"),
                                                             .response_topic = TEXT(REPLY_TO),
                                                             .correlation = text_of(correlation) } });
    scene_run(scene, "wait 0");
}

#define FOUND(result, path, took, state)                                                                   \
    "{\"result\":{\"worker_id\":\"w1\",\"hive_id\":\"default\",\"result\":\"" result "\",\"path\":\"" path \
    "\",\"took_ms\":" took ",\"state\":\"" state "\"}}\n"
#define REFUSED(code) "{\"error\":{\"code\":\"" code "\""

static void a_verification_is_answered_when_it_has_finished(void **state)
{
    static const struct {
        const char *why, *before, *after, *want;
    } rows[] = {
        { "its work goes on", "up; beat 1.1.0; birth 1.1", "wait 12; answer ok", FOUND("ok", "mqtt", "12", "online") },
        { "it lives", "up; birth 1.1", "answer unknown", FOUND("unknown", "mqtt", "0", "online") },
        { "its work is stalled", "up; birth 1.1", "wait 7; answer stalled", FOUND("stalled", "mqtt", "7", "zombie") },
        { "nobody listens", "up; birth 1.1; wait 36000", "vack 10; wait 250; vack 10",
          FOUND("no_subscriber", "mqtt", "250", "online") },
        { "no answer: that alone judges nobody", "up; birth 1.1", "vack 0; wait 5000",
          FOUND("no_reply", "mqtt", "5000", "online") },
        { "who answers no requests is not waited for", "up; mute_birth 1.1", "",
          FOUND("no_reply", "mqtt", "0", "online") },
        { "its hive saw it end", "up; birth 1.1; witness 1", "", FOUND("process_gone", "hive", "0", "stale") },
        { "also in a state of rest", "up; birth 1.1; bye 1.1", "answer unknown",
          FOUND("unknown", "mqtt", "0", "online") },
        { "forgotten meanwhile", "up; birth 1.1", "delete force", REFUSED("not_found") },
        { "no broker: only so long", "up; birth 1.1; down", "wait 10000", REFUSED("not_ready") },
        { "no answer yet", "up; birth 1.1", "wait 4999", "" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene scene;
        const char *reply;
        scene_init(&scene);
        scene_run(&scene, rows[i].before);
        ask_to_verify(&scene, "c");
        scene_run(&scene, rows[i].after);
        reply = buf_str(&scene.replies);
        if (rows[i].want[0]
                ? strncmp(reply, "c ", 2) != 0 || strncmp(reply + 2, rows[i].want, strlen(rows[i].want)) != 0
                : reply[0] != '\0')
            fail_msg("%s:\n%s\n%s", rows[i].why, reply, rows[i].want);
        assert_int_equal(scene.queen->verifying.wait_count, rows[i].want[0] == '\0');
        scene_clear(&scene);
    }
}

static void all_who_wait_are_answered_once_each(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up; birth 1.1; birth 1.1 @w2");
    ask_to_verify(&scene, "c1");
    scene_run(&scene, "wait 5");
    ask_to_verify(&scene, "c2");
    scene_run(&scene, "answer ok; wait 20000");
    assert_string_equal(buf_str(&scene.replies),
                        "c1 " FOUND("ok", "mqtt", "5", "online") "c2 " FOUND("ok", "mqtt", "5", "online"));
    scene_clear(&scene);
}

static void so_many_may_wait_and_no_more(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up; birth 1.1");
    for (int i = 0; i < VERIFY_WAIT_PER_WORKER; i++)
        ask_to_verify(&scene, "c");
    assert_int_equal(scene.replies.len, 0);
    ask_to_verify(&scene, "late");
    assert_non_null(strstr(buf_str(&scene.replies), "late " REFUSED("busy")));
    scene_run(&scene, "answer ok");
    assert_int_equal(scene.queen->verifying.wait_count, 0);
    ask_to_verify(&scene, "c");
    assert_int_equal(scene.queen->verifying.wait_count, 1);
    scene_clear(&scene); /* who still waits leaks nothing */
}

/* Who waits for verifications is bounded: of a worker, of an asker, and of all. */
static void so_many_wait_for_verifications(void **state)
{
    const struct record *workers[VERIFY_WAIT_MAX / VERIFY_WAIT_PER_WORKER + 1], *free_one;
    struct asker me = { .topic = "me" }, other = { .topic = "other" }, asker = { 0 };
    struct queen_options options = scene_options;
    struct scene scene;
    (void)state;
    options.max_workers = (int64_t)ARRAY_LEN(workers);
    scene_init_with(&scene, &options);
    scene_run(&scene, "up");
    for (size_t i = 0; i < ARRAY_LEN(workers); i++) {
        char step[32], name[16];
        snprintf(step, sizeof step, "birth 1.1 @w%zu", i);
        scene_run(&scene, step);
        snprintf(name, sizeof name, "w%zu", i);
        workers[i] = registry_find_name(&scene.queen->registry, text_of(name));
        assert_non_null(workers[i]);
    }
    free_one = workers[ARRAY_LEN(workers) - 1];
    for (size_t i = 0; i < VERIFY_WAIT_PER_WORKER; i++) {
        assert_true(verify_wait_has_room(scene.queen, workers[0], &other));
        assert_true(verify_wait_add(scene.queen, workers[0], i % 2 ? &me : &other));
    }
    assert_false(verify_wait_has_room(scene.queen, workers[0], &other));
    verify_wait_clear(scene.queen);
    for (size_t i = 0; i < VERIFY_WAIT_PER_ASKER; i++) {
        assert_true(verify_wait_has_room(scene.queen, free_one, &me));
        assert_true(verify_wait_add(scene.queen, workers[i / VERIFY_WAIT_PER_WORKER], &me));
    }
    assert_false(verify_wait_has_room(scene.queen, free_one, &me));
    for (size_t i = VERIFY_WAIT_PER_ASKER; i < VERIFY_WAIT_MAX; i++) {
        assert_true(verify_wait_has_room(scene.queen, free_one, &other));
        snprintf(asker.topic, sizeof asker.topic, "%zu", i);
        assert_true(verify_wait_add(scene.queen, workers[i / VERIFY_WAIT_PER_WORKER], &asker));
    }
    assert_false(verify_wait_has_room(scene.queen, free_one, &other));
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_result_is_the_body_over_http),
        cmocka_unit_test(what_cannot_be_answered_is_an_error),
        cmocka_unit_test(a_list_is_short_unless_more_are_asked_for),
        cmocka_unit_test(what_is_not_answered_is_counted),
        cmocka_unit_test(health_warns_of_too_many_requests),
        cmocka_unit_test(a_broker_that_refuses_requests),
        cmocka_unit_test(a_verification_is_answered_when_it_has_finished),
        cmocka_unit_test(all_who_wait_are_answered_once_each),
        cmocka_unit_test(so_many_may_wait_and_no_more),
        cmocka_unit_test(so_many_wait_for_verifications),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
