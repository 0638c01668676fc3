#include "queen_script.h"

#include "json.h"

#define POST "/v1/worker/heartbeat"
#define JSON "application/json"
#define PROBLEM "application/problem+json"

/* w1 alone on its name and online, w2 on two hives, w3 that left. */
static const char fleet[] = "up; birth 1.1 @default/w1; beat 2.1.0 @h1/w2; beat 3.1.0 @h2/w2; birth 4.1 @h1/w3; "
                            "bye 4.1 @h1/w3";

struct http_row {
    const char *why, *method, *path, *query, *body;
    int status;
    const char *type, *want;
};

static void assert_is_json(struct text body)
{
    struct arena arena = { 0 };
    struct cJSON *tree;
    assert_int_equal(json_parse(&arena, body, &tree, NULL), OK);
    arena_clear(&arena);
}

static void assert_is_problem(const struct http_response *response)
{
    char status[32];
    snprintf(status, sizeof status, "\"status\":%d,", response->status);
    assert_string_equal(response->content_type, PROBLEM);
    assert_non_null(strstr(buf_str(&response->body), "{\"type\":\"about:blank\",\"title\":\""));
    assert_non_null(strstr(buf_str(&response->body), status));
    assert_non_null(strstr(buf_str(&response->body), "\"detail\":\""));
}

static void row_ask(struct scene *scene, const struct http_row *row)
{
    struct http_request request = { .method = row->method,
                                    .path = row->path,
                                    .query = text_of(row->query),
                                    .body = text_of(row->body),
                                    .content_type = row->body ? JSON : NULL };
    struct http_response response = scene_http(scene, &request);
    if (response.status != row->status || (row->want && !strstr(buf_str(&response.body), row->want)))
        print_error("%s: %d %s\n", row->why, response.status, buf_str(&response.body));
    assert_int_equal(response.status, row->status);
    if (row->type)
        assert_string_equal(response.content_type, row->type);
    else
        assert_null(response.content_type);
    if (row->want)
        assert_non_null(strstr(buf_str(&response.body), row->want));
    if (response.body.len)
        assert_is_json(buf_text(&response.body));
    if (response.status >= 400 && response.status != 503)
        assert_is_problem(&response);
    buf_clear(&response.body);
}

static void ask_rows(const struct http_row *rows, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        struct scene scene;
        scene_init(&scene);
        scene_run(&scene, fleet);
        row_ask(&scene, &rows[i]);
        scene_clear(&scene);
    }
}

static void paths_lead_to_their_answers(void **state)
{
    static const struct http_row rows[] = {
        { "health", "GET", "/health", NULL, NULL, 200, "application/health+json", "{\"status\":\"pass\"" },
        { "the list", "GET", "/v1/workers", NULL, NULL, 200, JSON, "\"total\":4" },
        { "HEAD is a GET whose body the server keeps", "HEAD", "/v1/workers", NULL, NULL, 200, JSON, "\"total\":4" },
        { "by its name alone", "GET", "/v1/workers/w1", NULL, NULL, 200, JSON, "\"evidence\":{" },
        { "by hive and name", "GET", "/v1/hives/h2/workers/w2", NULL, NULL, 200, JSON, "\"hive_id\":\"h2\"" },
        { "percent-encoded", "GET", "/v1/workers/%77%31", NULL, NULL, 200, JSON, "\"worker_id\":\"w1\"" },
        { "events", "GET", "/v1/events", "limit=1", NULL, 200, JSON, "{\"events\":[{\"fleet\":\"live\"" },
        { "incidents", "GET", "/v1/incidents", NULL, NULL, 200, JSON,
          "{\"incidents\":[],\"total\":0,\"next\":null,\"view\":\"live\"}" },
        { "a name that several hives have", "GET", "/v1/workers/w2", NULL, NULL, 409, PROBLEM,
          "\"code\":\"ambiguous\",\"detail\":\"several hives have a worker of that name: use HIVE/NAME\","
          "\"candidates\":[\"h2/w2\",\"h1/w2\"]}" },
        { "... for DELETE as well", "DELETE", "/v1/workers/w2", NULL, NULL, 409, PROBLEM, "\"candidates\":[" },
        { "nobody", "GET", "/v1/workers/w9", NULL, NULL, 404, PROBLEM, "\"code\":\"not_found\"" },
        { "nobody on that hive", "GET", "/v1/hives/h1/workers/w1", NULL, NULL, 404, PROBLEM, NULL },
        { "nothing", "GET", "/", NULL, NULL, 404, PROBLEM, "no such path" },
        { "nothing below", "GET", "/v1/workers/w1/more", NULL, NULL, 404, PROBLEM, NULL },
        { "an empty name", "GET", "/v1/workers/", NULL, NULL, 404, PROBLEM, NULL },
        { "a name that is no id", "GET", "/v1/workers/%2e%2e%2f", NULL, NULL, 404, PROBLEM, NULL },
        { "a broken escape", "GET", "/v1/workers/w%1", NULL, NULL, 404, PROBLEM, NULL },
        { "no path at all", "GET", "", NULL, NULL, 404, PROBLEM, NULL },
        { "fixed parts are case sensitive", "GET", "/V1/workers", NULL, NULL, 404, PROBLEM, NULL },
    };
    (void)state;
    ask_rows(rows, ARRAY_LEN(rows));
}

