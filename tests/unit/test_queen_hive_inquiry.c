#include "queen_script.h"

#define READY "hive/h1 unknown -> starting (birth), poll, hive/h1 starting -> ready (verified), "
#define W1 "h1/w1 unknown -> online (birth)"
#define HIVE "up; birth 1.1 @h1/; wait 0; health pass @h1/"
#define UP HIVE "; birth 1.1 @h1/w1; "
#define BORN READY W1
#define WILL "will 1.1 @h1/w1; "
#define TWICE "ack 10; wait 250; ack 10"
#define DIES WILL TWICE
#define LOST ", h1/w1 online -> stale (last_will) | gone"
#define DOUBT DIES "; qack 0; wait 1500"
#define DOUBTED ", ask, question, ask, hive/h1 ready -> suspect (no_reply), poll"

static void r10_the_hive_is_asked_before_a_verdict(void **state)
{
    static const struct row rows[] = {
        { "the verdict waits for its answer", UP DIES, BORN ", ask, question, ask | gone" },
        { "... silently", UP DIES "; wait 9000", BORN ", ask, question, ask | gone" },
        { "it answers: the worker is judged by itself", UP DIES "; qack 0; qreply", BORN ", ask, question, ask" LOST },
        { "... before the worker is: that costs no time", UP WILL "qack 0; qreply; " TWICE,
          BORN ", ask, question, ask" LOST },
        { "an error is an answer, too, and so is a heartbeat behind the acknowledgement",
          UP DIES "; qack 0; wait 1; beat 1.1.0 @h1/; wait 1499", BORN ", ask, question, ask" LOST },
        { "who is lost while a question is out waits for the next one",
          UP "birth 1.1 @h1/w2; will 1.1 @h1/w2; " WILL "ack 10; ack 10; wait 250; ack 10; ack 10; qreply",
          BORN ", h1/w2 unknown -> online (birth), ask, question, ask, ask, ask, h1/w2 online -> stale (last_will), "
               "question | gone" },
        { "... and that one's answer",
          UP "birth 1.1 @h1/w2; will 1.1 @h1/w2; " WILL "ack 10; ack 10; wait 250; ack 10; ack 10; qreply; qreply",
          BORN ", h1/w2 unknown -> online (birth), ask, question, ask, ask, ask, h1/w2 online -> stale (last_will), "
               "question" LOST },
        { "who is back waits no more", UP WILL "qack 0; birth 1.2 @h1/w1; qreply; wait 9000",
          BORN ", ask, question | gone" },
        { "R11: the hive's witness goes first", UP WILL "witness 1 @h1/w1",
          BORN ", ask, question, h1/w1 online -> stale (process_exited) | gone" },
        { "the broker does not let it be asked", UP WILL "qack 87; " TWICE, BORN ", ask, question, ask" LOST },
        { "it answers no requests", "up; mute_birth 1.1 @h1/; wait 0; health pass @h1/; birth 1.1 @h1/w1; " DIES,
          BORN ", ask, ask" LOST },
        { "it is not ready yet", "up; birth 1.1 @h1/; birth 1.1 @h1/w1; " DIES,
          "hive/h1 unknown -> starting (birth), " W1 ", ask, poll, ask" LOST },
        { "another process of it takes its place: the worker is judged by itself", UP DIES "; birth 2.1 @h1/",
          BORN ", ask, question, ask, hive/h1 ready -> starting (birth), h1/w1 online -> stale (last_will) | gone" },
        { "it leaves", UP DIES "; bye 1.1 @h1/",
          BORN ", ask, question, ask, hive/h1 ready -> offline (goodbye), h1/w1 online -> stale (last_will) | gone" },
        { "it is forgotten", UP DIES "; delete force @h1/; wait 0",
          BORN ", ask, question, ask, clear heartbeat, clear presence, hive/h1 ready -> forgotten (forgotten), 204, "
               "h1/w1 online -> stale (last_will) | gone" },
        { "R12: the link is lost: both are asked one grace after the snapshot",
          UP DIES "; down; wait 9000; up; wait 34999; wait 1; qreply; " TWICE,
          BORN ", ask, question, ask, ask, question, ask" LOST },
    };
    (void)state;
    ROWS_CHECK(rows);
}

static void r10_silence_asks_as_well(void **state)
{
    static const struct row rows[] = {
        { "behind the proof that it is silent",
          HIVE "; say \"interval_ms\":10000; mute_birth 1.1 @h1/w1; say; wait 30000; ack 0",
          BORN ", h1/w1 online -> suspect (missed_heartbeats), probe, question | gone" },
        { "and is stale with the answer",
          HIVE "; say \"interval_ms\":10000; mute_birth 1.1 @h1/w1; say; wait 30000; ack 0; qreply",
          BORN ", h1/w1 online -> suspect (missed_heartbeats), probe, question, h1/w1 suspect -> stale "
               "(missed_heartbeats) | gone" },
        { "a late beat ends it",
          HIVE "; say \"interval_ms\":10000; mute_birth 1.1 @h1/w1; say; wait 30000; ack 0; beat 1.1.0 @h1/w1; qreply",
          BORN ", h1/w1 online -> suspect (missed_heartbeats), probe, question, h1/w1 suspect -> online (heartbeat) | "
               "gone" },
        { "who is heard by POST, too", HIVE "; say \"interval_ms\":10000; post 1.1.0 @h1/w1; say; wait 30000; qreply",
          READY
          "h1/w1 unknown -> online (heartbeat), 202, h1/w1 online -> suspect (missed_heartbeats), question, h1/w1 "
          "suspect -> stale (missed_heartbeats) | gone" },
        { "... but not without a link", HIVE "; say \"interval_ms\":10000; post 1.1.0 @h1/w1; say; down; wait 30000",
          READY "h1/w1 unknown -> online (heartbeat), 202, h1/w1 online -> suspect (missed_heartbeats), h1/w1 suspect "
                "-> stale (missed_heartbeats) | gone" },
        { "R12: the link is lost while it waits: silence judges anew, with its grace",
          HIVE "; say \"interval_ms\":10000; mute_birth 1.1 @h1/w1; say; wait 30000; ack 0; down; up; wait 34999",
          BORN ", h1/w1 online -> suspect (missed_heartbeats), probe, question | gone" },
    };
    (void)state;
    ROWS_CHECK(rows);
}

