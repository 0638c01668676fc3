#include "queen_script.h"

#include "listing.h"
#include "verify.h"

#define FLEET 3000

static void populate(struct scene *scene)
{
    struct queen_options options = scene_options;
    char topic[96], payload[96];
    options.max_workers = 2 * FLEET;
    options.max_document_bytes = 16 << 20;
    scene_init_with(scene, &options);
    scene_run(scene, "up");
    for (int i = 0; i < FLEET; i++) {
        snprintf(topic, sizeof topic, "skep/v1/hive/h%d/worker/w%04d/heartbeat", i % 3, i);
        snprintf(payload, sizeof payload, "{\"status\":\"s%d\",\"queue_depth\":%d,\"labels\":{\"zone\":\"z%d\"}}",
                 i % 2, i * 7 % FLEET, i % 4);
        scene_message(scene, topic, text_of(payload));
    }
}

static struct listing *open_list(struct scene *scene, const char *query)
{
    struct http_request request = {
        .method = "GET", .path = "/v1/workers", .query = text_of(query), .received_at = scene->now
    };
    struct http_response response = { 0 };
    assert_int_equal(queen_http(scene->queen, &request, scene->now, scene->wall, &response, &scene->outbox), 0);
    scene_look(scene);
    assert_int_equal(response.status, 200);
    assert_int_equal(response.body.len, 0);
    assert_non_null(response.listing);
    return response.listing;
}

static size_t count(const char *text, const char *part)
{
    size_t found = 0;
    for (; (text = strstr(text, part)); text++)
        found++;
    return found;
}

/* Every list comes in slices of a bounded size, and says the same as if it had come at once. */
static void lists_come_in_slices(void **state)
{
    static const struct {
        const char *query;
        size_t workers;
        const char *first, *tail;
    } rows[] = {
        { "limit=100000", FLEET, "w0000", "\"total\":3000,\"next\":null,\"view\":\"live\"}" },
        { "", 1000, "w0000", "\"total\":3000,\"next\":1000,\"view\":\"live\"}" },
        { "limit=1000&cursor=2500", 500, "w2500", "\"total\":3000,\"next\":null," },
        { "status=s1&limit=100000", FLEET / 2, "w0001", "\"total\":1500,\"next\":null," },
        { "sort=queue_depth&limit=1", 1, "w0000", "\"total\":3000,\"next\":1," },
        { "sort=-queue_depth&limit=2", 2, "w0857", "\"total\":3000,\"next\":2," }, /* 857 * 7 = 5999 */
        { "sort=queue_depth&limit=100000", FLEET, "w0000", "\"total\":3000,\"next\":null," },
        { "sort=queue_depth&limit=3&cursor=2998", 2, "w1714", "\"total\":3000,\"next\":null," },
        { "sort=queue_depth&limit=3&cursor=2997", 3, "w2571", "\"total\":3000,\"next\":null," },
        { "label.zone=z3&limit=100000", FLEET / 4, "w0003", "\"total\":750,\"next\":null," },
        { "status=s1&sort=queue_depth&hive=h1&limit=1", 1, "w2143", "\"total\":500,\"next\":1," },
    };
    struct scene scene;
    (void)state;
    populate(&scene);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct listing *listing = open_list(&scene, rows[i].query);
        struct buf whole = BUF_INIT, slice = BUF_INIT;
        char first[32];
        bool more = true;
        while (more) {
            buf_reset(&slice);
            more = queen_listing_next(scene.queen, listing, scene.now, scene.wall, &slice);
            assert_true(slice.len < 80 * 1024);
            buf_add_text(&whole, buf_text(&slice));
        }
        snprintf(first, sizeof first, "{\"workers\":[{\"worker_id\":\"%s\"", rows[i].first);
        if (strncmp(buf_str(&whole), first, strlen(first)) != 0 || !strstr(buf_str(&whole), rows[i].tail))
            print_error("%s: %.60s\n", rows[i].query, buf_str(&whole));
        assert_memory_equal(buf_str(&whole), first, strlen(first));
        assert_non_null(strstr(buf_str(&whole), rows[i].tail));
        assert_int_equal(count(buf_str(&whole), "\"worker_id\""), rows[i].workers);
        queen_listing_free(listing);
        buf_clear(&whole);
        buf_clear(&slice);
    }
    scene_clear(&scene);
}

