#include "await.h"

#include <time.h>

#include "clock.h"

#define STEP 5 /* ms between two looks */

bool await(bool (*condition)(void *user), void *user, ms_t limit)
{
    ms_t end = clock_mono() + limit;
    struct timespec step = { .tv_nsec = STEP * 1000000L };
    while (!condition(user)) {
        if (clock_mono() >= end)
            return false;
        nanosleep(&step, NULL);
    }
    return true;
}

struct wait {
    struct loop *loop;
    struct loop_timer *timer;
    bool (*condition)(void *user);
    void *user;
    ms_t end;
    bool met;
};

static bool never(void *user)
{
    (void)user;
    return false;
}

static void wait_look(void *user)
{
    struct wait *wait = user;
    wait->met = wait->met || wait->condition(wait->user);
    if (wait->met || clock_mono() >= wait->end)
        loop_stop(wait->loop);
}

static void wait_step(void *user)
{
    struct wait *wait = user;
    loop_timer_in(wait->timer, STEP);
}

bool await_loop(struct loop *loop, bool (*condition)(void *user), void *user, ms_t limit)
{
    struct wait wait = { .loop = loop, .condition = condition, .user = user, .end = clock_mono() + limit };
    if (loop_timer_new(loop, wait_step, &wait, &wait.timer) != OK)
        return false;
    loop_timer_in(wait.timer, STEP);
    loop_run(loop, wait_look, &wait);
    loop_timer_free(wait.timer);
    return wait.met;
}

void await_span(struct loop *loop, ms_t span)
{
    await_loop(loop, never, NULL, span);
}