static void r10_a_hive_that_does_not_answer_is_suspect(void **state)
{
    static const struct row rows[] = {
        { "not before 1.5 s after the acknowledgement", UP DIES "; qack 0; wait 1499",
          BORN ", ask, question, ask | gone" },
        { "then it is, and polled", UP DOUBT, BORN DOUBTED " | gone" },
        { "a slow link has two connects more",
          "up; say \"connect_ms\":600; birth 1.1 @h1/; wait 0; health pass @h1/; say; birth 1.1 @h1/w1; " DIES
          "; qack 0; wait 2699",
          BORN ", ask, question, ask | gone" },
        { "... and no more",
          "up; say \"connect_ms\":600; birth 1.1 @h1/; wait 0; health pass @h1/; say; birth 1.1 @h1/w1; " DIES
          "; qack 0; wait 2700",
          BORN DOUBTED " | gone" },
        { "nobody subscribed, twice", UP WILL "qack 10; " TWICE "; qack 10",
          BORN ", ask, question, ask, question, hive/h1 ready -> suspect (no_reply) | gone" },
        { "... once", UP WILL "qack 10; " TWICE "; qack 0; qreply", BORN ", ask, question, ask, question" LOST },
        { "its answer, however late, ends that; so long after it as it was silent its workers may come back",
          UP DOUBT "; qreply", BORN DOUBTED ", hive/h1 suspect -> ready (verified) | gone" },
        { "... and are lost then", UP DOUBT "; qreply; wait 1750",
          BORN DOUBTED ", hive/h1 suspect -> ready (verified), poll, h1/w1 online -> stale (last_will) | gone" },
        { "... or are back, and nothing was announced", UP DOUBT "; qreply; birth 1.2 @h1/w1; wait 1750",
          BORN DOUBTED ", hive/h1 suspect -> ready (verified), poll | gone" },
        { "... and so does its heartbeat", UP DOUBT "; beat 1.1.0 @h1/; wait 1750",
          BORN DOUBTED ", hive/h1 suspect -> ready (heartbeat), poll, h1/w1 online -> stale (last_will) | gone" },
        { "... or its answer to the poll", UP DOUBT "; health pass @h1/; wait 1750",
          BORN DOUBTED ", hive/h1 suspect -> ready (verified), h1/w1 online -> stale (last_will) | gone" },
        { "it is down: the worker is part of the incident", UP DOUBT "; will 1.1 @h1/; " TWICE,
          BORN DOUBTED
          ", ask, ask, hive/h1 suspect -> down (last_will), h1/w1 online -> unreachable (hive_down) | gone" },
        { "another worker is lost meanwhile: no further question",
          UP "birth 1.1 @h1/w2; " DOUBT "; will 1.1 @h1/w2; " TWICE,
          BORN ", h1/w2 unknown -> online (birth)" DOUBTED ", ask, ask | gone" },
        { "... and goes into the same incident",
          UP "birth 1.1 @h1/w2; " DOUBT "; will 1.1 @h1/w2; " TWICE "; will 1.1 @h1/; " TWICE,
          BORN ", h1/w2 unknown -> online (birth)" DOUBTED
               ", ask, ask, ask, ask, hive/h1 suspect -> down (last_will), h1/w1 online -> unreachable (hive_down), "
               "h1/w2 online -> unreachable (hive_down) | gone" },
        { "a worker that beats is none of its affair", UP DOUBT "; birth 1.2 @h1/w1; will 1.1 @h1/; " TWICE,
          BORN DOUBTED ", ask, ask, hive/h1 suspect -> down (last_will) | gone" },
    };
    (void)state;
    ROWS_CHECK(rows);
}

/* The poll goes on meanwhile; 30 s are counted from the will. */
static void r10_the_wait_has_an_end(void **state)
{
    struct scene scene;
    const struct record *worker;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, UP DOUBT "; wait 28249");
    worker = registry_find_name(&scene.queen->registry, TEXT("w1"));
    assert_int_equal(worker->state, STATE_SUSPECT);
    assert_int_equal(worker->announced, STATE_ONLINE);
    scene_run(&scene, "wait 1");
    assert_int_equal(worker->announced, STATE_STALE);
    assert_null(scene.queen->losses);
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r10_the_hive_is_asked_before_a_verdict),
        cmocka_unit_test(r10_silence_asks_as_well),
        cmocka_unit_test(r10_a_hive_that_does_not_answer_is_suspect),
        cmocka_unit_test(r10_the_wait_has_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
