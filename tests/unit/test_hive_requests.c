#include "hive_api.h"

#include "hive_fixture.h"

static void start(struct scene *scene)
{
    scene_init(scene);
    scene_roster(scene, "w3 w1 w2");
    scene_up(scene);
}

static void what_is_answered(void **state)
{
    static const struct {
        const char *why, *method, *parameters, *want;
    } rows[] = {
        { "health", "health", "",
          "{\"result\":{\"status\":\"pass\",\"version\":\"1.2.3\",\"serviceId\":\"hive/hive-a\"" },
        { "all workers", "worker.list", "", "\"next\":null}}" },
        { "two of them", "worker.list", "{\"limit\":2}", "\"next\":\"w2\"}}" },
        { "the next page", "worker.list", "{\"limit\":2,\"cursor\":\"w2\"}", "{\"workers\":[{\"worker_id\":\"w3\"" },
        { "behind the last", "worker.list", "{\"cursor\":\"w9\"}", "{\"result\":{\"workers\":[],\"next\":null}}" },
        { "exactly all: no further page", "worker.list", "{\"limit\":3}", "\"next\":null}}" },
        { "stop", "worker.stop", "{\"worker_id\":\"w1\"}",
          "{\"result\":{\"worker_id\":\"w1\",\"state\":\"stopping\"}}" },
        { "start of one that runs", "worker.start", "{\"worker_id\":\"w1\"}",
          "{\"result\":{\"worker_id\":\"w1\",\"state\":\"running\"}}" },
        { "restart", "worker.restart", "{\"worker_id\":\"w1\"}",
          "{\"result\":{\"worker_id\":\"w1\",\"state\":\"stopping\"}}" },
        { "nobody", "worker.restart", "{\"worker_id\":\"w9\"}",
          "{\"error\":{\"code\":\"not_found\",\"message\":\"hive hive-a has no worker w9\"}}" },
        { "nobody to start", "worker.start", "{\"worker_id\":\"w9\"}", "\"not_found\"" },
        { "nobody to stop", "worker.stop", "{\"worker_id\":\"w9\"}", "\"not_found\"" },
        { "without saying whom", "worker.stop", "", "\"bad_params\"" },
        { "no id", "worker.stop", "{\"worker_id\":\"a b\"}", "\"bad_params\"" },
        { "too few", "worker.list", "{\"limit\":0}", "limit: must be a whole number from 1 to 1000" },
        { "too many", "worker.list", "{\"limit\":1001}", "\"bad_params\"" },
        { "half a worker", "worker.list", "{\"limit\":0.5}", "\"bad_params\"" },
        { "a number in quotes", "worker.list", "{\"limit\":\"1\"}", "limit: must be a whole number from 1 to 1000" },
        { "a limit that is an object", "worker.list", "{\"limit\":{}}", "\"bad_params\"" },
        { "a limit in words", "worker.list", "{\"limit\":\"all\"}", "\"bad_params\"" },
        { "a cursor that is none", "worker.list", "{\"cursor\":7}", "\"bad_params\"" },
        { "no such method", "fly", "", "\"no_method\"" },
        { "not an object", "health", "[]", "\"bad_params\"" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene scene;
        start(&scene);
        if (!strstr(scene_ask(&scene, rows[i].method, rows[i].parameters), rows[i].want))
            fail_msg("%s: %s", rows[i].why, buf_str(&scene.told));
        scene_clear(&scene);
    }
}

static void orders_follow(void **state)
{
    struct scene scene;
    (void)state;
    start(&scene);
    scene_forget(&scene);
    (void)scene_ask(&scene, "worker.stop", "{\"worker_id\":\"w1\"}");
    scene_expect(&scene, "stop", "tell skep/v1-rpc/reply/me; tell worker/w1/witness; TERM w1");
    scene_exit(&scene, "w1", 15);
    scene_forget(&scene);
    (void)scene_ask(&scene, "worker.start", "{\"worker_id\":\"w1\"}");
    scene_expect(&scene, "start",
                 "tell skep/v1-rpc/reply/me; tell worker/w1/witness; START w1; tell worker/w1/witness");
    (void)scene_ask(&scene, "worker.restart", "{\"worker_id\":\"w1\"}");
    scene_exit(&scene, "w1", 15);
    scene_expect(&scene, "restart",
                 "tell skep/v1-rpc/reply/me; tell worker/w1/witness; TERM w1; tell worker/w1/witness; SWEEP w1; "
                 "tell worker/w1/witness; START w1; tell worker/w1/witness");
    scene_clear(&scene);
}

static void a_beat_comes_before_its_reply(void **state)
{
    struct scene scene;
    (void)state;
    start(&scene);
    scene_forget(&scene);
    (void)scene_ask(&scene, "beat", "");
    scene_expect(&scene, "not in this turn", "");
    scene_wait(&scene, 1);
    assert_true(scene_told(&scene, "{\"result\":{\"seq\":1}}\n"));
    scene_expect(&scene, "in the next one", "tell heartbeat; tell skep/v1-rpc/reply/me");
    scene_wait(&scene, 9000);
    scene_expect(&scene, "the next one counts from there", "");
    scene_wait(&scene, 2000);
    scene_expect(&scene, "when it is due", "tell heartbeat");
    scene_clear(&scene);
}

static void r10_an_end_is_witnessed_before_a_beat_is_answered(void **state)
{
    struct scene scene;
    (void)state;
    start(&scene);
    scene_forget(&scene);
    (void)scene_ask(&scene, "beat", "");
    scene_exit(&scene, "w1", 9);
    scene_wait(&scene, 1);
    scene_expect(&scene, "also one that was reported after the request",
                 "tell worker/w1/witness; SWEEP w1; tell heartbeat; tell skep/v1-rpc/reply/me");
    scene_wait(&scene, 998);
    (void)scene_ask(&scene, "beat", "");
    scene_forget(&scene);
    scene_wait(&scene, 1);
    scene_expect(&scene, "and what the same tick brings",
                 "tell worker/w1/witness; tell heartbeat; tell skep/v1-rpc/reply/me; START w1; tell worker/w1/witness");
    scene_clear(&scene);
}

static void one_beat_answers_all_who_came_since_the_one_before(void **state)
{
    struct scene scene;
    (void)state;
    start(&scene);
    (void)scene_ask(&scene, "beat", "");
    scene_wait(&scene, 1);
    scene_forget(&scene);
    (void)scene_ask(&scene, "beat", "");
    (void)scene_ask(&scene, "beat", "");
    scene_expect(&scene, "not at once", "");
    scene_wait(&scene, 100);
    scene_expect(&scene, "together", "tell heartbeat; tell skep/v1-rpc/reply/me; tell skep/v1-rpc/reply/me");
    scene_clear(&scene);
}

/* Before it has its id, or after it has lost it, none is published. */
static void a_beat_that_cannot_be_published_is_not_due_for_ever(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_step(&scene, (struct input){ .kind = INPUT_CONNECTING });
    scene_step(&scene, (struct input){ .kind = INPUT_LINK_UP });
    scene_forget(&scene);
    (void)scene_ask(&scene, "beat", "");
    scene_wait(&scene, 200);
    scene_expect(&scene, "nor answered", "");
    scene_clear(&scene);
}

static struct http_response http(struct scene *scene, const char *method, const char *path, const char *query)
{
    struct http_request request = { .method = method, .path = path, .query = text_of(query) };
    struct http_response response;
    hive_http(scene->hive, &request, scene->now, SCENE_WALL + scene->now, &response);
    return response;
}

static void assert_health(struct scene *scene, const char *want)
{
    struct http_response response = http(scene, "GET", "/health", NULL);
    if (!strstr(buf_str(&response.body), want))
        fail_msg("%s: %s", want, buf_str(&response.body));
    buf_clear(&response.body);
}

static void health_warns_of_more_requests_than_it_answers(void **state)
{
    struct scene scene;
    (void)state;
    start(&scene);
    for (int i = 0; i < 201; i++)
        (void)scene_ask(&scene, "health", "");
    assert_health(&scene, "{\"status\":\"warn\"");
    assert_health(&scene, "\"requests:refused\":[{\"observedValue\":1,\"status\":\"warn\"");
    scene.now += REQUEST_LIMIT_WARN_MS;
    assert_health(&scene, "{\"status\":\"pass\"");
    scene_clear(&scene);
}

static void routes(void **state)
{
    static const struct {
        const char *why, *method, *path, *query;
        int status;
        const char *type, *body;
    } rows[] = {
        { "health", "GET", "/health", NULL, 200, "application/health+json", "\"status\":\"pass\"" },
        { "its head", "HEAD", "/health", NULL, 200, "application/health+json", "" },
        { "all workers", "GET", "/v1/workers", NULL, 200, "application/json", "\"next\":null" },
        { "a page", "GET", "/v1/workers", "limit=1&cursor=w1", 200, "application/json", "\"next\":\"w2\"" },
        { "no such path", "GET", "/v1/workers/w1", NULL, 404, "application/problem+json", "not_found" },
        { "no such method", "POST", "/v1/workers", NULL, 405, "application/problem+json", "method_not_allowed" },
        { "no limit", "GET", "/v1/workers", "limit=x", 400, "application/problem+json", "limit=1..1000" },
        { "nothing wanted", "GET", "/v1/workers", "limit=0", 400, "application/problem+json", "limit=1..1000" },
        { "too much wanted", "GET", "/v1/workers", "limit=1001", 400, "application/problem+json", "limit=1..1000" },
        { "no cursor", "GET", "/v1/workers", "cursor=a%20b", 400, "application/problem+json", "cursor=NAME" },
        { "an unknown parameter", "GET", "/v1/workers", "colour=red", 400, "application/problem+json", "known are" },
        { "a bad escape", "GET", "/v1/workers", "limit=%zz", 400, "application/problem+json", "bad_params" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct http_response response;
        struct scene scene;
        start(&scene);
        response = http(&scene, rows[i].method, rows[i].path, rows[i].query);
        if (response.status != rows[i].status || strcmp(response.content_type, rows[i].type) != 0 ||
            !strstr(buf_str(&response.body), rows[i].body))
            fail_msg("%s: %d %s", rows[i].why, response.status, buf_str(&response.body));
        if (response.status == 405)
            assert_string_equal(response.allow, "GET");
        buf_clear(&response.body);
        scene_clear(&scene);
    }
}

static void http_and_mqtt_say_the_same(void **state)
{
    static const struct {
        const char *method, *path;
    } rows[] = { { "health", "/health" }, { "worker.list", "/v1/workers" } };
    struct scene scene;
    (void)state;
    start(&scene);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct http_response response = http(&scene, "GET", rows[i].path, NULL);
        struct buf want = BUF_INIT;
        buf_printf(&want, "{\"result\":%s}\n", buf_str(&response.body));
        assert_string_equal(scene_ask(&scene, rows[i].method, ""), buf_str(&want));
        buf_clear(&want);
        buf_clear(&response.body);
    }
    scene_clear(&scene);
}

static void check_health(struct scene *scene, int status, const char *part)
{
    struct http_response response = http(scene, "GET", "/health", NULL);
    assert_int_equal(response.status, status);
    assert_non_null(strstr(buf_str(&response.body), part));
    buf_clear(&response.body);
}

static void health_shows_the_link_of_a_check(void **state)
{
    struct scene scene;
    (void)state;
    scene_init_before_link(&scene);
    scene_roster(&scene, "w1");
    check_health(&scene, 200, "\"mqtt:link\":[{\"observedValue\":\"down\"");
    scene_step(&scene, (struct input){ .kind = INPUT_CONNECTING });
    scene_step(&scene, (struct input){ .kind = INPUT_LINK_UP });
    check_health(&scene, 200, "\"description\":\"hive: finding out who holds its id\"");
    check_health(&scene, 200, "\"mqtt:link\":[{\"observedValue\":\"up\",\"status\":\"pass\"}]");
    scene_clear(&scene);
}

static void health_follows_the_hive(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    check_health(&scene, 503, "\"description\":\"hive: its roster is not loaded yet\"");
    scene_roster(&scene, "w1");
    check_health(&scene, 200,
                 "\"status\":\"warn\",\"version\":\"1.2.3\",\"serviceId\":\"hive/hive-a\","
                 "\"description\":\"hive: no link to the broker\"");
    scene_check(&scene);
    check_health(
        &scene, 200,
        "\"description\":\"hive: no link to the broker\",\"session\":\"1111222233334444\",\"pid\":42,\"held_ms\":0,");
    scene_step(&scene, (struct input){ .kind = INPUT_CONNECTING });
    scene_step(&scene, (struct input){ .kind = INPUT_LINK_UP });
    check_health(&scene, 200, "\"description\":\"hive: the broker hands it no requests\"");
    scene_step(&scene, (struct input){ .kind = INPUT_SUBSCRIBED, .token = scene.subscribing });
    check_health(&scene, 200, "\"status\":\"pass\"");
    scene_down(&scene);
    check_health(&scene, 200, "\"status\":\"warn\"");
    scene_step(&scene, (struct input){ .kind = INPUT_STOP });
    check_health(&scene, 503, "\"description\":\"hive: stopping\"");
    scene_clear(&scene);
}

static void what_gets_no_answer_is_counted(void **state)
{
    struct scene scene;
    (void)state;
    start(&scene);
    scene_forget(&scene);
    scene_hear(&scene, "skep/v1-rpc/hive/hive-a/health", "", false);
    scene_hear(&scene, "skep/v1-rpc/hive/hive-b/health", "", false);
    scene_hear(&scene, "skep/v1/hive/hive-a/presence", "nonsense", false);
    scene_expect(&scene, "no response topic, another hive, no presence", "");
    check_health(&scene, 200, "\"messages:ignored\":[{\"observedValue\":3");
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_answered),
        cmocka_unit_test(orders_follow),
        cmocka_unit_test(a_beat_comes_before_its_reply),
        cmocka_unit_test(r10_an_end_is_witnessed_before_a_beat_is_answered),
        cmocka_unit_test(one_beat_answers_all_who_came_since_the_one_before),
        cmocka_unit_test(a_beat_that_cannot_be_published_is_not_due_for_ever),
        cmocka_unit_test(health_warns_of_more_requests_than_it_answers),
        cmocka_unit_test(routes),
        cmocka_unit_test(http_and_mqtt_say_the_same),
        cmocka_unit_test(health_follows_the_hive),
        cmocka_unit_test(health_shows_the_link_of_a_check),
        cmocka_unit_test(what_gets_no_answer_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
