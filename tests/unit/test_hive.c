#include "hive.h"

#include "hive_fixture.h"

#define W1 "worker/w1/witness"
#define W2 "worker/w2/witness"

static void a_roster_is_started(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_roster(&scene, "w2 w1");
    scene_expect(&scene, "without a link nothing is told", "START w1; START w2");
    assert_int_equal(hive_process(scene.hive, "w1")->state, WITNESS_RUNNING);
    assert_int_equal(hive_process(scene.hive, "w1")->pid, 101);
    assert_null(hive_process(scene.hive, "w3"));
    scene_clear(&scene);
}

static void witnesses_are_told_at_once(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_roster(&scene, "w1");
    scene_up(&scene);
    scene_forget(&scene);
    scene_exit(&scene, "w1", 9);
    assert_true(scene_told(&scene, "\"worker_id\":\"w1\",\"hive_id\":\"hive-a\",\"session\":\"11112222333344a9\","
                                   "\"pid\":null,\"state\":\"backoff\""));
    assert_true(scene_told(&scene, "\"signal\":\"SIGKILL\",\"oom\":null,\"session\":\"11112222333344a9\",\"pid\":101"));
    scene_expect(&scene, "a crash", "tell " W1 "; SWEEP w1");
    scene_wait(&scene, 999);
    scene_expect(&scene, "the backoff", "");
    scene_wait(&scene, 1);
    scene_expect(&scene, "the restart", "tell " W1 "; START w1; tell " W1);
    scene.cannot_start = true;
    scene_exit(&scene, "w1", 9);
    scene_wait(&scene, 2000);
    assert_true(scene_told(&scene, "\"state\":\"failed\",\"reason\":\"no such agent\""));
    scene_clear(&scene);
}