/* Each slice decodes some documents only, and not more are verified than can be while a request waits. */
static void the_verified_are_gathered_in_slices(void **state)
{
    struct scene scene;
    struct listing *listing;
    struct buf slice = BUF_INIT;
    const struct roll *roll;
    size_t slices = 0, verified = 0;
    (void)state;
    populate(&scene);
    roll = &scene.queen->registry.roll;
    listing = open_list(&scene, "label.zone=z3&verified=true&limit=1");
    for (; !queen_listing_wait(listing); slices++)
        assert_true(queen_listing_next(scene.queen, listing, scene.now, scene.wall, &slice));
    assert_in_range(slices, 20, 30); /* 120 a document and half its bytes, 20,000 a slice */
    assert_int_equal(slice.len, 0);
    assert_true(scene.queen->verifying.queued[VERIFY_FOR_LIST].count > 0);
    assert_int_equal(scene.queen->verifying.queued[VERIFY_AUTOMATIC].count, 0);
    assert_non_null(registry_find_name(&scene.queen->registry, TEXT("w0003"))->verification);
    queen_listing_free(listing);
    listing = open_list(&scene, "verified=true&limit=100000");
    while (!queen_listing_wait(listing))
        assert_true(queen_listing_next(scene.queen, listing, scene.now, scene.wall, &slice));
    for (size_t i = 0; i < roll->count; i++)
        verified += roll->entries[i].record->verification != NULL;
    assert_int_equal(verified, 550); /* 50 a second for 10 s, and as many at once */
    queen_listing_free(listing);
    buf_clear(&slice);
    scene_clear(&scene);
}

static struct record *find(struct scene *scene, const char *name)
{
    return registry_find_name(&scene->queen->registry, text_of(name));
}

/* Refuted meanwhile, on somebody else's request. */
static void refute(struct scene *scene, const char *name)
{
    struct record *record = find(scene, name);
    scene->queen->out = &scene->outbox;
    assert_int_equal(verify_begin(scene->queen, record, VERIFY_BY_HAND), OK);
    scene_run(scene, "wait 1000");
    assert_int_equal(verify_latest(record)->result, VERIFY_NO_REPLY);
}

/* However long the scan takes and whoever else asks, the first ones in order are asked for, and after them the next. */
static void the_next_are_verified_for_those_that_were_refuted(void **state)
{
    struct scene scene;
    struct listing *listing;
    struct buf slice = BUF_INIT;
    (void)state;
    populate(&scene);
    listing = open_list(&scene, "label.zone=z3&verified=true&limit=1&cursor=4");
    assert_true(queen_listing_next(scene.queen, listing, scene.now, scene.wall, &slice));
    assert_int_equal(queen_listing_wait(listing), 0);
    refute(&scene, "w0007");
    scene_run(&scene, "wait 20000");
    while (!queen_listing_wait(listing))
        assert_true(queen_listing_next(scene.queen, listing, scene.now, scene.wall, &slice));
    assert_null(find(&scene, "w0003")->verification); /* on the page before */
    assert_true(verify_is_going_on(find(&scene, "w0011")));
    scene_run(&scene, "wait 1000");
    assert_true(queen_listing_next(scene.queen, listing, scene.now, scene.wall, &slice));
    assert_true(verify_is_going_on(find(&scene, "w0015"))); /* in the same slice: nothing is scanned again */
    assert_null(find(&scene, "w0019")->verification);
    queen_listing_free(listing);
    buf_clear(&slice);
    scene_clear(&scene);
}

/* Before its order is known a sorted list may still be refused. */
static void a_sorted_list_begins_when_its_memory_is_known(void **state)
{
    struct scene scene;
    struct listing *listing;
    struct buf slice = BUF_INIT;
    size_t held;
    unsigned empty = 0;
    (void)state;
    populate(&scene);
    listing = open_list(&scene, "sort=queue_depth&limit=100000");
    while (queen_listing_next(scene.queen, listing, scene.now, scene.wall, &slice) && slice.len == 0)
        empty++;
    assert_true(empty > 0);
    assert_memory_equal(buf_str(&slice), "{\"workers\":[{\"worker_id\"", 24);
    held = queen_listing_bytes(listing);
    while (queen_listing_next(scene.queen, listing, scene.now, scene.wall, &slice))
        assert_int_equal(queen_listing_bytes(listing), held);
    queen_listing_free(listing);
    buf_clear(&slice);
    scene_clear(&scene);
}

