#include "queen_script.h"

#include "change.h"
#include "queen_news.h"
#include "step.h"
#include "unreachable.h"

#define FIVE                                                                                 \
    "unknown -> online (birth), online -> stale (process_exited), stale -> online (birth), " \
    "online -> stale (process_exited), stale -> online (birth)"
#define SIX FIVE ", online -> stale (process_exited)"
#define OLD_BIRTH "{\"presence\":\"online\",\"session\":\"0000000000000001\",\"connection\":1,\"retain_s\":1000}"
#define FLAPS "up; birth 1.1; crash 1.1; birth 2.1; crash 2.1; birth 3.1; "

/* Five changes of one worker are announced at once, and its death; then its state of the moment when ten seconds are
 * over. */
static void a_worker_that_flaps_is_summed_up(void **state)
{
    static const struct row rows[] = {
        { "its death does not wait", FLAPS "crash 3.1", SIX " | stale" },
        { "that it is back does", FLAPS "crash 3.1; birth 4.1; wait 9000", SIX " | online" },
        { "and is announced then", FLAPS "crash 3.1; birth 4.1; wait 11000", SIX ", stale -> online (birth) | online" },
        { "back to what was announced: nothing is owed", FLAPS "crash 3.1; birth 4.1; crash 4.1; wait 11000",
          SIX " | stale" },
        { "no other death either", FLAPS "crash 3.1; birth 4.1; bye 4.1; wait 9000", SIX " | offline" },
        { "forgotten: that is announced at once, and nothing after it",
          FLAPS "crash 3.1; birth 4.1; delete force; wait 11000",
          SIX ", clear heartbeat, clear presence, clear witness, stale -> forgotten (forgotten), 204 | gone" },
        { "another worker of the same hive does not wait", FLAPS "crash 3.1; birth 4.1; birth 1.1 @w2; crash 1.1 @w2",
          SIX ", default/w2 unknown -> online (birth), default/w2 online -> stale (process_exited) | online" },
    };
    (void)state;
    ROWS_CHECK(rows);
}

static void what_is_summed_up_is_counted(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, FLAPS "crash 3.1");
    assert_null(strstr(buf_str(&scene.event), "\"changes\""));
    scene_run(&scene, "birth 4.1; crash 4.1; birth 5.1");
    assert_int_equal(announce_count(&scene.queen->announcing), 1);
    scene_run(&scene, "wait 11000");
    assert_int_equal(announce_count(&scene.queen->announcing), 0);
    assert_non_null(strstr(buf_str(&scene.event), "\"changes\":3"));
    assert_non_null(strstr(buf_str(&scene.event), "\"flags\":[\"flapping\"]"));
    assert_string_equal(buf_str(&scene.verdict), buf_str(&scene.event));
    scene_run(&scene, "wait 60000; crash 5.1");
    assert_null(strstr(buf_str(&scene.event), "\"changes\""));
    scene_clear(&scene);
}

#define DOWN "; will 1.1 @h1/; ack 10; wait 250; ack 10; "

static void that_a_hive_is_down_does_not_wait(void **state)
{
    static const struct row rows[] = {
        { "however often it came and went",
          "up; birth 1.1 @h1/" DOWN "birth 1.2 @h1/; will 1.2 @h1/; ack 10; wait 250; ack 10; birth 1.3 @h1/; "
          "will 1.3 @h1/; ack 10; wait 250; ack 10; birth 1.4 @h1/; wait 1",
          "hive/h1 unknown -> starting (birth), ask, poll, ask, hive/h1 starting -> down (last_will), "
          "hive/h1 down -> starting (birth), ask, poll, ask, hive/h1 starting -> down (last_will), "
          "hive/h1 down -> starting (birth), ask, poll, ask, hive/h1 starting -> down (last_will), poll | gone" },
        { "nor where it is no worse than what was announced",
          "up; birth 1.1 @h1/; bye 1.1 @h1/; birth 2.1 @h1/; bye 2.1 @h1/; birth 3.1 @h1/; bye 3.1 @h1/; "
          "birth 4.1 @h1/; will 4.1 @h1/; ack 10; wait 250; ack 10",
          "hive/h1 unknown -> starting (birth), hive/h1 starting -> offline (goodbye), "
          "hive/h1 offline -> starting (birth), hive/h1 starting -> offline (goodbye), "
          "hive/h1 offline -> starting (birth), hive/h1 starting -> offline (goodbye), ask, poll, ask, "
          "hive/h1 offline -> down (last_will) | gone" },
    };
    (void)state;
    ROWS_CHECK(rows);
}

