/* One hive fills what all share: nobody else loses anything, and the queen says so. */
#include "queen_script.h"

#include "listing.h"
#include "rations.h"
#include "view.h"
#include "view_health.h"

#define MAX 64

static void begin_with(struct scene *scene, int64_t bytes, const char *expect)
{
    struct queen_options options = scene_options;
    options.max_workers = MAX;
    options.max_document_bytes = bytes;
    options.expect = text_of(expect);
    scene_init_with(scene, &options);
    scene_run(scene, "up");
}

static void beat_of(struct scene *scene, const char *hive, int number, const char *members)
{
    char topic[128], payload[256];
    snprintf(topic, sizeof topic, "skep/v1/hive/%s/worker/w%d/heartbeat", hive, number);
    snprintf(payload, sizeof payload, "{\"status\":\"idle\"%s}", members);
    scene_message(scene, topic, text_of(payload));
}

/* All at once, as many as there is room for and more. */
static void flood(struct scene *scene, const char *hive, const char *members)
{
    for (int i = 0; i < 2 * MAX; i++)
        beat_of(scene, hive, i, members);
}

static struct record *find(struct scene *scene, const char *hive, const char *worker)
{
    return registry_find(&scene->queen->registry, text_of(hive), text_of(worker));
}

static void assert_health(struct scene *scene, const char *status, const char *want)
{
    struct buf buf = BUF_INIT;
    char member[32];
    (void)view_health(scene->queen, &buf);
    snprintf(member, sizeof member, "{\"status\":\"%s\"", status);
    assert_int_equal(strncmp(buf_str(&buf), member, strlen(member)), 0);
    if (want && !strstr(buf_str(&buf), want))
        print_error("%s not in %s\n", want, buf_str(&buf));
    assert_true(!want || strstr(buf_str(&buf), want));
    buf_clear(&buf);
}

static void a_flood_locks_nobody_out(void **state)
{
    struct scene scene;
    (void)state;
    begin_with(&scene, 1 << 20, NULL);
    scene_run(&scene, "beat 1.1.0 @a/old; wait 30000; beat 1.1.1 @a/old");
    assert_health(&scene, "pass", NULL);
    for (int i = 0; i < MAX; i++)
        beat_of(&scene, "evil", i, "");
    assert_true(ends_with(buf_str(&scene.notice), "; most are of hive evil"));
    flood(&scene, "evil", "");
    assert_int_equal(scene.queen->registry.count, MAX);
    assert_health(&scene, "warn", "\"workers:largest_hive\":[{\"observedValue\":\"evil\",\"status\":\"warn\"");
    scene_run(&scene, "beat 2.1.0 @a/new; birth 3.1 @a/newer; birth 4.1 @b/first; post 5.1.0 @c/posted");
    assert_true(ends_with(buf_str(&scene.trace), ", 202"));
    assert_int_equal(find(&scene, "a", "old")->state, STATE_ONLINE);
    assert_int_equal(find(&scene, "a", "new")->state, STATE_ONLINE);
    assert_int_equal(find(&scene, "a", "newer")->state, STATE_ONLINE);
    assert_int_equal(find(&scene, "b", "first")->state, STATE_ONLINE);
    assert_non_null(find(&scene, "c", "posted"));
    assert_int_equal(scene.queen->registry.count, MAX);
    assert_int_equal(scene.queen->registry.pressure[PRESSURE_WORKERS].evicted, 4);
    flood(&scene, "evil", ""); /* goes on */
    assert_non_null(find(&scene, "a", "new"));
    scene_run(&scene, "listen 130000; ack 0; ack 0; listen 610000"); /* all are lost */
    assert_health(&scene, "pass", "\"workers:evicted\"");
    scene_clear(&scene);
}

