#include "queen_script.h"

#include "broker_barrier.h"

#define UP "up; beat 1.1.0; wait 1000; beat 2.1.0 @w2; wait 88999; "
#define BEGIN                                                                                                          \
    "unknown -> online (heartbeat), default/w2 unknown -> online (heartbeat), online -> suspect (missed_heartbeats), " \
    "default/w2 online -> suspect (missed_heartbeats), "

static void r5_one_probe_serves_all_who_wait(void **state)
{
    static const struct row rows[] = {
        { "the second waits for the next probe", UP "wait 1; wait 1000", BEGIN "probe | suspect" },
        { "which goes out when the first is acknowledged", UP "wait 1; wait 1000; ack 0",
          BEGIN "probe, probe, suspect -> stale (missed_heartbeats) | stale" },
        { "and proves the second", UP "wait 1001; ack 0; ack 0",
          BEGIN "probe, probe, suspect -> stale (missed_heartbeats), "
                "default/w2 suspect -> stale (missed_heartbeats) | stale" },
        { "both at once", "up; beat 1.1.0; beat 2.1.0 @w2; wait 90000; ack 0",
          "unknown -> online (heartbeat), default/w2 unknown -> online (heartbeat), "
          "online -> suspect (missed_heartbeats), default/w2 online -> suspect (missed_heartbeats), probe, probe, "
          "suspect -> stale (missed_heartbeats) | stale" },
        { "who is heard meanwhile waits no more", UP "wait 1001; beat 1.1.1; beat 2.1.1 @w2; ack 0",
          BEGIN "probe, suspect -> online (heartbeat), default/w2 suspect -> online (heartbeat) | online" },
        { "an acknowledgement of an earlier link proves nothing", UP "wait 1; down; up; wait 1000",
          BEGIN "probe | suspect" },
        { "a refusal is an acknowledgement, too", UP "wait 1; ack 87",
          BEGIN "probe, suspect -> stale (missed_heartbeats) | stale" },
    };
    (void)state;
    ROWS_CHECK(rows);
}

static void waiting_twice_is_waiting_once(void **state)
{
    struct scene scene;
    struct record *record;
    bool passed = false;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up; beat 1.1.0");
    record = scene_record(&scene);
    scene.queen->out = &scene.outbox;
    barrier_request(scene.queen, record);
    barrier_request(scene.queen, record);
    assert_int_not_equal(record->barrier, 0);
    barrier_acked(scene.queen, scene.queen->barriers.token + 1);
    assert_null(barrier_take(scene.queen, &passed));
    barrier_acked(scene.queen, scene.queen->barriers.token);
    assert_ptr_equal(barrier_take(scene.queen, &passed), record);
    assert_true(passed);
    assert_null(barrier_take(scene.queen, &passed));
    assert_int_equal(record->barrier, 0);
    assert_false(barrier_is_due(scene.queen));
    scene_clear(&scene);
}

static void what_waited_in_vain_is_given_back(void **state)
{
    struct scene scene;
    struct record *first, *second;
    bool passed = true;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up; beat 1.1.0; beat 2.1.0 @w2");
    first = scene_record(&scene);
    second = registry_find_name(&scene.queen->registry, TEXT("w2"));
    scene.queen->out = &scene.outbox;
    barrier_request(scene.queen, first);
    barrier_request(scene.queen, second);
    assert_int_not_equal(first->barrier, second->barrier); /* the second waits for the next probe */
    barrier_link_lost(scene.queen);
    assert_ptr_equal(barrier_take(scene.queen, &passed), first);
    assert_ptr_equal(barrier_take(scene.queen, &passed), second);
    assert_false(passed);
    assert_null(barrier_take(scene.queen, &passed));
    assert_int_equal(scene.queen->barriers.token, 0);
    scene_clear(&scene);
}

/* While the first are taken, slice by slice, more may come to wait, and some may be heard. */
static void the_next_probe_goes_out_when_one_has_come_back(void **state)
{
    struct scene scene;
    struct record *records[3];
    uint64_t token;
    bool passed = false;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up; beat 1.1.0; beat 2.1.0 @w2; beat 3.1.0 @w3");
    records[0] = scene_record(&scene);
    records[1] = registry_find_name(&scene.queen->registry, TEXT("w2"));
    records[2] = registry_find_name(&scene.queen->registry, TEXT("w3"));
    scene.queen->out = &scene.outbox;
    barrier_request(scene.queen, records[0]);
    token = scene.queen->barriers.token;
    barrier_request(scene.queen, records[1]);
    barrier_acked(scene.queen, token);
    assert_int_not_equal(scene.queen->barriers.token, token); /* for the second */
    barrier_request(scene.queen, records[2]);
    assert_ptr_equal(barrier_take(scene.queen, &passed), records[0]);
    assert_true(passed);
    assert_null(barrier_take(scene.queen, &passed));
    assert_false(barrier_is_due(scene.queen));
    barrier_withdraw(scene.queen, records[1]);
    barrier_acked(scene.queen, scene.queen->barriers.token);
    assert_null(barrier_take(scene.queen, &passed)); /* the third came after that one was sent */
    barrier_acked(scene.queen, scene.queen->barriers.token);
    assert_ptr_equal(barrier_take(scene.queen, &passed), records[2]);
    assert_null(barrier_take(scene.queen, &passed));
    assert_int_equal(scene.queen->barriers.token, 0);
    scene_clear(&scene);
}

/* Also one that has come while those of the first hive are being taken. */
static void a_hive_with_many_holds_up_nobody_else(void **state)
{
    static const char *const names[] = { "e1", "e2", "e3", "e4" };
    struct scene scene;
    struct record *good, *better;
    bool passed = false;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up; beat 1.1.0 @evil/e1; beat 1.1.0 @evil/e2; beat 1.1.0 @evil/e3; beat 1.1.0 @evil/e4; "
                      "beat 1.1.0 @good/w; beat 1.1.0 @better/w");
    scene.queen->out = &scene.outbox;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        barrier_request(scene.queen, registry_find_name(&scene.queen->registry, text_of(names[i])));
    good = registry_find(&scene.queen->registry, TEXT("good"), TEXT("w"));
    better = registry_find(&scene.queen->registry, TEXT("better"), TEXT("w"));
    barrier_request(scene.queen, good);
    barrier_acked(scene.queen, scene.queen->barriers.token); /* of the first of evil's alone */
    barrier_acked(scene.queen, scene.queen->barriers.token);
    assert_string_equal(record_worker(barrier_take(scene.queen, &passed)), "e1");
    assert_ptr_equal(barrier_take(scene.queen, &passed), good);
    assert_string_equal(record_worker(barrier_take(scene.queen, &passed)), "e2");
    barrier_request(scene.queen, better);
    barrier_acked(scene.queen, scene.queen->barriers.token);
    assert_string_equal(record_worker(barrier_take(scene.queen, &passed)), "e3");
    assert_ptr_equal(barrier_take(scene.queen, &passed), better);
    assert_string_equal(record_worker(barrier_take(scene.queen, &passed)), "e4");
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r5_one_probe_serves_all_who_wait),
        cmocka_unit_test(waiting_twice_is_waiting_once),
        cmocka_unit_test(what_waited_in_vain_is_given_back),
        cmocka_unit_test(the_next_probe_goes_out_when_one_has_come_back),
        cmocka_unit_test(a_hive_with_many_holds_up_nobody_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
