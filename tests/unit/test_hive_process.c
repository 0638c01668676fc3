#include "process.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "buf.h"

#define WALL 1700000000000
#define SESSION 0xabcd

/* One process, and what became of it: after each step its state, if that changed, and its orders, if there are any. */
struct scene {
    struct process process;
    ms_t now;
    int64_t pid; /* of the next agent */
    struct buf trace;
};

static void note_orders(struct scene *scene)
{
    static const struct {
        unsigned order;
        const char *name;
    } names[] = {
        { PROCESS_TERM, " TERM" }, { PROCESS_KILL, " KILL" }, { PROCESS_SWEEP, " SWEEP" }, { PROCESS_START, " START" }
    };
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (scene->process.orders & names[i].order)
            buf_add_str(&scene->trace, names[i].name);
    scene->process.orders = 0;
}

static void do_start(struct scene *scene, const char *args)
{
    (void)args;
    process_start(&scene->process);
}

static void do_stop(struct scene *scene, const char *args)
{
    (void)args;
    process_stop(&scene->process, scene->now);
}

static void do_restart(struct scene *scene, const char *args)
{
    (void)args;
    process_restart(&scene->process, scene->now);
}

static struct process_birth birth(struct scene *scene)
{
    scene->pid++;
    return (struct process_birth){
        .pid = scene->pid, .session = SESSION + (uint64_t)scene->pid, .wall = WALL + scene->now, .restarts = 7
    };
}

static void do_started(struct scene *scene, const char *args)
{
    struct process_birth born = birth(scene);
    (void)args;
    process_started(&scene->process, &born, scene->now);
}

static void do_refused(struct scene *scene, const char *args)
{
    (void)args;
    process_not_started(&scene->process, "no such program", scene->now);
}

static void do_unrecorded(struct scene *scene, const char *args)
{
    (void)args;
    process_not_recorded(&scene->process, "no space left", scene->now);
}

static void do_finished(struct scene *scene, const char *args)
{
    struct process_birth born = birth(scene);
    struct last_exit last = { .known = true, .code = atoi(args), .session = born.session };
    process_finished(&scene->process, &born, &last, scene->now);
}

static void do_adopt(struct scene *scene, const char *args)
{
    struct process_birth born = birth(scene);
    (void)args;
    process_adopt(&scene->process, &born, scene->now);
}

static void do_exit(struct scene *scene, const char *args)
{
    struct exit_status exit_status = { .status = atoi(args), .oom = -1 };
    process_exited(&scene->process, &exit_status, scene->now, WALL + scene->now);
}

/* The command could not be executed. */
static void do_unrun(struct scene *scene, const char *args)
{
    struct exit_status exit_status = { .status = atoi(args), .oom = -1, .never_ran = true };
    process_exited(&scene->process, &exit_status, scene->now, WALL + scene->now);
}

static void do_die(struct scene *scene, const char *args)
{
    struct exit_status exit_status = { .signal = atoi(args), .oom = -1 };
    process_exited(&scene->process, &exit_status, scene->now, WALL + scene->now);
}

static void do_vanish(struct scene *scene, const char *args)
{
    (void)args;
    process_exited(&scene->process, NULL, scene->now, WALL + scene->now);
}

static void do_swept(struct scene *scene, const char *args)
{
    (void)args;
    process_swept(&scene->process, scene->now);
}

static void do_wait(struct scene *scene, const char *args)
{
    scene->now += atoi(args);
    process_tick(&scene->process, scene->now);
}

