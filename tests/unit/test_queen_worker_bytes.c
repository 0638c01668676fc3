/* What one worker comes to at most, which docs/deployment.md and the queen's unit count with. */
#include <malloc.h>

#include "queen_script.h"

#include "rations.h"

#define WORKERS 2000
#define HIVE "hive-of-a-name-that-has-as-many-bytes-as-any-name-may-have-64-64"
#define LIVES 1024  /* bytes: while it lives */
#define LOST 2304   /* ... while it is verified and judged lost, with all others */
#define ENDED 2432  /* ... and the ends of those who were forgotten wait to be announced, as many as may */
#define REQUEST 512 /* ... of these, what the send queue has of a request to it */

static unsigned unsent; /* what the broker has not taken */

/* Without the events and tombstones, which have bounds of their own. */
static size_t held(struct scene *scene)
{
    event_ring_clear(&scene->queen->events);
    tombstones_clear(&scene->queen->tombstones);
    return mallinfo2().uordblks;
}

static void step(struct scene *scene, struct input input)
{
    input.now = scene->now;
    input.wall = scene->wall;
    input.unsent = unsent;
    queen_step(scene->queen, &input, &scene->outbox);
    outbox_clear(&scene->outbox);
}

static void hear(struct scene *scene, char kind, int count, const char *leaf, const char *payload)
{
    char topic[TOPIC_SIZE];
    for (int i = 0; i < count; i++) {
        snprintf(topic, sizeof topic, "skep/v1/hive/" HIVE "/worker/%c%063d/%s", kind, i, leaf);
        step(scene,
             (struct input){ .kind = INPUT_MESSAGE,
                             .message = &(struct message){ .topic = text_of(topic), .payload = text_of(payload) } });
    }
}

static void go_on(struct scene *scene, ms_t ms)
{
    for (ms_t passed = 0; passed < ms; passed += 500) {
        scene->now += 500;
        scene->wall += 500;
        step(scene, (struct input){ .kind = INPUT_PACKET });
        for (int i = 0; i < 20; i++)
            step(scene, (struct input){ .kind = INPUT_TICK });
    }
}

#define SESSION "\"session\":\"00000000000000aa\",\"connection\":1"

static void come(struct scene *scene, char kind, int count)
{
    hear(scene, kind, count, "presence", "{\"presence\":\"online\",\"rpc\":true,\"interval_ms\":3000," SESSION "}");
}

static void lose(struct scene *scene, char kind, int count)
{
    go_on(scene, 20000);
    hear(scene, kind, count, "presence", "{\"presence\":\"stale\",\"cause\":\"connection_lost\"," SESSION "}");
}

static void it_has_its_bound_in_each_state(void **state)
{
    struct queen_options options = scene_options;
    struct scene scene;
    size_t before;
    int ends = WORKERS / RATION_ENDS_PART;
    (void)state;
    options.max_workers = WORKERS;
    if (mallinfo2().uordblks == 0)
        skip(); /* another allocator */
    scene_init_with(&scene, &options);
    scene_run(&scene, "up");
    before = held(&scene);
    come(&scene, 'w', WORKERS);
    assert_int_equal(scene.queen->registry.count, WORKERS);
    assert_in_range((held(&scene) - before) / WORKERS, 1, LIVES);
    unsent = ANNOUNCING_UNSENT; /* it takes nothing any more */
    lose(&scene, 'w', WORKERS);
    assert_in_range((held(&scene) - before) / WORKERS, 1, LOST - REQUEST);
    hear(&scene, 'w', ends, "heartbeat", "");
    assert_int_equal(scene.queen->registry.ended_count, ends);
    come(&scene, 'x', ends);
    assert_int_equal(scene.queen->registry.count, WORKERS);
    lose(&scene, 'x', ends);
    assert_in_range((held(&scene) - before) / WORKERS, 1, ENDED - REQUEST);
    hear(&scene, 'w', WORKERS, "heartbeat", "");
    assert_int_equal(scene.queen->registry.ended_count, WORKERS);
    come(&scene, 'y', WORKERS);
    assert_int_equal(scene.queen->registry.count + scene.queen->registry.ended_count, WORKERS + ends);
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(it_has_its_bound_in_each_state) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
