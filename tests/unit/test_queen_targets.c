/* GET /v1/sd: what Prometheus is to scrape. Who names an endpoint may want to have something else requested. */
#include "queen_script.h"

#define QUEEN                                                                                             \
    "{\"targets\":[\"127.0.0.1:7833\"],\"labels\":{\"__meta_skep_kind\":\"queen\",\"__meta_skep_queen\":" \
    "\"queen\",\"__meta_skep_version\":\"1.2.3\"}}"

static struct cidr_list networks;

static void init(struct scene *scene, const char *list)
{
    struct queen_options options = scene_options;
    networks = (struct cidr_list){ 0 };
    if (list)
        assert_int_equal(cidr_list_parse(text_of(list), &networks, NULL), OK);
    options.sd_endpoints = list ? &networks : NULL;
    scene_init_with(scene, &options);
    scene_run(scene, "up");
}

static struct http_response get(struct scene *scene, const char *query, const char *host)
{
    return scene_http(
        scene, &(struct http_request){ .method = "GET", .path = "/v1/sd", .query = text_of(query), .host = host });
}

static void assert_is(struct scene *scene, const char *query, const char *host, const char *wanted)
{
    struct http_response response = get(scene, query, host);
    assert_int_equal(response.status, 200);
    assert_string_equal(response.content_type, "application/json");
    assert_string_equal(buf_str(&response.body), wanted);
    buf_clear(&response.body);
}

static void beat(struct scene *scene, const char *worker, const char *endpoint)
{
    char topic[96], payload[256];
    snprintf(topic, sizeof topic, "skep/v1/hive/h1/worker/%s/heartbeat", worker);
    snprintf(payload, sizeof payload, "{\"status\":\"idle\",\"endpoint\":\"%s\"}", endpoint);
    scene_message(scene, topic, text_of(payload));
}

static void the_queen_is_where_she_was_requested(void **state)
{
    static const struct {
        const char *why, *host, *target;
    } rows[] = {
        { "as it is", "127.0.0.1:7833", "127.0.0.1:7833" },
        { "the port of http", "queen.example", "queen.example:80" },
        { "an address of IPv6", "[::1]:7833", "[::1]:7833" },
        { "none", NULL, NULL },
        { "not one", "a b", NULL },
    };
    struct scene scene;
    (void)state;
    init(&scene, NULL);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char wanted[256] = "[]";
        if (rows[i].target)
            snprintf(wanted, sizeof wanted,
                     "[{\"targets\":[\"%s\"],\"labels\":{\"__meta_skep_kind\":\"queen\",\"__meta_skep_queen\":"
                     "\"queen\",\"__meta_skep_version\":\"1.2.3\"}}]",
                     rows[i].target);
        assert_is(&scene, NULL, rows[i].host, wanted);
    }
    scene_clear(&scene);
}

/* Only an address in a network that is listed: no name, which might be looked up to be any. */
static void endpoints_are_listed_where_that_is_allowed(void **state)
{
    static const struct {
        const char *why, *list, *endpoint, *target;
    } rows[] = {
        { "allowed", "10.0.0.0/8", "http://10.1.2.3:8000/health", "10.1.2.3:8000" },
        { "the port of http", "10.0.0.0/8", "http://10.1.2.3", "10.1.2.3:80" },
        { "the port of https", "10.0.0.0/8", "https://10.1.2.3/", "10.1.2.3:443" },
        { "IPv6", "fd00::/8", "http://[fd00::1]:8000", "[fd00::1]:8000" },
        { "localhost", "127.0.0.1", "http://localhost:8000", "localhost:8000" },
        { "off", NULL, "http://127.0.0.1:8000", NULL },
        { "another network", "10.0.0.0/8", "http://169.254.169.254/latest/meta-data", NULL },
        { "a name", "0.0.0.0/0", "http://engine.example:8000/", NULL },
        { "a name that looks like an address", "10.0.0.0/8", "http://10.1.2.3.evil.example/", NULL },
        { "a user", "10.0.0.0/8", "http://10.1.2.3:80@evil.example/", NULL },
        { "another way to write an address", "0.0.0.0/0", "http://0x7f000001/", NULL },
        { "a zone", "::/0", "http://[fe80::1%25eth0]/", NULL },
        { "another scheme", "10.0.0.0/8", "file://10.1.2.3/", NULL },
        { "no port", "10.0.0.0/8", "http://10.1.2.3:/", NULL },
        { "a port that is none", "10.0.0.0/8", "http://10.1.2.3:99999/", NULL },
        { "no URL", "10.0.0.0/8", "10.1.2.3:8000", NULL },
        { "nothing", "0.0.0.0/0", "", NULL },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char wanted[128];
        struct scene scene;
        struct http_response response;
        init(&scene, rows[i].list);
        beat(&scene, "w1", rows[i].endpoint);
        response = get(&scene, "kind=worker", NULL);
        snprintf(wanted, sizeof wanted, "[{\"targets\":[\"%s\"]", rows[i].target ? rows[i].target : "");
        if (rows[i].target ? !strstr(buf_str(&response.body), wanted) : strcmp(buf_str(&response.body), "[]") != 0)
            fail_msg("%s: %s", rows[i].why, buf_str(&response.body));
        assert_int_equal(strstr(buf_str(&response.body), "\"__scheme__\":\"https\"") != NULL,
                         rows[i].target && strncmp(rows[i].endpoint, "https", 5) == 0);
        buf_clear(&response.body);
        scene_clear(&scene);
    }
}