/* R18. Births beyond the ration may wait; deaths of those whose births were announced never do. */
static void a_mass_death_is_announced_at_once(void **state)
{
    struct scene scene;
    unsigned before;
    (void)state;
    begin(&scene);
    before = scene.events;
    say_of_all(&scene, "h1", BIRTH);
    assert_int_equal(scene.events - before, RATION_NEWS);
    assert_int_equal(owed(&scene), FLEET - RATION_NEWS);
    scene_check_health(&scene, "\"status\":\"warn\"");
    scene_check_health(&scene, "\"events:owed\":[{\"observedValue\":500");
    scene_check_health(&scene, "\"events:rationed_hive\":[{\"observedValue\":\"h1\"");
    before = scene.events;
    for (unsigned i = 0; i < RATION_NEWS; i++)
        say(&scene, "h1", i, CRASH, 0);
    assert_int_equal(scene.events - before, RATION_NEWS);
    before = scene.events;
    say(&scene, "h2", 1, BIRTH, 0); /* and another hive has its own */
    say(&scene, "h2", 1, CRASH, 0);
    assert_int_equal(scene.events - before, 2);
    scene_clear(&scene);
}

static void what_is_owed_comes_as_tokens_come(void **state)
{
    struct scene scene;
    const struct share *share;
    unsigned before, established;
    (void)state;
    begin(&scene);
    say_of_all(&scene, "h1", BIRTH);
    before = scene.events;
    share = registry_find(&scene.queen->registry, TEXT("h1"), TEXT("w1"))->share;
    established = (unsigned)(share->has[RATION_WORKERS] - share->has[RATION_WEAK]);
    scene_run(&scene, "wait 1000");
    assert_int_equal(scene.events - before, RATION_NEWS_PER_S + established / RATION_NEWS_EACH_S);
    say(&scene, "h1", FLEET - 1, CRASH, 0); /* of which nothing was announced: ahead of the births */
    scene_run(&scene, "wait 100");
    assert_int_equal(registry_find(&scene.queen->registry, TEXT("h1"), TEXT("w10499"))->announced, STATE_STALE);
    scene_run(&scene, "wait 60000");
    assert_int_equal(owed(&scene), 0);
    scene_clear(&scene);
}

/* Of one that lived for long the death is announced without a token, once. */
static void the_death_of_an_established_one_is_free(void **state)
{
    struct scene scene;
    unsigned before;
    struct record *record;
    (void)state;
    begin(&scene);
    say_of_all(&scene, "h1", BIRTH);
    record = registry_find(&scene.queen->registry, TEXT("h1"), TEXT("w10499"));
    record->established = true;
    before = scene.events;
    say(&scene, "h1", FLEET - 1, CRASH, 0);
    assert_int_equal(scene.events - before, 1);
    assert_int_equal(record->announced, STATE_STALE);
    scene_clear(&scene);
}

/* Where the broker is slow the changes wait here, not in the queue behind it, and hives take turns. */
static void a_hive_does_not_wait_behind_another(void **state)
{
    struct scene scene;
    unsigned before;
    (void)state;
    begin(&scene);
    for (unsigned i = 0; i < 3000; i++)
        say(&scene, "loud", i, BIRTH, 0);
    say(&scene, "quiet", 1, BIRTH, 0);
    before = scene.events;
    for (unsigned i = 0; i < 3000; i++)
        say(&scene, "loud", i, CRASH, BUSY);
    say(&scene, "quiet", 1, CRASH, BUSY);
    assert_int_equal(scene.events, before);
    assert_int_equal(owed(&scene), 3001);
    assert_in_range(queen_deadline(scene.queen), scene.now + 1, scene.now + 10);
    scene_step(&scene, (struct input){ .kind = INPUT_PACKET });
    assert_in_range(scene.events - before, 10, 100); /* a slice, and in it: */
    assert_int_equal(registry_find(&scene.queen->registry, TEXT("quiet"), TEXT("w1"))->announced, STATE_STALE);
    scene_run(&scene, "wait 2000");
    assert_int_equal(scene.events - before, 3001);
    scene_clear(&scene);
}