/* Nobody asked for it: its stored copies stay where they are, and what lives comes back. */
static void the_evicted_are_not_forgotten(void **state)
{
    struct scene scene;
    (void)state;
    begin_with(&scene, 1 << 20, NULL);
    flood(&scene, "evil", "");
    buf_reset(&scene.trace);
    scene_run(&scene, "birth 1.1 @a/w1");
    assert_true(
        ends_with(buf_str(&scene.trace), "evil/w0 online -> forgotten (forgotten), a/w1 unknown -> online (birth)"));
    assert_null(strstr(buf_str(&scene.trace), "clear"));
    assert_null(find(&scene, "evil", "w0"));
    assert_null(scene.queen->tombstones.by_key);
    scene_run(&scene, "bye 1.1 @a/w1; delete @a/w1");
    beat_of(&scene, "evil", 0, "");
    assert_int_equal(find(&scene, "evil", "w0")->state, STATE_ONLINE);
    scene_clear(&scene);
}

/* Two beats of each make them established; still they are of the hive that has most. */
static void an_established_flood_locks_nobody_out(void **state)
{
    struct scene scene;
    (void)state;
    begin_with(&scene, 1 << 20, "a/expected");
    flood(&scene, "evil", ",\"interval_ms\":1000");
    scene_run(&scene, "wait 1000");
    flood(&scene, "evil", ",\"interval_ms\":1000");
    assert_int_equal(scene.queen->registry.shares.greatest[RATION_WEAK].len, 0);
    scene_run(&scene, "beat 2.1.0 @a/new");
    flood(&scene, "evil", ",\"interval_ms\":1000");
    assert_int_equal(find(&scene, "a", "new")->state, STATE_ONLINE);
    assert_non_null(find(&scene, "a", "expected"));
    scene_clear(&scene);
}

/* A fleet of one hive, full of jobs that were established and said goodbye: who lives gets in, which is told. */
static void the_dead_make_room_for_the_living(void **state)
{
    struct scene scene;
    char step[64];
    (void)state;
    begin_with(&scene, 1 << 20, NULL);
    for (int i = 0; i < MAX; i++) {
        snprintf(step, sizeof step, "birth 1.1 @a/j%d; wait 30000; beat 1.1.1 @a/j%d; bye 1.1 @a/j%d", i, i, i);
        scene_run(&scene, step);
    }
    buf_reset(&scene.trace);
    scene_run(&scene, "birth 2.1 @a/new");
    assert_true(
        ends_with(buf_str(&scene.trace), "a/j0 offline -> forgotten (forgotten), a/new unknown -> online (birth)"));
    assert_non_null(strstr(buf_str(&scene.notice), "most are of hive a"));
    assert_health(&scene, "warn", "\"workers:largest_hive\":[{\"observedValue\":\"a\",\"status\":\"warn\"");
    assert_null(find(&scene, "a", "j0"));
    for (int i = 1; i < MAX; i++) { /* until nobody is left who is lost */
        snprintf(step, sizeof step, "birth 2.1 @a/n%d", i);
        scene_run(&scene, step);
    }
    assert_int_equal(scene.queen->registry.counts[STATE_ONLINE], MAX);
    scene_run(&scene, "birth 2.1 @a/more");
    assert_null(find(&scene, "a", "more"));
    assert_int_equal(scene.queen->registry.pressure[PRESSURE_WORKERS].refused, 1);
    scene_clear(&scene);
}

/* Stored copies fill the registry before anything live comes. */
static void a_flooded_broker_is_read_and_outlived(void **state)
{
    struct scene scene;
    (void)state;
    begin_with(&scene, 1 << 20, NULL);
    scene_run(&scene, "down; connect");
    scene.stored = true;
    flood(&scene, "evil", ",\"session\":\"0000000000000001\"");
    scene.stored = false;
    scene_run(&scene, "stored beat 5.1.0 @a/w1; stored birth 6.1 @a/w2; read; beat 5.1.1 @a/w1");
    assert_int_equal(find(&scene, "a", "w1")->state, STATE_ONLINE);
    assert_int_equal(find(&scene, "a", "w2")->state, STATE_UNVERIFIED);
    assert_int_equal(scene.queen->registry.count, MAX);
    scene_clear(&scene);
}