static void do_step(struct scene *scene, struct text step)
{
    static const struct {
        const char *name;
        void (*fn)(struct scene *scene, const char *args);
    } verbs[] = {
        { "start", do_start },
        { "stop", do_stop },
        { "restart", do_restart },
        { "started", do_started },
        { "refused", do_refused },
        { "adopt", do_adopt },
        { "exit", do_exit },
        { "unrun", do_unrun },
        { "die", do_die },
        { "vanish", do_vanish },
        { "swept", do_swept },
        { "wait", do_wait },
        { "unrecorded", do_unrecorded },
        { "finished", do_finished },
    };
    enum witness_state before = scene->process.state;
    struct text rest = step, verb = text_split(&rest, ' ');
    size_t i = 0;
    while (i < ARRAY_LEN(verbs) && !text_is(verb, verbs[i].name))
        i++;
    assert_true(i < ARRAY_LEN(verbs));
    verbs[i].fn(scene, rest.at ? rest.at : "0");
    if (scene->process.state != before)
        buf_printf(&scene->trace, " %s", witness_state_name((int)scene->process.state));
    note_orders(scene);
}

static void scene_run(struct scene *scene, enum restart_policy policy, const char *script)
{
    struct text rest = text_of(script);
    *scene = (struct scene){ .now = 5000, .pid = 100 };
    process_init(&scene->process, policy);
    while (rest.at) {
        struct text step = text_split(&rest, ';');
        while (step.len > 0 && step.at[0] == ' ')
            step = (struct text){ step.at + 1, step.len - 1 };
        do_step(scene, step);
    }
}

#define ALWAYS RESTART_ALWAYS
#define ON_FAILURE RESTART_ON_FAILURE
#define NEVER RESTART_NEVER
#define RUN "start; started; "

