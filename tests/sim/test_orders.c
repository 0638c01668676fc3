/* R1 to R4: the last six messages of a worker that comes back may arrive in any order (topics are not ordered among
 * each other, nor are the ways through a cluster of brokers). Whatever the order, in the end the queen holds it for
 * what it is: online, with its last connection or process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "inspect.h"
#include "script.h"

#define COUNT 6
#define ORDERS 720
#define BEATS 3 /* that follow, by whoever runs */

struct story {
    const char *what;
    const char *messages[COUNT]; /* TOPIC JSON */
    const char *goes_on;         /* its session and connection */
    unsigned events_max;         /* that may be announced */
};

#define FIRST "\"session\":\"0000000000000001\",\"connection\":1"
#define AGAIN "\"session\":\"0000000000000001\",\"connection\":2"
#define OTHER "\"session\":\"0000000000000002\",\"connection\":1"
#define ONLINE(who) "presence {\"presence\":\"online\"," who "}"
#define WILL(who) "presence {\"presence\":\"stale\",\"cause\":\"connection_lost\"," who "}"
#define BEAT(who, seq) "heartbeat {\"status\":\"idle\",\"interval_ms\":10000,\"seq\":" seq "," who "}"

static const struct story stories[] = {
    { "the same process, connected anew: nobody is alarmed",
      { ONLINE(FIRST), BEAT(FIRST, "1"), BEAT(FIRST, "2"), WILL(FIRST), ONLINE(AGAIN), BEAT(AGAIN, "3") },
      AGAIN,
      1 },
    { "another process: it may be taken for the older one's predecessor, until it beats again",
      { ONLINE(FIRST), BEAT(FIRST, "1"), BEAT(FIRST, "2"), WILL(FIRST), ONLINE(OTHER), BEAT(OTHER, "1") },
      OTHER,
      3 },
};

struct scene {
    struct world world;
    unsigned events;
};

static void on_event(void *user, const struct node *queen, struct text json)
{
    (void)queen, (void)json;
    ((struct scene *)user)->events++;
}

static const struct world_events world_events = { .event = on_event };

static void act(struct scene *scene, const char *line)
{
    struct errbuf e = { 0 };
    if (script_do(&scene->world, line, &e) != OK)
        fail_msg("%s: %s", line, e.text);
}

static void publish(struct scene *scene, const char *message)
{
    char line[256];
    snprintf(line, sizeof line, "publish d1 default/w1/%s", message);
    act(scene, line);
    world_run(&scene->world, scene->world.network.now + 2);
}

/* The `number`th order of what is there. */
static void order_of(unsigned number, const char *const messages[COUNT], const char *ret[COUNT])
{
    const char *left[COUNT];
    memcpy(left, messages, sizeof left);
    for (unsigned count = COUNT; count > 0; number /= count, count--) {
        unsigned at = number % count;
        ret[COUNT - count] = left[at];
        memmove(left + at, left + at + 1, (count - at - 1) * sizeof left[0]);
    }
}

static void beat_on(struct scene *scene, const char *who)
{
    char beat[192];
    for (int seq = 0; seq < BEATS; seq++) {
        world_run(&scene->world, scene->world.network.now + 8000);
        snprintf(beat, sizeof beat, "heartbeat {\"status\":\"idle\",\"interval_ms\":10000,\"seq\":%d,%s}", 10 + seq,
                 who);
        publish(scene, beat);
    }
}

static void play(const struct story *story, unsigned number)
{
    struct scene scene = { 0 };
    const char *messages[COUNT];
    char state[32];
    world_init(&scene.world, 1);
    world_watch(&scene.world, &world_events, &scene);
    act(&scene, "queen q1");
    act(&scene, "connect d1");
    world_run(&scene.world, 1000);
    scene.events = 0; /* that the queen is live was one */
    order_of(number, story->messages, messages);
    for (size_t i = 0; i < COUNT; i++)
        publish(&scene, messages[i]);
    beat_on(&scene, story->goes_on);
    inspect_state(world_find(&scene.world, "q1"), "default", "w1", state);
    if (strcmp(state, "online") != 0 || scene.events > story->events_max) {
        puts(buf_str(&scene.world.trace.text));
        fail_msg("%s: order %u: %s in the end, %u events", story->what, number, state, scene.events);
    }
    world_clear(&scene.world);
}

static void every_order_ends_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(stories); i++)
        for (unsigned number = 0; number < ORDERS; number++)
            play(&stories[i], number);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(every_order_ends_the_same) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