/* What is announced without a link is kept for the next one, as long as that is not much: it waits for nothing, and
 * what has waited comes out, in slices without a pause. */
static void a_link_that_is_lost_holds_up_nobody(void **state)
{
    struct scene scene;
    unsigned before;
    (void)state;
    begin(&scene);
    for (unsigned i = 0; i < 3 * STEP_RECORDS; i++)
        say(&scene, "h1", i, BIRTH, BUSY);
    assert_int_equal(owed(&scene), 3 * STEP_RECORDS);
    before = scene.events;
    scene_run(&scene, "down");
    scene_step(&scene, (struct input){ .kind = INPUT_TICK, .unsent = STEP_RECORDS });
    assert_in_range(scene.events - before, STEP_RECORDS, 2 * STEP_RECORDS);
    assert_int_equal(queen_deadline(scene.queen), scene.now);
    while (owed(&scene) > 0)
        scene_step(&scene, (struct input){ .kind = INPUT_TICK, .unsent = scene.events - before });
    before = scene.events;
    scene_run(&scene, "post 1.1.1");
    assert_int_equal(scene.events - before, 1);
    scene_clear(&scene);
}

/* Some is for the next link, but nothing that a queue cannot hold. */
static void what_is_owed_outlasts_the_link(void **state)
{
    struct scene scene;
    unsigned before, without;
    (void)state;
    begin(&scene);
    for (unsigned i = 0; i < 5000; i++)
        say(&scene, "h1", i, BIRTH, 0);
    before = scene.events;
    for (unsigned i = 0; i < 5000; i++)
        say(&scene, "h1", i, CRASH, BUSY);
    assert_int_equal(owed(&scene), 5000);
    scene_step(&scene, (struct input){ .kind = INPUT_LINK_DOWN, .why = "cut" });
    for (unsigned i = 0; i < 50; i++)
        scene_step(&scene, (struct input){ .kind = INPUT_TICK, .unsent = scene.events - before });
    without = scene.events - before;
    assert_in_range(without, 500, 1100); /* and that the queen is blind */
    assert_in_range(owed(&scene), 4000, 4500);
    scene_run(&scene, "up; wait 5000");
    assert_int_equal(owed(&scene), 0);
    assert_in_range(scene.events - before, 5000, 5002);
    scene_clear(&scene);
}

/* What a step announces is counted against the room that there was when it began. */
static void one_step_announces_no_more_than_there_is_room_for(void **state)
{
    struct scene scene;
    unsigned before, steps = 0;
    (void)state;
    begin(&scene);
    for (unsigned i = 0; i < 3 * STEP_RECORDS; i++)
        say(&scene, "h1", i, BIRTH, 0);
    scene_run(&scene, "birth 1.1 @h1/");
    scene_http(&scene, &(struct http_request){
                           .method = "DELETE", .path = "/v1/hives/h1", .query = TEXT("workers=true&force=true") });
    while (scene.queen->registry.count > 0) {
        before = scene.events;
        scene_step(&scene, (struct input){ .kind = INPUT_TICK });
        assert_in_range(scene.events - before, 0, ROOM);
        steps++;
    }
    assert_in_range(steps, 3, 4);
    for (unsigned i = 0; i < 3 * STEP_RECORDS; i++)
        say(&scene, "h2", i, BIRTH, 0);
    for (ms_t end = scene.now + 120000; scene.now < end; scene.now = queen_deadline(scene.queen)) { /* all silent */
        before = scene.events;
        scene_step(&scene, (struct input){ .kind = INPUT_TICK });
        assert_in_range(scene.events - before, 0, ROOM);
    }
    assert_int_not_equal(registry_find(&scene.queen->registry, TEXT("h2"), TEXT("w1"))->announced, STATE_ONLINE);
    scene_clear(&scene);
}