/* Whoever can make up hives fills their table, and no worker goes for that. */
static void hives_have_a_table_of_their_own(void **state)
{
    struct scene scene;
    char step[64];
    (void)state;
    begin_with(&scene, 1 << 20, NULL);
    scene_run(&scene, "beat 1.1.0 @a/w1; birth 1.1 @real/");
    for (int i = 0; i < 2 * MAX; i++) {
        snprintf(step, sizeof step, "birth 1.1 @h%d/", i);
        scene_run(&scene, step);
    }
    assert_int_equal(scene.queen->registry.hive_count, MAX);
    assert_non_null(find(&scene, "a", "w1"));
    assert_non_null(registry_find(&scene.queen->registry, TEXT("real"), (struct text){ 0 }));
    assert_health(&scene, "warn", "\"hives:refused\":[{\"observedValue\":65,\"status\":\"warn\"}]");
    scene_run(&scene, "wait 30000; birth 1.2 @real/; listen 60000; birth 1.1 @late/"); /* those were heard once only */
    assert_non_null(registry_find(&scene.queen->registry, TEXT("late"), (struct text){ 0 }));
    assert_non_null(registry_find(&scene.queen->registry, TEXT("real"), (struct text){ 0 }));
    scene_clear(&scene);
}

static void list(struct scene *scene, const char *query, struct buf *ret)
{
    struct http_request request = { .method = "GET", .path = "/v1/workers", .query = text_of(query) };
    struct http_response response = { 0 };
    assert_int_equal(queen_http(scene->queen, &request, scene->now, scene->wall, &response, &scene->outbox), 0);
    while (queen_listing_next(scene->queen, response.listing, scene->now, scene->wall, ret))
        continue;
    queen_listing_free(response.listing);
    buf_clear(&response.body);
    scene_look(scene);
}

/* Its own hive has most: what it says now cannot be kept, and what it said before is not shown for it. */
static void a_document_that_is_not_kept_is_not_shown(void **state)
{
    char pad[120], members[160];
    struct buf buf = BUF_INIT;
    struct scene scene;
    (void)state;
    begin_with(&scene, 128, NULL);
    memset(pad, 'x', sizeof pad - 1);
    pad[sizeof pad - 1] = '\0';
    snprintf(members, sizeof members, ",\"x\":\"%s\"", pad);
    beat_of(&scene, "a", 1, ",\"queue_depth\":7");
    list(&scene, "status=idle&sort=queue_depth", &buf);
    assert_non_null(strstr(buf_str(&buf), "\"flags\":[]"));
    beat_of(&scene, "a", 1, members);
    buf_reset(&buf);
    list(&scene, "status=idle", &buf);
    assert_non_null(strstr(buf_str(&buf), "\"total\":0"));
    buf_reset(&buf);
    list(&scene, "state=online", &buf);
    assert_non_null(strstr(buf_str(&buf), "\"flags\":[\"document_dropped\"]"));
    assert_non_null(strstr(buf_str(&buf), "\"heartbeat\":null"));
    assert_health(&scene, "warn", "\"documents:refused\"");
    beat_of(&scene, "a", 1, "");
    buf_reset(&buf);
    list(&scene, "status=idle", &buf);
    assert_non_null(strstr(buf_str(&buf), "\"flags\":[]"));
    buf_clear(&buf);
    scene_clear(&scene);
}

/* True: it was read. */
static bool is_message_read(struct scene *scene, const struct message *message, ms_t behind)
{
    uint64_t before = scene->queen->counters.rejected[ERR_RATIONED];
    scene_step(scene, (struct input){ .kind = INPUT_MESSAGE, .behind = behind, .message = message });
    return scene->queen->counters.rejected[ERR_RATIONED] == before;
}

/* A message on that topic that begins so, with so many bytes. True: it was read. */
static bool is_read_on(struct scene *scene, const char *topic, const char *begin, size_t bytes, ms_t behind,
                       bool stored)
{
    bool is_read;
    struct buf payload = BUF_INIT;
    buf_add_str(&payload, begin);
    buf_add_str(&payload, ",\"note\":\"");
    while (payload.len < bytes - 2)
        buf_add_char(&payload, 'x');
    buf_add_str(&payload, "\"}");
    is_read = is_message_read(
        scene, &(struct message){ .topic = text_of(topic), .payload = buf_text(&payload), .retain = stored }, behind);
    buf_clear(&payload);
    return is_read;
}

/* A heartbeat of a worker of that hive. */
static bool is_read(struct scene *scene, const char *hive, size_t bytes, ms_t behind, bool stored)
{
    char topic[128];
    snprintf(topic, sizeof topic, "skep/v1/hive/%s/worker/w/heartbeat", hive);
    return is_read_on(scene, topic, "{\"status\":\"idle\"", bytes, behind, stored);
}