/* The longer the documents, the fewer of them are read for a slice. */
static unsigned slices_of(struct scene *scene, int width)
{
    static char payload[16384];
    char topic[96];
    struct listing *listing;
    struct buf whole = BUF_INIT;
    unsigned slices = 1;
    for (int i = 0; i < FLEET / 10; i++) {
        snprintf(topic, sizeof topic, "skep/v1/hive/h%d/worker/w%04d/heartbeat", i % 3, i);
        snprintf(payload, sizeof payload, "{\"status\":\"s\",\"other\":\"%0*d\"}", width, 0);
        scene_message(scene, topic, text_of(payload));
    }
    listing = open_list(scene, "label.zone=none");
    while (queen_listing_next(scene->queen, listing, scene->now, scene->wall, &whole))
        slices++;
    queen_listing_free(listing);
    buf_clear(&whole);
    return slices;
}

static void slices_are_measured_by_the_bytes_that_are_read(void **state)
{
    struct scene scene;
    unsigned before;
    (void)state;
    populate(&scene);
    before = slices_of(&scene, 100);
    assert_true(slices_of(&scene, 12000) > 2 * before);
    scene_clear(&scene);
}

static void hives_cost_the_same_however_many_workers_they_have(void **state)
{
    struct http_request request = { .method = "GET", .path = "/v1/hives", .query = TEXT("") };
    struct http_response response = { 0 };
    struct buf whole = BUF_INIT;
    struct scene scene;
    unsigned slices = 1;
    (void)state;
    populate(&scene);
    for (int i = FLEET; i < 2 * FLEET - 3; i++) {
        char topic[96];
        snprintf(topic, sizeof topic, "skep/v1/hive/h%d/worker/w%04d/heartbeat", i % 3, i);
        scene_message(&scene, topic, TEXT("{\"status\":\"s\"}"));
    }
    scene_run(&scene, "birth 1.1 @h0/; birth 1.1 @h1/; birth 1.1 @h2/");
    request.received_at = scene.now;
    assert_int_equal(queen_http(scene.queen, &request, scene.now, scene.wall, &response, &scene.outbox), 0);
    scene_look(&scene);
    assert_int_equal(response.status, 200);
    while (queen_listing_next(scene.queen, response.listing, scene.now, scene.wall, &whole))
        slices++;
    assert_non_null(strstr(buf_str(&whole), "\"total\":3,\"next\":null"));
    assert_non_null(strstr(buf_str(&whole), "\"workers\":{\"total\":1999,"));
    assert_int_equal(slices, 1);
    queen_listing_free(response.listing);
    buf_clear(&whole);
    scene_clear(&scene);
}

/* Workers that go between two slices are left out, the others are not skipped, new ones come last. */
static void the_registry_may_change_between_slices(void **state)
{
    static const char *const queries[] = { "limit=100000", "sort=queue_depth&limit=100000" };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(queries); i++) {
        struct scene scene;
        struct listing *listing;
        struct buf whole = BUF_INIT;
        populate(&scene);
        listing = open_list(&scene, queries[i]);
        assert_true(queen_listing_next(scene.queen, listing, scene.now, scene.wall, &whole));
        for (int worker = 100; worker < FLEET; worker++) {
            char step[64];
            snprintf(step, sizeof step, "delete force @h%d/w%04d", worker % 3, worker);
            if (worker != 2000)
                scene_run(&scene, step);
        }
        while (queen_listing_next(scene.queen, listing, scene.now, scene.wall, &whole))
            continue;
        assert_non_null(strstr(buf_str(&whole), "\"worker_id\":\"w2000\""));
        assert_null(strstr(buf_str(&whole), "\"worker_id\":\"w2001\""));
        assert_non_null(strstr(buf_str(&whole), "\"view\":\"live\"}"));
        queen_listing_free(listing);
        buf_clear(&whole);
        scene_clear(&scene);
    }
}

/* Who makes up more words than are kept is found all the same. */
static void words_beyond_the_table_are_found_in_the_documents(void **state)
{
    struct scene scene;
    struct listing *listing;
    struct buf whole = BUF_INIT;
    char topic[96], payload[96];
    (void)state;
    populate(&scene);
    for (int i = 0; i < FLEET; i++) {
        snprintf(topic, sizeof topic, "skep/v1/hive/h%d/worker/w%04d/heartbeat", i % 3, i);
        snprintf(payload, sizeof payload, "{\"status\":\"made-up-%d\",\"model_loaded\":\"made-up-%d\"}", i, i + FLEET);
        scene_message(&scene, topic, text_of(payload));
    }
    assert_int_equal(scene.queen->registry.roll.entries[FLEET - 100].model, INTERN_FULL);
    listing = open_list(&scene, "status=made-up-2900&model=made-up-5900");
    while (queen_listing_next(scene.queen, listing, scene.now, scene.wall, &whole))
        continue;
    assert_int_equal(count(buf_str(&whole), "\"worker_id\""), 1);
    assert_non_null(strstr(buf_str(&whole), "\"worker_id\":\"w2900\""));
    queen_listing_free(listing);
    buf_clear(&whole);
    scene_clear(&scene);
}