static void a_new_roster_changes_what_changed(void **state)
{
    static const struct {
        const char *why, *before, *after, *want;
    } rows[] = {
        { "nothing", "w1 w2", "w2 w1", "" },
        { "one more", "w1", "w1 w2", "tell " W2 "; START w2; tell " W2 },
        { "one less", "w1 w2", "w1", "tell " W2 "; TERM w2" },
        { "another definition", "w1 w2", "w1 w2=7", "tell " W2 "; TERM w2" },
        { "none", "w1 w2", "", "tell " W1 "; tell " W2 "; TERM w1; TERM w2" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene scene;
        scene_init(&scene);
        scene_roster(&scene, rows[i].before);
        scene_up(&scene);
        scene_forget(&scene);
        scene_roster(&scene, rows[i].after);
        scene_expect(&scene, rows[i].why, rows[i].want);
        scene_clear(&scene);
    }
}

static void who_is_not_listed_goes_for_good(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_roster(&scene, "w1 w2");
    scene_up(&scene);
    scene_roster(&scene, "w1");
    scene_forget(&scene);
    assert_non_null(strstr(scene_ask(&scene, "worker.start", "{\"worker_id\":\"w2\"}"), "\"not_found\""));
    scene_forget(&scene);
    scene_exit(&scene, "w2", 15);
    scene_expect(&scene, "when its process is over", "tell " W2 "; SWEEP w2; clear " W2);
    assert_null(hive_process(scene.hive, "w2"));
    scene_roster(&scene, "w1 w2");
    scene_expect(&scene, "it may come back", "tell " W2 "; START w2; tell " W2);
    scene_clear(&scene);
}

static void who_comes_back_while_it_ends_is_started_again(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_roster(&scene, "w1");
    scene_roster(&scene, "");
    scene_roster(&scene, "w1");
    scene_exit(&scene, "w1", 15);
    scene_expect(&scene, "once it has ended", "START w1; TERM w1; SWEEP w1; START w1");
    scene_clear(&scene);
}

static void a_policy_is_taken_over(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_roster(&scene, "w1");
    scene.roster.entries[0].restart = RESTART_NEVER;
    scene_take(&scene, (struct hive_input){ .kind = HIVE_ROSTER, .roster = &scene.roster });
    scene_exit(&scene, "w1", 9);
    assert_int_equal(hive_process(scene.hive, "w1")->state, WITNESS_EXITED);
    scene_expect(&scene, "and is no reason to restart", "START w1; SWEEP w1");
    scene_clear(&scene);
}

static void a_stopped_worker_stays_stopped(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_roster(&scene, "w1");
    scene_up(&scene);
    (void)scene_ask(&scene, "worker.stop", "{\"worker_id\":\"w1\"}");
    scene_exit(&scene, "w1", 15);
    scene_forget(&scene);
    scene_roster(&scene, "w1=7");
    scene_expect(&scene, "also with another definition", "");
    (void)scene_ask(&scene, "worker.start", "{\"worker_id\":\"w1\"}");
    scene_roster(&scene, "w1=7");
    scene_expect(&scene, "which its next start is by", "tell skep/v1-rpc/reply/me; tell " W1 "; START w1; tell " W1);
    scene_clear(&scene);
}

static void adopt(struct scene *scene, const char *worker, uint64_t fingerprint)
{
    scene_take(scene, (struct hive_input){ .kind = HIVE_ADOPT,
                                           .worker = worker,
                                           .birth = { 4711, 0xabc, SCENE_WALL - 60000, 3 },
                                           .fingerprint = fingerprint });
}

static void what_runs_already_is_adopted(void **state)
{
    static const struct {
        const char *why, *roster;
        uint64_t fingerprint;
        const char *want;
    } rows[] = {
        { "the same: left alone", "w1", 1, "" },
        { "another definition: started anew", "w1=7", 1, "TERM w1" },
        { "not listed: ended", "", 1, "TERM w1" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene scene;
        scene_init(&scene);
        adopt(&scene, "w1", rows[i].fingerprint);
        adopt(&scene, "w1", 9); /* it has a process already */
        scene_roster(&scene, rows[i].roster);
        scene_expect(&scene, rows[i].why, rows[i].want);
        assert_int_equal(hive_process(scene.hive, "w1")->pid, 4711);
        scene_clear(&scene);
    }
}

static void what_had_finished_is_not_started_again(void **state)
{
    static const struct {
        const char *why, *roster;
        enum restart_policy policy;
        int64_t code;
        const char *want;
    } rows[] = {
        { "the same: left alone", "w1=9", RESTART_NEVER, 3, "" },
        { "another definition", "w1=7", RESTART_NEVER, 0, "START w1" },
        { "on failure, and it was none", "w1=9", RESTART_ON_FAILURE, 0, "" },
        { "on failure, and it was one", "w1=9", RESTART_ON_FAILURE, 3, "START w1" },
        { "started for good by now", "w1=9", RESTART_ALWAYS, 0, "START w1" },
        { "not listed", "", RESTART_NEVER, 0, "" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct last_exit last = { .known = true, .code = rows[i].code, .session = 0xabc, .pid = 4711 };
        struct scene scene;
        scene_init(&scene);
        scene_take(&scene, (struct hive_input){ .kind = HIVE_FINISHED,
                                                .worker = "w1",
                                                .birth = { 4711, 0xabc, SCENE_WALL - 60000, 3 },
                                                .fingerprint = 9,
                                                .last = &last });
        scene.policy = rows[i].policy;
        scene_roster(&scene, rows[i].roster);
        scene_expect(&scene, rows[i].why, rows[i].want);
        scene_clear(&scene);
    }
}

static void what_cannot_be_recorded_fails_the_health(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene.cannot_record = true;
    scene.policy = RESTART_NEVER;
    scene_roster(&scene, "w1");
    scene_up(&scene);
    assert_non_null(strstr(scene_ask(&scene, "worker.list", ""), "\"state\":\"failed\",\"reason\":\"no space left\""));
    assert_non_null(strstr(scene_ask(&scene, "health", ""), "\"status\":\"fail\""));
    scene.cannot_record = false;
    scene_wait(&scene, 1000);
    assert_non_null(strstr(scene_ask(&scene, "health", ""), "\"status\":\"pass\""));
    assert_int_equal(hive_process(scene.hive, "w1")->state, WITNESS_RUNNING);
    scene_clear(&scene);
}

static void what_has_ended_meanwhile_is_started_again(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    adopt(&scene, "w1", 1);
    scene_roster(&scene, "w1");
    scene_take(&scene, (struct hive_input){ .kind = HIVE_EXITED, .worker = "w1" });
    scene_wait(&scene, 1000);
    scene_expect(&scene, "after a sweep", "SWEEP w1; START w1");
    assert_int_equal(hive_process(scene.hive, "w1")->last.session, 0xabc);
    assert_int_equal(hive_process(scene.hive, "w1")->restarts, 4);
    scene_clear(&scene);
}

static void a_stop_ends_all_and_says_goodbye(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_roster(&scene, "w1 w2");
    scene_up(&scene);
    scene_exit(&scene, "w2", 9);
    scene_forget(&scene);
    scene_step(&scene, (struct input){ .kind = INPUT_STOP });
    assert_true(scene_told(&scene, "\"status\":\"stopping\""));
    scene_expect(&scene, "asked to end", "tell heartbeat; tell " W1 "; tell " W2 "; TERM w1");
    scene_step(&scene, (struct input){ .kind = INPUT_STOP });
    scene_roster(&scene, "w1 w2 w3");
    assert_non_null(strstr(scene_ask(&scene, "worker.start", "{\"worker_id\":\"w1\"}"), "\"not_ready\""));
    scene_expect(&scene, "nothing else counts any more", "tell skep/v1-rpc/reply/me");
    scene_exit(&scene, "w1", 15);
    assert_true(scene_told(&scene, "\"presence\":\"offline\",\"cause\":\"goodbye\""));
    scene_expect(&scene, "the goodbye comes last", "tell " W1 "; SWEEP w1; tell " W1 "; tell presence");
    scene_step(&scene, (struct input){ .kind = INPUT_ACKED, .token = scene.goodbye });
    scene_expect(&scene, "acknowledged", "disconnect; exit 0");
    scene_step(&scene, (struct input){ .kind = INPUT_ACKED, .token = scene.goodbye });
    scene_expect(&scene, "once", "");
    scene_clear(&scene);
}

static void a_goodbye_is_not_waited_for_in_vain(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_roster(&scene, "");
    scene_step(&scene, (struct input){ .kind = INPUT_STOP });
    scene_expect(&scene, "nobody would hear it", "disconnect; exit 0");
    scene_clear(&scene);

    scene_init(&scene);
    scene_roster(&scene, "");
    scene_up(&scene);
    scene_step(&scene, (struct input){ .kind = INPUT_STOP });
    scene_forget(&scene);
    scene_wait(&scene, 999);
    scene_expect(&scene, "for a second", "");
    scene_wait(&scene, 1);
    scene_expect(&scene, "and no longer", "disconnect; exit 0");
    scene_clear(&scene);

    scene_init(&scene);
    scene_roster(&scene, "");
    scene_up(&scene);
    scene_step(&scene, (struct input){ .kind = INPUT_STOP });
    scene_forget(&scene);
    scene_down(&scene);
    scene_expect(&scene, "the link was lost first", "disconnect; exit 0");
    scene_clear(&scene);
}

static void who_does_not_end_is_killed_and_then_given_up(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_roster(&scene, "w1");
    scene_step(&scene, (struct input){ .kind = INPUT_STOP });
    scene_wait(&scene, PROCESS_KILL_AFTER_MS);
    scene_expect(&scene, "killed", "START w1; TERM w1; KILL w1");
    scene_wait(&scene, HIVE_STOP_LIMIT_MS - PROCESS_KILL_AFTER_MS);
    assert_true(scene_told(&scene, "workers are left that do not end"));
    scene_expect(&scene, "given up", "disconnect; exit 1");
    scene_clear(&scene);
}

static void remains_keep_the_hive(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_roster(&scene, "w1");
    scene.cannot_sweep = true;
    scene_step(&scene, (struct input){ .kind = INPUT_STOP });
    scene_exit(&scene, "w1", 15);
    scene_expect(&scene, "not over yet", "START w1; TERM w1; SWEEP w1");
    scene_take(&scene, (struct hive_input){ .kind = HIVE_SWEPT, .worker = "w1" });
    scene_expect(&scene, "over", "disconnect; exit 0");
    scene_clear(&scene);
}

static void what_nobody_knows_changes_nothing(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_roster(&scene, "w1");
    scene_forget(&scene);
    scene_exit(&scene, "w9", 9);
    scene_take(&scene, (struct hive_input){ .kind = HIVE_SWEPT, .worker = "w9" });
    scene_step(&scene, (struct input){ .kind = INPUT_TICK });
    scene_expect(&scene, "no such worker, nothing due", "");
    assert_true(hive_deadline(scene.hive) == MS_NEVER);
    hive_free(NULL);
    scene_clear(&scene);
}

static void an_illegal_transition_is_refused_counted_and_noticed(void **state)
{
    struct scene scene;
    struct http_request request = { .method = "GET", .path = "/health" };
    struct http_response health;
    (void)state;
    scene_init(&scene);
    scene_roster(&scene, "w1");
    scene_forget(&scene);
    scene_start(&scene, "w1"); /* it runs already */
    assert_true(scene_told(&scene, "refused an illegal transition of w1: running -> running"));
    scene_expect(&scene, "started twice", "notice");
    assert_int_equal(hive_process(scene.hive, "w1")->state, WITNESS_RUNNING);
    hive_http(scene.hive, &request, scene.now, SCENE_WALL, &health);
    assert_non_null(strstr(buf_str(&health.body), "\"transitions:refused\":[{\"observedValue\":1,"));
    buf_clear(&health.body);
    scene_wait(&scene, 1000);
    scene_expect(&scene, "once", "");
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_roster_is_started),
        cmocka_unit_test(witnesses_are_told_at_once),
        cmocka_unit_test(a_new_roster_changes_what_changed),
        cmocka_unit_test(who_is_not_listed_goes_for_good),
        cmocka_unit_test(who_comes_back_while_it_ends_is_started_again),
        cmocka_unit_test(a_policy_is_taken_over),
        cmocka_unit_test(a_stopped_worker_stays_stopped),
        cmocka_unit_test(what_runs_already_is_adopted),
        cmocka_unit_test(what_had_finished_is_not_started_again),
        cmocka_unit_test(what_cannot_be_recorded_fails_the_health),
        cmocka_unit_test(what_has_ended_meanwhile_is_started_again),
        cmocka_unit_test(a_stop_ends_all_and_says_goodbye),
        cmocka_unit_test(a_goodbye_is_not_waited_for_in_vain),
        cmocka_unit_test(who_does_not_end_is_killed_and_then_given_up),
        cmocka_unit_test(remains_keep_the_hive),
        cmocka_unit_test(what_nobody_knows_changes_nothing),
        cmocka_unit_test(an_illegal_transition_is_refused_counted_and_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