enum { BEAT = 15000, AT_ONCE = RATION_READ / (BEAT + RATION_READ_EACH) };

static unsigned count_read(struct scene *scene, const char *hive, unsigned count, ms_t behind, bool stored)
{
    unsigned taken = 0;
    for (unsigned i = 0; i < count; i++)
        taken += is_read(scene, hive, BEAT, behind, stored);
    return taken;
}

static void while_it_is_behind_one_hives_heartbeats_are_rationed(void **state)
{
    struct scene scene;
    (void)state;
    begin_with(&scene, 1 << 20, NULL);
    assert_int_equal(count_read(&scene, "evil", 2 * AT_ONCE, RATION_BEHIND_MS, false), 2 * AT_ONCE); /* it is alone */
    scene_run(&scene, "beat 1.1.0 @a/w; birth 1.1 @b");
    assert_int_equal(count_read(&scene, "evil", 2 * AT_ONCE, RATION_BEHIND_MS - 1, false), 2 * AT_ONCE);
    assert_health(&scene, "pass", NULL);
    assert_int_equal(count_read(&scene, "evil", 2 * AT_ONCE, RATION_BEHIND_MS, false), AT_ONCE);
    assert_non_null(strstr(buf_str(&scene.notice), "more messages arrive"));
    assert_true(ends_with(buf_str(&scene.notice), "; most are of hive evil"));
    assert_health(&scene, "warn", "\"messages:largest_hive\":[{\"observedValue\":\"evil\",\"status\":\"warn\"");
    assert_int_equal(count_read(&scene, "evil", 10, RATION_BEHIND_MS, true),
                     10); /* what is stored does not come again */
    assert_int_equal(count_read(&scene, "a", AT_ONCE, RATION_BEHIND_MS, false), AT_ONCE);
    pass(&scene, 1000);
    assert_int_equal(count_read(&scene, "evil", AT_ONCE, RATION_BEHIND_MS, false),
                     RATION_READ_PER_S / (BEAT + RATION_READ_EACH));
    scene_run(&scene, "will 1.1 @a/w");
    assert_int_equal(find(&scene, "a", "w")->state, STATE_SUSPECT);
    scene_clear(&scene);
}

/* It catches up since they are not read: were all of them read again then, it would be behind again and again. */
static void the_ration_lasts_until_it_is_whole_again(void **state)
{
    enum { EACH_S = RATION_READ_PER_S / (BEAT + RATION_READ_EACH), WHOLE_S = RATION_READ / RATION_READ_PER_S };
    struct scene scene;
    (void)state;
    begin_with(&scene, 1 << 20, NULL);
    scene_run(&scene, "beat 1.1.0 @a/w; birth 1.1 @b");
    (void)count_read(&scene, "evil", 2 * AT_ONCE, RATION_BEHIND_MS, false);
    assert_int_equal(count_read(&scene, "evil", AT_ONCE, 0, false), 0);
    assert_int_equal(count_read(&scene, "a", 2 * AT_ONCE, 0, false), 2 * AT_ONCE); /* was within its own */
    pass(&scene, 1000);
    assert_int_equal(count_read(&scene, "evil", AT_ONCE, 0, false), EACH_S);
    pass(&scene, 1000 * WHOLE_S);
    assert_int_equal(count_read(&scene, "evil", 2 * AT_ONCE, 0, false), 2 * AT_ONCE);

    (void)count_read(&scene, "evil", 2 * AT_ONCE, RATION_BEHIND_MS, false);
    for (ms_t passed = 1000; passed < RATION_READ_MS; passed += 1000) { /* more than that all the time */
        pass(&scene, 1000);
        assert_in_range(count_read(&scene, "evil", EACH_S + 2, 0, false), EACH_S, EACH_S + 1);
    }
    pass(&scene, 1000);
    assert_int_equal(count_read(&scene, "evil", AT_ONCE, 0, false), AT_ONCE);
    scene_clear(&scene);
}