static const struct {
    const char *why;
    enum restart_policy policy;
    const char *script, *want;
} transitions[] = {
    { "a start", ALWAYS, "start; started", " starting START running" },
    { "a second start changes nothing", ALWAYS, "start; start; started; start", " starting START running" },
    { "a crash", ALWAYS, RUN "die 9; swept; wait 999; wait 1; started",
      " starting START running backoff SWEEP starting START running" },
    { "no start before the remains are gone", ALWAYS, RUN "die 9; wait 5000; swept",
      " starting START running backoff SWEEP starting START" },
    { "a good end is a reason to restart, too", ALWAYS, RUN "exit 0", " starting START running backoff SWEEP" },
    { "on-failure: a good end is the end", ON_FAILURE, RUN "exit 0; swept; wait 99999",
      " starting START running exited SWEEP" },
    { "on-failure: an exit code", ON_FAILURE, RUN "exit 1", " starting START running backoff SWEEP" },
    { "on-failure: a signal", ON_FAILURE, RUN "die 15", " starting START running backoff SWEEP" },
    { "on-failure: nobody knows how", ON_FAILURE, RUN "vanish", " starting START running backoff SWEEP" },
    { "never", NEVER, RUN "die 11; swept; wait 99999", " starting START running exited SWEEP" },
    { "never, but asked", NEVER, RUN "exit 1; swept; start", " starting START running exited SWEEP starting START" },
    { "asked while the remains are there", NEVER, RUN "exit 1; start; swept",
      " starting START running exited SWEEP starting START" },
    { "no such command", ALWAYS, RUN "unrun 127; swept; wait 1000",
      " starting START running failed SWEEP starting START" },
    { "not executable", ON_FAILURE, RUN "unrun 126", " starting START running failed SWEEP" },
    { "no such command, never", NEVER, RUN "unrun 127; swept; wait 99999", " starting START running failed SWEEP" },
    { "a program that exits so itself has run", ALWAYS, RUN "exit 127; swept",
      " starting START running backoff SWEEP" },
    { "a code of signals is none of these", ALWAYS, RUN "die 127", " starting START running backoff SWEEP" },
    { "the agent itself cannot be started", ALWAYS, "start; refused; wait 1000; refused; wait 1999; wait 1",
      " starting START failed starting START failed starting START" },
    { "nor shall it, meanwhile", ALWAYS, "start; stop; refused; wait 1000", " starting START stopped" },
    { "what cannot be recorded is tried again", NEVER, "start; unrecorded; wait 1000; unrecorded; wait 1999; wait 1",
      " starting START failed starting START failed starting START" },
    { "but not if it is not wanted any more", NEVER, "start; stop; unrecorded; wait 1000", " starting START stopped" },
    { "what finished before stays so", NEVER, "finished 3; wait 99999; start", " exited starting START" },
    { "and may be stopped", NEVER, "finished 0; stop", " exited stopped" },
    { "a stop", ALWAYS, RUN "stop; exit 0; swept", " starting START running stopping TERM SWEEP stopped" },
    { "a second stop does not begin anew", ALWAYS, RUN "stop; wait 11000; stop; wait 1000; die 9; swept",
      " starting START running stopping TERM KILL SWEEP stopped" },
    { "KILL comes once", ALWAYS, RUN "stop; wait 12000; wait 12000", " starting START running stopping TERM KILL" },
    { "what is left is ended at once", ALWAYS, RUN "stop; wait 5000; exit 0; wait 12000; swept; wait 12000",
      " starting START running stopping TERM SWEEP stopped" },
    { "wanted again meanwhile", ALWAYS, RUN "stop; exit 0; start; wait 12000; swept; wait 12000",
      " starting START running stopping TERM SWEEP starting START" },
    { "a stop in the backoff", ALWAYS, RUN "die 9; swept; stop; wait 9999",
      " starting START running backoff SWEEP stopped" },
    { "a stop in the backoff, before the sweep", ALWAYS, RUN "die 9; stop; swept; wait 9999",
      " starting START running backoff SWEEP stopping stopped" },
    { "a stop after failing", ALWAYS, RUN "unrun 127; swept; stop", " starting START running failed SWEEP stopped" },
    { "a stop after the end", NEVER, RUN "exit 0; swept; stop", " starting START running exited SWEEP stopped" },
    { "a stop that crosses the start", ALWAYS, "start; stop; started; exit 0; swept",
      " starting START stopped stopping TERM SWEEP stopped" },
    { "a stop of what waits for the sweep", NEVER, RUN "exit 0; start; stop; swept",
      " starting START running exited SWEEP starting stopping stopped" },
    { "a stop of nothing", ALWAYS, "stop; stop", "" },
    { "a start while it stops", ALWAYS, RUN "stop; start; exit 0; swept",
      " starting START running stopping TERM SWEEP starting START" },
    { "a start and a stop while it stops", ALWAYS, RUN "stop; start; stop; exit 0; swept",
      " starting START running stopping TERM SWEEP stopped" },
    { "a restart", NEVER, RUN "restart; exit 0; swept; started",
      " starting START running stopping TERM SWEEP starting START running" },
    { "a restart with force", ALWAYS, RUN "restart; wait 12000; die 9; swept",
      " starting START running stopping TERM KILL SWEEP starting START" },
    { "a restart of one that waits: at once", ALWAYS, RUN "die 9; swept; restart",
      " starting START running backoff SWEEP starting START" },
    { "a restart of one that is stopped", ALWAYS, "restart", " starting START" },
    { "two restarts", ALWAYS, RUN "restart; restart; exit 0; swept",
      " starting START running stopping TERM SWEEP starting START" },
    { "adopted", ALWAYS, "adopt", " running" },
    { "adopted, and stopped", ALWAYS, "adopt; stop; vanish; swept", " running stopping TERM SWEEP stopped" },
    { "adopted, and gone", ALWAYS, "adopt; vanish; swept; wait 1000", " running backoff SWEEP starting START" },
    { "an end that is told twice", ALWAYS, RUN "die 9; die 9", " starting START running backoff SWEEP" },
};

static void what_follows_what(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(transitions); i++) {
        struct scene scene;
        scene_run(&scene, transitions[i].policy, transitions[i].script);
        if (strcmp(buf_str(&scene.trace), transitions[i].want) != 0)
            fail_msg("%s:\n  %s\n got%s\nwant%s", transitions[i].why, transitions[i].script, buf_str(&scene.trace),
                     transitions[i].want);
        buf_clear(&scene.trace);
    }
}