static void incidents_are_selected_and_paged(void **state)
{
    static const struct http_row rows[] = {
        { "all", "GET", "/v1/incidents", NULL, NULL, 200, JSON, "\"total\":3,\"next\":null" },
        { "one of them", "GET", "/v1/incidents", NULL, NULL, 200, JSON,
          "\"kind\":\"worker\",\"hive_id\":\"h1\",\"worker_id\":\"a\",\"class\":\"lost\",\"fingerprint\":\"" },
        { "open", "GET", "/v1/incidents", "state=open", NULL, 200, JSON,
          "\"ended_at\":null,\"ended_by\":null}],\"total\":2" },
        { "ended", "GET", "/v1/incidents", "state=ended&limit=5", NULL, 200, JSON,
          "\"ended_by\":\"online\"}],\"total\":1" },
        { "a page", "GET", "/v1/incidents", "limit=2", NULL, 200, JSON, "\"total\":3,\"next\":2," },
        { "... and the next", "GET", "/v1/incidents", "limit=2&cursor=2", NULL, 200, JSON,
          "\"total\":3,\"next\":null," },
        { "a page of open ones", "GET", "/v1/incidents", "limit=1&state=open", NULL, 200, JSON,
          "\"total\":2,\"next\":2," },
        { "another state", "GET", "/v1/incidents", "state=new", NULL, 400, PROBLEM, "known are state=open or ended" },
        { "no limit", "GET", "/v1/incidents", "limit=0", NULL, 400, PROBLEM, "\"code\":\"bad_params\"" },
        { "another parameter", "GET", "/v1/incidents", "hive=h1", NULL, 400, PROBLEM, "\"code\":\"bad_params\"" },
        { "of a worker", "GET", "/v1/workers/b", NULL, NULL, 200, JSON, "\"open_incident\":{\"id\":" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene scene;
        scene_init(&scene);
        scene_run(&scene, "up; birth 1.1 @h1/a; birth 1.1 @h1/b; birth 1.1 @h1/c; crash 1.1 @h1/a; crash 1.1 @h1/b;"
                          "crash 1.1 @h1/c; birth 2.1 @h1/a");
        row_ask(&scene, &rows[i]);
        scene_clear(&scene);
    }
}

static void parameters_are_checked(void **state)
{
    static const struct http_row rows[] = {
        { "unknown", "GET", "/v1/workers", "colour=red", NULL, 400, PROBLEM, "\"code\":\"unknown_name\"" },
        { "out of range", "GET", "/v1/workers", "limit=0", NULL, 400, PROBLEM, "\"code\":\"out_of_range\"" },
        { "badly encoded", "GET", "/v1/workers", "hive=%zz", NULL, 400, PROBLEM, "\"code\":\"syntax\"" },
        { "not UTF-8", "GET", "/v1/workers", "hive=%ff", NULL, 400, PROBLEM, "\"code\":\"not_utf8\"" },
        { "twice", "GET", "/v1/workers", "hive=a&hive=b", NULL, 400, PROBLEM, "\"code\":\"duplicate_key\"" },
        { "without a name", "GET", "/v1/workers", "=b", NULL, 400, PROBLEM, "\"code\":\"syntax\"" },
        { "events: unknown", "GET", "/v1/events", "before=1", NULL, 400, PROBLEM, "\"code\":\"bad_params\"" },
        { "events: negative", "GET", "/v1/events", "after=-1", NULL, 400, PROBLEM, "known are after=EVENT_ID" },
        { "events: too many", "GET", "/v1/events", "limit=1001", NULL, 400, PROBLEM, NULL },
        { "events: too long", "GET", "/v1/events", "wait=61", NULL, 400, PROBLEM, NULL },
        { "events: no number", "GET", "/v1/events", "wait=1s", NULL, 400, PROBLEM, NULL },
        { "events: none asked for", "GET", "/v1/events", "limit=0&wait=5", NULL, 200, JSON,
          "{\"events\":[],\"last\":0," },
    };
    (void)state;
    ask_rows(rows, ARRAY_LEN(rows));
}

static void heartbeats_are_posted(void **state)
{
    static const struct http_row rows[] = {
        { "accepted", "POST", POST, NULL, "{\"worker_id\":\"w9\",\"status\":\"idle\"}", 202, JSON,
          "{\"accepted\":true}" },
        { "no worker_id", "POST", POST, NULL, "{\"status\":\"idle\"}", 400, PROBLEM, "worker_id: required over HTTP" },
        { "no JSON", "POST", POST, NULL, "{", 400, PROBLEM, "\"code\":\"syntax\"" },
        { "empty", "POST", POST, NULL, "", 400, PROBLEM, "\"code\":\"syntax\"" },
        { "a wrong type", "POST", POST, NULL, "{\"worker_id\":7,\"status\":\"idle\"}", 400, PROBLEM,
          "\"code\":\"wrong_type\"" },
        { "a bad id", "POST", POST, NULL, "{\"worker_id\":\"../x\",\"status\":\"idle\"}", 400, PROBLEM,
          "\"code\":\"bad_id\"" },
        { "a field that is too long is no document that is", "POST", POST, NULL,
          "{\"worker_id\":\"w9\",\"status\":\"idle\",\"version\":"
          "\"0123456789012345678901234567890123456789012345678901234567890123456789\"}",
          400, PROBLEM, "\"code\":\"too_large\",\"detail\":\"version: " },
        { "online over MQTT", "POST", POST, NULL, "{\"worker_id\":\"w1\",\"status\":\"idle\"}", 409, PROBLEM,
          "another process of this worker is online over MQTT" },
        { "absent hive_id means default, never a search", "POST", POST, NULL,
          "{\"worker_id\":\"w2\",\"status\":\"idle\"}", 202, JSON, NULL },
    };
    (void)state;
    ask_rows(rows, ARRAY_LEN(rows));
}

static void workers_are_deleted(void **state)
{
    static const struct http_row rows[] = {
        { "one that left", "DELETE", "/v1/workers/w3", NULL, NULL, 204, NULL, NULL },
        { "by hive and name", "DELETE", "/v1/hives/h1/workers/w3", NULL, NULL, 204, NULL, NULL },
        { "an online one", "DELETE", "/v1/workers/w1", NULL, NULL, 409, PROBLEM, "use ?force=true" },
        { "force must be said", "DELETE", "/v1/workers/w1", "force=1", NULL, 400, PROBLEM, "force=true" },
        { "forced", "DELETE", "/v1/workers/w1", "force=true", NULL, 204, NULL, NULL },
        { "nobody", "DELETE", "/v1/workers/w9", NULL, NULL, 404, PROBLEM, NULL },
    };
    (void)state;
    ask_rows(rows, ARRAY_LEN(rows));
}

static void hives_are_listed(void **state)
{
    static const struct http_row rows[] = {
        { "the list", "GET", "/v1/hives", NULL, NULL, 200, JSON, "\"total\":2,\"next\":null,\"view\":\"live\"}" },
        { "a page", "GET", "/v1/hives", "limit=1", NULL, 200, JSON, "\"total\":2,\"next\":5," },
        { "the next one", "GET", "/v1/hives", "limit=1&cursor=5", NULL, 200, JSON, "{\"hives\":[{\"hive_id\":\"h2\"" },
        { "one of them", "GET", "/v1/hives/h1", NULL, NULL, 200, JSON,
          "{\"hive_id\":\"h1\",\"state\":\"starting\",\"cause\":\"birth\"," },
        { "its workers", "GET", "/v1/hives/h1", NULL, NULL, 200, JSON,
          "\"workers\":{\"total\":2,\"unverified\":0,\"online\":1," },
        { "the reason", "GET", "/v1/hives/h1", NULL, NULL, 200, JSON,
          "\"incident\":null,\"open_incident\":null,\"evidence\":{" },
        { "no hive", "GET", "/v1/hives/default", NULL, NULL, 404, PROBLEM, "no hive of that name is known" },
        { "forgotten", "DELETE", "/v1/hives/h2", NULL, NULL, 204, NULL, NULL },
        { "unknown parameter", "GET", "/v1/hives", "state=down", NULL, 400, PROBLEM, "\"code\":\"bad_params\"" },
        { "none at all", "GET", "/v1/hives", "limit=0", NULL, 400, PROBLEM, "known are limit=1..100000" },
        { "no number", "GET", "/v1/hives", "cursor=h1", NULL, 400, PROBLEM, NULL },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene scene;
        scene_init(&scene);
        scene_run(&scene, fleet);
        scene_run(&scene, "birth 1.1 @h1/; birth 1.1 @h2/; bye 1.1 @h2/");
        row_ask(&scene, &rows[i]);
        scene_clear(&scene);
    }
}

static void a_method_that_a_path_does_not_take_is_405(void **state)
{
    static const struct {
        const char *method, *path, *allow;
    } rows[] = {
        { "POST", "/health", "GET" },
        { "GET", POST, "POST" },
        { "HEAD", POST, "POST" },
        { "DELETE", "/v1/workers", "GET" },
        { "PUT", "/v1/workers/w1", "GET, DELETE" },
        { "PATCH", "/v1/hives/h1/workers/w2", "GET, DELETE" },
        { "DELETE", "/v1/events", "GET" },
        { "POST", "/v1/hives", "GET" },
        { "POST", "/v1/hives/h1", "GET, DELETE" },
        { "", "/v1/events", "GET" },
    };
    struct scene scene;
    (void)state;
    scene_init(&scene);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct http_response response =
            scene_http(&scene, &(struct http_request){ .method = rows[i].method, .path = rows[i].path });
        assert_int_equal(response.status, 405);
        assert_string_equal(response.allow, rows[i].allow);
        assert_is_problem(&response);
        buf_clear(&response.body);
    }
    scene_clear(&scene);
}