/* What comes again is left out, and nothing else. */
static void births_and_deaths_are_always_read(void **state)
{
    struct scene scene;
    uint64_t before;
    (void)state;
    begin_with(&scene, 1 << 20, NULL);
    scene_run(&scene, "beat 1.1.0 @a/w; beat 2.1.0 @evil/w");
    (void)count_read(&scene, "evil", 2 * AT_ONCE, RATION_BEHIND_MS, false);
    before = scene.queen->counters.accepted;
    scene_step(&scene, (struct input){ .kind = INPUT_MESSAGE,
                                       .behind = RATION_BEHIND_MS,
                                       .message = &(struct message){
                                           .topic = TEXT("skep/v1/hive/evil/worker/w/presence"),
                                           .payload = TEXT("{\"presence\":\"stale\",\"cause\":\"process_exited\","
                                                           "\"session\":\"000abc0000000002\",\"connection\":1}") } });
    assert_int_equal(scene.queen->counters.accepted, before + 1);
    assert_int_equal(find(&scene, "evil", "w")->state, STATE_STALE);
    scene_clear(&scene);
}

#define WITNESS "{\"state\":\"running\",\"session\":\"000abc0000000002\""
#define DEATH "{\"presence\":\"stale\",\"cause\":\"process_exited\",\"session\":\"000abc0000000002\",\"connection\":1"

static unsigned count_read_on(struct scene *scene, const char *topic, const char *begin, size_t bytes)
{
    unsigned taken = 0;
    for (unsigned i = 0; i < 4u * RATION_READ / (MSG_MAX_FIXED + RATION_READ_EACH); i++)
        taken += is_read_on(scene, topic, begin, bytes, RATION_BEHIND_MS, false);
    return taken;
}

/* Whatever its kind: one that is longer than any is by itself costs what a heartbeat of that length does. */
static void long_ones_of_every_kind_are_rationed(void **state)
{
    enum { WHOLE = RATION_READ / (MSG_MAX_FIXED + RATION_READ_EACH), FOUR = 4u * WHOLE };
    static const char *const topics[] = { "worker/w/witness", "worker/w/presence", "presence" };
    for (size_t i = 0; i < ARRAY_LEN(topics); i++) {
        struct scene scene;
        char topic[128];
        (void)state;
        begin_with(&scene, 1 << 20, NULL);
        scene_run(&scene, "beat 1.1.0 @a/w; beat 2.1.0 @evil/w; birth 2.1 @evil");
        snprintf(topic, sizeof topic, "skep/v1/hive/evil/%s", topics[i]);
        assert_in_range(count_read_on(&scene, topic, i ? DEATH : WITNESS, MSG_MAX_FIXED), WHOLE, WHOLE + 1);
        assert_health(&scene, "warn", "\"messages:largest_hive\":[{\"observedValue\":\"evil\",\"status\":\"warn\"");
        assert_true(count_read_on(&scene, topic, i ? DEATH : WITNESS, RATION_READ_FREE) >= FOUR);
        assert_true(is_read_on(&scene, "skep/v1/hive/a/worker/w/witness", WITNESS, MSG_MAX_FIXED, 0, false));
        scene_clear(&scene);
    }
}

/* How many of `most` are read, each with so many user properties. */
static unsigned count_read_with(struct scene *scene, const char *topic, const char *payload, unsigned properties,
                                unsigned most)
{
    unsigned taken = 0;
    for (unsigned i = 0; i < most; i++)
        taken += is_message_read(
            scene, &(struct message){ .topic = text_of(topic), .payload = text_of(payload), .properties = properties },
            RATION_BEHIND_MS);
    return taken;
}