static void what_is_known_of_a_target_are_its_labels(void **state)
{
    struct scene scene;
    (void)state;
    init(&scene, "127.0.0.1");
    scene_message(&scene, "skep/v1/hive/h1/worker/w1/heartbeat",
                  TEXT("{\"status\":\"idle\",\"endpoint\":\"http://127.0.0.1:1/health\",\"model_loaded\":\"phi\","
                       "\"version\":\"3\",\"labels\":{\"zone\":\"z1\",\"rack-no\":\"7\"}}"));
    scene_run(&scene, "birth 1.1 @h1/; say \"endpoint\":\"http://127.0.0.1:2\"; beat 1.1.1 @h1/");
    assert_is(&scene, NULL, "127.0.0.1:7833",
              "[" QUEEN ",{\"targets\":[\"127.0.0.1:1\"],\"labels\":{\"__meta_skep_kind\":\"worker\","
              "\"__meta_skep_hive\":\"h1\",\"__meta_skep_worker\":\"w1\",\"__meta_skep_state\":\"online\","
              "\"__meta_skep_endpoint\":\"http://127.0.0.1:1/health\",\"__meta_skep_model\":\"phi\","
              "\"__meta_skep_version\":\"3\",\"__meta_skep_label_zone\":\"z1\",\"__meta_skep_label_rack_no\":\"7\"}}]");
    assert_is(&scene, "kind=hive", "127.0.0.1:7833",
              "[{\"targets\":[\"127.0.0.1:2\"],\"labels\":{\"__meta_skep_kind\":\"hive\",\"__meta_skep_hive\":\"h1\","
              "\"__meta_skep_state\":\"starting\",\"__meta_skep_endpoint\":\"http://127.0.0.1:2\"}}]");
    scene_clear(&scene);
}

static void targets_are_filtered_like_lists(void **state)
{
    static const struct {
        const char *query, *workers; /* a letter each */
        int status;
    } rows[] = {
        { "kind=worker", "abc", 200 },
        { "state=online", "ab", 200 },
        { "kind=worker&state=offline", "c", 200 },
        { "hive=h2", "", 200 },
        { "status=busy", "b", 200 },
        { "kind=queen", "", 200 },
        { "kind=queen&state=online", NULL, 400 },
        { "kind=hive&hive=h1", NULL, 400 },
        { "kind=all", NULL, 400 },
        { "limit=1", NULL, 400 },
        { "cursor=1", NULL, 400 },
        { "sort=queue_depth", NULL, 400 },
        { "verified=true", NULL, 400 },
        { "colour=red", NULL, 400 },
    };
    struct scene scene;
    (void)state;
    init(&scene, "127.0.0.1");
    scene_run(&scene, "say \"endpoint\":\"http://127.0.0.1:1\"; beat 1.1.1 @h1/a; beat 1.1.1 @h1/c; status busy; "
                      "beat 1.1.1 @h1/b; say; bye 1.1 @h1/c");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct http_response response = get(&scene, rows[i].query, NULL);
        const char *body = buf_str(&response.body);
        assert_int_equal(response.status, rows[i].status);
        for (char name = 'a'; rows[i].status == 200 && name <= 'c'; name++) {
            char wanted[] = "worker\":\"?\"";
            wanted[strlen(wanted) - 2] = name;
            assert_int_equal(strstr(body, wanted) != NULL, strchr(rows[i].workers, name) != NULL);
        }
        buf_clear(&response.body);
    }
    scene_clear(&scene);
}

#define FLEET 2000

static void targets_come_in_slices(void **state)
{
    struct queen_options options = scene_options;
    struct http_request request = { .method = "GET", .path = "/v1/sd" };
    struct http_response response = { 0 };
    struct buf slice = BUF_INIT;
    struct scene scene;
    size_t slices = 0, targets = 0;
    bool more = true;
    (void)state;
    assert_int_equal(cidr_list_parse(TEXT("127.0.0.1"), &networks, NULL), OK);
    options.sd_endpoints = &networks;
    options.max_workers = 2 * FLEET;
    options.max_document_bytes = 16 << 20;
    scene_init_with(&scene, &options);
    scene_run(&scene, "up");
    for (int i = 0; i < FLEET; i++) {
        char name[16];
        snprintf(name, sizeof name, "w%04d", i);
        beat(&scene, name, "http://127.0.0.1:8000");
    }
    assert_int_equal(queen_http(scene.queen, &request, scene.now, scene.wall, &response, &scene.outbox), 0);
    for (; more; slices++) {
        buf_reset(&slice);
        more = queen_listing_next(scene.queen, response.listing, scene.now, scene.wall, &slice);
        assert_true(slice.len < 72 * 1024);
        for (const char *at = buf_str(&slice); (at = strstr(at, "\"targets\"")); at++)
            targets++;
    }
    assert_true(slices >= 5);
    assert_int_equal(targets, FLEET);
    queen_listing_free(response.listing);
    buf_clear(&slice);
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_queen_is_where_she_was_requested),
        cmocka_unit_test(endpoints_are_listed_where_that_is_allowed),
        cmocka_unit_test(what_is_known_of_a_target_are_its_labels),
        cmocka_unit_test(targets_are_filtered_like_lists),
        cmocka_unit_test(targets_come_in_slices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