static void list_for(struct scene *scene, const char *reply_to, const char *correlation, const char *params)
{
    scene_step(scene,
               (struct input){ .kind = INPUT_MESSAGE,
                               .message = &(struct message){ .topic = TEXT("skep/v1-rpc/queen/queen/worker.list"),
                                                             .payload = text_of(params),
                                                             .response_topic = text_of(reply_to),
                                                             .correlation = text_of(correlation) } });
}

static void ask_for_list(struct scene *scene, const char *correlation)
{
    list_for(scene, "skep/v1-rpc/reply/me", correlation, "{\"label.zone\":\"z3\",\"limit\":1000}");
}

/* One that has to read every document takes more than one step; the loop goes round in between. */
static void a_long_list_over_mqtt_comes_with_the_ticks(void **state)
{
    struct scene scene;
    (void)state;
    populate(&scene);
    ask_for_list(&scene, "first");
    ask_for_list(&scene, "second");
    assert_int_equal(scene.replies.len, 0);
    for (int ticks = 0; scene.queen->lists; ticks++) {
        assert_true(ticks < 30);
        assert_true(queen_deadline(scene.queen) == scene.now);
        scene_step(&scene, (struct input){ .kind = INPUT_TICK });
    }
    assert_memory_equal(buf_str(&scene.replies), "first {\"result\":{\"workers\":[", 28);
    assert_non_null(strstr(buf_str(&scene.replies), "\nsecond {\"result\":{\"workers\":["));
    assert_int_equal(count(buf_str(&scene.replies), "\"worker_id\":"), FLEET / 2);
    assert_int_equal(count(buf_str(&scene.replies), "\"total\":750,\"next\":null"), 2);
    assert_true(queen_deadline(scene.queen) > scene.now);
    ask_for_list(&scene, "never");
    scene_clear(&scene); /* frees what is not answered */
}

/* Of one asker four, of all sixteen. */
static void lists_over_mqtt_have_a_bound(void **state)
{
    struct scene scene;
    (void)state;
    populate(&scene);
    for (int i = 0; i < 16; i++) {
        char reply_to[64];
        snprintf(reply_to, sizeof reply_to, "skep/v1-rpc/reply/%d", i / 4);
        list_for(&scene, reply_to, "one", "{\"label.zone\":\"z3\"}");
        assert_int_equal(scene.replies.len, 0);
    }
    ask_for_list(&scene, "more");
    assert_non_null(strstr(buf_str(&scene.replies), "more {\"error\":{\"code\":\"busy\""));
    scene_clear(&scene);
}

static void who_asks_for_long_lists_does_not_hold_up_a_short_one(void **state)
{
    struct scene scene;
    (void)state;
    populate(&scene);
    for (int i = 0; i < 5; i++)
        list_for(&scene, "skep/v1-rpc/reply/evil", i < 4 ? "long" : "fifth", "{\"label.zone\":\"none\"}");
    assert_non_null(strstr(buf_str(&scene.replies), "fifth {\"error\":{\"code\":\"busy\""));
    list_for(&scene, "skep/v1-rpc/reply/good", "short", "{\"limit\":1}");
    for (int turn = 0; turn < 5; turn++) /* one of each */
        scene_step(&scene, (struct input){ .kind = INPUT_TICK });
    assert_non_null(strstr(buf_str(&scene.replies), "short {\"result\""));
    assert_null(strstr(buf_str(&scene.replies), "long"));
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_come_in_slices),
        cmocka_unit_test(the_verified_are_gathered_in_slices),
        cmocka_unit_test(the_next_are_verified_for_those_that_were_refuted),
        cmocka_unit_test(a_sorted_list_begins_when_its_memory_is_known),
        cmocka_unit_test(slices_are_measured_by_the_bytes_that_are_read),
        cmocka_unit_test(hives_cost_the_same_however_many_workers_they_have),
        cmocka_unit_test(the_registry_may_change_between_slices),
        cmocka_unit_test(words_beyond_the_table_are_found_in_the_documents),
        cmocka_unit_test(a_long_list_over_mqtt_comes_with_the_ticks),
        cmocka_unit_test(lists_over_mqtt_have_a_bound),
        cmocka_unit_test(who_asks_for_long_lists_does_not_hold_up_a_short_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
