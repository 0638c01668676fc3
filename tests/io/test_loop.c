/* The loop with real pipes, signals and timers. A test that hangs is ended by ctest. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "clock.h"
#include "loop.h"

struct scene {
    struct loop *loop;
    struct loop_timer *timer;
    struct loop_fd *watch;
    int pipe[2];
    int count, events, number, turns;
    char trace[32];
};

static void scene_init(struct scene *scene)
{
    struct errbuf e = { 0 };
    *scene = (struct scene){ .pipe = { -1, -1 } };
    assert_int_equal(loop_new(&scene->loop, &e), OK);
    assert_int_equal(pipe2(scene->pipe, O_CLOEXEC), 0);
}

static void scene_clear(struct scene *scene)
{
    loop_free(scene->loop);
    for (int i = 0; i < 2; i++)
        if (scene->pipe[i] >= 0)
            close(scene->pipe[i]);
}

static void note(struct scene *scene, char c)
{
    size_t len = strlen(scene->trace);
    if (len + 1 < sizeof scene->trace)
        scene->trace[len] = c;
}

static void stop(void *user)
{
    struct scene *scene = user;
    scene->count++;
    loop_stop(scene->loop);
}

static void timer_fires_once_after_its_delay(void **state)
{
    struct scene scene;
    ms_t start = clock_mono();
    (void)state;
    scene_init(&scene);
    assert_int_equal(loop_timer_new(scene.loop, stop, &scene, &scene.timer), OK);
    loop_timer_in(scene.timer, 3600 * 1000);
    loop_timer_in(scene.timer, 20); /* replaces the hour */
    loop_run(scene.loop, NULL, NULL);
    assert_int_equal(scene.count, 1);
    assert_true(clock_mono() - start >= 19); /* libuv's clock may lag by one tick of a millisecond */
    loop_timer_free(scene.timer);
    loop_timer_free(NULL);
    scene_clear(&scene);
}

static void note_fired(void *user)
{
    note(user, 'x');
}

static void never_disarms(void **state)
{
    struct scene scene;
    struct loop_timer *other;
    (void)state;
    scene_init(&scene);
    assert_int_equal(loop_timer_new(scene.loop, note_fired, &scene, &other), OK);
    assert_int_equal(loop_timer_new(scene.loop, stop, &scene, &scene.timer), OK);
    loop_timer_in(other, 1);
    loop_timer_in(other, MS_NEVER);
    loop_timer_in(scene.timer, 10);
    loop_run(scene.loop, NULL, NULL);
    assert_string_equal(scene.trace, "");
    scene_clear(&scene); /* frees both timers */
}

/* The first sleep finds nothing to wait for but the timer that is armed right before it. */
static void arm_on_first_turn(void *user)
{
    struct scene *scene = user;
    if (scene->turns++ == 0)
        loop_timer_in(scene->timer, 5);
}

static void timer_armed_before_sleep_counts(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    assert_int_equal(loop_timer_new(scene.loop, stop, &scene, &scene.timer), OK);
    loop_run(scene.loop, arm_on_first_turn, &scene);
    assert_int_equal(scene.count, 1);
    assert_true(scene.turns >= 1);
    scene_clear(&scene);
}

static void read_one(void *user, int events)
{
    struct scene *scene = user;
    char c;
    scene->events = events;
    if (read(scene->pipe[0], &c, 1) == 1)
        note(scene, c);
}

static void write_b(void *user)
{
    struct scene *scene = user;
    note(scene, 't');
    assert_int_equal(write(scene->pipe[1], "b", 1), 1);
}

/* Notes the end of each turn in which something happened. */
static void note_turn(void *user)
{
    struct scene *scene = user;
    size_t len = strlen(scene->trace);
    if (len > 0 && scene->trace[len - 1] != '|')
        note(scene, '|');
    if (strchr(scene->trace, 'b'))
        loop_stop(scene->loop);
}

static void before_sleep_follows_every_event(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    assert_int_equal(loop_fd_new(scene.loop, scene.pipe[0], read_one, &scene, &scene.watch), OK);
    assert_int_equal(loop_timer_new(scene.loop, write_b, &scene, &scene.timer), OK);
    loop_fd_want(scene.watch, LOOP_READABLE);
    assert_int_equal(write(scene.pipe[1], "a", 1), 1);
    loop_timer_in(scene.timer, 20);
    loop_run(scene.loop, note_turn, &scene);
    assert_string_equal(scene.trace, "a|t|b|");
    assert_int_equal(scene.events, LOOP_READABLE);
    scene_clear(&scene);
}

static void rearm_at_once(void *user)
{
    struct scene *scene = user;
    scene->count++;
    loop_timer_in(scene->timer, 0);
}

static void read_and_stop(void *user, int events)
{
    struct scene *scene = user;
    read_one(user, events);
    loop_stop(scene->loop);
}

static void overdue_timer_lets_others_run(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    assert_int_equal(loop_timer_new(scene.loop, rearm_at_once, &scene, &scene.timer), OK);
    assert_int_equal(loop_fd_new(scene.loop, scene.pipe[0], read_and_stop, &scene, &scene.watch), OK);
    loop_fd_want(scene.watch, LOOP_READABLE);
    loop_timer_in(scene.timer, -5); /* a deadline that has passed */
    assert_int_equal(write(scene.pipe[1], "a", 1), 1);
    loop_run(scene.loop, NULL, NULL);
    assert_string_equal(scene.trace, "a");
    assert_true(scene.count >= 1);
    scene_clear(&scene);
}

struct slow_timer {
    struct loop_timer *timer;
    unsigned runs;
};