/* Nothing is left behind of what was forgotten. */
static void who_is_forgotten_is_owed_nothing(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, FLAPS "crash 3.1; birth 4.1");
    assert_int_equal(owed(&scene), 1); /* for it flaps */
    scene_run(&scene, "delete force");
    assert_int_equal(owed(&scene), 0);
    scene_clear(&scene);
    begin(&scene);
    say(&scene, "h1", 1, BIRTH, BUSY);
    assert_int_equal(owed(&scene), 1); /* for the broker is slow */
    say(&scene, "h1", 1, CRASH, BUSY);
    say(&scene, "h1", 1, "", BUSY);
    assert_int_equal(owed(&scene), 0);
    scene_clear(&scene);
}

/* Expected workers let their hive say as much as others do. */
static void the_expected_count_as_established(void **state)
{
    struct buf list = BUF_INIT;
    struct queen_options options = scene_options;
    struct scene scene;
    unsigned before;
    (void)state;
    for (unsigned i = 0; i < FLEET; i++)
        buf_printf(&list, "h1/w%u\n", i);
    options.max_workers = 3 * FLEET;
    options.expect = buf_text(&list);
    scene_init_with(&scene, &options);
    scene_run(&scene, "up");
    worker(&scene, 1)->share->news[false] = (struct bucket){ scene.now, 1000L * RATION_NEWS };
    say_of_all(&scene, "h1", BIRTH);
    assert_int_equal(owed(&scene), FLEET - RATION_NEWS);
    before = scene.events;
    scene_run(&scene, "wait 1000");
    assert_int_equal(scene.events - before, RATION_NEWS_PER_S + 1 + FLEET / RATION_NEWS_EACH_S);
    scene_clear(&scene);
    buf_clear(&list);
}

/* The incident of its workers is named by the event of its being down, which goes first. */
static void an_incident_is_named_by_its_event(void **state)
{
    struct scene scene;
    struct record *hive, *worker;
    struct evidence evidence;
    char incident[64];
    (void)state;
    begin(&scene);
    scene_run(&scene, "birth 1.1 @h1/; birth 1.1 @h1/w1; bye 1.1 @h1/; birth 2.1 @h1/");
    hive = registry_find(&scene.queen->registry, TEXT("h1"), (struct text){ 0 });
    worker = registry_find(&scene.queen->registry, TEXT("h1"), TEXT("w1"));
    hive->announced = STATE_OFFLINE; /* so that its being down is no news that was paid for, and the worker's is */
    evidence = evidence_now(scene.queen, hive, PATH_WILL, RESULT_NO_SUBSCRIBER);
    queen_enter(scene.queen, scene.now, scene.wall, &scene.outbox);
    scene.queen->announcing.unsent = BUSY;
    change_state(scene.queen, hive, STATE_STALE, CAUSE_LAST_WILL, evidence);
    unreachable_or_stale(scene.queen, worker, CAUSE_LAST_WILL, evidence);
    queen_leave(scene.queen);
    assert_int_equal(owed(&scene), 2);
    scene_run(&scene, "wait 100");
    assert_int_equal(hive->announced, STATE_STALE);
    assert_int_equal(worker->announced, STATE_UNREACHABLE);
    assert_true(hive->event_id < worker->event_id);
    snprintf(incident, sizeof incident, "\"incident\":\"hive:h1:%llu\"", (unsigned long long)hive->event_id);
    assert_non_null(strstr(buf_str(&scene.verdict), incident));
    scene_clear(&scene);
}

/* What was announced ends with an event, and its verdict stands until then. */
static void an_end_waits_for_the_broker(void **state)
{
    struct scene scene;
    unsigned before;
    (void)state;
    begin(&scene);
    say(&scene, "h1", 1, BIRTH, 0);
    say(&scene, "h1", 1, CRASH, 0);
    before = scene.events;
    buf_reset(&scene.trace);
    say(&scene, "h1", 1, "", BUSY);
    assert_int_equal(scene.queen->registry.count, 0);
    assert_int_equal(scene.events, before);
    assert_true(scene.verdict.len > 0);
    assert_int_equal(owed(&scene), 1);
    assert_string_equal(buf_str(&scene.trace), "");
    scene_run(&scene, "wait 100");
    assert_string_equal(buf_str(&scene.trace), "clear heartbeat, clear witness, h1/w1 stale -> forgotten (forgotten)");
    assert_int_equal(scene.verdict.len, 0);
    assert_int_equal(owed(&scene), 0);
    scene_clear(&scene);
}