static void the_content_type_must_be_json(void **state)
{
    static const struct {
        const char *type;
        int status;
    } rows[] = { { NULL, 415 },
                 { "", 415 },
                 { "text/plain", 415 },
                 { "application/jsonx", 415 },
                 { "application", 415 },
                 { "application/json", 202 },
                 { "Application/JSON", 202 },
                 { "application/json; charset=utf-8", 202 },
                 { "application/json ;charset=utf-8", 202 } };
    struct scene scene;
    (void)state;
    scene_init(&scene);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct http_response response =
            scene_http(&scene, &(struct http_request){ .method = "POST",
                                                       .path = POST,
                                                       .body = TEXT("{\"worker_id\":\"w1\",\"status\":\"idle\"}"),
                                                       .content_type = rows[i].type });
        assert_int_equal(response.status, rows[i].status);
        buf_clear(&response.body);
    }
    scene_clear(&scene);
}

static void a_document_beyond_16_kib_is_413(void **state)
{
    struct scene scene;
    struct http_response response;
    struct buf doc = BUF_INIT;
    (void)state;
    scene_init(&scene);
    buf_add_str(&doc, "{\"worker_id\":\"w1\",\"status\":\"idle\"");
    while (doc.len < ROUTES_BODY_MAX)
        buf_add_char(&doc, ' ');
    buf_add_char(&doc, '}');
    response = scene_http(
        &scene, &(struct http_request){ .method = "POST", .path = POST, .body = buf_text(&doc), .content_type = JSON });
    assert_int_equal(response.status, 413);
    assert_is_problem(&response);
    buf_clear(&response.body);
    buf_clear(&doc);
    scene_clear(&scene);
}

