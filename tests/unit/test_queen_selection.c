#include "queen_script.h"

#include "json.h"
#include "selection.h"

/* Four workers: a, b and c on two hives, and d that has said goodbye. Said with their first heartbeat. */
static const char fleet[] =
    "up;"
    "say \"queue_depth\":5,\"gpu_utilization\":0.5,\"model_loaded\":\"m1\",\"labels\":{\"zone\":\"x\",\"rack\":\"1\"};"
    "beat 1.1.0 @h1/a;"
    "say \"queue_depth\":1,\"gpu_utilization\":0.9,\"model_loaded\":\"m2\",\"labels\":{\"zone\":\"y\"}; wait 1000;"
    "beat 2.1.0 @h2/b;"
    "say \"inflight\":3,\"last_inference_ms\":12.5,\"model_loaded\":\"m1\"; wait 1000;"
    "beat 3.1.0 @h1/c;"
    "say; wait 1000; birth 4.1 @h2/d; bye 4.1 @h2/d";

static enum err parse(struct scene *scene, const char *query, struct selection *ret, struct errbuf *e)
{
    struct query parsed;
    assert_int_equal(query_parse(&scene->queen->scan, text_of(query), &parsed, e), OK);
    return selection_parse(&parsed, ret, e);
}

/* The answer, and the names in it. */
static struct text list(struct scene *scene, const char *query, struct buf *answer, struct buf *names)
{
    struct http_response response =
        scene_http(scene, &(struct http_request){ .method = "GET", .path = "/v1/workers", .query = text_of(query) });
    buf_reset(names);
    buf_clear(answer);
    *answer = response.body;
    assert_int_equal(response.status, 200);
    for (const char *at = buf_str(answer); (at = strstr(at, "\"worker_id\":\"")); at++)
        buf_add_char(names, at[strlen("\"worker_id\":\"")]);
    return buf_text(names);
}

static void filters_and_orders(void **state)
{
    static const struct {
        const char *query, *names, *tail;
    } rows[] = {
        { "", "abcd", "\"total\":4,\"next\":null,\"view\":\"live\"}" },
        { "state=online", "abc", "\"total\":3,\"next\":null" },
        { "state=offline", "d", "\"total\":1," },
        { "state=zombie", "", "{\"workers\":[],\"total\":0,\"next\":null,\"view\":\"live\"}" },
        { "hive=h1", "ac", "" },
        { "hive=nobody", "", "" },
        { "hive=", "", "" },
        { "status=idle", "abc", "" },
        { "status=busy", "", "" },
        { "model=m1", "ac", "" },
        { "model=m1&hive=h1&state=online&status=idle", "ac", "" },
        { "label.zone=x", "a", "" },
        { "label.zone=y", "b", "" },
        { "label.zone=x&label.rack=1", "a", "" },
        { "label.zone=x&label.rack=2", "", "" },
        { "label.zone=z", "", "" },
        { "sort=queue_depth", "bacd", "" }, /* without a value: last, in order of first sight */
        { "sort=-queue_depth", "abcd", "" },
        { "sort=gpu_utilization", "abcd", "" },
        { "sort=-gpu_utilization", "bacd", "" },
        { "sort=inflight", "cabd", "" },
        { "sort=last_inference_ms", "cabd", "" },
        { "sort=last_seen_ms_ago", "dcba", "" },
        { "sort=-last_seen_ms_ago", "abcd", "" },
        { "sort=since_ms_ago", "dcba", "" },
        { "limit=2", "ab", "\"total\":4,\"next\":2," },
        { "limit=2&cursor=2", "cd", "\"total\":4,\"next\":null" },
        { "limit=1&cursor=1&model=m1", "c", "\"total\":2,\"next\":null" },
        { "cursor=4", "", "\"total\":4,\"next\":null" },
        { "cursor=9223372036854775807", "", "\"total\":4" },
        { "sort=-queue_depth&limit=3", "abc", "\"next\":3," },
        { "sort=-queue_depth&limit=3&cursor=3", "d", "\"next\":null" },
        { "sort=-queue_depth&cursor=99", "", "\"total\":4,\"next\":null" },
        { "limit=4", "abcd", "\"next\":null" },
        { "limit=100000", "abcd", "\"next\":null" },
    };
    struct scene scene;
    struct buf answer = BUF_INIT, names = BUF_INIT;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, fleet);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct text got = list(&scene, rows[i].query, &answer, &names);
        if (!text_is(got, rows[i].names))
            print_error("%s\n", rows[i].query);
        assert_string_equal(got.at, rows[i].names);
        assert_non_null(strstr(buf_str(&answer), rows[i].tail));
    }
    buf_clear(&answer);
    buf_clear(&names);
    scene_clear(&scene);
}