/* Else a hive could fill the memory by what it clears. What nobody gets takes no id: ids have no gaps. */
static void the_end_of_what_was_not_announced_does_not_wait(void **state)
{
    struct scene scene;
    uint64_t id;
    (void)state;
    begin(&scene);
    say(&scene, "h1", 1, BIRTH, BUSY);
    registry_find(&scene.queen->registry, TEXT("h1"), TEXT("w1"))->established = true;
    say(&scene, "h1", 1, CRASH, BUSY);
    id = scene.queen->next_event;
    say(&scene, "h1", 1, "", BUSY);
    assert_int_equal(scene.queen->next_event, id);
    assert_int_equal(scene.queen->registry.count, 0);
    assert_int_equal(owed(&scene), 0);
    scene_clear(&scene);
}

/* Then nothing has ended: the last verdict stands, and none of its topics is cleared. */
static void who_returns_before_its_end_is_announced_has_not_ended(void **state)
{
    struct scene scene;
    unsigned before;
    (void)state;
    begin(&scene);
    say(&scene, "h1", 1, BIRTH, 0);
    say(&scene, "h1", 1, CRASH, 0);
    say(&scene, "h1", 1, "", BUSY);
    before = scene.events;
    buf_reset(&scene.trace);
    say(&scene, "h1", 1, BIRTH, BUSY);
    assert_int_equal(registry_find(&scene.queen->registry, TEXT("h1"), TEXT("w1"))->announced, STATE_STALE);
    scene_run(&scene, "wait 100");
    assert_int_equal(scene.events, before + 1);
    assert_string_equal(buf_str(&scene.trace), "h1/w1 stale -> online (birth)");
    assert_non_null(strstr(buf_str(&scene.event), "\"changes\":"));
    assert_int_equal(scene.queen->registry.ended_count, 0);
    scene_clear(&scene);
}

/* The death of another hive's worker has its turn among the ends of one that is forgotten as a whole. */
static void a_hive_that_is_forgotten_is_announced_in_turns(void **state)
{
    struct scene scene;
    struct http_response response;
    unsigned before;
    (void)state;
    begin(&scene);
    for (unsigned i = 0; i < 3000; i++)
        say(&scene, "loud", i, BIRTH, 0);
    say(&scene, "quiet", 1, BIRTH, 0);
    before = scene.events;
    response = scene_http(&scene, &(struct http_request){ .method = "DELETE",
                                                          .path = "/v1/hives/loud",
                                                          .query = TEXT("workers=true&force=true") });
    assert_int_equal(response.status, 202);
    for (unsigned i = 0; i < 3000 / STEP_RECORDS + 1; i++)
        scene_step(&scene, (struct input){ .kind = INPUT_TICK, .unsent_states = BUSY });
    assert_int_equal(scene.queen->registry.count, 1);
    assert_in_range(scene.events - before, 0, 1);
    say(&scene, "quiet", 1, CRASH, BUSY);
    scene_step(&scene, (struct input){ .kind = INPUT_PACKET });
    assert_in_range(scene.events - before, 5, 50);
    assert_int_equal(registry_find(&scene.queen->registry, TEXT("quiet"), TEXT("w1"))->announced, STATE_STALE);
    scene_run(&scene, "wait 5000");
    assert_int_equal(scene.events - before, 3001);
    assert_int_equal(owed(&scene), 0);
    scene_clear(&scene);
}

/* ... and one now and then though the broker takes none of the verdicts of others. */
static void ends_do_not_wait_for_the_retained_messages_of_others(void **state)
{
    struct scene scene;
    unsigned before;
    (void)state;
    begin(&scene);
    for (unsigned i = 0; i < 10; i++)
        say(&scene, "h1", i, BIRTH, 0);
    before = scene.events;
    (void)scene_http(
        &scene,
        &(struct http_request){ .method = "DELETE", .path = "/v1/hives/h1", .query = TEXT("workers=true&force=true") });
    for (unsigned i = 0; i < 10; i++) {
        scene.now += 10;
        scene_step(&scene, (struct input){ .kind = INPUT_TICK, .unsent_states = BUSY });
        assert_in_range(scene.events - before, i, i + 1);
    }
    scene_clear(&scene);
}