static void a_full_registry_is_503(void **state)
{
    struct queen_options options = scene_options;
    struct scene scene;
    struct http_response response;
    (void)state;
    options.max_workers = 0;
    scene_init_with(&scene, &options);
    response = scene_http(&scene, &(struct http_request){ .method = "POST",
                                                          .path = POST,
                                                          .body = TEXT("{\"worker_id\":\"w1\",\"status\":\"idle\"}"),
                                                          .content_type = JSON });
    assert_int_equal(response.status, 503);
    assert_non_null(strstr(buf_str(&response.body), "the registry is full (--max-workers, --max-state)"));
    assert_is_problem(&response);
    buf_clear(&response.body);
    scene_clear(&scene);
}

static void writes_need_the_token(void **state)
{
    static const struct {
        const char *why, *method, *path, *authorization;
        int status;
    } rows[] = {
        { "none", "POST", POST, NULL, 401 },
        { "wrong", "POST", POST, "Bearer secreT", 401 },
        { "too short", "POST", POST, "Bearer secre", 401 },
        { "too long", "POST", POST, "Bearer secret1", 401 },
        { "another scheme", "POST", POST, "Basic secret", 401 },
        { "no scheme", "POST", POST, "secret", 401 },
        { "right", "POST", POST, "Bearer secret", 415 },
        { "the scheme in any case", "POST", POST, "bearer secret", 415 },
        { "DELETE", "DELETE", "/v1/workers/w1", NULL, 401 },
        { "... of nobody: no telling without the token", "DELETE", "/v1/hives/h/workers/w9", NULL, 401 },
        { "reading is free", "GET", "/v1/workers", NULL, 200 },
    };
    struct queen_options options = scene_options;
    struct scene scene;
    (void)state;
    options.token = "secret";
    scene_init_with(&scene, &options);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct http_response response = scene_http(
            &scene, &(struct http_request){
                        .method = rows[i].method, .path = rows[i].path, .authorization = rows[i].authorization });
        if (response.status != rows[i].status)
            print_error("%s\n", rows[i].why);
        assert_int_equal(response.status, rows[i].status);
        if (response.status == 401)
            assert_string_equal(response.authenticate, "Bearer");
        buf_clear(&response.body);
    }
    scene_clear(&scene);
}