static void who_is_finished(void **state)
{
    static const struct {
        const char *why;
        enum restart_policy policy;
        const char *script;
        bool want;
    } rows[] = {
        { "a job that is not restarted", NEVER, RUN "exit 0; swept", true },
        { "whatever became of it", NEVER, RUN "die 9", true },
        { "also before", NEVER, "finished 3", true },
        { "on failure, and it was none", ON_FAILURE, RUN "exit 0; swept", true },
        { "on failure, and it was one", ON_FAILURE, "finished 3", false },
        { "one that is restarted", ALWAYS, "finished 0", false },
        { "one that runs", NEVER, "start; started", false },
        { "one that could not run", NEVER, RUN "unrun 127; swept", false },
        { "one that was stopped", NEVER, RUN "stop; exit 0; swept", false },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene scene;
        scene_run(&scene, rows[i].policy, rows[i].script);
        if (process_is_finished(&scene.process) != rows[i].want)
            fail_msg("%s", rows[i].why);
        buf_clear(&scene.trace);
    }
}

static void backoff_doubles_up_to_a_minute(void **state)
{
    static const ms_t want[] = { 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000 };
    struct scene scene;
    struct exit_status crash = { .signal = SIGSEGV };
    struct process_birth born = { .pid = 1, .session = 1 };
    (void)state;
    scene_run(&scene, ALWAYS, "start");
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        process_started(&scene.process, &born, scene.now);
        process_exited(&scene.process, &crash, scene.now, WALL);
        process_swept(&scene.process, scene.now);
        assert_int_equal(process_deadline(&scene.process), scene.now + want[i]);
        scene.now += want[i];
        process_tick(&scene.process, scene.now);
    }
    buf_clear(&scene.trace);
}

static void backoff_begins_anew(void **state)
{
    static const struct {
        const char *why, *script;
        ms_t want;
    } rows[] = {
        { "a short life", RUN "die 9; swept; wait 1000; started; wait 59999; die 9; swept", 2000 },
        { "a minute of life", RUN "die 9; swept; wait 1000; started; wait 60000; die 9; swept", 1000 },
        { "a stop and a start", RUN "die 9; swept; stop; start; started; die 9; swept", 1000 },
        { "a restart by request", RUN "die 9; swept; restart; started; die 9; swept", 1000 },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene scene;
        scene_run(&scene, ALWAYS, rows[i].script);
        if (process_deadline(&scene.process) - scene.now != rows[i].want)
            fail_msg("%s: %lld", rows[i].why, (long long)(process_deadline(&scene.process) - scene.now));
        buf_clear(&scene.trace);
    }
}

static void the_witness_tells_of_the_present_process(void **state)
{
    struct scene scene;
    struct witness witness;
    (void)state;
    scene_run(&scene, ALWAYS, "start");
    process_witness(&scene.process, scene.now, &witness);
    assert_int_equal(witness.state, WITNESS_STARTING);
    assert_int_equal(witness.pid, INT_ABSENT);
    assert_true(witness.started_at == TIME_ABSENT);
    assert_false(witness.last_exit.known);
    do_step(&scene, TEXT("started"));
    process_witness(&scene.process, scene.now, &witness);
    assert_int_equal(witness.pid, 101);
    assert_true(witness.session == SESSION + 101);
    assert_int_equal(witness.restarts, 0);
    assert_int_equal(witness.started_at, WALL + 5000);
    assert_int_equal(witness.restart_in_ms, INT_ABSENT);
    buf_clear(&scene.trace);
}