/* Pages stay right while workers come and go: the cursor is a worker's number. */
static void pages_do_not_skip_when_somebody_goes(void **state)
{
    struct scene scene;
    struct buf answer = BUF_INIT, names = BUF_INIT;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, fleet);
    assert_string_equal(list(&scene, "limit=2", &answer, &names).at, "ab");
    scene_run(&scene, "delete force @h1/a; beat 5.1.0 @h1/e");
    assert_string_equal(list(&scene, "limit=2&cursor=2", &answer, &names).at, "cd");
    assert_string_equal(list(&scene, "limit=2&cursor=4", &answer, &names).at, "e");
    buf_clear(&answer);
    buf_clear(&names);
    scene_clear(&scene);
}

static void faults_are_refused_with_a_sentence(void **state)
{
    static const struct {
        const char *query;
        enum err err;
        const char *sentence;
    } rows[] = {
        { "colour=red", ERR_UNKNOWN, "unknown parameter; known are state, status, " },
        { "label.=x", ERR_UNKNOWN, "unknown parameter" },
        { "label=x", ERR_UNKNOWN, "unknown parameter" },
        { "state=alive", ERR_UNKNOWN, "state: unknown state" },
        { "state=unknown", ERR_UNKNOWN, "state: unknown state" },
        { "state=", ERR_UNKNOWN, "state: unknown state" },
        { "sort=name", ERR_UNKNOWN, "sort: must be queue_depth, inflight, " },
        { "sort=", ERR_UNKNOWN, "sort: must be " },
        { "sort=-", ERR_UNKNOWN, "sort: must be " },
        { "limit=0", ERR_RANGE, "limit: must be a whole number from 1 to 100000" },
        { "limit=100001", ERR_RANGE, "limit: must be" },
        { "limit=ten", ERR_RANGE, "limit: must be" },
        { "limit=", ERR_RANGE, "limit: must be" },
        { "cursor=0", ERR_RANGE, "cursor: must be a whole number from 1 to 9223372036854775807" },
        { "cursor=-1", ERR_RANGE, "cursor: must be" },
        { "cursor=9223372036854775808", ERR_RANGE, "cursor: must be" },
    };
    struct scene scene;
    (void)state;
    scene_init(&scene);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct selection selection = { .limit = 77 };
        struct errbuf e = { 0 };
        assert_int_equal(parse(&scene, rows[i].query, &selection, &e), rows[i].err);
        assert_memory_equal(e.text, rows[i].sentence, strlen(rows[i].sentence));
        assert_int_equal(selection.limit, 77);
    }
    scene_clear(&scene);
}

static void labels_have_a_limit(void **state)
{
    struct scene scene;
    struct selection selection;
    struct errbuf e = { 0 };
    struct buf query = BUF_INIT;
    (void)state;
    scene_init(&scene);
    for (int i = 0; i < SELECTION_LABELS_MAX; i++)
        buf_printf(&query, "label.l%d=x&", i);
    assert_int_equal(parse(&scene, buf_str(&query), &selection, &e), OK);
    assert_int_equal(selection.label_count, SELECTION_LABELS_MAX);
    assert_string_equal(selection.labels[3].name.at, "l3");
    buf_add_str(&query, "label.more=x");
    assert_int_equal(parse(&scene, buf_str(&query), &selection, &e), ERR_RANGE);
    assert_string_equal(e.text, "label: at most 16 of them");
    buf_clear(&query);
    scene_clear(&scene);
}

static void nothing_asked_is_everybody(void **state)
{
    struct scene scene;
    struct selection selection;
    (void)state;
    scene_init(&scene);
    assert_int_equal(parse(&scene, "", &selection, NULL), OK);
    assert_int_equal(selection.limit, SELECTION_LIMIT_DEFAULT);
    assert_int_equal(selection.state, STATE_NONE);
    assert_null(selection.sort);
    scene_clear(&scene);
}

/* Whatever else there was room for. */
static void a_copy_that_is_not_whole_fails(void **state)
{
    struct selection copied, selection = { .status = text_of("longer than the room that there is for all"),
                                           .labels = { { text_of("a"), text_of("b") } },
                                           .label_count = 1 };
    struct arena arena = { .limit = 32 };
    (void)state;
    assert_int_equal(selection_copy(&arena, &selection, &copied), ERR_NOMEM);
    arena.limit = 0;
    assert_int_equal(selection_copy(&arena, &selection, &copied), OK);
    assert_true(text_equal(copied.status, selection.status) && copied.status.at != selection.status.at);
    arena_clear(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters_and_orders),
        cmocka_unit_test(pages_do_not_skip_when_somebody_goes),
        cmocka_unit_test(faults_are_refused_with_a_sentence),
        cmocka_unit_test(labels_have_a_limit),
        cmocka_unit_test(nothing_asked_is_everybody),
        cmocka_unit_test(a_copy_that_is_not_whole_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
