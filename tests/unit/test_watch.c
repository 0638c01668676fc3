#include "watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum op { TURN, ARM, PROVE, GO, STOP };

struct step {
    enum op op;
    ms_t arg;                    /* now, or how long to sleep */
    ms_t want_time, want_looped; /* afterwards */
    const char *why;
};

static void step_apply(struct watch *watch, const struct step *step)
{
    switch (step->op) {
    case TURN:
        watch_turn(watch, step->arg, 0);
        break;
    case ARM:
        watch_arm(watch, step->arg);
        break;
    case PROVE:
        watch_prove(watch);
        break;
    case GO:
        watch_go(watch);
        break;
    case STOP:
        watch_stop(watch);
        break;
    }
}

static void script_run(const struct step *steps, size_t count)
{
    struct watch watch;
    watch = (struct watch){ 0 };
    for (size_t i = 0; i < count; i++) {
        step_apply(&watch, &steps[i]);
        if (watch.time != steps[i].want_time || watch.loop_time != steps[i].want_looped)
            fail_msg("step %zu, %s: time %lld, loop time %lld", i, steps[i].why, (long long)watch.time,
                     (long long)watch.loop_time);
    }
}

static void R12_watch_time_stands_still_while_the_link_is_down(void **state)
{
    static const struct step steps[] = {
        { TURN, 5000, 0, 0, "the first turn only sets the mark" },
        { ARM, 1000, 0, 0, "arming adds nothing" },
        { TURN, 6000, 0, 1000, "no snapshot yet: only loop time goes on" },
        { GO, 0, 0, 1000, "the end marker" },
        { ARM, 1000, 0, 1000, "" },
        { TURN, 7000, 1000, 2000, "now both go on" },
        { PROVE, 0, 1000, 2000, "a packet" },
        { ARM, 1000, 1000, 2000, "" },
        { TURN, 8000, 2000, 3000, "a turn without a packet" },
        { ARM, 1000, 2000, 3000, "" },
        { TURN, 8500, 2500, 3500, "another one" },
        { STOP, 0, 1000, 3500, "link lost: back to the last proof, loop time is not touched" },
        { ARM, 1000, 1000, 3500, "" },
        { TURN, 9500, 1000, 4500, "down: only loop time goes on" },
        { STOP, 0, 1000, 4500, "told twice: no difference" },
        { PROVE, 0, 1000, 4500, "a packet before the end marker proves, but does not start" },
        { TURN, 9600, 1000, 4600, "still down" },
        { GO, 0, 1000, 4600, "the end marker of the next snapshot" },
        { TURN, 9700, 1100, 4700, "goes on from where it stopped" },
        { STOP, 0, 1000, 4700, "the end marker itself was the last proof" },
    };
    (void)state;
    script_run(steps, ARRAY_LEN(steps));
}

static void R13_a_pause_adds_at_most_the_armed_sleep_and_the_guard(void **state)
{
    static const struct step steps[] = {
        { TURN, 0, 0, 0, "start" },
        { GO, 0, 0, 0, "" },
        { ARM, 300, 0, 0, "the next deadline is 300 ms off" },
        { TURN, 500, 500, 500, "late by exactly the guard: all of it counts" },
        { ARM, 300, 500, 500, "" },
        { TURN, 1001, 1000, 1000, "late by more than the guard: cut" },
        { ARM, 1000, 1000, 1000, "" },
        { TURN, 3601001, 2200, 2200, "stopped for an hour: 1.2 s" },
        { TURN, 7201001, 2400, 2400, "and not armed since: the guard alone" },
        { ARM, 60000, 2400, 2400, "arming is cut to the longest sleep" },
        { TURN, 7261001, 3600, 3600, "1 s and the guard" },
        { ARM, -5, 3600, 3600, "overdue deadline: no sleep" },
        { TURN, 7261301, 3800, 3800, "the guard alone" },
        { ARM, MS_NEVER, 3800, 3800, "no deadline at all" },
        { TURN, 7299999, 5000, 5000, "still at most 1 s and the guard" },
    };
    (void)state;
    script_run(steps, ARRAY_LEN(steps));
}

static void R13_several_turns_share_one_armed_sleep(void **state)
{
    static const struct step steps[] = {
        { TURN, 0, 0, 0, "start" },
        { GO, 0, 0, 0, "" },
        { ARM, 1000, 0, 0, "one second until the next deadline" },
        { TURN, 700, 700, 700, "an input wakes the loop" },
        { TURN, 700, 700, 700, "a second one in the same turn" },
        { TURN, 900, 900, 900, "the timer was not armed anew: 100 ms of it are left" },
        { TURN, 5000, 1200, 1200, "a pause now adds these and the guard" },
        { TURN, 4000, 1200, 1200, "a clock that falls back adds nothing" },
    };
    (void)state;
    script_run(steps, ARRAY_LEN(steps));
}

static void deadlines_are_watch_time(void **state)
{
    struct watch watch;
    (void)state;
    watch = (struct watch){ 0 };
    watch_turn(&watch, 100000, 0);
    assert_true(watch_until(&watch, 0) == MS_NEVER);
    watch_go(&watch);
    watch_arm(&watch, 400);
    watch_turn(&watch, 100400, 0);
    assert_int_equal(watch_until(&watch, 1000), 600);
    assert_int_equal(watch_until(&watch, 400), 0);
    assert_int_equal(watch_until(&watch, 399), 0);
    assert_true(watch_until(&watch, MS_NEVER) == MS_NEVER);
    watch_stop(&watch);
    assert_true(watch_until(&watch, 1000) == MS_NEVER);
}

/* A turn each 100 ms. */
static void turns(struct watch *watch, ms_t *now, unsigned count, ms_t behind)
{
    for (; count > 0; count--) {
        *now += 100;
        watch_arm(watch, 100);
        watch_turn(watch, *now, behind);
    }
}

static void R5_it_goes_no_further_than_the_socket_was_read(void **state)
{
    struct watch watch = { 0 };
    ms_t now = 1000;
    (void)state;
    watch_turn(&watch, now, 0);
    watch_go(&watch);
    turns(&watch, &now, 10, 0);
    assert_int_equal(watch.time, 1000);
    turns(&watch, &now, 1, 100);
    turns(&watch, &now, 1, 200);
    assert_int_equal(watch.time, 1000);
    assert_int_equal(watch.loop_time, 1200);
    turns(&watch, &now, 1, 0); /* all of it is read: nothing is lost */
    assert_int_equal(watch.time, 1300);
    turns(&watch, &now, 100, 1000000); /* always something unread: no later than that */
    assert_int_equal(watch.time, 1300 + 10000 - WATCH_UNREAD_MAX);
    watch_stop(&watch);
    watch_go(&watch);
    turns(&watch, &now, 1, 0);
    assert_int_equal(watch.time, watch.last_packet_at + 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(R5_it_goes_no_further_than_the_socket_was_read),
        cmocka_unit_test(R12_watch_time_stands_still_while_the_link_is_down),
        cmocka_unit_test(R13_a_pause_adds_at_most_the_armed_sleep_and_the_guard),
        cmocka_unit_test(R13_several_turns_share_one_armed_sleep),
        cmocka_unit_test(deadlines_are_watch_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