/* Live copies of who was forgotten, as a bridge sends them, or a hive that wants topics to be cleared. Those that the
 * broker had stored come once. */
static void live_copies_of_the_forgotten_are_cleared_as_often_as_their_hive_may(void **state)
{
    struct scene scene;
    struct message message = { .topic = TEXT("skep/v1/hive/h1/worker/w1/presence"), .payload = TEXT(OLD_BIRTH) };
    (void)state;
    begin(&scene);
    say(&scene, "h1", 1, BIRTH, 0);
    (void)scene_http(&scene, &(struct http_request){
                                 .method = "DELETE", .path = "/v1/hives/h1/workers/w1", .query = TEXT("force=true") });
    message.has_expiry = true;
    message.expiry_s = 1;
    scene.clears = 0;
    for (unsigned i = 0; i < 2 * RATION_CLEARS; i++)
        scene_step(&scene, (struct input){ .kind = INPUT_MESSAGE, .message = &message });
    assert_int_equal(scene.clears, RATION_CLEARS);
    message.retain = true;
    for (unsigned i = 0; i < 10; i++)
        scene_step(&scene, (struct input){ .kind = INPUT_MESSAGE, .message = &message });
    assert_int_equal(scene.clears, RATION_CLEARS + 10);
    scene_check_health(&scene, "\"clears:refused\":[{\"observedValue\":1000,\"status\":\"warn\"");
    scene_check_health(&scene, "\"clears:rationed_hive\":[{\"observedValue\":\"h1\"");
    scene_clear(&scene);
}

/* No room is left, and all are h1's. */
static void fill_with_one_hive(struct scene *scene)
{
    struct queen_options options = scene_options;
    options.max_workers = RATION_ENDS_PART;
    scene_init_with(scene, &options);
    scene_run(scene, "up");
    for (unsigned i = 1; i <= RATION_ENDS_PART; i++)
        say(scene, "h1", i, BIRTH, 0);
    buf_reset(&scene->trace);
}

static void what_makes_room_ends_with_an_event(void **state)
{
    struct scene scene;
    (void)state;
    fill_with_one_hive(&scene);
    say(&scene, "h2", 1, BIRTH, BUSY);
    assert_non_null(registry_find(&scene.queen->registry, TEXT("h2"), TEXT("w1")));
    assert_string_equal(buf_str(&scene.trace), "");
    scene_run(&scene, "wait 100");
    assert_string_equal(buf_str(&scene.trace),
                        "h1/w1 online -> forgotten (forgotten), h2/w1 unknown -> online (birth)");
    scene_clear(&scene);
}

/* Where the broker is so slow that more of them wait than may: those that wait are told at once, and only for other
 * hives. */
static void many_ends_of_a_hive_make_room_for_others(void **state)
{
    struct scene scene;
    (void)state;
    fill_with_one_hive(&scene);
    say(&scene, "h2", 1, BIRTH, BUSY);
    say(&scene, "h1", 99, BIRTH, BUSY);
    assert_null(registry_find(&scene.queen->registry, TEXT("h1"), TEXT("w99")));
    assert_string_equal(buf_str(&scene.trace), "");
    say(&scene, "h2", 2, BIRTH, BUSY);
    assert_non_null(registry_find(&scene.queen->registry, TEXT("h2"), TEXT("w2")));
    assert_string_equal(buf_str(&scene.trace), "h1/w1 online -> forgotten (forgotten)");
    assert_int_equal(scene.queen->registry.count, RATION_ENDS_PART);
    assert_int_equal(scene.queen->registry.ended_count, 1);
    scene_clear(&scene);
}