/* Takes longer than the other one's delay. */
static void run_slowly(void *user)
{
    struct slow_timer *slow = user;
    nanosleep(&(struct timespec){ .tv_nsec = 3000000 }, NULL);
    slow->runs++;
    loop_timer_in(slow->timer, 0);
}

static void count_turn(void *user)
{
    struct scene *scene = user;
    if (++scene->turns == 5)
        loop_stop(scene->loop);
}

static void slow_timers_run_once_a_turn(void **state)
{
    struct scene scene;
    struct slow_timer slow[2] = { 0 };
    (void)state;
    scene_init(&scene);
    for (size_t i = 0; i < ARRAY_LEN(slow); i++) {
        assert_int_equal(loop_timer_new(scene.loop, run_slowly, &slow[i], &slow[i].timer), OK);
        loop_timer_in(slow[i].timer, 0);
    }
    loop_run(scene.loop, count_turn, &scene);
    assert_in_range(slow[0].runs, 1, 5);
    assert_in_range(slow[1].runs, 1, 5);
    scene_clear(&scene);
}

static void paused_watch_is_silent(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    assert_int_equal(loop_fd_new(scene.loop, scene.pipe[0], read_one, &scene, &scene.watch), OK);
    assert_int_equal(loop_timer_new(scene.loop, stop, &scene, &scene.timer), OK);
    assert_int_equal(write(scene.pipe[1], "ab", 2), 2);
    loop_fd_want(scene.watch, LOOP_READABLE);
    loop_fd_want(scene.watch, 0);
    loop_timer_in(scene.timer, 10);
    loop_run(scene.loop, NULL, NULL);
    assert_string_equal(scene.trace, "");
    loop_fd_free(scene.watch);
    loop_fd_free(NULL);
    scene_clear(&scene);
}

static void free_on_writable(void *user, int events)
{
    struct scene *scene = user;
    scene->events = events;
    scene->count++;
    loop_fd_free(scene->watch); /* from its own callback */
    loop_stop(scene->loop);
}

static void writable_pipe(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    assert_int_equal(loop_fd_new(scene.loop, scene.pipe[1], free_on_writable, &scene, &scene.watch), OK);
    loop_fd_want(scene.watch, LOOP_WRITABLE);
    loop_run(scene.loop, NULL, NULL);
    assert_int_equal(scene.events, LOOP_WRITABLE);
    assert_int_equal(scene.count, 1);
    scene_clear(&scene);
}

static void stop_on_third(void *user, int events)
{
    struct scene *scene = user;
    scene->events = events;
    if (++scene->count == 3)
        loop_stop(scene->loop);
}

static void descriptor_in_error_stays_watched(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    close(scene.pipe[0]);
    scene.pipe[0] = -1; /* the writing end is in error from now on */
    assert_int_equal(loop_fd_new(scene.loop, scene.pipe[1], stop_on_third, &scene, &scene.watch), OK);
    loop_fd_want(scene.watch, LOOP_WRITABLE);
    loop_run(scene.loop, NULL, NULL);
    assert_int_equal(scene.events, LOOP_WRITABLE);
    assert_int_equal(write(scene.pipe[1], "a", 1), -1); /* and SIGPIPE is ignored */
    scene_clear(&scene);
}

static void unpollable_is_refused(void **state)
{
    struct scene scene;
    int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    (void)state;
    scene_init(&scene);
    assert_true(file >= 0);
    assert_int_equal(loop_fd_new(scene.loop, file, read_one, &scene, &scene.watch), ERR_IO);
    assert_int_equal(loop_fd_new(scene.loop, -1, read_one, &scene, &scene.watch), ERR_IO);
    assert_null(scene.watch);
    close(file);
    scene_clear(&scene);
}

static void freeing_closes_what_is_left(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    assert_int_equal(loop_timer_new(scene.loop, stop, &scene, &scene.timer), OK);
    loop_timer_in(scene.timer, 3600 * 1000);
    scene_clear(&scene);
    loop_free(NULL);
}

static void take_signal(void *user, int number)
{
    struct scene *scene = user;
    scene->number = number;
    loop_stop(scene->loop);
}

static void raise_usr1(void *user)
{
    (void)user;
    raise(SIGUSR1);
}

static void signal_reaches_the_loop(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    assert_int_equal(loop_signal(scene.loop, SIGUSR1, take_signal, &scene), OK);
    assert_int_equal(loop_signal(scene.loop, SIGKILL, take_signal, &scene), ERR_IO); /* cannot be caught */
    assert_int_equal(loop_timer_new(scene.loop, raise_usr1, &scene, &scene.timer), OK);
    loop_timer_in(scene.timer, 1);
    loop_run(scene.loop, NULL, NULL);
    assert_int_equal(scene.number, SIGUSR1);
    scene_clear(&scene);
}

static void stop_before_run_is_kept(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    loop_stop(scene.loop);
    loop_run(scene.loop, NULL, NULL);
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timer_fires_once_after_its_delay),
        cmocka_unit_test(never_disarms),
        cmocka_unit_test(timer_armed_before_sleep_counts),
        cmocka_unit_test(before_sleep_follows_every_event),
        cmocka_unit_test(overdue_timer_lets_others_run),
        cmocka_unit_test(slow_timers_run_once_a_turn),
        cmocka_unit_test(paused_watch_is_silent),
        cmocka_unit_test(writable_pipe),
        cmocka_unit_test(descriptor_in_error_stays_watched),
        cmocka_unit_test(unpollable_is_refused),
        cmocka_unit_test(freeing_closes_what_is_left),
        cmocka_unit_test(signal_reaches_the_loop),
        cmocka_unit_test(stop_before_run_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