static void the_witness_tells_of_the_end(void **state)
{
    struct scene scene;
    struct witness witness;
    (void)state;
    scene_run(&scene, ALWAYS, RUN "wait 2000; die 11; swept; wait 400");
    process_witness(&scene.process, scene.now, &witness);
    assert_int_equal(witness.state, WITNESS_BACKOFF);
    assert_int_equal(witness.pid, INT_ABSENT);
    assert_int_equal(witness.restart_in_ms, 600);
    assert_true(witness.last_exit.known);
    assert_int_equal(witness.last_exit.code, 128 + SIGSEGV);
    assert_string_equal(witness.last_exit.signal, "SIGSEGV");
    assert_int_equal(witness.last_exit.oom, -1);
    assert_int_equal(witness.last_exit.pid, 101);
    assert_true(witness.last_exit.session == SESSION + 101);
    assert_int_equal(witness.last_exit.at, WALL + 7000);
    assert_int_equal(witness.last_exit.asked_for, 0);
    do_step(&scene, TEXT("wait 600"));
    do_step(&scene, TEXT("started"));
    process_witness(&scene.process, scene.now, &witness);
    assert_int_equal(witness.restarts, 1);
    assert_true(witness.session == SESSION + 102);
    assert_true(witness.last_exit.session == SESSION + 101);
    buf_clear(&scene.trace);
}

static void the_witness_says_why_and_how(void **state)
{
    static const struct {
        const char *why, *script, *reason;
        int64_t code;
        int asked_for;
        int64_t restart_in;
    } rows[] = {
        { "no such command", RUN "unrun 127", "the command was not found (exit code 127)", 127, 0, 1000 },
        { "not executable", RUN "unrun 126", "the command cannot be executed (exit code 126)", 126, 0, 1000 },
        { "no agent", RUN "exit 1; swept; wait 1000; refused", "no such program", 1, 0, 2000 },
        { "started in the end", RUN "unrun 127; swept; wait 1000; started", NULL, 127, 0, -1 },
        { "stop requested", RUN "stop; exit 0", NULL, 0, 1, -1 },
        { "asked to stop, and stopped", RUN "restart; exit 3; swept", NULL, 3, 1, -1 },
        { "nobody knows how", "adopt; vanish", NULL, -1, 0, 1000 },
        { "a good end", RUN "exit 0", NULL, 0, 0, 1000 },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene scene;
        struct witness witness;
        scene_run(&scene, ALWAYS, rows[i].script);
        process_witness(&scene.process, scene.now, &witness);
        if (witness.last_exit.code != rows[i].code || witness.last_exit.asked_for != rows[i].asked_for ||
            witness.restart_in_ms != rows[i].restart_in || witness.last_exit.signal)
            fail_msg("%s", rows[i].why);
        if (rows[i].reason)
            assert_string_equal(witness.reason, rows[i].reason);
        else
            assert_null(witness.reason);
        buf_clear(&scene.trace);
    }
}

static void adoption_keeps_count(void **state)
{
    struct scene scene;
    (void)state;
    scene_run(&scene, ALWAYS, "adopt");
    assert_true(scene.process.wanted);
    buf_clear(&scene.trace);
    scene_run(&scene, ALWAYS, "adopt; die 9; swept; wait 1000; started");
    assert_int_equal(scene.process.restarts, 8);
    buf_clear(&scene.trace);
}

static void only_what_is_stopped_is_over(void **state)
{
    struct scene scene;
    (void)state;
    scene_run(&scene, ALWAYS, RUN "stop; exit 0");
    assert_false(process_is_over(&scene.process));
    do_step(&scene, TEXT("swept"));
    assert_true(process_is_over(&scene.process));
    buf_clear(&scene.trace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_follows_what),
        cmocka_unit_test(who_is_finished),
        cmocka_unit_test(backoff_doubles_up_to_a_minute),
        cmocka_unit_test(backoff_begins_anew),
        cmocka_unit_test(the_witness_tells_of_the_present_process),
        cmocka_unit_test(the_witness_tells_of_the_end),
        cmocka_unit_test(the_witness_says_why_and_how),
        cmocka_unit_test(adoption_keeps_count),
        cmocka_unit_test(only_what_is_stopped_is_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