/* Each costs a token: a birth and its end, again and again, without end. */
static void forgetting_makes_no_events_without_limit(void **state)
{
    struct scene scene;
    unsigned before;
    (void)state;
    begin(&scene);
    say(&scene, "h1", 3 * FLEET, BIRTH, 0);
    before = scene.events;
    for (unsigned i = 0; i < 2 * FLEET; i++) {
        say(&scene, "h1", i, BIRTH, 0);
        say(&scene, "h1", i, CRASH, 0);
        say(&scene, "h1", i, "", 0);
    }
    assert_int_equal(scene.events - before, 3 * (RATION_NEWS - 1));
    assert_int_equal(scene.queen->registry.count, 1);
    assert_int_equal(owed(&scene), 0);
    scene_clear(&scene);
}

/* What a will makes silent stays so, also of one whose birth is owed; and what was owed before it is owed after it. */
static void silence_stays_silent(void **state)
{
    static const char will[] =
        "{\"presence\":\"stale\",\"cause\":\"connection_lost\",\"session\":\"0000000000000001\",\"connection\":1}";
    struct scene scene;
    const struct record *record;
    unsigned before;
    (void)state;
    begin(&scene);
    say(&scene, "h1", 1, BIRTH, BUSY);
    record = registry_find(&scene.queen->registry, TEXT("h1"), TEXT("w1"));
    before = scene.events;
    say(&scene, "h1", 1, will, 0);
    assert_int_equal(record->state, STATE_SUSPECT);
    scene_run(&scene, "wait 100");
    assert_int_equal(scene.events, before);
    say(&scene, "h1", 1, BIRTH, 0);
    assert_int_equal(scene.events - before, 1);
    assert_int_equal(record->announced, STATE_ONLINE);
    scene_clear(&scene);
}

/* Later evidence is published when its turn comes, too. */
static void revisions_wait_as_well(void **state)
{
    struct scene scene;
    unsigned before;
    (void)state;
    begin(&scene);
    say(&scene, "h1", 1, BIRTH, 0);
    say(&scene, "h1", 1, "{\"presence\":\"online\",\"session\":\"0000000000000002\",\"connection\":1}", 0);
    before = scene.verdicts;
    say(&scene, "h1", 1, BIRTH, BUSY); /* a conflict */
    assert_int_equal(scene.verdicts, before);
    assert_int_equal(owed(&scene), 1);
    scene_step(&scene, (struct input){ .kind = INPUT_PACKET });
    assert_int_equal(scene.verdicts, before + 1);
    assert_non_null(strstr(buf_str(&scene.verdict), "\"revision\":2"));
    assert_non_null(strstr(buf_str(&scene.verdict), "\"conflict\""));
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_worker_that_flaps_is_summed_up),
        cmocka_unit_test(what_is_summed_up_is_counted),
        cmocka_unit_test(that_a_hive_is_down_does_not_wait),
        cmocka_unit_test(a_mass_death_is_announced_at_once),
        cmocka_unit_test(what_is_owed_comes_as_tokens_come),
        cmocka_unit_test(the_death_of_an_established_one_is_free),
        cmocka_unit_test(a_hive_does_not_wait_behind_another),
        cmocka_unit_test(a_link_that_is_lost_holds_up_nobody),
        cmocka_unit_test(what_is_owed_outlasts_the_link),
        cmocka_unit_test(one_step_announces_no_more_than_there_is_room_for),
        cmocka_unit_test(who_is_forgotten_is_owed_nothing),
        cmocka_unit_test(the_expected_count_as_established),
        cmocka_unit_test(an_incident_is_named_by_its_event),
        cmocka_unit_test(an_end_waits_for_the_broker),
        cmocka_unit_test(the_end_of_what_was_not_announced_does_not_wait),
        cmocka_unit_test(who_returns_before_its_end_is_announced_has_not_ended),
        cmocka_unit_test(a_hive_that_is_forgotten_is_announced_in_turns),
        cmocka_unit_test(ends_do_not_wait_for_the_retained_messages_of_others),
        cmocka_unit_test(live_copies_of_the_forgotten_are_cleared_as_often_as_their_hive_may),
        cmocka_unit_test(what_makes_room_ends_with_an_event),
        cmocka_unit_test(many_ends_of_a_hive_make_room_for_others),
        cmocka_unit_test(forgetting_makes_no_events_without_limit),
        cmocka_unit_test(silence_stays_silent),
        cmocka_unit_test(revisions_wait_as_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