static ms_t ask_events(struct scene *scene, const char *query, bool timed_out, struct http_response *ret)
{
    struct http_request request = { .method = "GET",
                                    .path = "/v1/events",
                                    .query = text_of(query),
                                    .received_at = scene->now,
                                    .timed_out = timed_out };
    *ret = (struct http_response){ .status = -1 };
    return queen_http(scene->queen, &request, scene->now, scene->wall, ret, &scene->outbox);
}

static void events_may_be_waited_for(void **state)
{
    struct scene scene;
    struct http_response response;
    char query[64];
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up");
    snprintf(query, sizeof query, "after=%llu&wait=25", (unsigned long long)(scene.queen->next_event - 1));
    assert_int_equal(ask_events(&scene, query, false, &response), 25000);
    assert_int_equal(response.status, -1);
    assert_int_equal(ask_events(&scene, query, true, &response), 0); /* the wait is over */
    assert_int_equal(response.status, 200);
    assert_non_null(strstr(buf_str(&response.body), "{\"events\":[],\"last\":"));
    buf_clear(&response.body);
    scene_run(&scene, "birth 1.1");
    assert_int_equal(ask_events(&scene, query, false, &response), 0);
    assert_non_null(strstr(buf_str(&response.body), "\"state\":\"online\""));
    assert_null(strstr(buf_str(&response.body), "\"fleet\""));
    buf_clear(&response.body);
    scene_clear(&scene);
}

static void faults_of_the_server_have_the_same_shape(void **state)
{
    struct http_response response = { 0 };
    (void)state;
    http_fail(&response, 411, NULL, "say how long it is");
    assert_string_equal(response.content_type, PROBLEM);
    assert_string_equal(buf_str(&response.body),
                        "{\"type\":\"about:blank\",\"title\":\"Length Required\",\"status\":411,"
                        "\"code\":\"length_required\",\"detail\":\"say how long it is\"}");
    buf_clear(&response.body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_lead_to_their_answers),
        cmocka_unit_test(incidents_are_selected_and_paged),
        cmocka_unit_test(parameters_are_checked),
        cmocka_unit_test(heartbeats_are_posted),
        cmocka_unit_test(workers_are_deleted),
        cmocka_unit_test(hives_are_listed),
        cmocka_unit_test(a_method_that_a_path_does_not_take_is_405),
        cmocka_unit_test(the_content_type_must_be_json),
        cmocka_unit_test(a_document_beyond_16_kib_is_413),
        cmocka_unit_test(a_full_registry_is_503),
        cmocka_unit_test(writes_need_the_token),
        cmocka_unit_test(events_may_be_waited_for),
        cmocka_unit_test(faults_of_the_server_have_the_same_shape),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
