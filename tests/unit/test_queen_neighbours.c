/* test_queen_neighbours.c - R14: before a verdict by will those beside the lost worker are asked. */
#include "queen_script.h"

#define BORN "unknown -> online (birth)"
#define BOTH "up; birth 1.1 @w1; birth 1.1 @w2; "
#define FAR "up; birth 1.1 @w1; say \"connect_ms\":500; birth 1.1 @w2; say; "
#define DIES "will 1.1 @w1; ack 10; wait 250; ack 10; "
#define ASKED BORN ", default/w2 " BORN ", ask, ask, ask"
#define LOST ", online -> stale (last_will) | stale"

static void a_neighbour_is_asked_before_the_verdict(void **state)
{
    static const struct row rows[] = {
        { "the verdict waits for its answer", BOTH DIES, ASKED " | suspect" },
        { "it answers", BOTH DIES "reply", ASKED LOST },
        { "... or beats behind the request", BOTH DIES "wait 10; beat 1.1.0 @w2; ack 0; wait 1000", ASKED LOST },
        { "... or is not to be asked", BOTH DIES "ack 87", ASKED LOST },
        { "it does not: silently suspect, and three losses are no storm", BOTH DIES "ack 0; wait 1000", ASKED LOST },
        { "... announced after 5 s, and verified", BOTH DIES "ack 0; wait 6000",
          ASKED ", online -> stale (last_will), default/w2 online -> suspect (no_reply), verify | stale" },
        { "nobody subscribes, twice", BOTH DIES "ack 10; wait 250; ack 10", ASKED ", ask" LOST },
        { "it is back meanwhile", BOTH DIES "ack 10; wait 1; birth 1.2 @w2; wait 249; ack 10; wait 6000",
          ASKED ", ask" LOST },
        { "it is forgotten", BOTH DIES "delete force @w2",
          ASKED ", clear heartbeat, clear presence, clear witness, default/w2 online -> forgotten (forgotten), "
                "online -> stale (last_will), 204 | stale" },
        { "the lost one is back", BOTH DIES "birth 1.2 @w1; reply", ASKED " | online" },
        { "one of another group is none", "up; birth 1.1 @w1; birth 1.1 @other/w2; " DIES,
          BORN ", other/w2 " BORN ", ask, ask" LOST },
        { "nor one that answers no requests", "up; birth 1.1 @w1; mute_birth 1.1 @w2; " DIES,
          BORN ", default/w2 " BORN ", ask, ask" LOST },
        { "far away: it has as long as two connects more", FAR DIES "ack 0; wait 1999", ASKED " | suspect" },
        { "... and no longer", FAR DIES "ack 0; wait 2000", ASKED LOST },
        { "nor one that is heard over HTTP", "up; birth 1.1 @w1; birth 1.1 @w2; bye 1.1 @w2; post 2.1.1 @w2; " DIES,
          BORN ", default/w2 " BORN ", default/w2 online -> offline (goodbye), "
               "default/w2 offline -> online (heartbeat), 202, ask, ask" LOST },
        { "nor one that stands still",
          "up; birth 1.1 @w1; birth 1.1 @w2; demand @w2; wait 7; answer stalled @w2; " DIES,
          BORN ", default/w2 " BORN ", verify, default/w2 online -> zombie (stalled), ask, ask" LOST },
        { "R12: the link is lost: asked again one grace after the snapshot",
          BOTH DIES "down; up; birth 1.2 @w2; wait 35000; ack 10; wait 250; ack 10; reply",
          ASKED ", ask, ask, ask" LOST },
    };
    (void)state;
    ROWS_CHECK(rows);
}

/* One question is out, to four; 16 more are asked while there is no answer, until that is a storm. */
static void the_work_is_bounded(void **state)
{
    struct scene scene;
    char step[64];
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up");
    for (int i = 0; i < 30; i++) {
        snprintf(step, sizeof step, "birth 1.1 @w%d", i);
        scene_run(&scene, step);
    }
    scene_run(&scene, "wait 11000; will 1.1 @w0; ack 10; wait 250; ack 10");
    assert_int_equal(scene.asked_count, 4);
    scene_run(&scene, "ack 0; ack 0; ack 0; ack 0; wait 1000");
    assert_int_equal(scene.queen->registry.counts[STATE_SUSPECT], 5); /* more than 15 % of 30 */
    assert_int_equal(scene.asked_count, 0);
    assert_int_equal(scene.queen->storm.held, 2); /* it, and the last one that did not answer */
    assert_null(scene.queen->neighbours);
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_neighbour_is_asked_before_the_verdict),
        cmocka_unit_test(the_work_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