/* They cost more than what the message says. */
static void user_properties_are_rationed(void **state)
{
    enum { MOST = 20000, CROWDED = MESSAGE_PROPERTIES_MAX + 1, SMALL = 10, MANY = 20 };
    static const char beat[] = "{\"status\":\"idle\"}", birth[] = "{\"presence\":\"online\"}";
    static const struct {
        const char *why, *topic, *payload;
        unsigned properties;
        size_t each; /* that one counts; 0 = nothing */
    } rows[] = {
        { "heartbeats without", "skep/v1/hive/evil/worker/w/heartbeat", beat, 0, sizeof beat - 1 },
        { "a few", "skep/v1/hive/evil/worker/w/heartbeat", beat, SMALL,
          sizeof beat - 1 + SMALL * MESSAGE_COST_PROPERTY },
        { "more than are read", "skep/v1/hive/evil/worker/w/heartbeat", beat, CROWDED,
          sizeof beat - 1 + MESSAGE_COST_CROWDED },
        { "a small birth is free", "skep/v1/hive/evil/worker/w/presence", birth, SMALL, 0 },
        { "with many it is not small", "skep/v1/hive/evil/worker/w/presence", birth, MANY,
          sizeof birth - 1 + MANY * MESSAGE_COST_PROPERTY },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        size_t whole = rows[i].each ? RATION_READ / (rows[i].each + RATION_READ_EACH) : MOST;
        struct scene scene;
        unsigned taken;
        begin_with(&scene, 1 << 20, NULL);
        scene_run(&scene, "beat 1.1.0 @a/w; beat 2.1.0 @evil/w; birth 2.1 @evil");
        taken = count_read_with(&scene, rows[i].topic, rows[i].payload, rows[i].properties, MOST);
        if (taken < whole || taken > whole + 1)
            fail_msg("%s: %u of %zu", rows[i].why, taken, whole);
        scene_clear(&scene);
    }
}

/* Nothing is known of its sender, so that it breaks a rule or makes nobody known: it is read all the same. */
static void what_makes_nobody_known_is_rationed(void **state)
{
    enum { WHOLE = RATION_READ / (MSG_MAX_FIXED + RATION_READ_EACH) };
    struct scene scene;
    (void)state;
    begin_with(&scene, 1 << 20, NULL);
    scene_run(&scene, "beat 1.1.0 @a/w");
    assert_in_range(count_read_on(&scene, "skep/v1/hive/e1/worker/w/heartbeat", "{\"x\":0", MSG_MAX_FIXED), WHOLE,
                    WHOLE + 1);
    assert_null(share_find(&scene.queen->registry.shares, TEXT("e1")));
    assert_int_equal(count_read_on(&scene, "skep/v1/hive/e2/worker/w/witness", "{\"x\":0", MSG_MAX_FIXED), 0);
    assert_health(&scene, "warn", "\"messages:largest_hive\":[{\"observedValue\":\"e2\",\"status\":\"warn\"");
    assert_true(
        is_read_on(&scene, "skep/v1/hive/e3/worker/w/heartbeat", "{\"status\":\"idle\"", 400, RATION_BEHIND_MS, false));
    scene_clear(&scene);
}

static void health_warns_while_it_is_behind(void **state)
{
    struct scene scene;
    (void)state;
    begin_with(&scene, 1 << 20, NULL);
    scene_run(&scene, "beat 1.1.0 @a/w");
    (void)is_read(&scene, "a", 400, RATION_BEHIND_WARN_MS - 1, false);
    assert_health(&scene, "pass", NULL);
    (void)is_read(&scene, "a", 400, RATION_BEHIND_WARN_MS, false);
    assert_health(&scene, "warn",
                  "\"messages:late\":[{\"observedValue\":1000,\"observedUnit\":\"ms\",\"status\":\"warn\"");
    (void)is_read(&scene, "a", 400, 0, false);
    assert_health(&scene, "pass", NULL);
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flood_locks_nobody_out),
        cmocka_unit_test(the_evicted_are_not_forgotten),
        cmocka_unit_test(an_established_flood_locks_nobody_out),
        cmocka_unit_test(the_dead_make_room_for_the_living),
        cmocka_unit_test(a_flooded_broker_is_read_and_outlived),
        cmocka_unit_test(hives_have_a_table_of_their_own),
        cmocka_unit_test(while_it_is_behind_one_hives_heartbeats_are_rationed),
        cmocka_unit_test(the_ration_lasts_until_it_is_whole_again),
        cmocka_unit_test(births_and_deaths_are_always_read),
        cmocka_unit_test(long_ones_of_every_kind_are_rationed),
        cmocka_unit_test(user_properties_are_rationed),
        cmocka_unit_test(what_makes_nobody_known_is_rationed),
        cmocka_unit_test(health_warns_while_it_is_behind),
        cmocka_unit_test(a_document_that_is_not_kept_is_not_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
